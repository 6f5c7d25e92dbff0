"""Group `latency`: one file at a time, from its rename to a commit or to a follower, beside one sync."""

import http.client
import os
import re
import subprocess
import sys
import threading
import time

from corpus import Corpus
from ingest import AFTERNOON
from measure import Item, Shared, percentiles
from sijill_system import Daemon
from workplace import HERE


def latency(place):
    shared = {
        name: Shared(lambda measured=measured: percentiles(measured(place)))
        for name, measured in (("append", append), ("watch", watching), ("sijill", sijill))
    }
    items = []
    for name in ("p50", "p99"):
        script = f"watching script, commit, {name}"
        items += [
            Item(f"append of 6 KB and fdatasync, {name}", "ms", shared["append"].figure(name)),
            Item(script, "ms", shared["watch"].figure(name)),
            Item(f"Sijill, at a follower, {name}", "ms", shared["sijill"].figure(name), script),
        ]
    return items


def drop_into(inbox, source, count):
    """Renames files in, one each 20 ms; the name begins with the time of the rename."""
    title, text = Corpus().original(1)
    for number in range(count):
        path = os.path.join(source, "next")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"{number} {time.monotonic_ns()}\n{title}\n\n{text}\n")
        os.rename(path, os.path.join(inbox, f"{time.monotonic_ns()}_{number}.txt"))
        time.sleep(0.02)


def append(place, environment=None):
    program, path = os.path.join(HERE, "append.py"), os.path.join(place.fresh("append"), "log")
    command = [sys.executable, program, path, str(place.drops)]
    answer = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env=os.environ | (environment or {})
    )
    return [int(line) / 1e6 for line in answer.stdout.split()]


def watching(place):
    inbox, done = place.fresh("watched"), place.fresh("done")
    database = os.path.join(place.fresh("database"), "articles.sqlite")
    command = [sys.executable, AFTERNOON, "watch", inbox, done, database, "--count", str(place.drops)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    child.stdout.readline()
    drop_into(inbox, place.fresh("source"), place.drops)
    return [int(word) / 1e6 for word in child.communicate()[0].split()]


def sijill(place, environment=None):
    daemon = Daemon(place.fresh("sijill"), environment).start()
    latencies = at_a_follower(daemon, place.drops)
    daemon.stop()
    return latencies


def at_a_follower(daemon, count):
    """Milliseconds from the rename of each of `count` files to its line at a follower."""
    follower = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=60)
    follower.request("GET", "/v1/changes?since=now&live=stream", headers={"Accept": "application/x-ndjson"})
    answer = follower.getresponse()
    latencies = []

    def read():
        while len(latencies) < count:
            line = answer.readline()
            now = time.monotonic_ns()
            # Other files may come in between, so many that to parse their lines would hold up this one.
            dropped = re.search(rb'"name":"(\d+)_', line[:2_000])
            if dropped:
                latencies.append((now - int(dropped[1])) / 1e6)

    reader = threading.Thread(target=read)
    reader.start()
    drop_into(daemon.inbox, daemon.drops, count)
    reader.join()
    follower.close()
    return latencies
