"""Which key of an issuer signs at a time, and what time does to the states of its keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from badgeissuer.errors import Unavailable
from badgeissuer.rules.terms import KeyAlgorithm, KeyState


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """The public half of an issuer's key and its life. ``signer_uri`` says where the private half is."""

    id: UUID
    did: str
    algorithm: KeyAlgorithm
    signer_uri: str
    public_multibase: str
    state: KeyState
    activates_at: datetime
    retired_at: datetime | None = None
    compromised_at: datetime | None = None


def signing_key(keys: Sequence[KeyFacts], algorithm: KeyAlgorithm, *, now: datetime) -> KeyFacts:
    """The newest key of the algorithm whose time has come and that is neither retired nor compromised.

    ``keys`` are one issuer's. A next key signs from its ``activates_at`` on, whether or not its row says active yet.
    Raises ``Unavailable`` where there is none.
    """
    ready = [key for key in keys if key.algorithm is algorithm and _signs(key, now)]
    if not ready:
        raise Unavailable(f"the issuer has no {algorithm.value} key that may sign now")
    return max(ready, key=_age)


def settled(keys: Sequence[KeyFacts], now: datetime) -> list[tuple[UUID, KeyState]]:
    """The state changes that time brought, in the order of ``keys``. Applied, a second call finds nothing to change.

    A next key whose hour has come is active, and those of the same issuer and algorithm before it are retired.
    """
    newest: dict[tuple[str, KeyAlgorithm], KeyFacts] = {}
    for key in sorted(keys, key=_age):
        if _signs(key, now):
            newest[key.did, key.algorithm] = key
    changes = []
    for key in keys:
        if _signs(key, now):
            state = KeyState.ACTIVE if newest[key.did, key.algorithm].id == key.id else KeyState.RETIRED
            if state is not key.state:
                changes.append((key.id, state))
    return changes


def _signs(key: KeyFacts, now: datetime) -> bool:
    return (
        key.state in (KeyState.NEXT, KeyState.ACTIVE)
        and key.activates_at <= now
        and (key.retired_at is None or key.retired_at > now)
        and key.compromised_at is None
    )


def _age(key: KeyFacts) -> tuple[datetime, UUID]:
    return key.activates_at, key.id
