"""Boots systemd as the first process of namespaces of its own, on an overlay of a root file system: a machine of which
nothing is left when it is switched off. Needs root; a kernel or container that does not let it is told by `Unavailable`.
"""

import os
import signal
import subprocess
import sys
import tempfile

from sijill_system import PATIENCE, ROOT, wait_until

# The file systems of a container as systemd wants them (https://systemd.io/CONTAINER_INTERFACE). Units of the lower root
# that would reach outside or wait for hardware are masked.
BOOT = r"""
set -e
folder=$1 lower=$2 root=$1/root
mount --make-rprivate /
mkdir -p "$folder/layers" "$root"
mount -t tmpfs tmpfs "$folder/layers"
mkdir "$folder/layers/upper" "$folder/layers/work"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$folder/layers/upper,workdir=$folder/layers/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for name in null zero full random urandom tty; do
    : >"$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
ip link set lo up
mkdir -p "$root/etc/systemd/system"
printf '[Unit]\nRequires=basic.target\nAfter=basic.target\n' >"$root/etc/systemd/system/machine.target"
for unit in nginx ssh cron getty@tty1 console-getty systemd-logind systemd-networkd systemd-resolved apparmor; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit.service"
done
# What systemd mounts for a unit from a namespace beside its own has to be seen here: credentials.
mount --make-rshared "$root"
cd "$root"
exec env -i container=sijill PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    chroot "$root" /lib/systemd/systemd --system --unit=machine.target --log-target=journal
"""
NAMESPACES = ("--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup")


class Unavailable(Exception):
    """systemd cannot be booted here, and why."""


class Machine:
    """A booted system. Use it as a context manager."""

    def __init__(self, folder, lower="/"):
        if os.geteuid() != 0:
            raise Unavailable("not root")
        if not os.path.exists(os.path.join(lower, "lib/systemd/systemd")):
            raise Unavailable("no systemd is installed")
        self.folder = tempfile.mkdtemp(prefix="machine-", dir=folder)
        self.root = os.path.join(self.folder, "root")
        self.log = os.path.join(self.folder, "boot.log")
        with open(self.log, "wb") as log:
            self.outer = subprocess.Popen(
                ["unshare", *NAMESPACES, "--fork", "--kill-child", "bash", "-c", BOOT, "boot", self.folder, lower],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        self.pid = None
        if not wait_until(lambda: self.outer.poll() is not None or self.is_up(), patience=PATIENCE, pause=0.2):
            self.off()
            raise Unavailable("it does not come up")
        if self.outer.poll() is not None:
            with open(self.log, errors="replace") as log:
                raise Unavailable((log.read().strip().split("\n") or ["?"])[-1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.off()

    def is_up(self):
        if self.pid is None:
            with open(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children") as children:
                found = children.read().split()
            if not found:
                return False
            with open(f"/proc/{found[0]}/comm") as name:
                if name.read().strip() != "systemd":
                    return False
            self.pid = int(found[0])
        return self.run("systemctl", "is-system-running").stdout.strip() in (b"running", b"degraded")

    def command(self, *arguments):
        flags = ("--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", "--root", "--wd")
        return ["nsenter", "--target", str(self.pid), *flags, "--", *arguments]

    def run(self, *arguments, patience=PATIENCE):
        """Runs a command in the machine, as root, and waits for it."""
        return subprocess.run(
            self.command(*arguments), capture_output=True, timeout=patience, check=False,
            env={"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "SYSTEMD_PAGER": ""},
        )

    def path(self, name):
        """A file of the machine, seen from outside it."""
        return f"/proc/{self.pid}/root{name}"

    def write(self, name, content, mode=0o644):
        with open(self.path(name), "wb") as file:
            file.write(content)
        os.chmod(self.path(name), mode)

    def property(self, unit, name):
        return self.run("systemctl", "show", unit, f"--property={name}", "--value").stdout.decode().strip()

    def off(self):
        """Kills its first process, and with it all others and its mounts."""
        if self.pid and self.outer.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        self.outer.kill()
        self.outer.wait()


def install(machine, prefix="/usr"):
    """`make install` without the build, into the machine."""
    done = subprocess.run(
        [os.path.join(ROOT, "Scripts", "install"), "--prefix", prefix, "--destination", machine.path("")],
        capture_output=True, check=False,
    )
    if done.returncode:
        sys.exit(f"Scripts/install: {done.stderr.decode()}")
