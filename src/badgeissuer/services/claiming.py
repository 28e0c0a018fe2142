"""What an earner says to an award: accept or decline, by the link in the notice or at their own page.

Declining closes the award's public page. It revokes nothing: what the issuer does about it is the issuer's decision,
and the earner may think again.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from badgeissuer.rules.terms import Acceptance, AwardState, Visibility
from badgeissuer.services.signing_in import LinkOver, hashed
from badgeissuer.store.awards import EMBEDDED, Award, Credential
from badgeissuer.store.catalog import AchievementVersion, Issuer
from badgeissuer.store.earners import AwardAnswer, NoticeToken
from badgeissuer.store.people import Subject
from badgeissuer.work import Work


@dataclass(frozen=True, slots=True)
class Claim:
    """The award that a notice's link opens."""

    award_id: UUID
    earner_id: UUID
    issuer_id: UUID
    issuer: str
    title: str
    description: str
    state: AwardState
    credential_id: UUID
    visibility: Visibility
    acceptance: Acceptance | None


async def claim(work: Work, *, token: str) -> Claim:
    """The award behind a notice's link. Raises ``LinkOver``."""
    query = (
        select(
            Award.id,
            Subject.earner_id,
            Issuer.id,
            Issuer.name,
            AchievementVersion.name,
            AchievementVersion.document["description"].as_string(),
            Award.state,
            Credential.id,
            Award.visibility,
            AwardAnswer.acceptance,
        )
        .join(NoticeToken, NoticeToken.award_id == Award.id)
        .join(Subject, Subject.id == Award.subject_id)
        .join(Issuer, Issuer.id == Award.issuer_id)
        .join(AchievementVersion, AchievementVersion.id == Award.achievement_version_id)
        .join(Credential, (Credential.award_id == Award.id) & (Credential.media_type == EMBEDDED))
        .outerjoin(AwardAnswer, AwardAnswer.award_id == Award.id)
        .where(NoticeToken.token_sha256 == hashed(token), NoticeToken.expires_at > work.now)
    )
    row = (await work.session.execute(query)).one_or_none()
    if row is None:
        raise LinkOver("the link is too old, or is none of ours")
    return Claim(*row)


async def answer(work: Work, *, award_id: UUID, acceptance: Acceptance) -> None:
    """Write the answer down. Declining closes the page; accepting opens it again where declining had closed it.

    Whoever calls has shown that the award is the earner's.
    """
    await work.begin_write()
    award = await work.locked(Award, award_id)
    given = await work.session.get(AwardAnswer, award_id)
    before = given.acceptance if given is not None else None
    if before is acceptance:
        return
    if given is None:
        work.session.add(AwardAnswer(award_id=award_id, acceptance=acceptance, answered_at=work.now))
    else:
        given.acceptance, given.answered_at = acceptance, work.now
    if acceptance is Acceptance.DECLINED:
        award.visibility = Visibility.CLOSED
    elif before is Acceptance.DECLINED and award.visibility is Visibility.CLOSED:
        award.visibility = Visibility.UNLISTED
    await work.session.flush()
    work.emit(f"award.{acceptance.value}", "award", award.id, issuer_id=award.issuer_id)
