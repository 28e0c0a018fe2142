"""The published contexts and JSON Schemas: ours against them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from badgeissuer.vc import strictjson
from badgeissuer.vc.contexts import ContextStore, Edition
from badgeissuer.vc.schemas import validate
from tests.conformance.rows import Group, Row, equal
from tests.golden import rebuild
from tests.support import issued, records
from tests.support.shared import shared_path

_STEPS = 2_000_000
_EXTENSION = "an Open Badges extension: we issue none, and a foreign badge that names it is refused, not guessed at"
_OLD_KEYS = "only key documents name it, which are read without JSON-LD"
_RETIRED = f"{_OLD_KEYS}, and proofs of retired suites, which are not verified"
_VOCAB = "for examples: it sets @vocab, which hides undefined terms"
_UNPINNED = {
    "credentials-examples-v1.jsonld": "for examples of VC 1.1 only",
    "credentials-examples-v2.jsonld": _VOCAB,
    "credentials-undefined-terms-v2.jsonld": _VOCAB,
    "jwk-v1.jsonld": f"{_OLD_KEYS}; and in no published package that we found",
    "cid-v1.jsonld": _OLD_KEYS,
    "security-v1.jsonld": _RETIRED,
    "security-v2.jsonld": _RETIRED,
    "citizenship-v4rc1.jsonld": "for the vectors of ecdsa-sd-2023 only",
}
_API = "a message of 1EdTech's REST API, which is not the format library's"


def groups() -> list[Group]:
    return [_contexts(), _schemas()]


def _contexts() -> Group:
    folder = shared_path("standards/contexts")
    rows = []
    for entry in json.loads((folder / "index.json").read_text(encoding="utf-8")):
        url, name = entry["url"], entry["file"]
        store = ContextStore.of_edition(Edition.EARLIER if name.endswith(".2024.json") else Edition.CURRENT)
        file = f"contexts/{name}: {url}"
        if url in store.urls:
            same = store.document(url) == json.loads((folder / name).read_bytes())
            rows.append(equal(file, "this content", True, same))
        else:
            why = _EXTENSION if name.startswith("ob-ext-") else _UNPINNED.get(name, "")
            rows.append(Row(file, "published", "not pinned", False, why))
    how = "The pinned contexts (`schemas/contexts`) compared as JSON. One that is not pinned is never fetched."
    return Group("Contexts", how, tuple(rows), ("contexts/index.json",))


def _schemas() -> Group:
    root = shared_path("standards/json-schema")
    rows = []
    for path in sorted(root.glob("*/*.json")):
        file = path.relative_to(root.parent).as_posix()
        made = next((found for end, found in _OURS.items() if path.name.startswith(end)), None)
        if made is None:
            why = _EXTENSION if path.parent.name == "extensions" else _API
            rows.append(Row(file, "a schema", "not used", False, why))
            continue
        rules = json.loads(path.read_text(encoding="utf-8"))
        documents = made()
        faults = {
            name: [f"{fault.pointer} {fault.detail}" for fault in found]
            for name, document in documents.items()
            if (found := validate(rules, document, steps=_STEPS))
        }
        ours = "; ".join(f"{name}: {', '.join(found)}" for name, found in faults.items())
        rows.append(Row(file, f"accepts {', '.join(documents)}", ours or "accepted", not faults))
    how = (
        "What we issue, held against the published schemas, formats included: the golden badges of `tests/golden`, "
        "endorsements and learner records with all members and with the fewest. Profiles are an issuer's."
    )
    return Group("JSON Schemas", how, tuple(rows))


def _badges() -> dict[str, Any]:
    made = rebuild.documents()
    return {name: strictjson.loads(made[name]) for name in ("badge-full.json", "badge-minimal.json")}


def _endorsements() -> dict[str, Any]:
    facts = {"a full endorsement": records.endorsement_facts(), "a minimal one": records.minimal_endorsement_facts()}
    return {name: records.signed_endorsement(given) for name, given in facts.items()}


def _records() -> dict[str, Any]:
    facts = {"a full record": records.clr_facts(), "a minimal one": records.minimal_clr_facts()}
    return {name: records.signed_clr(given) for name, given in facts.items()}


_OURS: dict[str, Callable[[], dict[str, Any]]] = {
    "ob_v3p0_achievementcredential": _badges,
    "ob_v3p0_endorsementcredential": _endorsements,
    "ob_v3p0_profile": lambda: {"an issuer's profile": issued.issuer()},
    "clr_v2p0_achievementcredential": _badges,
    "clr_v2p0_clrcredential": _records,
    "clr_v2p0_endorsementcredential": _endorsements,
    "clr_v2p0_profile": lambda: {"an issuer's profile": issued.issuer()},
}
