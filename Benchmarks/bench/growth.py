"""Group `growth`: a million articles, what each costs at the beginning and at the end, and starts on them."""

import json
import os
import shutil
import time

from corpus import Corpus
from measure import Item, Sample, Shared, cpu_seconds
from sijill_system import Daemon, wait_until

# Of each part of the records, and of all of them.
PARTS = {"until durable": "records/s", "until searchable": "records/s", "CPU": "µs an article"}
WHOLE = {
    "peak memory": "MiB",
    "on disk for an article": "bytes",
    "start after a stop": "s",
    "start after kill -9": "s",
}


def growth(place):
    shared = Shared(lambda: grow(place))
    few = f"{few_of(place):,}"
    first = f"{few} into an empty log"
    items = []

    def add(name, unit, over=()):
        items.append(Item(name, unit, shared.figure(name), over))

    for part in (first, "all", f"{few} behind all"):
        for figure, unit in PARTS.items():
            add(f"{part}, {figure}", unit, () if part == first else f"{first}, {figure}")
    for name, unit in WHOLE.items():
        add(name, unit)
    return items


def few_of(place):
    return place.many // 50


def taken(place, daemon, source, part, before, count):
    """Drops a file of records and waits until all are searchable, and until the index is merged: figures of this part."""
    began, used = time.monotonic(), cpu_seconds(daemon.process.pid)
    os.rename(source, os.path.join(daemon.inbox, os.path.basename(source)))
    durable = []

    def ended():
        log = json.loads(daemon.get("/v1/log")[2])
        tip, searchable = (int(str(log[member] or 0)[:16]) for member in ("tip", "searchable"))
        if tip >= before + count and not durable:
            durable.append(time.monotonic() - began)
        return durable and searchable >= before + count

    if not wait_until(ended, patience=7_200, pause=0.02):
        raise RuntimeError("not all is searchable within two hours")
    seconds, found = time.monotonic() - began, cpu_seconds(daemon.process.pid)
    place.until_idle(daemon, patience=1_800)
    return {
        f"{part}, until durable": count / durable[0],
        f"{part}, until searchable": Sample(count / seconds, found - used),
        f"{part}, CPU": (cpu_seconds(daemon.process.pid) - used) / count * 1e6,
    }


def grow(place):
    count, few = place.many, few_of(place)
    # The same records into an empty log and behind all others.
    path = place.path(f"more-{few}-{count}.jsonl")
    if not os.path.exists(path):
        Corpus().write_lines(path, few, first=count)

    def more():
        copy = place.path("work", "more.jsonl")
        shutil.copyfile(path, copy)
        os.sync()
        return copy

    daemon = Daemon(place.fresh("sijill")).start()
    figures = taken(place, daemon, more(), f"{few:,} into an empty log", 0, few)
    daemon.stop()
    daemon = Daemon(place.fresh("sijill")).start()
    figures |= taken(place, daemon, place.copy_of_lines(count), "all", 0, count)
    daemon.sample_memory()
    figures["peak memory"] = daemon.peak_kib / 1024
    figures["on disk for an article"] = size_of(daemon.data) / count
    figures |= taken(place, daemon, more(), f"{few:,} behind all", count, few)
    daemon.stop()
    figures["start after a stop"] = seconds_to_start(daemon)
    # Killed while it takes something in.
    os.rename(more(), os.path.join(daemon.inbox, "again.jsonl"))
    place.until(daemon, "tip", count + few + few // 10, pause=0.01)
    daemon.kill()
    figures["start after kill -9"] = seconds_to_start(daemon)
    return figures


def seconds_to_start(daemon):
    began = time.monotonic()
    daemon.start()
    return time.monotonic() - began


def size_of(folder):
    """What the files of the data directory take on the disk."""
    return sum(
        os.lstat(os.path.join(parent, name)).st_blocks * 512 for parent, _, names in os.walk(folder) for name in names
    )
