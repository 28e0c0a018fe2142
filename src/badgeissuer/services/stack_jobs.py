"""What stacks have to be looked at again, as jobs: one earner's after a change, everybody's after a publication."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from badgeissuer.store.catalog import Achievement
from badgeissuer.store.insert import padded
from badgeissuer.store.stacks import StackItem, StackVersion
from badgeissuer.work import Work

EVALUATE = "stacks.evaluate"
RETROACTIVE = "stacks.retroactive"


async def member_changed(work: Work, *, achievement_id: UUID, earner_id: UUID) -> None:
    """An award of this achievement was made or changed: have the earner's stacks looked at, where any look at it."""
    await members_changed(work, changes=[(achievement_id, earner_id)])


async def members_changed(work: Work, *, changes: Collection[tuple[UUID, UUID]]) -> None:
    """The same for many: pairs of achievement and earner.

    The achievements' rows are held as an insert of an award holds them anyway. Publishing a stack locks the rows of its
    members against that: so this unit of work either commits before the stack is published, and the retroactive job
    sees the award, or it finds the stack here.
    """
    achievements = padded(achievement_id for achievement_id, _ in changes)
    await work.session.execute(
        select(Achievement.id)
        .where(Achievement.id.in_(achievements))
        .order_by(Achievement.id)
        .with_for_update(read=True, key_share=True)
    )
    query = select(StackItem.achievement_id).where(StackItem.achievement_id.in_(achievements)).distinct()
    looked_at = set(await work.session.scalars(query))
    for achievement_id, earner_id in changes:
        if achievement_id in looked_at:
            work.ask(
                EVALUATE,
                f"{EVALUATE}:{earner_id}:{achievement_id}",
                earner=str(earner_id),
                achievement=str(achievement_id),
            )


def published(work: Work, *, version: StackVersion) -> UUID:
    """A version was published: have everybody who holds a member's award looked at. Returns the job's id."""
    return work.ask(
        RETROACTIVE, f"{RETROACTIVE}:{version.id}", issuer_id=version.issuer_id, stack_version=str(version.id)
    )
