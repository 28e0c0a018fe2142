"""What a person should do: a remedy for every check that is not ok, and one sentence for the whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from badgeissuer.vc import verify
from badgeissuer.vc.checks import advice
from badgeissuer.vc.checks.conclusion import conclude
from badgeissuer.vc.checks.report import KEY, NAMES, failed, not_checked, ok
from badgeissuer.vc.verify import Check, Facts, Failure, Outcome, Report, Verdict
from tests.support import issued
from tests.support.issued import report_on, resigned, without_remedy
from tests.support.shared import shared_path
from tests.unit.vc.test_verify_linked import bits_with, with_list

NUMBERS = range(len(NAMES))
FINE = tuple(ok(number, "fine") for number in NUMBERS)
FACTS = Facts(valid_from="2026-05-01T00:00:00Z", valid_until="2026-02-01T00:00:00Z")


def with_check(check: Check) -> Report:
    return conclude((*FINE[: check.number], check, *FINE[check.number + 1 :]), FACTS)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("made", [failed, not_checked])
def test_every_check_that_is_not_ok_has_a_remedy_and_leads_to_advice(number: int, made: Any) -> None:
    report = with_check(made(number, "wrong"))
    remedy = report.check(number).remedy
    assert remedy == (advice.FAILED if made is failed else advice.NOT_CHECKED)[number]
    assert report.advice.endswith(f": {remedy}.")
    assert not without_remedy(report)


@pytest.mark.parametrize("number", NUMBERS)
def test_what_follows_from_an_earlier_failure_says_so(number: int) -> None:
    later = tuple(not_checked(other, "not looked at") for other in range(number + 1, len(NAMES)))
    report = conclude((*FINE[:number], failed(number, "wrong"), *later), FACTS)
    expected = advice.AFTER_ANOTHER if number <= KEY else None
    for check in report.checks[number + 1 :]:
        assert check.remedy == (expected or advice.NOT_CHECKED[check.number])


@pytest.mark.parametrize(("outcome", "number"), [*((outcome, 5) for outcome in advice.BY_OUTCOME)])
def test_what_time_and_status_stand_for(outcome: Outcome, number: int) -> None:
    report = with_check(failed(number, "x", outcome=outcome))
    assert (report.outcome, report.check(number).remedy) == (outcome, advice.BY_OUTCOME[outcome])
    assert report.advice.startswith("Genuine, but ")
    assert report.advice.endswith(f"{advice.BY_OUTCOME[outcome]}.")


def test_dates_are_told() -> None:
    assert "it ended at 2026-02-01T00:00:00Z" in with_check(failed(5, "x", outcome=Outcome.EXPIRED)).advice
    assert "it begins at 2026-05-01T00:00:00Z" in with_check(failed(5, "x", outcome=Outcome.NOT_YET_VALID)).advice


def test_a_remedy_of_its_own_stays_and_parts_have_theirs() -> None:
    part = Check(8, "part", Verdict.FAILED, "x")
    knows = Check(8, "knows", Verdict.FAILED, "x", remedy="do this")
    fine = Check(8, "fine", Verdict.OK, "x")
    report = with_check(failed(8, "x", parts=[fine, knows, part]))
    assert [item.remedy for item in report.check(8).parts] == [None, "do this", advice.FAILED[8]]
    assert report.check(8).remedy == "do this"
    assert with_check(failed(8, "x", remedy="mine", parts=[part])).check(8).remedy == "mine"
    # One that is worse than the check as a whole says nothing of it: a proof that does not hold beside one that does.
    held = with_check(ok(3, "x", [Check(3, "proof 1", Verdict.FAILED, "x")]))
    assert (held.verified, held.check(3).remedy, held.check(3).parts[0].remedy) == (True, None, advice.FAILED[3])
    mixed = with_check(not_checked(8, "x", parts=[replace(part, verdict=Verdict.OK)]))
    assert mixed.check(8).remedy == advice.NOT_CHECKED[8]


def test_the_tables_are_whole() -> None:
    assert set(advice.FAILED) == set(advice.NOT_CHECKED) == set(NUMBERS)
    told = [*advice.FAILED.values(), *advice.NOT_CHECKED.values(), *advice.BY_OUTCOME.values(), advice.AFTER_ANOTHER]
    assert all(text == text.strip() and text[0].islower() and text[-1] not in ".;:" for text in told)


BACKWARDS = {"validFrom": "2027-01-01T00:00:00Z", "validUntil": "2026-06-01T00:00:00Z"}
JWT = b"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"


@pytest.mark.parametrize(
    ("report", "begins", "holds"),
    [
        (lambda: report_on(issued.signed()), "Genuine and in force: ", "is yours to decide"),
        (
            lambda: with_list(issued.status_list(bits_with(issued.INDEX))),
            "Genuine, but taken back by its issuer: ",
            "do not rely on it",
        ),
        (lambda: report_on(issued.signed() | {"name": "Other"}), "Not genuine as it stands: it was", "original"),
        (lambda: report_on(resigned(issued.signed(), key=issued.OTHER_KEY)), "Not genuine as it stands: ", "rely"),
        (
            lambda: report_on(
                resigned(issued.signed(), verificationMethod=f"did:key:{issued.MULTIKEY}#{issued.MULTIKEY}")
            ),
            "Not genuine as it stands: the key that signed it is not known to be that of the issuer",
            "ask the issuer that it names",
        ),
        (lambda: with_list(None), "No verdict, so treat it as not verified (status could not be", "verify again later"),
        (lambda: report_on(JWT), "Not verified: this could not be read as a credential: ", "other JWTs"),
        (lambda: report_on(b"GIF89a"), "Not verified: this could not be read as a credential: ", "send the credential"),
        (lambda: report_on(b"{}"), "Not verified: this is not a badge", "send an Open Badge"),
        (
            lambda: report_on(resigned(issued.signed() | BACKWARDS)),
            "Not valid: its dates contradict",
            "ask the issuer",
        ),
    ],
)  # fmt: skip
def test_the_whole_in_one_sentence(report: Any, begins: str, holds: str) -> None:
    found = report()
    assert found.advice.startswith(begins), found.advice
    assert holds in found.advice


def test_what_could_not_be_gathered_at_all() -> None:
    plan = verify.plan(issued.signed())
    report = verify.check(plan, verify.Material(), now=issued.NOW)
    assert report.outcome is Outcome.NOT_CHECKED
    assert not without_remedy(report)
    away = verify.Material(controllers={issued.DID: Failure("away")}, canonical=issued.canonical_forms(plan))
    report = verify.check(plan, away, now=issued.NOW)
    assert report.advice.startswith("No verdict, so treat it as not verified (proof, key belongs to issuer, status")


def _invalid_samples() -> Iterator[Path]:
    folder = shared_path("standards/samples/invalid")
    yield from sorted(path for path in folder.rglob("*") if path.suffix in (".json", ".jwt", ".png", ".svg"))


def test_every_official_invalid_sample_is_told_what_to_do() -> None:
    seen = 0
    for path in _invalid_samples():
        plan = verify.plan(path.read_bytes())
        report = verify.check(plan, issued.material(plan), now=issued.NOW)
        assert report.advice, path.name
        assert not without_remedy(report), path.name
        if not report.verified:
            seen += 1
    assert seen > 50


def test_advice_never_echoes_the_document() -> None:
    document = json.loads(json.dumps(issued.signed()).replace("Assessment Literacy", "Xq7 secret"))
    assert "Xq7" not in report_on(document).advice
