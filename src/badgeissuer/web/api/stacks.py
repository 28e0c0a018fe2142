"""Stacks: draft, replace the draft, publish, retire, search."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlalchemy import select

from badgeissuer.errors import Conflict, Fault, IllegalTransition, NotFound, PreconditionFailed, Rejected
from badgeissuer.rules.stack_rules import StackDocument
from badgeissuer.rules.terms import VersionState
from badgeissuer.services import stacking
from badgeissuer.services.defining import achievement_url
from badgeissuer.services.stack_facts import stack_url
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.stacks import Stack, StackVersion
from badgeissuer.web import editions
from badgeissuer.web.api.issuers import IfMatch, only_issuer
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import WorkDep, require
from badgeissuer.web.paging import BadCursor, PagerDep
from badgeissuer.web.problems import problems
from badgeissuer.web.wire import Page, Timestamp, WireIn, WireOut
from badgeissuer.work import Work

router = APIRouter(prefix="/v1/stacks", route_class=StrictRoute, tags=["Stacks"])


class StackIn(WireIn):
    stack: StackDocument


class NewStackIn(StackIn):
    issuer: str | None = Field(None, description="slug of the issuer; may be left out where the key acts for one only")
    achievement: Annotated[
        str,
        Field(min_length=1, max_length=500, description="what completion awards: id or public URL; chosen for good"),
    ]

    def achievement_id(self, base_url: str) -> UUID:
        """Raises ``Rejected`` for what is neither an id nor the public URL of an achievement here."""
        prefix = f"{base_url}/achievements/"
        try:
            return UUID(self.achievement.removeprefix(prefix))
        except ValueError:
            faults = [Fault("/achievement", f"send the achievement's id, or its public URL {prefix}…")]
            raise Rejected("the achievement is not named", faults=faults) from None


class StackOut(WireOut):
    """One edition of a stack."""

    id: UUID
    url: str = Field(description="the public address; other stacks name it as their member by this")
    issuer: str
    achievement: str = Field(description="what completion awards")
    version: int
    state: VersionState
    revision: int = Field(description="of this version's draft; part of the ETag")
    stack: dict[str, Any] = Field(description="members and rule, as they were sent")
    created_at: Timestamp
    updated_at: Timestamp
    published_at: Timestamp | None
    retired_at: Timestamp | None


class PublishedStackOut(StackOut):
    """The edition, and the job that awards everybody who fulfils it already: see `/v1/jobs/{id}`."""

    job: UUID


@router.post(
    "",
    status_code=201,
    operation_id="create_stack",
    dependencies=[require("achievements:write")],
    responses=problems(NotFound, Conflict),
)
async def create_stack(body: NewStackIn, work: WorkDep, response: Response) -> StackOut:
    """Draft a new stack. Nothing is completed before it is published."""
    slug = body.issuer if body.issuer is not None else await only_issuer(work, what="stack")
    stack, version = await stacking.define_stack(
        work, issuer=slug, achievement_id=body.achievement_id(work.base_url), document=body.stack
    )
    response.headers["Location"] = f"{work.base_url}/v1/stacks/{stack.id}"
    return _answer(work, response, stack, version, slug)


@router.get("", operation_id="list_stacks", dependencies=[require("achievements:read")], responses=problems(BadCursor))
async def list_stacks(
    work: WorkDep,
    pager: PagerDep,
    q: Annotated[str | None, Query(description="words that must all occur in name, description or members")] = None,
    issuer: Annotated[str | None, Query(description="slug")] = None,
    state: Annotated[VersionState | None, Query(description="the newest version of each that is in this state")] = None,
) -> Page[StackOut]:
    """Stacks of the key's issuers, drafts included: the newest version of each, by name."""
    after = (pager.after[0], pager.after[1]) if pager.after is not None else None
    rows = await stacking.search(work, text=q, issuer=issuer, state=state, after=after, limit=pager.take)
    return pager.page(
        rows,
        place=lambda row: (row[1].name, str(row[0].id)),
        show=lambda row: StackOut(**_members(work, row[0], row[1], row[2].slug)),
    )


@router.get(
    "/{stack_id}", operation_id="read_stack", dependencies=[require("achievements:read")], responses=problems(NotFound)
)
async def get_stack(stack_id: UUID, work: WorkDep, response: Response) -> StackOut:
    """A stack: its newest version."""
    stack = await stacking.find_stack(work, stack_id=stack_id)
    newest = (await stacking.versions(work, stack_id=stack_id))[-1]
    return _answer(work, response, stack, newest, await _slug(work, stack))


@router.put(
    "/{stack_id}",
    operation_id="replace_stack_draft",
    dependencies=[require("achievements:write")],
    responses=problems(NotFound, PreconditionFailed),
)
async def replace_draft(
    stack_id: UUID, body: StackIn, work: WorkDep, response: Response, if_match: IfMatch = None
) -> StackOut:
    """Replace the draft; where the newest version is published or retired, start the next version's draft."""
    stack = await stacking.find_stack(work, stack_id=stack_id)
    newest = (await stacking.versions(work, stack_id=stack_id))[-1]
    version = await stacking.replace_draft(
        work,
        stack_id=stack_id,
        document=body.stack,
        expected_revision=editions.expected(if_match, number=newest.number, state=newest.state, what="stack"),
    )
    return _answer(work, response, stack, version, await _slug(work, stack))


@router.post(
    "/{stack_id}/publish",
    operation_id="publish_stack",
    dependencies=[require("achievements:write")],
    responses=problems(NotFound, IllegalTransition, Rejected),
)
async def publish(stack_id: UUID, work: WorkDep, response: Response) -> PublishedStackOut:
    """Publish the draft: it never changes from now on, and completes by itself, for those who earned it already too."""
    version, job = await stacking.publish(work, stack_id=stack_id)
    stack = await stacking.find_stack(work, stack_id=stack_id)
    response.headers["ETag"] = _tag(version)
    return PublishedStackOut(**_members(work, stack, version, await _slug(work, stack)), job=job)


@router.post(
    "/{stack_id}/retire",
    operation_id="retire_stack",
    dependencies=[require("achievements:write")],
    responses=problems(NotFound, IllegalTransition),
)
async def retire(stack_id: UUID, work: WorkDep, response: Response) -> StackOut:
    """Nobody completes it any more. What it awarded stays."""
    version = await stacking.retire(work, stack_id=stack_id)
    stack = await stacking.find_stack(work, stack_id=stack_id)
    return _answer(work, response, stack, version, await _slug(work, stack))


def _answer(work: Work, response: Response, stack: Stack, version: StackVersion, slug: str) -> StackOut:
    response.headers["ETag"] = _tag(version)
    return StackOut(**_members(work, stack, version, slug))


def _members(work: Work, stack: Stack, version: StackVersion, slug: str) -> dict[str, Any]:
    return {
        "id": stack.id,
        "url": stack_url(work.base_url, stack.id),
        "issuer": slug,
        "achievement": achievement_url(work.base_url, stack.achievement_id),
        "version": version.number,
        "state": version.state,
        "revision": version.revision,
        "stack": version.document,
        "created_at": version.created_at,
        "updated_at": version.updated_at,
        "published_at": version.published_at,
        "retired_at": version.retired_at,
    }


async def _slug(work: Work, stack: Stack) -> str:
    return (await work.session.scalars(select(Issuer.slug).where(Issuer.id == stack.issuer_id))).one()


def _tag(version: StackVersion) -> str:
    return editions.tag(version.number, version.revision, version.state)
