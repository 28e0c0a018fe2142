"""Statements of objects that come again and again: the achievement and the issuer's profile, the same in every badge.

More than half of a badge's statements are about its achievement. Such an object has an id of its own, so no blank node
of it is named outside of it: what is said about it depends on nothing but its members and the active context. It is
kept, ready and sorted, under exactly these two, and looks the same wherever it stands.

A memory, no more: with nothing in it every document comes to the same lines, a little later.
"""

from __future__ import annotations

import itertools
import marshal
import threading
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeAlias

from badgeissuer.vc.canon.dataset import Dataset

# At the most some ten megabytes, most of it the lines.
MOST = 128
_MOST_MET = 1_024
_LONGEST = 16_384

Key: TypeAlias = tuple[object, bytes]


@dataclass(frozen=True, slots=True)
class Fragment:
    """What an object of its own id makes, in the default graph; ``subject`` is the object.

    The blank nodes of ``made`` have names that no other dataset has, and all that can be known of it before it becomes
    part of another is there: first-degree hashes, and lines in order. ``values`` and ``levels`` are what the walk had
    to count, and had left, for it; ``closed`` the statements whose blank node is their subject only, or their graph.
    """

    subject: str
    made: Dataset
    values: int
    levels: int
    closed: int

    @classmethod
    def of(cls, subject: str, made: Dataset, *, values: int, levels: int) -> Fragment:
        """The fragment of what was written about one object into a dataset of its own."""
        own, number = Dataset(), next(_NUMBERS)
        names = {node: f"_:f{number}n{place}" for place, node in enumerate(made.blanks())}
        own.ground = set(made.ground)
        own.about = {names[node]: rests for node, rests in made.about.items()}
        own.within = {names[node]: heads for node, heads in made.within.items()}
        for quad in made.mixed:
            named_subject, predicate, object_, graph = (names.get(term, term) for term in quad)
            own.mixed[named_subject, predicate, object_, graph] = None
        own.known = {node: sha256(text.encode()).hexdigest() for node, text in own.blanks().items()}
        own.run, own.run_set = sorted(own.ground), own.ground
        closed = sum(map(len, (*own.about.values(), *own.within.values())))
        return cls(subject=subject, made=own, values=values, levels=levels, closed=closed)


# Of blank nodes: whatever is put together, no two fragments share a name.
_NUMBERS = itertools.count(1)


class Fragments:
    """So many fragments at the most; what was not used for longest goes first. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, Fragment] = OrderedDict()
        self._met: OrderedDict[int, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: Key) -> Fragment | None:
        """The fragment of that key, if it is there."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
        return found

    def is_worth(self, key: Key) -> bool:
        """Whether the key was met before. What comes once, as what strangers send mostly does, is not worth keeping."""
        mark = hash(key)
        with self._lock:
            if mark in self._met:
                return True
            self._met[mark] = None
            if len(self._met) > _MOST_MET:
                self._met.popitem(last=False)
        return False

    def keep(self, key: Key, fragment: Fragment) -> None:
        """Keep it for other documents."""
        with self._lock:
            self._kept[key] = fragment
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def forget(self) -> None:
        """Keep nothing any more."""
        with self._lock:
            self._kept.clear()
            self._met.clear()


def key_of(table: object, value: dict[str, Any]) -> Key | None:
    """What an object's fragment is kept under: its table, and its members with their order and exact types.

    Two values that JSON writes differently have two keys (1, 1.0 and true are three). None for what is not made of
    JSON's own types, or is long.
    """
    try:
        exact = marshal.dumps(value, 2)  # a version without references: what is equal is written alike
    except ValueError:
        return None
    return (table, exact) if len(exact) <= _LONGEST else None
