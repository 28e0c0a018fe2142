"""Credentials as JWTs, in the two forms there are, and the old one for reading.

*OB* (OB 3.0 §8.2): the payload is the credential with the claims ``iss``, ``jti``, ``sub``, ``nbf``, ``exp`` beside its
members, each equal to what the credential says. *VC-JOSE-COSE* (W3C, 1.0): ``typ`` is ``vc+jwt``, the payload is the
credential and nothing is said twice. *VC 1.1*: the credential lies in the claim ``vc``; read, never written.

``read`` takes a token apart and compares; it proves nothing. ``verify`` proves it with a key that came from the
issuer's own documents (``controllers``, ``jwks``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc import jws, limits, strictjson
from badgeissuer.vc.jwk import JoseKey, public_jwk
from badgeissuer.vc.jws import JwtInvalid, invalid
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.model.base import instant, is_iri

__all__ = ["CredentialJwt", "Form", "JwtInvalid", "NoSubjectId", "create_ob", "create_vc_jose", "read", "verify"]

_OB, _JOSE = "OB §8.2", "VC-JOSE-COSE §3.1"
_OB_HEADER = frozenset({"alg", "kid", "jwk", "typ"})
_JOSE_HEADER = _OB_HEADER | {"cty", "iss"}
_JOSE_TYPES = ("vc+jwt", "application/vc+jwt")
# Claims about the token (RFC 7519 §4.1): beside the credential's members, and no part of it.
_CLAIMS = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})
# The members that nbf and exp repeat: of VC data model 2.0, and of 1.1.
_STARTS, _ENDS = ("validFrom", "issuanceDate"), ("validUntil", "expirationDate")
# The first that has no date with a year of four digits.
_LAST_SECOND = 253_402_300_800


class NoSubjectId(JwtInvalid):
    """The credential's subject has no id, so it has no OB JWT: ``sub`` is required and would have nothing to say."""

    code = "jwt-no-subject"


class Form(StrEnum):
    """How the credential lies in the token."""

    OB = "ob-jwt"
    VC_JOSE = "vc+jwt"
    VC_1_1 = "vc-1.1-jwt"


@dataclass(frozen=True, slots=True)
class CredentialJwt:
    """A token that was read, with the credential in it. ``notes`` are departures that are known and do no harm."""

    form: Form
    document: dict[str, Any]
    claims: Mapping[str, Any]
    kid: str | None
    jws: jws.Jws
    notes: tuple[str, ...] = ()

    @property
    def header_jwk(self) -> Mapping[str, Any] | None:
        """The key in the header: a hint which of the issuer's keys it is, and never more."""
        jwk = self.jws.header.get("jwk")
        return jwk if isinstance(jwk, Mapping) else None


def create_ob(
    prepared: Prepared, *, sign: Callable[[bytes], bytes], key: JoseKey, kid: str | None, with_jwk: bool = False
) -> str:
    """The credential as an OB JWT: ``typ`` JWT, a ``kid`` (a URL) or the ``jwk`` or both, and the five claims.

    The signature is verified with ``key``. Raises ``NoSubjectId``, and ``JwtInvalid`` where neither ``kid`` nor ``jwk``
    would be there, ``kid`` is no URL, or ``sign`` does not sign with ``key``.
    """
    _only_prepared(prepared)
    if kid is None and not with_jwk:
        raise invalid("a JWT names its key: kid or jwk", "/header", _OB)
    document = prepared.document
    subject = _subject_id(document)
    if subject is None:
        raise _no_subject()
    header = {"typ": "JWT", **_kid(kid, _OB), **({"jwk": public_jwk(key)} if with_jwk else {})}
    claims = {"iss": _issuer_id(document), "jti": document.get("id"), "sub": subject}
    dates = {"nbf": document.get("validFrom"), "exp": document.get("validUntil")}
    numbers = {name: math.floor(instant(text).timestamp()) for name, text in dates.items() if text is not None}
    # None of these is a term of the contexts, so none is in the document: nothing else could be prepared.
    payload = f"{prepared.text[:-1]},{strictjson.dumps({**claims, **numbers})[1:]}"
    return jws.create(header, payload, sign=sign, key=key)


def create_vc_jose(prepared: Prepared, *, sign: Callable[[bytes], bytes], key: JoseKey, kid: str) -> str:
    """The credential as ``vc+jwt``: ``kid`` names the verification method, the payload is the credential alone.

    Raises ``JwtInvalid`` where ``kid`` is no URL or ``sign`` does not sign with ``key``.
    """
    _only_prepared(prepared)
    header = {"typ": "vc+jwt", "cty": "vc", **_kid(kid, _JOSE)}
    return jws.create(header, prepared.text, sign=sign, key=key)


def read(token: str, *, max_bytes: int = limits.FOREIGN_BYTES) -> CredentialJwt:
    """The credential in a token, and what the token says of itself. Nothing is proved yet.

    Raises ``TooLarge``, ``MalformedJson``, ``NoSubjectId``, and ``JwtInvalid`` with all faults where the header or the
    claims are out of form or contradict the credential. A missing ``sub`` is noted, not refused: the official samples
    have none, and the credential itself, which is signed, names its subject.
    """
    parts = jws.parse(token, max_bytes=max_bytes)
    payload = strictjson.loads_object(parts.payload, max_bytes=max_bytes)
    kid = parts.header.get("kid")
    claims = {name: value for name, value in payload.items() if name in _CLAIMS}
    if parts.header.get("typ") in _JOSE_TYPES:
        _check_jose(parts.header, payload)
        document, form = _without_claims(payload), Form.VC_JOSE
    else:
        jws.check_members(parts.header, _OB_HEADER, _OB)
        if str(parts.header.get("typ", "JWT")).upper() != "JWT":
            raise invalid("the JWT's typ must be JWT or vc+jwt", "/header/typ", _OB)
        if not {"kid", "jwk"} & parts.header.keys():
            raise invalid("the JWT's header names no key: kid or jwk", "/header", _OB)
        form = Form.VC_1_1 if "vc" in payload else Form.OB
        document = payload["vc"] if form is Form.VC_1_1 else _without_claims(payload)
        if not isinstance(document, dict):
            raise invalid("the claim vc must be an object", "/vc", _OB)
        if form is Form.VC_1_1:
            document = _completed(document, claims)
    faults = list(_contradictions(claims, document, form))
    if faults:
        raise JwtInvalid(faults[0].detail, faults=faults)
    if form is not Form.VC_JOSE and _subject_id(document) is None:
        raise _no_subject()
    missing = form is not Form.VC_JOSE and "sub" not in claims
    notes = ("the claim sub is missing, which Open Badges requires",) if missing else ()
    return CredentialJwt(form, document, claims, kid, parts, notes)


def verify(token: CredentialJwt, key: JoseKey, *, now: datetime) -> None:
    """Return where the signature holds under the key; raise ``JwtInvalid`` otherwise.

    The algorithm is the key's; a key in the header must be this one. In a ``vc+jwt``, ``nbf`` and ``exp`` are about the
    signature and are checked here; in the other forms they equal the credential's dates, which are another check.
    """
    jws.verify(token.jws, key)
    if token.form is Form.VC_JOSE:
        starts, ends = token.claims.get("nbf"), token.claims.get("exp")
        if (starts is not None and starts > now.timestamp()) or (ends is not None and ends <= now.timestamp()):
            raise invalid("the JWT's signature is not valid at this time", "/exp", _JOSE)


def _completed(credential: Mapping[str, Any], claims: Mapping[str, Any]) -> dict[str, Any]:
    """The credential of a ``vc`` claim with what only the other claims say (VC 1.1 §6.3.1, JWT decoding).

    What it says itself stays, and is held against the claims.
    """
    subject = credential.get("credentialSubject")
    if isinstance(subject, Mapping) and "sub" in claims:
        subject = {"id": claims["sub"], **subject}
    dates = {"issuanceDate": claims.get("nbf"), "expirationDate": claims.get("exp")}
    said = {
        "id": claims.get("jti"),
        "issuer": claims.get("iss"),
        **{name: _date(seconds) for name, seconds in dates.items() if _later_name(name) not in credential},
    }
    missing = {name: value for name, value in said.items() if value is not None and name not in credential}
    return {**credential, **missing, **({} if subject is None else {"credentialSubject": subject})}


def _later_name(name: str) -> str:
    return _STARTS[0] if name == _STARTS[1] else _ENDS[0]


def _date(seconds: object) -> str | None:
    """A NumericDate as a date-time; None for one that has a part of a second or lies beyond the calendar."""
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds < _LAST_SECOND:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _check_jose(header: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
    jws.check_members(header, _JOSE_HEADER, _JOSE)
    kid = header.get("kid")
    if header.get("cty", "vc") not in ("vc", "application/vc"):
        raise invalid("the JWT's cty must be vc", "/header/cty", _JOSE)
    if kid is not None and not is_iri(kid):
        raise invalid("the JWT's kid must be the URL of a verification method", "/header/kid", _JOSE)
    if {"vc", "vp"} & payload.keys():
        raise invalid("a vc+jwt must not have the claims vc and vp", "/vc", _JOSE)
    if "iss" in header and header["iss"] != _issuer_id(payload):
        raise invalid("the header's iss is not the credential's issuer", "/header/iss", _JOSE)


def _contradictions(claims: Mapping[str, Any], document: Mapping[str, Any], form: Form) -> Iterator[Fault]:
    """Every claim that is out of form or says something else than the credential (OB §8.2.4; VC-JOSE-COSE §3.1.3)."""
    for name in ("nbf", "exp", "iat"):
        if name in claims and (isinstance(claims[name], bool) or not isinstance(claims[name], int | float)):
            yield _fault(name, "must be a number of seconds")
            return
    expected = {"iss": _issuer_id(document), "jti": document.get("id"), "sub": _subject_id(document)}
    for name, value in expected.items():
        if name in claims and (claims[name] != value or not isinstance(value, str)):
            yield _fault(name, "is not what the credential says")
        elif name not in claims and name != "sub" and form is not Form.VC_JOSE:
            yield _fault(name, "is required")
    if form is Form.VC_JOSE:
        return
    for name, (member, other) in (("nbf", _STARTS), ("exp", _ENDS)):
        if form is Form.VC_1_1:
            member, other = other, member
        date = document.get(member, document.get(other))
        if name not in claims:
            if date is not None or name == "nbf":
                yield _fault(name, "is required")
        elif not _same(claims[name], date):
            yield _fault(name, "is not what the credential says")


def _same(seconds: float, date: object) -> bool:
    """Whether a NumericDate is the moment that a date names, or the whole second that it lies in."""
    try:
        moment = instant(str(date)).timestamp()
    except ValueError:
        return False
    return seconds in (moment, math.floor(moment))


def _fault(name: str, detail: str) -> Fault:
    return Fault(f"/{name}", f"the claim {name} {detail}", JwtInvalid.code, _OB)


def _without_claims(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name not in _CLAIMS}


def _issuer_id(document: Mapping[str, Any]) -> object:
    issuer = document.get("issuer")
    return issuer.get("id") if isinstance(issuer, Mapping) else issuer


def _subject_id(document: Mapping[str, Any]) -> str | None:
    subject = document.get("credentialSubject")
    identifier = subject.get("id") if isinstance(subject, Mapping) else None
    return identifier if isinstance(identifier, str) else None


def _kid(kid: str | None, clause: str) -> dict[str, str]:
    if kid is None:
        return {}
    if not is_iri(kid):
        raise invalid("kid must be a URL", "/header/kid", clause)
    return {"kid": kid}


def _no_subject() -> NoSubjectId:
    detail = "the credential's subject has no id, and an Open Badges JWT must name its subject: use an embedded proof"
    return NoSubjectId(detail, faults=[Fault("/credentialSubject/id", detail, NoSubjectId.code, "OB §8.2.4.1")])


def _only_prepared(prepared: object) -> None:
    if not isinstance(prepared, Prepared):
        raise TypeError("only a Prepared can be signed")
