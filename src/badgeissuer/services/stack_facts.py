"""What the rules of stacks look at: the earner's awards over all issuers of this service, results as numbers."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from badgeissuer.rules.stack_rules import StackDocument
from badgeissuer.rules.stacks import Earned
from badgeissuer.services.defining import achievement_url
from badgeissuer.store.assessment import Decision
from badgeissuer.store.awards import Award
from badgeissuer.store.catalog import AchievementVersion
from badgeissuer.store.people import Subject
from badgeissuer.store.stacks import Stack
from badgeissuer.work import Work


def stack_url(base_url: str, stack_id: UUID) -> str:
    return f"{base_url}/stacks/{stack_id}"


def own_id(work: Work, url: str, kind: str) -> UUID | None:
    """The id in the address of one of our own stacks or achievements (``kind``); None for any other address."""
    prefix = f"{work.base_url}/{kind}/"
    try:
        found = UUID(url.removeprefix(prefix))
    except ValueError:
        return None
    return found if url == f"{prefix}{found}" else None


async def own_achievements(work: Work, documents: Iterable[StackDocument]) -> dict[str, str]:
    """For the URL of each stack that is a member: the id of the achievement that it awards."""
    urls = {member.stack for document in documents for member in document.members if member.stack is not None}
    ids = {found for url in urls if (found := own_id(work, url, "stacks")) is not None}
    if not ids:
        return {}
    rows = (await work.session.execute(select(Stack.id, Stack.achievement_id).where(Stack.id.in_(ids)))).all()
    return {stack_url(work.base_url, row[0]): achievement_url(work.base_url, row[1]) for row in rows}


async def earned_by(
    work: Work,
    *,
    earners: Collection[UUID],
    achievements: Collection[UUID],
    issuer_id: UUID,
    with_results: bool,
) -> dict[UUID, list[Earned]]:
    """Each earner's awards of these achievements, whoever issued them.

    An award of another issuer than the stack's is named by its achievement only: its own id is none of this tenant's
    business. An award dated a little ahead of our clock counts as made now.
    """
    found: dict[UUID, list[Earned]] = {earner: [] for earner in earners}
    if not earners or not achievements:
        return found
    known = select(Subject.id, Subject.earner_id).where(Subject.earner_id.in_(earners))
    whose = {row[0]: row[1] for row in (await work.session.execute(known)).all()}
    # By the ids of subjects, not by a join: SQLite would go through all awards of the achievements instead.
    query = (
        select(Award, Decision.details)
        .join(Decision, Decision.id == Award.decision_id)
        .where(Award.subject_id.in_(whose), Award.achievement_id.in_(achievements))
        .execution_options(populate_existing=True)
    )
    rows = (await work.session.execute(query)).all()
    scales = await _scales(work, {row[0].achievement_version_id for row in rows} if with_results else set())
    for award, details in rows:
        url = achievement_url(work.base_url, award.achievement_id)
        found[whose[award.subject_id]].append(
            Earned(
                id=str(award.id) if award.issuer_id == issuer_id else url,
                achievement=url,
                awarded=min(award.awarded_at, work.now),
                results=_numbers(details.get("results", []), scales.get(award.achievement_version_id, {})),
                state=award.state,
                valid_until=award.valid_until,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Level:
    points: float | None
    place: float


Scale = Mapping[str, Mapping[str, _Level]]


async def _scales(work: Work, versions: Collection[UUID]) -> dict[UUID, Scale]:
    """For each version: result description → level."""
    if not versions:
        return {}
    query = select(AchievementVersion.id, AchievementVersion.document).where(AchievementVersion.id.in_(versions))
    return {
        version_id: {
            description["id"]: {
                level["id"]: _Level(_number(level.get("points")), float(place))
                for place, level in enumerate(description.get("rubricCriterionLevel", []), start=1)
            }
            for description in document.get("resultDescription", [])
        }
        for version_id, document in (await work.session.execute(query)).all()
    }


def _numbers(results: Iterable[Mapping[str, Any]], scale: Scale) -> dict[str, float]:
    """A result is its level's points, else its own value, else the level's place from 1 for the lowest."""
    numbers = {}
    for result in results:
        description = result["result_description"]
        level = scale.get(description, {}).get(result.get("achieved_level", ""))
        value = _number(result.get("value"))
        if level is not None and level.points is not None:
            numbers[description] = level.points
        elif value is not None:
            numbers[description] = value
        elif level is not None:
            numbers[description] = level.place
    return numbers


def _number(text: object) -> float | None:
    try:
        value = float(str(text))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
