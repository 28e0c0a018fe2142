"""A learner record holds only where it and every credential in it hold; what does not is named by its place."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from badgeissuer.vc import limits, verify
from badgeissuer.vc.build import clr_credential
from badgeissuer.vc.canon import FOREIGN_BUDGET
from badgeissuer.vc.contexts import CREDENTIALS_V1, CREDENTIALS_V2, DATA_INTEGRITY_V2, OB_V3P0_303
from badgeissuer.vc.multikey import did_key, did_key_document, public_multikey
from badgeissuer.vc.recipient import hashed_identity
from badgeissuer.vc.status import Bits
from badgeissuer.vc.verify import Report, Verdict
from tests.support import issued, records
from tests.support.issued import INDEX, LIST_URL, NOW, resigned

Json = dict[str, Any]
MEMBERS = "/credentialSubject/verifiableCredential"
RECORD = records.signed_clr()


def report_on(document: Json, **given: Any) -> Report:
    return issued.report_on(document, **given)


def with_members(*members: Any, **subject: Any) -> Json:
    """The record signed anew around these members, past all inspection."""
    document = copy.deepcopy(RECORD)
    document["credentialSubject"] |= {"verifiableCredential": list(members), **subject}
    return resigned(document)


def bad_members(report: Report) -> list[str]:
    return [part.name for part in report.check(8).parts if part.verdict is not Verdict.OK]


def test_a_record_and_each_member_have_their_own_report() -> None:
    report = report_on(RECORD)
    assert (report.verified, report.outcome) == (True, "valid")
    assert report.check(1).detail == "has the shape of a learner record"
    assert [found.pointer for found in report.nested] == [f"{MEMBERS}/{n}" for n in range(3)]
    assert {found.role for found in report.nested} == {verify.Role.MEMBER}
    assert [found.report.facts.id for found in report.nested] == [
        member["id"] for member in RECORD["credentialSubject"]["verifiableCredential"]
    ]
    assert all(found.report.verified for found in report.nested)
    assert report.check(7).detail.split("; ") == [
        "the subject is identified, 3 credential(s) in the record",
        "that 1 of them are about the same person is the word of the record's issuer",
        "the record says that it is partial: there may be more awards",
    ]


def good(number: int = 1) -> Json:
    return issued.signed(replace(issued.minimal_facts(), credential_id=f"{issued.BASE}/credentials/{number}"))


def tampered() -> Json:
    member = good()
    member["credentialSubject"]["achievement"]["name"] = "Something else"
    return member


def foreign_key() -> Json:
    return resigned(good(), key=issued.OTHER_KEY)


def other_issuer() -> Json:
    name = did_key(public_multikey(issued.OTHER_KEY.public_key()))
    member = {name_: value for name_, value in good().items() if name_ not in ("proof", "credentialStatus")}
    method = did_key_document(name)["verificationMethod"][0]["id"]
    return resigned(
        {**member, "issuer": {**member["issuer"], "id": name}}, key=issued.OTHER_KEY, verificationMethod=method
    )


def about_another() -> Json:
    member = good()
    member["credentialSubject"]["id"] = "did:web:someone.example"
    return resigned(member)


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (tampered(), "invalid (proof: "),
        ({name: value for name, value in good().items() if name != "proof"}, "invalid (proof: there is no proof"),
        (foreign_key(), "invalid (proof: "),
        (resigned(good() | {"validUntil": "2026-01-01T00:00:00Z", "validFrom": "2025-01-01T00:00:00Z"}), "expired"),
        (resigned(good() | {"validFrom": "2027-01-01T00:00:00Z"}), "not_yet_valid"),
        ("eyJ.eyJ.sig", "invalid (parse: a member of a learner record must be a credential in JSON"),
        ({"type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt,a.b.c"}, "invalid (shape: "),
        ({"type": ["VerifiablePresentation"]}, "invalid (shape: this is a presentation"),
        (5, "invalid (parse: "),
    ],
)
def test_a_member_that_does_not_hold_is_named_by_its_place(member: Any, said: str) -> None:
    report = report_on(with_members(good(1), good(2), member, good(3)))
    assert (report.verified, report.check(8).verdict) == (False, "failed")
    assert [report.check(n).verdict for n in range(7)] == ["ok"] * 7, "the record itself holds"
    assert bad_members(report) == [f"credential at {MEMBERS}/2"]
    assert report.check(8).parts[2].detail.startswith(said)
    assert [found.report.verified for found in report.nested] == [True, True, False, True]


def test_a_revoked_member() -> None:
    bits = Bits.new()
    bits.set(INDEX, True)
    member = good(2)
    other = {**good(1), "credentialStatus": {**member["credentialStatus"], "statusListIndex": "7"}}
    record = with_members(resigned(other), member)
    record["credentialStatus"]["statusListIndex"] = "8"
    report = report_on(resigned(record), lists={LIST_URL: issued.status_list(bits)})
    assert bad_members(report) == [f"credential at {MEMBERS}/1"]
    assert (report.outcome, report.nested[1].report.outcome) == ("invalid", "revoked")


def test_members_of_other_issuers_and_kinds_are_welcome() -> None:
    transcript = resigned(
        {
            "@context": [CREDENTIALS_V2],
            "id": "urn:uuid:1b7f2a52-0a0e-4a2f-9c55-000000000009",
            "type": ["VerifiableCredential"],
            "issuer": issued.DID,
            "validFrom": "2026-01-01T00:00:00Z",
            "credentialSubject": {"id": RECORD["credentialSubject"]["id"]},
        }
    )
    report = report_on(with_members(good(), other_issuer(), transcript))
    assert report.verified, report.check(8)
    assert [found.report.checks[1].detail for found in report.nested][2] == "has the shape of a credential"
    assert report.nested[2].report.check(7).detail == "nothing in it is known to contradict itself"
    assert not issued.report_on(transcript).verified, "by itself it is nothing that is looked at here"


def test_a_member_of_another_kind_is_held_to_the_envelope() -> None:
    member = {
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiableCredential"],
        "issuer": issued.DID,
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": RECORD["credentialSubject"]["id"]},
        "relatedResource": [{"id": "https://a.example/x"}],
    }
    report = report_on(with_members(good(), resigned(member)))
    assert bad_members(report) == [f"credential at {MEMBERS}/1"]
    assert "/relatedResource/0 must have digestSRI or digestMultibase" in report.nested[1].report.check(1).detail


def test_a_record_in_a_record_and_one_too_deep() -> None:
    inner = with_members(good())
    report = report_on(with_members(inner))
    assert report.verified
    assert report.nested[0].report.nested[0].report.verified
    deep = with_members(good())
    for _ in range(limits.NESTING + 1):
        deep = with_members(deep)
    report = report_on(deep)
    assert (report.verified, report.outcome) == (False, "not_checked")
    assert "documents inside: 1 more than are looked at" in report.check(8).detail


def test_a_member_about_someone_else() -> None:
    record = with_members(good(), about_another(), id="did:web:teacher.example")
    report = report_on(record)
    assert report.check(7).verdict is Verdict.FAILED
    assert report.check(7).detail.startswith("the credential(s) 1 in the record are about someone else")
    assert report_on(with_members(good(), about_another())).check(7).verdict is Verdict.OK, (
        "a pairwise id tells nothing"
    )


@pytest.mark.parametrize(
    ("of_record", "of_member", "said"),
    [
        ("did:web:teacher.example", "did:web:someone.example", "are about someone else"),
        ("mailto:a@school.example", "mailto:b@school.example", "are about someone else"),
        ("mailto:a@school.example", "mailto:A%40School.example", None),
        ("did:web:teacher.example", "mailto:a@school.example", "the word of the record's issuer"),
        ("urn:uuid:1", "did:web:teacher.example", "the word of the record's issuer"),
        ("urn:uuid:1", None, "the word of the record's issuer"),
        (None, None, "the word of the record's issuer"),
    ],
)
def test_whether_a_member_is_about_the_same_person(of_record: str | None, of_member: str | None, said: str) -> None:
    """Of two names of one kind it is known, of two kinds it is not: one person has an address here and a DID there."""
    identity = hashed_identity("teacher@school.example.org", salt="00112233445566778899aabbccddeeff")
    member = good()
    record = with_members(member)
    for subject, name in ((member["credentialSubject"], of_member), (record["credentialSubject"], of_record)):
        subject.pop("id", None)
        subject |= {"identifier": [identity]} if name is None else {"id": name}
    record["credentialSubject"]["verifiableCredential"] = [resigned(member)]
    report = report_on(resigned(record))
    assert [check.verdict for check in report.checks if check.number != 7] == ["ok"] * 8
    assert report.verified == (said != "are about someone else")
    assert ("about" in report.check(7).detail) is (said is not None)
    assert said is None or said in report.check(7).detail


def test_associations_that_lead_out_of_the_record_are_told() -> None:
    whole = {"type": "Association", "associationType": "isPartOf", "sourceId": issued.achievement()["id"]}
    there = {**whole, "targetId": records.OTHER}
    away = {**whole, "targetId": "urn:uuid:0"}
    for association, told in (
        ([there, away, {**away, "sourceId": "urn:uuid:1"}], "; 2 association(s) name"),
        (there, None),
    ):
        report = report_on(with_members(issued.signed(), association=association))
        assert report.verified
        assert ("association" in report.check(7).detail) is (told is not None)
        assert told is None or told in report.check(7).detail


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"@context": [CREDENTIALS_V2, OB_V3P0_303]}, "/@context"),
        ({"name": 5}, "/name"),
        ({"partial": "yes"}, "/partial"),
        ({"credentialSubject": {"type": ["ClrSubject"], "id": "urn:x:1"}}, "/credentialSubject/verifiableCredential"),
        ({"credentialSubject": {"type": ["ClrSubject"], "id": "urn:x:1", "verifiableCredential": []}}, MEMBERS),
        ({"credentialSubject": {"type": ["ClrSubject"], "verifiableCredential": [good()]}}, "/credentialSubject"),
        ({"credentialSubject": {"verifiableCredential": [good()]}}, "/credentialSubject"),
        ({"credentialSubject": 5}, "/credentialSubject"),
        ({"evidence": [{"type": ["Evidence"], "verifiableCredential": [good()]}]}, "/evidence/0/verifiableCredential"),
    ],
)
def test_a_record_out_of_form(changes: Json, pointer: str) -> None:
    report = report_on({**copy.deepcopy(RECORD), **changes})
    assert report.check(1).verdict is Verdict.FAILED
    assert pointer in report.check(1).detail


def test_a_single_member_need_not_be_in_an_array() -> None:
    document = copy.deepcopy(RECORD)
    document["credentialSubject"]["verifiableCredential"] = good()
    report = report_on(resigned(document))
    assert report.verified
    assert [found.pointer for found in report.nested] == [f"{MEMBERS}/0"]


def test_what_a_record_costs_grows_with_its_members_and_no_faster() -> None:
    sizes = {}
    for count in (1, 10, 100):
        plan = verify.plan(with_members(*(good(n) for n in range(count))))
        jobs = [*plan.jobs, *(job for nested in plan.nested.values() for job in nested.jobs)]
        sizes[count] = (len(plan.nested), len(jobs), plan.jobs[0].budget.max_quads)
        assert all(job.budget == FOREIGN_BUDGET for nested in plan.nested.values() for job in nested.jobs)
    assert sizes == {n: (n, 2 + 2 * n, (1 + n) * limits.FOREIGN_QUADS) for n in (1, 10, 100)}


def test_long_documents_are_records_or_not_read() -> None:
    filler = {"description": "x" * limits.FOREIGN_BYTES}
    long = json.dumps({**RECORD, **filler}).encode()
    assert verify.plan(long).parsed.verdict is Verdict.OK
    for document in (good() | filler, good() | filler | {"name": "ClrCredential"}):
        parsed = verify.plan(json.dumps(document).encode()).parsed
        assert (parsed.verdict, "no learner record" in parsed.detail) == (Verdict.FAILED, True)


def test_our_own_minimal_record() -> None:
    assert report_on(records.signed_clr(records.minimal_clr_facts())).verified
    unsigned = clr_credential(records.minimal_clr_facts())
    assert report_on(unsigned).check(3).detail.startswith("there is no proof")


def test_a_record_of_data_model_1_1_with_members_of_it() -> None:
    record = copy.deepcopy(RECORD)
    record["@context"] = [CREDENTIALS_V1, *record["@context"][1:], DATA_INTEGRITY_V2]
    record["issuanceDate"] = record.pop("validFrom")
    record["expirationDate"] = record.pop("validUntil")
    member = good()
    member["@context"] = [CREDENTIALS_V1, *member["@context"][1:], DATA_INTEGRITY_V2]
    member["issuanceDate"] = member.pop("validFrom")
    del member["credentialStatus"], record["credentialStatus"]
    record["credentialSubject"]["verifiableCredential"] = [resigned(member)]
    report = report_on(resigned(record))
    assert report.verified, report.checks
    assert report.check(0).detail == "one JSON document, of VC data model 1.1 (an older form)"
    assert report.facts.valid_from == NOW.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_record_can_be_read_with_some_of_its_members_and_the_others_are_not_taken_for_good() -> None:
    plan = verify.plan(RECORD, members={1})
    report = verify.check(plan, issued.material(plan), now=NOW)
    assert [found.pointer for found in report.nested] == [f"{MEMBERS}/1"]
    assert report.nested[0].report.verified
    assert (report.verified, report.outcome) == (False, "not_checked")
    assert [(check.number, check.detail) for check in report.checks if check.verdict is not Verdict.OK] == [
        (8, "documents inside: 2 more than are looked at")
    ]
    assert verify.plan(RECORD, members=()).beyond == 3
