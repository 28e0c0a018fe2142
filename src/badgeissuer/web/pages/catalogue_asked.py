"""What a query of the catalogue asks for: the same names for the page and for the feeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request

from badgeissuer.store.catalogue import EntryKind
from badgeissuer.store.catalogue_search import CatalogueFilter, Order
from badgeissuer.store.catalogue_words import asked_words

FILTERS = ("q", "kind", "issuer", "framework", "stack", "type", "from", "to", "retired")
NAMES = (*FILTERS, "sort")
_LONGEST = 300
_MOST_HOURS = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A query that was read. ``given`` is what was typed, by name, without what is empty; ``wrong`` says of which of
    these no sense could be made, as the name of a message."""

    filter: CatalogueFilter
    order: Order
    given: Mapping[str, str]
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def typed(self) -> str:
        return self.given.get("q", "")

    @property
    def filtered(self) -> bool:
        """Whether anything but words and order was asked for."""
        return any(name in self.given for name in FILTERS[1:])

    def query(self, **changed: str | None) -> str:
        """The query string for this, with these values changed and those that are None left out."""
        values = {**self.given, **changed}
        return urlencode({name: values[name] for name in NAMES if values.get(name)})


def read(request: Request, *, order: Order) -> Asked:
    """The query. ``order`` is that where words were not typed and no other was asked for."""
    parameters = request.query_params
    given = {name: value for name in NAMES if (value := parameters.get(name, "").strip())}
    wrong: dict[str, str] = {}

    def as_value(name: str, read_it: Callable[[str], Any]) -> Any:
        if name not in given:
            return None
        try:
            return read_it(given[name])
        except ValueError:
            wrong[name] = "cat_wrong_" + ("hours" if name in ("from", "to") else "value")
            return None

    asked = CatalogueFilter(
        kind=as_value("kind", EntryKind),
        issuer=as_value("issuer", _plain),
        framework=as_value("framework", _plain),
        stack=as_value("stack", UUID),
        type=as_value("type", _plain),
        hours_from=as_value("from", _hours),
        hours_to=as_value("to", _hours),
        retired=bool(as_value("retired", _switch)),
    )
    if asked.hours_from is not None and asked.hours_to is not None and asked.hours_from > asked.hours_to:
        wrong["to"] = "cat_wrong_range"
    words = asked_words(given["q"]) if "q" in given else None
    chosen: Order | None = as_value("sort", Order)
    if chosen is None:
        chosen = Order.RELEVANCE if words is not None else order
    elif chosen is Order.RELEVANCE and words is None:
        chosen = order
    return Asked(replace(asked, words=words), chosen, given, wrong)


def _plain(text: str) -> str:
    if len(text) > _LONGEST or not text.isprintable():
        raise ValueError
    return text


def _hours(text: str) -> float:
    """With a decimal point or, as some write it, a comma."""
    value = float(text.replace(",", "."))
    if not (math.isfinite(value) and 0 <= value <= _MOST_HOURS):
        raise ValueError
    return value


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError
    return text == "1"
