"""The vectors of ecdsa-sd-2023: each file of the base proof, the derivation and the verification is a row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from badgeissuer.errors import BadgeissuerError
from badgeissuer.vc.canon import canonicalize
from badgeissuer.vc.canon.nquads import line, parse, relabel
from badgeissuer.vc.multikey import base58btc_encode
from badgeissuer.vc.proofs import data_integrity
from badgeissuer.vc.proofs import ecdsa_sd_2023 as sd
from badgeissuer.vc.proofs.ecdsa_sd_2023 import ECDSA_SD_2023
from badgeissuer.vc.proofs.sd_grouping import Grouping
from badgeissuer.vc.proofs.sd_selection import select
from badgeissuer.vc.proofs.sd_values import BaseValue, DerivedValue
from tests.conformance.rows import Group, Row, equal
from tests.unit.vc import test_ecdsa_sd, test_suites
from tests.unit.vc.test_vectors import published_contexts

_FOLDER = "ecdsa/ecdsa-sd-2023-employ"
_INPUTS = (
    "ecdsa/employmentAuth.json",
    "ecdsa/employMandatory.json",
    "ecdsa/employSelective.json",
    "ecdsa/SDKeyMaterial.json",
)


def group() -> Group:
    vector = test_ecdsa_sd.Vector()
    rows = [*_base(vector), *_derived(vector), *_verified(vector)]
    how = (
        "Base proof, derivation and verification of the employment authorization. Every value is computed anew from "
        "the inputs and compared as a whole; names that the reference implementation draws at random (the skolem "
        "identifiers in `derivedAllGroupData`) have no counterpart."
    )
    return Group("ecdsa-sd-2023", how, tuple(rows), _INPUTS)


def _base(vector: test_ecdsa_sd.Vector) -> list[Row]:
    grouping = vector.grouping()
    mandatory = grouping.indexes_of(vector.mandatory)
    config = canonicalize(vector.step("addProofConfig"), published_contexts())
    signed = vector.step("addSignedSDBase")
    value = sd._base_value(
        grouping,
        config.nquads,
        vector.mandatory,
        lambda data: test_suites.raw(vector.base_key, data),
        vector.hmac_key,
        vector.statement_key,
    )
    shown, hidden = _split(grouping, mandatory)
    transform = vector.step("addBaseTransform")
    options = data_integrity.proof_config(signed, signed["proof"])
    selected = select(grouping.document, vector.mandatory).document
    picked = [{"pointer": name, "value": _at(selected, name)} for name in vector.mandatory]
    text = (vector.folder / "ecdsa-sd-2023-employ" / "addProofConfigCanon.txt").read_text()
    hashes = {"proofHash": config.sha256.hex(), "mandatoryHash": _hash(row for _, row in shown)}
    raw = {
        "baseSignature": value.base_signature.hex(),
        "publicKey": _multibase(value.public_key),
        "signatures": [signature.hex() for signature in value.signatures],
        "mandatoryPointers": list(value.mandatory_pointers),
    }
    split = {
        "mandatoryPointers": vector.mandatory,
        "mandatory": {"dataType": "Map", "value": shown},
        "nonMandatory": {"dataType": "Map", "value": hidden},
        "hmacKeyString": vector.hmac_key.hex().upper(),
    }
    return [
        _step("addPointerValues.json", vector.step("addPointerValues"), picked),
        _step("addBaseDocCanon.json", "".join(vector.step("addBaseDocCanon")), grouping.canonical.decode()),
        _step("addBaseDocHMACCanon.json", vector.step("addBaseDocHMACCanon"), list(grouping.rows)),
        _step("addBaseTransform.json", transform, split),
        _step("addProofConfig.json", vector.step("addProofConfig"), options),
        _step("addProofConfigCanon.txt", text, config.nquads.decode()),
        _step("addHashData.json", vector.step("addHashData"), hashes),
        _step("addRawBaseSignatureInfo.json", vector.step("addRawBaseSignatureInfo"), raw),
        _step(
            "addSignedSDBase.json",
            signed,
            {**vector.document, "proof": {**signed["proof"], "proofValue": value.encode()}},
        ),
    ]


def _derived(vector: test_ecdsa_sd.Vector) -> list[Row]:
    grouping = vector.grouping()
    signed = vector.step("addSignedSDBase")
    base = BaseValue.decode(signed["proof"]["proofValue"])
    recovered = {
        "baseSignature": base.base_signature.hex(),
        "proofPublicKey": _multibase(base.public_key),
        "hmacKey": base.hmac_key.hex(),
        "signatures": [signature.hex() for signature in base.signatures],
        "mandatoryPointers": list(base.mandatory_pointers),
    }
    parts = {
        "mandatory": grouping.indexes_of(vector.mandatory),
        "selective": grouping.indexes_of(vector.selective),
        "combined": grouping.indexes_of([*vector.mandatory, *vector.selective]),
    }
    others = [index for index in range(len(grouping.rows)) if index not in parts["mandatory"]]
    indexes = {
        "combinedIndexes": sorted(parts["combined"]),
        "mandatoryIndexes": sorted(parts["mandatory"]),
        "nonMandatoryIndexes": others,
        "selectiveIndexes": sorted(parts["selective"]),
    }
    revealed = ECDSA_SD_2023.derive(signed, vector.selective, contexts=published_contexts())
    value = DerivedValue.decode(revealed["proof"]["proofValue"])
    kept = [place for place, index in enumerate(others) if index in parts["combined"]]
    adjusted = {"adjSignatureIndexes": kept, "filteredSignatures": [base.signatures[place].hex() for place in kept]}
    shown = select(grouping.document, [*vector.mandatory, *vector.selective]).document
    disclosed = vector.step("derivedDisclosureData")
    labels = {"dataType": "Map", "value": [list(pair) for pair in value.labels.items()]}
    return [
        _step("derivedRecoveredBaseData.json", vector.step("derivedRecoveredBaseData"), recovered),
        _step("derivedAllGroupData.json", *_all_groups(vector.step("derivedAllGroupData"), grouping, parts)),
        _step("derivedGroupIndexes.json", vector.step("derivedGroupIndexes"), indexes),
        _step(
            "derivedAdjMandatoryIndexes.json",
            vector.step("derivedAdjMandatoryIndexes"),
            {"adjMandatoryIndexes": list(value.mandatory_indexes)},
        ),
        _step("derivedAdjSignatures.json", vector.step("derivedAdjSignatures"), adjusted),
        _step("derivedUnsignedReveal.json", vector.step("derivedUnsignedReveal"), shown),
        _step("derivedDisclosureData.json", disclosed, {**_disclosed(value), "labelMap": labels}),
        _step("derivedRevealDocument.json", vector.step("derivedRevealDocument"), revealed),
    ]


def _all_groups(stated: dict[str, Any], grouping: Grouping, parts: dict[str, set[int]]) -> tuple[object, object]:
    """What is stated of the groups, and ours: statements, groups and labels, without the names drawn at random."""
    wanted: dict[str, Any] = {
        name: (found["matching"]["value"], found["nonMatching"]["value"]) for name, found in stated["groups"].items()
    }
    ours: dict[str, Any] = {name: _split(grouping, found) for name, found in parts.items()}
    labels = sorted(label for _, label in stated["labelMap"]["value"])
    return (
        (wanted, stated["nquads"], labels),
        (ours, list(grouping.rows), sorted(grouping.labels.values())),
    )


def _verified(vector: test_ecdsa_sd.Vector) -> list[Row]:
    revealed = vector.step("derivedRevealDocument")
    value = DerivedValue.decode(revealed["proof"]["proofValue"])
    inputs = ECDSA_SD_2023.inputs(revealed, revealed["proof"])
    document, config = (canonicalize(dict(part), published_contexts()) for part in (inputs.document, inputs.config))
    rows = sorted(line(relabel(quad, dict(value.labels))) for quad in parse(document.nquads.decode()))
    mandatory = [rows[index] for index in value.mandatory_indexes]
    data = {
        "baseSignature": value.base_signature.hex(),
        "proofHash": config.sha256.hex(),
        "publicKey": _multibase(value.public_key),
        "signatures": [signature.hex() for signature in value.signatures],
        "nonMandatory": [row for row in rows if row not in mandatory],
        "mandatoryHash": _hash(mandatory),
    }
    read = {**_disclosed(value), "labelMap": [list(pair) for pair in value.labels.items()]}
    return [
        _step("verifyDerivedProofValue.json", vector.step("verifyDerivedProofValue"), read),
        _step("verifyNQuads.json", vector.step("verifyNQuads"), rows),
        _step("verifyCreateVerifyData.json", vector.step("verifyCreateVerifyData"), data),
        _holds(vector, revealed),
    ]


def _holds(vector: test_ecdsa_sd.Vector, revealed: dict[str, Any]) -> Row:
    file, stated = f"{_FOLDER}/derivedRevealDocument.json: proof", "verifies; changed, it does not"
    try:
        test_suites.verify(revealed, vector.issuer_key, store=published_contexts())
    except BadgeissuerError as error:
        return Row(file, stated, error.detail, False)
    try:
        changed = {**revealed, "validUntil": "2039-12-03T00:00:00Z"}
        test_suites.verify(changed, vector.issuer_key, store=published_contexts())
    except BadgeissuerError:
        return Row(file, stated, stated, True)
    return Row(file, stated, "verifies even when changed", False)


def _step(file: str, wanted: object, found: object) -> Row:
    return equal(f"{_FOLDER}/{file}", "these values", wanted, found)


def _split(grouping: Grouping, indexes: set[int]) -> tuple[list[list[Any]], list[list[Any]]]:
    rows = [[index, row] for index, row in enumerate(grouping.rows)]
    return [row for row in rows if row[0] in indexes], [row for row in rows if row[0] not in indexes]


def _disclosed(value: DerivedValue) -> dict[str, Any]:
    return {
        "baseSignature": value.base_signature.hex(),
        "publicKey": _multibase(value.public_key),
        "signatures": [signature.hex() for signature in value.signatures],
        "mandatoryIndexes": list(value.mandatory_indexes),
    }


def _at(document: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        document = document[step]
    return document


def _multibase(key: bytes) -> str:
    return "z" + base58btc_encode(key)


def _hash(rows: Iterable[str]) -> str:
    return hashlib.sha256("".join(rows).encode()).hexdigest()
