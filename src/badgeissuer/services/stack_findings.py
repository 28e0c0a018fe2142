"""Where earners stand in a stack, and what is due to them: its award, its loss, or its return.

A stack awards only people whom its issuer knows already: awards of other issuers count for them, but no issuer learns
of a person by publishing a stack. What a person took away the stack does not give again; what it took away itself by
its policy it gives back when it is complete again (a suspended award is reinstated, in place of a revoked one a new
one is made).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import aliased

from badgeissuer.rules.stack_rules import OnLoss, StackDocument
from badgeissuer.rules.stacks import Earned, Standing, affected, standing
from badgeissuer.rules.terms import AwardState, VersionState
from badgeissuer.services.stack_facts import earned_by, own_achievements
from badgeissuer.store.awards import Award
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.people import Subject
from badgeissuer.store.stacks import Stack, StackAward, StackItem, StackVersion
from badgeissuer.work import Work

_LIVE = (AwardState.ACTIVE, AwardState.SUSPENDED)


class Due(StrEnum):
    """What a stack owes an earner now."""

    NOTHING = "nothing"
    AWARD = "award"
    SUSPEND = "suspend"
    REVOKE = "revoke"
    REINSTATE = "reinstate"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is due to one subject, by which version of the stack, and the standing that says so."""

    due: Due
    version_id: UUID | None = None
    award_id: UUID | None = None
    standing: Standing | None = None


_NOTHING = Finding(Due.NOTHING)


@dataclass(frozen=True, slots=True)
class Book:
    """A stack with all its versions that are or were published, read once for many earners."""

    stack: Stack
    issuer: Issuer
    versions: Mapping[UUID, StackVersion]
    documents: Mapping[UUID, StackDocument]
    achievements: frozenset[UUID]
    own: Mapping[str, str]

    @property
    def published(self) -> StackVersion | None:
        return next((each for each in self.versions.values() if each.state is VersionState.PUBLISHED), None)


async def open_book(work: Work, *, stack_id: UUID) -> Book:
    """Everything of the stack that findings look at."""
    stack, issuer = (
        await work.session.execute(
            select(Stack, Issuer).join(Issuer, Issuer.id == Stack.issuer_id).where(Stack.id == stack_id)
        )
    ).one()
    query = select(StackVersion).where(StackVersion.stack_id == stack_id, StackVersion.state != VersionState.DRAFT)
    versions = (await work.session.scalars(query.execution_options(populate_existing=True))).all()
    documents = {version.id: version.as_rule() for version in versions}
    items = (await work.session.scalars(select(StackItem.achievement_id).where(StackItem.stack_id == stack_id))).all()
    return Book(
        stack=stack,
        issuer=issuer,
        versions={version.id: version for version in versions},
        documents=documents,
        achievements=frozenset(items),
        own=await own_achievements(work, documents.values()),
    )


async def stacks_looking_at(work: Work, *, achievement_id: UUID) -> list[UUID]:
    """The stacks with a version that looks, or looked, at an achievement."""
    query = select(StackItem.stack_id).where(StackItem.achievement_id == achievement_id).distinct()
    return sorted((await work.session.scalars(query)).all())


async def subject_of(work: Work, *, stack_id: UUID, earner_id: UUID) -> Subject | None:
    """The earner as the stack's issuer knows them; None where it does not."""
    return await work.session.scalar(
        select(Subject)
        .join(Stack, Stack.issuer_id == Subject.issuer_id)
        .where(Stack.id == stack_id, Subject.earner_id == earner_id)
    )


async def candidates(work: Work, *, version: StackVersion, after: UUID | None, limit: int) -> Sequence[Subject]:
    """The issuer's subjects who hold an award that the version looks at, by id, after ``after``."""
    query = select(Subject).where(_holds_one(version)).order_by(Subject.id).limit(limit)
    if after is not None:
        query = query.where(Subject.id > after)
    return (await work.session.scalars(query)).all()


async def count_candidates(work: Work, *, version_id: UUID) -> int:
    """How many subjects ``candidates`` would go through."""
    version = (await work.session.scalars(select(StackVersion).where(StackVersion.id == version_id))).one()
    query = select(func.count()).select_from(Subject).where(_holds_one(version))
    return int(await work.session.scalar(query) or 0)


def _holds_one(version: StackVersion) -> ColumnElement[bool]:
    anywhere = aliased(Subject)
    members = select(StackItem.achievement_id).where(StackItem.stack_version_id == version.id)
    held = (
        select(Award.id)
        .join(anywhere, anywhere.id == Award.subject_id)
        .where(anywhere.earner_id == Subject.earner_id, Award.achievement_id.in_(members))
        .correlate(Subject)
    )
    return and_(Subject.issuer_id == version.issuer_id, held.exists())


async def findings(work: Work, book: Book, subjects: Collection[Subject]) -> dict[UUID, Finding]:
    """What is due to each of these subjects, by subject id."""
    ids = [subject.id for subject in subjects]
    query = (
        select(Award, StackAward)
        .outerjoin(StackAward, StackAward.award_id == Award.id)
        .where(Award.subject_id.in_(ids), Award.achievement_id == book.stack.achievement_id)
        .order_by(Award.created_at, Award.id)
        .execution_options(populate_existing=True)
    )
    # The newest of each subject comes last, and stays.
    newest = {row[0].subject_id: (row[0], row[1]) for row in (await work.session.execute(query)).all()}
    earned = await earned_by(
        work,
        earners={subject.earner_id for subject in subjects},
        achievements=book.achievements,
        issuer_id=book.stack.issuer_id,
        with_results=any(member.minimum for document in book.documents.values() for member in document.members),
    )
    found = {}
    for subject in subjects:
        award, made = newest.get(subject.id, (None, None))
        found[subject.id] = _finding(work, book, award, made, earned[subject.earner_id])
    return found


def _finding(work: Work, book: Book, award: Award | None, made: StackAward | None, earned: list[Earned]) -> Finding:
    def stands(version_id: UUID) -> Standing:
        return standing(book.documents[version_id], earned, now=work.now, own=book.own)

    published = book.published
    if award is not None and award.state in _LIVE:
        if made is None:
            return _NOTHING  # a person decided it
        found = stands(made.stack_version_id)
        if found.complete or (published is not None and stands(published.id).complete):
            again = award.state is AwardState.SUSPENDED and made.held is AwardState.SUSPENDED
            return Finding(Due.REINSTATE, made.stack_version_id, award.id, found) if again else _NOTHING
        loss = affected(award.state, book.documents[made.stack_version_id], found)
        if loss is None:
            return _NOTHING
        due = Due.SUSPEND if loss is OnLoss.SUSPEND else Due.REVOKE
        return Finding(due, made.stack_version_id, award.id, found)
    if award is not None and (made is None or made.held is not AwardState.REVOKED):
        return _NOTHING
    if published is None:
        return _NOTHING
    found = stands(published.id)
    return Finding(Due.AWARD, published.id, None, found) if found.complete else _NOTHING
