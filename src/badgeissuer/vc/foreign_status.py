"""Status methods of older badges, for reading alone: StatusList2021 and the 1EdTech Revocation List.

Both say less than a Bitstring Status List: a StatusList2021 has one bit and two purposes, and the 1EdTech list is an
unsigned JSON document, so that all its weight is that of the host it came from.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from badgeissuer.vc import limits
from badgeissuer.vc.faults import StatusListEncoding, StatusListLength
from badgeissuer.vc.multibase import base64url_encode
from badgeissuer.vc.status import Bits
from badgeissuer.vc.status_entries import (
    REVOCATION,
    SUSPENSION,
    Entry,
    Status,
    StatusEntryInvalid,
    StatusPurposeMismatch,
    index_of,
    is_url,
    subject_of,
)

STATUS_LIST_2021 = "StatusList2021Entry"
REVOCATION_LIST_1EDTECH = "1EdTechRevocationList"

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")


def parse_entry_2021(entry: Mapping[str, Any]) -> Entry:
    """A ``StatusList2021Entry`` (VC Status List 2021 §4.1). Raises ``StatusEntryInvalid``."""
    url, index, purpose = entry.get("statusListCredential"), index_of(entry), entry.get("statusPurpose")
    if entry.get("type") not in (STATUS_LIST_2021, [STATUS_LIST_2021]):
        raise StatusEntryInvalid(f"the status entry is no {STATUS_LIST_2021}")
    if purpose not in (REVOCATION, SUSPENSION):
        raise StatusEntryInvalid("statusPurpose must be revocation or suspension")
    if not is_url(url):
        raise StatusEntryInvalid("statusListCredential must be a URL")
    if index is None:
        raise StatusEntryInvalid("statusListIndex must be a whole number in a text")
    return Entry(str(url), index, str(purpose))


def read_status_2021(entry: Entry, subject: object) -> Status:
    """What a StatusList2021 with this ``credentialSubject`` says of the entry (§5.2), its proof having been checked.

    ``encodedList`` is GZIP in base64, of either alphabet and without a multibase letter. Raises
    ``StatusPurposeMismatch``, ``StatusListEncoding``, ``StatusListLength``, ``StatusListRange``.
    """
    listed = subject_of(subject, "StatusList2021")
    if listed.get("statusPurpose") != entry.purpose:
        raise StatusPurposeMismatch("the status list is for another purpose")
    text = listed.get("encodedList")
    if isinstance(text, str) and len(text) > limits.LIST_CHARACTERS:
        raise StatusListLength("the status list is too long")
    if not isinstance(text, str) or not _BASE64.fullmatch(text):
        raise StatusListEncoding("encodedList is not base64")
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        packed = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        raise StatusListEncoding("encodedList is not base64") from None
    return Status(entry.purpose, int(Bits.from_encoded("u" + base64url_encode(packed)).get(entry.index)))


def revocation_list_url(entry: Mapping[str, Any]) -> str:
    """Where the list of a ``1EdTechRevocationList`` status is. Raises ``StatusEntryInvalid``."""
    url = entry.get("id")
    if entry.get("type") not in (REVOCATION_LIST_1EDTECH, [REVOCATION_LIST_1EDTECH]) or not is_url(url):
        raise StatusEntryInvalid(f"the status is no {REVOCATION_LIST_1EDTECH} with a URL")
    return str(url)


def read_revocation_list(
    entry: Mapping[str, Any], document: object, *, credential_id: str, issuer: str | None
) -> Status:
    """What a 1EdTech Revocation List says of a credential (1EdTech VC Revocation List 1.0; OB verification step 4).

    A row names a revoked credential, unless it says ``revoked: false``. Ids are compared trimmed and percent-decoded
    (OB §Equality). ``revokedCredentials`` is the older name of the member. Raises ``StatusEntryInvalid`` for a list out
    of form and for a credential without an id, ``StatusPurposeMismatch`` for another list or another issuer's: unknown
    is never "not revoked".
    """
    url = revocation_list_url(entry)
    wanted = _plain(credential_id)
    if not wanted:
        raise StatusEntryInvalid("the credential has no id, so that no revocation list can name it")
    if not isinstance(document, Mapping):
        raise StatusEntryInvalid("the revocation list is no JSON object")
    if _plain(document.get("id", url)) != _plain(url):
        raise StatusPurposeMismatch("the revocation list calls itself by another id")
    owner = document.get("issuer")
    owner = owner.get("id") if isinstance(owner, Mapping) else owner
    if issuer is None or owner != issuer:
        raise StatusPurposeMismatch("the revocation list is another issuer's")
    found, reason = False, None
    for row in _rows(document):
        if not isinstance(row, Mapping) or not isinstance(row.get("id"), str):
            raise StatusEntryInvalid("a row of the revocation list names no credential")
        revoked = row.get("revoked", True)
        if not isinstance(revoked, bool):
            raise StatusEntryInvalid("revoked must be true or false")
        if revoked and _plain(row["id"]) == wanted:
            found, given = True, row.get("revocationReason")
            reason = given if isinstance(given, str) else reason
    return Status(REVOCATION, int(found), reason=reason, notes=("the revocation list is not signed",))


def _rows(document: Mapping[str, Any]) -> list[Any]:
    rows: list[Any] = []
    names = [name for name in ("revokedCredential", "revokedCredentials") if name in document]
    if not names:
        raise StatusEntryInvalid("the revocation list has no revokedCredential")
    for name in names:
        value = document[name]
        rows += value if isinstance(value, list) else [value]
    if len(rows) > limits.LIST_ROWS:
        raise StatusListLength(f"the revocation list has more than {limits.LIST_ROWS} rows")
    return rows


def _plain(identifier: object) -> str | None:
    if not isinstance(identifier, str):
        return None
    trimmed = identifier.strip()
    # Most have nothing to decode, and there may be many.
    return unquote(trimmed) if "%" in trimmed else trimmed
