"""A start that cannot succeed says so in one line and with the right exit code; SIGTERM drains."""

import os
import re
import subprocess

import sijill_articles
import sijill_format
from sijill_system import SIJILLD, Daemon, main, wait_until


def run(options, checks):
    folder = options.folder
    configuration(checks, folder)
    directories(checks, folder)
    daemon = Daemon(os.path.join(folder, "one"))
    daemon.start()
    refused(
        checks,
        "a second daemon on the directory",
        75,
        ["lock"],
        ["run", "--data", daemon.data, "--listen", "127.0.0.1:0"],
    )
    refused(
        checks,
        "a port in use",
        69,
        [str(daemon.port)],
        ["run", "--data", os.path.join(folder, "two"), "--listen", f"127.0.0.1:{daemon.port}"],
    )
    checks.equal(daemon.get("/readyz")[0], 200, "the first daemon goes on")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    drain(options, checks)


def refused(checks, what, code, words, arguments):
    ended = subprocess.run(
        [SIJILLD, *arguments], capture_output=True, timeout=60, env=os.environ | {"SIJILL_LOG_LEVEL": "error"}
    )
    lines = ended.stderr.decode(errors="replace").strip("\n").split("\n")
    checks.equal(ended.returncode, code, f"{what}: exit code ({lines[-1]})")
    checks.that(len(lines) == 1 and lines[0], f"{what}: one line on standard error", lines)
    for word in words:
        checks.that(word in lines[0], f"{what}: the line says {word}", lines[0])


def configuration(checks, folder):
    path = os.path.join(folder, "sijilld.yaml")
    data = os.path.join(folder, "unused")
    for text, words in (
        ("inbox:\n  setle: 1s\n", ["line 2, column 3", "inbox.setle", "inbox.settle"]),
        ("limits:\n  file: many\n", ["line 2, column 9", "many", "limits.file"]),
        ("data: [\n", ["line 2"]),
    ):
        with open(path, "w") as file:
            file.write(text)
        refused(
            checks, f"configuration {text!r}", 78, [path, *words], ["run", "--config", path, "--data", data]
        )
    missing = os.path.join(folder, "missing.yaml")
    refused(checks, "a missing file", 78, [missing], ["run", "--config", missing, "--data", data])
    refused(checks, "a bad address", 78, ["--listen"], ["run", "--listen", "nowhere", "--data", data])
    # An address that others can reach, without tokens and TLS.
    remedies = ["0.0.0.0:80", "tokens", "tls.certificate", "behind_proxy"]
    refused(checks, "an open address", 78, remedies, ["run", "--listen", "0.0.0.0:80", "--data", data])
    checks.that(not os.path.exists(data), "a wrong configuration leaves nothing behind")
    ended = subprocess.run([SIJILLD, "run", "--no-such-flag"], capture_output=True, timeout=60)
    checks.equal(ended.returncode, 64, "an unknown flag")


def directories(checks, folder):
    file_path = os.path.join(folder, "a-file")
    with open(file_path, "w") as file:
        file.write("no folder\n")
    listen = ["--listen", "127.0.0.1:0"]
    refused(checks, "a file as the data directory", 78, [file_path], ["run", "--data", file_path, *listen])
    data = os.path.join(folder, "three")
    refused(
        checks,
        "an inbox that cannot be",
        78,
        [file_path],
        ["run", "--data", data, "--inbox", os.path.join(file_path, "inbox"), *listen],
    )
    # A file system that cannot be written: found before anything is taken in.
    inbox = os.path.join(folder, "read-only")
    os.makedirs(inbox)
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", inbox]
    if subprocess.run(mount, capture_output=True).returncode == 0:
        try:
            arguments = ["run", "--data", data, "--inbox", inbox, *listen]
            refused(checks, "an inbox that cannot be written", 78, [inbox, "read-only"], arguments)
        finally:
            subprocess.run(["umount", inbox], check=True)
    else:
        print("no file system can be mounted here: the read-only inbox is skipped")
    # Nobody, not even root, makes a folder in /proc.
    ended = subprocess.run(
        [SIJILLD, "run", "--data", "/proc/sijill", *listen], capture_output=True, timeout=60
    )
    checks.that(ended.returncode in (77, 78), "a data directory in /proc", ended.returncode)


def drain(options, checks):
    daemon = Daemon(os.path.join(options.folder, "drain"))
    daemon.start()
    count = 2_000 if options.full else 600
    names = [f"{number:05}.txt" for number in range(count)]
    waiting = os.path.join(daemon.drops, "waiting")
    os.makedirs(waiting)
    for number, name in enumerate(names):
        with open(os.path.join(waiting, name), "wb") as file:
            file.write(sijill_articles.article(number, options.seed, 2_000))
    # One rename brings them all at once: batches of many, however fast the disk is.
    os.rename(waiting, os.path.join(daemon.inbox, "agency"))
    wait_until(lambda: daemon.wait_changes(1, patience=0.1))
    checks.equal(daemon.stop(), 0, "SIGTERM in the middle of intake ends with 0")
    checks.that("STOPPING=1" in daemon.notices, "the service manager hears of it")
    left = daemon.inbox_files()
    checks.that(
        not any(name.startswith(".sijill-") for name in left), "no file is left half removed", left[:5]
    )
    directory = sijill_format.read(daemon.data)
    checks.sound(directory, "an outsider reads the directory")
    taken = [change.file["name"] for change in directory.changes]
    checks.equal(sorted(taken + left), names, "each file is in the log or in the inbox")
    tip = directory.changes[-1].sequence if directory.changes else 0
    checks.equal(directory.state["sequence"], tip, "the state is at the tip")
    lines = batch_lines(daemon)
    checks.equal(sum(lines), len(taken), "the lines of the batches account for each file")
    checks.that(len(lines) <= 1 + len(taken) / 4, "one line a batch, not one a file", len(lines))
    print(f"SIGTERM after {len(taken)} of {count} files in {len(lines)} batches")
    daemon.start()
    checks.that(daemon.wait_empty() and daemon.wait_changes(count), "the next start takes the rest")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    directory = sijill_format.read(daemon.data)
    checks.sound(directory, "an outsider reads the directory again")
    checks.equal(sorted(change.file["name"] for change in directory.changes), names, "each file once")


def batch_lines(daemon):
    """How many changes each line that the daemon logged of a batch counts."""
    counts = re.compile(r"\b(?:added|duplicated|rejected)=(\d+)")
    with open(daemon.messages, errors="replace") as file:
        lines = [counts.findall(line) for line in file if "log.sequence=" in line]
    return [sum(map(int, found)) for found in lines]


if __name__ == "__main__":
    main(run)
