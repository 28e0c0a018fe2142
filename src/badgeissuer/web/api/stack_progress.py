"""Where an earner stands in a stack, for its issuer; and the stack as anyone may read it."""

from __future__ import annotations

import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from badgeissuer.errors import NotFound
from badgeissuer.rules import stack_progress as rules
from badgeissuer.rules.stack_progress import MemberState
from badgeissuer.rules.terms import AwardState
from badgeissuer.services import progressing, stacking
from badgeissuer.services.identifying import EarnerGiven
from badgeissuer.vc import strictjson
from badgeissuer.web import media
from badgeissuer.web.api.public import public_id
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import PublicWorkDep, WorkDep, require
from badgeissuer.web.pages.rendering import in_words
from badgeissuer.web.pages.stack import stack_page
from badgeissuer.web.problems import InvalidRequest, problems
from badgeissuer.web.telling import tell_one
from badgeissuer.web.wire import Did, Email, Timestamp, WireOut

router = APIRouter(route_class=StrictRoute, tags=["Stacks"])


class MemberOut(WireOut):
    key: str
    title: str
    state: MemberState
    detail: str = Field(description="the state in words")
    award: str | None = Field(None, description="the id of the issuer's own award that counts, or that is in question")


class ConditionOut(WireOut):
    """One node of the rule: what it asks for, and how far it is met."""

    text: str
    have: int
    need: int
    met: bool
    deadline: Timestamp | None = None
    parts: list[ConditionOut] = Field(default_factory=list)


class CrownOut(WireOut):
    id: UUID
    state: AwardState


class ProgressOut(WireOut):
    """What is done, what is missing, what would complete it, and by when."""

    stack: UUID
    version: int
    complete: bool
    complete_since: Timestamp | None
    summary: str
    deadline: Timestamp | None = Field(description="when the period that counts now ends; null where none does")
    next_steps: list[str] = Field(description="members any one of which, earned now, would complete the stack")
    members: list[MemberOut]
    rule: ConditionOut
    award: CrownOut | None = Field(description="the stack's own award, once it is made")
    what_if: list[str] = Field(description="members that this answer takes as earned now")


@router.get(
    "/v1/stacks/{stack_id}/progress",
    operation_id="read_stack_progress",
    dependencies=[require("awards:read")],
    responses=problems(NotFound),
)
async def read_progress(
    stack_id: UUID,
    work: WorkDep,
    email: Annotated[Email | None, Query(description="of the earner")] = None,
    did: Annotated[Did | None, Query(description="of the earner")] = None,
    subject: Annotated[
        str | None, Query(max_length=64, description="the earner as the issuer's credentials name them (urn:uuid:…)")
    ] = None,
    what_if: Annotated[
        str | None, Query(description="keys of members, with commas: the answer as if these were earned now")
    ] = None,
) -> ProgressOut:
    """Where one earner of the issuer stands in the stack. Name the earner by one of email, did and subject."""
    named = [name for name, value in (("email", email), ("did", did), ("subject", subject)) if value is not None]
    if len(named) != 1:
        raise InvalidRequest(parameters=dict.fromkeys(named or ["email"], "name the earner by one of them"))
    earner = EarnerGiven(email=email, did=did) if subject is None else None
    asked = await progressing.find(work, stack_id=stack_id, earner=earner, urn=subject)
    await tell_one(work, asked.subject.id)
    keys = [key.strip() for key in what_if.split(",")] if what_if is not None else []
    unknown = set(keys) - {member.key for member in asked.version.as_rule().members}
    if unknown:
        raise InvalidRequest(parameters={"what_if": "names a key that no member of the stack has"})
    return shown(asked, await progressing.answer(work, asked, what_if=keys), keys)


def shown(asked: progressing.Asked, answer: progressing.Answer, keys: list[str]) -> ProgressOut:
    """The answer on the wire."""
    found = answer.progress
    return ProgressOut(
        stack=asked.stack.id,
        version=asked.version.number,
        complete=found.standing.complete,
        complete_since=found.standing.complete_since,
        summary=found.summary,
        deadline=found.deadline,
        next_steps=list(found.next_steps),
        members=[
            MemberOut(
                key=member.key,
                title=member.title,
                state=member.state,
                detail=member.detail,
                award=member.award.id if member.award is not None and _is_award(member.award.id) else None,
            )
            for member in found.members
        ],
        rule=_condition(found.condition),
        award=CrownOut(id=answer.award[0], state=answer.award[1]) if answer.award is not None else None,
        what_if=keys,
    )


@router.get(
    "/stacks/{name}",
    operation_id="read_public_stack",
    response_class=Response,
    responses={
        200: {"description": "The stack.", "content": {media.JSON: {}, media.HTML: {"schema": {"type": "string"}}}},
        **problems(NotFound),
    },
)
async def public_stack(name: str, request: Request, work: PublicWorkDep) -> Response:
    """A published stack: its members, its rule, and what completing it awards. Drafts are not public.

    A browser gets a page.
    """
    if "." not in name and media.wants_page(request.headers.get("accept"), (media.JSON,)):
        return await in_words(request, lambda: stack_page(request, work, public_id(name)))
    document = await stacking.public_document(work, stack_id=public_id(name.removesuffix(".json")))
    text = strictjson.dumps(document)
    tag = media.etag(hashlib.sha256(text.encode()).hexdigest())
    return media.serve(request, text, tag=tag, media_type=media.JSON, cache=media.FRESH_CACHE)


def _is_award(text: str) -> bool:
    """Another issuer's award, and one that is only pretended, have no id that means anything here."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _condition(node: rules.Condition) -> ConditionOut:
    return ConditionOut(
        text=node.text,
        have=node.have,
        need=node.need,
        met=node.met,
        deadline=node.deadline,
        parts=[_condition(part) for part in node.parts],
    )
