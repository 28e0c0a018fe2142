"""Achievements and profiles that were looked through before: the same in every badge of an achievement.

All rules for what is inside of them look at nothing else (those that compare them with the rest of the badge are in
``badge``, and are asked each time). So where a badge had no fault at all, its achievement and its issuer have none in
the next one, and only what is around them is looked at. As soon as that has a fault, everything is looked at again:
what is told of a document with faults does not depend on what was seen before.
"""

from __future__ import annotations

import marshal
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

MOST = 2_048
# What stands in the places of the two while the others are looked at: as little as there can be, and without fault.
_ACHIEVEMENT: Mapping[str, Any] = {
    "id": "urn:uuid:00000000-0000-4000-8000-000000000000",
    "type": ["Achievement"],
    "criteria": {"narrative": "a"},
    "description": "a",
    "name": "a",
}
_ISSUER: Mapping[str, Any] = {"id": "did:web:a.example", "type": ["Profile"]}

_lock = threading.Lock()
# SHA-256 of what was seen, that which was not met for longest first.
_seen: OrderedDict[bytes, None] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Parts:
    """A badge without its achievement and its issuer, and whether both were seen in one without fault (``clean``)."""

    others: dict[str, Any]
    clean: bool
    _marks: tuple[bytes, bytes]

    def remember(self) -> None:
        """The badge had no fault: neither have these two."""
        with _lock:
            for mark in self._marks:
                _seen[mark] = None
            while len(_seen) > MOST:
                _seen.popitem(last=False)


def parts_of(document: Mapping[str, Any], *, allow_loopback: bool) -> Parts | None:
    """The parts of a badge, None where it has not these or is not made of JSON's own types.

    Links to this machine have a fault or none by ``allow_loopback``, so each has its own memory.
    """
    subject, issuer = document.get("credentialSubject"), document.get("issuer")
    if type(subject) is not dict or type(issuer) is not dict or type(subject.get("achievement")) is not dict:
        return None
    try:
        marks = (
            sha256(marshal.dumps(("achievement", allow_loopback, subject["achievement"]), 2)).digest(),
            sha256(marshal.dumps(("issuer", allow_loopback, issuer), 2)).digest(),
        )
    except ValueError:
        return None
    others = {**document, "issuer": _ISSUER, "credentialSubject": {**subject, "achievement": _ACHIEVEMENT}}
    with _lock:
        clean = all(mark in _seen for mark in marks)
        if clean:
            for mark in marks:
                _seen.move_to_end(mark)
    return Parts(others, clean, marks)


def forget() -> None:
    """Remember nothing any more."""
    with _lock:
        _seen.clear()
