"""Which thing an endorsement is about: an issuer, an achievement or an award, of any tenant of this service.

An endorser is no party to what it endorses, so here the tenant filter does not hold. What may be named is what anybody
may read: issuers, achievements that are or were published, and credentials by their unguessable address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, or_, select

from badgeissuer.errors import Fault, NotFound, Rejected
from badgeissuer.rules.terms import AwardState, EndorsedKind, VersionState, Visibility
from badgeissuer.services.defining import achievement_url
from badgeissuer.services.registering import issuer_page
from badgeissuer.store.awards import EMBEDDED, Award, Credential
from badgeissuer.store.catalog import AchievementVersion, Issuer
from badgeissuer.store.endorsements import Endorsement
from badgeissuer.store.scope import visible_to
from badgeissuer.work import Work

_SELF = {
    EndorsedKind.ISSUER: "is the endorser itself",
    EndorsedKind.ACHIEVEMENT: "is the endorser's own",
    EndorsedKind.AWARD: "is the endorser's own",
}
_WHY = "its signature says already that it stands by it, and an endorsement is the word of another"


@dataclass(frozen=True, slots=True)
class Target:
    """What is endorsed. ``subject`` is its id as it stands in credentials; ``name`` is for people."""

    kind: EndorsedKind
    subject: str
    name: str
    owner_id: UUID
    achievement_id: UUID | None = None
    credential_id: UUID | None = None


async def find_target(work: Work, *, endorser: Issuer, of: Mapping[EndorsedKind, str]) -> Target:
    """The thing that ``of`` names: an issuer by slug, DID or address; an achievement by id or address; an award by its
    credential's id or address (its own id only for who may see it).

    Raises ``Rejected`` (not exactly one, the endorser's own, an award that does not stand), ``NotFound`` for what is
    unknown, not published or closed; each names the member.
    """
    if len(of) != 1:
        faults = [Fault("/of", "name exactly one of issuer, achievement and award")]
        raise Rejected("it is not clear what is endorsed", faults=faults)
    kind, given = next(iter(of.items()))
    match kind:
        case EndorsedKind.ISSUER:
            found = await _issuer(work, given)
        case EndorsedKind.ACHIEVEMENT:
            found = await _achievement(work, given)
        case EndorsedKind.AWARD:
            found = await _award(work, given)
    if found is None:
        raise NotFound(
            "what is endorsed is not here", faults=[Fault(f"/of/{kind.value}", "there is none by this name")]
        )
    if found.owner_id == endorser.id:
        faults = [Fault(f"/of/{kind.value}", f"{_SELF[kind]}: {_WHY}", "self-endorsement")]
        raise Rejected("nobody endorses themselves", faults=faults)
    return found


async def _issuer(work: Work, given: str) -> Target | None:
    slug = given.removeprefix(issuer_page(work.base_url, ""))
    issuer = await work.session.scalar(select(Issuer).where(or_(Issuer.slug == slug, Issuer.did == given)))
    return None if issuer is None else Target(EndorsedKind.ISSUER, issuer.did, issuer.name, issuer.id)


async def _achievement(work: Work, given: str) -> Target | None:
    achievement_id = _id(given, f"{work.base_url}/achievements/")
    version = await work.session.scalar(_published(achievement_id))
    if version is None:
        return None
    subject = achievement_url(work.base_url, version.achievement_id)
    return Target(
        EndorsedKind.ACHIEVEMENT, subject, version.name, version.issuer_id, achievement_id=version.achievement_id
    )


async def _award(work: Work, given: str) -> Target | None:
    by_public_id = Credential.id == _id(given, f"{work.base_url}/credentials/")
    by_own_id = Award.id == _id(given, f"{work.base_url}/v1/awards/")
    row = (
        await work.session.execute(
            select(Award, Credential, AchievementVersion.name)
            .join(Credential, Credential.award_id == Award.id)
            .join(AchievementVersion, AchievementVersion.id == Award.achievement_version_id)
            .where(
                Credential.media_type == EMBEDDED,
                Award.visibility != Visibility.CLOSED,
                or_(by_public_id, by_own_id & visible_to(work.actor, Award)),
            )
        )
    ).one_or_none()
    if row is None:
        return None
    award, credential, name = row
    if award.state is not AwardState.ACTIVE:
        faults = [Fault("/of/award", f"is {award.state.value}: only one that stands is endorsed", "not-active")]
        raise Rejected("the award does not stand", faults=faults)
    if award.valid_until is not None and award.valid_until < work.now:
        faults = [Fault("/of/award", "has expired: only one that stands is endorsed", "not-active")]
        raise Rejected("the award does not stand", faults=faults)
    return Target(EndorsedKind.AWARD, credential.url, name, award.issuer_id, credential_id=credential.id)


def _id(given: str, prefix: str) -> UUID | None:
    try:
        return UUID(given.removeprefix(prefix))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Named:
    """What is endorsed, for people: as it is called now, and its public address."""

    name: str
    url: str


async def named(work: Work, endorsement: Endorsement) -> Named:
    """What that endorsement is about."""
    match endorsement.kind:
        case EndorsedKind.ISSUER:
            issuer = (
                await work.session.scalars(select(Issuer).where(Issuer.id == endorsement.endorsed_issuer_id))
            ).one()
            return Named(issuer.name, issuer_page(work.base_url, issuer.slug))
        case EndorsedKind.ACHIEVEMENT:
            query = _published(endorsement.achievement_id)
            return Named((await work.session.scalars(query)).one().name, endorsement.subject)
        case EndorsedKind.AWARD:
            title = (
                select(AchievementVersion.name)
                .join(Award, Award.achievement_version_id == AchievementVersion.id)
                .join(Credential, Credential.award_id == Award.id)
                .where(Credential.id == endorsement.credential_id)
            )
            return Named((await work.session.scalars(title)).one(), endorsement.subject)


def _published(achievement_id: UUID | None) -> Select[AchievementVersion]:
    """Its newest version that is or was published."""
    return (
        select(AchievementVersion)
        .where(AchievementVersion.achievement_id == achievement_id, AchievementVersion.state != VersionState.DRAFT)
        .order_by(AchievementVersion.number.desc())
        .limit(1)
    )
