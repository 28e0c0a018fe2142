"""What the exported files hold, and what they do not."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft201909Validator, FormatChecker

from badgeissuer.cli.content import load_content
from badgeissuer.vc.bake import Family, unbake
from tests.support.exported import Exported
from tests.support.shared import shared_path
from tests.support.tools import run, tool

# Not decided yet, or decided "not yet": their evidence is in no credential.
NO_AWARD = {"demo:trsp-1:combs", "demo:trsp-3:delgado", "demo:trsp-2:stacy:1"}
NO_AWARD |= {"demo:al:wojcik", "demo:ocs:whitfield", "demo:ebp1:whitfield"}


def test_nothing_personal_is_exported(exported: Exported) -> None:
    public = "\n".join(path.read_text(encoding="utf-8") for path in sorted(exported.folder.rglob("*.json")))
    content = load_content()
    private = [text for e in content.earners for text in (e.name, e.email, e.licence_id, e.school)]
    private += [a.assessor.name for d in content.decisions for a in d.assessments]
    hidden = [i for d in content.decisions for i in d.evidence if not i.share and (i.url or i.narrative)]
    assert hidden
    private += [text for item in hidden for text in (item.url, item.narrative) if text]
    assert [text for text in private if text in public or json.dumps(text)[1:-1] in public] == []
    shown = [i for d in content.decisions for i in d.evidence if i.share and d.reference not in NO_AWARD]
    assert [item.url for item in shown if str(item.url) not in public] == []


def test_each_credential_has_every_form_and_the_manifest_says_what_it_is(exported: Exported) -> None:
    kinds = {
        "credential": ("json", "application/vc"),
        "credential-jwt": ("jwt", "application/vc+jwt"),
        "credential-png": ("png", "image/png"),
        "credential-svg": ("svg", "image/svg+xml"),
        "certificate": ("pdf", "application/pdf"),
    }
    stems = [item["path"].removesuffix(".json") for item in exported.of("credential")]
    assert len(stems) == 26
    expected = [item["expected"] for item in exported.of("credential")]
    for kind, (end, media_type) in kinds.items():
        items = exported.of(kind)
        assert [item["path"] for item in items] == [f"{stem}.{end}" for stem in stems]
        assert {item["media_type"] for item in items} == {media_type}
        if kind != "certificate":
            assert [item["expected"] for item in items] == expected
        for item in items:
            assert exported.answer(item["url"]) == exported.data(item), "a plain file server answers the same"
    for end in ("png", "svg"):
        for item, image in zip(exported.of("credential"), exported.of(f"credential-{end}"), strict=True):
            assert unbake(exported.data(image)).text.encode() == exported.data(item)


def test_each_record_has_every_form_and_the_manifest_says_what_it_is(exported: Exported) -> None:
    stems = [item["path"].removesuffix(".json") for item in exported.of("clr")]
    assert len(stems) == 4
    for kind, end, media_type in (
        ("clr", "json", "application/vc"),
        ("clr-png", "png", "image/png"),
        ("clr-svg", "svg", "image/svg+xml"),
        ("transcript", "pdf", "application/pdf"),
    ):
        items = exported.of(kind)
        assert [(item["path"], item["media_type"]) for item in items] == [
            (f"{stem}.{end}", media_type) for stem in stems
        ]
        assert [item["expected"] for item in items] == [item["expected"] for item in exported.of("clr")]
        for item in items:
            assert exported.answer(item["url"]) == exported.data(item), "a plain file server answers the same"
    for end in ("png", "svg"):
        for item, image in zip(exported.of("clr"), exported.of(f"clr-{end}"), strict=True):
            found = unbake(exported.data(image))
            assert (found.text.encode(), found.family) == (exported.data(item), Family.CLR)


def test_transcripts_name_nobody_and_tell_how_each_badge_stands(exported: Exported) -> None:
    pdftotext = tool("pdftotext")
    names = {earner.name for earner in load_content().earners}
    for item in exported.of("transcript"):
        assert exported.data(item).startswith(b"%PDF-1.")
        if pdftotext:
            shown = run(pdftotext, "-layout", exported.folder / item["path"], "-").decode()
            assert [name for name in names if name in shown] == []
            assert ("Suspended" in shown) is (item["expected"] == "invalid")


def test_pictures_that_documents_name_are_there(exported: Exported) -> None:
    images = [exported.document(item).get("image") for item in exported.of("achievement")]
    named = {image["id"] for image in images if image is not None}
    assert len(named) == 2
    assert {item["url"] for item in exported.of("art")} == named
    assert all(exported.data(item).startswith(b"\x89PNG") for item in exported.of("art"))


def test_stacks_name_what_is_exported_beside_them(exported: Exported) -> None:
    known = {item["url"] for item in exported.of("achievement")}
    for item in exported.of("stack"):
        document = exported.document(item)
        assert document["achievement"] in known
        for member in document["members"]:
            assert (member["achievement"] in known) is not member.get("in_development", False)


def test_no_name_is_on_the_certificates(exported: Exported) -> None:
    pdftotext = tool("pdftotext")
    names = {earner.name for earner in load_content().earners}
    assert names
    for item in exported.of("certificate"):
        data = exported.data(item)
        assert data.startswith(b"%PDF-1.")
        if pdftotext:
            shown = run(pdftotext, exported.folder / item["path"], "-").decode()
            assert [name for name in names if name in shown] == []
            assert item["url"].removesuffix(".pdf") in shown
            line = {"valid": "Valid when", "revoked": "RE", "suspended": "SUSPENDED", "expired": "EXPIRED"}
            assert line[item["expected"]] in shown
            assert ("Valid when" in shown) is (item["expected"] == "valid")
    said = {item["path"]: item["expected"] for item in exported.of("certificate")}
    proved = {item["path"].replace(".json", ".pdf"): item["expected"] for item in exported.of("credential")}
    # What the status list does not show, the certificate says all the same.
    assert {proved[path] for path in said if said[path] != proved[path]} == {"valid"}


@pytest.mark.parametrize(
    "schema",
    [
        "ob-v3p0-canonical/ob_v3p0_achievementcredential-jsonschema1.json",
        "ob-v3p0-jsonld/ob_v3p0_achievementcredential_schema.json",
    ],
)
def test_every_credential_fits_both_published_schemas(exported: Exported, schema: str) -> None:
    rules = json.loads(shared_path(f"standards/json-schema/{schema}").read_text(encoding="utf-8"))
    validator = Draft201909Validator(rules, format_checker=FormatChecker())
    for item in exported.of("credential"):
        assert [error.message for error in validator.iter_errors(exported.document(item))] == [], item["url"]


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        ("endorsement", "ob-v3p0-canonical/ob_v3p0_endorsementcredential-jsonschema1.json"),
        ("endorsement", "ob-v3p0-jsonld/ob_v3p0_endorsementcredential_schema.json"),
        ("clr", "clr-v2p0-jsonld/clr_v2p0_clrcredential_schema.json"),
    ],
)
def test_endorsements_and_records_fit_the_published_schemas(exported: Exported, kind: str, schema: str) -> None:
    rules = json.loads(shared_path(f"standards/json-schema/{schema}").read_text(encoding="utf-8"))
    validator = Draft201909Validator(rules, format_checker=FormatChecker())
    for item in exported.of(kind):
        assert [error.message for error in validator.iter_errors(exported.document(item))] == [], item["url"]
