"""A stack as data: its members and the rule by which a set of awards completes it.

A rule is a tree. Its leaves are keys of members; its nodes say all, n of, n per category, in this order, a capstone
after the rest, within a period, or in periods that follow one another. One structure serves what districts and states
ask for: "12 foundation, 6 personalised and a capstone within three years" is three nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, TypeAlias

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from badgeissuer.rules.parts import LongText, Part, ShortText

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
AchievementId = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+$", max_length=2_000)
]

MOST_MEMBERS = 500


class OnLoss(StrEnum):
    """What becomes of the stack's own award when a member that carried it is revoked, suspended or superseded."""

    KEEP = "keep"
    SUSPEND = "suspend"
    REVOKE = "revoke"


class Period(Part):
    """A length of calendar time. Months and years end on the same day of the month, or on its last one."""

    years: Annotated[int, Field(ge=0, le=50)] = 0
    months: Annotated[int, Field(ge=0, le=600)] = 0
    days: Annotated[int, Field(ge=0, le=20_000)] = 0

    @model_validator(mode="after")
    def _some(self) -> Period:
        if not (self.years or self.months or self.days):
            raise ValueError("a period needs years, months or days")
        return self

    def after(self, start: datetime, *, times: int = 1) -> datetime:
        """The moment when ``times`` such periods from ``start`` on are over."""
        months = start.month - 1 + times * (self.months + 12 * self.years)
        year, month = start.year + months // 12, months % 12 + 1
        last = (datetime(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day  # noqa: DTZ001
        return start.replace(year=year, month=month, day=min(start.day, last)) + timedelta(days=times * self.days)

    def __str__(self) -> str:
        words = ((self.years, "year"), (self.months, "month"), (self.days, "day"))
        return " and ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in words if count)


class Minimum(Part):
    """The least result that counts: of one result description, or of every result that the award has.

    A result counts as its level's points, else as its numeric value, else as the level's place from 1 for the lowest.
    """

    result: AchievementId | None = None
    at_least: float = Field(allow_inf_nan=False)


class Member(Part):
    """One thing to earn: an achievement, or another stack (which is earned by its own achievement)."""

    key: Key
    title: ShortText
    achievement: AchievementId | None = Field(None, description="the achievement's id; other issuers' too")
    stack: AchievementId | None = Field(None, description="the URL of a stack whose own achievement counts")
    alternatives: Annotated[tuple[AchievementId, ...], Field(max_length=50)] = Field(
        (), description="achievements that count instead, also another issuer's"
    )
    in_development: bool = Field(False, description="announced, cannot be earned yet")
    categories: Annotated[tuple[ShortText, ...], Field(max_length=20)] = ()
    requires: Annotated[tuple[Key, ...], Field(max_length=MOST_MEMBERS)] = Field(
        (), description="members that must be earned before or at the same time; a member earned earlier does not count"
    )
    minimum: Minimum | None = None

    @model_validator(mode="after")
    def _one(self) -> Member:
        if self.achievement is not None and self.stack is not None:
            raise ValueError("name an achievement or a stack, not both")
        if not (self.in_development or self.achievement or self.stack):
            raise ValueError("name an achievement or a stack, or say in_development")
        return self


class All(Part):
    """Every one of them."""

    all: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=MOST_MEMBERS)]


class AtLeast(Part):
    """So many of them; without ``of``, of all members."""

    at_least: Annotated[int, Field(ge=1, le=MOST_MEMBERS)]
    of: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=MOST_MEMBERS)] | None = None


class PerCategory(Part):
    """So many members of each named category. A member counts in each of its categories."""

    per_category: Annotated[dict[ShortText, Annotated[int, Field(ge=1, le=MOST_MEMBERS)]], Field(min_length=1)]


class InOrder(Part):
    """All of these members, each earned no earlier than the one before it."""

    in_order: Annotated[tuple[Key, ...], Field(min_length=2, max_length=MOST_MEMBERS)]


class Capstone(Part):
    """A member that counts only where it was earned once ``after`` was complete."""

    capstone: Key
    after: Rule


class Within(Part):
    """``of`` with awards that all lie in one period, whenever it begins."""

    within: Period
    of: Rule


class Phase(Part):
    """One of several periods in a row, and what has to be earned in it."""

    length: Period
    rule: Rule


class Phases(Part):
    """Periods that follow one another without a gap, whenever the first begins; each has to be met in its own time."""

    phases: Annotated[tuple[Phase, ...], Field(min_length=2, max_length=20)]


_KINDS = ("all", "at_least", "per_category", "in_order", "capstone", "within", "phases")


def _kind(value: Any) -> str | None:
    if isinstance(value, str):
        return "key"
    if isinstance(value, Mapping):
        found = [kind for kind in _KINDS if kind in value or "".join(kind.title().split("_")) in value]
        camel = {"atLeast": "at_least", "perCategory": "per_category", "inOrder": "in_order"}
        found = found or [camel[name] for name in value if name in camel]
        return found[0] if len(found) == 1 else None
    return (
        next((kind for kind in _KINDS if kind in type(value).model_fields), None) if isinstance(value, Part) else None
    )


Rule: TypeAlias = Annotated[
    Annotated[Key, Tag("key")]
    | Annotated[All, Tag("all")]
    | Annotated[AtLeast, Tag("at_least")]
    | Annotated[PerCategory, Tag("per_category")]
    | Annotated[InOrder, Tag("in_order")]
    | Annotated[Capstone, Tag("capstone")]
    | Annotated[Within, Tag("within")]
    | Annotated[Phases, Tag("phases")],
    Discriminator(
        _kind,
        custom_error_type="rule",
        custom_error_message="must be the key of a member, or an object with exactly one of " + ", ".join(_KINDS),
    ),
]


class StackDocument(Part):
    """One version of a stack. Its own achievement, which completion awards, is named beside it."""

    name: ShortText
    description: LongText
    members: Annotated[tuple[Member, ...], Field(min_length=1, max_length=MOST_MEMBERS)]
    rule: Rule
    on_loss: OnLoss = OnLoss.KEEP
    expired_count: bool = Field(True, description="awards that have expired count as earned")

    def member(self, key: str) -> Member:
        """The member of a key that is known to be one."""
        return next(member for member in self.members if member.key == key)


for _class in (All, AtLeast, Capstone, Within, Phase, Phases, StackDocument):
    _class.model_rebuild()


def keys_in(stack: StackDocument, rule: Rule) -> Iterator[str]:
    """The keys of members that a rule looks at, in the order of the rule; a key may come more than once."""
    match rule:
        case str():
            yield rule
        case All(all=parts):
            for part in parts:
                yield from keys_in(stack, part)
        case AtLeast(of=None):
            yield from (member.key for member in stack.members)
        case AtLeast(of=parts):
            for part in parts or ():
                yield from keys_in(stack, part)
        case PerCategory(per_category=counts):
            yield from (member.key for member in stack.members if not counts.keys().isdisjoint(member.categories))
        case InOrder(in_order=keys):
            yield from keys
        case Capstone(capstone=key, after=after):
            yield from keys_in(stack, after)
            yield key
        case Within(of=part):
            yield from keys_in(stack, part)
        case Phases(phases=phases):  # pragma: no branch - there is no other
            for phase in phases:
                yield from keys_in(stack, phase.rule)
