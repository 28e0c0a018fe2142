"""Issue, carry, verify: every suite and every JWT, for badges, endorsements and learner records, in every carrier."""

from __future__ import annotations

import json

import pytest

from badgeissuer.vc.bake import unbake
from badgeissuer.vc.verify import Report
from tests.support import issued, renditions
from tests.support.renditions import ALGORITHMS, CARRIERS, FORMS, KINDS, SUITES, WORLD


def verified(text: str, kind: str, carrier: str) -> Report:
    data = renditions.carried(text, kind, carrier)
    if carrier != "text":
        assert unbake(data).text == text, "byte for byte what went in"
    return issued.report_on(data, controllers=WORLD)


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suite", SUITES)
def test_every_suite_of_every_kind_in_every_carrier(suite: str, kind: str, carrier: str) -> None:
    report = verified(renditions.secured(kind, suite), kind, carrier)
    assert report.verified, [check for check in report.checks if check.verdict != "ok"]
    assert report.check(3).detail.startswith(f"the {suite} signature is good")
    assert len(report.nested) == (3 if kind == "clr" else 0)


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_every_token_of_every_kind_in_every_carrier(alg: str, form: str, kind: str, carrier: str) -> None:
    report = verified(renditions.token(kind, form, alg), kind, carrier)
    assert report.verified, [check for check in report.checks if check.verdict != "ok"]
    assert f"JWT's {'Ed25519' if alg == 'EdDSA' else alg} signature is good" in report.check(3).detail.replace(
        "EdDSA", "Ed25519"
    )
    assert report.facts.id == renditions.prepared(kind).document["id"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suite", SUITES)
def test_with_one_letter_changed_none_is_valid(suite: str, kind: str) -> None:
    text = renditions.secured(kind, suite)
    document = json.loads(text)
    document["name"] += "!"
    report = issued.report_on(document, controllers=WORLD)
    assert (report.verified, report.check(3).verdict) == (False, "failed")
