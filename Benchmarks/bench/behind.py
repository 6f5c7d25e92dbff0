"""Group `behind`: one new file while others read all that there is, and behind many that were dropped at once."""

import os
import subprocess

from latency import at_a_follower
from measure import Item, Shared, percentiles
from sijill_system import Daemon

READERS = 4


def behind(place):
    count = 1_000 if place.quick else 10_000
    # So few that all are dropped while the backlog is taken in.
    few = 20 if place.quick else 50

    def taken():
        daemon = Daemon(place.fresh("sijill")).start()
        os.rename(place.copy_of_files(count), os.path.join(daemon.inbox, "bench"))
        place.until(daemon, "searchable", count, pause=0.1)
        place.until_idle(daemon)
        return daemon

    def idle():
        return percentiles(at_a_follower(taken(), place.drops))

    def read():
        daemon = taken()
        readers = replaying(place, daemon, count)
        latencies = at_a_follower(daemon, place.drops)
        end(readers)
        return percentiles(latencies)

    def read_and_taken():
        daemon = taken()
        readers = replaying(place, daemon, count)
        more = place.path("work", "more")
        os.rename(place.copy_of_files(count), more)
        for number, name in enumerate(sorted(os.listdir(more))):
            # Other texts than those that are there, else each were only a duplicate.
            with open(os.path.join(more, name), "ab") as file:
                file.write(f"\n{number} {daemon.port}\n".encode())
        os.sync()
        os.rename(more, os.path.join(daemon.inbox, "more"))
        latencies = at_a_follower(daemon, few)
        end(readers)
        return percentiles(latencies)

    shared = {
        "idle": Shared(idle),
        f"{READERS} read all the time": Shared(read),
        f"{READERS} read, {count:,} files come at once": Shared(read_and_taken),
    }
    items = []
    for name in ("p50", "p99"):
        for state, measured in shared.items():
            over = f"idle, {name}" if state != "idle" else ()
            items.append(Item(f"{state}, {name}", "ms", measured.figure(name), over))
    return items


def replaying(place, daemon, count):
    command = [place.compiled("replay_client"), str(daemon.port), "loop", str(count)]
    return [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(READERS)]


def end(readers):
    for reader in readers:
        reader.kill()
        reader.wait()
    Daemon.end_all()
