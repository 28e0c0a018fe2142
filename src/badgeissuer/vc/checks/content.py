"""Checks 2, 5 and 7: what the document says, held against its canonical form, the time and itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeGuard
from urllib.parse import unquote

from badgeissuer.vc.canon import Canonical, source_digest
from badgeissuer.vc.checks.kinds import Kind, date_of, generation_of, members_of
from badgeissuer.vc.checks.nested import endorses_its_place
from badgeissuer.vc.checks.plan import Material, Plan
from badgeissuer.vc.checks.plan_proofs import CONFIG, DOCUMENT, SELF_PROVED, PlannedProof, shown_in_part
from badgeissuer.vc.checks.report import (
    CONSISTENCY,
    DATA_MODEL,
    DATES,
    SECURITY,
    TERMS,
    Check,
    Failure,
    Outcome,
    Policy,
    failed,
    missing,
    ok,
)
from badgeissuer.vc.contexts import Edition
from badgeissuer.vc.lint.badge import result_faults

_VERIFICATION = SECURITY + "PROOF_VERIFICATION_ERROR"
_DATA_LOSS = SECURITY + "DATA_LOSS_DETECTION_ERROR"
_SHOWN = 5


def canonical_of(plan: Plan, material: Material, key: str) -> Canonical | Failure:
    """The canonical form of one of the plan's jobs, if it is there and is that of this very document."""
    found = material.canonical.get(key, Failure("the document was not canonicalised"))
    for job in plan.jobs:
        if job.key == key and isinstance(found, Canonical):
            made = found.source, found.algorithm, found.edition
            if made == (source_digest(job.document), job.algorithm, job.edition):
                return found
            return Failure("the canonical form is that of another document", _VERIFICATION, definite=True)
    return found


def check_terms(plan: Plan, material: Material, edition: Edition = Edition.CURRENT) -> Check:
    """Check 2: every member is defined by the contexts, so that the signature covers all that is read (DI §4.2).

    ``edition`` is the one under which the signature was found good: under the earlier one it does not cover
    endorsementJwt, which is said and is no fault of the document where it endorses what it stands in (ADR 10).
    """
    # Where there are several proofs, the options of each are a matter of that proof alone.
    own = CONFIG if len(plan.proofs) == 1 else DOCUMENT
    for key in [job.key for job in plan.jobs if job.key in (DOCUMENT, own)]:
        canonical = canonical_of(plan, material, key)
        if isinstance(canonical, Failure):
            return missing(TERMS, canonical)
        lost = [*zip(canonical.dropped, canonical.dropped_at, strict=True)]
        lost += zip(canonical.relative, canonical.relative_at, strict=True)
        if lost:
            where = "in the proof, " if key == CONFIG else ""
            told = ", ".join(f"{pointer or name}" for name, pointer in lost[:_SHOWN])
            more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
            detail = f"{where}the contexts do not define, so that no signature covers: {told}{more}"
            return failed(TERMS, detail, _DATA_LOSS)
    if edition is Edition.EARLIER:
        strays = [pointer for pointer, nested in plan.nested.items() if _is_stray(pointer, nested, plan.document)]
        if strays:
            told = f"no signature covers {', '.join(strays[:_SHOWN])}: it endorses something else than it stands in"
            return failed(TERMS, told, _DATA_LOSS)
        detail = "every member is defined by the standard's contexts; it was signed under the edition of 2024, so that "
        return ok(TERMS, detail + "no signature covers endorsementJwt: the endorsements in it have to prove themselves")
    return ok(TERMS, "every member is defined by the standard's contexts")


def _is_stray(pointer: str, nested: Plan, document: object) -> bool:
    """Whether an endorsement that anyone could have put there is about another thing than the one that it stands in."""
    unsigned = pointer.rpartition("/")[0].endswith(f"/{SELF_PROVED}")
    return unsigned and nested.document is not None and not endorses_its_place(document, pointer, nested.document)


def check_dates(
    document: Mapping[str, Any], *, now: datetime, policy: Policy, proofs: tuple[PlannedProof, ...] = ()
) -> Check:
    """Check 5: validFrom ≤ now ≤ validUntil, compared as moments (OB verification step 4; VCDM §4.9).

    A document of data model 1.1 may have dates by both the earlier and the later names: the narrower ones count.
    """
    begins, closes = (
        [(moment, document[name]) for name in names if (moment := date_of(document, name)) is not None]
        for names in generation_of(document).moments
    )
    starts, since = max(begins)  # check 1 saw to it that there is one
    ends, until = min(closes, default=(None, None))
    if ends is not None and ends < starts:
        return failed(DATES, "it ends before it begins", DATA_MODEL + "RANGE_ERROR")
    if starts > now + policy.clock_skew:
        detail = f"it is not valid before {since}"
        return failed(DATES, detail, DATA_MODEL + "RANGE_ERROR", outcome=Outcome.NOT_YET_VALID)
    if ends is not None and ends < now:
        detail = f"it expired at {until}"
        return failed(DATES, detail, DATA_MODEL + "RANGE_ERROR", outcome=Outcome.EXPIRED)
    if ends is None and shown_in_part(proofs):
        return ok(DATES, "it is valid now; its holder may have left an end date out, where its issuer let them")
    return ok(DATES, "it is valid now")


def check_consistency(document: Mapping[str, Any], kind: Kind) -> Check:
    """Check 7: the subject is identified and its results are of the achievement that the badge names (OB §Result)."""
    match kind:
        case Kind.ENDORSEMENT:
            return ok(CONSISTENCY, "the endorsement names what it endorses")
        case Kind.CLR:
            return _record_consistency(document)
        case Kind.BADGE:
            found = result_faults(document["credentialSubject"])
            faults = [fault for fault in found if fault.pointer.startswith("/credentialSubject/result/")]
            if faults:
                return failed(CONSISTENCY, "; ".join(f"{fault.pointer} {fault.detail}" for fault in faults[:_SHOWN]))
            return ok(CONSISTENCY, "the subject is identified, and its results are of this achievement")
        case _:
            return ok(CONSISTENCY, "nothing in it is known to contradict itself")


def _record_consistency(document: Mapping[str, Any]) -> Check:
    """A record is about one person. Pairwise ids (urn:) of other issuers cannot be compared, so they tell nothing."""
    subject = document["credentialSubject"].get("id")
    others: list[int] = []
    unlike: list[int] = []
    for n, member in enumerate(members_of(document)):
        about = _subject_id(member)
        if about is not None and _person(about) == _person(subject):
            continue
        (others if _comparable(about, subject) else unlike).append(n)
    if others:
        named = ", ".join(str(n) for n in others[:_SHOWN])
        return failed(CONSISTENCY, f"the credential(s) {named} in the record are about someone else than the record")
    notes = ""
    if unlike:
        notes += f"; that {len(unlike)} of them are about the same person is the word of the record's issuer"
    strays = _stray_associations(document)
    if strays:
        notes += f"; {strays} association(s) name an achievement that is not in the record"
    if document.get("partial") is True:
        notes += "; the record says that it is partial: there may be more awards"
    return ok(CONSISTENCY, f"the subject is identified, {len(members_of(document))} credential(s) in the record{notes}")


def _stray_associations(document: Mapping[str, Any]) -> int:
    """Associations whose ends are not both here. A record may be an extract, so that is told and no fault of it."""
    subject = document["credentialSubject"]
    holders = [subject, *(member.get("credentialSubject") for member in members_of(document) if _is_object(member))]
    listed = [item for holder in holders if _is_object(holder) for item in _objects(holder.get("achievement"))]
    known = {item.get("id") for item in listed if isinstance(item.get("id"), str)}
    ends = [(item.get("sourceId"), item.get("targetId")) for item in _objects(subject.get("association"))]
    return sum(not known.issuperset(pair) for pair in ends)


def _is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [item for item in (value if isinstance(value, list) else [value]) if _is_object(item)]


def _subject_id(member: object) -> str | None:
    subject = member.get("credentialSubject") if isinstance(member, Mapping) else None
    about = subject.get("id") if isinstance(subject, Mapping) else None
    return about if isinstance(about, str) else None


def _comparable(one: object, other: object) -> bool:
    """Whether two ids that differ are of two people: both a DID, or both an address. Others are names at one issuer,
    and one person may well have an address here and a DID there."""
    return any(
        isinstance(one, str) and isinstance(other, str) and one.startswith(kind) and other.startswith(kind)
        for kind in ("did:", "mailto:")
    )


def _person(identifier: object) -> object:
    """An id as it is compared: addresses are written in either case."""
    if isinstance(identifier, str) and identifier.startswith("mailto:"):
        return unquote(identifier).strip().lower()
    return identifier
