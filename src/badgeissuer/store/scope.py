"""The only tenant filter. Every select of a caller's data goes through ``visible_to``."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, false, true
from sqlalchemy.orm import InstrumentedAttribute

from badgeissuer.store.access import Actor
from badgeissuer.store.catalog import Issuer


def visible_to(actor: Actor, row: type[Issuer] | type[object]) -> ColumnElement[bool]:
    """The condition that a row belongs to an issuer the actor may act for."""
    if actor.issuer_ids is None:
        return true()
    if not actor.issuer_ids:
        return false()
    column: InstrumentedAttribute[UUID] = Issuer.id if row is Issuer else getattr(row, "issuer_id")  # noqa: B009
    return column.in_(actor.issuer_ids)
