"""States of the inbox that need another user, few watches, a network file system or a folder that goes away.

The daemon runs as a user of its own, in a user namespace, on FUSE. What a machine does not allow is skipped, and said.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import sijill_articles
import sijill_format
from sijill_system import SIJILLD, Daemon, main, wait_until

CONFIGURATION = """
inbox:
  settle: 200ms
  poll: 1s
  rescan: 1s
  writer_poll: 50ms
"""
# Any user that is not the one who drops.
OTHER = 65_534
# Writes a line to a file every 200 ms, without a pause that could be taken for its end.
GROWING_WRITER = """
import sys, time
with open(sys.argv[1], "wb", buffering=0) as file:
    for number in range(15):
        file.write(f"{sys.argv[2]} {number}\\n".encode())
        time.sleep(0.2)
"""


class Behind(Daemon):
    """A daemon that another program starts: as another user, in a namespace."""

    def __init__(self, folder, *prefix):
        os.makedirs(folder, exist_ok=True)
        super().__init__(folder)
        self.prefix = prefix
        self.program = SIJILLD
        self.configuration = os.path.join(folder, "sijilld.yaml")
        with open(self.configuration, "w") as file:
            file.write(CONFIGURATION)

    def command(self, *arguments):
        _, *command = super().command("--config", self.configuration, *arguments)
        return [*self.prefix, self.program, *command]

    def metric(self, name):
        for line in self.get("/metrics")[2].decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])

    def outcomes(self):
        """Kind or reason of each change by the name of its file."""
        found = {}
        for change in self.changes("&content=omit"):
            kind = change["data"].get("reason") or change["type"].rsplit(".", 1)[1]
            found.setdefault(change["data"].get("file", {}).get("name"), []).append(kind)
        return found

    def comes(self, name, expected=("added",)):
        wait_until(lambda: name in self.outcomes(), patience=30, pause=0.1)
        return self.outcomes().get(name) == list(expected)

    def said(self, text):
        with open(self.messages, errors="replace") as file:
            return text in file.read()


def run(options, checks):
    texts = (sijill_articles.article(number, options.seed, 900) for number in range(10_000))
    vanished(Behind(os.path.join(options.folder, "vanished")), texts, checks)
    if os.geteuid() != 0:
        print("not root: other users' files, watch limit and FUSE are skipped")
        return
    # Not in the checkout, which may be for its owner alone.
    with tempfile.TemporaryDirectory(prefix="sijill-other-", ignore_cleanup_errors=True) as folder:
        other_user(folder, texts, checks)
        Daemon.end_all()
    few_watches(os.path.join(options.folder, "watches"), texts, checks)
    network(os.path.join(options.folder, "network"), texts, checks)


def vanished(daemon, texts, checks):
    daemon.start()
    daemon.drop("first.txt", next(texts))
    checks.that(daemon.comes("first.txt"), "an inbox like any other")
    aside = daemon.inbox + "-aside"
    os.rename(daemon.inbox, aside)
    checks.that(
        wait_until(lambda: daemon.metric("sijill_inbox_degraded") == 1, patience=20), "without its inbox it is degraded"
    )
    status, _, body = daemon.get("/readyz")
    checks.that(b"make it again" in body, "it says what to do", (status, body))
    checks.equal(daemon.get("/v1/log")[0], 200, "the feed goes on")
    with open(os.path.join(aside, "meanwhile.txt"), "wb") as file:
        file.write(next(texts))
    os.mkdir(daemon.inbox)
    checks.that(
        wait_until(lambda: daemon.metric("sijill_inbox_degraded") == 0, patience=20), "made again, it is well again"
    )
    daemon.drop("second.txt", next(texts))
    checks.that(daemon.comes("second.txt"), "and files are taken from it")
    checks.that("meanwhile.txt" not in daemon.outcomes(), "what lies in the old folder is not touched")
    os.rmdir(daemon.inbox)
    os.rename(aside, daemon.inbox)
    checks.that(daemon.comes("meanwhile.txt"), "moved back, what lies in it is taken")
    daemon.drop("third.txt", next(texts), source="agency")
    checks.that(daemon.comes("third.txt"), "with a new folder in it as well")
    shutil.rmtree(daemon.inbox)
    os.makedirs(os.path.join(daemon.inbox, "agency"))
    with open(os.path.join(daemon.inbox, "agency", "fourth.txt"), "wb") as file:
        file.write(next(texts))
    checks.that(daemon.comes("fourth.txt"), "removed and made at once, with files, before anyone looks")
    ended(daemon, checks)


def other_user(folder, texts, checks):
    as_other = ("setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", "--clear-groups", "--no-new-privs")
    daemon = Behind(folder, *as_other)
    daemon.program = shutil.copy(SIJILLD, folder)
    os.chown(folder, OTHER, OTHER)
    if subprocess.run([*as_other, "test", "-x", daemon.program, "-a", "-w", folder], check=False).returncode:
        print("another user cannot reach the temporary folder: files of other users are skipped")
        return
    daemon.start()
    # E: no lease is to be had on the file of another user, so two equal looks stand in for it.
    daemon.drop("foreign.txt", next(texts))
    time.sleep(0.6)
    checks.equal(daemon.outcomes(), {}, "E: not at the first look")
    checks.that(daemon.comes("foreign.txt"), "E: at the second one that is equal")
    path = os.path.join(daemon.inbox, "growing.txt")
    line = "سطر من ملف ينمو على مهل ولا يعرف أحد متى ينتهي"
    child = subprocess.Popen([sys.executable, "-c", GROWING_WRITER, path, line])
    child.wait()
    checks.that(daemon.comes("growing.txt"), "E: a file that grows is one article")
    data = next(c["data"] for c in daemon.changes() if c["data"].get("file", {}).get("name") == "growing.txt")
    whole = (data.get("title") or "") + data["text"]
    checks.equal(whole.count(line), 15, "E: with all its lines")
    # Not now is no reject.
    with open(os.path.join(daemon.drops, "closed.txt"), "wb") as file:
        file.write(next(texts))
    os.chmod(file.name, 0o600)
    os.rename(file.name, os.path.join(daemon.inbox, "closed.txt"))
    checks.that(
        wait_until(lambda: daemon.metric('sijill_inbox_files{state="blocked"}') == 1, patience=20),
        "a file that may not be read is blocked",
    )
    daemon.drop("beside.txt", next(texts))
    checks.that(daemon.comes("beside.txt"), "all others go on")
    checks.that("closed.txt" not in daemon.outcomes(), "it is no reject")
    os.chmod(os.path.join(daemon.inbox, "closed.txt"), 0o644)
    checks.that(daemon.comes("closed.txt"), "it is taken by itself once it may be read")
    # A folder that may not be entered, and one that may not be written to: what is taken cannot be removed.
    os.makedirs(os.path.join(daemon.inbox, "locked"), 0o700)
    with open(os.path.join(daemon.inbox, "locked", "inside.txt"), "wb") as file:
        file.write(next(texts))
    daemon.drop("after-locked.txt", next(texts))
    checks.that(daemon.comes("after-locked.txt"), "a folder that may not be entered stops nobody")
    os.chmod(os.path.join(daemon.inbox, "locked"), 0o777)
    checks.that(daemon.comes("inside.txt"), "and is read when it may be")
    checks.that(daemon.wait_empty(), "in the end the inbox is empty", daemon.inbox_files())
    ended(daemon, checks)


def few_watches(folder, texts, checks):
    limit = 'echo 6 > /proc/sys/user/max_inotify_watches && exec "$@"'
    prefix = ("unshare", "--user", "--map-root-user", "sh", "-c", limit, "sh")
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        print("no user namespace with few watches is to be had here: skipped")
        return
    daemon = Behind(folder, *prefix)
    daemon.start()
    for number in range(20):
        daemon.drop(f"{number}.txt", next(texts), source=f"source-{number}")
    taken = [daemon.comes(f"{number}.txt") for number in range(20)]
    checks.that(all(taken), "more folders than watches: all is taken", taken)
    checks.that(daemon.metric("sijill_inbox_polled_directories") >= 14, "folders without a watch are polled")
    checks.equal(daemon.metric("sijill_inbox_degraded"), 1, "it is degraded")
    status, _, body = daemon.get("/readyz")
    checks.equal(json.loads(body).get("status"), "degraded", f"which readiness says, with {status}")
    checks.that(b"fs.inotify.max_user_watches" in body, "naming the sysctl")
    checks.that(daemon.said("max_user_watches"), "as its messages do")
    for number in range(20):
        daemon.drop(f"again-{number}.txt", next(texts), source=f"source-{number}")
    checks.that(all(daemon.comes(f"again-{number}.txt") for number in range(20)), "later files too")
    ended(daemon, checks)


def network(folder, texts, checks):
    """On FUSE, which may be anything and tells of nothing that others do."""
    daemon = Behind(folder)
    behind = os.path.join(folder, "behind")
    os.makedirs(behind)
    os.makedirs(daemon.inbox)
    if not shutil.which("bindfs") or subprocess.run(["bindfs", behind, daemon.inbox], check=False).returncode:
        print("FUSE cannot be mounted here: a network file system is skipped")
        return
    try:
        daemon.start()
        # Written behind the mount, as by another machine: no event comes of it.
        with open(os.path.join(behind, "far.txt"), "wb") as file:
            file.write(next(texts))
        checks.that(daemon.comes("far.txt"), "a file that another machine writes is found by looking")
        os.makedirs(os.path.join(behind, "agency"))
        with open(os.path.join(behind, "agency", "far-in-folder.txt"), "wb") as file:
            file.write(next(texts))
        checks.that(daemon.comes("far-in-folder.txt"), "and one in a new folder")
        checks.that(daemon.metric("sijill_inbox_polled_directories") >= 2, "its folders are polled")
        daemon.copy_in("near.txt", next(texts))
        checks.that(daemon.comes("near.txt"), "one that is copied in through the mount")
        child = subprocess.Popen([sys.executable, "-c", GROWING_WRITER, os.path.join(behind, "slow.txt"), "خبر ينمو"])
        child.wait()
        checks.that(daemon.comes("slow.txt"), "one that grows is one article")
        with open(os.path.join(behind, "picture.png"), "wb") as file:
            file.write(b"\x89PNG")
        checks.that(daemon.comes("picture.png", ["unsupported-type"]), "a reject goes to quarantine across file systems")
        kept = os.path.join(daemon.data, "quarantine", "unsupported-type", "picture.png")
        checks.that(wait_until(lambda: os.path.exists(kept), patience=20), "where it is whole")
        checks.that(daemon.wait_empty(), "in the end the inbox is empty", daemon.inbox_files())
        ended(daemon, checks)
    finally:
        Daemon.end_all()
        subprocess.run(["umount", daemon.inbox], check=True)


def ended(daemon, checks):
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    checks.sound(sijill_format.read(daemon.data), "an outsider reads the directory")


if __name__ == "__main__":
    main(run)
