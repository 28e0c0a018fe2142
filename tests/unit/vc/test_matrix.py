"""Issue, carry, verify: every suite and every JWT, for badges, endorsements and learner records, in every carrier."""

from __future__ import annotations

import json

import pytest

from badgeissuer.vc.bake import unbake
from badgeissuer.vc.status import Bits
from badgeissuer.vc.verify import Outcome, Report, Verdict
from tests.support import issued, renditions
from tests.support.renditions import ALGORITHMS, CARRIERS, FORMS, KINDS, MEMBERS, SUITES, WORLD

EVERY_KIND = pytest.mark.parametrize("kind", KINDS)
EVERY_SUITE = pytest.mark.parametrize("suite", SUITES)
EVERY_CARRIER = pytest.mark.parametrize("carrier", CARRIERS)
EVERY_FORM = pytest.mark.parametrize("form", FORMS)
EVERY_ALGORITHM = pytest.mark.parametrize("alg", ALGORITHMS)


def verified(text: str, kind: str, carrier: str) -> Report:
    data = renditions.carried(text, kind, carrier)
    if carrier != "text":
        assert unbake(data).text == text, "byte for byte what went in"
    report = issued.report_on(data, controllers=WORLD)
    assert [check for check in report.checks if check.verdict is not Verdict.OK] == []
    assert report.verified
    assert report.facts.id == renditions.prepared(kind).document["id"]
    # The bit was read in the list of the issuer, whose own proof holds.
    assert report.check(6).detail == "the issuer's status list says not revoked"
    return report


@EVERY_CARRIER
@EVERY_KIND
@EVERY_SUITE
def test_every_suite_of_every_kind_in_every_carrier(suite: str, kind: str, carrier: str) -> None:
    report = verified(renditions.secured(kind, suite), kind, carrier)
    assert report.check(3).detail == f"the {suite.partition(' ')[0]} signature is good"
    assert [found.report.verified for found in report.nested] == [True] * (MEMBERS if kind == "clr" else 0)


@EVERY_CARRIER
@EVERY_KIND
@EVERY_FORM
@EVERY_ALGORITHM
def test_every_token_of_every_kind_in_every_carrier(alg: str, form: str, kind: str, carrier: str) -> None:
    report = verified(renditions.token(kind, form, alg), kind, carrier)
    assert report.check(3).detail == f"the JWT's {alg} signature is good"
    assert [found.report.verified for found in report.nested] == [True] * (MEMBERS if kind == "clr" else 0)


def texts(kind: str) -> dict[str, str]:
    """The one document in all its renditions."""
    tokens = {f"{form} {alg}": renditions.token(kind, form, alg) for form in FORMS for alg in ALGORITHMS}
    return {suite: renditions.secured(kind, suite) for suite in SUITES} | tokens


@EVERY_KIND
def test_a_revoked_one_is_revoked_in_every_rendition(kind: str) -> None:
    bits = Bits.new()
    bits.set(issued.INDEX, True)
    lists = {issued.LIST_URL: issued.status_list(bits)}
    for name, text in texts(kind).items():
        report = issued.report_on(text.encode(), controllers=WORLD, lists=lists)
        assert (report.verified, report.outcome) == (False, Outcome.REVOKED), name


@EVERY_KIND
def test_without_the_status_list_none_is_valid(kind: str) -> None:
    for name, text in texts(kind).items():
        report = issued.report_on(text.encode(), controllers=WORLD, lists={})
        assert (report.verified, report.outcome) == (False, Outcome.NOT_CHECKED), name


@EVERY_KIND
@EVERY_SUITE
def test_with_one_letter_changed_none_is_valid(suite: str, kind: str) -> None:
    document = json.loads(renditions.secured(kind, suite))
    document["name"] += "!"
    report = issued.report_on(document, controllers=WORLD)
    assert (report.verified, report.check(3).verdict) == (False, Verdict.FAILED)


@EVERY_KIND
@EVERY_SUITE
def test_the_quick_report_of_the_mutations_is_that_of_the_library(suite: str, kind: str) -> None:
    """``renditions.report_on``, which keeps canonical forms, says what ``issued.report_on`` says."""
    text = renditions.secured(kind, suite).encode()
    assert renditions.report_on(text) == issued.report_on(text, controllers=WORLD)
