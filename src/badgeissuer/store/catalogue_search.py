"""Finding entries of the catalogue: by words, by filters, in an order that both databases share, with counts.

Words are looked for in each database's own index. What is found is ordered by where the words stand (the whole name,
the name, name and tags, anywhere) and then by name: the same order on both, which their own scores could not give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    Text,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession

from badgeissuer.rules.terms import VersionState
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.catalogue import INDEX_TABLE, CatalogueEntry, CatalogueFramework, EntryKind
from badgeissuer.store.catalogue_words import WordQuery
from badgeissuer.store.stacks import StackItem, StackVersion

# Entries without hours come after those that have some.
_NO_HOURS = 1e9
_index = table(INDEX_TABLE, column("rowid"), column("place"), column("words"))


class Order(StrEnum):
    RELEVANCE = "relevance"
    NAME = "name"
    NEWEST = "newest"
    HOURS = "hours"


@dataclass(frozen=True, slots=True)
class CatalogueFilter:
    """What is asked for. Retired entries only where ``retired``; an issuer by its slug."""

    words: WordQuery | None = None
    kind: EntryKind | None = None
    issuer: str | None = None
    framework: str | None = None
    stack: UUID | None = None
    type: str | None = None
    hours_from: float | None = None
    hours_to: float | None = None
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """A value of a filter, how a person reads it, and how many entries it would leave."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Found:
    """An entry, its issuer's slug and name, and how well it fits: the less, the better."""

    entry: CatalogueEntry
    slug: str
    issuer: str
    fit: int


async def find_entries(
    session: AsyncSession,
    asked: CatalogueFilter,
    *,
    order: Order,
    limit: int,
    after: Sequence[str] | None = None,
    offset: int = 0,
) -> list[Found]:
    """The entries that are asked for. ``after`` is the ``place_of`` of an entry."""
    query = select_entries(asked, sqlite=_is_sqlite(session), order=order, after=after).limit(limit).offset(offset)
    return [Found(row[0], row[1], row[2], row[3]) for row in (await session.execute(query)).all()]


def select_entries(
    asked: CatalogueFilter, *, sqlite: bool, order: Order, after: Sequence[str] | None = None
) -> Select[Any]:
    """The select behind ``find_entries``."""
    fit = _fit(asked.words, sqlite=sqlite)
    named = fit.label("fit")  # ordered by its name: the words are not looked for once more
    shown: tuple[Any, ...] = (CatalogueEntry, Issuer.slug, Issuer.name, named)
    query: Select[Any] = (
        select(*shown).join(Issuer, Issuer.id == CatalogueEntry.issuer_id).where(*_conditions(asked, sqlite=sqlite))
    )
    keys: tuple[Any, ...] = {
        Order.RELEVANCE: (fit, CatalogueEntry.sort_key, CatalogueEntry.id),
        Order.NAME: (CatalogueEntry.sort_key, CatalogueEntry.id),
        Order.NEWEST: (CatalogueEntry.published_at, CatalogueEntry.id),
        Order.HOURS: (_hours(), CatalogueEntry.sort_key, CatalogueEntry.id),
    }[order]
    if after is not None:
        place = _place(order, after)
        query = query.where(tuple_(*keys) < place if order is Order.NEWEST else tuple_(*keys) > place)
    ordered = (named, *keys[1:]) if order is Order.RELEVANCE else keys
    return query.order_by(*(key.desc() if order is Order.NEWEST else key for key in ordered))


def place_of(found: Found, order: Order) -> tuple[str, ...]:
    """Where an entry stands in this order, for a cursor."""
    entry, end = found.entry, (found.entry.sort_key, str(found.entry.id))
    match order:
        case Order.RELEVANCE:
            return (str(found.fit), *end)
        case Order.NAME:
            return end
        case Order.NEWEST:
            return (entry.published_at.isoformat(), str(entry.id))
        case Order.HOURS:
            return (repr(_NO_HOURS if entry.hours is None else entry.hours), *end)


def _place(order: Order, after: Sequence[str]) -> tuple[Any, ...]:
    *first, last = after
    match order:
        case Order.RELEVANCE:
            return (int(first[0]), first[1], UUID(last))
        case Order.NAME:
            return (first[0], UUID(last))
        case Order.NEWEST:
            return (datetime.fromisoformat(first[0]), UUID(last))
        case Order.HOURS:
            return (float(first[0]), first[1], UUID(last))


async def counts(session: AsyncSession, asked: CatalogueFilter, *, most: int) -> dict[str, list[Counted]]:
    """For each filter its values, with what each would leave: the other filters hold, its own is not looked at.

    The ``most`` frequent values of each, and the one that is chosen. One statement, in which the words are looked for
    once.
    """
    sqlite = _is_sqlite(session)
    matched = _matching(asked.words, sqlite=sqlite).cte("matched") if asked.words is not None else None
    facets = {name: _facet(asked, name, sqlite=sqlite, matched=matched) for name in _VALUES}
    whole = union_all(*(select(facet.limit(most).subquery()) for facet in facets.values()))
    found: dict[str, list[Counted]] = {name: [] for name in facets}
    for row in (await session.execute(whole)).all():
        found[row.facet].append(_counted(row))
    for name, facet in facets.items():
        chosen = getattr(asked, name)
        if chosen is not None and str(chosen) not in {each.value for each in found[name]}:
            rare = facet.where(_VALUES[name][0] == chosen).limit(1)
            found[name] += [_counted(row) for row in (await session.execute(rare)).all()]
    return {name: sorted(values, key=lambda each: (-each.count, each.value)) for name, values in found.items()}


# What is counted for each filter: its values, and how a person reads them. No entry has a value twice.
_VALUES: dict[str, tuple[Any, Any]] = {
    "kind": (CatalogueEntry.kind, CatalogueEntry.kind),
    "type": (CatalogueEntry.type, CatalogueEntry.type),
    "issuer": (Issuer.slug, Issuer.name),
    "framework": (CatalogueFramework.framework, CatalogueFramework.framework),
    "stack": (StackItem.stack_id, StackVersion.name),
}


def _facet(asked: CatalogueFilter, name: str, *, sqlite: bool, matched: CTE | None) -> Select[Any]:
    unset: dict[str, Any] = {name: None}
    value, label = _VALUES[name]
    total = func.count()
    shown: tuple[Any, ...] = (
        literal(name).label("facet"),
        cast(value, Text).label("value"),
        cast(label, Text).label("label"),
        total.label("total"),
    )
    query: Select[Any] = select(*shown).select_from(CatalogueEntry)
    if matched is not None:
        query = query.join(matched, matched.c.place == CatalogueEntry.place)
    if name == "issuer":
        query = query.join(Issuer, Issuer.id == CatalogueEntry.issuer_id)
    elif name == "framework":
        query = query.join(CatalogueFramework, CatalogueFramework.place == CatalogueEntry.place)
    elif name == "stack":
        query = (
            query.join(StackItem, StackItem.achievement_id == CatalogueEntry.id)
            .join(StackVersion, StackVersion.id == StackItem.stack_version_id)
            .where(StackVersion.state == VersionState.PUBLISHED)
        )
    elif name == "type":
        query = query.where(CatalogueEntry.type.is_not(None))
    # The words are in the join already.
    conditions = _conditions(replace(asked, **unset, words=None), sqlite=sqlite)
    return query.where(*conditions).group_by(value, label).order_by(total.desc(), value)


def _counted(row: Any) -> Counted:
    """Ids of stacks as they are written everywhere: SQLite keeps them without hyphens."""
    return Counted(str(UUID(row.value)) if row.facet == "stack" else row.value, row.label, row.total)


def _conditions(asked: CatalogueFilter, *, sqlite: bool) -> list[ColumnElement[bool]]:
    """What an entry must be."""
    found: list[ColumnElement[bool]] = [
        CatalogueEntry.state.in_((VersionState.PUBLISHED, VersionState.RETIRED))
        if asked.retired
        else CatalogueEntry.state == VersionState.PUBLISHED
    ]
    if asked.words is not None:
        found.append(CatalogueEntry.place.in_(_matching(asked.words, sqlite=sqlite)))
    if asked.kind is not None:
        found.append(CatalogueEntry.kind == asked.kind)
    if asked.type is not None:
        found.append(CatalogueEntry.type == asked.type)
    if asked.issuer is not None:
        found.append(CatalogueEntry.issuer_id.in_(select(Issuer.id).where(Issuer.slug == asked.issuer)))
    if asked.framework is not None:
        named = select(CatalogueFramework.place).where(CatalogueFramework.framework == asked.framework)
        found.append(CatalogueEntry.place.in_(named))
    if asked.stack is not None:
        found.append(CatalogueEntry.id.in_(_counted_by(asked.stack)))
    if asked.hours_from is not None:
        found.append(CatalogueEntry.hours >= asked.hours_from)
    if asked.hours_to is not None:
        found.append(CatalogueEntry.hours <= asked.hours_to)
    return found


def _counted_by(stack: UUID) -> Select[UUID]:
    """The achievements that a stack's published version looks at."""
    return (
        select(StackItem.achievement_id)
        .join(StackVersion, StackVersion.id == StackItem.stack_version_id)
        .where(StackItem.stack_id == stack, StackVersion.state == VersionState.PUBLISHED)
    )


def _hours() -> ColumnElement[float]:
    return func.coalesce(CatalogueEntry.hours, _NO_HOURS)


def _fit(words: WordQuery | None, *, sqlite: bool) -> ColumnElement[int]:
    """0 where the words are the name, 1 where all of them stand in it, 2 in name and tags, 3 anywhere."""
    if not words:
        return literal(0)
    in_name = _matching(words, sqlite=sqlite, columns="name", weights="A")
    in_tags = _matching(words, sqlite=sqlite, columns="name tags", weights="AB")
    return case(
        (CatalogueEntry.sort_key == words.key, 0),
        (CatalogueEntry.place.in_(in_name), 1),
        (CatalogueEntry.place.in_(in_tags), 2),
        else_=3,
    )


def _matching(words: WordQuery, *, sqlite: bool, columns: str = "", weights: str = "") -> Select[Any]:
    """The places at which these words are found, by the index."""
    if not words:  # nothing but signs was typed
        return select(CatalogueEntry.place).where(literal(False))
    if sqlite:
        asked = literal(words.as_fts5(columns))
        return select(_index.c.rowid.label("place")).where(
            literal_column(INDEX_TABLE).op("MATCH", is_comparison=True)(asked)
        )
    return select(_index.c.place).where(
        _index.c.words.op("@@", is_comparison=True)(cast(literal(words.as_tsquery(weights)), TSQUERY))
    )


def _is_sqlite(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"
