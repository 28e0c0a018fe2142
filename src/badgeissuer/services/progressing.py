"""Where an earner stands in a stack, for the stack's issuer: what is done, what is missing, what if, and by when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from badgeissuer.errors import NotFound
from badgeissuer.rules.stack_progress import Progress, progress
from badgeissuer.rules.terms import AwardState
from badgeissuer.services import stacking
from badgeissuer.services.identifying import EarnerGiven
from badgeissuer.services.stack_checking import achievements_named
from badgeissuer.services.stack_facts import earned_by, own_achievements, own_id
from badgeissuer.store.awards import Award
from badgeissuer.store.people import EarnerIdentity, Subject
from badgeissuer.store.scope import visible_to
from badgeissuer.store.stacks import Stack, StackVersion
from badgeissuer.work import Work


@dataclass(frozen=True, slots=True)
class Asked:
    """A stack with the version that counts, and an earner of its issuer."""

    stack: Stack
    version: StackVersion
    subject: Subject


@dataclass(frozen=True, slots=True)
class Answer:
    """The progress, and the stack's own award where it is made: its id and state."""

    progress: Progress
    award: tuple[UUID, AwardState] | None


async def find(work: Work, *, stack_id: UUID, earner: EarnerGiven | None, urn: str | None) -> Asked:
    """The stack and the earner, who is named by an identity or by the id that the issuer's credentials give them.

    The published version counts, else the newest. Raises ``NotFound``, also for people whom only others know.
    """
    stack = await stacking.find_stack(work, stack_id=stack_id)
    all_versions = await stacking.versions(work, stack_id=stack_id)
    query = select(Subject).where(Subject.issuer_id == stack.issuer_id, visible_to(work.actor, Subject))
    if earner is not None:
        kind, value = earner.identity()
        query = query.join(EarnerIdentity, EarnerIdentity.earner_id == Subject.earner_id).where(
            EarnerIdentity.kind == kind, EarnerIdentity.value == value
        )
    if urn is not None:
        query = query.where(Subject.urn == urn)
    subject = await work.session.scalar(query) if earner is not None or urn is not None else None
    if subject is None:
        raise NotFound("the stack's issuer knows no such earner")
    return Asked(stack, stacking.current(all_versions) or all_versions[-1], subject)


async def answer(work: Work, asked: Asked, *, what_if: Sequence[str] = ()) -> Answer:
    """Where the earner stands now, or would stand with these members (keys that the stack has)."""
    document = asked.version.as_rule()
    own = await own_achievements(work, [document])
    crowns = {found for url in own.values() if (found := own_id(work, url, "achievements")) is not None}
    earned = await earned_by(
        work,
        earners=[asked.subject.earner_id],
        achievements=achievements_named(work, document) | crowns,
        issuer_id=asked.stack.issuer_id,
        with_results=any(member.minimum for member in document.members),
    )
    made = (
        await work.session.execute(
            select(Award.id, Award.state)
            .where(Award.subject_id == asked.subject.id, Award.achievement_id == asked.stack.achievement_id)
            .order_by(Award.created_at.desc(), Award.id.desc())
            .limit(1)
        )
    ).one_or_none()
    standing = progress(document, earned[asked.subject.earner_id], now=work.now, own=own, what_if=what_if)
    return Answer(standing, (made[0], made[1]) if made is not None else None)
