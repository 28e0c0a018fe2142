"""Endorsements: make one, revoke it, say whether later badges carry it; those of the caller's own issuers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import select

from badgeissuer.errors import IllegalTransition, MalformedInput, NotFound
from badgeissuer.rules.terms import EndorsedKind, EndorsementState
from badgeissuer.services import endorsing
from badgeissuer.services.answering import Kept
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.endorsements import Endorsement
from badgeissuer.web.api.endorsement_wire import (
    EndorsementIn,
    EndorsementOut,
    EndorsementRevocationIn,
    StandingIn,
)
from badgeissuer.web.api.issuers import only_issuer
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import ActorDep, RuntimeDep, WorkDep, require
from badgeissuer.web.once import KEY_PARAMETER, StillRunning, answer_once
from badgeissuer.web.paging import BadCursor, PagerDep
from badgeissuer.web.problems import problems
from badgeissuer.web.wire import Page
from badgeissuer.work import Work

router = APIRouter(prefix="/v1/endorsements", route_class=StrictRoute, tags=["Endorsements"])


@router.post(
    "",
    status_code=201,
    operation_id="create_endorsement",
    summary="Endorse an issuer, an achievement or an award",
    response_model=EndorsementOut,
    dependencies=[require("endorsements:write")],
    responses=problems(MalformedInput, NotFound, StillRunning),
    openapi_extra=KEY_PARAMETER,
)
async def create_endorsement(body: EndorsementIn, request: Request, runtime: RuntimeDep, actor: ActorDep) -> Response:
    """A signed EndorsementCredential, public at once at its own address. Nobody endorses what is their own."""

    async def produce(work: Work) -> Kept:
        slug = body.issuer if body.issuer is not None else await only_issuer(work, what="endorsement")
        made = await endorsing.endorse(work, endorser=slug, given=body.as_given())
        location = f"{work.base_url}/v1/endorsements/{made.id}"
        return Kept(201, EndorsementOut.of_row(made, slug).model_dump_json(by_alias=True), location)

    return await answer_once(runtime, actor, request, produce=produce)


@router.get(
    "",
    operation_id="list_endorsements",
    dependencies=[require("endorsements:read")],
    responses=problems(BadCursor),
)
async def list_endorsements(
    work: WorkDep,
    pager: PagerDep,
    issuer: Annotated[str | None, Query(description="slug of the endorser")] = None,
    kind: Annotated[EndorsedKind | None, Query(description="of what")] = None,
    state: Annotated[EndorsementState | None, Query()] = None,
) -> Page[EndorsementOut]:
    """Endorsements by the key's issuers, newest first. Those that others made of one's own things are public."""
    after = (datetime.fromisoformat(pager.after[0]), UUID(pager.after[1])) if pager.after is not None else None
    rows = await endorsing.search(work, issuer=issuer, kind=kind, state=state, after=after, limit=pager.take)
    return pager.page(
        rows,
        place=lambda row: (row[0].created_at.isoformat(), str(row[0].id)),
        show=lambda row: EndorsementOut.of_row(*row),
    )


@router.get(
    "/{endorsement_id}",
    operation_id="read_endorsement_record",
    dependencies=[require("endorsements:read")],
    responses=problems(NotFound),
)
async def get_endorsement(endorsement_id: UUID, work: WorkDep) -> EndorsementOut:
    """One endorsement by an issuer of the key's. The signed text is at its `url`."""
    return await _answer(work, await endorsing.find_endorsement(work, endorsement_id=endorsement_id))


@router.put(
    "/{endorsement_id}/standing",
    operation_id="set_endorsement_standing",
    dependencies=[require("endorsements:write")],
    responses=problems(NotFound, IllegalTransition),
)
async def set_standing(endorsement_id: UUID, body: StandingIn, work: WorkDep) -> EndorsementOut:
    """Whether badges that are made from now on carry it. Badges that are signed stay as they are."""
    return await _answer(
        work, await endorsing.set_standing(work, endorsement_id=endorsement_id, policy=body.as_policy())
    )


@router.post(
    "/{endorsement_id}/revoke",
    operation_id="revoke_endorsement",
    summary="Revoke an endorsement, for good",
    response_model=EndorsementOut,
    dependencies=[require("endorsements:write")],
    responses=problems(MalformedInput, NotFound, IllegalTransition, StillRunning),
    openapi_extra=KEY_PARAMETER,
)
async def revoke_endorsement(
    endorsement_id: UUID, body: EndorsementRevocationIn, request: Request, runtime: RuntimeDep, actor: ActorDep
) -> Response:
    """Its status list says so before the answer leaves. No badge made from now on carries it; those that do stay."""

    async def produce(work: Work) -> Kept:
        revoked = await endorsing.revoke(work, endorsement_id=endorsement_id, reason=body.reason)
        return Kept(200, (await _answer(work, revoked)).model_dump_json(by_alias=True))

    return await answer_once(runtime, actor, request, produce=produce)


async def _answer(work: Work, row: Endorsement) -> EndorsementOut:
    slug = (await work.session.scalars(select(Issuer.slug).where(Issuer.id == row.issuer_id))).one()
    return EndorsementOut.of_row(row, slug)
