"""Controlled identifier documents: whose key is this, and what for? (Controlled Identifiers 1.0 §3.3; DID Core)

The algorithm "retrieve verification method", with the errors that it names. The document comes from outside, fetched
by the URL that ``controller_of`` gives; did:key and did:jwk are documents by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from badgeissuer.errors import Fault, Rejected
from badgeissuer.vc import limits
from badgeissuer.vc.did_jwk import did_jwk_document
from badgeissuer.vc.faults import DidInvalid, KeyInvalid
from badgeissuer.vc.jwk import JoseKey, parse_public_jwk
from badgeissuer.vc.model.base import instant, is_iri
from badgeissuer.vc.multikey import did_key_document, parse_multikey

ASSERTION_METHOD = "assertionMethod"
RELATIONSHIPS = frozenset(
    {ASSERTION_METHOD, "authentication", "capabilityInvocation", "capabilityDelegation", "keyAgreement"}
)

_SECURITY = "https://w3id.org/security#"
_MULTIKEYS = frozenset({"Multikey", "Ed25519VerificationKey2020"})
_JWKS = frozenset({"JsonWebKey", "JsonWebKey2020"})
_SECRETS = frozenset({"secretKeyMultibase", "secretKeyJwk", "privateKeyMultibase", "privateKeyJwk"})


class ControllerError(Rejected):
    """A verification method cannot be had from its controller's document. ``problem`` is the type URI of CID §3.5."""

    code = "controller"
    problem: ClassVar[str] = _SECURITY + "INVALID_VERIFICATION_METHOD"


class MethodUrlInvalid(ControllerError):
    """The verification method is named by something that is no URL, or leads to no document."""

    code = "controller-method-url"
    problem = _SECURITY + "INVALID_VERIFICATION_METHOD_URL"


class DocumentInvalid(ControllerError):
    """The document is not one of a controlled identifier."""

    code = "controller-document"
    problem = _SECURITY + "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT"


class DocumentIdInvalid(ControllerError):
    """The document calls itself by another id than the one it was fetched by."""

    code = "controller-document-id"
    problem = _SECURITY + "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT_ID"


class MethodInvalid(ControllerError):
    """The document has no such verification method, or one whose key is not usable (any more)."""

    code = "controller-method"


class RelationshipInvalid(ControllerError):
    """The document does not list the key for this purpose."""

    code = "controller-relationship"
    problem = _SECURITY + "INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD"


@dataclass(frozen=True, slots=True)
class Method:
    """A verification method: its id, who controls it, and the key."""

    id: str
    controller: str
    key: JoseKey


@dataclass(frozen=True, slots=True)
class Found:
    """A verification method that is in its controller's document; ``unfit`` is why it does not serve the purpose."""

    method: Method
    unfit: ControllerError | None = None


def method_url(text: object) -> str:
    """The verification method that a proof or a ``kid`` names, as an absolute URL with a fragment.

    A did:key may stand without its fragment, as the official sample has it; there is only one it could be. Raises
    ``MethodUrlInvalid``.
    """
    if not isinstance(text, str) or not is_iri(text):
        raise _wrong(MethodUrlInvalid, "the verification method is not named by a URL")
    controller, found, fragment = text.partition("#")
    if not found and controller.startswith("did:key:"):
        return f"{controller}#{controller.removeprefix('did:key:')}"
    if not fragment:
        raise _wrong(MethodUrlInvalid, "the verification method's URL names no key: it has no fragment")
    return text


def controller_of(method: str) -> str:
    """The id of the document that holds a verification method. Raises ``MethodUrlInvalid``."""
    return method_url(method).partition("#")[0]


def own_document(controller: str) -> dict[str, Any] | None:
    """The document of a did:key or did:jwk; None where it has to be fetched (did:web, https).

    Raises ``MethodUrlInvalid`` for a broken DID, for other DID methods and for ids that lead to no document.
    """
    try:
        if controller.startswith("did:key:"):
            return did_key_document(controller)
        if controller.startswith("did:jwk:"):
            return did_jwk_document(controller)
    except (DidInvalid, KeyInvalid) as error:
        raise _wrong(MethodUrlInvalid, error.detail) from None
    if controller.startswith(("did:web:", "https://", "http://")):
        return None
    if controller.startswith("did:"):
        raise _wrong(MethodUrlInvalid, "of the DID methods only did:web, did:key and did:jwk are known here")
    raise _wrong(MethodUrlInvalid, "the id leads to no document that could hold keys")


def retrieve(
    document: object, method: str, *, now: datetime, controller: str | None = None, purpose: str = ASSERTION_METHOD
) -> Method:
    """The verification method from its controller's document (CID §3.3), usable now for the purpose.

    ``controller`` is who must control it, as a credential's issuer; by default whom the URL names. Ids are compared
    byte for byte. Raises one of the five errors above: the document, its id, the method in it (also a revoked or
    expired one, a secret key, a key out of form), its relationship to the purpose.
    """
    if controller is not None and controller != controller_of(method):
        raise _wrong(MethodInvalid, "the key is not that of the issuer")
    found = find(document, method, now=now, purpose=purpose)
    if found.unfit is not None:
        raise found.unfit
    return found.method


def find(document: object, method: str, *, now: datetime, purpose: str = ASSERTION_METHOD) -> Found:
    """As ``retrieve``, for whoever wants to tell a bad signature from a good one by a key that must not be used.

    Raises the errors of ``retrieve`` where there is no such key; what speaks against a key that is there is ``unfit``.
    """
    url = method_url(method)
    owner = controller_of(url)
    if not isinstance(document, Mapping):
        raise _wrong(DocumentInvalid, "the document that should hold the key is no JSON object")
    if document.get("id") != owner:
        raise _wrong(DocumentIdInvalid, "the document that should hold the key calls itself by another id", "/id")
    if purpose not in RELATIONSHIPS:
        raise _wrong(RelationshipInvalid, "the purpose is none of those that a document can list keys for")
    declared, related = _listed(document, "verificationMethod"), _listed(document, purpose)
    found = [item for item in (*declared, *related) if isinstance(item, Mapping) and item.get("id") == url]
    if len(found) != 1:
        detail = "has no such key" if not found else "has the key more than once"
        raise _wrong(MethodInvalid, f"the controller's document {detail}", "/verificationMethod")
    (entry,) = found
    if entry.get("controller") != owner:
        raise _wrong(MethodInvalid, "the document gives the key another controller", "/verificationMethod")
    key = _key(entry)
    unfit = _ended(entry, now)
    if url not in related and not any(item is entry for item in related):
        unfit = _wrong(RelationshipInvalid, f"the document does not list the key under {purpose}", f"/{purpose}")
    return Found(Method(url, owner, key), unfit)


def _listed(document: Mapping[str, Any], name: str) -> list[Any]:
    value = document.get(name, [])
    items = value if isinstance(value, list) else [value]
    if len(items) > limits.KEYS or not all(isinstance(item, str | Mapping) for item in items):
        raise _wrong(DocumentInvalid, f"{name} of the document is no list of keys", f"/{name}")
    return items


def _key(entry: Mapping[str, Any]) -> JoseKey:
    if _SECRETS & entry.keys():
        raise _wrong(MethodInvalid, "the document publishes the key's secret half", "/verificationMethod")
    type_, multikey, jwk = entry.get("type"), entry.get("publicKeyMultibase"), entry.get("publicKeyJwk")
    if (multikey is None) == (jwk is None):
        raise _wrong(MethodInvalid, "the key must be written in one form, no more and no less", "/verificationMethod")
    try:
        if isinstance(type_, str) and type_ in _MULTIKEYS and isinstance(multikey, str):
            return parse_multikey(multikey)
        if isinstance(type_, str) and type_ in _JWKS and isinstance(jwk, Mapping):
            return parse_public_jwk(jwk)
    except KeyInvalid as error:
        raise _wrong(MethodInvalid, error.detail, "/verificationMethod") from None
    raise _wrong(MethodInvalid, "the key is in no form that is known here: Multikey, JsonWebKey", "/verificationMethod")


def _ended(entry: Mapping[str, Any], now: datetime) -> ControllerError | None:
    """A revoked key proves nothing, whenever the proof says it was made: a thief can write any date (CID §2.2)."""
    if "revoked" in entry:
        return _wrong(MethodInvalid, "the issuer has revoked the key", "/verificationMethod")
    if "expires" not in entry:
        return None
    try:
        ends = instant(str(entry["expires"]))
    except ValueError:
        return _wrong(MethodInvalid, "the key has an end date that cannot be read", "/verificationMethod")
    return _wrong(MethodInvalid, "the key has expired", "/verificationMethod") if ends <= now else None


def _wrong(error: type[ControllerError], detail: str, pointer: str = "") -> ControllerError:
    return error(detail, faults=[Fault(pointer, detail, error.code, "CID §3.3")])
