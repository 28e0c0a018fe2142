"""Resources that a credential gives digests of: unchanged, changed, or not looked at, and the last is never valid."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from badgeissuer.vc import limits, verify
from badgeissuer.vc.checks.plan import Need, Use
from badgeissuer.vc.contexts import CREDENTIALS_V2, OB_V3P0_303, ContextStore, Edition
from badgeissuer.vc.multibase import digest_multibase, multibase_encode
from badgeissuer.vc.verify import Check, Failure, Outcome, Report, Verdict
from tests.support import issued

URL = "https://things.example.org/rubric.pdf"
BODY = b"how it was"


def sri(function: str, body: bytes = BODY) -> str:
    return f"{function}-{base64.b64encode(hashlib.new(function, body).digest()).decode()}"


def multihash(function: str, prefix: bytes, base: str = "z") -> str:
    return multibase_encode(prefix + hashlib.new(function, BODY).digest(), base)


SHA256 = digest_multibase(hashlib.sha256(BODY).digest())


def report_on(*entries: Any, found: bytes | Failure | None = BODY, single: bool = False) -> Report:
    plan = verify.plan(issued.resigned(issued.signed() | {"relatedResource": entries[0] if single else list(entries)}))
    material = issued.material(plan)
    if found is not None:
        material.documents = dict.fromkeys(plan.documents, found)
    return verify.check(plan, material, now=issued.NOW)


def parts(report: Report) -> list[Check]:
    return [part for part in report.check(8).parts if part.name.startswith("relatedResource")]


@pytest.mark.parametrize(
    "digests",
    [
        {"digestSRI": sri("sha256")},
        {"digestSRI": sri("sha384")},
        {"digestSRI": f"{sri('sha512')}?ct=application/pdf"},
        {"digestSRI": f"{sri('sha256', b'other')} {sri('sha384')}"},
        {"digestSRI": f"{sri('sha384', b'other')} {sri('sha384')} md5-AAAA"},
        {"digestMultibase": SHA256},
        {"digestMultibase": multihash("sha256", b"\x12\x20")},
        {"digestMultibase": multihash("sha384", b"\x20\x30")},
        {"digestMultibase": multihash("sha512", b"\x13\x40", "u")},
        {"digestMultibase": SHA256, "digestSRI": sri("sha384"), "mediaType": "application/pdf"},
        {"digestSRI": [sri("sha256"), sri("sha512")], "digestMultibase": [SHA256]},
    ],
)
def test_what_is_unchanged(digests: dict[str, Any]) -> None:
    report = report_on({"id": URL, **digests}, single="mediaType" in digests)
    assert [(part.verdict.value, part.detail) for part in parts(report)] == [("ok", f"{URL} is unchanged")]
    assert report.verified
    changed = report_on({"id": URL, **digests}, found=b"how it is now")
    assert [(check.number, check.verdict.value) for check in changed.checks if check.verdict is not Verdict.OK] == [
        (8, "failed")
    ]
    assert parts(changed)[0].detail == f"{URL} is not what it was when this was issued"


@pytest.mark.parametrize(
    ("digests", "verdict", "said"),
    [
        ({}, "failed", f"it gives no digest ({URL})"),
        ({"mediaType": "text/plain"}, "failed", f"it gives no digest ({URL})"),
        ({"digestSRI": "md5-AAAA"}, "not_checked", f"it gives a digest of a kind that is not known here ({URL})"),
        ({"digestSRI": "sha256-?"}, "failed", f"{URL} is not what it was when this was issued"),
        ({"digestSRI": "sha256-A"}, "failed", f"digestSRI cannot be read in the entry of {URL}"),
        ({"digestSRI": [sri("sha256"), 5]}, "failed", f"digestSRI is no text in the entry of {URL}"),
        (
            {"digestSRI": [sri("sha256"), "md5-A"]},
            "not_checked",
            f"it gives a digest of a kind that is not known here ({URL})",
        ),
        (
            {"digestMultibase": [SHA256, multibase_encode(b"\x12\x20" + bytes(32))]},
            "failed",
            f"{URL} is not what it was when this was issued",
        ),
        ({"digestMultibase": "x12"}, "failed", f"digestMultibase cannot be read in the entry of {URL}"),
        (
            {"digestMultibase": multihash("sha1", b"\x11\x14"), "digestSRI": sri("sha256")},
            "not_checked",
            f"it gives a digest of a kind that is not known here ({URL})",
        ),
        ({"digestMultibase": SHA256, "digestSRI": sri("sha256", b"other")}, "failed", f"{URL} is not what it was when"),
    ],
)
def test_digests_that_do_not_help(digests: dict[str, Any], verdict: str, said: str) -> None:
    report = report_on({"id": URL, **digests})
    (part,) = parts(report)
    assert part.verdict == verdict
    assert part.detail.startswith(said)
    assert part.remedy
    assert report.check(8).verdict == verdict


def test_an_entry_that_names_nothing() -> None:
    assert [part.verdict.value for part in parts(report_on({"digestMultibase": SHA256}))] == ["failed"]


def test_an_entry_that_is_no_object() -> None:
    (part,) = parts(report_on(URL))
    assert (part.verdict.value, part.detail) == ("failed", "it names no resource")


def test_a_resource_is_named_once() -> None:
    report = report_on({"id": URL, "digestMultibase": SHA256}, {"id": URL, "digestSRI": sri("sha256")})
    assert (report.verified, report.check(1).verdict) == (False, "failed")


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (Failure("away", remedy="later"), "not_checked"),
        (Failure("never", definite=True), "failed"),
        (None, "not_checked"),
    ],
)
def test_what_cannot_be_had(found: Failure | None, verdict: str) -> None:
    report = report_on({"id": URL, "digestMultibase": SHA256}, found=found)
    assert [part.verdict.value for part in parts(report)] == [verdict]
    assert report.outcome is (Outcome.INVALID if verdict == "failed" else Outcome.NOT_CHECKED)


def test_not_without_end() -> None:
    entries = [{"id": f"{URL}?{n}", "digestMultibase": SHA256} for n in range(limits.RELATED + 1)]
    report = report_on(*entries)
    assert [part.verdict.value for part in parts(report)] == ["ok"] * limits.RELATED + ["not_checked"]
    plan = verify.plan(issued.signed() | {"relatedResource": entries})
    assert plan.documents == tuple(Need(Use.RELATED, f"{URL}?{n}") for n in range(limits.RELATED))


@pytest.mark.parametrize("edition", Edition)
def test_contexts_are_compared_as_they_are_pinned(edition: Edition) -> None:
    contents = ContextStore.of_edition(edition)
    entries = [
        {"id": url, "digestMultibase": digest_multibase(hashlib.sha256(contents.content(url)).digest())}
        for url in (CREDENTIALS_V2, OB_V3P0_303)
    ]
    report = report_on(*entries, found=None)
    assert report.verified
    assert verify.plan(issued.signed() | {"relatedResource": entries}).documents == ()
    entries[0]["digestMultibase"] = SHA256
    assert [part.verdict.value for part in parts(report_on(*entries, found=None))] == ["failed", "ok"]
