"""Each rule of the inbox, played against the daemon by files and writers of other processes.

Waits are shortened by configuration; the rules of time themselves are tested on a manual clock (SettlingTests).
"""

import gzip
import json
import os
import socket
import subprocess
import sys
import time

import sijill_articles
import sijill_format
from sijill_system import Daemon, main, wait_until

CONFIGURATION = """
inbox:
  settle: 300ms
  empty_wait: 700ms
  mate_wait: 1500ms
  reread: 200ms
  writer_poll: 50ms
  rescan: 2s
  stuck: 1s
  ignored_report: 1s
limits:
  file: 1MiB
sources:
  marked:
    marker: .ok
  strict:
    sidecar: required
  crawler:
    pair: html
  old:
    encoding: windows-1256
"""

# Programs of other processes; the path is the first argument, and a line on standard input lets them go on.
SLOW_WRITER = """
import sys
file = open(sys.argv[1], "wb", buffering=0)
file.write(sys.argv[2].encode())
print("written", flush=True)
sys.stdin.readline()
file.write(sys.argv[3].encode())
"""
MAPPED_WRITER = """
import mmap, os, sys
text = sys.argv[2].encode()
descriptor = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o644)
os.ftruncate(descriptor, len(text))
view = mmap.mmap(descriptor, len(text))
os.close(descriptor)
print("written", flush=True)
sys.stdin.readline()
view[:] = text
view.close()
"""
PREALLOCATING_WRITER = """
import os, sys
text = sys.argv[2].encode()
descriptor = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o644)
os.posix_fallocate(descriptor, 0, len(text))
print("written", flush=True)
sys.stdin.readline()
os.pwrite(descriptor, text, 0)
os.close(descriptor)
"""


class Play:
    """One daemon, and what came of what was dropped."""

    def __init__(self, options, checks):
        self.checks = checks
        self.seed = options.seed
        self.number = 0
        self.configuration = os.path.join(options.folder, "sijilld.yaml")
        with open(self.configuration, "w") as file:
            file.write(CONFIGURATION)
        self.daemon = Daemon(options.folder)
        self.writers = []

    def start(self, *arguments):
        self.daemon.start("--config", self.configuration, *arguments)

    def text(self):
        self.number += 1
        return sijill_articles.article(self.number, self.seed, 700)

    def path(self, *parts):
        return os.path.join(self.daemon.inbox, *parts)

    def outcomes(self, name):
        """Kind or reason of each change of that name."""
        return [
            change["data"].get("reason") or change["type"].rsplit(".", 1)[1]
            for change in self.daemon.changes("&content=omit")
            if change["data"].get("file", {}).get("name") == name
        ]

    def comes(self, name, expected, what):
        """Until the outcomes of a name are as expected."""
        wait_until(lambda: len(self.outcomes(name)) >= len(expected), patience=20, pause=0.05)
        self.checks.equal(self.outcomes(name), expected, what)

    def text_of(self, name):
        for change in self.daemon.changes():
            if change["data"].get("file", {}).get("name") == name and change["data"].get("text"):
                return change["data"]

    def writer(self, program, *arguments):
        child = subprocess.Popen(
            [sys.executable, "-c", program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        child.stdout.readline()
        return child

    def metric(self, name):
        body = self.daemon.get("/metrics")[2].decode()
        for line in body.splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])


def run(options, checks):
    play = Play(options, checks)
    os.makedirs(play.daemon.inbox)
    found = play.text()
    with open(play.path("there-before.txt"), "wb") as file:
        file.write(found)
    play.start()
    play.comes("there-before.txt", ["added"], "D: what is there at the start is taken in")
    complete(play)
    writers(play)
    names(play)
    directories(play)
    no_files(play)
    mates(play)
    formats(play)
    status(play)
    daemon = play.daemon
    checks.that(
        wait_until(lambda: not [n for n in daemon.inbox_files() if n not in IGNORED], patience=20),
        "an empty inbox means that everything has been handled",
        daemon.inbox_files(),
    )
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    directory = sijill_format.read(daemon.data)
    checks.sound(directory, "an outsider reads the directory")
    keep(play)


# -- §2, complete


def complete(play):
    checks = play.checks
    play.daemon.copy_in("copied.txt", play.text())
    play.comes("copied.txt", ["added"], "B: a closed file is taken once it has settled")
    play.daemon.copy_in("link-source.part", play.text())
    os.link(play.path("link-source.part"), play.path("linked.txt"))
    os.unlink(play.path("link-source.part"))
    play.comes("linked.txt", ["added"], "C: a hard link, as Maildir delivers")
    descriptor = os.open(play.daemon.inbox, os.O_TMPFILE | os.O_WRONLY, 0o644)
    os.write(descriptor, play.text())
    # With a folder named Python asks linkat to follow the link, which a file without a name needs.
    os.link(f"/proc/self/fd/{descriptor}", play.path("tmpfile.txt"), src_dir_fd=descriptor)
    os.close(descriptor)
    play.comes("tmpfile.txt", ["added"], "C: a file without a name that gets one")
    play.daemon.copy_in("empty.txt", b"")
    play.comes("empty.txt", ["empty"], "an empty file is rejected after its wait")
    play.daemon.copy_in("touched.txt", b"")
    with open(play.path("touched.txt"), "ab") as file:
        file.write(play.text())
    play.comes("touched.txt", ["added"], "touched first, written then")
    whole = json.dumps({"title": "عنوان", "text": play.text().decode()}).encode()
    play.daemon.drop("cut.json", whole[:-40])
    play.comes("cut.json", ["truncated"], "what stays cut is rejected after its readings")
    play.daemon.drop("resumed.json", whole.replace("عنوان".encode(), b"x")[:-40])
    wait_until(lambda: play.metric('sijill_inbox_files{state="looks_cut"}'), patience=5)
    play.number += 1
    play.daemon.drop("resumed.json", json.dumps({"text": play.text().decode()}).encode())
    wait_until(lambda: "added" in play.outcomes("resumed.json"), patience=10)
    checks.that("added" in play.outcomes("resumed.json"), "a file that is whole at a later reading is taken")


def writers(play):
    checks = play.checks
    first, second = "نص طويل يكتبه برنامج آخر على مهل. " * 20, "وهذه نهايته التي تأتي متأخرة بعد حين."
    child = play.writer(SLOW_WRITER, play.path("slow.txt"), first, second)
    with_writer = wait_until(
        lambda: play.metric('sijill_inbox_files{state="has_writer"}')
        or play.metric('sijill_inbox_files{state="settling"}'),
        patience=5,
    )
    checks.that(with_writer, "a file that someone writes is seen and not read")
    time.sleep(1.5)
    checks.equal(play.outcomes("slow.txt"), [], "A, B: nothing is taken while a writer has it")
    child.communicate(b"\n")
    play.comes("slow.txt", ["added"], "it is taken when the writer is gone")
    checks.that(second in (play.text_of("slow.txt") or {}).get("text", ""), "with its end")
    # Renamed in while still open for writing.
    child = play.writer(SLOW_WRITER, os.path.join(play.daemon.drops, "open.txt"), first + "١", second)
    os.rename(os.path.join(play.daemon.drops, "open.txt"), play.path("open.txt"))
    time.sleep(1.2)
    checks.equal(play.outcomes("open.txt"), [], "A: renamed in with a writer, it waits")
    checks.that(
        wait_until(lambda: play.metric('sijill_inbox_files{state="stuck"}'), patience=5),
        "a writer for longer than inbox.stuck is counted",
    )
    child.communicate(b"\n")
    play.comes("open.txt", ["added"], "and is taken afterwards")
    for name, program in (("mapped.txt", MAPPED_WRITER), ("preallocated.txt", PREALLOCATING_WRITER)):
        text = f"{name} " + "كلمات تصل بعد أن أغلق الملف أو حجز مكانه على القرص سلفا. " * 15
        child = play.writer(program, play.path(name), text)
        time.sleep(1)
        checks.equal(play.outcomes(name), [], f"{name}: not before its bytes are there")
        child.communicate(b"\n")
        play.comes(name, ["added"], f"{name}: afterwards")
    # Replaced under one name while the first may be in hand.
    for number in range(30):
        play.daemon.drop("same-name.txt", play.text())
    wait_until(lambda: not os.path.exists(play.path("same-name.txt")), patience=10)
    taken = play.outcomes("same-name.txt")
    checks.that(1 <= len(taken) <= 30 and set(taken) == {"added"}, "replaced: each one seen is taken", taken)


# -- §2, names and directories

IGNORED = [".hidden.txt", "a.part", "b.crdownload", "~lock.txt", "c.tmp", "Thumbs.db", "#d#", "e~"]


def names(play):
    checks = play.checks
    for name in IGNORED:
        play.daemon.copy_in(name, b"x")
    os.makedirs(play.path("lost+found"), exist_ok=True)
    for raw in (b"\xff\xfe bytes.txt", "\u202egnp.txt".encode(), b"line\nbreak.txt", ("ن" * 120).encode() + b".txt"):
        path = os.path.join(os.fsencode(play.daemon.drops), b"next")
        with open(path, "wb") as file:
            file.write(play.text())
        os.rename(path, os.path.join(os.fsencode(play.daemon.inbox), raw))
        shown = raw.decode("utf-8", "replace")
        play.comes(shown, ["added"], f"the name {raw[:20]!r}")
    change = next(c for c in play.daemon.changes() if "bytes.txt" in c["data"].get("file", {}).get("name", ""))
    checks.that(change["data"]["file"].get("name_b64"), "a name that is no UTF-8 is kept as bytes too")
    checks.that(
        wait_until(lambda: (play.metric('sijill_inbox_files{state="ignored"}') or 0) >= len(IGNORED), patience=10),
        "what is left alone is counted",
    )
    checks.that(all(os.path.exists(play.path(name)) for name in IGNORED), "and stays")


def directories(play):
    checks = play.checks
    rounds = 40
    for number in range(rounds):
        folder = play.path(f"quick{number % 4}", f"d{number}")
        os.makedirs(folder)
        with open(os.path.join(folder, f"quick-{number}.txt"), "wb") as file:
            file.write(play.text())
    moved = os.path.join(play.daemon.drops, "whole")
    os.makedirs(os.path.join(moved, "inner"))
    for name in ("one.txt", "inner/two.txt"):
        with open(os.path.join(moved, name), "wb") as file:
            file.write(play.text())
    os.rename(moved, play.path("وكالة"))
    play.comes("two.txt", ["added"], "a directory that is moved in is read whole")
    source = play.text_of("two.txt")["file"]["source"]
    checks.equal(source, "وكالة", "the first level is the source")
    for number in range(rounds):
        play.comes(f"quick-{number}.txt", ["added"], f"mkdir -p and cp, round {number}")
    deep = play.path(*[f"l{level}" for level in range(9)])
    os.makedirs(deep)
    with open(os.path.join(deep, "deep.txt"), "wb") as file:
        file.write(play.text())
    play.comes("deep.txt", ["too-deep"], "below eight directories")
    gone = play.path("comes-back")
    os.makedirs(gone)
    time.sleep(0.2)
    os.rmdir(gone)
    time.sleep(0.2)
    os.makedirs(gone)
    with open(os.path.join(gone, "back.txt"), "wb") as file:
        file.write(play.text())
    play.comes("back.txt", ["added"], "a directory that vanished and came back is watched again")


# -- §4


def no_files(play):
    checks = play.checks
    secret = os.path.join(play.daemon.drops, "secret.txt")
    with open(secret, "wb") as file:
        file.write(play.text())
    outside = os.path.join(play.daemon.drops, "outside")
    os.makedirs(outside)
    with open(os.path.join(outside, "not-mine.txt"), "wb") as file:
        file.write(play.text())
    os.symlink(secret, play.path("symbolic.txt"))
    os.symlink(outside, play.path("folder-link"))
    os.mkfifo(play.path("pipe.txt"))
    server = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(play.daemon.inbox)
    server.bind("socket.txt")
    os.chdir(here)
    play.comes("symbolic.txt", ["symlink"], "a symbolic link is never read")
    play.comes("folder-link", ["symlink"], "a linked directory is never entered")
    play.comes("pipe.txt", ["not-regular"], "a FIFO does not hang the daemon")
    play.comes("socket.txt", ["not-regular"], "a socket")
    if os.geteuid() == 0:
        os.mknod(play.path("device.txt"), 0o600 | 0o020000, os.makedev(1, 3))
        play.comes("device.txt", ["not-regular"], "a device")
    checks.equal(play.outcomes("not-mine.txt"), [], "nothing outside was taken")
    checks.that(os.path.exists(secret), "and the target of the link is untouched")
    server.close()


# -- §2 F, §5, §6


def mates(play):
    checks = play.checks
    os.makedirs(play.path("marked"))
    with open(play.path("marked", "one.txt"), "wb") as file:
        file.write(play.text())
    time.sleep(1.2)
    checks.that(os.path.exists(play.path("marked", "one.txt")), "F: without its marker a file waits")
    with open(play.path("marked", "one.txt.ok"), "wb"):
        pass
    wait_until(lambda: not os.listdir(play.path("marked")), patience=10)
    checks.equal(os.listdir(play.path("marked")), [], "F: with it both leave together")

    sidecar = {"url": "https://example.org/a", "publisher": "الناشر", "fetched": "2026-01-02T03:04:05Z"}
    play.daemon.drop("with.txt.meta.json", json.dumps(sidecar).encode())
    play.daemon.drop("with.txt", play.text())
    play.comes("with.txt", ["added"], "a file with a sidecar")
    fields = play.text_of("with.txt") or {}
    checks.equal(
        [fields.get(key) for key in ("url", "publisher", "fetched")], list(sidecar.values()), "its fields are used"
    )
    checks.equal([mate["kind"] for mate in fields["file"].get("mates", [])], ["sidecar"], "and it is named")
    play.daemon.drop("missing.txt", play.text(), source="strict")
    play.comes("missing.txt", ["missing-sidecar"], "sidecar: required, and none comes")
    play.daemon.drop("alone.txt.meta.json", b"{}", source="strict")
    play.comes("alone.txt.meta.json", ["orphan-sidecar"], "a sidecar whose file never comes")
    play.daemon.drop("bad.txt.meta.json", b"[1]", source="strict")
    play.daemon.drop("bad.txt", play.text(), source="strict")
    play.comes("bad.txt", ["bad-sidecar"], "a sidecar that is no object")

    page = "<html><head><title>صفحة</title></head><body><article><p>{}</p></article></body></html>"
    play.daemon.drop("page.html", page.format(play.text().decode()).encode(), source="crawler")
    article = {"title": "من الزاحف", "maintext": play.text().decode(), "url": "https://example.org/page"}
    time.sleep(0.5)
    checks.equal(play.outcomes("page.html"), [], "pair: a page waits for what its crawler made of it")
    play.daemon.drop("page.html.json", json.dumps(article).encode(), source="crawler")
    play.comes("page.html", ["added"], "then both are one article")
    checks.equal((play.text_of("page.html") or {}).get("title"), article["title"], "and the crawler's fields win")
    play.daemon.drop("single.html", page.format(play.text().decode()).encode(), source="crawler")
    play.comes("single.html", ["added"], "pair: without one the page goes on alone after the wait")


def formats(play):
    checks = play.checks
    for name in ("notes.md", "no-extension"):
        play.daemon.drop(name, play.text())
        play.comes(name, ["added"], f"{name} is a page of text")
    play.daemon.drop("packed.txt.gz", gzip.compress(play.text()))
    play.comes("packed.txt.gz", ["added"], "gzip")
    play.daemon.drop("two-members.txt.gz", gzip.compress(play.text()) + gzip.compress(play.text()))
    play.comes("two-members.txt.gz", ["added"], "gzip of two members")
    play.daemon.drop("array.json", json.dumps([{"text": play.text().decode()} for _ in range(3)]).encode())
    play.comes("array.json", ["added"] * 3, "an array, one change for each element")
    play.daemon.drop("linked-data.json", json.dumps(
        {"@graph": [{"@type": "NewsArticle", "headline": "ع", "articleBody": play.text().decode()}]}
    ).encode())
    play.comes("linked-data.json", ["added"], "JSON-LD with @graph")
    short = "خبر قصير من وكالة قديمة".encode("windows-1256")
    play.daemon.drop("old.txt", short, source="old")
    play.comes("old.txt", ["added"], "the encoding that the source is configured with")
    data = play.text_of("old.txt") or {}
    checks.equal(data.get("text"), "خبر قصير من وكالة قديمة", "its text is right")
    checks.equal(data.get("file", {}).get("encoding"), "windows-1256", "and its encoding is said")
    play.daemon.drop("picture.png", b"\x89PNG")
    play.comes("picture.png", ["unsupported-type"], "an unknown type")
    # The same name twice in quarantine: neither is lost.
    for number in range(2):
        play.daemon.drop("twice.pdf", b"%PDF-" + str(number).encode())
        play.comes("twice.pdf", ["unsupported-type"] * (number + 1), f"rejected, the {number + 1}. time")
    kept = [n for n in os.listdir(os.path.join(play.daemon.data, "quarantine", "unsupported-type")) if "twice" in n]
    checks.equal(len([n for n in kept if not n.endswith(".reason.json")]), 2, "both are kept")


def status(play):
    checks = play.checks
    shown = play.daemon.sijill("status")
    checks.equal(shown.returncode, 0, "sijill status")
    checks.that(b"quarantine" in shown.stdout and b"inbox" in shown.stdout, "shows inbox and quarantine", shown.stdout)
    value = json.loads(play.daemon.sijill("status", "--json").stdout)
    checks.that("sijill_changes_total{type=\"added\"}" in value["metrics"], "and as JSON all metrics")
    body = play.daemon.get("/metrics")[2].decode()
    families = [line.split()[2] for line in body.splitlines() if line.startswith("# TYPE")]
    checks.that(len(families) == len(set(families)) > 20, "each family of /metrics once", families)
    lag = play.metric("sijill_inbox_lag_seconds_count")
    checks.that(lag and lag > 50, "the lag of each file is counted", lag)


# -- §3, inbox.after: keep


def keep(play):
    checks = play.checks
    daemon = play.daemon
    daemon.environment = {"SIJILL_INBOX_AFTER": "keep"}
    play.start()
    content = play.text()
    daemon.drop("kept.txt", content)
    play.comes("kept.txt", ["added"], "keep: taken in as ever")
    daemon.drop("kept.txt", content + b" ")
    play.comes("kept.txt", ["added", "duplicated"], "keep: again under the same name")
    done = os.path.join(daemon.data, "done")
    wait_until(lambda: not os.path.exists(play.path("kept.txt")), patience=10)
    found = sorted(os.path.join(folder, name) for folder, _, names in os.walk(done) for name in names)
    checks.equal(len(found), 2, f"keep: both lie in done: {found}")
    with open(found[0], "rb") as one, open(found[-1], "rb") as other:
        checks.equal(sorted([one.read(), other.read()]), sorted([content, content + b" "]), "keep: byte for byte")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")


if __name__ == "__main__":
    main(run)
