"""Runs the daemon from outside: processes, signals, files, HTTP. Python's standard library only.

The programs are taken from $SIJILLD and $SIJILL, else from .build/release. Each test program says what it
checks with `Checks`, prints its seed, and ends with a line "N passed, N failed".
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
SIJILLD = os.environ.get("SIJILLD", os.path.join(ROOT, ".build", "release", "sijilld"))
SIJILL = os.environ.get("SIJILL", os.path.join(ROOT, ".build", "release", "sijill"))

# Times are generous: they end a test that hangs, they measure nothing.
PATIENCE = 60.0


class Checks:
    """Counts what held and what did not."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def that(self, condition, what, detail=""):
        if condition:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {what}" + (f": {detail}" if detail != "" else ""), flush=True)
        return bool(condition)

    def equal(self, found, expected, what):
        return self.that(found == expected, what, f"found {short(found)}, expected {short(expected)}")

    def sound(self, directory, what):
        """No findings in a data directory that was read by sijill_format."""
        shown = "; ".join(directory.findings[:5])
        return self.that(not directory.findings, what, f"{len(directory.findings)} findings: {shown}")


def short(value):
    text = repr(value)
    return text if len(text) <= 300 else text[:300] + " …"


def main(run, needs_daemon=True, arguments=None):
    """Runs `run(options, checks)` as a program: --full, --seed, --keep; options.random is seeded.

    `arguments(parser)` adds options that only this program has.
    """
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--full", action="store_true", help="everything, however long it takes")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--keep", action="store_true", help="leave the temporary folder")
    if arguments:
        arguments(parser)
    options = parser.parse_args()
    options.random = random.Random(options.seed)
    print(f"seed {options.seed}", flush=True)
    for program in (SIJILLD, SIJILL) if needs_daemon else ():
        if not os.access(program, os.X_OK):
            print(f"{program} is not there; build it with: Scripts/build sijilld sijill", file=sys.stderr)
            sys.exit(78)
    # Inside the checkout, so that all folders of a test are on one file system and none of it is a tmpfs.
    parent = os.path.join(ROOT, ".build", "system-tests")
    os.makedirs(parent, exist_ok=True)
    options.folder = tempfile.mkdtemp(prefix="run-", dir=parent)
    checks = Checks()
    try:
        run(options, checks)
    except Exception as error:  # A test that breaks off has failed, and says so in the same last line.
        import traceback

        traceback.print_exc()
        checks.that(False, "the test ran to its end", error)
    finally:
        Daemon.end_all()
        if options.keep:
            print(f"kept {options.folder}")
        else:
            shutil.rmtree(options.folder, ignore_errors=True)
    print(f"{checks.passed} passed, {checks.failed} failed", flush=True)
    sys.exit(1 if checks.failed else 0)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, patience=PATIENCE, pause=0.02):
    """The first true value of `condition()`; None when patience ends."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(pause)
    return None


class Daemon:
    """One data directory and, at times, a process that works on it."""

    running = []

    def __init__(self, folder, environment=None):
        self.data = os.path.join(folder, "data")
        self.inbox = os.path.join(self.data, "inbox")
        self.drops = os.path.join(folder, "drops")
        self.messages = os.path.join(folder, "stderr")
        os.makedirs(self.drops, exist_ok=True)
        self.environment = environment or {}
        self.process = None
        self.port = free_port()
        self.notices = ""
        self.peak_kib = 0

    # -- The process

    def command(self, *arguments):
        return [SIJILLD, "run", "--data", self.data, "--listen", f"127.0.0.1:{self.port}", *arguments]

    def start(self, *arguments, wait=True):
        """Starts the daemon; with `wait`, until it says READY=1. Raises RuntimeError when it ends before."""
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        # An abstract name: it leaves no file, and no path can be too long for it.
        name = f"sijill-{os.getpid()}-{random.SystemRandom().randrange(1 << 64)}"
        self.notify.bind("\0" + name)
        self.notify.setblocking(False)
        self.notices = ""
        environment = os.environ | {"NOTIFY_SOCKET": "@" + name, "NO_COLOR": "1"} | self.environment
        with open(self.messages, "ab") as messages:
            self.process = subprocess.Popen(
                self.command(*arguments),
                stdin=subprocess.DEVNULL,
                stdout=messages,
                stderr=messages,
                env=environment,
            )
        Daemon.running.append(self)
        if wait and not wait_until(lambda: self.heard("READY=1") or self.process.poll() is not None):
            raise RuntimeError("the daemon does not get ready")
        if wait and not self.heard("READY=1"):
            raise RuntimeError(f"the daemon ended with {self.process.returncode}: {self.last_message()}")
        return self

    def heard(self, notice):
        with contextlib.suppress(BlockingIOError, OSError):
            while True:
                self.notices += self.notify.recv(4096).decode(errors="replace") + "\n"
        return notice in self.notices.split("\n")

    def last_message(self):
        with open(self.messages, errors="replace") as file:
            return (file.read().strip().split("\n") or [""])[-1]

    def kill(self):
        """SIGKILL: what the kernel has is kept. Raises RuntimeError when it had ended by itself."""
        self.process.kill()
        code = self.wait()
        if code != -signal.SIGKILL:
            raise RuntimeError(f"the daemon had ended by itself with {code}: {self.last_message()}")

    def stop(self):
        """SIGTERM, and its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self, patience=PATIENCE):
        self.sample_memory()
        code = self.process.wait(patience)
        self.heard("")
        self.notify.close()
        Daemon.running.remove(self)
        return code

    def sample_memory(self):
        """Keeps the largest resident size so far; the kernel's own high-water mark."""
        with contextlib.suppress(OSError):
            with open(f"/proc/{self.process.pid}/status") as status:
                for line in status:
                    if line.startswith("VmHWM:"):
                        self.peak_kib = max(self.peak_kib, int(line.split()[1]))

    @classmethod
    def end_all(cls):
        for daemon in list(cls.running):
            daemon.process.kill()
            daemon.wait()

    # -- The inbox

    def drop(self, name, content, source=None):
        """Renames a file into the inbox, as mv does."""
        folder = os.path.join(self.inbox, source) if source else self.inbox
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(self.drops, name)
        with open(path, "wb") as file:
            file.write(content)
        os.rename(path, os.path.join(folder, name))

    def copy_in(self, name, content):
        """Writes a file in the inbox, as cp does."""
        with open(os.path.join(self.inbox, name), "wb") as file:
            file.write(content)

    def inbox_files(self):
        return [name for _, _, names in os.walk(self.inbox) for name in names]

    def wait_empty(self, patience=PATIENCE):
        """Until the inbox has no file: everything has been handled."""
        return wait_until(lambda: (not self.inbox_files()) or self.process.poll() is not None, patience) and (
            self.process.poll() is None
        )

    # -- The feed

    def get(self, path, **headers):
        """Status, headers and body of a GET."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def replay(self, parameters=""):
        """All changes as they are on the wire: NDJSON pages, one after the other."""
        pages, cursor = [], "0"
        while True:
            status, headers, body = self.get(
                f"/v1/changes?since={cursor}&limit=10000&max_bytes=8388608{parameters}",
                Accept="application/x-ndjson",
            )
            if status != 200:
                raise RuntimeError(f"GET /v1/changes: {status}: {body[:300]!r}")
            if not body:
                return b"".join(pages)
            pages.append(body)
            cursor = headers["Sijill-Next"]

    def changes(self, parameters=""):
        return [json.loads(line) for line in self.replay(parameters).splitlines()]

    def wait_changes(self, count, patience=PATIENCE):
        """Until the log has at least so many changes."""

        def reached():
            _, _, body = self.get("/v1/log")
            tip = json.loads(body)["tip"]
            return tip and int(tip[:16]) >= count

        return wait_until(reached, patience)

    # -- Commands

    def sijilld(self, *arguments):
        return subprocess.run(
            [SIJILLD, *arguments, "--data", self.data],
            capture_output=True,
            timeout=10 * PATIENCE,
            env=os.environ | self.environment | {"NO_COLOR": "1"},
        )

    def sijill(self, *arguments):
        return subprocess.run(
            [SIJILL, *arguments],
            capture_output=True,
            timeout=10 * PATIENCE,
            env=os.environ | {"SIJILL_URL": f"http://127.0.0.1:{self.port}", "NO_COLOR": "1"},
        )
