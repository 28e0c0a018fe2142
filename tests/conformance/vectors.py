"""The vectors: what each step of a suite gives, canonical forms, lists. Each file is a row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgeissuer.errors import BadgeissuerError
from badgeissuer.vc.canon import canonicalize, nquads
from badgeissuer.vc.canon.rdfc import canonize
from badgeissuer.vc.multikey import multibase_encode, parse_multikey, public_multikey
from badgeissuer.vc.proofs import data_integrity
from badgeissuer.vc.proofs.signatures import algorithm_of
from badgeissuer.vc.proofs.suites import suite_of
from badgeissuer.vc.status import LIST_SIZE, Bits
from badgeissuer.vc.status_entries import parse_entry
from tests.conformance import selective
from tests.conformance.rows import Group, Row, equal
from tests.support.shared import shared_path
from tests.unit.vc import test_suites
from tests.unit.vc.test_vectors import published_contexts

_STEPS = 20_000
_SET = "eddsa/proof-set"
_HOLDS = "verifies; changed, it does not"


def groups() -> list[Group]:
    return [_suites(), selective.group(), _worked_example(), _canonical(), _lists(), _issuance()]


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _suites() -> Group:
    rows: list[Row] = []
    root = shared_path("standards/vectors")
    for _name, folder, suffix, key_file, secret in test_suites.VECTORS:
        rows += _suite(root, folder, suffix, _read(root / key_file), secret)
    rows += _proof_set(root)
    named = {
        "eddsa/keyPair.json": [_read(root / "eddsa/keyPair.json")],
        "ecdsa/p256KeyPair.json": [_read(root / "ecdsa/p256KeyPair.json")],
        "ecdsa/p384KeyPair.json": [_read(root / "ecdsa/p384KeyPair.json")],
        f"{_SET}/multiKeyPairs.json": [*_read(root / _SET / "multiKeyPairs.json").values()],
    }
    for file, pairs in named.items():
        names = [pair["publicKeyMultibase"] for pair in pairs]
        written = [public_multikey(parse_multikey(name)) for name in names]
        rows.append(equal(file, "Multikeys, read and written", names, written))
    how = (
        "Each intermediate value is computed from the unsigned document and the published key and compared as a whole: "
        "canonical forms, hashes, signature (ECDSA with RFC 6979's nonce), proof value. Signed documents are verified."
    )
    inputs = ("eddsa/unsigned.json", "ecdsa/unsigned.json", f"{_SET}/unsigned.json")
    return Group("Data Integrity suites", how, tuple(rows), inputs)


def _proof_set(root: Path) -> list[Row]:
    """Two proofs by two keys over one document, each over the document without the other (VC Data Integrity §4.4)."""
    unsigned = _read(root / _SET / "unsigned.json")
    keys = _read(root / _SET / "multiKeyPairs.json")
    rows, proofs = [], []
    store = published_contexts()
    document = canonicalize(unsigned, store).nquads
    for number in (1, 2):
        options = _read(root / _SET / f"proofSetConfig{number}.json")
        pair = keys[f"keyPair{number}"]
        config = canonicalize(data_integrity.proof_config(unsigned, options), store).nquads
        signature = test_suites.signer_of(pair["privateKeyMultibase"])(data_integrity.hash_data(config, document))
        proofs.append({**options, "proofValue": multibase_encode(signature)})
        wanted = _read(root / _SET / f"proofSetConfigSigned{number}.json")
        rows.append(equal(f"{_SET}/proofSetConfigSigned{number}.json", "this proof", wanted, proofs[-1]))
        signed = _read(root / _SET / f"signedProofSet{number}.json")
        bare = {
            name: value for name, value in data_integrity.proof_config(signed, wanted).items() if name != "@context"
        }
        rows.append(equal(f"{_SET}/proofSetConfig{number}.json", "the proof's options", options, bare))
        made = {**unsigned, "proof": proofs[0] if number == 1 else proofs}
        rows.append(equal(f"{_SET}/signedProofSet{number}.json", "this document", signed, made))
        rows.append(_proofs_hold(f"{_SET}/signedProofSet{number}.json: proof", signed, _HOLDS))
    return rows


def _suite(root: Path, folder: str, suffix: str, keys: dict[str, Any], secret: str) -> list[Row]:
    signed = _read(root / folder / f"signed{suffix}.json")
    key = parse_multikey(keys["publicKeyMultibase"])
    proof = signed["proof"]
    suite = suite_of(proof)
    inputs = suite.inputs(signed, proof)
    store = published_contexts()
    document, config = (
        test_suites.transformed(suite, dict(part), key, store) for part in (inputs.document, inputs.config)
    )
    data = data_integrity.hash_data(config, document, algorithm_of(key))
    half = len(data) // 2
    signature = test_suites.signer_of(keys[secret])(data)
    found = {
        "canonDoc": document.decode(),
        "docHash": data[half:].hex(),
        "proofCanon": config.decode(),
        "proofHash": data[:half].hex(),
        "combinedHash": data.hex(),
        "sigHex": signature.hex(),
        "sigBTC58": multibase_encode(signature),
    }
    rows = [
        equal(f"{folder}/{stem}{suffix}.txt", "these bytes", (root / folder / f"{stem}{suffix}.txt").read_text(), value)
        for stem, value in found.items()
    ]
    options = _read(root / folder / f"proofConfig{suffix}.json")
    rows.append(equal(f"{folder}/proofConfig{suffix}.json", "the proof's options", options, inputs.config))
    unsigned = _read((root / folder).parent / "unsigned.json")
    made = {**unsigned, "proof": {**proof, "proofValue": multibase_encode(signature)}}
    rows.append(equal(f"{folder}/signed{suffix}.json", "this document", signed, made))
    rows.append(_proofs_hold(f"{folder}/signed{suffix}.json: proof", signed, _HOLDS, key=key))
    return rows


def _proofs_hold(
    file: str,
    signed: dict[str, Any],
    stated: str,
    *,
    key: Any = None,
    changed: tuple[str, Any] = ("credentialSubject", {"id": "did:example:abcdefgh", "alumniOf": "Elsewhere"}),
) -> Row:
    """Every proof of the document holds, and none does once the named member is changed."""
    store = published_contexts()
    other = {**signed, changed[0]: changed[1]}
    for place, proof in enumerate(data_integrity.proofs_of(signed)):
        public = key or parse_multikey(str(proof["verificationMethod"]).rpartition("#")[2])
        try:
            test_suites.verify(signed, public, place=place, store=store)
        except BadgeissuerError as error:
            return Row(file, stated, error.detail, False)
        try:
            test_suites.verify(other, public, place=place, store=store)
        except BadgeissuerError:
            continue
        return Row(file, stated, "verifies even when changed", False)
    return Row(file, stated, _HOLDS, True)


def _worked_example() -> Group:
    name = "1edtech/linked-data-proof-ob.json"
    vector = _read(shared_path(f"standards/vectors/{name}"))
    unsigned, proof = vector["unsigned"], vector["proof"]
    form = canonicalize(unsigned, published_contexts())
    options = data_integrity.proof_config(unsigned, proof)
    config = canonicalize(options, published_contexts())
    data = data_integrity.hash_data(config.nquads, form.nquads)
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vector["privateKeyHex"])[:32])
    signature = key.sign(data)
    values = (
        ("publicKeyMultibase", "this key", vector["publicKeyMultibase"], public_multikey(key.public_key())),
        ("canonicalDocument", "these statements", vector["canonicalDocument"].strip(), form.nquads.decode().strip()),
        ("documentHashHex", "this hash", vector["documentHashHex"], form.sha256.hex()),
        ("canonicalProof", "these statements", vector["canonicalProof"].strip(), config.nquads.decode().strip()),
        ("proofHashHex", "this hash", vector["proofHashHex"], config.sha256.hex()),
        ("dataToSignHex", "these bytes", vector["dataToSignHex"], data.hex()),
        ("signatureHex", "these bytes", vector["signatureHex"], signature.hex()),
        ("proofValue", "this text", vector["proofValue"], multibase_encode(signature)),
    )
    rows = [equal(f"{name}: {part}", stated, wanted, found) for part, stated, wanted, found in values]
    changed = ("name", "Another Badge")
    rows.append(_proofs_hold(f"{name}: signed", vector["signed"], _HOLDS, key=key.public_key(), changed=changed))
    return Group("1EdTech's worked example", "The implementation guide's badge, step by step.", tuple(rows))


def _canonical() -> Group:
    tests = _read(shared_path("standards/vectors/rdf-canon/rdfc10-tests.json"))
    rows = [_canonical_test(test) for test in tests]
    how = "The W3C's RDFC-1.0 tests, by our own algorithm over N-Quads, with a counted budget of 20,000 steps."
    return Group("RDF dataset canonicalisation", how, tuple(rows))


def _canonical_test(test: dict[str, Any]) -> Row:
    name = f"rdf-canon/rdfc10-tests.json: {test['id'].removeprefix('#')}"
    kind = name[-1]
    try:
        found = canonize(nquads.parse(test["input"]), max_steps=_STEPS)
    except BadgeissuerError as error:
        negative = "Negative" in test["type"]
        stated = "an error, within a bounded time" if negative else "these statements"
        return Row(name, stated, f"refused by count ({error.code})", negative)
    if "Negative" in test["type"]:
        return Row(name, "an error, within a bounded time", "no error", False)
    if kind == "m":
        return equal(name, "these labels", test["expected"], found.labels)
    return equal(name, "these statements", test["expected"], found.nquads.decode())


def _lists() -> Group:
    name = "bitstring/spec-examples.json"
    examples = _read(shared_path(f"standards/vectors/{name}"))
    rows = []
    for example in examples:
        document, file = example["document"], f"{name}: {example['title']}"
        encoded = document["credentialSubject"].get("encodedList")
        if encoded is not None:
            bits = Bits.from_encoded(encoded)
            found = (len(bits), bits.to_bytes())
            rows.append(equal(file, "131,072 zeros", (LIST_SIZE, bytes(LIST_SIZE // 8)), found))
            continue
        entries = document["credentialStatus"]
        entries = entries if isinstance(entries, list) else [entries]
        wanted = [
            (entry["statusListCredential"], int(entry["statusListIndex"]), entry["statusPurpose"], 1)
            for entry in entries
        ]
        parsed = [parse_entry(entry) for entry in entries]
        read = [(entry.list_url, entry.index, entry.purpose, entry.size) for entry in parsed]
        rows.append(equal(file, " and ".join(f"{purpose} at {index}" for _, index, purpose, _ in wanted), wanted, read))
    how = "The Recommendation's examples: lists unpacked bit by bit, entries of credentials read."
    return Group("Bitstring Status List", how, tuple(rows))


def _issuance() -> Group:
    folder = shared_path("standards/vectors/oid4vci-1.0")
    count = sum(1 for path in folder.iterdir() if path.is_file())
    why = "not applicable: messages of an issuance protocol, which the format library does not speak"
    row = Row("oid4vci-1.0/", f"{count} example messages", "not read", False, why)
    return Group("OpenID4VCI", "Listed so that no file is left out.", (row,))
