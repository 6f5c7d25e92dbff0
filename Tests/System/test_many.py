"""Many at once: throughput and peak memory, printed; memory is also a promise."""

import os
import time

import sijill_articles
import sijill_format
from sijill_system import PATIENCE, Daemon, main

MEMORY_MIB_MAX = 200


def run(options, checks):
    files, records = (20_000, 100_000) if options.full else (3_000, 15_000)
    daemon = Daemon(os.path.join(options.folder, "files"))
    waiting = os.path.join(daemon.drops, "waiting")
    os.makedirs(waiting)
    for number in range(files):
        with open(os.path.join(waiting, f"{number:06}.txt"), "wb") as file:
            file.write(sijill_articles.article(number, options.seed, 5_000))
    daemon.start()
    # One rename brings them all at once.
    began = time.monotonic()
    os.rename(waiting, os.path.join(daemon.inbox, "وكالة"))
    measure(daemon, checks, began, files, f"{files} files of 5 KB")
    finish(daemon, checks, files)

    daemon = Daemon(os.path.join(options.folder, "records"))
    content = sijill_articles.jsonl(range(records), options.seed, size=2_000)
    daemon.start()
    began = time.monotonic()
    daemon.drop("many.jsonl", content)
    measure(daemon, checks, began, records, f"one JSONL of {records} records, {len(content) >> 20} MiB")
    finish(daemon, checks, records)


def measure(daemon, checks, began, count, what):
    end = time.monotonic() + 10 * PATIENCE
    while time.monotonic() < end and (not daemon.wait_changes(count, patience=0.1) or daemon.inbox_files()):
        daemon.sample_memory()
    seconds = time.monotonic() - began
    daemon.sample_memory()
    peak = daemon.peak_kib / 1024
    print(f"{what}: {seconds:.1f} s, {count / seconds:.0f} a second, peak memory {peak:.0f} MiB", flush=True)
    checks.that(peak < MEMORY_MIB_MAX, f"{what}: peak memory under {MEMORY_MIB_MAX} MiB", f"{peak:.0f} MiB")
    checks.equal(daemon.inbox_files(), [], f"{what}: the inbox is empty")


def finish(daemon, checks, count):
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    directory = sijill_format.read(daemon.data)
    checks.sound(directory, "an outsider reads the directory")
    checks.equal([c.kind for c in directory.changes], ["added"] * count, "each is added once")
    check = daemon.sijilld("check")
    checks.equal(check.returncode, 0, f"sijilld check: {check.stdout[-200:]!r} {check.stderr[-200:]!r}")


if __name__ == "__main__":
    main(run)
