"""CPU time and memory of processes, from ``/proc``; where there is none, nothing is said."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


def measurable() -> bool:
    return (_PROC / "self" / "stat").exists()


def cpu_seconds(*pids: int) -> float:
    """What these processes, all below them, and those of them that have ended meanwhile took so far."""
    return sum(_ticks(pid) for root in pids for pid in family(root)) / _TICKS


def resident_mib(pid: int) -> float:
    """Memory of the process alone, now."""
    return _status(pid, "VmRSS")


def family(pid: int) -> Iterator[int]:
    yield pid
    try:
        tasks = [(task / "children").read_text() for task in (_PROC / str(pid) / "task").iterdir()]
    except OSError:  # it has ended
        return
    for child in " ".join(tasks).split():
        yield from family(int(child))


def _ticks(pid: int) -> int:
    try:
        # The name in brackets may hold anything; user, system, and the same of children that were waited for.
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(int(fields[index]) for index in (11, 12, 13, 14))


def _status(pid: int, name: str) -> float:
    try:
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:")), 0.0)
