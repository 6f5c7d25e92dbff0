"""`--once`, and what could not be taken in: listed, shown, tried again, removed."""

import json
import os

import sijill_articles
import sijill_format
from sijill_system import Daemon, main


def run(options, checks):
    daemon = Daemon(options.folder, environment={"SIJILL_INBOX_SETTLE": "0s", "SIJILL_INBOX_EMPTY_WAIT": "0s"})
    checks.equal(once(daemon), 0, "--once on an empty inbox")
    good = sijill_articles.article(1, options.seed, 900)
    lines = sijill_articles.jsonl(range(3), f"{options.seed}-lines").splitlines()
    lines[1] = b"{not json}"
    daemon.drop("good.txt", good)
    checks.equal(once(daemon), 0, "--once takes in what is there")
    daemon.drop("empty.txt", b"")
    daemon.drop("page.docx", b"PK\x03\x04 word", source="agency")
    daemon.drop("lines.jsonl", b"\n".join(lines), source="agency")
    checks.equal(once(daemon), 3, "--once says that something was rejected")
    checks.equal(daemon.inbox_files(), [], "the inbox is empty")

    listed = {item["item"]: item for item in listing(daemon)}
    expected = ["bad-json/lines.jsonl.rejects.jsonl", "empty/empty.txt", "unsupported-type/page.docx"]
    checks.equal(sorted(listed), expected, "quarantine list names all")
    checks.equal(listed[expected[0]].get("records"), 1, "and counts records")
    shown = json.loads(command(daemon, "show", "unsupported-type/page.docx"))
    checks.equal((shown["source"], shown["bytes"]), ("agency", 9), "quarantine show says what is known")
    checks.equal(daemon.sijilld("quarantine", "show", "no/such").returncode, 64, "an unknown item is a usage error")

    # The records come back as they were; mended, they go in.
    command(daemon, "retry", expected[0])
    retried = os.path.join(daemon.inbox, "agency", "lines.retry.jsonl")
    with open(retried, "rb") as file:
        checks.equal(file.read(), b"{not json}\n", "retry puts the record's bytes back")
    with open(retried, "wb") as file:
        file.write(sijill_articles.jsonl([1], f"{options.seed}-lines"))
    command(daemon, "retry", "unsupported-type/page.docx")
    checks.that(os.path.exists(os.path.join(daemon.inbox, "agency", "page.docx")), "retry goes to the source's folder")
    checks.equal(once(daemon), 3, "it is rejected again")
    command(daemon, "purge", "--all")
    checks.equal(listing(daemon), [], "purge removes all")
    left = [name for _, _, names in os.walk(os.path.join(daemon.data, "quarantine")) for name in names]
    checks.equal(left, [], "and nothing is left of it")

    directory = sijill_format.read(daemon.data)
    checks.sound(directory, "an outsider reads the directory")
    kinds = [change.kind for change in directory.changes]
    checks.equal((kinds.count("added"), kinds.count("rejected")), (4, 4), "one change for each input")


def once(daemon):
    return daemon.sijilld("run", "--once").returncode


def command(daemon, *arguments):
    result = daemon.sijilld("quarantine", *arguments)
    if result.returncode:
        raise RuntimeError(f"sijilld quarantine {arguments}: {result.stderr}")
    return result.stdout


def listing(daemon):
    return [json.loads(line) for line in command(daemon, "list", "--json").splitlines()]


if __name__ == "__main__":
    main(run)
