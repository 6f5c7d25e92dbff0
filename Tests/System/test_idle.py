"""A daemon with nothing to do sleeps: before and after work, and with a follower that waits, its threads hardly wake.

Wake-ups are counted by the kernel (voluntary context switches of each thread), so that a busy machine changes nothing.
One a second is libdispatch's own look at its worker threads, which no program can turn off.
"""

import os
import socket
import time

from sijill_articles import fixtures
from sijill_system import Daemon, main, wait_until

WINDOW_SECONDS = 5
WAKES_PER_SECOND_MAX = 3


def run(options, checks):
    daemon = Daemon(options.folder)
    daemon.start()
    checks.that(sleeps(daemon), "an empty daemon sleeps")
    for name, content in fixtures():
        daemon.drop(name, content)
    checks.that(daemon.wait_empty(), "the inbox is empty")
    checks.that(sleeps(daemon), "after work it sleeps again")
    with follower(daemon) as connection:
        checks.that(connection.recv(64).startswith(b"HTTP/1.1 200"), "a follower is answered")
        checks.that(sleeps(daemon), "it sleeps while a follower waits")
    daemon.stop()


def follower(daemon):
    connection = socket.create_connection(("127.0.0.1", daemon.port))
    connection.sendall(
        b"GET /v1/changes?since=now HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
    return connection


def sleeps(daemon):
    """Whether a quiet window comes: what was begun before (state, search) may end first."""
    return wait_until(lambda: wakes(daemon) <= WAKES_PER_SECOND_MAX * WINDOW_SECONDS, pause=0)


def wakes(daemon):
    """Wake-ups of all threads within a window; a thread that ends in it counts for nothing."""
    before = switches(daemon.process.pid)
    time.sleep(WINDOW_SECONDS)
    return sum(count - before.get(thread, 0) for thread, count in switches(daemon.process.pid).items())


def switches(pid):
    found = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as status:
                found[thread] = next(int(line.split()[1]) for line in status if line.startswith("voluntary"))
        except FileNotFoundError:
            continue
    return found


if __name__ == "__main__":
    main(run)
