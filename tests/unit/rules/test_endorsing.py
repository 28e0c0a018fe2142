"""How an endorsement stands, what may be done with it, and which of them a badge carries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from badgeissuer.errors import IllegalTransition
from badgeissuer.rules import endorsing
from badgeissuer.rules.endorsing import CARRIED_BYTES, MOST_CARRIED, Candidate, EndorsementVerdict, StandingPolicy
from badgeissuer.rules.terms import EndorsedKind, EndorsementState

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("state", "valid_until", "compromised", "expected"),
    [
        (EndorsementState.ACTIVE, None, False, EndorsementVerdict.VALID),
        (EndorsementState.ACTIVE, NOW + HOUR, False, EndorsementVerdict.VALID),
        (EndorsementState.ACTIVE, NOW, False, EndorsementVerdict.VALID),
        (EndorsementState.ACTIVE, NOW - HOUR, False, EndorsementVerdict.EXPIRED),
        (EndorsementState.REVOKED, NOW - HOUR, False, EndorsementVerdict.REVOKED),
        (EndorsementState.REVOKED, None, True, EndorsementVerdict.INVALID),
        (EndorsementState.ACTIVE, None, True, EndorsementVerdict.INVALID),
    ],
)
def test_how_it_stands(
    state: EndorsementState, valid_until: datetime | None, compromised: bool, expected: EndorsementVerdict
) -> None:
    assert endorsing.verdict(state, valid_until=valid_until, key_compromised=compromised, now=NOW) is expected


def test_a_revocation_is_final() -> None:
    assert endorsing.revoke(EndorsementState.ACTIVE) is EndorsementState.REVOKED
    with pytest.raises(IllegalTransition):
        endorsing.revoke(EndorsementState.REVOKED)


@pytest.mark.parametrize(
    ("policy", "kind", "valid_until", "pointers"),
    [
        (StandingPolicy(), EndorsedKind.AWARD, None, []),
        (StandingPolicy(embed=True), EndorsedKind.ISSUER, None, []),
        (StandingPolicy(embed=True), EndorsedKind.AWARD, None, ["/standing/embed"]),
        (StandingPolicy(since=NOW), EndorsedKind.ISSUER, None, ["/standing/embed"]),
        (StandingPolicy(until=NOW + HOUR), EndorsedKind.ISSUER, None, ["/standing/embed"]),
        (StandingPolicy(True, NOW + HOUR, NOW + 2 * HOUR), EndorsedKind.ACHIEVEMENT, NOW + 2 * HOUR, []),
        (StandingPolicy(True, NOW + HOUR, NOW + HOUR), EndorsedKind.ACHIEVEMENT, None, ["/standing/until"]),
        (StandingPolicy(True, None, NOW), EndorsedKind.ACHIEVEMENT, None, ["/standing/until"]),
        (StandingPolicy(True, NOW - HOUR), EndorsedKind.ACHIEVEMENT, None, []),
        (StandingPolicy(True, NOW + HOUR), EndorsedKind.ACHIEVEMENT, NOW + HOUR, ["/standing/from"]),
        (
            StandingPolicy(True, NOW - HOUR, NOW - HOUR),
            EndorsedKind.AWARD,
            NOW - HOUR,
            ["/standing/embed", "/standing/until", "/standing/until", "/standing/from"],
        ),
    ],
)
def test_what_a_policy_may_not_say(
    policy: StandingPolicy, kind: EndorsedKind, valid_until: datetime | None, pointers: list[str]
) -> None:
    found = endorsing.policy_faults(policy, kind=kind, valid_until=valid_until, now=NOW)
    assert [fault.pointer for fault in found] == pointers


def _candidate(n: int, *, endorser: int = 1, kind: EndorsedKind = EndorsedKind.ISSUER, size: int = 1_000) -> Candidate:
    return Candidate(UUID(int=n), UUID(int=endorser), kind, size)


def test_of_each_endorser_the_newest_about_each_thing_is_carried() -> None:
    given = [
        _candidate(1),
        _candidate(2),
        _candidate(3, kind=EndorsedKind.ACHIEVEMENT),
        _candidate(4, endorser=2),
        _candidate(5, endorser=2),
    ]
    assert endorsing.carried(given) == [UUID(int=n) for n in (1, 3, 4)]
    assert endorsing.carried([]) == []


def test_as_many_as_fit_are_carried() -> None:
    many = [_candidate(n, endorser=n) for n in range(1, MOST_CARRIED + 3)]
    assert endorsing.carried(many) == [UUID(int=n) for n in range(1, MOST_CARRIED + 1)]
    # One that is too large leaves its room to the next, also to an older one of its own endorser.
    sizes = [CARRIED_BYTES + 1, CARRIED_BYTES - 1_000, 1_001, 1_000]
    given = [_candidate(n, endorser=(1 if n < 3 else n), size=size) for n, size in enumerate(sizes, 1)]
    assert endorsing.carried(given) == [UUID(int=2), UUID(int=4)]
