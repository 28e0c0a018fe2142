"""What others say of one's own things: those endorsements, and whether one's badges carry them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field, StrictBool

from badgeissuer.errors import NotFound
from badgeissuer.rules.terms import EndorsedKind, EndorsementState
from badgeissuer.services import declining
from badgeissuer.services.declining import Received
from badgeissuer.web.api.endorsement_wire import EndorsedOut
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import WorkDep, require
from badgeissuer.web.paging import BadCursor, PagerDep
from badgeissuer.web.problems import problems
from badgeissuer.web.wire import Page, Timestamp, WireIn, WireOut

router = APIRouter(prefix="/v1/received-endorsements", route_class=StrictRoute, tags=["Endorsements"])


class CarryingIn(WireIn):
    carry: StrictBool = Field(
        description="false: no badge or record made from now on carries it, whatever the endorser wants"
    )


class ReceivedEndorsementOut(WireOut):
    """An endorsement by another of something of the caller's. What it says is in the signed text at its `url`."""

    id: UUID
    url: str
    issuer: str = Field(description="slug of whose thing it is")
    of: EndorsedOut
    endorser: str = Field(description="the endorser's DID")
    endorser_name: str
    name: str
    state: EndorsementState
    wanted: bool = Field(description="whether its endorser wants badges to carry it, now or in a time to come")
    carry: bool = Field(description="whether one's own badges may; they do where both are true and it stands")
    valid_from: Timestamp
    valid_until: Timestamp | None
    sha256: str

    @classmethod
    def of_row(cls, found: Received) -> ReceivedEndorsementOut:
        row, endorser, slug = found
        return cls(
            id=row.id,
            url=row.url,
            issuer=slug,
            of=EndorsedOut(kind=row.kind, id=row.subject),
            endorser=endorser.did,
            endorser_name=endorser.name,
            name=row.name,
            state=row.state,
            wanted=row.embed,
            carry=row.declined_at is None,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            sha256=row.sha256,
        )


@router.get(
    "",
    operation_id="list_received_endorsements",
    dependencies=[require("endorsements:read")],
    responses=problems(BadCursor),
)
async def list_received(
    work: WorkDep,
    pager: PagerDep,
    issuer: Annotated[str | None, Query(description="slug of whose thing it is")] = None,
    kind: Annotated[EndorsedKind | None, Query(description="of what")] = None,
) -> Page[ReceivedEndorsementOut]:
    """Endorsements of the issuers of the key, of their achievements and of their awards, newest first."""
    after = (datetime.fromisoformat(pager.after[0]), UUID(pager.after[1])) if pager.after is not None else None
    rows = await declining.received(work, issuer=issuer, kind=kind, after=after, limit=pager.take)
    return pager.page(
        rows,
        place=lambda found: (found[0].created_at.isoformat(), str(found[0].id)),
        show=ReceivedEndorsementOut.of_row,
    )


@router.put(
    "/{received_id}/carrying",
    operation_id="decide_endorsement_carrying",
    dependencies=[require("endorsements:write")],
    responses=problems(NotFound),
)
async def decide_carrying(received_id: UUID, body: CarryingIn, work: WorkDep) -> ReceivedEndorsementOut:
    """Whether badges and records that are made from now on may carry it. Those that are signed stay as they are."""
    return ReceivedEndorsementOut.of_row(await declining.decide(work, endorsement_id=received_id, carry=body.carry))
