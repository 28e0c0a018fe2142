"""Check 1: the document is one credential of Open Badges 3.0 (OB verification step 1; validator probes 3-9).

Accepts what readers meet besides the formal array form: one value where an array of one would stand. Refuses what would
let a JSON reader see something else than the signature covers: keywords, inline contexts, proofs in odd places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from badgeissuer.errors import Fault
from badgeissuer.vc.checks.report import DATA_MODEL, SHAPE, Check, failed, ok
from badgeissuer.vc.contexts import CREDENTIALS_V2, ED25519_2020, OB_EXTENSIONS, OB_V3P0_301, OB_V3P0_302, OB_V3P0_303
from badgeissuer.vc.lint.values import structure_faults
from badgeissuer.vc.model.base import faults_of, instant
from badgeissuer.vc.model.ob3 import EndorsementCredential, OpenBadgeCredential
from badgeissuer.vc.strictjson import escape_pointer

_OB_CONTEXTS = (OB_V3P0_301, OB_V3P0_302, OB_V3P0_303)
# The second defines the suite of that name, and no term that a badge has.
_FURTHER = (OB_EXTENSIONS, ED25519_2020)
# The members of a proof that may be lists (DI §2.1; vc-di-eddsa §3.3).
_LISTS = ("@context", "domain", "previousProof")
_MALFORMED = DATA_MODEL + "MALFORMED_VALUE_ERROR"
_SHOWN = 5


class Kind(StrEnum):
    """What a document is taken for."""

    BADGE = "badge"
    ENDORSEMENT = "endorsement"
    STATUS_LIST = "status list"


def kind_of(document: Mapping[str, Any]) -> Kind | None:
    """What the document's type says it is; None where that is no kind of credential that we verify on its own."""
    types = types_of(document)
    badge = "OpenBadgeCredential" in types or "AchievementCredential" in types
    endorsement = "EndorsementCredential" in types
    if "VerifiableCredential" not in types or badge is endorsement or types & _OTHER_KINDS.keys():
        return None
    return Kind.BADGE if badge else Kind.ENDORSEMENT


def types_of(document: Mapping[str, Any]) -> set[str]:
    """The ``type`` of a document as a set, whichever way it is written."""
    given = document.get("type")
    return {item for item in (given if isinstance(given, list) else [given]) if isinstance(item, str)}


_OTHER_KINDS = {
    "VerifiablePresentation": "this is a presentation, not a credential; verify its credentials one by one",
    "EnvelopedVerifiableCredential": "not supported yet; this is an enveloped credential",
    "EnvelopedVerifiablePresentation": "this is a presentation, not a credential",
    "BitstringStatusListCredential": "this is a status list, not a badge",
    "ClrCredential": "not supported yet; this is a comprehensive learner record",
}


def check_shape(document: Mapping[str, Any]) -> Check:
    """Check 1 for badges and endorsements."""
    kind = kind_of(document)
    if kind is None:
        types = types_of(document)
        other = next((words for name, words in _OTHER_KINDS.items() if name in types), None)
        detail = other or "the type is not that of an Open Badge or an endorsement (OpenBadgeCredential with …)"
        return failed(SHAPE, detail, _MALFORMED)
    faults = [*_model_faults(document, kind), *envelope_faults(document, _expected_contexts)]
    return shape_of(faults, "a badge" if kind is Kind.BADGE else "an endorsement")


def shape_of(faults: list[Fault], what: str) -> Check:
    """The check that says these faults."""
    if not faults:
        return ok(SHAPE, f"has the shape of {what}")
    told = "; ".join(f"{fault.pointer or 'document'} {fault.detail}" for fault in faults[:_SHOWN])
    more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    return failed(SHAPE, told + more, _MALFORMED)


def envelope_faults(
    document: Mapping[str, Any], expected_contexts: Callable[[object], Iterator[Fault]]
) -> Iterator[Fault]:
    """What any secured document must keep to: its contexts, JSON-LD structure, and where proofs stand."""
    yield from expected_contexts(document.get("@context"))
    yield from structure_faults(document)
    yield from _proof_places(document, "", credential=True)


def _model_faults(document: Mapping[str, Any], kind: Kind) -> Iterator[Fault]:
    model = OpenBadgeCredential if kind is Kind.BADGE else EndorsementCredential
    try:
        model.model_validate(dict(document))
    except ValidationError as error:
        yield from faults_of(error)


def _expected_contexts(contexts: object) -> Iterator[Fault]:
    """Only the standard's own contexts, in their order: with others, terms could be swapped under the signature."""
    if (
        not isinstance(contexts, list)
        or len(contexts) < 2
        or contexts[0] != CREDENTIALS_V2
        or contexts[1] not in _OB_CONTEXTS
        or any(context not in _FURTHER for context in contexts[2:])
        or len(contexts) > len(set(contexts))
    ):
        further = f"{OB_EXTENSIONS}, the context of Ed25519Signature2020 or nothing"
        detail = f"must be {CREDENTIALS_V2}, an Open Badges 3.0.1 to 3.0.3 context, and {further} more"
        yield Fault("/@context", detail)


def _proof_places(value: object, pointer: str, *, credential: bool) -> Iterator[Fault]:
    """Proofs stand in the document and in embedded endorsements. They hold no objects, and lists of texts only."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            below = f"{pointer}/{escape_pointer(name)}"
            if name == "proof":
                if not credential:
                    yield Fault(below, "a proof stands where no credential is")
                for item in member if isinstance(member, list) else [member]:
                    if isinstance(item, Mapping) and any(_is_nested(*inner) for inner in item.items()):
                        yield Fault(below, "a proof holds another object")
            elif name in ("verifiableCredential", "verifiablePresentation"):
                yield Fault(below, "a badge does not wrap another credential")
            yield from _proof_places(member, below, credential=name == "endorsement")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _proof_places(item, f"{pointer}/{index}", credential=credential)


def _is_nested(name: str, value: object) -> bool:
    if isinstance(value, list) and name in _LISTS:
        return not all(isinstance(item, str) for item in value)
    return isinstance(value, Mapping | list)


def date_of(document: Mapping[str, Any], name: str) -> datetime | None:
    """The moment in a member, None where it is missing or no moment."""
    value = document.get(name)
    try:
        return instant(value) if isinstance(value, str) else None
    except ValueError:
        return None
