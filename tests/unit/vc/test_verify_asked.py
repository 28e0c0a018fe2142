"""What the reader asks for: the recipient as a part of check 7, their own rules beside the checks."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from badgeissuer.vc import verify
from badgeissuer.vc.recipient import hashed_identity, is_about
from badgeissuer.vc.verify import Outcome, Policy, PolicyCheck, Report, Verdict
from tests.support import issued
from tests.support.issued import resigned
from tests.unit.vc.test_verify import verdicts

SALT = "00112233445566778899aabbccddeeff"
EMAIL = "teacher@school.example.org"
SIGNED = issued.signed()


def asked(document: dict[str, Any] | bytes = SIGNED, **policy: Any) -> Report:
    plan = verify.plan(document)
    return verify.check(plan, issued.material(plan), now=issued.NOW, policy=Policy(**policy))


def subject(*identifiers: Any, id_: Any = None) -> dict[str, Any]:
    return {"id": id_, "identifier": list(identifiers)}


def plain(value: str, type_: str = "emailAddress") -> dict[str, Any]:
    return {"type": "IdentityObject", "hashed": False, "identityHash": value, "identityType": type_, "salt": "x"}


MD5 = {
    "hashed": True,
    "identityHash": "md5$" + hashlib.md5(f"{EMAIL}salt".encode()).hexdigest(),
    "identityType": "emailAddress",
    "salt": "salt",
}
BY_NUMBER = hashed_identity("S-1", salt=SALT, identity_type="sourcedId")


@pytest.mark.parametrize(
    ("known", "of", "expected"),
    [
        # e-mail addresses, hashed
        ([EMAIL], subject(hashed_identity(EMAIL, salt=SALT)), True),
        ([" Teacher@School.example.ORG "], subject(hashed_identity(EMAIL, salt=SALT)), True),
        (["mailto:teacher%40school.example.org"], subject(hashed_identity(EMAIL, salt=SALT)), True),
        ([EMAIL], subject(MD5), True),
        (["Teacher@School.example.org"], subject(hashed_identity("Teacher@School.example.org", salt=SALT)), True),
        (["other@school.example.org"], subject(hashed_identity(EMAIL, salt=SALT)), False),
        (["other@school.example.org", EMAIL], subject(hashed_identity(EMAIL, salt=SALT)), True),
        ([EMAIL], subject(hashed_identity("x@y.example", salt=SALT), hashed_identity(EMAIL, salt=SALT)), True),
        ([EMAIL], {"identifier": hashed_identity(EMAIL, salt=SALT)}, True),
        # and plain
        ([EMAIL], subject(plain("Teacher@school.example.org")), True),
        ([EMAIL], subject(plain("other@school.example.org")), False),
        ([EMAIL], subject(plain("no address")), False),
        ([EMAIL], subject(id_="mailto:Teacher@school.example.org"), True),
        ([EMAIL], subject(id_="mailto:"), False),
        # the type must be the same
        ([EMAIL], subject(hashed_identity(EMAIL, salt=SALT, identity_type="sourcedId")), None),
        (["S-1"], subject(hashed_identity("S-1", salt=SALT)), None),
        (["S-1"], subject(BY_NUMBER), True),
        (["S-1"], subject(plain("S-1", "studentId")), True),
        (["S-2"], subject(BY_NUMBER), False),
        # ids
        (["did:example:1"], subject(id_="did:example:1"), True),
        (["did:example:2"], subject(id_="did:example:1"), False),
        (["https://a.example/é"], subject(id_=" https://a.example/%C3%A9 "), True),
        (["did:example:1", EMAIL], subject(id_="did:example:1"), True),
        # nothing to compare
        ([EMAIL], subject(id_="did:example:1"), None),
        ([EMAIL], subject(5, {"identityType": "emailAddress"}, {"identityHash": 5}), None),
        ([EMAIL], {}, None),
        ([], subject(id_="did:example:1"), None),
    ],
)
def test_whom_it_is_about(known: list[str], of: dict[str, Any], expected: bool | None) -> None:
    assert is_about(of, known) is expected


def test_every_identifier_is_tried_even_after_a_match(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time tells not which one it was."""
    from badgeissuer.vc import recipient

    tried: list[Any] = []
    real = recipient.matches
    monkeypatch.setattr(recipient, "matches", lambda identity, value: tried.append(identity) or real(identity, value))
    assert is_about(subject(hashed_identity(EMAIL, salt=SALT), MD5, plain("x@y.example")), [EMAIL])
    assert len(tried) == 6


def test_not_asked_is_as_before() -> None:
    assert asked().check(7).parts == ()
    assert asked(recipient=None).verified


def test_the_one_asked_for() -> None:
    report = asked(recipient=frozenset({EMAIL.upper()}))
    assert (report.verified, [(part.name, part.verdict.value) for part in report.check(7).parts]) == (
        True,
        [("subject", "ok"), ("recipient", "ok")],
    )


@pytest.mark.parametrize(
    ("document", "known", "detail"),
    [
        (SIGNED, "other@school.example.org", "it was awarded to someone else than asked for"),
        (
            resigned({**SIGNED, "credentialSubject": {**SIGNED["credentialSubject"], "identifier": [BY_NUMBER]}}),
            EMAIL,
            "it names nobody in a way that could be compared with the one asked for",
        ),
    ],
)
def test_someone_else(document: dict[str, Any], known: str, detail: str) -> None:
    report = asked(document, recipient=frozenset({known}))
    assert (verdicts(report), report.outcome) == ({7: "failed"}, Outcome.INVALID)
    part = report.check(7).parts[1]
    assert (part.name, part.detail) == ("recipient", detail)
    assert part.remedy
    assert report.advice == f"Not valid: what it says of its subject does not fit: {part.remedy}."


def test_a_subject_that_is_no_object_names_nobody() -> None:
    from badgeissuer.vc.checks.recipient import with_recipient

    ok = asked().check(7)
    found = with_recipient(ok, {"credentialSubject": []}, Policy(recipient=frozenset({EMAIL})))
    assert found.verdict is Verdict.FAILED


def test_an_endorsement_inside_is_about_somebody_else_and_by_somebody_else() -> None:
    """What is asked of a badge is not asked of what is nested in it."""
    from tests.unit.vc.test_verify_linked import endorsed, endorsement

    bare = {name: value for name, value in endorsement().items() if name != "credentialStatus"}
    report = asked(
        endorsed(bare),
        recipient=frozenset({EMAIL}),
        trusted_issuers=frozenset({issued.DID}),
        needs_status=True,
    )
    assert (report.verified, report.accepted, report.nested[0].report.policy) == (True, True, ())


def rules(report: Report) -> dict[str, str]:
    return {item.name: item.verdict.value for item in report.policy}


def test_without_rules_accepted_is_verified() -> None:
    report = asked()
    assert (report.policy, report.verified, report.accepted) == ((), True, True)
    assert not asked(SIGNED | {"name": "Other"}).accepted


def test_a_trusted_issuer() -> None:
    report = asked(trusted_issuers=frozenset({issued.DID, "did:web:other.example"}))
    assert report.policy == (PolicyCheck("trusted issuer", Verdict.OK, "its issuer is one that you trust"),)
    assert report.accepted


@pytest.mark.parametrize("trusted", [frozenset(), frozenset({issued.DID.upper()}), frozenset({"KVEC"})])
def test_an_issuer_that_is_not_trusted_changes_nothing_that_is_proved(trusted: frozenset[str]) -> None:
    report = asked(trusted_issuers=trusted)
    assert (report.verified, report.outcome, report.accepted) == (True, Outcome.VALID, False)
    assert rules(report) == {"trusted issuer": "failed"}
    assert report.policy[0].remedy
    assert report.advice.startswith("Genuine and in force, but not accepted by your own rules (its issuer is none of")
    assert verdicts(report) == {}


def test_of_a_record_the_issuer_is_the_records() -> None:
    from badgeissuer.vc.checks.trust import policy_checks

    record = {"type": ["VerifiableCredential", "ClrCredential"], "issuer": {"id": issued.DID}}
    (said,) = policy_checks(record, Policy(trusted_issuers=frozenset({issued.DID})))
    assert "its members have issuers of their own" in said.detail


def test_a_status_that_is_needed() -> None:
    assert rules(asked(needs_status=True)) == {"has a status": "ok"}
    none = resigned({name: value for name, value in SIGNED.items() if name != "credentialStatus"})
    report = asked(none, needs_status=True)
    assert (report.verified, report.accepted, rules(report)) == (True, False, {"has a status": "failed"})


def test_what_is_not_verified_is_not_accepted_whatever_the_rules_say() -> None:
    report = asked(SIGNED | {"name": "Other"}, trusted_issuers=frozenset({issued.DID}), needs_status=True)
    assert (report.verified, report.accepted, set(rules(report).values())) == (False, False, {"ok"})
    for data in (b"<html>", b"[]"):
        report = asked(data, trusted_issuers=frozenset({issued.DID}), needs_status=True)
        assert (report.accepted, set(rules(report).values())) == (False, {"failed"})


def test_rules_stay_with_what_the_records_add() -> None:
    report = verify.with_known_state(asked(trusted_issuers=frozenset()), Outcome.SUSPENDED, "suspended")
    assert rules(report) == {"trusted issuer": "failed"}
    assert report.advice.startswith("Genuine, but suspended by its issuer: ")


def test_domain_and_challenge_are_this_documents_alone() -> None:
    document = resigned(SIGNED, domain="https://a.example", challenge="abc")
    assert asked(document, domain=frozenset({"https://a.example"}), challenge="abc").verified
    report = asked(document, domain=frozenset({"https://b.example"}))
    assert verdicts(report)[3] == "failed"


def test_the_skew_holds_for_what_is_nested_too() -> None:
    policy = Policy(clock_skew=timedelta(hours=1), domain=frozenset({"x"}), challenge="y", needs_status=True)
    assert policy.for_others() == Policy(clock_skew=timedelta(hours=1))
