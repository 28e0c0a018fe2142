"""What a share link shows: the record's page and files, perhaps after a password. A link that is over shows nothing.

A link that was closed, one whose time is over and one that never was answer alike. Nothing of it is kept by browsers or
caches: what is closed is gone at once.
"""

from __future__ import annotations

import asyncio
import re
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Request, Response

from badgeissuer.errors import BadgeissuerError, MalformedInput, NotFound
from badgeissuer.rules.terms import ViewKind
from badgeissuer.services import record_standing, sharing, showing, unlocking
from badgeissuer.services.record_images import record_image
from badgeissuer.services.rendering import Form
from badgeissuer.services.unlocking import TooManyTries
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.store.shares import ShareLink
from badgeissuer.web import media
from badgeissuer.web.body import read_body
from badgeissuer.web.deps import RuntimeDep
from badgeissuer.web.gate import gate_of
from badgeissuer.web.pages.clr import Place, record_page
from badgeissuer.web.pages.clr_transcript import transcript_answer
from badgeissuer.web.pages.rendering import PageRoute, address_of, page, words_of
from badgeissuer.work import Work

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_FORM = "application/x-www-form-urlencoded"
_LONGEST_FORM = 4_096
_PRIVATE = "private, no-store"
_IMAGES = {"png": media.PNG, "svg": media.SVG}
_FILE = re.compile(r"record\.(json|png|svg|pdf)")


@router.get("/s/{token}")
async def shared(token: str, request: Request, runtime: RuntimeDep) -> Response:
    """The record behind the link, or the question for its password."""
    async with runtime.begin(ANONYMOUS) as work:
        link = await sharing.opened(work, token=token)
        let_in = _let_in(request, work, link)
    if not let_in:
        return _private(_asked(request, token, problem=None))
    answer = _private(await record_page(request, runtime, link.clr_id, _place(token, link)))
    # The other orders and sheets of it are the same visit.
    if not {"view", "page"} & set(request.query_params):
        async with runtime.begin(ANONYMOUS) as work:
            showing.count_view(work, kind=ViewKind.SHARE, target_id=link.id)
    return answer


@router.post("/s/{token}")
async def unlock(token: str, request: Request, runtime: RuntimeDep) -> Response:
    """Look at a password, and let the browser in for a while where it fits."""
    password = await _password(request)
    say = words_of(request)
    try:
        async with runtime.begin(ANONYMOUS) as work:
            link = await sharing.opened(work, token=token)
            given = await unlocking.count_try(work, link=link) if link.locked else None
        if given is not None:
            # Each look takes 32 MiB for a moment: few at once.
            gate = gate_of(request.app, "passwords", running=2, waiting=16, seconds=10.0)
            async with gate.enter():
                if not await asyncio.to_thread(unlocking.fits, given, password):
                    return _private(_asked(request, token, status=403, problem=say("share_wrong")))
    except TooManyTries as many:
        minutes = -(-many.retry_after // 60)
        refused = _asked(request, token, status=429, problem=say("share_many", minutes=minutes))
        refused.headers["Retry-After"] = str(many.retry_after)
        return _private(refused)
    answer = _private(Response(status_code=303, headers={"Location": address_of(request, f"/s/{token}")}))
    if given is not None:
        async with runtime.begin(ANONYMOUS) as work:
            await unlocking.forget_tries(work, link_id=given.link_id)
            _let(answer, request, token, unlocking.pass_for(given, now=work.now))
    return answer


@router.get("/s/{token}/{name}")
async def file(token: str, name: str, request: Request, runtime: RuntimeDep) -> Response:
    """The record's files, for as long as the link is open."""
    found = _FILE.fullmatch(name)
    async with runtime.begin(ANONYMOUS) as work:
        link = await sharing.opened(work, token=token)
        let_in = _let_in(request, work, link)
        if found is None:
            raise NotFound("there is nothing at this address")
        matter = await record_standing.record_matter(work, clr_id=link.clr_id)
    if not let_in:
        return _private(Response(status_code=303, headers={"Location": address_of(request, f"/s/{token}")}))
    if found[1] == "pdf":
        address = f"{runtime.settings.base_url}/s/{token}"
        return _private(await transcript_answer(request, runtime, link.clr_id, address=address, named=link.named))
    content, kind = matter.record.text.encode(), media.JSON
    if found[1] in _IMAGES:
        content = await record_image(runtime.studio, matter.record, Form(found[1]))
        kind = _IMAGES[found[1]]
    headers = {"Content-Type": kind, "Content-Disposition": f'attachment; filename="{name}"', **media.INERT}
    return _private(Response(content, headers=headers))


def _asked(request: Request, token: str, *, problem: str | None, status: int = 200) -> Response:
    """The question for the password."""
    return page(request, "share.html", status=status, problem=problem, address=f"/s/{token}")


def _place(token: str, link: ShareLink) -> Place:
    return Place(f"/s/{token}", f"/s/{token}/record", shared=True, named=link.named)


async def _password(request: Request) -> str:
    """What the form holds; none where it is another form. A link's password is looked at as it was typed."""
    try:
        body = await read_body(request, media_types=(_FORM,), limit=_LONGEST_FORM)
        fields = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=4)
    except (BadgeissuerError, ValueError):
        raise MalformedInput("send the form as it is on the page") from None
    return next(iter(fields.get("password", ())), "")


def _let_in(request: Request, work: Work, link: ShareLink) -> bool:
    return unlocking.lets_in(link, request.cookies.get(_cookie(request)), now=work.now)


def _let(answer: Response, request: Request, token: str, value: str) -> None:
    """For this link only, and for a while: the one cookie of the pages that anybody may open."""
    answer.set_cookie(
        _cookie(request),
        value,
        max_age=int(unlocking.LASTS.total_seconds()),
        path=f"{urlsplit(str(request.app.state.base_url)).path.rstrip('/')}/s/{token}",
        secure=_encrypted(request),
        httponly=True,
        samesite="lax",
    )


def _cookie(request: Request) -> str:
    return "__Secure-badgeissuer-share" if _encrypted(request) else "badgeissuer-share"


def _encrypted(request: Request) -> bool:
    return str(request.app.state.base_url).startswith("https:")


def _private(answer: Response) -> Response:
    answer.headers["Cache-Control"] = _PRIVATE
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Referrer-Policy"] = "no-referrer"
    if "etag" in answer.headers:
        del answer.headers["etag"]
    return answer
