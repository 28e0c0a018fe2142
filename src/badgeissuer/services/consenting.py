"""Consents of earners to agencies that read awards, and the record of what agencies read (ADR 0012).

An agency's key has a purpose that needs consent, or reads under an agreement. In both cases each of its requests is
recorded with the earners whose awards it returned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from badgeissuer.errors import Fault, NotFound, Rejected
from badgeissuer.rules.terms import ClientKind
from badgeissuer.store.access import ApiClient
from badgeissuer.store.awards import Award
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.earners import Consent, ConsentIssuer, DisclosedEarner, Disclosure
from badgeissuer.store.people import Subject
from badgeissuer.store.scope import visible_to
from badgeissuer.work import Work


@dataclass(frozen=True, slots=True)
class Asker:
    """An agency that reads awards: with consent to its purpose, or under an agreement (``purpose`` None)."""

    client_id: UUID
    name: str
    purpose: str | None


@dataclass(frozen=True, slots=True)
class Given:
    """A consent as the earner sees it. ``issuers`` None: of all. ``holds``: whether anything is read by it now."""

    consent: Consent
    agency: str
    issuers: tuple[str, ...] | None
    holds: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that returned awards of the earner."""

    id: UUID
    at: datetime
    agency: str
    purpose: str | None
    awards: int


async def askers(work: Work) -> list[Asker]:
    """The agencies whose keys are in use, by name."""
    rows = await work.session.execute(
        select(ApiClient.id, ApiClient.name, ApiClient.consent_purpose)
        .where(ApiClient.kind == ClientKind.AGENCY, ApiClient.revoked_at.is_(None))
        .order_by(ApiClient.name, ApiClient.id)
    )
    return [Asker(*row) for row in rows]


async def give(work: Work, *, earner_id: UUID, client_id: UUID, issuers: Collection[UUID] | None) -> Consent:
    """Let the agency read the awards of these issuers, or of all (None), for the purpose that its key has now.

    An earlier consent to the same agency is withdrawn with it. Raises ``NotFound``, ``Rejected``.
    """
    await work.begin_write()
    client = await work.session.scalar(
        select(ApiClient).where(
            ApiClient.id == client_id, ApiClient.kind == ClientKind.AGENCY, ApiClient.revoked_at.is_(None)
        )
    )
    if client is None or client.consent_purpose is None:
        raise NotFound("no such agency, or none that needs your consent")
    chosen = set(issuers or ())
    if issuers is not None:
        known = set(await work.session.scalars(select(Issuer.id).where(Issuer.id.in_(chosen))))
        if not chosen or chosen != known:
            raise Rejected(
                "choose at least one issuer", faults=[Fault("/issuers", "must name issuers of this service")]
            )
    await _withdraw(work, Consent.earner_id == earner_id, Consent.client_id == client_id)
    consent = Consent(
        id=work.new_id(),
        earner_id=earner_id,
        client_id=client_id,
        purpose=client.consent_purpose,
        all_issuers=issuers is None,
        given_at=work.now,
        withdrawn_at=None,
    )
    work.session.add(consent)
    await work.session.flush()
    work.session.add_all(ConsentIssuer(consent_id=consent.id, issuer_id=each) for each in sorted(chosen))
    await work.session.flush()
    work.emit("consent.given", "consent", consent.id, issuer_id=None, client=str(client_id))
    return consent


async def withdraw(work: Work, *, earner_id: UUID, consent_id: UUID) -> None:
    """From the next request on nothing is read by it. Repeating it changes nothing. Raises ``NotFound``."""
    await work.begin_write()
    mine = (Consent.id == consent_id, Consent.earner_id == earner_id)
    if await work.session.scalar(select(Consent.id).where(*mine)) is None:
        raise NotFound("you gave no such consent")
    await _withdraw(work, *mine)


async def given_by(work: Work, *, earner_id: UUID) -> list[Given]:
    """Every consent that the earner gave, newest first; withdrawn ones too."""
    rows = (
        await work.session.execute(
            select(Consent, ApiClient)
            .join(ApiClient, ApiClient.id == Consent.client_id)
            .where(Consent.earner_id == earner_id)
            .order_by(Consent.given_at.desc(), Consent.id.desc())
        )
    ).all()
    names: dict[UUID, list[str]] = {}
    pairs = await work.session.execute(
        select(ConsentIssuer.consent_id, Issuer.name)
        .join(Issuer, Issuer.id == ConsentIssuer.issuer_id)
        .where(ConsentIssuer.consent_id.in_([consent.id for consent, _ in rows]))
        .order_by(Issuer.name)
    )
    for consent_id, name in pairs:
        names.setdefault(consent_id, []).append(name)
    return [
        Given(
            consent,
            client.name,
            None if consent.all_issuers else tuple(names.get(consent.id, ())),
            holds=consent.withdrawn_at is None
            and client.revoked_at is None
            and client.consent_purpose == consent.purpose,
        )
        for consent, client in rows
    ]


async def who_asked(
    work: Work, *, earner_id: UUID, after: tuple[datetime, UUID] | None = None, limit: int
) -> list[Asked]:
    """The requests that returned awards of the earner, newest first."""
    query = (
        select(Disclosure.id, Disclosure.at, ApiClient.name, Disclosure.purpose, DisclosedEarner.awards)
        .join(DisclosedEarner, DisclosedEarner.disclosure_id == Disclosure.id)
        .join(ApiClient, ApiClient.id == Disclosure.client_id)
        .where(DisclosedEarner.earner_id == earner_id)
        .order_by(Disclosure.at.desc(), Disclosure.id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(Disclosure.at, Disclosure.id) < after)
    return [Asked(*row) for row in await work.session.execute(query)]


async def disclose(work: Work, *, subjects: Iterable[UUID], disclosure_id: UUID | None = None) -> Disclosed | None:
    """Record that an agency is about to get an award of each of these subjects (one entry an award).

    In a unit of work that commits before the answer leaves. ``disclosure_id`` goes on with an earlier part of the same
    request. Who has withdrawn meanwhile is not among the answer's subjects: their awards must not leave. None where the
    caller is no agency, and for nothing.
    """
    counted = Counter(subjects)
    if work.actor.kind is not ClientKind.AGENCY or work.actor.client_id is None or not counted:
        return None
    await work.begin_write()
    found = select(Subject.id, Subject.earner_id).where(Subject.id.in_(counted), visible_to(work.actor, Subject))
    earners = {row[0]: row[1] for row in await work.session.execute(found)}
    disclosure_id = await _write_down(work, work.actor.client_id, _by_earner(earners, counted), disclosure_id)
    return Disclosed(disclosure_id, frozenset(earners))


async def disclose_whole(work: Work, *, earners: Iterable[tuple[UUID, int]]) -> None:
    """The same for what is an earner's and no award: records and badges from elsewhere, with how many badges are in it.

    Nothing of it is read by consent (store.scope), so nobody can have withdrawn meanwhile.
    """
    counted: Counter[UUID] = Counter()
    for earner_id, badges in earners:
        counted[earner_id] += badges
    if work.actor.kind is not ClientKind.AGENCY or work.actor.client_id is None or not counted:
        return
    await work.begin_write()
    await _write_down(work, work.actor.client_id, counted, None)


async def _write_down(
    work: Work, client_id: UUID, earners: Mapping[UUID, int], disclosure_id: UUID | None
) -> UUID | None:
    """Under that disclosure, or a new one. Its id; None where there is nothing to write."""
    if disclosure_id is None and earners:
        disclosure_id = work.new_id()
        purpose = work.actor.consent_purpose
        work.session.add(Disclosure(id=disclosure_id, client_id=client_id, purpose=purpose, at=work.now))
        await work.session.flush()
    if disclosure_id is not None:
        await _count(work, disclosure_id, earners)
    return disclosure_id


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What was recorded: under which id, and for which subjects. Only their awards may leave."""

    id: UUID | None
    subjects: frozenset[UUID]


def _by_earner(earners: Mapping[UUID, UUID], counted: Mapping[UUID, int]) -> dict[UUID, int]:
    found: Counter[UUID] = Counter()
    for subject_id, earner_id in earners.items():
        found[earner_id] += counted[subject_id]
    return dict(found)


async def _count(work: Work, disclosure_id: UUID, earners: Mapping[UUID, int]) -> None:
    if not earners:
        return
    insert = sqlite.insert if work.database.sqlite else postgresql.insert
    added = insert(DisclosedEarner).values(
        [
            {"disclosure_id": disclosure_id, "earner_id": earner_id, "awards": awards}
            for earner_id, awards in sorted(earners.items())
        ]
    )
    await work.session.execute(
        added.on_conflict_do_update(
            index_elements=[DisclosedEarner.disclosure_id, DisclosedEarner.earner_id],
            set_={"awards": DisclosedEarner.awards + added.excluded.awards},
        )
    )


async def _withdraw(work: Work, *conditions: ColumnElement[bool]) -> None:
    ended = await work.session.execute(
        update(Consent)
        .where(*conditions, Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=work.now)
        .returning(Consent.id, Consent.client_id)
    )
    for consent_id, client_id in ended.all():
        work.emit("consent.withdrawn", "consent", consent_id, issuer_id=None, client=str(client_id))


async def issuers_of(work: Work, *, earner_id: UUID) -> list[tuple[UUID, str]]:
    """The issuers that have awarded something to the earner: id and name. A consent can be limited to some of them."""
    rows = await work.session.execute(
        select(Issuer.id, Issuer.name)
        .join(Subject, Subject.issuer_id == Issuer.id)
        .where(Subject.earner_id == earner_id, Subject.id.in_(select(Award.subject_id)))
        .order_by(Issuer.name, Issuer.id)
    )
    return [(row[0], row[1]) for row in rows]
