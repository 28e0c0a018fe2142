"""Carry out requests to issue, many in one unit of work, each with its own answer. A repeat gets the first one.

The answers are kept in the transaction of the awards, so a process that is killed leaves either both or neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from badgeissuer.errors import BadgeissuerError, Fault, NotFound
from badgeissuer.services import answering, deciding
from badgeissuer.services.answering import Claim, Given, Kept, client_claim, reference_claim
from badgeissuer.services.decision_rows import Asking, Recorded
from badgeissuer.store.access import Answer
from badgeissuer.store.catalog import Achievement
from badgeissuer.store.insert import padded
from badgeissuer.store.scope import visible_to
from badgeissuer.work import Work


@dataclass(frozen=True, slots=True)
class Order:
    """A request to issue: what is asked for, and how its answer is written.

    ``key`` is the caller's Idempotency-Key; the asking's own external reference makes repeats safe as well. ``request``
    is the fingerprint of the request (``answering.fingerprint``).
    """

    asking: Asking
    request: bytes
    key: str | None
    write: Callable[[Recorded], Kept]


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer, and whether it was given before."""

    kept: Kept
    repeated: bool


async def carry_out(work: Work, orders: Sequence[Order]) -> list[Answered | BadgeissuerError]:
    """In the place of each order its answer or its own error. Raises as ``deciding.record_decisions``."""
    claims = await _claims(work, orders)
    given = await answering.find_all(work, [claim for own in claims if isinstance(own, tuple) for claim in own])
    outcomes: list[Answered | BadgeissuerError | None] = []
    for order, own in zip(orders, claims, strict=True):
        outcomes.append(own if isinstance(own, BadgeissuerError) else _repeated(order, own, given))
    new = [number for number, outcome in enumerate(outcomes) if outcome is None]
    recorded = await deciding.record_decisions(work, [orders[number].asking for number in new])
    keep = []
    for number, found in zip(new, recorded, strict=True):
        if isinstance(found, BadgeissuerError):
            outcomes[number] = found
            continue
        kept = orders[number].write(found)
        outcomes[number] = Answered(kept, repeated=False)
        own = claims[number]
        assert isinstance(own, tuple)
        keep.append(Given(own, orders[number].request, kept))
    if keep:
        await answering.keep_all(work, keep)
    return [outcome for outcome in outcomes if outcome is not None]


async def earlier(work: Work, order: Order) -> Kept | None:
    """The answer that was given to the order, perhaps by another process since it was looked for. Raises as it would
    have then."""
    [own] = await _claims(work, [order])
    if isinstance(own, BadgeissuerError):
        raise own
    return await answering.find(work, own, request=order.request)


def _repeated(
    order: Order, claims: tuple[Claim, ...], given: dict[Claim, Answer]
) -> Answered | BadgeissuerError | None:
    try:
        kept = answering.match(given, claims, request=order.request)
    except BadgeissuerError as error:
        return error
    return None if kept is None else Answered(kept, repeated=True)


async def _claims(work: Work, orders: Sequence[Order]) -> list[tuple[Claim, ...] | BadgeissuerError]:
    """The marks of each. A reference belongs to the achievement's issuer, so it has to be known."""
    named = {order.asking.achievement_id for order in orders if order.asking.external_reference is not None}
    issuers: dict[UUID, UUID] = {}
    if named:
        query = select(Achievement.id, Achievement.issuer_id).where(
            Achievement.id.in_(padded(named)), visible_to(work.actor, Achievement)
        )
        issuers = {row[0]: row[1] for row in await work.session.execute(query)}
    return [_claims_of(work, order, issuers) for order in orders]


def _claims_of(work: Work, order: Order, issuers: dict[UUID, UUID]) -> tuple[Claim, ...] | BadgeissuerError:
    claims = [] if order.key is None else [client_claim(work.actor, order.key)]
    if order.asking.external_reference is not None:
        issuer_id = issuers.get(order.asking.achievement_id)
        if issuer_id is None:
            words = "no achievement that you may use has this id"
            return NotFound("no such achievement", faults=[Fault("/achievement", words)])
        claims.append(reference_claim(issuer_id, order.asking.external_reference))
    return tuple(claims)
