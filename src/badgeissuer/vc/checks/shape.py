"""Check 1: the document is one credential of Open Badges 3.0 or CLR 2.0 (OB verification step 1; validator probes 3-9).

Accepts what readers meet besides the formal array form: one value where an array of one would stand. Refuses what would
let a JSON reader see something else than the signature covers: keywords, inline contexts, proofs in odd places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from badgeissuer.errors import Fault
from badgeissuer.vc import envelope
from badgeissuer.vc.canon import FOREIGN_BUDGET, Budget, check_values
from badgeissuer.vc.checks.kinds import (
    OTHER_KINDS,
    Generation,
    Kind,
    date_of,
    generation_of,
    kind_of,
    types_of,
)
from badgeissuer.vc.checks.report import DATA_MODEL, SECURITY, SHAPE, Check, failed, ok
from badgeissuer.vc.checks.sequences import context_faults
from badgeissuer.vc.contexts import CREDENTIALS_V2
from badgeissuer.vc.faults import BudgetExceeded
from badgeissuer.vc.lint.values import structure_faults
from badgeissuer.vc.model.base import Node, faults_of
from badgeissuer.vc.model.clr import ClrCredential, VerifiableCredential
from badgeissuer.vc.model.ob3 import EndorsementCredential, OpenBadgeCredential
from badgeissuer.vc.strictjson import escape_pointer

__all__ = ["Kind", "check_shape", "date_of", "envelope_faults", "kind_of", "shape_of", "types_of"]

# The members of a proof that may be lists (DI §2.1; vc-di-eddsa §3.3).
_LISTS = ("@context", "domain", "previousProof")
_MALFORMED = DATA_MODEL + "MALFORMED_VALUE_ERROR"
_NOT_A_BADGE = "send an Open Badge, an endorsement or a learner record; for anything else ask whoever gave it out"
_SHOWN = 5
_MODELS: Mapping[Kind, type[Node]] = {
    Kind.BADGE: OpenBadgeCredential,
    Kind.ENDORSEMENT: EndorsementCredential,
    Kind.CLR: ClrCredential,
    Kind.CREDENTIAL: VerifiableCredential,
}
_ARTICLES = {Kind.BADGE: "a badge", Kind.ENDORSEMENT: "an endorsement", Kind.CLR: "a learner record"}
# Stands for the members of a record while its own shape is looked at: each of them has a check 1 of its own.
_ANY_MEMBER: Mapping[str, Any] = {
    "@context": [CREDENTIALS_V2],
    "type": ["VerifiableCredential"],
    "issuer": "urn:x:issuer",
    "validFrom": "2000-01-01T00:00:00Z",
    "credentialSubject": {"id": "urn:x:subject"},
}


def check_shape(document: Mapping[str, Any], *, member: bool = False, budget: Budget = FOREIGN_BUDGET) -> Check:
    """Check 1 for badges, endorsements and learner records; ``member``: for any credential that a record holds.

    A document with more values than its budget allows is not held to anything: each could be a fault.
    """
    kind = kind_of(document, member=member)
    if kind is None:
        types = types_of(document)
        other = next((words for name, words in OTHER_KINDS.items() if name in types), None)
        detail = other or (
            "the type is not that of an Open Badge, an endorsement or a learner record (OpenBadgeCredential with …)"
        )
        return failed(SHAPE, detail, _MALFORMED, remedy=_NOT_A_BADGE)
    try:
        check_values(_without_members(document), budget)
    except BudgetExceeded as error:
        return failed(SHAPE, error.detail, SECURITY + "PROOF_TRANSFORMATION_ERROR")
    generation = generation_of(document)
    faults = [
        *_model_faults(document, kind, generation),
        *envelope_faults(document, lambda contexts: context_faults(contexts, kind, generation)),
    ]
    if kind is Kind.CREDENTIAL and generation is Generation.V2 and not faults:
        # Of any other credential all that is known is the envelope, so that is looked at closely.
        faults = envelope.envelope_faults(document)
    older = " of VC data model 1.1, an older form" if generation is Generation.V1 else ""
    return shape_of(faults, _ARTICLES.get(kind, "a credential") + older)


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
    """What any secured document must keep to: its contexts, JSON-LD structure, and where proofs stand.

    The members of a learner record are left out: they are documents of their own.
    """
    yield from expected_contexts(document.get("@context"))
    own = _without_members(document)
    yield from structure_faults(own)
    yield from _proof_places(own, "", credential=True)


def _without_members(document: Mapping[str, Any]) -> Mapping[str, Any]:
    subject = document.get("credentialSubject")
    if "ClrCredential" not in types_of(document) or not isinstance(subject, Mapping):
        return document
    kept = {name: value for name, value in subject.items() if name != "verifiableCredential"}
    # An empty object would be a fault of its own.
    return {**document, "credentialSubject": kept or {"id": "urn:x:subject"}}


def _model_faults(document: Mapping[str, Any], kind: Kind, generation: Generation) -> Iterator[Fault]:
    read = dict(document)
    if generation is Generation.V1:
        # The classes are those of 2.0 but for the names of the dates.
        for older, name in (("issuanceDate", "validFrom"), ("expirationDate", "validUntil")):
            if name in read and date_of(read, name) is None:
                yield Fault(f"/{name}", "must be a date and time with a time zone")
            read.pop(name, None)
            if older in read:
                read[name] = read.pop(older)
        if kind is Kind.CREDENTIAL:
            read["@context"] = [CREDENTIALS_V2]
    status = read.get("credentialStatus")
    if kind is Kind.CREDENTIAL and isinstance(status, list) and status:
        # The VC data model allows several (VCDM §4.10), the classes of CLR one; check 6 looks at each by itself.
        read["credentialStatus"] = status[0]
    subject = read.get("credentialSubject")
    if kind is Kind.CLR and isinstance(subject, Mapping) and subject.get("verifiableCredential"):
        read["credentialSubject"] = {**subject, "verifiableCredential": [dict(_ANY_MEMBER)]}
    try:
        _MODELS[kind].model_validate(read)
    except ValidationError as error:
        names = {"/validFrom": "/" + generation.starts, "/validUntil": "/" + generation.ends}
        for fault in faults_of(error):
            # Endorsements of 1.1 have dates by other names; each has a check 1 of its own.
            if generation is Generation.V1 and "/endorsement/" in fault.pointer:
                continue
            yield Fault(names.get(fault.pointer, fault.pointer), fault.detail, fault.code, fault.clause)


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
