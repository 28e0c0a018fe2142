"""What one measurement found, and how it is told: a table for people, JSON for programs."""

from __future__ import annotations

import json
import math
import operator
import os
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    "≤": operator.le,
    "≥": operator.ge,
    "<": operator.lt,
    "=": operator.eq,
}


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound for a ratio, or (``absolute``) for the figure itself."""

    sign: str
    bound: float
    unit: str = ""

    def holds(self, value: float) -> bool:
        return _SIGNS[self.sign](value, self.bound)

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}{f' {self.unit}' if self.unit else ''}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line. ``limit``, ``ours`` and ``peer`` are in ``unit``; what was not measured is None, and ``note`` says why.

    ``ratio`` is what the goal is about. Without a goal a row is for information.
    """

    name: str
    unit: str
    limit: float | None = None
    ours: float | None = None
    peer: float | None = None
    ratio: float | None = None
    goal: Goal | None = None
    note: str = ""

    @property
    def ok(self) -> bool | None:
        """None where there is no goal, or nothing was measured."""
        if self.goal is None or self.ratio is None or math.isnan(self.ratio):
            return None
        return self.goal.holds(self.ratio)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "limit": _rounded(self.limit),
            "ours": _rounded(self.ours),
            "peer": _rounded(self.peer),
            "ratio": _rounded(self.ratio),
            "goal": str(self.goal) if self.goal else None,
            "ok": self.ok,
            "unit": self.unit,
            "note": self.note,
        }


def not_measured(name: str, goal: Goal | None, why: str) -> Row:
    return Row(name, "", goal=goal, note=f"not measured: {why}")


def write(rows: Sequence[Row], path: Path, **about: Any) -> None:
    """``{"rows": […], …}``; ``about`` says with what they were measured."""
    found = {"rows": [row.as_json() for row in rows], **about, "machine": machine()}
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    unfinished.replace(path)


def machine() -> dict[str, Any]:
    return {"python": platform.python_version(), "system": platform.system(), "cpus": os.cpu_count() or 0}


def table(rows: Iterable[Row]) -> str:
    """Lines of plain text: limit, ours, peer, ratio, goal, ok?"""
    lines = [
        [row.name, *(shown(value, row.unit) for value in (row.limit, row.ours, row.peer)), *_verdict(row)]
        for row in rows
    ]
    head = ["", "limit", "ours", "peer", "ratio", "goal", "ok?"]
    widths = [max(len(line[column]) for line in (head, *lines)) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if column in (0, 6) else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in (head, *lines)
    )


def shown(value: float | None, unit: str) -> str:
    """A figure with three digits that count."""
    if value is None:
        return "-"
    digits = 0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}{f' {unit}' if unit else ''}"


def _verdict(row: Row) -> tuple[str, str, str]:
    word = {True: "ok", False: "MISSED", None: ""}[row.ok]
    return shown(row.ratio, ""), str(row.goal or ""), word or row.note


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")
