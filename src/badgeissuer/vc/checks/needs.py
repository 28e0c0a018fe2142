"""The linked documents that a verification needs besides keys and signed status lists, and what each is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from badgeissuer.vc import limits
from badgeissuer.vc.checks.kinds import types_of
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import StatusListError
from badgeissuer.vc.foreign_status import revocation_list_url

# 1EdTech's and the W3C's names for one thing: the document is to be held against the JSON Schema at ``id``.
SCHEMA_TYPES = frozenset({"1EdTechJsonSchemaValidator2019", "JsonSchema"})
REFRESH_TYPE = "1EdTechCredentialRefresh"
# Schemas of the standards themselves: check 1 holds a document to what they say, so nothing needs to be fetched.
KNOWN_SCHEMAS = (
    "https://purl.imsglobal.org/spec/ob/v3p0/schema/",
    "https://purl.imsglobal.org/spec/clr/v2p0/schema/",
)


class Use(StrEnum):
    """What a linked document is for. It is had as it is: nothing but the place it comes from speaks for it."""

    REVOCATION_LIST = "revocation list"
    SCHEMA = "schema"
    REFRESH = "refreshed credential"
    RELATED = "related resource"


@dataclass(frozen=True, slots=True)
class Need:
    """A linked document that is needed, besides keys and signed status lists."""

    use: Use
    url: str


def needs_of(document: Mapping[str, Any]) -> tuple[Need, ...]:
    """What is to be had once checks 0 to 4 are ok. The refreshed credential comes first: it may stand for all else."""
    schemas = [found for schema in schemas_of(document) if (found := schema_need(schema)) is not None]
    refresh = refresh_need(document)
    lists = [found for entry in status_entries_of(document) if (found := revocation_need(entry)) is not None]
    related = [related_need(url) for url in _related_urls(document)]
    needs = [*([refresh] if refresh else []), *list(dict.fromkeys(schemas))[: limits.SCHEMAS], *lists, *related]
    return tuple(dict.fromkeys(needs))


def status_entries_of(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The entries of ``credentialStatus``. Open Badges has one at most; other credentials may have several."""
    given = document.get("credentialStatus", [])
    items = given if isinstance(given, list) else [given]
    return [item for item in items if isinstance(item, Mapping)][: limits.STATUS_ENTRIES]


def revocation_need(entry: Mapping[str, Any]) -> Need | None:
    """The unsigned list of a 1EdTech Revocation List entry. None for other entries, and for one without a URL."""
    try:
        return Need(Use.REVOCATION_LIST, revocation_list_url(entry))
    except StatusListError:
        return None


def schemas_of(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The entries of ``credentialSchema``, whichever way it is written."""
    given = document.get("credentialSchema", [])
    yield from (item for item in (given if isinstance(given, list) else [given]) if isinstance(item, Mapping))


def schema_need(schema: Mapping[str, Any]) -> Need | None:
    """None for a schema of the standards, and for one of another kind than JSON Schema."""
    url = schema.get("id")
    if not isinstance(url, str) or url.startswith(KNOWN_SCHEMAS) or not types_of(schema) & SCHEMA_TYPES:
        return None
    return Need(Use.SCHEMA, url)


def refresh_need(document: Mapping[str, Any]) -> Need | None:
    """Where a newer edition can be had (OB verification step 3). None where there is none of that kind."""
    service = document.get("refreshService")
    if not isinstance(service, Mapping) or REFRESH_TYPE not in types_of(service):
        return None
    url = service.get("id")
    return Need(Use.REFRESH, url) if isinstance(url, str) else None


def related_of(document: Mapping[str, Any]) -> list[Any]:
    """The entries of ``relatedResource``, whichever way it is written."""
    given = document.get("relatedResource", [])
    return given if isinstance(given, list) else [given]


def related_need(url: str) -> Need:
    """A resource that the document gives a digest of."""
    return Need(Use.RELATED, url)


def _related_urls(document: Mapping[str, Any]) -> list[str]:
    """What has to be had: not the contexts that are pinned here, and not without end."""
    urls = [entry.get("id") for entry in related_of(document) if isinstance(entry, Mapping)]
    wanted = [url for url in urls if isinstance(url, str) and url not in ContextStore.pinned().urls]
    return list(dict.fromkeys(wanted))[: limits.RELATED]
