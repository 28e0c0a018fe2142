"""Badges from elsewhere that may stand in records: let one in, list, read."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from sqlalchemy import select

from badgeissuer.errors import Fault, MalformedInput, NotFound, Rejected, Unavailable
from badgeissuer.services import admitting
from badgeissuer.services.answering import Kept
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.clrs import AdmittedBadge
from badgeissuer.web.api.clr_wire import WhoseIn
from badgeissuer.web.api.issuers import only_issuer
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import ActorDep, RuntimeDep, WorkDep, require
from badgeissuer.web.gate import gate_of
from badgeissuer.web.once import KEY_PARAMETER, StillRunning, answer_once
from badgeissuer.web.paging import BadCursor, PagerDep
from badgeissuer.web.problems import problems
from badgeissuer.web.telling import tell_of
from badgeissuer.web.wire import Page, Timestamp, WireIn, WireOut
from badgeissuer.work import Work

router = APIRouter(prefix="/v1/admitted-badges", route_class=StrictRoute, tags=["Records"])

# Each is verified, and its issuer's host may be slow.
_RUNNING, _WAITING, _SECONDS = 4, 32, 30.0


class BadgeIn(WireIn):
    """A badge of another issuer, for an earner's records."""

    issuer: str | None = Field(
        None, max_length=63, description="slug of who lets it in; may be left out where the key acts for one only"
    )
    earner: WhoseIn
    content: str = Field(
        min_length=1, description="the file in base64: JSON with a proof inside, or a PNG or SVG that carries it"
    )

    def as_bytes(self) -> bytes:
        """Raises ``Rejected``."""
        try:
            return base64.b64decode(self.content, validate=True)
        except (binascii.Error, ValueError):
            detail = "must be base64 (RFC 4648 §4), without line breaks"
            raise Rejected("the file cannot be read", faults=[Fault("/content", detail, "base64")]) from None


class BadgeOut(WireOut):
    """A badge that was let in, and what was found when it was."""

    id: UUID
    issuer: str = Field(description="slug of who let it in")
    name: str
    badge: str | None = Field(description="its own id")
    issued_by: str = Field(description="its issuer, by name")
    media_type: str = Field(description="of the file that was sent")
    sha256: str = Field(description="of the JSON text in it")
    verdict: str = Field(description="when it was let in")
    checks: list[dict[str, Any]]
    created_at: Timestamp

    @classmethod
    def of(cls, row: AdmittedBadge, slug: str) -> BadgeOut:
        return cls(
            id=row.id,
            issuer=slug,
            name=row.name,
            badge=row.report.get("id"),
            issued_by=row.issuer_name,
            media_type=row.media_type,
            sha256=row.sha256,
            verdict=row.verdict,
            checks=row.report.get("checks", []),
            created_at=row.created_at,
        )


@router.post(
    "",
    status_code=201,
    operation_id="admit_badge",
    summary="Let a badge from elsewhere into an earner's records",
    response_model=BadgeOut,
    dependencies=[require("clrs:write")],
    responses=problems(MalformedInput, NotFound, StillRunning, Unavailable),
    openapi_extra=KEY_PARAMETER,
)
async def admit_badge(body: BadgeIn, request: Request, runtime: RuntimeDep, actor: ActorDep) -> Response:
    """It is verified now, and has to be the earner's. A badge that is only a JWT is refused: no CLR can hold one."""
    content = body.as_bytes()

    async def produce(work: Work) -> Kept:
        slug = body.issuer if body.issuer is not None else await only_issuer(work, what="badge")
        row = await admitting.admit(work, issuer=slug, earner=body.earner.as_given(), content=content)
        location = f"{work.base_url}/v1/admitted-badges/{row.id}"
        return Kept(201, BadgeOut.of(row, slug).model_dump_json(by_alias=True), location)

    async with gate_of(request.app, "admissions", running=_RUNNING, waiting=_WAITING, seconds=_SECONDS).enter():
        return await answer_once(runtime, actor, request, produce=produce)


@router.get("", operation_id="list_admitted_badges", dependencies=[require("clrs:read")], responses=problems(BadCursor))
async def list_badges(
    work: WorkDep, pager: PagerDep, issuer: Annotated[str | None, Query(description="slug of who let them in")] = None
) -> Page[BadgeOut]:
    """Badges that the key's issuers let in, newest first."""
    after = (datetime.fromisoformat(pager.after[0]), UUID(pager.after[1])) if pager.after is not None else None
    rows = await admitting.search(work, issuer=issuer, after=after, limit=pager.take)
    await tell_of(work, ((row[0].earner_id, 1) for row in rows[: pager.limit]))
    return pager.page(
        rows,
        place=lambda row: (row[0].created_at.isoformat(), str(row[0].id)),
        show=lambda row: BadgeOut.of(row[0], row[1]),
    )


@router.get(
    "/{badge_id}",
    operation_id="read_admitted_badge",
    dependencies=[require("clrs:read")],
    responses=problems(NotFound),
)
async def get_badge(badge_id: UUID, work: WorkDep) -> BadgeOut:
    """One of them."""
    row = await admitting.find_admitted(work, admission_id=badge_id)
    await tell_of(work, [(row.earner_id, 1)])
    slug = (await work.session.scalars(select(Issuer.slug).where(Issuer.id == row.issuer_id))).one()
    return BadgeOut.of(row, slug)
