"""Check 6 of every kind of status: what each says, in words, and that lists may come as JSON or as JWTs."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from badgeissuer.vc import limits, verify
from badgeissuer.vc.contexts import CREDENTIALS_V1, DATA_INTEGRITY_V2, OB_CONTEXTS, OB_EXTENSIONS, STATUS_V1
from badgeissuer.vc.status import LIST_SIZE, Bits
from badgeissuer.vc.status_entries import entry_with_messages
from badgeissuer.vc.verify import Failure, Outcome, Report, Verdict
from tests.support import issued, lists, records, tokens
from tests.support.issued import DID, INDEX, LIST_URL, resigned
from tests.support.lists import REVOCATIONS, bad, badge, entry, listed, report_on

Json = dict[str, Any]
WORDS = ["in order", "under review", "appealed", "closed"]
MEMBERS = "/credentialSubject/verifiableCredential"


def said(report: Report) -> tuple[bool, str]:
    """Whether the credential is verified, and the words of check 6."""
    return report.verified, report.check(6).detail


# Purposes and sizes of a Bitstring Status List


@pytest.mark.parametrize(
    ("purpose", "unset", "set_", "outcome"),
    [
        ("revocation", "says not revoked", "says revoked", Outcome.REVOKED),
        ("suspension", "says not suspended", "says suspended", Outcome.SUSPENDED),
        ("refresh", "says that there is no newer edition",
         "says that a newer edition is to be had from its issuer", None),
        ("message", "has a message: the value 0", "has a message: the value 1", None),
    ],
)  # fmt: skip
def test_every_purpose_in_words(purpose: str, unset: str, set_: str, outcome: Outcome | None) -> None:
    document = badge(entry(statusPurpose=purpose))
    before = report_on(document, listed(statusPurpose=purpose))
    assert said(before) == (True, f"the issuer's status list {unset}")
    after = report_on(document, listed(lists.bits(INDEX).encode(), statusPurpose=purpose))
    assert said(after) == (outcome is None, f"the issuer's status list {set_}")
    assert after.outcome == (outcome or Outcome.VALID)


def sized(number: int, purpose: str = "message", **changes: Any) -> tuple[Json, Json]:
    """A badge whose entry has two bits, and a list with the number in them."""
    wide = Bits.new(LIST_SIZE * 2)
    wide.put(INDEX, 2, number)
    status = entry_with_messages(list_url=LIST_URL, index=INDEX, purpose=purpose, messages=WORDS) | changes
    return badge(status), listed(wide.encode(), statusPurpose=[purpose])


@pytest.mark.parametrize(("number", "word"), list(enumerate(WORDS)))
def test_a_message_is_told_and_does_not_speak_against_the_credential(number: int, word: str) -> None:
    assert said(report_on(*sized(number))) == (True, f"the issuer's status list has a message: “{word}”")


def test_where_a_message_is_explained() -> None:
    report = report_on(*sized(2, statusReference=["https://a.example/help", "https://a.example/more"]))
    detail = "the issuer's status list has a message: “appealed”; what it means: https://a.example/help"
    assert said(report) == (True, detail)


def test_the_message_of_a_suspension_is_its_reason() -> None:
    report = report_on(*sized(3, "suspension"))
    assert said(report) == (False, "the issuer's status list says suspended: “closed”")
    assert report.outcome is Outcome.SUSPENDED
    assert said(report_on(*sized(0, "suspension"))) == (True, "the issuer's status list says not suspended")


def test_a_long_message_is_cut() -> None:
    status = entry(
        statusPurpose="message", statusMessage=[{"status": f"0x{n}", "message": "x" * 9_000} for n in (0, 1)]
    )
    report = report_on(badge(status), listed(statusPurpose="message"))
    assert said(report) == (True, f"the issuer's status list has a message: “{'x' * 200}”")


@pytest.mark.parametrize("size", range(1, 9))
def test_every_size(size: int) -> None:
    words = [str(number) for number in range(1 << size)]
    status = entry_with_messages(list_url=LIST_URL, index=LIST_SIZE - 1, purpose="message", messages=words)
    wide = Bits.new(LIST_SIZE * size)
    wide.put(LIST_SIZE - 1, size, (1 << size) - 1)
    report = report_on(badge(status), listed(wide.encode(), statusPurpose="message"))
    assert said(report) == (True, f"the issuer's status list has a message: “{(1 << size) - 1}”")


def test_a_list_of_data_model_1_1() -> None:
    """With the context of the terms, since that data model does not have them."""
    document = lists.unsigned(lists.bits(INDEX).encode()) | {"@context": [CREDENTIALS_V1, STATUS_V1, DATA_INTEGRITY_V2]}
    document["issuanceDate"] = document.pop("validFrom")
    del document["credentialSubject"]["ttl"]
    assert report_on(issued.signed(), resigned(document)).outcome is Outcome.REVOKED


# Several entries, which other credentials than Open Badges may have


def credential(*entries: Any) -> Json:
    """A credential of no kind of ours: only a member of a record may be one."""
    return resigned(
        {
            "@context": [OB_CONTEXTS[0]],
            "id": "urn:uuid:0f3a2f61-74d4-4f0e-9f4e-64a2f7b0a009",
            "type": ["VerifiableCredential"],
            "issuer": DID,
            "validFrom": "2026-03-01T12:00:00Z",
            "credentialSubject": {"id": "urn:x:subject"},
            "credentialStatus": list(entries),
        }
    )


def record(*members: Json, **own: Any) -> Json:
    document = copy.deepcopy(records.signed_clr()) | own
    document["credentialSubject"]["verifiableCredential"] = list(members)
    return resigned(document)


def one(index: str, purpose: str = "revocation") -> Json:
    """One of several entries: without an id, since each would need its own."""
    return entry(id=..., statusListIndex=index, statusPurpose=purpose)


def both(*indexes: int) -> Json:
    return listed(lists.bits(*indexes).encode(), statusPurpose=["revocation", "suspension"])


def member_of(report: Report) -> Report:
    """The report on a record's one member."""
    (found,) = report.nested
    return found.report


def test_each_of_several_entries_counts() -> None:
    document = record(credential(one("1"), one("2", "suspension")))
    good = member_of(report_on(document, both()))
    assert said(good) == (
        True,
        "status entry 0: the issuer's status list says not revoked; "
        "status entry 1: the issuer's status list says not suspended",
    )
    assert [part.name for part in good.check(6).parts] == ["status entry 0", "status entry 1"]
    for index, outcome in ((1, Outcome.REVOKED), (2, Outcome.SUSPENDED)):
        report = report_on(document, both(index))
        assert (report.outcome, bad(report.checks)) == (Outcome.INVALID, {8: "failed"})
        assert (member_of(report).outcome, bad(member_of(report).checks)) == (outcome, {6: "failed"})


def test_revoked_weighs_more_than_suspended_and_than_an_entry_that_cannot_be_read() -> None:
    for first in (one("2", "suspension"), one("-1")):
        document = record(credential(first, one("1")))
        assert member_of(report_on(document, both(1, 2))).outcome is Outcome.REVOKED
    broken = member_of(report_on(record(credential(one("-1"), one("1"))), both()))
    assert (broken.outcome, bad(broken.checks)) == (Outcome.INVALID, {6: "failed"})


def test_entries_that_are_no_objects_and_entries_of_unknown_kinds() -> None:
    unknown = {"id": "urn:x:1", "type": "VerifiableCredential"}
    for status, found in (("urn:x:1", (1, "failed")), (unknown, (6, "not_checked"))):
        report = member_of(report_on(record(credential(entry(), status)), listed()))
        assert next(iter(sorted(bad(report.checks).items()))) == found


def test_an_entry_of_data_model_1_1_that_is_no_object() -> None:
    """Of these documents the envelope is not looked at so closely."""
    document = credential(lists.entry_2021(), "urn:x:1")
    document["issuanceDate"] = document.pop("validFrom")
    contexts = [CREDENTIALS_V1, lists.STATUS_LIST_2021, DATA_INTEGRITY_V2]
    whole = copy.deepcopy(records.signed_clr())
    # Only its report matters: a record of data model 2.0 cannot be signed around it.
    whole["credentialSubject"]["verifiableCredential"] = [resigned(document | {"@context": contexts})]
    report = member_of(report_on(whole, lists.list_2021()))
    assert bad(report.checks) == {6: "failed"}
    assert report.check(6).detail == "status entry 1: the status entry is no object"


def test_no_more_entries_are_looked_at_than_a_few() -> None:
    many = [one(str(number)) for number in range(limits.STATUS_ENTRIES + 2)]
    report = member_of(report_on(record(credential(*many)), listed()))
    assert bad(report.checks) == {6: "not_checked"}
    assert report.check(6).detail == "further status entries: 2 more than the 4 that are looked at"
    allowed = member_of(report_on(record(credential(*many[: limits.STATUS_ENTRIES])), listed()))
    assert allowed.verified


# StatusList2021


@pytest.mark.parametrize("document", [lists.badge_2021(), lists.older(lists.badge_2021())], ids=["2.0", "1.1"])
@pytest.mark.parametrize("contexts", [..., [CREDENTIALS_V1, lists.STATUS_LIST_2021]], ids=["proof", "jwt"])
def test_status_list_2021(document: Json, contexts: Any) -> None:
    def held(*indexes: int) -> Json | bytes:
        if contexts is ...:
            return lists.list_2021(*indexes)
        return in_vc_claim(lists.unsigned_2021(*indexes) | {"@context": contexts})

    assert said(report_on(document, held(INDEX - 1))) == (True, "the issuer's status list says not revoked")
    revoked = report_on(document, held(INDEX))
    assert said(revoked) == (False, "the issuer's status list says revoked")
    assert (revoked.outcome, bad(revoked.checks)) == (Outcome.REVOKED, {6: "failed"})


def test_status_list_2021_for_suspension() -> None:
    document = lists.badge_2021(statusPurpose="suspension")
    report = report_on(document, lists.list_2021(INDEX, statusPurpose="suspension"))
    assert (report.outcome, report.check(6).detail) == (Outcome.SUSPENDED, "the issuer's status list says suspended")


# The 1EdTech Revocation List


def on_1edtech(found: bytes | Failure, document: Json | None = None) -> Report:
    return report_on(document or lists.badge_1edtech(), documents={REVOCATIONS: found})


def test_the_1edtech_revocation_list() -> None:
    report = on_1edtech(lists.list_1edtech())
    assert said(report) == (True, "the issuer's revocation list says not revoked (the revocation list is not signed)")
    row = {"id": lists.SIGNED["id"], "revoked": True, "revocationReason": "Issued in error."}
    report = on_1edtech(lists.list_1edtech([row]))
    detail = "the issuer's revocation list says revoked: Issued in error. (the revocation list is not signed)"
    assert (report.outcome, report.check(6).detail) == (Outcome.REVOKED, detail)
    report = on_1edtech(lists.list_1edtech([row | {"revocationReason": "x" * 9_000}]))
    assert report.check(6).detail.startswith(f"the issuer's revocation list says revoked: {'x' * 200} (")


def test_without_its_revocation_list_a_badge_is_not_valid() -> None:
    assert said(on_1edtech(Failure("away"))) == (False, "away")
    for report in (on_1edtech(Failure("away")), report_on(lists.badge_1edtech())):
        assert (report.outcome, bad(report.checks)) == (Outcome.NOT_CHECKED, {6: "not_checked"})
        assert str(report.check(6).type).endswith("#STATUS_RETRIEVAL_ERROR")


def test_a_credential_without_an_id_cannot_be_on_a_revocation_list() -> None:
    member = credential(lists.entry_1edtech()) | {"@context": [*OB_CONTEXTS, OB_EXTENSIONS]}
    del member["id"]
    report = member_of(report_on(record(resigned(member)), documents={REVOCATIONS: lists.list_1edtech()}))
    assert bad(report.checks) == {6: "failed"}


# Lists as JWTs


@pytest.mark.parametrize("form", ["vc+jwt", "ob-jwt"])
def test_a_list_may_be_a_jwt(form: str) -> None:
    for held, outcome in ((lists.bits(), Outcome.VALID), (lists.bits(INDEX), Outcome.REVOKED)):
        report = report_on(issued.signed(), lists.jwt_lists(held)[form])
        assert report.outcome is outcome
    assert report_on(issued.signed(), b" " + lists.jwt_lists(lists.bits())[form] + b"\n").verified


def in_vc_claim(document: Json) -> bytes:
    """The form of VC 1.1: the list lies in the claim ``vc``."""
    claims = {"iss": DID, "jti": LIST_URL, "sub": document["credentialSubject"]["id"], "nbf": 1772366400}
    return signed_token({"vc": document, **claims}, typ="JWT")


def signed_token(payload: object, **header: Any) -> bytes:
    key = header.pop("by", issued.KEY)
    members = {"typ": "vc+jwt", "kid": issued.METHOD, **header}
    return tokens.token(payload, sign=key.sign, key=key.public_key(), **members).encode()


# What is inside has a status of its own


def test_an_endorsement_that_is_taken_back_leaves_the_badge_as_it_is_and_is_told() -> None:
    endorsement = records.signed_endorsement()
    endorsed = resigned(copy.deepcopy(lists.SIGNED) | {"credentialStatus": entry(statusListIndex="3")}
                        | {"endorsement": [endorsement]})  # fmt: skip
    assert report_on(endorsed, listed()).verified
    assert "endorsement" not in report_on(endorsed, listed()).advice
    report = report_on(endorsed, listed(lists.bits(INDEX).encode()))
    assert (report.outcome, bad(report.checks)) == (Outcome.VALID, {})
    assert report.check(8).detail == (
        "endorsement at /endorsement/0: revoked: it was signed by its issuer, and no longer stands; the rest does"
    )
    assert report.advice.endswith("An endorsement in it was withdrawn or has ended: do not count on that one.")
    assert (member_of(report).verified, member_of(report).outcome) == (False, Outcome.REVOKED)


def test_an_endorsement_that_is_taken_back_and_wrong_besides_fails() -> None:
    endorsement = records.signed_endorsement()
    broken = {**endorsement, "issuer": {**endorsement["issuer"], "endorsement": [{**endorsement, "name": "Other"}]}}
    endorsed = resigned(copy.deepcopy(lists.SIGNED) | {"credentialStatus": entry(statusListIndex="3")}
                        | {"endorsement": [resigned(broken)]})  # fmt: skip
    report = report_on(endorsed, listed(lists.bits(INDEX).encode()))
    assert (report.outcome, bad(report.checks)) == (Outcome.INVALID, {8: "failed"})
    assert member_of(report).outcome is Outcome.REVOKED


def test_each_member_of_a_record_has_its_own_status() -> None:
    older = lists.badge_1edtech(id=f"{issued.BASE}/credentials/older")
    members = [badge(entry(statusListIndex="7")), older, badge(entry())]
    document = record(*members, credentialStatus=entry(statusListIndex="9"))
    row = {"id": older["id"]}
    for index, rows, revoked in ((8, [], []), (7, [], [0]), (8, [row], [1]), (INDEX, [row], [1, 2])):
        found = {REVOCATIONS: lists.list_1edtech(rows)}
        report = report_on(document, listed(lists.bits(index).encode()), documents=found)
        outcomes = [nested.report.outcome for nested in report.nested]
        assert outcomes == [Outcome.REVOKED if n in revoked else Outcome.VALID for n in range(3)]
        assert [nested.pointer for nested in report.nested] == [f"{MEMBERS}/{n}" for n in range(3)]
        assert report.verified is not bool(revoked)
    assert report_on(document, listed(lists.bits(9).encode())).outcome is Outcome.REVOKED


def test_our_own_records_are_a_part_beside_any_kind_of_list() -> None:
    report = verify.with_known_state(on_1edtech(lists.list_1edtech()), Outcome.SUSPENDED, "suspended, known here")
    assert (report.outcome, bad(report.checks)) == (Outcome.SUSPENDED, {6: "failed"})
    listed_, known = report.check(6).parts
    assert (listed_.verdict, known.verdict) == (Verdict.OK, Verdict.FAILED)
    message = verify.with_known_state(report_on(*sized(1)), Outcome.REVOKED, "revoked")
    assert (message.outcome, message.check(6).detail) == (Outcome.REVOKED, "our own records: revoked")


def test_a_hint_of_the_lists_that_a_plan_needs() -> None:
    document = record(credential(one("1"), one("2", "suspension"), lists.entry_2021()))
    plan = verify.plan(document).nested[f"{MEMBERS}/0"]
    assert (plan.status_lists, plan.documents) == ((LIST_URL,), ())
    plan = verify.plan(lists.badge_1edtech())
    assert plan.status_lists == ()
    assert [(need.use.value, need.url) for need in plan.documents] == [("revocation list", REVOCATIONS)]


def test_a_list_of_more_values_than_a_list_has_is_not_held_to_anything() -> None:
    """Each of them could be a fault, and lists come from strangers."""
    plan = verify.plan_status_list(issued.status_list() | {"remark": [None] * 50_000})
    assert plan.shape is not None
    assert (plan.shape.verdict, plan.shape.detail) == (Verdict.FAILED, "the document has more than 6000 values")
