"""Does a set of awards complete a stack, and since when? Pure: awards and a document in, moments out.

How it is decided. For each member, the awards that count are found once: of one of its achievements, with the least
result, standing, and no earlier than each member it requires can have been earned. From then on every rule answers one
question: using only awards from ``start`` on, what is the earliest moment at which it is fulfilled? Taking the earliest
award that fits is never worse, since an earlier one only leaves more of a period. A period is tried from each moment at
which one of its awards lies at its beginning; between two such moments nothing changes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from badgeissuer.rules.stack_rules import (
    All,
    AtLeast,
    Capstone,
    InOrder,
    Member,
    OnLoss,
    PerCategory,
    Period,
    Phases,
    Rule,
    StackDocument,
    Within,
    keys_in,
)
from badgeissuer.rules.terms import AwardState

# A member whose prerequisites can never be met has no awards; "never" sorts after every moment.
Moment = datetime | None


@dataclass(frozen=True, slots=True)
class Earned:
    """One award, as far as stacks look at it.

    ``achievement`` is the achievement's id (a URL, or any IRI for another issuer's). ``results`` holds a number for
    each result description: points, value or place of the level. ``id`` names the award in explanations.
    """

    id: str
    achievement: str
    awarded: datetime
    results: Mapping[str, float] = field(default_factory=dict)
    state: AwardState = AwardState.ACTIVE
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an earner stands at a moment: complete since, or not; and the award that counts for each member."""

    complete_since: Moment
    counted: Mapping[str, Earned]

    @property
    def complete(self) -> bool:
        return self.complete_since is not None


def standing(
    stack: StackDocument, awards: Iterable[Earned], *, now: datetime, own: Mapping[str, str] | None = None
) -> Standing:
    """Where the earner of these awards stands.

    ``own`` gives, for the URL of each stack that is a member, the id of the achievement that it awards. Awards of later
    than ``now`` do not count.
    """
    earned = Record(stack, awards, now=now, own=own or {})
    since = earned.fulfilled(stack.rule, None)
    counted = {key: found[0] for key, found in earned.counting.items() if found}
    return Standing(since, counted)


class Record:
    """The awards that count for each member, in order of time, and the rules over them."""

    def __init__(
        self, stack: StackDocument, awards: Iterable[Earned], *, now: datetime, own: Mapping[str, str]
    ) -> None:
        self.stack = stack
        self.now = now
        known = sorted((award for award in awards if _counts(stack, award, now)), key=lambda a: (a.awarded, a.id))
        self.counting: dict[str, list[Earned]] = {}
        for member in _required_first(stack.members):
            names = achievements_of(member, own)
            found = [award for award in known if award.achievement in names and _enough(member, award)]
            self.counting[member.key] = self._after_required(member, found)
        self._moments = {key: [award.awarded for award in found] for key, found in self.counting.items()}

    def _after_required(self, member: Member, found: list[Earned]) -> list[Earned]:
        earliest = [self.counting[key][0].awarded if self.counting[key] else None for key in member.requires]
        if None in earliest:
            return []
        return [award for award in found if all(moment is None or award.awarded >= moment for moment in earliest)]

    def first(self, key: str, start: Moment) -> Moment:
        """When the member was first earned from ``start`` on."""
        moments = self._moments[key]
        place = 0 if start is None else bisect_left(moments, start)
        return moments[place] if place < len(moments) else None

    def fulfilled(self, rule: Rule, start: Moment) -> Moment:
        """The earliest moment at which awards from ``start`` on fulfil the rule; None where they do not."""
        match rule:
            case str():
                return self.first(rule, start)
            case All(all=parts):
                return _latest([self.fulfilled(part, start) for part in parts])
            case AtLeast(at_least=count, of=None):
                return _nth([self.first(member.key, start) for member in self.stack.members], count)
            case AtLeast(at_least=count, of=parts):
                return _nth([self.fulfilled(part, start) for part in parts or ()], count)
            case PerCategory(per_category=counts):
                return _latest([_nth(self._in_category(category, start), count) for category, count in counts.items()])
            case InOrder(in_order=keys):
                return self._in_order(keys, start)
            case Capstone(capstone=key, after=after):
                done = self.fulfilled(after, start)
                return None if done is None else self.first(key, done)
            case Within(within=period, of=part):
                return self._within(period, part, start)
            case Phases():  # pragma: no branch - there is no other
                return self._phases(rule, start)

    def beginnings(self, rule: Rule, start: Moment) -> list[datetime]:
        """The moments from ``start`` on at which an award that the rule looks at was made, in order."""
        keys = set(keys_in(self.stack, rule))
        moments = {moment for key in keys for moment in self._moments[key] if start is None or moment >= start}
        return sorted(moments)

    def _in_category(self, category: str, start: Moment) -> list[Moment]:
        return [self.first(member.key, start) for member in self.stack.members if category in member.categories]

    def _in_order(self, keys: Sequence[str], start: Moment) -> Moment:
        for key in keys:
            start = self.first(key, start)
            if start is None:
                return None
        return start

    def _within(self, period: Period, part: Rule, start: Moment) -> Moment:
        # A later beginning is never done earlier, so the first that fits is the one.
        for begin in self.beginnings(part, start):
            done = self.fulfilled(part, begin)
            if done is None:
                return None
            if done <= period.after(begin):
                return done
        return None

    def _phases(self, rule: Phases, start: Moment) -> Moment:
        done = [self.in_phases(rule, begin, start) for begin in self.phase_beginnings(rule, start)]
        return min((moment for moment in done if moment is not None), default=None)

    def phase_beginnings(self, rule: Phases, start: Moment) -> list[datetime]:
        """Where the first phase may begin: as late as an award at the beginning of one of the phases allows."""
        lengths = [phase.length for phase in rule.phases]
        moments = self.beginnings(rule, start)
        found = {_latest_begin(lengths[:n], moment) for moment in moments for n in range(len(lengths))}
        return sorted(found)

    def in_phases(self, rule: Phases, begin: datetime, start: Moment) -> Moment:
        """When the last phase is fulfilled if the first begins at ``begin``; None where one of them is not.

        The first may begin before ``start``, from which on awards count.
        """
        done: Moment = None
        for phase in rule.phases:
            end = phase.length.after(begin)
            done = self.fulfilled(phase.rule, begin if start is None else max(begin, start))
            if done is None or done >= end:
                return None
            begin = end
        return done


def achievements_of(member: Member, own: Mapping[str, str]) -> frozenset[str]:
    """The ids of all achievements that count for a member."""
    named = own.get(member.stack) if member.stack is not None else member.achievement
    return frozenset((*((named,) if named is not None else ()), *member.alternatives))


def affected(state: AwardState, stack: StackDocument, found: Standing) -> OnLoss | None:
    """What a stack's live award in ``state`` is due now: nothing, or what its policy says of a lost member."""
    if found.complete or state not in (AwardState.ACTIVE, AwardState.SUSPENDED) or stack.on_loss is OnLoss.KEEP:
        return None
    return None if stack.on_loss is OnLoss.SUSPEND and state is AwardState.SUSPENDED else stack.on_loss


def _counts(stack: StackDocument, award: Earned, now: datetime) -> bool:
    if award.state is not AwardState.ACTIVE or award.awarded > now:
        return False
    return stack.expired_count or award.valid_until is None or award.valid_until > now


def _enough(member: Member, award: Earned) -> bool:
    minimum = member.minimum
    if minimum is None:
        return True
    if minimum.result is not None:
        return award.results.get(minimum.result, float("-inf")) >= minimum.at_least
    return bool(award.results) and min(award.results.values()) >= minimum.at_least


def _required_first(members: Iterable[Member]) -> Iterator[Member]:
    """The members in an order in which each comes after those it requires. A stack that is published has no cycles."""
    left = {member.key: member for member in members}
    while left:
        ready = [member for member in left.values() if left.keys().isdisjoint(member.requires)]
        for member in ready:
            del left[member.key]
        yield from ready


def _latest(moments: Iterable[Moment]) -> Moment:
    found = list(moments)
    known = [moment for moment in found if moment is not None]
    return max(known) if len(known) == len(found) else None


def _nth(moments: Iterable[Moment], count: int) -> Moment:
    known = sorted(moment for moment in moments if moment is not None)
    return known[count - 1] if len(known) >= count else None


def _latest_begin(lengths: Sequence[Period], moment: datetime) -> datetime:
    """The latest moment from which, after these periods, ``moment`` has just been reached or is yet to come.

    Adding months skips days at the ends of months, so it is searched: the sum never runs backwards.
    """

    def reached(days_before: int) -> datetime:
        end = moment - timedelta(days=days_before)
        for length in lengths:
            end = length.after(end)
        return end

    low, high = 0, sum(length.years * 366 + length.months * 31 + length.days for length in lengths)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle).date() <= moment.date() else (middle + 1, high)
    begin = moment - timedelta(days=low)
    if reached(low).date() == moment.date():
        return begin
    return begin.replace(hour=23, minute=59, second=59, microsecond=999_999)
