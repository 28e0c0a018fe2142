"""Stored texts as anybody reads them: each by one lookup, its bytes as they lie in the database.

Who may see what is decided by the same expressions as in ``publishing``, ``bundling_reading`` and ``endorsing_facts``,
which read rows for those who need more than a text. ``known`` is the hash of the text that the caller has: where it is
still the right one, the text itself does not travel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Integer, Select, Text, Uuid, and_, bindparam, case, select
from sqlalchemy import type_coerce as read_as
from sqlalchemy.orm import aliased

from badgeissuer.errors import NotFound
from badgeissuer.rules.terms import VersionState, Visibility
from badgeissuer.services import bundling_reading, endorsing_facts, publishing
from badgeissuer.services.registering import in_order
from badgeissuer.store.awards import EMBEDDED, Award, Credential, jwt_id
from badgeissuer.store.catalog import AchievementVersion, Issuer, IssuerKey
from badgeissuer.store.clrs import Clr
from badgeissuer.store.endorsements import Endorsement
from badgeissuer.store.lookups import Lookup, Row, Source, first
from badgeissuer.store.status import StatusList
from badgeissuer.vc import multikey, strictjson


@dataclass(frozen=True, slots=True)
class Stored:
    """A signed text and its hash; the text is empty where the caller has it. ``newer``: what took its place."""

    text: str
    sha256: str
    newer: str | None = None


async def credential(source: Source, *, credential_id: UUID, known: str) -> Stored:
    """As ``publishing.credential``, with the address of what took its place. Raises ``NotFound``."""
    return Stored(*_there(await first(source, _CREDENTIAL, id=credential_id, known=known), "no such credential"))


async def credential_as_jwt(source: Source, *, credential_id: UUID, known: str) -> tuple[Stored, str] | None:
    """The same as a JWT, with the JSON's text; None where nobody asked for it yet, or there is no such credential."""
    found = await first(source, _AS_JWT, id=credential_id, jwt=jwt_id(credential_id), known=known)
    return None if found is None else (Stored(found[0], found[1], found[2]), found[3])


async def status_list(source: Source, *, list_id: UUID, known: str) -> Stored:
    """The current edition of a list. Raises ``NotFound``."""
    return Stored(*_there(await first(source, _LIST, id=list_id, known=known), "no such status list"))


async def clr(source: Source, *, clr_id: UUID, known: str) -> Stored:
    """As ``bundling_reading.public_record``. Raises ``NotFound``."""
    return Stored(*_there(await first(source, _CLR, id=clr_id, known=known), "no such record"))


async def endorsement(source: Source, *, endorsement_id: UUID, known: str) -> Stored:
    """As ``endorsing_facts.public_endorsement``. Raises ``NotFound``."""
    return Stored(*_there(await first(source, _ENDORSEMENT, id=endorsement_id, known=known), "no such endorsement"))


async def achievement(source: Source, *, achievement_id: UUID, number: int | None = None) -> str:
    """The JSON text of a published version, as ``publishing.achievement`` chooses it. Raises ``NotFound``."""
    if number is None:
        found = await first(source, _NEWEST, id=achievement_id)
    else:
        found = await first(source, _NUMBERED, id=achievement_id, number=number)
    return str(_there(found, "no such achievement, or none that is published")[0])


async def issuer_profile(source: Source, *, slug: str) -> str:
    """The JSON text of an issuer's public Profile. Raises ``NotFound``."""
    return str(_there(await first(source, _PROFILE, slug=slug), "no such issuer")[0])


async def did_document(source: Source, *, slug: str) -> str:
    """The JSON text of an issuer's DID document. Raises ``NotFound``."""
    rows = await source.rows(_KEYS, slug=slug)
    if not rows:
        raise NotFound("no such issuer")
    keys = tuple(publishing.verification_key(*row[1:]) for row in rows if row[1] is not None)
    return _did_text(str(rows[0][0]), keys)


# By all that it is made of, so that it is never an old one: only the work is spared.
@lru_cache(maxsize=128)
def _did_text(did: str, keys: tuple[multikey.VerificationKey, ...]) -> str:
    return strictjson.dumps(multikey.did_document(did, keys))


def _there(row: Row | None, nothing: str) -> Row:
    if row is None:
        raise NotFound(nothing)
    return row


def _given(name: str = "id") -> BindParameter[UUID]:
    return bindparam(name, type_=Uuid())


def _text_of(row: Any) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """The text, unless the caller has it, and its hash."""
    return case((row.sha256 == bindparam("known", type_=Text), ""), else_=row.text), row.sha256


def _credential(form: Any, *more: Any) -> Select[Any]:
    """An open credential's text in a form, and the address of what took its place."""
    newer, its = aliased(Award), aliased(Credential)
    return (
        publishing.public_credential(_given())
        .with_only_columns(*_text_of(form), its.url, *more, maintain_column_froms=True)
        .outerjoin(newer, and_(newer.id == Award.superseded_by_id, newer.visibility != Visibility.CLOSED))
        .outerjoin(its, and_(its.award_id == newer.id, its.media_type == EMBEDDED))
    )


def _achievement() -> Select[Any]:
    version = AchievementVersion
    query = select(read_as(version.document, Text)).order_by(version.number.desc()).limit(1)
    return query.where(version.achievement_id == _given(), version.state != VersionState.DRAFT)


_jwt, _edition = aliased(Credential), aliased(Clr)
_CREDENTIAL = Lookup(_credential(Credential))
_AS_JWT = Lookup(_credential(_jwt, Credential.text).join(_jwt, _jwt.id == _given("jwt")))
_LIST = Lookup(select(*_text_of(StatusList)).where(StatusList.id == _given()))
_CLR = Lookup(
    select(*_text_of(Clr), _edition.url)
    .outerjoin(_edition, _edition.id == Clr.replaced_by_id)
    .where(Clr.id == _given(), bundling_reading.is_public())
)
_ENDORSEMENT = Lookup(
    select(*_text_of(Endorsement)).where(Endorsement.id == _given(), endorsing_facts.about_nothing_closed())
)
_NEWEST = Lookup(_achievement())
_NUMBERED = Lookup(_achievement().where(AchievementVersion.number == bindparam("number", type_=Integer)))
_PROFILE = Lookup(select(read_as(Issuer.profile, Text)).where(Issuer.slug == bindparam("slug", type_=Text)))
_KEYS = Lookup(
    in_order(
        select(Issuer.did, IssuerKey.public_multibase, IssuerKey.algorithm, IssuerKey.state, IssuerKey.compromised_at)
        .outerjoin(IssuerKey, IssuerKey.issuer_id == Issuer.id)
        .where(Issuer.slug == bindparam("slug", type_=Text))
    )
)
