"""A database with many earners, as years of issuing leave it: rows of awards, without the signed texts of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from badgeissuer.rules.parts import AchievementParts
from badgeissuer.rules.stack_rules import StackDocument
from badgeissuer.rules.terms import AwardState, DecisionSource, DecisionState, IdentityKind, Outcome
from badgeissuer.runtime import Runtime
from badgeissuer.services import defining, registering, stacking
from badgeissuer.services.access import operator
from badgeissuer.services.defining import achievement_url
from badgeissuer.settings import Settings
from badgeissuer.store import schema
from badgeissuer.store.assessment import Decision
from badgeissuer.store.awards import Award
from badgeissuer.store.base import Base
from badgeissuer.store.catalog import AchievementVersion
from badgeissuer.store.people import Earner, EarnerIdentity, Subject

_MEMBERS = ("Understanding Types of Poverty", "Building Relationships", "Culturally Responsive Pedagogy")
_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who is there: how many earners, the subjects who hold all members, and the job that looks at them."""

    earners: int
    members: int
    complete: frozenset[UUID]
    crown: UUID
    job_id: UUID


async def fill(settings: Settings, *, earners: int, complete: int, seed: int = 7) -> Crowd:
    """Bring an empty database to hold an issuer, its earners, and a stack that was published just now."""
    rng = Random(seed)
    await schema.upgrade(settings.resolved_database_url)
    runtime = Runtime(settings)
    try:
        await runtime.start()
        async with runtime.begin(operator()) as work:
            issuer = await registering.register_issuer(work, slug="bench", profile={"name": "Bench issuer"})
        versions = [await _achievement(runtime, name) for name in (*_MEMBERS, "Teaching Rural Students")]
        members, crown = versions[:-1], versions[-1]
        who: set[UUID] = set()
        full = set(rng.sample(range(earners), complete))
        partial = [held for count in range(1, len(members)) for held in combinations(members, count)]
        for start in range(0, earners, _CHUNK):
            rows: dict[type[Base], list[dict[str, Any]]] = {}
            for n in range(start, min(start + _CHUNK, earners)):
                held = tuple(members) if n in full else rng.choice(partial)
                subject_id = _earner(rows, n, issuer.id, held, rng=rng, now=runtime.clock())
                if n in full:
                    who.add(subject_id)
            async with runtime.database.writing() as session:
                for row, values in rows.items():
                    await session.execute(insert(row), values)
        async with runtime.begin(operator()) as work:
            stack, _ = await stacking.define_stack(
                work, issuer="bench", achievement_id=crown.achievement_id, document=_document(settings, members)
            )
        async with runtime.begin(operator()) as work:
            _, job_id = await stacking.publish(work, stack_id=stack.id)
        return Crowd(earners, len(members), frozenset(who), crown.achievement_id, job_id)
    finally:
        await runtime.close()


async def _achievement(runtime: Runtime, name: str) -> AchievementVersion:
    document = {
        "name": name,
        "description": "The educator shows it in lessons, and reflects on what it changed.",
        "achievementType": "MicroCredential",
        "criteria": {"narrative": "Submit a lesson plan, work of learners and a reflection."},
    }
    async with runtime.begin(operator()) as work:
        achievement, _ = await defining.draft_achievement(
            work, issuer="bench", document=document, parts=AchievementParts()
        )
        return await defining.publish(work, achievement_id=achievement.id)


def _document(settings: Settings, members: list[AchievementVersion]) -> StackDocument:
    return StackDocument.model_validate(
        {
            "name": "Teaching Rural Students",
            "description": "Three that belong together.",
            "members": [
                {
                    "key": f"m{n}",
                    "title": member.name,
                    "achievement": achievement_url(settings.base_url, member.achievement_id),
                }
                for n, member in enumerate(members)
            ],
            "rule": {"all": [f"m{n}" for n in range(len(members))]},
        }
    )


def _earner(
    rows: dict[type[Base], list[dict[str, Any]]],
    n: int,
    issuer_id: UUID,
    held: tuple[AchievementVersion, ...],
    *,
    rng: Random,
    now: datetime,
) -> UUID:
    """The rows of one earner; returns the subject's id. Ids are random, so that the complete ones lie anywhere."""

    def new_id() -> UUID:
        return UUID(int=rng.getrandbits(128), version=4)

    earner_id, subject_id = new_id(), new_id()
    made = now - timedelta(days=30)

    def add(row: type[Base], **values: Any) -> None:
        rows.setdefault(row, []).append(values)

    add(Earner, id=earner_id, created_at=made)
    email = f"teacher{n}@schools.example.org"
    add(EarnerIdentity, id=new_id(), earner_id=earner_id, kind=IdentityKind.EMAIL, value=email, created_at=made)
    add(
        Subject,
        id=subject_id,
        issuer_id=issuer_id,
        earner_id=earner_id,
        urn=f"urn:uuid:{new_id()}",
        name=f"Teacher {n}",
        licence_id=None,
        did=None,
        did_proved=False,
        created_at=made,
        updated_at=made,
    )
    for version in held:
        decision_id = new_id()
        awarded = now - timedelta(days=rng.randint(30, 900))
        add(
            Decision,
            id=decision_id,
            issuer_id=issuer_id,
            subject_id=subject_id,
            achievement_version_id=version.id,
            source=DecisionSource.PLATFORM,
            state=DecisionState.DECIDED,
            outcome=Outcome.AWARDED,
            rule="platform",
            reason="The assessor found every criterion met.",
            details={},
            decided_by="Dana Whitaker",
            decided_at=awarded,
            created_at=made,
            updated_at=made,
        )
        add(
            Award,
            id=new_id(),
            issuer_id=issuer_id,
            subject_id=subject_id,
            achievement_id=version.achievement_id,
            achievement_version_id=version.id,
            decision_id=decision_id,
            sole=True,
            state=AwardState.ACTIVE,
            state_changed_at=made,
            awarded_at=awarded,
            created_at=made,
        )
    return subject_id
