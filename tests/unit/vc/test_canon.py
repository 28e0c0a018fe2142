"""The canonical form: equal to stock PyLD where that is right, complete about losses, and bounded in work."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyld import jsonld

from badgeissuer.vc import strictjson
from badgeissuer.vc.canon import (
    BADGE_BUDGET,
    FOREIGN_BUDGET,
    Budget,
    canonical,
    canonicalize,
    equal_siblings,
    expansion,
    source_digest,
)
from badgeissuer.vc.contexts import OB_CONTEXTS, OB_EXTENSIONS, ContextStore, UnknownContext
from badgeissuer.vc.faults import BudgetExceeded, MalformedJson, NotCanonical
from tests.support.shared import shared_path

PINNED = ContextStore.pinned()
Document = dict[str, Any]
ACHIEVEMENT = "/credentialSubject/achievement"


def stock_pyld(document: Document, store: ContextStore = PINNED) -> bytes:
    """What PyLD says without any of our code: a fresh resolver, no memory, its own to_rdf and normalize."""

    def load(url: str, _options: object) -> Document:
        return {
            "contentType": "application/ld+json",
            "contextUrl": None,
            "documentUrl": url,
            "document": store.document(url),
        }

    options = {"base": None, "algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
    text: str = jsonld.normalize(document, options)
    return text.encode()


def badge(**changes: Any) -> Document:
    document: Document = {
        "@context": list(OB_CONTEXTS),
        "id": "urn:uuid:2b5f3c1e-0000-4000-8000-000000000001",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": 'Réading "coach"\n',
        "issuer": {"id": "did:web:a.example:issuers:a", "type": ["Profile"], "name": "A"},
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {"type": "IdentityObject", "hashed": True, "identityHash": "sha256$00", "identityType": "emailAddress"}
            ],
            "achievement": {
                "id": "https://a.example/achievements/1",
                "type": ["Achievement"],
                "name": "Coach",
                "description": "d",
                "criteria": {"narrative": "n"},
                "creditsAvailable": 1.5,
                "alignment": [{"type": ["Alignment"], "targetName": "t", "targetUrl": "https://b.example/t"}],
            },
            "result": [{"type": ["Result"], "value": "3", "resultDescription": "urn:uuid:5"}],
        },
        "evidence": [{"id": "https://a.example/e/1", "type": ["Evidence"], "name": "video"}],
    }
    document.update(changes)
    return document


def at(path: str, value: Any) -> Document:
    """The badge with one value set."""
    document = badge()
    target: Any = document
    *way, last = path.strip("/").split("/")
    for step in way:
        target = target[int(step)] if isinstance(target, list) else target[step]
    target[int(last) if isinstance(target, list) else last] = value
    return document


# --- equality with stock PyLD ---------------------------------------------------------------------------------------


def test_a_badge_is_canonicalised_as_by_pyld_and_nothing_is_lost() -> None:
    canonical = canonicalize(badge(), PINNED)
    assert canonical.nquads == stock_pyld(badge())
    assert canonical.quads == canonical.nquads.count(b"\n") == 32
    assert (canonical.dropped, canonical.relative) == ((), ())
    assert canonical.source == source_digest(badge())
    assert canonicalize(dict(reversed(badge().items())), PINNED).nquads == canonical.nquads
    assert canonical.sha256 == hashlib.sha256(stock_pyld(badge())).digest()


def test_every_published_sample_is_canonicalised_as_by_pyld() -> None:
    root = shared_path("standards/samples")
    documents: dict[str, bytes] = {}
    folder = shared_path("standards/contexts")
    for entry in json.loads((folder / "index.json").read_text()):
        documents.setdefault(entry["url"], (folder / entry["file"]).read_bytes())
    store = ContextStore.of(documents)
    compared = 0
    for path in sorted(root.glob("*/*/*.json")):
        document = json.loads(path.read_text())
        if not isinstance(document, dict):
            continue
        try:
            ours = canonicalize(document, store, budget=FOREIGN_BUDGET)
        except (NotCanonical, UnknownContext):
            continue  # inline contexts, contexts that nobody publishes, invalid JSON-LD
        assert ours.nquads == stock_pyld(document, store), path.name
        compared += 1
    assert compared >= 70


_NAMES = st.sampled_from(["a", "b", "é😀", "line\nbreak", 'tab\t"quoted" \\', ""])
_EVIDENCE = st.fixed_dictionaries(
    {"type": st.just(["Evidence"])},
    optional={"id": st.sampled_from(["https://a.example/e/1", "urn:uuid:2"]), "name": _NAMES, "audience": _NAMES},
)
_RESULT = st.fixed_dictionaries({"type": st.just(["Result"]), "value": _NAMES})
_ENDORSEMENT = st.fixed_dictionaries(
    {
        "@context": st.just(list(OB_CONTEXTS)),
        "id": st.sampled_from(["urn:uuid:3", "urn:uuid:4"]),
        "type": st.just(["VerifiableCredential", "EndorsementCredential"]),
        "issuer": st.just({"id": "did:web:b.example", "type": ["Profile"]}),
        "credentialSubject": st.fixed_dictionaries(
            {"id": st.just("urn:uuid:6"), "type": st.just(["EndorsementSubject"]), "endorsementComment": _NAMES}
        ),
        "proof": st.lists(
            st.fixed_dictionaries({"type": st.just("DataIntegrityProof"), "proofValue": _NAMES}), min_size=1, max_size=2
        ),
    }
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(_EVIDENCE, max_size=4),
    st.lists(_RESULT, max_size=4),
    st.lists(_ENDORSEMENT, max_size=2),
    st.one_of(
        st.none(), st.integers(-5, 5), st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-6)
    ),
    st.randoms(use_true_random=False),
)
def test_random_badges_are_canonicalised_as_by_pyld(
    evidence: list[Document], results: list[Document], endorsements: list[Document], credits: Any, random: Any
) -> None:
    document = badge(evidence=evidence, endorsement=endorsements)
    document["credentialSubject"]["result"] = results
    if credits is not None:
        document["credentialSubject"]["creditsEarned"] = credits
    before = copy.deepcopy(document)
    canonical = canonicalize(document, PINNED)
    assert document == before
    assert canonical.nquads == stock_pyld(document)
    assert (canonical.dropped, canonical.relative) == ((), ())
    # The order of members and of array items that are sets changes nothing.
    members = list(document.items())
    random.shuffle(members)
    random.shuffle(evidence)
    assert canonicalize(dict(members), PINNED).nquads == canonical.nquads


# --- what would be lost ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "dropped", "pointers"),
    [
        (at("/foo", 1), ("foo",), ("/foo",)),
        (at("/@foo", 1), ("@foo",), ("/@foo",)),
        (at("/a~b", {"name": "x"}), ("a~b",), ("/a~0b",)),
        (at("/issuer/foo", {"bar": 1}), ("foo",), ("/issuer/foo",)),
        (at(f"{ACHIEVEMENT}/alignment/0/foo", []), ("foo",), (f"{ACHIEVEMENT}/alignment/0/foo",)),
        (at("/evidence/0/foo", None), ("foo",), ("/evidence/0/foo",)),
        # The same word where it is defined and where it is not: the pointer tells which.
        (at("/credentialSubject/evidence", [{"id": "urn:1"}]), ("evidence",), ("/credentialSubject/evidence",)),
        (at(f"{ACHIEVEMENT}/name", {"en": "Coach"}), ("en",), (f"{ACHIEVEMENT}/name/en",)),
        # Terms of a type, in an object that does not say its type.
        (at("/evidence/0", {"id": "urn:1", "name": "x", "genre": "y"}), ("genre",), ("/evidence/0/genre",)),
        (at("/credentialSubject/result/0", {"value": "3"}), ("value",), ("/credentialSubject/result/0/value",)),
        (
            at("/credentialSubject/type", []),
            ("achievement", "identifier", "result"),
            (ACHIEVEMENT, "/credentialSubject/identifier", "/credentialSubject/result"),
        ),
        (at("/name", {"@value": None}), ("name",), ("/name",)),
        (at("/name", {"@language": "en"}), ("name",), ("/name",)),
        (at("/name", {"@value": "x", "@language": "en", "@direction": "ltr"}), ("@direction",), ("",)),
        (at("/name", {"@value": "x", "@index": "i"}), ("@index",), ("",)),
        (at("/issuer/@index", "i"), ("@index",), ("",)),
        # A lone id or value inside a graph makes no statement.
        (at("/proof", [{"id": "urn:uuid:9"}]), ("@id",), ("",)),
        (at("/proof", [5]), ("@value",), ("",)),
        (at("/foo>", 1), ("foo>",), ("/foo>",)),
        (at("/urn:a>b", 1), ("urn:a>b",), ("",)),
    ],
)
def test_every_loss_is_told(document: Document, dropped: tuple[str, ...], pointers: tuple[str, ...]) -> None:
    canonical = canonicalize(document, PINNED)
    assert sorted(zip(canonical.dropped, canonical.dropped_at, strict=True)) == sorted(
        zip(dropped, pointers, strict=True)
    )
    assert canonical.relative == ()


def test_thousands_of_losses_are_found_in_one_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    walks: list[object] = []
    strings = strictjson.strings

    def counted(value: object, pointer: str = "") -> Iterator[tuple[str, str]]:
        walks.append(value)
        return strings(value, pointer)

    monkeypatch.setattr(strictjson, "strings", counted)
    document = badge(evidence=[{"id": f"relative-{n}", "type": ["Evidence", f"T{n}"]} for n in range(300)])
    canonical = canonicalize(document, PINNED, budget=FOREIGN_BUDGET)
    assert len(canonical.relative) == 600
    assert canonical.relative_at[0] == "/evidence/0/id"
    assert len(walks) == 1


@pytest.mark.parametrize("keyword", ["@language", "@direction", "@base", "@json"])
@pytest.mark.parametrize("value", ["x", 1])
def test_a_keyword_out_of_place_is_a_typed_error(keyword: str, value: object) -> None:
    """PyLD lets them pass. An error of another kind would end the worker."""
    with pytest.raises(NotCanonical):
        canonicalize(badge(evidence=[{"type": ["Evidence"], keyword: value}]), PINNED)


def test_types_of_the_extensions_need_their_context() -> None:
    schema = {"id": "https://a.example/s", "type": "1EdTechJsonSchemaValidator2019"}
    without = canonicalize(badge(credentialSchema=[schema]), PINNED)
    assert without.relative == ("type 1EdTechJsonSchemaValidator2019",)
    assert without.relative_at == ("/credentialSchema/0/type",)
    whole = canonicalize(badge(**{"@context": [*OB_CONTEXTS, OB_EXTENSIONS], "credentialSchema": [schema]}), PINNED)
    assert (whole.dropped, whole.relative) == ((), ())
    assert whole.quads == without.quads + 1


@pytest.mark.parametrize(
    ("document", "relative", "pointer"),
    [
        (at("/id", "abc"), "id abc", "/id"),
        (at("/id", ""), "id ", "/id"),
        (at("/id", "//a.example/x"), "id //a.example/x", "/id"),
        (at("/credentialSubject/id", "did web"), "id did web", "/credentialSubject/id"),
        (at("/issuer", "issuer-1"), "id issuer-1", "/issuer"),
        (at("/type", ["VerifiableCredential", "OpenBadgeCredential", "Foo"]), "type Foo", "/type/2"),
        (
            at("/credentialStatus", {"type": "BitstringStatusListEntry", "statusListCredential": "l1"}),
            "id l1",
            "/credentialStatus/statusListCredential",
        ),
        (at("/id", "urn:a\n"), "id urn:a\n", "/id"),
        (at("/id", "urn:a>"), "id urn:a>", "/id"),
        (at("/id", 'urn:a"'), 'id urn:a"', "/id"),
        (at("/id", "urn:a\\b"), "id urn:a\\b", "/id"),
        (at("/id", "urn:\u00a0"), "id urn:\u00a0", "/id"),
        (at("/issuer", "@foo"), "id @", ""),
    ],
)
def test_ids_and_types_must_be_absolute_iris(document: Document, relative: str, pointer: str) -> None:
    canonical = canonicalize(document, PINNED)
    assert (canonical.relative, canonical.relative_at) == ((relative,), (pointer,))
    # Nothing of the relative name gets into what is signed.
    assert b"example.org/base" not in canonical.nquads
    assert relative.partition(" ")[2].encode() + b">" not in canonical.nquads or relative == "id "


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("character", ["\x01", "\x08", "\x0b", "\x0c", "\x1f", "\x7f"])
def test_control_characters_that_pyld_writes_raw(character: str) -> None:
    with pytest.raises(NotCanonical) as caught:
        canonicalize(at("/evidence/0/name", f"a{character}"), PINNED)
    assert [fault.pointer for fault in caught.value.faults] == ["/evidence/0/name"]


def test_tab_and_line_ends_have_one_form() -> None:
    assert b'"a\\tb\\r\\n"' in canonicalize(badge(name="a\tb\r\n"), PINNED).nquads


@pytest.mark.parametrize(
    ("document", "pointers"),
    [
        (at("/id", "_:b0"), ["/id"]),
        (at("/type", ["VerifiableCredential", "_:x"]), ["/type/1"]),
        (at("/_:p", "x"), ["/_:p"]),
        (at("/evidence/0/id", "_:e"), ["/evidence/0/id"]),
        (at("/name", {"@value": "x", "@language": "en> .\n<urn:a"}), ["/name/@language"]),
        (at("/name", {"@value": "x", "@type": "urn:a>b"}), ["/name/@type"]),
        (at("/name", {"@value": 2**60, "@type": "@json"}), ["/name/@type"]),
    ],
)
def test_what_could_break_out_of_the_nquads_is_refused(document: Document, pointers: list[str]) -> None:
    with pytest.raises(NotCanonical) as caught:
        canonicalize(document, PINNED)
    assert [fault.pointer for fault in caught.value.faults] == pointers


def test_inline_contexts_are_refused_wherever_they_stand() -> None:
    document = badge(**{"@context": [*OB_CONTEXTS, {"foo": "urn:foo"}]})
    document["credentialSubject"]["achievement"]["@context"] = {"@vocab": "urn:"}
    document["evidence"][0]["@context"] = None
    with pytest.raises(NotCanonical) as caught:
        canonicalize(document, PINNED)
    assert [fault.pointer for fault in caught.value.faults] == [
        "/@context/2",
        "/credentialSubject/achievement/@context",
        "/evidence/0/@context",
    ]


def test_unknown_contexts_are_all_named_and_never_fetched() -> None:
    document = badge(**{"@context": [*OB_CONTEXTS, "https://c.example/1"]})
    document["evidence"][0]["@context"] = "https://c.example/2"
    with pytest.raises(UnknownContext) as caught:
        canonicalize(document, PINNED)
    assert [fault.pointer for fault in caught.value.faults] == ["/@context/2", "/evidence/0/@context"]


def test_a_context_that_a_pinned_one_names_is_not_fetched_either() -> None:
    store = ContextStore.of({"urn:c": b'{"@context":{"x":{"@id":"urn:x","@context":"https://c.example/3"}}}'})
    with pytest.raises((UnknownContext, NotCanonical)):
        canonicalize({"@context": "urn:c", "x": {"x": "1"}}, store)
    store = ContextStore.of({"urn:c": b'{"@context":["https://c.example/4",{"x":"urn:x"}]}'})
    with pytest.raises(UnknownContext):
        canonicalize({"@context": "urn:c", "x": "1"}, store)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (at("/id", None), "invalid @id value"),
        (at("/id", ["urn:a", "urn:b"]), "invalid @id value"),
        (at("/type", {"a": 1}), "invalid type value"),
        (at("/name", {"@value": {"a": 1}}), "invalid value object value"),
        ({"@context": "urn:nothing"}, None),
        (at("/name", {"@value": "x", "@type": 5}), None),
    ],
)
def test_invalid_json_ld_is_a_typed_error(document: Document, problem: str | None) -> None:
    store = PINNED.with_documents({"urn:nothing": b"{}"})
    with pytest.raises(NotCanonical) as caught:
        canonicalize(document, store)
    assert problem is None or caught.value.detail == f"the document is not valid JSON-LD: {problem}"


def test_a_document_without_any_statement_is_refused_with_what_it_lost() -> None:
    with pytest.raises(NotCanonical, match="nothing in the document") as caught:
        canonicalize({"@context": list(OB_CONTEXTS), "foo": 1, "id": "urn:a"}, PINNED)
    assert {fault.pointer for fault in caught.value.faults} == {"", "/foo"}


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(MalformedJson):
        canonicalize(badge(name=float("nan")), PINNED)
    with pytest.raises(MalformedJson):
        canonicalize(badge(name="\ud800"), PINNED)


# --- budgets --------------------------------------------------------------------------------------------------------


def poison(results: int, alignments: int) -> Document:
    """Small, harmless to look at, and beyond any time for an algorithm that does not count."""
    alignment = {"type": ["Alignment"], "targetName": "x", "targetUrl": "https://b.example/x"}
    result = {"type": ["Result"], "alignment": [alignment] * alignments}
    return badge(credentialSubject={"type": ["AchievementSubject"], "result": [result] * results})


@pytest.mark.parametrize("budget", [BADGE_BUDGET, FOREIGN_BUDGET])
def test_poison_is_refused_by_count(budget: Budget) -> None:
    with pytest.raises(BudgetExceeded, match=f"more than {budget.max_steps} steps") as caught:
        canonicalize(poison(2, 8), PINNED, budget=budget)
    assert caught.value.code == "budget-exceeded"


def test_an_ordinary_badge_takes_no_step_and_a_few_equal_parts_take_few() -> None:
    canonicalize(badge(), PINNED, budget=Budget(max_steps=0))
    document = poison(1, 6)
    assert canonicalize(document, PINNED, budget=Budget(max_steps=40)).nquads == stock_pyld(document)
    with pytest.raises(BudgetExceeded):
        canonicalize(document, PINNED, budget=Budget(max_steps=5))
    assert canonicalize(poison(2, 3), PINNED).nquads == stock_pyld(poison(2, 3))


def test_size_and_number_of_statements_are_limits() -> None:
    assert canonicalize(badge(), PINNED, budget=Budget(max_quads=32)).quads == 32
    with pytest.raises(BudgetExceeded, match="more than 31 statements"):
        canonicalize(badge(), PINNED, budget=Budget(max_quads=31))
    size = len(json.dumps(badge(), ensure_ascii=False, separators=(",", ":")).encode())
    canonicalize(badge(), PINNED, budget=Budget(max_bytes=size))
    for less in (size - 1, size // 2):
        with pytest.raises(BudgetExceeded, match="longer than"):
            canonicalize(badge(), PINNED, budget=Budget(max_bytes=less))


def test_nesting_beyond_the_stack_is_a_typed_error() -> None:
    nested: Document = {"id": "urn:a"}
    for _ in range(300):
        nested = {"id": "urn:a", "type": ["Profile"], "parentOrg": nested}
    with pytest.raises((BudgetExceeded, NotCanonical)):
        canonicalize({**badge(), "issuer": nested}, PINNED, budget=FOREIGN_BUDGET)
    # What the contexts do not define is not expanded, but it is written, read and searched: some depth is too much.
    plain: Document = {}
    for depth in range(1_000):
        plain = {"x": plain}
        if depth > 600 and depth % 10 == 0:
            with pytest.raises((BudgetExceeded, MalformedJson, NotCanonical)):
                canonicalize(plain, PINNED, budget=FOREIGN_BUDGET)


def test_a_stack_that_ends_elsewhere_is_a_typed_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_stack(*_arguments: object, **_options: object) -> None:
        raise RecursionError

    # The JSON encoder meets the end of the stack first, so the line behind it is replaced.
    monkeypatch.setattr(canonical, "statements", out_of_stack)
    with pytest.raises(BudgetExceeded, match="nested too deeply"):
        canonicalize(badge(), PINNED)


def test_equal_siblings_are_pointed_at() -> None:
    assert equal_siblings(badge()) == []
    assert equal_siblings(poison(2, 2)) == [
        "/credentialSubject/result/1",
        "/credentialSubject/result/0/alignment/1",
        "/credentialSubject/result/1/alignment/1",
    ]
    with_ids = badge(evidence=[{"id": "urn:1"}, {"id": "urn:1"}, {"@id": "urn:1"}, {"@id": "urn:1"}])
    assert equal_siblings(with_ids) == []
    assert equal_siblings({"a/b": ({"x": 1, "y": 2}, {"y": 2, "x": 1}, {"x": 1})}) == ["/a~1b/1"]


# --- contexts of one store are nobody else's ------------------------------------------------------------------------


def test_two_stores_with_other_content_under_one_url_never_mix() -> None:
    document = {"@context": "urn:c", "id": "urn:a", "x": "1"}
    first = ContextStore.of({"urn:c": b'{"@context":{"x":"urn:first","id":"@id"}}'})
    second = ContextStore.of({"urn:c": b'{"@context":{"x":"urn:second","id":"@id"}}'})
    forms = [canonicalize(document, store).nquads for store in (first, second, first, second)]
    assert forms == [b'<urn:a> <urn:first> "1" .\n', b'<urn:a> <urn:second> "1" .\n'] * 2


def test_processed_contexts_are_remembered_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "_MAX_REMEMBERED", 3)
    store = PINNED.with_documents({})
    for _ in range(2):
        assert canonicalize(badge(), store).nquads == stock_pyld(badge())
    assert len(expansion.expander_of(store)._remembered) <= 3


# --- the corners of JSON-LD that no badge of ours uses --------------------------------------------------------------

CORNERS = ContextStore.of(
    {
        "urn:c": json.dumps(
            {
                "@context": {
                    "@version": 1.1,
                    "id": "@id",
                    "type": "@type",
                    "p": "urn:p",
                    "q": "urn:q",
                    "gone": None,
                    "list": {"@id": "urn:list", "@container": "@list"},
                    "json": {"@id": "urn:json", "@type": "@json"},
                    "double": {"@id": "urn:double", "@type": "http://www.w3.org/2001/XMLSchema#double"},
                    "of": {"@reverse": "urn:p"},
                    "by": {"@id": "urn:by", "@container": "@index"},
                    "said": {"@id": "urn:said", "@container": "@language"},
                    "graph": {"@id": "urn:graph", "@container": "@graph"},
                    "ref": {"@id": "urn:ref", "@type": "@id"},
                }
            }
        ).encode()
    }
)


@pytest.mark.parametrize(
    "members",
    [
        {"p": [1, 1.0, "1", True, False, 2.5, -0.25, 1e21, 123456789012345678, 1e300, 5e-324, 0.1]},
        {"p": ["a", "a", {"@value": "a"}], "q": {"id": "urn:b"}},
        {"list": [1, {"p": "x"}, {"id": "urn:b"}]},
        {"list": []},
        {"p": {"@list": [{"@list": ["x"]}, []]}},
        {"p": {"@set": ["x", "y"]}},
        {"json": {"b": [1, None, "\u0007"], "a": {}}},
        {"double": ["3", "x", 3, 1.5, "1e400"]},
        {"of": [{"id": "urn:b", "q": "x"}]},
        {"@reverse": {"urn:p": [{"id": "urn:b"}, {"q": "y"}]}},
        {"said": {"en": "x", "DE": ["y"]}},
        {"graph": [{"id": "urn:b", "p": "x"}, {"p": {"q": "y"}}]},
        {"@included": [{"id": "urn:b", "p": "x"}]},
        {"p": {"@value": "x", "@language": "EN-gb"}},
        {"p": {"@value": "x", "@type": "urn:t"}},
        {"type": ["urn:T", "urn:T"]},
        {"p": {}},
        {"p": [], "q": "x"},
    ],
    ids=lambda members: next(iter(members)),
)
def test_corners_are_as_in_pyld(members: Document) -> None:
    document = {"@context": "urn:c", "id": "urn:a", **members}
    canonical = canonicalize(document, CORNERS)
    # PyLD repeats a statement that is made twice; a dataset is a set (RDF 1.1 §3).
    assert canonical.nquads == b"".join(sorted(set(stock_pyld(document, CORNERS).splitlines(keepends=True))))
    assert (canonical.dropped, canonical.relative) == ((), ())


def two_equal_lists(length: int) -> Document:
    """Two chains of blank nodes that look alike from end to end."""
    return {"@context": "urn:c", "id": "urn:a", "p": [{"@list": ["x"] * length}, {"@list": ["x"] * length}]}


def test_long_chains_that_look_alike() -> None:
    assert canonicalize(two_equal_lists(40), CORNERS).nquads == stock_pyld(two_equal_lists(40), CORNERS)
    with pytest.raises(BudgetExceeded, match="steps"):
        canonicalize(two_equal_lists(400), CORNERS)
    with pytest.raises(BudgetExceeded, match="nested too deeply"):
        canonicalize(two_equal_lists(1500), CORNERS, budget=Budget(8 * 1024 * 1024, 300_000, 20_000, 0))


def test_a_short_text_cannot_buy_work_with_members() -> None:
    budget = Budget(8 * 1024 * 1024, 300_000, 300_000)
    assert budget.within(0) == Budget(8 * 1024 * 1024, BADGE_BUDGET.max_quads, BADGE_BUDGET.max_steps)
    assert budget.within(8_000).max_quads == budget.within(8_000).max_steps == 3_000
    assert budget.within(8 * 1024 * 1024) == budget
    assert (BADGE_BUDGET.within(1_000_000), Budget(1, 2, 3, 0).within(1)) == (BADGE_BUDGET, Budget(1, 2, 3, 0))
    document = two_equal_lists(800)
    size = len(strictjson.dumps(document))
    with pytest.raises(BudgetExceeded) as caught:
        canonicalize(document, CORNERS, budget=budget)
    assert (caught.value.unit, caught.value.spent) == ("statements", 2_000 + size // 8 + 1)
    # The same with as many words as members make: it gets to the steps, and no further than they go.
    document["q"] = "word " * 2_000
    with pytest.raises(BudgetExceeded) as caught:
        canonicalize(document, CORNERS, budget=budget)
    allowed = budget.within(len(strictjson.dumps(document))).max_steps
    assert caught.value.unit == "steps"
    assert allowed < caught.value.spent < 2 * allowed


def test_a_top_level_graph() -> None:
    document = {"@context": "urn:c", "@graph": [{"id": "urn:a", "p": "x"}, "lost", {"id": "urn:only"}]}
    canonical = canonicalize(document, CORNERS)
    assert canonical.nquads == b'<urn:a> <urn:p> "x" .\n'
    assert sorted(zip(canonical.dropped, canonical.dropped_at, strict=True)) == [
        ("@graph", "/@graph/1"),
        ("@graph", "/@graph/2"),
    ]


@pytest.mark.parametrize(
    ("members", "dropped", "relative"),
    [
        ({"gone": "x"}, ("gone",), ()),
        ({"by": {"a": "x"}}, ("@index",), ()),
        ({"list": [{"id": "b", "q": "y"}]}, (), ("id b",)),
        ({"@reverse": {"urn:p": [{"id": "b"}]}}, (), ("id b",)),
        ({"q": "x", "ref": "b"}, (), ("id b",)),
    ],
)
def test_losses_in_the_corners(members: Document, dropped: tuple[str, ...], relative: tuple[str, ...]) -> None:
    canonical = canonicalize({"@context": "urn:c", "id": "urn:a", "p": "x", **members}, CORNERS)
    assert (canonical.dropped, canonical.relative) == (dropped, relative)


def test_what_stands_in_a_graph_without_a_name_is_reported_too() -> None:
    inner = [{"id": "other", "q": "x"}, {"foo": 1, "q": "x"}]
    document = {"@context": "urn:c", "id": "urn:a", "q": "x", "p": {"id": "rel", "@graph": inner}}
    canonical = canonicalize(document, CORNERS)
    assert (canonical.dropped, canonical.dropped_at) == (("foo",), ("/p/@graph/1/foo",))
    assert canonical.relative == ("id rel", "id other")


@pytest.mark.parametrize("make", [badge, lambda: poison(2, 3)])
def test_the_same_document_has_the_same_form_every_time(make: Callable[[], Document]) -> None:
    assert len({canonicalize(make(), PINNED).nquads for _ in range(5)}) == 1
