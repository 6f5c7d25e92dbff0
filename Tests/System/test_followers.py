"""Followers of every protocol while the daemon is killed with SIGKILL during ingest: each has every change exactly
once, in order.

Seven followers speak HTTP by themselves: server-sent events, NDJSON streams, long polls, and events read slowly. Each
comes again by itself after a kill, from the last cursor that it had, as the contract tells clients to. The others are
`sijill follow`, and the EventSource of a Chromium, which knows nothing of us.
"""

import http.client
import json
import os
import signal
import subprocess
import threading
import time

import sijill_articles
from sijill_browser import Browser
from sijill_system import PATIENCE, SIJILL, Daemon, main, wait_until


class Follower(threading.Thread):
    """Reads until it is told to stop; keeps the cursors that it saw and the lines behind them."""

    def __init__(self, daemon, name):
        super().__init__(daemon=True)
        self.port = daemon.port
        self.name = name
        self.cursor = "0"
        self.lines = []
        self.connections = 0
        self.failure = None
        self.stopping = False

    def run(self):
        while not self.stopping:
            try:
                self.connections += 1
                self.read()
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.05)
            except Exception as error:  # noqa: BLE001: shown by the test
                self.failure = repr(error)
                return

    def open(self, path, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        if response.status == 503:
            raise OSError("not ready")
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status}: {response.read()[:300]}")
        return response

    def take(self, line):
        change = json.loads(line)
        self.lines.append(line)
        self.cursor = change["id"]


class Events(Follower):
    pause = 0

    def read(self):
        response = self.open("/v1/changes", Accept="text/event-stream", **{"Last-Event-ID": self.cursor})
        cursor, event, data = None, "message", None
        for raw in response:
            if self.stopping:
                return
            # What a kill cut off is no line: an event counts only when its blank line has come.
            if not raw.endswith(b"\n"):
                return
            line = raw.rstrip(b"\n")
            if line:
                field, _, value = line.partition(b": ")
                if field == b"id":
                    cursor = value.decode()
                elif field == b"event":
                    event = value.decode()
                elif field == b"data":
                    data = value
                continue
            if event == "message":
                self.take(data)
                if self.cursor != cursor:
                    raise RuntimeError(f"the event {cursor} holds the change {self.cursor}")
                if self.pause:
                    time.sleep(self.pause)
            else:
                if cursor != "0":
                    if cursor < self.cursor:
                        raise RuntimeError(f"a checkpoint at {cursor} behind {self.cursor}")
                    self.cursor = cursor
            cursor, event, data = None, "message", None


class SlowEvents(Events):
    pause = 0.002


class Stream(Follower):
    def read(self):
        for line in self.open(f"/v1/changes?live=stream&since={self.cursor}", Accept="application/x-ndjson"):
            if self.stopping or not line.endswith(b"\n"):
                return
            if line != b"\n":
                self.take(line[:-1])


class Poll(Follower):
    def read(self):
        response = self.open(
            f"/v1/changes?live=poll&timeout=5000&limit=7&since={self.cursor}", Accept="application/x-ndjson"
        )
        body = response.read()
        for line in body.splitlines():
            self.take(line)
        if response.headers["Sijill-Next"] not in (self.cursor, "0"):
            raise RuntimeError(f"Sijill-Next is {response.headers['Sijill-Next']} behind {self.cursor}")


class Library:
    """`sijill follow`: the loop of the Swift library."""

    def __init__(self, daemon, folder):
        self.path = os.path.join(folder, "follow.ndjson")
        with open(self.path, "wb") as file:
            self.process = subprocess.Popen(
                [SIJILL, "follow", "--since", "earliest", "--url", f"http://127.0.0.1:{daemon.port}"],
                stdout=file,
                stderr=subprocess.DEVNULL,
            )

    @property
    def lines(self):
        with open(self.path, "rb") as file:
            return [line[:-1] for line in file.read().splitlines(True) if line.endswith(b"\n")]


class BrowserEvents:
    """An EventSource on a page of the daemon's own origin; it comes again by itself."""

    def __init__(self, browser, daemon):
        self.browser = browser
        browser.open(f"http://127.0.0.1:{daemon.port}/openapi.json")
        browser.run(
            """
            window.lines = []; window.opened = 0; window.source = new EventSource("/v1/changes?since=0");
            source.onopen = () => opened++;
            source.onmessage = event => lines.push(event.data);
            """
        )

    @property
    def lines(self):
        return self.browser.run("return lines.join('\\n')").encode().splitlines()

    def has(self, count):
        return self.browser.run("return lines.length >= arguments[0]", count)


def run(options, checks):
    with Browser(options.folder) as browser:
        follow(options, checks, browser)


def follow(options, checks, browser):
    kills, files = (6, 3_000) if options.full else (6, 600)
    daemon = Daemon(options.folder, environment={"SIJILL_INBOX_SETTLE": "0s"}).start()
    followers = [Events(daemon, "events 1"), Events(daemon, "events 2"), SlowEvents(daemon, "slow events")]
    followers += [Stream(daemon, "stream 1"), Stream(daemon, "stream 2"), Poll(daemon, "poll 1"), Poll(daemon, "poll 2")]
    for follower in followers:
        follower.start()
    library = Library(daemon, options.folder)
    page = BrowserEvents(browser, daemon)

    done = threading.Event()

    def feed():
        for number in range(files):
            daemon.drop(f"{number}.txt", sijill_articles.article(number, options.seed, 700))
            time.sleep(0.004)
        done.set()

    feeding = threading.Thread(target=feed, daemon=True)
    feeding.start()
    for _ in range(kills):
        time.sleep(options.random.uniform(0.2, files * 0.004 / kills))
        daemon.kill()
        daemon.start()
    done.wait()
    checks.that(daemon.wait_changes(files), "all is taken in")
    checks.that(daemon.wait_empty(), "the inbox is empty")
    log = daemon.replay().splitlines()
    for follower in followers:
        wait_until(lambda: len(follower.lines) >= len(log) or follower.failure)
    time.sleep(0.5)
    for follower in followers:
        follower.stopping = True
        checks.that(follower.failure is None, follower.name, follower.failure)
        checks.that(follower.connections > 1, f"{follower.name} came again")
        got = [json.loads(line)["sequence"] for line in follower.lines]
        wanted = [json.loads(line)["sequence"] for line in log]
        checks.equal(got, wanted, f"{follower.name} has every change once, in order")
        checks.that(follower.lines == log, f"{follower.name} has the bytes of the log")
    wait_until(lambda: len(library.lines) >= len(log))
    checks.that(library.lines == log, "sijill follow has the bytes of the log, each line once")
    wait_until(lambda: page.has(len(log)), pause=0.2)
    checks.that(page.lines == log, "EventSource in Chromium has them too", f"{len(page.lines)} of {len(log)}")
    checks.that(browser.run("return opened") > 1, "it came again by itself")
    began = time.monotonic()
    checks.equal(daemon.stop(), 0, "SIGTERM ends the daemon while they follow")
    checks.that(time.monotonic() - began < 10, "and soon")
    library.process.send_signal(signal.SIGINT)
    checks.equal(library.process.wait(PATIENCE), 0, "Ctrl-C ends sijill follow with 0")


if __name__ == "__main__":
    main(run)
