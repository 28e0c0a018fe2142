"""Credentials in JWTs: the key comes from the issuer's own documents, and all other checks are made as ever."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from badgeissuer.vc import jws, jwt, limits, strictjson, verify
from badgeissuer.vc.bake import bake
from badgeissuer.vc.build import open_badge_credential
from badgeissuer.vc.checks import tokens
from badgeissuer.vc.jwk import public_jwk
from badgeissuer.vc.jwks import jwk_set
from badgeissuer.vc.verify import Report, Verdict
from tests.support import issued, records
from tests.unit.vc.test_verify_carriers import PNG, SVG
from tests.unit.vc.test_verify_suites import P256, WORLD, method_of, sign

Json = dict[str, Any]
RSA = rsa.generate_private_key(65537, 2048)
HTTPS = "https://issuers.example.org/7"
PREPARED = issued.prepared(open_badge_credential(issued.facts()))


def by_rsa(data: bytes) -> bytes:
    return RSA.sign(data, padding.PKCS1v15(), hashes.SHA256())


def es256(kid: str | None = method_of(P256), prepared: Any = PREPARED, **more: Any) -> str:
    return jwt.create_ob(prepared, sign=lambda data: sign(P256, data), key=P256.public_key(), kid=kid, **more)


def rs256(kid: str | None) -> str:
    """Of an issuer with an https id, which we never are: with the key in the header where there is no kid."""
    document = copy.deepcopy(PREPARED.document)
    document["issuer"]["id"] = HTTPS
    del document["credentialStatus"]
    subject = document["credentialSubject"]["id"]
    claims = {"iss": HTTPS, "jti": document["id"], "sub": subject, "nbf": 1772366400, "exp": 1803902400}
    header = {"typ": "JWT", **({"kid": kid} if kid else {"jwk": public_jwk(RSA.public_key())})}
    return jws.create(header, strictjson.dumps({**document, **claims}), sign=by_rsa, key=RSA.public_key())


def report_on(data: bytes | str, world: Json | None = None) -> Report:
    raw = data.encode() if isinstance(data, str) else data
    return issued.report_on(raw, controllers=WORLD if world is None else world)


def jose() -> str:
    return jwt.create_vc_jose(PREPARED, sign=issued.KEY.sign, key=issued.KEY.public_key(), kid=issued.METHOD)


@pytest.mark.parametrize(("token", "form"), [(es256(), "ob-jwt"), (jose(), "vc+jwt")])
def test_both_forms_as_text_and_in_images(token: str, form: str) -> None:
    for data, where in (
        (token, ""),
        (f" {token}\n", ""),
        (bake(PNG, token), ", found in the PNG image"),
        (bake(SVG, token), ", found in the SVG image"),
    ):
        report = report_on(data)
        assert [check.detail for check in report.checks if check.verdict is not Verdict.OK] == []
        assert report.check(0).detail == f"one JWT of the form {form}{where}"
    head, payload, signature = token.split(".")
    other = "A" if signature[4] != "A" else "B"
    broken = report_on(f"{head}.{payload}.{signature[:4]}{other}{signature[5:]}")
    assert (broken.outcome, broken.check(3).verdict) == ("invalid", Verdict.FAILED)


def test_a_key_in_the_header_alone_proves_nothing() -> None:
    stranger = report_on(es256(None, with_jwk=True), {issued.DID: issued.controller()})
    assert stranger.outcome == "invalid"
    assert stranger.check(4).detail == (
        "the issuer's document does not list the key in the JWT's header for assertions"
    )
    assert report_on(es256(None, with_jwk=True), {}).outcome == "not_checked"
    assert report_on(es256(None, with_jwk=True)).verified, "the issuer's document lists that very key"


def test_keys_of_others_do_not_count() -> None:
    for kid in ("did:web:evil.example#k", "https://evil.example/jwks.json#k", "urn:uuid:1"):
        report = report_on(es256(kid))
        assert (report.outcome, report.check(4).verdict) == ("invalid", Verdict.FAILED)
    assert verify.plan(es256("https://evil.example/jwk").encode()).controllers == ()
    wrong = report_on(es256(issued.METHOD))
    assert wrong.check(3).detail == "the JWT's algorithm is not that of the issuer's key"
    unlisted = report_on(es256(), {issued.DID: {**WORLD[issued.DID], "assertionMethod": [issued.METHOD]}})
    assert unlisted.check(4).type == "https://w3id.org/security#INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD"


def test_jwks_of_an_https_issuer() -> None:
    key = RSA.public_key()
    own, shared = f"{HTTPS}/jwk.json", "https://issuers.example.org/.well-known/jwks.json"
    assert report_on(rs256(own), {own: public_jwk(key)}).verified
    keys = jwk_set([("k1", key)], issuer=HTTPS)
    nobodys = jwk_set([("k1", key)])
    assert report_on(rs256(f"{shared}#k1"), {shared: keys}).verified
    assert report_on(rs256(None), {shared: keys}).verified
    assert report_on(rs256(None), {shared: nobodys}).outcome == "invalid"
    assert report_on(rs256(own), {own: verify.Failure("gone")}).outcome == "not_checked"


@pytest.mark.parametrize("issuer", ["https://[bad", "https://a\u2100b.example/7"])
def test_an_issuer_whose_id_is_no_url(issuer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "HTTPS", issuer)
    report = report_on(rs256(None), {})
    assert report.check(4).detail == "the JWT's key is not at a place of the issuer"


def test_another_on_the_issuers_host_is_not_the_issuer() -> None:
    """Whoever may put a file on a host could put this issuer's name into it."""
    beside = "https://issuers.example.org/8/jwk.json"
    key = {**public_jwk(RSA.public_key()), "iss": HTTPS}
    assert verify.plan(rs256(beside).encode()).controllers == ()
    assert report_on(rs256(beside), {beside: key}).outcome == "invalid"


@pytest.mark.parametrize(
    ("asked", "said", "type_"),
    [
        ({"domain": frozenset({"a.example"})}, "domain", "INVALID_DOMAIN_ERROR"),
        ({"challenge": "abc"}, "challenge", "INVALID_CHALLENGE_ERROR"),
        ({"challenge": "abc", "domain": frozenset({"a.example"})}, "domain", "INVALID_DOMAIN_ERROR"),
    ],
)
@pytest.mark.parametrize("token", [es256(), jose()])
def test_a_jwt_answers_no_challenge(token: str, asked: Json, said: str, type_: str) -> None:
    """What was asked for and cannot be looked at is not ok."""
    plan = verify.plan(token.encode())
    report = verify.check(plan, issued.material(plan, WORLD), now=issued.NOW, policy=verify.Policy(**asked))
    assert (report.verified, report.check(3).verdict) == (False, Verdict.FAILED)
    assert report.check(3).detail == f"the JWT of a credential names no {said}"
    assert report.check(3).type == f"https://w3id.org/security#{type_}"


def test_the_other_checks_are_made_too() -> None:
    plan = verify.plan(es256().encode())
    material = issued.material(plan, WORLD)
    late = verify.check(plan, material, now=issued.NOW.replace(year=2030))
    assert late.outcome == "expired"
    bits = issued.Bits.new()
    bits.set(issued.INDEX, True)
    lists = {issued.LIST_URL: issued.status_list(bits)}
    assert issued.report_on(es256().encode(), controllers=WORLD, lists=lists).outcome == "revoked"


def test_without_an_issuer_there_is_no_key() -> None:
    token = jwt.read(es256())
    assert tokens.key_documents(token, None) == ()
    assert tokens.check_token(token, None, {}, now=issued.NOW)[1].verdict is Verdict.FAILED


def test_an_issuer_whose_id_leads_nowhere() -> None:
    token = jwt.read(rs256(None))
    check = tokens.check_token(token, "urn:uuid:1", {}, now=issued.NOW)[1]
    assert check.type == "https://w3id.org/security#INVALID_VERIFICATION_METHOD_URL"


def test_a_method_that_is_not_usable_is_passed_over() -> None:
    first = {**WORLD[issued.DID], "assertionMethod": ["did:x:y", 5, {"id": 5}, *WORLD[issued.DID]["assertionMethod"]]}
    assert report_on(es256(None, with_jwk=True), {issued.DID: first}).outcome == "invalid"
    first["assertionMethod"] = ["did:x:y", *WORLD[issued.DID]["assertionMethod"]]
    assert report_on(es256(None, with_jwk=True), {issued.DID: first}).verified


def test_only_records_may_be_long() -> None:
    filler = {"description": "x" * limits.FOREIGN_BYTES}
    header = {"typ": "vc+jwt", "kid": issued.METHOD}
    for document, verdict in ((PREPARED.document, Verdict.FAILED), (records.signed_clr(), Verdict.OK)):
        text = strictjson.dumps({**document, **filler})
        token = jws.create(header, text, sign=issued.KEY.sign, key=issued.KEY.public_key())
        parsed = verify.plan(token.encode()).parsed
        assert (parsed.verdict, "no learner record" in parsed.detail) == (verdict, verdict is Verdict.FAILED)
