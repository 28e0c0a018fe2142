"""Stacks: draft, replace the draft, publish, retire, search. A published version never changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_

from badgeissuer.errors import Conflict, Fault, IllegalTransition, NotFound, PreconditionFailed, Rejected
from badgeissuer.rules.stack_rules import StackDocument
from badgeissuer.rules.terms import VersionState
from badgeissuer.services import cataloguing, defining, stack_checking, stack_jobs
from badgeissuer.services.registering import find_issuer
from badgeissuer.services.stack_facts import stack_url
from badgeissuer.store.catalog import Achievement, Issuer
from badgeissuer.store.scope import visible_to
from badgeissuer.store.stacks import Stack, StackItem, StackVersion
from badgeissuer.work import Work


async def find_stack(work: Work, *, stack_id: UUID, lock: bool = False) -> Stack:
    """A stack of an issuer the actor may act for. Raises ``NotFound``, also for another tenant's."""
    query = select(Stack).where(Stack.id == stack_id, visible_to(work.actor, Stack))
    found = await work.session.scalar(query.with_for_update(key_share=True) if lock else query)
    if found is None:
        raise NotFound("no such stack")
    return found


async def versions(work: Work, *, stack_id: UUID) -> list[StackVersion]:
    """All versions, oldest first."""
    query = select(StackVersion).where(StackVersion.stack_id == stack_id).order_by(StackVersion.number)
    return list((await work.session.scalars(query.execution_options(populate_existing=True))).all())


def current(all_versions: Sequence[StackVersion]) -> StackVersion | None:
    """The version by which stacks are completed now: the published one."""
    return next((version for version in all_versions if version.state is VersionState.PUBLISHED), None)


async def define_stack(
    work: Work, *, issuer: str, achievement_id: UUID, document: StackDocument
) -> tuple[Stack, StackVersion]:
    """A new stack with version 1 as a draft. What completion awards is chosen once, for all versions.

    Raises ``NotFound`` (issuer, achievement), ``Rejected`` (another issuer's achievement), ``Conflict`` naming the
    stack that awards the achievement already.
    """
    owner = await find_issuer(work, slug=issuer)
    await work.begin_write()
    try:
        awarded = await defining.find_achievement(work, achievement_id=achievement_id, lock=True)
    except NotFound as error:
        faults = [Fault("/achievement", "no achievement that you may use has this id")]
        raise NotFound(error.detail, faults=faults) from None
    if awarded.issuer_id != owner.id:
        faults = [Fault("/achievement", "is another issuer's: a stack awards an achievement of its own issuer")]
        raise Rejected("the stack cannot award this achievement", faults=faults)
    taken = await work.session.scalar(select(Stack.id).where(Stack.achievement_id == awarded.id))
    if taken is not None:
        raise Conflict(
            "another stack awards this achievement",
            existing=stack_url(work.base_url, taken),
            faults=[Fault("/achievement", "taken: each stack awards an achievement of its own")],
        )
    stack = Stack(id=work.new_id(), issuer_id=owner.id, achievement_id=awarded.id, created_at=work.now)
    work.session.add(stack)
    await work.session.flush()
    version = _version(work, stack, number=1, document=document)
    await work.session.flush()
    work.emit("stack.drafted", "stack", stack.id, issuer_id=owner.id, version=1)
    return stack, version


async def replace_draft(
    work: Work, *, stack_id: UUID, document: StackDocument, expected_revision: int | None = None
) -> StackVersion:
    """Replace the draft, or start the next version's where the newest is published or retired.

    Raises ``NotFound``, ``PreconditionFailed``.
    """
    await work.begin_write()
    stack = await find_stack(work, stack_id=stack_id, lock=True)
    newest = (await versions(work, stack_id=stack_id))[-1]
    if newest.state is VersionState.DRAFT:
        if expected_revision not in (None, newest.revision):
            raise PreconditionFailed("the draft was changed meanwhile; read it again and repeat the change on that")
        version = newest
        _fill(work, version, document=document)
        version.revision += 1
    else:
        version = _version(work, stack, number=newest.number + 1, document=document)
    await work.session.flush()
    work.emit("stack.drafted", "stack", stack.id, issuer_id=stack.issuer_id, version=version.number)
    return version


async def publish(work: Work, *, stack_id: UUID) -> tuple[StackVersion, UUID]:
    """Publish the draft, and have everybody who fulfils it already awarded; returns the version and that job's id.

    The version that was published until now is retired; what it awarded stays. Raises ``NotFound``,
    ``IllegalTransition``, ``Rejected`` with everything that stands against it.
    """
    await work.begin_write()
    stack = await find_stack(work, stack_id=stack_id, lock=True)
    all_versions = await versions(work, stack_id=stack_id)
    newest = all_versions[-1]
    if newest.state is not VersionState.DRAFT:
        raise IllegalTransition(f"there is no draft to publish: version {newest.number} is {newest.state.value}")
    members = await stack_checking.check(work, stack=stack, document=newest.as_rule())
    # Against the locks of awards that are being made: see stack_jobs.member_changed.
    await work.session.execute(
        select(Achievement.id).where(Achievement.id.in_(members)).order_by(Achievement.id).with_for_update()
    )
    before = current(all_versions)
    if before is not None:
        before.state, before.retired_at, before.updated_at = VersionState.RETIRED, work.now, work.now
        await work.session.flush()
    newest.state, newest.published_at, newest.updated_at = VersionState.PUBLISHED, work.now, work.now
    work.session.add_all(
        StackItem(stack_version_id=newest.id, achievement_id=member, stack_id=stack.id, issuer_id=stack.issuer_id)
        for member in sorted(members)
    )
    await work.session.flush()
    await cataloguing.list_stack(work, stack_id=stack.id)
    job = stack_jobs.published(work, version=newest)
    work.emit("stack.published", "stack", stack.id, issuer_id=stack.issuer_id, version=newest.number)
    return newest, job


async def retire(work: Work, *, stack_id: UUID) -> StackVersion:
    """Nobody completes it any more; what it awarded stays. Raises ``NotFound``, ``IllegalTransition``."""
    await work.begin_write()
    stack = await find_stack(work, stack_id=stack_id, lock=True)
    version = current(await versions(work, stack_id=stack_id))
    if version is None:
        raise IllegalTransition("there is no published version to retire")
    version.state, version.retired_at, version.updated_at = VersionState.RETIRED, work.now, work.now
    await work.session.flush()
    await cataloguing.list_stack(work, stack_id=stack.id)
    work.emit("stack.retired", "stack", stack.id, issuer_id=stack.issuer_id, version=version.number)
    return version


async def search(
    work: Work,
    *,
    text: str | None = None,
    issuer: str | None = None,
    state: VersionState | None = None,
    after: tuple[str, str] | None = None,
    limit: int = 50,
) -> list[tuple[Stack, StackVersion, Issuer]]:
    """The newest version of each stack, by name; every word of ``text`` must occur. ``after`` is (name, id)."""
    newest = (
        select(StackVersion.stack_id, func.max(StackVersion.number).label("number"))
        .where(visible_to(work.actor, StackVersion))
        .group_by(StackVersion.stack_id)
    )
    if state is not None:
        newest = newest.where(StackVersion.state == state)
    latest = newest.subquery()
    query = (
        select(Stack, StackVersion, Issuer)
        .join(StackVersion, StackVersion.stack_id == Stack.id)
        .join(latest, (latest.c.stack_id == StackVersion.stack_id) & (latest.c.number == StackVersion.number))
        .join(Issuer, Issuer.id == Stack.issuer_id)
        .where(visible_to(work.actor, Stack))
        .order_by(StackVersion.name, Stack.id)
        .limit(limit)
    )
    if issuer is not None:
        query = query.where(Issuer.slug == issuer)
    for word in (text or "").lower().split()[:10]:
        query = query.where(StackVersion.search_text.contains(word, autoescape=True))
    if after is not None:
        query = query.where(tuple_(StackVersion.name, Stack.id) > (after[0], UUID(after[1])))
    return [(row[0], row[1], row[2]) for row in (await work.session.execute(query)).all()]


async def published_stack(work: Work, *, stack_id: UUID) -> tuple[Stack, StackVersion]:
    """What anyone may read: the newest version that is or was published, never a draft. Raises ``NotFound``."""
    row = (
        await work.session.execute(
            select(Stack, StackVersion)
            .join(StackVersion, StackVersion.stack_id == Stack.id)
            .where(Stack.id == stack_id, StackVersion.state != VersionState.DRAFT)
            .order_by(StackVersion.number.desc())
            .limit(1)
        )
    ).one_or_none()
    if row is None:
        raise NotFound("no such stack, or none that is published")
    return row[0], row[1]


async def public_document(work: Work, *, stack_id: UUID) -> dict[str, Any]:
    """What the stack's address tells everybody. Raises ``NotFound``."""
    stack, version = await published_stack(work, stack_id=stack_id)
    did = (await work.session.scalars(select(Issuer.did).where(Issuer.id == stack.issuer_id))).one()
    return {
        "id": stack_url(work.base_url, stack.id),
        "version": version.number,
        "state": version.state.value,
        "issuer": did,
        "achievement": defining.achievement_url(work.base_url, stack.achievement_id),
        **version.document,
    }


def _version(work: Work, stack: Stack, *, number: int, document: StackDocument) -> StackVersion:
    version = StackVersion(
        id=work.new_id(),
        stack_id=stack.id,
        issuer_id=stack.issuer_id,
        number=number,
        state=VersionState.DRAFT,
        created_at=work.now,
        published_at=None,
        retired_at=None,
    )
    _fill(work, version, document=document)
    work.session.add(version)
    return version


def _fill(work: Work, version: StackVersion, *, document: StackDocument) -> None:
    version.document = document.model_dump(mode="json", exclude_defaults=True)
    version.name = document.name
    words = [document.name, document.description, *(member.title for member in document.members)]
    version.search_text = " ".join(words).lower()
    version.updated_at = work.now
