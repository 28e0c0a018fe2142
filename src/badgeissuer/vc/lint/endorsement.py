"""What an endorsement of ours must say, beyond the shape of its classes (OB §EndorsementCredential)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc.contexts import OB_CONTEXTS
from badgeissuer.vc.lint.badge import date_faults, envelope_faults, status_faults
from badgeissuer.vc.lint.form import model_faults
from badgeissuer.vc.model.ob3 import EndorsementCredential

_CLASS = "OB §EndorsementCredential"
_SUBJECT = "OB §EndorsementSubject"


def endorsement_faults(document: Mapping[str, Any], *, now: datetime) -> Iterator[Fault]:
    """Its shape, envelope, dates, subject and status. A name or a comment that is there is not blank."""
    yield from model_faults(EndorsementCredential, document, clause="OB data model")
    yield from envelope_faults(document, OB_CONTEXTS, "EndorsementCredential", _CLASS)
    yield from date_faults(document, now=now)
    yield from blank_faults(document, "name", "", _CLASS)
    subject = document.get("credentialSubject")
    if isinstance(subject, Mapping):
        yield from blank_faults(subject, "endorsementComment", "/credentialSubject", _SUBJECT)
        if "id" in subject and subject["id"] == document.get("id"):
            yield Fault("/credentialSubject/id", "must not be the endorsement itself", "subject", _SUBJECT)
    yield from status_faults(document.get("credentialStatus"))


def blank_faults(members: Mapping[str, Any], name: str, pointer: str, clause: str) -> Iterator[Fault]:
    """A text that is there and shows nothing."""
    value = members.get(name)
    if isinstance(value, str) and not value.strip():
        yield Fault(f"{pointer}/{name}", "must not be blank", "required", clause)
