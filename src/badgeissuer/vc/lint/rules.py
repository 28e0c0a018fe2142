"""Which of the rules of preparing are the standards', and which are this house's own.

The standards let an issuer do much that we do not: other ids than a DID, no status, plain identities, http links,
contexts of their own. Verifiers in use refuse some of it, and some of it does harm for good once it is signed; so the
house rules hold for all that the service issues. Who uses this library alone may choose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc.checks.kinds import Generation, Kind
from badgeissuer.vc.checks.sequences import context_faults
from badgeissuer.vc.faults import StatusListError
from badgeissuer.vc.status_entries import parse_entry


class Rules(StrEnum):
    """HOUSE: the standards' and our own. STANDARD: what OB 3.0, CLR 2.0 and VC 2.0 demand, and no more."""

    HOUSE = "house"
    STANDARD = "standard"


# What only the house says. "context" and "status" have a counterpart in the standards, see below.
_HOUSE = frozenset(
    ("context", "type", "unsupported", "issuer", "uri", "status", "subject", "identity", "level", "association")
)


def held_to(rules: Rules, faults: Iterable[Fault], document: Mapping[str, Any], kind: Kind | None) -> Iterator[Fault]:
    """The faults that count under the rules. ``kind`` None: a document with rules of its own, as a status list has."""
    if rules is Rules.HOUSE:
        yield from faults
        return
    yield from (fault for fault in faults if fault.code not in _HOUSE)
    if kind is not None:
        for fault in context_faults(document.get("@context"), kind, Generation.V2):
            yield Fault(fault.pointer, fault.detail, "context", "OB §Contexts")
    yield from _status(document.get("credentialStatus"))


def _status(entry: object) -> Iterator[Fault]:
    """A Bitstring entry that is there has to be one (BSL §2.1); other kinds are their own standards' business."""
    if isinstance(entry, Mapping) and entry.get("type") == "BitstringStatusListEntry":
        try:
            parse_entry(entry)
        except StatusListError as error:
            for fault in error.faults:
                yield fault.under("/credentialStatus")
