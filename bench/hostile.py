"""What hostile input costs before it is refused: ``make bench-hostile``.

Each case runs in a process of its own, forked from one that has the library loaded and has verified one good badge.
CPU time is the process's; memory is its peak above that of a process that does nothing. Limits are those of the issue:
JSON, JWT and gzip 100 ms, graphs and images 500 ms; 64 MB, images 128 MB.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.progress import track
from rich.table import Table

from badgeissuer.errors import BadgeissuerError
from badgeissuer.vc.canon import canonicalize
from badgeissuer.vc.contexts import OB_CONTEXTS, ContextStore
from bench.hostile_corpus import Case, cases

MILLISECONDS = {"JSON": 100, "JWT": 100, "gzip": 100, "graph": 500, "PNG": 500, "SVG": 500}
MIB = {"JSON": 64, "JWT": 64, "gzip": 64, "graph": 64, "PNG": 128, "SVG": 128}


@dataclass(frozen=True, slots=True)
class Cost:
    """``answer`` is the code of the error, "accepted", or the name of an error that is not ours."""

    answer: str
    cpu_ms: float
    peak_mib: float


def main() -> int:
    """Run all cases and print the table. 0 where every case is refused as it should be and within its limits."""
    _warm_up()
    idle = _in_child(lambda: "idle").peak_mib
    table = Table(title="Hostile input: what it costs until it is refused")
    for title in ("family", "case", "refused as", "CPU ms", "allowed", "MiB", "allowed", "ok"):
        table.add_column(title, justify="right" if title in ("CPU ms", "MiB", "allowed") else "left")
    progress = Console(stderr=True)
    bad = 0
    try:
        for case in track([*cases()], description="hostile input", console=progress, transient=True):
            cost = measure(case)
            memory = max(0.0, cost.peak_mib - idle)
            most_ms, most_mib = MILLISECONDS[case.family], MIB[case.family]
            good = cost.answer == case.code and cost.cpu_ms <= most_ms and memory <= most_mib
            bad += not good
            row = (
                case.family,
                case.name,
                cost.answer,
                f"{cost.cpu_ms:.1f}",
                str(most_ms),
                f"{memory:.1f}",
                str(most_mib),
            )
            table.add_row(*row, "yes" if good else "NO", style=None if good else "bold red")
    except KeyboardInterrupt:
        progress.print("stopped; nothing was left behind")
        return 130
    Console(width=140 if not sys.stdout.isatty() else None).print(table)
    print(f"{bad} of {table.row_count} cases are over a limit" if bad else f"all {table.row_count} cases within limits")
    return 1 if bad else 0


def measure(case: Case) -> Cost:
    """What one case costs. The input is made first and does not count towards CPU; its memory is taken off."""
    given = case.make()
    size = len(given) / 2**20 if isinstance(given, bytes | str) else 0.0
    cost = _in_child(lambda: _answer(case, given))
    return Cost(cost.answer, cost.cpu_ms, cost.peak_mib - size)


def _answer(case: Case, given: object) -> str:
    try:
        case.act(given)
    except BadgeissuerError as error:
        return error.code
    except Exception as error:
        return type(error).__name__
    return "accepted"


def _warm_up() -> None:
    document = {
        "@context": list(OB_CONTEXTS),
        "id": "urn:x:1",
        "type": ["OpenBadgeCredential"],
        "issuer": {"id": "urn:a"},
    }
    canonicalize(document, ContextStore.pinned())


def _in_child(act: Callable[[], str]) -> Cost:
    """Run in a forked process, so that peaks do not mix."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        os.close(reader)
        began = time.process_time()
        answer = act()
        used = time.process_time() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        os.write(writer, json.dumps([answer, used * 1000, peak]).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    if not text:
        return Cost("the process died", 0.0, 0.0)
    answer, cpu, peak = json.loads(text)
    return Cost(str(answer), float(cpu), float(peak))
