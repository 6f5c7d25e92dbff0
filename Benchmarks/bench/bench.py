"""Sijill beside what people use instead, in turn, in one run on one machine.

    bench.py [--rounds N] [--quick] [--results FILE] [GROUP …]

Groups: ingest, records, latency, replay. Needs the release build, sqlite3, curl and nginx; `make bench` sees to
these. Figures of one run are comparable with each other only: quote the ratios.
"""

import argparse
import csv
import datetime
import http.client
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "Tests", "System"))

from corpus import Corpus  # noqa: E402
from measure import Item, Sample, cpu_seconds, machine, process, rounds, table  # noqa: E402
from sijill_system import Daemon, free_port, wait_until  # noqa: E402

AFTERNOON = os.path.join(HERE, "afternoon.py")


class Bench:
    def __init__(self, options):
        self.options = options
        # Inside the checkout: one file system for everything, and no tmpfs.
        self.folder = os.path.join(ROOT, ".build", "bench")
        shutil.rmtree(self.path("work"), ignore_errors=True)
        os.makedirs(self.path("work"), exist_ok=True)
        self.files = 2_000 if options.quick else 20_000
        # Enough for one sealed segment, which replay needs.
        self.records = 40_000 if options.quick else 200_000
        self.drops = 50 if options.quick else 300

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def fresh(self, name):
        path = self.path("work", name)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    # -- What is measured on

    def corpus_files(self):
        folder = self.path(f"files-{self.files}")
        if not os.path.exists(folder):
            shutil.rmtree(folder + ".new", ignore_errors=True)
            Corpus(repeats=0.05, copies=0.05).write_files(folder + ".new", self.files)
            os.rename(folder + ".new", folder)
        return folder

    def corpus_lines(self):
        path = self.path(f"lines-{self.records}.jsonl")
        if not os.path.exists(path):
            Corpus().write_lines(path + ".new", self.records)
            os.rename(path + ".new", path)
        return path

    def copy_of_files(self):
        """An inbox full of files, on the same file system, its pages written back so that no one pays for them."""
        target = self.path("work", "inbox")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.corpus_files(), target)
        os.sync()
        return target

    # -- Files dropped

    def ingest(self):
        def list_of(tool):
            def run():
                folder = self.corpus_files()
                seconds, cpu, peak = process(f"find {folder} -type f -print0 | xargs -0 {tool}", shell=True)
                return Sample(self.files / seconds, cpu, peak)

            return run

        def afternoon(*flags):
            def run():
                inbox = self.copy_of_files()
                done = self.fresh("done")
                database = os.path.join(self.fresh("database"), "articles.sqlite")
                command = [sys.executable, AFTERNOON, "once", inbox, done, database, *flags]
                seconds, cpu, peak = process(command)
                return Sample(self.files / seconds, cpu, peak)

            return run

        return [
            Item("cat", "files/s", list_of("cat")),
            Item("sha256sum", "files/s", list_of("sha256sum")),
            Item("afternoon script", "files/s", afternoon()),
            Item("Sijill, durable", "files/s", lambda: self.take_files(searchable=False), "afternoon script"),
            Item("afternoon script with FTS", "files/s", afternoon("--fts")),
            Item(
                "Sijill, searchable", "files/s", lambda: self.take_files(searchable=True),
                "afternoon script with FTS",
            ),
        ]

    def take_files(self, searchable):
        inbox = self.copy_of_files()
        daemon = Daemon(self.fresh("sijill")).start()
        began, cpu = time.monotonic(), cpu_seconds(daemon.process.pid)
        os.rename(inbox, os.path.join(daemon.inbox, "bench"))
        return self.until_taken(daemon, self.files, began, cpu, searchable)

    def until(self, daemon, member, count, pause):
        """Waits until /v1/log says that `member`, its `tip` or `searchable`, has reached `count`."""

        def reached():
            # A cursor or a plain sequence: the first 16 digits are the sequence.
            place = json.loads(daemon.get("/v1/log")[2]).get(member)
            return place and int(str(place)[:16]) >= count

        if not wait_until(reached, patience=600, pause=pause):
            raise RuntimeError(f"{member} has not reached {count} within ten minutes")

    def until_taken(self, daemon, count, began, cpu, searchable):
        self.until(daemon, "searchable" if searchable else "tip", count, pause=0.005)
        seconds = time.monotonic() - began
        used = cpu_seconds(daemon.process.pid) - cpu
        wait_until(lambda: not daemon.inbox_files(), patience=60)
        daemon.stop()
        return Sample(count / seconds, used, daemon.peak_kib / 1024)

    # -- One file of many records

    def records_group(self):
        lines = self.corpus_lines()
        table_path = self.path(f"lines-{self.records}.csv")
        if not os.path.exists(table_path):
            with open(table_path, "w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                for line in open(lines, encoding="utf-8"):
                    record = json.loads(line)
                    writer.writerow([record["id"], record["source"], record["title"], record["text"]])

        def sqlite_import():
            database = os.path.join(self.fresh("import"), "articles.sqlite")
            script = (
                "pragma journal_mode=wal;\npragma synchronous=normal;\n"
                "create table articles(id, source, title, body);\n"
                f".mode csv\n.import {table_path} articles\n"
            )
            began = time.monotonic()
            child = subprocess.Popen(["sqlite3", database], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            child.communicate(script.encode())
            return Sample(self.records / (time.monotonic() - began))

        def sijill():
            daemon = Daemon(self.fresh("sijill")).start()
            copy = self.path("work", "lines.jsonl")
            shutil.copyfile(lines, copy)
            os.sync()
            began, cpu = time.monotonic(), cpu_seconds(daemon.process.pid)
            os.rename(copy, os.path.join(daemon.inbox, "lines.jsonl"))
            return self.until_taken(daemon, self.records, began, cpu, searchable=False)

        return [
            Item("sqlite3 .import", "records/s", sqlite_import),
            Item("Sijill, durable", "records/s", sijill, "sqlite3 .import"),
        ]

    # -- One file at a time

    def latency(self):
        title, text = Corpus().original(1)
        content = f"{title}\n\n{text}\n"

        def drop_into(inbox, source):
            for number in range(self.drops):
                path = os.path.join(source, "next")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(f"{number} {time.monotonic_ns()}\n{content}")
                os.rename(path, os.path.join(inbox, f"{time.monotonic_ns()}_{number}.txt"))
                time.sleep(0.02)

        def watching():
            inbox, done = self.fresh("watched"), self.fresh("done")
            database = os.path.join(self.fresh("database"), "articles.sqlite")
            command = [sys.executable, AFTERNOON, "watch", inbox, done, database, "--count", str(self.drops)]
            child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            child.stdout.readline()
            drop_into(inbox, self.fresh("source"))
            return [int(word) / 1e6 for word in child.communicate()[0].split()]

        def sijill():
            daemon = Daemon(self.fresh("sijill")).start()
            follower = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=60)
            follower.request("GET", "/v1/changes?since=now&live=stream", headers={"Accept": "application/x-ndjson"})
            answer = follower.getresponse()
            latencies = []

            def read():
                while len(latencies) < self.drops:
                    line = answer.readline()
                    if not line.strip():
                        continue
                    now = time.monotonic_ns()
                    name = json.loads(line)["data"]["file"]["name"]
                    latencies.append((now - int(name.split("_")[0])) / 1e6)

            import threading

            reader = threading.Thread(target=read)
            reader.start()
            drop_into(daemon.inbox, daemon.drops)
            reader.join()
            daemon.stop()
            return latencies

        taken = {}

        def figure(name, measured, percentile):
            # Both figures of one round come from the same drops.
            def run():
                if percentile == 50:
                    taken[name] = sorted(measured())
                values = taken[name]
                return Sample(values[min(len(values) - 1, len(values) * percentile // 100)])

            return run

        items = []
        for percentile in (50, 99):
            items += [
                Item(f"watching script, commit, p{percentile}", "ms", figure("watch", watching, percentile)),
                Item(
                    f"Sijill, at a follower, p{percentile}", "ms", figure("sijill", sijill, percentile),
                    f"watching script, commit, p{percentile}", higher_is_better=False,
                ),
            ]
        return items

    # -- The log, read again

    def replay(self):
        daemon = Daemon(self.fresh("sijill")).start()
        copy = self.path("work", "lines.jsonl")
        shutil.copyfile(self.corpus_lines(), copy)
        os.rename(copy, os.path.join(daemon.inbox, "lines.jsonl"))
        # Then its own work is over: what it uses from here on, it uses for serving.
        self.until(daemon, "searchable", self.records, pause=0.5)
        listed = json.loads(daemon.get("/v1/segments")[2])
        names = [f"{int(segment['first']):020}" for segment in listed["segments"]]
        sizes = sum(segment["bytes"] for segment in listed["segments"])
        folder = self.fresh("nginx")
        servers = {}
        for name, sendfile in (("sendfile", "on"), ("buffered", "off")):
            servers[name] = self.nginx(os.path.join(folder, name), daemon.data, free_port(), sendfile)

        def fetch(base, path, pid):
            def run():
                urls = [f"{base}{path.format(name)}" for name in names]
                used = cpu_seconds(pid)
                seconds, _, _ = process(["curl", "--silent", "--fail", *sum((["-o", "/dev/null", url] for url in urls), [])])
                used = cpu_seconds(pid) - used
                return Sample(sizes / seconds / 1e6, used / (sizes / 1e9))

            return run

        items = []
        for name, (worker, address) in servers.items():
            items.append(Item(f"nginx, {name}", "MB/s", fetch(address, "/{}.ndjson", worker)))
        items.append(
            Item(
                "Sijill", "MB/s",
                fetch(f"http://127.0.0.1:{daemon.port}", "/v1/segments/{}.ndjson", daemon.process.pid), "nginx, buffered",
            )
        )
        return items

    def nginx(self, folder, data, port, sendfile):
        os.makedirs(folder)
        path = os.path.join(folder, "nginx.conf")
        with open(path, "w") as file:
            file.write(
                f"daemon off; master_process off; pid {folder}/pid; error_log stderr crit; user root;\n"
                "events { }\n"
                f"http {{ access_log off; sendfile {sendfile}; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;"
                f" fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
                f" server {{ listen 127.0.0.1:{port}; root {data}/log; }} }}\n"
            )
        child = subprocess.Popen(["nginx", "-p", folder, "-c", path])
        self.children.append(child)
        wait_until(lambda: os.path.exists(f"{folder}/pid"), patience=10)
        return child.pid, f"http://127.0.0.1:{port}"

    children = []

    def run(self):
        groups = {
            "ingest": (
                f"{self.files:,} files of 5 KB, dropped at once",
                "The script keeps no originals, no log and no relations, and syncs once a batch of 100.",
                self.ingest,
            ),
            "records": (
                f"One JSONL file of {self.records:,} records of 1.9 KB",
                "`.import` reads CSV made before, in one transaction, without an index; nothing else is kept.",
                self.records_group,
            ),
            "latency": (
                "One file: dropped → committed",
                "The script leaves the file where it is; Sijill's figure is that of a follower, who has read the change.",
                self.latency,
            ),
            "replay": (
                "Sealed segments over HTTP, one client (CPU: seconds of the server per GB)",
                "nginx serves the same files.",
                self.replay,
            ),
        }
        report = [
            "# Results",
            "",
            f"{datetime.date.today()}, {machine()}. `make bench`, {self.options.rounds} rounds in turn; ratios are medians"
            " of pairs.",
        ]
        for name in self.options.groups or groups:
            title, peers, make = groups[name]
            print(f"== {name}: {title}", flush=True)
            items = make()
            rounds(items, self.options.rounds)
            report += ["", f"## {title}", "", peers, "", table(items)]
            Daemon.end_all()
            while self.children:
                self.children.pop().terminate()
        text = "\n".join(report) + "\n"
        print(text)
        if self.options.results:
            with open(self.options.results, "w") as file:
                file.write(text)
        shutil.rmtree(self.path("work"), ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run at all")
    parser.add_argument("--results", help="a file for the tables, as Markdown")
    parser.add_argument("groups", nargs="*")
    bench = Bench(parser.parse_args())
    try:
        bench.run()
    finally:
        Daemon.end_all()
        for child in bench.children:
            child.terminate()


if __name__ == "__main__":
    main()
