"""Check 6: what the credential's status list says of it (BSL §3.2). The list is a signed document, verified too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc.checks.report import (
    DATA_MODEL,
    STATUS,
    STATUS_CHECK,
    Check,
    Outcome,
    Policy,
    failed,
    not_checked,
    ok,
)
from badgeissuer.vc.checks.shape import date_of, envelope_faults, shape_of, types_of
from badgeissuer.vc.contexts import CREDENTIALS_V2
from badgeissuer.vc.faults import StatusListError
from badgeissuer.vc.model.base import is_iri
from badgeissuer.vc.status import Bits

_VERIFICATION = STATUS + "STATUS_VERIFICATION_ERROR"
_MALFORMED = DATA_MODEL + "MALFORMED_VALUE_ERROR"
_INDEX = re.compile(r"[0-9]{1,12}")
# The terms of status lists, for documents of VC data model 1.1; with credentials/v2 it changes nothing.
_STATUS_CONTEXT = "https://www.w3.org/ns/credentials/status/v1"
_WORDS = {"revocation": Outcome.REVOKED, "suspension": Outcome.SUSPENDED}


def check_list_shape(document: Mapping[str, Any]) -> Check:
    """Check 1 for a status list credential."""
    return shape_of([*_list_faults(document), *envelope_faults(document, _contexts)], "a status list")


def _contexts(contexts: object) -> Iterator[Fault]:
    if contexts not in ([CREDENTIALS_V2], [CREDENTIALS_V2, _STATUS_CONTEXT]):
        yield Fault("/@context", f"must be {CREDENTIALS_V2}")


def _list_faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    if not types_of(document) >= {"VerifiableCredential", "BitstringStatusListCredential"}:
        yield Fault("/type", "must contain VerifiableCredential and BitstringStatusListCredential")
    identifier = document.get("id")
    if identifier is not None and not (isinstance(identifier, str) and is_iri(identifier)):
        yield Fault("/id", "must be an absolute URI")
    for name in ("validFrom", "validUntil"):
        if name in document and date_of(document, name) is None:
            yield Fault(f"/{name}", "must be a date and time with time zone")
    subject = document.get("credentialSubject")
    if not isinstance(subject, Mapping) or "BitstringStatusList" not in types_of(subject):
        yield Fault("/credentialSubject", "must be one BitstringStatusList")
    elif not isinstance(subject.get("encodedList"), str):
        yield Fault("/credentialSubject/encodedList", "must be a string")


def check_entry(entry: Mapping[str, Any]) -> Check | None:
    """The faults of ``credentialStatus`` itself; None where it can be looked up."""
    type_ = entry.get("type")
    if type_ != "BitstringStatusListEntry":
        detail = f"not supported yet; the status is of another type than BitstringStatusListEntry ({_short(type_)})"
        return not_checked(STATUS_CHECK, detail)
    if entry.get("statusPurpose") not in list(_WORDS):
        return not_checked(STATUS_CHECK, "only the purposes revocation and suspension are understood here")
    if entry.get("statusSize", 1) not in (1, "1"):
        return not_checked(STATUS_CHECK, "not supported yet; the status has more than one bit")
    url = entry.get("statusListCredential")
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return failed(STATUS_CHECK, "statusListCredential is not a URL", _MALFORMED)
    if entry.get("id") == url:
        return failed(STATUS_CHECK, "the id of the entry must not be the list's URL", _MALFORMED)
    if _index(entry) is None:
        return failed(STATUS_CHECK, "statusListIndex is not a whole number in a string", _MALFORMED)
    return None


def read_bit(
    entry: Mapping[str, Any], document: Mapping[str, Any], *, issuer: str | None, now: datetime, policy: Policy
) -> Check:
    """Check 6, for a list whose shape, terms, proof and key were found ok."""
    wrong = _wrong_list(entry, document, issuer=issuer, now=now, policy=policy)
    if wrong is not None:
        return failed(STATUS_CHECK, wrong, _VERIFICATION)
    index = _index(entry) or 0
    note = "" if isinstance(entry.get("statusListIndex"), str) else " (its index is a number; the standard wants text)"
    purpose = str(entry["statusPurpose"])
    try:
        is_set = Bits.from_encoded(document["credentialSubject"]["encodedList"]).get(index)
    except StatusListError as error:
        return failed(STATUS_CHECK, error.detail, error.problem)
    if is_set:
        outcome = _WORDS[purpose]
        return failed(STATUS_CHECK, f"the issuer's status list says {outcome.value}{note}", outcome=outcome)
    said = "not revoked" if purpose == "revocation" else "not suspended"
    return ok(STATUS_CHECK, f"the issuer's status list says {said}{note}")


def _wrong_list(
    entry: Mapping[str, Any], document: Mapping[str, Any], *, issuer: str | None, now: datetime, policy: Policy
) -> str | None:
    """Why this list says nothing of this credential."""
    own = document.get("issuer")
    if (own.get("id") if isinstance(own, Mapping) else own) != issuer or issuer is None:
        return "the status list is another issuer's"
    if document.get("id", entry["statusListCredential"]) != entry["statusListCredential"]:
        return "the status list found at that URL calls itself by another id"
    purposes = document["credentialSubject"].get("statusPurpose")
    if entry["statusPurpose"] not in (purposes if isinstance(purposes, list) else [purposes]):
        return "the status list is for another purpose"
    starts, ends = date_of(document, "validFrom"), date_of(document, "validUntil")
    if starts is not None and starts > now + policy.clock_skew:
        return "the status list is not valid yet"
    if ends is not None and ends < now:
        return "the status list is out of date"
    return None


def _index(entry: Mapping[str, Any]) -> int | None:
    index = entry.get("statusListIndex")
    if isinstance(index, int) and not isinstance(index, bool):
        return index if index >= 0 else None
    return int(index) if isinstance(index, str) and _INDEX.fullmatch(index) else None


def _short(value: object) -> str:
    return value[:60] if isinstance(value, str) else "no text"
