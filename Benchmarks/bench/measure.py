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


@dataclass
class Item:
    """One thing that is measured, the unit of its figure, and the item beside which it is judged."""

    name: str
    unit: str
    run: object
    over: str = ""
    higher_is_better: bool = True
    samples: list = field(default_factory=list)


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


def rounds(items, count):
    """Each item in turn, `count` times: what disturbs the machine for a while disturbs all of them."""
    for number in range(count):
        for item in items:
            item.samples.append(item.run())
            print(f"  {number + 1}/{count} {item.name}: {shown(item.samples[-1].value)} {item.unit}", flush=True)


def table(items):
    lines = [
        "| | median | min – max | unit | ratio | CPU s | peak MiB |",
        "|---|---|---|---|---|---|---|",
    ]
    by_name = {item.name: item for item in items}
    for item in items:
        values = [sample.value for sample in item.samples]
        ratio = ""
        if item.over:
            pairs = [a.value / b.value for a, b in zip(item.samples, by_name[item.over].samples)]
            ratio = f"{statistics.median(pairs):.2f} × {item.over}"
        cpu = statistics.median(sample.cpu_seconds for sample in item.samples)
        peak = max(sample.peak_mib for sample in item.samples)
        # What was not measured has no figure.
        lines.append(
            f"| {item.name} | {shown(statistics.median(values))} | {shown(min(values))} – {shown(max(values))} "
            f"| {item.unit} | {ratio} | {f'{cpu:.2f}' if cpu else ''} | {f'{peak:.0f}' if peak else ''} |"
        )
    return "\n".join(lines)


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
