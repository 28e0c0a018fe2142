"""ecdsa-sd-2023: every step of the published vectors, then badges as we make them, then what is refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from badgeissuer.vc.build import open_badge_credential
from badgeissuer.vc.canon import FOREIGN_BUDGET, Budget, canonicalize
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import BudgetExceeded, NotCanonical, ProofInvalid, ProofUnsupported
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.multikey import (
    base58btc_decode,
    base64url_encode,
    multibase_decode,
    parse_multikey,
    public_multikey,
)
from badgeissuer.vc.proofs import ecdsa_sd_2023 as sd
from badgeissuer.vc.proofs import options
from badgeissuer.vc.proofs.data_integrity import unsecured
from badgeissuer.vc.proofs.ecdsa_sd_2023 import ECDSA_SD_2023, mandatory_pointers
from badgeissuer.vc.proofs.options import Options
from badgeissuer.vc.proofs.sd_grouping import Grouping
from badgeissuer.vc.proofs.sd_selection import Statement, select, whole
from badgeissuer.vc.proofs.sd_values import BaseValue, DerivedValue
from tests.support import issued
from tests.support.shared import shared_path
from tests.unit.vc.test_suites import METHOD, NOW, P256, P384, raw, verify
from tests.unit.vc.test_vectors import published_contexts

# A skip here shows as lost branch coverage of vc, so that it cannot go unnoticed.
cbor2 = pytest.importorskip("cbor2", reason="cbor2 is not in this environment: make dev")

Document = dict[str, Any]
PINNED = ContextStore.pinned()
SECRET = bytes(range(32))
STATEMENT_KEY = ec.derive_private_key(11, ec.SECP256R1())
PUBLIC = P256.public_key()


# --- vectors --------------------------------------------------------------------------------------------------------


class Vector:
    """vc-di-ecdsa, Appendix A.7: an employment authorization."""

    def __init__(self) -> None:
        self.folder: Path = shared_path("standards/vectors/ecdsa")
        self.document = self.read("employmentAuth.json")
        self.mandatory = self.read("employMandatory.json")
        self.selective = self.read("employSelective.json")
        keys = self.read("SDKeyMaterial.json")
        self.hmac_key = bytes.fromhex(keys["hmacKeyString"])
        self.base_key = self.private(keys["baseKeyPair"]["secretKeyMultibase"])
        self.statement_key = self.private(keys["proofKeyPair"]["secretKeyMultibase"])
        self.issuer_key = parse_multikey(keys["baseKeyPair"]["publicKeyMultibase"])

    def read(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text())

    def step(self, name: str) -> Any:
        return self.read(f"ecdsa-sd-2023-employ/{name}.json")

    @staticmethod
    def private(multibase: str) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(int.from_bytes(base58btc_decode(multibase[1:])[2:]), ec.SECP256R1())

    def grouping(self) -> Grouping:
        return Grouping.of(self.document, self.hmac_key, published_contexts(), FOREIGN_BUDGET)


@pytest.fixture(scope="module")
def vector() -> Vector:
    return Vector()


def test_the_statements_and_their_groups(vector: Vector) -> None:
    grouping = vector.grouping()
    assert grouping.canonical.decode() == "".join(vector.step("addBaseDocCanon"))
    assert list(grouping.rows) == vector.step("addBaseDocHMACCanon")
    transform = vector.step("addBaseTransform")
    mandatory = grouping.indexes_of(vector.mandatory)
    assert mandatory == {index for index, _ in transform["mandatory"]["value"]}
    others = [[index, row] for index, row in enumerate(grouping.rows) if index not in mandatory]
    assert others == transform["nonMandatory"]["value"]
    groups = vector.step("derivedGroupIndexes")
    assert sorted(grouping.indexes_of(vector.selective)) == groups["selectiveIndexes"]
    assert sorted(grouping.indexes_of([*vector.mandatory, *vector.selective])) == groups["combinedIndexes"]


def test_the_base_proof(vector: Vector) -> None:
    config = canonicalize(vector.step("addProofConfig"), published_contexts())
    text = (vector.folder / "ecdsa-sd-2023-employ" / "addProofConfigCanon.txt").read_text()
    assert config.nquads.decode() == text
    assert config.sha256.hex() == vector.step("addHashData")["proofHash"]
    value = sd._base_value(
        vector.grouping(),
        config.nquads,
        vector.mandatory,
        lambda data: raw(vector.base_key, data),
        vector.hmac_key,
        vector.statement_key,
    )
    wanted = vector.step("addRawBaseSignatureInfo")
    assert value.base_signature.hex() == wanted["baseSignature"]
    assert value.public_key == base58btc_decode(wanted["publicKey"][1:])
    assert [signature.hex() for signature in value.signatures] == wanted["signatures"]
    assert list(value.mandatory_pointers) == wanted["mandatoryPointers"]
    signed = vector.step("addSignedSDBase")
    assert value.encode() == signed["proof"]["proofValue"]
    assert BaseValue.decode(signed["proof"]["proofValue"]) == value
    assert unsecured(signed) == vector.document


def test_the_derived_proof(vector: Vector) -> None:
    signed = vector.step("addSignedSDBase")
    revealed = ECDSA_SD_2023.derive(signed, vector.selective, contexts=published_contexts())
    assert unsecured(revealed) == vector.step("derivedUnsignedReveal")
    assert revealed == vector.step("derivedRevealDocument")
    value = DerivedValue.decode(revealed["proof"]["proofValue"])
    wanted = vector.step("verifyDerivedProofValue")
    assert [signature.hex() for signature in value.signatures] == wanted["signatures"]
    assert [list(pair) for pair in value.labels.items()] == wanted["labelMap"]
    assert list(value.mandatory_indexes) == wanted["mandatoryIndexes"]
    assert value.encode() == revealed["proof"]["proofValue"]


def test_the_derived_proof_verifies(vector: Vector) -> None:
    revealed = vector.step("derivedRevealDocument")
    verify(revealed, vector.issuer_key, store=published_contexts())
    for name, changed in (("validFrom", "2019-12-04T00:00:00Z"), ("validUntil", "2030-12-03T00:00:00Z")):
        with pytest.raises(ProofInvalid):
            verify({**revealed, name: changed}, vector.issuer_key, store=published_contexts())
    with pytest.raises(ProofInvalid):
        verify(revealed, vector.statement_key.public_key(), store=published_contexts())


# --- badges ---------------------------------------------------------------------------------------------------------


def prepared(document: Document | None = None) -> Prepared:
    return issued.prepared(document or open_badge_credential(issued.facts()))


def create(badge: Prepared, pointers: list[str] | None = None, **changes: Any) -> Document:
    arguments: Document = {
        "sign": lambda data: raw(P256, data),
        "verification_method": METHOD,
        "created": NOW,
        "hmac_key": SECRET,
        "statement_key": STATEMENT_KEY,
        "contexts": PINNED,
    }
    pointers = list(mandatory_pointers(badge.document)) if pointers is None else pointers
    return ECDSA_SD_2023.create(badge, pointers=pointers, **{**arguments, **changes})


def derive(document: Document, *pointers: str) -> Document:
    return ECDSA_SD_2023.derive(document, pointers, contexts=PINNED)


@pytest.fixture(scope="module")
def secured() -> Document:
    return create(prepared())


def test_a_base_proof_is_an_array_of_one_with_the_mandatory_parts(secured: Document) -> None:
    (proof,) = secured["proof"]
    assert unsecured(secured) == prepared().document
    assert list(proof)[:2] == ["type", "cryptosuite"]
    assert BaseValue.decode(proof["proofValue"]).mandatory_pointers == (
        "/issuer",
        "/validFrom",
        "/validUntil",
        "/credentialStatus",
        "/credentialSubject/achievement/name",
        "/credentialSubject/achievement/description",
        "/credentialSubject/achievement/criteria",
    )
    assert create(prepared()) == secured


def test_with_nothing_picked_the_mandatory_parts_are_shown(secured: Document) -> None:
    shown = derive(secured)
    verify(shown, PUBLIC)
    whole_document = prepared().document
    assert unsecured(shown) == {
        "@context": whole_document["@context"],
        "id": whole_document["id"],
        "type": whole_document["type"],
        "issuer": whole_document["issuer"],
        "validFrom": whole_document["validFrom"],
        "validUntil": whole_document["validUntil"],
        "credentialSubject": {
            "id": whole_document["credentialSubject"]["id"],
            "type": ["AchievementSubject"],
            "achievement": {
                name: whole_document["credentialSubject"]["achievement"][name]
                for name in ("id", "type", "name", "description", "criteria")
            },
        },
        "credentialStatus": whole_document["credentialStatus"],
    }


PICKS = [
    "",
    "/name",
    "/awardedDate",
    "/credentialSubject/identifier/0",
    "/credentialSubject/identifier/0/salt",
    "/credentialSubject/achievement/alignment/0/targetName",
    "/credentialSubject/achievement/tag",
    "/credentialSubject/achievement/resultDescription",
    "/credentialSubject/achievement/resultDescription/0/rubricCriterionLevel",
    "/credentialSubject/result/0/achievedLevel",
    "/credentialSubject/creditsEarned",
    "/evidence/0/name",
    "/evidence/1",
    "/evidence",
    "/issuer/address",
]


@settings(max_examples=40, deadline=None)
@given(st.sets(st.sampled_from(PICKS), max_size=5))
def test_any_parts_can_be_shown(picks: set[str]) -> None:
    shown = derive(create(prepared()), *sorted(picks))
    verify(shown, PUBLIC)
    if "" in picks:
        assert unsecured(shown) == prepared().document


def leaves(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, member in value.items():
            if name not in ("@context", "proofValue"):
                yield from leaves(member, (*way, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*way, index))
    else:
        yield way


def test_any_change_and_any_part_left_out_breaks_the_proof(secured: Document) -> None:
    shown = derive(secured, "/evidence", "/credentialSubject/result", "/credentialSubject/identifier")
    refused = 0
    for way in leaves(shown):
        for change in ("alter", "remove"):
            changed = copy.deepcopy(shown)
            target: Any = changed
            for step in way[:-1]:
                target = target[step]
            if change == "remove":
                del target[way[-1]]
            else:
                value = target[way[-1]]
                target[way[-1]] = not value if isinstance(value, bool) else f"{value}x"
            with pytest.raises((ProofInvalid, AssertionError)):  # AssertionError: a type that nobody defines
                verify(changed, PUBLIC)
            refused += 1
    assert refused >= 100


def test_a_part_of_an_array_can_be_shown_and_a_part_of_a_list_not(secured: Document) -> None:
    levels = "/credentialSubject/achievement/resultDescription/0/rubricCriterionLevel"
    for pointers in ([f"{levels}/2"], [f"{levels}/0", f"{levels}/2"], [f"{levels}/{index}" for index in range(3)]):
        verify(derive(secured, *pointers), PUBLIC)
    store = ContextStore.of({"urn:c": b'{"@context":{"p":"urn:p","list":{"@id":"urn:l","@container":"@list"}}}'})
    document = {"@context": "urn:c", "list": [{"p": "a"}, {"p": "b"}, "c"], "p": "x"}
    grouping = Grouping.of(document, SECRET, store, FOREIGN_BUDGET)
    for pointers in (["/list/0"], ["/list/2"], ["/list/0", "/list/2"], ["/list/1/p", "/list/2"]):
        with pytest.raises(ProofInvalid, match="part of a list"):
            grouping.indexes_of(pointers)
    # All of its items, each by itself, are the whole list.
    assert grouping.indexes_of(["/list/0/p", "/list/1/p", "/list/2"]) == grouping.indexes_of(["/list"])
    assert grouping.indexes_of(["", "/p"]) == set(range(len(grouping.rows)))
    assert len(grouping.indexes_of(["/list"])) == len(grouping.rows) - 1


def test_a_badge_by_mail_only_with_two_blank_nodes(secured: Document) -> None:
    """The case that other software fails on: neither the subject nor the criteria have an id."""
    document = open_badge_credential(issued.facts())
    del document["credentialSubject"]["id"]
    document["credentialSubject"]["achievement"]["criteria"] = {"narrative": "plain"}
    base = create(prepared(document))
    for pointers in ((), ("/credentialSubject/identifier",), ("/evidence/1/name", "/credentialSubject/identifier")):
        verify(derive(base, *pointers), PUBLIC)
    # An equal sibling that is not shown changes nothing about the one that is.
    assert derive(base, "/evidence/1/name")["evidence"] == [{"type": ["Evidence"], "name": "Student work"}]


def test_texts_that_others_take_for_blank_nodes_are_not_signed_but_verified() -> None:
    document = open_badge_credential(issued.facts())
    for text in ("_:c14n0 and _:b1 .", "ends with _:"):
        document["credentialSubject"]["achievement"]["criteria"] = {"narrative": text}
        badge = prepared(document)
        with pytest.raises(ProofInvalid, match="rename") as caught:
            create(badge)
        assert [fault.pointer for fault in caught.value.faults] == ["/credentialSubject/achievement/criteria/narrative"]
        # Made elsewhere: nothing is renamed in it.
        proof = options.written(cryptosuite=sd.NAME, created=NOW, method=METHOD, options=Options())
        grouping = Grouping.of(document, SECRET, PINNED, FOREIGN_BUDGET)
        config = options.config_nquads(proof)
        value = sd._base_value(grouping, config, ["/issuer"], lambda data: raw(P256, data), SECRET, STATEMENT_KEY)
        base = {**document, "proof": [{**proof, "proofValue": value.encode()}]}
        verify(derive(base, "/credentialSubject/achievement/criteria"), PUBLIC)
    document["credentialSubject"]["achievement"]["criteria"] = {"narrative": "_: "}
    create(prepared(document))


def test_names_of_blank_nodes_depend_on_the_secret(secured: Document) -> None:
    other = create(prepared(), hmac_key=bytes(32))
    one, two = (DerivedValue.decode(derive(base)["proof"][0]["proofValue"]) for base in (secured, other))
    assert set(one.labels.values()).isdisjoint(two.labels.values())


def test_without_mandatory_parts_something_must_be_picked() -> None:
    base = create(prepared(), [])
    with pytest.raises(ProofInvalid, match="nothing to show"):
        derive(base)
    verify(derive(base, "/validFrom"), PUBLIC)


def test_options_stand_in_the_proof(secured: Document) -> None:
    base = create(prepared(), options=Options(id="urn:uuid:1", challenge="c"))
    assert base["proof"][0]["challenge"] == "c"
    shown = derive(base, "/name")
    verify(shown, PUBLIC)
    with pytest.raises(ProofInvalid, match="does not match"):
        verify({**shown, "proof": {**shown["proof"][0], "challenge": "d"}}, PUBLIC)
    with pytest.raises(ProofInvalid, match="chain"):
        create(prepared(), options=Options(previous=("urn:uuid:1",)))


def test_an_embedded_endorsement_is_shown_with_its_graph_and_contexts(secured: Document) -> None:
    endorsement = {
        "@context": list(issued.prepared(open_badge_credential(issued.facts())).document["@context"]),
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "credentialSubject": {"id": "urn:uuid:6", "type": ["EndorsementSubject"], "endorsementComment": "Good"},
        "proof": [
            {"type": "DataIntegrityProof", "proofValue": "zA"},
            {"type": "DataIntegrityProof", "proofValue": "zB"},
        ],
    }
    document = {**prepared().document, "endorsement": [endorsement, {**endorsement, "id": "urn:uuid:9"}]}
    statement = Statement(PINNED, FOREIGN_BUDGET)
    everything = set(statement.of(whole(document)))
    for pointers in (["/endorsement/0/proof/1"], ["/endorsement/1/credentialSubject", "/endorsement/0"]):
        part = statement.of(select(document, pointers))
        assert len(part) > 5
        assert everything.issuperset(part)


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pointer", ["x", "/x", "/issuer/x", "/evidence/2", "/evidence/01", "/evidence/-", "/name/0", "/a~", "/evidence/x"]
)
def test_pointers_that_lead_nowhere(secured: Document, pointer: str) -> None:
    with pytest.raises(ProofInvalid, match="leads nowhere"):
        derive(secured, "/name", pointer)


def test_pointers_are_unescaped_and_overlap() -> None:
    document = {"a/b": {"~": [{"id": "urn:1", "x": 1, "y": 2}, 7]}, "c": 1}
    assert select(document, ["/a~1b/~0/0/x"]).document == {"a/b": {"~": [{"id": "urn:1", "x": 1}]}}
    for pointers in (["/a~1b", "/a~1b/~0/0/x"], ["/a~1b/~0/0/x", "/a~1b"]):
        assert select(document, pointers).document == {"a/b": document["a/b"]}
    assert select(document, ["", "/c"]).document == document
    assert select({"x": ({"y": 1},)}, ["/x/0/y"]).document == {"x": [{"y": 1}]}


def test_what_may_be_signed(secured: Document) -> None:
    with pytest.raises(TypeError):
        create(prepared().document, [])  # type: ignore[arg-type]
    for changes in (
        {"hmac_key": bytes(31)},
        {"statement_key": P384},
        {"sign": lambda data: data[:63]},
        {"contexts": PINNED.with_documents(dict.fromkeys(PINNED.urls, b'{"@context":{"name":"urn:n"}}'))},
    ):
        with pytest.raises(ProofInvalid):
            create(prepared(), [], **changes)


def test_a_base_proof_is_not_shown_and_a_derived_one_not_derived_from(secured: Document) -> None:
    with pytest.raises(ProofInvalid, match="for the holder only"):
        verify(secured, PUBLIC)
    for document in (derive(secured), {**secured, "proof": [*secured["proof"] * 2]}, unsecured(secured)):
        with pytest.raises(ProofInvalid, match="one base proof"):
            derive(document)
    with pytest.raises(ProofInvalid, match="another document"):
        derive({**secured, "image": {"id": "https://a.example/i.png", "type": "Image"}})
    single = derive({**secured, "proof": secured["proof"][0]})
    assert isinstance(single["proof"], dict)
    verify(single, PUBLIC)


def test_suites_and_keys(secured: Document) -> None:
    shown = derive(secured)
    (proof,) = shown["proof"]
    for other in ({"type": "X"}, {"cryptosuite": "ecdsa-rdfc-2019"}):
        with pytest.raises(ProofInvalid, match="not a DataIntegrityProof of suite"):
            ECDSA_SD_2023.verify({**proof, **other}, document=b"", config=b"", key=PUBLIC)
    with pytest.raises(ProofUnsupported, match="needs a P-256 key"):
        verify(shown, P384.public_key())


BASE = [bytes(64), b"\x80\x24" + bytes(33), bytes(32), [bytes(64)], ["/a"]]
DERIVED = [bytes(64), b"\x80\x24" + bytes(33), [bytes(64)], {0: bytes(32), 1: b"\1" * 32}, [0, 2]]


def value_of(header: bytes, parts: Any, tail: bytes = b"") -> str:
    return "u" + base64url_encode(header + cbor2.dumps(parts) + tail)


def replaced(parts: list[Any], place: int, value: Any) -> list[Any]:
    return [*parts[:place], value, *parts[place + 1 :]]


def test_the_forms_of_proof_values() -> None:
    base, derived = b"\xd9\x5d\x00", b"\xd9\x5d\x01"
    assert BaseValue.decode(value_of(base, BASE)).signatures == (bytes(64),)
    assert DerivedValue.decode(value_of(derived, DERIVED)).mandatory_indexes == (0, 2)
    nested: Any = []
    for _ in range(500):
        nested = [nested]
    wrong_parts = [
        *((BaseValue, base, replaced(BASE, place, value)) for place, value in (
            (0, bytes(63)), (0, "x"), (1, bytes(35)), (1, b"\x80\x24"), (2, bytes(31)), (3, [bytes(63)]), (3, ["x"]),
            (3, {}), (4, [7]), (4, nested),
        )),
        *((DerivedValue, derived, replaced(DERIVED, place, value)) for place, value in (
            (0, bytes(63)), (3, {0: bytes(31)}), (3, {0: "x"}), (3, {"c14n0": bytes(32)}), (3, {-1: bytes(32)}),
            (3, {True: bytes(32)}), (3, {0: bytes(32), 1: bytes(32)}), (3, []), (4, [0, 0]), (4, [-1]), (4, ["0"]),
            (4, [100_000]), (4, [False]),
        )),
        (BaseValue, base, DERIVED), (DerivedValue, derived, BASE), (BaseValue, derived, BASE), (BaseValue, base, 7),
        (DerivedValue, base, DERIVED),
    ]  # fmt: skip
    for kind, header, parts in wrong_parts:
        with pytest.raises(ProofInvalid, match="proofValue is not the value"):
            kind.decode(value_of(header, parts))
    good = cbor2.dumps(DERIVED)
    for text in (
        None,
        7,
        "",
        "z" + value_of(derived, DERIVED)[1:],
        "u=",
        "u2V0B",
        value_of(derived, DERIVED, b"\0"),
        "u" + base64url_encode(derived + good[:-1]),
        # An index in two bytes where one would do; an array without a length; a doubled key; a tag.
        "u" + base64url_encode(derived + good[:-1] + b"\x18\x02"),
        "u" + base64url_encode(derived + good[:-3] + b"\x9f\x00\x02\xff"),
        "u" + base64url_encode(derived + good.replace(b"\x01\x58\x20", b"\x00\x58\x20")),
        "u" + base64url_encode(derived + b"\xd9\xd9\xf7" + good),
    ):
        with pytest.raises(ProofInvalid, match="proofValue is not the value"):
            DerivedValue.decode(text)


def test_derived_values_that_do_not_fit_the_document(secured: Document) -> None:
    shown = derive(secured, "/name", "/awardedDate")
    value = DerivedValue.decode(shown["proof"][0]["proofValue"])
    assert len(value.signatures) == 2

    def refused(match: str, **changes: Any) -> None:
        members = {name: getattr(value, name) for name in DerivedValue.__slots__}
        other = DerivedValue(**{**members, **changes}).encode()
        with pytest.raises(ProofInvalid, match=match):
            verify({**shown, "proof": {**shown["proof"][0], "proofValue": other}}, PUBLIC)

    refused("another number", signatures=value.signatures[1:])
    refused("another number", signatures=(*value.signatures, bytes(64)))
    refused("another number", mandatory_indexes=(*value.mandatory_indexes, 90_000))
    refused("does not match", mandatory_indexes=value.mandatory_indexes[1:], signatures=(bytes(64), *value.signatures))
    refused("does not match", signatures=tuple(reversed(value.signatures)))
    refused("does not match", base_signature=bytes(64))
    refused("does not match", public_key=multibase_decode(public_multikey(PUBLIC)))
    refused("does not name all", labels=dict(list(value.labels.items())[1:]))
    labels = list(value.labels.values())
    refused("does not match", labels=dict(zip(value.labels, [*labels[1:], labels[0]], strict=True)))


def test_a_statement_key_that_is_no_point(secured: Document) -> None:
    """Signed by a careless issuer: the base signature covers the key, the key is none."""
    bad = b"\x80\x24\x02" + b"\xff" * 32
    shown = derive(secured, "/name")
    (proof,) = shown["proof"]
    value = DerivedValue.decode(proof["proofValue"])
    inputs = ECDSA_SD_2023.inputs(shown, proof)
    document, config = (canonicalize(dict(part), PINNED).nquads for part in (inputs.document, inputs.config))
    labels = dict(value.labels)
    rows = sorted(sd.line(sd.relabel(quad, labels)) for quad in sd.parse(document.decode()))
    mandatory = [rows[index] for index in value.mandatory_indexes]
    other = DerivedValue(
        raw(P256, sd._base_data(config, bad, mandatory)), bad, value.signatures, labels, value.mandatory_indexes
    )
    with pytest.raises(ProofInvalid, match="not a point"):
        verify({**shown, "proof": {**proof, "proofValue": other.encode()}}, PUBLIC)


def test_work_is_bounded_and_odd_documents_are_typed_errors(secured: Document) -> None:
    with pytest.raises(BudgetExceeded):
        ECDSA_SD_2023.derive(secured, [], contexts=PINNED, budget=Budget(max_quads=10))
    with pytest.raises(NotCanonical):
        derive({**secured, "name": "a\x01"})
    deep: Document = {"id": "urn:a"}
    for depth in range(1, 1_200):
        deep = {"id": "urn:a", "type": ["Profile"], "parentOrg": deep}
        if depth % 300 == 299:
            with pytest.raises((BudgetExceeded, NotCanonical)):
                derive({**secured, "issuer": deep})
    with pytest.raises(BudgetExceeded, match="nested too deeply"):
        derive({**secured, "issuer": deep})
    with pytest.raises(ProofInvalid, match="leads nowhere"):
        select({"issuer": deep}, ["/issuer" + "/parentOrg" * 64])


def test_blank_nodes_that_stand_for_no_object_have_names_too() -> None:
    store = ContextStore.of(
        {
            "urn:c": json.dumps(
                {
                    "@context": {
                        "@version": 1.1,
                        "p": "urn:p",
                        "graph": {"@id": "urn:graph", "@container": "@graph"},
                        "by": {"@id": "urn:by", "@container": "@id"},
                        "typed": {"@id": "urn:typed", "@container": "@type", "@type": "@id"},
                    }
                }
            ).encode()
        }
    )
    document = {
        "@context": "urn:c",
        "p": [{"@list": [{"@list": ["x"]}, {"p": "y"}]}, {"@list": ["x"]}],
        "graph": [{"p": "x"}, 5, {"@graph": []}],
        "by": {"urn:x": {"p": "1"}, "@none": {"p": "2"}},
        "typed": {"urn:t": "urn:z", "@none": {"p": "3"}},
    }
    quads = Statement(store, FOREIGN_BUDGET).of(whole(document))
    assert len({term for quad in quads for term in quad if term.startswith("_:")}) >= 9
    form = canonicalize(document, store)
    grouping = Grouping.of(document, SECRET, store, FOREIGN_BUDGET)
    assert grouping.canonical == form.nquads
