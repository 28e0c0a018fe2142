"""Poison graphs and heavy JSON-LD: what makes canonicalisation expensive, as statements and in the shape of a badge."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations
from typing import Any

from badgeissuer.vc import limits
from badgeissuer.vc.canon import FOREIGN_BUDGET, canonicalize, nquads
from badgeissuer.vc.canon.rdfc import canonize
from badgeissuer.vc.checks.plan import budget_of
from badgeissuer.vc.contexts import CLR_CONTEXTS, OB_CONTEXTS, ContextStore
from bench.corpus.case import Case, Document

_BADGE: Document = {
    "@context": list(OB_CONTEXTS),
    "id": "urn:uuid:0d0d6c0a-0000-4000-8000-000000000001",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": "did:web:a.example", "type": ["Profile"]},
    "validFrom": "2026-01-01T00:00:00Z",
}
_ALIGNMENT: Document = {"type": ["Alignment"], "targetName": "x", "targetUrl": "https://b.example/x"}


def _badge(**members: Any) -> Document:
    return {**_BADGE, **members}


def _results(*results: Document) -> Document:
    return _badge(credentialSubject={"id": "urn:a", "type": ["AchievementSubject"], "result": list(results)})


def _achievement(**members: Any) -> Document:
    return _badge(
        credentialSubject={
            "id": "urn:a",
            "type": ["AchievementSubject"],
            "achievement": {"type": ["Achievement"], **members},
        }
    )


def _alike(results: int, alignments: int) -> Document:
    """Stars of blank nodes: as many centres, each with as many points, that all look alike."""
    return _results(*[{"type": ["Result"], "alignment": [_ALIGNMENT] * alignments}] * results)


def _clique(nodes: int) -> Document:
    """Every node points to every other, by blank node ids."""
    related = [
        {"id": f"_:n{a}", "type": ["Related"], "related": [{"id": f"_:n{b}", "type": ["Related"]}]}
        for a, b in combinations(range(nodes), 2)
    ]
    return _badge(
        credentialSubject={"type": ["AchievementSubject"], "achievement": {"type": ["Achievement"], "related": related}}
    )


def _chain(rungs: int, **members: Any) -> Document:
    """Organisations in organisations, none with an id."""
    profile: Document = {"type": ["Profile"], "name": "x"}
    for _ in range(rungs):
        profile = {**members, "type": ["Profile"], "name": "x", "parentOrg": profile}
    return profile


def _ladders(count: int, rungs: int) -> Document:
    """Chains that look alike from end to end: each step down meets the same question."""
    return _badge(issuer={"id": "did:web:a.example", "type": ["Profile"], "parentOrg": [_chain(rungs)] * count})


def _tree(depth: int, width: int) -> Document:
    """Organisations that each have as many equal ones above them."""
    profile: Document = {"type": ["Profile"], "name": "x"}
    for _ in range(depth):
        profile = {"type": ["Profile"], "name": "x", "parentOrg": [profile] * width}
    return _badge(issuer={**profile, "id": "did:web:a.example"})


def _many(count: int, make: Callable[[int], Any]) -> list[Any]:
    return [make(number) for number in range(count)]


# --- contexts: forty bytes that name one cost milliseconds

_CONTEXTS = list(OB_CONTEXTS)


def _contexts_within(depth: int) -> Document:
    return _badge(issuer={**_chain(depth, **{"@context": _CONTEXTS}), "id": "did:web:a.example"})


def _contexts_in_new_orders(count: int) -> Document:
    evidence = _many(
        count,
        lambda n: {"@context": [*_CONTEXTS, *_CONTEXTS[1:] * (n % 40)], "type": ["Evidence"], "name": str(n)},
    )
    return _badge(evidence=evidence)


Graphs = dict[str, tuple[Callable[[], Document], str, str]]

_GRAPHS: Graphs = {
    "inline context": (lambda: _badge(**{"@context": [*OB_CONTEXTS, {"name": "urn:x:other"}]}), "not-canonical", ""),
    "inline context deep inside": (
        lambda: _badge(issuer={"id": "did:web:a", "type": ["Profile"], "@context": {"@vocab": "urn:x:"}}),
        "not-canonical",
        "",
    ),
    "no context at all below a point": (
        lambda: _badge(issuer={"id": "did:web:a", "type": ["Profile"], "@context": None}),
        "not-canonical",
        "",
    ),
    "unknown context": (
        lambda: _badge(**{"@context": [*OB_CONTEXTS, "https://evil.example/c"]}),
        "unknown-context",
        "",
    ),
    "five thousand unknown contexts": (
        lambda: _badge(**{"@context": [*OB_CONTEXTS, *_many(5_000, lambda n: f"https://evil.example/{n}")]}),
        "unknown-context",
        "",
    ),
    "a context six hundred times": (
        lambda: _badge(**{"@context": _CONTEXTS * 300}),
        "budget-exceeded",
        "contexts",
    ),
    "contexts in ever new orders": (lambda: _contexts_in_new_orders(60), "budget-exceeded", "contexts"),
    "a context at each of fifty levels": (lambda: _contexts_within(50), "budget-exceeded", "contexts"),
    "blank node ids": (lambda: _badge(evidence=[{"id": "_:b0", "type": ["Evidence"]}]), "not-canonical", ""),
    **{
        f"clique of {nodes} by blank node ids": (partial(_clique, nodes), "not-canonical", "") for nodes in range(5, 11)
    },
    "eight alike in two": (lambda: _alike(2, 8), "budget-exceeded", "steps"),
    "twelve alike in two": (lambda: _alike(2, 12), "budget-exceeded", "steps"),
    "ten by ten alike": (lambda: _alike(10, 10), "budget-exceeded", "steps"),
    "alike, each in its own": (lambda: _alike(6, 6), "budget-exceeded", "steps"),
    "forty by twenty alike": (lambda: _alike(40, 20), "budget-exceeded", "statements"),
    "five hundred alike": (lambda: _alike(1, 500), "budget-exceeded", "statements"),
    "three by three by three by three": (lambda: _tree(4, 3), "budget-exceeded", "steps"),
    "two by two, seven levels": (lambda: _tree(7, 2), "budget-exceeded", "steps"),
    "fourteen hundred results": (
        lambda: _results(*_many(1_400, lambda n: {"type": ["Result"], "value": str(n)})),
        "budget-exceeded",
        "statements",
    ),
    "six thousand unknown members": (lambda: _badge(**{f"x{n}": n for n in range(6_100)}), "budget-exceeded", "values"),
    "twenty thousand numbers": (lambda: _badge(name=_many(20_000, lambda n: n)), "budget-exceeded", "values"),
    "fifty thousand empty objects": (
        lambda: _badge(evidence=_many(50_000, lambda _n: {})),
        "budget-exceeded",
        "values",
    ),
    "arrays in arrays, thirty thousand": (
        lambda: _badge(name=_many(500, lambda _n: _nested([], 58))),
        "budget-exceeded",
        "values",
    ),
    "five hundred levels of organisations": (lambda: _badge(issuer=_chain(500)), "budget-exceeded", "levels"),
    "six thousand tags": (lambda: _achievement(tag=_many(5_900, str)), "budget-exceeded", "statements"),
    "five thousand texts with a bell": (
        lambda: _achievement(tag=_many(1_900, lambda n: f"\a{n}")),
        "not-canonical",
        "",
    ),
    "one text of 300 kB": (lambda: _badge(name="x" * 300_000), "budget-exceeded", "bytes"),
    # Not refused, and to be no dearer than what is.
    "twelve ladders of fifty rungs": (lambda: _ladders(12, 50), "accepted", ""),
    "two hundred alike": (lambda: _alike(1, 200), "accepted", ""),
    "five thousand unknown types": (
        lambda: _badge(type=["VerifiableCredential", *_many(5_000, lambda n: f"T{n}")]),
        "accepted",
        "",
    ),
    "two thousand unknown members": (lambda: _badge(**{f"x{n}": {"a": n} for n in range(2_000)}), "accepted", ""),
}


def _nested(value: list[Any], depth: int) -> list[Any]:
    for _ in range(depth):
        value = [value]
    return value


def _canonical(document: Document) -> object:
    return canonicalize(document, ContextStore.pinned(), budget=FOREIGN_BUDGET)


# --- learner records: whose budget grows with what they hold, and not with what they claim to hold

_CLAIMED: list[Document] = [{}] * 1_000


def _record(**subject: Any) -> Document:
    return _badge(
        **{"@context": list(CLR_CONTEXTS)},
        type=["VerifiableCredential", "ClrCredential"],
        credentialSubject={"type": ["ClrSubject"], "verifiableCredential": _CLAIMED, **subject},
    )


_RECORDS: Graphs = {
    "nine alike in six, with a thousand empty members": (
        lambda: _record(achievement=[{"type": ["Achievement"], "alignment": [_ALIGNMENT] * 9}] * 6),
        "budget-exceeded",
        "steps",
    ),
    "thirty thousand tags in short, with a thousand empty members": (
        lambda: _record(achievement=[{"type": ["Achievement"], "tag": _many(45_000, lambda n: f"{n:x}")}]),
        "budget-exceeded",
        "statements",
    ),
    "a context in a thousand places": (
        lambda: _record(verifiableCredential=_many(1_000, lambda n: {"@context": _CONTEXTS * (1 + n % 90)})),
        "budget-exceeded",
        "contexts",
    ),
}


def _canonical_record(document: Document) -> object:
    return canonicalize(document, ContextStore.pinned(), budget=budget_of(document))


# --- statements: what no JSON-LD without blank node ids can say, for the algorithm alone


def _statements(edges: list[tuple[int, int]]) -> str:
    return "".join(f"_:e{a} <http://example.org/vocab#p> _:e{b} .\n" for a, b in edges)


def _complete(nodes: int, *, loops: bool = False) -> str:
    """W3C's test 074 (dataset poisoning) is that of ten nodes with loops."""
    return _statements([(a, b) for a in range(nodes) for b in range(nodes) if loops or a != b])


def _wheels(count: int, spokes: int) -> str:
    """Rings whose nodes all look alike, and look alike to each other."""
    edges = [
        (ring * spokes + at, ring * spokes + (at + step) % spokes)
        for ring in range(count)
        for at in range(spokes)
        for step in (1, 2, 3)
    ]
    return _statements(edges)


_DATASETS: dict[str, tuple[Callable[[], str], str]] = {
    **{f"clique of {nodes}": (partial(_complete, nodes), "budget-exceeded") for nodes in range(7, 11)},
    "clique of ten with loops": (lambda: _complete(10, loops=True), "budget-exceeded"),
    "clique of forty": (lambda: _complete(40), "budget-exceeded"),
    "ten rings of twelve": (lambda: _wheels(10, 12), "budget-exceeded"),
    "one ring of six hundred": (lambda: _wheels(1, 600), "budget-exceeded"),
    "star of nineteen hundred": (lambda: _statements([(0, n) for n in range(1, 1_900)]), "accepted"),
    "two stars of nine hundred": (
        lambda: _statements([(centre, 2 + 900 * centre + n) for centre in (0, 1) for n in range(900)]),
        "budget-exceeded",
    ),
}


def _canonize(text: str) -> object:
    return canonize(nquads.parse(text), max_steps=limits.FOREIGN_STEPS)


CASES: list[Case] = [
    *(Case("graph", name, make, _canonical, answer, unit) for name, (make, answer, unit) in _GRAPHS.items()),
    *(Case("record", name, make, _canonical_record, answer, unit) for name, (make, answer, unit) in _RECORDS.items()),
    *(
        Case("graph", f"statements: {name}", make, _canonize, answer, "" if answer == "accepted" else "steps")
        for name, (make, answer) in _DATASETS.items()
    ),
]
