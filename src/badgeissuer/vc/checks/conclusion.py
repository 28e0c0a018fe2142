"""From nine checks to one outcome, and to what a person should do."""

from __future__ import annotations

from badgeissuer.vc.checks import advice
from badgeissuer.vc.checks.report import KEY, Check, Facts, NestedReport, Outcome, PolicyCheck, Report, Verdict


def conclude(
    checks: tuple[Check, ...],
    facts: Facts,
    nested: tuple[NestedReport, ...] = (),
    *,
    refreshed: bool = False,
    policy: tuple[PolicyCheck, ...] = (),
) -> Report:
    """The report. What the issuer said about status and time counts only where it is proved that the issuer said it.

    Every check that is not ok has a remedy. ``policy`` changes neither checks nor outcome.
    """
    outcome = outcome_of(checks)
    checks = advice.with_remedies(checks)
    told = advice.sentence(outcome, checks, facts, policy)
    return Report(outcome is Outcome.VALID, outcome, checks, facts, nested, refreshed, policy, told)


def outcome_of(checks: tuple[Check, ...]) -> Outcome:
    """The worst that the checks stand for, in one word."""
    verdicts = {check.verdict for check in checks}
    if verdicts == {Verdict.OK}:
        return Outcome.VALID
    if all(check.verdict is Verdict.OK for check in checks[: KEY + 1]):
        said = {check.outcome for check in checks}
        for outcome in (Outcome.REVOKED, Outcome.SUSPENDED, Outcome.EXPIRED, Outcome.NOT_YET_VALID):
            if outcome in said:
                return outcome
    return Outcome.INVALID if Verdict.FAILED in verdicts else Outcome.NOT_CHECKED
