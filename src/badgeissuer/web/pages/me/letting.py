"""Who may read the earner's awards beside those they show them to: consents to agencies, what was read, and mails."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response

from badgeissuer.errors import NotFound, Rejected
from badgeissuer.services import consenting, notifying
from badgeissuer.web.pages.me.door import Fields, MeDep, MeRoute, MeWorkDep, go, own_fields, own_page

router = APIRouter(route_class=MeRoute, include_in_schema=False)

_ON_A_PAGE = 30
_HISTORY = 20


@router.get("/me/agencies")
async def agencies(request: Request, me: MeDep, work: MeWorkDep, after: str = "") -> Response:
    """Consents: asked for, given, and what they were used for."""
    given = await consenting.given_by(work, earner_id=me.earner_id)
    holding = {each.consent.client_id for each in given if each.holds}
    askers = await consenting.askers(work)
    place = _place(after)
    reads = await consenting.who_asked(work, earner_id=me.earner_id, after=place, limit=_ON_A_PAGE + 1)
    shown = reads[:_ON_A_PAGE]
    following = None
    if len(reads) > _ON_A_PAGE:
        following = f"/me/agencies?{urlencode({'after': f'{shown[-1].at.isoformat()}~{shown[-1].id}'})}#reads"
    return own_page(
        request,
        "me_agencies.html",
        asking=[each for each in askers if each.purpose is not None and each.client_id not in holding],
        agreed=[each for each in askers if each.purpose is None],
        standing=[each for each in given if each.consent.withdrawn_at is None],
        ended=[each for each in given if each.consent.withdrawn_at is not None][:_HISTORY],
        issuers=await consenting.issuers_of(work, earner_id=me.earner_id),
        reads=shown,
        following=following,
    )


@router.post("/me/agencies/give")
async def give(request: Request, me: MeDep, work: MeWorkDep) -> Response:
    fields = await own_fields(request)
    issuers = None
    if fields.one("scope") != "all":
        issuers = [_id(each) for each in fields.all("issuer")]
    await consenting.give(work, earner_id=me.earner_id, client_id=_id(fields.one("agency")), issuers=issuers)
    return go(request, "/me/agencies")


@router.post("/me/agencies/withdraw")
async def withdraw(request: Request, me: MeDep, work: MeWorkDep) -> Response:
    fields = await own_fields(request)
    await consenting.withdraw(work, earner_id=me.earner_id, consent_id=_id(fields.one("consent")))
    return go(request, "/me/agencies")


@router.get("/me/settings")
async def settings(request: Request, me: MeDep, work: MeWorkDep) -> Response:
    stopped = await notifying.stopped_by(work, earner_id=me.earner_id)
    names = {issuer for issuer, _ in stopped}
    heard = [each for each in await consenting.issuers_of(work, earner_id=me.earner_id) if each[0] not in names]
    return own_page(request, "me_settings.html", me=me, stopped=stopped, heard=heard)


@router.post("/me/settings/mail")
async def mail(request: Request, me: MeDep, work: MeWorkDep) -> Response:
    fields = await own_fields(request)
    issuer = await _own_issuer(fields, me, work)
    match fields.one("mail"):
        case "stop":
            await notifying.stop(work, earner_id=me.earner_id, issuer_id=issuer)
        case "resume":
            await notifying.resume(work, earner_id=me.earner_id, issuer_id=issuer)
        case _:
            raise Rejected("say whether the e-mails are to stop or to come again")
    return go(request, "/me/settings")


async def _own_issuer(fields: Fields, me: MeDep, work: MeWorkDep) -> UUID:
    """One that has awarded them something. Raises ``NotFound``."""
    issuer = _id(fields.one("issuer"))
    if issuer not in {each for each, _ in await consenting.issuers_of(work, earner_id=me.earner_id)}:
        raise NotFound("no such issuer")
    return issuer


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("there is nothing of that id") from None


def _place(text: str) -> tuple[datetime, UUID] | None:
    at, _, last = text.partition("~")
    try:
        moment, disclosure_id = datetime.fromisoformat(at), UUID(last)
    except ValueError:
        return None
    return (moment, disclosure_id) if moment.tzinfo is not None else None
