"""What names mean in each active context, asked of PyLD once and kept: the tables of ``compiled``."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pyld import jsonld

from badgeissuer.vc.canon.expansion import Expander, Look, expander_of
from badgeissuer.vc.canon.fragments import Fragments
from badgeissuer.vc.canon.nquads import literal
from badgeissuer.vc.canon.rdf import ABSOLUTE_IRI, LANGUAGE_TAG
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import BudgetExceeded, NotCanonical, UnknownContext

_XSD = "http://www.w3.org/2001/XMLSchema#"
_CONTAINERS = frozenset(("@list", "@set", "@graph"))
_SHARED = frozenset(
    ("https://purl.imsglobal.org/spec/vc/ob/vocab.html#achievement", "https://www.w3.org/2018/credentials#issuer")
)
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
# All that is kept. Ordinary documents need some sixty tables and a thousand entries; a table holds a context of PyLD's,
# which is some tens of kilobytes.
_MAX_TABLES = 1_000
_MAX_KEPT = 50_000


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


class NotPlain(Unusual):
    """It holds other types than JSON's own: its text, read again, may well be an ordinary document."""


@dataclass(frozen=True, slots=True)
class Term:
    """A member, by its name in one context. ``below`` is the table for objects that are its values.

    ``keyword``: it is the id or the type, and there is nothing else to it. ``opening`` is the predicate with the blanks
    around it.

    ``is_text``: each text is a literal that ends in ``suffix``; ``text_opening`` and ``text_ending`` are what stands
    around one that needs no escaping, in the default graph. ``reference``: texts are IRIs; ``named``: texts are names
    that the context maps to IRIs, as listed (``@vocab``). ``datatype`` is of numbers and truth values. ``shared``: its
    objects are mostly the same in many documents (``fragments``).
    """

    below: Table
    predicate: str = ""
    opening: str = ""
    keyword: bool = False
    is_text: bool = False
    reference: bool = False
    named: Mapping[str, str] | None = None
    suffix: str = ""
    text_opening: str = ""
    text_ending: str = ""
    datatype: str | None = None
    is_list: bool = False
    is_graph: bool = False
    shared: bool = False


# Members that are no property: the id and the type of an object.
KEYWORDS: Mapping[str, str] = {"id": "@id", "type": "@type"}


class Table:
    """What names mean in one active context. Everything in it is found when it is first asked for."""

    __slots__ = ("context", "local", "terms", "typed")

    def __init__(self, context: Any) -> None:
        self.context = context
        self.terms: dict[str, Term] = {}
        # With the table, what is written of each type: predicate and object, with a blank before each.
        self.typed: dict[tuple[str, ...], tuple[Table, tuple[str, ...]]] = {}
        self.local: dict[tuple[str, ...], Table] = {}


class Tables:
    """The tables of one context store. Safe to use from several threads; only context files of the store fill it."""

    def __init__(self, expander: Expander) -> None:
        self._expander = expander
        self._lock = threading.Lock()
        self.root = Table(expander.initial)
        # By the identity of PyLD's context, which the table keeps alive. PyLD's answers are remembered by the expander.
        self._tables: dict[int, Table] = {}
        self._kept = 0
        self.fragments = Fragments()

    def local(self, table: Table, urls: tuple[str, ...]) -> Table:
        """The table after an object's own contexts. Raises ``Unusual``, as all of these."""
        with self._lock:
            found = self._ask(lambda look: self._table(look.local(table.context, list(urls))))
            self._keep(len(urls))
            table.local[urls] = found
        return found

    def typed(self, table: Table, types: tuple[str, ...]) -> tuple[Table, tuple[str, ...]]:
        """The table for the members of an object of these types (JSON-LD 1.1 API §5.1.2 step 11), and its types."""
        with self._lock:
            if self._ask(lambda look: look.iri(table.context, "type")) != "@type":
                raise Unusual
            inner = self._ask(lambda look: self._table(look.typed(table.context, types)))
            iris = self._ask(lambda look: [look.iri(table.context, name) for name in types])
            if not all(isinstance(iri, str) and ABSOLUTE_IRI.fullmatch(iri) for iri in iris):
                raise Unusual
            found = inner, tuple(f" {TYPE} <{iri}>" for iri in iris)
            self._keep(len(types))
            table.typed[types] = found
        return found

    def term(self, table: Table, name: str) -> Term:
        """What a member's name stands for."""
        with self._lock:
            found = self._ask(lambda look: self._term(look, table, name))
            self._keep(1)
            table.terms[name] = found
        return found

    def _ask(self, question: Callable[[Look], _Answer]) -> _Answer:
        """PyLD's answer. What it says of contexts that do not fit together is found again, and named, the long way."""
        try:
            return question(self._expander.look())
        except _REFUSALS:
            raise Unusual from None

    def _keep(self, entries: int) -> None:
        """Count what is kept, and forget everything where documents have made too much of it: any one that made it can
        be made again."""
        self._kept += entries
        if self._kept > _MAX_KEPT or len(self._tables) > _MAX_TABLES:
            self._tables, self._kept, self.root = {}, 0, Table(self._expander.initial)
            self.fragments.forget()

    def _term(self, look: Look, table: Table, name: str) -> Term:
        predicate = look.iri(table.context, name)
        keyword = KEYWORDS.get(name)
        if keyword is not None and predicate == keyword:
            return Term(below=table, keyword=True)
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
            opening=f" <{predicate}> ",
            is_text=coercion not in ("@id", "@vocab") and container <= {"@set"},
            reference=coercion == "@id",
            named=named,
            suffix=suffix,
            text_opening=f' <{predicate}> "',
            text_ending=f'"{suffix} .\n',
            datatype=datatype,
            is_list="@list" in container,
            is_graph="@graph" in container,
            shared=predicate in _SHARED and container <= {"@set"},
            below=self._table(look.below(table.context, name)),
        )

    def _table(self, context: Any) -> Table:
        """The one table of a context."""
        found = self._tables.get(id(context))
        if found is None:
            if not _usual(context):
                raise Unusual
            found = self._tables[id(context)] = Table(context)
        return found


def _usual(context: Any) -> bool:
    """Whether the walk's reading of a context is the whole one: ``id`` and ``type`` are the only names of keywords, no
    vocabulary, base, language or direction of its own, no prefixes that schemes of IRIs could be taken for."""
    if any(context.get(name) is not None for name in ("@vocab", "@base", "@direction")):
        return False
    for name, about in context["mappings"].items():
        iri = about.get("@id")
        keyword = KEYWORDS.get(name)
        if iri != keyword and (keyword is not None or (isinstance(iri, str) and iri.startswith("@"))):
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


_OF: weakref.WeakKeyDictionary[ContextStore, Tables] = weakref.WeakKeyDictionary()


def tables_of(contexts: ContextStore) -> Tables:
    """The one set of tables of a store."""
    found = _OF.get(contexts)
    if found is None:
        found = _OF.setdefault(contexts, Tables(expander_of(contexts)))
    return found
