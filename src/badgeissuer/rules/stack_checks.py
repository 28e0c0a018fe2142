"""Whether a stack can be published: contradictions, members that nobody can earn, stacks in circles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from badgeissuer.errors import Fault
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

DEEPEST_RULE = 8
DEEPEST_STACK = 3


def stack_faults(stack: StackDocument) -> list[Fault]:
    """Every way in which the parts of a stack contradict each other; the shape of each is checked on reading."""
    return [*_member_faults(stack), *_requirement_faults(stack), *_rule_faults(stack, stack.rule, "/rule", depth=1)]


def nesting_faults(stack_url: str, nested: Mapping[str, frozenset[str]]) -> list[Fault]:
    """What is wrong with stacks in stacks: a cycle, or more than three levels.

    ``nested`` names, for each stack's URL, the stacks that it has as members; the one in question is among the keys.
    """

    def walk(url: str, path: tuple[str, ...]) -> Iterator[Fault]:
        if url in path:
            yield Fault("/members", "a stack must not hold itself, not even inside another stack", "cycle")
        elif len(path) >= DEEPEST_STACK:
            yield Fault("/members", f"stacks may be nested {DEEPEST_STACK} levels deep, no deeper", "too-deep")
        else:
            for below in sorted(nested.get(url, ())):
                yield from walk(below, (*path, url))

    return list(dict.fromkeys(walk(stack_url, ())))


def _member_faults(stack: StackDocument) -> Iterator[Fault]:
    keys: set[str] = set()
    counted: set[str] = set()
    for n, member in enumerate(stack.members):
        if member.key in keys:
            yield Fault(f"/members/{n}/key", "another member has this key", "ambiguous")
        keys.add(member.key)
        for where, name in _counting(member):
            if name in counted:
                detail = "counts for another member already: an award counts once in a stack"
                yield Fault(f"/members/{n}/{where}", detail, "ambiguous")
            counted.add(name)


def _counting(member: Member) -> Iterator[tuple[str, str]]:
    if member.achievement is not None:
        yield "achievement", member.achievement
    if member.stack is not None:
        yield "stack", member.stack
    for n, alternative in enumerate(member.alternatives):
        yield f"alternatives/{n}", alternative


def _requirement_faults(stack: StackDocument) -> Iterator[Fault]:
    members = {member.key: member for member in stack.members}

    def leads_to(key: str, goal: str, seen: set[str]) -> bool:
        for required in members[key].requires if key in members else ():
            if required == goal or (required not in seen and leads_to(required, goal, seen | {required})):
                return True
        return False

    for n, member in enumerate(stack.members):
        for m, required in enumerate(member.requires):
            if required not in members:
                yield Fault(f"/members/{n}/requires/{m}", "is the key of no member", "reference")
        if leads_to(member.key, member.key, set()):
            yield Fault(f"/members/{n}/requires", "members that require each other can never be earned", "cycle")


def _rule_faults(stack: StackDocument, rule: Rule, pointer: str, *, depth: int) -> Iterator[Fault]:
    keys = {member.key for member in stack.members}
    categories = {category for member in stack.members for category in member.categories}

    def below(part: Rule, step: str) -> Iterator[Fault]:
        return _rule_faults(stack, part, f"{pointer}/{step}", depth=depth + 1)

    if depth > DEEPEST_RULE:
        yield Fault(pointer, f"a rule may be {DEEPEST_RULE} levels deep, no deeper", "too-deep")
        return
    match rule:
        case str() if rule not in keys:
            yield Fault(pointer, "is the key of no member", "reference")
        case All(all=parts):
            for n, part in enumerate(parts):
                yield from below(part, f"all/{n}")
        case AtLeast(at_least=count, of=parts):
            if count > len(stack.members if parts is None else parts):
                yield Fault(f"{pointer}/at_least", "is more than there are to choose from", "unreachable")
            for n, part in enumerate(parts or ()):
                yield from below(part, f"of/{n}")
        case PerCategory(per_category=counts):
            for category, count in counts.items():
                if category not in categories:
                    yield Fault(f"{pointer}/per_category/{category}", "is no member's category", "reference")
                elif count > sum(category in member.categories for member in stack.members):
                    detail = "is more than there are members of the category"
                    yield Fault(f"{pointer}/per_category/{category}", detail, "unreachable")
        case InOrder(in_order=listed):
            for n, key in enumerate(listed):
                if key not in keys:
                    yield Fault(f"{pointer}/in_order/{n}", "is the key of no member", "reference")
        case Capstone(capstone=key, after=part):
            if key not in keys:
                yield Fault(f"{pointer}/capstone", "is the key of no member", "reference")
            yield from below(part, "after")
        case Within(of=part):
            yield from below(part, "of")
        case Phases(phases=phases):
            for n, phase in enumerate(phases):
                yield from below(phase.rule, f"phases/{n}/rule")
