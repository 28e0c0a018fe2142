"""What is sent to the public: the media type that was asked for, a strong ETag, 304, and how long caches keep it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from badgeissuer.web.problems import NotAcceptable

VC = "application/vc"
# What Open Badges 3.0 calls a credential on the web, after VC data model 1.1.
VC_LD_JSON = "application/vc+ld+json"
LD_JSON = "application/ld+json"
JSON = "application/json"
PNG = "image/png"
SVG = "image/svg+xml"
PDF = "application/pdf"
DID_JSON = "application/did+json"
HTML = "text/html"

# One text, four names for what it is. The first is what a client gets that takes anything.
CREDENTIAL_TYPES = (VC, VC_LD_JSON, LD_JSON, JSON)
# A credential in a JWT: as OB and VC-JOSE-COSE name it, and as JWTs are named in general.
JWT_TYPES = ("text/plain", "application/jwt", "application/vc+jwt")
# The same, in the order in which we offer them.
JWT_OFFERS = ("application/vc+jwt", "application/jwt", "text/plain")
# Images that carry a credential.
IMAGE_TYPES = (PNG, SVG)
# What browsers name beside a page when they ask for one; no wish for these.
_BESIDE_A_PAGE = frozenset((*IMAGE_TYPES, "text/plain"))
# Images and papers are looked at and do nothing: no script, no form, no frame, nothing loaded.
INERT = {"Content-Security-Policy": "sandbox; default-src 'none'"}

# A credential's text never changes, but its earner may close it: then it is gone from caches within five minutes.
CREDENTIAL_CACHE = "public, max-age=300"
# Status lists and DID documents: a revocation or a new key reaches every verifier within five minutes.
FRESH_CACHE = "public, max-age=300"

_RANGE = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+|\*)/([!#$%&'*+.^_`|~0-9A-Za-z-]+|\*)\s*((?:;[^,]*)?)")
_WEIGHT = re.compile(r";\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)", re.IGNORECASE)
_ETAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def negotiate(accept: str | None, offers: Sequence[str]) -> str:
    """The best of ``offers`` for an Accept header (RFC 9110 §12.5.1); of equal ones one that is named, then the first.

    A browser asks for text/html and takes anything: it gets plain JSON, which it can show. Raises ``NotAcceptable``.
    """
    if accept is None or not accept.strip():
        return offers[0]
    ranges = _ranges(accept)
    (best, _), _, offer = max((_weight(offer, ranges), -position, offer) for position, offer in enumerate(offers))
    page = next((weight for kind, sub, weight in ranges if (kind, sub) == ("text", "html")), 0.0)
    named = any(f"{kind}/{sub}" in offers and f"{kind}/{sub}" not in _BESIDE_A_PAGE for kind, sub, _ in ranges)
    if page > 0 and not named and JSON in offers:
        return JSON
    if best <= 0:
        raise NotAcceptable(f"there is {', '.join(offers)}")
    return offer


def wants_page(accept: str | None, offers: Sequence[str]) -> bool:
    """Whether an Accept header asks for a page rather than for one of ``offers``: as browsers do, and nobody else.

    text/html has to be named, and to weigh more than each offer that is named too. What browsers name beside pages
    (images, plain text) gives way at the same weight; a wallet that names a credential beside text/html gets that.
    """
    ranges = _ranges(accept or "")
    page = max((weight for kind, sub, weight in ranges if (kind, sub) == ("text", "html")), default=0.0)
    named = [(f"{kind}/{sub}", weight) for kind, sub, weight in ranges if f"{kind}/{sub}" in offers]
    return page > 0 and all(page > weight or (page == weight and name in _BESIDE_A_PAGE) for name, weight in named)


def etag(sha256: str) -> str:
    """The strong ETag of a stored text."""
    return f'"{sha256}"'


def is_current(request: Request, tag: str) -> bool:
    """Whether the caller has this representation already (If-None-Match, RFC 9110 §13.1.2: weak comparison)."""
    header = request.headers.get("if-none-match")
    if header is None:
        return False
    return header.strip() == "*" or tag in _ETAG.findall(header)


def known(request: Request) -> str:
    """The hash of the one text that the caller says it has; empty where it names none, or several."""
    found = _ETAG.findall(request.headers.get("if-none-match", ""))
    return found[0].strip('"') if len(found) == 1 else ""


def serve(
    request: Request,
    text: str | bytes,
    *,
    tag: str,
    media_type: str,
    cache: str,
    more: Mapping[str, str] | None = None,
) -> Response:
    """The text as it is stored, or 304. ``tag`` must differ between representations that differ in bytes."""
    headers = {"ETag": tag, "Cache-Control": cache, "Vary": "Accept", **(more or {})}
    if is_current(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(text, headers={**headers, "Content-Type": media_type})


def revision_tag(revision: int) -> str:
    """The ETag of something that is edited: its revision."""
    return f'"{revision}"'


def expected_revision(if_match: str | None) -> int | None:
    """The revision that If-Match names; None where it is absent or ``*``. A tag that is not ours matches nothing."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = re.fullmatch(r'\s*"(\d{1,9})"\s*', if_match)
    return int(found[1]) if found else -1


def _ranges(accept: str) -> list[tuple[str, str, float]]:
    found = []
    for part in accept[:2_000].split(","):
        matched = _RANGE.fullmatch(part)
        if matched:
            weight = _WEIGHT.search(matched[3])
            found.append((matched[1].lower(), matched[2].lower(), float(weight[1]) if weight else 1.0))
    return found


def _weight(offer: str, ranges: Sequence[tuple[str, str, float]]) -> tuple[float, int]:
    """The weight of the most specific range that takes the offer, and how specific it is."""
    kind, _, sub = offer.partition("/")
    matching = [
        ((range_kind != "*") + (range_sub != "*"), weight)
        for range_kind, range_sub, weight in ranges
        if range_kind in (kind, "*") and range_sub in (sub, "*")
    ]
    specific, weight = max(matching, default=(0, 0.0))
    return weight, specific
