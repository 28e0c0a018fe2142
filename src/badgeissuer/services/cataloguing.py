"""The catalogue's entries follow the records: who publishes, retires or renames calls here, in the same transaction.

Called by the verbs and not by triggers of the database: what an entry is found by is folded in code that both databases
share, and a verb that forgets is found by a test, while a trigger that differs is found by a user.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import delete, select

from badgeissuer.rules.terms import VersionState
from badgeissuer.store.catalog import AchievementVersion, Issuer
from badgeissuer.store.catalogue import CatalogueEntry, CatalogueFramework, EntryKind, write_words
from badgeissuer.store.catalogue_facts import EntryFacts, achievement_facts, issuer_facts, stack_facts
from badgeissuer.store.catalogue_words import sort_key
from badgeissuer.store.stacks import StackVersion
from badgeissuer.work import Work

V = TypeVar("V", AchievementVersion, StackVersion)


async def list_issuer(work: Work, *, issuer: Issuer) -> None:
    """Enter a new issuer."""
    await _write(
        work,
        issuer_facts(issuer.profile),
        id_=issuer.id,
        kind=EntryKind.ISSUER,
        issuer_id=issuer.id,
        version_id=None,
        state=VersionState.PUBLISHED,
        published_at=issuer.created_at,
    )


async def relist_issuer(work: Work, *, issuer: Issuer) -> None:
    """Enter a changed issuer, and again what it published: that is found by the issuer's name too.

    The caller holds the issuer's row, for which every publication waits: none slips in with the old name.
    """
    entered = await work.session.scalar(select(CatalogueEntry.name).where(CatalogueEntry.id == issuer.id))
    await list_issuer(work, issuer=issuer)
    if entered == issuer.name:
        return
    listed = select(CatalogueEntry.id, CatalogueEntry.kind).where(
        CatalogueEntry.issuer_id == issuer.id, CatalogueEntry.kind != EntryKind.ISSUER
    )
    for thing, kind in (await work.session.execute(listed.order_by(CatalogueEntry.place))).all():
        if kind is EntryKind.ACHIEVEMENT:
            await list_achievement(work, achievement_id=thing)
        else:
            await list_stack(work, stack_id=thing)


async def list_achievement(work: Work, *, achievement_id: UUID) -> None:
    """Enter an achievement as its versions stand: the newest published one, else the newest that was."""
    query = select(AchievementVersion).where(
        AchievementVersion.achievement_id == achievement_id, AchievementVersion.state != VersionState.DRAFT
    )
    shown = _shown((await work.session.scalars(query.order_by(AchievementVersion.number))).all())
    if shown is not None:
        issuer = await _issuer_name(work, shown.issuer_id)
        facts = achievement_facts(shown.document, shown.parts, issuer=issuer)
        await _write_version(work, facts, shown, thing=achievement_id, kind=EntryKind.ACHIEVEMENT)


async def list_stack(work: Work, *, stack_id: UUID) -> None:
    """Enter a stack as its versions stand."""
    query = select(StackVersion).where(StackVersion.stack_id == stack_id, StackVersion.state != VersionState.DRAFT)
    shown = _shown((await work.session.scalars(query.order_by(StackVersion.number))).all())
    if shown is not None:
        facts = stack_facts(shown.document, issuer=await _issuer_name(work, shown.issuer_id))
        await _write_version(work, facts, shown, thing=stack_id, kind=EntryKind.STACK)


async def rebuild(work: Work) -> int:
    """Make every entry anew from the records; returns how many there are. May be run at any time, and again."""
    await work.begin_write()
    count = 0
    held = select(Issuer).order_by(Issuer.id).with_for_update(key_share=True)  # publications wait meanwhile
    for issuer in (await work.session.scalars(held)).all():
        await list_issuer(work, issuer=issuer)
        count += 1
    for of in (AchievementVersion.achievement_id, StackVersion.stack_id):
        row = of.class_
        things = select(of).where(row.state != VersionState.DRAFT).group_by(of).order_by(of)
        for thing in (await work.session.scalars(things)).all():
            if row is AchievementVersion:
                await list_achievement(work, achievement_id=thing)
            else:
                await list_stack(work, stack_id=thing)
            count += 1
    return count


def _shown(versions: Sequence[V]) -> V | None:
    published = [version for version in versions if version.state is VersionState.PUBLISHED]
    if published:
        return published[-1]
    return versions[-1] if versions else None


async def _issuer_name(work: Work, issuer_id: UUID) -> str:
    """The issuer's name, held until this commits: see ``relist_issuer``."""
    query = select(Issuer.name).where(Issuer.id == issuer_id).with_for_update(read=True)
    return (await work.session.scalars(query)).one()


async def _write_version(
    work: Work, facts: EntryFacts, version: AchievementVersion | StackVersion, *, thing: UUID, kind: EntryKind
) -> None:
    await _write(
        work,
        facts,
        id_=thing,
        kind=kind,
        issuer_id=version.issuer_id,
        version_id=version.id,
        state=version.state,
        published_at=version.published_at or version.created_at,
    )


async def _write(
    work: Work,
    facts: EntryFacts,
    *,
    id_: UUID,
    kind: EntryKind,
    issuer_id: UUID,
    version_id: UUID | None,
    state: VersionState,
    published_at: datetime,
) -> None:
    entry = await work.session.scalar(select(CatalogueEntry).where(CatalogueEntry.id == id_))
    if entry is None:
        entry = CatalogueEntry(id=id_, kind=kind, issuer_id=issuer_id)
        work.session.add(entry)
    entry.version_id, entry.state, entry.published_at, entry.updated_at = version_id, state, published_at, work.now
    entry.name, entry.sort_key, entry.summary = facts.name, sort_key(facts.name), facts.summary
    entry.type, entry.hours = facts.type, facts.hours
    await work.session.flush()
    await work.session.execute(delete(CatalogueFramework).where(CatalogueFramework.place == entry.place))
    work.session.add_all(CatalogueFramework(place=entry.place, framework=name) for name in facts.frameworks)
    await work.session.flush()
    await write_words(work.session, place=entry.place, found_by=facts.found_by)
