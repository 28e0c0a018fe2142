"""Check 6: where the credential's status is to be read, and what it says (OB verification step 4; BSL §3.2)."""

from __future__ import annotations

from datetime import datetime

from badgeissuer.vc.checks import statuslist
from badgeissuer.vc.checks.core import core_checks
from badgeissuer.vc.checks.plan import Material, Plan, issuer_of
from badgeissuer.vc.checks.report import (
    STATUS,
    STATUS_CHECK,
    Check,
    Failure,
    Policy,
    Verdict,
    failed,
    not_checked,
    ok,
)


def check_status(plan: Plan, material: Material, *, now: datetime, policy: Policy) -> Check:
    """Check 6 of a document whose shape is ok."""
    assert plan.document is not None
    entry = plan.document.get("credentialStatus")
    if entry is None:
        return ok(STATUS_CHECK, "it has no status entry: the issuer cannot take it back")
    wrong = statuslist.check_entry(entry)
    if wrong is not None:
        return wrong
    retrieval = STATUS + "STATUS_RETRIEVAL_ERROR"
    found = material.status_lists.get(
        str(entry["statusListCredential"]), Failure("the status list was not looked at", retrieval)
    )
    if isinstance(found, Failure):
        made = failed if found.definite else not_checked
        return made(STATUS_CHECK, found.detail, found.type or retrieval, remedy=found.remedy)
    core = core_checks(found.plan, found.material, now=now, policy=policy)
    bad = [item for item in core if item.verdict is not Verdict.OK]
    if bad:
        detail = "; ".join(f"{item.name}: {item.detail}" for item in bad)
        made = failed if any(item.verdict is Verdict.FAILED for item in bad) else not_checked
        return made(
            STATUS_CHECK, f"the status list itself does not verify ({detail})", STATUS + "STATUS_VERIFICATION_ERROR"
        )
    assert found.plan.document is not None
    return statuslist.read_bit(entry, found.plan.document, issuer=issuer_of(plan.document), now=now, policy=policy)
