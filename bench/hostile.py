"""What hostile input costs before it is refused: ``make bench-hostile``.

Each case is made in one process and met in another, both forked from one that has the library loaded and has verified
a good badge. CPU time is that of meeting it; memory is the highest that the process needed above what it had before it
read the input, the input included.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import json
import os
import pickle
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import IO

from rich.console import Console
from rich.progress import track
from rich.table import Table

from badgeissuer.errors import BadgeissuerError
from badgeissuer.vc import limits
from bench.corpus import Case, cases
from bench.corpus.documents import badge, verified

# What is allowed: CPU milliseconds and MiB. A learner record's time grows with its length, as its budget does; reading
# the JSON of the longest takes any parser longer than a badge may.
ALLOWED = {
    "JSON": (100, 64),
    "JWT": (100, 64),
    "key": (100, 64),
    "gzip": (100, 64),
    "graph": (500, 64),
    "document": (500, 64),
    "PNG": (500, 128),
    "SVG": (500, 128),
    "long JSON": (500, 64),
    "record": (500, 64),
}
_GROWING = frozenset({"record"})
_STOPPED = 130
_MORE_RUNS = 2
_AS_JSON = b"{"  # no pickle begins so


@dataclass(frozen=True, slots=True)
class Cost:
    """``answer`` is the code of the error, the text that came of it, or the name of an error that is not ours."""

    answer: str
    size: int
    cpu_ms: float
    peak_mib: float
    allowed_ms: float
    allowed_mib: float

    def is_good(self, case: Case) -> bool:
        """Whether the case ended as it is due, and within what it is allowed."""
        return self.answer == case.answer and self.cpu_ms <= self.allowed_ms and self.peak_mib <= self.allowed_mib


def main(arguments: Sequence[str] = ()) -> int:
    """Run the cases and print the table. 0 where every case ends as it should and within its limits."""
    parser = argparse.ArgumentParser(prog="python -m bench hostile", description="cost of hostile input until refused")
    parser.add_argument("words", nargs="*", help="only the cases whose family and name hold all of these words")
    options = parser.parse_args(arguments)
    chosen = [case for case in cases() if all(word in f"{case.family} {case.name}" for word in options.words)]
    warm_up()
    progress = Console(stderr=True)
    table, bad = _table(), 0
    try:
        for case in track(chosen, description="hostile input", console=progress, transient=True):
            cost = measure(case)
            bad += not cost.is_good(case)
            _add(table, case, cost)
    except KeyboardInterrupt:
        progress.print("stopped; nothing was left behind")
        return _STOPPED
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    count = table.row_count
    print(f"{bad} of {count} cases are over a limit or end otherwise" if bad else f"all {count} cases within limits")
    return 1 if bad else 0


def warm_up() -> None:
    """Verify one good badge, so that what is loaded and remembered once counts for no case."""
    answer = verified(badge())
    if not answer.startswith("6 "):  # no status list is given here; all before it must be in order
        raise SystemExit(f"the good badge fails at check {answer}")


def measure(case: Case) -> Cost:
    """What one case costs: the least of three runs where the first is over a limit, since a busy machine adds and never
    takes away. Leaves no process and no file behind, also where it is interrupted."""
    with tempfile.TemporaryFile() as file:
        _in_child(lambda: _make(case, file))
        cost = _met(case, file)
        for _ in range(_MORE_RUNS):
            if not cost.is_good(case):
                again = _met(case, file)
                cost = replace(
                    again, cpu_ms=min(again.cpu_ms, cost.cpu_ms), peak_mib=min(again.peak_mib, cost.peak_mib)
                )
    return cost


def _met(case: Case, file: IO[bytes]) -> Cost:
    _give_back()
    size, answer, cpu_ms, before, after = json.loads(_in_child(lambda: _meet(case, file)))
    allowed_ms, allowed_mib = ALLOWED[case.family]
    growth = size / limits.BADGE_BYTES if case.family in _GROWING else 0
    return Cost(answer, size, cpu_ms, after - before, allowed_ms * (1 + growth), allowed_mib)


def _make(case: Case, file: IO[bytes]) -> str:
    given = case.make()
    if isinstance(given, dict):  # pickle would write equal parts once, and not too deep
        file.write(_AS_JSON + json.dumps(given).encode())
    else:
        pickle.dump(given, file, protocol=5)
    file.flush()
    return "made"


def _meet(case: Case, file: IO[bytes]) -> str:
    before = _peak_mib()
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    given = _read(file)
    began = time.process_time()
    answer = _answer(case, given)
    cpu_ms = (time.process_time() - began) * 1000
    return json.dumps([size, answer, cpu_ms, before, _peak_mib()])


def _read(file: IO[bytes]) -> object:
    if file.read(1) == _AS_JSON:
        return json.load(file)
    file.seek(0)
    return pickle.load(file)


def _answer(case: Case, given: object) -> str:
    try:
        found = case.act(given)
    except BadgeissuerError as error:
        return error.code
    except Exception as error:
        return type(error).__name__
    return found if isinstance(found, str) else "accepted"


def _give_back() -> None:
    """Memory that is free but still this process's own goes back to the system, where the C library can: a child would
    use it again, and its peak would not show what the case takes."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _in_child(act: Callable[[], str]) -> str:
    """The text that ``act`` gives in a forked process, so that the peaks of two do not mix."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        os.close(reader)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # the parent tells that it was stopped
        try:
            text = act()
        except BaseException as error:
            text = json.dumps([0, f"{type(error).__name__}: {error}", 0, 0, 0])
        with os.fdopen(writer, "w") as pipe:
            pipe.write(text)
        os._exit(0)
    os.close(writer)
    try:
        with os.fdopen(reader) as pipe:
            text = pipe.read()
    finally:
        os.waitpid(child, 0)
    return text or json.dumps([0, "the process died", 0, 0, 0])


def _table() -> Table:
    table = Table(title="Hostile input: what it costs until it is refused")
    right = {"size", "CPU ms", "MiB", "allowed"}
    for title in ("family", "case", "size", "ends as", "CPU ms", "allowed", "MiB", "allowed", "ok"):
        table.add_column(title, justify="right" if title in right else "left")
    return table


def _add(table: Table, case: Case, cost: Cost) -> None:
    good = cost.is_good(case)
    row: Iterable[str] = (
        case.family,
        case.name,
        f"{cost.size:,}",
        cost.answer if cost.answer == case.answer else f"{cost.answer} (not {case.answer})",
        f"{cost.cpu_ms:.1f}",
        f"{cost.allowed_ms:.0f}",
        f"{cost.peak_mib:.1f}",
        f"{cost.allowed_mib:.0f}",
        "yes" if good else "NO",
    )
    table.add_row(*row, style=None if good else "bold red")
