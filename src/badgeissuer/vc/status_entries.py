"""What a status entry says, read from its list (Bitstring Status List 1.0 §2.1, §2.2, §3.2): all sizes and purposes.

The list here is one whose proof, issuer and dates have been checked. Only revocation and suspension speak against a
credential; ``refresh`` says that a newer one is to be had, and ``message`` says whatever its messages say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc import limits
from badgeissuer.vc.faults import StatusListError
from badgeissuer.vc.model.base import instant, is_iri
from badgeissuer.vc.status import STATUS_SIZES, Bits, status_entry

REVOCATION, SUSPENSION, REFRESH, MESSAGE = PURPOSES = ("revocation", "suspension", "refresh", "message")

_INDEX = re.compile(r"0|[1-9][0-9]{0,11}")
_VALUE = re.compile(r"0x[0-9A-Fa-f]{1,4}")
# A list of the least size is a third shorter at its longest.
_KEPT_CHARACTERS = 32 * 1024
_DEFAULT_TTL, _LONGEST_TTL = timedelta(minutes=5), timedelta(days=366)


class StatusEntryInvalid(StatusListError):
    """A status entry, or what a list says of itself, is out of form."""

    code = "status-entry"
    problem = "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR"


class StatusPurposeMismatch(StatusListError):
    """The list is for another purpose than the entry, or no status list at all (``STATUS_VERIFICATION_ERROR``)."""

    code = "status-purpose"


@dataclass(frozen=True, slots=True)
class Entry:
    """One status entry of a credential. ``messages`` has the text of each value; ``notes`` are harmless departures."""

    list_url: str
    index: int
    purpose: str
    size: int = 1
    messages: Mapping[int, str] = field(default_factory=dict)
    references: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """What a list says of one credential. ``valid`` is the standard's word: the value is 0."""

    purpose: str
    value: int
    message: str | None = None
    reason: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        return self.value == 0

    @property
    def stands(self) -> bool:
        """Whether the credential still counts: not revoked, not suspended. Other purposes do not speak against it."""
        return self.valid or self.purpose not in (REVOCATION, SUSPENSION)


def parse_entry(entry: Mapping[str, Any]) -> Entry:
    """A ``BitstringStatusListEntry`` (§2.1). Raises ``StatusEntryInvalid`` with every fault.

    An index written as a number is read and noted: the official revoked sample has one.
    """
    faults: list[Fault] = []
    if entry.get("type") not in ("BitstringStatusListEntry", ["BitstringStatusListEntry"]):
        faults.append(_fault("type", "must be BitstringStatusListEntry"))
    if entry.get("statusPurpose") not in PURPOSES:
        faults.append(_fault("statusPurpose", f"must be one of {', '.join(PURPOSES)}"))
    url = entry.get("statusListCredential")
    if not is_url(url):
        faults.append(_fault("statusListCredential", "must be a URL"))
    elif entry.get("id") == url:
        faults.append(_fault("id", "must not be the list's URL"))
    index = index_of(entry)
    if index is None:
        faults.append(_fault("statusListIndex", "must be a whole number in a text"))
    size = entry.get("statusSize", 1)
    if isinstance(size, bool) or size not in STATUS_SIZES:
        faults.append(_fault("statusSize", f"must be a number from 1 to {STATUS_SIZES.stop - 1}"))
        size = 1
    messages = _messages(entry.get("statusMessage"), int(size), faults)
    references = entry.get("statusReference", [])
    references = [references] if isinstance(references, str) else references
    if not isinstance(references, list) or not all(isinstance(item, str) and is_iri(item) for item in references):
        faults.append(_fault("statusReference", "must be one or more URLs"))
        references = []
    if faults or index is None:
        raise StatusEntryInvalid(faults[0].detail, faults=faults)
    note = () if isinstance(entry["statusListIndex"], str) else ("the index is a number; the standard wants a text",)
    return Entry(str(url), index, str(entry["statusPurpose"]), int(size), messages, tuple(references), note)


def read_status(entry: Entry, subject: object, *, max_bytes: int | None = None) -> Status:
    """What the list with this ``credentialSubject`` says of the entry (§3.2, from step 6).

    Raises ``StatusPurposeMismatch``, ``StatusListEncoding``, ``StatusListLength`` (fewer than 131,072 entries of this
    size, or more than we unpack) and ``StatusListRange``.
    """
    listed = subject_of(subject, "BitstringStatusList")
    purposes = listed.get("statusPurpose")
    if entry.purpose not in (purposes if isinstance(purposes, list) else [purposes]):
        raise StatusPurposeMismatch("the status list is for another purpose")
    text = listed.get("encodedList")
    if max_bytes is None and isinstance(text, str) and len(text) <= _KEPT_CHARACTERS:
        bits = _unpacked(text)
    else:
        bits = Bits.from_encoded(text, max_bytes=max_bytes or limits.LIST_BYTES)
    value = bits.value(entry.index, entry.size)
    return Status(entry.purpose, value, entry.messages.get(value), notes=entry.notes)


# By the text itself: a record names one list a thousand times, and the next edition of a list is another text.
@lru_cache(maxsize=8)
def _unpacked(text: str) -> Bits:
    return Bits.from_encoded(text)


def fresh_until(document: Mapping[str, Any], *, fetched: datetime) -> datetime:
    """Until when a fetched list may be used without fetching it again (§2.2): ``ttl`` (in milliseconds, 5 minutes where
    absent) from the fetch on, and never beyond its ``validUntil``. Raises ``StatusEntryInvalid`` for a broken one."""
    subject = document.get("credentialSubject")
    ttl = subject.get("ttl") if isinstance(subject, Mapping) else None
    if ttl is None:
        life = _DEFAULT_TTL
    elif isinstance(ttl, bool) or not isinstance(ttl, int) or ttl < 0:
        raise _invalid("ttl", "must be a number of milliseconds")
    else:
        life = timedelta(milliseconds=min(ttl, int(_LONGEST_TTL.total_seconds() * 1000)))
    until = document.get("validUntil")
    if until is None:
        return fetched + life
    try:
        return min(fetched + life, instant(str(until)))
    except ValueError:
        raise _invalid("validUntil", "must be a date and time with time zone") from None


def entry_with_messages(*, list_url: str, index: int, purpose: str, messages: Sequence[str]) -> dict[str, Any]:
    """A ``credentialStatus`` of several bits (§2.1): a message for each value, the first for 0.

    Raises ``StatusEntryInvalid`` where the number of messages is not 2, 4, … or 256.
    """
    size = len(messages).bit_length() - 1
    if size not in STATUS_SIZES or len(messages) != 1 << size:
        raise _invalid("statusMessage", "must have 2, 4, 8 … or 256 messages")
    rows = [{"status": hex(value), "message": message} for value, message in enumerate(messages)]
    entry = status_entry(list_url=list_url, index=index, purpose=purpose)
    return {**entry, "statusSize": size, "statusMessage": rows}


def index_of(entry: Mapping[str, Any]) -> int | None:
    """``statusListIndex`` as a number, where it is a whole one in its one spelling."""
    index = entry.get("statusListIndex")
    if isinstance(index, int) and not isinstance(index, bool) and 0 <= index < limits.LIST_INDEX:
        return index
    return int(index) if isinstance(index, str) and _INDEX.fullmatch(index) else None


def is_url(value: object) -> bool:
    """Whether a value is an http(s) URL, which a list can be fetched by."""
    return isinstance(value, str) and value.startswith(("https://", "http://")) and is_iri(value)


def subject_of(subject: object, type_: str) -> Mapping[str, Any]:
    """The subject of a list credential. Raises ``StatusPurposeMismatch`` where it is not of the type."""
    types = subject.get("type") if isinstance(subject, Mapping) else None
    if not isinstance(subject, Mapping) or type_ not in (types if isinstance(types, list) else [types]):
        raise StatusPurposeMismatch(f"what was found at the list's URL is no {type_}")
    return subject


def _messages(given: object, size: int, faults: list[Fault]) -> dict[int, str]:
    """Value to text. Exactly one for each of the 2^size values; needed where there is more than one bit."""
    if given is None:
        if size > 1:
            faults.append(_fault("statusMessage", "is required where statusSize is more than 1"))
        return {}
    found: dict[int, str] = {}
    for row in given if isinstance(given, list) else []:
        status, message = (row.get("status"), row.get("message")) if isinstance(row, Mapping) else (None, None)
        if isinstance(status, str) and _VALUE.fullmatch(status) and isinstance(message, str):
            found[int(status, 16)] = message
    if not isinstance(given, list) or len(given) != 1 << size or found.keys() != set(range(1 << size)):
        faults.append(_fault("statusMessage", "must have one message for each value, written 0x0, 0x1 …"))
        return {}
    return found


def _fault(name: str, detail: str) -> Fault:
    return Fault(f"/{name}", f"{name} {detail}", StatusEntryInvalid.code, "BSL §2")


def _invalid(name: str, detail: str) -> StatusEntryInvalid:
    fault = _fault(name, detail)
    return StatusEntryInvalid(fault.detail, faults=[fault])
