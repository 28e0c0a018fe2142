"""The options of a proof: as we write them, as they are checked, and their canonical form (VC Data Integrity §2.1, §4).

``faults`` is the one place that holds a proof's purpose, dates, domain and challenge against what is expected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc.canon.nquads import Quad, iri, line, literal
from badgeissuer.vc.model.base import instant
from badgeissuer.vc.proofs.data_integrity import ASSERTION_METHOD, PROOF_TYPE, invalid
from badgeissuer.vc.stamps import timestamp

_SECURITY = "https://w3id.org/security#"
_DATE = "http://www.w3.org/2001/XMLSchema#dateTime"
_IRI = re.compile(r'[A-Za-z][A-Za-z0-9+.\-]*:[^\s\x00-\x20\x7f<>"\\]+')
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_CLAUSE = "VC Data Integrity §4.4"

# Codes of faults, and the problem types of the standard for each (§4.6).
DOMAIN, CHALLENGE, OTHER = "proof-domain", "proof-challenge", "proof-options"
PROBLEMS: Mapping[str, str] = {
    DOMAIN: f"{_SECURITY}INVALID_DOMAIN_ERROR",
    CHALLENGE: f"{_SECURITY}INVALID_CHALLENGE_ERROR",
    OTHER: f"{_SECURITY}PROOF_VERIFICATION_ERROR",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What a proof may say besides who made it and when.

    ``previous`` are the ids of the proofs that it is made over too (a chain, §2.1.2).
    """

    id: str | None = None
    expires: datetime | None = None
    domain: tuple[str, ...] = ()
    challenge: str | None = None
    nonce: str | None = None
    previous: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What a verifier expects of a proof. ``domain`` and ``challenge`` are held against the proof only where given."""

    purpose: str = ASSERTION_METHOD
    domain: frozenset[str] | None = None
    challenge: str | None = None
    clock_skew: timedelta = timedelta(0)


def written(
    *, type_: str = PROOF_TYPE, cryptosuite: str | None, created: datetime, method: str, options: Options
) -> dict[str, Any]:
    """The proof without its value. Raises ``ProofInvalid`` for names that are no absolute IRIs, ``Rejected`` for times.

    Texts are kept to what every implementation writes alike.
    """
    for name, value in (
        ("verificationMethod", method),
        *((("id", options.id),) if options.id is not None else ()),
        *(("previousProof", previous) for previous in options.previous),
    ):
        if not isinstance(value, str) or not _IRI.fullmatch(value):
            raise invalid(f"{name} must be an absolute IRI", f"/{name}")
    for name, value in (
        ("domain", "".join(options.domain)),
        ("challenge", options.challenge),
        ("nonce", options.nonce),
    ):
        if value is not None and _CONTROL.search(value):
            raise invalid(f"{name} holds control characters", f"/{name}")
    members = {
        "id": options.id,
        "type": type_,
        "cryptosuite": cryptosuite,
        "created": timestamp(created),
        "expires": timestamp(options.expires) if options.expires is not None else None,
        "verificationMethod": method,
        "proofPurpose": ASSERTION_METHOD,
        "domain": _one_or_list(options.domain),
        "challenge": options.challenge,
        "nonce": options.nonce,
        "previousProof": _one_or_list(options.previous),
    }
    return {name: value for name, value in members.items() if value is not None}


def config_nquads(proof: Mapping[str, Any]) -> bytes:
    """The canonical form of the options of a proof that ``written`` made: statements about one node.

    Equal, byte for byte, to canonicalising ``proof_config`` under the pinned contexts.
    """
    subject = iri(proof["id"]) if "id" in proof else "_:c14n0"
    objects: list[tuple[str, str]] = [
        ("http://purl.org/dc/terms/created", literal(proof["created"], _DATE)),
        ("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", iri(_SECURITY + proof["type"])),
        (f"{_SECURITY}proofPurpose", iri(_SECURITY + proof["proofPurpose"])),
        (f"{_SECURITY}verificationMethod", iri(proof["verificationMethod"])),
        *((f"{_SECURITY}domain", literal(text)) for text in _texts(proof.get("domain"))),
        *((f"{_SECURITY}previousProof", iri(text)) for text in _texts(proof.get("previousProof"))),
        *((_SECURITY + name, literal(proof[name])) for name in ("challenge", "nonce") if name in proof),
    ]
    if "cryptosuite" in proof:
        objects.append((f"{_SECURITY}cryptosuite", literal(proof["cryptosuite"], f"{_SECURITY}cryptosuiteString")))
    if "expires" in proof:
        objects.append((f"{_SECURITY}expiration", literal(proof["expires"], _DATE)))
    quads: set[Quad] = {(subject, iri(predicate), object_, "") for predicate, object_ in objects}
    return "".join(sorted(line(quad) for quad in quads)).encode()


def faults(proof: Mapping[str, Any], *, now: datetime, expected: Expected | None = None) -> list[Fault]:
    """Everything about a proof's options that is not as expected; their codes are keys of ``PROBLEMS`` (§4.4).

    A proof without ``created`` passes: it is optional. One with ``expires`` in the past, or made in the future, not.
    """
    return list(_faults(proof, now, expected or Expected()))


def _faults(proof: Mapping[str, Any], now: datetime, expected: Expected) -> Iterator[Fault]:
    for name in ("type", "verificationMethod", "proofPurpose"):
        if not isinstance(proof.get(name), str):
            yield Fault(f"/{name}", "must be there, as a text", OTHER, _CLAUSE)
    purpose = proof.get("proofPurpose")
    if isinstance(purpose, str) and purpose != expected.purpose:
        yield Fault("/proofPurpose", f"the proof is not for the purpose {expected.purpose}", OTHER, _CLAUSE)
    created, expires = (_moment(proof, name) for name in ("created", "expires"))
    for name, moment in (("created", created), ("expires", expires)):
        if name in proof and moment is None:
            yield Fault(f"/{name}", "must be a date and time with a zone", OTHER, _CLAUSE)
    if created is not None and created > now + expected.clock_skew:
        yield Fault("/created", "the proof says it was made in the future", OTHER, _CLAUSE)
    if expires is not None and expires < now:
        yield Fault("/expires", "the proof has expired", OTHER, _CLAUSE)
    if expected.domain is not None and _domain(proof.get("domain")) != expected.domain:
        yield Fault("/domain", "the proof was made for another domain", DOMAIN, _CLAUSE)
    if expected.challenge is not None and proof.get("challenge") != expected.challenge:
        yield Fault("/challenge", "the proof answers another challenge", CHALLENGE, _CLAUSE)


def _domain(value: object) -> frozenset[str] | None:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return None
    return frozenset(texts)


def _moment(proof: Mapping[str, Any], name: str) -> datetime | None:
    value = proof.get(name)
    try:
        return instant(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    return value if isinstance(value, list) else [str(value)]


def _one_or_list(texts: tuple[str, ...]) -> str | list[str] | None:
    return None if not texts else texts[0] if len(texts) == 1 else list(texts)
