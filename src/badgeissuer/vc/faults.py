"""The errors of the formats. Each is one of ``badgeissuer.errors`` with a narrower code; the edges need no new rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from badgeissuer.errors import Fault, MalformedInput, Rejected, TooLarge


class MalformedJson(MalformedInput):
    """The bytes are not one JSON text in the strict form of ``strictjson`` (RFC 8259 plus I-JSON, RFC 7493)."""

    code = "malformed-json"


class UnknownContext(Rejected):
    """The document names a JSON-LD context that is not pinned. Contexts are never fetched."""

    code = "unknown-context"


class NotCanonical(Rejected):
    """The document has no canonical form here: broken JSON-LD, or something implementations disagree about."""

    code = "not-canonical"


class BudgetExceeded(TooLarge):
    """Canonicalisation would take more work than its budget allows (bytes, values, statements, or steps to tell blank
    nodes apart). ``unit`` is what was counted and ``spent`` how many there were when it stopped; a worker that was
    ended by the clock counted nothing."""

    code = "budget-exceeded"

    def __init__(self, detail: str, *, faults: Iterable[Fault] = (), unit: str = "", spent: int = 0) -> None:
        super().__init__(detail, faults=faults)
        self.unit = unit
        self.spent = spent


class KeyInvalid(Rejected):
    """The text is not a public key in a form that we accept."""

    code = "key-invalid"


class ProofInvalid(Rejected):
    """The proof does not verify, or is out of form."""

    code = "proof-invalid"


class ProofUnsupported(ProofInvalid):
    """The proof is of a suite, or with a kind of key, that we do not verify. It says nothing about the proof itself."""

    code = "proof-unsupported"


class StatusListError(Rejected):
    """A status list or an entry in it is wrong. ``problem`` is a type URI of Bitstring Status List §3.5, or of the data
    model for the two errors that are named there."""

    code = "status-list"
    problem: ClassVar[str] = "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR"


class StatusListEncoding(StatusListError):
    """``encodedList`` is not multibase base64url of a GZIP stream."""

    code = "status-list-encoding"
    problem = "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR"


class StatusListLength(StatusListError):
    """The list has fewer than 131,072 entries, or more than we are willing to unpack."""

    code = "status-list-length"
    problem = "https://www.w3.org/ns/credentials/status-list#STATUS_LIST_LENGTH_ERROR"


class StatusListRange(StatusListError):
    """The index lies outside the list."""

    code = "status-list-range"
    problem = "https://www.w3.org/TR/vc-data-model#RANGE_ERROR"


class DidInvalid(Rejected):
    """The text is not a DID of a method that we know, or names a host that a DID cannot name."""

    code = "did-invalid"


class SchemaInvalid(Rejected):
    """The text that a credential names as its schema is no JSON Schema."""

    code = "schema-invalid"


class SchemaUnsupported(Rejected):
    """The schema cannot be used here. It says nothing about the document."""

    code = "schema-unsupported"
