"""The stacks that an earner is on the way to, over all issuers, with how far they are in each."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from badgeissuer.rules.terms import AwardState, VersionState
from badgeissuer.services import progressing
from badgeissuer.services.progressing import Answer
from badgeissuer.services.stack_facts import stack_url
from badgeissuer.store.awards import Award
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.people import Subject
from badgeissuer.store.stacks import Stack, StackItem, StackVersion
from badgeissuer.work import Work

# Each is evaluated when the page is asked for.
MOST_STACKS = 12
_COUNTS = (AwardState.ACTIVE, AwardState.SUSPENDED)


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """A published stack of which the earner has something."""

    name: str
    issuer: str
    path: str
    answer: Answer

    @property
    def tenths(self) -> int:
        """How far, for a bar."""
        condition = self.answer.progress.condition
        if self.answer.progress.standing.complete:
            return 10
        return min(9, 10 * condition.have // condition.need) if condition.need else 0


async def stacks_of(work: Work, *, earner_id: UUID) -> list[OnTheWay]:
    """The stacks, complete ones last, of issuers that know the earner; those with an award of the earner's in them."""
    held = (
        select(Award.achievement_id)
        .join(Subject, Subject.id == Award.subject_id)
        .where(Subject.earner_id == earner_id, Award.state.in_(_COUNTS))
    )
    rows = await work.session.execute(
        select(Stack, StackVersion, Subject, Issuer.name)
        .join(StackVersion, StackVersion.stack_id == Stack.id)
        .join(Issuer, Issuer.id == Stack.issuer_id)
        .join(Subject, (Subject.issuer_id == Stack.issuer_id) & (Subject.earner_id == earner_id))
        .where(
            StackVersion.state == VersionState.PUBLISHED,
            StackVersion.id.in_(select(StackItem.stack_version_id).where(StackItem.achievement_id.in_(held))),
        )
        .order_by(StackVersion.name, Stack.id)
        .limit(MOST_STACKS)
    )
    found = []
    for stack, version, subject, issuer in rows.all():
        answer = await progressing.answer(work, progressing.Asked(stack, version, subject))
        path = stack_url(work.base_url, stack.id).removeprefix(work.base_url)
        found.append(OnTheWay(version.name, issuer, path, answer))
    return sorted(found, key=lambda each: each.answer.progress.standing.complete)
