"""Crowds of files: while the daemon is stopped, through new directories, by many writers. All in, each once."""

import os
import signal
import subprocess
import sys
import time

import sijill_articles
import sijill_format
from sijill_system import Daemon, main

# Writers in processes of their own: their number, how many files, the seed, the drop folder, the inbox.
WRITER = """
import os, random, sys
writer, count, seed, drops, inbox = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5]
source = random.Random(f"{seed}/{writer}")
os.makedirs(drops, exist_ok=True)
for number in range(count):
    text = f"كاتب {writer} ملف {number} بذرة {seed}\\n\\n" + " ".join(
        source.choices("مدينة طريق جسر نهر سوق بيت شارع حقل".split(), k=60))
    name = f"w{writer}-{number}.txt"
    way = source.choice(("copy", "move", "link"))
    if way == "copy":
        with open(os.path.join(inbox, name), "w") as file:
            file.write(text)
        continue
    path = os.path.join(drops, name)
    with open(path, "w") as file:
        file.write(text)
    if way == "move":
        os.rename(path, os.path.join(inbox, name))
    else:
        os.link(path, os.path.join(inbox, name))
        os.unlink(path)
"""


def run(options, checks):
    stopped(options, checks, 20_000 if options.full else 3_000)
    new_directories(options, checks, 500 if options.full else 100)
    crowd(options, checks, 50_000 if options.full else 4_000)


def finish(daemon, checks, names, what):
    checks.that(daemon.wait_empty(600), f"{what}: the inbox is emptied", len(daemon.inbox_files()))
    checks.equal(daemon.stop(), 0, f"{what}: SIGTERM ends with 0")
    directory = sijill_format.read(daemon.data)
    checks.sound(directory, f"{what}: an outsider reads the directory")
    checks.equal(len(directory.changes), len(names), f"{what}: as many outcomes as files")
    found = sorted(change.file["name"] for change in directory.changes)
    checks.that(found == sorted(names), f"{what}: each file once")


def stopped(options, checks, count):
    """More files than the queue of events holds, made while the daemon cannot read it."""
    daemon = Daemon(os.path.join(options.folder, "stopped"))
    daemon.start()
    daemon.process.send_signal(signal.SIGSTOP)
    names = []
    for number in range(count):
        names.append(f"{number:06}.txt")
        daemon.copy_in(names[-1], sijill_articles.article(number, options.seed, 400))
    daemon.process.send_signal(signal.SIGCONT)
    finish(daemon, checks, names, f"{count} files while stopped")


def new_directories(options, checks, rounds):
    """mkdir -p a/b and cp at once: files in directories that were not watched yet."""
    daemon = Daemon(os.path.join(options.folder, "directories"))
    daemon.start()
    names = []
    for number in range(rounds):
        folder = os.path.join(daemon.inbox, f"a{number}", "b")
        os.makedirs(folder)
        names.append(f"{number}.txt")
        with open(os.path.join(folder, names[-1]), "wb") as file:
            file.write(sijill_articles.article(number, options.seed, 400))
    finish(daemon, checks, names, f"{rounds} rounds of mkdir -p and cp")


def crowd(options, checks, count):
    """Eight writers that copy, move and link."""
    daemon = Daemon(os.path.join(options.folder, "crowd"))
    daemon.start()
    began = time.monotonic()
    each = count // 8
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(n), str(each), str(options.seed), f"{daemon.drops}/{n}", daemon.inbox]
        )
        for n in range(8)
    ]
    checks.equal([writer.wait() for writer in writers], [0] * 8, "the writers end well")
    names = [f"w{n}-{number}.txt" for n in range(8) for number in range(each)]
    finish(daemon, checks, names, f"{count} files by 8 writers")
    print(f"{count} files by 8 writers: {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main(run)
