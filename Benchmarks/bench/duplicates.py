"""Group `duplicates`: near-duplicates among articles, on one core, beside libraries that find nothing else."""

import importlib.util
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

from corpus import Corpus
from measure import Item, Missing, Sample, Shared, cpu_seconds
from sijill_system import Daemon
from workplace import HERE, ROOT

SIMILAR = os.path.join(HERE, "similar.py")
CORE = {0}
PEERS = ("datasketch, rate", "rensa, rate")


def duplicates(place):
    count = place.files
    corpus = Corpus(repeats=0.05, copies=0.05)
    lines = place.corpus_lines(count, corpus, "copies")
    wanted = corpus.copies_of_originals(count)

    def recall(pairs):
        return Sample(len(wanted & pairs) / len(wanted) * 100)

    def library(name):
        def run():
            if not importlib.util.find_spec(name):
                raise Missing(f"{name} is not installed")
            answer = subprocess.run(
                [sys.executable, SIMILAR, name, lines], stdout=subprocess.PIPE, text=True, check=True,
                preexec_fn=on_one_core,
            )
            found = json.loads(answer.stdout)
            return {"rate": count / found["seconds"], "recall": recall(set(map(tuple, found["pairs"])))}

        return run

    def sijill():
        daemon = Daemon(place.fresh("sijill")).start()
        for thread in os.listdir(f"/proc/{daemon.process.pid}/task"):
            os.sched_setaffinity(int(thread), CORE)
        copy = place.path("work", "copies.jsonl")
        shutil.copyfile(lines, copy)
        os.sync()
        used, began = cpu_seconds(daemon.process.pid), time.monotonic()
        os.rename(copy, os.path.join(daemon.inbox, "copies.jsonl"))
        place.until(daemon, "tip", count, pause=0.005)
        seconds = time.monotonic() - began
        used = cpu_seconds(daemon.process.pid) - used
        pairs = related(daemon)
        daemon.stop()
        return {"rate": Sample(count / seconds, used, daemon.peak_kib / 1024), "recall": recall(pairs)}

    def stages():
        program = os.path.join(ROOT, ".build", "release", "RelationsBenchmark")
        if not os.access(program, os.X_OK):
            raise Missing("RelationsBenchmark is not built")
        answer = subprocess.run(
            [program, "speed", str(count)], stdout=subprocess.PIPE, text=True, check=True, preexec_fn=on_one_core
        )
        # Three rounds, each a line.
        return Sample(statistics.median(int(rate) for rate in re.findall(r"(\d+)/s of wall time", answer.stdout)))

    shared = {name: Shared(library(name)) for name in ("datasketch", "rensa")}
    shared["Sijill"] = Shared(sijill)
    items = []
    for figure, unit in (("rate", "articles/s"), ("recall", "%")):
        for name, measured in shared.items():
            items.append(Item(
                f"{name}, {figure}", unit, measured.figure(figure),
                PEERS if (name, figure) == ("Sijill", "rate") else (),
            ))
    items.insert(3, Item("Sijill's stages by themselves, rate", "articles/s", stages, PEERS))
    return items


def on_one_core():
    os.sched_setaffinity(0, CORE)


def related(daemon):
    """Pairs of which the daemon's changes say that one has most of the other's words: numbers of lines of the file."""
    numbers, pairs = {}, set()
    for change in daemon.changes("&content=omit"):
        data = change["data"]
        number = data["file"]["line"] - 1
        numbers.setdefault(data["article"], number)
        for relation in data.get("relations", ()):
            if relation["kind"] in ("near", "likely", "contains", "within"):
                pairs.add((number, numbers[relation["article"]]))
    return pairs
