"""N-Quads: terms in their one canonical spelling (RDFC-1.0 §5), statements as tuples of such terms, and a parser.

A term is kept as the text that stands for it in canonical N-Quads, so that canonicalising compares and joins texts and
never builds objects. ``<…>`` is an IRI, ``_:…`` a blank node, ``"…"`` a literal; "" stands for the default graph.
"""

from __future__ import annotations

import re
from json.encoder import encode_basestring
from typing import TypeAlias

from badgeissuer.errors import Fault
from badgeissuer.vc.faults import NotCanonical

Quad: TypeAlias = tuple[str, str, str, str]
"""Subject, predicate, object, graph."""

_XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"

# What the C encoder of JSON does not write as canonical N-Quads does: it writes other control characters in lower-case
# hexadecimal and leaves DEL and what XML 1.1 does not know as a character as it is (RDFC-1.0 §5).
_UCHAR = re.compile("[\x00-\x07\x0b\x0e-\x1f\x7f\ufffe\uffff]")
_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_TO_ESCAPE = re.compile('[\x00-\x1f\x7f\ufffe\uffff"\\\\]')

_HEX = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
# Broader than the grammar, which also excludes { } | ^ and `: JSON-LD processors let those through.
_IRI = rf'<((?:[^\x00-\x20<>"\\]|{_HEX})*)>'
_BLANK = r"_:\w(?:[\w.\-\u00b7]*[\w\-\u00b7])?"
_TAG = r"@([A-Za-z]+(?:-[A-Za-z0-9]+)*)"
_LITERAL = rf'"((?:[^"\\\n\r]|\\[tbnrf"\'\\]|{_HEX})*)"(?:\^\^{_IRI}|{_TAG})?'
_STATEMENT = re.compile(
    rf"[ \t]*(?:{_IRI}|({_BLANK}))[ \t]*{_IRI}[ \t]*(?:{_IRI}|({_BLANK})|{_LITERAL})"
    rf"[ \t]*(?:{_IRI}|({_BLANK}))?[ \t]*\.[ \t]*(?:\#.*)?"
)
_NOTHING = re.compile(r"[ \t]*(?:#.*)?")
_ESCAPED = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_CHARACTERS = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


def iri(value: str) -> str:
    """The term of an IRI. What must not stand inside ``<…>`` is the caller's to refuse."""
    return f"<{value}>"


def literal(text: str, datatype: str = _XSD_STRING, language: str | None = None) -> str:
    """The term of a literal. ``xsd:string`` is not written; a language tag is, and then no datatype (§5)."""
    quoted = f'"{_TO_ESCAPE.sub(_escape, text)}"' if _UCHAR.search(text) else encode_basestring(text)
    if language is not None:
        return f"{quoted}@{language}"
    return quoted if datatype == _XSD_STRING else f"{quoted}^^<{datatype}>"


def is_blank(term: str) -> bool:
    """Whether the term is a blank node."""
    return term.startswith("_:")


def line(quad: Quad) -> str:
    """The statement as a line of canonical N-Quads, with its line end (§5)."""
    subject, predicate, object_, graph = quad
    return f"{subject} {predicate} {object_} {graph} .\n" if graph else f"{subject} {predicate} {object_} .\n"


def parse(text: str) -> list[Quad]:
    """The statements of an N-Quads document, in its order (RDF 1.1 N-Quads §2). Blank node labels are kept.

    Raises ``NotCanonical`` for the first line that is no statement.
    """
    quads: list[Quad] = []
    for number, row in enumerate(re.split(r"[\r\n]", text), 1):
        found = _STATEMENT.fullmatch(row)
        if found is not None:
            quads.append(_quad(*found.groups()))
        elif not _NOTHING.fullmatch(row):
            raise _malformed(number)
    return quads


def relabel(quad: Quad, labels: dict[str, str]) -> Quad:
    """The statement with blank nodes renamed: by label, both sides without ``_:``. Raises ``KeyError``."""
    subject, predicate, object_, graph = (f"_:{labels[term[2:]]}" if is_blank(term) else term for term in quad)
    return subject, predicate, object_, graph


def _quad(
    subject_iri: str | None,
    subject_blank: str | None,
    predicate: str,
    object_iri: str | None,
    object_blank: str | None,
    text: str | None,
    datatype: str | None,
    language: str | None,
    graph_iri: str | None,
    graph_blank: str | None,
) -> Quad:
    if text is not None:
        object_ = literal(_unescape(text), _unescape(datatype) if datatype is not None else _XSD_STRING, language)
    else:
        object_ = _node(object_iri, object_blank)
    graph = "" if graph_iri is None and graph_blank is None else _node(graph_iri, graph_blank)
    return _node(subject_iri, subject_blank), iri(_unescape(predicate)), object_, graph


def _node(name: str | None, blank: str | None) -> str:
    return iri(_unescape(name)) if name is not None else str(blank)


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return _ESCAPES.get(character) or f"\\u{ord(character):04X}"


def _unescape(text: str) -> str:
    return _ESCAPED.sub(_character, text) if "\\" in text else text


def _character(found: re.Match[str]) -> str:
    short, long, single = found.groups()
    if single is not None:
        return _CHARACTERS[single]
    number = int(short or long, 16)
    if number > 0x10FFFF or 0xD800 <= number < 0xE000:
        raise _malformed(None)
    return chr(number)


def _malformed(number: int | None) -> NotCanonical:
    where = "an escape sequence" if number is None else f"line {number}"
    detail = f"{where} is not N-Quads"
    return NotCanonical(detail, faults=[Fault("", detail, NotCanonical.code, "N-Quads §2")])
