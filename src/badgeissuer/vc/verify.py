"""Verify a credential from its text, what was fetched for it, and a time. No clock, no network, no database.

First ``plan`` says what is needed, then someone gathers it (``services.verifying``), then ``check`` makes the numbered
checks (REQUIREMENTS of OB verification; DI §4.4; BSL §3.2):

0 parse · 1 shape · 2 terms · 3 proof · 4 key belongs to issuer · 5 dates · 6 status · 7 subject and achievement ·
8 nested and linked documents

Each says ok, failed or not checked, and why. ``verified`` is true only where all are ok: not checked is never valid.
Whether the issuer deserves trust is another question, which this does not answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from badgeissuer.vc.checks import content, proving, statuslist, tokens
from badgeissuer.vc.checks.plan import (
    Material,
    Plan,
    StatusListMaterial,
    issuer_of,
    plan,
    plan_status_list,
)
from badgeissuer.vc.checks.plan_proofs import CanonJob
from badgeissuer.vc.checks.report import (
    KEY,
    NESTED,
    STATUS,
    STATUS_CHECK,
    Check,
    Facts,
    Failure,
    Outcome,
    Policy,
    Report,
    Verdict,
    combined,
    conclude,
    failed,
    not_checked,
    ok,
)
from badgeissuer.vc.checks.shape import Kind, types_of

__all__ = [
    "CanonJob",
    "Check",
    "Facts",
    "Failure",
    "Kind",
    "Material",
    "Outcome",
    "Plan",
    "Policy",
    "Report",
    "StatusListMaterial",
    "Verdict",
    "check",
    "core_checks",
    "plan",
    "plan_status_list",
    "with_known_state",
]


def check(plan: Plan, material: Material, *, now: datetime, policy: Policy | None = None) -> Report:
    """The report on the plan's document. Raises nothing for a bad document: the report says what is bad."""
    policy = policy or Policy()
    core = core_checks(plan, material, now=now, policy=policy)
    # Domain and challenge are about showing this document; its status list and endorsements are made for anybody.
    policy = replace(policy, domain=None, challenge=None)
    document = plan.document
    if document is None or plan.kind is None or core[1].verdict is not Verdict.OK:
        reason = "not looked at, since the document cannot be read as a badge"
        rest = [not_checked(number, reason) for number in range(KEY + 1, NESTED + 1)]
        return conclude((*core, *rest), _facts(document))
    checks = (
        *core,
        content.check_dates(document, now=now, policy=policy),
        _check_status(plan, material, now=now, policy=policy),
        content.check_consistency(document, plan.kind),
        _check_nested(plan, material, now=now, policy=policy),
    )
    return conclude(checks, _facts(document))


def core_checks(plan: Plan, material: Material, *, now: datetime, policy: Policy | None = None) -> tuple[Check, ...]:
    """Checks 0 to 4: is this what it says, and did the issuer say it? The rest need not be gathered where not."""
    policy = policy or Policy()
    if plan.document is None or plan.shape is None:
        unread = [
            not_checked(number, "not looked at, since the document cannot be read") for number in range(1, KEY + 1)
        ]
        return (plan.parsed, *unread)
    if plan.token is None:
        proof, key = proving.check_proofs(plan, material, now=now, policy=policy)
    else:
        proof, key = tokens.check_token(plan.token, issuer_of(plan.document), material.controllers, now=now)
    return (
        plan.parsed,
        plan.shape,
        content.check_terms(plan, material),
        proof,
        key,
    )


def with_known_state(report: Report, outcome: Outcome | None, detail: str) -> Report:
    """The report with what the issuer's own records say of the award, as a part of check 6.

    ``outcome`` is what a suspended or revoked award makes of it, None where the records say it stands. It is told only
    of a credential that is proved to be the issuer's.
    """
    if any(item.verdict is not Verdict.OK for item in report.checks[: KEY + 1]):
        return report
    known = Check(
        STATUS_CHECK, "our own records", Verdict.OK if outcome is None else Verdict.FAILED, detail, outcome=outcome
    )
    published = replace(report.checks[STATUS_CHECK], name="status list", parts=())
    status = combined(STATUS_CHECK, [published, known], nothing="")
    if published.outcome is Outcome.REVOKED or outcome is Outcome.REVOKED:
        status = replace(status, outcome=Outcome.REVOKED)
    checks = (*report.checks[:STATUS_CHECK], status, *report.checks[STATUS_CHECK + 1 :])
    return conclude(checks, report.facts)


def _check_status(plan: Plan, material: Material, *, now: datetime, policy: Policy) -> Check:
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


def _check_nested(plan: Plan, material: Material, *, now: datetime, policy: Policy) -> Check:
    assert plan.document is not None
    parts = [
        *_endorsement_parts(plan, material, now=now, policy=policy),
        *content.linked_parts(plan.document),
    ]
    return combined(NESTED, parts, nothing="it holds and links no further documents that need checking")


def _endorsement_parts(plan: Plan, material: Material, *, now: datetime, policy: Policy) -> Iterator[Check]:
    """Embedded endorsements, by the same steps (OB verification step 6)."""
    for pointer, nested in plan.nested.items():
        name = f"endorsement at {pointer}"
        if pointer not in material.nested:
            yield Check(NESTED, name, Verdict.NOT_CHECKED, "not looked at")
            continue
        report = check(nested, material.nested[pointer], now=now, policy=policy)
        if nested.kind is not Kind.ENDORSEMENT:
            yield Check(NESTED, name, Verdict.FAILED, "is not an EndorsementCredential", parts=report.checks)
        elif report.verified:
            yield Check(NESTED, name, Verdict.OK, "verified", parts=report.checks)
        else:
            bad = [item for item in report.checks if item.verdict is not Verdict.OK]
            verdict = Verdict.FAILED if any(item.verdict is Verdict.FAILED for item in bad) else Verdict.NOT_CHECKED
            worst = [item for item in bad if item.verdict is verdict]
            told = "; ".join(f"{item.name}: {item.detail}" for item in worst)
            detail = f"{report.outcome.value} ({told})"
            yield Check(NESTED, name, verdict, detail, worst[0].type, worst[0].remedy, report.checks)
    if plan.beyond:
        yield Check(NESTED, "endorsements", Verdict.NOT_CHECKED, f"{plan.beyond} more than are looked at")


def _facts(document: Mapping[str, Any] | None) -> Facts:
    if document is None:
        return Facts()
    issuer, subject = document.get("issuer"), document.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, Mapping) else None
    return Facts(
        id=_text(document.get("id")),
        types=tuple(sorted(types_of(document))),
        issuer=issuer_of(document),
        issuer_name=_text(issuer.get("name")) if isinstance(issuer, Mapping) else None,
        name=_text(document.get("name")),
        achievement=_text(achievement.get("name")) if isinstance(achievement, Mapping) else None,
        achievement_id=_text(achievement.get("id")) if isinstance(achievement, Mapping) else None,
        valid_from=_text(document.get("validFrom")),
        valid_until=_text(document.get("validUntil")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
