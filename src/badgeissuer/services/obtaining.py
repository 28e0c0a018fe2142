"""Have a credential from the address that somebody names: JSON, a JWT, or an image that it was baked into."""

from __future__ import annotations

from badgeissuer.net.fetch import FetchFailed
from badgeissuer.vc import limits
from badgeissuer.work import Work

_ACCEPT = (
    "application/vc, application/ld+json;q=0.9, application/json;q=0.8, application/vc+jwt;q=0.7, "
    "application/jwt;q=0.7, image/png;q=0.6, image/svg+xml;q=0.6, text/plain;q=0.5"
)
# The largest that any form may have; each form has its own limit once it is known which one it is.
_MOST = max(limits.IMAGE_BYTES, limits.CLR_BYTES)


async def document_at(work: Work, url: str) -> bytes:
    """What stands at an address of somebody else's, through the guard. Raises ``FetchRefused`` and ``FetchFailed``."""
    fetched = await work.fetch.get(url, accept=_ACCEPT, max_bytes=_MOST)
    if fetched.status != 200:
        raise FetchFailed(f"the host answered {fetched.status}")
    return fetched.body
