"""The catalogue for programs: a JSON Feed and an Atom feed, with the search and the filters of the page."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from fastapi import APIRouter, Request, Response

from badgeissuer.services import browsing
from badgeissuer.store.catalogue import EntryKind
from badgeissuer.store.catalogue_search import Found, Order, place_of
from badgeissuer.vc import strictjson
from badgeissuer.web import media
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import PublicWorkDep
from badgeissuer.web.pages import catalogue_asked
from badgeissuer.web.pages.catalogue_asked import NAMES, Asked
from badgeissuer.web.paging import BadCursor, PublicPagerDep
from badgeissuer.web.problems import InvalidRequest, problems
from badgeissuer.work import Work

router = APIRouter(route_class=StrictRoute, tags=["Public"])

JSON_FEED = "application/feed+json"
ATOM = "application/atom+xml"
_ATOM_NS = "http://www.w3.org/2005/Atom"
_KNOWN = frozenset((*NAMES, "cursor", "limit", "lang"))
_TITLE = "badgeissuer catalogue"
_DESCRIPTION = "Micro-credentials, stacks and issuers of this service."
_WRONG = {
    "kind": "must be achievement, stack or issuer",
    "stack": "must be the id of a stack",
    "from": "must be a number of hours",
    "to": "must be a number of hours, not below `from`",
    "retired": "must be 1 or 0",
    "sort": "must be relevance, name, newest or hours",
}

# What the routes describe; `catalogue_asked` reads the query, as it does for the page.
_QUERY: list[dict[str, Any]] = [
    {"name": name, "in": "query", "required": False, "description": about, "schema": {"type": "string"}}
    for name, about in {
        "q": 'words that must all occur, the last perhaps only begun; "in quotes" a phrase',
        "kind": "achievement, stack or issuer",
        "issuer": "slug",
        "framework": "the name of a framework of skills or standards, exactly",
        "stack": "id of a stack: what it counts",
        "type": "achievement type",
        "from": "hours, at least",
        "to": "hours, at most",
        "retired": "1: also what is no longer offered",
        "sort": "relevance, name, newest (the default without words) or hours",
    }.items()
]


def _described(what: str, media_type: str) -> dict[str, Any]:
    return {
        "responses": {
            200: {"description": what, "content": {media_type: {"schema": {"type": "object"}}}},
            304: {"description": "The text with the ETag in If-None-Match is the current one."},
            **problems(InvalidRequest, BadCursor),
        },
        "openapi_extra": {"parameters": _QUERY},
    }


@router.get(
    "/catalogue.json",
    operation_id="read_catalogue_feed",
    response_class=Response,
    **_described("A JSON Feed 1.1; `next_url` is its next page.", JSON_FEED),
)
async def json_feed(request: Request, work: PublicWorkDep, pager: PublicPagerDep) -> Response:
    """What is published here, newest first: micro-credentials, stacks and issuers."""
    asked = _asked(request)
    found = await browsing.find(work, asked=asked.filter, order=asked.order, take=pager.take, after=pager.after)
    paged = pager.page(found, place=lambda each: place_of(each, asked.order), show=lambda each: each)
    frameworks = await browsing.frameworks(work, entries=[each.entry for each in paged.items])
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _TITLE,
        "description": _DESCRIPTION,
        "home_page_url": f"{work.base_url}/catalogue",
        "feed_url": _own_url(request, work, asked, "json"),
        **({"next_url": paged.next} if paged.next else {}),
        "items": [_item(work, each, frameworks[each.entry.place]) for each in paged.items],
    }
    return _served(request, strictjson.dumps(feed), JSON_FEED)


@router.get(
    "/catalogue.atom",
    operation_id="read_catalogue_atom",
    response_class=Response,
    **_described("An Atom feed (RFC 4287); its link `next` is its next page (RFC 5005).", ATOM),
)
async def atom_feed(request: Request, work: PublicWorkDep, pager: PublicPagerDep) -> Response:
    """The same as Atom, for readers of feeds."""
    asked = _asked(request)
    found = await browsing.find(work, asked=asked.filter, order=asked.order, take=pager.take, after=pager.after)
    paged = pager.page(found, place=lambda each: place_of(each, asked.order), show=lambda each: each)
    address = _own_url(request, work, asked, "atom")
    return _served(request, _atom(work, address, paged.items, paged.next), ATOM)


def _asked(request: Request) -> Asked:
    """The query, read strictly: a program that misspells a filter must not get everything instead."""
    asked = catalogue_asked.read(request, order=Order.NEWEST)
    wrong = {name: _WRONG.get(name, "cannot be read") for name in asked.wrong}
    for name, value in request.query_params.multi_items():
        if name not in _KNOWN:
            wrong["query"] = f"has only these parameters: {', '.join(sorted(_KNOWN))}"
        elif len(request.query_params.getlist(name)) > 1:
            wrong[name] = "may be given once only"
        elif not value.strip():
            wrong[name] = "must not be empty"
    if wrong:
        raise InvalidRequest(parameters=wrong)
    return asked


def _item(work: Work, found: Found, frameworks: list[str]) -> dict[str, Any]:
    entry = found.entry
    url = browsing.entry_url(work.base_url, entry, found.slug)
    facts: dict[str, Any] = {
        "kind": entry.kind.value,
        "issuer": found.slug,
        "state": entry.state.value,
        "type": entry.type,
        "hours": entry.hours,
        "frameworks": frameworks,
        "json": f"{url}.json",
    }
    item: dict[str, Any] = {
        "id": url,
        "url": url,
        "title": entry.name,
        # JSON Feed wants one of content_text and content_html.
        "content_text": entry.summary,
        "date_published": _moment(entry.published_at),
        "date_modified": _moment(entry.updated_at),
        "_catalogue": {name: value for name, value in facts.items() if value not in (None, [])},
    }
    if entry.kind is not EntryKind.ISSUER:
        item["authors"] = [{"name": found.issuer, "url": f"{work.base_url}/issuers/{found.slug}"}]
    if frameworks:
        item["tags"] = frameworks
    return item


def _atom(work: Work, address: str, items: Sequence[Found], following: str | None) -> str:
    ElementTree.register_namespace("", _ATOM_NS)
    feed = ElementTree.Element(_atom_name("feed"))
    updated = max((each.entry.updated_at for each in items), default=datetime(2000, 1, 1, tzinfo=UTC))
    for name, text in (("id", address), ("title", _TITLE), ("subtitle", _DESCRIPTION), ("updated", _moment(updated))):
        _add(feed, name, text)
    _add(feed, "link", rel="self", href=address, type=ATOM)
    _add(feed, "link", rel="alternate", href=f"{work.base_url}/catalogue", type="text/html")
    if following:
        _add(feed, "link", rel="next", href=following, type=ATOM)
    for found in items:
        entry, url = found.entry, browsing.entry_url(work.base_url, found.entry, found.slug)
        element = _add(feed, "entry")
        _add(element, "id", url)
        _add(element, "title", entry.name)
        _add(element, "link", rel="alternate", href=url, type="text/html")
        _add(element, "published", _moment(entry.published_at))
        _add(element, "updated", _moment(entry.updated_at))
        _add(element, "summary", entry.summary)
        _add(element, "category", term=entry.kind.value)
        _add(_add(element, "author"), "name", found.issuer)
    return ElementTree.tostring(feed, encoding="unicode", xml_declaration=True)


def _add(parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, _atom_name(name), attributes)
    if text is not None:
        # What XML 1.0 has no way to write, however it is escaped.
        element.text = "".join(c for c in text if c >= " " or c in "\t\n" if c not in "\ufffe\uffff")
    return element


def _atom_name(name: str) -> str:
    return f"{{{_ATOM_NS}}}{name}"


def _own_url(request: Request, work: Work, asked: Asked, end: str) -> str:
    """The address of this very page of the feed."""
    paged = {name: value for name in ("limit", "cursor") if (value := request.query_params.get(name))}
    query = "&".join(part for part in (asked.query(), urlencode(paged)) if part)
    return f"{work.base_url}/catalogue.{end}{query and '?' + query}"


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _served(request: Request, text: str, media_type: str) -> Response:
    tag = media.etag(hashlib.sha256(text.encode("utf-8", "replace")).hexdigest())
    return media.serve(
        request, text.encode("utf-8", "replace"), tag=tag, media_type=media_type, cache=media.FRESH_CACHE
    )
