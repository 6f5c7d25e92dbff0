"""Timing of whole processes, and the table of what came of it."""

import os
import platform
import statistics
import subprocess
import time
from dataclasses import dataclass, field

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Sample:
    value: float
    cpu_seconds: float = 0.0
    peak_mib: float = 0.0


class Missing(Exception):
    """A peer that is not here. Its row says so, the others are measured."""


@dataclass
class Item:
    """One thing that is measured, the unit of its figure, and the item or the items that it is judged by."""

    name: str
    unit: str
    run: object
    over: object = ()
    samples: list = field(default_factory=list)
    missing: str = ""

    @property
    def median(self):
        return statistics.median(sample.value for sample in self.samples)


class Shared:
    """One measurement that yields several figures: the rows of a round take theirs from the same."""

    def __init__(self, measured):
        self.measured = measured
        self.left = {}

    def figure(self, name):
        def run():
            # Taken already, so this is the next round.
            if name not in self.left:
                self.left = dict(self.measured())
            value = self.left.pop(name)
            return value if isinstance(value, Sample) else Sample(value)

        return run


def percentiles(values):
    values = sorted(values)
    return {f"p{share}": values[min(len(values) - 1, len(values) * share // 100)] for share in (50, 99)}


def process(command, **options):
    """Runs a command to its end: wall seconds, CPU seconds, peak memory in MiB."""
    began = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **options)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{command} ended with {child.returncode}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def cpu_seconds(pid):
    """User and system time of a process that runs, its ended threads included."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_mib(pid):
    """The largest resident size of a process so far."""
    return status_kib(pid, "VmHWM") / 1024


def status_kib(pid, member):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(member + ":"))


def once(make):
    """What is made at its first use. What is missing is missing each time."""
    made = []

    def value():
        if not made:
            try:
                made.append(make())
            except Missing as reason:
                made.append(reason)
        if isinstance(made[0], Missing):
            raise made[0]
        return made[0]

    return value


def rounds(items, count):
    """Each item in turn, `count` times: what disturbs the machine for a while disturbs all of them."""
    for number in range(count):
        for item in items:
            if item.missing:
                continue
            try:
                item.samples.append(item.run())
            except Missing as reason:
                item.missing = str(reason)
                print(f"  {item.name}: not measured: {reason}", flush=True)
                continue
            print(f"  {number + 1}/{count} {item.name}: {shown(item.samples[-1].value)} {item.unit}", flush=True)


def table(items):
    lines = [
        "| | median | min – max | unit | ratio | CPU s | peak MiB |",
        "|---|---|---|---|---|---|---|",
    ]
    for item in items:
        if item.missing:
            lines.append(f"| {item.name} | not measured | {item.missing} | | | | |")
            continue
        values = [sample.value for sample in item.samples]
        cpu = statistics.median(sample.cpu_seconds for sample in item.samples)
        peak = max(sample.peak_mib for sample in item.samples)
        # What was not measured has no figure.
        lines.append(
            f"| {item.name} | {shown(item.median)} | {shown(min(values))} – {shown(max(values))} "
            f"| {item.unit} | {ratio(item, items)} | {f'{cpu:.2f}' if cpu else ''} | {f'{peak:.0f}' if peak else ''} |"
        )
    return "\n".join(lines)


def ratio(item, items):
    """The medians of the pairs with each item that this one is judged by, the best of those first."""
    names = (item.over,) if isinstance(item.over, str) else item.over
    peers = [peer for peer in items if peer.name in names and peer.samples and not peer.missing]
    # Milliseconds and bytes are better when there are fewer.
    peers.sort(key=lambda peer: peer.median, reverse=item.unit.endswith("/s"))
    return "; ".join(f"{median_of_pairs(item, peer):.2f} × {peer.name}" for peer in peers)


def median_of_pairs(item, peer):
    pairs = [a.value / b.value for a, b in zip(item.samples, peer.samples) if b.value]
    return statistics.median(pairs) if pairs else float("nan")


def shown(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return f"{os.cpu_count()} cores ({model}), {memory} GiB, Linux {platform.release()}"
