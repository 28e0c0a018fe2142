"""The front door: what this service is and where its pages are; and what search engines are told."""

from __future__ import annotations

import hashlib
import math
from datetime import UTC
from xml.sax.saxutils import escape

from fastapi import APIRouter, Request, Response

from badgeissuer.errors import NotFound
from badgeissuer.services import browsing
from badgeissuer.store.catalogue import EntryKind
from badgeissuer.store.catalogue_search import CatalogueFilter, Order
from badgeissuer.web import media
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import PublicWorkDep
from badgeissuer.web.pages import language
from badgeissuer.web.pages.catalogue import card
from badgeissuer.web.pages.rendering import page, words_of
from badgeissuer.work import Work

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

_NEWEST = 6
# Entries of one sitemap; the protocol allows 50,000.
_IN_SITEMAP = 10_000
_XML = "application/xml"
_SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"
# Pages of ours that are no entry of the catalogue.
_PAGES = ("/", "/catalogue", "/verify")
_ROBOTS = """User-agent: *
Allow: /
Disallow: /v1/
Disallow: /me
Disallow: /catalogue?
Sitemap: {base_url}/sitemap.xml
"""


async def home_page(request: Request, work: Work) -> Response:
    """The first page."""
    say, tongue = words_of(request), language.chosen(request.query_params.get("lang"))
    newest = await browsing.find(
        work, asked=CatalogueFilter(kind=EntryKind.ACHIEVEMENT), order=Order.NEWEST, take=_NEWEST
    )
    return page(
        request,
        "home.html",
        listed=True,
        here="home",
        kept={"lang": tongue.tag} if tongue is not None else {},
        totals=await browsing.totals(work),
        newest=[card(say, work.base_url, each) for each in newest],
    )


@router.get("/robots.txt")
async def robots(request: Request) -> Response:
    """Signed documents may be fetched, since their headers say ``noindex`` where they are not to be listed."""
    return _served(request, _ROBOTS.format(base_url=request.app.state.base_url), "text/plain; charset=utf-8")


@router.get("/sitemap.xml")
async def sitemaps(request: Request, work: PublicWorkDep) -> Response:
    """The sitemaps there are: what is published, in the order in which it was first."""
    count = max(1, math.ceil(await browsing.last_place(work) / _IN_SITEMAP))
    listed = "".join(
        f"<sitemap><loc>{escape(work.base_url)}/sitemap-{n}.xml</loc></sitemap>" for n in range(1, count + 1)
    )
    return _served(request, _xml("sitemapindex", listed), _XML)


@router.get("/sitemap-{number}.xml")
async def sitemap(number: str, request: Request, work: PublicWorkDep) -> Response:
    """One part of it. Only what is published is in it: no credential, no draft, nothing that was retired."""
    part = int(number) if number.isascii() and number.isdecimal() and len(number) < 7 else 0
    first = (part - 1) * _IN_SITEMAP + 1
    if part < 1 or str(part) != number or (part > 1 and first > await browsing.last_place(work)):
        raise NotFound("there is no such sitemap")
    rows = await browsing.listed_between(work, first=first, last=first + _IN_SITEMAP - 1)
    urls = [f"<url><loc>{escape(work.base_url)}{path}</loc></url>" for path in (_PAGES if part == 1 else ())]
    urls += [
        f"<url><loc>{escape(browsing.entry_url(work.base_url, entry, slug))}</loc>"
        f"<lastmod>{entry.updated_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</lastmod></url>"
        for entry, slug in rows
    ]
    return _served(request, _xml("urlset", "".join(urls)), _XML)


def _xml(root: str, inside: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_SITEMAPS}">{inside}</{root}>\n'


def _served(request: Request, text: str, media_type: str) -> Response:
    tag = media.etag(hashlib.sha256(text.encode()).hexdigest())
    return media.serve(request, text, tag=tag, media_type=media_type, cache=media.FRESH_CACHE)
