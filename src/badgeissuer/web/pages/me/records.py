"""The earner's records: choose awards, look at what it will be, have it signed, share it by links and end these."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response

from badgeissuer.errors import BadgeissuerError, Conflict, Fault, NotFound, Rejected, Unavailable
from badgeissuer.rules.terms import AwardState, ClrState, ViewKind
from badgeissuer.services import bundling, bundling_reading, operating, sharing, showing
from badgeissuer.services.sharing import Link
from badgeissuer.services.signing_in import EARNER, SignedIn
from badgeissuer.web.deps import RuntimeDep
from badgeissuer.web.pages.clr_transcript import transcript_answer
from badgeissuer.web.pages.me.awards import by_day, state_of
from badgeissuer.web.pages.me.door import Fields, MeDep, MeRoute, MeWorkDep, go, own_fields, own_page
from badgeissuer.work import Work

router = APIRouter(route_class=MeRoute, include_in_schema=False)

# What stands can go into a record; what was taken back or replaced cannot.
_LIVE = (AwardState.ACTIVE, AwardState.SUSPENDED)
_MOST = 1_000
_NAME = 120


@router.get("/me/records")
async def records(request: Request, me: MeDep, work: MeWorkDep) -> Response:
    found = await showing.own_records(work, earner_id=me.earner_id)
    return own_page(request, "me_records.html", records=found)


@router.get("/me/records/new")
async def new(request: Request, me: MeDep, work: MeWorkDep) -> Response:
    return await _choice(request, work, me)


@router.post("/me/records/preview")
async def preview(request: Request, me: MeDep, work: MeWorkDep) -> Response:
    """What it would be. Nothing is made yet."""
    fields = await own_fields(request)
    chosen, name = _chosen(fields), _name(fields)
    awards = [
        (each, state_of(each, work.now))
        for each in await showing.own_awards(work, earner_id=me.earner_id, only=chosen)
        if each.award.state in _LIVE
    ]
    if not awards:
        return await _choice(request, work, me, problem="me_choose_one", name=name)
    try:
        signer = (await operating.operator_issuer(work)).name
    except Unavailable:
        return await _choice(request, work, me, problem="me_no_operator", name=name, status=503)
    return own_page(
        request,
        "me_preview.html",
        awards=awards,
        name=name,
        signer=signer,
        issuers=len({each.award.issuer_id for each, _ in awards}),
        doubtful=sum(state != "valid" for _, state in awards),
        large=len(awards) > bundling.AT_ONCE,
    )


@router.post("/me/records")
async def make(request: Request, me: MeDep, work: MeWorkDep) -> Response:
    fields = await own_fields(request)
    chosen, name = _chosen(fields), _name(fields)
    try:
        made = await bundling.bundle_for_earner(
            work, earner_id=me.earner_id, award_ids=tuple(chosen), name=name or None
        )
    except Rejected:
        # An award that was revoked since the page was opened, or is somebody else's.
        return await _choice(request, work, me, problem="me_choose_again", name=name)
    if made.job_id is not None:
        return go(request, f"/me/records/making/{made.job_id}")
    return go(request, f"/me/records/{made.records[0].id}")


@router.get("/me/records/making/{job_id}")
async def making(request: Request, job_id: UUID, me: MeDep, work: MeWorkDep) -> Response:
    """A large record takes a while: how far it is, and on to it once it is there."""
    found = await bundling_reading.making(work, earner_id=me.earner_id, job_id=job_id)
    if found.records:
        return go(request, f"/me/records/{found.records[0]}")
    return own_page(request, "me_making.html", making=found, job_id=job_id)


@router.get("/me/records/{clr_id}")
async def record(request: Request, clr_id: UUID, me: MeDep, work: MeWorkDep) -> Response:
    return await _record(request, work, me, clr_id)


@router.get("/me/records/{clr_id}/transcript.pdf")
async def transcript(request: Request, clr_id: UUID, me: MeDep, runtime: RuntimeDep) -> Response:
    """On paper, with their name. It takes seconds to make, and holds no unit of work meanwhile."""
    async with runtime.begin(EARNER) as work:
        await showing.own_record(work, earner_id=me.earner_id, clr_id=clr_id)
    return await transcript_answer(request, runtime, clr_id, named=True)


@router.post("/me/records/{clr_id}/links")
async def share(request: Request, clr_id: UUID, me: MeDep, work: MeWorkDep) -> Response:
    """The new link's address is told in this answer, and never again."""
    fields = await own_fields(request)
    try:
        link = Link(
            label=fields.one("label") or None,
            named=fields.one("named") == "yes",
            password=fields.one("password") or None,
            expires_at=_end(fields.one("until")),
        )
        made = await sharing.share_for_earner(work, earner_id=me.earner_id, clr_id=clr_id, link=link)
    except (Rejected, Conflict) as error:
        return await _record(request, work, me, clr_id, refused=error)
    return await _record(request, work, me, clr_id, address=made.address)


@router.post("/me/links/{link_id}/close")
async def close(request: Request, link_id: UUID, me: MeDep, work: MeWorkDep) -> Response:
    await own_fields(request)
    row = await sharing.close_for_earner(work, earner_id=me.earner_id, link_id=link_id)
    return go(request, f"/me/records/{row.clr_id}")


@router.post("/me/records/{clr_id}/revoke")
async def revoke(request: Request, clr_id: UUID, me: MeDep, work: MeWorkDep) -> Response:
    """Only a record that they made themselves; its links end with it."""
    await own_fields(request)
    await showing.own_record(work, earner_id=me.earner_id, clr_id=clr_id)
    await bundling.revoke_for_earner(work, earner_id=me.earner_id, clr_id=clr_id, reason="taken back by its earner")
    for kept in await sharing.links_for_earner(work, earner_id=me.earner_id, clr_id=clr_id):
        await sharing.close_for_earner(work, earner_id=me.earner_id, link_id=kept.row.id)
    return go(request, f"/me/records/{clr_id}")


async def _choice(
    request: Request, work: Work, me: SignedIn, *, problem: str | None = None, name: str = "", status: int = 0
) -> Response:
    awards = [
        (each, state_of(each, work.now))
        for each in await showing.own_awards(work, earner_id=me.earner_id, limit=_MOST)
        if each.award.state in _LIVE
    ]
    status = status or (422 if problem else 200)
    return own_page(request, "me_choose.html", status=status, awards=awards, problem=problem, name=name)


async def _record(
    request: Request,
    work: Work,
    me: SignedIn,
    clr_id: UUID,
    *,
    address: str | None = None,
    refused: BadgeissuerError | None = None,
) -> Response:
    own = await showing.own_record(work, earner_id=me.earner_id, clr_id=clr_id)
    links = await sharing.links_for_earner(work, earner_id=me.earner_id, clr_id=clr_id)
    days = await showing.views(work, kind=ViewKind.SHARE, targets=[each.row.id for each in links])
    problem = None
    if refused is not None:
        pointers = {fault.pointer for fault in refused.faults}
        problem = next(
            (f"me_link_{each}" for each in ("password", "label", "expires_at") if f"/{each}" in pointers),
            "me_link_many",
        )
    return own_page(
        request,
        "me_record.html",
        status=422 if problem else 200,
        own=own,
        revoked=own.record.state is ClrState.REVOKED,
        path=own.record.url.removeprefix(work.base_url),
        links=[(each, each.row.is_open(work.now), by_day(days[each.row.id])[:14]) for each in links],
        address=address,
        problem=problem,
        tomorrow=(work.now + timedelta(days=1)).date().isoformat(),
    )


def _chosen(fields: Fields) -> list[UUID]:
    """Raises ``NotFound`` for what is no id."""
    try:
        return list(dict.fromkeys(UUID(each) for each in fields.all("award")))[:_MOST]
    except ValueError:
        raise NotFound("you have no such award") from None


def _name(fields: Fields) -> str:
    return fields.one("name")[:_NAME].strip()


def _end(text: str) -> datetime | None:
    """The end of that day in UTC. Raises ``Rejected``."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(23, 59, 59), UTC)
    except ValueError:
        raise Rejected("no such day", faults=[Fault("/expires_at", "a day, as in 2027-06-30")]) from None
