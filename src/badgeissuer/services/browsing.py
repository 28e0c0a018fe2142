"""What the catalogue and its pages read: what is found, and what is public about an achievement, stack or issuer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from badgeissuer.errors import NotFound
from badgeissuer.rules.stack_rules import StackDocument
from badgeissuer.rules.terms import VersionState
from badgeissuer.services import publishing, stacking
from badgeissuer.services.defining import achievement_url
from badgeissuer.services.endorsing_facts import Shown, endorsements_about
from badgeissuer.services.registering import issuer_page
from badgeissuer.services.stack_facts import own_id, stack_url
from badgeissuer.store import catalogue_search
from badgeissuer.store.catalog import AchievementVersion, Issuer
from badgeissuer.store.catalogue import CatalogueEntry, CatalogueFramework, EntryKind
from badgeissuer.store.catalogue_search import CatalogueFilter, Counted, Found, Order
from badgeissuer.store.stacks import Stack, StackItem, StackVersion
from badgeissuer.work import Work

# Values of each filter that a page offers, and entries of a short list on a page that leads to the whole one.
MOST_VALUES = 30
SHORT = 12
MOST_STACKS = 30
# Levels of stacks that a page opens: as deep as they may be nested.
_DEEP = 3


@dataclass(frozen=True, slots=True)
class Edition:
    """One public version of an achievement or a stack."""

    number: int
    state: VersionState


@dataclass(frozen=True, slots=True)
class Linked:
    """Another thing of this service, where a page names it."""

    id: UUID
    kind: EntryKind
    name: str
    url: str
    retired: bool = False


@dataclass(frozen=True, slots=True)
class AchievementShown:
    """A version of an achievement. ``toward``: the stacks that look at it; ``crowns``: the one that awards it."""

    id: UUID
    url: str
    version: AchievementVersion
    issuer: Issuer
    editions: tuple[Edition, ...]
    toward: tuple[Linked, ...]
    crowns: Linked | None
    endorsements: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class StackShown:
    """A version of a stack. ``known`` are the things behind the addresses that its members name, those of nested stacks
    too; ``nested`` the documents of these stacks."""

    id: UUID
    url: str
    version: StackVersion
    document: StackDocument
    issuer: Issuer
    awards: Linked | None
    known: Mapping[str, Linked]
    nested: Mapping[str, StackDocument]
    toward: tuple[Linked, ...]


@dataclass(frozen=True, slots=True)
class IssuerShown:
    """An issuer and what it published: how many of each kind, and the first of them by name."""

    issuer: Issuer
    url: str
    counts: Mapping[str, int]
    entries: tuple[Found, ...]
    endorsements: tuple[Shown, ...]


async def find(
    work: Work, *, asked: CatalogueFilter, order: Order, take: int, after: Sequence[str] | None = None
) -> list[Found]:
    """Entries of the catalogue, as ``store.catalogue_search`` finds them."""
    return await catalogue_search.find_entries(work.session, asked, order=order, limit=take, after=after)


async def values(work: Work, *, asked: CatalogueFilter) -> dict[str, list[Counted]]:
    """What each filter may be set to, with how many entries that would leave."""
    return await catalogue_search.counts(work.session, asked, most=MOST_VALUES)


async def frameworks(work: Work, *, entries: Collection[CatalogueEntry]) -> dict[int, list[str]]:
    """The frameworks of these entries, by place."""
    found: dict[int, list[str]] = {entry.place: [] for entry in entries}
    query = select(CatalogueFramework).where(CatalogueFramework.place.in_(found)).order_by(CatalogueFramework.framework)
    for row in (await work.session.scalars(query)).all():
        found[row.place].append(row.framework)
    return found


async def totals(work: Work) -> dict[str, int]:
    """How many entries of each kind are listed."""
    query = (
        select(CatalogueEntry.kind, func.count())
        .where(CatalogueEntry.state == VersionState.PUBLISHED)
        .group_by(CatalogueEntry.kind)
    )
    counted = {kind.value: number for kind, number in (await work.session.execute(query)).all()}
    return {kind.value: counted.get(kind.value, 0) for kind in EntryKind}


async def achievement(work: Work, *, achievement_id: UUID, number: int | None = None) -> AchievementShown:
    """A published or retired version, the newest where no number is given. Raises ``NotFound``."""
    version = await publishing.achievement(work, achievement_id=achievement_id, number=number)
    url = achievement_url(work.base_url, achievement_id)
    crowns = await work.session.scalar(select(Stack.id).where(Stack.achievement_id == achievement_id))
    known = await _entries(work, [crowns] if crowns else [])
    return AchievementShown(
        id=achievement_id,
        url=url,
        version=version,
        issuer=await _issuer(work, version.issuer_id),
        editions=await _editions(work, achievement_id),
        toward=await _toward(work, achievement_id),
        crowns=next(iter(known.values()), None),
        endorsements=tuple(await endorsements_about(work, subject=url)),
    )


async def stack(work: Work, *, stack_id: UUID) -> StackShown:
    """A stack in the version that anybody may read. Raises ``NotFound``."""
    row, version = await stacking.published_stack(work, stack_id=stack_id)
    document = version.as_rule()
    nested: dict[str, StackDocument] = {}
    below: list[StackDocument] = [document]
    for _ in range(_DEEP):
        opened = await _documents(work, below)
        below = [found for url, found in opened.items() if url not in nested]
        nested.update(opened)
    addresses = {url for each in (document, *nested.values()) for url in _named(each)}
    ids = {found for url in addresses for kind in ("achievements", "stacks") if (found := own_id(work, url, kind))}
    known = await _entries(work, [*ids, row.achievement_id])
    return StackShown(
        id=row.id,
        url=stack_url(work.base_url, row.id),
        version=version,
        document=document,
        issuer=await _issuer(work, row.issuer_id),
        awards=known.get(achievement_url(work.base_url, row.achievement_id)),
        known=known,
        nested=nested,
        toward=await _toward(work, row.achievement_id),
    )


async def issuer(work: Work, *, slug: str) -> IssuerShown:
    """An issuer's public side. Raises ``NotFound``."""
    row = await work.session.scalar(select(Issuer).where(Issuer.slug == slug))
    if row is None:
        raise NotFound("no such issuer")
    listed = (CatalogueEntry.state == VersionState.PUBLISHED, CatalogueEntry.kind != EntryKind.ISSUER)
    query = (
        select(CatalogueEntry.kind, func.count())
        .where(CatalogueEntry.issuer_id == row.id, *listed)
        .group_by(CatalogueEntry.kind)
    )
    first = (
        select(CatalogueEntry)
        .where(CatalogueEntry.issuer_id == row.id, *listed)
        .order_by(CatalogueEntry.sort_key, CatalogueEntry.id)
        .limit(SHORT)
    )
    counted = {kind.value: number for kind, number in (await work.session.execute(query)).all()}
    return IssuerShown(
        issuer=row,
        url=issuer_page(work.base_url, row.slug),
        counts={kind: counted.get(kind, 0) for kind in (EntryKind.ACHIEVEMENT.value, EntryKind.STACK.value)},
        entries=tuple(Found(entry, row.slug, row.name, 0) for entry in (await work.session.scalars(first)).all()),
        endorsements=tuple(await endorsements_about(work, subject=row.did)),
    )


def entry_url(base_url: str, entry: CatalogueEntry, slug: str) -> str:
    """The public address of what an entry stands for; ``slug`` is its issuer's."""
    match entry.kind:
        case EntryKind.ACHIEVEMENT:
            return achievement_url(base_url, entry.id)
        case EntryKind.STACK:
            return stack_url(base_url, entry.id)
        case EntryKind.ISSUER:
            return issuer_page(base_url, slug)


async def last_place(work: Work) -> int:
    """The highest place that an entry has; 0 where there is none."""
    return await work.session.scalar(select(func.max(CatalogueEntry.place))) or 0


async def listed_between(work: Work, *, first: int, last: int) -> list[tuple[CatalogueEntry, str]]:
    """The entries at these places that are in force, and their issuers' slugs: for search engines."""
    query = (
        select(CatalogueEntry, Issuer.slug)
        .join(Issuer, Issuer.id == CatalogueEntry.issuer_id)
        .where(CatalogueEntry.place.between(first, last), CatalogueEntry.state == VersionState.PUBLISHED)
        .order_by(CatalogueEntry.place)
    )
    return [(entry, slug) for entry, slug in (await work.session.execute(query)).all()]


async def _issuer(work: Work, issuer_id: UUID) -> Issuer:
    return (await work.session.scalars(select(Issuer).where(Issuer.id == issuer_id))).one()


async def _editions(work: Work, achievement_id: UUID) -> tuple[Edition, ...]:
    query = (
        select(AchievementVersion.number, AchievementVersion.state)
        .where(AchievementVersion.achievement_id == achievement_id, AchievementVersion.state != VersionState.DRAFT)
        .order_by(AchievementVersion.number.desc())
        .limit(MOST_STACKS)
    )
    return tuple(Edition(number, state) for number, state in (await work.session.execute(query)).all())


async def _toward(work: Work, achievement_id: UUID) -> tuple[Linked, ...]:
    """The published stacks, of any issuer, that look at the achievement."""
    query = (
        select(StackVersion.stack_id, StackVersion.name)
        .join(StackItem, StackItem.stack_version_id == StackVersion.id)
        .where(StackItem.achievement_id == achievement_id, StackVersion.state == VersionState.PUBLISHED)
        .order_by(StackVersion.name, StackVersion.stack_id)
        .limit(MOST_STACKS)
    )
    return tuple(
        Linked(stack_id, EntryKind.STACK, name, stack_url(work.base_url, stack_id))
        for stack_id, name in (await work.session.execute(query)).all()
    )


async def _entries(work: Work, ids: Collection[UUID]) -> dict[str, Linked]:
    """What is listed, or was, of these achievements and stacks; by address. A draft is not: its name is not public."""
    if not ids:
        return {}
    columns = (CatalogueEntry.id, CatalogueEntry.kind, CatalogueEntry.name, CatalogueEntry.state)
    query = select(*columns).where(CatalogueEntry.id.in_(ids), CatalogueEntry.kind != EntryKind.ISSUER)
    found = {}
    for id_, kind, name, state in (await work.session.execute(query)).all():
        url = (achievement_url if kind is EntryKind.ACHIEVEMENT else stack_url)(work.base_url, id_)
        found[url] = Linked(id_, kind, name, url, retired=state is VersionState.RETIRED)
    return found


async def _documents(work: Work, stacks: Iterable[StackDocument]) -> dict[str, StackDocument]:
    """The published documents of the stacks that are members of these, by address."""
    urls = {member.stack for each in stacks for member in each.members if member.stack is not None}
    ids = {found for url in urls if (found := own_id(work, url, "stacks")) is not None}
    if not ids:
        return {}
    query: Any = select(StackVersion).where(
        StackVersion.stack_id.in_(ids), StackVersion.state == VersionState.PUBLISHED
    )
    rows = (await work.session.scalars(query)).all()
    return {stack_url(work.base_url, row.stack_id): row.as_rule() for row in rows}


def _named(document: StackDocument) -> Iterable[str]:
    for member in document.members:
        yield from (url for url in (member.achievement, member.stack, *member.alternatives) if url is not None)
