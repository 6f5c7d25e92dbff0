"""The Debian package in a machine with a real systemd: it installs and starts, upgrades under a client, is removed and purged,
and leaves the archive alone. `--root` names another root file system, one of a bare Debian 12.

Where systemd cannot be booted the test is skipped, and says why.
"""

import glob
import os
import shutil
import subprocess

import sijill_articles
from sijill_machine import Machine, Unavailable
from sijill_system import ROOT, main, wait_until

UNITS = ("sijilld.socket", "sijilld.service")


def arguments(parser):
    parser.add_argument("--root", default="/", help="the root file system of the machine")


def run(options, checks):
    try:
        machine = Machine(options.folder, options.root)
    except Unavailable as error:
        print(f"systemd cannot be booted here ({error}): skipped")
        return
    with machine:
        missing = [tool for tool in ("dpkg-deb", "dpkg-shlibdeps", "patchelf") if not shutil.which(tool)]
        if missing:
            print(f"packages cannot be made here ({', '.join(missing)} missing): skipped")
            return
        first = made(options, checks)
        if first:
            play(machine, options, checks, first)


def made(options, checks):
    done = subprocess.run([os.path.join(ROOT, "Scripts", "deb")], capture_output=True, check=False)
    name = (done.stdout.decode().strip().split("\n") or [""])[-1]
    if checks.equal(done.returncode, 0, f"Scripts/deb: {done.stdout[-600:]!r} {done.stderr[-300:]!r}"):
        return os.path.join(ROOT, name)


def next_version(package, folder):
    """The same files as a newer version: what an upgrade does, without a second build."""
    tree = os.path.join(folder, "next")
    subprocess.run(["dpkg-deb", "--raw-extract", package, tree], check=True)
    control = os.path.join(tree, "DEBIAN", "control")
    with open(control) as file:
        text = file.read()
    with open(control, "w") as file:
        file.write(text.replace("-1\n", "-2\n", 1))
    newer = os.path.join(folder, "sijill_next.deb")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, newer], check=True, capture_output=True)
    return newer


def dpkg(machine, checks, what, *command):
    done = machine.run("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", *command, patience=300)
    checks.equal(done.returncode, 0, f"{what}: {done.stderr.decode()[-600:]}")
    return done


def play(machine, options, checks, package):
    for number, source in ((1, package), (2, next_version(package, options.folder))):
        shutil.copy(source, machine.path(f"/tmp/sijill-{number}.deb"))
    dpkg(machine, checks, "it installs", "--install", "/tmp/sijill-1.deb")
    active = [machine.property(unit, "ActiveState") for unit in UNITS]
    checks.equal(active, ["active", "active"], "and runs at once")
    checks.equal([machine.property(unit, "UnitFileState") for unit in UNITS], ["enabled"] * 2, "as it does at each boot")
    machine.write("/tmp/article.txt", sijill_articles.article(1, options.seed, 600))
    machine.run("mv", "/tmp/article.txt", "/var/lib/sijill/inbox/article.txt")
    checks.that(wait_until(lambda: changes(machine) == 1, pause=0.2), "an article that is dropped is in its log")
    checks.equal(machine.run("sijilld", "--version").stdout.count(b"."), 2, "sijilld --version")
    for page in (("1", "sijill"), ("8", "sijilld")):
        checks.that(glob.glob(machine.path(f"/usr/share/man/man{page[0]}/{page[1]}.{page[0]}.gz")), f"man {page[1]}")

    machine.run("sed", "-i", "s/#max: 20000/max: 19000/", "/etc/sijill/sijilld.yaml")
    process = machine.property("sijilld.service", "MainPID")
    dpkg(machine, checks, "it is upgraded", "--force-confold", "--install", "/tmp/sijill-2.deb")
    checks.that(machine.property("sijilld.service", "MainPID") != process, "the new version runs")
    checks.equal(changes(machine), 1, "with the log as it was")
    with open(machine.path("/etc/sijill/sijilld.yaml")) as file:
        checks.that("19000" in file.read(), "and the configuration that someone changed")

    dpkg(machine, checks, "it is removed", "--remove", "sijill")
    checks.that(not os.path.exists(machine.path("/usr/bin/sijilld")), "its programs are gone")
    gone = [machine.property(unit, "ActiveState") for unit in UNITS]
    checks.equal(gone, ["inactive", "inactive"], "and nothing of it runs")
    checks.that(os.path.exists(machine.path("/etc/sijill/sijilld.yaml")), "its configuration stays until it is purged")
    purged = dpkg(machine, checks, "it is purged", "--purge", "sijill")
    checks.that(not os.path.exists(machine.path("/etc/sijill")), "then that is gone as well")
    checks.that(os.path.exists(machine.path("/var/lib/sijill/log/state")), "the archive is nobody's to purge")
    checks.that(b"/var/lib/sijill" in purged.stderr, "which is said")
    left = machine.run("dpkg", "--verify").stdout
    checks.that(b"sijill" not in left, "dpkg has nothing of it any more", left[-200:])
    dpkg(machine, checks, "it installs again", "--install", "/tmp/sijill-2.deb")
    checks.that(wait_until(lambda: changes(machine) == 1, pause=0.2), "and goes on with the archive")


def changes(machine):
    return len(machine.run("sijill", "replay").stdout.splitlines())


if __name__ == "__main__":
    main(run, arguments=arguments)
