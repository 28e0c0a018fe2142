"""Rounds of contenders that alternate, so that a busy machine slows all of them alike. The median round counts."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

ROUNDS = 5

# From the number of the first item and how many, to the CPU seconds that they took.
Round = Callable[[int, int], float]
Tell = Callable[[str], None]


def silent(_: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do the work; ``count`` items a round, so that a round of each takes about as long."""

    run: Round
    count: int


def medians(
    contenders: Mapping[str, Contender], *, rounds: int = ROUNDS, tell: Tell = silent, quick: bool = False
) -> dict[str, float]:
    """CPU microseconds for one item. One round of each comes first that does not count: caches, and compilers."""
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, contender in contenders.items():
            count = max(2, contender.count // 10) if quick else contender.count
            tell(f"{name}, round {turn} of {rounds}")
            seconds = contender.run(turn * count, count)
            if turn:
                taken[name].append(seconds / count * 1e6)
    return {name: statistics.median(each) for name, each in taken.items()}


def own(call: Callable[[int], object]) -> Round:
    """A contender in this process, by its own CPU time. The collector runs before a round, and as usual within it."""

    def run(first: int, count: int) -> float:
        gc.collect()
        started = time.process_time()
        for number in range(first, first + count):
            call(number)
        return time.process_time() - started

    return run


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def quantile(values: Iterable[float], share: float) -> float:
    """The value that ``share`` of them do not exceed."""
    found = sorted(values)
    return found[min(len(found) - 1, int(share * len(found)))]
