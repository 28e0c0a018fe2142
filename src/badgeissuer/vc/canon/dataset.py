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

    What came with a fragment is in these too, and is known already: ``known`` first-degree hashes (SHA-256) of blank
    nodes, ``ordered`` what follows them, in order, and of the longest fragment the whole lines in order and as a set.
    """

    __slots__ = ("about", "ground", "known", "mixed", "ordered", "run", "run_set", "within")

    def __init__(self) -> None:
        self.ground: set[str] = set()
        self.about: dict[str, set[str]] = {}
        self.within: dict[str, set[str]] = {}
        # In the order given: the work of telling nodes apart that look alike follows it, and must not follow hashes.
        self.mixed: dict[Quad, None] = {}
        self.known: dict[str, str] = {}
        self.ordered: dict[str, list[str]] = {}
        self.run: list[str] = []
        self.run_set: set[str] = set()

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

    def take(self, other: Dataset) -> None:
        """Put in what another dataset holds, whose blank nodes are none of this one's. That one stays as it is."""
        self.ground |= other.ground
        self.about.update(other.about)
        self.within.update(other.within)
        self.mixed.update(other.mixed)
        self.known.update(other.known)
        self.ordered.update(other.ordered)
        if len(other.run) > len(self.run):
            self.run, self.run_set = other.run, other.run_set

    def __len__(self) -> int:
        """How many statements."""
        some = sum(map(len, self.about.values())) + sum(map(len, self.within.values()))
        return len(self.ground) + some + len(self.mixed)

    def blanks(self, known: Container[str] = ()) -> dict[str, str]:
        """The blank nodes, each with what is hashed of it at first: the lines of the statements that mention it, in
        order, itself as ``_:a`` in them and every other one as ``_:z`` (RDFC-1.0 §4.6.3). "" for what is ``known``."""
        texts: dict[str, str] = {}
        ordered = self.ordered
        for node, rests in self.about.items():
            rows = ordered.get(node) or self._order(node, rests)
            texts[node] = "" if node in known else "_:a" + "_:a".join(rows) if rows else ""
        more: dict[str, list[str]] = {}
        for graph, heads in self.within.items():
            texts.setdefault(graph, "")
            if graph not in known:
                more[graph] = [f"{head}_:a .\n" for head in heads]
        for quad in self.mixed:
            subject, predicate, object_, graph = quad
            for node in _blanks_of(quad):
                texts.setdefault(node, "")
                if node not in known:
                    row = _line(_seen(subject, node), predicate, _seen(object_, node), _seen(graph, node))
                    more.setdefault(node, []).append(row)
        for node, rows in more.items():
            rows += [f"_:a{rest}" for rest in ordered.get(node, ())]
            rows.sort()
            texts[node] = "".join(rows)
        return texts

    def _order(self, node: str, rests: set[str]) -> list[str]:
        rows = self.ordered[node] = sorted(rests)
        return rows

    def mentions(self) -> dict[str, list[Quad]]:
        """Blank nodes that stand beside others in a statement, each with those statements."""
        found: dict[str, list[Quad]] = {}
        for quad in self.mixed:
            for node in _blanks_of(quad):
                found.setdefault(node, []).append(quad)
        return found

    def text(self, labels: Mapping[str, str]) -> str:
        """Every statement as a line, blank nodes by their labels, in code point order."""
        # What is in order already is a run that sorting only has to merge.
        lines = [*self.run, *(self.ground - self.run_set)] if self.run else list(self.ground)
        for node, heads in self.within.items():
            tail = f"{labels[node]} .\n"
            lines += [f"{head}{tail}" for head in heads]
        about: dict[str, list[str]] = {}
        for subject, predicate, object_, graph in self.mixed:
            if object_[0] == "_":
                object_ = labels[object_]
            graph = labels.get(graph, graph)
            if subject[0] == "_":
                about.setdefault(subject, []).append(_line("", predicate, object_, graph))
            else:
                lines.append(_line(subject, predicate, object_, graph))
        lines.sort()
        # "<" comes before "_": blank subjects come last, by their labels and the blank that ends these.
        ordered = self.ordered
        for node, rests in self.about.items():
            rows = ordered.get(node) or self._order(node, rests)
            more = about.get(node)
            about[node] = rows if more is None else sorted([*rows, *more])
        for label, node in sorted((f"{labels[node]} ", node) for node, rows in about.items() if rows):
            name = label[:-1]
            rows = about[node] if node in self.about else sorted(about[node])
            lines.append(name + name.join(rows))
        return "".join(lines)


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
