"""The demo content: every key leads somewhere, achievements are good OB3 documents, all cases are there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator, FormatChecker

from badgeissuer.cli.content import load_content
from badgeissuer.cli.content_kinds import AchievementContent, Content
from badgeissuer.errors import Misconfigured
from badgeissuer.rules.terms import AssessmentMode, Outcome, StatusPurpose
from tests.support.shared import shared_path


@pytest.fixture(scope="module")
def content() -> Content:
    return load_content()


def with_ids(item: AchievementContent) -> dict[str, Any]:
    """As the service stores it: the ids that it gives are there."""
    document = json.loads(
        json.dumps({"id": f"https://issuer.example/achievements/{item.key}", "type": ["Achievement"], **item.document})
    )
    for number, description in enumerate(document.get("resultDescription", [])):
        description["id"] = f"{document['id']}#c{number}"
        names = {}
        for position, level in enumerate(description["rubricCriterionLevel"]):
            level["id"] = names[level["name"]] = f"{description['id']}-l{position}"
        if "requiredLevel" in description:
            description["requiredLevel"] = names[description["requiredLevel"]]
    return document


def texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for member in value.values():
                yield from texts(member)
        case list() | tuple():
            for member in value:
                yield from texts(member)


def test_every_achievement_fits_the_canonical_schema(content: Content) -> None:
    schema = json.loads(
        shared_path(
            "standards/json-schema/ob-v3p0-canonical/ob_v3p0_achievementcredential-jsonschema1.json"
        ).read_text()
    )
    validator = Draft201909Validator(
        {"$ref": "#/$defs/Achievement", "$defs": schema["$defs"]}, format_checker=FormatChecker()
    )
    faults = {
        item.key: [error.message for error in validator.iter_errors(with_ids(item))] for item in content.achievements
    }
    assert faults == {item.key: [] for item in content.achievements}


def test_the_stack_has_three_published_and_two_drafts(content: Content) -> None:
    stack = {
        i.code: i.publish for i in content.achievements if "Teaching Rural Students From Poverty" in i.document["tag"]
    }
    assert stack == {f"KVEC-TRSP-{n}": n <= 3 for n in range(1, 6)}
    rural, leading = content.stacks
    assert {a.code: not member.get("in_development", False) for a, member in rural.members} == stack
    others = {i.code for i in content.achievements if i.issuer == "kvec" and i.publish and i.rubric} - stack.keys()
    assert {a.code for a, _ in leading.members} == others
    assert len(others) == 5


def test_stacks_award_pictures_with_words_and_without_a_rubric(content: Content) -> None:
    crowns = [stack.awards for stack in content.stacks]
    assert [(bool(crown.rubric), crown.art is not None and bool(crown.art.caption)) for crown in crowns] == [
        (False, True)
    ] * 2
    assert [stack.first for stack in content.stacks] == [False, True]


def test_who_stands_where_in_the_stacks(content: Content) -> None:
    held = {
        earner.key: {d.achievement.code for d in content.decisions if d.earner == earner} for earner in content.earners
    }
    rural, leading = ({a.code for a, _ in stack.members} for stack in content.stacks)
    assert len(held["nunez"] & rural) == 3
    assert (len(held["oquinn"] & leading), len(held["delgado"] & leading)) == (5, 4)


def test_a_recognizer_endorses_and_issues_nothing(content: Content) -> None:
    assert {each.by for each in content.endorsements} == {"kde"}
    assert "kde" not in {achievement.issuer for achievement in content.achievements}
    assert [each.embed for each in content.endorsements] == [True, False]


def test_iris_creates_what_digital_promise_issues(content: Content) -> None:
    creators = {
        i.code: (i.issuer, i.document["creator"]["name"]) for i in content.achievements if "creator" in i.document
    }
    assert set(creators.values()) == {("digital-promise", "IRIS Center")}
    assert len(creators) == 3


def test_every_case_of_the_domain_is_there(content: Content) -> None:
    assert len(content.earners) == 12
    assert {d.earner.key for d in content.decisions} == {e.key for e in content.earners}
    assert Counter(d.judgement.outcome for d in content.decisions if d.judgement) == {
        Outcome.AWARDED: 15,
        Outcome.NOT_YET: 2,
    }
    assert Counter(len(d.assessments) for d in content.decisions if not d.judgement) == {1: 1, 2: 10, 3: 2}
    assert Counter((what, d.achievement.parts.status_purpose) for d in content.decisions for what, _ in d.later) == {
        ("revoke", StatusPurpose.REVOCATION): 1,
        ("suspend", StatusPurpose.REVOCATION): 1,
        ("suspend", StatusPurpose.SUSPENSION): 1,
    }
    assert {i.parts.assessment.assessors for i in content.achievements} == set(AssessmentMode)
    shared = [e for d in content.decisions for e in d.evidence if e.share]
    assert len(shared) >= 5
    assert all(e.url and e.url.startswith("https://portfolio.example.org/") for e in shared)


def test_decisions_go_by_the_way_that_the_policy_asks_for(content: Content) -> None:
    for decision in content.decisions:
        two = decision.achievement.parts.assessment.assessors is AssessmentMode.TWO
        assert (decision.judgement is None, bool(decision.assessments)) == (two, two), decision.reference
        assert decision.achievement.publish, decision.reference


def test_references_and_codes_are_unique(content: Content) -> None:
    assert not [k for k, n in Counter(d.reference for d in content.decisions).items() if n > 1]
    assert not [k for k, n in Counter(i.code for i in content.achievements).items() if n > 1]
    assert not [k for k, n in Counter(e.email for e in content.earners).items() if n > 1]


def test_nothing_that_signing_or_wallets_stumble_over(content: Content) -> None:
    for item in content.achievements:
        for text in texts(item.document):
            assert not [c for c in text if ord(c) < 32 and c != "\n"], item.key
            assert "&" not in text, item.key  # interop.md: entities are decoded by some wallets
            assert text.strip() == text, item.key


def test_levels_are_found_by_key(content: Content) -> None:
    item = next(i for i in content.achievements if i.key == "kvec-assessment-literacy")
    assert item.levels({"purpose": "demonstrated", "quality": "almost", "use": "not-yet"}) == {
        "Matches method to purpose": "Demonstrated",
        "Examines quality": "Almost",
        "Acts on results": "Not yet",
    }


def copy_of_the_content(folder: Path) -> Path:
    source = files("badgeissuer.cli") / "demo_content"
    for name in ("", "achievements", "art"):
        place = source / name if name else source
        (folder / name).mkdir(exist_ok=True)
        for file in place.iterdir():
            if file.is_file():
                (folder / name / file.name).write_bytes(file.read_bytes())
    return folder


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"achievement": "no-such"}, "decisions-kvec.yaml, demo:al:ramanathan"),
        ({"levels": {"purpose": "demonstrated"}}, "decisions-kvec.yaml, demo:al:ramanathan"),
        ({"outcome": "perhaps"}, "decisions-kvec.yaml, demo:al:ramanathan"),
    ],
)
def test_a_key_that_leads_nowhere_is_named(tmp_path: Path, change: dict[str, Any], place: str) -> None:
    folder = copy_of_the_content(tmp_path)
    file = folder / "decisions-kvec.yaml"
    decisions = yaml.safe_load(file.read_text(encoding="utf-8"))
    decisions[0] |= change
    file.write_text(yaml.safe_dump(decisions, allow_unicode=True), encoding="utf-8")
    with pytest.raises(Misconfigured, match=place):
        load_content(folder)


def test_a_stack_of_what_is_not_there_is_named(tmp_path: Path) -> None:
    folder = copy_of_the_content(tmp_path)
    file = folder / "stacks.yaml"
    stacks = yaml.safe_load(file.read_text(encoding="utf-8"))
    stacks[0]["members"][0]["achievement"] = "no-such"
    file.write_text(yaml.safe_dump(stacks, allow_unicode=True), encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"stacks\.yaml"):
        load_content(folder)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    folder = copy_of_the_content(tmp_path)
    (folder / "scales.yaml").write_text("three: [", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"scales\.yaml"):
        load_content(folder)
