"""What anybody may read beside credentials, at the addresses that stand in them: as it was signed or published."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from badgeissuer.errors import NotFound
from badgeissuer.services import serving
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.vc import strictjson
from badgeissuer.vc.contexts import OB_CONTEXTS
from badgeissuer.web import media
from badgeissuer.web.deps import runtime_of
from badgeissuer.web.pages.achievement import achievement_page
from badgeissuer.web.pages.issuer import issuer_page
from badgeissuer.web.pages.rendering import in_words
from badgeissuer.web.plain import PlainRoute
from badgeissuer.web.problems import NotAcceptable, problems

router = APIRouter(route_class=PlainRoute, tags=["Public"])

_SUFFIX = ".json"
# What parts of credentials are served as.
_PARTS = (media.JSON, media.LD_JSON)
_DOCUMENT: dict[str, Any] = {"schema": {"type": "object"}}


def described(what: str, *types: str) -> dict[int | str, dict[str, Any]]:
    return {
        200: {
            "description": what,
            "content": dict.fromkeys(types, _DOCUMENT),
            "headers": {"ETag": {"description": "strong", "schema": {"type": "string"}}},
        },
        304: {"description": "The text with the ETag in If-None-Match is the current one."},
        **problems(NotFound, NotAcceptable),
    }


@router.get(
    "/status/{name}",
    operation_id="read_status_list",
    response_class=Response,
    responses=described("The signed Bitstring status list.", *media.CREDENTIAL_TYPES),
)
async def status_list(name: str, request: Request) -> Response:
    """A status list in its current edition. Caches may keep it for five minutes."""
    plain, as_type = asked(request, name, media.CREDENTIAL_TYPES)
    lookups = runtime_of(request).database.lookups
    found = await serving.status_list(lookups, list_id=public_id(plain), known=media.known(request))
    return media.serve(request, found.text, tag=media.etag(found.sha256), media_type=as_type, cache=media.FRESH_CACHE)


@router.get(
    "/issuers/{slug}/did.json",
    operation_id="read_did_document",
    response_class=Response,
    responses=described("The DID document.", media.DID_JSON, media.JSON, media.LD_JSON),
)
async def did_document(slug: str, request: Request) -> Response:
    """The DID document of an issuer: all its keys, retired ones too, so that old credentials verify."""
    as_type = media.negotiate(request.headers.get("accept"), (media.DID_JSON, media.JSON, media.LD_JSON))
    text = await serving.did_document(runtime_of(request).database.lookups, slug=slug)
    return _document(request, text, as_type, media.FRESH_CACHE)


@router.get(
    "/issuers/{name}",
    operation_id="read_issuer_profile",
    response_class=Response,
    responses=described("The OB3 Profile.", *_PARTS, media.HTML),
)
async def issuer(name: str, request: Request) -> Response:
    """An issuer's public profile; for a browser, its page."""
    if "." not in name and media.wants_page(request.headers.get("accept"), _PARTS):
        async with runtime_of(request).begin(ANONYMOUS) as work:
            return await in_words(request, lambda: issuer_page(request, work, name))
    plain, as_type = asked(request, name, _PARTS)
    profile = await serving.issuer_profile(runtime_of(request).database.lookups, slug=plain)
    return _document(request, _as(as_type, profile), as_type, media.FRESH_CACHE)


@router.get(
    "/achievements/{name}",
    operation_id="read_public_achievement",
    response_class=Response,
    responses=described("The OB3 Achievement.", *_PARTS, media.HTML),
)
async def achievement(
    name: str,
    request: Request,
    version: Annotated[
        int | None, Query(ge=1, le=1_000_000, description="the newest published one if left out")
    ] = None,
) -> Response:
    """A published achievement, for a browser as a page. Drafts are not public; retired versions stay readable."""
    if "." not in name and media.wants_page(request.headers.get("accept"), _PARTS):
        async with runtime_of(request).begin(ANONYMOUS) as work:
            return await in_words(request, lambda: achievement_page(request, work, public_id(name), version))
    plain, as_type = asked(request, name, _PARTS)
    lookups = runtime_of(request).database.lookups
    text = await serving.achievement(lookups, achievement_id=public_id(plain), number=version)
    return _document(request, _as(as_type, text), as_type, media.FRESH_CACHE)


def asked(request: Request, name: str, offers: tuple[str, ...]) -> tuple[str, str]:
    """The name without its suffix, and the media type: the suffix decides, else Accept."""
    if name.endswith(_SUFFIX):
        return name.removesuffix(_SUFFIX), media.JSON
    return name, media.negotiate(request.headers.get("accept"), offers)


def public_id(text: str) -> UUID:
    """An id as it stands in our addresses; any other spelling names nothing."""
    try:
        found = UUID(text)
    except ValueError:
        found = None
    if found is None or str(found) != text:
        raise NotFound("there is nothing at this address")
    return found


# A part has an id, so that there is always a member behind this one.
_WITH_CONTEXTS = f'{{"@context":{strictjson.dumps(list(OB_CONTEXTS))},'


def _as(media_type: str, text: str) -> str:
    """As JSON-LD a part of a credential needs the contexts that a credential gives it."""
    return _WITH_CONTEXTS + text[1:] if media_type == media.LD_JSON else text


def _document(request: Request, text: str, media_type: str, cache: str) -> Response:
    content = text.encode()
    tag = media.etag(hashlib.sha256(content).hexdigest())
    return media.serve(request, content, tag=tag, media_type=media_type, cache=cache)
