"""The links of a notice: look at an award and accept or decline it; end such mails. They sign nobody in."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from badgeissuer.errors import Rejected
from badgeissuer.rules.terms import Acceptance, Visibility
from badgeissuer.runtime import Runtime
from badgeissuer.services import claiming, notifying
from badgeissuer.services.signing_in import EARNER, LinkOver
from badgeissuer.web.deps import RuntimeDep
from badgeissuer.web.pages.me.door import MeRoute, MeWorkDep, fields_without_token, open_fields, open_page

router = APIRouter(route_class=MeRoute, include_in_schema=False)


@router.get("/me/claim")
async def claim(request: Request, work: MeWorkDep, t: str = "") -> Response:
    try:
        found = await claiming.claim(work, token=t)
    except LinkOver:
        return _over(request)
    return _shown(request, found, t)


@router.post("/me/claim")
async def answer(request: Request, runtime: RuntimeDep) -> Response:
    """The link's token is the right to answer, for this award alone."""
    fields = await open_fields(request)
    token = fields.one("t")
    acceptance = acceptance_of(fields.one("answer"))
    try:
        async with runtime.begin(EARNER) as work:
            found = await claiming.claim(work, token=token)
            await claiming.answer(work, award_id=found.award_id, acceptance=acceptance)
        async with runtime.begin(EARNER) as work:
            return _shown(request, await claiming.claim(work, token=token), token)
    except LinkOver:
        return _over(request)


@router.get("/me/stop")
async def stop(request: Request, work: MeWorkDep, t: str = "") -> Response:
    try:
        found = await claiming.claim(work, token=t)
    except LinkOver:
        return _over(request)
    return open_page(request, "me_stop.html", claim=found, token=t)


@router.post("/me/stop")
async def stopped(request: Request, runtime: RuntimeDep, t: str = "") -> Response:
    """From the page's button, or from the mail program itself (RFC 8058), which has no cookies."""
    one_click = bool(t)
    fields = await (fields_without_token if one_click else open_fields)(request)
    if one_click and fields.one("List-Unsubscribe") != "One-Click":
        raise Rejected("this address takes only what a mail program sends to it")
    try:
        found = await _stop(runtime, t or fields.one("t"))
    except LinkOver:
        return _over(request)
    return open_page(request, "me_said.html", title="me_stopped", says="me_stopped_says", issuer=found.issuer)


def acceptance_of(text: str) -> Acceptance:
    """Raises ``Rejected``."""
    try:
        return Acceptance(text)
    except ValueError:
        raise Rejected("say whether you accept it") from None


async def _stop(runtime: Runtime, token: str) -> claiming.Claim:
    async with runtime.begin(EARNER) as work:
        found = await claiming.claim(work, token=token)
        await notifying.stop(work, earner_id=found.earner_id, issuer_id=found.issuer_id)
        return found


def _shown(request: Request, found: claiming.Claim, token: str) -> Response:
    answered = found.acceptance.value if found.acceptance is not None else None
    closed = found.visibility is Visibility.CLOSED
    return open_page(request, "me_claim.html", claim=found, token=token, answered=answered, closed=closed)


def _over(request: Request) -> Response:
    return open_page(request, "me_said.html", status=404, title="me_claim_over", says="me_claim_over_says", again=True)
