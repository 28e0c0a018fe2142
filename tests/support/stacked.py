"""Stacks for tests: an issuer with achievements, a stack over them, and a worker that does what is waiting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from badgeissuer.jobs.worker import Worker
from badgeissuer.rules.stack_rules import StackDocument
from badgeissuer.rules.terms import AwardState
from badgeissuer.runtime import Runtime
from badgeissuer.services import stacking
from badgeissuer.services.access import operator
from badgeissuer.store.assessment import Decision
from badgeissuer.store.awards import Award
from badgeissuer.store.jobs import Job
from badgeissuer.store.people import EarnerIdentity, Subject
from tests.support import make
from tests.support.app import BASE_URL, Service

Json = dict[str, Any]


def url(achievement: str) -> str:
    return f"{BASE_URL}/achievements/{achievement}"


def document(members: Sequence[str], rule: Any = None, **more: Any) -> Json:
    """A stack of these achievements (ids); its members are m1, m2, …"""
    return {
        "name": "Teaching Rural Students From Poverty",
        "description": "Five micro-credentials that belong together.",
        "members": [
            {"key": f"m{n}", "title": f"Member {n}", "achievement": url(each)} for n, each in enumerate(members, 1)
        ],
        "rule": rule or {"at_least": len(members)},
        **more,
    }


@dataclass
class Stacked:
    """An issuer with achievements and one that a stack may award."""

    service: Service
    headers: dict[str, str]
    achievements: list[str]
    crown: str
    slug: str = "kvec"
    worker: Worker = field(init=False)

    def __post_init__(self) -> None:
        self.worker = Worker(self.service.runtime)

    async def publish(self, document: Json, *, crown: str | None = None) -> tuple[UUID, UUID]:
        """Define and publish a stack; returns its id and the id of the retroactive job, which has not run yet."""
        async with self.service.runtime.begin(operator()) as work:
            stack, _ = await stacking.define_stack(
                work,
                issuer=self.slug,
                achievement_id=UUID(crown or self.crown),
                document=StackDocument.model_validate(document),
            )
        return stack.id, await self.publish_draft(stack.id)

    async def publish_draft(self, stack_id: UUID) -> UUID:
        async with self.service.runtime.begin(operator()) as work:
            _, job = await stacking.publish(work, stack_id=stack_id)
        return job

    async def award(self, achievement: str, n: int = 1, **members: Any) -> Json:
        answer = await self.service.http.post(
            "/v1/awards",
            json=make.award_body(achievement, n, external_reference=f"{achievement}-{n}", **members),
            headers=self.headers,
        )
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        return made

    async def change(self, award_id: str, action: str) -> None:
        answer = await self.service.http.post(
            f"/v1/awards/{award_id}/{action}", json={"reason": "a test"}, headers=self.headers
        )
        assert answer.status_code == 200, answer.text

    async def settle(self) -> int:
        """Do every job that waits; returns how many."""
        done = 0
        while await self.worker.run_one():
            done += 1
        return done

    async def crowns(self, crown: str | None = None) -> dict[str, list[tuple[AwardState, Decision]]]:
        """For each earner's e-mail: the states of the stack's own awards, oldest first, and their decisions."""
        return await crowns(self.service.runtime, crown or self.crown)


async def stacked(service: Service, count: int = 3, *, slug: str = "kvec", **parts: Any) -> Stacked:
    headers = await make.register(service, slug)
    plain = {"resultDescription": make.achievement()["resultDescription"][:1]}
    ids = [
        await make.publish(service, headers, slug, document=make.achievement(f"Member {n}", **plain), **parts)
        for n in range(1, count + 1)
    ]
    crown = await make.publish(service, headers, slug, document=make.achievement("Crown", **plain))
    return Stacked(service, headers, ids, crown, slug)


async def crowns(runtime: Runtime, crown: str) -> dict[str, list[tuple[AwardState, Decision]]]:
    query = (
        select(EarnerIdentity.value, Award.state, Decision)
        .join(Subject, Subject.earner_id == EarnerIdentity.earner_id)
        .join(Award, Award.subject_id == Subject.id)
        .join(Decision, Decision.id == Award.decision_id)
        .where(Award.achievement_id == UUID(crown))
        .order_by(Award.created_at, Award.id)
    )
    found: dict[str, list[tuple[AwardState, Decision]]] = {}
    async with runtime.database.reading() as session:
        for email, state, decision in (await session.execute(query)).all():
            found.setdefault(email, []).append((state, decision))
    return found


async def jobs(runtime: Runtime) -> list[Job]:
    async with runtime.database.reading() as session:
        return list((await session.scalars(select(Job).order_by(Job.created_at, Job.id))).all())
