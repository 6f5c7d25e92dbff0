"""What a user would write in an afternoon instead of Sijill: hash, insert, move. A peer to be measured.

    afternoon.py once  INBOX DONE DATABASE [--fts]        takes what is there, in batches of 100, and ends
    afternoon.py watch INBOX DONE DATABASE --count N      commits each file as it comes; prints the latencies
"""

import argparse
import hashlib
import os
import sqlite3
import time


class Store:
    def __init__(self, path, fts):
        self.database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.database.execute("pragma journal_mode=wal")
        self.database.execute(
            "create table if not exists articles"
            "(id integer primary key, sha256 text unique, path text, title text, body text, added real)"
        )
        self.fts = fts
        if fts:
            self.database.execute(
                "create virtual table if not exists words using fts5"
                "(title, body, content='articles', content_rowid='id')"
            )

    def take(self, path):
        with open(path, "rb") as file:
            content = file.read()
        text = content.decode("utf-8", "replace")
        title = text.split("\n", 1)[0]
        row = (hashlib.sha256(content).hexdigest(), path, title, text, time.time())
        cursor = self.database.execute(
            "insert or ignore into articles(sha256, path, title, body, added) values (?, ?, ?, ?, ?)", row
        )
        if self.fts and cursor.rowcount == 1:
            self.database.execute(
                "insert into words(rowid, title, body) values (?, ?, ?)", (cursor.lastrowid, title, text)
            )


def commit(store, paths, done):
    store.database.execute("begin")
    for path in paths:
        store.take(path)
    store.database.execute("commit")
    for path in paths:
        os.rename(path, os.path.join(done, os.path.basename(path)))


def once(options):
    store = Store(options.database, options.fts)
    paths = [entry.path for entry in os.scandir(options.inbox)]
    for start in range(0, len(paths), 100):
        commit(store, paths[start : start + 100], options.done)


def watch(options):
    """A file's name begins with the monotonic time in ns at which it was dropped."""
    from watchdog.events import FileSystemEventHandler
    from watchdog.observers import Observer

    store = Store(options.database, options.fts)
    latencies = []

    class Handler(FileSystemEventHandler):
        def on_created(self, event):
            if event.is_directory:
                return
            dropped = int(os.path.basename(event.src_path).split("_")[0])
            store.database.execute("begin")
            store.take(event.src_path)
            store.database.execute("commit")
            latencies.append(time.monotonic_ns() - dropped)

    observer = Observer()
    observer.schedule(Handler(), options.inbox)
    observer.start()
    print("ready", flush=True)
    end = time.monotonic() + 120
    while len(latencies) < options.count and time.monotonic() < end:
        time.sleep(0.05)
    observer.stop()
    print(" ".join(str(nanoseconds) for nanoseconds in latencies))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=("once", "watch"))
    parser.add_argument("inbox")
    parser.add_argument("done")
    parser.add_argument("database")
    parser.add_argument("--fts", action="store_true")
    parser.add_argument("--count", type=int, default=300)
    arguments = parser.parse_args()
    {"once": once, "watch": watch}[arguments.mode](arguments)
