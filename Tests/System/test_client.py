"""`sijill follow` over six kills of the daemon, itself killed now and then: nothing is missed; with --output nothing
comes twice, with --state at most a batch does. A slow reader holds nobody up."""

import json
import os
import signal
import subprocess
import threading
import time

import sijill_articles
from sijill_system import PATIENCE, ROOT, SIJILL, SIJILLD, Daemon, main, wait_until


def run(options, checks):
    count = 6_000 if options.full else 1_500
    daemon = Daemon(options.folder)
    daemon.start()
    followers = [
        Follower(options, daemon, "steady", []),
        Follower(options, daemon, "state", ["--state", os.path.join(options.folder, "state")], dies=True),
        Follower(options, daemon, "output", ["--output", os.path.join(options.folder, "output")], dies=True),
        Follower(options, daemon, "slow", [], slow=True),
    ]
    for follower in followers:
        follower.start()
    producer = threading.Thread(target=produce, args=(options, daemon, count), daemon=True)
    producer.start()
    for _ in range(6):
        time.sleep(options.random.uniform(0.3, 1.2))
        daemon.kill()
        time.sleep(options.random.uniform(0.0, 0.4))
        daemon.start()
    producer.join()
    checks.that(daemon.wait_empty(), "the inbox is empty in the end")
    expected = [change["id"] for change in daemon.changes("&content=omit")]
    checks.equal(len(expected), count, "every input has its change")
    for follower in followers:
        checks.that(
            wait_until(lambda: follower.last() == expected[-1], 2 * PATIENCE), f"{follower.name} reaches the tip"
        )
        follower.stop(checks)
        found = follower.ids()
        if follower.name == "state":
            repeats = len(found) - len(set(found))
            checks.that(
                repeats <= 1_000 * follower.deaths, "with --state at most a batch a kill comes again", repeats
            )
            found = list(dict.fromkeys(found))
        checks.that(found == expected, f"{follower.name} has every change once and in order", len(found))
        print(f"{follower.name}: {len(found)} changes, killed {follower.deaths} times", flush=True)
    places(options, checks, daemon, expected)
    consumers(options, checks, daemon, expected)
    completions(options, checks, daemon)
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")


def produce(options, daemon, count):
    for number in range(count):
        daemon.drop(f"{number}.txt", sijill_articles.article(number, options.seed, 800))
        if number % 10 == 0:
            time.sleep(0.02)


class Follower:
    """A `sijill follow` from the beginning, its lines in a file; one that dies is started again at once."""

    def __init__(self, options, daemon, name, arguments, dies=False, slow=False):
        self.name, self.dies, self.slow, self.deaths = name, dies, slow, 0
        self.random = options.random
        self.path = os.path.join(options.folder, name if name == "output" else f"{name}.ndjson")
        self.command = [SIJILL, "follow", "--since", "earliest", "--patient", *arguments]
        self.environment = os.environ | {"SIJILL_URL": f"http://127.0.0.1:{daemon.port}"}
        self.messages = os.path.join(options.folder, f"{name}.stderr")
        self.ending = threading.Event()
        self.process = None

    def start(self):
        self.thread = threading.Thread(target=self.supervise, daemon=True)
        self.thread.start()

    def supervise(self):
        while not self.ending.is_set():
            with open(self.messages, "ab") as messages, open(self.path, "ab") as lines:
                # With --output the program opens the file itself, and writes nothing to its standard output.
                out = subprocess.DEVNULL if self.name == "output" else lines
                self.process = subprocess.Popen(
                    self.command,
                    stdout=subprocess.PIPE if self.slow else out,
                    stderr=messages,
                    env=self.environment,
                )
                if self.slow:
                    self.copy_slowly(lines)
            if self.dies:
                self.ending.wait(self.random.uniform(0.2, 1.5))
                if not self.ending.is_set():
                    self.process.kill()
                    self.deaths += 1
                    self.process.wait()
                    self.cut_torn_line()
                    continue
            self.process.wait()

    def copy_slowly(self, lines):
        """Far slower than the changes come, until told to end; then as fast as it goes."""
        while piece := os.read(self.process.stdout.fileno(), 4_096):
            lines.write(piece)
            lines.flush()
            if not self.ending.is_set() and os.path.getsize(self.path) < 400_000:
                time.sleep(0.05)
        self.process.stdout.close()

    def cut_torn_line(self):
        """A kill can cut a line that a pipe or a file takes: whoever reads a stream has to see to that."""
        if self.name != "state":
            return
        with open(self.path, "r+b") as file:
            content = file.read()
            file.truncate(content.rfind(b"\n") + 1)

    def lines(self):
        with open(self.path, "rb") as file:
            return [line for line in file.read().split(b"\n")[:-1]]

    def last(self):
        lines = self.lines()
        return json.loads(lines[-1])["id"] if lines else None

    def ids(self):
        return [json.loads(line)["id"] for line in self.lines()]

    def stop(self, checks):
        self.ending.set()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.thread.join(PATIENCE)
        checks.that(
            self.process.returncode in (0, -signal.SIGKILL), f"{self.name} ends well", self.process.returncode
        )


def places(options, checks, daemon, expected):
    """Kept places and exit codes, one command after the other."""
    state = os.path.join(options.folder, "place")
    first = daemon.sijill("replay", "--state", state, "--limit", "3")
    second = daemon.sijill("replay", "--state", state, "--limit", "2")
    ids = [json.loads(line)["id"] for line in (first.stdout + second.stdout).splitlines()]
    checks.equal(ids, expected[:5], "replay --state goes on where it was")
    with open(state, "w", encoding="utf-8") as file:
        file.write(expected[0][:17] + "zzzzzzzz\n")
    diverged = daemon.sijill("replay", "--state", state)
    checks.equal(diverged.returncode, 65, "a place of another log is exit code 65")
    checks.equal(diverged.stderr.count(b"\n"), 1, "and one line")
    holder = subprocess.Popen(
        [SIJILL, "follow", "--output", state + ".out", "--url", f"http://127.0.0.1:{daemon.port}"],
        stdout=subprocess.DEVNULL,
    )
    # It makes the file and locks it in one go; a reader that asked earlier would take the lock itself.
    wait_until(lambda: os.path.exists(state + ".out"), pause=0.005)
    locked = wait_until(
        lambda: daemon.sijill("replay", "--output", state + ".out", "--limit", "1").returncode == 75, pause=0.2
    )
    checks.that(locked, "one file is written by one process")
    holder.send_signal(signal.SIGTERM)
    checks.equal(holder.wait(PATIENCE), 0, "SIGTERM ends a follower with 0")
    piped = subprocess.run(
        f"'{SIJILL}' follow --since earliest --url http://127.0.0.1:{daemon.port} | head -n 2 | wc -l",
        shell=True,
        capture_output=True,
        timeout=PATIENCE,
    )
    checks.equal((piped.stdout.strip(), piped.stderr), (b"2", b""), "a reader that goes away ends it quietly")


def consumers(options, checks, daemon, expected):
    """A place that the server keeps: over a kill of its reader, over one of the daemon, and over a second reader."""
    made = [daemon.sijill("consumers", "create", "index", "--description", "test").returncode for _ in range(2)]
    checks.equal(made, [0, 0], "a consumer can be made twice when it is the same")
    other = daemon.sijill("consumers", "create", "index", "--since", "now")
    checks.equal(other.returncode, 1, "but not as another")
    path = os.path.join(options.folder, "consumer.ndjson")
    command = [SIJILL, "consumers", "follow", "index", "--url", f"http://127.0.0.1:{daemon.port}"]
    for kill in range(4):
        with open(path, "ab") as lines:
            reader = subprocess.Popen(command, stdout=lines, stderr=subprocess.DEVNULL)
            wanted = len(expected) * (kill + 1) // 5
            wait_until(lambda: len(ids_in(path)) >= wanted or reader.poll() is not None)
            if kill == 2:
                daemon.kill()
                daemon.start()
            reader.kill()
            reader.wait()
        cut(path)
    rest = daemon.sijill("consumers", "read", "index")
    found = ids_in(path) + [json.loads(line)["id"] for line in rest.stdout.splitlines()]
    checks.that(list(dict.fromkeys(found)) == expected, "a consumer misses nothing over kills", len(found))
    checks.that(len(found) - len(expected) <= 4_000, "at most a batch a kill comes again", len(found))
    shown = json.loads(daemon.sijill("consumers", "show", "index", "--json").stdout)
    checks.equal((shown["acked"], shown["lag_changes"]), (expected[-1], 0), "all is acknowledged")
    checks.that(b"index" in daemon.sijill("consumers").stdout, "it is listed")
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    generation = shown["generation"]
    wait_until(lambda: generation_of(daemon) > generation)
    second = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    checks.equal(first.wait(PATIENCE), 75, "a reader that another took over from ends with 75")
    first.stderr.close()
    second.send_signal(signal.SIGINT)
    checks.equal(second.wait(PATIENCE), 0, "Ctrl-C ends the other with 0")
    gone = [daemon.sijill("consumers", "delete", "index").returncode for _ in range(2)]
    checks.equal(gone, [0, 1], "a consumer is deleted once")


def generation_of(daemon):
    return json.loads(daemon.sijill("consumers", "show", "index", "--json").stdout)["generation"]


def ids_in(path):
    with open(path, "rb") as file:
        return [json.loads(line)["id"] for line in file.read().split(b"\n")[:-1]]


def cut(path):
    with open(path, "r+b") as file:
        file.truncate(file.read().rfind(b"\n") + 1)


def completions(options, checks, daemon):
    share = os.path.join(options.folder, "share")
    written = subprocess.run([os.path.join(ROOT, "Scripts", "man"), share], capture_output=True)
    checks.equal(written.returncode, 0, f"man pages and completions are written: {written.stderr}")
    for page, word in (("man1/sijill.1", "mirror"), ("man8/sijilld.8", "read\\-only")):
        with open(os.path.join(share, "man", page), encoding="utf-8") as file:
            text = file.read()
        checks.that(all(part in text for part in (".Sh NAME", ".Sh SYNOPSIS", word)), f"{page} is a page")
    for shell in ("bash", "zsh", "fish"):
        for run in (daemon.sijill, lambda *a: subprocess.run([SIJILLD, *a], capture_output=True)):
            script = run("--generate-completion-script", shell)
            checks.that(script.returncode == 0 and len(script.stdout) > 1_000, f"a completion script for {shell}")


if __name__ == "__main__":
    main(run)
