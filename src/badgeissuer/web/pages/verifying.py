"""The page on which anybody verifies anybody's credential: a form, and the answer to it. Nothing is stored.

It is safe from other sites' forms by having nothing to protect: no cookie is read, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from badgeissuer.errors import BadgeissuerError, NotFound, TooLarge, Unavailable
from badgeissuer.net.fetch import FetchFailed, FetchRefused
from badgeissuer.runtime import Runtime
from badgeissuer.services import verifying
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.vc import limits
from badgeissuer.vc.model.base import instant
from badgeissuer.vc.verify import Outcome, Policy, Report, Role
from badgeissuer.web import media, problems
from badgeissuer.web.api.verify import document_at, gate_of_verifications
from badgeissuer.web.body import DEFAULT_LIMIT, read_body
from badgeissuer.web.deps import RuntimeDep
from badgeissuer.web.pages.badge import state_of
from badgeissuer.web.pages.language import Words
from badgeissuer.web.pages.rendering import ICON, ICON_TAG, STYLE, STYLE_TAG, PageRoute, page, words_of

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_FORM = "multipart/form-data"
# Beside the file: names of parts, a recipient, boundaries.
_BESIDE = 64 * 1024
_MOST = max(limits.CLR_IMAGE_BYTES, limits.CLR_BYTES)
_RECIPIENT = 2_000
# Members that a page lists one by one; the API lists all.
_MEMBERS = 100
_IMAGES = (b"\x89PNG", b"<svg", b"<?xml", b"\xef\xbb\xbf<")
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _Member:
    """One credential of a learner record, as the page lists it. ``number`` counts from 1, as on the record's page."""

    number: int
    pointer: str
    state: str
    name: str | None
    issuer: str | None
    checks: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the form holds: a document or an address, and perhaps whom it should be about."""

    document: bytes
    url: str | None
    recipient: str


class _Unfit(Exception):
    """What was sent cannot be verified; ``name`` is the message that says why."""

    def __init__(self, name: str, *, status: int = 422, **parts: str) -> None:
        super().__init__(name)
        self.name = name
        self.status = status
        self.parts = parts


class _InMemory(MultiPartParser):
    """Writes no upload to a disk, however large: nothing that is sent here is stored."""

    spool_max_size = _MOST + _BESIDE


@router.get("/static/style.css")
async def style(request: Request) -> Response:
    """The one style sheet. Its address changes with its content, so that it is kept for ever."""
    return media.serve(request, STYLE, tag=media.etag(STYLE_TAG), media_type="text/css; charset=utf-8", cache=_FOREVER)


@router.get("/static/icon.svg")
async def icon(request: Request) -> Response:
    return media.serve(
        request, ICON, tag=media.etag(ICON_TAG), media_type=media.SVG, cache=_FOREVER, more=dict(media.INERT)
    )


@router.get("/verify")
async def form(request: Request) -> Response:
    return page(request, "verify.html", report=None, problem=None)


@router.post("/verify")
async def answer(request: Request, runtime: RuntimeDep) -> Response:
    """The report as a page: 200 whatever it says, another status where there is none."""
    try:
        asked = await _read(request)
        report = await _report(request, runtime, asked)
    except _Unfit as unfit:
        say = words_of(request)
        problem = say(unfit.name, **unfit.parts)
        refused = page(request, "verify.html", status=unfit.status, report=None, problem=problem)
        if unfit.status == 503:
            refused.headers["Retry-After"] = str(problems.RETRY_AFTER_S)
        return refused
    state = state_of(report)
    members = [
        _Member(place, each.pointer, state_of(each.report), each.report.facts.name or each.report.facts.achievement,
                each.report.facts.issuer_name or each.report.facts.issuer, each.report.checks)
        for place, each in enumerate((each for each in report.nested if each.role is Role.MEMBER), 1)
    ]  # fmt: skip
    # Those that are not in order are shown first where not all can be.
    listed = members if len(members) <= _MEMBERS else sorted(members, key=lambda each: each.state == Outcome.VALID)
    return page(
        request,
        "verify.html",
        report=report,
        problem=None,
        state=state,
        said=words_of(request)(_said(state)),
        facts=_facts(report, words_of(request)),
        members=listed[:_MEMBERS],
        more_members=max(0, len(members) - _MEMBERS),
    )


def _said(state: str) -> str:
    return f"{state}_says" if state in (Outcome.INVALID, Outcome.NOT_CHECKED) else f"{state}_foreign"


def _facts(report: Report, say: Words) -> list[tuple[str, str]]:
    facts = report.facts
    told = {
        "name": facts.name or facts.achievement,
        "issuer": facts.issuer_name or facts.issuer,
        "id": facts.id,
        "from": _day(facts.valid_from, say),
        "until": _day(facts.valid_until, say),
    }
    return [(name, value) for name, value in told.items() if value]


def _day(date: str | None, say: Words) -> str | None:
    """A date in words; what is none stays as it stands there."""
    try:
        return say.day(instant(date)) if date else None
    except ValueError:
        return date


async def _read(request: Request) -> _Asked:
    """The form's fields. Raises ``_Unfit``."""
    try:
        body = await read_body(request, media_types=(_FORM,), limit=_MOST + _BESIDE)
        parser = _InMemory(request.headers, _once(body), max_files=1, max_fields=3, max_part_size=_MOST)
        fields = await parser.parse()
        file, text, recipient = (fields.get(name) for name in ("file", "text", "recipient"))
        data = await file.read() if isinstance(file, UploadFile) else b""
        await fields.close()
    except TooLarge:
        raise _Unfit("verify_too_large", status=413) from None
    except (MultiPartException, BadgeissuerError, KeyError, UnicodeError):
        raise _Unfit("verify_form") from None
    pasted = text.strip() if isinstance(text, str) else ""
    person = recipient.strip() if isinstance(recipient, str) else ""
    if data and pasted:
        raise _Unfit("verify_both")
    if not data and not pasted:
        raise _Unfit("verify_empty")
    if len(person) > _RECIPIENT:
        raise _Unfit("verify_recipient_long")
    if pasted.lower().startswith(("https://", "http://")):
        return _Asked(b"", pasted, person)
    document = data or pasted.encode("utf-8", "replace")
    # As POST /v1/verify: only learner records and images may be long.
    if len(document) > DEFAULT_LIMIT and b"ClrCredential" not in document and not document.startswith(_IMAGES):
        raise _Unfit("verify_too_large", status=413)
    return _Asked(document, None, person)


async def _report(request: Request, runtime: Runtime, asked: _Asked) -> Report:
    policy = Policy(recipient=frozenset({asked.recipient})) if asked.recipient else None
    try:
        async with gate_of_verifications(request.app).enter(), runtime.begin(ANONYMOUS) as work:
            document = asked.document if asked.url is None else await document_at(runtime, work, asked.url)
            return await verifying.verify(work, data=document, policy=policy)
    except (FetchRefused, FetchFailed, NotFound) as error:
        raise _Unfit("verify_unreachable", detail=error.detail.rstrip(".")) from None
    except Unavailable:
        raise _Unfit("verify_busy", status=503) from None


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
