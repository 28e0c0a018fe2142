"""What the index measured of each sample with other tools: its signature, its terms, the published schemas."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from badgeissuer.vc import strictjson
from badgeissuer.vc.canon import FOREIGN_BUDGET, canonicalize
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import KeyInvalid, NotCanonical, ProofInvalid, UnknownContext
from badgeissuer.vc.multikey import parse_multikey
from badgeissuer.vc.proofs import data_integrity
from badgeissuer.vc.proofs.suites import suite_of
from badgeissuer.vc.schemas import validate
from tests.conformance.rows import Group, Row
from tests.support.shared import shared_path
from tests.unit.vc import test_samples

_STEPS = 2_000_000
_SCHEMAS = {
    "ob-canonical": "ob-v3p0-canonical/ob_v3p0_achievementcredential-jsonschema1.json",
    "ob-jsonld": "ob-v3p0-jsonld/ob_v3p0_achievementcredential_schema.json",
    "end-canonical": "ob-v3p0-canonical/ob_v3p0_endorsementcredential-jsonschema1.json",
    "end-jsonld": "ob-v3p0-jsonld/ob_v3p0_endorsementcredential_schema.json",
    "clr-jsonld": "clr-v2p0-jsonld/clr_v2p0_clrcredential_schema.json",
}


def group() -> Group:
    rows = []
    for name, entry in test_samples.index().items():
        if "measured" not in entry:
            continue
        document = strictjson.loads(shared_path(f"standards/{name}").read_bytes())
        stated = entry["measured"]
        for part, found in (
            ("signature", _signature(document)),
            ("json_ld_terms", _terms(document)),
            *((f"schema {schema}", _schema(schema, document)) for schema in stated.get("schema", ())),
        ):
            wanted = stated["schema"][part.removeprefix("schema ")] if part.startswith("schema") else stated[part]
            file = f"{name.removeprefix('samples/')}: {part.replace('json_ld_terms', 'terms')}"
            rows.append(Row(file, _text(wanted), _text(found), wanted == found))
    how = (
        "The index tells what other tools measured of each JSON sample: whether the signature is that of the key in "
        "the verification method (whoever it belongs to), whether JSON-LD leaves terms undefined, and whether the "
        "published schemas accept it. Ours: `vc.proofs`, `vc.canon`, `vc.schemas`."
    )
    return Group("Samples, measured", how, tuple(rows))


def _signature(document: dict[str, Any]) -> str | list[str]:
    if "proof" not in document:
        return "none"
    return [f"{_suite(proof)}: {_holds(document, proof)}" for proof in data_integrity.proofs_of(document)]


def _suite(proof: dict[str, Any]) -> str:
    return str(proof.get("cryptosuite", proof["type"]))


def _holds(document: dict[str, Any], proof: dict[str, Any]) -> str:
    try:
        key = parse_multikey(_key_in(str(proof["verificationMethod"])))
    except KeyInvalid:
        return "not checked or key unusable"
    suite = suite_of(proof)
    inputs = suite.inputs(document, proof)
    store = ContextStore.pinned()
    try:
        shown, config = (
            canonicalize(dict(part), store, budget=FOREIGN_BUDGET).nquads for part in (inputs.document, inputs.config)
        )
        suite.verify(proof, document=shown, config=config, key=key)
    except (ProofInvalid, NotCanonical):  # the second: options of which JSON-LD leaves nothing, so nothing is signed
        return "BADSIG"
    return "OK"


def _key_in(method: str) -> str:
    """The key that a method holds: in a fragment, in a did:key without one, or, in one sample, the bare key."""
    place, _, fragment = method.partition("#")
    return fragment or (place if ":" not in place else place.removeprefix("did:key:"))


def _terms(document: dict[str, Any]) -> str | dict[str, list[str]]:
    try:
        form = canonicalize(document, ContextStore.pinned(), budget=FOREIGN_BUDGET)
    except UnknownContext:
        return "context not available"
    if not form.dropped and not form.relative:
        return "clean"
    return {"dropped": sorted(form.dropped), "relative": sorted(form.relative)}


@lru_cache(maxsize=len(_SCHEMAS))
def _rules(name: str) -> Any:
    return json.loads(shared_path(f"standards/json-schema/{_SCHEMAS[name]}").read_text(encoding="utf-8"))


def _schema(name: str, document: dict[str, Any]) -> str:
    return "invalid" if validate(_rules(name), document, steps=_STEPS) else "valid"


def _text(value: Any) -> str:
    match value:
        case {"dropped": dropped, "relative": relative}:
            return "; ".join(
                (f"undefined: {', '.join(dropped) or 'none'}", f"relative: {', '.join(relative) or 'none'}")
            )
        case list():
            return ", ".join(value)
        case _:
            return str(value)
