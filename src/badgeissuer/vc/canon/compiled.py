"""The short way from a document to its RDF statements: contexts are read once, then one walk writes the statements.

PyLD processes each context and looks each member up again for every object, which is nearly all of its time. Here PyLD
is asked once for each (context, term) that is met, and what it said is kept as a table: the predicate as it is written,
the datatype, the container, and the table that holds for objects below. The walk then takes a look into a table for
each member and joins texts.

It reads what credentials are made of and nothing else. Whatever is unusual (a member that no context defines, a
relative id, null, a map container, ``@json``, ``@graph``, ``@nest``, a compact IRI, a control character …) is ``None``
for the whole document, and the caller goes the long way, by which faults are found and named: so this decides nothing,
and can only be equal or absent. docs/canonicalisation.md explains it; tests/unit/vc/test_compiled.py compares the ways.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any, NoReturn

from badgeissuer.vc import limits
from badgeissuer.vc.canon.expansion import expander_of
from badgeissuer.vc.canon.nquads import Quad, literal
from badgeissuer.vc.canon.rdf import ABSOLUTE_IRI, lexical
from badgeissuer.vc.canon.tables import SCHEMES, Table, Tables, Term, Unusual, language_tag
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import BudgetExceeded

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE, _FIRST, _REST, _NIL = (f"<{_RDF}{name}>" for name in ("type", "first", "rest", "nil"))
# What JSON's encoder does not write as canonical N-Quads does, or what is refused.
_UNUSUAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
# What one document may have looked up: names count 1, contexts as much as PyLD takes for them. The fullest badge needs
# some three hundred, once.
_NEW = 1_000
_EACH_CONTEXT = limits.CONTEXT_STEPS_EACH
# An object with no more than these names a node and says nothing about it. As a value it is a reference; by itself it
# is lost.
_NAMES_ONLY = frozenset(("@context", "id"))


def statements(document: Mapping[str, Any], contexts: ContextStore, *, max_quads: int) -> dict[Quad, None] | None:
    """The statements of a document, each once; None where it has to go the long way.

    Raises ``BudgetExceeded`` at more than ``max_quads`` statements. ``document`` is plain JSON. Safe in any thread.
    """
    tables = _tables_of(contexts)
    walk = _Walk(tables, max_quads)
    try:
        walk.top(document, tables.root)
    except (Unusual, RecursionError):
        return None
    return walk.quads or None


class _Walk:
    """One document. ``quads`` holds each statement once."""

    __slots__ = ("_blanks", "_max_quads", "_new", "_tables", "quads")

    def __init__(self, tables: Tables, max_quads: int) -> None:
        self._tables = tables
        self._max_quads = max_quads
        self._blanks = 0
        self._new = 0
        self.quads: dict[Quad, None] = {}

    def top(self, document: Mapping[str, Any], root: Table) -> None:
        if "@context" not in document:
            raise Unusual
        self._node(document, root, "")
        if document.keys() <= _NAMES_ONLY:
            raise Unusual

    def _node(self, node: Mapping[str, Any], table: Table, graph: str) -> str:
        """Write what is said about a node; the node as a term."""
        if "@context" in node:
            table = self._local(node["@context"], table)
        outer = table
        kinds: Any = node.get("type")
        if kinds is not None:
            types = (kinds,) if type(kinds) is str else tuple(kinds) if type(kinds) is list else ()
            if not types or self._term(table, "type") != "@type":
                raise Unusual
            try:
                table = outer.typed[types]
            except KeyError:
                table = self._fill_typed(outer, types)
            except TypeError:  # something that is no text
                raise Unusual from None
        if "id" in node:
            subject = _reference(node["id"])
            if self._term(table, "id") != "@id":
                raise Unusual
        else:
            self._blanks += 1
            subject = f"_:b{self._blanks}"
        quads = self.quads
        if kinds is not None:
            for name in types:
                iri = outer.types.get(name) or self._tables.type_iri(outer, name)
                quads[(subject, _TYPE, iri, graph)] = None
            if len(quads) > self._max_quads:
                self._too_many()
        terms = table.terms
        for name, value in node.items():
            term = terms.get(name)
            if term is None:
                if name == "@context":
                    continue
                term = self._fill_term(table, name)
            if type(term) is str:
                if value is None:
                    raise Unusual
                continue
            assert isinstance(term, Term)
            if term.is_list:
                quads[(subject, term.predicate, self._list(value, term, graph), graph)] = None
            elif type(value) is list:
                for item in value:
                    quads[(subject, term.predicate, self._object(item, term, graph), graph)] = None
                    if len(quads) > self._max_quads:
                        self._too_many()
            else:
                quads[(subject, term.predicate, self._object(value, term, graph), graph)] = None
            if len(quads) > self._max_quads:
                self._too_many()
        return subject

    def _object(self, value: Any, term: Term, graph: str) -> str:
        kind = type(value)
        if kind is str:
            if term.is_graph:
                raise Unusual
            if term.reference:
                return _reference(value)
            if term.named is not None:
                return term.named.get(value) or _reference(value)
            if _UNUSUAL.search(value):
                raise Unusual
            return f"{encode_basestring(value)}{term.suffix}"
        if kind is dict:
            return self._objects_term(value, term, graph)
        if kind in (int, bool, float) and not term.is_graph:
            text, datatype = lexical(value, term.datatype)
            return literal(text, datatype)
        raise Unusual

    def _objects_term(self, value: dict[str, Any], term: Term, graph: str) -> str:
        if "@value" in value:
            return _tagged(value, term)
        if term.is_graph:
            if "id" in value and value.keys() <= _NAMES_ONLY:
                raise Unusual
            self._blanks += 1
            inner = f"_:b{self._blanks}"
            self._node(value, term.below, inner)
            return inner
        if len(value) == 1 and "id" in value:
            return _reference(value["id"])
        return self._node(value, term.below, graph)

    def _list(self, value: Any, term: Term, graph: str) -> str:
        head = _NIL
        for item in reversed(value if type(value) is list else [value]):
            self._blanks += 1
            cell = f"_:b{self._blanks}"
            self.quads[(cell, _FIRST, self._object(item, term, graph), graph)] = None
            self.quads[(cell, _REST, head, graph)] = None
            head = cell
            if len(self.quads) > self._max_quads:
                self._too_many()
        return head

    def _too_many(self) -> NoReturn:
        detail = f"the document makes more than {self._max_quads} statements"
        raise BudgetExceeded(detail, unit="statements", spent=len(self.quads))

    def _local(self, contexts: Any, table: Table) -> Table:
        urls = (contexts,) if type(contexts) is str else tuple(contexts) if type(contexts) is list else ()
        if not all(type(url) is str for url in urls) or not urls:
            raise Unusual
        found = table.local.get(urls)
        if found is None:
            self._count(_EACH_CONTEXT * len(urls))
            found = self._tables.local(table, urls)
        return found

    def _term(self, table: Table, name: str) -> Term | str:
        found = table.terms.get(name)
        return self._fill_term(table, name) if found is None else found

    def _fill_term(self, table: Table, name: str) -> Term | str:
        if name not in table.context["mappings"]:
            raise Unusual
        self._count()
        return self._tables.term(table, name)

    def _fill_typed(self, table: Table, types: tuple[str, ...]) -> Table:
        if not all(type(name) is str and name in table.context["mappings"] for name in types):
            raise Unusual
        self._count()
        return self._tables.typed(table, types)

    def _count(self, steps: int = 1) -> None:
        self._new += steps
        if self._new > _NEW:
            raise Unusual


def _reference(value: Any) -> str:
    if type(value) is not str or not ABSOLUTE_IRI.fullmatch(value):
        raise Unusual
    scheme, _, rest = value.partition(":")
    if scheme not in SCHEMES and not rest.startswith("//"):
        raise Unusual
    return f"<{value}>"


def _tagged(value: dict[str, Any], term: Term) -> str:
    """A text with a language: the one value object that documents have (VCDM §11.1)."""
    text = value["@value"]
    if type(text) is not str or value.keys() - {"@value", "@language"} or term.is_graph or _UNUSUAL.search(text):
        raise Unusual
    if "@language" not in value:
        return encode_basestring(text)
    return f"{encode_basestring(text)}@{language_tag(value['@language'])}"


_OF: weakref.WeakKeyDictionary[ContextStore, Tables] = weakref.WeakKeyDictionary()


def _tables_of(contexts: ContextStore) -> Tables:
    """The one set of tables of a store."""
    found = _OF.get(contexts)
    if found is None:
        found = _OF.setdefault(contexts, Tables(expander_of(contexts)))
    return found
