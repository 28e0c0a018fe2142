"""Check 6: where the credential's status is to be read, and what it says (OB verification step 4; BSL §3.2).

Three kinds are read: Bitstring Status List, and for older badges StatusList2021 and the 1EdTech Revocation List. What
cannot be had or read is never taken for "not revoked".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from badgeissuer.errors import MalformedInput, TooLarge
from badgeissuer.vc import foreign_status, strictjson
from badgeissuer.vc.checks import statuslist
from badgeissuer.vc.checks.core import core_checks
from badgeissuer.vc.checks.kinds import types_of
from badgeissuer.vc.checks.needs import Need, Use
from badgeissuer.vc.checks.plan import Material, Plan, issuer_of
from badgeissuer.vc.checks.report import (
    STATUS,
    STATUS_CHECK,
    Check,
    Failure,
    Outcome,
    Policy,
    Verdict,
    combined,
    failed,
    missing,
    not_checked,
    ok,
)
from badgeissuer.vc.faults import StatusListError
from badgeissuer.vc.status_entries import (
    MESSAGE,
    REFRESH,
    REVOCATION,
    Entry,
    Status,
    fresh_until,
    parse_entry,
    read_status,
)

_RETRIEVAL = STATUS + "STATUS_RETRIEVAL_ERROR"
_VERIFICATION = STATUS + "STATUS_VERIFICATION_ERROR"
_OUTCOMES = {"revocation": Outcome.REVOKED, "suspension": Outcome.SUSPENDED}

Read = Callable[[Entry, object], Status]


def check_status(plan: Plan, material: Material, *, now: datetime, policy: Policy) -> Check:
    """Check 6 of a document whose shape is ok."""
    assert plan.document is not None
    given = plan.document.get("credentialStatus")
    if given is None:
        return ok(STATUS_CHECK, "it has no status entry: the issuer cannot take it back")
    entries = given if isinstance(given, list) else [given]
    checks = [_check_entry(entry, plan, material, now=now, policy=policy) for entry in entries]
    if len(checks) == 1:
        return checks[0]
    parts = [replace(check, name=f"status entry {n}") for n, check in enumerate(checks)]
    return combined(STATUS_CHECK, parts, nothing="it has no status entry: the issuer cannot take it back")


def _check_entry(entry: object, plan: Plan, material: Material, *, now: datetime, policy: Policy) -> Check:
    types = types_of(entry) if isinstance(entry, Mapping) else set()
    try:
        if not isinstance(entry, Mapping):
            return failed(STATUS_CHECK, "the status entry is no object", _VERIFICATION)
        if "BitstringStatusListEntry" in types:
            return _listed(parse_entry(entry), read_status, plan, material, now=now, policy=policy)
        if foreign_status.STATUS_LIST_2021 in types:
            parsed = foreign_status.parse_entry_2021(entry)
            return _listed(parsed, foreign_status.read_status_2021, plan, material, now=now, policy=policy)
        if foreign_status.REVOCATION_LIST_1EDTECH in types:
            return _named(entry, plan, material)
    except StatusListError as error:
        return failed(STATUS_CHECK, error.detail, error.problem)
    named = ", ".join(sorted(types))[:60] or "no text"
    return not_checked(STATUS_CHECK, f"the status is of a kind that is not read here ({named})", _RETRIEVAL)


def _listed(entry: Entry, read: Read, plan: Plan, material: Material, *, now: datetime, policy: Policy) -> Check:
    """A bit or a value in a signed list."""
    assert plan.document is not None
    found = material.status_lists.get(entry.list_url, Failure("the status list was not looked at"))
    if isinstance(found, Failure):
        return missing(STATUS_CHECK, replace(found, type=found.type or _RETRIEVAL))
    core = core_checks(found.plan, found.material, now=now, policy=policy)
    bad = [item for item in core if item.verdict is not Verdict.OK]
    if bad:
        detail = "; ".join(f"{item.name}: {item.detail}" for item in bad)
        made = failed if any(item.verdict is Verdict.FAILED for item in bad) else not_checked
        return made(STATUS_CHECK, f"the status list itself does not verify ({detail})", _VERIFICATION)
    document = found.plan.document
    assert document is not None
    wrong = statuslist.wrong_list(entry, document, issuer=issuer_of(plan.document), now=now, policy=policy)
    if wrong is not None:
        return failed(STATUS_CHECK, wrong, _VERIFICATION)
    fresh_until(document, fetched=now)
    return _said(read(entry, document["credentialSubject"]), "the issuer's status list")


def _named(entry: Mapping[str, Any], plan: Plan, material: Material) -> Check:
    """A row in an unsigned list of revoked credentials: its weight is that of the host it came from."""
    assert plan.document is not None
    need = Need(Use.REVOCATION_LIST, foreign_status.revocation_list_url(entry))
    found = material.documents.get(need, Failure("the revocation list was not looked at"))
    if isinstance(found, Failure):
        return missing(STATUS_CHECK, replace(found, type=found.type or _RETRIEVAL))
    try:
        document = strictjson.loads(found)
    except (MalformedInput, TooLarge) as error:
        return failed(STATUS_CHECK, f"the revocation list cannot be read: {error.detail}", _VERIFICATION)
    identifier = str(plan.document.get("id", ""))
    status = foreign_status.read_revocation_list(
        entry, document, credential_id=identifier, issuer=issuer_of(plan.document)
    )
    return _said(status, "the issuer's revocation list")


def _said(status: Status, place: str) -> Check:
    """What a list says, in words. Messages, and news of a newer edition, do not speak against a credential."""
    notes = "".join(f" ({note})" for note in status.notes)
    reason = f": {status.reason}" if status.reason else ""
    if not status.stands:
        outcome = _OUTCOMES[status.purpose]
        return failed(STATUS_CHECK, f"{place} says {outcome.value}{reason}{notes}", outcome=outcome)
    if status.purpose == MESSAGE:
        told = f"“{status.message}”" if status.message else f"the value {status.value}"
        return ok(STATUS_CHECK, f"{place} has a message: {told}{notes}")
    if status.purpose == REFRESH:
        told = "there is no newer edition" if status.valid else "a newer edition is to be had from its issuer"
        return ok(STATUS_CHECK, f"{place} says that {told}{notes}")
    return ok(STATUS_CHECK, f"{place} says not {'revoked' if status.purpose == REVOCATION else 'suspended'}{notes}")
