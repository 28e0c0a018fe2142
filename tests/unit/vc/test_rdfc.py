"""RDFC-1.0 over N-Quads: W3C's own tests, and what they do not reach."""

from __future__ import annotations

import json
import random
import re
from functools import lru_cache
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from badgeissuer.vc.canon import frames, nquads
from badgeissuer.vc.canon.canonical import FOREIGN_BUDGET, canonicalize
from badgeissuer.vc.canon.rdfc import canonize
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import BudgetExceeded, NotCanonical
from tests.support.shared import shared_path

STEPS = 20_000


@lru_cache(maxsize=1)
def w3c() -> dict[str, dict[str, Any]]:
    tests = json.loads(shared_path("standards/vectors/rdf-canon/rdfc10-tests.json").read_text())
    return {test["id"].removeprefix("#"): test for test in tests}


# The ids stand here, so that a test that vanishes from the folder is missed.
EVALUATED = re.findall(
    r"\S+",
    """
test001c test002c test004c test005c test008c test010c test011c test013c test014c test016c test017c test019c
test020c test022c test023c test025c test026c test028c test029c test034c test035c test038c test040c test043c
test044c test046c test047c test053c test055c test056c test058c test059c test061c test062c test064c test065c
test067c test068c test070c test071c test073c test076c test077c
""",
)
MAPPED = re.findall(
    r"\S+",
    """
test004m test005m test016m test017m test020m test047m test053m test055m test056m test070m test071m test073m
""",
)


def test_every_test_of_the_folder_is_run() -> None:
    assert sorted(w3c()) == sorted([*EVALUATED, *MAPPED, "test074c"])


@pytest.mark.parametrize("name", EVALUATED)
def test_w3c_evaluation(name: str) -> None:
    test = w3c()[name]
    canonical = canonize(nquads.parse(test["input"]), max_steps=STEPS)
    assert canonical.nquads.decode() == test["expected"]
    # What is canonical stays as it is.
    assert canonize(nquads.parse(test["expected"]), max_steps=STEPS).nquads.decode() == test["expected"]


@pytest.mark.parametrize("name", MAPPED)
def test_w3c_map(name: str) -> None:
    test = w3c()[name]
    assert canonize(nquads.parse(test["input"]), max_steps=STEPS).labels == test["expected"]


@pytest.mark.parametrize("steps", [0, 1, 100, STEPS])
def test_w3c_negative_test_is_refused_by_count(steps: int) -> None:
    quads = nquads.parse(w3c()["test074c"]["input"])
    assert len(quads) == 100
    with pytest.raises(BudgetExceeded, match=f"more than {steps} steps"):
        canonize(quads, max_steps=steps)


def test_the_counter_of_the_heaviest_w3c_tests() -> None:
    """The figures are counts, the same on every machine; a change of the algorithm shows here."""
    steps = {name: canonize(nquads.parse(w3c()[name]["input"]), max_steps=STEPS).steps for name in EVALUATED}
    assert {name: count for name, count in steps.items() if count > 36} == {"test044c": 3_360, "test046c": 3_360}


def clique(size: int) -> list[nquads.Quad]:
    return [(f"_:e{a}", "<urn:p>", f"_:e{b}", "") for a in range(size) for b in range(size) if a != b]


def test_sha384_orders_blank_nodes_otherwise() -> None:
    """W3C test 075, whose expected form is canonical itself: two cages of six nodes, told apart with SHA-384."""
    text = _edges(
        "0-1 0-2 0-3 1-0 1-4 1-5 10-11 10-7 10-8 11-10 11-7 11-9 2-0 2-4 2-5 3-0 3-4 3-5 4-1 4-2 4-3 5-1 5-2 5-3 "
        "6-7 6-8 6-9 7-10 7-11 7-6 8-10 8-6 8-9 9-11 9-6 9-8"
    )
    quads = nquads.parse(text)
    shuffled = [nquads.relabel(quad, {f"c14n{n}": f"x{(n * 5) % 12}" for n in range(12)}) for quad in quads]
    assert canonize(shuffled, max_steps=STEPS, algorithm="sha384").nquads.decode() == text
    assert canonize(shuffled, max_steps=STEPS).nquads.decode() != text


def _edges(pairs: str) -> str:
    edges = (pair.split("-") for pair in pairs.split())
    return "".join(f"_:c14n{a} <http://example.org/vocab#p> _:c14n{b} .\n" for a, b in edges)


@pytest.mark.parametrize("size", [3, 4, 5])
def test_labels_never_depend_on_the_labels_before(size: int) -> None:
    wanted = canonize(clique(size), max_steps=STEPS).nquads
    names = [f"e{n}" for n in range(size)]
    for order in list(permutations(names))[:30]:
        quads = [nquads.relabel(quad, dict(zip(names, order, strict=True))) for quad in reversed(clique(size))]
        assert canonize(quads, max_steps=STEPS).nquads == wanted


_NODE = st.sampled_from(["_:a", "_:b", "_:c", "_:d", "<urn:x>"])
# No blank graph names: RDFC-1.0 itself gives two forms to "_:a p _:b _:g . _:b p _:a _:h . s p o _:h .", and so does
# every implementation. No JSON-LD document without blank node ids makes such circles.
_GRAPH = st.sampled_from(["", "", "<urn:x>"])
_QUAD = st.tuples(_NODE, st.sampled_from(["<urn:p>", "<urn:q>"]), _NODE | st.just('"l"'), _GRAPH)


@settings(max_examples=200, deadline=None)
@given(st.lists(_QUAD, max_size=12), st.integers())
def test_isomorphic_datasets_have_one_form(quads: list[nquads.Quad], seed: int) -> None:
    shuffler = random.Random(seed)
    names = ["a", "b", "c", "d"]
    others = [f"n{n}" for n in range(4)]
    shuffler.shuffle(others)
    labels = dict(zip(names, others, strict=True))
    other = [nquads.relabel(quad, labels) for quad in quads]
    shuffler.shuffle(other)
    one, two = canonize(quads, max_steps=STEPS), canonize(other, max_steps=STEPS)
    assert one.lines == two.lines
    # The map of labels is what turns the input into the canonical form.
    renamed = {nquads.line(nquads.relabel(quad, dict(one.labels))) for quad in quads}
    assert tuple(sorted(renamed)) == one.lines


def test_a_statement_made_twice_is_one_and_an_empty_dataset_is_empty() -> None:
    quad = ("_:a", "<urn:p>", '"x"', "")
    assert canonize([quad, quad], max_steps=0).lines == ('_:c14n0 <urn:p> "x" .\n',)
    empty = canonize([], max_steps=0)
    assert (empty.nquads, empty.labels, empty.steps) == (b"", {}, 0)


def test_long_chains_that_look_alike_are_refused_and_not_a_crash() -> None:
    chains = [(f"_:{c}{n}", "<urn:p>", f"_:{c}{n + 1}", "") for c in "ab" for n in range(2_000)]
    with pytest.raises(BudgetExceeded, match="nested too deeply"):
        canonize(chains, max_steps=10**9)


# --- N-Quads --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "canonical"),
    [
        ('<urn:a>\t<urn:p>"x".', '<urn:a> <urn:p> "x" .\n'),
        (
            r'_:a <urn:\u0041> "\u0041\U0001F600\t\'"@en-GB _:g . # note',
            '_:a <urn:A> "A😀\\t\'"@en-GB _:g .\n',
        ),
        ('<urn:a> <urn:p> "1"^^<urn:t> <urn:g> .', '<urn:a> <urn:p> "1"^^<urn:t> <urn:g> .\n'),
        ('<urn:a> <urn:p> "1"^^<http://www.w3.org/2001/XMLSchema#string> .', '<urn:a> <urn:p> "1" .\n'),
        (r'<urn:a> <urn:p> "\u0000\u007F\b\f\r\n\"\\" .', '<urn:a> <urn:p> "\\u0000\\u007F\\b\\f\\r\\n\\"\\\\" .\n'),
        (r'<urn:a> <urn:p> "\u001f\uFFFE é" .', '<urn:a> <urn:p> "\\u001F\\uFFFE é" .\n'),
        ("<urn:a> <urn:p> _:b.c .", "<urn:a> <urn:p> _:b.c .\n"),
    ],
)
def test_spellings(row: str, canonical: str) -> None:
    (quad,) = nquads.parse(row)
    assert nquads.line(quad) == canonical
    assert nquads.parse(canonical) == [quad]


def test_empty_lines_and_comments_are_no_statements() -> None:
    assert nquads.parse("# nothing\r\n\n  \n<urn:a> <urn:p> <urn:b> .\r\n") == [("<urn:a>", "<urn:p>", "<urn:b>", "")]


@pytest.mark.parametrize(
    "row",
    [
        "<urn:a> <urn:p> <urn:b>",
        '"x" <urn:p> <urn:b> .',
        "<urn:a> _:p <urn:b> .",
        '<urn:a> <urn:p> "x" "y" .',
        "<urn:a b> <urn:p> <urn:c> .",
        '<urn:a> <urn:p> "x"@ .',
        '<urn:a> <urn:p> "x\\q" .',
        '<urn:a> <urn:p> "\\uD800" .',
        '<urn:a> <urn:p> "\\UFFFFFFFF" .',
        "<urn:a> <urn:p> <urn:b> . <urn:c>",
    ],
)
def test_what_is_not_nquads_is_a_typed_error(row: str) -> None:
    with pytest.raises(NotCanonical, match="is not N-Quads"):
        nquads.parse(row)


# --- SHA-384 from JSON-LD, and through a worker ---------------------------------------------------------------------


def test_the_algorithm_of_a_form_is_said() -> None:
    store = ContextStore.of({"urn:c": b'{"@context":{"p":"urn:p","id":"@id"}}'})
    document = {"@context": "urn:c", "p": [{"p": {"p": str(n)}} for n in range(4)]}
    forms = {name: canonicalize(document, store, algorithm=name) for name in ("sha256", "sha384")}  # type: ignore[arg-type]
    assert {form.algorithm for form in forms.values()} == {"sha256", "sha384"}
    assert forms["sha256"].nquads != forms["sha384"].nquads
    for form in forms.values():
        assert frames.read_answer(frames.result(form)) == form
    job = json.loads(frames.job(json.dumps(document), FOREIGN_BUDGET, "sha384"))
    assert (job["algorithm"], job["document"]) == ("sha384", document)
