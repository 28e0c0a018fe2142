"""Check 4: the key of the proof is the issuer's, by the issuer's own controller document (CID §3.3; DI §4.3).

A key in the fragment of a URL proves nothing by itself: the document that the issuer's id leads to says whose it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from badgeissuer.errors import Rejected
from badgeissuer.vc import controllers
from badgeissuer.vc.checks.plan import Material, Plan, controller_of, issuer_of
from badgeissuer.vc.checks.report import KEY, SECURITY, Check, Failure, failed, missing, ok
from badgeissuer.vc.jwk import JoseKey, parse_public_jwk
from badgeissuer.vc.model.base import instant, is_iri
from badgeissuer.vc.multikey import parse_multikey

_METHOD_URL = SECURITY + "INVALID_VERIFICATION_METHOD_URL"
_METHOD = SECURITY + "INVALID_VERIFICATION_METHOD"
_DOCUMENT = SECURITY + "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT"
_DOCUMENT_ID = SECURITY + "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT_ID"
_RELATIONSHIP = SECURITY + "INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD"
_MULTIKEYS = ("Multikey", "Ed25519VerificationKey2020")
_JWKS = ("JsonWebKey", "JsonWebKey2020")


@dataclass(frozen=True, slots=True)
class Binding:
    """Check 4 and the key, where there is one: the proof is tried with it even if it is not the issuer's."""

    check: Check
    key: JoseKey | None = None


def bind(plan: Plan, proof: Mapping[str, Any], material: Material, *, now: datetime) -> Binding:
    """Find the key of one of the document's proofs and say whether it is the issuer's."""
    assert plan.document is not None
    method = proof.get("verificationMethod")
    controller, issuer = controller_of(method), issuer_of(plan.document)
    if not isinstance(method, str) or controller is None or not is_iri(method):
        return Binding(failed(KEY, "the proof's verificationMethod is not a URL", _METHOD_URL))
    foreign = None
    if controller != issuer:
        foreign = failed(KEY, "the proof was made with a key that is not the issuer's", _METHOD)
    document = _controller_document(controller, material)
    if isinstance(document, Failure):
        return Binding(missing(KEY, document) if document.definite else foreign or missing(KEY, document))
    if "#" not in method and not method.startswith("did:key:"):
        detail = "the proof's verificationMethod names no key: it has no fragment"
        return Binding(failed(KEY, detail, _METHOD_URL))
    full = method if "#" in method else f"{method}#{method.removeprefix('did:key:')}"
    found = _key_in(document, controller, full, now=now)
    return Binding(foreign or found.check, found.key)


def _controller_document(controller: str, material: Material) -> Mapping[str, Any] | Failure:
    if not controller.startswith(("did:", "https://", "http://")):
        return Failure("the issuer's id leads to no document that could hold its keys", _METHOD_URL, definite=True)
    try:
        own = controllers.own_document(controller)
    except controllers.ControllerError as error:
        return Failure(error.detail, error.problem, definite=True)
    if own is not None:
        return own
    return material.controllers.get(controller, Failure("the issuer's keys were not looked at", _DOCUMENT))


def _key_in(document: Mapping[str, Any], controller: str, method_id: str, *, now: datetime) -> Binding:
    """CID §3.3, retrieve verification method. The id must be the controller's, byte for byte."""
    if document.get("id") != controller:
        detail = "the document that holds the issuer's keys calls itself by another id"
        return Binding(failed(KEY, detail, _DOCUMENT_ID))
    listed = document.get("assertionMethod")
    related = listed if isinstance(listed, list) else [listed]
    methods = document.get("verificationMethod")
    declared = [*(methods if isinstance(methods, list) else [methods]), *related]
    matching = [item for item in declared if isinstance(item, Mapping) and item.get("id") == method_id]
    if len(matching) != 1:
        detail = "is not in" if not matching else "is more than once in"
        return Binding(failed(KEY, f"the key {detail} the issuer's document", _METHOD))
    method = matching[0]
    if method.get("controller") != controller:
        return Binding(failed(KEY, "the issuer's document gives the key another controller", _METHOD))
    key = _public_key(method)
    if isinstance(key, Failure):
        return Binding(missing(KEY, key))
    if method_id not in related and method not in related:
        detail = "the issuer's document does not list the key under assertionMethod"
        return Binding(failed(KEY, detail, _RELATIONSHIP), key)
    ended = _ended(method, now=now)
    if ended is not None:
        return Binding(failed(KEY, ended, _METHOD), key)
    return Binding(ok(KEY, "the issuer's document lists the key for assertions"), key)


def _public_key(method: Mapping[str, Any]) -> JoseKey | Failure:
    type_, multikey, jwk = method.get("type"), method.get("publicKeyMultibase"), method.get("publicKeyJwk")
    try:
        if type_ in _MULTIKEYS and isinstance(multikey, str):
            return parse_multikey(multikey)
        if type_ in _JWKS and isinstance(jwk, Mapping):
            return parse_public_jwk(jwk)
    except Rejected as error:
        return Failure(error.detail, _METHOD, definite=True)
    return Failure("the key is in no form that is known here (Multikey or JsonWebKey)", _METHOD, definite=True)


def _ended(method: Mapping[str, Any], *, now: datetime) -> str | None:
    """A revoked key proves nothing, whenever the proof says it was made: a thief can write any date (CID §2.2)."""
    if "revoked" in method:
        return "the issuer has revoked the key"
    if "expires" in method:
        try:
            if instant(str(method["expires"])) > now:
                return None
        except ValueError:
            return "the key has an end date that cannot be read"
        return "the key has expired"
    return None
