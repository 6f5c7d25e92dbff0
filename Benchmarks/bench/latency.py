"""Group `latency`: one file at a time, from its rename to a commit or to a follower."""

import http.client
import json
import os
import subprocess
import sys
import threading
import time

from corpus import Corpus
from ingest import AFTERNOON
from measure import Item, Shared, percentiles
from sijill_system import Daemon


def latency(place):
    shared = {"watch": Shared(lambda: percentiles(watching(place))), "sijill": Shared(lambda: percentiles(sijill(place)))}
    items = []
    for name in ("p50", "p99"):
        script = f"watching script, commit, {name}"
        items += [
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
            if not line.strip():
                continue
            now = time.monotonic_ns()
            name = json.loads(line)["data"]["file"]["name"].split("_")[0]
            # Other files may come in between.
            if name.isdigit():
                latencies.append((now - int(name)) / 1e6)

    reader = threading.Thread(target=read)
    reader.start()
    drop_into(daemon.inbox, daemon.drops, count)
    reader.join()
    follower.close()
    return latencies
