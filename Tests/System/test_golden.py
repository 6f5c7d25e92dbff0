"""A data directory that an earlier version wrote: it is opened, goes on, and keeps every byte; a newer format is refused."""

import hashlib
import json
import os
import shutil

import sijill_articles
import sijill_format
from sijill_system import ROOT, Daemon, main

GOLDEN = os.path.join(ROOT, "Tests", "Fixtures", "data-directory-1")


def run(options, checks):
    daemon = Daemon(os.path.join(options.folder, "golden"))
    shutil.copytree(GOLDEN, daemon.data)
    with open(os.path.join(GOLDEN, "log", "00000000000000000001.ndjson"), "rb") as file:
        known = file.read()
    # Its store may be of an older schema, which the start makes again; all else is sound as it is.
    findings = json.loads(daemon.sijilld("check", "--json").stdout)["findings"]
    checks.equal([one for one in findings if "schema version" not in one], [], "log and originals are sound before")
    daemon.start()
    checks.equal(daemon.replay(), known, "a replay gives the bytes that were written then")
    article = daemon.changes()[0]["data"]["article"]
    status, _, body = daemon.get(f"/v1/articles/{article}/original")
    checks.equal(status, 200, "an original is served")
    checks.that(body in [content for _, content in sijill_articles.fixtures()], "byte for byte")
    daemon.drop("again.txt", sijill_articles.fixtures()[0][1])
    daemon.drop("new.txt", sijill_articles.article(1, options.seed))
    checks.that(daemon.wait_changes(13) and daemon.wait_empty(), "it takes in")
    kinds = {change["type"] for change in daemon.changes()[11:]}
    checks.equal(
        kinds, {"org.sijill.article.added", "org.sijill.article.duplicated"}, "what it knew then it knows now"
    )
    checks.that(daemon.replay().startswith(known), "what was written then is not touched")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    checks.equal(daemon.sijilld("check").returncode, 0, "the directory is sound")
    checks.sound(sijill_format.read(daemon.data), "an outsider reads it")
    newer_format(options, checks)


def newer_format(options, checks):
    daemon = Daemon(os.path.join(options.folder, "newer"))
    shutil.copytree(GOLDEN, daemon.data)
    path = os.path.join(daemon.data, "log", "state")
    with open(path, "rb") as file:
        line = file.read()
    line = line[: line.rindex(b',"sum":')].replace(b'"format":1', b'"format":2')
    line += b',"sum":' + json.dumps(hashlib.sha256(line).hexdigest()).encode() + b"}\n"
    with open(path, "wb") as file:
        file.write(line)
    before = contents(daemon.data)
    for command in ("run", "check", "rebuild", "backup"):
        more = [os.path.join(options.folder, "target")] if command == "backup" else []
        ended = daemon.sijilld(command, *more)
        said = ended.stderr.decode()
        checks.equal(ended.returncode, 78, f"{command} of a newer format ({said})")
        checks.that("format 2" in said and "format 1" in said, f"{command} says both numbers", said)
    checks.equal(contents(daemon.data), before, "nothing was changed")


def contents(data):
    found = {}
    for folder, _, names in os.walk(data):
        for name in names:
            if name not in ("lock", "reserve"):
                with open(os.path.join(folder, name), "rb") as file:
                    found[os.path.join(folder, name)] = hashlib.sha256(file.read()).hexdigest()
    return found


if __name__ == "__main__":
    main(run)
