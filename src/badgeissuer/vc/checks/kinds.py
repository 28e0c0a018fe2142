"""What a document is: badge, endorsement, learner record, list, and of which VC data model. Read from its own words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from badgeissuer.vc.contexts import CREDENTIALS_V1
from badgeissuer.vc.model.base import instant


class Kind(StrEnum):
    """What a document is taken for. CREDENTIAL is one of any other type, as a learner record may hold."""

    BADGE = "badge"
    ENDORSEMENT = "endorsement"
    CLR = "learner record"
    CREDENTIAL = "credential"
    STATUS_LIST = "status list"


class Generation(StrEnum):
    """The VC data model that a document follows. 1.1 is read and verified, never issued."""

    V1 = "1.1"
    V2 = "2.0"

    @property
    def starts(self) -> str:
        """The member that says from when on it is valid."""
        return "issuanceDate" if self is Generation.V1 else "validFrom"

    @property
    def ends(self) -> str:
        """The member that says until when it is valid."""
        return "expirationDate" if self is Generation.V1 else "validUntil"

    @property
    def moments(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """All members that say from when on and until when. 1.1 reserved the later names beside its own (§B.1)."""
        later = ((), ()) if self is Generation.V2 else (("validFrom",), ("validUntil",))
        return (self.starts, *later[0]), (self.ends, *later[1])


_KINDS = {
    "OpenBadgeCredential": Kind.BADGE,
    "AchievementCredential": Kind.BADGE,
    "EndorsementCredential": Kind.ENDORSEMENT,
    "ClrCredential": Kind.CLR,
}
OTHER_KINDS = {
    "VerifiablePresentation": "this is a presentation, not a credential; verify its credentials one by one",
    "EnvelopedVerifiableCredential": "this is an envelope; verify the credential in it by itself",
    "EnvelopedVerifiablePresentation": "this is a presentation, not a credential",
    "BitstringStatusListCredential": "this is a status list, not a badge",
    "StatusList2021Credential": "this is a status list, not a badge",
}


def types_of(document: Mapping[str, Any]) -> set[str]:
    """The ``type`` of a document as a set, whichever way it is written."""
    given = document.get("type")
    return {item for item in (given if isinstance(given, list) else [given]) if isinstance(item, str)}


def kind_of(document: Mapping[str, Any], *, member: bool = False) -> Kind | None:
    """What the document's type says it is; None where that is no kind that we verify.

    As a ``member`` of a learner record any credential is one that we verify.
    """
    types = types_of(document)
    kinds = {_KINDS[name] for name in types if name in _KINDS}
    if "VerifiableCredential" not in types or types & OTHER_KINDS.keys() or len(kinds) > 1:
        return None
    return kinds.pop() if kinds else Kind.CREDENTIAL if member else None


def generation_of(document: Mapping[str, Any]) -> Generation:
    """The data model: by the first context, as the standards have it."""
    contexts = document.get("@context")
    first = contexts[0] if isinstance(contexts, list) and contexts else contexts
    return Generation.V1 if first == CREDENTIALS_V1 else Generation.V2


def members_of(document: Mapping[str, Any]) -> list[object]:
    """What a learner record holds, whichever way it is written; nothing for any other document."""
    subject = document.get("credentialSubject")
    if "ClrCredential" not in types_of(document) or not isinstance(subject, Mapping):
        return []
    given = subject.get("verifiableCredential", [])
    return given if isinstance(given, list) else [given]


def date_of(document: Mapping[str, Any], name: str) -> datetime | None:
    """The moment in a member, None where it is missing or no moment."""
    value = document.get(name)
    try:
        return instant(value) if isinstance(value, str) else None
    except ValueError:
        return None
