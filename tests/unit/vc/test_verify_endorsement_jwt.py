"""Endorsements as JWTs: each is verified by the same steps as one in JSON, wherever Open Badges lets them stand."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from badgeissuer.vc import jws, jwt, verify
from badgeissuer.vc.build import endorsement_credential
from badgeissuer.vc.checks.plan import MOST_NESTED
from badgeissuer.vc.checks.plan_proofs import CanonJob
from badgeissuer.vc.checks.report import SECURITY
from badgeissuer.vc.contexts import CREDENTIALS_V2, OB_V3P0_302, ContextStore, Edition
from badgeissuer.vc.proofs.suites import ECDSA_RDFC_2019
from badgeissuer.vc.status import Bits
from badgeissuer.vc.verify import Report, Verdict
from tests.support import issued, records, renditions
from tests.support.renditions import WORLD
from tests.unit.vc.test_verify import put
from tests.unit.vc.test_verify_suites import P384, proved
from tests.unit.vc.test_verify_suites import WORLD as P384_WORLD

Json = dict[str, Any]
BADGE = issued.signed()
JWT = renditions.token("endorsement", "ob", "ES256")
JOSE = renditions.token("endorsement", "vc+jwt", "EdDSA")
PLACES = ("", "/credentialSubject/achievement", "/issuer", "/credentialSubject/achievement/creator")


def endorsed(*tokens: Any, place: str = "") -> Json:
    return put(copy.deepcopy(BADGE), f"{place}/endorsementJwt", list(tokens))


def report_on(document: Json | bytes, **given: Any) -> Report:
    return issued.report_on(document, controllers=WORLD, **given)


def bad(report: Report) -> dict[int, str]:
    return {check.number: check.verdict.value for check in report.checks if check.verdict is not Verdict.OK}


@pytest.mark.parametrize("place", PLACES)
def test_wherever_they_may_stand(place: str) -> None:
    report = report_on(issued.resigned(endorsed(JWT, JOSE, place=place)))
    assert report.verified, bad(report)
    assert [found.pointer for found in report.nested] == [f"{place}/endorsementJwt/{n}" for n in (0, 1)]
    assert {found.role for found in report.nested} == {verify.Role.ENDORSEMENT}
    assert [found.report.check(0).detail for found in report.nested] == [
        "one JWT of the form ob-jwt",
        "one JWT of the form vc+jwt",
    ]
    assert [part.name for part in report.check(8).parts] == [
        f"endorsement at {place}/endorsementJwt/{n}" for n in (0, 1)
    ]


def signed(document: Json) -> str:
    """Any document as a JWT of the other form, past all inspection."""
    header = {"typ": "vc+jwt", "kid": issued.METHOD}
    return jws.create(header, json.dumps(document), sign=issued.KEY.sign, key=issued.KEY.public_key())


ENDORSEMENT = endorsement_credential(records.endorsement_facts())


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (JWT[:-4] + "AAAA", "invalid (proof: "),
        (renditions.token("badge", "ob", "ES256"), "is not an EndorsementCredential"),
        (signed(ENDORSEMENT | {"issuer": {"id": "did:web:evil.example", "type": ["Profile"]}}), "invalid (key belongs"),
        (signed(ENDORSEMENT | {"validFrom": "2027-01-01T00:00:00Z"}), "not_yet_valid"),
        (signed({"vc": ENDORSEMENT}), "invalid (parse: this is a JWT: a vc+jwt must not have"),
        (signed({name: value for name, value in ENDORSEMENT.items() if name != "name"}), "invalid (shape: /name"),
    ],
)
def test_one_that_does_not_hold_is_named(token: str, said: str) -> None:
    report = report_on(issued.resigned(endorsed(JWT, token)))
    assert bad(report) == {8: "failed"}
    parts = report.check(8).parts
    assert [part.verdict.value for part in parts] == ["ok", "failed"]
    assert parts[1].detail.startswith(said)


def test_an_expired_one_is_told_and_fails_nothing() -> None:
    over = signed(ENDORSEMENT | {"validUntil": "2026-03-01T00:00:00Z", "validFrom": "2026-02-01T00:00:00Z"})
    report = report_on(issued.resigned(endorsed(JWT, over)))
    assert report.verified
    assert [part.detail[:8] for part in report.check(8).parts] == ["verified", "expired:"]


def test_a_revoked_one_is_told_and_fails_nothing() -> None:
    other = replace(records.endorsement_facts(), status={**records.endorsement_facts().status, "statusListIndex": "7"})
    token = jwt.create_ob(
        records.prepared_endorsement(endorsement_credential(other)),
        sign=issued.KEY.sign,
        key=issued.KEY.public_key(),
        kid=issued.METHOD,
    )
    bits = Bits.new()
    bits.set(7, True)
    report = report_on(issued.resigned(endorsed(token)), lists={issued.LIST_URL: issued.status_list(bits)})
    assert (bad(report), report.nested[0].report.outcome) == ({}, "revoked")
    assert report.check(8).detail.startswith("endorsement at /endorsementJwt/0: revoked: it was signed by its issuer")


@pytest.mark.parametrize("text", ["", "{}", json.dumps(records.signed_endorsement()), "<svg/>", f"{JWT}.x", f" {JWT}"])
def test_what_is_no_jwt_is_no_endorsement(text: str) -> None:
    """Neither JSON in a text, nor an image."""
    report = report_on(issued.resigned(endorsed(text)))
    assert report.check(1).verdict is Verdict.FAILED
    assert verify.plan(endorsed(text)).nested["/endorsementJwt/0"].parsed.verdict is (
        Verdict.OK if text.strip() == JWT else Verdict.FAILED
    )


def test_an_item_that_is_no_text_is_a_fault_of_shape() -> None:
    for item in (5, None, {"jwt": JWT}):
        assert report_on(endorsed(item)).check(1).verdict is Verdict.FAILED
    single = issued.resigned({**BADGE, "endorsementJwt": JWT})
    assert [found.pointer for found in report_on(single).nested] == ["/endorsementJwt/0"]


def test_one_of_something_else_is_told() -> None:
    """Signed and in order, and no praise for this badge: the reader has to know."""
    stray = "verified; it endorses something else than what it stands in"
    for place, said in (("", "verified"), ("/issuer", stray), ("/credentialSubject/achievement", "verified")):
        both = put(endorsed(JWT, place=place), f"{place}/endorsement", records.signed_endorsement())
        report = report_on(issued.resigned(both))
        assert report.verified, bad(report)
        assert [part.detail for part in report.check(8).parts] == [said, said]
    odd = issued.resigned(put(copy.deepcopy(BADGE), "/credentialSubject/a~1b~0c", {"endorsement": ["x", {}]}))
    assert bad(report_on(odd))[1] == "failed"


def test_the_credentials_own_may_be_about_what_is_in_it() -> None:
    """OB §B.1.2: "the credential, and the achievement and profiles in the credential"."""

    def about(subject: str, document: Json) -> str:
        praise = records.signed_endorsement()
        praise["credentialSubject"]["id"] = subject
        report = report_on(issued.resigned({**document, "endorsement": [issued.resigned(praise)]}))
        return next(part.detail for part in report.check(8).parts if part.name == "endorsement at /endorsement/0")

    stray = "verified; it endorses something else than what it stands in"
    achievement = BADGE["credentialSubject"]["achievement"]
    creator = {"id": "https://creator.example/profile", "type": ["Profile"], "name": "Creator"}
    made = put(copy.deepcopy(BADGE), "/credentialSubject/achievement/creator", creator)
    for document, subject, said in (
        (BADGE, BADGE["id"], "verified"),
        (BADGE, BADGE["issuer"]["id"], "verified"),
        (BADGE, achievement["id"], "verified"),
        (BADGE, creator["id"], stray),
        (made, creator["id"], "verified"),
        (BADGE, BADGE["credentialSubject"]["id"], stray),
    ):
        assert about(subject, document) == said
    record = records.signed_clr()
    achievements = record["credentialSubject"]["achievement"]
    assert about(achievements[0]["id"], record) == "verified"
    assert about(creator["id"], record) == stray


def test_they_are_counted_with_the_other_endorsements() -> None:
    document = endorsed(*[JWT] * (MOST_NESTED - 1)) | {"endorsement": [records.signed_endorsement()] * 3}
    plan = verify.plan(document)
    assert (len(plan.nested), plan.beyond) == (MOST_NESTED, 2)


def test_inside_a_jwt() -> None:
    """A badge in a JWT covers what it holds by its own signature: no edition of a context matters."""
    document = {name: value for name, value in endorsed(JWT).items() if name != "proof"}
    report = report_on(signed(document).encode())
    assert report.verified, bad(report)
    assert "2024" not in report.check(2).detail + report.check(3).detail


# The two editions of context-3.0.3 (ADR 10)


ACHIEVEMENT = "/credentialSubject/achievement"


def of_2024(document: Json, monkeypatch: pytest.MonkeyPatch) -> Json:
    """Signed by someone who still holds the context as it was published first."""
    monkeypatch.setattr(issued, "CONTEXTS", ContextStore.of_edition(Edition.EARLIER))
    return issued.resigned(document)


def test_a_signature_under_the_earlier_context_is_good_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    newer = report_on(issued.resigned(endorsed(JWT, place=ACHIEVEMENT)))
    report = report_on(of_2024(endorsed(JWT, place=ACHIEVEMENT), monkeypatch))
    assert report.verified, bad(report)
    assert report.check(3).detail == "the eddsa-rdfc-2022 signature is good, under the Open Badges context of 2024"
    assert "no signature covers endorsementJwt" in report.check(2).detail
    assert newer.verified
    assert "2024" not in newer.check(2).detail + newer.check(3).detail


def test_what_it_does_not_cover_has_to_prove_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    document = of_2024(endorsed(JWT, place=ACHIEVEMENT), monkeypatch)
    assert report_on(put(document, f"{ACHIEVEMENT}/endorsementJwt", [JWT, JOSE])).verified, (
        "both are signed endorsements"
    )
    assert bad(report_on(put(document, f"{ACHIEVEMENT}/endorsementJwt", [JWT[:-4] + "AAAA"]))) == {8: "failed"}


def test_what_it_does_not_cover_has_to_be_about_what_it_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else anybody could dress a badge with endorsements of other things."""
    bare = of_2024(BADGE, monkeypatch)
    for place in ("", "/issuer", "/credentialSubject/achievement/creator"):
        report = report_on(put(copy.deepcopy(bare), f"{place}/endorsementJwt", [JOSE]))
        assert bad(report) == {2: "failed"}
        assert f"no signature covers {place}/endorsementJwt/0: it endorses something else" in report.check(2).detail
    assert report_on(put(copy.deepcopy(bare), f"{ACHIEVEMENT}/endorsementJwt", [JOSE])).verified
    beside = put(endorsed(JWT, place=ACHIEVEMENT), "/endorsement", [records.signed_endorsement()])
    assert report_on(of_2024(beside, monkeypatch)).verified, "one in JSON is covered"
    unreadable = put(copy.deepcopy(bare), f"{ACHIEVEMENT}/endorsementJwt", ["eyJ.eyJ.sig"])
    assert bad(report_on(unreadable)) == {8: "failed"}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [("/jti", "urn:uuid:1"), ("/credentialSubject/jti", "urn:uuid:1"), ("/remark", "x"), ("/name", "Other")],
)
def test_no_other_member_may_be_added(pointer: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for document in (of_2024(endorsed(JWT, place=ACHIEVEMENT), monkeypatch), of_2024(BADGE, monkeypatch)):
        assert not report_on(put(copy.deepcopy(document), pointer, value)).verified
    # Not even where the issuer signed beside it.
    assert not report_on(of_2024(put(endorsed(JWT, place=ACHIEVEMENT), "/remark", "x"), monkeypatch)).verified
    assert not report_on(of_2024(put(endorsed(JWT, place=ACHIEVEMENT), "/jti", "urn:uuid:1"), monkeypatch)).verified


@pytest.mark.parametrize(
    "value", [{"type": ["Evidence"], "name": "Forged"}, [{"id": "urn:x:1", "name": "A"}], [JWT, 5]]
)
@pytest.mark.parametrize("place", ["", "/credentialSubject", "/evidence/0", f"{ACHIEVEMENT}/criteria"])
def test_what_is_no_text_cannot_be_added_either(place: str, value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even to an object of an open class, where check 1 asks nothing of it."""
    document = of_2024(BADGE, monkeypatch)
    report = report_on(put(copy.deepcopy(document), f"{place}/endorsementJwt", value))
    assert not report.verified
    if place:
        assert "this is no JWT" in report.check(8).detail


def test_members_and_options_that_no_edition_defines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issued, "CONTEXTS", ContextStore.of_edition(Edition.EARLIER))
    report = report_on(issued.resigned(endorsed(JWT, place=ACHIEVEMENT), remark="x"))
    assert bad(report) == {2: "failed", 3: "failed"}


def test_the_older_contexts_have_no_such_member() -> None:
    document = issued.resigned(endorsed(JWT, place=ACHIEVEMENT) | {"@context": [CREDENTIALS_V2, OB_V3P0_302]})
    assert bad(report_on(document)) == {2: "failed"}


def jobs(document: Json) -> list[CanonJob]:
    return list(verify.plan(document).jobs)


def test_both_are_only_tried_where_it_can_matter() -> None:
    assert [job.edition for job in jobs(BADGE)] == [Edition.CURRENT] * 2
    assert [(job.key, job.edition.value) for job in jobs(endorsed(JWT, place=ACHIEVEMENT))] == [
        ("document", "current"),
        ("proof", "current"),
        ("document/2024", "2024"),
        ("proof/2024", "2024"),
    ]
    assert len(jobs(endorsed(JWT, place=ACHIEVEMENT) | {"@context": [CREDENTIALS_V2, OB_V3P0_302]})) == 2
    record = copy.deepcopy(records.signed_clr())
    record["credentialSubject"]["verifiableCredential"][0]["endorsementJwt"] = [JWT]
    record["@context"][2] = OB_V3P0_302
    assert len(jobs(record)) == 4, "a member brings the context and the term"


def test_with_a_p384_key_of_any_name_there_are_four_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    method = f"{issued.DID}#key-1"
    entry = {**P384_WORLD[issued.DID]["verificationMethod"][2], "id": method}
    known = WORLD[issued.DID]
    world = {
        issued.DID: {
            "id": issued.DID,
            "verificationMethod": [*known["verificationMethod"], entry],
            "assertionMethod": [*known["assertionMethod"], method],
        }
    }
    unsigned = {name: value for name, value in endorsed(JWT, place=ACHIEVEMENT).items() if name != "proof"}
    monkeypatch.setattr(issued, "CONTEXTS", ContextStore.of_edition(Edition.EARLIER))
    document = proved(ECDSA_RDFC_2019, P384, unsigned, verificationMethod=method)
    assert len(jobs(document)) == 8
    report = issued.report_on(document, controllers=world)
    assert report.verified, bad(report)
    assert report.check(3).detail == "the ecdsa-rdfc-2019 signature is good, under the Open Badges context of 2024"


def test_a_form_of_the_other_edition_does_not_count() -> None:
    plan = verify.plan(issued.resigned(endorsed(JWT, place=ACHIEVEMENT)))
    material = issued.material(plan, WORLD)
    material.canonical["document"] = material.canonical["document/2024"]
    report = verify.check(plan, material, now=issued.NOW)
    assert report.check(2).detail == "the canonical form is that of another document"
    assert (report.verified, report.check(2).type) == (False, SECURITY + "PROOF_VERIFICATION_ERROR")
