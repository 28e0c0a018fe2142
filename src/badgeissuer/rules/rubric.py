"""A rubric's criteria and levels, and how findings on it compare. OB §ResultDescription, §RubricCriterionLevel."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from badgeissuer.errors import Fault

# Beyond this a number is a slip, and totals could no longer be written down plainly.
_MOST_POINTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Level:
    """A rung of a criterion. ``rank`` orders the rungs from low to high; ``points`` count towards totals."""

    id: str
    rank: int
    points: float | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion of the rubric. ``required`` is the level that an award needs; None where the rubric sets none."""

    id: str
    name: str
    levels: tuple[Level, ...]
    required: str | None = None

    def rank(self, level: str) -> int:
        """The rank of one of its levels. The level is known to be one: see ``level_faults``."""
        return next(each.rank for each in self.levels if each.id == level)


def rubric_faults(criteria: Sequence[Criterion], *, with_points: bool) -> list[Fault]:
    """What makes a rubric unfit to decide by: nothing is guessed from it later. Pointers count criteria and levels."""
    faults: list[Fault] = []
    seen: set[str] = set()
    for n, criterion in enumerate(criteria):
        at = f"/criteria/{n}"
        ids = {level.id for level in criterion.levels}
        if criterion.id in seen:
            faults.append(Fault(f"{at}/id", "another criterion has this id", "ambiguous-rubric"))
        seen.add(criterion.id)
        if not ids or len(ids) < len(criterion.levels):
            faults.append(Fault(f"{at}/levels", "a criterion needs levels with ids of their own", "ambiguous-rubric"))
        if criterion.required is not None and criterion.required not in ids:
            faults.append(Fault(f"{at}/required", "the required level is none of its levels", "ambiguous-rubric"))
        if with_points:
            faults += [
                Fault(f"{at}/levels/{m}/points", "the policy compares totals, so each level needs points", "no-points")
                for m, level in enumerate(criterion.levels)
                if level.points is None or not math.isfinite(level.points) or abs(level.points) > _MOST_POINTS
            ]
    return faults


def level_faults(criteria: Sequence[Criterion], levels: Mapping[str, str], *, complete: bool) -> list[Fault]:
    """Levels that the rubric does not have, and where ``complete`` is asked for, criteria without one."""
    known = {criterion.id: {level.id for level in criterion.levels} for criterion in criteria}
    faults = []
    for criterion, level in levels.items():
        if criterion not in known:
            faults.append(Fault(_at(criterion), "the rubric has no such criterion", "unknown-criterion"))
        elif level not in known[criterion]:
            faults.append(Fault(_at(criterion), "the criterion has no such level", "unknown-level"))
    if complete:
        faults += [
            Fault(_at(criterion.id), f"no level is given for {quoted([criterion])}", "missing-criterion")
            for criterion in criteria
            if criterion.id not in levels
        ]
    return faults


def contradictions(criteria: Sequence[Criterion], levels: Mapping[str, str]) -> list[Fault]:
    """What speaks against an award: each level below the required one. The levels are known to be the rubric's."""
    return [
        Fault(_at(criterion.id), f"below the level that {quoted([criterion])} requires for an award", "below-required")
        for criterion in below_required(criteria, levels)
    ]


def below_required(criteria: Sequence[Criterion], levels: Mapping[str, str]) -> list[Criterion]:
    """The criteria whose level does not reach the required one."""
    return [
        criterion
        for criterion in criteria
        if criterion.required is not None
        and criterion.id in levels
        and criterion.rank(levels[criterion.id]) < criterion.rank(criterion.required)
    ]


def lower(criteria: Sequence[Criterion], one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """The lower level per criterion: the one that both findings support."""
    return {each.id: min(one[each.id], other[each.id], key=each.rank) for each in criteria}


def total(criteria: Sequence[Criterion], levels: Mapping[str, str]) -> Fraction:
    """The sum of points, exactly: 0.1 + 0.2 is 0.3, and the order of criteria does not show."""
    points = {(each.id, level.id): level.points for each in criteria for level in each.levels}
    return sum((exact(points[each.id, levels[each.id]] or 0) for each in criteria), Fraction())


def exact(points: float) -> Fraction:
    """The decimal number that was written, not its nearest binary one."""
    return Fraction(str(points))


def quoted(criteria: Iterable[Criterion]) -> str:
    """Names of criteria for a sentence."""
    return ", ".join(f"“{criterion.name}”" for criterion in criteria)


def _at(criterion: str) -> str:
    return "/levels/" + criterion.replace("~", "~0").replace("/", "~1")
