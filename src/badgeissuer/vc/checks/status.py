"""Check 6: where the credential's status is to be read, and what it says (OB verification step 4; BSL §3.2).

Three kinds are read: Bitstring Status List, and for older badges StatusList2021 and the 1EdTech Revocation List. What
cannot be had or read is never taken for "not revoked".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from badgeissuer.errors import MalformedInput, TooLarge
from badgeissuer.vc import foreign_status, limits, strictjson
from badgeissuer.vc.checks import statuslist
from badgeissuer.vc.checks.core import core_checks
from badgeissuer.vc.checks.kinds import types_of
from badgeissuer.vc.checks.needs import Need, Use
from badgeissuer.vc.checks.plan import Material, Plan, issuer_of
from badgeissuer.vc.checks.plan_proofs import shown_in_part
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
    SUSPENSION,
    Entry,
    Status,
    fresh_until,
    parse_entry,
    read_status,
)

_RETRIEVAL = STATUS + "STATUS_RETRIEVAL_ERROR"
_VERIFICATION = STATUS + "STATUS_VERIFICATION_ERROR"
_OUTCOMES = {REVOCATION: Outcome.REVOKED, SUSPENSION: Outcome.SUSPENDED}
# Of a message or a reason: both are of any length, and a report is not.
_SHOWN = 200

Read = Callable[[Entry, object], Status]


def check_status(plan: Plan, material: Material, *, now: datetime, policy: Policy) -> Check:
    """Check 6 of a document whose shape is ok."""
    assert plan.document is not None
    given = plan.document.get("credentialStatus")
    if given is None and shown_in_part(plan.proofs):
        # Its issuer should have made it mandatory, and ours are; whether this one did cannot be seen.
        return ok(STATUS_CHECK, "it shows no status entry; its holder may have left one out, where its issuer let them")
    if given is None:
        return ok(STATUS_CHECK, "it has no status entry: the issuer cannot take it back")
    if not isinstance(given, list):
        return _check_entry(given, plan, material, now=now, policy=policy)
    looked_at, beyond = given[: limits.STATUS_ENTRIES], len(given) - limits.STATUS_ENTRIES
    checks = [_check_entry(entry, plan, material, now=now, policy=policy) for entry in looked_at]
    parts = [replace(check, name=f"status entry {n}") for n, check in enumerate(checks)]
    if beyond > 0:
        detail = f"{beyond} more than the {limits.STATUS_ENTRIES} that are looked at"
        parts.append(replace(not_checked(STATUS_CHECK, detail), name="further status entries"))
    whole = combined(STATUS_CHECK, parts, nothing="it has no status entry: the issuer cannot take it back")
    # What its issuer says of it weighs more than an entry that cannot be read; revoked is for good.
    said = {part.outcome for part in parts}
    outcome = next((item for item in _OUTCOMES.values() if item in said), None)
    return replace(whole, outcome=outcome)


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
    broken = [item for item in core if item.verdict is Verdict.FAILED]
    bad = broken or [item for item in core if item.verdict is not Verdict.OK]
    if bad:
        detail = "; ".join(f"{item.name}: {item.detail}" for item in bad)
        made = failed if broken else not_checked
        return made(STATUS_CHECK, f"the status list itself does not verify ({detail})", _VERIFICATION)
    document = found.plan.document
    assert document is not None
    wrong = statuslist.wrong_list(entry, document, issuer=issuer_of(plan.document), now=now, policy=policy)
    if wrong is not None:
        return failed(STATUS_CHECK, wrong, _VERIFICATION)
    fresh_until(document, fetched=now)
    return _said(read(entry, document["credentialSubject"]), "the issuer's status list", entry.references)


def _named(entry: Mapping[str, Any], plan: Plan, material: Material) -> Check:
    """A row in an unsigned list of revoked credentials: its weight is that of the host it came from."""
    assert plan.document is not None
    need = Need(Use.REVOCATION_LIST, foreign_status.revocation_list_url(entry))
    found = material.documents.get(need, Failure("the revocation list was not looked at"))
    if isinstance(found, Failure):
        return missing(STATUS_CHECK, replace(found, type=found.type or _RETRIEVAL))
    try:
        document = strictjson.loads(found, max_bytes=limits.FOREIGN_BYTES)
    except MalformedInput as error:
        return failed(STATUS_CHECK, f"the revocation list cannot be read: {error.detail}", _VERIFICATION)
    except TooLarge as error:
        return not_checked(STATUS_CHECK, f"the revocation list was not read: {error.detail}", _RETRIEVAL)
    identifier = str(plan.document.get("id", ""))
    status = foreign_status.read_revocation_list(
        entry, document, credential_id=identifier, issuer=issuer_of(plan.document)
    )
    return _said(status, "the issuer's revocation list")


def _said(status: Status, place: str, references: Sequence[str] = ()) -> Check:
    """What a list says, in words. Messages, and news of a newer edition, do not speak against a credential."""
    notes = "".join(f" ({note})" for note in status.notes)
    message = f"“{status.message[:_SHOWN]}”" if status.message else None
    if not status.stands:
        outcome = _OUTCOMES[status.purpose]
        told = status.reason[:_SHOWN] if status.reason else message
        reason = f": {told}" if told else ""
        return failed(STATUS_CHECK, f"{place} says {outcome.value}{reason}{notes}", outcome=outcome)
    if status.purpose == MESSAGE:
        told = message or f"the value {status.value}"
        see = f"; what it means: {references[0][:_SHOWN]}" if references else ""
        return ok(STATUS_CHECK, f"{place} has a message: {told}{see}{notes}")
    if status.purpose == REFRESH:
        told = "there is no newer edition" if status.valid else "a newer edition is to be had from its issuer"
        return ok(STATUS_CHECK, f"{place} says that {told}{notes}")
    return ok(STATUS_CHECK, f"{place} says not {'revoked' if status.purpose == REVOCATION else 'suspended'}{notes}")
