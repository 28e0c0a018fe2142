"""The rule of a stack in words, in the reader's language: a tree of sentences, whose leaves are members."""

from __future__ import annotations

from dataclasses import dataclass

from badgeissuer.rules.stack_rules import (
    All,
    AtLeast,
    Capstone,
    InOrder,
    PerCategory,
    Period,
    Phases,
    Rule,
    StackDocument,
    Within,
)
from badgeissuer.web.pages.language import Words
from badgeissuer.web.pages.markup import shown

# Parts of one condition that a page lists; the members are all listed beside it.
_MOST = 40


@dataclass(frozen=True, slots=True)
class Said:
    """A condition. ``member`` is the key of the member that it is, where it is just one; ``ordered`` says that the
    parts follow one another; ``more`` parts are left out."""

    text: str
    parts: tuple[Said, ...] = ()
    member: str | None = None
    ordered: bool = False
    more: int = 0


def rule_in_words(say: Words, stack: StackDocument) -> Said:
    """What completes the stack."""
    return _said(say, stack, stack.rule)


def period_in_words(say: Words, period: Period) -> str:
    """``3 years and 6 months``."""
    counts = (("year", period.years), ("month", period.months), ("day", period.days))
    parts = [say(f"rule_{unit}" if count == 1 else f"rule_{unit}s", count=count) for unit, count in counts if count]
    return parts[0] if len(parts) == 1 else say("rule_and", first=", ".join(parts[:-1]), last=parts[-1])


def _said(say: Words, stack: StackDocument, rule: Rule) -> Said:
    match rule:
        case str():
            return _member(stack, rule)
        case All(all=parts):
            if len(parts) == 1:
                return _said(say, stack, parts[0])
            if set(parts) == {member.key for member in stack.members}:
                return Said(say("rule_all_members", total=len(stack.members)))
            return _node(say("rule_all"), [_said(say, stack, part) for part in parts])
        case AtLeast(at_least=count, of=None):
            return _of_members(say, stack, count)
        case AtLeast(at_least=count, of=parts):
            listed = [_said(say, stack, part) for part in parts or ()]
            if count >= len(listed):
                return _node(say("rule_all"), listed)
            text = say("rule_one_of") if count == 1 else say("rule_at_least", count=count, total=len(listed))
            return _node(text, listed)
        case PerCategory(per_category=counts):
            each = [
                Said(say("rule_category_one" if count == 1 else "rule_category", count=count, what=shown(name, 120)))
                for name, count in counts.items()
            ]
            return each[0] if len(each) == 1 else _node(say("rule_categories"), each)
        case InOrder(in_order=keys):
            return _node(say("rule_in_order"), [_member(stack, key) for key in keys], ordered=True)
        case Capstone(capstone=key, after=after):
            return _node(say("rule_capstone"), [_said(say, stack, after), _member(stack, key)], ordered=True)
        case Within(within=period, of=part):
            return _node(say("rule_within", period=period_in_words(say, period)), [_said(say, stack, part)])
        case Phases(phases=phases):
            each = [
                _node(
                    say("rule_phase", number=number, period=period_in_words(say, phase.length)),
                    [_said(say, stack, phase.rule)],
                )
                for number, phase in enumerate(phases, start=1)
            ]
            return _node(say("rule_phases"), each, ordered=True)


def _of_members(say: Words, stack: StackDocument, count: int) -> Said:
    total = len(stack.members)
    if count >= total:
        return Said(say("rule_all_members", total=total))
    return Said(say("rule_one_member", total=total) if count == 1 else say("rule_members", count=count, total=total))


def _member(stack: StackDocument, key: str) -> Said:
    return Said(shown(stack.member(key).title, 200), member=key)


def _node(text: str, parts: list[Said], *, ordered: bool = False) -> Said:
    return Said(text, tuple(parts[:_MOST]), ordered=ordered, more=max(0, len(parts) - _MOST))
