"""Revoke, suspend and reinstate awards. The signed status list says so before the answer leaves."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import StringConstraints
from starlette.responses import Response

from badgeissuer.errors import IllegalTransition, MalformedInput, NotFound
from badgeissuer.runtime import Runtime
from badgeissuer.services import revoking
from badgeissuer.services.answering import Kept
from badgeissuer.services.revoking import Action
from badgeissuer.store.access import Actor
from badgeissuer.web.api.award_wire import AwardOut, read_award
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import ActorDep, RuntimeDep, require
from badgeissuer.web.once import KEY_PARAMETER, StillRunning, answer_once
from badgeissuer.web.problems import problems
from badgeissuer.web.wire import WireIn
from badgeissuer.work import Work

router = APIRouter(prefix="/v1/awards/{award_id}", tags=["Awards"], route_class=StrictRoute)

RESPONSES = problems(MalformedInput, NotFound, IllegalTransition, StillRunning)
MAY = [require("awards:revoke")]


class StateChangeIn(WireIn):
    """Why. It is kept with the award and shown to callers; it is not signed."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


@router.post(
    "/revoke",
    operation_id="revoke_award",
    summary="Revoke an award, for good",
    response_model=AwardOut,
    responses=RESPONSES,
    openapi_extra=KEY_PARAMETER,
    dependencies=MAY,
)
async def revoke_award(
    award_id: UUID, body: StateChangeIn, request: Request, runtime: RuntimeDep, actor: ActorDep
) -> Response:
    return await _change(runtime, actor, request, award_id, "revoke", body)


@router.post(
    "/suspend",
    operation_id="suspend_award",
    summary="Suspend an award until it is reinstated or revoked",
    response_model=AwardOut,
    responses=RESPONSES,
    openapi_extra=KEY_PARAMETER,
    dependencies=MAY,
)
async def suspend_award(
    award_id: UUID, body: StateChangeIn, request: Request, runtime: RuntimeDep, actor: ActorDep
) -> Response:
    return await _change(runtime, actor, request, award_id, "suspend", body)


@router.post(
    "/reinstate",
    operation_id="reinstate_award",
    summary="Lift a suspension",
    response_model=AwardOut,
    responses=RESPONSES,
    openapi_extra=KEY_PARAMETER,
    dependencies=MAY,
)
async def reinstate_award(
    award_id: UUID, body: StateChangeIn, request: Request, runtime: RuntimeDep, actor: ActorDep
) -> Response:
    return await _change(runtime, actor, request, award_id, "reinstate", body)


async def _change(
    runtime: Runtime, actor: Actor, request: Request, award_id: UUID, action: Action, body: StateChangeIn
) -> Response:
    async def produce(work: Work) -> Kept:
        await revoking.change_state(work, award_id=award_id, action=action, reason=body.reason)
        return Kept(200, (await read_award(work, award_id)).model_dump_json())

    return await answer_once(runtime, actor, request, produce=produce)
