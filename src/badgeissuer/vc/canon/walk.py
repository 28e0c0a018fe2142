"""One walk through an ordinary document, which writes its statements (``compiled``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from json.encoder import encode_basestring as quoted
from typing import Any, NoReturn

from badgeissuer.vc import limits
from badgeissuer.vc.canon.dataset import Dataset
from badgeissuer.vc.canon.fragments import Fragment, key_of
from badgeissuer.vc.canon.nquads import literal
from badgeissuer.vc.canon.rdf import lexical
from badgeissuer.vc.canon.tables import SCHEMES, TYPE, NotPlain, Table, Tables, Term, Unusual, language_tag
from badgeissuer.vc.faults import BudgetExceeded

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_FIRST, _REST, _NIL = (f"<{_RDF}{name}>" for name in ("first", "rest", "nil"))
# What JSON's encoder does not write as canonical N-Quads does, or what is refused.
_UNUSUAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
# An absolute IRI that no prefix of a context could be meant by.
_REFERENCE = re.compile(rf'(?:(?:{"|".join(sorted(SCHEMES))}):|[A-Za-z][A-Za-z0-9+.\-]*://)[^\s\x00-\x20\x7f<>"\\]*')
# Levels of objects, each perhaps in an array; a document that is deeper is counted exactly, and goes the long way.
_LEVELS = limits.JSON_DEPTH // 2 - 1
_JSON_TYPES = frozenset((str, int, float, bool, list, dict, type(None)))
# What one document may have looked up: names count 1, contexts as much as PyLD takes for them. The fullest badge needs
# some three hundred, once.
_NEW = 1_000
_SLACK = 20  # What an array may bring beyond the limit of statements before it is not looked at here.
# An object with no more than these says nothing. As a value it is a reference; by itself it is lost.
_NAMES_ONLY = frozenset(("@context", "id"))


class Walk:
    """One document. ``odd``: its text may hold characters that are written in another way, or refused; ``simple``: none
    that N-Quads would escape, as JSON escapes none."""

    __slots__ = ("_blanks", "_closed", "_left", "_max_quads", "_new", "_odd", "_simple", "_tables", "made")

    def __init__(self, tables: Tables, max_quads: int, max_values: int, *, odd: bool, simple: bool) -> None:
        self._tables = tables
        self._max_quads = max_quads
        self._left = max_values
        self._closed = 0  # statements in ``about`` and ``within`` of nodes and graphs that are written to the end
        self._odd = odd
        self._simple = simple
        self._blanks = 0
        self._new = 0
        self.made = Dataset()

    def top(self, document: Mapping[str, Any], root: Table) -> None:
        if type(document) is not dict:
            raise NotPlain
        if "@context" not in document:
            raise Unusual
        self._node(document, root, "", _LEVELS)
        if document.keys() <= _NAMES_ONLY or self._left < 0:
            raise Unusual

    def _node(self, node: dict[str, Any], table: Table, graph: str, levels: int) -> str:
        """Write what is said about a node; the node as a term."""
        self._left -= len(node)
        if self._left < 0 or not levels:
            raise Unusual
        if "@context" in node:
            table = self._local(node["@context"], table)
        openings: tuple[str, ...] = ()
        if "type" in node:
            kinds = node["type"]
            types = (kinds,) if type(kinds) is str else tuple(kinds) if type(kinds) is list else ()
            self._left -= len(types)
            try:
                table, openings = table.typed[types]
            except KeyError:
                table, openings = self._fill_typed(table, types, kinds)
            except TypeError:  # something that is no text
                raise Unusual from None
        if "id" in node:
            subject = _reference(node["id"])
        else:
            self._blanks += 1
            subject = f"_:b{self._blanks}"
        made = self.made
        # Where the lines go, and what each begins and ends with.
        begin, end = subject, " .\n"
        out: set[str] | None = made.ground
        if graph:
            out, end = (None if subject[0] == "_" else made.within.setdefault(graph, set())), " "
        elif subject[0] == "_":
            begin, out = "", made.about.setdefault(subject, set())
        for opening in openings:
            if out is None:
                made.mixed[(subject, TYPE, opening[len(TYPE) + 2 :], graph)] = None
            else:
                out.add(f"{begin}{opening}{end}")
        find, odd = table.terms.get, self._odd
        # Texts that stand in their line as they are.
        simple = self._simple and not graph
        for name, value in node.items():
            term = find(name)
            if term is None:
                if name == "@context":
                    continue
                term = self._fill_term(table, name)
            kind = type(value)
            if kind is str and out is not None:
                if term.is_text:
                    if simple:
                        out.add(f"{begin}{term.text_opening}{value}{term.text_ending}")
                        continue
                    if odd and _UNUSUAL.search(value):
                        raise Unusual
                    out.add(f"{begin}{term.opening}{quoted(value)}{term.suffix}{end}")
                    continue
                if term.reference and not term.is_list and not term.is_graph:
                    out.add(f"{begin}{term.opening}{_reference(value)}{end}")
                    continue
            if term.keyword:
                if value is None:
                    raise Unusual
                continue
            if term.is_list:
                object_ = self._list(value, term, graph, levels)
            elif kind is list:
                self._left -= len(value)
                if self._left < 0:
                    raise Unusual
                values = [self._object(item, term, graph, levels) for item in value]
                if len(values) > 1:
                    self._check(len(values))
                for object_ in values:
                    if out is None or object_[0] == "_":
                        made.mixed[(subject, term.predicate, object_, graph)] = None
                    else:
                        out.add(f"{begin}{term.opening}{object_}{end}")
                continue
            elif kind is dict:
                object_ = self._objects_term(value, term, graph, levels)
            else:
                object_ = self._object(value, term, graph, levels)
            if out is None or object_[0] == "_":
                made.mixed[(subject, term.predicate, object_, graph)] = None
            else:
                out.add(f"{begin}{term.opening}{object_}{end}")
        if not begin:
            self._closed += len(made.about[subject])
        self._check()
        return subject

    def _check(self, coming: int = 0) -> None:
        """Stop where there are too many statements. Those that are coming may be there already, so an array that could
        be one too many is looked at, item by item, on the long way."""
        made = self.made
        count = len(made.ground) + len(made.mixed) + self._closed
        if count > self._max_quads:
            self.too_many(count)
        if count + coming > self._max_quads + _SLACK:
            raise Unusual

    def too_many(self, count: int) -> NoReturn:
        raise BudgetExceeded(
            f"the document makes more than {self._max_quads} statements", unit="statements", spent=count
        )

    def _object(self, value: Any, term: Term, graph: str, levels: int) -> str:
        kind = type(value)
        if kind is str:
            if term.is_graph:
                raise Unusual
            if term.reference:
                return _reference(value)
            if term.named is not None:
                return term.named.get(value) or _reference(value)
            if self._odd and _UNUSUAL.search(value):
                raise Unusual
            return f"{quoted(value)}{term.suffix}"
        if kind is dict:
            return self._objects_term(value, term, graph, levels)
        if kind in (int, bool, float) and not term.is_graph:
            text, datatype = lexical(value, term.datatype)
            return literal(text, datatype)
        raise _not_read(value)

    def _objects_term(self, value: dict[str, Any], term: Term, graph: str, levels: int) -> str:
        if "@value" in value:
            return self._tagged(value, term)
        if term.is_graph:
            if "id" in value and value.keys() <= _NAMES_ONLY:
                raise Unusual
            self._blanks += 1
            inner = f"_:b{self._blanks}"
            self._node(value, term.below, inner, levels - 1)
            self._closed += len(self.made.within.get(inner, ()))
            return inner
        if len(value) == 1 and "id" in value:
            self._left -= 1
            if "id" not in term.below.terms:
                self._fill_term(term.below, "id")
            return _reference(value["id"])
        if term.shared and not graph and not self._odd and "id" in value:
            return self._shared(value, term.below, levels - 1)
        return self._node(value, term.below, graph, levels - 1)

    def _shared(self, value: dict[str, Any], table: Table, levels: int) -> str:
        """A node that other documents have too: as it was written for them, or remembered for the next one."""
        fragments, key = self._tables.fragments, key_of(table, value)
        found = None if key is None else fragments.find(key)
        if key is None or (found is None and not fragments.is_worth(key)):
            return self._node(value, table, "", levels)
        if found is None:
            outer, left, closed = self.made, self._left, self._closed
            self.made, self._closed = Dataset(), 0
            subject = self._node(value, table, "", levels)
            fragments.keep(key, Fragment.of(subject, self.made, values=left - self._left, levels=levels))
            outer.take(self.made)
            self.made = outer
            self._closed += closed
            self._check()
            return subject
        # Twice in one document, its blank nodes are two each.
        if levels < found.levels or not self.made.known.keys().isdisjoint(found.made.known):
            return self._node(value, table, "", levels)
        self._left -= found.values
        if self._left < 0:
            raise Unusual
        self._closed += found.closed
        self.made.take(found.made)
        self._check()
        return found.subject

    def _tagged(self, value: dict[str, Any], term: Term) -> str:
        """A text with a language: the one value object that documents have (VCDM §11.1)."""
        self._left -= len(value)
        text = value["@value"]
        if type(text) is not str or value.keys() - {"@value", "@language"} or term.is_graph:
            raise Unusual
        if self._odd and _UNUSUAL.search(text):
            raise Unusual
        if "@language" not in value:
            return quoted(text)
        return f"{quoted(text)}@{language_tag(value['@language'])}"

    def _list(self, value: Any, term: Term, graph: str, levels: int) -> str:
        items = value if type(value) is list else [value]
        self._left -= len(items)
        self._check(2 * len(items))
        quads, head = [], _NIL
        for item in reversed(items):
            self._blanks += 1
            cell = f"_:b{self._blanks}"
            quads.append((cell, _FIRST, self._object(item, term, graph, levels), graph))
            quads.append((cell, _REST, head, graph))
            head = cell
        self.made.add(quads)
        return head

    def _local(self, contexts: Any, table: Table) -> Table:
        urls = (contexts,) if type(contexts) is str else tuple(contexts) if type(contexts) is list else ()
        self._left -= len(urls)
        try:
            found = table.local.get(urls)
        except TypeError:  # something that is no text
            raise Unusual from None
        if found is None:
            if not urls or not all(type(url) is str for url in urls):
                raise _not_read(contexts)
            self._count(limits.CONTEXT_STEPS_EACH * len(urls))
            found = self._tables.local(table, urls)
        return found

    def _fill_term(self, table: Table, name: str) -> Term:
        if name not in table.context["mappings"]:
            raise Unusual
        self._count()
        return self._tables.term(table, name)

    def _fill_typed(self, table: Table, types: tuple[str, ...], kinds: Any) -> tuple[Table, tuple[str, ...]]:
        if not types or not all(type(name) is str and name in table.context["mappings"] for name in types):
            raise _not_read(kinds)
        self._count(len(types))
        return self._tables.typed(table, types)

    def _count(self, steps: int = 1) -> None:
        self._new += steps
        if self._new > _NEW:
            raise Unusual


def _reference(value: Any) -> str:
    if type(value) is not str:
        raise _not_read(value)
    if not _REFERENCE.fullmatch(value):
        raise Unusual
    return f"<{value}>"


def _not_read(value: object) -> Unusual:
    return Unusual() if type(value) in _JSON_TYPES else NotPlain()
