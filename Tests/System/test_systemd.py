"""The unit in a real systemd: start, drop, replay, reload, credentials, restarts that clients do not see, a daemon that hangs,
one that is killed, one that must not be started again, stop.

Where systemd cannot be booted the test is skipped, and says why.
"""

import json
import os
import signal
import subprocess
import time

import sijill_articles
from sijill_machine import Machine, Unavailable, install
from sijill_system import main, wait_until

UNIT = "sijilld.service"
# Asks for the log again and again, one connection each; prints how often, and what went wrong.
CLIENT = """
import http.client, sys, time
ends, asked, wrong = time.monotonic() + float(sys.argv[1]), 0, []
while time.monotonic() < ends:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", 8750, timeout=30)
        connection.request("GET", "/v1/log")
        if connection.getresponse().status != 200:
            wrong.append("status")
        connection.close()
    except Exception as error:
        wrong.append(repr(error))
    asked += 1
print(asked, *wrong)
"""


def run(options, checks):
    try:
        with Machine(options.folder) as machine:
            install(machine)
            play(machine, options, checks)
    except Unavailable as error:
        print(f"systemd cannot be booted here ({error}): skipped")


def play(machine, options, checks):
    started(machine, checks)
    dropped(machine, options, checks)
    confined(machine, checks)
    restarted(machine, checks)
    reloaded(machine, checks)
    credentials(machine, checks)
    hangs(machine, checks)
    killed(machine, checks)
    stopped(machine, checks)
    refused(machine, checks)


def started(machine, checks):
    for command in (
        ("systemd-sysusers",), ("systemd-tmpfiles", "--create"), ("systemctl", "daemon-reload"),
        ("systemctl", "enable", "--now", "sijilld.socket", UNIT),
    ):
        done = machine.run(*command)
        checks.equal(done.returncode, 0, f"{' '.join(command)}: {done.stderr!r}")
    checks.equal(machine.property(UNIT, "ActiveState"), "active", "the unit is active once it has said READY=1")
    checks.that(machine.property(UNIT, "StatusText"), "and says how it is")
    checks.equal(machine.property("sijilld.socket", "SubState"), "running", "on the socket that systemd holds")


def dropped(machine, options, checks):
    """A user who may drop files, and nothing else, drops one."""
    text = sijill_articles.article(1, options.seed, 700)
    machine.write("/tmp/article.txt", text)
    as_nobody = ("setpriv", "--reuid=nobody", "--clear-groups")
    copied = machine.run(*as_nobody, "--regid=sijill", "sh", "-c", "umask 027; cp /tmp/article.txt /var/lib/sijill/inbox/")
    checks.equal(copied.returncode, 0, f"someone of the group drops a file: {copied.stderr!r}")
    checks.that(wait_until(lambda: len(changes(machine)) == 1, pause=0.1), "and sijill replays its change")
    data = changes(machine)[0]["data"]
    checks.equal(data["file"]["name"], "article.txt", "of that file")
    checks.that(
        wait_until(lambda: not os.listdir(machine.path("/var/lib/sijill/inbox"))), "which is gone from the inbox"
    )
    refused = machine.run(*as_nobody, "--regid=nogroup", "ls", "/var/lib/sijill")
    checks.that(refused.returncode != 0, "others may not look into the data directory")


def changes(machine, *arguments):
    done = machine.run("sijill", "replay", *arguments)
    return [json.loads(line) for line in done.stdout.splitlines()]


def confined(machine, checks):
    status = {}
    with open(machine.path(f"/proc/{machine.property(UNIT, 'MainPID')}/status")) as file:
        for line in file:
            key, _, value = line.partition(":")
            status[key] = value.strip()
    checks.equal(int(status["CapEff"], 16), 1 << 28, "it has CAP_LEASE and no other capability")
    checks.equal(int(status["CapBnd"], 16), 1 << 28, "and cannot get another")
    checks.equal([status["NoNewPrivs"], status["Seccomp"]], ["1", "2"], "no new privileges, calls are filtered")
    checks.that(status["Uid"].split()[0] != "0", "it is not root")


def restarted(machine, checks):
    """Clients queue at the socket: none of them is refused."""
    client = subprocess.Popen(machine.command("python3", "-c", CLIENT, "4"), stdout=subprocess.PIPE)
    time.sleep(0.5)
    before = machine.property(UNIT, "MainPID")
    for _ in range(2):
        checks.equal(machine.run("systemctl", "restart", UNIT).returncode, 0, "systemctl restart")
    asked, *wrong = client.communicate()[0].decode().split(" ", 1)
    checks.that(int(asked) > 50, f"a client asked {asked.strip()} times during two restarts")
    checks.equal([w.strip() for w in wrong], [], "and each time it got its answer")
    checks.that(machine.property(UNIT, "MainPID") != before, "from another process")
    checks.equal(len(changes(machine)), 1, "nothing was lost")


def drop_in(machine, *lines):
    os.makedirs(machine.path(f"/etc/systemd/system/{UNIT}.d"), exist_ok=True)
    machine.write(f"/etc/systemd/system/{UNIT}.d/test.conf", "\n".join(["[Service]", *lines, ""]).encode())
    machine.run("systemctl", "daemon-reload")


def curl(machine, *arguments):
    """The status of /v1/log."""
    url = "http://127.0.0.1:8750/v1/log"
    return machine.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *arguments, url).stdout.decode()


def bearer(token):
    return ("-H", f"Authorization: Bearer {token}")


def tokens(number):
    return "".join(f"reader{n} read {'t' * 31}{n}\n" for n in range(number)).encode()


def reloaded(machine, checks):
    machine.write("/etc/sijill/tokens", tokens(1), 0o640)
    machine.run("chown", "root:sijill", "/etc/sijill/tokens")
    drop_in(machine, "Environment=SIJILL_TOKENS=/etc/sijill/tokens")
    checks.equal(machine.run("systemctl", "restart", UNIT).returncode, 0, "with tokens")
    first, second = (bearer("t" * 31 + str(n)) for n in range(2))
    checks.equal([curl(machine), curl(machine, *first), curl(machine, *second)], ["401", "200", "401"], "they count")
    pid = machine.property(UNIT, "MainPID")
    machine.write("/etc/sijill/tokens", tokens(2), 0o640)
    checks.equal(machine.run("systemctl", "reload", UNIT).returncode, 0, "systemctl reload")
    checks.that(wait_until(lambda: curl(machine, *second) == "200", patience=20), "a new one counts after a reload")
    checks.equal(machine.property(UNIT, "MainPID"), pid, "in the same process")


def credentials(machine, checks):
    """Key and tokens are root's alone, and come to the daemon as credentials of systemd."""
    key = machine.run("sijilld", "key", "--data", "/var/lib/sijill").stdout
    checks.equal(machine.run("systemctl", "stop", UNIT).returncode, 0, "stopped, to move its key")
    machine.run("mv", "/var/lib/sijill/signing.key", "/etc/sijill/signing.key")
    for name in ("signing.key", "tokens"):
        machine.run("chown", "root:root", f"/etc/sijill/{name}")
        machine.run("chmod", "0600", f"/etc/sijill/{name}")
    drop_in(
        machine, "LoadCredential=signing.key:/etc/sijill/signing.key", "LoadCredential=tokens:/etc/sijill/tokens",
        "Environment=SIJILL_LOG_KEY=%d/signing.key SIJILL_TOKENS=%d/tokens",
    )
    done = machine.run("systemctl", "start", UNIT)
    checks.equal(done.returncode, 0, f"started with credentials: {journal(machine)[-400:]}")
    checks.equal([curl(machine), curl(machine, *bearer("t" * 31 + "0"))], ["401", "200"], "the tokens count")
    checks.that(not os.path.exists(machine.path("/var/lib/sijill/signing.key")), "no other key was made")
    machine.write("/tmp/second.txt", "مقال ثان بعد أن نقل المفتاح إلى حيث لا يصل إليه إلا النظام.".encode())
    machine.run("mv", "/tmp/second.txt", "/var/lib/sijill/inbox/second.txt")
    machine.run("chown", "sijill", "/var/lib/sijill/inbox/second.txt")
    environment = ("env", f"SIJILL_TOKEN={'t' * 31}0", "SIJILL_STATE=/tmp/verified")
    key = key.decode().strip().split("\n")[-1]

    def verified():
        return machine.run(*environment, "sijill", "verify", "--key", key)

    checks.that(wait_until(lambda: b"2" in verified().stdout, patience=20, pause=0.3), "the log goes on")
    checks.equal(verified().returncode, 0, f"signed by the same key: {verified().stderr!r}")


def journal(machine, *arguments):
    return machine.run("journalctl", "-u", UNIT, "-o", "cat", *arguments).stdout.decode(errors="replace")


def restarts(machine):
    return int(machine.property(UNIT, "NRestarts"))


def hangs(machine, checks):
    drop_in(machine, "WatchdogSec=2s")
    machine.run("mv", "/etc/sijill/signing.key", "/var/lib/sijill/signing.key")
    machine.run("chown", "sijill:sijill", "/var/lib/sijill/signing.key")
    checks.equal(machine.run("systemctl", "restart", UNIT).returncode, 0, "with a watchdog of two seconds")
    time.sleep(3)
    checks.equal(restarts(machine), 0, "the ledger answers it")
    os.kill(host_pid(machine), signal.SIGSTOP)
    came_back = wait_until(lambda: restarts(machine) == 1 and curl(machine) == "200", pause=0.3)
    checks.that(came_back, "a daemon that hangs is ended and started again")
    checks.that("watchdog" in journal(machine).lower(), "which the journal says")


def host_pid(machine):
    """The daemon's pid outside the machine."""
    inner = machine.property(UNIT, "MainPID")
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/status") as file:
                    pids = next((line.split()[1:] for line in file if line.startswith("NSpid:")), [])
            except OSError:
                continue
            if len(pids) > 1 and pids[-1] == inner and in_machine(machine, name):
                return int(name)
    raise RuntimeError("the daemon is not to be found")


def in_machine(machine, pid):
    return os.readlink(f"/proc/{pid}/ns/pid") == os.readlink(f"/proc/{machine.pid}/ns/pid")


def killed(machine, checks):
    before = restarts(machine)
    os.kill(host_pid(machine), signal.SIGKILL)
    came_back = wait_until(lambda: restarts(machine) == before + 1 and curl(machine) == "200", pause=0.2)
    checks.that(came_back, "one that is killed is started again")
    checks.equal(len(changes(machine)), 2, "with all it had")


def stopped(machine, checks):
    checks.equal(machine.run("systemctl", "stop", "sijilld.socket", UNIT).returncode, 0, "systemctl stop")
    found = [machine.property(UNIT, name) for name in ("Result", "ExecMainStatus", "ActiveState")]
    checks.equal(found, ["success", "0", "inactive"], "it has stopped by itself")
    check = machine.run("setpriv", "--reuid=sijill", "--regid=sijill", "--clear-groups", "sijilld", "check",
                        "--data", "/var/lib/sijill")
    checks.equal(check.returncode, 0, f"and what it leaves is sound: {check.stdout[-300:]!r}")
    checks.equal(machine.run("systemctl", "start", "sijilld.socket").returncode, 0, "the socket alone")
    checks.equal(curl(machine), "200", "the first client starts the daemon")


def refused(machine, checks):
    machine.run("systemctl", "stop", "sijilld.socket", UNIT)
    drop_in(machine, "Environment=SIJILL_INBOX_SETTLE=soon")
    machine.run("systemctl", "start", UNIT)
    found = [machine.property(UNIT, name) for name in ("ExecMainStatus", "ActiveState")]
    checks.equal(found, ["78", "failed"], "with a configuration that is none it does not start")
    checks.equal(restarts(machine), 0, "and is not tried again: a restart cures nothing")
    checks.that("SIJILL_INBOX_SETTLE" in journal(machine, "-p", "err"), "the journal has it as an error, with the name")


if __name__ == "__main__":
    main(run)
