"""How the achievements of a learner record are related (CLR §Association), from what stacks and achievements say.

Pure: ids of achievements in, associations out. Where a fact stands for what an earner has (an award, a stack that was
completed) is not of interest here, only how the achievements were designed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from badgeissuer.rules.stack_rules import (
    All,
    AtLeast,
    Capstone,
    InOrder,
    Phases,
    Rule,
    StackDocument,
    Within,
    keys_in,
)

__all__ = [
    "AchievementFacts",
    "Association",
    "AssociationType",
    "MemberFacts",
    "Related",
    "StackFacts",
    "earlier",
    "relate",
]

_VERSION = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,5}")


class AssociationType(StrEnum):
    """The words of CLR §AssociationType that the facts here can bear out, each read as "source … target"."""

    EXACT_MATCH_OF = "exactMatchOf"
    IS_CHILD_OF = "isChildOf"
    IS_PARENT_OF = "isParentOf"
    IS_PART_OF = "isPartOf"
    IS_RELATED_TO = "isRelatedTo"
    PRECEDES = "precedes"
    REPLACED_BY = "replacedBy"


@dataclass(frozen=True, slots=True, order=True)
class Association:
    """One association: "source isPartOf target". Both are ids of achievements, and never the same."""

    type: AssociationType
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class AchievementFacts:
    """An achievement that a credential in the record asserts, and what its document refers to.

    ``aligned`` are the targets of its alignments; ``related`` the ids of its related achievements, each with the
    version that is given there (OB §Related), which makes it another edition of this one.
    """

    id: str
    version: str | None = None
    aligned: tuple[str, ...] = ()
    related: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """A member of a stack: the achievement that earns it. ``nested``: it is another stack's own achievement.

    ``alternatives`` count in its place; ``requires`` are the achievements of members that have to be earned first.
    """

    achievement: str
    nested: bool = False
    alternatives: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StackFacts:
    """A published stack: the achievement that it awards, and its members."""

    achievement: str
    members: tuple[MemberFacts, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """The associations, in order and each once. ``defined`` are the achievements that they name and no credential of
    the record asserts: the record has to define them."""

    associations: tuple[Association, ...]
    defined: tuple[str, ...]


def earlier(stack: StackDocument) -> dict[str, frozenset[str]]:
    """For each member's key: the keys of those that have to be earned before it.

    What it requires; what stands right before it in an order; where it is a capstone, all that comes before that.
    """
    found: dict[str, set[str]] = {member.key: set(member.requires) for member in stack.members}
    for before, after in _orders(stack, stack.rule):
        found[after].add(before)
    return {key: frozenset(before - {key}) for key, before in found.items()}


def _orders(stack: StackDocument, rule: Rule) -> Iterator[tuple[str, str]]:
    match rule:
        case All(all=parts) | AtLeast(of=tuple(parts)):
            for part in parts:
                yield from _orders(stack, part)
        case InOrder(in_order=keys):
            yield from pairwise(keys)
        case Capstone(capstone=key, after=after):
            yield from ((before, key) for before in keys_in(stack, after))
            yield from _orders(stack, after)
        case Within(of=part):
            yield from _orders(stack, part)
        case Phases(phases=phases):
            for phase in phases:
                yield from _orders(stack, phase.rule)
        case _:  # members, and counts of them, have no order
            return


def relate(
    achievements: Iterable[AchievementFacts], stacks: Iterable[StackFacts], *, definable: Collection[str]
) -> Related:
    """The associations between the achievements of a record.

    An achievement is part of a stack's own achievement where it earns a member of the stack; nested stacks are children
    of the one that they count in. What a member requires precedes it; what counts in its place is an exact match.
    An alignment with, or a reference to, an achievement of the record relates the two; of two editions whose versions
    are numbers the later one replaces the earlier. ``definable`` are the ids of
    stacks' achievements that the record may define beside those that its credentials assert; any other association
    whose ends are not both asserted is left out (CLR §Association: the ids are those of achievements in the record).
    """
    asserted = {each.id: each for each in achievements}
    known = asserted.keys() | set(definable)
    found: set[Association] = set()
    for each in asserted.values():
        found.update(_of_document(each, asserted.keys()))
    for stack in stacks:
        if stack.achievement in known:
            found.update(_of_stack(stack, asserted.keys()))
    kept = sorted(each for each in found if each.source != each.target)
    named = {end for each in kept for end in (each.source, each.target)}
    return Related(tuple(kept), tuple(sorted(named - asserted.keys())))


def _of_document(each: AchievementFacts, asserted: Collection[str]) -> Iterator[Association]:
    for target in each.aligned:
        if target in asserted:
            yield Association(AssociationType.IS_RELATED_TO, each.id, target)
    for target, version in each.related:
        if target in asserted:
            yield _edition(each, target, version)


def _edition(each: AchievementFacts, other: str, version: str | None) -> Association:
    own, others = _numbers(each.version), _numbers(version)
    if own is None or others is None or own == others:
        return Association(AssociationType.IS_RELATED_TO, each.id, other)
    earlier, later = (other, each.id) if others < own else (each.id, other)
    return Association(AssociationType.REPLACED_BY, earlier, later)


def _numbers(version: str | None) -> tuple[int, ...] | None:
    """A version such as 1.10 as numbers, without zeros at its end; None for one that cannot be put in order."""
    if version is None or not _VERSION.fullmatch(version):
        return None
    numbers = [int(part) for part in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _of_stack(stack: StackFacts, asserted: Collection[str]) -> Iterator[Association]:
    for member in stack.members:
        for earned in (member.achievement, *member.alternatives):
            if earned not in asserted:
                continue
            if member.nested and earned == member.achievement:
                yield Association(AssociationType.IS_CHILD_OF, earned, stack.achievement)
                yield Association(AssociationType.IS_PARENT_OF, stack.achievement, earned)
            else:
                yield Association(AssociationType.IS_PART_OF, earned, stack.achievement)
            if earned != member.achievement and member.achievement in asserted:
                yield Association(AssociationType.EXACT_MATCH_OF, earned, member.achievement)
            for before in member.requires:
                if before in asserted:
                    yield Association(AssociationType.PRECEDES, before, earned)
