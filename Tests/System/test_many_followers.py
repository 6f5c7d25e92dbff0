"""Many followers at once: how soon a change reaches all, memory for each, and one that reads nothing.

Prints what it measures; holds to bounds that are wide, so that a busy machine does not fail it. `--full`: 10,000 idle
followers after the 1,000.
"""

import resource
import selectors
import socket
import time

import sijill_articles
from sijill_system import Daemon, main

REQUEST = b"GET /v1/changes?since=now HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"


def run(options, checks):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    daemon = Daemon(options.folder, environment={"SIJILL_INBOX_SETTLE": "0s"}).start()
    daemon.drop("first.txt", sijill_articles.article(0, options.seed, 900))
    checks.that(daemon.wait_changes(1), "the first change")
    # What ingest itself takes is taken before anyone is counted.
    for number in range(40):
        daemon.drop(f"warm-{number}.txt", sijill_articles.article(1_000 + number, options.seed, 900))
    checks.that(daemon.wait_changes(41), "the daemon is warm")
    deaf = follow(daemon, b"GET /v1/changes?live=stream HTTP/1.1\r\nHost: localhost\r\n\r\n", receive=4096)
    before = resident_kib(daemon)
    crowd = Crowd(daemon, 1_000)
    checks.equal(crowd.wait_for(b"event: checkpoint"), 1_000, "all 1,000 are connected")
    each = (resident_kib(daemon) - before) / 1_000
    times = []
    for number in range(20 if options.full else 5):
        times += crowd.time_of_change(lambda: daemon.drop(f"{number}.txt", sijill_articles.article(number + 1, options.seed, 900)))
    times.sort()
    after = (resident_kib(daemon) - before) / 1_000
    p50, p99 = times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000
    print(
        f"1,000 followers: {each:.1f} KiB each when connected, {after:.1f} KiB after changes; "
        f"a change reaches them in p50 {p50:.0f} ms, p99 {p99:.0f} ms after its commit (n={len(times)})"
    )
    checks.equal(len(times) % 1_000, 0, "each change reaches all")
    checks.that(p99 < 1_000, "in less than a second", p99)
    checks.that(after < 60, "with less than 60 KiB each", after)
    if options.full:
        idle = Crowd(daemon, 10_000)
        checks.equal(idle.wait_for(b"event: checkpoint"), 10_000, "10,000 more are connected")
        time.sleep(20)
        print(f"11,000 followers: {resident_kib(daemon) / 1024:.0f} MiB resident")
        checks.that(resident_kib(daemon) < 600 << 10, "the daemon stays under 600 MiB")
        times = idle.time_of_change(lambda: daemon.drop("last.txt", sijill_articles.article(99, options.seed, 900)))
        checks.equal(len(times), 10_000, "a change reaches all of them")
        idle.close()
    crowd.close()
    deaf.close()
    began = time.monotonic()
    checks.equal(daemon.stop(), 0, "SIGTERM ends it")
    checks.that(time.monotonic() - began < 20, "soon")


def follow(daemon, request, receive=None):
    connection = socket.socket()
    if receive:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    connection.connect(("127.0.0.1", daemon.port))
    connection.sendall(request)
    return connection


def resident_kib(daemon):
    with open(f"/proc/{daemon.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


class Crowd:
    def __init__(self, daemon, count):
        self.selector = selectors.DefaultSelector()
        self.connections = []
        for _ in range(count):
            connection = follow(daemon, REQUEST)
            connection.setblocking(False)
            self.connections.append(connection)
            self.selector.register(connection, selectors.EVENT_READ)

    def wait_for(self, words, patience=60):
        """How many of them have got `words`."""
        seen = set()
        end = time.monotonic() + patience
        while len(seen) < len(self.connections) and time.monotonic() < end:
            for key, _ in self.selector.select(1):
                data = key.fileobj.recv(65536)
                if words in data:
                    seen.add(key.fd)
        return len(seen)

    def time_of_change(self, make, patience=60):
        """Seconds from the commit of a change to its arrival, for each follower."""
        arrived, committed = {}, None
        make()
        end = time.monotonic() + patience
        while len(arrived) < len(self.connections) and time.monotonic() < end:
            for key, _ in self.selector.select(1):
                data = key.fileobj.recv(65536)
                if b"\ndata: {\"specversion\"" in data:
                    arrived[key.fd] = time.time()
                    if committed is None:
                        committed = data.split(b'"time":"', 1)[1][:24].decode()
        from datetime import datetime

        start = datetime.fromisoformat(committed.replace("Z", "+00:00")).timestamp()
        return [when - start for when in arrived.values()]

    def close(self):
        for connection in self.connections:
            connection.close()


if __name__ == "__main__":
    main(run)
