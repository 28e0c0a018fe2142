"""A badge elsewhere: in a frame on somebody's page, for editors that know oEmbed, and for a wallet that asks for it."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from badgeissuer.errors import MalformedInput, NotFound
from badgeissuer.services import embedding, publishing
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.vc import strictjson
from badgeissuer.web import media
from badgeissuer.web.api.public import public_id
from badgeissuer.web.body import DEFAULT_LIMIT, JSON_TYPES, StrictRoute, read_body
from badgeissuer.web.deps import PublicWorkDep, RuntimeDep
from badgeissuer.web.pages.embed import embed_page
from badgeissuer.web.problems import FormatNotOffered, problems
from badgeissuer.web.wire import WireOut

router = APIRouter(route_class=StrictRoute, tags=["Public"])

_CACHE_S = 300
_VC_CONTEXT = "https://www.w3.org/ns/credentials/v2"
_PRESENTATION = "VerifiablePresentation"
_Size = Annotated[int | None, Query(ge=1, le=10_000, description="in pixels; the frame gets no larger")]


class OEmbedOut(WireOut):
    """oEmbed 1.0, of the type `rich`."""

    version: Literal["1.0"] = "1.0"
    type: Literal["rich"] = "rich"
    title: str
    author_name: str
    author_url: str
    provider_name: str
    provider_url: str
    cache_age: int = Field(description="seconds")
    thumbnail_url: str
    thumbnail_width: int
    thumbnail_height: int
    html: str = Field(description="an `iframe` in a sandbox; no script")
    width: int
    height: int


@router.get("/embed/{name}", include_in_schema=False)
async def embed(name: str, request: Request, runtime: RuntimeDep) -> Response:
    return await embed_page(request, runtime, name)


@router.get("/oembed", operation_id="oembed", responses=problems(NotFound, FormatNotOffered))
async def oembed(
    work: PublicWorkDep,
    response: Response,
    url: Annotated[str, Query(max_length=2_000, description="the address of a credential's page")],
    format_: Annotated[str, Query(alias="format", max_length=20, description="only `json` is offered")] = "json",
    maxwidth: _Size = None,
    maxheight: _Size = None,
) -> OEmbedOut:
    """How to show a badge on another page (oEmbed 1.0). Every badge's page names this address for itself."""
    if format_ != "json":
        raise FormatNotOffered("this service answers oEmbed in JSON only")
    row = await publishing.credential(work, credential_id=_named(work.base_url, url))
    document = json.loads(row.text)
    title, issuer = document["credentialSubject"]["achievement"]["name"], document["issuer"]
    width = min(embedding.FRAME_WIDTH, maxwidth or embedding.FRAME_WIDTH)
    height = min(embedding.FRAME_HEIGHT, maxheight or embedding.FRAME_HEIGHT)
    response.headers["Cache-Control"] = media.FRESH_CACHE
    return OEmbedOut(
        title=title,
        author_name=issuer.get("name") or issuer["id"],
        author_url=issuer.get("url") or work.base_url,
        provider_name="badgeissuer",
        provider_url=work.base_url,
        cache_age=_CACHE_S,
        thumbnail_url=f"{row.url}.card.png",
        thumbnail_width=1200,
        thumbnail_height=630,
        html=embedding.embed(row.url, title=title, width=width, height=height),
        width=width,
        height=height,
    )


@router.post(
    "/credentials/{name}/wallet",
    operation_id="give_to_wallet",
    response_class=Response,
    responses={
        200: {
            "description": "The stored credential, byte for byte, or a presentation that holds it.",
            "content": {media.JSON: {"schema": {"type": "object"}}},
        },
        **problems(MalformedInput, NotFound),
    },
    openapi_extra={
        "requestBody": {
            "description": "a presentation that says who asks, an object with `verifiablePresentation`, or nothing",
            "content": {media.JSON: {"schema": {"type": "object"}}},
        }
    },
)
async def wallet(name: str, request: Request, runtime: RuntimeDep) -> Response:
    """A wallet that was opened by the badge's link asks here for the credential (VC-API exchange, one step).

    Whoever knows the address may have the credential anyway, so who asks is not looked at, and nothing is issued anew:
    the subject stays who it is. A bare presentation (as Learner Credential Wallet sends) is answered with the
    credential; everything else with `{"verifiablePresentation": …}`.
    """
    data = await read_body(request, media_types=JSON_TYPES)
    asked = strictjson.loads_object(data, max_bytes=DEFAULT_LIMIT) if data else {}
    async with runtime.begin(ANONYMOUS) as work:
        text = (await publishing.credential(work, credential_id=public_id(name))).text
    if _is_presentation(asked):
        return Response(text, media_type=media.JSON)
    # The credential's own text goes in as it is.
    head = json.dumps({"@context": [_VC_CONTEXT], "type": [_PRESENTATION]})[:-1]
    whole = f'{{"verifiablePresentation": {head}, "verifiableCredential": [{text}]}}}}'
    return Response(whole, media_type=media.JSON)


def _is_presentation(body: Any) -> bool:
    kinds = body.get("type", ())
    return _PRESENTATION in ([kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else ())


def _named(base_url: str, url: str) -> UUID:
    """The credential whose page an address is, in any language or form. Raises ``NotFound``."""
    place = url.partition("#")[0].partition("?")[0]
    start = f"{base_url}/credentials/"
    if not place.startswith(start):
        raise NotFound("only addresses of credentials of this service can be shown elsewhere")
    return public_id(place.removeprefix(start).partition(".")[0])
