"""Check 4: the key of the proof is the issuer's, by the issuer's own controller document (CID §3.3; DI §4.3).

A key in the fragment of a URL proves nothing by itself: the document that the issuer's id leads to says whose it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from badgeissuer.vc import controllers
from badgeissuer.vc.checks.plan import Material, Plan, controller_of, issuer_of
from badgeissuer.vc.checks.report import KEY, SECURITY, Check, Failure, failed, missing, ok
from badgeissuer.vc.controllers import ControllerError
from badgeissuer.vc.jwk import JoseKey

_METHOD = SECURITY + "INVALID_VERIFICATION_METHOD"
_DOCUMENT = SECURITY + "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT"


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
    foreign = None
    if controller != issuer:
        foreign = failed(KEY, "the proof was made with a key that is not the issuer's", _METHOD)
    try:
        url = controllers.method_url(method)
    except ControllerError as error:
        return Binding(_failed(error))
    try:
        document = _controller_document(url, material)
        if isinstance(document, Failure):
            return Binding(foreign or missing(KEY, document))
        found = controllers.find(document, url, now=now)
    except ControllerError as error:
        return Binding(foreign or _failed(error))
    if foreign is None and found.unfit is not None:
        return Binding(_failed(found.unfit), found.method.key)
    return Binding(foreign or ok(KEY, "the issuer's document lists the key for assertions"), found.method.key)


def _controller_document(url: str, material: Material) -> Mapping[str, Any] | Failure:
    controller = controllers.controller_of(url)
    own = controllers.own_document(controller)
    if own is not None:
        return own
    return material.controllers.get(controller, Failure("the issuer's keys were not looked at", _DOCUMENT))


def _failed(error: ControllerError) -> Check:
    return failed(KEY, error.detail, error.problem)
