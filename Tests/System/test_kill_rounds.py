"""kill -9 at random moments while files keep coming: every input has exactly one outcome."""

import collections
import hashlib
import json
import sqlite3
import threading
import time

import sijill_articles
import sijill_format
from sijill_system import Daemon, main, wait_until


def run(options, checks):
    rounds, count = (50, 3_000) if options.full else (8, 480)
    lines = 600 if options.full else 200
    source = options.random
    daemon = Daemon(options.folder)
    inputs = make_inputs(options, count)
    many = sijill_articles.jsonl(range(lines), f"{options.seed}-lines")

    daemon.start()
    daemon.drop("many.jsonl", many)
    dropper = Dropper(daemon, inputs, pause=rounds * 0.25 / count)
    dropper.start()
    for number in range(rounds):
        time.sleep(source.uniform(0.005, 0.4))
        if number % 2:
            # A file that is alone in hand at three ends without a change is given up as crash-loop, and rightly so.
            before = of_many(daemon)
            wait_until(lambda: of_many(daemon) > before or of_many(daemon) == lines, patience=20)
        daemon.kill()
        if source.random() < 0.3:
            # A second crash, somewhere in recovery.
            daemon.start(wait=False)
            time.sleep(source.uniform(0.0, 0.06))
            daemon.kill()
        daemon.start()
    dropper.join()
    checks.that(daemon.wait_empty(), "the inbox is empty in the end")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")

    directory = sijill_format.read(daemon.data)
    checks.sound(directory, f"an outsider reads the log after {rounds} kills")
    outcomes = collections.Counter((c.file["name"], c.file.get("line")) for c in directory.changes)
    expected = collections.Counter({(name, None): 1 for name in inputs})
    expected.update({("many.jsonl", line + 1): 1 for line in range(lines)})
    checks.equal(expected - outcomes, collections.Counter(), "no input is without an outcome")
    checks.equal(outcomes - expected, collections.Counter(), "no input has two")
    wrong = [
        c.place
        for c in directory.changes
        if c.file["name"] in inputs and c.file["sha256"] != hashlib.sha256(inputs[c.file["name"]]).hexdigest()
    ]
    checks.equal(wrong, [], "every change has the digest of its own file")
    distinct = len(set(inputs.values())) + lines
    added = sum(c.kind == "added" for c in directory.changes)
    checks.equal(added, distinct, "articles are the distinct texts")
    checks.equal(
        sum(c.kind == "duplicated" for c in directory.changes),
        len(inputs) + lines - distinct,
        "the rest duplicates",
    )
    store = sqlite3.connect(f"file:{daemon.data}/sijill.sqlite?mode=ro", uri=True)
    checks.equal(store.execute("select count(*) from articles").fetchone(), (distinct,), "so says the store")
    store.close()
    lines_kept = [json.loads(line)["text"] for line in many.splitlines()]
    kept = {
        c.file.get("line"): c.value["data"]["text"]
        for c in directory.changes
        if c.file["name"] == "many.jsonl"
    }
    checks.equal([kept.get(n + 1) for n in range(lines)], lines_kept, "every line has its own text")
    check = daemon.sijilld("check")
    checks.equal(check.returncode, 0, f"sijilld check: {check.stdout[:200]!r} {check.stderr[:200]!r}")
    print(f"{rounds} kills, {len(directory.changes)} changes, {len(directory.segments)} segments")


def of_many(daemon):
    """Outcomes of the file of many records so far."""
    lines = daemon.replay("&content=omit").splitlines()
    return sum(b'"name":"many.jsonl"' in line for line in lines)


def make_inputs(options, count):
    """Name → bytes; every tenth repeats an earlier text under another name."""
    inputs = {}
    for number in range(count):
        if number and options.random.random() < 0.1:
            content = options.random.choice(list(inputs.values()))
        else:
            content = sijill_articles.article(number, options.seed, size=options.random.randint(300, 6_000))
        inputs[f"خبر-{number:05}.txt"] = content
    return inputs


class Dropper(threading.Thread):
    """A producer that knows nothing of the daemon's deaths. Every third file is written as cp does."""

    def __init__(self, daemon, inputs, pause):
        super().__init__(daemon=True)
        self.target, self.inputs, self.pause = daemon, inputs, pause

    def run(self):
        for number, (name, content) in enumerate(self.inputs.items()):
            (self.target.copy_in if number % 3 == 2 else self.target.drop)(name, content)
            time.sleep(self.pause)


if __name__ == "__main__":
    main(run)
