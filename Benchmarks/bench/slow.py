"""Group `slow-disk`: the same on a disk whose syncs take 4 ms longer, and how many syncs there are."""

import os
import struct
import subprocess
import time

from ingest import afternoon
from latency import append, sijill
from measure import Item, Sample, Shared, cpu_seconds, once, percentiles
from sijill_system import Daemon

MILLISECONDS = 4


def slow_disk(place):
    disk = once(lambda: SlowDisk(place))
    shared = {
        "append": Shared(lambda: percentiles(append(place, disk().environment()))),
        "sijill": Shared(lambda: percentiles(sijill(place, disk().environment()))),
        "backlog": Shared(lambda: backlog(place, disk)),
    }
    items = [
        Item("floor in C", "files/s", lambda: floor(place, disk)),
        Item("afternoon script", "files/s", lambda: afternoon(place, environment=disk().environment())),
        Item("Sijill, durable", "files/s", shared["backlog"].figure("rate"), "floor in C"),
        Item("Sijill, syncs for 100 files", "syncs", shared["backlog"].figure("syncs")),
    ]
    for name in ("p50", "p99"):
        sync = f"append of 6 KB and fdatasync, {name}"
        items += [
            Item(sync, "ms", shared["append"].figure(name)),
            Item(f"Sijill, one file at a follower, {name}", "ms", shared["sijill"].figure(name), sync),
        ]
    return items


class SlowDisk:
    """What is put into the environment of a program, and how often that has synced."""

    def __init__(self, place):
        self.library = place.compiled("slowsync", "-shared", "-fPIC", "-ldl")
        self.path = place.path("work", "syncs")

    def environment(self):
        with open(self.path, "wb") as file:
            file.write(bytes(4 * 8))
        return {"LD_PRELOAD": self.library, "SLOWSYNC_MS": str(MILLISECONDS), "SLOWSYNC_COUNTS": self.path}

    def count(self):
        with open(self.path, "rb") as file:
            return sum(struct.unpack("4Q", file.read()))


def floor(place, disk):
    program = place.compiled("floor", "-lcrypto", "-lpthread")
    command = [program, place.copy_of_files(), place.fresh("done"), os.path.join(place.fresh("log"), "log")]
    answer = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env=os.environ | disk().environment()
    )
    seconds, files = answer.stdout.split()
    return Sample(int(files) / float(seconds))


def backlog(place, disk):
    inbox = place.copy_of_files()
    daemon = Daemon(place.fresh("sijill"), disk().environment()).start()
    syncs, used, began = disk().count(), cpu_seconds(daemon.process.pid), time.monotonic()
    os.rename(inbox, os.path.join(daemon.inbox, "bench"))
    place.until(daemon, "tip", place.files, pause=0.005)
    seconds = time.monotonic() - began
    syncs, used = disk().count() - syncs, cpu_seconds(daemon.process.pid) - used
    daemon.stop()
    return {
        "rate": Sample(place.files / seconds, used, daemon.peak_kib / 1024),
        "syncs": syncs / place.files * 100,
    }
