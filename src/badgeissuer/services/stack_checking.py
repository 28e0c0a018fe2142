"""May a stack be published? Its rule, its members, the stacks in it and around it, and what it awards."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from badgeissuer.errors import Fault, Rejected
from badgeissuer.rules.stack_checks import DEEPEST_STACK, nesting_faults, stack_faults
from badgeissuer.rules.stack_rules import Member, StackDocument
from badgeissuer.rules.terms import DuplicatePolicy, VersionState
from badgeissuer.services import defining
from badgeissuer.services.stack_facts import own_id, stack_url
from badgeissuer.store.catalog import AchievementVersion
from badgeissuer.store.stacks import Stack, StackItem, StackVersion
from badgeissuer.work import Work


@dataclass(frozen=True, slots=True)
class _Known:
    """What there is of the things that a document names: published, and drafts that the actor may know of."""

    published: frozenset[UUID]
    drafts: frozenset[UUID]
    stacks: dict[UUID, UUID]  # stack that is or was published → the achievement that it awards


async def check(work: Work, *, stack: Stack, document: StackDocument) -> frozenset[UUID]:
    """The achievements of this service that the stack will look at. Raises ``Rejected`` with every fault."""
    known = await _known(work, document)
    faults = [
        *(fault.under("/stack") for fault in stack_faults(document)),
        *_member_faults(work, stack, document, known),
        *await _award_faults(work, stack),
        *[fault.under("/stack") for fault in await _nesting_faults(work, stack, document)],
    ]
    if faults:
        raise Rejected("the stack cannot be published as it is; see errors", faults=faults)
    own = {known.stacks[found] for url in _stacks_of(document) if (found := own_id(work, url, "stacks")) is not None}
    return frozenset((achievements_named(work, document) & (known.published | known.drafts)) | own)


async def _known(work: Work, document: StackDocument) -> _Known:
    achievements = achievements_named(work, document)
    stacks = {found for url in _stacks_of(document) if (found := own_id(work, url, "stacks")) is not None}
    states = (
        await work.session.execute(
            select(AchievementVersion.achievement_id, AchievementVersion.issuer_id, AchievementVersion.state).where(
                AchievementVersion.achievement_id.in_(achievements)
            )
        )
    ).all()
    published = {row[0] for row in states if row[2] is VersionState.PUBLISHED}
    rows = (
        await work.session.execute(
            select(Stack.id, Stack.achievement_id)
            .join(StackVersion, StackVersion.stack_id == Stack.id)
            .where(Stack.id.in_(stacks), StackVersion.state == VersionState.PUBLISHED)
        )
    ).all()
    return _Known(
        published=frozenset(published),
        # Another tenant's drafts read like achievements that do not exist.
        drafts=frozenset(row[0] for row in states if row[0] not in published and work.actor.sees(row[1])),
        stacks={row[0]: row[1] for row in rows},
    )


def achievements_named(work: Work, document: StackDocument) -> frozenset[UUID]:
    """The achievements of this service that a document names, whether they exist or not."""
    names = (name for member in document.members for _, name in _named(member))
    return frozenset(found for name in names if (found := own_id(work, name, "achievements")) is not None)


def _stacks_of(document: StackDocument) -> frozenset[str]:
    return frozenset(member.stack for member in document.members if member.stack is not None)


def _named(member: Member) -> Iterator[tuple[str, str]]:
    if member.achievement is not None:
        yield "achievement", member.achievement
    for n, name in enumerate(member.alternatives):
        yield f"alternatives/{n}", name


def _member_faults(work: Work, stack: Stack, document: StackDocument, known: _Known) -> Iterator[Fault]:
    for n, member in enumerate(document.members):
        at = f"/stack/members/{n}"
        for where, name in _named(member):
            if not name.startswith(f"{work.base_url}/"):
                continue  # another service's: nobody here can say whether it exists
            found = own_id(work, name, "achievements")
            if found == stack.achievement_id:
                yield Fault(f"{at}/{where}", "is what the stack itself awards", "cycle")
            elif found in known.drafts and not member.in_development:
                detail = "has no published version: publish it, or mark the member in_development"
                yield Fault(f"{at}/{where}", detail, "not-published")
            elif found is None or found not in known.published | known.drafts:
                yield Fault(f"{at}/{where}", "no published achievement of this service has this address", "reference")
        if member.stack is not None and own_id(work, member.stack, "stacks") not in {*known.stacks, stack.id}:
            yield Fault(f"{at}/stack", "no published stack of this service has this address", "reference")


async def _award_faults(work: Work, stack: Stack) -> list[Fault]:
    version = defining.current(await defining.versions(work, achievement_id=stack.achievement_id))
    if version is None:
        return [
            Fault("/achievement", "what the stack awards has no published version: publish it first", "not-published")
        ]
    if version.as_parts().duplicates is not DuplicatePolicy.DENY:
        return [Fault("/achievement", "what a stack awards is awarded once: set its parts.duplicates to deny")]
    return []


async def _nesting_faults(work: Work, stack: Stack, document: StackDocument) -> list[Fault]:
    """Cycles and depth: of the stacks in this one, and of the published stacks that hold it."""
    url = stack_url(work.base_url, stack.id)
    nested = {url: await _below(work, _stacks_of(document), achievements_named(work, document))}
    waiting = set(nested[url])
    for _ in range(DEEPEST_STACK):
        ids = {found for each in waiting - nested.keys() if (found := own_id(work, each, "stacks")) is not None}
        for stack_id, published in (await _published(work, ids)).items():
            below = await _below(work, _stacks_of(published), achievements_named(work, published))
            nested[stack_url(work.base_url, stack_id)] = below
            waiting |= below
    faults = nesting_faults(url, nested)
    if faults:
        return faults
    above = {stack.id: stack.achievement_id}
    for _ in range(DEEPEST_STACK):
        above = await _holders(work, list(above.values()))
        for holder, published in (await _published(work, above)).items():
            at = stack_url(work.base_url, holder)
            nested[at] = await _below(work, _stacks_of(published), achievements_named(work, published))
            if nesting_faults(at, nested):
                detail = f"a published stack that holds this one would be nested more than {DEEPEST_STACK} levels deep"
                return [Fault("/members", detail, "too-deep")]
    return []


async def _below(work: Work, urls: Collection[str], achievements: Collection[UUID]) -> frozenset[str]:
    """The stacks that a document holds: by their address, or by the achievement that they award."""
    query = select(Stack.id).where(Stack.achievement_id.in_(achievements))
    by_achievement = (await work.session.scalars(query)).all()
    return frozenset((*urls, *(stack_url(work.base_url, found) for found in by_achievement)))


async def _published(work: Work, ids: Collection[UUID]) -> dict[UUID, StackDocument]:
    query = select(StackVersion).where(StackVersion.stack_id.in_(ids), StackVersion.state == VersionState.PUBLISHED)
    return {row.stack_id: row.as_rule() for row in (await work.session.scalars(query)).all()}


async def _holders(work: Work, achievements: Collection[UUID]) -> dict[UUID, UUID]:
    """The published stacks that look at one of these achievements, and what they award."""
    query = (
        select(Stack.id, Stack.achievement_id)
        .join(StackItem, StackItem.stack_id == Stack.id)
        .join(StackVersion, StackVersion.id == StackItem.stack_version_id)
        .where(StackItem.achievement_id.in_(achievements), StackVersion.state == VersionState.PUBLISHED)
        .distinct()
    )
    return {row[0]: row[1] for row in (await work.session.execute(query)).all()}
