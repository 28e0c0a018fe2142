"""A record at its own address, for anybody who has it and for ever: its exact text, and the files that carry it."""

from __future__ import annotations

import hashlib

from fastapi import APIRouter, Request, Response

from badgeissuer.errors import NotFound, Unavailable
from badgeissuer.services import bundling_reading, serving
from badgeissuer.services.record_images import record_image
from badgeissuer.services.rendering import Form
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.web import media
from badgeissuer.web.api.public import public_id
from badgeissuer.web.deps import runtime_of
from badgeissuer.web.pages.clr import clr_page
from badgeissuer.web.pages.clr_transcript import transcript_answer
from badgeissuer.web.pages.rendering import failed
from badgeissuer.web.plain import PlainRoute
from badgeissuer.web.problems import NotAcceptable, problems

router = APIRouter(route_class=PlainRoute, tags=["Public"])

_BY_TYPE = {
    **dict.fromkeys(media.CREDENTIAL_TYPES, Form.JSON),
    media.PNG: Form.PNG,
    media.SVG: Form.SVG,
    media.PDF: Form.PDF,
}
_FILES = {Form.JSON: media.JSON, Form.PNG: media.PNG, Form.SVG: media.SVG, Form.PDF: media.PDF}
_CONTENT = {
    as_type: {"schema": {"type": "object"} if form is Form.JSON else {"type": "string", "format": "binary"}}
    for as_type, form in _BY_TYPE.items()
}


@router.get(
    "/clrs/{name}",
    operation_id="read_clr",
    response_class=Response,
    responses={
        200: {
            "description": "The signed record, byte for byte as it was issued, or a file that carries or shows it.",
            "content": _CONTENT,
            "headers": {"ETag": {"description": "strong, but for the PDF", "schema": {"type": "string"}}},
        },
        304: {"description": "The text with the ETag in If-None-Match is the current one."},
        **problems(NotFound, NotAcceptable, Unavailable),
    },
)
async def clr(name: str, request: Request) -> Response:
    """A record, revoked or not: what was said stays readable, and its status list says what holds.

    By Accept, or by the end of the address: `.json` (as `application/vc`, `application/ld+json` or `application/json`
    the same bytes), `.png` and `.svg` (images that carry the JSON), `.pdf` (a transcript without the earner's name).
    Where there is a newer edition, the Link header names it as `successor-version`. A record that an issuer made is not
    there while an award in it is closed by its earner.
    """
    runtime = runtime_of(request)
    plain, form, as_type = _asked(request, name)
    if form is Form.JSON:
        stored = await serving.clr(runtime.database.lookups, clr_id=public_id(plain), known=media.known(request))
        return _with_links(_served(request, stored.text, stored.sha256, as_type), stored.newer)
    async with runtime.begin(ANONYMOUS) as work:
        try:
            record, newer = await bundling_reading.public_record(work, clr_id=public_id(plain))
        except NotFound as error:
            if form is None:
                return failed(request, error)
            raise
    match form:
        case None:
            return await clr_page(request, runtime, plain)
        case Form.PDF:
            response = await transcript_answer(request, runtime, record.id)
        case _:
            content = await record_image(runtime.studio, record, form)
            digest = hashlib.sha256(content).hexdigest()
            response = _served(request, content, digest, as_type, f"record-{record.id.hex[:8]}.{form.value}")
    return _with_links(response, newer)


def _with_links(response: Response, newer: str | None) -> Response:
    if newer is not None:
        response.headers["Link"] = f'<{newer}>; rel="successor-version"'
    # Whoever has the address has it from somebody: it is listed nowhere.
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _asked(request: Request, name: str) -> tuple[str, Form | None, str]:
    """The id, the form (None is the page) and its media type: the end of the address decides, else Accept."""
    plain, dot, end = name.partition(".")
    by_end = next((form for form in _FILES if form.value == end), None) if dot else None
    if by_end is not None:
        return plain, by_end, _FILES[by_end]
    accept = request.headers.get("accept")
    if media.wants_page(accept, tuple(_BY_TYPE)):
        return name, None, "text/html"
    as_type = media.negotiate(accept, tuple(_BY_TYPE))
    return name, _BY_TYPE[as_type], as_type


def _served(
    request: Request, content: str | bytes, digest: str, as_type: str, file_name: str | None = None
) -> Response:
    more = {}
    if file_name is not None:
        more = {"Content-Disposition": f'inline; filename="{file_name}"', **media.INERT}
    # An hour, as credentials: it is not for long that a record which is closed is seen elsewhere.
    return media.serve(
        request, content, tag=media.etag(digest), media_type=as_type, cache=media.CREDENTIAL_CACHE, more=more
    )
