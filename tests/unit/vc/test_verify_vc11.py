"""Documents of VC data model 1.1 are read and verified by the same nine checks, told to be of it, and never made."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from badgeissuer.errors import Rejected
from badgeissuer.vc import jws, jwt, lint, verify
from badgeissuer.vc.canon import canonicalize
from badgeissuer.vc.checks.plan import budget_of
from badgeissuer.vc.contexts import (
    CLR_V2P0_200,
    CREDENTIALS_V1,
    CREDENTIALS_V2,
    DATA_INTEGRITY_V1,
    DATA_INTEGRITY_V2,
    ED25519_2020,
    OB_V3P0_300,
    OB_V3P0_300_ALIAS,
    OB_V3P0_301,
    OB_V3P0_302,
    OB_V3P0_303,
    STATUS_LIST_2021,
)
from badgeissuer.vc.multibase import multibase_encode
from badgeissuer.vc.proofs.data_integrity import hash_data
from badgeissuer.vc.proofs.suites import suite_of
from badgeissuer.vc.verify import Outcome, Report, Verdict
from tests.support import issued, records, renditions
from tests.support.issued import resigned

Json = dict[str, Any]
OB = [OB_V3P0_300, OB_V3P0_300_ALIAS, OB_V3P0_301, OB_V3P0_302, OB_V3P0_303]
NOTE = "of VC data model 1.1"


def older(document: Json, *further: str, context: str = OB_V3P0_300, **members: Any) -> Json:
    """The document as it would have been written before VC 2.0."""
    found = copy.deepcopy(document)
    for name in ("proof", "credentialStatus", "awardedDate"):  # the last came with 3.0.1
        found.pop(name, None)
    found["@context"] = [CREDENTIALS_V1, context, *further]
    found["issuanceDate"] = found.pop("validFrom")
    if "validUntil" in found:
        found["expirationDate"] = found.pop("validUntil")
    return found | members


MINIMAL = issued.signed(replace(issued.minimal_facts(), valid_until=issued.facts().valid_until))
BADGE = older(MINIMAL, DATA_INTEGRITY_V2)


def bad(report: Report) -> dict[int, str]:
    return {check.number: check.verdict.value for check in report.checks if check.verdict is not Verdict.OK}


@pytest.mark.parametrize("further", [DATA_INTEGRITY_V1, DATA_INTEGRITY_V2])
@pytest.mark.parametrize("context", OB)
def test_a_badge_with_each_of_the_contexts_that_there_were(context: str, further: str) -> None:
    for suite in ("eddsa-rdfc-2022", "eddsa-2022"):
        report = issued.report_on(resigned(older(MINIMAL, further, context=context), cryptosuite=suite))
        assert report.verified, bad(report)
        assert NOTE in report.check(0).detail
        assert report.check(1).detail == "has the shape of a badge of VC data model 1.1, an older form"
        assert (report.facts.valid_from, report.facts.valid_until) == (MINIMAL["validFrom"], MINIMAL["validUntil"])


def of_2020(document: Json) -> Json:
    """With the proof that most badges of that time have, past all inspection."""
    proof = {
        "type": "Ed25519Signature2020",
        "created": "2026-03-01T12:00:00Z",
        "verificationMethod": issued.METHOD,
        "proofPurpose": "assertionMethod",
    }
    suite = suite_of(proof)
    inputs = suite.inputs(document, proof)
    config, form = (canonicalize(part, issued.CONTEXTS) for part in (inputs.config, inputs.document))
    value = multibase_encode(issued.KEY.sign(hash_data(config.nquads, form.nquads)))
    return {**document, "proof": {**proof, "proofValue": value}}


def test_the_signature_of_2020_and_a_status_list_of_2021() -> None:
    entry = {
        "id": f"{issued.LIST_URL}#7",
        "type": "StatusList2021Entry",
        "statusPurpose": "revocation",
        "statusListIndex": "7",
        "statusListCredential": issued.LIST_URL,
    }
    document = of_2020(older(MINIMAL, ED25519_2020, STATUS_LIST_2021, credentialStatus=entry))
    plan = verify.plan(document)
    assert plan.status_lists == (issued.LIST_URL,)
    report = issued.report_on(document)
    assert set(bad(report)) <= {6}, bad(report)
    assert report.check(3).detail == "the Ed25519Signature2020 signature is good"


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"issuanceDate": "2027-01-01T00:00:00Z", "expirationDate": "2028-01-01T00:00:00Z"}, Outcome.NOT_YET_VALID),
        ({"issuanceDate": "2025-01-01T00:00:00Z", "expirationDate": "2026-01-01T00:00:00Z"}, Outcome.EXPIRED),
        ({"issuanceDate": "2026-03-01T00:00:00Z", "expirationDate": "2026-01-01T00:00:00Z"}, Outcome.INVALID),
        # The names of 2.0 were reserved in 1.1: what they say counts too.
        ({"validFrom": "2026-06-01T00:00:00Z"}, Outcome.NOT_YET_VALID),
        ({"issuanceDate": "2025-01-01T00:00:00Z", "validUntil": "2026-01-01T00:00:00Z"}, Outcome.EXPIRED),
        ({"validFrom": "2026-01-01T00:00:00Z", "validUntil": "2026-06-01T00:00:00Z"}, Outcome.VALID),
    ],
)
def test_dates(changes: Json, outcome: Outcome) -> None:
    report = issued.report_on(resigned(BADGE | changes))
    assert (report.outcome, set(bad(report))) == (outcome, set() if outcome is Outcome.VALID else {5})


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"issuanceDate": None}, "/issuanceDate"),
        ({"issuanceDate": "2026-03-01"}, "/issuanceDate"),
        ({"expirationDate": "soon"}, "/expirationDate"),
        ({"validFrom": "soon"}, "/validFrom"),
        ({"validUntil": 5}, "/validUntil"),
        ({"credentialSubject": {"type": ["AchievementSubject"]}}, "/credentialSubject"),
        ({"@context": [CREDENTIALS_V1, CREDENTIALS_V2, OB_V3P0_303]}, "/@context"),
        ({"@context": [CREDENTIALS_V1, OB_V3P0_300, "https://evil.example/context"]}, "/@context"),
        ({"@context": [CREDENTIALS_V1, OB_V3P0_300, {"@vocab": "https://evil.example/"}]}, "/@context"),
        ({"@context": [CREDENTIALS_V2, OB_V3P0_300]}, "/@context"),
    ],
)
def test_what_is_out_of_form(changes: Json, pointer: str) -> None:
    document = {name: value for name, value in (BADGE | changes).items() if value is not None}
    report = issued.report_on({**document, "proof": MINIMAL["proof"]})
    assert report.check(1).verdict is Verdict.FAILED
    assert pointer in report.check(1).detail


def test_a_badge_of_2_0_with_the_dates_of_1_1_is_refused() -> None:
    report = issued.report_on(resigned(MINIMAL | {"expirationDate": "2027-01-01T00:00:00Z"}))
    assert bad(report) == {2: "failed"}


def test_none_is_ever_made() -> None:
    record = older(records.signed_clr(), context=OB_V3P0_303)
    for prepare, document in (
        (lint.prepare, BADGE),
        (lint.prepare_endorsement, older(records.signed_endorsement(), DATA_INTEGRITY_V2)),
        (lint.prepare_clr, record),
    ):
        with pytest.raises(Rejected) as refused:
            prepare(document, canonicalize(document, issued.CONTEXTS, budget=budget_of(document)), now=issued.NOW)
        assert {"/@context", "/issuanceDate"} <= {fault.pointer for fault in refused.value.faults}


def test_endorsements_of_it_have_their_own_checks() -> None:
    inner = resigned(older(records.signed_endorsement(), DATA_INTEGRITY_V2))
    report = issued.report_on(resigned(BADGE | {"endorsement": [inner]}))
    assert report.verified, bad(report)
    assert NOTE in report.nested[0].report.check(0).detail
    undated = {name: value for name, value in inner.items() if name != "issuanceDate"}
    report = issued.report_on(resigned(BADGE | {"endorsement": [resigned(undated)]}))
    assert bad(report) == {8: "failed"}


def test_a_record_of_it_with_members_of_both() -> None:
    record = older(records.signed_clr(), DATA_INTEGRITY_V2)
    record["@context"].insert(1, CLR_V2P0_200)
    record["credentialSubject"] = {
        "id": issued.facts().subject_id,
        "type": ["ClrSubject"],
        "verifiableCredential": [resigned(BADGE)],
    }
    del record["partial"]  # it came with the context of CLR 2.0.1
    report = issued.report_on(resigned(record))
    assert report.verified, bad(report)
    assert report.nested[0].report.verified
    # What a reader keeps is what came: nothing of it becomes 2.0.
    assert verify.plan(record).nested["/credentialSubject/verifiableCredential/0"].document == resigned(BADGE)


def test_a_member_of_another_kind() -> None:
    transcript = {
        "@context": [CREDENTIALS_V1, DATA_INTEGRITY_V2],
        "id": "urn:uuid:1b7f2a52-0a0e-4a2f-9c55-000000000009",
        "type": ["VerifiableCredential"],
        "issuer": issued.DID,
        "issuanceDate": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": issued.facts().subject_id},
    }
    record = older(records.signed_clr(), DATA_INTEGRITY_V2)
    record["@context"].insert(1, CLR_V2P0_200)
    record["credentialSubject"] = {
        "id": issued.facts().subject_id,
        "type": ["ClrSubject"],
        "verifiableCredential": [resigned(transcript)],
    }
    del record["partial"]
    report = issued.report_on(resigned(record))
    assert report.verified, bad(report)
    assert (
        report.nested[0].report.check(1).detail == "has the shape of a credential of VC data model 1.1, an older form"
    )


# As a JWT: the credential lies in the claim vc


CLAIMS = {"iss": issued.DID, "sub": issued.minimal_facts().subject_id, "jti": MINIMAL["id"], "nbf": 1772366400}
NO_END = {name: value for name, value in BADGE.items() if name != "expirationDate"}


def token(document: Json, **claims: Any) -> bytes:
    payload = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    header = {"typ": "JWT", "kid": issued.METHOD}
    text = json.dumps({**payload, "vc": document})
    return jws.create(header, text, sign=issued.KEY.sign, key=issued.KEY.public_key()).encode()


def report_on(data: bytes) -> Report:
    return issued.report_on(data, controllers=renditions.WORLD)


def without(document: Json, *names: str) -> Json:
    return {name: value for name, value in document.items() if name not in names}


@pytest.mark.parametrize("left_out", [(), ("issuer",), ("id",), ("issuanceDate",), ("issuer", "id", "issuanceDate")])
def test_what_the_claims_say_need_not_be_said_twice(left_out: tuple[str, ...]) -> None:
    report = report_on(token(without(NO_END, *left_out)))
    assert report.verified, [check.detail for check in report.checks if check.verdict is not Verdict.OK]
    assert report.check(0).detail == "one JWT of the form vc-1.1-jwt, of VC data model 1.1 (an older form)"
    assert (report.facts.id, report.facts.issuer) == (MINIMAL["id"], issued.DID)
    assert report.facts.valid_from == "2026-03-01T12:00:00Z"


def test_subject_and_end_come_from_the_claims_too() -> None:
    nameless = {**NO_END, "credentialSubject": without(NO_END["credentialSubject"], "id")}
    found = jwt.read(token(nameless, exp=1772366401).decode())
    assert found.document["credentialSubject"]["id"] == issued.minimal_facts().subject_id
    assert found.document["expirationDate"] == "2026-03-01T12:00:01Z"
    assert report_on(token(nameless, exp=1772366399)).outcome is Outcome.INVALID, "it ends before it begins"
    assert report_on(token(nameless, nbf=1740830400, exp=1772366399)).check(5).outcome is None
    assert report_on(token(without(nameless, "issuanceDate"), nbf=1740830400, exp=1772366399)).outcome == "expired"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "did:web:evil.example"},
        {"sub": "urn:uuid:1"},
        {"jti": "urn:uuid:1"},
        {"nbf": 1772366399},
        {"nbf": 1772366400.5},
        {"nbf": True},
        {"nbf": "1772366400"},
        {"nbf": None},
        {"nbf": 10**18},
        {"nbf": -1},
        {"exp": 10**18},
        {"exp": 1.5},
        {"iss": None},
        {"jti": None},
        {"jti": 5},
    ],
)
def test_claims_that_say_something_else(claims: Json) -> None:
    report = report_on(token(NO_END, **claims))
    assert (report.outcome, report.check(0).verdict) == (Outcome.INVALID, Verdict.FAILED)


@pytest.mark.parametrize("document", [5, {}, {"credentialSubject": 5}, {"credentialSubject": []}])
def test_a_claim_that_holds_no_credential(document: Any) -> None:
    assert report_on(token(document)).outcome is Outcome.INVALID
