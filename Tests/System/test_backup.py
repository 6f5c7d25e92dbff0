"""A backup under load is sound, grows by what is new, and is a data directory that a daemon goes on from."""

import json
import os
import shutil
import stat
import subprocess
import threading

import sijill_articles
import sijill_format
from sijill_system import SIJILLD, Daemon, main


def run(options, checks):
    daemon = Daemon(os.path.join(options.folder, "first"))
    target = os.path.join(options.folder, "backup")
    daemon.start()
    daemon.drop("picture.pdf", b"%PDF-1.4\n")
    checks.that(daemon.wait_changes(1) and daemon.wait_empty(), "a rejected file is in quarantine")
    under_load(options, checks, daemon, target)
    saved = backup(checks, daemon, target, "a backup of an idle daemon")
    known = daemon.changes()
    checks.equal(saved["tip"], known[-1]["id"], "it reaches the tip")

    # What comes after the backup is lost with the machine.
    daemon.drop("lost.txt", sijill_articles.article(9_000_000, options.seed))
    checks.that(daemon.wait_changes(len(known) + 1), "another article comes")
    lost = daemon.changes()[-1]["id"]
    daemon.kill()
    restored = restore(options, checks, target, known, lost)
    refusals(options, checks, restored, target)
    stopped(options, checks, restored)


def backup(checks, daemon, target, what, *arguments, code=0):
    ended = daemon.sijilld("backup", target, "--json", *arguments)
    checks.equal(ended.returncode, code, f"{what}: exit code ({ended.stderr.decode()[-300:]})")
    return json.loads(ended.stdout) if code == 0 and ended.returncode == 0 else ended.stderr.decode()


def checked(checks, data, what):
    ended = subprocess.run([SIJILLD, "check", "--data", data], capture_output=True, timeout=600)
    checks.equal(ended.returncode, 0, f"{what}: check ({ended.stdout[-300:]!r} {ended.stderr[-300:]!r})")


def under_load(options, checks, daemon, target):
    count = 4_000 if options.full else 1_500
    rounds = 12 if options.full else 4

    def produce():
        for number in range(0, count, 50):
            texts = sijill_articles.jsonl(range(number, number + 50), options.seed, 4_000)
            daemon.drop(f"load-{number}.jsonl", texts, "agency")

    producer = threading.Thread(target=produce)
    producer.start()
    tips = []
    for number in range(rounds):
        arguments = ["--store"] if number % 2 else []
        tips.append(backup(checks, daemon, target, f"backup {number} under load", *arguments)["tip"])
        checked(checks, target, f"backup {number} under load")
    producer.join()
    checks.that(daemon.wait_changes(1 + count, 300) and daemon.wait_empty(), "everything is taken in")
    checks.equal(sorted(tips), tips, "each backup reaches further")
    print(f"backups of a log under load at {[int(tip[:16]) for tip in tips]} of {1 + count} changes")


def restore(options, checks, target, known, lost):
    """The restored directory on another daemon: clients go on, or are told."""
    restored = Daemon(os.path.join(options.folder, "restored"))
    shutil.copytree(target, restored.data, ignore=shutil.ignore_patterns("lock"))
    key = os.path.join(restored.data, "signing.key")
    checks.that(os.path.exists(key), "the key is in the backup")
    checks.equal(stat.S_IMODE(os.stat(key).st_mode), 0o600, "for its owner alone")
    rejected = os.path.join(restored.data, "quarantine", "unsupported-type", "picture.pdf")
    checks.that(os.path.exists(rejected), "the quarantine is in the backup")
    checks.that(not os.path.exists(os.path.join(restored.data, "inbox")), "the inbox is not")
    checked(checks, restored.data, "the restored directory")
    checks.sound(sijill_format.read(restored.data), "an outsider reads it")
    restored.start()
    checks.equal(restored.changes(), known, "a replay gives what the first daemon gave")
    status, _, body = restored.get(f"/v1/changes?since={known[-1]['id']}", Accept="application/x-ndjson")
    checks.equal((status, body), (200, b""), "a client at the tip of the backup goes on")
    status, _, body = restored.get(f"/v1/changes?since={lost}")
    checks.equal(status, 409, "a client that saw more is told")
    checks.that(b"cursor-ahead" in body, "that its cursor is ahead", body)
    restored.drop("new.txt", sijill_articles.article(9_000_001, options.seed))
    checks.that(restored.wait_changes(len(known) + 1) and restored.wait_empty(), "the restored daemon takes in")
    status, _, body = restored.get(f"/v1/changes?since={lost}")
    checks.equal(status, 409, "the lost change is not taken for the new one of its number")
    checks.that(b"cursor-diverged" in body, "the cursor has diverged", body)
    original = known[1]["data"]["article"]
    checks.equal(restored.get(f"/v1/articles/{original}/original")[0], 200, "originals are served")
    return restored


def refusals(options, checks, daemon, target):
    tip = daemon.changes()[-1]["id"]
    more = backup(checks, daemon, target, "the restored daemon's own backup goes on in the same folder")
    checks.equal(more["tip"], tip, "it reaches its tip")
    checked(checks, target, "it")
    said = backup(checks, daemon, os.path.join(daemon.data, "inside"), "inside the data directory", code=78)
    checks.that("one another" in said, "it says why", said)
    stranger = os.path.join(options.folder, "stranger")
    os.makedirs(stranger)
    with open(os.path.join(stranger, "letter.txt"), "w") as file:
        file.write("not a backup\n")
    said = backup(checks, daemon, stranger, "a folder of something else", code=78)
    checks.equal(os.listdir(stranger), ["letter.txt"], "it is left as it is")
    other = Daemon(os.path.join(options.folder, "other"))
    other.start()
    said = backup(checks, other, target, "a backup of another log", code=78)
    checks.that("another log" in said, "it says why", said)
    checks.equal(other.stop(), 0, "SIGTERM ends with 0")
    checked(checks, target, "the refused folder")
    # A branch: the same log, gone another way from the same backup.
    branch = Daemon(os.path.join(options.folder, "branch"))
    shutil.copytree(target, branch.data, ignore=shutil.ignore_patterns("lock"))
    for one, number in ((branch, 9_000_002), (daemon, 9_000_003)):
        if one is branch:
            one.start()
        count = int(tip[:16]) + 1
        one.drop("branch.txt", sijill_articles.article(number, options.seed))
        checks.that(one.wait_changes(count), "each branch has one more")
    backup(checks, branch, target, "the branch first")
    said = backup(checks, daemon, target, "then the other branch", code=78)
    checks.that("another way" in said, "it says why", said)
    checks.equal(branch.stop(), 0, "SIGTERM ends with 0")


def stopped(options, checks, daemon):
    """A stopped daemon, a crashed one, one that was interrupted, and a log that a recovery has cut."""
    target = os.path.join(options.folder, "second")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    first = backup(checks, daemon, target, "a backup of a stopped daemon")
    checked(checks, target, "it")
    again = backup(checks, daemon, target, "the same again")
    checks.equal(again["tip"], first["tip"], "nothing is new")
    for number in range(4):
        daemon.start()
        daemon.drop(f"crash-{number}.jsonl", sijill_articles.jsonl(range(10), f"{options.seed}-{number}"))
        count = int(first["tip"][:16]) + 10 * (number + 1)
        checks.that(daemon.wait_changes(count), "ten more")
        if number % 2:
            backup(checks, daemon, target, "before a kill")
        daemon.kill()
        saved = backup(checks, daemon, target, "after a kill, the log recovered first")
        checks.equal(int(saved["tip"][:16]), count, "nothing that was shown is missing")
        checked(checks, target, f"backup {number} of a crashed daemon")
    checks.that(saved["segments_unchanged"] >= 1, "segments that are sealed are not copied again", saved)
    interrupted(options, checks, daemon, target)
    checks.equal(daemon.sijilld("check").returncode, 0, "the crashed daemon's directory is sound")


def interrupted(options, checks, daemon, target):
    """kill -9 of the backup at a random moment leaves what a daemon can open, and the next run finishes it."""
    for number in range(20 if options.full else 3):
        shutil.rmtree(target)
        process = subprocess.Popen([SIJILLD, "backup", target, "--data", daemon.data], stdout=subprocess.DEVNULL)
        try:
            process.wait(options.random.uniform(0.01, 0.3))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if os.path.exists(os.path.join(target, "log", "state")):
            opened = Daemon(os.path.join(options.folder, f"opened-{number}"))
            shutil.copytree(target, opened.data, ignore=shutil.ignore_patterns("lock"))
            opened.start()
            checks.equal(opened.stop(), 0, "a daemon opens what an interrupted backup left")
        backup(checks, daemon, target, "the next run finishes it")
        checked(checks, target, "it")


if __name__ == "__main__":
    main(run)
