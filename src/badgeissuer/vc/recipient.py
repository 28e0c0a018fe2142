"""Whom a credential is about: hashed identities and how they are compared (OB §IdentityObject, verification step 5).

A hash of an e-mail address with a salt that stands beside it can be guessed by anyone who has a list of addresses. It
is a pseudonym, not anonymity: it lets a wallet match, and keeps the address out of the text.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from badgeissuer.errors import Fault, Rejected

_LONGEST_EMAIL = 320
_EMAIL_TYPE = "emailAddress"


def normalise_email(text: str) -> str:
    """The one form in which an address is stored and hashed. Raises ``Rejected``; the address is not echoed.

    The rule: outer white space goes, Unicode NFC, the domain in its ASCII (IDNA) form, and the whole address in lower
    case. Lower case is a choice (RFC 5321 leaves the local part to the receiving host): people write their address in
    either case and no host in use tells them apart. Nothing else changes; dots and ``+tags`` stay.
    """
    address = unicodedata.normalize("NFC", text.strip()).lower()
    local, at, domain = address.rpartition("@")
    try:
        host = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        host = ""
    if (
        not at
        or not local
        or not host
        or "@" in local
        or len(local) + len(host) >= _LONGEST_EMAIL
        or any(not character.isprintable() or character in ' <>(),;:"\\' for character in local + host)
    ):
        detail = "must be one e-mail address, such as teacher@school.example"
        raise Rejected("the e-mail address cannot be read", faults=[Fault("/email", detail, "email")])
    return f"{local}@{host}"


def identity_hash(value: str, salt: str) -> str:
    """``sha256$`` and the hex SHA-256 of the value followed by the salt, in UTF-8 (OB §IdentityHash)."""
    return "sha256$" + hashlib.sha256((value + salt).encode("utf-8")).hexdigest()


def hashed_identity(value: str, *, salt: str, identity_type: str = _EMAIL_TYPE) -> dict[str, Any]:
    """An IdentityObject that hides ``value`` behind a salted hash. The value must be in its normal form already."""
    return {
        "type": "IdentityObject",
        "hashed": True,
        "identityHash": identity_hash(value, salt),
        "identityType": identity_type,
        "salt": salt,
    }


def matches(identity: Mapping[str, Any], value: str) -> bool:
    """Whether an IdentityObject is about ``value`` (in its normal form). Constant time; never raises.

    Takes hashed forms with ``sha256$`` and, for old badges, ``md5$`` (OB §IdentityHash), and plain ones. The caller
    compares the type, and tries every identifier of the subject.
    """
    given, salt = identity.get("identityHash"), identity.get("salt", "")
    if not isinstance(given, str) or not isinstance(salt, str):
        return False
    if identity.get("hashed") is True:
        plain = (value + salt).encode("utf-8", "surrogatepass")
        if given.startswith("md5$"):
            expected = "md5$" + hashlib.md5(plain, usedforsecurity=False).hexdigest()
        else:
            expected = "sha256$" + hashlib.sha256(plain).hexdigest()
        given = given.lower()
    elif identity.get("hashed") is False:
        expected = value
    else:
        return False
    return _equal(given, expected)


def is_about(subject: Mapping[str, Any], known: Iterable[str]) -> bool | None:
    """Whether a credential's subject is one of the known identities; None where it names none that could be compared.

    An e-mail address (``mailto:`` or not) is held against identifiers of type ``emailAddress``, in its normal form and
    as it was written, and against a ``mailto:`` id; anything else (a DID, a number) against the id, percent-decoded
    and trimmed, and against identifiers of other types. Every identifier is tried, whatever the first ones say, so the
    time does not tell which one matched. Never raises (OB §IdentityHash, verification step 5).
    """
    found, comparable = False, False
    for identity in known:
        address = _as_email(identity)
        for same in _by_email(subject, address, identity) if address is not None else _by_id(subject, identity):
            comparable = True
            found = same or found
    return found if comparable else None


def _as_email(identity: str) -> str | None:
    text = identity.strip()
    if text[:7].lower() == "mailto:":
        text = unquote(text[7:])
    try:
        return normalise_email(text)
    except Rejected:
        return None


def _by_email(subject: Mapping[str, Any], address: str, written: str) -> Iterator[bool]:
    identifier = subject.get("id")
    if isinstance(identifier, str) and identifier.strip()[:7].lower() == "mailto:":
        yield _equal(_as_email(identifier) or "", address)
    for identity in _identities(subject):
        if identity.get("identityType") == _EMAIL_TYPE:
            plain = identity["identityHash"] if identity.get("hashed") is False else ""
            as_given = matches(identity, written.strip())
            normal = matches(identity, address)
            yield as_given | normal | _equal(_as_email(plain) or "", address)


def _by_id(subject: Mapping[str, Any], written: str) -> Iterator[bool]:
    value = unquote(written).strip()
    identifier = subject.get("id")
    if isinstance(identifier, str):
        yield _equal(unquote(identifier).strip(), value)
    for identity in _identities(subject):
        if identity.get("identityType") != _EMAIL_TYPE:
            yield matches(identity, written.strip())


def _identities(subject: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    given = subject.get("identifier", [])
    for item in given if isinstance(given, list) else [given]:
        if isinstance(item, Mapping) and isinstance(item.get("identityHash"), str):
            yield item


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
