"""A log that was cut behind its state goes on; one that is cut or altered before it is refused with 65.

A daemon is killed in the middle of its work. Its directory is copied, cut or altered in one place, and
started.
"""

import base64
import os
import shutil
import time

import sijill_articles
import sijill_format
from sijill_system import Daemon, main, wait_until


def run(options, checks):
    crashed = crash(options)
    state, segment, warc = crashed
    name = f"log/{state['segment']:020}.ndjson"
    warc_name = f"originals/{state['warc']:020}.warc"
    print(f"{name}: {state['offset']} bytes in the state, {len(segment) - state['offset']} behind it")

    # The tail of the segment: everything whole before the cut is kept.
    cuts = range(state["offset"], len(segment) + 1)
    if not options.full:
        ends = [state["offset"] + end for end in line_ends(segment[state["offset"] :])]
        near = {cut for end in ends for cut in (end - 1, end, end + 1) if cut in cuts} | {cuts[0]}
        cuts = sorted(
            options.random.sample(sorted(near), min(12, len(near))) + options.random.sample(cuts, 12)
        )
    for cut in cuts:
        expect_goes_on(options, checks, {name: cut}, whole(segment[:cut], warc), f"{name} cut at {cut}")

    # The tail of the originals: changes are kept up to the first whose original is not whole.
    cuts = range(state["warc_offset"], len(warc) + 1)
    for cut in cuts if options.full else sorted(options.random.sample(cuts, 12)):
        expect_goes_on(
            options, checks, {warc_name: cut}, whole(segment, warc[:cut]), f"{warc_name} cut at {cut}"
        )

    # A crash in recovery, and another: the same as without.
    for _ in range(60 if options.full else 8):
        cut = options.random.choice(range(state["offset"], len(segment) + 1))
        expect_goes_on(
            options,
            checks,
            {name: cut},
            whole(segment[:cut], warc),
            f"{name} cut at {cut}, crashes in recovery",
            crashes=options.random.randint(1, 4),
        )

    # What the state says is there has to be there.
    before = range(0, state["offset"])
    for cut in before if options.full else options.random.sample(before, 8):
        expect_refused(options, checks, {name: cut}, {}, name, f"{name} cut at {cut}")
    for cut in options.random.sample(range(state["warc_offset"]), 40 if options.full else 6):
        expect_refused(options, checks, {warc_name: cut}, {}, warc_name, f"{warc_name} cut at {cut}")
    for place in before if options.full else options.random.sample(before, 12):
        bit = 1 << options.random.randrange(8)
        expect_refused(
            options, checks, {}, {name: (place, bit)}, name, f"bit {bit} flipped at {place} of {name}"
        )
    length = os.path.getsize(os.path.join(options.folder, "crashed", "data", "log", "state"))
    for place in range(length) if options.full else options.random.sample(range(length), 8):
        bit = 1 << options.random.randrange(8)
        expect_refused(
            options,
            checks,
            {},
            {"log/state": (place, bit)},
            "log/state",
            f"bit {bit} flipped at {place} of log/state",
        )


def crash(options):
    """A directory whose state is behind its log, as a kill in the middle of work leaves it."""
    folder = os.path.join(options.folder, "crashed")
    for attempt in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        daemon = Daemon(folder)
        os.makedirs(daemon.inbox, exist_ok=True)
        daemon.start()
        for number in range(6):
            daemon.drop(f"early-{number}.txt", sijill_articles.article(number, options.seed, 700))
        daemon.wait_empty()
        before = wait_until(lambda: state_of(daemon)["sequence"] == 6 and state_of(daemon))
        for number in range(8):
            daemon.drop(f"late-{number}.txt", sijill_articles.article(100 + number, options.seed, 700))
            time.sleep(0.002)
        segment_path = os.path.join(daemon.data, "log", f"{before['segment']:020}.ndjson")
        size = before["offset"]
        wait_until(lambda: os.path.getsize(segment_path) > size + 4_000, pause=0.0005)
        daemon.kill()
        # What lies in the inbox would come in after each start; here only the log is looked at.
        shutil.rmtree(daemon.inbox)
        state = state_of(daemon)
        segment = sijill_format.numbered(daemon.data, "log", "ndjson")[state["segment"]]
        warc = sijill_format.numbered(daemon.data, "originals", "warc")[state["warc"]]
        if len(whole_lines(segment[state["offset"] :])) >= 2:
            return state, segment, warc
    raise RuntimeError("twenty kills, and never a log ahead of its state")


def state_of(daemon):
    with open(os.path.join(daemon.data, "log", "state"), "rb") as file:
        return sijill_format.strict_json(file.read())


def whole_lines(segment):
    return [line for _, line in sijill_format.lines_of(segment) if line.endswith(b"\n")]


def line_ends(segment):
    return [offset + len(line) for offset, line in sijill_format.lines_of(segment)]


def whole(segment, warc):
    """The lines that recovery has to keep: whole, up to the first whose original is not."""
    there = set()
    try:
        for _, fields, _, _ in sijill_format.warc_records(warc):
            there.add(fields["WARC-Block-Digest"])
    except (ValueError, KeyError):
        pass  # The torn end of the file.
    kept = []
    for line in whole_lines(segment):
        digest = bytes.fromhex(sijill_format.strict_json(line)["data"]["file"]["sha256"])
        if "sha256:" + base64.b32encode(digest).decode() not in there:
            break
        kept.append(line)
    return kept


def copy(options, cuts, flips):
    """A copy of the crashed directory, cut and altered."""
    folder = os.path.join(options.folder, "copy")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(
        os.path.join(options.folder, "crashed", "data"),
        os.path.join(folder, "data"),
        ignore=shutil.ignore_patterns("control"),
    )
    daemon = Daemon(folder)
    for name, length in cuts.items():
        os.chmod(os.path.join(daemon.data, name), 0o600)
        os.truncate(os.path.join(daemon.data, name), length)
    for name, (place, bit) in flips.items():
        os.chmod(os.path.join(daemon.data, name), 0o600)
        with open(os.path.join(daemon.data, name), "r+b") as file:
            file.seek(place)
            byte = file.read(1)[0]
            file.seek(place)
            file.write(bytes([byte ^ bit]))
    return daemon


def expect_goes_on(options, checks, cuts, lines_kept, what, crashes=0):
    daemon = copy(options, cuts, {})
    for _ in range(crashes):
        daemon.start(wait=False)
        time.sleep(options.random.uniform(0.0, 0.05))
        daemon.kill()
    try:
        daemon.start()
    except RuntimeError as error:
        checks.that(False, what, error)
        return
    daemon.drop("after.txt", sijill_articles.article(999, options.seed, 700))
    done = daemon.wait_changes(len(lines_kept) + 1)
    code = daemon.stop()
    directory = sijill_format.read(daemon.data)
    lines = [change.line for change in directory.changes]
    checks.that(
        done
        and code == 0
        and lines[:-1] == lines_kept
        and directory.changes[-1].kind == "added"
        and not directory.findings,
        what,
        f"exit {code}, {len(lines)} changes of {len(lines_kept)} + 1, findings {directory.findings[:3]}",
    )


def expect_refused(options, checks, cuts, flips, name, what):
    daemon = copy(options, cuts, flips)
    daemon.start("--log-level", "error", wait=False)
    ended = wait_until(lambda: daemon.process.poll() is not None or daemon.heard("READY=1"))
    if not ended or daemon.process.poll() is None:
        daemon.kill()
        checks.that(False, what, "the daemon started")
        return
    code = daemon.wait()
    message = daemon.last_message()
    checks.that(code == 65 and os.path.basename(name) in message, what, f"exit {code}: {message}")


if __name__ == "__main__":
    main(run)
