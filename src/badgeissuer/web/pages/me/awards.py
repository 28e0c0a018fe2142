"""The earner's awards: all of them, and each with who may see it, how often it was opened, and its files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response

from badgeissuer.errors import NotFound, Rejected
from badgeissuer.rules.terms import AwardState, ViewKind, Visibility
from badgeissuer.services import claiming, rendering, showing
from badgeissuer.services.rendering import Form
from badgeissuer.services.showing import OwnAward
from badgeissuer.web.deps import RuntimeDep
from badgeissuer.web.pages.me.claims import acceptance_of
from badgeissuer.web.pages.me.door import MeDep, MeRoute, MeWorkDep, anybody, go, own_fields, own_page
from badgeissuer.web.pages.me.signing import door
from badgeissuer.work import Work

router = APIRouter(route_class=MeRoute, include_in_schema=False)

_ON_A_PAGE = 20
_FILES = (Form.JSON, Form.JWT, Form.PNG, Form.SVG, Form.PDF)
_STATES = {AwardState.ACTIVE: "valid"}


def state_of(award: OwnAward, now: datetime) -> str:
    """In the words of the pages' verdicts."""
    state, until = award.award.state, award.award.valid_until
    if state is AwardState.ACTIVE and until is not None and until <= now:
        return "expired"
    return _STATES.get(state, state.value)


def by_day(counts: Mapping[date, int]) -> list[tuple[datetime, int]]:
    """As templates write days."""
    return [(datetime.combine(day, time(), UTC), count) for day, count in counts.items()]


@router.get("/me")
async def home(request: Request, work: MeWorkDep, after: str = "") -> Response:
    """The awards of who is signed in; the door for anybody else."""
    me = await anybody(request)
    if me is None:
        return door(request)
    place = _place(after)
    rows = await showing.own_awards(work, earner_id=me.earner_id, after=place, limit=_ON_A_PAGE + 1)
    shown, more = rows[:_ON_A_PAGE], len(rows) > _ON_A_PAGE
    following = f"/me?{urlencode({'after': _as_text(shown[-1].place)})}" if more else None
    return own_page(
        request,
        "me_awards.html",
        me=me,
        awards=[(each, state_of(each, work.now)) for each in shown],
        first=place is None,
        following=following,
    )


@router.get("/me/awards/{award_id}")
async def award(request: Request, award_id: UUID, me: MeDep, work: MeWorkDep) -> Response:
    own = await showing.own_award(work, earner_id=me.earner_id, award_id=award_id)
    days = (await showing.views(work, kind=ViewKind.BADGE, targets=[award_id]))[award_id]
    return own_page(
        request,
        "me_award.html",
        own=own,
        state=state_of(own, work.now),
        visibilities=list(Visibility),
        days=by_day(days),
        total=sum(days.values()),
        files=[form.value for form in _FILES],
        path=own.credential_url.removeprefix(work.base_url),
    )


@router.get("/me/awards/{award_id}/files/{form}")
async def file(award_id: UUID, form: str, me: MeDep, runtime: RuntimeDep, work: MeWorkDep) -> Response:
    """A file of the award for its earner, closed or not. The certificate has their name on it."""
    wanted = next((each for each in _FILES if each.value == form), None)
    if wanted is None:
        raise NotFound("there is no such file")
    matter = await rendering.matter_for_earner(work, earner_id=me.earner_id, award_id=award_id, forms=(wanted,))
    exported = await rendering.export(runtime.studio, matter, wanted)
    return Response(
        exported.content,
        media_type=exported.media_type,
        headers={"Content-Disposition": f'attachment; filename="{exported.file_name}"'},
    )


@router.post("/me/awards/{award_id}/visibility")
async def visibility(request: Request, award_id: UUID, me: MeDep, work: MeWorkDep) -> Response:
    fields = await own_fields(request)
    try:
        chosen = Visibility(fields.one("visibility"))
    except ValueError:
        raise Rejected("say who may see it") from None
    await showing.set_visibility(work, earner_id=me.earner_id, award_id=award_id, visibility=chosen)
    return _back(request, award_id)


@router.post("/me/awards/{award_id}/name")
async def name(request: Request, award_id: UUID, me: MeDep, work: MeWorkDep) -> Response:
    fields = await own_fields(request)
    await showing.show_name(work, earner_id=me.earner_id, award_id=award_id, shown=fields.one("shown") == "yes")
    return _back(request, award_id)


@router.post("/me/awards/{award_id}/answer")
async def answer(request: Request, award_id: UUID, me: MeDep, work: MeWorkDep) -> Response:
    fields = await own_fields(request)
    await _answer(work, me.earner_id, award_id, fields.one("answer"))
    return _back(request, award_id)


async def _answer(work: Work, earner_id: UUID, award_id: UUID, given: str) -> None:
    acceptance = acceptance_of(given)
    await showing.own_award(work, earner_id=earner_id, award_id=award_id)
    await claiming.answer(work, award_id=award_id, acceptance=acceptance)


def _back(request: Request, award_id: UUID) -> Response:
    return go(request, f"/me/awards/{award_id}")


def _as_text(place: tuple[datetime, UUID]) -> str:
    return f"{place[0].isoformat()}~{place[1]}"


def _place(text: str) -> tuple[datetime, UUID] | None:
    """Where a page begins; an address that was mistyped leads to the first one. It shows nobody else's awards."""
    at, _, last = text.partition("~")
    try:
        moment, award_id = datetime.fromisoformat(at), UUID(last)
    except ValueError:
        return None
    return (moment, award_id) if moment.tzinfo is not None else None
