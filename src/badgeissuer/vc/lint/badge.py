"""What an Open Badges credential of ours must say, beyond the shape of its classes; the parts that all kinds share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc.build import EXTENSION_TYPES, uses_extensions
from badgeissuer.vc.contexts import OB_CONTEXTS, OB_EXTENSIONS
from badgeissuer.vc.model.base import instant

CLOCK_SKEW = timedelta(seconds=60)
VC11_DATES = ("issuanceDate", "expirationDate")
PURPOSES = ("revocation", "suspension")
_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
_HASH = re.compile(r"sha256\$[0-9a-f]{64}")
# 128 bits in hex or in base64.
_SALT = re.compile(r"[0-9a-fA-F]{32,128}|[A-Za-z0-9+/_-]{22,128}={0,2}")
_CREDENTIAL_ID = re.compile(r"https?://.+|urn:uuid:.+")
_SUBJECT_ID = re.compile(r"did:.+|urn:uuid:.+")

Document = Mapping[str, Any]


def badge_faults(document: Document, *, now: datetime, text: str | None = None) -> Iterator[Fault]:
    """The rules that the classes cannot state. Members of a wrong shape are passed over: the classes name them.

    ``text`` is the document's, where the caller has it.
    """
    # A text that does not hold a type's name uses no such type.
    may_extend = text is None or any(name in text for name in EXTENSION_TYPES)
    contexts = (*OB_CONTEXTS, OB_EXTENSIONS) if may_extend and uses_extensions(document) else OB_CONTEXTS
    yield from envelope_faults(document, contexts, "OpenBadgeCredential", "OB §AchievementCredential")
    yield from date_faults(document, now=now)
    subject = document.get("credentialSubject")
    if isinstance(subject, Mapping):
        yield from subject_faults(subject)
        yield from _achievement(subject.get("achievement"))
        yield from result_faults(subject)
    yield from status_faults(document.get("credentialStatus"))


def envelope_faults(document: Document, contexts: tuple[str, ...], type_: str, clause: str) -> Iterator[Fault]:
    """What every credential of ours keeps to, whatever its subject: contexts, types, issuer, id, nothing unsupported.

    ``clause`` is that of the credential's class.
    """
    expected = list(contexts)
    if document.get("@context") != expected:
        yield Fault("/@context", f"must be exactly {expected}", "context", "OB §Contexts")
    if document.get("type") != ["VerifiableCredential", type_]:
        yield Fault("/type", f"must be VerifiableCredential and {type_}", "type", clause)
    for old in VC11_DATES:
        if old in document:
            yield Fault(f"/{old}", "belongs to VC 1.1; we issue VC 2.0 (validFrom, validUntil)", "vc11", "VCDM §4.9")
    if "proof" in document:
        yield Fault("/proof", "must not be there before signing", "proof")
    for name in ("endorsementJwt", "refreshService", "credentialSchema"):
        if name in document:
            yield Fault(f"/{name}", "is not issued here: wallets in use refuse or cannot check it", "unsupported")
    issuer = document.get("issuer")
    if not isinstance(issuer, Mapping):
        yield Fault("/issuer", "must be a Profile object", "issuer", clause)
    elif not str(issuer.get("id", "")).startswith("did:"):
        yield Fault("/issuer/id", "must be the issuer's DID: verifiers bind the key to it", "issuer", "DI §4.3")
    identifier = document.get("id")
    if isinstance(identifier, str) and not _CREDENTIAL_ID.fullmatch(identifier):
        yield Fault("/id", "must be an https URL or a urn:uuid", "uri", "VCDM §4.4")


def date_faults(document: Document, *, now: datetime) -> Iterator[Fault]:
    """Order of the dates. ``validFrom`` may run ahead of our clock by a minute, no more."""
    starts, ends = _moment(document, "validFrom"), _moment(document, "validUntil")
    if starts is not None and starts > now + CLOCK_SKEW:
        yield Fault("/validFrom", "must not lie in the future", "date", "VCDM §4.9")
    if starts is not None and ends is not None and ends <= starts:
        yield Fault("/validUntil", "must lie after validFrom", "date", "VCDM §4.9")
    awarded = _moment(document, "awardedDate")
    if awarded is not None and awarded > now + CLOCK_SKEW:
        yield Fault("/awardedDate", "must not lie in the future", "date", "OB §AchievementCredential")
    subject = document.get("credentialSubject")
    if isinstance(subject, Mapping):
        begun, ended = _moment(subject, "activityStartDate"), _moment(subject, "activityEndDate")
        if begun is not None and ended is not None and ended < begun:
            yield Fault("/credentialSubject/activityEndDate", "must not lie before activityStartDate", "date")


def _moment(members: Mapping[str, Any], name: str) -> datetime | None:
    value = members.get(name)
    try:
        return instant(value) if isinstance(value, str) else None
    except ValueError:
        return None


def subject_faults(subject: Document) -> Iterator[Fault]:
    """How a person is named: an id that tells nothing, and identities as salted hashes only."""
    identifier = subject.get("id")
    if isinstance(identifier, str) and not _SUBJECT_ID.fullmatch(identifier):
        detail = "must be a urn:uuid or a DID: other ids tell who the person is or can be linked"
        yield Fault("/credentialSubject/id", detail, "subject", "OB §AchievementSubject")
    for index, identity in objects(subject.get("identifier")):
        yield from _identity(identity, f"/credentialSubject/identifier/{index}")


def _achievement(achievement: object) -> Iterator[Fault]:
    if isinstance(achievement, Mapping):
        for name in ("name", "description"):
            if isinstance(achievement.get(name), str) and not achievement[name].strip():
                pointer = f"/credentialSubject/achievement/{name}"
                yield Fault(pointer, "must not be blank", "required", "OB §Achievement")


def _identity(identity: Document, pointer: str) -> Iterator[Fault]:
    clause = "OB §IdentityObject"
    if identity.get("identityType") == "nationalIdentityNumber":
        yield Fault(f"{pointer}/identityType", "must not be in a public credential, hashed or not", "identity", clause)
    if identity.get("hashed") is not True:
        yield Fault(
            f"{pointer}/hashed", "must be true: a public credential holds no plain identity", "identity", clause
        )
        return
    if not _HASH.fullmatch(str(identity.get("identityHash", ""))):
        yield Fault(f"{pointer}/identityHash", "must be sha256$ and 64 hex digits", "identity", clause)
    if not _SALT.fullmatch(str(identity.get("salt", ""))):
        yield Fault(f"{pointer}/salt", "must be a random salt of at least 128 bits", "identity", clause)


def result_faults(subject: Document) -> Iterator[Fault]:
    """Results must refer to what the achievement in the same credential declares (OB §Result).

    The linked description must be among the achievement's, the level among the levels of that description, and a
    result against a description of type ``Status`` must have a status.
    """
    achievement = subject.get("achievement")
    declared = dict[str, Document]()
    if isinstance(achievement, Mapping):
        for index, description in objects(achievement.get("resultDescription")):
            yield from _description(description, declared, f"/credentialSubject/achievement/resultDescription/{index}")
    for index, result in objects(subject.get("result")):
        yield from _result(result, declared, f"/credentialSubject/result/{index}")


def _description(description: Document, declared: dict[str, Document], pointer: str) -> Iterator[Fault]:
    clause = "OB §ResultDescription"
    identifier = str(description.get("id"))
    if identifier in declared:
        yield Fault(f"{pointer}/id", "is the id of an earlier result description", "reference", clause)
    declared[identifier] = description
    levels = _levels(description)
    if any(level in levels[:index] for index, level in enumerate(levels)):
        yield Fault(f"{pointer}/rubricCriterionLevel", "has two levels with one id", "reference", clause)
    if "requiredLevel" in description and description["requiredLevel"] not in levels:
        yield Fault(f"{pointer}/requiredLevel", "must be the id of one of its levels", "reference", clause)
    allowed = description.get("allowedValue")
    if isinstance(allowed, list) and "requiredValue" in description and description["requiredValue"] not in allowed:
        yield Fault(f"{pointer}/requiredValue", "must be one of allowedValue", "reference", clause)


def _result(result: Document, declared: Mapping[str, Document], pointer: str) -> Iterator[Fault]:
    clause = "OB §Result"
    link = result.get("resultDescription")
    if link is None:
        if "achievedLevel" in result:
            detail = "is required with achievedLevel: it says which description the level belongs to"
            yield Fault(f"{pointer}/resultDescription", detail, "reference", clause)
        return
    description = declared.get(str(link))
    if description is None:
        detail = "must be the id of a resultDescription of this achievement"
        yield Fault(f"{pointer}/resultDescription", detail, "reference", clause)
        return
    if "achievedLevel" in result and result["achievedLevel"] not in _levels(description):
        yield Fault(f"{pointer}/achievedLevel", "must be the id of a level of that description", "level", clause)
    if description.get("resultType") == "Status" and "status" not in result:
        yield Fault(f"{pointer}/status", "is required: the description is of type Status", "required", clause)
    allowed = description.get("allowedValue")
    if isinstance(allowed, list) and "value" in result and result["value"] not in allowed:
        yield Fault(f"{pointer}/value", "must be one of the description's allowedValue", "reference", clause)


def _levels(description: Document) -> list[object]:
    return [level.get("id") for _, level in objects(description.get("rubricCriterionLevel"))]


def objects(value: object) -> Iterator[tuple[int, Document]]:
    """The objects of an array, or the one object in its place, each with its index."""
    items = value if isinstance(value, list | tuple) else [value]
    for index, item in enumerate(items):
        if isinstance(item, Mapping):
            yield index, item


def status_faults(status: object) -> Iterator[Fault]:
    """The one status entry, of one bit, that every credential of ours has."""
    clause = "BSL §2.1"
    if not isinstance(status, Mapping):
        yield Fault("/credentialStatus", "is required, as one object: a credential must be revocable", "status", clause)
        return
    if status.get("type") != "BitstringStatusListEntry":
        yield Fault("/credentialStatus/type", "must be BitstringStatusListEntry", "status", clause)
    if status.get("statusPurpose") not in PURPOSES:
        yield Fault("/credentialStatus/statusPurpose", "must be revocation or suspension", "status", clause)
    index, url = status.get("statusListIndex"), status.get("statusListCredential")
    if not isinstance(index, str) or not _INDEX.fullmatch(index):
        detail = "must be a string that holds a whole number"
        yield Fault("/credentialStatus/statusListIndex", detail, "status", clause)
    if not isinstance(url, str):
        yield Fault("/credentialStatus/statusListCredential", "must be the URL of the list", "status", clause)
    if "id" not in status or status["id"] == url:
        yield Fault("/credentialStatus/id", "is required and must not be the list's URL", "status", clause)
    for name in status.keys() - {"id", "type", "statusPurpose", "statusListIndex", "statusListCredential"}:
        yield Fault(f"/credentialStatus/{name}", "is not used by our entries of one bit", "status", clause)
