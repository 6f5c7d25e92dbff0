"""Groups `store` and `changes`: the same changes kept and read again, beside logs and a database."""

import os
import subprocess
import time

from measure import Item, Sample, cpu_seconds, once, peak_mib
from peers import JetStream, PostgreSQL, Redis
from sijill_system import Daemon


def lines_of_changes(place):
    """The log of a daemon that has taken records in, as a file: what peers keep is Sijill's own lines."""
    path = place.path(f"changes-{place.changes}.ndjson")
    if not os.path.exists(path):
        daemon = place.daemon_with_lines("lines", place.changes)
        with open(path + ".new", "wb") as file:
            command = [place.compiled("replay_client"), str(daemon.port), "save", str(place.changes)]
            subprocess.run(command, stdout=file, check=True)
        daemon.stop()
        os.rename(path + ".new", path)
    return path


def by_client(command, pid, count):
    """Changes per second as the client timed them, from its first request; CPU and memory are those of the server."""
    used = cpu_seconds(pid)
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if answer.returncode:
        raise RuntimeError(f"{command} ended with {answer.returncode}")
    seconds, _ = answer.stdout.split()
    return Sample(count / float(seconds), cpu_seconds(pid) - used, peak_mib(pid))


def store(place):
    path, count = lines_of_changes(place), place.changes
    few = count // 20
    jetstream = once(lambda: JetStream(place))
    redis = {name: once(lambda name=name: Redis(place, name)) for name in ("always", "everysec")}
    postgresql = once(lambda: PostgreSQL(place))

    def publish(mode, number):
        def run():
            return by_client([*jetstream().client, mode, str(number), path], jetstream().pid, number)

        return run

    def add(name, number, depth):
        def run():
            return by_client([*redis[name]().client, "add", str(number), path, str(depth)], redis[name]().pid, number)

        return run

    def copy_in():
        postgresql().psql("truncate changes restart identity; checkpoint")
        os.sync()
        began = time.monotonic()
        postgresql().psql(f"\\copy changes(line) from '{path}' with {PostgreSQL.FORMAT}")
        return Sample(count / (time.monotonic() - began))

    def copy_out():
        began = time.monotonic()
        postgresql().psql(
            f"copy (select line from changes order by number) to stdout with {PostgreSQL.FORMAT}", subprocess.DEVNULL
        )
        return Sample(count / (time.monotonic() - began))

    def sijill():
        daemon = Daemon(place.fresh("sijill")).start()
        return place.take(daemon, place.copy_of_lines(count), "lines.jsonl", count)

    return [
        Item("JetStream, each acknowledged", "records/s", publish("publish-each", few)),
        Item("JetStream, 4,000 under way", "records/s", publish("publish", count)),
        Item("Redis XADD, fsync always, one at a time", "records/s", add("always", few, 1)),
        Item("Redis XADD, fsync always, 100 at a time", "records/s", add("always", count, 100)),
        Item("Redis XADD, fsync each second, 100 at a time", "records/s", add("everysec", count, 100)),
        Item("PostgreSQL COPY in", "records/s", copy_in),
        Item("PostgreSQL COPY out", "records/s", copy_out),
        Item("Sijill, durable", "records/s", sijill, "PostgreSQL COPY in"),
    ]


def changes(place):
    path, count = lines_of_changes(place), place.changes
    daemon = place.daemon_with_lines("sijill", count)

    def filled(peer, *words):
        subprocess.run([*peer.client, *words], check=True, stdout=subprocess.DEVNULL)
        return peer

    jetstream = once(lambda: filled(JetStream(place), "publish", str(count), path))
    redis = once(lambda: filled(Redis(place, "everysec"), "add", str(count), path, "100"))

    def consume():
        return by_client([*jetstream().client, "replay", str(count)], jetstream().pid, count)

    def xread():
        return by_client([*redis().client, "read", str(count), "1000"], redis().pid, count)

    def sijill(mode):
        def run():
            client = [place.compiled("replay_client"), str(daemon.port), mode, str(count)]
            return by_client(client, daemon.process.pid, count)

        return run

    peers = ("JetStream, ordered consumer", "Redis XREAD, 1,000 at a time")
    return [
        Item(peers[0], "changes/s", consume),
        Item(peers[1], "changes/s", xread),
        Item("Sijill, one stream", "changes/s", sijill("stream"), peers),
        Item("Sijill, pages of 10,000", "changes/s", sijill("pages"), peers),
    ]
