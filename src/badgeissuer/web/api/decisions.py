"""Decisions: a platform sends what assessors judged; what the policy carries becomes an award in the same breath."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from badgeissuer.errors import Conflict, Fault, IllegalTransition, MalformedInput, NotFound, Rejected
from badgeissuer.rules.awarding import NotAwardable
from badgeissuer.rules.terms import AssessorRole, DecisionState, Outcome
from badgeissuer.services import assessing
from badgeissuer.services.answering import Kept
from badgeissuer.services.decision_rows import Recorded
from badgeissuer.services.judging import AssessmentGiven, Judgement
from badgeissuer.store.decision_search import DecisionFilter, read_decisions
from badgeissuer.web.api.decision_view import DecisionOut, line_of, read_one
from badgeissuer.web.api.decision_wire import AssessmentIn, AttemptIn, Named, as_sent
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import ActorDep, RuntimeDep, WorkDep, require
from badgeissuer.web.once import KEY_PARAMETER, StillRunning, answer_once, issue_once
from badgeissuer.web.paging import PagerDep
from badgeissuer.web.problems import problems
from badgeissuer.web.telling import tell
from badgeissuer.web.wire import Page, Timestamp
from badgeissuer.work import Work

router = APIRouter(prefix="/v1/decisions", tags=["Decisions"], route_class=StrictRoute)


class DecisionIn(AttemptIn):
    """Either an ``outcome`` by one named assessor, or the ``assessments`` of one or two, under the policy."""

    outcome: Annotated[Outcome, Field(description="with assessor and decided_at")] | None = None
    assessor: Named | None = None
    decided_at: Timestamp | None = None
    assessments: Annotated[tuple[AssessmentIn, ...], Field(max_length=2)] = ()

    def judgement(self) -> Judgement | None:
        """The outcome that was sent; None where assessments were. Raises ``Rejected``: both, neither, a part."""
        given = {"outcome": self.outcome, "assessor": self.assessor, "decided_at": self.decided_at}
        if self.assessments:
            faults = [
                Fault(f"/{name}", "either this or the assessments, not both", "both")
                for name, value in given.items()
                if value is not None
            ]
            if faults:
                faults.append(Fault("/assessments", "either these or the outcome with its assessor, not both", "both"))
                raise Rejected("there are two judgements", faults=faults)
            return None
        faults = [
            Fault(f"/{name}", "required, unless assessments are sent: no decision without a named person", "required")
            for name, value in given.items()
            if value is None
        ]
        if self.outcome is None or self.assessor is None or self.decided_at is None:
            if len(faults) == len(given):
                faults.append(Fault("/assessments", "required, unless an outcome is sent", "required"))
            raise Rejected("the judgement is not complete", faults=faults)
        return Judgement(outcome=self.outcome, by=self.assessor.as_person(), at=self.decided_at)

    def given(self) -> list[AssessmentGiven]:
        return [_given(assessment, AssessorRole.ASSESSOR) for assessment in self.assessments]


class FurtherAssessmentIn(AssessmentIn):
    """The second assessor's assessment, or the adjudicator's."""

    role: Annotated[AssessorRole, Field(description="by default what the decision waits for")] | None = None


@router.post(
    "",
    operation_id="record_decision",
    summary="Record a decision; what it awards is issued at once",
    response_model=DecisionOut,
    status_code=201,
    responses={
        202: {"model": DecisionOut, "description": "It waits for the second assessor, or for an adjudicator."},
        **problems(MalformedInput, NotFound, Conflict, StillRunning, Rejected, NotAwardable),
    },
    openapi_extra=KEY_PARAMETER,
    dependencies=[require("decisions:write")],
)
async def record_decision(body: DecisionIn, request: Request, runtime: RuntimeDep, actor: ActorDep) -> Response:
    base_url = runtime.settings.base_url
    asking = body.as_asking(base_url, judgement=body.judgement(), assessments=body.given())
    with as_sent():
        return await issue_once(
            runtime, actor, request, asking=asking, write=lambda recorded: _kept(recorded, base_url)
        )


@router.post(
    "/{decision_id}/assessments",
    operation_id="record_assessment",
    summary="Add the second assessor's assessment, or the adjudicator's",
    response_model=DecisionOut,
    status_code=201,
    responses={
        202: {"model": DecisionOut, "description": "The two differ: it waits for an adjudicator."},
        **problems(NotFound, IllegalTransition, Conflict, StillRunning, Rejected, NotAwardable),
    },
    openapi_extra=KEY_PARAMETER,
    dependencies=[require("decisions:write")],
)
async def record_assessment(
    decision_id: UUID, body: FurtherAssessmentIn, request: Request, runtime: RuntimeDep, actor: ActorDep
) -> Response:
    async def produce(work: Work) -> Kept:
        role = body.role
        if role is None:
            decision = await assessing.find_decision(work, decision_id=decision_id)
            waits_for_adjudicator = decision.state is DecisionState.NEEDS_ADJUDICATION
            role = AssessorRole.ADJUDICATOR if waits_for_adjudicator else AssessorRole.ASSESSOR
        with as_sent({"/assessments/0": ""}):
            recorded = await assessing.record_assessment(work, decision_id=decision_id, given=_given(body, role))
        return _kept(recorded, work.base_url)

    return await answer_once(runtime, actor, request, produce=produce)


@router.get(
    "/{decision_id}",
    operation_id="read_decision",
    summary="Read a decision",
    responses=problems(NotFound),
    dependencies=[require("decisions:read")],
)
async def read_decision(decision_id: UUID, work: WorkDep) -> DecisionOut:
    return await read_one(work, decision_id)


@router.get(
    "",
    operation_id="list_decisions",
    summary="List decisions, newest first",
    responses=problems(MalformedInput),
    dependencies=[require("decisions:read")],
)
async def list_decisions(
    work: WorkDep,
    pager: PagerDep,
    state: Annotated[DecisionState | None, Query()] = None,
    achievement: Annotated[UUID | None, Query(description="id of the achievement")] = None,
) -> Page[DecisionOut]:
    found = await read_decisions(
        work.session,
        work.actor,
        DecisionFilter(state=state, achievement_id=achievement),
        after=UUID(pager.after[0]) if pager.after else None,
        limit=pager.take,
    )
    await tell(work, (each.decision.subject_id for each in found[: pager.limit]))
    return pager.page(
        found, place=lambda each: [str(each.place)], show=lambda each: DecisionOut.of(each, work.base_url)
    )


def _kept(recorded: Recorded, base_url: str) -> Kept:
    shown = DecisionOut.of(line_of(recorded), base_url)
    status = 201 if shown.state is DecisionState.DECIDED else 202
    return Kept(status, shown.model_dump_json(), f"{base_url}/v1/decisions/{shown.id}")


def _given(assessment: AssessmentIn, role: AssessorRole) -> AssessmentGiven:
    return AssessmentGiven(
        by=assessment.assessor.as_person(),
        levels=assessment.levels,
        at=assessment.assessed_at,
        role=role,
        outcome=assessment.outcome,
        feedback=assessment.feedback,
    )
