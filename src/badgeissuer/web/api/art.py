"""Art: uploaded for an achievement or an issuer, cleaned, and served at the address that the documents name."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, FastAPI, Query, Request, Response
from pydantic import Field

from badgeissuer.drawing import workshop
from badgeissuer.drawing.cleaning import Cleaned
from badgeissuer.errors import Conflict, Fault, NotFound, TooLarge, Unavailable
from badgeissuer.rules.terms import VersionState
from badgeissuer.services import defining, illustrating, registering
from badgeissuer.vc import limits
from badgeissuer.vc.bake import ImageRefused, media_type
from badgeissuer.web import editions, media
from badgeissuer.web.body import StrictRoute, read_body
from badgeissuer.web.deps import ActorDep, PublicWorkDep, RuntimeDep, require
from badgeissuer.web.gate import Gate, gate_of
from badgeissuer.web.media import revision_tag
from badgeissuer.web.problems import UnsupportedMediaType, problems
from badgeissuer.web.wire import WireOut

router = APIRouter(route_class=StrictRoute, tags=["Art"])

# Each takes a process of its own for some seconds at the most.
_RUNNING, _WAITING, _SECONDS = 2, 8, 20.0
_FOREVER = "public, max-age=31536000, immutable"
_NAME = re.compile(r"([0-9a-f]{64})\.(png|svg)")
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_BODY = {
    "requestBody": {
        "required": True,
        "description": "the file, at most 5 MiB and 4,096 pixels a side",
        "content": {media.PNG: _BINARY, media.SVG: _BINARY},
    }
}
_UPLOAD: dict[str, Any] = {
    "openapi_extra": _BODY,
    "responses": problems(NotFound, Conflict, TooLarge, UnsupportedMediaType, ImageRefused, Unavailable),
}
Caption = Annotated[
    str,
    Query(
        min_length=1,
        max_length=illustrating.MOST_CAPTION,
        description="what the picture shows, for people who do not see it",
        examples=["A blue shield with an open book"],
    ),
]


class ArtOut(WireOut):
    """Art as it is kept and signed."""

    image: dict[str, Any] = Field(description="the OB3 Image: the picture's address, and its words")
    media_type: Literal["image/png", "image/svg+xml"]
    width: int = Field(description="in pixels; of an SVG, as it says")
    height: int
    sha256: str = Field(description="of the cleaned file; part of its address")


class AchievementArtOut(ArtOut):
    version: int = Field(description="the draft that has it: the newest version, or the next one")
    state: VersionState


class IssuerArtOut(ArtOut):
    revision: int


@router.put(
    "/v1/achievements/{achievement_id}/art",
    operation_id="put_achievement_art",
    dependencies=[require("achievements:write")],
    **_UPLOAD,
)
async def put_achievement_art(
    achievement_id: UUID, request: Request, runtime: RuntimeDep, actor: ActorDep, response: Response, caption: Caption
) -> AchievementArtOut:
    """Give an achievement its own picture: a PNG or an SVG.

    It goes on the draft, or starts the next version's draft where the newest is published: publish that to use it.
    A PNG is encoded anew, at most 800 pixels a side, an SVG written anew from what draws; anything that can act,
    loads something or costs too much is refused. Sending the same file and words again changes nothing.
    """
    async with runtime.begin(actor) as work:
        await defining.find_achievement(work, achievement_id=achievement_id)
    cleaned = await _cleaned(request)
    async with runtime.begin(actor) as work:
        version = await illustrating.illustrate_achievement(
            work, achievement_id=achievement_id, cleaned=cleaned, caption=caption
        )
    response.headers["ETag"] = editions.tag(version.number, version.revision, version.state)
    image = version.document["image"]
    return AchievementArtOut(**_facts(cleaned), image=image, version=version.number, state=version.state)


@router.put("/v1/issuers/{slug}/art", operation_id="put_issuer_art", dependencies=[require("issuers:write")], **_UPLOAD)
async def put_issuer_art(
    slug: str, request: Request, runtime: RuntimeDep, actor: ActorDep, response: Response, caption: Caption
) -> IssuerArtOut:
    """Give an issuer its logo, by the same rules. Credentials that come later carry its address."""
    async with runtime.begin(actor) as work:
        await registering.find_issuer(work, slug=slug)
    cleaned = await _cleaned(request)
    async with runtime.begin(actor) as work:
        issuer = await illustrating.illustrate_issuer(work, slug=slug, cleaned=cleaned, caption=caption)
    response.headers["ETag"] = revision_tag(issuer.revision)
    return IssuerArtOut(**_facts(cleaned), image=issuer.profile["image"], revision=issuer.revision)


@router.get(
    "/art/{name}",
    operation_id="read_art",
    response_class=Response,
    responses={
        200: {"description": "The picture. It never changes.", "content": {media.PNG: _BINARY, media.SVG: _BINARY}},
        304: {"description": "The file with the ETag in If-None-Match is the current one."},
        **problems(NotFound),
    },
)
async def art(name: str, request: Request, work: PublicWorkDep) -> Response:
    """Art by its hash: `{sha256}.png` is a PNG of any, at most 800 pixels a side; `{sha256}.svg` what came as SVG."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise NotFound("no such art")
    row = await illustrating.art(work, sha256=found[1])
    if found[2] == "svg" and row.media_type != media.SVG:
        raise NotFound("this art came as PNG")
    content = row.content if found[2] == "svg" else row.picture
    return media.serve(
        request,
        content,
        tag=media.etag(hashlib.sha256(content).hexdigest()),
        media_type=media.SVG if found[2] == "svg" else media.PNG,
        cache=_FOREVER,
        more={
            **media.INERT,
            "Content-Disposition": f'inline; filename="{name}"',
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )


async def _cleaned(request: Request) -> Cleaned:
    data = await read_body(request, media_types=media.IMAGE_TYPES, limit=limits.IMAGE_BYTES)
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if data and (found := media_type(data)) is not None and found != said:
        detail = f"the file is {found} and its Content-Type says {said}"
        raise ImageRefused(detail, faults=[Fault("", detail, ImageRefused.code)])
    async with _gate(request.app).enter():
        return await workshop.cleaned(data)


def _gate(app: FastAPI) -> Gate:
    return gate_of(app, "uploads of images", running=_RUNNING, waiting=_WAITING, seconds=_SECONDS)


def _facts(cleaned: Cleaned) -> dict[str, Any]:
    return {
        "media_type": cleaned.media_type,
        "width": cleaned.width,
        "height": cleaned.height,
        "sha256": hashlib.sha256(cleaned.content).hexdigest(),
    }
