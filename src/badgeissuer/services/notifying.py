"""Tell earners by e-mail what was awarded to them, where their issuer has that on and they did not stop it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, select

from badgeissuer.errors import NotFound
from badgeissuer.rules.terms import AwardState, IdentityKind, MailKind
from badgeissuer.services import mailing
from badgeissuer.services.signing_in import hashed, new_token
from badgeissuer.store.awards import Award
from badgeissuer.store.catalog import AchievementVersion, Issuer
from badgeissuer.store.earners import NoticeStop, NoticeToken, SignInLink
from badgeissuer.store.insert import insert_if_free, padded
from badgeissuer.store.people import EarnerIdentity, Subject
from badgeissuer.work import Work

CLAIM_LASTS = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notice says. ``token`` is what its links hold."""

    title: str
    issuer: str
    token: str


async def notices_due(work: Work, *, awards: Iterable[tuple[Award, Issuer, UUID]]) -> None:
    """In the unit of work that makes the awards: have their earners told, where that is wanted and there is an address.

    Beside each award stand its issuer and the earner's id.
    """
    wanted = [each for each in awards if work.settings.sends_mail and each[1].notices]
    if not wanted:
        return
    earners = padded(earner_id for *_, earner_id in wanted)
    stops = select(NoticeStop.earner_id, NoticeStop.issuer_id).where(NoticeStop.earner_id.in_(earners))
    stopped = {(row[0], row[1]) for row in await work.session.execute(stops)}
    # Of several rows the last counts: the first address that was recorded, the language of the newest sign-in.
    addresses = await _last_of_each(
        work,
        select(EarnerIdentity.earner_id, EarnerIdentity.value)
        .where(EarnerIdentity.earner_id.in_(earners), EarnerIdentity.kind == IdentityKind.EMAIL)
        .order_by(EarnerIdentity.created_at.desc(), EarnerIdentity.id.desc()),
    )
    languages = await _last_of_each(
        work,
        select(SignInLink.earner_id, SignInLink.language)
        .where(SignInLink.earner_id.in_(earners))
        .order_by(SignInLink.created_at, SignInLink.id),
    )
    for award, issuer, earner_id in wanted:
        if earner_id in addresses and (earner_id, issuer.id) not in stopped:
            mailing.queue(
                work,
                kind=MailKind.AWARD_NOTICE,
                address=addresses[earner_id],
                language=languages.get(earner_id, work.settings.mail_language),
                award_id=award.id,
                issuer_id=issuer.id,
            )


async def _last_of_each(work: Work, query: Select[UUID, str]) -> dict[UUID, str]:
    return {row[0]: row[1] for row in await work.session.execute(query)}


async def write_notice(work: Work, *, award_id: UUID) -> Notice | None:
    """The notice, with a fresh token. None where the award does not stand any more, or the earner stopped them."""
    award, title, issuer, earner_id = (
        await work.session.execute(
            select(Award, AchievementVersion.name, Issuer, Subject.earner_id)
            .join(AchievementVersion, AchievementVersion.id == Award.achievement_version_id)
            .join(Issuer, Issuer.id == Award.issuer_id)
            .join(Subject, Subject.id == Award.subject_id)
            .where(Award.id == award_id)
        )
    ).one()
    stopped = await _stopped(work, earner_id=earner_id, issuer_id=issuer.id)
    if award.state is not AwardState.ACTIVE or stopped or not issuer.notices:
        return None
    await work.begin_write()
    token = new_token(work)
    work.session.add(
        NoticeToken(
            id=work.new_id(),
            award_id=award_id,
            token_sha256=hashed(token),
            created_at=work.now,
            expires_at=work.now + CLAIM_LASTS,
        )
    )
    await work.session.flush()
    return Notice(title=title, issuer=issuer.name, token=token)


async def stop(work: Work, *, earner_id: UUID, issuer_id: UUID) -> None:
    """No more e-mails from this issuer. Repeating it changes nothing."""
    await work.begin_write()
    await insert_if_free(work.session, NoticeStop, earner_id=earner_id, issuer_id=issuer_id, stopped_at=work.now)


async def resume(work: Work, *, earner_id: UUID, issuer_id: UUID) -> None:
    """E-mails from this issuer again. Raises ``NotFound`` where none were stopped."""
    await work.begin_write()
    stopped = await work.session.get(NoticeStop, (earner_id, issuer_id))
    if stopped is None:
        raise NotFound("these e-mails were not stopped")
    await work.session.delete(stopped)
    await work.session.flush()


async def stopped_by(work: Work, *, earner_id: UUID) -> list[tuple[UUID, str]]:
    """The issuers that may send this earner no e-mail: id and name."""
    rows = await work.session.execute(
        select(Issuer.id, Issuer.name)
        .join(NoticeStop, NoticeStop.issuer_id == Issuer.id)
        .where(NoticeStop.earner_id == earner_id)
        .order_by(Issuer.name, Issuer.id)
    )
    return [(row[0], row[1]) for row in rows]


async def _stopped(work: Work, *, earner_id: UUID, issuer_id: UUID) -> bool:
    return await work.session.get(NoticeStop, (earner_id, issuer_id)) is not None
