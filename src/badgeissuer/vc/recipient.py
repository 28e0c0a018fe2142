"""Whom a credential is about: hashed identities and how they are compared (OB §IdentityObject, verification step 5).

A hash of an e-mail address with a salt that stands beside it can be guessed by anyone who has a list of addresses. It
is a pseudonym, not anonymity: it lets a wallet match, and keeps the address out of the text.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from typing import Any

from badgeissuer.errors import Fault, Rejected

_LONGEST_EMAIL = 320


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


def hashed_identity(value: str, *, salt: str, identity_type: str = "emailAddress") -> dict[str, Any]:
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
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass"))
