"""The scrub of a running daemon finds flipped bytes, keeps its place, and takes no erasure for damage."""

import json
import os
import re
import stat

import sijill_articles
from sijill_system import Daemon, main, wait_until

FAST = {"SIJILL_SCRUB_RATE": "1GiB", "SIJILL_SCRUB_INTERVAL": "1s"}
FOUND = "the scrub found damage"


def run(options, checks):
    daemon = sealed(options)
    damage(daemon, checks)
    erasure(daemon, checks)
    place(daemon, checks)
    switched_off(daemon, checks)


def metrics(daemon):
    text = daemon.get("/metrics")[2].decode()
    return {name: float(value) for name, value in re.findall(r"^(sijill_\w+) (\S+)$", text, re.MULTILINE)}


def scrub(daemon, name):
    return metrics(daemon)["sijill_scrub_" + name]


def messages(daemon):
    with open(daemon.messages, errors="replace") as file:
        return file.read()


def segment(daemon, kind="log", end="ndjson"):
    return os.path.join(daemon.data, "originals" if kind == "originals" else "log", f"{1:020}.{end}")


def sealed(options):
    """A daemon whose first segment is sealed, as the start after kill -9 leaves it."""
    daemon = Daemon(options.folder, FAST)
    daemon.start()
    for number in range(30):
        text = sijill_articles.article(number, options.seed, 2_000).decode()
        daemon.drop(f"{number}.json", json.dumps({"title": f"مقالة {number}", "text": text}).encode())
        if number % 10 == 9:
            daemon.drop(f"{number}.bad", b"\0\1\2")
    daemon.wait_empty()
    for number in range(100, 120):
        daemon.drop(f"{number}.txt", sijill_articles.article(number, options.seed, 900))
        daemon.wait_empty()
        daemon.kill()
        daemon.start()
        if len([name for name in os.listdir(os.path.dirname(segment(daemon))) if name.endswith(".ndjson")]) > 1:
            return daemon
    raise RuntimeError("no segment was sealed")


def flip(path, offset):
    """Turns one bit of a sealed file, as a disk does."""
    os.chmod(path, 0o640)
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))
    os.chmod(path, 0o440)


def passes(daemon):
    """Until a pass that begins after this has ended."""
    for _ in range(2):
        before = scrub(daemon, "last_pass_timestamp_seconds")
        wait_until(lambda: scrub(daemon, "last_pass_timestamp_seconds") > before)


def damage(daemon, checks):
    passes(daemon)
    checks.equal(scrub(daemon, "damaged"), 0, "a sound archive has no damage")
    checks.that(scrub(daemon, "bytes_total") > 100_000, "bytes are counted", scrub(daemon, "bytes_total"))
    checks.that(scrub(daemon, "items_total") > 60, "changes and originals are counted")
    status = daemon.sijill("status").stdout.decode()
    checks.that("no damage" in status, "sijill status says that nothing is damaged", status)

    with open(segment(daemon), "rb") as file:
        lines = file.read().splitlines(keepends=True)
    line = sum(map(len, lines[:4])) + lines[4].rindex(b'"text":') + 100
    flip(segment(daemon), line)
    checks.that(wait_until(lambda: scrub(daemon, "damaged") == 1), "a flipped byte of a line is found")
    said = messages(daemon)
    checks.that(FOUND in said and f"{1:020}.ndjson" in said, "the message names the file")
    checks.that(re.search(r"log\.sequence=\"?5\b", said), "and the change", said[-500:])

    warc = segment(daemon, "originals", "warc")
    flip(warc, os.path.getsize(warc) // 2)
    checks.that(wait_until(lambda: scrub(daemon, "damaged") == 2), "a flipped byte of an original is found")
    checks.that(f"{1:020}.warc" in messages(daemon), "and its file named")
    passes(daemon)
    checks.equal(messages(daemon).count(FOUND), 2, "each is said once, however often it is read")
    status = daemon.sijill("status").stdout.decode()
    checks.that("2 changes are damaged" in status, "sijill status says so", status)
    checks.equal(daemon.get("/v1/log")[0], 200, "the daemon goes on")

    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    told = daemon.sijilld("doctor")
    checks.that(told.returncode == 1 and b"scrub" in told.stdout, "sijilld doctor says so", told.stdout.decode())
    daemon.start()
    checks.equal(scrub(daemon, "damaged"), 2, "it is known after a restart")
    flip(segment(daemon), line)
    flip(warc, os.path.getsize(warc) // 2)
    checks.that(wait_until(lambda: scrub(daemon, "damaged") == 0), "what is mended is no damage any more")
    for folder, name in (("log", "log"), ("originals", "originals")):
        index = segment(daemon, name, "index")
        flip(index, os.path.getsize(index) // 2)
        checks.that(wait_until(lambda: scrub(daemon, "damaged") > 0), f"a flipped byte of the {folder}' index is found")
        flip(index, os.path.getsize(index) // 2)
        checks.that(wait_until(lambda: scrub(daemon, "damaged") == 0), f"the {folder}' index is mended")
    checks.equal(stat.S_IMODE(os.stat(warc).st_mode), 0o440, "the scrub changes no file")


def erasure(daemon, checks):
    before = messages(daemon).count(FOUND)
    articles = [c["data"]["article"] for c in daemon.changes() if c["type"].endswith("added")]
    for article in articles[3:13]:
        ended = daemon.sijilld("withdraw", article, "--erase", "--reason", "on request")
        checks.equal(ended.returncode, 0, f"{article} is erased: {ended.stderr.decode()}")
    passes(daemon)
    checks.equal(scrub(daemon, "damaged"), 0, "what was erased is no damage")
    checks.equal(messages(daemon).count(FOUND), before, "and was none while it was being erased")
    daemon.stop()
    daemon.start()
    passes(daemon)
    checks.equal(scrub(daemon, "damaged"), 0, "nor after a restart")


def place(daemon, checks):
    daemon.stop()
    path = os.path.join(daemon.data, "scrub")
    os.remove(path)
    daemon.environment = FAST | {"SIJILL_SCRUB_INTERVAL": "1h"}
    daemon.start()
    wait_until(lambda: scrub(daemon, "last_pass_timestamp_seconds") > 0)
    whole = scrub(daemon, "bytes_total")
    daemon.stop()
    os.remove(path)

    daemon.environment["SIJILL_SCRUB_RATE"] = f"{int(whole) // 40}B"
    daemon.start()
    checks.that(wait_until(lambda: scrub(daemon, "position") > 0), "a slow pass begins")
    checks.equal(daemon.stop(), 0, "it ends with the daemon")
    with open(path) as file:
        kept = json.load(file)
    checks.that(kept["under_way"] and kept["place"]["sequence"] > 0, "its place is kept", kept)
    daemon.environment["SIJILL_SCRUB_RATE"] = "1GiB"
    daemon.start()
    checks.that(wait_until(lambda: scrub(daemon, "last_pass_timestamp_seconds") > 0), "the pass is ended")
    rest = scrub(daemon, "bytes_total")
    checks.that(0 < rest < whole * 0.9, "it went on where it had stopped", f"{rest} of {whole}")

    daemon.stop()
    with open(path, "w") as file:
        file.write('{"log":')
    daemon.environment["SIJILL_SCRUB_INTERVAL"] = "1s"
    daemon.start()
    passes(daemon)
    checks.equal(scrub(daemon, "damaged"), 0, "a damaged state is begun anew")


def switched_off(daemon, checks):
    daemon.stop()
    daemon.environment["SIJILL_SCRUB_RATE"] = "0"
    daemon.start()
    checks.equal(scrub(daemon, "rate_bytes"), 0, "a rate of 0 turns it off")
    checks.that("off" in daemon.sijill("status").stdout.decode(), "sijill status says so")
    checks.equal(scrub(daemon, "bytes_total"), 0, "and nothing is read")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    check = daemon.sijilld("check")
    checks.equal(check.returncode, 0, f"check finds the same: {check.stdout.decode()}{check.stderr.decode()}")


if __name__ == "__main__":
    main(run)
