"""Endorsements: how one stands now, which of them a badge that is made now carries, and what may be done with one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from badgeissuer.errors import Fault, IllegalTransition
from badgeissuer.rules.terms import EndorsedKind, EndorsementState

# What a badge carries besides itself: a few, and together at most half of what a badge may weigh.
MOST_CARRIED: Final = 5
CARRIED_BYTES: Final = 32 * 1024


class EndorsementVerdict(StrEnum):
    """How an endorsement stands now. INVALID: the key that signed it is known to be in other hands."""

    VALID = "valid"
    REVOKED = "revoked"
    EXPIRED = "expired"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class StandingPolicy:
    """Whether badges that are made later carry the endorsement; ``since`` ≤ now < ``until`` where these are given."""

    embed: bool = False
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An endorsement that stands, and that its endorser wants carried."""

    id: UUID
    endorser: UUID
    kind: EndorsedKind
    size: int


def verdict(
    state: EndorsementState, *, valid_until: datetime | None, key_compromised: bool, now: datetime
) -> EndorsementVerdict:
    """How an endorsement stands at ``now``; of several reasons why it does not, the gravest."""
    if key_compromised:
        return EndorsementVerdict.INVALID
    if state is EndorsementState.REVOKED:
        return EndorsementVerdict.REVOKED
    if valid_until is not None and valid_until < now:
        return EndorsementVerdict.EXPIRED
    return EndorsementVerdict.VALID


def revoke(state: EndorsementState) -> EndorsementState:
    """The state after a revocation, which is final. Raises ``IllegalTransition``."""
    if state is EndorsementState.REVOKED:
        raise IllegalTransition("the endorsement is revoked, and that is final")
    return EndorsementState.REVOKED


def policy_faults(
    policy: StandingPolicy, *, kind: EndorsedKind, valid_until: datetime | None, now: datetime
) -> list[Fault]:
    """What stands against the policy, by pointers into ``/standing``."""
    faults = []
    if policy.embed and kind is EndorsedKind.AWARD:
        detail = "an award is signed already, and nothing is ever added to it: the endorsement stands beside it"
        faults.append(Fault("/standing/embed", detail, "signed-already"))
    if not policy.embed and (policy.since is not None or policy.until is not None):
        faults.append(Fault("/standing/embed", "must be true where there is a from or an until", "contradiction"))
    if policy.since is not None and policy.until is not None and policy.until <= policy.since:
        faults.append(Fault("/standing/until", "must lie after from", "date"))
    if policy.until is not None and policy.until <= now:
        faults.append(Fault("/standing/until", "must lie in the future", "date"))
    if policy.since is not None and valid_until is not None and policy.since >= valid_until:
        faults.append(Fault("/standing/from", "must lie before valid_until", "date"))
    return faults


def carried(candidates: Iterable[Candidate]) -> list[UUID]:
    """Which of them, newest first, a badge takes in: of each endorser the newest about each thing, as many as fit."""
    chosen: list[UUID] = []
    seen: set[tuple[UUID, EndorsedKind]] = set()
    room = CARRIED_BYTES
    for candidate in candidates:
        about = (candidate.endorser, candidate.kind)
        if about in seen or candidate.size > room or len(chosen) == MOST_CARRIED:
            continue
        seen.add(about)
        room -= candidate.size
        chosen.append(candidate.id)
    return chosen
