"""The catalogue: one search over all that is published here, as a page that works without scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from badgeissuer.services import browsing
from badgeissuer.store.catalogue import EntryKind
from badgeissuer.store.catalogue_search import Counted, Found, Order, place_of
from badgeissuer.web.deps import PublicWorkDep
from badgeissuer.web.pages import catalogue_asked, language
from badgeissuer.web.pages.catalogue_asked import FILTERS, Asked
from badgeissuer.web.pages.language import Words
from badgeissuer.web.pages.markup import shown
from badgeissuer.web.pages.rendering import PageRoute, page, words_of
from badgeissuer.web.paging import BadCursor, Pager, public_pager

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ON_A_PAGE = 24
_SUMMARY = 180
_LABEL = 70
_KINDS: dict[str | None, str] = {None: "cat_all", **{kind.value: f"cat_{kind.value}s" for kind in EntryKind}}


@dataclass(frozen=True, slots=True)
class Card:
    """An entry as a list shows it."""

    kind: str
    name: str
    path: str
    issuer: str
    issuer_path: str
    summary: str
    type: str
    hours: str
    retired: bool


@dataclass(frozen=True, slots=True)
class _Option:
    value: str
    label: str
    chosen: bool


@router.get("/catalogue")
async def catalogue(request: Request, work: PublicWorkDep) -> Response:
    """Search, filters and results. What cannot be read is said, and nothing is searched for."""
    say, asked = words_of(request), catalogue_asked.read(request, order=Order.NAME)
    if asked.wrong:
        problems = [say(message, what=say(f"cat_field_{name}")) for name, message in asked.wrong.items()]
        facets = {name: _options(say, [], asked.given.get(name)) for name in ("issuer", "framework", "stack", "type")}
        return _show(request, asked, status=422, problems=problems, facets=facets, kinds=[])
    pager = _pager(request)
    found = await browsing.find(work, asked=asked.filter, order=asked.order, take=pager.take, after=pager.after)
    values = await browsing.values(work, asked=asked.filter)
    kinds = _kinds(say, asked, values["kind"])
    paged = pager.page(found, place=lambda each: place_of(each, asked.order), show=lambda each: each)
    return _show(
        request,
        asked,
        found=[card(say, work.base_url, each) for each in paged.items],
        # Kinds are counted without the filter by kind, so what is found is the count of the one that is chosen.
        total=next(count for _, _, count, chosen in kinds if chosen),
        kinds=kinds,
        facets={
            name: _options(say, values[name], asked.given.get(name))
            for name in ("issuer", "framework", "stack", "type")
        },
        chosen=_chosen(say, asked, values),
        following=paged.next,
        first=pager.after is None,
    )


def _pager(request: Request) -> Pager:
    try:
        return public_pager(request, limit=_ON_A_PAGE, cursor=request.query_params.get("cursor"))
    except BadCursor:
        # Of another search, or cut off on its way: the first page of this one is what helps.
        return public_pager(request, limit=_ON_A_PAGE)


def _show(request: Request, asked: Asked, *, status: int = 200, **context: Any) -> Response:
    tongue = language.chosen(request.query_params.get("lang"))
    kept = {"lang": tongue.tag} if tongue is not None else {}

    def at(**changed: str | None) -> str:
        """The query of this search with something changed. A cursor is of one search only, so it is not kept."""
        query = "&".join(part for part in (asked.query(**changed), urlencode(kept)) if part)
        return f"?{query}" if query else ""

    blank: dict[str, Any] = {"problems": [], "found": [], "total": 0, "chosen": [], "following": None, "first": True}
    # Search engines see the whole list and its pages, not the countless ways to cut it.
    listed = status == 200 and not (asked.filtered or asked.typed)
    return page(
        request,
        "catalogue.html",
        status=status,
        listed=listed,
        here="catalogue",
        asked=asked,
        at=at,
        kept=kept,
        unfiltered=dict.fromkeys(FILTERS[1:]),
        orders=[order for order in Order if order is not Order.RELEVANCE or asked.typed],
        **{**blank, **context},
    )


def card(say: Words, base_url: str, found: Found) -> Card:
    """An entry with what a list tells of it, in the reader's language."""
    entry = found.entry
    return Card(
        kind=entry.kind.value,
        name=shown(entry.name, 200),
        path=browsing.entry_url(base_url, entry, found.slug).removeprefix(base_url),
        issuer=shown(found.issuer, 120) if entry.kind is not EntryKind.ISSUER else "",
        issuer_path=f"/issuers/{found.slug}",
        summary=shown(entry.summary, _SUMMARY),
        type=type_in_words(say, entry.type),
        hours=hours_in_words(say, entry.hours),
        retired=entry.state.value == "retired",
    )


def type_in_words(say: Words, kind: str | None) -> str:
    """An achievement type of OB 3.0 in the reader's language; one of somebody's own as it is written."""
    if not kind:
        return ""
    name = f"type_{kind}"
    return say(name) if say.has(name) else shown(kind.removeprefix("ext:"), _LABEL)


def hours_in_words(say: Words, hours: float | None) -> str:
    if hours is None:
        return ""
    return say("cat_hour") if hours == 1 else say("cat_hours", count=f"{hours:g}")


def _kinds(say: Words, asked: Asked, counted: list[Counted]) -> list[tuple[str | None, str, int, bool]]:
    counts = {each.value: each.count for each in counted}
    chosen = asked.filter.kind
    return [
        (kind, say(name), sum(counts.values()) if kind is None else counts.get(kind, 0), kind == chosen)
        for kind, name in _KINDS.items()
    ]


def _options(say: Words, counted: list[Counted], chosen: str | None) -> list[_Option]:
    """The values of a filter by their names. One that leaves nothing is there where it is chosen."""
    found = [
        _Option(each.value, f"{_label(say, each)} ({each.count})", each.value == chosen)
        for each in sorted(counted, key=lambda each: _label(say, each).casefold())
    ]
    if chosen and not any(option.chosen for option in found):
        found.insert(0, _Option(chosen, f"{shown(chosen, _LABEL)} (0)", chosen=True))
    return found


def _label(say: Words, each: Counted) -> str:
    known = f"type_{each.value}"
    return say(known) if say.has(known) else shown(each.label, _LABEL)


def _chosen(say: Words, asked: Asked, values: dict[str, list[Counted]]) -> list[tuple[str, str]]:
    """The filters that are set: their names for people, and the parameter that taking each away leaves out."""
    found = []
    for name in FILTERS[2:]:
        value = asked.given.get(name)
        if value is None or (name == "retired" and value == "0"):
            continue
        label = next((_label(say, each) for each in values.get(name, []) if each.value == value), shown(value, _LABEL))
        if name in ("from", "to"):
            label = say("cat_hours", count=label)
        found.append((name, say("cat_field_retired") if name == "retired" else f"{say(f'cat_field_{name}')}: {label}"))
    return found
