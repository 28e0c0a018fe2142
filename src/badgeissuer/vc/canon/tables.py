"""What names mean in each active context, asked of PyLD once and kept: the tables of ``compiled``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pyld import jsonld

from badgeissuer.vc.canon.expansion import Expander, Look
from badgeissuer.vc.canon.nquads import literal
from badgeissuer.vc.canon.rdf import ABSOLUTE_IRI, LANGUAGE_TAG
from badgeissuer.vc.faults import BudgetExceeded, NotCanonical, UnknownContext

_XSD = "http://www.w3.org/2001/XMLSchema#"
_CONTAINERS = frozenset(("@list", "@set", "@graph"))
# All that is kept.
_MAX_TABLES = 4_000
_MAX_TERMS = 200_000


_Answer = TypeVar("_Answer")
_REFUSALS = (
    jsonld.JsonLdError,
    NotCanonical,
    UnknownContext,
    BudgetExceeded,
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
)


class Unusual(Exception):
    """This document has to go the long way."""


@dataclass(frozen=True, slots=True)
class Term:
    """A member, by its name in one context. ``below`` is the table for objects that are its values.

    ``reference``: texts are IRIs; ``named``: texts are names that the context maps to IRIs, as listed (``@vocab``);
    else texts are literals and end in ``suffix``. ``datatype`` is of numbers and truth values.
    """

    predicate: str
    reference: bool
    named: Mapping[str, str] | None
    suffix: str
    datatype: str | None
    is_list: bool
    is_graph: bool
    below: Table


# Members that are no property: the id and the type of an object.
KEYWORDS: Mapping[str, str] = {"id": "@id", "type": "@type"}


class Table:
    """What names mean in one active context. Everything in it is found when it is first asked for."""

    __slots__ = ("context", "local", "terms", "typed", "types")

    def __init__(self, context: Any) -> None:
        self.context = context
        self.terms: dict[str, Term | str] = {}
        self.types: dict[str, str] = {}
        self.typed: dict[tuple[str, ...], Table] = {}
        self.local: dict[tuple[str, ...], Table] = {}


class Tables:
    """The tables of one context store. Safe to use from several threads; only context files of the store fill it."""

    def __init__(self, expander: Expander) -> None:
        self._expander = expander
        self._lock = threading.Lock()
        self.root = Table(expander.initial)
        # By the identity of PyLD's context, which the table keeps alive. PyLD's answers are remembered by the expander.
        self._tables: dict[int, Table] = {}
        self._terms = 0

    def local(self, table: Table, urls: tuple[str, ...]) -> Table:
        """The table after an object's own contexts. Raises ``Unusual``, as all of these."""
        found = self._ask(lambda look: self._table(look.local(table.context, list(urls))))
        table.local[urls] = found
        return found

    def typed(self, table: Table, types: tuple[str, ...]) -> Table:
        """The table for the members of an object of these types (JSON-LD 1.1 API §5.1.2 step 11)."""
        found = self._ask(lambda look: self._table(look.typed(table.context, types)))
        table.typed[types] = found
        return found

    def type_iri(self, table: Table, name: str) -> str:
        """What a type's name stands for, as a term."""
        iri = self._ask(lambda look: look.iri(table.context, name))
        if not isinstance(iri, str) or not ABSOLUTE_IRI.fullmatch(iri):
            raise Unusual
        table.types[name] = f"<{iri}>"
        return f"<{iri}>"

    def term(self, table: Table, name: str) -> Term | str:
        """What a member's name stands for; of ``id`` and ``type`` the keyword."""
        found = self._ask(lambda look: self._term(look, table, name))
        self._terms += 1
        table.terms[name] = found
        return found

    def _ask(self, question: Callable[[Look], _Answer]) -> _Answer:
        """PyLD's answer. What it says of contexts that do not fit together is found again, and named, the long way."""
        with self._lock:
            try:
                return question(self._expander.look())
            except _REFUSALS:
                raise Unusual from None

    def _term(self, look: Look, table: Table, name: str) -> Term | str:
        predicate = look.iri(table.context, name)
        keyword = KEYWORDS.get(name)
        if keyword is not None and predicate == keyword:
            return keyword
        if name not in table.context["mappings"] or not isinstance(predicate, str):
            raise Unusual
        if not ABSOLUTE_IRI.fullmatch(predicate):  # keywords by other names too
            raise Unusual
        about = table.context["mappings"][name]
        container = set(about.get("@container") or ())
        coercion = about.get("@type")
        if not container <= _CONTAINERS or about.get("reverse") or coercion in ("@json", "@none"):
            raise Unusual
        shape = look.value(table.context, name, "x:y")
        suffix, named = "", None
        if coercion == "@vocab":
            named = {
                each: f"<{iri}>"
                for each, iri in look.names(table.context, name).items()
                if isinstance(iri, str) and ABSOLUTE_IRI.fullmatch(iri)
            }
        elif coercion != "@id":
            if "@direction" in shape or shape.get("@type") == f"{_XSD}double":
                raise Unusual
            if "@language" in shape:
                suffix = f"@{language_tag(shape['@language'])}"
            elif "@type" in shape:
                suffix = literal("", shape["@type"])[2:]
        datatype = look.value(table.context, name, 1).get("@type")
        for each in (datatype, shape.get("@type")):
            if each is not None and not ABSOLUTE_IRI.fullmatch(each):
                raise Unusual
        return Term(
            predicate=f"<{predicate}>",
            reference=coercion == "@id",
            named=named,
            suffix=suffix,
            datatype=datatype,
            is_list="@list" in container,
            is_graph="@graph" in container,
            below=self._table(look.below(table.context, name)),
        )

    def _table(self, context: Any) -> Table:
        """The one table of a context. Forgets everything where documents have made too much of it."""
        found = self._tables.get(id(context))
        if found is None:
            if len(self._tables) >= _MAX_TABLES or self._terms >= _MAX_TERMS:
                self._tables, self._terms, self.root = {}, 0, Table(self._expander.initial)
            if not _usual(context):
                raise Unusual
            found = self._tables[id(context)] = Table(context)
        return found


def _usual(context: Any) -> bool:
    """Whether the walk's reading of a context is the whole one: no names for keywords but ``id`` and ``type``, no
    vocabulary, base, language or direction of its own, no prefixes that schemes of IRIs could be taken for."""
    if any(context.get(name) is not None for name in ("@vocab", "@base", "@direction")):
        return False
    for name, about in context["mappings"].items():
        iri = about.get("@id")
        if isinstance(iri, str) and iri.startswith("@") and KEYWORDS.get(name) != iri:
            return False
        if about.get("_prefix") and name in SCHEMES:
            return False
    return True


# Beginnings of ids that documents have; as the name of a prefix, one would change what such an id means.
SCHEMES = frozenset(("http", "https", "urn", "did", "mailto", "data", "tel"))


def language_tag(value: Any) -> str:
    if type(value) is not str or not LANGUAGE_TAG.fullmatch(value):
        raise Unusual
    return value.lower()
