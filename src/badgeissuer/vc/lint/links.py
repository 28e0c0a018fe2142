"""Ids and links: which schemes and hosts may stand in a text that is signed for years."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from badgeissuer.errors import Fault
from badgeissuer.vc.model.base import is_iri
from badgeissuer.vc.strictjson import escape_pointer

# Names of a thing: https, urn or did. Links that a page shows: https only.
_NAMES = frozenset(("id", "resultDescription", "achievedLevel", "requiredLevel", "verificationMethod"))
_LINKS = frozenset(("url", "targetUrl", "statusListCredential"))
_SHORT = 256
_NAMES_AND_LINKS = _NAMES | _LINKS
_SECRETS = frozenset(
    (
        "x-amz-signature",
        "x-amz-credential",
        "x-amz-security-token",
        "x-goog-signature",
        "sig",
        "signature",
        "token",
        "access_token",
        "id_token",
        "api_key",
        "apikey",
        "password",
        "secret",
        "auth",
    )
)
_DID = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._%:-]*[A-Za-z0-9._%-]([/?#][^\s]*)?")
_URN = re.compile(r"urn:[A-Za-z0-9][A-Za-z0-9-]{0,31}:.+")
_UUID = re.compile(r"urn:uuid:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


def link_faults(document: Mapping[str, object], *, allow_loopback: bool) -> list[Fault]:
    """Every id and link in a document that may not stand there."""
    return list(_walk(document, "", allow_loopback)) if _any(document, allow_loopback) else []


def _any(document: Mapping[str, object], allow_loopback: bool) -> bool:
    """Whether there is one at all. Nearly always there is none, and then nobody needs the pointers."""
    pending: list[object] = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, Mapping):
            for name, member in value.items():
                if isinstance(member, str):
                    if name in _NAMES_AND_LINKS:
                        link = name in _LINKS or (name == "id" and value.get("type") == "Image")
                        if name_fault(member, link=link, allow_loopback=allow_loopback) is not None:
                            return True
                else:
                    pending.append(member)
        elif isinstance(value, list | tuple):
            pending.extend([item for item in value if type(item) is not str])
    return False


def _walk(value: object, pointer: str, allow_loopback: bool) -> Iterator[Fault]:
    if isinstance(value, Mapping):
        image = value.get("type") == "Image"
        for name, member in value.items():
            below = f"{pointer}/{escape_pointer(name)}"
            if isinstance(member, str) and name in _NAMES_AND_LINKS:
                link = name in _LINKS or (image and name == "id")
                detail = name_fault(member, link=link, allow_loopback=allow_loopback)
                if detail is not None:
                    yield Fault(below, detail, "uri", "VCDM §4.4")
            else:
                yield from _walk(member, below, allow_loopback)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _walk(item, f"{pointer}/{index}", allow_loopback)


def name_fault(text: str, *, link: bool = False, allow_loopback: bool = False) -> str | None:
    """Why a text may not be an id (or a link) in what we sign; None where it may."""
    # Most names of a badge are those of the one before.
    judge = _remembered if len(text) <= _SHORT else _name_fault
    return judge(text, link, allow_loopback)


def _name_fault(text: str, link: bool, allow_loopback: bool) -> str | None:
    if not is_iri(text):
        return "must be an absolute URI without spaces, quotes or angle brackets"
    scheme = text.partition(":")[0]
    if scheme in ("https", "http"):
        return _web_fault(text, allow_loopback=allow_loopback)
    if scheme == "did" and not link:
        if not _DID.fullmatch(text):
            return "is not a DID"
        if text.startswith("did:web:"):
            host = unquote(text.split(":")[2]).partition(":")[0]
            return _host_fault(host, allow_loopback=allow_loopback)
        return None
    if scheme == "urn" and not link:
        if text.lower().startswith("urn:uuid:") and not _UUID.fullmatch(text):
            return "is not a urn:uuid"
        return None if _URN.fullmatch(text) else "is not a URN"
    return "must be an https URL" if link else "must be an https URL, a urn or a DID"


_remembered = lru_cache(maxsize=2_048)(_name_fault)


def _web_fault(text: str, *, allow_loopback: bool) -> str | None:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "is not a URL"
    if not host or parts.username is not None or parts.password is not None:
        return "must be a URL with a host and without user name"
    if parts.scheme == "http" and not (allow_loopback and _is_loopback(host)):
        return "must be an https URL"
    return _host_fault(host, allow_loopback=allow_loopback) or _secret_fault(parts)


def _secret_fault(parts: SplitResult) -> str | None:
    named = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    return "must not carry an access token or a signature: it would be published for good" if named & _SECRETS else None


def _host_fault(host: str, *, allow_loopback: bool) -> str | None:
    if _is_loopback(host):
        return None if allow_loopback else "must not point to this machine"
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        inner = host == "local" or host.endswith((".local", ".internal", ".localhost", ".home.arpa"))
        return "must not point into a private network" if inner else None
    return None if address.is_global else "must not point into a private network"


def _is_loopback(host: str) -> bool:
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
