"""Sijill beside what people use instead, in turn, in one run on one machine.

    bench.py [--rounds N] [--quick] [--full] [--many N] [--results FILE] [GROUP …]

Without a name all groups, but for growth. Needs the release build; `make bench` sees to it and to the peers. What is
not installed is not measured, and its row says so. Figures of one run are comparable with each other only: quote the
ratios.
"""

import argparse
import datetime
import shutil
from dataclasses import dataclass

# First, since it makes the system tests' module known.
from workplace import Workplace

from behind import behind
from changes import changes, store
from duplicates import duplicates
from fanout import fanout
from growth import growth
from ingest import ingest, records
from latency import latency
from measure import machine, rounds, table
from replay import replay
from sijill_system import Daemon
from slow import MILLISECONDS, slow_disk


@dataclass
class Group:
    name: str
    title: str
    notes: str
    items: object
    # Rounds that it takes at least, and at most, whatever is asked for.
    least: int = 1
    most: int = 1_000
    # Takes so long that it runs only where its name is given.
    by_name: bool = False


def groups(place):
    return [
        Group(
            "ingest",
            f"{place.files:,} files of 5 KB, dropped at once",
            "The script keeps no originals, no log and no relations, and syncs once a batch of 100.",
            ingest,
        ),
        Group(
            "records",
            f"One JSONL file of {place.records:,} records of 5 KB",
            "`.import` reads CSV made before, in one transaction, without an index; nothing else is kept.",
            records,
        ),
        Group(
            "store",
            f"{place.changes:,} changes of 6 KB, kept",
            "Peers are given Sijill's own lines, ready made, and keep nothing else; Sijill is given the JSONL of which"
            " they were made. JetStream syncs before it acknowledges where it can be told to (from 2.10 on), else every"
            " two minutes. CPU and memory are the server's; of PostgreSQL's many processes they are not measured.",
            store,
        ),
        Group(
            "changes",
            f"{place.changes:,} changes of 6 KB, read from the first by one client",
            "JetStream and Redis keep Sijill's own lines; their clients use the C libraries, Sijill's reads HTTP."
            " All count the changes that they get. CPU and memory are the server's.",
            changes,
            least=1 if place.quick else 5,
        ),
        Group(
            "latency",
            "One file: dropped → committed",
            "The script leaves the file where it is; Sijill's figure is that of a follower, who has read the change."
            " The append is what the disk takes for one sync, 20 ms apart as the files.",
            latency,
        ),
        Group(
            "replay",
            "Sealed segments over HTTP, one client (CPU: seconds of the server per GB)",
            "nginx serves the same files, in two modes; the better comes first among the ratios.",
            replay,
            least=1 if place.quick else 9,
        ),
        Group(
            "fanout",
            "One change of 6 KB to many followers of server-sent events",
            "nchan's time counts from just before the POST. Sijill's counts from the change's own `time`, which is from"
            " before its sync and has whole milliseconds. Memory: how much the server's resident size grew, divided"
            " by the followers.",
            fanout,
        ),
        Group(
            "duplicates",
            f"{place.files:,} articles, 5 % of them near-copies, on one core",
            "datasketch and rensa split into words, sketch and find; each pair found is only a candidate. Sijill's is"
            " the whole daemon, which compares what it finds, and also keeps originals, log, store and search index."
            " Its stages by themselves are `RelationsBenchmark speed`, which cleans, folds, sketches, finds and"
            " compares made pages of 430 words. Recall: of the copies that the corpus has made.",
            duplicates,
        ),
        Group(
            "slow-disk",
            f"On a disk whose sync takes {MILLISECONDS} ms longer",
            "A library that is preloaded slows syncs and counts them. The floor reads, hashes, appends and syncs once a"
            " batch of 256, while it reads the next; the script is as it is. Syncs are counted until all is durable.",
            slow_disk,
        ),
        Group(
            "behind",
            "One new file: dropped → at a follower, beside readers of the whole log",
            f"The log has {1_000 if place.quick else 10_000:,} changes; readers ask for them from the first again and"
            " again, each as fast as it can.",
            behind,
        ),
        Group(
            "growth",
            f"{place.many:,} articles in one file",
            "Of Sijill alone. Rows of CPU count until the index is merged, too. A start is timed until the daemon says that it is"
            " ready; the kill comes while more is taken in.",
            growth,
            most=1,
            by_name=True,
        ),
    ]


def run(place, options):
    known = {group.name: group for group in groups(place)}
    unknown = [name for name in options.groups if name not in known]
    if unknown:
        raise SystemExit(f"bench: no group {', '.join(unknown)}; there are {', '.join(known)}")
    report = [
        "# Results",
        "",
        f"{datetime.date.today()}, {machine()}. `make bench`, rounds in turn; ratios are medians of pairs.",
    ]
    for name in options.groups or [name for name in known if not known[name].by_name]:
        group = known[name]
        print(f"== {name}: {group.title}", flush=True)
        items = group.items(place)
        count = min(max(options.rounds, group.least), group.most)
        rounds(items, count)
        report += ["", f"## {group.title}", "", f"{group.notes} Rounds: {count}.", "", table(items)]
        Daemon.end_all()
        place.end_servers()
    text = "\n".join(report) + "\n"
    print(text)
    if options.results:
        with open(options.results, "w") as file:
            file.write(text)
    shutil.rmtree(place.path("work"), ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run at all")
    parser.add_argument("--full", action="store_true", help="also what takes long")
    parser.add_argument("--many", type=int, help="articles of group growth, 1,000,000 if it is not said")
    parser.add_argument("--results", help="a file for the tables, as Markdown")
    parser.add_argument("groups", nargs="*")
    options = parser.parse_args()
    place = Workplace(options.quick, options.full, options.many)
    try:
        run(place, options)
    finally:
        Daemon.end_all()
        place.end_servers()


if __name__ == "__main__":
    main()
