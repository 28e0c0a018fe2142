"""Check 8, part: documents that the credential links to. What is not looked at is said to be so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from badgeissuer.vc.checks.report import NESTED, Check, Verdict

# Schemas of the standard itself: check 1 holds a document to what they say, so nothing needs to be fetched.
_KNOWN_SCHEMAS = "https://purl.imsglobal.org/spec/ob/v3p0/schema/"


def linked_parts(document: Mapping[str, Any]) -> Iterator[Check]:
    """A part for each linked document."""
    schemas = document.get("credentialSchema", [])
    for schema in schemas if isinstance(schemas, list) else [schemas]:
        known = isinstance(schema, Mapping) and str(schema.get("id", "")).startswith(_KNOWN_SCHEMAS)
        if known:
            yield Check(NESTED, "credentialSchema", Verdict.OK, "it names the standard's own schema, see check 1")
        else:
            yield Check(NESTED, "credentialSchema", Verdict.NOT_CHECKED, "not supported yet; a schema of its own")
    if "refreshService" in document:
        detail = "not supported yet; a newer edition may exist"
        yield Check(NESTED, "refreshService", Verdict.NOT_CHECKED, detail)
    jwts = document.get("endorsementJwt", [])
    if jwts:
        yield Check(NESTED, "endorsementJwt", Verdict.NOT_CHECKED, "not supported yet; endorsements in JWT form")
