"""Pages of rows that belong to issuers, newest first, at a cost that does not hang on how many rows there are.

An index has the rows of one issuer in order, and another those of all. A caller who may act for several needs the
newest of each of them: the database is asked for so many of each, and the newest of these are the page.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from badgeissuer.store.access import Actor
from badgeissuer.store.catalog import Issuer

# With more issuers than this, walking through the rows of all and leaving out others' is as good.
_MOST_APART = 50


def issuers_apart(actor: Actor) -> Sequence[UUID]:
    """The issuers whose rows are looked for one by one; none where one walk does it: for all, or many."""
    if actor.issuer_ids is None or len(actor.issuer_ids) > _MOST_APART:
        return ()
    return sorted(actor.issuer_ids)


def issuer_named(slug: str) -> ScalarSelect[UUID]:
    """The id of an issuer, to compare with: by a join with the issuers, an index would not give its rows in order."""
    return select(Issuer.id).where(Issuer.slug == slug).scalar_subquery()


def page_of(
    keys: Sequence[InstrumentedAttribute[Any]],
    asked: Collection[ColumnElement[bool]],
    share_of: InstrumentedAttribute[UUID],
    shares: Sequence[UUID],
    limit: int,
) -> Select[UUID]:
    """The ids of the first ``limit`` rows that are asked for, by ``keys`` descending, of which the last is the id.

    ``shares`` are the values of ``share_of``, issuers mostly, whose rows are looked through one by one; none: all rows.
    ``asked`` holds the tenant filter in any case.
    """
    newest = select(*keys).where(*asked).order_by(*(key.desc() for key in keys)).limit(limit)
    if len(shares) == 1:
        newest = newest.where(share_of == shares[0])
    elif 1 < len(shares) <= _MOST_APART:
        each = [newest.where(share_of == share).subquery() for share in shares]
        merged = union_all(*(select(*part.c) for part in each)).subquery()
        newest = select(*merged.c).order_by(*(column.desc() for column in merged.c)).limit(limit)
    page = newest.subquery()
    return select(page.c[keys[-1].key])
