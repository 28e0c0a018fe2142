"""A credential at its own address, for anybody and for ever, in each of its forms."""

from __future__ import annotations

import json
from uuid import UUID

from fastapi import APIRouter, Request, Response

from badgeissuer.errors import NotFound, Unavailable
from badgeissuer.runtime import Runtime
from badgeissuer.services import publishing, rendering, serving
from badgeissuer.services.rendering import Exported, Form
from badgeissuer.services.serving import Stored
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.web import media
from badgeissuer.web.api.public import public_id
from badgeissuer.web.deps import runtime_of
from badgeissuer.web.pages.badge import badge_page
from badgeissuer.web.plain import PlainRoute
from badgeissuer.web.problems import NotAcceptable, problems

router = APIRouter(route_class=PlainRoute, tags=["Public"])

_BY_TYPE = {
    **dict.fromkeys(media.CREDENTIAL_TYPES, Form.JSON),
    **dict.fromkeys(media.JWT_OFFERS, Form.JWT),
    media.PNG: Form.PNG,
    media.SVG: Form.SVG,
    media.PDF: Form.PDF,
}
_OFFERS = tuple(_BY_TYPE)
# Saved, not shown: a browser shows no PDF that is in a sandbox.
_SAVED = frozenset((Form.PDF, Form.ZIP))
_SCHEMAS = {Form.JSON: {"type": "object"}, Form.JWT: {"type": "string"}}
_CONTENT = {
    as_type: {"schema": _SCHEMAS.get(form, {"type": "string", "format": "binary"})}
    for as_type, form in _BY_TYPE.items()
}
_CONTENT[rendering.FORMS[Form.ZIP].media_type] = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/credentials/{name}",
    operation_id="read_credential",
    response_class=Response,
    responses={
        200: {
            "description": "The signed credential, byte for byte as it was issued, or a file that carries or shows it.",
            "content": _CONTENT,
            "headers": {
                "ETag": {"description": "strong", "schema": {"type": "string"}},
                "Content-Disposition": {
                    "description": "a file name, but for the JSON forms",
                    "schema": {"type": "string"},
                },
            },
        },
        304: {"description": "The text with the ETag in If-None-Match is the current one."},
        **problems(NotFound, NotAcceptable, Unavailable),
    },
)
async def credential(name: str, request: Request) -> Response:
    """A credential, revoked or not: what was said stays readable, and its status list says what holds.

    By Accept, or by the end of the address: `.json` (as `application/vc`, `application/ld+json` or `application/json`
    the same bytes), `.jwt`, `.png` and `.svg` (images that carry the JSON), `.pdf` (a certificate without the earner's
    name), and by address only `.qr.svg`, `.card.png`, `.zip` (for Credly) and `.ed25519-2020.json` (for wallets that
    know only the suite Ed25519Signature2020). Where a newer award has taken its place, the Link header names the new
    credential as `successor-version`.
    """
    runtime = runtime_of(request)
    if named(name)[1] is None and media.wants_page(request.headers.get("accept"), _OFFERS):
        return await badge_page(request, runtime, name)
    plain, form, as_type = _asked(request, name)
    stored = await _stored(request, runtime, public_id(plain), form)
    if stored is not None:
        text, named_by = stored
        more = {} if named_by is None else _attached(Form.JWT, rendering.file_name(json.loads(named_by), Form.JWT))
        cache = media.CREDENTIAL_CACHE
        response = media.serve(
            request, text.text, tag=media.etag(text.sha256), media_type=as_type, cache=cache, more=more
        )
        return _with_successor(response, text.newer)
    async with runtime.begin(ANONYMOUS) as work:
        matter = await rendering.public_matter(work, credential_id=public_id(plain), forms=(form,))
        successor = await publishing.successor_url(work, matter.credential)
    exported = await rendering.export(runtime.studio, matter, form)
    response = media.serve(
        request,
        exported.content,
        tag=media.etag(exported.sha256),
        media_type=as_type,
        cache=media.CREDENTIAL_CACHE if exported.lasting else media.FRESH_CACHE,
        more=headers_of(exported),
    )
    return _with_successor(response, successor)


async def _stored(request: Request, runtime: Runtime, id_: UUID, form: Form) -> tuple[Stored, str | None] | None:
    """What lies there as it is sent, and the JSON that a JWT's file is named by; None for what has to be made."""
    known = media.known(request)
    match form:
        case Form.JSON:
            return await serving.credential(runtime.database.lookups, credential_id=id_, known=known), None
        case Form.JWT:
            return await serving.credential_as_jwt(runtime.database.lookups, credential_id=id_, known=known)
        case _:
            return None


def _with_successor(response: Response, successor: str | None) -> Response:
    if successor is not None:
        response.headers["Link"] = f'<{successor}>; rel="successor-version"'
    return response


def headers_of(exported: Exported) -> dict[str, str]:
    """What a file needs beside its type: a name to save it by, and that it may do nothing."""
    return _attached(exported.form, exported.file_name)


def _attached(form: Form, file_name: str) -> dict[str, str]:
    if form in (Form.JSON, Form.OLDER):
        return {}
    kind = "attachment" if form in _SAVED else "inline"
    named = {"Content-Disposition": f'{kind}; filename="{file_name}"'}
    return named if form is Form.JWT else {**named, **media.INERT}


def named(name: str) -> tuple[str, Form | None]:
    """The last part of an address without its end, and the form that the end names."""
    plain, dot, end = name.partition(".")
    return (plain, Form(end)) if dot and end in set(Form) else (name, None)


def own_form(name: str) -> tuple[UUID, Form]:
    """The credential and the form that the last part of one of our addresses names. Raises ``NotFound``."""
    plain, form = named(name)
    return public_id(plain), form or Form.JSON


def _asked(request: Request, name: str) -> tuple[str, Form, str]:
    """The id, the form and its media type: the end of the address decides, else Accept."""
    accept = request.headers.get("accept")
    plain, form = named(name)
    match form:
        case None:
            as_type = media.negotiate(accept, _OFFERS)
            return plain, _BY_TYPE[as_type], as_type
        case Form.JSON:
            return plain, form, media.JSON
        case Form.JWT:
            try:
                return plain, form, media.negotiate(accept, media.JWT_OFFERS)
            except NotAcceptable:
                return plain, form, media.JWT_OFFERS[0]
        case _:
            return plain, form, rendering.FORMS[form].media_type
