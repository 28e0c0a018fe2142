"""Share links of a record: make, list, read, close. What earners share themselves is their own, and not shown here."""

from __future__ import annotations

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints

from badgeissuer.errors import Conflict, MalformedInput, NotFound
from badgeissuer.services import sharing, unlocking
from badgeissuer.services.answering import Kept as KeptAnswer
from badgeissuer.services.sharing import Kept, Link
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import ActorDep, RuntimeDep, WorkDep, require
from badgeissuer.web.once import KEY_PARAMETER, REPLAY_HEADER, StillRunning, answer_once
from badgeissuer.web.paging import BadCursor, PagerDep
from badgeissuer.web.problems import problems
from badgeissuer.web.wire import Page, Timestamp, WireIn, WireOut
from badgeissuer.work import Work

router = APIRouter(prefix="/v1/clrs/{clr_id}/shares", route_class=StrictRoute, tags=["Records"])

Label = Annotated[str, StringConstraints(min_length=1, max_length=sharing.LABEL_LENGTH, strip_whitespace=True)]


class ShareIn(WireIn):
    label: Label | None = Field(None, description="a note for yourself: whom it is for")
    named: bool = Field(False, strict=True, description="whether the shared page names the earner")
    password: str | None = Field(
        None,
        min_length=unlocking.SHORTEST,
        max_length=unlocking.LONGEST,
        description="asked for before anything is shown",
    )
    expires_at: Timestamp | None = Field(None, description="no end where it is left out")


class ShareOut(WireOut):
    """A link to a record."""

    id: UUID
    clr: UUID
    label: str | None
    named: bool
    locked: bool = Field(description="whether it asks for a password")
    expires_at: Timestamp | None
    created_at: Timestamp
    closed_at: Timestamp | None
    open: bool = Field(description="whether it leads to the record now")
    views: int = Field(description="how often its page was opened; counted within a minute")
    url: str | None = Field(
        description="the link itself. It is told once, in the answer that makes it, and null ever after, also where "
        "that request is repeated: only its hash is kept"
    )


@router.post(
    "",
    status_code=201,
    operation_id="share_clr",
    summary="Make a link to a record",
    response_model=ShareOut,
    dependencies=[require("clrs:write")],
    responses=problems(MalformedInput, NotFound, Conflict, StillRunning),
    openapi_extra=KEY_PARAMETER,
)
async def share_clr(clr_id: UUID, body: ShareIn, request: Request, runtime: RuntimeDep, actor: ActorDep) -> Response:
    """An address that nobody can guess, where the record can be seen and downloaded until the link is closed or over.
    Send it to nobody but whom it is for."""
    link = Link(label=body.label, named=body.named, password=body.password, expires_at=body.expires_at)
    address: str | None = None

    async def produce(work: Work) -> KeptAnswer:
        nonlocal address
        made = await sharing.share(work, clr_id=clr_id, link=link)
        address = made.address
        location = f"{work.base_url}/v1/clrs/{clr_id}/shares/{made.row.id}"
        # The answer is kept for repeats, and so is not the place for the link.
        return KeptAnswer(201, _shown(work, Kept(made.row, 0)).model_dump_json(), location)

    answer = await answer_once(runtime, actor, request, produce=produce)
    if address is None or REPLAY_HEADER in answer.headers:
        return answer
    told = json.dumps({**json.loads(bytes(answer.body)), "url": address}, ensure_ascii=False, separators=(",", ":"))
    return Response(told, 201, {"Location": answer.headers["Location"]}, media_type="application/json")


@router.get(
    "",
    operation_id="list_clr_shares",
    dependencies=[require("clrs:read")],
    responses=problems(NotFound, BadCursor),
)
async def list_shares(clr_id: UUID, work: WorkDep, pager: PagerDep) -> Page[ShareOut]:
    """The links that API keys made to this record, newest first, closed ones too."""
    after = UUID(pager.after[0]) if pager.after is not None else None
    rows = await sharing.links(work, clr_id=clr_id, after=after, limit=pager.take)
    return pager.page(rows, place=lambda each: (str(each.row.id),), show=lambda each: _shown(work, each))


@router.get(
    "/{share_id}", operation_id="read_clr_share", dependencies=[require("clrs:read")], responses=problems(NotFound)
)
async def get_share(clr_id: UUID, share_id: UUID, work: WorkDep) -> ShareOut:
    """One of these links, and how often it was opened."""
    return _shown(work, await sharing.link(work, clr_id=clr_id, link_id=share_id))


@router.post(
    "/{share_id}/close",
    operation_id="close_clr_share",
    summary="Close a link, for good",
    dependencies=[require("clrs:write")],
    responses=problems(NotFound),
)
async def close_share(clr_id: UUID, share_id: UUID, work: WorkDep) -> ShareOut:
    """From now on it answers as an address that never was. A second time changes nothing."""
    return _shown(work, await sharing.close(work, clr_id=clr_id, link_id=share_id))


def _shown(work: Work, kept: Kept) -> ShareOut:
    row = kept.row
    return ShareOut(
        id=row.id,
        clr=row.clr_id,
        label=row.label,
        named=row.named,
        locked=row.locked,
        expires_at=row.expires_at,
        created_at=row.created_at,
        closed_at=row.closed_at,
        open=row.is_open(work.now),
        views=kept.views,
        url=None,
    )
