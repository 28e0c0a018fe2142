"""RDF Dataset Canonicalization, RDFC-1.0 §4, with the work counted while it is done.

The numbers in the comments are the steps of the standard. Statements are tuples of N-Quads terms (``nquads``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from badgeissuer.vc.canon.dataset import Dataset
from badgeissuer.vc.canon.nquads import Quad, is_blank
from badgeissuer.vc.faults import BudgetExceeded

Algorithm: TypeAlias = Literal["sha256", "sha384"]
"""The hash inside the canonicalisation (§4.2): SHA-256, or SHA-384 for signatures with P-384."""

# An issuer of temporary ids: from a blank node to the id it was given, in the order of giving.
_Issuer: TypeAlias = dict[str, str]

_HASHES = {"sha256": hashlib.sha256, "sha384": hashlib.sha384}
# Every permutation copies the ids issued so far; copying this many costs about as much as a step.
_IDS_PER_STEP = 32


@dataclass(frozen=True, slots=True)
class CanonicalDataset:
    """The canonical form of a dataset: ``text`` is the canonical N-Quads document.

    ``named`` maps each blank node of the input to its canonical name, both with ``_:``. ``steps`` is the work that
    telling blank nodes apart took.
    """

    text: str
    named: Mapping[str, str]
    steps: int

    @property
    def lines(self) -> tuple[str, ...]:
        """Its lines in code point order, each with its line end."""
        return tuple(f"{line}\n" for line in self.text.split("\n")[:-1])

    @property
    def labels(self) -> Mapping[str, str]:
        """By each blank node of the input its canonical label, both without ``_:`` (the canonicalised dataset's issued
        identifiers map, §4.4.3 step 7)."""
        return {before[2:]: after[2:] for before, after in self.named.items()}

    @property
    def quads(self) -> int:
        """How many statements. No line end stands inside of one: in literals they are escaped."""
        return self.text.count("\n")

    @property
    def nquads(self) -> bytes:
        """The canonical N-Quads document in UTF-8."""
        return self.text.encode()


def canonize(quads: Iterable[Quad], *, max_steps: int, algorithm: Algorithm = "sha256") -> CanonicalDataset:
    """``canonize_dataset`` of these statements."""
    return canonize_dataset(Dataset.of(quads), max_steps=max_steps, algorithm=algorithm)


def canonize_dataset(dataset: Dataset, *, max_steps: int, algorithm: Algorithm = "sha256") -> CanonicalDataset:
    """The canonical form of a dataset (§4.4).

    Raises ``BudgetExceeded`` when telling blank nodes apart takes more than ``max_steps`` steps (§7.1, dataset
    poisoning): the worst cases grow with the factorial of the number of blank nodes that look alike. One step is one
    look at a neighbour in one permutation; a dataset whose blank nodes all differ at first sight takes none.
    """
    work = _Canonizing(dataset, max_steps, algorithm)
    try:
        canonical = work.labels()
    except RecursionError:
        raise BudgetExceeded("parts without an id that look alike are nested too deeply") from None
    return CanonicalDataset(dataset.text(canonical), canonical, work.steps)


class _Canonizing:
    """The canonicalization state of one run (§4.2)."""

    def __init__(self, dataset: Dataset, max_steps: int, algorithm: Algorithm) -> None:
        self.steps = 0
        self._max_steps = max_steps
        self._hash = _HASHES[algorithm]
        self._canonical: _Issuer = {}
        self._dataset = dataset
        # §4.4.3 step 2, the blank node to quads map, of statements that mention two: only where nodes look alike.
        self._mentions: dict[str, list[Quad]] | None = None
        self._near: dict[str, list[tuple[str, str]]] = {}
        # §4.6.3, Hash First Degree Quads.
        known = dataset.known if algorithm == "sha256" else {}
        self._first = {node: known.get(node) or self._digest(text) for node, text in dataset.blanks(known).items()}

    def labels(self) -> _Issuer:
        """§4.4.3 steps 3 to 5: the canonical id of each blank node."""
        by_hash: dict[str, list[str]] = {}
        for node, digest in self._first.items():
            by_hash.setdefault(digest, []).append(node)
        # 4: nodes that differ at first sight.
        for digest in sorted(by_hash):
            if len(by_hash[digest]) == 1:
                self._issue(by_hash.pop(digest)[0])
        # 5: nodes that look alike.
        for digest in sorted(by_hash):
            results = [self._n_degree(node, {node: "_:b0"}) for node in by_hash[digest] if node not in self._canonical]
            for _, issuer in sorted(results, key=lambda result: result[0]):
                for node in issuer:
                    self._issue(node)
        return self._canonical

    def _issue(self, node: str) -> None:
        if node not in self._canonical:
            self._canonical[node] = f"_:c14n{len(self._canonical)}"

    def _digest(self, text: str) -> str:
        return self._hash(text.encode()).hexdigest()

    def _neighbours(self, node: str) -> list[tuple[str, str]]:
        """The other blank nodes of the statements that mention a node, each with what is hashed before its own id
        (§4.7.3 steps 1 and 2). Only nodes that look alike are asked for theirs."""
        near = self._near.get(node)
        if near is None:
            if self._mentions is None:
                self._mentions = self._dataset.mentions()
            near = self._near[node] = [
                (prefix, term)
                for subject, predicate, object_, graph in self._mentions.get(node, ())
                for prefix, term in ((f"s{predicate}", subject), (f"o{predicate}", object_), ("g", graph))
                if term != node and is_blank(term)
            ]
        return near

    def _n_degree(self, node: str, issuer: _Issuer) -> tuple[str, _Issuer]:
        """§4.8.3, Hash N-Degree Quads: the hash and the ids that were given on the way."""
        # 1 to 3: neighbours by their related hash (§4.7.3).
        related: dict[str, list[str]] = {}
        for prefix, other in self._neighbours(node):
            known = self._canonical.get(other) or issuer.get(other) or self._first[other]
            related.setdefault(self._digest(prefix + known), []).append(other)
        data = []
        # 5: for each related hash, the permutation of its nodes with the least path.
        for digest in sorted(related):
            data.append(digest)
            chosen, chosen_issuer = "", issuer
            for order in _orders(related[digest]):
                found = self._path(order, issuer, chosen)
                if found is not None:
                    chosen, chosen_issuer = found
            data.append(chosen)
            issuer = chosen_issuer
        return self._digest("".join(data)), issuer

    def _path(self, order: Iterable[str], issuer: _Issuer, chosen: str) -> tuple[str, _Issuer] | None:
        """§4.8.3 step 5.4: the path of one permutation, None where it cannot be less than the chosen one."""
        cost = 1 + len(issuer) // _IDS_PER_STEP
        own, path, recursion = issuer.copy(), "", []
        for other in order:
            self._count(cost)
            known = self._canonical.get(other)
            if known is None:
                if other not in own:
                    recursion.append(other)
                    own[other] = f"_:b{len(own)}"
                known = own[other]
            path += known
            if _beyond(path, chosen):
                return None
        for other in recursion:
            digest, own = self._n_degree(other, own)
            path += f"{own[other]}<{digest}>"
            if _beyond(path, chosen):
                return None
        return (path, own) if not chosen or path < chosen else None

    def _count(self, cost: int) -> None:
        self.steps += cost
        if self.steps > self._max_steps:
            detail = (
                f"too many parts without an id look alike: telling them apart takes more than {self._max_steps} steps"
            )
            raise BudgetExceeded(detail, unit="steps", spent=self.steps)


def _orders(nodes: list[str]) -> Iterator[list[str]]:
    """The orders of the nodes that differ: a node that is there twice is not swapped with itself."""
    order = sorted(nodes)
    while True:
        yield order
        place = len(order) - 2
        while place >= 0 and order[place] >= order[place + 1]:
            place -= 1
        if place < 0:
            return
        other = len(order) - 1
        while order[other] <= order[place]:
            other -= 1
        order[place], order[other] = order[other], order[place]
        order[place + 1 :] = order[:place:-1]


def _beyond(path: str, chosen: str) -> bool:
    return chosen != "" and len(path) >= len(chosen) and path > chosen
