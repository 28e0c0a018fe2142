"""Bitstring status lists (W3C Bitstring Status List 1.0): the bits, their encoding, the documents about them."""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any

from badgeissuer.vc import limits
from badgeissuer.vc.contexts import CREDENTIALS_V2
from badgeissuer.vc.faults import KeyInvalid, StatusListEncoding, StatusListLength, StatusListRange
from badgeissuer.vc.multibase import base64url_decode, base64url_encode
from badgeissuer.vc.stamps import timestamp

# The least that the standard allows (§3.1): a shorter list is no crowd to hide in.
LIST_SIZE = 131_072
# Bits of one entry. The standard sets no upper bound, but each of the 2^size values needs a message (§2.1).
STATUS_SIZES = range(1, 9)
_GZIP = 31  # zlib's window bits for a gzip stream
_ANY_SYSTEM = 255


class Bits:
    """The bits of a status list. Index 0 is the most significant bit of the first byte (§3.1)."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes | bytearray) -> None:
        """Raises ``StatusListLength`` for fewer than 131,072 bits."""
        if len(data) * 8 < LIST_SIZE:
            raise StatusListLength(f"a status list has at least {LIST_SIZE} entries")
        self._data = bytearray(data)

    @classmethod
    def new(cls, size: int = LIST_SIZE) -> Bits:
        """A list of ``size`` bits, none set. Raises ``StatusListLength`` below the minimum or for a part of a byte."""
        if size % 8:
            raise StatusListLength("the size of a status list is a multiple of 8")
        return cls(bytes(size // 8))

    @classmethod
    def from_bytes(cls, data: bytes) -> Bits:
        """The list whose uncompressed bytes these are. Raises ``StatusListLength``."""
        return cls(data)

    @classmethod
    def from_encoded(cls, text: object, *, max_bytes: int = limits.LIST_BYTES) -> Bits:
        """Unpack ``encodedList`` (§3.4, Bitstring Expansion): multibase base64url of one GZIP stream.

        Never unpacks more than ``max_bytes``. Raises ``StatusListEncoding`` for another form, ``StatusListLength`` for
        a list that is too short or too long.
        """
        if not isinstance(text, str) or not text.startswith("u"):
            raise StatusListEncoding("encodedList must be multibase base64url, beginning with u")
        if len(text) > 2 * max_bytes:
            raise StatusListLength(f"the status list is longer than {max_bytes} bytes")
        stream = zlib.decompressobj(wbits=_GZIP)
        try:
            data = stream.decompress(base64url_decode(text[1:]), max_bytes + 1)
        except (KeyInvalid, zlib.error):
            raise StatusListEncoding("encodedList is not base64url of a GZIP stream") from None
        if len(data) > max_bytes:
            raise StatusListLength(f"the status list is longer than {max_bytes} bytes")
        if not stream.eof or stream.unused_data:
            raise StatusListEncoding("encodedList is not exactly one whole GZIP stream")
        return cls(data)

    def __len__(self) -> int:
        return len(self._data) * 8

    def get(self, index: int) -> bool:
        """The bit at ``index``. Raises ``StatusListRange``."""
        return bool(self._data[self._byte(index)] & (0x80 >> (index & 7)))

    def set(self, index: int, value: bool = True) -> None:
        """Set, or clear, the bit at ``index``. Raises ``StatusListRange``."""
        byte, mask = self._byte(index), 0x80 >> (index & 7)
        if value:
            self._data[byte] |= mask
        else:
            self._data[byte] &= ~mask

    def value(self, index: int, size: int) -> int:
        """The number in the ``size`` bits of entry ``index``, most significant first (§3.2: index times size).

        Raises ``StatusListLength`` where the list has fewer than 131,072 entries of this size, ``StatusListRange``.
        """
        first = self._first(index, size)
        number = 0
        for at in range(first, first + size):
            number = number << 1 | self.get(at)
        return number

    def put(self, index: int, size: int, number: int) -> None:
        """Write a number into the ``size`` bits of entry ``index``. Raises as ``value``, and for too large numbers."""
        first = self._first(index, size)
        if not 0 <= number < 1 << size:
            raise StatusListRange(f"a status of {size} bits is a number below {1 << size}")
        for offset in range(size):
            self.set(first + offset, bool(number >> (size - 1 - offset) & 1))

    def to_bytes(self) -> bytes:
        return bytes(self._data)

    def encode(self) -> str:
        """``encodedList``. No time and no system in the GZIP header: equal bits give an equal text."""
        # A list is runs of equal bytes: looking for these alone takes a hundredth of the time that looking for anything
        # does, and the text is rarely longer.
        packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
        packed = bytearray(packer.compress(self._data) + packer.flush())
        packed[4:8] = bytes(4)
        packed[9] = _ANY_SYSTEM
        return "u" + base64url_encode(bytes(packed))

    def _first(self, index: int, size: int) -> int:
        if size not in STATUS_SIZES:
            raise StatusListRange(f"a status has 1 to {STATUS_SIZES.stop - 1} bits here")
        if len(self) // size < LIST_SIZE:
            raise StatusListLength(f"a status list has at least {LIST_SIZE} entries")
        if not 0 <= index < len(self) // size:
            raise StatusListRange("the index lies outside the status list")
        return index * size

    def _byte(self, index: int) -> int:
        if not 0 <= index < len(self):
            raise StatusListRange("the index lies outside the status list")
        return index >> 3


def status_list_document(
    *, list_url: str, issuer: str, purpose: str, encoded: str, valid_from: datetime, ttl_ms: int = 300_000
) -> dict[str, Any]:
    """The unsigned BitstringStatusListCredential (§3.2). The subject's id differs from the list's own."""
    return {
        "@context": [CREDENTIALS_V2],
        "id": list_url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": timestamp(valid_from),
        "credentialSubject": {
            "id": f"{list_url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "ttl": ttl_ms,
            "encodedList": encoded,
        },
    }


def status_entry(*, list_url: str, index: int, purpose: str) -> dict[str, Any]:
    """The ``credentialStatus`` of a credential (§3.1). Its id is not the list's URL; the index is a string."""
    return {
        "id": f"{list_url}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": str(index),
        "statusListCredential": list_url,
    }
