"""Sockets that the service manager holds: clients queue at them while the daemon restarts, and none is refused."""

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time

import sijill_articles
from sijill_system import PATIENCE, SIJILL, Daemon, main, wait_until


class Activated(Daemon):
    """A daemon that is handed its sockets as systemd does it (sd_listen_fds(3))."""

    def __init__(self, folder, *sockets):
        super().__init__(folder)
        self.sockets = sockets
        first = sockets[0].getsockname()
        if isinstance(first, tuple):
            self.port = first[1]

    def command(self, *arguments):
        # The shell moves the sockets to 3, 4, …; its own number is the daemon's, as it does not fork.
        numbers = [each.fileno() for each in self.sockets]
        moves = " ".join(f"{3 + place}<&{number}" for place, number in enumerate(numbers))
        script = f'exec env LISTEN_PID=$$ LISTEN_FDS={len(numbers)} "$@" {moves}'
        # Port 9 belongs to no one here: what is handed over wins over it.
        command = super().command(*arguments)
        command[command.index("--listen") + 1] = "127.0.0.1:9"
        return ["bash", "-c", script, "bash", *command]

    def start(self, *arguments, wait=True):
        for each in self.sockets:
            os.set_inheritable(each.fileno(), True)
        popen = subprocess.Popen
        try:
            subprocess.Popen = lambda *a, **k: popen(*a, **k, close_fds=False)
            return super().start(*arguments, wait=wait)
        finally:
            subprocess.Popen = popen


def listening(family=socket.AF_INET, address=("127.0.0.1", 0)):
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.bind(address)
    opened.listen(128)
    # Above those that the daemon is handed, so that none is closed under another's number.
    high = socket.socket(fileno=os.dup2(opened.fileno(), 60 + len(listening.taken)))
    listening.taken.append(high)
    opened.close()
    return high


listening.taken = []


def run(options, checks):
    tcp = listening()
    path = os.path.join(options.folder, "s.sock")
    unix = listening(socket.AF_UNIX, path)
    daemon = Activated(options.folder, tcp, unix)
    daemon.start()
    for number in range(5):
        daemon.drop(f"{number}.txt", sijill_articles.article(number, options.seed, 900))
    checks.that(daemon.wait_changes(5), "it serves on the socket that it was handed")
    headers = daemon.get("/v1/log")[1]
    checks.equal((headers["Server"], headers["Date"][-4:]), ("sijill", " GMT"), "the usual headers")
    ended = subprocess.run([SIJILL, "replay", "--url", f"unix:{path}"], capture_output=True)
    checks.equal(ended.stdout, daemon.replay(), "and on the second one, a unix socket")
    restarts(daemon, options, checks)
    refusals(options, checks)


def restarts(daemon, options, checks):
    """Requests go on, one after the other, while the daemon is stopped or killed and started again."""
    follower = subprocess.Popen(
        [SIJILL, "follow", "--since", "earliest", "--url", f"http://127.0.0.1:{daemon.port}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    answers, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=PATIENCE)
            try:
                connection.request("GET", "/v1/log")
                answers.append(connection.getresponse().status)
            except ConnectionRefusedError:
                answers.append("refused")
            except (ConnectionError, http.client.HTTPException):
                answers.append("cut")
            connection.close()
            time.sleep(0.005)

    asking = threading.Thread(target=ask)
    asking.start()
    rounds = 6 if options.full else 3
    for number in range(rounds):
        if number % 2 == 0:
            checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
        else:
            daemon.kill()
        waiting = socket.create_connection(("127.0.0.1", daemon.port), timeout=PATIENCE)
        waiting.sendall(b"GET /v1/log HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        daemon.start()
        checks.equal(waiting.recv(15), b"HTTP/1.1 200 OK", "who connected while no daemon ran is answered")
        waiting.close()
        daemon.drop(f"again-{number}.txt", sijill_articles.article(100 + number, options.seed, 900))
        checks.that(daemon.wait_changes(6 + number), "and it goes on")
    stop.set()
    asking.join()
    checks.equal(answers.count("refused"), 0, "no connection was refused")
    checks.that(answers.count("cut") <= rounds // 2 + 1, "only what a kill met was cut", answers.count("cut"))
    checks.that(set(answers) <= {200, "cut"}, "and every answer was an answer", set(answers))
    lines = [json.loads(follower.stdout.readline())["sequence"] for _ in range(5 + rounds)]
    checks.equal(lines, [f"{n:016d}" for n in range(1, 6 + rounds)], "a follower has every change once, in order")
    follower.send_signal(signal.SIGINT)
    checks.equal(follower.wait(PATIENCE), 0, "Ctrl-C ends it with 0")
    follower.stdout.close()
    streams = [daemon_stream(daemon) for _ in range(3)]
    began = time.monotonic()
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0 beside open streams")
    checks.that(time.monotonic() - began < 20, "and soon")
    for stream in streams:
        checks.equal(wait_until(lambda: stream.recv(65536) == b""), True, "streams are closed politely")
        stream.close()


def daemon_stream(daemon):
    stream = socket.create_connection(("127.0.0.1", daemon.port), timeout=PATIENCE)
    stream.sendall(b"GET /v1/changes?live=stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    stream.recv(100)
    return stream


def refusals(options, checks):
    """The rules of the feed hold for a socket that was handed over as well."""
    folder = os.path.join(options.folder, "refused")
    everyone = listening(address=("0.0.0.0", 0))
    daemon = Activated(folder, everyone)
    ended = ends_with(daemon)
    checks.equal(ended, 78, "a socket for other machines without tokens and TLS")
    checks.that("tokens" in daemon.last_message(), "it says what is missing", daemon.last_message())
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 0))
    high = socket.socket(fileno=os.dup2(datagrams.fileno(), 90))
    daemon = Activated(folder, high)
    checks.equal(ends_with(daemon), 78, "a socket of another kind")
    checks.that("ListenStream" in daemon.last_message(), "it says which kind", daemon.last_message())


def ends_with(daemon):
    try:
        daemon.start()
    except RuntimeError:
        return daemon.wait()
    return daemon.stop()


if __name__ == "__main__":
    main(run)
