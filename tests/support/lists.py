"""Status lists of every kind, and badges that name them, with the keys and the time of ``issued``."""

from __future__ import annotations

import base64
import copy
import gzip
import json
from collections.abc import Iterable, Mapping
from typing import Any

from badgeissuer.vc import jwt, lint, verify
from badgeissuer.vc.canon import canonicalize
from badgeissuer.vc.contexts import (
    CREDENTIALS_V1,
    DATA_INTEGRITY_V2,
    OB_CONTEXTS,
    OB_EXTENSIONS,
    OB_V3P0_303,
    STATUS_LIST_2021,
)
from badgeissuer.vc.status import Bits, status_entry, status_list_document
from badgeissuer.vc.verify import Failure, Material, Plan, Report
from tests.support import issued
from tests.support.issued import DID, INDEX, LIST_URL, NOW, Json, resigned

REVOCATIONS = f"{issued.BASE}/revocations"
SIGNED = issued.signed()


def entry(**changes: Any) -> Json:
    """The entry of our badges, with changes; ``...`` takes a member away."""
    found = status_entry(list_url=LIST_URL, index=INDEX, purpose="revocation") | changes
    return {name: value for name, value in found.items() if value is not ...}


def entry_2021(**changes: Any) -> Json:
    return entry(type="StatusList2021Entry") | changes


def entry_1edtech() -> Json:
    return {"id": REVOCATIONS, "type": "1EdTechRevocationList"}


def badge(status: object, *further: str) -> Json:
    """A badge of VC 2.0 with this ``credentialStatus``; ``further`` contexts come last."""
    document = copy.deepcopy(SIGNED) | {"@context": [*OB_CONTEXTS, *further], "credentialStatus": status}
    return resigned(document)


def badge_2021(**changes: Any) -> Json:
    return badge(entry_2021(**changes), STATUS_LIST_2021)


def badge_1edtech(**members: Any) -> Json:
    document = badge(entry_1edtech(), OB_EXTENSIONS)
    return resigned(document | members) if members else document


def older(document: Json) -> Json:
    """The document by the names of VC data model 1.1, signed anew."""
    found = copy.deepcopy(document)
    found["@context"] = [CREDENTIALS_V1, OB_V3P0_303, *found["@context"][2:], DATA_INTEGRITY_V2]
    del found["evidence"]  # its digests have no term there
    found["issuanceDate"], found["expirationDate"] = found.pop("validFrom"), found.pop("validUntil")
    return resigned(found)


def bits(*indexes: int, entries: int = 131_072) -> Bits:
    found = Bits.new(entries)
    for index in indexes:
        found.set(index)
    return found


def unsigned(encoded: object = None, **subject: Any) -> Json:
    """Our list as a document, with changes to its subject; ``...`` takes a member away."""
    document = status_list_document(list_url=LIST_URL, issuer=DID, purpose="revocation", encoded="", valid_from=NOW)
    listed = document["credentialSubject"] | {"encodedList": bits().encode() if encoded is None else encoded} | subject
    return document | {"credentialSubject": {name: value for name, value in listed.items() if value is not ...}}


def listed(encoded: object = None, **subject: Any) -> Json:
    return resigned(unsigned(encoded, **subject))


def packed(data: bytes) -> str:
    """``encodedList`` of a StatusList2021: GZIP in base64, without a multibase letter."""
    return base64.b64encode(gzip.compress(data, mtime=0)).decode()


def unsigned_2021(*indexes: int, **subject: Any) -> Json:
    return {
        "@context": [CREDENTIALS_V1, STATUS_LIST_2021, DATA_INTEGRITY_V2],
        "id": LIST_URL,
        "type": ["VerifiableCredential", "StatusList2021Credential"],
        "issuer": DID,
        "issuanceDate": "2026-03-01T12:00:00Z",
        "credentialSubject": {
            "id": f"{LIST_URL}#list",
            "type": "StatusList2021",
            "statusPurpose": "revocation",
            "encodedList": packed(bits(*indexes).to_bytes()),
            **subject,
        },
    }


def list_2021(*indexes: int, changes: Mapping[str, Any] | None = None, **subject: Any) -> Json:
    return resigned(unsigned_2021(*indexes, **subject) | dict(changes or {}))


def list_1edtech(rows: object = (), **changes: Any) -> bytes:
    return json.dumps({"id": REVOCATIONS, "issuer": DID, "revokedCredential": rows} | changes).encode()


def jwt_lists(found: Bits) -> dict[str, bytes]:
    """The list as a JWT of either form, as we would make it."""
    document = unsigned(found.encode())
    ready = lint.prepare_status_list(document, canonicalize(document, issued.CONTEXTS), now=NOW)
    key = issued.KEY.public_key()
    return {
        "vc+jwt": jwt.create_vc_jose(ready, sign=issued.KEY.sign, key=key, kid=issued.METHOD).encode(),
        "ob-jwt": jwt.create_ob(ready, sign=issued.KEY.sign, key=key, kid=issued.METHOD).encode(),
    }


def report_on(
    document: Json | bytes,
    lists: Json | bytes | Mapping[str, Any] | Failure | None = None,
    *,
    documents: Mapping[str, bytes | Failure] | None = None,
) -> Report:
    """As ``issued.report_on``, with the list that is at the one URL, and unsigned documents by URL."""
    plan = verify.plan(document)
    known = {} if lists is None or isinstance(lists, Failure) else {LIST_URL: lists}
    material = issued.material(plan, None, known)
    if isinstance(lists, Failure):
        material.status_lists[LIST_URL] = lists
    _unsigned(plan, material, documents or {})
    report = verify.check(plan, material, now=NOW)
    assert report.advice
    assert not issued.without_remedy(report), issued.without_remedy(report)
    return report


def _unsigned(plan: Plan, material: Material, documents: Mapping[str, bytes | Failure]) -> None:
    for need in plan.documents:
        if need.use is verify.Use.REVOCATION_LIST and need.url in documents:
            material.documents[need] = documents[need.url]
    for pointer, nested in plan.nested.items():
        _unsigned(nested, material.nested[pointer], documents)


def bad(checks: Iterable[verify.Check]) -> dict[int, str]:
    """The checks that are not ok, by number."""
    return {item.number: item.verdict.value for item in checks if item.verdict is not verify.Verdict.OK}
