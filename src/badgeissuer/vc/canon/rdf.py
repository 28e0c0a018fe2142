"""From expanded JSON-LD to RDF statements (JSON-LD 1.1 API §8.1, Deserialize JSON-LD to RDF).

Own code in place of PyLD's ``to_rdf``, which expands a second time, keeps repeated statements, leaves statements out
without a word and lets a language tag or an IRI with a closing bracket break out of its place in the N-Quads.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import rfc8785

from badgeissuer.vc.canon.nquads import Quad, iri, literal
from badgeissuer.vc.faults import BudgetExceeded

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_FIRST, _REST, _TYPE = f"{_RDF}first", f"{_RDF}rest", f"{_RDF}type"
_NIL = iri(f"{_RDF}nil")

# An absolute IRI that cannot be taken for anything else inside <…>. Stricter than PyLD's pattern, which lets <, >,
# quotes and a line break at the end through.
ABSOLUTE_IRI = re.compile(r'[A-Za-z][A-Za-z0-9+.\-]*:[^\s\x00-\x20\x7f<>"\\]*')
LANGUAGE_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
# Implementations differ in how they write these (PyLD raw, RDFC-1.0 §5 escaped): nothing with them is signed. All agree
# on tab, line feed and carriage return.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Naming: TypeAlias = Callable[[dict[str, Any] | tuple[str, str, int, int]], str]
"""How blank nodes are named: an expanded node without id; or of a list cell the subject, the property, which of the
property's values the list is, and how many cells follow."""


class Statements:
    """The RDF dataset of an expanded document, and what of the document is not in it.

    ``quads`` holds each statement once. ``relative`` lists (kind, value) of ids and types that are no absolute IRIs;
    ``dropped`` what has no place in RDF; ``refused`` (value, why) what must not be canonicalised at all. Raises
    ``BudgetExceeded`` at more than ``max_quads`` statements. Without ``naming``, blank nodes are numbered.
    """

    def __init__(self, *, max_quads: int, naming: Naming | None = None) -> None:
        self.quads: dict[Quad, None] = {}
        self.dropped: list[str] = []
        self.relative: list[tuple[str, str]] = []
        self.refused: list[tuple[str, str]] = []
        self._max_quads = max_quads
        self._blanks = 0
        self._naming = naming

    def read(self, expanded: list[Any]) -> None:
        """Add the statements of an expanded document."""
        self._graph(expanded, "")

    def _graph(self, items: list[Any], graph: str) -> None:
        for item in items:
            if "@value" in item or "@list" in item:
                self.dropped.append("@value")  # a value that is nobody's
            elif item.keys() == {"@id"}:
                self.dropped.append("@id")  # names a node and says nothing about it
            else:
                self._node(item, graph)

    def _node(self, node: dict[str, Any], graph: str) -> str | None:
        """Add what is said about a node; the node as a term, or nothing where its id is no absolute IRI."""
        subject = self._iri("id", node["@id"]) if "@id" in node else self._blank(node)
        for name, values in node.items():
            if name == "@id":
                continue
            if name == "@type":
                for value in values:
                    self._add(subject, _TYPE, self._iri("type", value), graph)
            elif name == "@graph":
                # Without a name for the graph its statements have no place; they are read all the same, for the report.
                self._graph(values, subject or "")
            elif name == "@included":
                self._graph(values, graph)
            elif name == "@reverse":
                for predicate, subjects in values.items():
                    for item in subjects:
                        self._add(self._node(item, graph), predicate, subject, graph)
            elif name == "@index":
                self.dropped.append("@index")
            else:
                self._property(subject, name, values, graph)
        return subject

    def _property(self, subject: str | None, name: str, values: list[Any], graph: str) -> None:
        if not ABSOLUTE_IRI.fullmatch(name):
            if name.startswith("_:"):
                self.refused.append((name, "a blank node cannot be a property"))
            self.dropped.append(name)
        for place, value in enumerate(values):
            self._add(subject, name, self._object(value, graph, (subject or "", name, place)), graph)

    def _object(self, value: dict[str, Any], graph: str, where: tuple[str, str, int]) -> str | None:
        if "@value" in value:
            return self._literal(value)
        if "@list" in value:
            return self._list(value["@list"], graph, where)
        return self._node(value, graph)

    def _list(self, items: list[Any], graph: str, where: tuple[str, str, int]) -> str:
        head = _NIL
        for following, item in enumerate(reversed(items)):
            cell = self._blank((*where, following))
            self._add(cell, _FIRST, self._object(item, graph, (cell, _FIRST, 0)), graph)
            self._add(cell, _REST, head, graph)
            head = cell
        return head

    def _literal(self, value: dict[str, Any]) -> str:
        if "@direction" in value:
            self.dropped.append("@direction")
        if "@index" in value:
            self.dropped.append("@index")
        datatype = value.get("@type")
        if datatype == "@json":
            text, datatype = self._json(value["@value"]), f"{_RDF}JSON"
        else:
            text, datatype = lexical(value["@value"], datatype)
        if _CONTROL.search(text):
            self.refused.append((text, "a control character other than tab and line ends"))
        language: str | None = value.get("@language")
        if language is not None:
            if not LANGUAGE_TAG.fullmatch(language):
                self.refused.append((language, "a malformed language tag"))
        elif not ABSOLUTE_IRI.fullmatch(datatype):
            self.refused.append((datatype, "a datatype that is not an absolute IRI"))
        return literal(text, datatype, language)

    def _json(self, value: Any) -> str:
        try:
            return rfc8785.dumps(value).decode()
        except rfc8785.CanonicalizationError:
            self.refused.append(("@json", "a JSON literal with a number beyond 2^53"))
            return ""

    def _iri(self, kind: str, value: Any) -> str | None:
        if isinstance(value, str):
            if value.startswith("_:"):
                self.refused.append((value, "blank node ids are not accepted; leave the id out or use an IRI"))
                return None
            if ABSOLUTE_IRI.fullmatch(value):
                return iri(value)
        # PyLD turns what looks like a keyword ("@foo") into nothing.
        self.relative.append((kind, value if isinstance(value, str) else "@"))
        return None

    def _blank(self, what: dict[str, Any] | tuple[str, str, int, int]) -> str:
        if self._naming is not None:
            return f"_:{self._naming(what)}"
        self._blanks += 1
        return f"_:b{self._blanks}"

    def _add(self, subject: str | None, predicate: str, object_: str | None, graph: str) -> None:
        if subject is None or object_ is None or not ABSOLUTE_IRI.fullmatch(predicate):
            return
        self.quads[(subject, iri(predicate), object_, graph)] = None
        if len(self.quads) > self._max_quads:
            detail = f"the document makes more than {self._max_quads} statements"
            raise BudgetExceeded(detail, unit="statements", spent=self._max_quads + 1)


def lexical(value: str | int | float | bool, datatype: str | None) -> tuple[str, str]:
    """Lexical form and datatype of a JSON value (JSON-LD 1.1 API §8.6, Data Round Tripping)."""
    if isinstance(value, bool):
        return ("true" if value else "false"), datatype or f"{_XSD}boolean"
    if isinstance(value, float) and not value.is_integer():
        return _double(value), datatype or f"{_XSD}double"
    if isinstance(value, int | float):
        if datatype == f"{_XSD}double" or abs(value) >= 1e21:
            return _double(float(value)), datatype or f"{_XSD}double"
        return str(int(value)), datatype or f"{_XSD}integer"
    if datatype == f"{_XSD}double":
        try:
            return _double(float(value)), datatype
        except ValueError:
            return value, datatype
    return value, datatype or f"{_XSD}string"


def _double(value: float) -> str:
    """The canonical form of an xsd:double that JSON-LD uses: %1.15E without the zeros that say nothing."""
    text = f"{value:1.15E}"
    mantissa, mark, exponent = text.partition("E")
    if not mark:
        return text  # INF, NAN: only from a string with that datatype
    digits = mantissa.rstrip("0")
    return f"{digits}0E{int(exponent)}" if digits.endswith(".") else f"{digits}E{int(exponent)}"
