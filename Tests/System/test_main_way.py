"""The main way: five articles in, five out, the same five again, and every reader sees the same log."""

import hashlib
import json
import os
import sqlite3

import sijill_articles
import sijill_format
from sijill_system import Daemon, main


def run(options, checks):
    fixtures = sijill_articles.fixtures()
    checks.equal(len(fixtures), 5, "there are five fixture articles")
    daemon = Daemon(options.folder)
    daemon.start()
    for name, content in fixtures:
        daemon.drop(name, content)
    checks.that(daemon.wait_empty() and daemon.wait_changes(5), "five articles leave the inbox")
    first = daemon.changes()
    checks.equal([c["type"] for c in first], ["org.sijill.article.added"] * 5, "five articles are added")
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in fixtures}
    checks.equal({c["data"]["file"]["name"]: c["data"]["file"]["sha256"] for c in first}, digests, "SHA-256")

    for name, content in fixtures:
        daemon.drop("again-" + name, content, source="وكالة")
    checks.that(daemon.wait_empty() and daemon.wait_changes(10), "the same five leave the inbox")
    second = daemon.changes()[5:]
    checks.equal([c["type"] for c in second], ["org.sijill.article.duplicated"] * 5, "five are duplicated")
    checks.equal({c["data"]["match"] for c in second}, {"raw"}, "duplicated by their bytes")
    checks.equal({c["data"]["file"]["source"] for c in second}, {"وكالة"}, "the first level names the source")
    added = {c["data"]["file"]["sha256"]: (c["id"], c["data"]["article"]) for c in first}
    checks.that(
        all(added[c["data"]["file"]["sha256"]] == (c["data"]["of"], c["data"]["article"]) for c in second),
        "a duplicate names the change and the article that were first",
    )

    readers(daemon, checks, fixtures, first)
    rows = store_rows(daemon)
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    directory = sijill_format.read(daemon.data)
    checks.sound(directory, "an outsider reads the directory")
    checks.equal(directory.state["sequence"], 10, "after a clean stop the state is at the tip")
    check = daemon.sijilld("check")
    checks.equal(check.returncode, 0, f"sijilld check: {check.stderr[:200]!r}")

    for suffix in ("", "-wal", "-shm"):
        path = os.path.join(daemon.data, "sijill.sqlite" + suffix)
        if os.path.exists(path):
            os.unlink(path)
    rebuild = daemon.sijilld("rebuild")
    checks.equal(rebuild.returncode, 0, f"sijilld rebuild: {rebuild.stderr[:200]!r}")
    checks.equal(store_rows(daemon), rows, "the rebuilt store is the same, row for row")


def readers(daemon, checks, fixtures, first):
    replayed = daemon.replay()
    segments = sijill_format.numbered(daemon.data, "log", "ndjson")
    checks.equal(replayed, b"".join(segments[n] for n in sorted(segments)), "NDJSON is the segments' bytes")
    status, headers, body = daemon.get("/v1/changes?since=0&limit=100", Accept="application/json")
    checks.equal(status, 200, "a page as JSON")
    checks.equal(
        json.loads(body), [json.loads(line) for line in replayed.splitlines()], "an array of the same"
    )
    leaves = [sijill_format.leaf_of(line) for line in replayed.splitlines(keepends=True)]
    checks.equal(daemon.replay("&content=omit").splitlines(), leaves, "content=omit gives the leaves")
    for path in ("/healthz", "/readyz", "/v1/log"):
        checks.equal(daemon.get(path)[0], 200, f"GET {path}")
    for cursor, expected in (
        (first[4]["id"][:16] + "-zzzzzzzz", 409),
        ("0000000000000999-aaaaaaaa", 409),
        ("nothing", 400),
        ("-1", 400),
    ):
        checks.equal(daemon.get(f"/v1/changes?since={cursor}")[0], expected, f"since={cursor}")
    checks.equal(daemon.get("/v1/changes?sinse=0")[0], 400, "an unknown parameter")
    contents = dict(fixtures)
    for change in first:
        data = change["data"]
        status, _, body = daemon.get(f"/v1/articles/{data['article']}/original")
        checks.that(
            status == 200 and body == contents[data["file"]["name"]], "the original over HTTP", status
        )
        printed = daemon.sijill("original", data["article"])
        checks.equal(printed.stdout, contents[data["file"]["name"]], "sijill original")
        checks.equal(daemon.get(f"/v1/articles/{data['article']}")[0], 200, "the article")
    printed = daemon.sijill("replay")
    checks.equal(printed.returncode, 0, f"sijill replay: {printed.stderr[:200]!r}")
    checks.equal(printed.stdout, replayed, "sijill replay prints the log")
    checks.equal(daemon.sijill("status").returncode, 0, "sijill status")
    store = sqlite3.connect(f"file:{daemon.data}/sijill.sqlite?mode=ro", uri=True)
    checks.equal(
        store.execute("select count(*) from articles").fetchone(), (5,), "any SQLite tool counts articles"
    )
    store.close()


def store_rows(daemon):
    """Every row of every ordinary table, sorted."""
    store = sqlite3.connect(f"file:{daemon.data}/sijill.sqlite?mode=ro", uri=True)
    tables = store.execute("select name from sqlite_master where type = 'table' order by name").fetchall()
    rows = {
        table: sorted(store.execute(f'select * from "{table}"').fetchall(), key=repr)
        for (table,) in tables
        # The search index is read by its tokenizer only, and its pieces depend on when they were merged.
        if not table.startswith(("sqlite_", "search_index"))
    }
    store.close()
    return rows


if __name__ == "__main__":
    main(run)
