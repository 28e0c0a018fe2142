"""The short way to a document's statements is equal to the long one, or absent: never something else."""

from __future__ import annotations

import contextlib
import copy
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from badgeissuer.errors import BadgeissuerError, MalformedInput, TooLarge
from badgeissuer.vc import strictjson
from badgeissuer.vc.canon import Budget, Canonical, canonical, canonicalize, quickly, tables, walk
from badgeissuer.vc.canon.compiled import statements
from badgeissuer.vc.canon.dataset import Dataset
from badgeissuer.vc.contexts import CLR_CONTEXTS, OB_CONTEXTS, ContextStore
from badgeissuer.vc.faults import BudgetExceeded, MalformedJson
from tests.support import issued, mutations, records
from tests.support.shared import shared_path

PINNED = ContextStore.pinned()
GOLDEN = Path(__file__).parents[2] / "golden"
# More than any document here takes: what is compared are answers, not budgets.
AMPLE = Budget(max_bytes=2**24, max_quads=10**6, max_steps=10**6, bytes_per_quad=0)
Json = dict[str, Any]


class FewStatements(Budget):
    """Few statements, of as many values as there may be."""

    max_values = 10**6


GOOD: dict[str, Json] = {
    "badge": issued.signed(),
    "badge, all members": json.loads((GOLDEN / "badge-full.json").read_text()),
    "status list": json.loads((GOLDEN / "status-list-one-revoked.json").read_text()),
    "endorsement": records.signed_endorsement(),
    "learner record": records.signed_clr(),
}


EXAMPLES = {name: 25 if name == "learner record" else 100 for name in GOOD}


def the_long_way(document: Json, store: ContextStore = PINNED) -> Canonical:
    """The same function, without the short way."""
    text, budget = canonical._text_of(document, AMPLE)
    return canonical._the_long_way(text, store, budget, "sha256")


def walked(document: Json, store: ContextStore, *, max_quads: int = 10**6, max_values: int = 10**6) -> Dataset | None:
    text = strictjson.dumps(document)
    return statements(document, store, text=text, max_quads=max_quads, max_values=max_values)


def compare(document: Json, store: ContextStore = PINNED) -> bool:
    """Whether the short way was taken; if so, both are one."""
    short = quickly(document, store, budget=AMPLE)
    if short is None:
        return False
    assert short == the_long_way(document, store)
    return True


@pytest.mark.parametrize("name", GOOD)
def test_what_we_issue_takes_the_short_way(name: str) -> None:
    document = GOOD[name]
    assert compare(document)
    unsecured = {member: value for member, value in document.items() if member != "proof"}
    assert compare(unsecured)
    assert compare(dict(reversed(document.items())))


def test_options_of_a_proof_take_it_too() -> None:
    proof = dict(issued.signed()["proof"][0])
    del proof["proofValue"]
    assert compare({"@context": list(OB_CONTEXTS), **proof})


def test_on_the_standards_documents_both_ways_agree() -> None:
    ways = {True: 0, False: 0}
    for path in sorted(shared_path("standards").rglob("*.json")):
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            continue  # some are made to be no JSON
        if isinstance(document, dict) and "@context" in document:
            with contextlib.suppress(BudgetExceeded, MalformedJson):
                ways[compare(document)] += 1
    assert ways[True] >= 50
    assert ways[False] >= 50


@pytest.mark.parametrize("times", [1, pytest.param(20, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", GOOD)
def test_after_any_change_both_ways_agree_or_the_short_one_is_not_taken(name: str, times: int) -> None:
    text = json.dumps(GOOD[name])
    taken = 0

    @settings(
        max_examples=EXAMPLES[name] * times,
        derandomize=times == 1,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(mutations.mutated(text))
    def change(changed: str) -> None:
        nonlocal taken
        try:
            document = strictjson.loads_object(changed.encode("utf-8", "surrogatepass"), max_bytes=2**24)
            taken += compare(document)
        except (MalformedInput, MalformedJson, TooLarge, BudgetExceeded):
            return

    change()
    # Most changes leave an ordinary document.
    assert taken > EXAMPLES[name] * times / 6


def badge(**members: Any) -> Json:
    types = ["VerifiableCredential", "OpenBadgeCredential"]
    return {"@context": list(OB_CONTEXTS), "id": "urn:uuid:1", "type": types, **members}


def achieved(**members: Any) -> Json:
    return badge(
        credentialSubject={
            "type": ["AchievementSubject"],
            "achievement": {"id": "urn:a", "type": ["Achievement"], **members},
        }
    )


ORDINARY: dict[str, Json] = {
    "an id only": badge(issuer={"id": "urn:b"}),
    "a text where an object is named": badge(issuer="did:web:b.example"),
    "an id and its contexts only": badge(issuer={"id": "urn:b", "@context": OB_CONTEXTS[0]}),
    "an object without members": badge(issuer={}),
    "an empty array": badge(issuer=[]),
    "one thing twice": badge(issuer=["did:web:b.example", "did:web:b.example", {"id": "did:web:b.example"}]),
    "an empty text": badge(name=""),
    "marks that are escaped": badge(name='"\\\n\r\t/é😀\u00a0\u2028'),
    "a number where a text is due": badge(name=3),
    "a large number": badge(name=10**22),
    "a fraction": achieved(creditsAvailable=1.5),
    "a whole number as a fraction": achieved(creditsAvailable=3.0),
    "a truth value": badge(name=True),
    "a name from a vocabulary": badge(proof={"type": "DataIntegrityProof", "proofPurpose": "assertionMethod"}),
    "texts with languages": badge(name=[{"@value": "A", "@language": "en-US"}, {"@value": "B"}]),
    "contexts inside": badge(issuer={"@context": [CLR_CONTEXTS[0]], "id": "urn:b", "name": "B"}),
    "two types, in the other order": badge(type=["OpenBadgeCredential", "VerifiableCredential"]),
    "one type, no array": badge(type="OpenBadgeCredential"),
    "one type twice": badge(type=["VerifiableCredential", "VerifiableCredential"]),
    "no type": {"@context": OB_CONTEXTS[0], "id": "urn:a", "name": "B"},
    "no id": {"@context": list(OB_CONTEXTS), "type": ["OpenBadgeCredential"]},
    "one object under two members": badge(issuer={"id": "urn:b", "name": "B"}, evidence=[{"id": "urn:b", "name": "C"}]),
    "a proof in its own graph": badge(proof={"type": "DataIntegrityProof", "created": "2026-01-01T00:00:00Z"}),
    "two proofs": badge(proof=[{"type": "DataIntegrityProof", "id": f"urn:p{n}"} for n in (1, 2)]),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_these_are_ordinary(name: str) -> None:
    assert compare(ORDINARY[name])


UNUSUAL: dict[str, Json] = {
    "no context": {"id": "urn:a", "type": ["OpenBadgeCredential"]},
    "an unknown context": badge(**{"@context": [*OB_CONTEXTS, "https://a.example/c"]}),
    "an inline context": badge(**{"@context": [*OB_CONTEXTS, {"x": "urn:x"}]}),
    "a context that is nothing": badge(issuer={"@context": [], "id": "urn:b"}),
    "a context that is null": badge(issuer={"@context": None, "id": "urn:b"}),
    "nothing but an id": {"@context": list(OB_CONTEXTS), "id": "urn:a"},
    "nothing at all": {"@context": list(OB_CONTEXTS)},
    "a member that no context defines": badge(grade="A"),
    "a keyword": badge(**{"@id": "urn:a"}),
    "an inner keyword": badge(issuer={"@graph": []}),
    "a name with a colon": badge(**{"x:y": "A"}),
    "null": badge(name=None),
    "a type that is null": badge(type=None),
    "no types": badge(type=[]),
    "an unknown type": badge(type=["VerifiableCredential", "Diploma"]),
    "a type that is no text": badge(type=["OpenBadgeCredential", 3]),
    "a type that is an array": badge(type=[["OpenBadgeCredential"]]),
    "a type by its IRI": badge(type=["https://a.example/T"]),
    "an id that is null": badge(id=None),
    "an id that is relative": badge(id="a"),
    "an id that no scheme begins": badge(id="x:y"),
    "an id that is no text": badge(id=3),
    "a blank node's id": badge(issuer={"id": "_:b"}),
    "an id with a space": badge(issuer="urn:a b"),
    "an array in an array": badge(name=[["A"]]),
    "a control character": badge(name="A\x00"),
    "a control character with a language": badge(name={"@value": "A\x01", "@language": "en"}),
    "a malformed language": badge(name={"@value": "A", "@language": "e_n"}),
    "a language that is no text": badge(name={"@value": "A", "@language": 3}),
    "a value that is a number": badge(name={"@value": 3}),
    "a value with a datatype": badge(name={"@value": "A", "@type": "urn:t"}),
    "a text where a proof is due": badge(proof="A"),
    "a number where a proof is due": badge(proof=3),
    "a value where a proof is due": badge(proof={"@value": "A"}),
    "a proof that is an id only": badge(proof={"id": "urn:p"}),
    "a number where an IRI is due": badge(issuer=3),
    "a name that no vocabulary has": badge(proof={"type": "DataIntegrityProof", "proofPurpose": "some purpose"}),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_these_go_the_long_way(name: str) -> None:
    document = UNUSUAL[name]
    if name == "a number where an IRI is due":
        # JSON-LD makes a number's literal of it, on both ways.
        assert compare(document)
        return
    assert quickly(document, PINNED, budget=AMPLE) is None
    # By it they are accepted whole, told with their losses, or refused; and the caller of both sees that.
    try:
        long = the_long_way(document)
    except BadgeissuerError as error:
        with pytest.raises(type(error)):
            canonicalize(document, PINNED, budget=AMPLE)
    else:
        assert canonicalize(document, PINNED, budget=AMPLE) == long


# --- contexts that only others would write ----------------------------------------------------------------------------


def store_of(**terms: Any) -> ContextStore:
    context = {"@version": 1.1, "id": "@id", "type": "@type", **terms}
    return ContextStore.of({"urn:c": json.dumps({"@context": context}).encode()})


OTHERS: dict[str, tuple[dict[str, Any], Json, bool]] = {
    "a list": ({"x": {"@id": "urn:x", "@container": "@list"}}, {"x": ["a", 1, "a"]}, True),
    "an empty list": ({"x": {"@id": "urn:x", "@container": "@list"}}, {"x": []}, True),
    "one value for a list": ({"x": {"@id": "urn:x", "@container": "@list"}}, {"x": "a"}, True),
    "a list of graphs": ({"x": {"@id": "urn:x", "@container": ["@list", "@graph"]}}, {"x": [{"id": "urn:b"}]}, False),
    "a set": ({"x": {"@id": "urn:x", "@container": "@set"}}, {"x": "a"}, True),
    "a language of a term": ({"x": {"@id": "urn:x", "@language": "ES"}}, {"x": "a"}, True),
    "a malformed language of a term": ({"x": {"@id": "urn:x", "@language": "e_s"}}, {"x": "a"}, False),
    "a language of the context": ({"@language": "es", "x": "urn:x"}, {"x": "a"}, True),
    "no language of a term": ({"@language": "es", "x": {"@id": "urn:x", "@language": None}}, {"x": "a"}, True),
    "a direction": ({"x": {"@id": "urn:x", "@direction": "rtl"}}, {"x": "a"}, False),
    "a direction of the context": ({"@direction": "rtl", "x": "urn:x"}, {"x": "a"}, False),
    "a vocabulary": ({"@vocab": "urn:v:", "x": "urn:x"}, {"x": "a"}, False),
    "a base": ({"@base": "urn:v:", "x": {"@id": "urn:x", "@type": "@id"}}, {"x": "urn:a"}, False),
    "another name for a keyword": ({"g": "@graph", "x": "urn:x"}, {"x": "a"}, False),
    "another name for ids": ({"uri": "@id", "x": "urn:x"}, {"x": "a"}, False),
    "id as a property": ({"id": "urn:id", "x": "urn:x"}, {"x": "a"}, False),
    "type as a property": ({"type": "urn:type", "x": "urn:x"}, {"type": "x", "x": "a"}, False),
    "a term that is put off": ({"x": None, "y": "urn:y"}, {"y": "a"}, True),
    "a term that is put off, used": ({"x": None, "y": "urn:y"}, {"x": "a", "y": "a"}, False),
    "a prefix that is a scheme": ({"http": "urn:h:", "x": "urn:x"}, {"x": "a"}, False),
    "a reverse": ({"x": {"@reverse": "urn:x"}}, {"x": {"id": "urn:b"}}, False),
    "a map by index": ({"x": {"@id": "urn:x", "@container": "@index"}}, {"x": {"a": "b"}}, False),
    "JSON": ({"x": {"@id": "urn:x", "@type": "@json"}}, {"x": {"a": "b"}}, False),
    "a type that is none": ({"x": {"@id": "urn:x", "@type": "@none"}}, {"x": "a"}, False),
    "doubles": ({"x": {"@id": "urn:x", "@type": "http://www.w3.org/2001/XMLSchema#double"}}, {"x": "1.5"}, False),
    "a datatype": ({"x": {"@id": "urn:x", "@type": "urn:t"}}, {"x": ["1.5", 1.5, True]}, True),
    "a datatype with a space": ({"x": {"@id": "urn:x", "@type": "urn:t t"}}, {"x": "1"}, False),
    "a datatype that would end its own brackets": ({"x": {"@id": "urn:x", "@type": "urn:t>t"}}, {"x": "1"}, False),
    "a predicate that is a blank node": ({"x": "_:x"}, {"x": "a"}, False),
    "a type that is a blank node": ({"T": "_:t", "x": "urn:x"}, {"type": "T", "x": "a"}, False),
    "a predicate with a space": ({"x": "urn:x y"}, {"x": "a"}, False),
    "a type with a space": ({"T": "urn:t t", "x": "urn:x"}, {"type": "T", "x": "a"}, False),
    "names of a vocabulary": (
        {"x": {"@id": "urn:x", "@type": "@vocab"}, "One": "urn:one"},
        {"x": ["One", "urn:three"]},
        True,
    ),
    "a name of a vocabulary with a space": (
        {"x": {"@id": "urn:x", "@type": "@vocab"}, "Two": "urn:two two"},
        {"x": ["Two"]},
        False,
    ),
    "a term's own context": (
        {"x": {"@id": "urn:x", "@context": {"y": "urn:inner:y"}}, "y": "urn:y"},
        {"x": {"y": "a"}, "y": "b"},
        True,
    ),
    "a type's own context": (
        {"T": {"@id": "urn:T", "@context": {"y": "urn:T:y"}}, "x": "urn:x", "y": "urn:y"},
        {"type": "T", "y": "a", "x": {"y": "b"}},
        True,
    ),
    "a type's own context that stays": (
        {"T": {"@id": "urn:T", "@context": {"@propagate": True, "y": "urn:T:y"}}, "x": "urn:x", "y": "urn:y"},
        {"type": "T", "y": "a", "x": {"y": "b"}},
        True,
    ),
    "a term's context that does not stay": (
        {"x": {"@id": "urn:x", "@context": {"@propagate": False, "y": "urn:x:y"}}, "y": "urn:y"},
        {"x": {"y": "a", "x": {"y": "b"}}},
        True,
    ),
    "a term's own context that is null": (
        {"x": {"@id": "urn:x", "@context": None}, "y": "urn:y"},
        {"x": {"y": "a"}, "y": "b"},
        False,
    ),
    "a type's own context that is wrong": (
        {"T": {"@id": "urn:T", "@context": {"y": "y"}}, "x": "urn:x"},
        {"type": "T", "x": "a"},
        False,
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_contexts_that_only_others_would_write(name: str) -> None:
    terms, members, short = OTHERS[name]
    store = store_of(**terms)
    document = {"@context": "urn:c", "id": "urn:a", **members}
    assert compare(document, store) is short


# --- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "members",
    [
        {"name": [f"name {n}" for n in range(50)]},
        {"evidence": [{"id": f"urn:{n}", "name": "e"} for n in range(50)]},
        dict.fromkeys(("name", "description", "validFrom", "validUntil", "awardedDate"), "A"),
    ],
)
def test_it_stops_at_the_statement_that_is_one_too_many(members: Json) -> None:
    count = canonicalize(badge(**members), PINNED).quads
    made = walked(badge(**members), PINNED, max_quads=count)
    assert made is not None
    assert len(made) == count
    for most in (count - 1, 2):
        with pytest.raises(BudgetExceeded) as refused:
            canonicalize(badge(**members), PINNED, budget=FewStatements(max_quads=most))
        assert refused.value.unit == "statements"
        assert most < refused.value.spent <= most + 20


def test_a_long_list_stops_too() -> None:
    store = store_of(x={"@id": "urn:x", "@container": "@list"})
    document = {"@context": "urn:c", "x": list(range(50))}
    assert walked(document, store, max_quads=20) is None
    with pytest.raises(BudgetExceeded):
        walked(document, store, max_quads=90)
    assert walked(document, store, max_values=20) is None


def test_what_looks_alike_is_left_to_where_it_can_be_ended() -> None:
    twin = {"type": ["Alignment"], "targetName": "x"}
    results = [{"type": ["Result"], "alignment": [twin] * 4} for _ in range(2)]
    document = badge(credentialSubject={"type": ["AchievementSubject"], "result": results})
    assert quickly(document, PINNED) is None
    with pytest.raises(BudgetExceeded, match=r"steps|alike"):
        canonicalize(document, PINNED, budget=Budget(max_steps=300))
    with pytest.raises(BudgetExceeded, match="longer than"):
        quickly(document, PINNED, budget=Budget(max_bytes=10))


def test_depth_ends_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_stack(*_arguments: object, **_options: object) -> None:
        raise RecursionError

    monkeypatch.setattr(canonical, "canonize_dataset", out_of_stack)
    with pytest.raises(BudgetExceeded, match="nested too deeply"):
        quickly(badge(), PINNED)
    nested: Json = {"id": "urn:a"}
    for _ in range(2_000):
        nested = {"id": "urn:a", "parentOrg": nested}
    assert statements(badge(issuer=nested), PINNED, text="", max_quads=10**6, max_values=10**6) is None


def test_one_document_cannot_have_much_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for most in (1, 20, 60):
        monkeypatch.setattr(walk, "_NEW", most)
        assert quickly(GOOD["badge, all members"], ContextStore.of(_pinned_bytes())) is None
    store = ContextStore.of(_pinned_bytes())
    while quickly(GOOD["badge, all members"], store) is None:
        # What was found is kept, so that the next documents find more.
        continue


def _pinned_bytes() -> dict[str, bytes]:
    return {url: json.dumps(PINNED.document(url)).encode() for url in PINNED.urls}


def test_tables_are_forgotten_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    store = ContextStore.of(_pinned_bytes())
    document = GOOD["badge, all members"]
    expected = the_long_way(document)
    for most in (1, 3):
        monkeypatch.setattr(tables, "_MAX_TABLES", most)
        for _ in range(3):
            found = quickly(document, store, budget=AMPLE)
            assert found is not None
            assert found.nquads == expected.nquads


def test_threads_share_the_tables() -> None:
    store = ContextStore.of(_pinned_bytes())
    documents = list(GOOD.values())
    expected = [the_long_way(document).nquads for document in documents]
    answers: list[list[bytes | None]] = []

    def work() -> None:
        found = [quickly(copy.deepcopy(document), store, budget=AMPLE) for document in documents * 5]
        answers.append([form.nquads if form is not None else None for form in found])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected * 5] * 4
