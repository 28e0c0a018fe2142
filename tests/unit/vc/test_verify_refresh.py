"""Check 8: foreign schemas and the newer edition, decided from what was gathered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from badgeissuer.errors import Fault
from badgeissuer.vc import limits, strictjson, verify
from badgeissuer.vc.checks import refresh
from badgeissuer.vc.checks.plan import Need, Use
from badgeissuer.vc.contexts import OB_CONTEXTS, OB_EXTENSIONS
from badgeissuer.vc.verify import Check, Failure, Outcome, Plan, Policy, RefreshedMaterial, Report, Verdict
from tests.support import issued, records
from tests.unit.vc.test_verify import verdicts

EXTENDED = {"@context": [*OB_CONTEXTS, OB_EXTENSIONS]}
SCHEMA = "https://schemas.example.org/badge.json"
SERVICE = {"id": "https://refresh.example.org/1", "type": "1EdTechCredentialRefresh"}


def badge(**members: Any) -> dict[str, Any]:
    return issued.resigned(issued.signed() | EXTENDED | members)


def with_schema(
    found: tuple[Fault, ...] | Failure | None,
    *entries: Any,
) -> Report:
    plan = verify.plan(badge(credentialSchema=list(entries) or [entry()]))
    material = issued.material(plan)
    if found is not None:
        material.schemas = dict.fromkeys(plan.documents, found)
    return verify.check(plan, material, now=issued.NOW)


def entry(id_: str = SCHEMA, type_: Any = "1EdTechJsonSchemaValidator2019") -> dict[str, Any]:
    return {"id": id_, "type": type_}


def the_part(report: Report, name: str) -> Check:
    return next(part for part in report.check(8).parts if part.name == name)


@pytest.mark.parametrize(
    ("found", "verdict", "detail"),
    [
        ((), "ok", "the document conforms to the schema that it names"),
        (
            (Fault("", "lacks a"), Fault("/b", "lacks c")),
            "failed",
            "the document does not conform to the schema that it names: the document lacks a; /b lacks c",
        ),
        (
            tuple(Fault(f"/{n}", "x") for n in range(5)),
            "failed",
            "the document does not conform to the schema that it names: /0 x; /1 x; /2 x; and 2 more",
        ),
        (Failure("away", remedy="later"), "not_checked", "away"),
        (Failure("is none", definite=True), "failed", "is none"),
        (None, "not_checked", "the schema was not looked at"),
    ],
)
def test_a_foreign_schema(found: Any, verdict: str, detail: str) -> None:
    report = with_schema(found)
    part = the_part(report, "credentialSchema")
    assert (part.verdict.value, part.detail) == (verdict, detail)
    assert verdicts(report) == ({} if verdict == "ok" else {8: verdict})
    assert (part.remedy is None) == (verdict == "ok")


def test_the_names_of_the_kind() -> None:
    assert with_schema((), entry(), entry(f"{SCHEMA}?2", "JsonSchema")).verified
    other = with_schema((), entry(type_="JsonSchemaCredential"))
    assert the_part(other, "credentialSchema").detail == "not supported; a schema of another kind than JSON Schema"
    assert verdicts(other) == {8: "not_checked"}


@pytest.mark.parametrize(
    "known",
    [
        "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json",
        "https://purl.imsglobal.org/spec/clr/v2p0/schema/json/clr_v2p0_clrcredential_schema.json",
    ],
)
def test_the_standards_own_need_no_fetch(known: str) -> None:
    plan = verify.plan(badge(credentialSchema=[entry(known)]))
    assert plan.documents == ()
    assert with_schema(None, entry(known)).verified


def test_too_many_schemas_are_not_looked_at() -> None:
    entries = [entry(f"{SCHEMA}?{number}") for number in range(limits.SCHEMAS + 1)]
    report = with_schema((), *entries)
    assert verdicts(report) == {8: "not_checked"}
    assert report.check(8).parts[-1].detail == "not looked at; the document names too many schemas"


def test_what_is_needed() -> None:
    document = badge(credentialSchema=[entry(), entry()], refreshService=SERVICE)
    assert verify.plan(document).documents == (Need(Use.REFRESH, SERVICE["id"]), Need(Use.SCHEMA, SCHEMA))
    assert verify.plan(issued.signed()).documents == ()
    for odd in (5, [SERVICE], {"id": 5, "type": SERVICE["type"]}, {"id": "https://a.example", "type": "Other"}):
        assert verify.plan(issued.signed() | {"refreshService": odd}).documents == ()
    for odd in (5, "x", [5], [{"id": 5, "type": "JsonSchema"}]):
        assert verify.plan(issued.signed() | {"credentialSchema": odd}).documents == ()
    assert verify.plan_status_list(issued.status_list() | {"credentialSchema": entry()}).documents == ()


# Refresh

GIVEN = badge(refreshService=SERVICE)


def refreshed(
    newer: dict[str, Any] | bytes | Failure | None, *, given: dict[str, Any] = GIVEN, **policy: Any
) -> Report:
    plan = verify.plan(given)
    material = issued.material(plan)
    if isinstance(newer, dict | bytes):
        other = verify.plan(newer)
        material.refreshed = RefreshedMaterial(other, issued.material(other))
    else:
        material.refreshed = newer
    report = verify.check(plan, material, now=issued.NOW, policy=Policy(**policy))
    assert refresh.superseded(plan, material, now=issued.NOW) is report.refreshed
    return report


def test_the_newer_edition_is_reported_on() -> None:
    report = refreshed(badge(name="Newer", validUntil="2026-12-01T00:00:00Z"))
    assert (report.outcome, report.refreshed, report.facts.name) == (Outcome.VALID, True, "Newer")
    detail = "the edition that the service gave is the one that is reported on; it is not followed further"
    assert the_part(report, "refreshService").detail == detail


def test_its_dates_and_its_status_count() -> None:
    given = badge(refreshService=SERVICE, validFrom="2020-01-01T00:00:00Z", validUntil="2020-02-01T00:00:00Z")
    assert refreshed(Failure("away"), given=given).outcome is Outcome.EXPIRED
    assert refreshed(GIVEN, given=given).outcome is Outcome.VALID
    ended = badge(validFrom="2021-01-01T00:00:00Z", validUntil="2021-02-01T00:00:00Z")
    assert refreshed(ended, given=given).facts.valid_until == "2021-02-01T00:00:00Z"


def test_equality_is_after_percent_decoding_and_trimming() -> None:
    given = badge(refreshService=SERVICE, id="https://a.example/é")
    assert refreshed(badge(id="https://a.example/%C3%A9"), given=given).refreshed


def test_the_challenge_was_for_the_edition_that_was_shown() -> None:
    given = issued.resigned(GIVEN, challenge="abc")
    assert refreshed(badge(), given=given, challenge="abc").verified
    assert 3 in verdicts(refreshed(None, challenge="abc"))


@pytest.mark.parametrize(
    ("newer", "said"),
    [
        (Failure("it could not be fetched"), "it could not be fetched"),
        (b"<html>", "what the service gave is not such a credential"),
        (issued.status_list(), "what the service gave is not such a credential"),
        (badge(id="urn:uuid:1"), "what the service gave is another credential"),
        (badge(validFrom="2026-02-28T00:00:00Z"), "what the service gave is an older edition"),
        (badge() | {"validFrom": "soon"}, "what the service gave does not verify (shape: "),
        (badge() | {"name": "Other"}, "what the service gave does not verify (proof: "),
    ],
)
def test_the_given_edition_stands(newer: Any, said: str) -> None:
    report = refreshed(newer)
    part = the_part(report, "refreshService")
    assert (report.outcome, report.refreshed, part.verdict) == (Outcome.VALID, False, Verdict.OK)
    assert part.detail.startswith(said)
    assert part.detail.endswith("; the edition that was given is the one that is reported on")


def test_a_service_of_another_kind_is_noted() -> None:
    from badgeissuer.vc.checks.core import core_checks

    plan = verify.plan(issued.signed() | {"refreshService": {"id": "https://a.example", "type": "Other"}})
    material = issued.material(plan)
    core = core_checks(verify.plan(issued.signed()), issued.material(verify.plan(issued.signed())), now=issued.NOW)
    found = refresh.edition(plan, material, core, now=issued.NOW)
    assert found.part is not None
    assert (found.part.verdict, found.refreshed) == (Verdict.OK, False)
    assert found.part.detail.startswith("it is of a kind that is not followed")


def test_what_was_not_asked_is_not_checked() -> None:
    report = refreshed(None)
    assert (verdicts(report), report.outcome) == ({8: "not_checked"}, Outcome.NOT_CHECKED)


def test_nothing_is_refreshed_that_is_not_proved() -> None:
    plan = verify.plan(GIVEN | {"name": "Other"})
    material = issued.material(plan)
    other: Plan = verify.plan(badge())
    material.refreshed = RefreshedMaterial(other, issued.material(other))
    report = verify.check(plan, material, now=issued.NOW)
    assert (verdicts(report), report.refreshed, report.facts.name) == (
        {3: "failed", 8: "not_checked"},
        False,
        "Other",
    )


def test_two_credentials_without_an_id_are_not_one_for_that() -> None:
    """A member of a record need not have an id, and its service could give anybody's."""
    member = {name: value for name, value in badge(refreshService=SERVICE).items() if name not in ("id", "proof")}
    given = verify.plan(issued.resigned(member))
    assert refresh.mismatch(given, verify.plan(issued.resigned({**member, "name": "Another"}))) == (
        "what the service gave is another credential"
    )


def test_a_newer_edition_stands_where_the_given_one_stands() -> None:
    """Its services lead on to others, and these to others: what they hold is not looked at without end."""
    holding = {"issuer": {**issued.issuer(), "endorsement": [{"type": ["VerifiableCredential"]}]}}
    text = strictjson.dumps(badge() | holding).encode()
    given = verify.plan(text)
    for depth in range(1, limits.NESTING + 1):
        (given,) = given.nested.values() if depth == 1 else [replace(given, depth=depth)]
        newer = verify.plan_renewed(given, text)
        assert (newer.depth, newer.role) == (depth, verify.Role.ENDORSEMENT)
        assert [nested.depth for nested in newer.nested.values()] == ([depth + 1] if depth < limits.NESTING else [])
        assert newer.beyond == (depth == limits.NESTING)
    assert verify.plan_renewed(given, b"<html>").document is None


def test_a_member_of_any_kind_can_be_renewed() -> None:
    member = {
        "@context": [OB_CONTEXTS[0]],
        "id": "urn:uuid:1",
        "type": ["VerifiableCredential"],
        "issuer": issued.DID,
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": "urn:uuid:2"},
    }
    record = records.signed_clr()
    record["credentialSubject"]["verifiableCredential"] = [issued.resigned(member)]
    (given,) = verify.plan(record).nested.values()
    newer = verify.plan_renewed(given, strictjson.dumps(issued.resigned(member)).encode())
    assert refresh.mismatch(given, newer) is None
