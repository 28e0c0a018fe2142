"""Signed status lists, for check 6: their shape, and whether a list speaks of this credential at all (BSL §3.2).

A list is a credential itself and is verified by checks 0 to 4 like any other; what is here comes on top of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc.canon import FOREIGN_BUDGET, check_values
from badgeissuer.vc.checks.kinds import Generation, date_of, types_of
from badgeissuer.vc.checks.report import SECURITY, SHAPE, Check, Policy, failed
from badgeissuer.vc.checks.shape import envelope_faults, shape_of
from badgeissuer.vc.contexts import (
    CREDENTIALS_V1,
    CREDENTIALS_V2,
    DATA_INTEGRITY_V1,
    DATA_INTEGRITY_V2,
    ED25519_2020,
    STATUS_LIST_2021,
    STATUS_V1,
)
from badgeissuer.vc.faults import BudgetExceeded
from badgeissuer.vc.model.base import is_iri
from badgeissuer.vc.status_entries import Entry

# The type of a list credential, and that of its subject.
_SUBJECTS = {"BitstringStatusListCredential": "BitstringStatusList", "StatusList2021Credential": "StatusList2021"}
# The second defines the terms of status lists; with credentials/v2 a Bitstring list needs none, and it changes nothing.
_SECOND = {"BitstringStatusListCredential": STATUS_V1, "StatusList2021Credential": STATUS_LIST_2021}
# VC data model 1.1 has the names of 2.0 too, reserved for its future: a list that uses them is held to them.
_STARTS, _ENDS = (tuple(item.starts for item in Generation), tuple(item.ends for item in Generation))
_FURTHER = (ED25519_2020, DATA_INTEGRITY_V1, DATA_INTEGRITY_V2)


def check_list_shape(document: Mapping[str, Any]) -> Check:
    """Check 1 for a status list credential, of either kind."""
    kind = next((name for name in _SUBJECTS if name in types_of(document)), None)
    try:
        check_values(document, FOREIGN_BUDGET)
    except BudgetExceeded as error:
        return failed(SHAPE, error.detail, SECURITY + "PROOF_TRANSFORMATION_ERROR")
    return shape_of(
        [*_list_faults(document, kind), *envelope_faults(document, lambda contexts: _contexts(contexts, kind))],
        "a status list",
    )


def _contexts(contexts: object, kind: str | None) -> Iterator[Fault]:
    allowed = (_SECOND.get(kind or ""), *_FURTHER)
    given = contexts if isinstance(contexts, list) and all(isinstance(item, str) for item in contexts) else []
    right = given[:1] in ([CREDENTIALS_V1], [CREDENTIALS_V2]) and all(item in allowed for item in given[1:])
    if not right or len(given) > len(set(given)):
        yield Fault("/@context", f"must be {CREDENTIALS_V2} and no context of the issuer's own")


def _list_faults(document: Mapping[str, Any], kind: str | None) -> Iterator[Fault]:
    kind = kind or "BitstringStatusListCredential"
    if not {"VerifiableCredential", kind} <= types_of(document):
        yield Fault("/type", f"must contain VerifiableCredential and {kind}")
    identifier = document.get("id")
    if identifier is not None and not (isinstance(identifier, str) and is_iri(identifier)):
        yield Fault("/id", "must be an absolute URI")
    for name in (*_STARTS, *_ENDS):
        if name in document and date_of(document, name) is None:
            yield Fault(f"/{name}", "must be a date and time with time zone")
    subject = document.get("credentialSubject")
    if not isinstance(subject, Mapping) or _SUBJECTS[kind] not in types_of(subject):
        yield Fault("/credentialSubject", f"must be one {_SUBJECTS[kind]}")
    elif not isinstance(subject.get("encodedList"), str):
        yield Fault("/credentialSubject/encodedList", "must be a string")


def wrong_list(
    entry: Entry, document: Mapping[str, Any], *, issuer: str | None, now: datetime, policy: Policy
) -> str | None:
    """Why a list that verifies says nothing of this credential; None where it does.

    The standard lets another party publish the list; no verifier that we know of accepts that, nor do we.
    """
    own = document.get("issuer")
    if (own.get("id") if isinstance(own, Mapping) else own) != issuer or issuer is None:
        return "the status list is another issuer's"
    if document.get("id", entry.list_url) != entry.list_url:
        return "the status list found at that URL calls itself by another id"
    starts, ends = ([date_of(document, name) for name in names] for names in (_STARTS, _ENDS))
    if any(start is not None and start > now + policy.clock_skew for start in starts):
        return "the status list is not valid yet"
    if any(end is not None and end < now for end in ends):
        return "the status list is out of date"
    return None
