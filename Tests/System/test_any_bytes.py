"""Whatever bytes lie in the inbox, the daemon lives, its memory stays bounded, and each file ends as one outcome.

Random bytes, valid files of every format cut short at every place (at some, when bounded), and valid files with bytes
changed, put in, taken out and repeated.
"""

import glob
import gzip
import os

import sijill_articles
import sijill_format
from sijill_system import ROOT, Daemon, main

FIXTURES = os.path.join(ROOT, "Tests", "Fixtures")


def valid(options):
    """A name's ending and the bytes of a valid file, for each format."""
    text = sijill_articles.article(1, options.seed, 700)
    yield ".txt", text
    yield ".txt", text.decode().encode("utf-16")
    yield ".txt", "خبر عاجل من المدينة القديمة وصل صباح اليوم إلى مكتب الوكالة هناك".encode("windows-1256")
    for path in sorted(glob.glob(os.path.join(FIXTURES, "articles", "*.json"))):
        with open(path, "rb") as file:
            yield ".json", file.read()
    lines = sijill_articles.jsonl(range(4), options.seed, 300)
    yield ".jsonl", lines
    for name in ("ar-jsonld-portal", "ar-old-table-layout", "en-unclosed"):
        with open(os.path.join(FIXTURES, "html", name + ".html"), "rb") as file:
            yield ".html", file.read()
    yield ".txt.gz", gzip.compress(text)
    yield ".jsonl.gz", gzip.compress(lines)
    yield ".html.gz", gzip.compress(b"<html><body><p>" + text + b"</p></body></html>")


def mutated(content, random):
    content = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 8, 64))):
        place = random.randrange(len(content) + 1)
        kind = random.randrange(5)
        if kind == 0 and content:
            content[place % len(content)] ^= 1 << random.randrange(8)
        elif kind == 1:
            content[place:place] = random.randbytes(random.randrange(1, 9))
        elif kind == 2:
            del content[place : place + random.randrange(1, 40)]
        elif kind == 3:
            piece = content[place : place + random.randrange(1, 200)]
            content[place:place] = piece * random.randrange(1, 20)
        else:
            content[place:place] = random.choice((b"\0", b'"', b"{", b"[" * 70, b"<div>" * 300, b"&#x", b"\xff\xfe", b"\\u"))
    return bytes(content)


def inputs(options):
    random = options.random
    for number in range(400 if options.full else 60):
        ending = random.choice((".txt", ".json", ".jsonl", ".html", ".txt.gz", ".html.gz", ".json.gz", ""))
        yield f"random-{number}{ending}", random.randbytes(random.choice((1, 7, 300, 5_000, 100_000)))
    for number, (ending, content) in enumerate(valid(options)):
        places = range(len(content)) if options.full else sorted(random.sample(range(len(content)), 25))
        for place in places:
            yield f"cut-{number}-{place}{ending}", content[:place]
        for round in range(600 if options.full else 30):
            yield f"mutated-{number}-{round}{ending}", mutated(content, random)


def run(options, checks):
    # What looks cut is read again for a while; short here, so that the test need not wait for it.
    daemon = Daemon(
        options.folder,
        environment={
            "SIJILL_INBOX_SETTLE": "0s",
            "SIJILL_INBOX_REREAD": "100ms",
            "SIJILL_INBOX_EMPTY_WAIT": "200ms",
        },
    )
    daemon.start()
    names = set()
    for number, (name, content) in enumerate(inputs(options)):
        daemon.drop(name, content)
        names.add(name)
        # All at once would be another test; so many wait at most.
        if number % 500 == 499:
            checks.that(daemon.wait_empty(600), f"{number + 1} files are handled")
    checks.that(daemon.wait_empty(600), "every file leaves the inbox")
    checks.equal(daemon.get("/readyz")[0], 200, "the daemon is ready as before")
    daemon.sample_memory()
    print(f"{len(names)} files, peak {daemon.peak_kib // 1024} MiB", flush=True)
    checks.that(daemon.peak_kib < 300 << 10, "memory stays bounded", daemon.peak_kib)
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0: it never ended by itself")
    directory = sijill_format.read(daemon.data)
    checks.sound(directory, "an outsider reads the directory")
    wholes, records = {}, {}
    for change in directory.changes:
        kind = records if change.file.get("offset") is not None else wholes
        kind.setdefault(change.file["name"], []).append(change)
    several = [name for name, changes in wholes.items() if len(changes) > 1 or name in records]
    checks.equal(several, [], "each file that is one input has one outcome")
    checks.equal(names - set(wholes) - set(records), set(), "no file is without an outcome")
    for name, changes in records.items():
        offsets = [change.file["offset"] for change in changes]
        checks.equal(offsets, sorted(set(offsets)), f"{name}: each record has one outcome")
    reasons = {change.value["data"].get("reason") for change in directory.changes}
    checks.that("crash-loop" not in reasons, "none was given up because it ended the daemon")
    print(f"reasons: {', '.join(sorted(filter(None, reasons)))}", flush=True)
    checks.equal(daemon.sijilld("check").returncode, 0, "check finds nothing")


if __name__ == "__main__":
    main(run)
