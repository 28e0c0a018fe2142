"""The demo's stacks: published before and after the decisions, and completed by the jobs that a service runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from badgeissuer.cli.content_kinds import StackContent
from badgeissuer.errors import NotFound
from badgeissuer.jobs import stacks
from badgeissuer.jobs.leasing import LEASE
from badgeissuer.jobs.worker import Worker
from badgeissuer.rules.stack_rules import StackDocument
from badgeissuer.rules.terms import JobState
from badgeissuer.runtime import Runtime
from badgeissuer.services import progressing, stack_jobs, stacking
from badgeissuer.services.access import operator
from badgeissuer.services.defining import achievement_url
from badgeissuer.services.identifying import EarnerGiven
from badgeissuer.services.stack_facts import stack_url
from badgeissuer.store.jobs import Job
from badgeissuer.store.stacks import Stack

_KINDS = {stack_jobs.EVALUATE: stacks.evaluate, stack_jobs.RETROACTIVE: stacks.retroactive}
_LOOK_EVERY = 0.25


@dataclass(frozen=True, slots=True)
class StackLoaded:
    """A stack, and of some earners how far they are, in words."""

    url: str
    name: str
    earners: tuple[tuple[str, str], ...]


async def load_stack(runtime: Runtime, given: StackContent, *, ids: Mapping[str, UUID]) -> int:
    """Definition and publication in one unit of work; 0 where it is there."""
    async with runtime.begin(operator()) as work:
        crown = ids[given.awards.key]
        if await work.session.scalar(select(Stack.id).where(Stack.achievement_id == crown)) is not None:
            return 0
        members: list[dict[str, Any]] = [
            {**member, "achievement": achievement_url(work.base_url, ids[achievement.key])}
            for achievement, member in given.members
        ]
        document = StackDocument.model_validate({**given.document, "members": members})
        stack, _ = await stacking.define_stack(work, issuer=given.issuer, achievement_id=crown, document=document)
        await stacking.publish(work, stack_id=stack.id)
        return 1


async def complete(runtime: Runtime) -> int:
    """Do the stacks' jobs that wait now; returns how many were done.

    One that somebody else has is waited for: a service beside this one, or a load that was killed, whose lease runs
    out. What failed and is tried again later is left to the service.
    """
    worker = Worker(runtime, _KINDS)
    done, patience = 0, (LEASE.total_seconds() + 10) / _LOOK_EVERY
    while await _open(runtime):
        if await worker.run_one():
            done += 1
        elif patience > 0:
            patience -= 1
            await asyncio.sleep(_LOOK_EVERY)
        else:
            break
    return done


async def standings(
    runtime: Runtime, given: Sequence[StackContent], *, ids: Mapping[str, UUID]
) -> tuple[StackLoaded, ...]:
    """How far the earners are whom the content names. Who holds nothing of the stack's issuer is left out."""
    found = []
    async with runtime.begin(operator()) as work:
        for content in given:
            crown = ids[content.awards.key]
            stack_id = (await work.session.scalars(select(Stack.id).where(Stack.achievement_id == crown))).one()
            told = []
            for person in content.shown:
                with contextlib.suppress(NotFound):
                    asked = await progressing.find(
                        work, stack_id=stack_id, earner=EarnerGiven(email=person.email), urn=None
                    )
                    answer = await progressing.answer(work, asked)
                    told.append((person.name, answer.progress.summary))
            found.append(StackLoaded(stack_url(work.base_url, stack_id), str(content.document["name"]), tuple(told)))
    return tuple(found)


async def _open(runtime: Runtime) -> bool:
    async with runtime.begin(operator()) as work:
        query = (
            select(func.count())
            .select_from(Job)
            .where(
                Job.kind.in_(_KINDS),
                (Job.state == JobState.RUNNING) | ((Job.state == JobState.QUEUED) & (Job.run_at <= work.now)),
            )
        )
        return bool(await work.session.scalar(query))
