"""A stack that contradicts itself is refused, with every fault at its place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from badgeissuer.rules.stack_checks import DEEPEST_RULE, nesting_faults, stack_faults
from badgeissuer.rules.stack_progress import progress
from badgeissuer.rules.stack_rules import OnLoss, Period, StackDocument, keys_in
from badgeissuer.rules.stacks import Earned, affected, standing
from badgeissuer.rules.terms import AwardState

BASE: dict[str, Any] = {
    "name": "S",
    "description": "D",
    "members": [
        {"key": "a", "title": "A", "achievement": "urn:a:a", "categories": ["X"]},
        {"key": "b", "title": "B", "achievement": "urn:a:b", "requires": ["a"]},
        {"key": "c", "title": "C", "stack": "https://a.example/stacks/1", "alternatives": ["urn:b:c"]},
    ],
    "rule": {"all": ["a", "b", "c"]},
}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def read(**changes: Any) -> StackDocument:
    return StackDocument.model_validate({**BASE, **changes})


def member(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "title": key, "achievement": f"urn:a:{key}", **more}


def deep(levels: int) -> dict[str, Any]:
    rule: Any = "a"
    for _ in range(levels):
        rule = {"all": [rule]}
    return dict(rule)


def test_a_stack_without_faults() -> None:
    assert stack_faults(read()) == []
    for rule in (
        "a",
        {"at_least": 2},
        {"atLeast": 1, "of": ["a", "b"]},
        {"perCategory": {"X": 1}},
        {"inOrder": ["a", "b"]},
        {"capstone": "c", "after": {"all": ["a"]}},
        {"within": {"years": 1}, "of": "a"},
        {"phases": [{"length": {"days": 5}, "rule": "a"}, {"length": {"months": 1}, "rule": "b"}]},
        deep(DEEPEST_RULE - 1),
    ):
        assert stack_faults(read(rule=rule)) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"members": [member("a"), member("a", achievement="urn:a:z")], "rule": "a"},
            [("/members/1/key", "ambiguous")],
        ),
        (
            {"members": [member("a"), member("b", alternatives=["urn:a:a"])], "rule": "a"},
            [("/members/1/alternatives/0", "ambiguous")],
        ),
        ({"members": [member("a", requires=["z"])], "rule": "a"}, [("/members/0/requires/0", "reference")]),
        (
            {"members": [member("a", requires=["b"]), member("b", requires=["a"])], "rule": "a"},
            [("/members/0/requires", "cycle"), ("/members/1/requires", "cycle")],
        ),
        ({"rule": "z"}, [("/rule", "reference")]),
        ({"rule": {"all": ["a", "z"]}}, [("/rule/all/1", "reference")]),
        ({"rule": {"at_least": 4}}, [("/rule/at_least", "unreachable")]),
        ({"rule": {"at_least": 2, "of": ["z"]}}, [("/rule/at_least", "unreachable"), ("/rule/of/0", "reference")]),
        ({"rule": {"per_category": {"Y": 1}}}, [("/rule/per_category/Y", "reference")]),
        ({"rule": {"per_category": {"X": 2}}}, [("/rule/per_category/X", "unreachable")]),
        ({"rule": {"in_order": ["a", "z"]}}, [("/rule/in_order/1", "reference")]),
        (
            {"rule": {"capstone": "z", "after": "y"}},
            [("/rule/capstone", "reference"), ("/rule/after", "reference")],
        ),
        ({"rule": {"within": {"days": 1}, "of": "z"}}, [("/rule/of", "reference")]),
        (
            {"rule": {"phases": [{"length": {"days": 1}, "rule": "a"}, {"length": {"days": 1}, "rule": "z"}]}},
            [("/rule/phases/1/rule", "reference")],
        ),
        ({"rule": deep(DEEPEST_RULE)}, [("/rule" + "/all/0" * DEEPEST_RULE, "too-deep")]),
    ],
)
def test_each_contradiction_is_named_at_its_place(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert [(fault.pointer, fault.code) for fault in stack_faults(read(**changes))] == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"rule": 5},
        {"rule": {"all": ["a"], "at_least": 1}},
        {"rule": {}},
        {"rule": {"within": {}, "of": "a"}},
        {"rule": {"phases": [{"length": {"days": 1}, "rule": "a"}]}},
        {"members": [{"key": "a", "title": "A"}]},
        {"members": [member("a", stack="https://a.example/stacks/1")]},
        {"members": [member("A b")]},
        {"members": []},
        {"members": [member("a", minimum={"at_least": float("nan")})]},
        {"colour": "red"},
    ],
)
def test_what_has_not_the_shape_of_a_stack(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(**changes)


def test_stacks_in_stacks() -> None:
    three = {"1": frozenset({"2"}), "2": frozenset({"3"}), "3": frozenset[str]()}
    assert nesting_faults("1", three) == []
    assert [fault.code for fault in nesting_faults("1", {**three, "3": frozenset({"4"}), "4": frozenset()})] == [
        "too-deep"
    ]
    assert [fault.code for fault in nesting_faults("1", {**three, "2": frozenset({"1"})})] == ["cycle"]
    assert [fault.code for fault in nesting_faults("1", {"1": frozenset({"1"})})] == ["cycle"]


def test_periods_of_calendar_time() -> None:
    leap = datetime(2024, 2, 29, 12, tzinfo=UTC)
    assert Period(years=1).after(leap) == datetime(2025, 2, 28, 12, tzinfo=UTC)
    assert Period(years=4).after(leap) == datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert Period(months=1).after(datetime(2024, 1, 31, tzinfo=UTC)) == datetime(2024, 2, 29, tzinfo=UTC)
    assert Period(months=2, days=3).after(leap, times=2) == datetime(2024, 7, 5, 12, tzinfo=UTC)
    assert str(Period(years=1, months=2, days=3)) == "1 year and 2 months and 3 days"


def test_a_lost_member_and_what_the_policy_makes_of_it() -> None:
    lost = standing(read(rule="a"), [], now=NOW)
    kept = standing(read(rule="a"), [Earned("1", "urn:a:a", NOW)], now=NOW)
    for policy in OnLoss:
        document = read(rule="a", on_loss=policy)
        assert affected(AwardState.ACTIVE, document, kept) is None
        assert affected(AwardState.REVOKED, document, lost) is None
        wanted = None if policy is OnLoss.KEEP else policy
        assert affected(AwardState.ACTIVE, document, lost) is wanted
        again = OnLoss.REVOKE if policy is OnLoss.REVOKE else None
        assert affected(AwardState.SUSPENDED, document, lost) is again


def test_what_a_rule_looks_at_and_progress_through_all_of_several() -> None:
    document = read(rule={"at_least": 1, "of": ["a", {"at_least": 2}]})
    assert list(keys_in(document, document.rule)) == ["a", "a", "b", "c"]
    found = progress(read(rule={"at_least": 2}), [Earned("1", "urn:a:a", NOW - timedelta(days=1))], now=NOW)
    assert found.condition.text == "at least 2 of all"
    assert (found.condition.have, found.summary) == (1, "1 of 3 earned; missing: 1 more (at least 2 of all)")
    some = progress(read(rule={"at_least": 2, "of": ["a", "b", "c"]}), [], now=NOW)
    assert some.summary == "0 of 3 earned; missing: 2 more (at least 2 of these 3)"


def test_every_kind_of_rule_says_which_members_it_looks_at() -> None:
    for rule, keys in (
        ({"per_category": {"X": 1}}, ["a"]),
        ({"in_order": ["b", "a"]}, ["b", "a"]),
        ({"capstone": "c", "after": "a"}, ["a", "c"]),
        ({"within": {"days": 1}, "of": "b"}, ["b"]),
        ({"phases": [{"length": {"days": 5}, "rule": "a"}, {"length": {"days": 5}, "rule": "b"}]}, ["a", "b"]),
    ):
        document = read(rule=rule)
        assert list(keys_in(document, document.rule)) == keys


def test_periods_without_what_they_ask_for() -> None:
    document = read(rule={"within": {"days": 3}, "of": {"all": ["a", "c"]}})
    awards = [Earned("1", "urn:a:a", NOW - timedelta(days=9)), Earned("2", "urn:b:c", NOW - timedelta(days=5))]
    assert not standing(document, awards, now=NOW).complete
    assert not standing(document, awards[:1], now=NOW).complete
    assert not standing(document, [], now=NOW).complete


def test_a_phase_may_begin_at_the_end_of_a_shorter_month() -> None:
    """No day plus a month is 30 March but none of February's: the first phase then begins before 29 February ends."""
    rule = {"phases": [{"length": {"months": 1}, "rule": "a"}, {"length": {"days": 1}, "rule": "c"}]}
    first = datetime(2023, 2, 28, 18, tzinfo=UTC)
    awards = [Earned("1", "urn:a:a", first), Earned("2", "urn:b:c", datetime(2023, 3, 29, 19, tzinfo=UTC))]
    assert standing(read(rule=rule), awards, now=NOW).complete is False
    awards = [Earned("1", "urn:a:a", first), Earned("2", "urn:b:c", datetime(2023, 3, 28, 19, tzinfo=UTC))]
    assert standing(read(rule=rule), awards, now=NOW).complete_since == datetime(2023, 3, 28, 19, tzinfo=UTC)


def test_a_count_that_only_categories_show() -> None:
    found = progress(read(rule={"per_category": {"X": 1}}), [], now=NOW)
    assert found.summary == "0 of 3 earned; missing: at least 1 in X"
