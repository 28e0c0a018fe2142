"""What a Comprehensive Learner Record of ours must say, beyond the shape of its classes (CLR data model).

A record is signed last: its members come signed and go in unchanged (REQUIREMENTS 2.5). So they are held to what makes
a record that every verifier can read, and not to the rules of our own badges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc import limits, strictjson
from badgeissuer.vc.canon import BADGE_BUDGET, Budget
from badgeissuer.vc.contexts import CLR_CONTEXTS
from badgeissuer.vc.lint.badge import VC11_DATES, date_faults, envelope_faults, objects, status_faults, subject_faults
from badgeissuer.vc.lint.endorsement import blank_faults
from badgeissuer.vc.lint.form import class_faults, model_faults
from badgeissuer.vc.lint.values import SIGNED_ALIKE, value_faults
from badgeissuer.vc.model.base import Node
from badgeissuer.vc.model.clr import ClrCredential, VerifiableCredential
from badgeissuer.vc.model.ob3 import EndorsementCredential, OpenBadgeCredential

MOST_SHARES = limits.CLR_SHARES

_CLASS = "CLR §ClrCredential"
_MEMBER = "CLR §VerifiableCredential"
_MEMBERS = "/credentialSubject/verifiableCredential"
_CLASSES: dict[str, type[Node]] = {
    "AchievementCredential": OpenBadgeCredential,
    "OpenBadgeCredential": OpenBadgeCredential,
    "EndorsementCredential": EndorsementCredential,
}
_WRAPPERS = {
    "ClrCredential": "must not be a CLR itself; put the credentials of that CLR in one by one",
    "EnvelopedVerifiableCredential": "must be the credential itself, not an envelope around it",
    "VerifiablePresentation": "must be a credential, not a presentation of some",
}

Document = Mapping[str, Any]


def clr_budget(document: Document) -> Budget:
    """How much work a record may take: a badge's budget for itself and for each member, 16 MiB at most."""
    shares = min(1 + len(_members(document)), MOST_SHARES)
    return Budget(BADGE_BUDGET.max_bytes * shares, BADGE_BUDGET.max_quads * shares, BADGE_BUDGET.max_steps * shares)


def clr_faults(document: Document, *, now: datetime) -> Iterator[Fault]:
    """Shape, envelope, dates, subject, associations and status of the record, and every fault of every member."""
    yield from _shape(document)
    yield from envelope_faults(document, CLR_CONTEXTS, "ClrCredential", _CLASS)
    yield from date_faults(document, now=now)
    yield from blank_faults(document, "name", "", _CLASS)
    subject = document.get("credentialSubject")
    if isinstance(subject, Mapping):
        yield from subject_faults(subject)
        yield from _associations(subject, _achievements(document))
    yield from status_faults(document.get("credentialStatus"))
    seen: dict[str, str] = {}
    for pointer, member in _members(document):
        yield from member_faults(member, pointer)
        yield from _repeat(member, pointer, seen)


def without_members(document: Document) -> dict[str, Any]:
    """The record as far as it is our own text. Pointers into it are pointers into the record."""
    own = dict(document)
    if isinstance(own.get("credentialSubject"), Mapping):
        subject = own["credentialSubject"]
        own["credentialSubject"] = {name: subject[name] for name in subject if name != "verifiableCredential"}
    return own


def _members(document: Document) -> list[tuple[str, object]]:
    subject = document.get("credentialSubject")
    given = subject.get("verifiableCredential", []) if isinstance(subject, Mapping) else []
    items = given if isinstance(given, list | tuple) else [given]
    return [(f"{_MEMBERS}/{index}", item) for index, item in enumerate(items)]


def _shape(document: Document) -> Iterator[Fault]:
    """The faults of members are left to ``_member``, which knows the class of each."""
    for fault in model_faults(ClrCredential, document, clause="CLR data model"):
        if not fault.pointer.startswith(f"{_MEMBERS}/"):
            yield fault


def _achievements(document: Document) -> set[object]:
    """The ids of all achievements that the record defines or asserts."""
    subjects = [member.get("credentialSubject") for _, member in _members(document) if isinstance(member, Mapping)]
    holders = [subject for subject in (document["credentialSubject"], *subjects) if isinstance(subject, Mapping)]
    found = [achievement for holder in holders for _, achievement in objects(holder.get("achievement"))]
    return {achievement["id"] for achievement in found if isinstance(achievement.get("id"), str)}


def _associations(subject: Document, known: set[object]) -> Iterator[Fault]:
    clause = "CLR §Association"
    for index, association in objects(subject.get("association")):
        pointer = f"/credentialSubject/association/{index}"
        ends = association.get("sourceId"), association.get("targetId")
        for name, end in zip(("sourceId", "targetId"), ends, strict=True):
            if isinstance(end, str) and end not in known:
                detail = "must be the id of an achievement in this record, asserted by a member or under achievement"
                yield Fault(f"{pointer}/{name}", detail, "association", clause)
        if isinstance(ends[0], str) and ends[0] == ends[1]:
            yield Fault(f"{pointer}/targetId", "must not be the source itself", "reference", clause)


def member_faults(member: object, pointer: str = "") -> Iterator[Fault]:
    """Every fault for which a credential cannot stand in a record of ours (CLR §VerifiableCredential).

    ``pointer`` is its place in the record. Whether its proof is right is the verifier's business.
    """
    if not isinstance(member, Mapping):
        yield Fault(pointer, "must be a VC 2.0 object, neither a JWT nor a link", "member", _MEMBER)
        return
    types = [item for item in _listed(member.get("type")) if isinstance(item, str)]
    wrapper = next((type_ for type_ in types if type_ in _WRAPPERS), None)
    if wrapper is not None:
        yield Fault(f"{pointer}/type", _WRAPPERS[wrapper], "member", _MEMBER)
        return
    faults = [*class_faults(VerifiableCredential, member, clause="CLR data model")]
    named = {fault.pointer for fault in faults}
    for class_ in dict.fromkeys(_CLASSES[type_] for type_ in types if type_ in _CLASSES):
        own = class_faults(class_, member, clause="OB data model")
        faults.extend(fault for fault in own if fault.pointer not in named)
    faults.extend(_secured(member))
    faults.extend(fault for fault in value_faults(member) if fault.code in SIGNED_ALIKE)
    for fault in faults:
        yield fault.under(pointer)


def _secured(member: Document) -> Iterator[Fault]:
    """That it is a VC 2.0 credential with a proof, of the size of a badge."""
    for old in VC11_DATES:
        if old in member:
            yield Fault(f"/{old}", "belongs to VC 1.1; only VC 2.0 credentials may be in a CLR", "vc11", _MEMBER)
    if not _listed(member.get("proof")):
        yield Fault("/proof", "is required: sign a credential before it goes into a CLR", "unsigned", _MEMBER)
    if len(strictjson.dumps(member).encode("utf-8")) > BADGE_BUDGET.max_bytes:
        yield Fault("", f"is larger than {BADGE_BUDGET.max_bytes} bytes", "too-large")


def _repeat(member: object, pointer: str, seen: dict[str, str]) -> Iterator[Fault]:
    """Two members of one id would be one thing in RDF, where statements of the one read as those of the other."""
    identifier = member.get("id") if isinstance(member, Mapping) else None
    name = identifier if isinstance(identifier, str) else strictjson.dumps(member, sort_keys=True)
    if name in seen:
        yield Fault(pointer, f"is the same credential as {seen[name]}; leave one out", "repeated", _MEMBER)
    else:
        seen[name] = pointer


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]
