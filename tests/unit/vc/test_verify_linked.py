"""Checks 6 and 8: status lists and embedded endorsements, which are signed documents themselves and verified too."""

from __future__ import annotations

import copy
import gzip
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgeissuer.vc import verify
from badgeissuer.vc.checks.plan import DEEPEST_NESTED, MOST_NESTED
from badgeissuer.vc.checks.report import DATA_MODEL, STATUS
from badgeissuer.vc.contexts import CREDENTIALS_V2, OB_CONTEXTS, OB_EXTENSIONS
from badgeissuer.vc.multibase import base64url_encode
from badgeissuer.vc.status import Bits
from badgeissuer.vc.verify import Failure, Outcome, Report, Verdict
from tests.support import issued
from tests.support.issued import INDEX, LIST_URL, report_on, resigned
from tests.unit.vc.test_verify import put, verdicts

SIGNED = issued.signed()
LIST = issued.status_list()
S = "/credentialSubject"


def badge() -> dict[str, Any]:
    return copy.deepcopy(SIGNED)


def bits_with(index: int) -> Bits:
    bits = Bits.new()
    bits.set(index)
    return bits


def with_list(document: dict[str, Any] | bytes | None, *, on: dict[str, Any] | None = None) -> Report:
    return report_on(on or badge(), lists={} if document is None else {LIST_URL: document})


# Check 6


def test_a_set_bit_is_revoked_and_every_other_check_still_stands() -> None:
    report = with_list(issued.status_list(bits_with(INDEX)))
    assert verdicts(report) == {6: "failed"}
    assert (report.verified, report.outcome) == (False, Outcome.REVOKED)
    assert report.check(6).detail == "the issuer's status list says revoked"


@given(st.integers(0, 131_071))
def test_only_its_own_bit_counts(index: int) -> None:
    plan = verify.plan(SIGNED)
    material = issued.material(plan)
    held = LIST_PLANS.setdefault(index, issued.status_list(bits_with(index)))
    inner = verify.plan_status_list(held)
    material.status_lists[LIST_URL] = verify.StatusListMaterial(inner, issued.material(inner))
    assert verify.check(plan, material, now=issued.NOW).outcome == ("revoked" if index == INDEX else "valid")


LIST_PLANS: dict[int, dict[str, Any]] = {}


def test_suspension_is_said_as_such() -> None:
    suspended = resigned(put(badge(), "/credentialStatus/statusPurpose", "suspension"))
    set_ = issued.status_list(bits_with(INDEX), purpose="suspension")
    assert with_list(set_, on=suspended).outcome is Outcome.SUSPENDED
    clear = with_list(issued.status_list(purpose="suspension"), on=suspended)
    assert (clear.verified, clear.check(6).detail) == (True, "the issuer's status list says not suspended")


def test_revoked_comes_before_expired_and_neither_where_the_proof_is_bad() -> None:
    expired = badge() | {"validFrom": "2025-01-01T00:00:00Z", "validUntil": "2026-01-01T00:00:00Z"}
    revoked = issued.status_list(bits_with(INDEX))
    assert with_list(revoked, on=resigned(expired)).outcome is Outcome.REVOKED
    assert with_list(None, on=resigned(expired)).outcome is Outcome.EXPIRED
    forged = with_list(revoked, on=badge() | {"name": "Other"})
    assert verdicts(forged) == {3: "failed", 6: "failed"}
    assert forged.outcome is Outcome.INVALID


def raw_list(data: bytes) -> str:
    return "u" + base64url_encode(gzip.compress(data, mtime=0))


@pytest.mark.parametrize(
    ("pointer", "value", "type_", "said"),
    [
        ("/issuer", "did:web:evil.example", "STATUS_VERIFICATION_ERROR", None),
        ("/id", f"{LIST_URL}-other", "STATUS_VERIFICATION_ERROR",
         "the status list found at that URL calls itself by another id"),
        (f"{S}/statusPurpose", "suspension", "STATUS_VERIFICATION_ERROR", "the status list is for another purpose"),
        (f"{S}/statusPurpose", ["message"], "STATUS_VERIFICATION_ERROR", "the status list is for another purpose"),
        ("/validFrom", "2026-03-02T12:00:00Z", "STATUS_VERIFICATION_ERROR", "the status list is not valid yet"),
        ("/validUntil", "2026-03-01T11:00:00Z", "STATUS_VERIFICATION_ERROR", "the status list is out of date"),
        (f"{S}/encodedList", raw_list(bytes(100)), "STATUS_LIST_LENGTH_ERROR", None),
        (f"{S}/encodedList", raw_list(bytes(5 * 1024 * 1024)), "STATUS_LIST_LENGTH_ERROR", None),
        (f"{S}/encodedList", "uAAAA", DATA_MODEL + "MALFORMED_VALUE_ERROR", None),
    ],
)  # fmt: skip
def test_a_signed_list_that_says_nothing_of_this_badge(pointer: str, value: Any, type_: str, said: str | None) -> None:
    report = with_list(resigned(put(copy.deepcopy(LIST), pointer, value)))
    assert verdicts(report) == {6: "failed"}
    assert report.check(6).type == (type_ if type_.startswith("https:") else STATUS + type_)
    assert said is None or report.check(6).detail == said
    assert report.outcome is Outcome.INVALID


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        (f"{S}/statusPurpose", ["suspension", "revocation"]),
        ("/validUntil", "2026-03-01T12:00:00Z"),
        ("/validFrom", ...),
        ("/id", ...),
        (f"{S}/ttl", ...),
        (f"{S}/encodedList", raw_list(bytes(32_768))),
    ],
)
def test_lists_that_others_publish(pointer: str, value: Any) -> None:
    assert with_list(resigned(put(copy.deepcopy(LIST), pointer, value))).verified


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        (f"{S}/encodedList", Bits.new(262_144).encode()),  # unsigned change
        ("/proof", ...),
        ("/type", ["VerifiableCredential"]),
        ("/@context", [CREDENTIALS_V2, OB_EXTENSIONS]),
        (S, []),
        (f"{S}/encodedList", 5),
        ("/id", "abc"),
        ("/validUntil", "tomorrow"),
    ],
)
def test_a_list_that_does_not_verify_itself(pointer: str, value: Any) -> None:
    report = with_list(put(copy.deepcopy(LIST), pointer, value))
    assert verdicts(report) == {6: "failed"}
    assert report.check(6).detail.startswith("the status list itself does not verify (")
    assert report.check(6).type == STATUS + "STATUS_VERIFICATION_ERROR"


@pytest.mark.parametrize("data", [b"<html>", b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln", b"[]"])
def test_a_list_that_is_no_json_credential(data: bytes) -> None:
    assert verdicts(with_list(data)) == {6: "failed"}


def test_a_badge_is_no_status_list() -> None:
    assert verdicts(with_list(badge())) == {6: "failed"}


def test_a_list_signed_with_a_key_whose_document_is_away_is_not_checked() -> None:
    plan = verify.plan(SIGNED)
    material = issued.material(plan)
    inner = verify.plan_status_list(LIST)
    away = verify.Material(canonical=issued.canonical_forms(inner))
    material.status_lists[LIST_URL] = verify.StatusListMaterial(inner, away)
    report = verify.check(plan, material, now=issued.NOW)
    assert verdicts(report) == {6: "not_checked"}
    assert report.outcome is Outcome.NOT_CHECKED


def test_a_list_that_could_not_be_had() -> None:
    plan = verify.plan(SIGNED)
    material = issued.material(plan)
    material.status_lists[LIST_URL] = Failure("away", remedy="later")
    away = verify.check(plan, material, now=issued.NOW)
    assert (away.check(6).verdict, away.check(6).detail) == (Verdict.NOT_CHECKED, "away")
    assert (away.check(6).type, away.check(6).remedy) == (STATUS + "STATUS_RETRIEVAL_ERROR", "later")
    material.status_lists[LIST_URL] = Failure("refused", "ssrf-refused", definite=True)
    refused = verify.check(plan, material, now=issued.NOW)
    assert (refused.check(6).verdict, refused.check(6).type) == (Verdict.FAILED, "ssrf-refused")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"type": 5}, None),
        ({"statusPurpose": "refresh"}, "failed"),
        ({"statusPurpose": "message"}, "failed"),
        ({"statusPurpose": ["revocation"]}, "failed"),
        ({"statusSize": 2}, "failed"),
        ({"statusListIndex": "-1"}, "failed"),
        ({"statusListIndex": -1}, "failed"),
        ({"statusListIndex": "1.5"}, "failed"),
        ({"statusListIndex": True}, "failed"),
        ({"statusListIndex": "x"}, "failed"),
        ({"statusListIndex": "131072"}, "failed"),
        ({"statusListCredential": "urn:x:1"}, "failed"),
        ({"statusListCredential": 5}, "failed"),
        ({"id": LIST_URL}, "failed"),
    ],
)
def test_entries_that_cannot_be_looked_up(changes: dict[str, Any], verdict: str | None) -> None:
    document = badge() | {"@context": [*OB_CONTEXTS, OB_EXTENSIONS]}
    document["credentialStatus"] |= changes
    report = report_on(resigned(document) if verdict else document)
    assert verdict is None or verdicts(report) == {6: verdict}
    assert not report.verified


def test_an_index_outside_the_list_has_the_standards_error() -> None:
    report = report_on(resigned(put(badge(), "/credentialStatus/statusListIndex", "131072")))
    assert report.check(6).type == DATA_MODEL + "RANGE_ERROR"


def test_a_number_for_an_index_is_tolerated_and_noted() -> None:
    """The official revoked sample has one (REQUIREMENTS 8.5)."""
    report = report_on(resigned(put(badge(), "/credentialStatus/statusListIndex", INDEX)))
    assert report.verified
    assert report.check(6).detail.endswith("(the index is a number; the standard wants a text)")


def test_an_entry_of_one_bit_may_say_so() -> None:
    assert report_on(resigned(put(badge(), "/credentialStatus/statusSize", 1))).check(6).verdict is Verdict.OK


def test_several_entries_and_none() -> None:
    several = put(badge(), "/credentialStatus", [badge()["credentialStatus"]])
    assert 1 in verdicts(report_on(several))
    none = {name: value for name, value in badge().items() if name != "credentialStatus"}
    report = report_on(resigned(none))
    assert report.verified
    assert report.check(6).detail == "it has no status entry: the issuer cannot take it back"


# What the issuer's own records say


def test_known_suspension_shows_although_the_list_cannot_say_it() -> None:
    report = verify.with_known_state(with_list(LIST), Outcome.SUSPENDED, "suspended, known here")
    assert verdicts(report) == {6: "failed"}
    assert (report.verified, report.outcome) == (False, Outcome.SUSPENDED)
    assert [(part.name, part.verdict.value) for part in report.check(6).parts] == [
        ("status list", "ok"),
        ("our own records", "failed"),
    ]
    assert report.check(6).detail == "our own records: suspended, known here"


def test_records_that_agree_change_nothing() -> None:
    report = verify.with_known_state(with_list(LIST), None, "the award stands")
    assert (report.verified, report.check(6).verdict) == (True, Verdict.OK)


def test_revoked_by_either_is_revoked() -> None:
    revoked = with_list(issued.status_list(bits_with(INDEX)))
    assert verify.with_known_state(revoked, Outcome.SUSPENDED, "suspended").outcome is Outcome.REVOKED
    assert verify.with_known_state(with_list(LIST), Outcome.REVOKED, "revoked").outcome is Outcome.REVOKED
    suspended = resigned(put(badge(), "/credentialStatus/statusPurpose", "suspension"))
    report = with_list(issued.status_list(bits_with(INDEX), purpose="suspension"), on=suspended)
    assert verify.with_known_state(report, Outcome.REVOKED, "revoked").outcome is Outcome.REVOKED


def test_records_say_nothing_of_a_forgery() -> None:
    forged = report_on(badge() | {"name": "Other"})
    assert verify.with_known_state(forged, Outcome.REVOKED, "revoked") is forged


# Check 8


def endorsement(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "@context": list(OB_CONTEXTS),
        "id": f"{issued.BASE}/endorsements/1",
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": "Endorsement",
        "issuer": {"id": issued.DID, "type": ["Profile"], "name": "KVEC"},
        "validFrom": "2026-03-01T12:00:00Z",
        "credentialSubject": {
            "id": issued.achievement()["id"],
            "type": ["EndorsementSubject"],
            "endorsementComment": "Good.",
        },
    }
    return resigned(document | changes)


def endorsed(*endorsements: Any, at: str = "/endorsement") -> dict[str, Any]:
    return resigned(put(badge(), at, list(endorsements)))


def test_an_endorsement_verifies_by_itself() -> None:
    report = report_on(endorsement())
    assert verdicts(report) == {}
    assert report.check(7).detail == "the endorsement names what it endorses"


PLACES = ["/endorsement", "/issuer/endorsement", f"{S}/achievement/endorsement", f"{S}/achievement/creator/endorsement"]


@pytest.mark.parametrize("place", PLACES)
def test_good_endorsements_are_verified_wherever_they_stand(place: str) -> None:
    report = report_on(endorsed(endorsement(), at=place))
    assert report.verified
    told = report.check(8).detail.partition(";")[0]  # what comes after says that it is about something else
    assert told == f"endorsement at {place}/0: verified"
    assert len(report.check(8).parts[0].parts) == 9


@pytest.mark.parametrize("place", PLACES)
def test_a_bad_endorsement_is_never_valid_silently(place: str) -> None:
    """Signed by the badge's issuer as a whole, and still not what the endorser said."""
    good = endorsement()
    bad = put(good, f"{S}/endorsementComment", "Excellent.")
    report = report_on(endorsed(bad, at=place))
    assert verdicts(report) == {8: "failed"}
    assert report.outcome is Outcome.INVALID
    assert "the signature does not match" in report.check(8).detail


def test_an_expired_endorsement_is_told_and_leaves_the_badge_as_it_is() -> None:
    old = endorsement(validFrom="2020-01-01T00:00:00Z", validUntil="2021-01-01T00:00:00Z")
    report = report_on(endorsed(old))
    assert report.verified
    assert report.check(8).detail.startswith("endorsement at /endorsement/0: expired: it was signed by its issuer, and")
    assert (report.nested[0].report.verified, report.nested[0].report.outcome) == (False, Outcome.EXPIRED)


def test_an_endorsement_whose_time_has_not_come_fails_the_badge() -> None:
    report = report_on(endorsed(endorsement(validFrom="2027-01-01T00:00:00Z")))
    assert (verdicts(report), report.outcome) == ({8: "failed"}, Outcome.INVALID)
    assert report.check(8).detail.startswith("endorsement at /endorsement/0: not_yet_valid (dates: ")


def test_an_endorser_whose_keys_are_away_is_not_checked() -> None:
    document = endorsed(endorsement())
    plan = verify.plan(document)
    material = issued.material(plan)
    material.nested["/endorsement/0"].controllers.clear()
    assert verdicts(verify.check(plan, material, now=issued.NOW)) == {8: "not_checked"}
    material.nested.clear()
    report = verify.check(plan, material, now=issued.NOW)
    assert verdicts(report) == {8: "not_checked"}
    assert report.check(8).detail == "endorsement at /endorsement/0: not looked at"


def test_an_endorsement_within_an_endorsement() -> None:
    inner = endorsement(id=f"{issued.BASE}/endorsements/2")
    profile = {"id": issued.DID, "type": ["Profile"], "name": "KVEC", "endorsement": [inner]}
    document = endorsed(endorsement(issuer=profile))
    assert report_on(document).verified
    broken = put(copy.deepcopy(document), "/endorsement/0/issuer/endorsement/0/name", "Other")
    broken = resigned(put(broken, "/endorsement/0", resigned(broken["endorsement"][0])))
    report = report_on(broken)
    assert verdicts(report) == {8: "failed"}
    assert verify.plan(broken).nested["/endorsement/0"].nested.keys() == {"/issuer/endorsement/0"}


def test_an_endorsement_that_is_no_object_is_none() -> None:
    document = badge() | {"endorsement": ["x", endorsement()]}
    assert verify.plan(document).nested.keys() == {"/endorsement/1"}
    assert 1 in verdicts(report_on(document))


def test_one_endorsement_that_is_no_array() -> None:
    assert report_on(resigned(put(badge(), "/endorsement", endorsement()))).verified


def test_another_kind_of_credential_is_no_endorsement() -> None:
    plan = verify.plan(badge())
    material = issued.material(plan)
    nested = replace(verify.plan(issued.signed(issued.minimal_facts())), role=verify.Role.ENDORSEMENT)
    odd = verify.Plan(
        plan.parsed, plan.shape, plan.document, plan.kind, plan.proofs, plan.controllers, plan.status_lists, plan.jobs,
        {"/endorsement/0": nested},
    )  # fmt: skip
    material.nested["/endorsement/0"] = issued.material(nested)
    report = verify.check(odd, material, now=issued.NOW)
    assert (verdicts(report), report.check(8).detail) == (
        {8: "failed"},
        "endorsement at /endorsement/0: is not an EndorsementCredential",
    )


def test_more_endorsements_than_are_looked_at() -> None:
    many = [endorsement(id=f"{issued.BASE}/endorsements/{number}") for number in range(MOST_NESTED + 2)]
    plan = verify.plan(badge() | {"endorsement": many})
    assert (len(plan.nested), plan.beyond) == (MOST_NESTED, 2)
    report = verify.check(plan, verify.Material(), now=issued.NOW)
    assert report.check(8).parts[-1].detail == "2 more than are looked at"


def counted(plan: verify.Plan) -> int:
    return sum(1 + counted(nested) for nested in plan.nested.values())


def test_endorsements_within_endorsements_are_counted_together() -> None:
    def tree(levels: int) -> list[dict[str, Any]]:
        if not levels:
            return []
        return [put(endorsement(id=f"{issued.BASE}/e/{levels}/{n}"), "/endorsement", tree(levels - 1)) for n in (0, 1)]

    assert counted(verify.plan(badge() | {"endorsement": tree(5)})) == 2 + 4 + 8
    many = [put(endorsement(id=f"{issued.BASE}/e/{n}"), "/endorsement", tree(2)) for n in range(MOST_NESTED - 5)]
    plan = verify.plan(badge() | {"endorsement": many})
    assert counted(plan) == MOST_NESTED
    assert sum(nested.beyond for nested in plan.nested.values()) > 0


def test_endorsements_deeper_than_are_looked_at_are_said_to_be_so() -> None:
    """A chain would be read once for each of its levels."""
    chain = endorsement(id=f"{issued.BASE}/e/0")
    for level in range(1, 12):
        chain = put(endorsement(id=f"{issued.BASE}/e/{level}"), "/endorsement", [chain])
    plan = verify.plan(badge() | {"endorsement": [chain]})
    assert counted(plan) == DEEPEST_NESTED
    while plan.nested:
        plan = plan.nested["/endorsement/0"]
    assert plan.beyond == 1


EXTENDED = {"@context": [*OB_CONTEXTS, OB_EXTENSIONS]}
OWN_SCHEMA = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"credentialSchema": [{"id": OWN_SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}]}, {}),
        ({"credentialSchema": {"id": OWN_SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}}, {}),
        (
            {"credentialSchema": [{"id": "https://a.example/s", "type": "1EdTechJsonSchemaValidator2019"}]},
            {8: "not_checked"},
        ),
        ({"refreshService": {"id": "https://a.example/r", "type": "1EdTechCredentialRefresh"}}, {8: "not_checked"}),
    ],
)
def test_linked_documents_that_are_not_looked_at_are_said_to_be_so(
    members: dict[str, Any], expected: dict[int, str]
) -> None:
    report = report_on(resigned(badge() | EXTENDED | members))
    assert verdicts(report) == expected
    assert report.verified is not bool(expected)
    assert report.outcome is (Outcome.NOT_CHECKED if expected else Outcome.VALID)
