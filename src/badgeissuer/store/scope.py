"""The only tenant filter. Every select of a caller's data goes through ``visible_to``."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from badgeissuer.store.access import Actor
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.earners import Consent, ConsentIssuer
from badgeissuer.store.people import Subject


def visible_to(actor: Actor, row: type[Issuer] | type[object]) -> ColumnElement[bool]:
    """The condition that a row belongs to an issuer the actor may act for.

    An agency that needs consent sees of people's rows only those of earners who consent now (ADR 0012). Consent is to
    awards: what else is an earner's (records, badges from elsewhere) such an agency does not see at all.
    """
    if actor.consent_purpose is not None:
        if (subject := _subject_of(row)) is not None:
            return and_(_of_issuers(actor, row), subject.in_(_consenting(actor)))
        if hasattr(row, "earner_id"):
            return false()
    return _of_issuers(actor, row)


def _of_issuers(actor: Actor, row: type[Issuer] | type[object]) -> ColumnElement[bool]:
    if actor.issuer_ids is None:
        return true()
    if not actor.issuer_ids:
        return false()
    column: InstrumentedAttribute[UUID] = Issuer.id if row is Issuer else getattr(row, "issuer_id")  # noqa: B009
    return column.in_(actor.issuer_ids)


def _subject_of(row: type[object]) -> InstrumentedAttribute[UUID] | None:
    """The column that names the person of a row; None where it is about nobody."""
    return Subject.id if row is Subject else getattr(row, "subject_id", None)


def _consenting(actor: Actor) -> Select[UUID]:
    """The subjects whose earners consent now to the actor's purpose, for the issuer of the subject."""
    named = exists().where(ConsentIssuer.consent_id == Consent.id, ConsentIssuer.issuer_id == Subject.issuer_id)
    return (
        select(Subject.id)
        .join(Consent, Consent.earner_id == Subject.earner_id)
        .where(
            Consent.client_id == actor.client_id,
            Consent.purpose == actor.consent_purpose,
            Consent.withdrawn_at.is_(None),
            or_(Consent.all_issuers.is_(True), named),
        )
    )
