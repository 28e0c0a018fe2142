"""What anyone may read: credentials and status lists byte for byte, profiles, DID documents, achievements."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Select, select
from sqlalchemy.orm import aliased

from badgeissuer.errors import NotFound
from badgeissuer.rules.terms import AwardState, KeyAlgorithm, KeyState, VersionState, Visibility
from badgeissuer.services.registering import in_order, issuer_keys
from badgeissuer.store.awards import EMBEDDED, Award, Credential
from badgeissuer.store.catalog import Achievement, AchievementVersion, Issuer, IssuerKey
from badgeissuer.store.status import StatusList
from badgeissuer.vc import multikey
from badgeissuer.work import Work


def public_credential(credential_id: UUID | BindParameter[UUID]) -> Select[Credential]:
    """The stored credential with its embedded proof, joined to its award; not where its earner closed it."""
    return (
        select(Credential)
        .join(Award, Award.id == Credential.award_id)
        .where(
            Credential.id == credential_id,
            Credential.media_type == EMBEDDED,
            Award.visibility != Visibility.CLOSED,
        )
    )


async def credential(work: Work, *, credential_id: UUID) -> Credential:
    """The stored credential with its embedded proof, revoked or not: what was said stays readable.

    Raises ``NotFound``, also where its earner closed it: nobody can tell that from an id that there never was.
    """
    row = await work.session.scalar(public_credential(credential_id))
    if row is None:
        raise NotFound("no such credential")
    return row


async def successor_url(work: Work, credential: Credential) -> str | None:
    """The address of the credential that took this one's place; None where none did, or its earner closed it."""
    newer = aliased(Award)
    return await work.session.scalar(
        select(Credential.url)
        .join(newer, newer.id == Credential.award_id)
        .join(Award, Award.superseded_by_id == newer.id)
        .where(
            Award.id == credential.award_id,
            Credential.media_type == EMBEDDED,
            newer.visibility != Visibility.CLOSED,
        )
    )


async def status_list(work: Work, *, list_id: UUID) -> StatusList:
    """The current edition of a list. Raises ``NotFound``."""
    row = await work.session.get(StatusList, list_id)
    if row is None:
        raise NotFound("no such status list")
    return row


async def issuer_profile(work: Work, *, slug: str) -> dict[str, Any]:
    """The issuer's public OB3 Profile. Raises ``NotFound``."""
    return (await _issuer(work, slug=slug)).profile


async def issuer_did_document(work: Work, *, slug: str) -> dict[str, Any]:
    """The issuer's DID document. Raises ``NotFound``."""
    issuer = await _issuer(work, slug=slug)
    return document_of(issuer.did, await issuer_keys(work, issuer_id=issuer.id))


async def did_document(work: Work, did: str) -> dict[str, Any] | None:
    """The document behind one of our own DIDs; None where it is not ours."""
    query = in_order(select(IssuerKey)).join(Issuer, Issuer.id == IssuerKey.issuer_id).where(Issuer.did == did)
    keys = list((await work.session.scalars(query)).all())
    return document_of(did, keys) if keys else None


async def own_dids(work: Work, dids: Collection[str]) -> set[str]:
    """Which of these are our own issuers'."""
    return set((await work.session.scalars(select(Issuer.did).where(Issuer.did.in_(dids)))).all())


async def status_list_text(work: Work, url: str) -> str | None:
    """The current edition of one of our own lists, by its URL; None where it is not ours."""
    return await work.session.scalar(select(StatusList.text).where(StatusList.url == url))


async def own_award_state(work: Work, credential_url: str) -> AwardState | None:
    """What we know of the award behind one of our own credentials; None where it is not ours.

    Also of closed ones: whoever has the signed text already learns from the public status list no less.
    """
    prefix = f"{work.base_url}/credentials/"
    if not credential_url.startswith(prefix):
        return None
    try:
        credential_id = UUID(credential_url.removeprefix(prefix))
    except ValueError:
        return None
    return await work.session.scalar(
        select(Award.state).join(Credential, Credential.award_id == Award.id).where(Credential.id == credential_id)
    )


async def achievement(work: Work, *, achievement_id: UUID, number: int | None = None) -> AchievementVersion:
    """A published or retired version, the newest where no number is given; never a draft. Raises ``NotFound``."""
    query = (
        select(AchievementVersion)
        .join(Achievement, Achievement.id == AchievementVersion.achievement_id)
        .where(Achievement.id == achievement_id, AchievementVersion.state != VersionState.DRAFT)
        .order_by(AchievementVersion.number.desc())
        .limit(1)
    )
    if number is not None:
        query = query.where(AchievementVersion.number == number)
    row = await work.session.scalar(query)
    if row is None:
        raise NotFound("no such achievement, or none that is published")
    return row


def document_of(did: str, keys: list[IssuerKey]) -> dict[str, Any]:
    """The DID document: the next keys and the retired ones too, so that caches are warm and old badges verify."""
    return multikey.did_document(
        did,
        [verification_key(key.public_multibase, key.algorithm, key.state, key.compromised_at) for key in keys],
    )


def verification_key(
    public_multibase: str, algorithm: KeyAlgorithm, state: KeyState, compromised_at: datetime | None
) -> multikey.VerificationKey:
    """A key as the DID document names it."""
    return multikey.VerificationKey(
        public_multibase=public_multibase,
        as_jwk=algorithm is KeyAlgorithm.P256,
        revoked=compromised_at if state is KeyState.COMPROMISED else None,
    )


async def _issuer(work: Work, *, slug: str) -> Issuer:
    issuer = await work.session.scalar(select(Issuer).where(Issuer.slug == slug))
    if issuer is None:
        raise NotFound("no such issuer")
    return issuer
