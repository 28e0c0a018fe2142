"""Statements as canonicalising wants them: what is written already, and what waits for the names of blank nodes.

Most statements of a credential name no blank node: their lines are final as soon as they are made. Most of the others
name one, and of their line only that name is missing. Kept apart, neither is taken to pieces again.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from badgeissuer.vc.canon.nquads import Quad


class Dataset:
    """An RDF dataset; each statement is in it once.

    ``ground``: whole lines, of statements without blank nodes. ``about``: by a blank node that is the subject and
    nothing else, in the default graph, what follows it in its line. ``within``: by a blank node that is the graph and
    nothing else, what stands before it. ``mixed``: every other statement with a blank node.

    ``known``: first-degree hashes (SHA-256) of blank nodes that came with a fragment. ``sorted_lines`` are the lines of
    the longest fragment in their order, and ``sorted_set`` the same as a set; they are in ``ground`` too.
    """

    __slots__ = ("about", "ground", "known", "mixed", "sorted_lines", "sorted_set", "within")

    def __init__(self) -> None:
        self.ground: set[str] = set()
        self.known: dict[str, str] = {}
        self.sorted_lines: tuple[str, ...] = ()
        self.sorted_set: set[str] = set()
        self.about: dict[str, set[str]] = {}
        self.within: dict[str, set[str]] = {}
        # In the order given: the work of telling nodes apart that look alike follows it, and must not follow hashes.
        self.mixed: dict[Quad, None] = {}

    @classmethod
    def of(cls, quads: Iterable[Quad]) -> Dataset:
        """The dataset of these statements."""
        made = cls()
        made.add(quads)
        return made

    def add(self, quads: Iterable[Quad]) -> None:
        """Put each of these in its place."""
        for quad in quads:
            subject, predicate, object_, graph = quad
            # "_" begins blank nodes and nothing else; "" is the default graph.
            blank = (subject[0] == "_") + 2 * (object_[0] == "_") + 4 * (graph[:1] == "_")
            if blank == 0:
                self.ground.add(_line(subject, predicate, object_, graph))
            elif blank == 1 and not graph:
                self.about.setdefault(subject, set()).add(f" {predicate} {object_} .\n")
            elif blank == 4:
                self.within.setdefault(graph, set()).add(f"{subject} {predicate} {object_} ")
            else:
                self.mixed[quad] = None

    def take(self, other: Dataset, *, first: Mapping[str, str] | None = None, lines: tuple[str, ...] = ()) -> None:
        """Put in what another dataset holds, whose blank nodes are none of this one's. That one stays as it is.

        ``first``: the first-degree hashes of its blank nodes, where known; ``lines``: its ``ground`` in order.
        """
        self.ground |= other.ground
        self.about.update(other.about)
        self.within.update(other.within)
        self.mixed.update(other.mixed)
        if first is not None:
            self.known.update(first)
        if len(lines) > len(self.sorted_lines):
            self.sorted_lines, self.sorted_set = lines, other.ground

    def __len__(self) -> int:
        """How many statements."""
        some = sum(map(len, self.about.values())) + sum(map(len, self.within.values()))
        return len(self.ground) + some + len(self.mixed)

    def blanks(self, known: Container[str] = ()) -> dict[str, list[str]]:
        """The blank nodes, each with the lines of the statements that mention it: itself is ``_:a`` in them and every
        other one ``_:z`` (RDFC-1.0 §4.6.3, first degree). Nodes that are ``known`` may come with fewer lines, or none.
        """
        rows = {
            node: [] if node in known else [f"_:a{rest}" for rest in rests] for node, rests in self.about.items()
        }
        for graph, heads in self.within.items():
            rows.setdefault(graph, []).extend([f"{head}_:a .\n" for head in heads])
        for quad in self.mixed:
            subject, predicate, object_, graph = quad
            for node in _blanks_of(quad):
                if node in known:
                    rows.setdefault(node, [])
                    continue
                row = _line(_seen(subject, node), predicate, _seen(object_, node), _seen(graph, node))
                rows.setdefault(node, []).append(row)
        return rows

    def mentions(self) -> dict[str, list[Quad]]:
        """Blank nodes that stand beside others in a statement, each with those statements."""
        found: dict[str, list[Quad]] = {}
        for quad in self.mixed:
            for node in _blanks_of(quad):
                found.setdefault(node, []).append(quad)
        return found

    def lines(self, labels: dict[str, str]) -> list[str]:
        """Every statement as a line, blank nodes by their labels, in code point order."""
        # What is in order already is a run that sorting only has to merge.
        lines = [*self.sorted_lines, *(self.ground - self.sorted_set)] if self.sorted_lines else list(self.ground)
        for node, rests in self.about.items():
            label = labels[node]
            lines += [f"{label}{rest}" for rest in rests]
        for node, heads in self.within.items():
            tail = f"{labels[node]} .\n"
            lines += [f"{head}{tail}" for head in heads]
        for subject, predicate, object_, graph in self.mixed:
            if subject[0] == "_":
                subject = labels[subject]
            if object_[0] == "_":
                object_ = labels[object_]
            lines.append(_line(subject, predicate, object_, labels.get(graph, graph)))
        lines.sort()
        return lines


def first_degree(rows: list[str]) -> str:
    """What is hashed of a blank node: its lines, in order (§4.6.3 steps 4 and 5)."""
    return "".join(sorted(rows))


def _line(subject: str, predicate: str, object_: str, graph: str) -> str:
    return f"{subject} {predicate} {object_} {graph} .\n" if graph else f"{subject} {predicate} {object_} .\n"


def _blanks_of(quad: Quad) -> list[str]:
    subject, _, object_, graph = quad
    found = [subject] if subject[0] == "_" else []
    if object_[0] == "_" and object_ != subject:
        found.append(object_)
    if graph[:1] == "_" and graph != subject and graph != object_:
        found.append(graph)
    return found


def _seen(term: str, node: str) -> str:
    """The term as first-degree hashing of a node sees it."""
    return term if term[:1] != "_" else "_:a" if term == node else "_:z"
