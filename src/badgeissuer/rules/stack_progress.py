"""Where an earner stands in a stack, in words: what is done, what is missing, what would complete it, and by when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from badgeissuer.rules.stack_rules import (
    All,
    AtLeast,
    Capstone,
    InOrder,
    Member,
    PerCategory,
    Phases,
    Rule,
    StackDocument,
    Within,
)
from badgeissuer.rules.stacks import Earned, Moment, Record, Standing, achievements_of, standing


class MemberState(StrEnum):
    """Where one member stands. WAITING: it is earned only after the members that it requires."""

    EARNED = "earned"
    OPEN = "open"
    WAITING = "waiting"
    TOO_LOW = "too_low"
    LOST = "lost"
    IN_DEVELOPMENT = "in_development"


@dataclass(frozen=True, slots=True)
class MemberProgress:
    """One member: its state, the award that counts, and a sentence."""

    key: str
    title: str
    state: MemberState
    detail: str
    award: Earned | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One node of the rule: what it asks for, how far it is met (``have`` of ``need``), and what lies under it.

    ``deadline`` is the last moment at which the awards that count now can still be completed within their period.
    """

    text: str
    have: int
    need: int
    deadline: datetime | None = None
    parts: tuple[Condition, ...] = ()

    @property
    def met(self) -> bool:
        return self.have >= self.need


@dataclass(frozen=True, slots=True)
class Progress:
    """The whole answer.

    ``next_steps`` are members any one of which, earned now, would complete the stack: those that are not earned yet,
    and only where none of them would do, those that would have to be earned once more.
    """

    standing: Standing
    members: tuple[MemberProgress, ...]
    condition: Condition
    summary: str
    deadline: datetime | None
    next_steps: tuple[str, ...]


def progress(
    stack: StackDocument,
    awards: Iterable[Earned],
    *,
    now: datetime,
    own: Mapping[str, str] | None = None,
    what_if: Iterable[str] = (),
) -> Progress:
    """Where the earner of these awards stands. ``what_if``: as if these members were earned now, well enough."""
    own = own or {}
    known = [*awards]
    known += [pretended(stack.member(key), now=now, own=own) for key in what_if]
    record = Record(stack, known, now=now, own=own)
    found = standing(stack, known, now=now, own=own)
    members = tuple(_member(record, member, known, own) for member in stack.members)
    condition = _condition(record, stack.rule, None)
    deadline = None if found.complete else min(_deadlines(condition), default=None)
    steps = () if found.complete else _single_steps(stack, known, found, now=now, own=own)
    return Progress(found, members, condition, _summary(found, members, condition, deadline), deadline, steps)


def pretended(member: Member, *, now: datetime, own: Mapping[str, str]) -> Earned:
    """An award of the member as if it were made now, with every result that it asks for."""
    named = sorted(achievements_of(member, own))
    results = {}
    if member.minimum is not None:
        results = {member.minimum.result or "any": member.minimum.at_least}
    return Earned("what-if", named[0] if named else f"what-if:{member.key}", now, results)


def _single_steps(
    stack: StackDocument, awards: list[Earned], found: Standing, *, now: datetime, own: Mapping[str, str]
) -> tuple[str, ...]:
    def completes(member: Member) -> bool:
        tried = [*awards, pretended(member, now=now, own=own)]
        return standing(stack, tried, now=now, own=own).complete

    able = [member for member in stack.members if not member.in_development and achievements_of(member, own)]
    steps = [member.key for member in able if completes(member)]
    new = [key for key in steps if key not in found.counted]
    return tuple(new or steps)


def _member(record: Record, member: Member, awards: list[Earned], own: Mapping[str, str]) -> MemberProgress:
    def said(state: MemberState, detail: str, award: Earned | None = None) -> MemberProgress:
        return MemberProgress(member.key, member.title, state, detail, award)

    counting = record.counting[member.key]
    if counting:
        return said(MemberState.EARNED, f"earned on {_day(counting[0].awarded)}", counting[0])
    if member.in_development:
        return said(MemberState.IN_DEVELOPMENT, "in development: it cannot be earned yet")
    names = achievements_of(member, own)
    held = [award for award in awards if award.achievement in names and award.awarded <= record.now]
    # As if every award stood, without the least result, without order: which of the three is in the way?
    lenient = member.model_copy(update={"minimum": None, "requires": ()})
    alone = record.stack.model_copy(update={"members": (lenient,), "rule": member.key})
    standing_ = standing(alone, held, now=record.now, own=own)
    if not held:
        return _still_open(record, member, said)
    if not standing_.complete:
        gone = held[-1]
        why = "has expired" if gone.state.value == "active" else f"is {gone.state.value}"
        return said(MemberState.LOST, f"was earned, but the award {why}", gone)
    enough = alone.model_copy(update={"members": (member.model_copy(update={"requires": ()}),)})
    if not standing(enough, held, now=record.now, own=own).complete:
        assert member.minimum is not None
        return said(MemberState.TOO_LOW, f"earned, but a result of at least {member.minimum.at_least:g} is asked for")
    titles = ", ".join(record.stack.member(key).title for key in member.requires)
    return said(MemberState.WAITING, f"earned, but it counts only where earned after: {titles}", held[-1])


_Said = Callable[[MemberState, str], MemberProgress]


def _still_open(record: Record, member: Member, said: _Said) -> MemberProgress:
    waiting = [record.stack.member(key).title for key in member.requires if not record.counting[key]]
    if waiting:
        return said(MemberState.WAITING, f"can be earned after: {', '.join(waiting)}")
    return said(MemberState.OPEN, "not earned yet")


def _condition(record: Record, rule: Rule, start: Moment) -> Condition:
    """The node as it stands with awards from ``start`` on."""

    def title(key: str) -> str:
        return record.stack.member(key).title

    def counted(text: str, parts: Iterable[Condition], need: int) -> Condition:
        listed = tuple(parts)
        return Condition(text, min(sum(part.met for part in listed), need), need, parts=listed)

    match rule:
        case str():
            return Condition(title(rule), int(record.first(rule, start) is not None), 1)
        case All(all=parts):
            return counted(
                f"all {len(parts)} of these", [_condition(record, part, start) for part in parts], len(parts)
            )
        case AtLeast(at_least=need, of=None):
            keys = [member.key for member in record.stack.members]
            return counted(f"at least {need} of all", [_condition(record, key, start) for key in keys], need)
        case AtLeast(at_least=need, of=parts):
            listed = [_condition(record, part, start) for part in parts or ()]
            return counted(f"at least {need} of these {len(listed)}", listed, need)
        case PerCategory(per_category=counts):
            listed = [_category(record, category, need, start) for category, need in counts.items()]
            return counted("in each category", listed, len(listed))
        case InOrder(in_order=keys):
            return _order(record, keys, start)
        case Capstone(capstone=key, after=after):
            first = _condition(record, after, start)
            done = record.fulfilled(after, start)
            last = int(done is not None and record.first(key, done) is not None)
            return counted(f"{title(key)}, after the rest", (first, Condition(title(key), last, 1)), 2)
        case Within():
            return _window(record, rule, start)
        case Phases():  # pragma: no branch - there is no other
            return _phases(record, rule, start)


def _category(record: Record, category: str, need: int, start: Moment) -> Condition:
    keys = [member.key for member in record.stack.members if category in member.categories]
    have = sum(record.first(key, start) is not None for key in keys)
    return Condition(f"at least {need} in {category}", min(have, need), need)


def _order(record: Record, keys: tuple[str, ...], start: Moment) -> Condition:
    parts = []
    reached: Moment = start
    open_ = False
    for key in keys:
        moment = None if open_ else record.first(key, reached)
        open_ = moment is None
        reached = reached if moment is None else moment
        parts.append(Condition(record.stack.member(key).title, int(moment is not None), 1))
    return Condition("in this order", sum(part.met for part in parts), len(parts), parts=tuple(parts))


def _window(record: Record, rule: Within, start: Moment) -> Condition:
    """The period in which most is done, among those that can still be completed; the latest of equals."""
    text = f"within {rule.within}"
    tried = [begin for begin in record.beginnings(rule.of, start) if rule.within.after(begin) >= record.now]
    since = record.fulfilled(rule, start)
    if since is not None:
        done = [begin for begin in record.beginnings(rule.of, start) if record.fulfilled(rule.of, begin) == since]
        return Condition(text, 1, 1, parts=(_condition(record, rule.of, done[-1] if done else start),))
    found = [(_condition(record, rule.of, begin), begin) for begin in tried]
    if not found:
        # Nothing that was earned lies in a period that is still open: it begins anew with the next award.
        return Condition(text, 0, 1, parts=(_condition(record, rule.of, record.now),))
    best, begin = max(found, key=lambda pair: (_amount(pair[0]), pair[1]))
    return Condition(text, 0, 1, deadline=rule.within.after(begin), parts=(best,))


def _phases(record: Record, rule: Phases, start: Moment) -> Condition:
    """The first phase of a beginning that is still open decides what to do next."""

    def under(begin: datetime) -> tuple[Condition, ...]:
        parts, from_, open_ = [], begin, True
        for n, phase in enumerate(rule.phases):
            end = phase.length.after(from_)
            bound = from_ if start is None else max(from_, start)
            done = record.fulfilled(phase.rule, bound)
            met = open_ and done is not None and done < end
            deadline = end if open_ and not met and end > record.now else None
            inner = _condition(record, phase.rule, bound)
            text = f"in period {n + 1} ({phase.length}, from {_day(from_)})"
            parts.append(Condition(text, int(met), 1, deadline, (inner,)))
            open_, from_ = met, end
        return tuple(parts)

    tried = [under(begin) for begin in record.phase_beginnings(rule, start)] or [under(record.now)]
    best = max(tried, key=lambda parts: (sum(part.met for part in parts), any(part.deadline for part in parts)))
    return Condition("in periods that follow one another", sum(p.met for p in best), len(best), parts=best)


def _amount(condition: Condition) -> float:
    """How much of a condition is done, between 0 and 1: the parts of an unmet one count too."""
    if condition.met:
        return 1.0
    inner = sorted((_amount(part) for part in condition.parts), reverse=True)[: condition.need]
    return sum(inner) / condition.need if inner else condition.have / condition.need


def _deadlines(condition: Condition) -> Iterator[datetime]:
    if not condition.met:
        yield from () if condition.deadline is None else (condition.deadline,)
        for part in condition.parts:
            yield from _deadlines(part)


def _summary(
    found: Standing, members: tuple[MemberProgress, ...], condition: Condition, deadline: datetime | None
) -> str:
    if found.complete_since is not None:
        return f"complete since {_day(found.complete_since)}"
    earned = sum(member.state is MemberState.EARNED for member in members)
    coming = sum(member.state is MemberState.IN_DEVELOPMENT for member in members)
    missing = "; ".join(dict.fromkeys(_missing(condition)))
    told = f"{earned} of {len(members)} earned; missing: {missing}"
    told += f"; {coming} still in development" if coming else ""
    return told if deadline is None else f"{told}; the period that counts now ends on {_day(deadline)}"


def _missing(condition: Condition) -> Iterator[str]:
    """What is missing of an unmet condition, as near to the leaves as it is one thing to do."""
    unmet = [part for part in condition.parts if not part.met]
    if not condition.parts:
        left = condition.need - condition.have
        yield condition.text if condition.need == 1 else f"{left} more ({condition.text})"
    elif condition.need - condition.have < len(unmet):
        yield f"{condition.need - condition.have} more ({condition.text})"
    else:
        for part in unmet:
            yield from _missing(part)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
