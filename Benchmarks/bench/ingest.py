"""Groups `ingest` and `records`: files dropped at once, and one file of many records."""

import csv
import json
import os
import subprocess
import sys
import time

from measure import Item, Sample, process
from sijill_system import Daemon
from workplace import HERE

AFTERNOON = os.path.join(HERE, "afternoon.py")


def ingest(place):
    def list_of(tool):
        def run():
            folder = place.corpus_files()
            seconds, cpu, peak = process(f"find {folder} -type f -print0 | xargs -0 {tool}", shell=True)
            return Sample(place.files / seconds, cpu, peak)

        return run

    def sijill(searchable):
        inbox = place.copy_of_files()
        daemon = Daemon(place.fresh("sijill")).start()
        return place.take(daemon, inbox, "bench", place.files, searchable)

    return [
        Item("cat", "files/s", list_of("cat")),
        Item("sha256sum", "files/s", list_of("sha256sum")),
        Item("afternoon script", "files/s", lambda: afternoon(place)),
        Item("Sijill, durable", "files/s", lambda: sijill(searchable=False), "afternoon script"),
        Item("afternoon script with FTS", "files/s", lambda: afternoon(place, "--fts")),
        Item("Sijill, searchable", "files/s", lambda: sijill(searchable=True), "afternoon script with FTS"),
    ]


def afternoon(place, *flags, environment=None):
    """The script over a full inbox."""
    inbox = place.copy_of_files()
    database = os.path.join(place.fresh("database"), "articles.sqlite")
    command = [sys.executable, AFTERNOON, "once", inbox, place.fresh("done"), database, *flags]
    seconds, cpu, peak = process(command, env=os.environ | (environment or {}))
    return Sample(place.files / seconds, cpu, peak)


def records(place):
    lines = place.corpus_lines()
    table_path = place.path(f"lines-{place.records}.csv")
    if not os.path.exists(table_path):
        with open(table_path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            for line in open(lines, encoding="utf-8"):
                record = json.loads(line)
                writer.writerow([record["id"], record["source"], record["title"], record["text"]])

    def sqlite_import():
        database = os.path.join(place.fresh("import"), "articles.sqlite")
        script = (
            "pragma journal_mode=wal;\npragma synchronous=normal;\n"
            "create table articles(id, source, title, body);\n"
            f".mode csv\n.import {table_path} articles\n"
        )
        began = time.monotonic()
        child = subprocess.Popen(["sqlite3", database], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        child.communicate(script.encode())
        return Sample(place.records / (time.monotonic() - began))

    def sijill():
        daemon = Daemon(place.fresh("sijill")).start()
        return place.take(daemon, place.copy_of_lines(), "lines.jsonl", place.records)

    return [
        Item("sqlite3 .import", "records/s", sqlite_import),
        Item("Sijill, durable", "records/s", sijill, "sqlite3 .import"),
    ]
