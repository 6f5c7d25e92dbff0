"""Where the benchmark works: folders, what is taken in, daemons that have taken it, C clients, servers of peers."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "Tests", "System"))

from corpus import Corpus  # noqa: E402
from measure import Missing, Sample, cpu_seconds  # noqa: E402
from sijill_system import Daemon, wait_until  # noqa: E402


class Workplace:
    def __init__(self, quick=False, full=False, many=None):
        self.quick = quick
        self.full = full
        # Inside the checkout: one file system for everything, and no tmpfs.
        self.folder = os.path.join(ROOT, ".build", "bench")
        self.children = []
        shutil.rmtree(self.path("work"), ignore_errors=True)
        os.makedirs(self.path("work"), exist_ok=True)
        self.files = 2_000 if quick else 20_000
        # Enough for one sealed segment, which replay needs.
        self.records = 40_000 if quick else 200_000
        # What the peers keep as well, Redis in memory.
        self.changes = 10_000 if quick else 100_000
        # Of the group that is measured only where it is asked for by name.
        self.many = many or (40_000 if quick else 1_000_000)
        self.drops = 50 if quick else 300

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def fresh(self, name):
        path = self.path("work", name)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    # -- What is taken in

    def corpus_files(self, count=None):
        count = count or self.files
        folder = self.path(f"files-{count}")
        if not os.path.exists(folder):
            shutil.rmtree(folder + ".new", ignore_errors=True)
            Corpus(repeats=0.05, copies=0.05).write_files(folder + ".new", count)
            os.rename(folder + ".new", folder)
        return folder

    def corpus_lines(self, count=None, corpus=None, name="lines"):
        count = count or self.records
        path = self.path(f"{name}-{count}.jsonl")
        if not os.path.exists(path):
            (corpus or Corpus()).write_lines(path + ".new", count)
            os.rename(path + ".new", path)
        return path

    def copy_of_files(self, count=None):
        """An inbox full of files, on the same file system, its pages written back so that no one pays for them."""
        target = self.path("work", "inbox")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.corpus_files(count), target)
        os.sync()
        return target

    def copy_of_lines(self, count=None):
        """The same of one file of records."""
        target = self.path("work", "lines.jsonl")
        shutil.copyfile(self.corpus_lines(count), target)
        os.sync()
        return target

    # -- What has been taken in

    def until(self, daemon, member, count, pause):
        """Waits until /v1/log says that `member`, its `tip` or `searchable`, has reached `count`.

        It asks every `pause` seconds near the end, and seldom before: to answer, and to ask, takes processors too.
        """
        began = time.monotonic()
        while time.monotonic() - began < 600:
            # A cursor or a plain sequence: the first 16 digits are the sequence.
            place = json.loads(daemon.get("/v1/log")[2]).get(member)
            reached = int(str(place)[:16]) if place else 0
            if reached >= count:
                return
            left = (time.monotonic() - began) * (count - reached) / reached if reached else 0.2
            time.sleep(max(pause, min(left / 3, 0.2)))
        raise RuntimeError(f"{member} has not reached {count} within ten minutes")

    def take(self, daemon, source, name, count, searchable=False):
        """Renames a file or a folder into the inbox: changes per second until they are durable, or searchable."""
        began, cpu = time.monotonic(), cpu_seconds(daemon.process.pid)
        os.rename(source, os.path.join(daemon.inbox, name))
        self.until(daemon, "searchable" if searchable else "tip", count, pause=0.005)
        seconds = time.monotonic() - began
        used = cpu_seconds(daemon.process.pid) - cpu
        wait_until(lambda: not daemon.inbox_files(), patience=60)
        daemon.stop()
        return Sample(count / seconds, used, daemon.peak_kib / 1024)

    def daemon_with_lines(self, name, count=None):
        """A daemon that has taken records in. Its own work is over: what it uses from here on is for who reads."""
        daemon = Daemon(self.fresh(name)).start()
        os.rename(self.copy_of_lines(count), os.path.join(daemon.inbox, "lines.jsonl"))
        self.until(daemon, "searchable", count or self.records, pause=0.5)
        self.until_idle(daemon)
        return daemon

    def until_idle(self, daemon, patience=120):
        """Waits until the daemon does nothing any more: behind the last text its index is still merged."""

        def used_in_a_second():
            before = cpu_seconds(daemon.process.pid)
            time.sleep(1)
            return cpu_seconds(daemon.process.pid) - before

        if not wait_until(lambda: used_in_a_second() < 0.05, patience):
            raise RuntimeError(f"the daemon has not come to rest within {patience} s")

    # -- Other programs

    def compiled(self, name, *flags):
        """A C program or library of this folder, made when its source is newer."""
        source, target = os.path.join(HERE, name + ".c"), self.path(name)
        if not os.path.exists(target) or os.path.getmtime(target) < os.path.getmtime(source):
            need("gcc")
            command = ["gcc", "-O2", "-Wall", "-Wextra", "-o", target, source, *flags]
            made = subprocess.run(command, capture_output=True, text=True)
            if made.returncode:
                raise Missing(f"{name}.c does not compile: {made.stderr.strip().splitlines()[0]}")
        return target

    def serve(self, command, address, **options):
        """Starts a server and waits until it takes connections at a port or the path of a socket."""
        with open(self.path("work", "servers.log"), "ab") as log:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)
        self.children.append(child)
        wait_until(lambda: answers(address) or child.poll() is not None, patience=30)
        if child.poll() is not None or not answers(address):
            raise Missing(f"{os.path.basename(command[0])} does not start")
        return child.pid

    def end_servers(self):
        while self.children:
            child = self.children.pop()
            child.terminate()
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def need(program):
    """The path of a program; also those that Debian keeps out of PATH for users."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if not path:
        raise Missing(f"{program} is not installed")
    return path


def answers(address):
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as probe:
        return probe.connect_ex(address if isinstance(address, str) else ("127.0.0.1", address)) == 0
