"""A badge in a frame on somebody else's page: what it is, whose, and whether it is in force. Nothing in it runs.

It says what the service knows and verifies nothing: it is one link away from the page that does.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from badgeissuer.errors import BadgeissuerError
from badgeissuer.runtime import Runtime
from badgeissuer.services import depicting, rendering
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.web import media
from badgeissuer.web.api.public import public_id
from badgeissuer.web.pages import reading
from badgeissuer.web.pages.rendering import failed, page

# Any page may frame it, and that is all that differs from other pages.
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"


async def embed_page(request: Request, runtime: Runtime, name: str) -> Response:
    """The frame of the credential with that id, or a page in it that says what is wrong."""
    try:
        answer = await _page(request, runtime, name)
    except BadgeissuerError as error:
        answer = failed(request, error)
    answer.headers["Content-Security-Policy"] = POLICY
    del answer.headers["Cross-Origin-Opener-Policy"]
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


async def _page(request: Request, runtime: Runtime, name: str) -> Response:
    async with runtime.begin(ANONYMOUS) as work:
        matter = await rendering.public_matter(work, credential_id=public_id(name))
    document = matter.document
    state = depicting.state_word(document, standing=matter.standing, now=matter.now)
    answer = page(
        request,
        "embed.html",
        badge=reading.badge(document, base_url=runtime.settings.base_url),
        state="valid" if state == "active" else state,
    )
    answer.headers["Cache-Control"] = media.FRESH_CACHE
    return answer
