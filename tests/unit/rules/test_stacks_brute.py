"""The evaluator against one that tries everything: every window on every day, every order, every set of awards."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from badgeissuer.rules.stack_checks import stack_faults
from badgeissuer.rules.stack_rules import (
    All,
    AtLeast,
    Capstone,
    InOrder,
    Member,
    Minimum,
    PerCategory,
    Period,
    Phase,
    Phases,
    Rule,
    StackDocument,
    Within,
)
from badgeissuer.rules.stacks import Earned, standing
from badgeissuer.rules.terms import AwardState
from tests.support.figures import Figure

DAY = timedelta(days=1)
FIRST = datetime(2024, 1, 25, 12, tzinfo=UTC)
LAST_DAY = 75
NOW = FIRST + DAY * LAST_DAY
STATES = [AwardState.ACTIVE] * 6 + [AwardState.REVOKED, AwardState.SUSPENDED, AwardState.SUPERSEDED]


class Brute:
    """Straight from the words of each rule, with no thought for cost. Windows begin at noon or at a day's end."""

    def __init__(self, stack: StackDocument, awards: list[Earned]) -> None:
        self.stack = stack
        self.pairs: list[tuple[str, datetime]] = []
        good = [
            award
            for award in awards
            if award.state is AwardState.ACTIVE
            and award.awarded <= NOW
            and (stack.expired_count or award.valid_until is None or award.valid_until > NOW)
        ]
        members = {member.key: member for member in stack.members}

        def fits(member: Member, award: Earned) -> bool:
            if award.achievement not in (member.achievement, *member.alternatives):
                return False
            least = member.minimum
            if least is None:
                return True
            values = [award.results[least.result]] if least.result in award.results else []
            values = list(award.results.values()) if least.result is None else values
            return bool(values) and all(value >= least.at_least for value in values)

        def valid(member: Member, award: Earned) -> bool:
            return fits(member, award) and all(
                any(valid(members[key], other) and other.awarded <= award.awarded for other in good)
                for key in member.requires
            )

        self.pairs = [(m.key, award.awarded) for m in stack.members for award in good if valid(m, award)]

    def complete_since(self) -> datetime | None:
        """The first moment up to which the awards are enough."""
        moments = sorted({moment for _, moment in self.pairs})
        rule = self.stack.rule
        return next((m for m in moments if self.holds(rule, [p for p in self.pairs if p[1] <= m])), None)

    def holds(self, rule: Rule, pairs: list[tuple[str, datetime]]) -> bool:
        keys = {key for key, _ in pairs}
        match rule:
            case str():
                return rule in keys
            case All(all=parts):
                return all(self.holds(part, pairs) for part in parts)
            case AtLeast(at_least=count, of=None):
                return len(keys) >= count
            case AtLeast(at_least=count, of=parts):
                return sum(self.holds(part, pairs) for part in parts or ()) >= count
            case PerCategory(per_category=counts):
                return all(
                    sum(category in m.categories for m in self.stack.members if m.key in keys) >= count
                    for category, count in counts.items()
                )
            case InOrder(in_order=order):
                moments = [[moment for key, moment in pairs if key == wanted] for wanted in order]
                return any(list(chosen) == sorted(chosen) for chosen in itertools.product(*moments))
            case Capstone(capstone=key, after=after):
                return any(
                    self.holds(after, [pair for pair in pairs if pair[1] <= moment])
                    for found, moment in pairs
                    if found == key
                )
            case Within(within=period, of=part):
                return any(
                    self.holds(part, [pair for pair in pairs if begin <= pair[1] <= period.after(begin)])
                    for begin in beginnings()
                )
            case Phases(phases=phases):
                return any(self._in_phases(phases, begin, pairs) for begin in beginnings())

    def _in_phases(self, phases: Iterable[Phase], begin: datetime, pairs: list[tuple[str, datetime]]) -> bool:
        for phase in phases:
            end = phase.length.after(begin)
            if not self.holds(phase.rule, [pair for pair in pairs if begin <= pair[1] < end]):
                return False
            begin = end
        return True


def beginnings() -> Iterable[datetime]:
    for day in range(-70, LAST_DAY + 1):
        noon = FIRST + DAY * day
        yield noon
        yield noon.replace(hour=23, minute=59)


def random_rule(rng: Random, keys: list[str], categories: list[str], depth: int) -> Rule:
    kinds = ["key", "all", "at_least", "at_least", "members", "category", "order"]
    kinds += ["capstone", "within", "within", "phases"] if depth < 3 else []
    kind = rng.choice(kinds)
    below = depth + 1

    def part() -> Rule:
        return random_rule(rng, keys, categories, below) if below < 4 else rng.choice(keys)

    if kind == "all":
        return All(all=tuple(part() for _ in range(rng.randint(1, 3))))
    if kind == "at_least":
        parts = tuple(part() for _ in range(rng.randint(1, 4)))
        return AtLeast(at_least=rng.randint(1, len(parts)), of=parts)
    if kind == "members":
        return AtLeast(at_least=rng.randint(1, len(keys)))
    if kind == "category" and categories:
        return PerCategory(per_category={rng.choice(categories): 1, rng.choice(categories): rng.randint(1, 2)})
    if kind == "order" and len(keys) > 1:
        return InOrder(in_order=tuple(rng.sample(keys, rng.randint(2, min(3, len(keys))))))
    if kind == "capstone":
        return Capstone(capstone=rng.choice(keys), after=part())
    if kind == "within":
        return Within(within=random_period(rng), of=part())
    if kind == "phases":
        return Phases(phases=tuple(Phase(length=random_period(rng), rule=part()) for _ in range(rng.randint(2, 3))))
    return rng.choice(keys)


def random_period(rng: Random) -> Period:
    return Period(months=1) if rng.random() < 0.4 else Period(days=rng.randint(1, 30))


def random_case(seed: int) -> tuple[StackDocument, list[Earned]]:
    rng = Random(seed)
    keys = [f"m{n}" for n in range(rng.randint(1, 5))]
    members = []
    for n, key in enumerate(keys):
        minimum = None
        if rng.random() < 0.25:
            minimum = Minimum(result=rng.choice([None, "urn:r:1", "urn:r:2"]), at_least=rng.randint(1, 3))
        members.append(
            Member(
                key=key,
                title=key,
                achievement=f"urn:a:{n}",
                alternatives=(f"urn:b:{n}",) if rng.random() < 0.3 else (),
                categories=tuple(rng.sample(["X", "Y"], rng.randint(0, 2))),
                requires=tuple(rng.sample(keys[:n], rng.randint(1, n))) if n and rng.random() < 0.3 else (),
                minimum=minimum,
            )
        )
    categories = sorted({category for member in members for category in member.categories})
    stack = StackDocument(
        name="S",
        description="D",
        members=tuple(members),
        rule=random_rule(rng, keys, categories, 1),
        expired_count=rng.random() < 0.6,
    )
    awards = [
        Earned(
            id=str(n),
            achievement=f"urn:{rng.choice('aaab')}:{rng.randrange(len(keys))}",
            awarded=FIRST + DAY * rng.randint(0, LAST_DAY + 3),
            results={f"urn:r:{r}": float(rng.randint(0, 3)) for r in rng.sample([1, 2], rng.randint(0, 2))},
            state=rng.choice(STATES),
            valid_until=FIRST + DAY * rng.randint(40, 120) if rng.random() < 0.2 else None,
        )
        for n in range(rng.randint(0, 9))
    ]
    return stack, awards


def agree(seeds: Iterable[int]) -> tuple[int, int]:
    """Compare both on each case; returns how many cases were complete, and how many were not."""
    complete = open_ = 0
    for seed in seeds:
        stack, awards = random_case(seed)
        found = standing(stack, awards, now=NOW)
        assert found.complete_since == Brute(stack, awards).complete_since(), (seed, stack.rule, awards)
        complete, open_ = complete + found.complete, open_ + (not found.complete)
    return complete, open_


@pytest.mark.parametrize("block", range(6))
def test_as_one_that_tries_everything(block: int) -> None:
    complete, open_ = agree(range(block * 100, block * 100 + 100))
    assert min(complete, open_) > 10, "both answers are tried"


@pytest.mark.long
@pytest.mark.parametrize("block", range(5))
def test_as_one_that_tries_everything_5000_times(block: int, figure: Figure) -> None:
    complete, open_ = agree(range(1_000 + block * 1_000, 2_000 + block * 1_000))
    assert complete + open_ == 1_000
    assert min(complete, open_) > 200, "both answers are tried"
    figure(f"equal in 1,000 of 1,000 random stacks and histories ({complete} complete, {open_} not)")


def test_the_random_stacks_are_mostly_ones_that_could_be_published() -> None:
    faultless = sum(not stack_faults(random_case(seed)[0]) for seed in range(200))
    assert faultless > 100
