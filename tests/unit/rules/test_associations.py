"""How achievements of a record are related: each kind of fact, both ends known, each association once."""

from __future__ import annotations

import pytest

from badgeissuer.rules.associations import (
    AchievementFacts,
    Association,
    AssociationType,
    MemberFacts,
    StackFacts,
    earlier,
    relate,
)
from badgeissuer.rules.stack_rules import StackDocument
from badgeissuer.vc.model import terms

A, B, C, D, CROWN, UPPER = (f"https://issuer.example/achievements/{name}" for name in ("a", "b", "c", "d", "x", "z"))
KIND = AssociationType


def _asserted(*ids: str) -> list[AchievementFacts]:
    return [AchievementFacts(each) for each in ids]


def _links(*links: tuple[AssociationType, str, str]) -> tuple[Association, ...]:
    return tuple(sorted(Association(*link) for link in links))


def test_every_word_is_one_of_the_standard() -> None:
    assert {kind.value for kind in AssociationType} == terms.ASSOCIATION_TYPES - {"isPeerOf"}


def test_achievements_without_facts_have_nothing_to_do_with_each_other() -> None:
    found = relate(_asserted(A, B), [], definable=[CROWN])
    assert (found.associations, found.defined) == ((), ())


def test_members_are_part_of_the_stack_that_the_record_then_defines() -> None:
    stack = StackFacts(CROWN, (MemberFacts(A), MemberFacts(B), MemberFacts(C)))
    found = relate(_asserted(A, B), [stack], definable=[CROWN, UPPER])
    assert found.associations == _links((KIND.IS_PART_OF, A, CROWN), (KIND.IS_PART_OF, B, CROWN))
    assert found.defined == (CROWN,)


def test_a_stack_that_is_earned_needs_no_definition() -> None:
    stack = StackFacts(CROWN, (MemberFacts(A),))
    found = relate(_asserted(A, CROWN), [stack], definable=[])
    assert found.associations == _links((KIND.IS_PART_OF, A, CROWN))
    assert found.defined == ()


def test_a_stack_that_may_not_be_defined_is_left_out() -> None:
    stack = StackFacts(CROWN, (MemberFacts(A),))
    assert relate(_asserted(A), [stack], definable=[]).associations == ()


def test_a_nested_stack_is_a_child_and_what_counts_instead_of_it_a_part() -> None:
    stack = StackFacts(UPPER, (MemberFacts(CROWN, nested=True, alternatives=(D,)),))
    found = relate(_asserted(CROWN, D, UPPER), [stack], definable=[])
    assert found.associations == _links(
        (KIND.IS_CHILD_OF, CROWN, UPPER),
        (KIND.IS_PARENT_OF, UPPER, CROWN),
        (KIND.IS_PART_OF, D, UPPER),
        (KIND.EXACT_MATCH_OF, D, CROWN),
    )


def test_an_alternative_alone_is_part_of_the_stack_and_matches_nothing_that_is_not_here() -> None:
    stack = StackFacts(CROWN, (MemberFacts(A, alternatives=(D,)),))
    found = relate(_asserted(D), [stack], definable=[CROWN])
    assert found.associations == _links((KIND.IS_PART_OF, D, CROWN))


def test_what_is_required_precedes_where_it_is_in_the_record() -> None:
    stack = StackFacts(CROWN, (MemberFacts(A), MemberFacts(B, requires=(A, C))))
    found = relate(_asserted(A, B), [stack], definable=[CROWN])
    assert found.associations == _links((KIND.IS_PART_OF, A, CROWN), (KIND.IS_PART_OF, B, CROWN), (KIND.PRECEDES, A, B))


def test_alignments_and_related_achievements_count_where_their_target_is_in_the_record() -> None:
    facts = AchievementFacts(A, aligned=(B, "https://framework.example/6"), related=((C, None), (D, None)))
    found = relate([facts, *_asserted(B, C)], [], definable=[D])
    assert found.associations == _links((KIND.IS_RELATED_TO, A, B), (KIND.IS_RELATED_TO, A, C))
    assert found.defined == ()


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        ("2", "1", (KIND.REPLACED_BY, B, A)),
        ("1", "2", (KIND.REPLACED_BY, A, B)),
        ("1.10", "1.9", (KIND.REPLACED_BY, B, A)),
        ("1.0", "1", (KIND.IS_RELATED_TO, A, B)),
        ("0", "0.0", (KIND.IS_RELATED_TO, A, B)),
        ("2", None, (KIND.IS_RELATED_TO, A, B)),
        (None, "1", (KIND.IS_RELATED_TO, A, B)),
        ("spring", "1", (KIND.IS_RELATED_TO, A, B)),
        ("2", "1\n", (KIND.IS_RELATED_TO, A, B)),
    ],
)
def test_of_two_editions_the_later_replaces_the_earlier(
    own: str | None, other: str | None, expected: tuple[AssociationType, str, str]
) -> None:
    found = relate([AchievementFacts(A, version=own, related=((B, other),)), *_asserted(B)], [], definable=[])
    assert found.associations == _links(expected)


def test_nothing_is_related_to_itself_and_nothing_is_said_twice() -> None:
    stack = StackFacts(A, (MemberFacts(A), MemberFacts(B), MemberFacts(B, requires=(B,))))
    facts = AchievementFacts(A, aligned=(A, B, B), related=((A, "1"), (B, None)))
    found = relate([facts, *_asserted(B)], [stack, stack], definable=[])
    assert found.associations == _links((KIND.IS_RELATED_TO, A, B), (KIND.IS_PART_OF, B, A))


def test_the_order_does_not_hang_on_the_order_of_the_facts() -> None:
    stacks = [StackFacts(CROWN, (MemberFacts(A), MemberFacts(B))), StackFacts(UPPER, (MemberFacts(B),))]
    one = relate(_asserted(A, B), stacks, definable=[CROWN, UPPER])
    assert one == relate(_asserted(B, A), stacks[::-1], definable=[UPPER, CROWN])


def test_what_comes_before_a_member_is_read_from_requirements_orders_and_capstones() -> None:
    members = [{"key": key, "title": key, "in_development": True} for key in ("a", "b", "c", "d", "e", "f")]
    members[5]["requires"] = ["e"]
    year = {"length": {"years": 1}}
    rule = {
        "all": [
            {"at_least": 1, "of": [{"in_order": ["a", "b", "c"]}]},
            {"within": {"years": 1}, "of": {"capstone": "d", "after": {"all": ["a", {"in_order": ["b", "e"]}]}}},
            {"phases": [{**year, "rule": {"in_order": ["c", "f"]}}, {**year, "rule": {"at_least": 2}}]},
        ]
    }
    stack = StackDocument.model_validate({"name": "S", "description": "D", "members": members, "rule": rule})
    assert {key: "".join(sorted(before)) for key, before in earlier(stack).items()} == {
        "a": "",
        "b": "a",
        "c": "b",
        "d": "abe",
        "e": "b",
        "f": "ce",
    }
