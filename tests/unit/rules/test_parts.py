"""The parts of an achievement that are ours: how they are read, and the rubric they are judged by."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from badgeissuer.rules.adjudication import Criterion, Discrepancy, Level, Policy
from badgeissuer.rules.parts import AchievementParts, AssessmentPolicy, criteria_of
from badgeissuer.rules.terms import AssessmentMode, DuplicatePolicy, StatusPurpose


def test_nothing_given_is_one_assessor_no_duplicates_no_end() -> None:
    parts = AchievementParts.model_validate({})
    assert parts.assessment.as_policy() == Policy(AssessmentMode.ONE, Discrepancy(True, 2, None))
    assert (parts.duplicates, parts.status_purpose, parts.valid_for_days) == (
        DuplicatePolicy.DENY,
        StatusPurpose.REVOCATION,
        None,
    )


@pytest.mark.parametrize(
    ("given", "mode"),
    [
        (1, AssessmentMode.ONE),
        (2, AssessmentMode.TWO),
        ("one", AssessmentMode.ONE),
        ("two", AssessmentMode.TWO),
        ("external", AssessmentMode.EXTERNAL),
    ],
)
def test_assessors_by_word_or_number(given: object, mode: AssessmentMode) -> None:
    assert AssessmentPolicy.model_validate({"assessors": given}).assessors is mode


@pytest.mark.parametrize("given", [0, 3, True, "three", None, [2]])
def test_other_numbers_of_assessors_are_refused(given: object) -> None:
    with pytest.raises(ValidationError):
        AssessmentPolicy.model_validate({"assessors": given})


@pytest.mark.parametrize(
    "discrepancy",
    [
        {"outcome": False, "criterion_levels": None, "total_points": 2.5},
        {"outcome": False, "criterionLevels": None, "totalPoints": 2.5},
    ],
)
def test_both_spellings_are_read(discrepancy: dict[str, Any]) -> None:
    policy = AssessmentPolicy.model_validate({"assessors": 2, "discrepancy": discrepancy})
    assert policy.as_policy() == Policy(AssessmentMode.TWO, Discrepancy(False, None, 2.5))


@pytest.mark.parametrize(
    "given",
    [
        {"competancy": "x"},
        {"discrepancy": {"total_points": float("nan")}},
        {"valid_for_days": 0},
        {"grain_size_hours": float("inf")},
    ],
)
def test_what_nobody_defined_or_nobody_can_mean_is_refused(given: dict[str, Any]) -> None:
    where = {"assessment": given} if "discrepancy" in given else given
    with pytest.raises(ValidationError):
        AchievementParts.model_validate(where)


def test_the_rubric_is_the_result_descriptions_that_have_levels() -> None:
    document = {
        "resultDescription": [
            {"id": "d1", "name": "Score"},
            {
                "id": "d2",
                "name": "Plan",
                "requiredLevel": "b",
                "rubricCriterionLevel": [{"id": "a", "points": "0.5"}, {"id": "b", "points": "many"}, {"id": "c"}],
            },
            {"id": "d3", "name": "Voice", "rubricCriterionLevel": [{"id": "e"}]},
        ]
    }
    assert criteria_of(document) == (
        Criterion("d2", "Plan", (Level("a", 0, 0.5), Level("b", 1, None), Level("c", 2, None)), required="b"),
        Criterion("d3", "Voice", (Level("e", 0, None),), required=None),
    )
    assert criteria_of({}) == ()
