"""Learner records (CLR): make one, list, read, revoke, make anew."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, FastAPI, Query, Request, Response

from badgeissuer.errors import Conflict, IllegalTransition, MalformedInput, NotFound, Unavailable
from badgeissuer.rules.terms import ClrState
from badgeissuer.services import bundling, bundling_reading
from badgeissuer.services.answering import Kept
from badgeissuer.services.bundling import Bundled
from badgeissuer.web.api.clr_wire import ClrIn, ClrOut, ClrRevocationIn, ClrsMadeOut, MemberOut, RemakeIn
from badgeissuer.web.api.issuers import only_issuer
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import ActorDep, RuntimeDep, WorkDep, require
from badgeissuer.web.gate import Gate, gate_of
from badgeissuer.web.once import KEY_PARAMETER, StillRunning, answer_once
from badgeissuer.web.paging import BadCursor, PagerDep
from badgeissuer.web.problems import problems
from badgeissuer.web.telling import tell_of
from badgeissuer.web.wire import Page
from badgeissuer.work import Work

router = APIRouter(prefix="/v1/clrs", route_class=StrictRoute, tags=["Records"])

# A record that is made at once holds up to a hundred badges in memory, and takes about a second.
_RUNNING, _WAITING, _SECONDS = 2, 64, 30.0
_BY_A_JOB: dict[int | str, dict[str, Any]] = {
    202: {"model": ClrsMadeOut, "description": "A job makes it: there is much to do."}
}


@router.post(
    "",
    status_code=201,
    operation_id="create_clr",
    summary="Make a learner record (CLR 2.0) of an earner's awards",
    response_model=ClrsMadeOut,
    dependencies=[require("clrs:write")],
    responses={**_BY_A_JOB, **problems(MalformedInput, NotFound, StillRunning, Unavailable)},
    openapi_extra=KEY_PARAMETER,
)
async def create_clr(body: ClrIn, request: Request, runtime: RuntimeDep, actor: ActorDep) -> Response:
    """A signed record, public at its own unguessable address. The credentials stand in it exactly as they were issued,
    with how their achievements are related. It holds the issuer's own awards and the badges that it admitted."""

    async def produce(work: Work) -> Kept:
        slug = body.issuer if body.issuer is not None else await only_issuer(work, what="record")
        earner = body.earner.as_given()
        return await _kept(
            work, await bundling.bundle(work, issuer=slug, earner=earner, choice=body.as_choice(), name=body.name)
        )

    async with _gate(request.app).enter():
        return await answer_once(runtime, actor, request, produce=produce)


@router.get("", operation_id="list_clrs", dependencies=[require("clrs:read")], responses=problems(BadCursor))
async def list_clrs(
    work: WorkDep,
    pager: PagerDep,
    issuer: Annotated[str | None, Query(description="slug of who signed")] = None,
    subject: Annotated[str | None, Query(description="the earner as that issuer's credentials name them")] = None,
    state: Annotated[ClrState | None, Query()] = None,
) -> Page[ClrOut]:
    """Records by the key's issuers, newest first. One that was split is listed once, with its parts."""
    after = (datetime.fromisoformat(pager.after[0]), UUID(pager.after[1])) if pager.after is not None else None
    rows = await bundling_reading.search(
        work, issuer=issuer, subject=subject, state=state, after=after, limit=pager.take
    )
    await tell_of(work, ((line.record.earner_id, line.record.members) for line in rows[: pager.limit]))
    return pager.page(
        rows,
        place=lambda line: (line.record.created_at.isoformat(), str(line.record.id)),
        show=lambda line: ClrOut.of(line, work.base_url),
    )


@router.get(
    "/{clr_id}",
    operation_id="read_clr_record",
    dependencies=[require("clrs:read")],
    responses=problems(NotFound),
)
async def get_clr(clr_id: UUID, work: WorkDep) -> ClrOut:
    """One record by an issuer of the key's. The signed text is at its `url`."""
    line = await bundling_reading.read_record(work, clr_id=clr_id)
    await tell_of(work, [(line.record.earner_id, line.record.members)])
    return ClrOut.of(line, work.base_url)


@router.get(
    "/{clr_id}/members",
    operation_id="list_clr_members",
    dependencies=[require("clrs:read")],
    responses=problems(NotFound, BadCursor),
)
async def list_members(clr_id: UUID, work: WorkDep, pager: PagerDep) -> Page[MemberOut]:
    """What stands at each place of a record."""
    record = await bundling_reading.find_record(work, clr_id=clr_id)
    after = int(pager.after[0]) if pager.after is not None else -1
    rows = await bundling_reading.members(work, clr_id=clr_id, after=after, limit=pager.take)
    await tell_of(work, [(record.earner_id, len(rows[: pager.limit]))])
    return pager.page(
        rows,
        place=lambda row: (str(row.position),),
        show=lambda row: MemberOut(
            position=row.position, award=row.award_id, credential=row.credential_id, admitted_badge=row.admission_id
        ),
    )


@router.post(
    "/{clr_id}/revoke",
    operation_id="revoke_clr",
    summary="Take a record back, for good",
    response_model=ClrOut,
    dependencies=[require("clrs:write")],
    responses=problems(MalformedInput, NotFound, IllegalTransition, StillRunning),
    openapi_extra=KEY_PARAMETER,
)
async def revoke_clr(
    clr_id: UUID, body: ClrRevocationIn, request: Request, runtime: RuntimeDep, actor: ActorDep
) -> Response:
    """Its status list says so before the answer leaves, and of its parts too. The credentials in it stay as they
    are."""

    async def produce(work: Work) -> Kept:
        record = await bundling.revoke(work, clr_id=clr_id, reason=body.reason)
        line = (await bundling_reading.lines_of(work, [record]))[0]
        return Kept(200, ClrOut.of(line, work.base_url).model_dump_json(by_alias=True))

    return await answer_once(runtime, actor, request, produce=produce)


@router.post(
    "/{clr_id}/remake",
    status_code=201,
    operation_id="remake_clr",
    summary="Make a newer edition of a record",
    response_model=ClrsMadeOut,
    dependencies=[require("clrs:write")],
    responses={**_BY_A_JOB, **problems(MalformedInput, NotFound, Conflict, StillRunning, Unavailable)},
    openapi_extra=KEY_PARAMETER,
)
async def remake_clr(clr_id: UUID, body: RemakeIn, request: Request, runtime: RuntimeDep, actor: ActorDep) -> Response:
    """The same choice, of today's awards: replaced ones by those that replaced them, without those that ended. The old
    record is revoked, unless it is to be kept, and names the new one."""

    async def produce(work: Work) -> Kept:
        return await _kept(work, await bundling.remake(work, clr_id=clr_id, keep=body.keep))

    async with _gate(request.app).enter():
        return await answer_once(runtime, actor, request, produce=produce)


def _gate(app: FastAPI) -> Gate:
    return gate_of(app, "records", running=_RUNNING, waiting=_WAITING, seconds=_SECONDS)


async def _kept(work: Work, made: Bundled) -> Kept:
    await work.session.flush()
    lines = await bundling_reading.lines_of(work, made.records)
    body = ClrsMadeOut(records=[ClrOut.of(line, work.base_url) for line in lines], job=made.job_id)
    at = f"jobs/{made.job_id}" if made.job_id is not None else f"clrs/{made.records[0].id}"
    status = 201 if made.job_id is None else 202
    return Kept(status, body.model_dump_json(by_alias=True), f"{work.base_url}/v1/{at}")
