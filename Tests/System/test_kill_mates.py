"""Kills while files are taken in with what belongs to them, and while one file is alone in hand."""

import json
import os
import struct
import time

import sijill_articles
import sijill_format
from sijill_system import Daemon, main, wait_until

SOURCES = """
sources:
  marked:
    marker: .ok
  described:
    sidecar: required
  pages:
    pair: html
"""


def run(options, checks):
    alone(options, checks)
    for after in ("archive", "keep"):
        mates(options, checks, after, rounds=40 if options.full else 8)


def alone(options, checks):
    """A page that takes long to parse: killed in it again and again, the daemon gives it up; others come in."""
    daemon = Daemon(os.path.join(options.folder, "alone"), environment={"SIJILL_INBOX_SETTLE": "0s"})
    daemon.start()
    paragraph = "<div><p>" + "نص من كلمات كثيرة في هذه الفقرة الطويلة " * 12 + "</p><a href=x>رابط</a></div>\n"
    daemon.drop("big.html", b"<html><body>" + paragraph.encode() * 60_000)
    kills = 0
    # Once more than three: something else may have been in hand beside it at the first.
    while kills < 5 and wait_until(lambda: in_hand(daemon) == 1, 15, 0.002):
        daemon.kill()
        kills += 1
        if kills == 1:
            daemon.drop("good.txt", sijill_articles.article(1, options.seed, 900))
        daemon.start()
        if os.path.exists(os.path.join(daemon.data, "quarantine", "crash-loop", "big.html")):
            break
    checks.that(daemon.wait_empty(), "alone: the inbox is emptied", daemon.inbox_files())
    checks.that(3 <= kills <= 4, "alone: given up after three ends in a row", kills)
    found = {change["data"]["file"]["name"]: change for change in daemon.changes()}
    checks.equal(found["big.html"]["data"].get("reason"), "crash-loop", "alone: its reason")
    checks.equal(found["good.txt"]["type"], "org.sijill.article.added", "alone: the file beside it comes in")
    kept = os.path.join(daemon.data, "quarantine", "crash-loop", "big.html")
    checks.that(os.path.exists(kept), "alone: it is kept")
    checks.equal(daemon.stop(), 0, "alone: SIGTERM ends with 0")


def in_hand(daemon):
    """Entries of <data>/in-hand that count."""
    try:
        with open(os.path.join(daemon.data, "in-hand"), "rb") as file:
            table = file.read()
    except FileNotFoundError:
        return 0
    return sum(1 for start in range(0, len(table) - 31, 32) if struct.unpack_from("<I", table, start + 28)[0])


def mates(options, checks, after, rounds):
    folder = os.path.join(options.folder, after)
    os.makedirs(folder)
    settings = os.path.join(folder, "sijilld.yaml")
    with open(settings, "w", encoding="utf-8") as file:
        file.write(SOURCES)
    environment = {"SIJILL_INBOX_SETTLE": "0s", "SIJILL_INBOX_AFTER": after}
    daemon = Daemon(folder, environment=environment)
    daemon.start("--config", settings)
    names, mate_count = [], 0
    for _ in range(rounds):
        for _ in range(60):
            name, count = drop(daemon, options, len(names))
            names.append(name)
            mate_count += count
        time.sleep(options.random.random() * 0.1)
        daemon.kill()
        daemon.start("--config", settings)
    checks.that(daemon.wait_empty(), f"{after}: the inbox is emptied", daemon.inbox_files()[:5])
    checks.equal(daemon.stop(), 0, f"{after}: SIGTERM ends with 0")
    directory = sijill_format.read(daemon.data)
    checks.sound(directory, f"{after}: an outsider reads the directory")
    found = sorted(change.file["name"] for change in directory.changes)
    checks.that(found == sorted(names), f"{after}: each file once, no mate by itself", (len(found), len(names)))
    rejected = [change for change in directory.changes if change.kind == "rejected"]
    checks.equal({change.value["data"]["reason"] for change in rejected}, {"binary"}, f"{after}: reasons")
    quarantined = files(os.path.join(daemon.data, "quarantine"))
    checks.equal(quarantined, 3 * len(rejected), f"{after}: a rejected file lies with its sidecar and its report")
    if after == "keep":
        # Two files for each that was taken: itself and its marker, sidecar or pair mate.
        checks.equal(files(os.path.join(daemon.data, "done")), 2 * (len(names) - len(rejected)), "keep: all are kept")
    stored = sum(1 for change in directory.changes for mate in change.file.get("mates", []) if mate.get("kept"))
    checks.equal(stored, mate_count - len(rejected), f"{after}: sidecars and pair mates are among the originals")
    checks.equal(daemon.sijilld("check").returncode, 0, f"{after}: sijilld check")


def drop(daemon, options, number):
    """Drops a file with what belongs to it; its name, and how many mates have bytes to keep."""
    source = options.random.choice(("marked", "described", "pages"))
    text = sijill_articles.article(number, options.seed, 700)
    if source == "marked":
        daemon.drop(f"{number}.txt", text, source)
        daemon.drop(f"{number}.txt.ok", b"", source)
        return f"{number}.txt", 0
    if source == "described":
        fields = {"url": f"https://example.org/{number}"}
        daemon.drop(f"{number}.txt.meta.json", json.dumps(fields).encode(), source)
        is_broken = options.random.random() < 0.2
        daemon.drop(f"{number}.txt", b"\0\0\1" + str(number).encode() * 9 if is_broken else text, source)
        return f"{number}.txt", 1
    daemon.drop(f"{number}.html", b"<html><body><p>" + text + b"</p></body></html>", source)
    fields = {"title": f"عنوان {number}", "text": text.decode()}
    daemon.drop(f"{number}.html.json", json.dumps(fields).encode(), source)
    return f"{number}.html", 1


def files(folder):
    return sum(len(names) for _, _, names in os.walk(folder))


if __name__ == "__main__":
    main(run)
