"""What passes between the sandbox and its workers: a length in four bytes, then that many bytes of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from badgeissuer.errors import BadgeissuerError, Fault, Rejected, TooLarge
from badgeissuer.vc.canon.canonical import Budget, Canonical
from badgeissuer.vc.canon.rdfc import Algorithm
from badgeissuer.vc.contexts import Edition
from badgeissuer.vc.faults import (
    BudgetExceeded,
    MalformedJson,
    NotCanonical,
    SchemaInvalid,
    SchemaUnsupported,
    UnknownContext,
)

_ERRORS: dict[str, type[BadgeissuerError]] = {
    kind.code: kind
    for kind in (
        UnknownContext,
        NotCanonical,
        BudgetExceeded,
        MalformedJson,
        SchemaInvalid,
        SchemaUnsupported,
        Rejected,
        TooLarge,
    )
}

# A hostile document can have a fault every four bytes; nobody reads more than these.
MOST_FAULTS = 100


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(4) + body


def hello(contexts: Mapping[str, str] | None, *, memory_mib: int, edition: Edition = Edition.CURRENT) -> bytes:
    """The first frame to a worker: the contexts it serves (None: those that come with badgeissuer) and its memory.

    ``edition`` is that of the contexts, where they are given.
    """
    return _json({"contexts": contexts, "edition": edition, "memory_mib": memory_mib})


def job(
    document_text: str, budget: Budget, algorithm: Algorithm = "sha256", edition: Edition = Edition.CURRENT
) -> bytes:
    """One document to canonicalise, as the JSON text it already is."""
    settings = _json(asdict(budget)), _json(algorithm), _json(edition)
    return b'{"budget":%b,"algorithm":%b,"edition":%b,"document":%b}' % (*settings, document_text.encode())


def schema_job(schema_text: str, document_text: str) -> bytes:
    """One document to hold against a schema, both as JSON text."""
    return b'{"schema":%b,"document":%b}' % (schema_text.encode(), document_text.encode())


def pyld_job(document_text: str) -> bytes:
    """One document whose form by PyLD alone is wanted, as JSON text."""
    return b'{"pyld":%b}' % document_text.encode()


def said(nquads: bytes) -> bytes:
    return _json({"said": nquads.decode()})


def read_said(body: bytes) -> bytes:
    """What PyLD said, from a worker's answer, or its error raised."""
    answer: dict[str, Any] = json.loads(body)
    if "said" in answer:
        return str(answer["said"]).encode()
    raise _error(answer)


def found(faults: Iterable[Fault]) -> bytes:
    return _json({"found": [asdict(fault) for fault in faults]})


def result(canonical: Canonical) -> bytes:
    return _json({"canonical": {**asdict(canonical), "nquads": canonical.nquads.decode()}})


def refusal(error: BadgeissuerError) -> bytes:
    faults = [asdict(fault) for fault in error.faults[:MOST_FAULTS]]
    return _json({"error": error.code, "detail": error.detail, "faults": faults})


def read_answer(body: bytes) -> Canonical:
    """The result in a worker's answer, or its error raised."""
    answer: dict[str, Any] = json.loads(body)
    if "canonical" in answer:
        fields = answer["canonical"]
        lists = {name: tuple(fields[name]) for name in ("dropped", "relative", "dropped_at", "relative_at")}
        exact = {"nquads": fields["nquads"].encode(), "edition": Edition(fields["edition"])}
        return Canonical(**{**fields, **lists, **exact})
    raise _error(answer)


def read_found(body: bytes) -> list[Fault]:
    """The faults in a worker's answer to a schema job, or its error raised."""
    answer: dict[str, Any] = json.loads(body)
    if "found" in answer:
        return [Fault(**fault) for fault in answer["found"]]
    raise _error(answer)


def _error(answer: Mapping[str, Any]) -> BadgeissuerError:
    return _ERRORS[answer["error"]](answer["detail"], faults=[Fault(**fault) for fault in answer["faults"]])


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
