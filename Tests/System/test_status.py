"""`sijill status --watch` on a terminal and elsewhere, and the figures that an operator's rules speak of."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import ssl
import struct
import subprocess
import termios
import time
import urllib.request

import sijill_articles
from sijill_system import PATIENCE, ROOT, SIJILL, Daemon, main, wait_until

# What has no sample before it happens: made here, or only spoken of.
RARE = {"sijill_rejected_total", "sijill_quarantine_files", "sijill_certificate_end_timestamp_seconds"}


def run(options, checks):
    daemon = Daemon(options.folder)
    daemon.start()
    for number in range(5):
        daemon.drop(f"{number}.txt", sijill_articles.article(number, options.seed, 900))
    daemon.drop("bad.bin", b"\0\1\2")
    daemon.wait_changes(6)
    daemon.wait_empty()
    for name in ("desk", "archive-with-a-rather-long-name"):
        checks.equal(daemon.sijill("consumers", "create", name).returncode, 0, f"consumer {name}")
    figures(daemon, checks)
    followers(daemon, checks)
    certificate(options, checks)
    plain(daemon, checks)
    screen(daemon, checks)


def documented():
    """The names in the table of Metrics.md."""
    with open(os.path.join(ROOT, "Documentation", "Metrics.md")) as file:
        rows = [line.split("|")[1] for line in file if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(sijill_\w+)", row)}


def figures(daemon, checks):
    """Served, documented and alerted on are the same names."""
    text = daemon.get("/metrics")[2].decode()
    served = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    checks.equal(served - documented(), set(), "every figure that is served is in Metrics.md")
    checks.equal(documented() - served - RARE, set(), "every figure in Metrics.md is served")
    with open(os.path.join(ROOT, "config", "alerts.yml")) as file:
        rules = file.read()
    expressions = "\n".join(re.findall(r"expr: (.*(?:\n {10,}.*)*)", rules))
    named = {re.sub(r"_(bucket|sum|count)$", "", name) if name not in served else name
             for name in re.findall(r"\bsijill_\w+", expressions)}
    checks.that(len(named) > 15, "the rules speak of many figures", named)
    checks.equal(named - served - RARE, set(), "every figure that a rule speaks of is served")
    alerts = re.findall(r"- alert: (\w+)", rules)
    checks.equal(len(alerts), len(set(alerts)), "each alert has a name of its own")
    checks.equal(rules.count("summary:"), len(alerts), "each alert says what is the matter")
    checks.equal(rules.count("description:"), len(alerts), "and what to do")


def followers(daemon, checks):
    def count():
        return re.search(rb"^sijill_followers (\d+)", daemon.get("/metrics")[2], re.MULTILINE)[1]

    checks.equal(count(), b"0", "no one follows")
    with socket.create_connection(("127.0.0.1", daemon.port)) as connection:
        connection.sendall(b"GET /v1/changes?since=now HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
        checks.that(wait_until(lambda: count() == b"1"), "a follower is counted")
    checks.that(wait_until(lambda: count() == b"0"), "and one that has gone is not")


def certificate(options, checks):
    folder = os.path.join(options.folder, "tls")
    os.makedirs(folder)
    pair = [os.path.join(folder, name) for name in ("certificate.pem", "key.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
        + ["-keyout", pair[1], "-out", pair[0]],
        check=True,
        capture_output=True,
    )
    daemon = Daemon(folder, {"SIJILL_TLS_CERTIFICATE": pair[0], "SIJILL_TLS_KEY": pair[1]})
    daemon.start()
    context = ssl.create_default_context(cafile=pair[0])
    context.check_hostname = False  # It has no subjectAltName.
    with urllib.request.urlopen(f"https://localhost:{daemon.port}/metrics", context=context) as answer:
        text = answer.read().decode()
    end = float(re.search(r"^sijill_certificate_end_timestamp_seconds (\S+)", text, re.MULTILINE)[1])
    checks.that(abs(end - time.time() - 2 * 86_400) < 3_600, "the end of the certificate is told", end)
    daemon.stop()


def plain(daemon, checks):
    """Without a terminal: a block, or a line of JSON, each time."""
    environment = os.environ | {"SIJILL_URL": f"http://127.0.0.1:{daemon.port}"}
    command = [SIJILL, "status", "--watch", "--interval", "0.2"]
    for extra in ([], ["--json"]):
        process = subprocess.Popen([*command, *extra], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        read = b""
        while read.count(b"\n" if extra else b"\n\n") < 3:
            read += os.read(process.stdout.fileno(), 65_536)
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=PATIENCE)
        checks.equal(process.returncode, 0, f"SIGINT ends it with 0: {said.decode()}")
        checks.that(b"\x1b" not in read + rest, "no escape sequence where there is no terminal")
        if extra:
            lines = [json.loads(line) for line in (read + rest).splitlines()]
            checks.that(len(lines) >= 3 and all(line["metrics"]["sijill_ready"] == 1 for line in lines), "JSON lines")
        else:
            checks.that(len((read + rest).split(b"\n\n")) >= 3, "blocks with an empty line between")
    wrong = daemon.sijill("status", "--watch", "--interval", "0")
    checks.equal(wrong.returncode, 64, "an interval of 0 is refused")


class Screen:
    """What has been written to a terminal."""

    def __init__(self):
        self.bytes = b""

    def text(self):
        """The lines of the last whole frame."""
        frames = self.bytes.split(b"\x1b[H")
        whole = [frame for frame in frames if frame.endswith(b"\x1b[J")]
        if not whole:
            return []
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", whole[-1].decode())
        return text.split("\r\n")


def screen(daemon, checks):
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["SIJILL_URL"] = f"http://127.0.0.1:{daemon.port}"
        os.environ["TERM"] = "xterm"
        os.execv(SIJILL, [SIJILL, "status", "--watch", "--interval", "0.2"])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    shown = Screen()

    def shows(words):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    shown.bytes += os.read(terminal, 65_536)
                except OSError:
                    return False
            if all(word in "\n".join(shown.text()) for word in words):
                return True
        return False

    checks.that(
        shows(["intake", "changes/s", "inbox", "quarantine", "disk", "scrub", "consumer", "desk: 6 behind", "tip"]),
        "the screen has what an operator looks at", "\n".join(shown.text()))
    checks.that(all(len(line) <= 80 for line in shown.text()), "no line is longer than the terminal")
    checks.that(len(shown.text()) <= 24, "no more lines than the terminal has")
    checks.that(shown.bytes.startswith(b"\x1b[?1049h\x1b[?25l"), "it has a screen of its own")
    checks.equal(shown.bytes.count(b"\x1b[2J"), 1, "it is never cleared whole, which would flicker")
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 40, 0, 0))
    checks.that(
        wait_until(lambda: shows(["tip"]) and all(len(line) <= 40 for line in shown.text())
                   and len(shown.text()) <= 12), "it fits a smaller terminal", "\n".join(shown.text()))
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    daemon.drop("more.txt", sijill_articles.article(77, 1, 900))
    checks.that(shows(["desk: 7 behind"]), "a new change is seen")
    daemon.stop()
    checks.that(shows(["waiting"]), "without a daemon it waits")
    daemon.start()
    checks.that(shows(["intake", "desk: 7 behind"]), "and goes on when there is one")
    os.write(terminal, b"\x03")
    end = time.monotonic() + PATIENCE
    with_end = b""
    while time.monotonic() < end:
        try:
            piece = os.read(terminal, 65_536)
        except OSError:
            break
        if not piece:
            break
        with_end += piece
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    checks.equal(code, 0, "Ctrl-C ends it with 0")
    checks.that(with_end.endswith(b"\x1b[?25h\x1b[?1049l"), "the terminal is given back", with_end[-60:])
    os.close(terminal)


if __name__ == "__main__":
    main(run)
