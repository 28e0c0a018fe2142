"""Checks 0 to 4 together: is this what it says, and did the issuer say it? For badges, records and status lists."""

from __future__ import annotations

from datetime import datetime

from badgeissuer.vc.checks import content, proving, tokens
from badgeissuer.vc.checks.plan import Material, Plan, issuer_of
from badgeissuer.vc.checks.report import KEY, Check, Policy, not_checked
from badgeissuer.vc.contexts import Edition


def core_checks(plan: Plan, material: Material, *, now: datetime, policy: Policy | None = None) -> tuple[Check, ...]:
    """Checks 0 to 4. The rest need not be gathered where one of them is not ok."""
    policy = policy or Policy()
    if plan.document is None or plan.shape is None:
        unread = [
            not_checked(number, "not looked at, since the document cannot be read") for number in range(1, KEY + 1)
        ]
        return (plan.parsed, *unread)
    if plan.token is None:
        proof, key, edition = proving.check_proofs(plan, material, now=now, policy=policy)
    else:
        proof, key = tokens.check_token(
            plan.token, issuer_of(plan.document), material.controllers, now=now, policy=policy
        )
        edition = Edition.CURRENT  # a JWT's signature covers every byte
    return (
        plan.parsed,
        plan.shape,
        content.check_terms(plan, material, edition),
        proof,
        key,
    )
