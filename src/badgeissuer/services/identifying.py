"""Earners: who a decision is about, and the id that one issuer's credentials use for them.

The subject id is a ``urn:uuid`` that only this pair of earner and issuer shares, so that credentials of two issuers
cannot be linked by it. A DID stands in its place once the platform says that the earner proved control of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from badgeissuer.errors import Fault, Rejected
from badgeissuer.rules.terms import IdentityKind
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.insert import insert_if_free
from badgeissuer.store.people import Earner, EarnerIdentity, Subject
from badgeissuer.vc.recipient import hashed_identity, normalise_email
from badgeissuer.work import Work


@dataclass(frozen=True, slots=True)
class EarnerGiven:
    """What a platform says of an earner. ``email`` or ``did`` is needed; where there is an e-mail, it names them."""

    email: str | None = None
    did: str | None = None
    did_proved: bool = False
    name: str | None = None
    licence_id: str | None = None

    def identity(self) -> tuple[IdentityKind, str]:
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
    kind, value = earner.identity()
    return await work.session.scalar(
        select(Subject)
        .join(EarnerIdentity, EarnerIdentity.earner_id == Subject.earner_id)
        .where(EarnerIdentity.kind == kind, EarnerIdentity.value == value, Subject.issuer_id == issuer.id)
    )


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


async def record_subject(work: Work, *, issuer: Issuer, earner: EarnerGiven, urn: str) -> Subject:
    """Find or make the earner and the subject, and note what the platform newly says of them. Locks the subject's row.

    The lock makes decisions about one earner at one issuer come one after the other, so that the duplicate rule holds.
    Where the subject existed already its own ``urn`` stays.
    """
    kind, value = earner.identity()
    earner_id = await _earner(work, kind=kind, value=value)
    await make_known(work, issuer_id=issuer.id, earner_id=earner_id, urn=urn)
    subject = (
        await work.session.scalars(
            select(Subject)
            .where(Subject.earner_id == earner_id, Subject.issuer_id == issuer.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    ).one()
    subject.name = earner.name or subject.name
    subject.licence_id = earner.licence_id or subject.licence_id
    if earner.did is not None:
        subject.did, subject.did_proved = earner.did, earner.did_proved
    subject.updated_at = work.now
    return subject


async def _earner(work: Work, *, kind: IdentityKind, value: str) -> UUID:
    query = select(EarnerIdentity.earner_id).where(EarnerIdentity.kind == kind, EarnerIdentity.value == value)
    known = await work.session.scalar(query)
    if known is not None:
        return known
    earner = Earner(id=work.new_id(), created_at=work.now)
    work.session.add(earner)
    await work.session.flush()
    made = await insert_if_free(
        work.session,
        EarnerIdentity,
        id=work.new_id(),
        earner_id=earner.id,
        kind=kind,
        value=value,
        created_at=work.now,
    )
    if made:
        return earner.id
    # Another unit of work recorded the same person first: use theirs, and leave no earner without an identity.
    await work.session.delete(earner)
    await work.session.flush()
    return (await work.session.scalars(query)).one()
