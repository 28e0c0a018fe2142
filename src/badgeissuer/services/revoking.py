"""Revoke, suspend and reinstate awards. The status list is re-signed and stored before the answer leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import select

from badgeissuer.errors import NotFound
from badgeissuer.rules import awarding as rules
from badgeissuer.rules.terms import AwardState, StatusPurpose
from badgeissuer.services import stack_jobs, statuses
from badgeissuer.services.awarding import credential_of
from badgeissuer.store.awards import Award
from badgeissuer.store.catalog import AchievementVersion, Issuer
from badgeissuer.store.people import Subject
from badgeissuer.store.scope import visible_to
from badgeissuer.work import Work

Action = Literal["revoke", "suspend", "reinstate"]
_EVENTS = {"revoke": "award.revoked", "suspend": "award.suspended", "reinstate": "award.reinstated"}


@dataclass(frozen=True, slots=True)
class Changed:
    """The award after the change, and whether anyone who only reads the status list can see it."""

    award: Award
    visible_to_third_parties: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A step of an award that may be made: where it leads, with the list's next edition canonicalised."""

    award_id: UUID
    action: Action
    issuer: Issuer
    purpose: StatusPurpose
    credential_id: UUID
    aim: AwardState
    prepared: statuses.Edition | None


async def find_award(work: Work, *, award_id: UUID, lock: bool = False) -> Award:
    """An award of an issuer the actor may act for. Raises ``NotFound``, also for another tenant's."""
    query = select(Award).where(Award.id == award_id, visible_to(work.actor, Award))
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    award = await work.session.scalar(query)
    if award is None:
        raise NotFound("no such award")
    return award


async def change_state(work: Work, *, award_id: UUID, action: Action, reason: str) -> Changed:
    """One step of the award's state machine, with the reason kept. A revocation is final.

    What others see of it hangs on the purpose that the achievement version chose: its one status entry says either
    "revoked" or "suspended" (OB allows one). Raises ``NotFound``, ``IllegalTransition``.
    """
    change = await prepare(work, award_id=award_id, action=action)
    await work.begin_write()
    return await carry_out(work, change=change, reason=reason)


async def prepare(work: Work, *, award_id: UUID, action: Action) -> Change:
    """Everything of ``change_state`` that takes time, before the writer is taken. Raises what it raises."""
    seen = await find_award(work, award_id=award_id)
    issuer = (await work.session.scalars(select(Issuer).where(Issuer.id == seen.issuer_id))).one()
    version = (
        await work.session.scalars(
            select(AchievementVersion).where(AchievementVersion.id == seen.achievement_version_id)
        )
    ).one()
    purpose = version.as_parts().status_purpose
    credential = await credential_of(work, award=seen)
    aim = rules.status_transition(seen.state, action)
    prepared = await statuses.prepare_bit(
        work, issuer=issuer, credential_id=credential.id, value=rules.status_bit(purpose, aim)
    )
    return Change(award_id, action, issuer, purpose, credential.id, aim, prepared)


async def carry_out(work: Work, *, change: Change, reason: str) -> Changed:
    """Make the step on the locked award, in a unit of work that writes. Raises what ``change_state`` raises."""
    purpose = change.purpose
    award = await find_award(work, award_id=change.award_id, lock=True)
    state = rules.status_transition(award.state, change.action)
    award.state, award.state_reason, award.state_changed_at = state, reason, work.now
    await work.session.flush()
    bit = rules.status_bit(purpose, state)
    await statuses.publish_bit(
        work,
        issuer=change.issuer,
        credential_id=change.credential_id,
        value=bit,
        prepared=change.prepared if state is change.aim else None,
    )
    earner_id = (await work.session.scalars(select(Subject.earner_id).where(Subject.id == award.subject_id))).one()
    await stack_jobs.member_changed(work, achievement_id=award.achievement_id, earner_id=earner_id)
    visible = rules.visible_to_third_parties(purpose, state)
    work.emit(_EVENTS[change.action], "award", award.id, issuer_id=award.issuer_id, visible_to_third_parties=visible)
    return Changed(award=award, visible_to_third_parties=visible)
