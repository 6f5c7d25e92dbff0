"""`sijilld doctor` finds what is wrong and says what to do; lines for the journal carry their priority."""

import json
import os
import re
import socket
import subprocess
import tempfile

from sijill_system import SIJILLD, Daemon, main


def run(options, checks):
    daemon = Daemon(os.path.join(options.folder, "one"))
    listen = {"SIJILL_LISTEN": f"127.0.0.1:{daemon.port}"}
    daemon.environment = listen
    found = doctor(checks, daemon, 0, "a directory that is not there yet")
    checks.equal(found["listen"]["verdict"], "ok", "a free address")
    daemon.start()
    found = doctor(checks, daemon, 0, "a running daemon")
    checks.that("by the daemon" in found["listen"]["detail"], "its address is in use by it", found["listen"])
    checks.equal(found["disk.sync"]["verdict"], "ok", "the disk syncs")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")

    os.chmod(os.path.join(daemon.data, "signing.key"), 0o644)
    problem(checks, daemon, "key", "0600", "a key that others may read")
    os.chmod(os.path.join(daemon.data, "signing.key"), 0o600)
    os.chmod(daemon.inbox, 0o777)
    problem(checks, daemon, "inbox", "1770", "an inbox in which everyone may remove")
    os.chmod(daemon.inbox, 0o750)
    os.chmod(daemon.data, 0o777)
    problem(checks, daemon, "data", "0750", "a data directory in which everyone may write")
    os.chmod(daemon.data, 0o750)
    state = os.path.join(daemon.data, "log", "state")
    os.utime(state, (4_000_000_000, 4_000_000_000))
    problem(checks, daemon, "clock.behind", "clock", "a log from the future")
    os.utime(state)
    with socket.socket() as other:
        other.bind(("127.0.0.1", daemon.port))
        other.listen()
        problem(checks, daemon, "listen", "port", "an address that another program has")
    daemon.environment = listen | {"SIJILL_DISK_RESERVE": "many"}
    problem(checks, daemon, "configuration", "disk.reserve", "a configuration that cannot be read")
    daemon.environment = listen
    if os.path.isdir("/dev/shm"):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
            problem(checks, Daemon(options.folder), "data.file-system", "disk", "a directory in memory", memory)
    text = daemon.sijilld("doctor")
    checks.equal(text.returncode, 0, "all is well again")
    checks.that(re.search(rb"^ok +disk\.free: ", text.stdout, re.M), "a line a finding", text.stdout[:300])
    journal(checks, daemon)


def doctor(checks, daemon, code, what, data=None):
    ended = subprocess.run(
        [SIJILLD, "doctor", "--json", "--data", data or daemon.data],
        capture_output=True,
        timeout=60,
        env=os.environ | daemon.environment,
    )
    checks.equal(ended.returncode, code, f"{what}: exit code ({ended.stdout[-600:]!r} {ended.stderr!r})")
    report = json.loads(ended.stdout)
    checks.equal(report["healthy"], code == 0, f"{what}: healthy")
    return {finding["name"]: finding for finding in report["findings"]}


def problem(checks, daemon, name, word, what, data=None):
    found = doctor(checks, daemon, 1, what, data)
    finding = found.get(name, {})
    checks.equal(finding.get("verdict"), "problem", what)
    checks.that(word in finding.get("remedy", "") + finding.get("detail", ""), f"{what}: what to do", finding)


def journal(checks, daemon):
    """A socket stands for the journal: JOURNAL_STREAM names its device and inode."""
    ours, theirs = socket.socketpair()
    status = os.fstat(theirs.fileno())
    environment = os.environ | {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
    for arguments, code in ((["run", "--once", "--listen", "127.0.0.1:0"], 0), (["run", "--listen", "nowhere"], 78)):
        ended = subprocess.run(
            [SIJILLD, *arguments, "--data", daemon.data], stderr=theirs, env=environment, timeout=60
        )
        checks.equal(ended.returncode, code, f"{arguments}: exit code")
    theirs.close()
    said = b""
    while piece := ours.recv(65_536):
        said += piece
    lines = said.decode().splitlines()
    checks.that(lines and all(re.match(r"<[2-7]>\S", line) for line in lines), "each line has a priority", lines)
    checks.that(any(line.startswith("<5>") for line in lines), "a notice is 5", lines)
    checks.that(lines and lines[-1].startswith("<3>sijilld: "), "the line before the end is 3", lines)


if __name__ == "__main__":
    main(run)
