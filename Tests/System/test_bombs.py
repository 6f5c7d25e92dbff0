"""What is made to exhaust the daemon is rejected for the right reason, in bounded memory; the rest is taken in."""

import gzip
import os

import sijill_articles
import sijill_format
from sijill_system import Daemon, main

MEMORY_MIB_MAX = 300


def run(options, checks):
    daemon = Daemon(options.folder)
    daemon.start()
    line_mib = 1_024 if options.full else 256
    bombs = [
        ("zeros.txt.gz", zeros, "bomb"),
        ("zeros.jsonl.gz", zeros, "bomb"),
        ("zeros.json.gz", zeros, "bomb"),
        ("line.jsonl", lambda path: repeat(path, b"a" * (1 << 20), line_mib), "too-large"),
        ("line.txt", lambda path: repeat(path, b"a" * (1 << 20), line_mib), "too-large"),
        ("deep.json", lambda path: deep(path, 100_000), "too-deep"),
        ("deep.jsonl", lambda path: deep(path, 100_000), "too-deep"),
        ("page.html", lambda path: repeat(path, b"<div><p>" + "نص ".encode() * 100 + b"\n", 300 * 1024 * 2), "too-large"),
        ("nested.html", lambda path: repeat(path, b"<div>" * 1_000, 2_000), None),
        ("attributes.html", lambda path: repeat(path, b"<p a=b c=d e=f>", 500_000), None),
    ]
    for number, (name, write, _) in enumerate(bombs):
        path = os.path.join(daemon.drops, name)
        write(path)
        os.rename(path, os.path.join(daemon.inbox, name))
        daemon.drop(f"good-{number}.txt", sijill_articles.article(number, options.seed, 2_000))
    checks.that(daemon.wait_empty(300), "the inbox is emptied", daemon.inbox_files())
    checks.that(daemon.wait_changes(2 * len(bombs), 60), "every input has its outcome")
    daemon.sample_memory()
    peak = daemon.peak_kib / 1024
    print(f"peak memory {peak:.0f} MiB", flush=True)
    checks.that(peak < MEMORY_MIB_MAX, f"peak memory under {MEMORY_MIB_MAX} MiB", f"{peak:.0f} MiB")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    directory = sijill_format.read(daemon.data)
    checks.sound(directory, "an outsider reads the directory")
    found = {change.file["name"]: change for change in directory.changes}
    checks.equal(len(directory.changes), 2 * len(bombs), "one outcome each")
    for name, _, reason in bombs:
        change = found[name]
        outcome = change.value["data"].get("reason", change.kind)
        if reason:
            checks.equal(outcome, reason, f"{name}: its reason")
        else:
            print(f"{name}: {outcome}", flush=True)
    goods = [found[f"good-{number}.txt"].kind for number in range(len(bombs))]
    checks.equal(goods, ["added"] * len(bombs), "what came beside them is taken in")


def zeros(path):
    """Ten GiB of zeros in ten members of about one MiB."""
    member = gzip.compress(bytes(1 << 30), 1)
    repeat(path, member, 10)


def repeat(path, piece, count):
    with open(path, "wb") as file:
        for _ in range(count):
            file.write(piece)


def deep(path, depth):
    with open(path, "wb") as file:
        file.write(b'{"text":' + b"[" * depth + b"]" * depth + b"}\n")


if __name__ == "__main__":
    main(run)
