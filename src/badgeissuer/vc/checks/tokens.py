"""Checks 3 and 4 of a credential in a JWT: the signature, by a key from the issuer's own documents (OB §8.2.4).

A key in the header is a hint which of the issuer's keys it is. ``kid`` leads to a key where it is a verification method
of the issuer, or an https URL on the issuer's own place; without it the issuer's document or key set has to hold the
key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from badgeissuer.errors import Rejected
from badgeissuer.vc import controllers, jwks, jwt
from badgeissuer.vc.checks.report import KEY, PROOF, SECURITY, Check, Failure, Policy, failed, missing, not_checked, ok
from badgeissuer.vc.jwk import JoseKey, parse_public_jwk, thumbprint
from badgeissuer.vc.jwt import CredentialJwt
from badgeissuer.vc.proofs import options

_VERIFICATION = SECURITY + "PROOF_VERIFICATION_ERROR"
_METHOD = SECURITY + "INVALID_VERIFICATION_METHOD"
_NOT_LOOKED_AT = Failure("the issuer's keys were not looked at", SECURITY + "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT")


def key_documents(token: CredentialJwt, issuer: str | None) -> tuple[str, ...]:
    """The one document that may hold the key. Only the issuer's own are fetched: others' keys do not count."""
    place = _place(token.kid, issuer)
    return () if place is None else (place,)


def check_token(
    token: CredentialJwt,
    issuer: str | None,
    found: Mapping[str, Mapping[str, Any] | Failure],
    *,
    now: datetime,
    policy: Policy | None = None,
) -> tuple[Check, Check]:
    """Checks 3 and 4. ``found`` are fetched documents by what ``key_documents`` names.

    A credential's JWT is made once, for anybody: where the policy asks for a domain or a challenge, it has none.
    """
    place = _place(token.kid, issuer)
    if place is None or issuer is None:
        unknown = failed(KEY, "the JWT's key is not at a place of the issuer", _METHOD)
        return not_checked(PROOF, "the key of the JWT is not known, see the next check"), unknown
    try:
        document = controllers.own_document(place) or found.get(place, _NOT_LOOKED_AT)
        key = document if isinstance(document, Failure) else _key(token, issuer, place, document, now=now)
    except Rejected as error:
        key = Failure(error.detail, getattr(error, "problem", _METHOD), definite=True)
    if isinstance(key, Failure):
        return not_checked(PROOF, "the key of the JWT is not known, see the next check"), missing(KEY, key)
    bound = ok(KEY, "the issuer's own document holds the key")
    try:
        jwt.verify(token, key, now=now)
    except Rejected as error:
        return failed(PROOF, error.detail, _VERIFICATION), bound
    if policy is not None and (policy.domain is not None or policy.challenge is not None):
        code, what = (options.DOMAIN, "domain") if policy.domain is not None else (options.CHALLENGE, "challenge")
        return failed(PROOF, f"the JWT of a credential names no {what}", options.PROBLEMS[code]), bound
    notes = "".join(f" ({note})" for note in token.notes)
    return ok(PROOF, f"the JWT's {token.jws.header['alg']} signature is good{notes}"), bound


def _place(kid: str | None, issuer: str | None) -> str | None:
    if issuer is None:
        return None
    if kid is None:
        return jwks.well_known(issuer) if issuer.startswith("https://") else issuer
    if kid.partition("#")[0] == issuer:
        return issuer
    own = jwks.standing(kid, issuer) is not jwks.Standing.FOREIGN
    return kid.partition("#")[0] if own and kid.startswith("https://") else None


def _key(token: CredentialJwt, issuer: str, place: str, document: Mapping[str, Any], *, now: datetime) -> JoseKey:
    kid, alg = token.kid, str(token.jws.header["alg"])
    if place != issuer:
        named = None if kid is None or "#" not in kid else kid
        return jwks.issuer_key(document, url=place, issuer=issuer, alg=alg, kid=named, hint=token.header_jwk)
    if kid is not None:
        return controllers.retrieve(document, kid, now=now, controller=issuer).key
    return _hinted(token.header_jwk, issuer, document, now=now)


def _hinted(hint: Mapping[str, Any] | None, issuer: str, document: Mapping[str, Any], *, now: datetime) -> JoseKey:
    """The issuer's key that equals the one in the header, by the issuer's document."""
    wanted = None if hint is None else thumbprint(parse_public_jwk(hint))
    for method in _assertion_methods(document):
        try:
            key = controllers.retrieve(document, method, now=now, controller=issuer).key
        except Rejected:
            continue
        if wanted == thumbprint(key):
            return key
    raise controllers.MethodInvalid("the issuer's document does not list the key in the JWT's header for assertions")


def _assertion_methods(document: Mapping[str, Any]) -> Iterator[str]:
    listed = document.get("assertionMethod", [])
    for item in (listed if isinstance(listed, list) else [listed])[:100]:
        name = item.get("id") if isinstance(item, Mapping) else item
        if isinstance(name, str):
            yield name
