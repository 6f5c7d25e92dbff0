"""A mirror, killed at random while it catches up and while it follows, ends as the same log and an equal store; served
read-only it gives the same bytes under the same cursors, and can be mirrored again."""

import glob
import json
import os
import signal
import sqlite3
import subprocess
import time
import urllib.parse

import sijill_articles
from sijill_system import PATIENCE, SIJILL, Daemon, main, wait_until


def run(options, checks):
    kills, count = (30, 50_000) if options.full else (12, 12_000)
    source = Daemon(options.folder)
    source.start()
    fill(source, count, options.seed)
    checks.that(source.wait_changes(count), "the source has its changes")

    copy = os.path.join(options.folder, "mirror")
    kill_while_catching_up(options, checks, source, copy, kills)
    compare(checks, source.data, copy, "after the kills")
    checks.equal(check(copy), (0, []), "sijilld check finds a mirror sound, without originals")
    checks.that(not os.path.exists(os.path.join(copy, "originals")), "originals are not mirrored")

    serve_read_only(options, checks, source, copy)
    refusals(checks, source, copy)
    checks.equal(source.stop(), 0, "the source ends with 0")


def fill(daemon, count, seed):
    """One file of lines a thousand changes; some texts come twice."""
    for first in range(0, count, 1_000):
        numbers = list(range(first, min(first + 1_000, count)))
        numbers[-10:] = numbers[:10]
        daemon.drop(f"lines-{first}.jsonl", sijill_articles.jsonl(numbers, seed, 400))


def mirror(source, directory, *arguments):
    url = source
    if not isinstance(source, str):
        url = f"http://127.0.0.1:{source.port}"
        arguments += ("--key", json.loads(source.get("/v1/log")[2])["checkpoint"]["key"])
    return subprocess.Popen(
        [SIJILL, "mirror", directory, "--url", url, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"NO_COLOR": "1"},
    )


def finish(process, patience=10 * PATIENCE):
    output, error = process.communicate(timeout=patience)
    return process.returncode, output.decode(), error.decode()


def kill_while_catching_up(options, checks, source, directory, kills):
    """Each run gets as far as its kill lets it: some kills meet its start, most its work."""
    sequences = [0]
    step = int(tip(source)[:16]) // kills
    for number in range(kills):
        process = mirror(source, directory)
        time.sleep(options.random.uniform(0.0, 0.1))
        if options.random.random() < 0.8:
            goal = sequences[-1] + options.random.randrange(2 * step)
            wait_until(lambda: state(directory).get("sequence", 0) >= goal, 5, pause=0.001)
            time.sleep(options.random.uniform(0.0, 0.03))
        process.kill()
        code, _, error = finish(process)
        if not checks.equal(code, -signal.SIGKILL, f"kill {number} met a mirror at work: {error}"):
            break
        sequences.append(state(directory).get("sequence", 0))
    checks.equal(sequences, sorted(sequences), "no kill takes back what was said to be there")
    print(f"mirrored at the kills: {sequences}", flush=True)
    code, output, error = finish(mirror(source, directory, "--once", "--json"))
    checks.equal((code, error), (0, ""), "the mirror ends at the tip")
    checks.equal(json.loads(output.splitlines()[-1])["tip"], tip(source), "and says so")


def state(directory):
    try:
        with open(os.path.join(directory, "log", "state"), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def tip(daemon):
    return json.loads(daemon.get("/v1/log")[2])["tip"]


def log_bytes(directory):
    pieces = []
    for path in sorted(glob.glob(os.path.join(directory, "log", "*.ndjson"))):
        with open(path, "rb") as file:
            pieces.append(file.read())
    return b"".join(pieces)


def rows(directory):
    """Every row of every table of the store, the tables of extensions left to their owners."""
    store = sqlite3.connect(f"file:{directory}/sijill.sqlite?mode=ro", uri=True)
    store.text_factory = bytes
    names = [
        name.decode()
        for (name,) in store.execute(
            "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
            # The search index merges when it has time; what it finds is compared through the feed.
            " and name not like 'search%' and sql not like 'create virtual%' order by name"
        )
    ]
    found = {name: store.execute(f'select * from "{name}" order by 1, 2').fetchall() for name in names}
    store.close()
    return found


def compare(checks, source, copy, when):
    checks.that(log_bytes(source) == log_bytes(copy), f"the log has the same bytes {when}")
    ours, theirs = rows(source), rows(copy)
    checks.equal(sorted(theirs), sorted(ours), f"the stores have the same tables {when}")
    for name in ours:
        checks.that(ours[name] == theirs.get(name), f"table {name} has the same rows {when}")


def check(directory):
    run = subprocess.run(
        [os.environ.get("SIJILLD", os.path.join(os.path.dirname(SIJILL), "sijilld")), "check", "--json"]
        + ["--data", directory],
        capture_output=True,
        timeout=10 * PATIENCE,
    )
    return run.returncode, json.loads(run.stdout)["findings"]


class ReadOnly(Daemon):
    """A read-only daemon of a directory that is not its own."""

    def __init__(self, folder, data):
        os.makedirs(folder, exist_ok=True)
        super().__init__(folder)
        self.data = data


def serve_read_only(options, checks, source, copy):
    """A mirror at work, a daemon that serves it, a follower of that, and a mirror of the mirror."""
    process = mirror(source, copy)
    server = ReadOnly(os.path.join(options.folder, "server"), copy)
    server.start("--read-only")
    checks.equal(json.loads(server.get("/v1/log")[2])["tip"], tip(source), "the copy has the same tip")
    checks.that(server.replay() == source.replay(), "the copy serves the same bytes")

    before = tip(source)
    ahead = f"{int(before[:16]) + 1:016d}-{before[17:]}"
    status, headers, _ = server.get(f"/v1/changes?since={ahead}")
    checks.equal((status, "Retry-After" in headers), (503, True), "a page beyond a copy's tip comes later")
    waiting = subprocess.Popen(
        [SIJILL, "follow", "--url", f"http://127.0.0.1:{server.port}", "--since", ahead],
        stdout=subprocess.PIPE,
    )
    for number in range(3):
        source.drop(f"more-{number}.txt", sijill_articles.article(number, f"{options.seed}-more"))
        checks.that(source.wait_changes(int(before[:16]) + number + 1), "the source goes on")
    checks.that(wait_until(lambda: tip(server) == tip(source)), "a read-only daemon sees what the mirror adds")
    lines = [json.loads(waiting.stdout.readline())["sequence"] for _ in range(2)]
    expected = [f"{int(before[:16]) + n:016d}" for n in (2, 3)]
    checks.equal(lines, expected, "a follower that was ahead of the copy waits and goes on")
    waiting.send_signal(signal.SIGINT)
    checks.equal(waiting.wait(PATIENCE), 0, "Ctrl-C ends a follower with 0")
    waiting.stdout.close()

    checks.equal(check(copy), (0, []), "sijilld check runs beside mirror and server")
    checks.that(
        wait_until(lambda: search(server) == search(source) != 0, pause=0.2), "search finds the same on the copy"
    )
    article = json.loads(source.replay("&content=omit").splitlines()[-1])["data"]["article"]
    checks.equal(server.get(f"/v1/articles/{article}")[0], 200, "new articles are found on the copy")
    checks.equal(server.get(f"/v1/articles/{article}/original")[0], 404, "their originals are not there")

    second = os.path.join(options.folder, "second")
    code, _, error = finish(mirror(server, second, "--once"))
    checks.equal((code, error), (0, ""), "a mirror of the mirror")
    compare(checks, source.data, second, "in a mirror of a mirror")

    process.send_signal(signal.SIGTERM)
    code, output, error = finish(process)
    checks.equal((code, error), (0, ""), "SIGTERM ends a mirror with 0")
    checks.that("originals are not mirrored" in output, "it says that originals are not mirrored")
    checks.equal(server.stop(), 0, "SIGTERM ends a read-only daemon with 0")
    compare(checks, source.data, copy, "after following")


def search(daemon):
    status, _, body = daemon.get("/v1/search?q=" + urllib.parse.quote("الزيتون"))
    return json.loads(body)["total"] if status == 200 else status


def refusals(checks, source, copy):
    other = ReadOnly(os.path.join(os.path.dirname(copy), "other"), copy)
    writing = subprocess.run(other.command(), capture_output=True, timeout=PATIENCE)
    checks.equal(writing.returncode, 78, "a daemon does not write to a mirror")
    checks.that(b"--read-only" in writing.stderr, "and says how it is served")
    empty = os.path.join(os.path.dirname(copy), "empty")
    nothing = ReadOnly(empty, os.path.join(empty, "data"))
    run = subprocess.run(nothing.command("--read-only"), capture_output=True, timeout=PATIENCE)
    checks.equal(run.returncode, 78, "a read-only daemon makes no log")
    code, _, error = finish(mirror("http://127.0.0.1:1", copy, "--once"))
    checks.equal((code, error.count("\n")), (69, 1), "a source that cannot be reached")
    stranger = Daemon(os.path.join(os.path.dirname(copy), "stranger"))
    stranger.start()
    code, _, error = finish(mirror(stranger, copy, "--once"))
    checks.equal(code, 78, f"a mirror of one log is not made one of another: {error}")
    stranger.stop()
    code, _, error = finish(mirror(source, stranger.data, "--once"))
    checks.equal(code, 78, f"nor a log of its own a mirror: {error}")
    # Of sealed segments the start looks at the sizes only, as a daemon's does; 'sijilld check' reads them.
    with open(max(glob.glob(os.path.join(copy, "log", "*.ndjson"))), "r+b") as segment:
        segment.seek(700)
        byte = segment.read(1)
        segment.seek(700)
        segment.write(bytes([byte[0] ^ 1]))
    code, _, error = finish(mirror(source, copy, "--once"))
    checks.equal(code, 65, f"a damaged mirror is not written to: {error}")


if __name__ == "__main__":
    main(run)
