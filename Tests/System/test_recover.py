"""A damaged log is put aside; what can be read of it is taken in again, under a new log id."""

import json
import os

import sijill_articles
from sijill_system import Daemon, main


def run(options, checks):
    daemon = Daemon(options.folder)
    daemon.start()
    daemon.drop("many.jsonl", sijill_articles.jsonl(range(20), options.seed))
    daemon.wait_changes(20)
    for number in range(40):
        daemon.drop(f"{number}.txt", sijill_articles.article(number, options.seed, 900), source="وكالة" if number % 2 else None)
    daemon.wait_changes(60)
    daemon.wait_empty()
    changes = daemon.changes()
    gone = changes[23]["data"]["article"]
    checks.equal(daemon.sijilld("withdraw", gone, "--reason", "x").returncode, 0, "one is withdrawn")
    log = json.loads(daemon.get("/v1/log")[2])["log"]
    key = daemon.sijilld("key", "show").stdout
    daemon.stop()

    checks.equal(daemon.sijilld("recover").returncode, 64, "not without --accept-loss")
    checks.equal(daemon.sijilld("recover", "--accept-loss").returncode, 64, "not where nothing is wrong")
    for name, needle in (("log", b"subject"), ("originals", b"WARC/1.1\r\nWARC-Type: resource")):
        path = os.path.join(daemon.data, name, f"{1:020}." + ("ndjson" if name == "log" else "warc"))
        with open(path, "rb") as file:
            content = file.read()
        # In the log a line of many.jsonl: what its original is, only the WARC header still says.
        place = content.rindex(needle, 0, len(content) // (12 if name == "log" else 2))
        os.chmod(path, 0o600)
        with open(path, "wb") as file:
            file.write(content[:place] + b"#" + content[place + 1 :])
    try:
        daemon.start()
        checks.that(False, "a damaged log does not start")
    except RuntimeError:
        checks.equal(daemon.process.returncode, 65, "a damaged log ends with 65")
    ended = daemon.sijilld("recover", "--accept-loss")
    said = ended.stdout.decode()
    checks.equal(ended.returncode, 0, f"recover: {ended.stderr.decode()}")
    checks.that(f"lost/{log}" in said and "58 originals were put back" in said, "it says what it did", said)
    checks.that(os.path.exists(os.path.join(daemon.data, "lost", log, "log", "state")), "the old log is kept")
    daemon.start()
    checks.that(daemon.wait_changes(58) and daemon.wait_empty(), "they are taken in again")
    new = json.loads(daemon.get("/v1/log")[2])["log"]
    checks.that(new != log and daemon.sijilld("key", "show").stdout != key, "under another id, with another key")
    articles = {c["data"]["article"] for c in daemon.changes() if c["type"].endswith("added")}
    lost = {c["data"]["article"] for c in changes} - articles
    checks.that(gone in lost and len(lost) == 2, "articles keep their ids; the withdrawn one stays away", lost)
    sources = {c["data"]["file"]["source"] for c in daemon.changes()}
    checks.equal(sources, {"default", "وكالة"}, "sources are kept")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    checks.equal(daemon.sijilld("check").returncode, 0, "check finds nothing")


if __name__ == "__main__":
    main(run)
