"""Verify a credential from its text, what was fetched for it, and a time. No clock, no network, no database.

First ``plan`` says what is needed, then someone gathers it (``services.verifying``), then ``check`` makes the numbered
checks (REQUIREMENTS of OB verification; DI §4.4; BSL §3.2):

0 parse · 1 shape · 2 terms · 3 proof · 4 key belongs to issuer · 5 dates · 6 status · 7 subject and achievement ·
8 nested and linked documents

Each says ok, failed or not checked, and why. ``verified`` is true only where all are ok: not checked is never valid.
Whether the issuer deserves trust is another question, which the checks do not answer: the reader's own rules (trusted
issuers, a status) are told apart from them.

A credential with a refresh service is looked at in the edition that the service gives, where that one is in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from badgeissuer.vc.checks import content, refresh
from badgeissuer.vc.checks.conclusion import conclude
from badgeissuer.vc.checks.core import core_checks
from badgeissuer.vc.checks.kinds import Kind, generation_of, types_of
from badgeissuer.vc.checks.linked import linked_parts
from badgeissuer.vc.checks.nested import nested_parts
from badgeissuer.vc.checks.plan import (
    Material,
    Need,
    Plan,
    RefreshedMaterial,
    Role,
    StatusListMaterial,
    Use,
    issuer_of,
    plan,
    plan_renewed,
    plan_status_list,
)
from badgeissuer.vc.checks.plan_proofs import CanonJob
from badgeissuer.vc.checks.recipient import with_recipient
from badgeissuer.vc.checks.refresh import Edition
from badgeissuer.vc.checks.related import related_parts
from badgeissuer.vc.checks.report import (
    KEY,
    NESTED,
    STATUS_CHECK,
    Check,
    Facts,
    Failure,
    NestedReport,
    Outcome,
    Policy,
    PolicyCheck,
    Report,
    Verdict,
    combined,
    not_checked,
)
from badgeissuer.vc.checks.status import check_status
from badgeissuer.vc.checks.trust import policy_checks

__all__ = [
    "CanonJob",
    "Check",
    "Facts",
    "Failure",
    "Kind",
    "Material",
    "Need",
    "NestedReport",
    "Outcome",
    "Plan",
    "Policy",
    "PolicyCheck",
    "RefreshedMaterial",
    "Report",
    "Role",
    "StatusListMaterial",
    "Use",
    "Verdict",
    "check",
    "core_checks",
    "plan",
    "plan_renewed",
    "plan_status_list",
    "with_known_state",
]


def check(plan: Plan, material: Material, *, now: datetime, policy: Policy | None = None) -> Report:
    """The report on the plan's document. Raises nothing for a bad document: the report says what is bad."""
    asked = policy or Policy()
    # Domain and challenge are about showing this document; its status list and endorsements are made for anybody.
    policy = asked.for_others()
    given = core_checks(plan, material, now=now, policy=asked)
    edition = refresh.edition(plan, material, given, now=now, policy=policy)
    plan, material, core, document = edition.plan, edition.material, edition.core, edition.plan.document
    own_rules = tuple(policy_checks(document, asked))
    if document is None or plan.kind is None or core[1].verdict is not Verdict.OK:
        reason = "not looked at, since the document cannot be read as a badge or a record"
        rest = [not_checked(number, reason) for number in range(KEY + 1, NESTED + 1)]
        return conclude((*core, *rest), _facts(document), policy=own_rules)
    reports = tuple(
        NestedReport(pointer, check(nested, material.nested[pointer], now=now, policy=policy), nested.role)
        for pointer, nested in plan.nested.items()
        if pointer in material.nested
    )
    checks = (
        *core,
        content.check_dates(document, now=now, policy=policy, proofs=plan.proofs),
        check_status(plan, material, now=now, policy=policy),
        with_recipient(content.check_consistency(document, plan.kind), document, asked),
        _check_nested(edition, reports),
    )
    return conclude(checks, _facts(document), reports, refreshed=edition.refreshed, policy=own_rules)


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
    return conclude(checks, report.facts, report.nested, refreshed=report.refreshed, policy=report.policy)


def _check_nested(edition: Edition, reports: tuple[NestedReport, ...]) -> Check:
    refreshing = [edition.part] if edition.part else []
    parts = [
        *nested_parts(edition.plan, reports),
        *refreshing,
        *linked_parts(edition.plan, edition.material),
        *related_parts(edition.plan, edition.material),
    ]
    return combined(NESTED, parts, nothing="it holds and links no further documents that need checking")


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
        valid_from=_text(document.get(generation_of(document).starts)),
        valid_until=_text(document.get(generation_of(document).ends)),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
