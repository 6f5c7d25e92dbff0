"""A disk that runs full: ingest pauses, nothing is rejected, serving goes on, and work resumes by itself."""

import os
import subprocess

import sijill_articles
import sijill_format
from sijill_system import Daemon, main, wait_until

MIB = 1 << 20


def run(options, checks):
    folder = os.path.join(options.folder, "small")
    os.makedirs(folder)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        print("a file system of 64 MiB cannot be mounted here: skipped")
        return
    try:
        fill_and_free(Daemon(folder), options, checks)
    finally:
        Daemon.end_all()
        subprocess.run(["umount", folder], check=True)


def fill_and_free(daemon, options, checks):
    texts = [sijill_articles.article(number, options.seed, 4_000) for number in range(60)]
    daemon.start()
    for number in range(20):
        daemon.drop(f"before-{number}.txt", texts[number])
    checks.that(daemon.wait_changes(20), "articles go in while there is space")

    # Files that wait beside the inbox take their space before the disk is full; a rename needs none.
    waiting = os.path.join(daemon.drops, "waiting")
    os.makedirs(waiting)
    for number in range(20, 60):
        with open(os.path.join(waiting, f"during-{number}.txt"), "wb") as file:
            file.write(texts[number])
    filler = os.path.join(os.path.dirname(daemon.data), "filler")
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 65_536)
        except OSError:
            pass
    for name in sorted(os.listdir(waiting)):
        os.rename(os.path.join(waiting, name), os.path.join(daemon.inbox, name))
    paused = wait_until(lambda: daemon.get("/readyz")[0] == 503)
    checks.that(paused, "the daemon says that it is not ready")
    checks.that(b"paused" in daemon.get("/readyz")[2], "and why")
    checks.equal(daemon.get("/healthz")[0], 200, "it is alive")
    checks.equal(len(daemon.changes()), 20, "replay goes on, and nothing was rejected")
    checks.equal(len(daemon.inbox_files()), 40, "files stay where they are")

    # A stop while the disk is full does not hang and loses nothing.
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0 on a full disk")
    checks.equal(len(daemon.inbox_files()), 40, "files still stay where they are")
    daemon.start()
    checks.that(wait_until(lambda: daemon.get("/readyz")[0] == 503), "it pauses again after a restart")
    os.remove(filler)
    checks.that(daemon.wait_changes(60) and daemon.wait_empty(), "with space again everything goes in by itself")
    checks.equal(daemon.get("/readyz")[0], 200, "the daemon is ready again")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    directory = sijill_format.read(daemon.data)
    checks.sound(directory, "an outsider reads the directory")
    checks.equal([c.kind for c in directory.changes], ["added"] * 60, "every file was added once")
    check = daemon.sijilld("check")
    checks.equal(check.returncode, 0, f"sijilld check: {check.stdout[-200:]!r} {check.stderr[-200:]!r}")


if __name__ == "__main__":
    main(run)
