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

from collections.abc import Mapping
from typing import Any

from badgeissuer.vc.canon.dataset import Dataset
from badgeissuer.vc.canon.tables import NotPlain, Unusual, tables_of
from badgeissuer.vc.canon.walk import Walk
from badgeissuer.vc.contexts import ContextStore

# How a JSON text shows what its encoder does not write as canonical N-Quads does, or what is refused. Nearly no text
# has any of these, and one look at the whole is cheaper than one at each value.
_SIGNS = frozenset("ubf")
_WIDE_SIGNS = ("\ufffe", "\uffff")


def statements(
    document: Mapping[str, Any], contexts: ContextStore, *, text: str, max_quads: int, max_values: int
) -> Dataset | None:
    """The statements of a document; None where it has to go the long way.

    ``text`` is its JSON text, characters as they are. Raises ``NotPlain`` where it is not made of JSON's own types, and
    ``BudgetExceeded`` at more than ``max_quads`` statements; for more than ``max_values`` members and items the answer
    is None. Safe in any thread.
    """
    tables = tables_of(contexts)
    escapes = "\\" in text
    odd = (
        (escapes and any(after[:1] in _SIGNS for after in text.split("\\")[1:]))
        or "\x7f" in text
        or (not text.isascii() and any(sign in text for sign in _WIDE_SIGNS))
    )
    walk = Walk(tables, max_quads, max_values, odd=odd, simple=not (odd or escapes))
    try:
        walk.top(document, tables.root)
    except NotPlain:
        raise
    except (Unusual, RecursionError):
        return None
    count = len(walk.made)
    if count > max_quads:
        walk.too_many(count)
    return walk.made if count else None
