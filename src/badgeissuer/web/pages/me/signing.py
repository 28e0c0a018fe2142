"""In and out: ask for a link, open it, press the button, and sign out again."""

from __future__ import annotations

import hashlib
import math

from fastapi import APIRouter, Request, Response

from badgeissuer.errors import Rejected, Unavailable
from badgeissuer.services import signing_in
from badgeissuer.services.signing_in import EARNER, LinkOver
from badgeissuer.vc.recipient import normalise_email
from badgeissuer.web.deps import RuntimeDep, runtime_of
from badgeissuer.web.pages.me.door import (
    MeDep,
    MeRoute,
    MeWorkDep,
    anybody,
    go,
    let_in,
    let_out,
    open_fields,
    open_page,
    own_fields,
    session_of,
)
from badgeissuer.web.pages.rendering import words_of
from badgeissuer.web.throttle import Throttle

router = APIRouter(route_class=MeRoute, include_in_schema=False)

_QUARTER = 900.0
# Per address: what is beyond is swallowed without a word, known or not. Per host that asks, and in all: refused openly.
_PER_ADDRESS, _PER_HOST, _IN_ALL = 5, 30, 600


class Throttles:
    """Those of one app."""

    def __init__(self) -> None:
        self.address = Throttle(burst=_PER_ADDRESS, seconds=_QUARTER)
        self.host = Throttle(burst=_PER_HOST, seconds=_QUARTER)
        self.all = Throttle(burst=_IN_ALL, seconds=_QUARTER)


@router.post("/me/sign-in")
async def ask(request: Request, runtime: RuntimeDep) -> Response:
    """The same answer for every address, in the same time: whose it is, is looked up when the mail is written."""
    fields = await open_fields(request)
    try:
        address = normalise_email(fields.one("email"))
    except Rejected:
        return door(request, status=422, problem="me_no_address")
    throttles, now = _throttles_of(request), runtime.clock()
    peer = request.client.host if request.client is not None else ""
    wait = throttles.host.wait(peer.encode(), now) or throttles.all.wait(b"", now)
    if wait:
        response = door(request, status=429, problem="me_too_often")
        response.headers["Retry-After"] = str(math.ceil(wait))
        return response
    if not throttles.address.wait(hashlib.sha256(address.encode()).digest(), now):
        try:
            async with runtime.begin(EARNER) as work:
                await signing_in.ask(work, email=address, language=words_of(request).tag)
        except Unavailable:
            return door(request, status=503, problem="me_no_mail")
    return go(request, "/me/sign-in/sent")


@router.get("/me/sign-in/sent")
async def sent(request: Request) -> Response:
    return open_page(request, "me_said.html", title="me_sent", says="me_sent_says", again=True)


@router.get("/me/sign-in/link")
async def look(request: Request, work: MeWorkDep, t: str = "") -> Response:
    """What the link opens is a button: programs that look through mails follow links, and press no buttons."""
    try:
        await signing_in.look(work, token=t)
    except LinkOver:
        return _over(request)
    return open_page(request, "me_enter.html", token=t)


@router.post("/me/sign-in/link")
async def enter(request: Request, runtime: RuntimeDep) -> Response:
    fields = await open_fields(request)
    try:
        async with runtime.begin(EARNER) as work:
            # Whoever was signed in here before is not any more, whatever their cookie was.
            before = session_of(request)
            session = await signing_in.sign_in(work, token=fields.one("t"), instead_of=before)
    except LinkOver:
        # The button was pressed twice, or in two tabs.
        return go(request, "/me") if await anybody(request) is not None else _over(request)
    response = go(request, "/me")
    let_in(request, response, session)
    return response


@router.post("/me/sign-out")
async def leave(request: Request, me: MeDep, work: MeWorkDep) -> Response:
    fields = await own_fields(request)
    await signing_in.sign_out(work, signed_in=me, everywhere=fields.one("everywhere") == "yes")
    response = go(request, "/me")
    let_out(request, response)
    return response


def door(request: Request, *, status: int = 200, problem: str | None = None) -> Response:
    """The form that asks for a link."""
    mail = runtime_of(request).settings.sends_mail
    return open_page(request, "me_door.html", status=status, problem=problem, mail=mail)


def _over(request: Request) -> Response:
    return open_page(request, "me_said.html", status=404, title="me_over", says="me_over_says", again=True)


def _throttles_of(request: Request) -> Throttles:
    found: Throttles | None = getattr(request.app.state, "sign_in_throttles", None)
    if found is None:
        found = request.app.state.sign_in_throttles = Throttles()
    return found
