"""The JSON-LD contexts we know, as fixed bytes. A context that is not here is an error and never a fetch.

A context decides what a signature covers; taking one from the network at run time would let its host change the meaning
of signed documents (VC Data Integrity §4.6, context injection).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any

from badgeissuer.errors import BadgeissuerError, Fault, Misconfigured
from badgeissuer.resources import resource
from badgeissuer.vc import strictjson
from badgeissuer.vc.faults import UnknownContext

__all__ = [
    "CLR_CONTEXTS",
    "CLR_V2P0_200",
    "CLR_V2P0_201",
    "CREDENTIALS_V1",
    "CREDENTIALS_V2",
    "DATA_INTEGRITY_V1",
    "DATA_INTEGRITY_V2",
    "DID_V1",
    "ED25519_2020",
    "MULTIKEY_V1",
    "OB_CONTEXTS",
    "OB_EXTENSIONS",
    "OB_V3P0_300",
    "OB_V3P0_300_ALIAS",
    "OB_V3P0_301",
    "OB_V3P0_302",
    "OB_V3P0_303",
    "STATUS_LIST_2021",
    "STATUS_V1",
    "ContextStore",
    "Edition",
    "UnknownContext",
]

CREDENTIALS_V2 = "https://www.w3.org/ns/credentials/v2"
OB_V3P0_303 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
OB_EXTENSIONS = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
CLR_V2P0_201 = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
DATA_INTEGRITY_V2 = "https://w3id.org/security/data-integrity/v2"
MULTIKEY_V1 = "https://w3id.org/security/multikey/v1"
ED25519_2020 = "https://w3id.org/security/suites/ed25519-2020/v1"
DID_V1 = "https://www.w3.org/ns/did/v1"

# For verification only: what others issued before the current versions.
CREDENTIALS_V1 = "https://www.w3.org/2018/credentials/v1"
OB_V3P0_302 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"
OB_V3P0_301 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json"
OB_V3P0_300 = "https://purl.imsglobal.org/spec/ob/v3p0/context.json"
OB_V3P0_300_ALIAS = "https://purl.imsglobal.org/spec/ob/v3p0/context/ob_v3p0.jsonld"
CLR_V2P0_200 = "https://purl.imsglobal.org/spec/clr/v2p0/context.json"
DATA_INTEGRITY_V1 = "https://w3id.org/security/data-integrity/v1"
STATUS_LIST_2021 = "https://w3id.org/vc/status-list/2021/v1"
STATUS_V1 = "https://www.w3.org/ns/credentials/status/v1"

OB_CONTEXTS: tuple[str, ...] = (CREDENTIALS_V2, OB_V3P0_303)
CLR_CONTEXTS: tuple[str, ...] = (CREDENTIALS_V2, CLR_V2P0_201, OB_V3P0_303)


class Edition(StrEnum):
    """Of the two contents that ``context-3.0.3.json`` was published with under one URL (ADR 10).

    EARLIER, of 2024, lacks ``jti`` and ``endorsementJwt``. We issue under CURRENT; some issuers still sign under the
    other.
    """

    CURRENT = "current"
    EARLIER = "2024"


class ContextStore:
    """A fixed set of context documents by URL. Immutable; two stores never share anything that depends on content."""

    def __init__(self, documents: Mapping[str, bytes], *, edition: Edition = Edition.CURRENT) -> None:
        """``edition``: which content of ``context-3.0.3.json`` is among them. Raises ``MalformedJson`` where a document
        is not a strict JSON object."""
        for content in documents.values():
            strictjson.loads_object(content)
        self._documents: dict[str, bytes] = dict(documents)
        self.urls: frozenset[str] = frozenset(self._documents)
        self.edition = edition

    @classmethod
    def pinned(cls) -> ContextStore:
        """The contexts that come with badgeissuer; one store per process.

        Raises ``Misconfigured`` where a file is missing or has not the SHA-256 that the index states.
        """
        return _pinned(Edition.CURRENT)

    @classmethod
    def of_edition(cls, edition: Edition) -> ContextStore:
        """The same with the other content of ``context-3.0.3.json``. For verification only. One store per process."""
        return _pinned(edition)

    @classmethod
    def of(cls, documents: Mapping[str, bytes], *, edition: Edition = Edition.CURRENT) -> ContextStore:
        """A store of just these documents. For test vectors that bring their own contexts."""
        return cls(documents, edition=edition)

    def with_documents(self, documents: Mapping[str, bytes]) -> ContextStore:
        """A new store with these documents added, or put in place of those with the same URL."""
        return ContextStore({**self._documents, **documents}, edition=self.edition)

    def content(self, url: str) -> bytes:
        """The exact bytes of the context. Raises ``UnknownContext``."""
        try:
            return self._documents[url]
        except KeyError:
            detail = "the document names a JSON-LD context that this service does not know"
            raise UnknownContext(detail, faults=[Fault("", detail, UnknownContext.code)]) from None

    def document(self, url: str) -> dict[str, Any]:
        """The context document, a fresh copy at every call. Raises ``UnknownContext``; never fetches."""
        return strictjson.loads_object(self.content(url))


@lru_cache(maxsize=len(Edition))
def _pinned(edition: Edition) -> ContextStore:
    folder = resource("schemas") / "contexts"
    documents: dict[str, bytes] = {}
    try:
        index: Any = strictjson.loads((folder / "index.json").read_bytes())
        for row in index:
            url, file, sha256 = (str(row[name]) for name in ("url", "file", "sha256"))
            content = (folder / file).read_bytes()
            if hashlib.sha256(content).hexdigest() != sha256:
                raise Misconfigured(f"the context file {file} has been changed: its SHA-256 is not the pinned one")
            # A row with an edition stands for the one that has no such mark, where that edition is asked for.
            if row.get("edition", edition) == edition:
                documents[url] = content
        return ContextStore(documents, edition=edition)
    except Misconfigured:
        raise
    except (OSError, KeyError, TypeError, BadgeissuerError) as error:
        raise Misconfigured(f"the pinned contexts cannot be read ({error}); install badgeissuer again") from error
