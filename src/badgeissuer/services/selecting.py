"""Find the achievement edition that a decision is about, with its issuer, for the caller who may use it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from badgeissuer.errors import Fault, NotFound, Rejected
from badgeissuer.rules.terms import VersionState
from badgeissuer.services import defining
from badgeissuer.store.catalog import Achievement, AchievementVersion, Issuer
from badgeissuer.store.insert import padded
from badgeissuer.store.scope import visible_to
from badgeissuer.work import Work


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of an achievement with the issuer that awards it."""

    issuer: Issuer
    achievement: Achievement
    version: AchievementVersion


async def published_edition(work: Work, *, achievement_id: UUID, number: int | None) -> Edition:
    """The named version, or the current one.

    Raises ``NotFound`` (also another tenant's), ``Rejected`` where it is not published.
    """
    row = (
        await work.session.execute(
            select(Achievement, Issuer)
            .join(Issuer, Issuer.id == Achievement.issuer_id)
            .where(Achievement.id == achievement_id, visible_to(work.actor, Achievement))
        )
    ).one_or_none()
    if row is None:
        raise NotFound(
            "no such achievement", faults=[Fault("/achievement", "no achievement that you may use has this id")]
        )
    all_versions = await defining.versions(work, achievement_id=achievement_id)
    if number is None:
        version = defining.current(all_versions)
        if version is None:
            retired = any(known.state is VersionState.RETIRED for known in all_versions)
            remedy = "it is retired: publish a new version" if retired else "publish it first"
            words = f"{remedy} (POST /v1/achievements/{{id}}/publish)"
            raise Rejected(
                "the achievement has no published version",
                faults=[Fault("/achievement", words, "not-published")],
            )
        return Edition(row[1], row[0], version)
    version = next((v for v in all_versions if v.number == number), None)
    if version is None:
        raise Rejected(
            "there is no such version", faults=[Fault("/version", "no version of the achievement has this number")]
        )
    if version.state is not VersionState.PUBLISHED:
        raise _not_published(number, version.state)
    return Edition(row[1], row[0], version)


async def still_published(work: Work, *, editions: Iterable[Edition]) -> None:
    """Whether what was read before is still so. Raises ``Rejected`` where a version was retired meanwhile."""
    versions = padded(edition.version.id for edition in editions)
    query = select(AchievementVersion.number, AchievementVersion.state).where(
        AchievementVersion.id.in_(versions), AchievementVersion.state != VersionState.PUBLISHED
    )
    for number, state in await work.session.execute(query):
        raise _not_published(number, state)


def _not_published(number: int, state: VersionState) -> Rejected:
    return Rejected(
        f"version {number} is {state.value}",
        faults=[Fault("/version", "only a published version can be awarded", "not-published")],
    )


async def edition_of(work: Work, *, version_id: UUID) -> Edition:
    """The edition of a recorded decision or award, whatever its state now."""
    version, achievement, issuer = (
        await work.session.execute(
            select(AchievementVersion, Achievement, Issuer)
            .join(Achievement, Achievement.id == AchievementVersion.achievement_id)
            .join(Issuer, Issuer.id == Achievement.issuer_id)
            .where(AchievementVersion.id == version_id)
        )
    ).one()
    return Edition(issuer, achievement, version)
