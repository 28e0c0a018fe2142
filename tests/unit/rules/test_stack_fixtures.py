"""The stacks of the field, each with an earner who just passes and one who just fails, and what they are told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from badgeissuer.rules.stack_checks import stack_faults
from badgeissuer.rules.stack_progress import MemberState, progress
from badgeissuer.rules.stack_rules import (
    All,
    AtLeast,
    Capstone,
    InOrder,
    Member,
    PerCategory,
    Period,
    Phase,
    Phases,
    StackDocument,
    Within,
)
from badgeissuer.rules.stacks import Earned, standing
from badgeissuer.rules.terms import AwardState

START = datetime(2023, 9, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def member(key: str, *categories: str, **more: object) -> Member:
    return Member.model_validate(
        {"key": key, "title": key.title(), "achievement": f"urn:a:{key}", "categories": categories, **more}
    )


def earned(key: str, day: int) -> Earned:
    return Earned(id=f"award-{key}-{day}", achievement=f"urn:a:{key}", awarded=START + DAY * day)


def stack(members: Iterable[Member], rule: object, **more: object) -> StackDocument:
    document = StackDocument.model_validate(
        {"name": "S", "description": "D", "members": tuple(members), "rule": rule, **more}
    )
    assert stack_faults(document) == []
    return document


def at(day: int) -> datetime:
    return START + DAY * day


# KEDC (Kentucky rank change): 12 foundation, 6 personalised and a capstone within three years.

FOUNDATION = [f"f{n}" for n in range(1, 15)]
PERSONAL = [f"p{n}" for n in range(1, 9)]
KEDC = stack(
    [
        *(member(key, "Foundation") for key in FOUNDATION),
        *(member(key, "Personalised") for key in PERSONAL),
        member("capstone"),
    ],
    Within(
        within=Period(years=3),
        of=Capstone(capstone="capstone", after=PerCategory(per_category={"Foundation": 12, "Personalised": 6})),
    ),
)


def kedc_awards(*, last: int) -> list[Earned]:
    return [
        *(earned(key, n) for n, key in enumerate(FOUNDATION[:12])),
        *(earned(key, 100 + n) for n, key in enumerate(PERSONAL[:6])),
        earned("capstone", last),
    ]


def test_kedc_just_passes_on_the_last_day_of_the_third_year() -> None:
    found = progress(KEDC, kedc_awards(last=1_096), now=at(1_200))
    assert found.standing.complete_since == datetime(2026, 9, 1, 9, tzinfo=UTC)
    assert found.summary == "complete since 2026-09-01"
    assert (found.deadline, found.next_steps) == (None, ())


def test_kedc_just_fails_a_day_later_and_for_one_foundation_too_few() -> None:
    late = progress(KEDC, kedc_awards(last=1_097), now=at(1_098))
    # The period that is still open began with the third foundation award.
    assert late.summary == (
        "19 of 23 earned; missing: 2 more (at least 12 in Foundation); Capstone; "
        "the period that counts now ends on 2026-09-03"
    )
    found = progress(KEDC, [award for award in kedc_awards(last=300) if award.id != "award-f3-2"], now=at(400))
    assert found.summary == (
        "18 of 23 earned; missing: 1 more (at least 12 in Foundation); Capstone; "
        "the period that counts now ends on 2026-09-01"
    )
    assert found.deadline == datetime(2026, 9, 1, 9, tzinfo=UTC)
    # The capstone came before the rest was complete, so one more foundation award does not do.
    assert found.next_steps == ()


def test_kedc_what_if_the_missing_ones_were_earned_now() -> None:
    awards = [award for award in kedc_awards(last=300) if award.id not in ("award-f3-2", "award-capstone-300")]
    found = progress(KEDC, awards, now=at(400), what_if=["f13"])
    assert found.next_steps == ("capstone",)
    assert progress(KEDC, awards, now=at(400), what_if=["f13", "capstone"]).standing.complete


def test_kedc_begins_anew_where_the_period_is_over() -> None:
    found = progress(KEDC, kedc_awards(last=1_097), now=at(3_000))
    assert not found.standing.complete
    assert found.deadline is None


# CarolinaCAP: year 1 at least 4, one in each domain and one in literacy; year 2 at least 10; year 3 at least 4.

DOMAINS = ("Planning", "Instruction", "Environment")
CAP_KEYS = [f"c{n}" for n in range(1, 25)]
CAP = stack(
    [member(key, DOMAINS[n % 3], *(["Literacy"] if n % 6 == 0 else [])) for n, key in enumerate(CAP_KEYS)],
    Phases(
        phases=(
            Phase(
                length=Period(years=1),
                rule=All(
                    all=(AtLeast(at_least=4), PerCategory(per_category={**dict.fromkeys(DOMAINS, 1), "Literacy": 1}))
                ),
            ),
            Phase(length=Period(years=1), rule=AtLeast(at_least=10)),
            Phase(length=Period(years=1), rule=AtLeast(at_least=4)),
        )
    ),
)


def cap_awards(second: int = 10, *, literacy: bool = True) -> list[Earned]:
    first = CAP_KEYS[0:4] if literacy else CAP_KEYS[1:5]
    rest = [key for key in CAP_KEYS if key not in first]
    return [
        *(earned(key, 10 + n) for n, key in enumerate(first)),
        *(earned(key, 380 + n) for n, key in enumerate(rest[:second])),
        *(earned(key, 750 + n) for n, key in enumerate(rest[second : second + 4])),
    ]


def test_carolina_cap_passes_with_exactly_what_each_year_asks_for() -> None:
    found = progress(CAP, cap_awards(), now=at(900))
    assert found.standing.complete_since == at(753)


def test_carolina_cap_fails_for_one_too_few_in_the_last_year() -> None:
    found = progress(CAP, cap_awards()[:-1], now=at(755))
    assert found.summary == (
        "17 of 24 earned; missing: 1 more (at least 4 of all); the period that counts now ends on 2026-09-11"
    )
    # What was earned in the years before is not asked for once more.
    assert found.next_steps == tuple(CAP_KEYS[17:])


def test_what_has_to_be_earned_once_more_is_named_where_nothing_new_would_do() -> None:
    each_year = (Phase(length=Period(years=1), rule="a"), Phase(length=Period(years=1), rule="a"))
    found = progress(stack([member("a"), member("b")], Phases(phases=each_year)), [earned("a", 1)], now=at(400))
    assert (found.summary, found.next_steps) == (
        "1 of 2 earned; missing: A; the period that counts now ends on 2025-09-02",
        ("a",),
    )


@pytest.mark.parametrize(("second", "literacy", "count"), [(9, True, 17), (10, False, 18)])
def test_carolina_cap_fails_for_one_too_few_or_without_literacy(second: int, literacy: bool, count: int) -> None:
    found = progress(CAP, cap_awards(second, literacy=literacy), now=at(900))
    assert not found.standing.complete
    # What was the second year is now taken as the first, whose conditions it meets too.
    assert found.summary == (
        f"{count} of 24 earned; missing: 6 more (at least 10 of all); 4 more (at least 4 of all); "
        "the period that counts now ends on 2026-09-15"
    )


def test_carolina_cap_says_what_the_running_year_still_needs() -> None:
    awards = [award for award in cap_awards() if award.awarded < at(385)]
    found = progress(CAP, awards, now=at(390))
    assert [part.met for part in found.condition.parts] == [True, False, False]
    assert found.condition.parts[1].parts[0].have == 5
    assert found.deadline is not None
    assert found.deadline > at(390)


# Utah: micro-credential → stack → bundle. A stack counts by its own achievement.

UTAH_STACK = stack([member("u1"), member("u2")], AtLeast(at_least=2))
BUNDLE = stack(
    [
        Member(key="one", title="First stack", stack="https://a.example/stacks/1"),
        Member(key="two", title="Second stack", stack="https://a.example/stacks/2"),
    ],
    All(all=("one", "two")),
)
OWN = {"https://a.example/stacks/1": "urn:a:stack-1", "https://a.example/stacks/2": "urn:a:stack-2"}


def test_utahs_bundle_needs_both_stacks() -> None:
    assert standing(UTAH_STACK, [earned("u1", 1), earned("u2", 9)], now=at(10)).complete_since == at(9)
    both = [earned("stack-1", 1), earned("stack-2", 2)]
    assert standing(BUNDLE, both, now=at(3), own=OWN).complete
    found = progress(BUNDLE, both[:1], now=at(3), own=OWN)
    assert (found.standing.complete, found.next_steps) == (False, ("two",))
    assert found.summary == "1 of 2 earned; missing: Second stack"


# Muskego-Norway: 15 foundational and 15 elective.

MUSKEGO = stack(
    [*(member(f"b{n}", "Foundational") for n in range(15)), *(member(f"e{n}", "Elective") for n in range(20))],
    PerCategory(per_category={"Foundational": 15, "Elective": 15}),
)


def test_muskego_norway_thirty_and_twenty_nine() -> None:
    awards = [*(earned(f"b{n}", n) for n in range(15)), *(earned(f"e{n}", 50 + n) for n in range(15))]
    assert standing(MUSKEGO, awards, now=at(100)).complete_since == at(64)
    found = progress(MUSKEGO, awards[:-1], now=at(100))
    assert found.summary == "29 of 35 earned; missing: 1 more (at least 15 in Elective)"
    assert found.next_steps == ("e14", "e15", "e16", "e17", "e18", "e19")


# KVEC, "Teaching Rural Students From Poverty": five, two of them in development.

KVEC = stack(
    [
        member("understanding"),
        member("relationships"),
        member("pedagogy"),
        Member(key="structures", title="Learning Structures", in_development=True),
        Member(key="interventions", title="Interventions", in_development=True),
    ],
    AtLeast(at_least=5),
)


def test_kvec_cannot_be_complete_while_two_are_in_development() -> None:
    awards = [earned(key, n) for n, key in enumerate(("understanding", "relationships", "pedagogy"))]
    found = progress(KVEC, awards, now=at(10))
    assert found.summary == "3 of 5 earned; missing: Learning Structures; Interventions; 2 still in development"
    assert [each.state for each in found.members] == [*[MemberState.EARNED] * 3, *[MemberState.IN_DEVELOPMENT] * 2]
    assert found.next_steps == ()
    four_of_five = KVEC.model_copy(update={"rule": AtLeast(at_least=3)})
    assert standing(four_of_five, awards, now=at(10)).complete_since == at(2)


# What one member's line says.


def test_each_state_of_a_member_has_its_words() -> None:
    asked = stack(
        [
            member("a"),
            member("b", requires=["a"]),
            member("c", minimum={"at_least": 3}),
            member("d", minimum={"result": "urn:r:1", "at_least": 2}),
            member("e"),
            member("f"),
            member("g", requires=["e"]),
            member("h"),
        ],
        InOrder(in_order=("a", "b")),
        expired_count=False,
    )
    awards = [
        Earned("1", "urn:a:a", at(5)),
        Earned("2", "urn:a:b", at(3)),
        Earned("3", "urn:a:c", at(3), results={"urn:r:1": 2.0}),
        Earned("4", "urn:a:d", at(3), results={"urn:r:1": 2.0}),
        Earned("6", "urn:a:f", at(3), state=AwardState.REVOKED),
        Earned("8", "urn:a:h", at(3), valid_until=at(4)),
        Earned("9", "urn:a:e", at(30)),
    ]
    found = progress(asked, awards, now=at(10))
    assert {each.key: (each.state, each.detail) for each in found.members} == {
        "a": (MemberState.EARNED, "earned on 2023-09-06"),
        "b": (MemberState.WAITING, "earned, but it counts only where earned after: A"),
        "c": (MemberState.TOO_LOW, "earned, but a result of at least 3 is asked for"),
        "d": (MemberState.EARNED, "earned on 2023-09-04"),
        "e": (MemberState.OPEN, "not earned yet"),
        "f": (MemberState.LOST, "was earned, but the award is revoked"),
        "g": (MemberState.WAITING, "can be earned after: E"),
        "h": (MemberState.LOST, "was earned, but the award has expired"),
    }
    assert [(part.text, part.met) for part in found.condition.parts] == [("A", True), ("B", False)]
    assert found.next_steps == ("b",)
