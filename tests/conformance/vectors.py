"""The vectors: what each step of a suite gives, canonical forms, lists. Each file is a row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from badgeissuer.errors import BadgeissuerError
from badgeissuer.vc.canon import canonicalize, nquads
from badgeissuer.vc.canon.rdfc import canonize
from badgeissuer.vc.multikey import multibase_encode, parse_multikey, public_multikey
from badgeissuer.vc.proofs import data_integrity
from badgeissuer.vc.proofs import ecdsa_sd_2023 as sd
from badgeissuer.vc.proofs.ecdsa_sd_2023 import ECDSA_SD_2023
from badgeissuer.vc.proofs.sd_values import DerivedValue
from badgeissuer.vc.proofs.signatures import algorithm_of
from badgeissuer.vc.proofs.suites import suite_of
from badgeissuer.vc.status import LIST_SIZE, Bits
from tests.conformance.rows import Group, Row, equal
from tests.support.shared import shared_path
from tests.unit.vc import test_ecdsa_sd, test_suites
from tests.unit.vc.test_vectors import published_contexts

_STEPS = 20_000


def groups() -> list[Group]:
    return [_suites(), _selective(), _worked_example(), _canonical(), _lists(), _issuance()]


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _suites() -> Group:
    rows: list[Row] = []
    root = shared_path("standards/vectors")
    for _name, folder, suffix, key_file, secret in test_suites.VECTORS:
        rows += _suite(root, folder, suffix, _read(root / key_file), secret)
    for number in (1, 2):
        name = f"eddsa/proof-set/signedProofSet{number}.json"
        signed = _read(root / name)
        rows.append(_proofs_hold(name, signed, "every proof of the set holds"))
    for file in ("eddsa/keyPair.json", "ecdsa/p256KeyPair.json", "ecdsa/p384KeyPair.json"):
        name = _read(root / file)["publicKeyMultibase"]
        rows.append(equal(file, "a Multikey, read and written", name, public_multikey(parse_multikey(name))))
    how = (
        "Each intermediate value is computed from the unsigned document and the published key and compared as a whole: "
        "canonical forms, hashes, signature (ECDSA with RFC 6979's nonce), proof value. Signed documents are verified."
    )
    return Group("Data Integrity suites", how, tuple(rows))


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
    rows.append(_proofs_hold(f"{folder}/signed{suffix}.json", signed, "verifies; changed, it does not", key=key))
    return rows


def _proofs_hold(file: str, signed: dict[str, Any], stated: str, *, key: Any = None) -> Row:
    store = published_contexts()
    try:
        for place, proof in enumerate(data_integrity.proofs_of(signed)):
            name = str(proof["verificationMethod"]).rpartition("#")[2]
            test_suites.verify(signed, key or parse_multikey(name), place=place, store=store)
        changed = {**signed, "credentialSubject": {**signed["credentialSubject"], "alumniOf": "Elsewhere"}}
        test_suites.verify(changed, key or parse_multikey(name), store=store)
    except BadgeissuerError as error:
        good = "does not match" in error.detail
        return Row(file, stated, "verifies; changed, it does not" if good else error.detail, good)
    return Row(file, stated, "verifies even when changed", False)


def _selective() -> Group:
    vector = test_ecdsa_sd.Vector()
    folder = "ecdsa/ecdsa-sd-2023-employ"
    grouping = vector.grouping()
    mandatory = grouping.indexes_of(vector.mandatory)
    groups_ = vector.step("derivedGroupIndexes")
    config = canonicalize(vector.step("addProofConfig"), published_contexts())
    signed = vector.step("addSignedSDBase")
    base = sd._base_value(
        grouping,
        config.nquads,
        vector.mandatory,
        lambda data: test_suites.raw(vector.base_key, data),
        vector.hmac_key,
        vector.statement_key,
    )
    wanted = vector.step("addRawBaseSignatureInfo")
    revealed = ECDSA_SD_2023.derive(signed, vector.selective, contexts=published_contexts())
    derived = DerivedValue.decode(revealed["proof"]["proofValue"])
    values = vector.step("verifyDerivedProofValue")
    text = (vector.folder / "ecdsa-sd-2023-employ" / "addProofConfigCanon.txt").read_text()
    transform = vector.step("addBaseTransform")
    found = [
        ("addBaseDocCanon", "".join(vector.step("addBaseDocCanon")), grouping.canonical.decode()),
        ("addBaseDocHMACCanon", vector.step("addBaseDocHMACCanon"), list(grouping.rows)),
        ("addBaseTransform", {index for index, _ in transform["mandatory"]["value"]}, set(mandatory)),
        ("addHashData", vector.step("addHashData")["proofHash"], config.sha256.hex()),
        ("addRawBaseSignatureInfo", wanted["signatures"], [signature.hex() for signature in base.signatures]),
        ("addSignedSDBase", signed["proof"]["proofValue"], base.encode()),
        ("derivedGroupIndexes", groups_["selectiveIndexes"], sorted(grouping.indexes_of(vector.selective))),
        ("derivedUnsignedReveal", vector.step("derivedUnsignedReveal"), data_integrity.unsecured(revealed)),
        ("derivedRevealDocument", vector.step("derivedRevealDocument"), revealed),
        ("verifyDerivedProofValue", values["signatures"], [signature.hex() for signature in derived.signatures]),
    ]
    rows = [equal(f"{folder}/{name}.json", "this value", want, have) for name, want, have in found]
    rows.append(equal(f"{folder}/addProofConfigCanon.txt", "these bytes", text, config.nquads.decode()))
    rows.append(_derived_holds(vector, f"{folder}/derivedRevealDocument.json"))
    how = (
        "Base proof, derivation and verification of the employment authorization. Files that are not listed hold "
        "inputs, or parts of these values."
    )
    return Group("ecdsa-sd-2023", how, tuple(rows))


def _derived_holds(vector: test_ecdsa_sd.Vector, file: str) -> Row:
    try:
        test_suites.verify(vector.step("derivedRevealDocument"), vector.issuer_key, store=published_contexts())
    except BadgeissuerError as error:
        return Row(file, "verifies", error.detail, False)
    return Row(file, "verifies", "verifies", True)


def _worked_example() -> Group:
    name = "1edtech/linked-data-proof-ob.json"
    vector = _read(shared_path(f"standards/vectors/{name}"))
    form = canonicalize(vector["unsigned"], published_contexts())
    proof = vector["proof"]
    config = canonicalize(data_integrity.proof_config(vector["unsigned"], proof), published_contexts())
    data = data_integrity.hash_data(config.nquads, form.nquads)
    rows = (
        equal(
            f"{name}: canonicalDocument",
            "these statements",
            vector["canonicalDocument"].strip(),
            form.nquads.decode().strip(),
        ),
        equal(f"{name}: documentHashHex", "this hash", vector["documentHashHex"], form.sha256.hex()),
        equal(
            f"{name}: canonicalProof",
            "these statements",
            vector["canonicalProof"].strip(),
            config.nquads.decode().strip(),
        ),
        equal(f"{name}: proofHashHex", "this hash", vector["proofHashHex"], config.sha256.hex()),
        equal(f"{name}: dataToSignHex", "these bytes", vector["dataToSignHex"], data.hex()),
    )
    return Group("1EdTech's worked example", "The implementation guide's badge, step by step.", rows)


def _canonical() -> Group:
    tests = _read(shared_path("standards/vectors/rdf-canon/rdfc10-tests.json"))
    rows = [_canonical_test(test) for test in tests]
    how = "The W3C's RDFC-1.0 tests, by our own algorithm over N-Quads, with a counted budget of 20,000 steps."
    return Group("RDF dataset canonicalisation", how, tuple(rows))


def _canonical_test(test: dict[str, Any]) -> Row:
    name = f"rdf-canon/{test['id'].removeprefix('#')}"
    kind = name[-1]
    try:
        found = canonize(nquads.parse(test["input"]), max_steps=_STEPS)
    except BadgeissuerError as error:
        stated = "an error, within a bounded time"
        return Row(name, stated, f"{error.code}, by count", "expected" not in test or not test["expected"])
    if kind == "m":
        return equal(name, "these labels", test["expected"], found.labels)
    return equal(name, "these statements", test["expected"], found.nquads.decode())


def _lists() -> Group:
    examples = _read(shared_path("standards/vectors/bitstring/spec-examples.json"))
    rows = []
    for number, example in enumerate(examples):
        encoded = example["document"].get("credentialSubject", {}).get("encodedList")
        if isinstance(encoded, str):
            bits = Bits.from_encoded(encoded)
            found = (len(bits), bits.to_bytes())
            rows.append(
                equal(
                    f"bitstring/spec-examples.json: {number}",
                    "131,072 zeros",
                    (LIST_SIZE, bytes(LIST_SIZE // 8)),
                    found,
                )
            )
    return Group("Bitstring Status List", "The lists in the Recommendation's examples.", tuple(rows))


def _issuance() -> Group:
    folder = shared_path("standards/vectors/oid4vci-1.0")
    why = "messages of the issuance protocol: not this library's"
    rows = tuple(
        Row(f"oid4vci-1.0/{path.name}", "an example", "not read", False, why) for path in sorted(folder.iterdir())
    )
    return Group("OpenID4VCI", "Listed so that no file is left out.", rows)
