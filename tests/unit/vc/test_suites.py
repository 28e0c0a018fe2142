"""The suites against the published vectors, byte by byte, and what each refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from badgeissuer.vc import lint, multikey
from badgeissuer.vc.canon import FOREIGN_BUDGET, canonicalize
from badgeissuer.vc.contexts import ED25519_2020, ContextStore
from badgeissuer.vc.faults import NotCanonical, ProofInvalid, ProofUnsupported
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.multikey import PublicKey, base58btc_decode, multibase_decode, multibase_encode, parse_multikey
from badgeissuer.vc.proofs import chains, data_integrity, ed25519_2020, options, suites
from badgeissuer.vc.proofs.cryptosuite import Cryptosuite, Form
from badgeissuer.vc.proofs.options import Expected, Options
from badgeissuer.vc.proofs.signatures import Curve, algorithm_of, curve_of
from badgeissuer.vc.proofs.suites import SUITES, Suite, suite_of
from badgeissuer.vc.status import Bits, status_list_document
from tests.support.shared import shared_path
from tests.unit.vc.test_vectors import published_contexts

Document = dict[str, Any]
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ED = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
P256 = ec.derive_private_key(7, ec.SECP256R1())
P384 = ec.derive_private_key(7, ec.SECP384R1())
PINNED = ContextStore.pinned()
METHOD = "did:web:a.example:issuers:a#key-1"


def raw(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    """As the vectors were made: ECDSA with RFC 6979's nonce, r‖s."""
    digest = hashes.SHA384() if key.curve.name == "secp384r1" else hashes.SHA256()
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(digest, deterministic_signing=True)))
    size = (key.key_size + 7) // 8
    return r.to_bytes(size) + s.to_bytes(size)


SIGN: dict[Curve, Callable[[bytes], bytes]] = {
    Curve.ED25519: ED.sign,
    Curve.P256: lambda data: raw(P256, data),
    Curve.P384: lambda data: raw(P384, data),
}
PUBLIC: dict[Curve, PublicKey] = {
    Curve.ED25519: ED.public_key(),
    Curve.P256: P256.public_key(),
    Curve.P384: P384.public_key(),
}


def transformed(suite: Suite, document: Document, key: PublicKey, store: ContextStore) -> bytes:
    if suite.form is Form.JCS:
        return data_integrity.jcs(document)
    form = canonicalize(document, store, budget=FOREIGN_BUDGET, algorithm=algorithm_of(key))
    assert (form.dropped, form.relative) == ((), ())
    return form.nquads


def verify(document: Document, key: PublicKey, *, place: int = 0, store: ContextStore = PINNED) -> None:
    proof = data_integrity.proofs_of(document)[place]
    suite = suite_of(proof)
    inputs = suite.inputs(document, proof)
    suite.verify(
        proof,
        document=transformed(suite, dict(inputs.document), key, store),
        config=transformed(suite, dict(inputs.config), key, store),
        key=key,
    )


# --- vectors --------------------------------------------------------------------------------------------------------

VECTORS = [
    ("eddsa-jcs-2022", "eddsa/eddsa-jcs-2022", "JCS", "eddsa/keyPair.json", "privateKeyMultibase"),
    ("ecdsa-rdfc-2019", "ecdsa/ecdsa-rdfc-2019-p256", "ECDSAP256", "ecdsa/p256KeyPair.json", "secretKeyMultibase"),
    ("ecdsa-rdfc-2019", "ecdsa/ecdsa-rdfc-2019-p384", "ECDSAP384", "ecdsa/p384KeyPair.json", "secretKeyMultibase"),
    ("ecdsa-jcs-2019", "ecdsa/ecdsa-jcs-2019-p256", "JCSECDSAP256", "ecdsa/p256KeyPair.json", "secretKeyMultibase"),
    ("eddsa-rdfc-2022", "eddsa/eddsa-rdfc-2022", "DataInt", "eddsa/keyPair.json", "privateKeyMultibase"),
]


def signer_of(multibase: str) -> Callable[[bytes], bytes]:
    secret = base58btc_decode(multibase.removeprefix("z"))
    prefix, number = secret[:2], secret[2:]
    if prefix == b"\x80\x26":
        return Ed25519PrivateKey.from_private_bytes(number).sign
    curve: ec.EllipticCurve = {b"\x86\x26": ec.SECP256R1(), b"\x87\x26": ec.SECP384R1()}[prefix]
    key = ec.derive_private_key(int.from_bytes(number), curve)
    return lambda data: raw(key, data)


@pytest.mark.parametrize(("name", "folder", "suffix", "key_file", "secret"), VECTORS)
def test_every_step_of_the_vectors(name: str, folder: str, suffix: str, key_file: str, secret: str) -> None:
    root = shared_path("standards/vectors")
    unsigned = json.loads((root / folder).parent.joinpath("unsigned.json").read_text())
    keys = json.loads((root / key_file).read_text())
    key = parse_multikey(keys["publicKeyMultibase"])

    def text(stem: str) -> str:
        return (root / folder / f"{stem}{suffix}.txt").read_text()

    signed = json.loads((root / folder / f"signed{suffix}.json").read_text())
    proof = signed["proof"]
    suite = suite_of(proof)
    assert suite is SUITES[name]
    inputs = suite.inputs(signed, proof)
    assert inputs.document == unsigned
    assert inputs.config == json.loads((root / folder / f"proofConfig{suffix}.json").read_text())
    store = published_contexts()
    document, config = (transformed(suite, dict(part), key, store) for part in (inputs.document, inputs.config))
    assert (document.decode(), config.decode()) == (text("canonDoc"), text("proofCanon"))
    data = data_integrity.hash_data(config, document, algorithm_of(key))
    assert data.hex() == text("combinedHash")
    half = len(data) // 2
    assert (data[:half].hex(), data[half:].hex()) == (text("proofHash"), text("docHash"))
    signature = signer_of(keys[secret])(data)
    assert (signature.hex(), multibase_encode(signature)) == (text("sigHex"), text("sigBTC58"))
    assert proof["proofValue"] == multibase_encode(signature)
    verify(signed, key, store=store)
    signed["credentialSubject"]["alumniOf"] += "!"
    with pytest.raises(ProofInvalid, match="does not match"):
        verify(signed, key, store=store)


@pytest.mark.parametrize("name", ["valid/clr20/complex.json", "invalid/ob30/credential-status-revoked.json"])
def test_samples_with_ed25519_signature_2020(name: str) -> None:
    signed = json.loads((shared_path("standards/samples") / name).read_text())
    for place, proof in enumerate(data_integrity.proofs_of(signed)):
        key = parse_multikey(proof["verificationMethod"].replace(":", "#").rpartition("#")[2])
        verify(signed, key, place=place, store=published_contexts())
        signed["id"] += "x"
        with pytest.raises(ProofInvalid):
            verify(signed, key, place=place, store=published_contexts())


# --- create and verify ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    document = status_list_document(
        list_url="https://a.example/status/1",
        issuer="did:web:a.example:issuers:a",
        purpose="revocation",
        encoded=Bits.new().encode(),
        valid_from=NOW,
    )
    return lint.prepare_status_list(document, canonicalize(document, PINNED), now=NOW)


OURS = [suites.EDDSA_RDFC_2022, suites.EDDSA_JCS_2022, suites.ECDSA_RDFC_2019, suites.ECDSA_JCS_2019]
PLAIN = Options()
FULL = Options(
    id="urn:uuid:1",
    expires=NOW + timedelta(days=1),
    domain=("b.example", "a.example"),
    challenge='say "é"',
    nonce="n",
)


def make(suite: Cryptosuite, prepared: Prepared, **more: Any) -> Document:
    sign = more.pop("sign", SIGN[suite.curves[0]])
    return suite.create(prepared, sign=sign, verification_method=METHOD, created=NOW, **more)


@pytest.mark.parametrize("suite", OURS, ids=lambda suite: suite.name)
@pytest.mark.parametrize("given", [PLAIN, FULL, Options(domain=("a.example",))], ids=["plain", "full", "domain"])
def test_what_is_made_verifies_and_says_what_was_asked(suite: Cryptosuite, prepared: Prepared, given: Options) -> None:
    secured = make(suite, prepared, options=given)
    assert data_integrity.unsecured(secured) == prepared.document
    (proof,) = secured["proof"]
    assert (proof["type"], proof["cryptosuite"], proof["created"]) == (
        "DataIntegrityProof",
        suite.name,
        "2026-03-04T05:06:07Z",
    )
    # The jcs suites carry the contexts in the proof, the rdfc suites never.
    assert proof.get("@context") == (prepared.document["@context"] if suite.form is Form.JCS else None)
    verify(secured, PUBLIC[suite.curves[0]])
    expected = Expected(domain=frozenset(given.domain) or None, challenge=given.challenge)
    assert options.faults(proof, now=NOW, expected=expected) == []
    for name, value in (("created", "2026-03-04T05:06:08Z"), ("verificationMethod", METHOD + "x"), ("nonce", "m")):
        with pytest.raises(ProofInvalid, match="does not match"):
            verify({**secured, "proof": {**proof, name: value}}, PUBLIC[suite.curves[0]])
    with pytest.raises(ProofInvalid, match="does not match"):
        verify({**secured, "issuer": "did:web:b.example"}, PUBLIC[suite.curves[0]])


@pytest.mark.parametrize("given", [PLAIN, FULL, Options(previous=("urn:uuid:1", "urn:uuid:2"), domain=("x", "x"))])
def test_the_template_of_options_equals_the_generic_canonical_form(prepared: Prepared, given: Options) -> None:
    proof = options.written(cryptosuite="ecdsa-rdfc-2019", created=NOW, method=METHOD, options=given)
    config = canonicalize(data_integrity.proof_config(prepared.document, proof), PINNED)
    assert (config.dropped, config.relative) == ((), ())
    assert options.config_nquads(proof) == config.nquads


def test_a_set_and_a_chain(prepared: Prepared) -> None:
    """Two proofs over the document, a third over the document and both of them."""
    first = make(suites.EDDSA_RDFC_2022, prepared, options=Options(id="urn:uuid:1"))
    both = make(suites.ECDSA_JCS_2019, prepared, options=Options(id="urn:uuid:2"), proofs=first["proof"])
    ahead = Options(id="urn:uuid:3", previous=("urn:uuid:1", "urn:uuid:2"))
    body = {**prepared.document, "proof": both["proof"]}
    # An rdfc proof over a jcs proof would not cover the contexts that stand in it.
    with pytest.raises((ProofInvalid, NotCanonical)):
        make(suites.EDDSA_RDFC_2022, prepared, options=ahead, proofs=both["proof"])
    whole = make(suites.EDDSA_JCS_2022, prepared, options=ahead, proofs=both["proof"])
    assert [proof["id"] for proof in whole["proof"]] == ["urn:uuid:1", "urn:uuid:2", "urn:uuid:3"]
    assert chains.signed_document(whole, whole["proof"][2]) == body
    for place, key in enumerate((ED.public_key(), P256.public_key(), ED.public_key())):
        verify(whole, key, place=place)
    assert chains.holding(whole, {0, 1, 2}) == [0, 1, 2]
    # The third is good by itself, and worth nothing when what it builds on is not.
    assert chains.holding(whole, {0, 2}) == [0]
    whole["proof"][0]["created"] = "2026-03-04T05:06:08Z"
    with pytest.raises(ProofInvalid, match="does not match"):
        verify(whole, ED.public_key(), place=2)


def test_a_chain_of_an_rdfc_suite_needs_the_form_of_what_it_signs(prepared: Prepared) -> None:
    first = make(suites.EDDSA_RDFC_2022, prepared, options=Options(id="urn:uuid:1"))
    ahead = Options(previous=("urn:uuid:1",))
    body = {**prepared.document, "proof": first["proof"]}
    form = canonicalize(body, PINNED)
    whole = make(suites.ECDSA_RDFC_2019, prepared, options=ahead, proofs=first["proof"], chained=form)
    verify(whole, ED.public_key(), place=0)
    verify(whole, P256.public_key(), place=1)
    lossy = canonicalize({**body, "proof": [{**first["proof"][0], "x": 1}]}, PINNED)
    for chained, proofs in (
        (None, first["proof"]),
        (prepared.canonical, first["proof"]),
        (canonicalize(body, PINNED, algorithm="sha384"), first["proof"]),
        (lossy, [{**first["proof"][0], "x": 1}]),
    ):
        with pytest.raises(ProofInvalid):
            make(suites.ECDSA_RDFC_2019, prepared, options=ahead, proofs=proofs, chained=chained)


@pytest.mark.parametrize("previous", [7, [], [7], "urn:uuid:9", ["urn:uuid:1", "urn:uuid:twice"]])
def test_broken_chains(previous: object) -> None:
    proofs: list[Any] = [{"id": "urn:uuid:1"}, {"id": "urn:uuid:twice"}, {"id": "urn:uuid:twice"}, "no proof"]
    last = {"previousProof": previous}
    document = {"proof": [*proofs, last]}
    with pytest.raises(ProofInvalid):
        chains.signed_document(document, last)
    with pytest.raises(ProofInvalid):
        chains.holding(document, {4})
    assert chains.holding({"proof": proofs}, {0, 3}) == [0, 3]


def test_proofs_in_a_circle() -> None:
    document = {"proof": [{"id": "a", "previousProof": "b"}, {"id": "b", "previousProof": ["a"]}, {"id": "c"}]}
    with pytest.raises(ProofInvalid, match="circle"):
        chains.holding(document, {0, 1, 2})


# --- what is refused ------------------------------------------------------------------------------------------------


def test_suites_by_name() -> None:
    for name, suite in SUITES.items():
        assert suite.name == name
    assert suite_of({"type": "DataIntegrityProof", "cryptosuite": "eddsa-2022"}) is suites.EDDSA_RDFC_2022
    assert suite_of({"type": "Ed25519Signature2020"}) is SUITES["Ed25519Signature2020"]
    for proof in (
        {},
        {"type": "DataIntegrityProof"},
        {"type": "DataIntegrityProof", "cryptosuite": ["eddsa-rdfc-2022"]},
        {"type": "DataIntegrityProof", "cryptosuite": "bbs-2023"},
        {"type": "DataIntegrityProof", "cryptosuite": "Ed25519Signature2020"},
        {"type": "Ed25519Signature2020", "cryptosuite": "eddsa-rdfc-2022"},
        {"type": "RsaSignature2018"},
    ):
        with pytest.raises(ProofUnsupported):
            suite_of(proof)


@pytest.mark.parametrize("suite", [*OURS, SUITES["Ed25519Signature2020"]], ids=lambda suite: suite.name)
def test_each_suite_takes_its_own_proofs_and_keys_only(suite: Suite) -> None:
    own = {"type": "DataIntegrityProof", "cryptosuite": suite.name}
    if suite.name == "Ed25519Signature2020":
        own = {"type": suite.name}
    for other in ({"type": "Other"}, {**own, "cryptosuite": "other"}):
        with pytest.raises(ProofInvalid, match="the proof is not a"):
            suite.verify(other, document=b"", config=b"", key=ED.public_key())
    curves = {Curve.ED25519} if suite.name.lower().startswith("ed") else {Curve.P256, Curve.P384}
    for curve, key in PUBLIC.items():
        if curve in curves:
            with pytest.raises(ProofInvalid) as caught:
                suite.verify({**own, "proofValue": "z1"}, document=b"", config=b"", key=key)
            assert caught.value.faults[0].pointer == "/proofValue"
        else:
            with pytest.raises(ProofUnsupported, match=r"needs an?"):
                suite.verify(own, document=b"", config=b"", key=key)
    with pytest.raises(ProofUnsupported):
        suite.verify(own, document=b"", config=b"", key=ec.generate_private_key(ec.SECP256K1()).public_key())


@pytest.mark.parametrize("curve", [Curve.P256, Curve.P384])
def test_ecdsa_signatures_out_of_range(prepared: Prepared, curve: Curve) -> None:
    document = make(suites.ECDSA_JCS_2019, prepared)
    size = 64 if curve is Curve.P256 else 96
    for value in (bytes(size), b"\xff" * size):
        document["proof"][0]["proofValue"] = multibase_encode(value)
        with pytest.raises(ProofInvalid, match="does not match"):
            verify(document, PUBLIC[curve])


def test_p384_verifies_under_jcs_too(prepared: Prepared) -> None:
    secured = make(suites.ECDSA_JCS_2019, prepared)
    (proof,) = secured["proof"]
    inputs = suites.ECDSA_JCS_2019.inputs(secured, proof)
    data = data_integrity.hash_data(
        data_integrity.jcs(inputs.config), data_integrity.jcs(inputs.document), algorithm_of(P384.public_key())
    )
    assert len(data) == 96
    verify({**secured, "proof": [{**proof, "proofValue": multibase_encode(raw(P384, data))}]}, P384.public_key())


def test_the_contexts_of_a_jcs_proof(prepared: Prepared) -> None:
    secured = make(suites.EDDSA_JCS_2022, prepared)
    (proof,) = secured["proof"]
    # Contexts added behind those of the proof: the signature holds, and covers what it did (vc-di-eddsa §3.3.2).
    verify({**secured, "@context": [*secured["@context"], "https://w3id.org/security/multikey/v1"]}, ED.public_key())
    for contexts in (["https://a.example/other"], [], "https://a.example/other"):
        with pytest.raises(ProofInvalid, match="begin with the proof's contexts"):
            suites.EDDSA_JCS_2022.inputs({**secured, "@context": contexts}, proof)
    without = {name: value for name, value in proof.items() if name != "@context"}
    assert suites.EDDSA_JCS_2022.inputs(secured, without).document == prepared.document
    with pytest.raises(ProofInvalid, match="does not match"):
        verify({**secured, "proof": without}, ED.public_key())
    single = suites.EDDSA_JCS_2022.inputs({"@context": "urn:a"}, {"@context": "urn:a"})
    assert single.document == {"@context": "urn:a"}


def test_signers_and_what_may_be_signed(prepared: Prepared) -> None:
    for suite in OURS:
        with pytest.raises(ProofInvalid, match=f"no {suite.curves[0]} signature"):
            make(suite, prepared, sign=lambda data: data[:63])
        with pytest.raises(TypeError):
            make(suite, prepared.document)  # type: ignore[arg-type]


def test_what_has_no_canonical_json_is_a_typed_error() -> None:
    with pytest.raises(NotCanonical):
        data_integrity.jcs({"a": 2**60})


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        (Options(id="x"), "/id"),
        (Options(previous=("urn:a", "b>")), "/previousProof"),
        (Options(domain=("a", "b\x01")), "/domain"),
        (Options(challenge="\x7f"), "/challenge"),
        (Options(nonce="\ud800"), "/nonce"),
    ],
)
def test_options_that_are_not_written(given: Options, pointer: str) -> None:
    with pytest.raises(ProofInvalid) as caught:
        options.written(cryptosuite="x", created=NOW, method=METHOD, options=given)
    assert [fault.pointer for fault in caught.value.faults] == [pointer]


GOOD = {"type": "DataIntegrityProof", "verificationMethod": METHOD, "proofPurpose": "assertionMethod"}


@pytest.mark.parametrize(
    ("changes", "expected", "found"),
    [
        ({}, None, []),
        ({"type": None, "verificationMethod": 7}, None, [("/type", "OTHER"), ("/verificationMethod", "OTHER")]),
        ({"proofPurpose": ["assertionMethod"]}, None, [("/proofPurpose", "OTHER")]),
        ({"proofPurpose": "authentication"}, None, [("/proofPurpose", "OTHER")]),
        ({"proofPurpose": "authentication"}, Expected(purpose="authentication"), []),
        ({"created": "2026-03-04T05:06:07Z", "expires": "2026-03-04T06:06:07+01:00"}, None, []),
        ({"created": "2026-03-04T05:06:08Z"}, None, [("/created", "OTHER")]),
        ({"created": "2026-03-04T05:06:08Z"}, Expected(clock_skew=timedelta(seconds=1)), []),
        ({"created": "2026-03-04T05:06:07"}, None, [("/created", "OTHER")]),
        ({"created": None}, None, [("/created", "OTHER")]),
        ({"expires": "2026-03-04T05:06:06Z"}, None, [("/expires", "OTHER")]),
        ({"expires": 7}, None, [("/expires", "OTHER")]),
        ({"domain": "a"}, Expected(domain=frozenset("a")), []),
        ({"domain": ["b", "a"]}, Expected(domain=frozenset("ab")), []),
        ({"domain": "a", "challenge": "c"}, None, []),
        ({}, Expected(domain=frozenset("a"), challenge="c"), [("/domain", "DOMAIN"), ("/challenge", "CHALLENGE")]),
        ({"domain": ["a", 7]}, Expected(domain=frozenset("a")), [("/domain", "DOMAIN")]),
        ({"domain": ["a", "b"]}, Expected(domain=frozenset("a")), [("/domain", "DOMAIN")]),
        ({"challenge": "C"}, Expected(challenge="c"), [("/challenge", "CHALLENGE")]),
    ],
)
def test_options_are_checked_in_one_place(
    changes: Document, expected: Expected | None, found: list[tuple[str, str]]
) -> None:
    faults = options.faults({**GOOD, **changes}, now=NOW, expected=expected)
    assert [(fault.pointer, fault.code) for fault in faults] == [
        (pointer, getattr(options, code)) for pointer, code in found
    ]
    assert {fault.code for fault in faults} <= options.PROBLEMS.keys()


def test_kinds_of_keys() -> None:
    assert [curve_of(PUBLIC[curve]) for curve in Curve] == list(Curve)
    assert [algorithm_of(PUBLIC[curve]) for curve in Curve] == ["sha256", "sha256", "sha384"]
    assert multibase_decode(multikey.public_multikey(P384.public_key()))[:2] == b"\x81\x24"


# --- Ed25519Signature2020 -------------------------------------------------------------------------------------------


def test_a_rendition_for_old_wallets(prepared: Prepared) -> None:
    suite = ed25519_2020.ED25519_SIGNATURE_2020
    document = ed25519_2020.rendition_of(prepared)
    assert document == {**prepared.document, "@context": [*prepared.document["@context"], ED25519_2020]}
    form = canonicalize(document, PINNED)
    assert form.nquads == prepared.canonical.nquads
    given: Document = {"verification_method": METHOD, "created": NOW}
    secured = suite.create(prepared, rendition=form, sign=ED.sign, **given)
    assert data_integrity.unsecured(secured) == document
    assert set(secured["proof"][0]) == {
        "type",
        "created",
        "verificationMethod",
        "proofPurpose",
        "proofValue",
    }
    verify(secured, ED.public_key())
    with pytest.raises(ProofInvalid, match="does not match"):
        verify({**secured, "issuer": "did:web:b.example"}, ED.public_key())
    with pytest.raises(ProofInvalid, match="does not say"):
        suite.create(prepared, rendition=prepared.canonical, sign=ED.sign, **given)
    with pytest.raises(ProofInvalid, match="no Ed25519"):
        suite.create(prepared, rendition=form, sign=lambda data: data[:63], **given)
    with pytest.raises(TypeError):
        suite.create(document, rendition=form, sign=ED.sign, **given)  # type: ignore[arg-type]
