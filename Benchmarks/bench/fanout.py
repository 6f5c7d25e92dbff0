"""Group `fanout`: one change to very many followers of server-sent events, beside nginx with nchan."""

import datetime
import http.client
import itertools
import subprocess
import time

from corpus import Corpus
from measure import Item, Shared, percentiles, status_kib
from peers import Nchan
from sijill_system import Daemon

FIGURES = {"p50": "ms", "p99": "ms", "memory of a follower": "KiB"}


def fanout(place):
    texts = list(itertools.islice(articles(), 1 + (5 if place.quick else 20)))
    items = []
    for count in (1_000, 9_000) if place.full else (1_000,):
        nchan = Shared(lambda count=count: through_nchan(place, texts, count))
        sijill = Shared(lambda count=count: through_sijill(place, texts, count))
        for figure, unit in FIGURES.items():
            peer = f"nchan, {count:,} followers, {figure}"
            items += [
                Item(peer, unit, nchan.figure(figure)),
                Item(f"Sijill, {count:,} followers, {figure}", unit, sijill.figure(figure), peer),
            ]
    return items


def articles():
    """Texts of 5 KB, whose changes have 6 KB."""
    corpus = Corpus()
    for number in itertools.count():
        title, text = corpus.original(number)
        content = f"{title}\n\n{text}\n".encode()
        if 4_800 <= len(content) <= 5_200:
            yield content


class Crowd:
    """Followers that are all there when this is made."""

    def __init__(self, place, port, path, count):
        command = [place.compiled("followers"), str(port), path, str(count)]
        self.client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.count = count
        self.hear("ready")
        self.hear("next")

    def hear(self, word):
        line = self.client.stdout.readline().strip()
        if line != word:
            raise RuntimeError(f"followers: {line or 'ended'}")

    def times(self, publish):
        """When each had what `publish` sent, in ns since 1970."""
        self.client.stdin.write("\n")
        self.client.stdin.flush()
        publish()
        times = [int(word) for word in self.client.stdout.readline().split()]
        self.hear("next")
        if len(times) < self.count:
            raise RuntimeError(f"{self.count - len(times)} followers got nothing")
        return times

    def end(self):
        self.client.stdin.close()
        self.client.wait()


def through_nchan(place, texts, count):
    server = Nchan(place)
    publisher = http.client.HTTPConnection("127.0.0.1", server.port)
    before = status_kib(server.pid, "VmRSS")
    crowd = Crowd(place, server.port, "/follow", count)
    latencies = []
    for text in texts[1:]:
        # One line, and as long as the line of a change.
        body = text.replace(b"\n", b" ").ljust(6_000, b".")
        began = []

        def publish():
            began.append(time.time_ns())
            publisher.request("POST", "/publish", body)

        latencies += [(at - began[0]) / 1e6 for at in crowd.times(publish)]
        publisher.getresponse().read()
        time.sleep(0.05)
    memory = status_kib(server.pid, "VmRSS") - before
    crowd.end()
    place.end_servers()
    return figures(latencies, memory, count)


def through_sijill(place, texts, count):
    daemon = Daemon(place.fresh("sijill")).start()
    # What taking in needs of memory by itself is there before anyone is counted.
    for number, text in enumerate(itertools.islice(articles(), len(texts), len(texts) + 40)):
        daemon.drop(f"warm-{number}.txt", text)
    place.until(daemon, "tip", 40, pause=0.05)
    before = status_kib(daemon.process.pid, "VmRSS")
    crowd = Crowd(place, daemon.port, "/v1/changes?since=now", count)
    arrivals = []
    for number, text in enumerate(texts[1:]):
        arrivals.append(crowd.times(lambda: daemon.drop(f"{number}.txt", f"{number} ".encode() + text)))
        time.sleep(0.05)
    memory = status_kib(daemon.process.pid, "VmRSS") - before
    crowd.end()
    latencies = []
    for change, times in zip(daemon.changes()[40:], arrivals):
        began = nanoseconds(change["time"])
        latencies += [(at - began) / 1e6 for at in times]
    daemon.stop()
    return figures(latencies, memory, count)


def nanoseconds(text):
    """Of a change's time, such as 2026-11-20T08:15:30.123Z."""
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000) * 1_000_000


def figures(latencies, memory, count):
    return percentiles(latencies) | {"memory of a follower": memory / count}
