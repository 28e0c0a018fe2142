"""Awards: issue one whose decision is held elsewhere, and read one."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from badgeissuer.errors import Conflict, MalformedInput, NotFound, Rejected
from badgeissuer.rules.awarding import NotAwardable
from badgeissuer.rules.terms import DecisionSource, Outcome
from badgeissuer.services.answering import Kept
from badgeissuer.services.decision_rows import Recorded
from badgeissuer.services.judging import Judgement
from badgeissuer.web.api.award_wire import AwardOut, line_of, read_award
from badgeissuer.web.api.decision_wire import AttemptIn, Named, as_sent
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import ActorDep, RuntimeDep, WorkDep, require
from badgeissuer.web.once import KEY_PARAMETER, StillRunning, issue_once
from badgeissuer.web.problems import problems
from badgeissuer.web.wire import Timestamp

router = APIRouter(prefix="/v1/awards", tags=["Awards"], route_class=StrictRoute)


class AwardIn(AttemptIn):
    """An attempt that was decided elsewhere, with the person who decided it and when."""

    decided_by: Named
    decided_at: Timestamp

    def judgement(self) -> Judgement:
        return Judgement(
            outcome=Outcome.AWARDED, by=self.decided_by.as_person(), at=self.decided_at, source=DecisionSource.EXTERNAL
        )


@router.post(
    "",
    operation_id="issue_award",
    summary="Issue an award whose decision your platform holds",
    response_model=AwardOut,
    status_code=201,
    responses=problems(MalformedInput, NotFound, Conflict, StillRunning, Rejected, NotAwardable),
    openapi_extra=KEY_PARAMETER,
    dependencies=[require("awards:write")],
)
async def issue_award(body: AwardIn, request: Request, runtime: RuntimeDep, actor: ActorDep) -> Response:
    base_url = runtime.settings.base_url
    asking = body.as_asking(base_url, judgement=body.judgement())

    def write(recorded: Recorded) -> Kept:
        shown = AwardOut.of(line_of(recorded), base_url)
        return Kept(201, shown.model_dump_json(), shown.url)

    # A policy that asks for two assessors is the achievement's: this route has no outcome to point at.
    with as_sent({"/assessor": "/decided_by", "/outcome": "/achievement"}):
        return await issue_once(runtime, actor, request, asking=asking, write=write)


@router.get(
    "/{award_id}",
    operation_id="read_award",
    summary="Read an award",
    responses=problems(NotFound),
    dependencies=[require("awards:read")],
)
async def get_award(award_id: UUID, work: WorkDep) -> AwardOut:
    return await read_award(work, award_id)
