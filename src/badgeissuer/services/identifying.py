"""Earners: who a decision is about, and the id that one issuer's credentials use for them.

The subject id is a ``urn:uuid`` that only this pair of earner and issuer shares, so that credentials of two issuers
cannot be linked by it. A DID stands in its place once the platform says that the earner proved control of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from badgeissuer.errors import Fault, Rejected
from badgeissuer.rules.terms import IdentityKind
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.insert import insert_free, insert_if_free, insert_rows, padded
from badgeissuer.store.people import Earner, EarnerIdentity, Subject
from badgeissuer.vc.recipient import hashed_identity, normalise_email
from badgeissuer.work import Work

# By what a person is known: the kind, and the value in the form in which it is stored.
Identity = tuple[IdentityKind, str]


@dataclass(frozen=True, slots=True)
class EarnerGiven:
    """What a platform says of an earner. ``email`` or ``did`` is needed; where there is an e-mail, it names them."""

    email: str | None = None
    did: str | None = None
    did_proved: bool = False
    name: str | None = None
    licence_id: str | None = None

    def identity(self) -> Identity:
        """The identity by which the earner is known. Raises ``Rejected`` where there is none, or none that can be read.

        A DID beside an e-mail is not recorded as another identity of the person: one tenant's word must not join
        two people's awards.
        """
        if self.email is not None:
            return IdentityKind.EMAIL, normalise_email(self.email)
        if self.did is not None:
            return IdentityKind.DID, self.did
        raise Rejected("the earner cannot be identified", faults=[Fault("/earner", "give an email or a did")])


@dataclass(frozen=True, slots=True)
class Recipient:
    """The subject of a credential: its id and the hashed identities that stand beside it."""

    subject_id: str
    urn: str
    identities: tuple[dict[str, Any], ...]


async def find_subject(work: Work, *, issuer: Issuer, earner: EarnerGiven) -> Subject | None:
    """The earner as this issuer knows them, if they were seen before."""
    return (await find_subjects(work, issuer_id=issuer.id, earners=[earner])).get(earner.identity())


async def find_subjects(work: Work, *, issuer_id: UUID, earners: Iterable[EarnerGiven]) -> dict[Identity, Subject]:
    """Those of them whom this issuer has seen before, by their identities."""
    found: dict[Identity, Subject] = {}
    for kind, values in _by_kind(earner.identity() for earner in earners).items():
        rows = await work.session.execute(
            select(EarnerIdentity.value, Subject)
            .join(EarnerIdentity, EarnerIdentity.earner_id == Subject.earner_id)
            .where(
                EarnerIdentity.kind == kind,
                EarnerIdentity.value.in_(padded(values)),
                Subject.issuer_id == issuer_id,
            )
        )
        found |= {(kind, value): subject for value, subject in rows}
    return found


def recipient(work: Work, *, urn: str, earner: EarnerGiven) -> Recipient:
    """Who the credential is for, with a fresh random salt for every hashed identity in it (OB §IdentityObject)."""
    identities = []
    if earner.email is not None:
        identities.append(hashed_identity(normalise_email(earner.email), salt=work.new_salt()))
    proved = earner.did if earner.did_proved else None
    if earner.did is not None and proved is None:
        identities.append(hashed_identity(earner.did, salt=work.new_salt(), identity_type="identifier"))
    return Recipient(subject_id=proved or urn, urn=urn, identities=tuple(identities))


async def recorded(work: Work, *, subject: Subject) -> EarnerGiven:
    """The earner behind a subject, in the form in which platforms give them."""
    identity = (
        await work.session.scalars(
            select(EarnerIdentity)
            .where(EarnerIdentity.earner_id == subject.earner_id)
            .order_by(EarnerIdentity.created_at, EarnerIdentity.id)
            .limit(1)
        )
    ).one()
    if identity.kind is IdentityKind.EMAIL:
        return EarnerGiven(email=identity.value, did=subject.did, did_proved=subject.did_proved)
    return EarnerGiven(did=identity.value, did_proved=subject.did_proved)


async def make_known(work: Work, *, issuer_id: UUID, earner_id: UUID, urn: str) -> None:
    """Give the earner this ``urn`` at this issuer, unless they have one there."""
    await insert_if_free(
        work.session,
        Subject,
        id=work.new_id(),
        issuer_id=issuer_id,
        earner_id=earner_id,
        urn=urn,
        name=None,
        licence_id=None,
        did=None,
        did_proved=False,
        created_at=work.now,
        updated_at=work.now,
    )


@dataclass(frozen=True, slots=True)
class Known:
    """The earner as the issuer knows them now; ``new`` where it did not before this unit of work."""

    subject: Subject
    new: bool


async def record_subjects(
    work: Work, *, issuer_id: UUID, earners: Mapping[Identity, tuple[EarnerGiven, str]]
) -> dict[Identity, Known]:
    """Find or make earners and subjects, and note what the platform newly says of them. Locks the subjects' rows.

    The lock makes decisions about one earner at one issuer come one after the other, so that the duplicate rule holds.
    Beside each earner is the ``urn`` that they get where they are new; who was known keeps their own. Everything is
    done in the order of ids, so that two units of work wait for each other in one order.
    """
    ids = await record_earners(work, earners)
    rows = {
        ids[identity]: {
            "id": work.new_id(),
            "issuer_id": issuer_id,
            "earner_id": ids[identity],
            "urn": urn,
            "name": earner.name,
            "licence_id": earner.licence_id,
            "did": earner.did,
            "did_proved": earner.did_proved,
            "created_at": work.now,
            "updated_at": work.now,
        }
        for identity, (earner, urn) in earners.items()
    }
    made = await insert_free(work.session, Subject, [rows[earner_id] for earner_id in sorted(rows)], told="id")
    query = (
        select(Subject)
        .where(Subject.earner_id.in_(padded(rows)), Subject.issuer_id == issuer_id)
        .order_by(Subject.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    subjects = {subject.earner_id: subject for subject in await work.session.scalars(query)}
    known = {identity: Known(subjects[id_], subjects[id_].id in made) for identity, id_ in ids.items()}
    for identity, (earner, _) in earners.items():
        if not known[identity].new:
            _note(work, known[identity].subject, earner)
    return known


def _note(work: Work, subject: Subject, earner: EarnerGiven) -> None:
    subject.name = earner.name or subject.name
    subject.licence_id = earner.licence_id or subject.licence_id
    if earner.did is not None:
        subject.did, subject.did_proved = earner.did, earner.did_proved
    subject.updated_at = work.now


async def record_earners(work: Work, identities: Collection[Identity]) -> dict[Identity, UUID]:
    """Find or make earners, whose ids they are. New ones are made in the order of their identities."""
    known = await _known(work, identities)
    new = {identity: work.new_id() for identity in sorted(set(identities) - known.keys())}
    if not new:
        return known
    await insert_rows(work.session, Earner, [{"id": id_, "created_at": work.now} for id_ in new.values()])
    made = await insert_free(
        work.session,
        EarnerIdentity,
        [
            {"id": work.new_id(), "earner_id": id_, "kind": kind, "value": value, "created_at": work.now}
            for (kind, value), id_ in new.items()
        ],
        told="earner_id",
    )
    lost = [identity for identity, id_ in new.items() if id_ not in made]
    if lost:
        # Another unit of work recorded the same people first: use theirs, and leave no earner without an identity.
        await work.session.execute(delete(Earner).where(Earner.id.in_([new[identity] for identity in lost])))
        new |= await _known(work, lost)
    return known | new


async def _known(work: Work, identities: Iterable[Identity]) -> dict[Identity, UUID]:
    found: dict[Identity, UUID] = {}
    for kind, values in _by_kind(identities).items():
        rows = await work.session.execute(
            select(EarnerIdentity.value, EarnerIdentity.earner_id).where(
                EarnerIdentity.kind == kind, EarnerIdentity.value.in_(padded(values))
            )
        )
        found |= {(kind, value): earner_id for value, earner_id in rows}
    return found


def _by_kind(identities: Iterable[Identity]) -> dict[IdentityKind, list[str]]:
    values: dict[IdentityKind, list[str]] = {}
    for kind, value in identities:
        values.setdefault(kind, []).append(value)
    return values
