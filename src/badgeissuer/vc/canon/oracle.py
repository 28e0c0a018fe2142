"""What PyLD says by itself: none of our own steps, no memory. For holding what we signed against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyld import jsonld

from badgeissuer.vc.canon.expansion import not_json_ld
from badgeissuer.vc.contexts import ContextStore


def pyld_nquads(document: Mapping[str, Any], contexts: ContextStore) -> bytes:
    """The canonical N-Quads of a document by PyLD's own expansion, its own ``to_rdf`` and its own canonicalisation.

    Takes twenty times as long as ``canonicalize`` and is bounded by nothing: run it where it can be killed. Raises
    ``NotCanonical`` for what PyLD refuses.
    """

    def load(url: str, _options: object) -> dict[str, Any]:
        return {
            "contentType": "application/ld+json",
            "contextUrl": None,
            "documentUrl": url,
            "document": contexts.document(url),
        }

    options = {"base": None, "algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
    try:
        text: str = jsonld.normalize(dict(document), options)
    except (jsonld.JsonLdError, AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise not_json_ld("PyLD refuses it") from None
    return text.encode()
