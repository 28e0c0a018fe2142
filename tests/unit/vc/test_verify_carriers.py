"""Check 0 for images: the credential is found in a PNG or SVG, said to be, and checked like any other."""

from __future__ import annotations

import base64
import json

import pytest

from badgeissuer.vc import verify
from badgeissuer.vc.bake import Family, bake
from tests.support import issued
from tests.support.issued import report_on

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
SIGNED = issued.signed()


@pytest.mark.parametrize(("art", "name"), [(PNG, "PNG"), (SVG, "SVG")])
def test_a_baked_badge_gets_the_checks_of_its_text(art: bytes, name: str) -> None:
    text = json.dumps(SIGNED)
    report = report_on(bake(art, text))
    assert report.verified
    assert report.check(0).detail == f"one JSON document, found in the {name} image"
    changed = report_on(bake(art, text.replace("Assessment Mastery", "x").replace("KVEC-AL-1", "KVEC-AL-2")))
    assert (changed.outcome, changed.check(3).verdict) == ("invalid", "failed")
    other = report_on(bake(art, text.replace('"OpenBadgeCredential"', '"ClrCredential"'), family=Family.CLR))
    assert "/credentialSubject/type must contain ClrSubject" in other.check(1).detail
    older = report_on(bake(art, '{"@context": ["https://www.w3.org/2018/credentials/v1"]}'))
    said = f"one JSON document, found in the {name} image, of VC data model 1.1 (an older form)"
    assert older.check(0).detail == said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (PNG, "(it begins as a PNG image does)"),
        (SVG, "(it begins as an SVG image does)"),
        (PNG[:20], "(it begins as a PNG image does)"),
        (b"  <svg>", "(it begins as an SVG image does)"),
        (b"<html></html>", "(it begins as an SVG image does)"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><svg>&a;</svg>", "(it begins as an SVG image does)"),
    ],
)
def test_images_that_carry_none_or_are_broken_fail_check_0(data: bytes, said: str) -> None:
    report = report_on(data)
    assert (report.outcome, report.check(0).verdict) == ("invalid", "failed")
    assert report.check(0).detail.endswith(said)


def test_a_status_list_is_no_image() -> None:
    plan = verify.plan_status_list(bake(PNG, json.dumps(issued.status_list())))
    assert plan.parsed.detail == "this is an image or another XML document, not a JSON document"
