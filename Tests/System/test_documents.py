"""The commands of the documents, run as they stand there, do what the documents say.

A block of shell is run as it is, but for addresses and folders, which are this test's. Where a block of text follows it,
that is what it prints: `…` stands for anything, and white space is not compared.
"""

import json
import os
import re
import signal
import socket
import subprocess
import time

import sijill_articles
from sijill_system import ROOT, SIJILL, SIJILLD, Daemon, free_port, main, wait_until

DOCUMENTS = os.path.join(ROOT, "Documentation")
# Each runs until it is ended: a follower, a stream.
LIVE = re.compile(r"curl -N|status --watch|sijill follow|--patient|sijilld run")


def blocks(path):
    """Pairs of commands and what they print (None where the document does not say)."""
    with open(path) as file:
        text = file.read()
    found = re.findall(r"```sh\n(.*?)```(?:\n*```text\n(.*?)```)?", text, re.DOTALL)
    return [(commands, output or None) for commands, output in found]


class Shell:
    """Runs commands where the test's daemon is what the documents speak of."""

    def __init__(self, daemon, folder):
        self.daemon = daemon
        self.folder = folder
        programs = os.path.join(folder, "programs")
        os.makedirs(programs)
        for name, program in (("sijilld", SIJILLD), ("sijill", SIJILL)):
            os.symlink(os.path.abspath(program), os.path.join(programs, name))
        os.symlink(daemon.data, os.path.join(folder, "var"))
        address = f"127.0.0.1:{daemon.port}"
        self.environment = os.environ | {
            "PATH": programs + ":" + os.environ["PATH"],
            "HOME": folder,
            "XDG_STATE_HOME": os.path.join(folder, "state"),
            "SIJILL_URL": "http://" + address,
            "SIJILL_INBOX": daemon.inbox,
        }
        self.address = address

    def here(self, commands):
        commands = re.sub(r"(127\.0\.0\.1|localhost):8750", self.address, commands)
        return commands.replace("export PATH=$PWD/.build/release:$PATH\n", "")

    def run(self, commands):
        """Exit code and output of a block."""
        ended = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", self.here(commands)],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.environment,
        )
        return ended.returncode, ended.stdout, ended.stderr

    def begin(self, command):
        """A command that ends only when it is ended."""
        return subprocess.Popen(
            ["bash", "-c", "exec " + self.here(command)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=self.environment,
        )

    def lives(self, command, seconds=1.0):
        """What such a command has printed by then; None when it ended by itself."""
        process = self.begin(command)
        try:
            process.wait(seconds)
            return None
        except subprocess.TimeoutExpired:
            process.terminate()
            return process.communicate()[0]


def prints(found, expected):
    """Whether the output is what the document shows."""
    words = [re.escape(part) for part in " ".join(expected.split()).split("…")]
    return re.fullmatch(".*?".join(words), " ".join(found.split())) is not None


def run(options, checks):
    readme(options, checks)
    feed(options, checks)
    mirrors(options, checks)
    operating(options, checks)
    architecture(checks)
    links(checks)


def readme(options, checks):
    daemon = Daemon(os.path.join(options.folder, "readme"))
    daemon.start()
    shell = Shell(daemon, os.path.join(options.folder, "readme"))
    tour = [block for block in blocks(os.path.join(ROOT, "README.md")) if "make run" not in block[0]]
    checks.that(len(tour) >= 6, "README has its tour", len(tour))
    for commands, expected in tour:
        first = commands.strip().split("\n")[-1]
        checks.that(expected is not None, f"README says what this prints: {first}")
        # The search index is behind the log by a moment; asking again changes nothing.
        patience = 30 if "sijill search" in commands else 0
        end = time.monotonic() + patience
        while True:
            code, found, said = shell.run(commands)
            if prints(found, expected or "") or time.monotonic() >= end:
                break
        checks.equal(code, 0, f"README: {first}: {said}")
        checks.that(prints(found, expected or ""), f"README: {first} prints what it shows", f"{found}{said}")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")


def feed(options, checks):
    """Each line of Feed.md, on a log of five changes."""
    daemon, shell = filled(options, "feed")
    last = daemon.changes()[-1]["id"]
    for commands, _ in blocks(os.path.join(DOCUMENTS, "Feed.md")):
        for line in (line.split("  #")[0].strip() for line in commands.strip().split("\n")):
            before_last = daemon.changes()[-2]["id"]
            line = line.replace("since=CURSOR", f"since={before_last}").replace('"cursor":"…"', f'"cursor":"{last}"')
            if LIVE.search(line):
                printed = shell.lives(line)
                checks.that(printed is not None, f"Feed: stays: {line}")
                if "since=now" not in line:
                    checks.equal((printed or "").count("\n"), 5, f"Feed: all changes: {line}")
            else:
                code, found, said = shell.run(line.replace("curl", "curl --fail-with-body -sS", 1))
                checks.equal(code, 0, f"Feed: {line}: {found[:200]} {said}")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")


def mirrors(options, checks):
    """Mirrors.md: each line runs beside those before it, and the second mirror ends with the first one's bytes."""
    daemon, shell = filled(options, "mirrors")
    ((commands, _),) = blocks(os.path.join(DOCUMENTS, "Mirrors.md"))
    copies = [os.path.join(shell.folder, name) for name in ("copy", "second")]
    port = free_port()
    running = []

    def log_of(folder):
        path = os.path.join(folder, "log", f"{1:020}.ndjson")
        return os.path.exists(path) and open(path, "rb").read()

    for line in (line.split("  #")[0].strip() for line in commands.strip().split("\n")):
        line = line.replace("https://news.example:8750 --ca-file ca.pem", f"http://{shell.address}")
        line = line.replace("/srv", shell.folder).replace("127.0.0.1:8760", f"127.0.0.1:{port}")
        if LIVE.search(line) or line.startswith("sijill mirror"):
            running.append(shell.begin(line))
        else:
            code, found, said = shell.run(line)
            checks.equal(code, 0, f"Mirrors: {line}: {found} {said}")
        if "--patient" in line:
            checks.that(wait_until(lambda: log_of(copies[0]) == log_of(daemon.data)), f"Mirrors: {line}")
        if "--read-only" in line:
            checks.that(wait_until(lambda: answers(port)), f"Mirrors: {line}")
    checks.that(wait_until(lambda: log_of(copies[1]) == log_of(daemon.data)), "Mirrors: a mirror of the mirror")
    for process in reversed(running):
        process.terminate()
        said = process.communicate()[1]
        checks.equal(process.returncode, 0, f"Mirrors: SIGTERM ends with 0: {said}")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")


def operating(options, checks):
    """Operating.md: each line runs beside those before it, and what it did is seen. What systemd does, the test does."""
    daemon, shell = filled(options, "operating")
    daemon.drop("rejected.bin", b"\0\1\2")
    daemon.wait_changes(6)
    daemon.wait_empty()
    settings = os.path.join(shell.folder, "sijilld.yaml")
    with open(settings, "w") as file:
        file.write(f"listen: {shell.address}\n")
    backup = os.path.join(shell.folder, "backup")
    added = iter([c["data"]["article"] for c in daemon.changes() if c["type"].endswith(".added")])
    item = daemon.sijilld("quarantine", "list", "--json").stdout.splitlines()[0]
    item = json.loads(item)["item"]

    def systemctl(verb):
        if verb == "reload":
            daemon.process.send_signal(signal.SIGHUP)
        if verb in ("stop", "restart") and daemon in Daemon.running:
            checks.equal(daemon.stop(), 0, "Operating: the daemon stops")
        if verb in ("start", "restart"):
            daemon.start()

    ran = 0
    for commands, _ in blocks(os.path.join(DOCUMENTS, "Operating.md")):
        for line in commands.strip().split("\n"):
            ran += 1
            if line.startswith("systemctl "):
                systemctl(line.split()[1])
                continue
            line = line.replace("/etc/sijill/sijilld.yaml", settings).replace("/var/lib/sijill", daemon.data)
            line = line.replace("/mnt/backup/sijill", backup).replace("sijill:sijill", f"{os.getuid()}:{os.getgid()}")
            line = line.replace("ARTICLE", next(added) if "ARTICLE" in line else "").replace("ITEM", item)
            if LIVE.search(line):
                checks.that(shell.lives(line) is not None, f"Operating: stays: {line}")
                continue
            code, found, said = shell.run(line.replace("curl", "curl --fail-with-body -sS", 1))
            checks.equal(code, 0, f"Operating: {line}: {found[:2000]} {said}")
            if " retry " in line:
                checks.that(daemon.wait_changes(7), "Operating: what is put back is read again")
                daemon.wait_empty()
    checks.that(ran > 25, "Operating.md has its commands", ran)
    code, _, said = shell.run(f"sijilld check --data {backup}")
    checks.equal(code, 0, f"Operating: the copy that was taken last is sound: {said}")
    systemctl("stop")


def filled(options, name):
    """A daemon with five articles, and a shell beside it."""
    folder = os.path.join(options.folder, name)
    daemon = Daemon(folder)
    daemon.start()
    for number in range(5):
        daemon.drop(f"{number}.txt", sijill_articles.article(number, options.seed, 900))
    wait_until(lambda: len(daemon.changes()) == 5)
    return daemon, Shell(daemon, folder)


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def architecture(checks):
    """The table of modules is what the compiler sees."""
    with open(os.path.join(DOCUMENTS, "Architecture.md")) as file:
        rows = re.findall(r"^\| `(Sijill\w*)` \|.*\| ([^|]+) \|$", file.read(), re.MULTILINE)
    said = {name: set() if used.strip() == "–" else set(used.strip().split(", ")) for name, used in rows}
    sources = os.path.join(ROOT, "Sources")
    modules = {name for name in os.listdir(sources) if name.startswith("Sijill")}
    checks.equal(set(said), modules, "Architecture.md lists every module")
    for module in sorted(modules & set(said)):
        imported = set()
        for folder, _, files in os.walk(os.path.join(sources, module)):
            for name in (name for name in files if name.endswith(".swift")):
                with open(os.path.join(folder, name)) as file:
                    imported |= set(re.findall(r"^(?:\w+ )?import (Sijill\w*)", file.read(), re.MULTILINE))
        short = {name.removeprefix("Sijill") or name for name in imported}
        checks.equal(said[module], short, f"Architecture.md: what {module} imports")


def links(checks):
    """Every link from one file of the project to another leads somewhere."""
    pages = [os.path.join(ROOT, name) for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    for folder, _, files in os.walk(DOCUMENTS):
        pages += [os.path.join(folder, name) for name in files if name.endswith(".md")]
    for page in pages:
        with open(page) as file:
            text = re.sub(r"```.*?```", "", file.read(), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if "://" not in target and not target.startswith("mailto:"):
                path = os.path.join(os.path.dirname(page), target)
                checks.that(os.path.exists(path), f"{os.path.relpath(page, ROOT)}: the link {target}")


if __name__ == "__main__":
    main(run)
