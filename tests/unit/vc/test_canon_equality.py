"""Our canonical form is the one of others: over every class and member of the model, against two oracles."""

from __future__ import annotations

import itertools
import json
import time
from random import Random
from typing import Any

import pyoxigraph
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from badgeissuer.vc import strictjson
from badgeissuer.vc.canon import Budget, canonicalize, oracle, quickly
from badgeissuer.vc.canon.compiled import statements
from badgeissuer.vc.contexts import CLR_CONTEXTS, OB_CONTEXTS, ContextStore
from badgeissuer.vc.faults import BudgetExceeded, NotCanonical, UnknownContext
from bench.corpus import credentials

PINNED = ContextStore.pinned()
AMPLE = Budget(max_bytes=2**24, max_quads=10**6, max_steps=10**6, bytes_per_quad=0)
Json = dict[str, Any]


def agree(document: Json) -> None:
    """Ours, by the short way; PyLD's; and what pyoxigraph makes of our statements with nameless blank nodes."""
    ours = quickly(document, PINNED, budget=AMPLE) or canonicalize(document, PINNED, budget=AMPLE)
    assert (ours.dropped, ours.relative) == ((), ())
    assert ours.nquads == oracle.pyld_nquads(document, PINNED)
    # What was remembered of it changes nothing.
    for _ in range(2):
        assert (quickly(document, PINNED, budget=AMPLE) or canonicalize(document, PINNED, budget=AMPLE)) == ours
    text = strictjson.dumps(document)
    made = statements(document, PINNED, text=text, max_quads=10**6, max_values=10**6)
    assert made is not None
    plain = made.text({node: node for node in made.blanks()})
    assert canonized_by_oxigraph(plain) == pyoxigraph.Dataset(quads_of(ours.nquads))


def quads_of(nquads: bytes) -> Any:
    return pyoxigraph.parse(nquads, format=pyoxigraph.RdfFormat.N_QUADS)


def canonized_by_oxigraph(nquads: str) -> pyoxigraph.Dataset:
    dataset = pyoxigraph.Dataset(quads_of(nquads.encode()))
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


@settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_badges_and_endorsements(chance: Random) -> None:
    agree(credentials.document(chance))


@settings(max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_learner_records(chance: Random) -> None:
    agree(credentials.record(chance))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_ten_thousand_documents(seed: int) -> None:
    for document in credentials.documents(seed, 1_000):
        agree(document)


def test_the_documents_are_the_same_for_a_seed_and_hold_every_member() -> None:
    first, again = (list(credentials.documents(3, 200)) for _ in range(2))
    assert first == again
    assert [json.dumps(each) for each in first] == [json.dumps(each) for each in again]
    kinds = [each["type"][1] for each in first]
    assert {kinds.count(kind) > 0 for kind in ("OpenBadgeCredential", "ClrCredential", "EndorsementCredential")} == {
        True
    }
    counts = {len(each.get("evidence", ())) for each in first if "OpenBadgeCredential" in each["type"]}
    assert counts == {0, 1, 2, 3, 4, 5}
    text = json.dumps(first, ensure_ascii=False)
    for piece in (
        "🎓",
        "𝔘",
        "\\n",
        "\\t",
        "@language",
        "parentOrg",
        "geo",
        "association",
        "endorsementJwt",
        "challenge",
    ):
        assert piece in text, piece


def test_a_form_does_not_depend_on_the_order_of_members() -> None:
    for document in credentials.documents(11, 20):
        turned = json.loads(json.dumps(document), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
        forms = [canonicalize(each, PINNED, budget=AMPLE).nquads for each in (document, turned)]
        assert forms[0] == forms[1]


def test_what_pyld_refuses_the_oracle_refuses_in_our_words() -> None:
    with pytest.raises(NotCanonical, match="PyLD refuses"):
        oracle.pyld_nquads({"@context": list(OB_CONTEXTS), "id": 3}, PINNED)
    with pytest.raises((UnknownContext, NotCanonical)):
        oracle.pyld_nquads({"@context": ["https://elsewhere.example/c"], "id": "urn:a"}, PINNED)


@pytest.mark.parametrize("alike", [4, 6, 8])
def test_poison_is_refused_by_count_in_no_time(alike: int) -> None:
    """Results with equal blank alignments: eight of them keep PyLD busy for most of a minute (perf.md)."""
    twin = {"type": ["Alignment"], "targetName": "x", "targetUrl": "https://a.example/t"}
    document = {
        "@context": list(OB_CONTEXTS),
        "id": "urn:uuid:1",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "result": [{"type": ["Result"], "alignment": [twin] * alike} for _ in range(2)],
        },
    }
    taken = []
    for _ in range(3):
        started = time.process_time()
        if alike > 4:
            with pytest.raises(BudgetExceeded) as refused:
                canonicalize(document, PINNED)
            assert refused.value.unit == "steps"
        else:
            canonicalize(document, PINNED)
        taken.append(time.process_time() - started)
    assert min(taken) < 0.1


def test_types_in_every_order_do_not_fill_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    from badgeissuer.vc.canon import tables

    store = ContextStore.of({url: PINNED.content(url) for url in PINNED.urls})
    monkeypatch.setattr(tables, "_MAX_KEPT", 600)
    names = ["Achievement", "Alignment", "Profile", "Evidence", "Result", "Related"]
    for order in itertools.permutations(names):
        document = {"@context": list(CLR_CONTEXTS), "id": "urn:a", "type": list(order)}
        quickly(document, store, budget=AMPLE)
    kept = tables.tables_of(store)
    assert kept._kept <= 600
    seen, pending = set[int](), [kept.root]
    while pending:
        table = pending.pop()
        if id(table) not in seen:
            seen.add(id(table))
            pending += [*table.local.values(), *(inner for inner, _ in table.typed.values())]
            assert len(table.typed) <= 600
