"""What a status list credential of ours must say (BSL §2.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc.contexts import CREDENTIALS_V2
from badgeissuer.vc.faults import StatusListError
from badgeissuer.vc.lint.badge import PURPOSES, date_faults
from badgeissuer.vc.model.base import instant
from badgeissuer.vc.status import Bits

_MEMBERS = frozenset(("@context", "id", "type", "issuer", "validFrom", "validUntil", "credentialSubject"))
_SUBJECT_MEMBERS = frozenset(("id", "type", "statusPurpose", "encodedList", "ttl"))


def status_list_faults(document: Mapping[str, Any], *, now: datetime) -> Iterator[Fault]:
    """Everything in the list that a verifier would stumble over, the length of the unpacked bits included."""
    clause = "BSL §2.2"
    if document.get("@context") != [CREDENTIALS_V2]:
        yield Fault("/@context", f"must be exactly {[CREDENTIALS_V2]}", "context", clause)
    if document.get("type") != ["VerifiableCredential", "BitstringStatusListCredential"]:
        yield Fault("/type", "must be VerifiableCredential and BitstringStatusListCredential", "type", clause)
    for name in document.keys() - _MEMBERS:
        yield Fault(f"/{name}", "is not a member of our status lists", "unknown-member", clause)
    if not isinstance(document.get("id"), str):
        yield Fault("/id", "must be the list's URL", "required", clause)
    if not str(document.get("issuer", "")).startswith("did:"):
        yield Fault("/issuer", "must be the issuer's DID", "issuer", clause)
    for name in ("validFrom", "validUntil"):
        if name in document or name == "validFrom":
            yield from _date(document.get(name), f"/{name}")
    yield from date_faults(document, now=now)
    yield from _subject(document.get("credentialSubject"))


def _date(value: object, pointer: str) -> Iterator[Fault]:
    try:
        instant(value if isinstance(value, str) else "")
    except ValueError as error:
        yield Fault(pointer, str(error), "date", "VCDM §4.9")


def _subject(subject: object) -> Iterator[Fault]:
    clause = "BSL §2.2"
    if not isinstance(subject, Mapping):
        yield Fault("/credentialSubject", "must be one BitstringStatusList object", "required", clause)
        return
    if subject.get("type") != "BitstringStatusList":
        yield Fault("/credentialSubject/type", "must be BitstringStatusList", "type", clause)
    for name in subject.keys() - _SUBJECT_MEMBERS:
        yield Fault(f"/credentialSubject/{name}", "is not a member of our status lists", "unknown-member", clause)
    if subject.get("statusPurpose") not in PURPOSES:
        yield Fault("/credentialSubject/statusPurpose", "must be the string revocation or suspension", "status", clause)
    ttl = subject.get("ttl", 1)
    if isinstance(ttl, bool) or not isinstance(ttl, int) or ttl < 1:
        yield Fault("/credentialSubject/ttl", "must be a positive number of milliseconds", "status", clause)
    encoded = subject.get("encodedList")
    try:
        Bits.from_encoded(encoded if isinstance(encoded, str) else "")
    except StatusListError as error:
        yield Fault("/credentialSubject/encodedList", error.detail, error.code, clause)
