"""Achievements: draft, replace the draft, publish, retire, search."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field, WithJsonSchema
from sqlalchemy import select

from badgeissuer.errors import Conflict, Fault, IllegalTransition, NotFound, PreconditionFailed
from badgeissuer.rules.parts import AchievementParts
from badgeissuer.rules.terms import VersionState
from badgeissuer.services import defining
from badgeissuer.store.catalog import AchievementVersion, Issuer
from badgeissuer.web import editions
from badgeissuer.web.api.issuers import IfMatch, only_issuer
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import WorkDep, require
from badgeissuer.web.paging import BadCursor, PagerDep
from badgeissuer.web.problems import problems
from badgeissuer.web.wire import Page, Timestamp, WireIn, WireOut
from badgeissuer.work import Work

router = APIRouter(prefix="/v1/achievements", route_class=StrictRoute, tags=["Achievements"])

AchievementDocument = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "title": "OB3 Achievement",
            "description": "An Open Badges 3.0 Achievement: name, description, criteria, achievementType, alignment, "
            "resultDescription with rubricCriterionLevel (low to high), tag, creator, creditsAvailable, humanCode, "
            "inLanguage, related, image, … `id` is given by this service; result descriptions and levels without an "
            "id get one, and requiredLevel may name a level by its name.",
            "externalDocs": {"url": "https://www.imsglobal.org/spec/ob/v3p0#achievement"},
            "properties": {
                "name": {"type": "string"},
                "description": {"type": "string"},
                "criteria": {"type": "object"},
            },
            "examples": [
                {
                    "name": "Collaborative Coaching",
                    "description": "Coaches a colleague through a full cycle of planning, observation and reflection.",
                    "criteria": {"narrative": "The coach documents two cycles and what changed in practice."},
                }
            ],
        }
    ),
]


class AchievementIn(WireIn):
    achievement: AchievementDocument
    parts: AchievementParts = Field(AchievementParts(), description="how it is earned, who decides, what an award does")


class NewAchievementIn(AchievementIn):
    issuer: str | None = Field(None, description="slug of the issuer; may be left out where the key acts for one only")


class VersionOut(WireOut):
    version: int
    state: VersionState
    revision: int
    published_at: Timestamp | None
    retired_at: Timestamp | None


class AchievementOut(WireOut):
    """One edition of an achievement."""

    id: UUID
    url: str = Field(description="the public address, and the id that credentials carry")
    issuer: str
    version: int
    state: VersionState
    revision: int = Field(description="of this version's draft; part of the ETag")
    achievement: dict[str, Any] = Field(description="the OB3 Achievement as it is put into credentials")
    parts: AchievementParts
    created_at: Timestamp
    updated_at: Timestamp
    published_at: Timestamp | None
    retired_at: Timestamp | None


class AchievementWithVersionsOut(AchievementOut):
    """The newest edition, and a line on each."""

    versions: list[VersionOut]


@router.post(
    "",
    status_code=201,
    operation_id="create_achievement",
    dependencies=[require("achievements:write")],
    responses=problems(NotFound, Conflict),
)
async def create_achievement(body: NewAchievementIn, work: WorkDep, response: Response) -> AchievementOut:
    """Draft a new achievement. Nothing can be awarded before it is published."""
    slug = body.issuer if body.issuer is not None else await only_issuer(work, what="achievement")
    try:
        _, version = await defining.draft_achievement(work, issuer=slug, document=body.achievement, parts=body.parts)
    except NotFound as error:
        raise NotFound(
            error.detail, faults=[Fault("/issuer", "no issuer that you may act for has this slug")]
        ) from None
    return _answer(work, response, version, slug, created=True)


@router.get(
    "", operation_id="list_achievements", dependencies=[require("achievements:read")], responses=problems(BadCursor)
)
async def list_achievements(
    work: WorkDep,
    pager: PagerDep,
    q: Annotated[str | None, Query(description="words that must all occur in name, description, code or tags")] = None,
    issuer: Annotated[str | None, Query(description="slug")] = None,
    state: Annotated[VersionState | None, Query(description="the newest version of each that is in this state")] = None,
) -> Page[AchievementOut]:
    """Achievements of the key's issuers, drafts included: the newest version of each, by name."""
    after = (pager.after[0], pager.after[1]) if pager.after is not None else None
    rows = await defining.search(work, text=q, issuer=issuer, state=state, after=after, limit=pager.take)
    return pager.page(
        rows,
        place=lambda row: (row[1].name, str(row[0].id)),
        show=lambda row: AchievementOut(**_members(work, row[1], row[2].slug)),
    )


@router.get(
    "/{achievement_id}",
    operation_id="read_achievement",
    dependencies=[require("achievements:read")],
    responses=problems(NotFound),
)
async def get_achievement(achievement_id: UUID, work: WorkDep, response: Response) -> AchievementWithVersionsOut:
    """An achievement: its newest version, and a line on each."""
    await defining.find_achievement(work, achievement_id=achievement_id)
    all_versions = await defining.versions(work, achievement_id=achievement_id)
    newest = all_versions[-1]
    response.headers["ETag"] = _tag(newest)
    return AchievementWithVersionsOut(
        **_members(work, newest, await _slug(work, newest)),
        versions=[
            VersionOut(
                version=version.number,
                state=version.state,
                revision=version.revision,
                published_at=version.published_at,
                retired_at=version.retired_at,
            )
            for version in all_versions
        ],
    )


@router.put(
    "/{achievement_id}",
    operation_id="replace_draft",
    dependencies=[require("achievements:write")],
    responses=problems(NotFound, Conflict, PreconditionFailed),
)
async def replace_draft(
    achievement_id: UUID, body: AchievementIn, work: WorkDep, response: Response, if_match: IfMatch = None
) -> AchievementOut:
    """Replace the draft; where the newest version is published or retired, start the next version's draft."""
    await defining.find_achievement(work, achievement_id=achievement_id)
    newest = (await defining.versions(work, achievement_id=achievement_id))[-1]
    version = await defining.replace_draft(
        work,
        achievement_id=achievement_id,
        document=body.achievement,
        parts=body.parts,
        expected_revision=editions.expected(if_match, number=newest.number, state=newest.state, what="achievement"),
    )
    return _answer(work, response, version, await _slug(work, version))


@router.post(
    "/{achievement_id}/publish",
    operation_id="publish_achievement",
    dependencies=[require("achievements:write")],
    responses=problems(NotFound, IllegalTransition),
)
async def publish(achievement_id: UUID, work: WorkDep, response: Response) -> AchievementOut:
    """Publish the draft. From now on this version never changes, and new decisions use it."""
    version = await defining.publish(work, achievement_id=achievement_id)
    return _answer(work, response, version, await _slug(work, version))


@router.post(
    "/{achievement_id}/retire",
    operation_id="retire_achievement",
    dependencies=[require("achievements:write")],
    responses=problems(NotFound, IllegalTransition),
)
async def retire(achievement_id: UUID, work: WorkDep, response: Response) -> AchievementOut:
    """No new awards of it. Those that were made stay as they are."""
    version = await defining.retire(work, achievement_id=achievement_id)
    return _answer(work, response, version, await _slug(work, version))


def _answer(
    work: Work, response: Response, version: AchievementVersion, slug: str, *, created: bool = False
) -> AchievementOut:
    response.headers["ETag"] = _tag(version)
    if created:
        response.headers["Location"] = f"{work.base_url}/v1/achievements/{version.achievement_id}"
    return AchievementOut(**_members(work, version, slug))


def _members(work: Work, version: AchievementVersion, slug: str) -> dict[str, Any]:
    return {
        "id": version.achievement_id,
        "url": defining.achievement_url(work.base_url, version.achievement_id),
        "issuer": slug,
        "version": version.number,
        "state": version.state,
        "revision": version.revision,
        "achievement": version.document,
        "parts": version.as_parts(),
        "created_at": version.created_at,
        "updated_at": version.updated_at,
        "published_at": version.published_at,
        "retired_at": version.retired_at,
    }


async def _slug(work: Work, version: AchievementVersion) -> str:
    return (await work.session.scalars(select(Issuer.slug).where(Issuer.id == version.issuer_id))).one()


def _tag(version: AchievementVersion) -> str:
    return editions.tag(version.number, version.revision, version.state)
