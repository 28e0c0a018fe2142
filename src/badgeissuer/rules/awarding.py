"""May a decision become an award, until when, beside which earlier one; and the states of an award afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from badgeissuer.errors import Fault, IllegalTransition, Rejected
from badgeissuer.rules.terms import (
    AssessmentMode,
    AwardState,
    DecisionSource,
    DecisionState,
    DuplicatePolicy,
    Outcome,
    StatusPurpose,
    VersionState,
)

# Clocks of honest platforms differ a little.
CLOCK_SKEW = timedelta(seconds=60)

Action = Literal["revoke", "suspend", "reinstate", "supersede"]
Second = Literal["issue", "deny", "replace"]

_NEXT: dict[tuple[AwardState, Action], AwardState] = {
    (AwardState.ACTIVE, "suspend"): AwardState.SUSPENDED,
    (AwardState.ACTIVE, "revoke"): AwardState.REVOKED,
    (AwardState.ACTIVE, "supersede"): AwardState.SUPERSEDED,
    (AwardState.SUSPENDED, "reinstate"): AwardState.ACTIVE,
    (AwardState.SUSPENDED, "revoke"): AwardState.REVOKED,
}
_SECOND: dict[DuplicatePolicy, Second] = {
    DuplicatePolicy.DENY: "deny",
    DuplicatePolicy.ALLOW: "issue",
    DuplicatePolicy.REPLACE: "replace",
}
_WHY_NOT = {
    AwardState.ACTIVE: "the award is active: there is nothing to reinstate",
    AwardState.SUSPENDED: "the award is suspended: reinstate or revoke it first",
    AwardState.REVOKED: "the award is revoked, and that is final",
    AwardState.SUPERSEDED: "the award is superseded by a newer one, and that is final",
}


class NotAwardable(Rejected):
    """The decision cannot become an award; the faults say everything that stands against it."""

    code = "not-awardable"


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """What counts about a decision. ``persons`` is how many named people judged; ``mode`` is what the policy asks."""

    state: DecisionState
    outcome: Outcome | None
    source: DecisionSource
    mode: AssessmentMode
    persons: int
    decided_at: datetime | None
    version_state: VersionState


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what terms the award is made. No ``valid_until``: it does not lapse."""

    valid_until: datetime | None


def terms(
    decision: DecisionFacts, *, now: datetime, valid_for_days: int | None, valid_until: datetime | None = None
) -> Terms:
    """The terms of the award that the decision carries.

    It is valid for the version's number of days from ``now``, as the credential is, or until the date that the decision
    chose, which may only be sooner. Raises ``NotAwardable`` with every reason: not decided or not awarded, a version
    that is not published, a policy that was not met, nobody named, a date without zone or on the wrong side of now.
    """
    faults = [*_judgement_faults(decision), *_date_faults(decision.decided_at, now)]
    if decision.version_state is not VersionState.PUBLISHED:
        words = f"the achievement version is {decision.version_state.value}; only a published one is awarded"
        faults.append(Fault("", words, "not-published"))
    limit = now + timedelta(days=valid_for_days) if valid_for_days is not None else None
    if valid_until is not None:
        if valid_until.utcoffset() is None:
            faults.append(Fault("/valid_until", "a date needs its zone", "no-zone"))
        elif valid_until <= now:
            faults.append(Fault("/valid_until", "lies not in the future: the award would have lapsed", "past"))
        elif limit is not None and valid_until > limit:
            words = f"later than the {valid_for_days} days for which the achievement is valid"
            faults.append(Fault("/valid_until", words, "too-late"))
    if faults:
        raise NotAwardable("the decision cannot become an award", faults=faults)
    return Terms(valid_until=valid_until or limit)


def duplicate(policy: DuplicatePolicy, existing_active: bool) -> Second:
    """What to do with a second award to an earner who may hold one already: make it, refuse it, or make it instead."""
    return _SECOND[policy] if existing_active else "issue"


def status_transition(state: AwardState, action: Action) -> AwardState:
    """The state after the action. Raises ``IllegalTransition``: revoked and superseded awards never change again.

    A suspended award cannot be superseded: a newer award must not end an open case.
    """
    try:
        return _NEXT[state, action]
    except KeyError:
        raise IllegalTransition(_WHY_NOT[state]) from None


def status_bit(purpose: StatusPurpose, state: AwardState) -> bool:
    """Whether the award's bit is set in its status list.

    A list has one purpose (OB allows one entry). Under suspension a final end sets the suspension bit for good; under
    revocation a suspension sets nothing, because a set revocation bit must never be cleared.
    """
    ended = state in (AwardState.REVOKED, AwardState.SUPERSEDED)
    return ended or (purpose is StatusPurpose.SUSPENSION and state is AwardState.SUSPENDED)


def visible_to_third_parties(purpose: StatusPurpose, state: AwardState) -> bool:
    """Whether someone who reads only the status list can tell whether the award stands."""
    return status_bit(purpose, state) is (state is not AwardState.ACTIVE)


def _judgement_faults(decision: DecisionFacts) -> list[Fault]:
    faults = []
    if decision.state is not DecisionState.DECIDED:
        faults.append(Fault("", "it is not decided yet", "not-decided"))
    elif decision.outcome is not Outcome.AWARDED:
        faults.append(Fault("/outcome", "the outcome is not an award", "not-awarded"))
    if decision.persons < 1:
        faults.append(Fault("", "no person is named who decided it", "no-assessor"))
    elif (
        decision.mode is AssessmentMode.TWO
        # A stack's rule judges nothing itself: the awards that it counts were each decided under their own policy.
        and decision.source is not DecisionSource.STACK
        and (decision.source is not DecisionSource.ASSESSMENTS or decision.persons < 2)
    ):
        words = "the achievement's policy asks for the assessments of two assessors"
        faults.append(Fault("", words, "policy-not-met"))
    return faults


def _date_faults(decided_at: datetime | None, now: datetime) -> list[Fault]:
    if decided_at is None:
        return [Fault("/decided_at", "it has no date", "not-decided")]
    if decided_at.utcoffset() is None:
        return [Fault("/decided_at", "a date needs its zone", "no-zone")]
    if decided_at > now + CLOCK_SKEW:
        return [Fault("/decided_at", "lies in the future", "future")]
    return []
