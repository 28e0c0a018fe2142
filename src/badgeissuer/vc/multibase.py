"""Binary values as texts: base58btc, base64url, multibase, and the multihash of a digest."""

from __future__ import annotations

import base64
import binascii

from badgeissuer.vc import limits
from badgeissuer.vc.faults import KeyInvalid

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS = {character: digit for digit, character in enumerate(_ALPHABET)}
# Two digits at once, and ten between the divisions of a long number.
_PAIR = [first + second for first in _ALPHABET for second in _ALPHABET]
_PAIRS = 5
_FEW = 58 ** (2 * _PAIRS)


def base58btc_encode(data: bytes) -> str:
    """Base58 with Bitcoin's alphabet, without a multibase prefix."""
    number = int.from_bytes(data)
    digits: list[str] = []
    while number:
        number, few = divmod(number, _FEW)  # few divisions of a long number, the others of short ones
        for _ in range(_PAIRS):
            few, pair = divmod(few, 58 * 58)
            digits.append(_PAIR[pair])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return _ALPHABET[0] * zeros + "".join(reversed(digits)).lstrip(_ALPHABET[0])


def base58btc_decode(text: str) -> bytes:
    """The bytes of a base58btc text. Raises ``KeyInvalid`` for other characters and texts of unreasonable length."""
    if len(text) > limits.BASE58:
        raise KeyInvalid("the base58btc text is too long")
    number = 0
    try:
        for start in range(0, len(text), 2 * _PAIRS):
            few, part = 0, text[start : start + 2 * _PAIRS]
            for character in part:
                few = few * 58 + _DIGITS[character]
            number = number * 58 ** len(part) + few
    except KeyError:
        raise KeyInvalid("the text is not base58btc") from None
    zeros = len(text) - len(text.lstrip(_ALPHABET[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)


def base64url_encode(data: bytes) -> str:
    """Base64url without padding (RFC 4648 §5, RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def base64url_decode(text: str) -> bytes:
    """The bytes of unpadded base64url. Raises ``KeyInvalid`` for anything but the one canonical spelling."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise KeyInvalid("the text is not base64url") from None
    if base64url_encode(data) != text:
        raise KeyInvalid("the text is not canonical base64url without padding")
    return data


def multibase_encode(data: bytes, base: str = "z") -> str:
    """Multibase: ``z`` base58btc, ``u`` base64url without padding (Controlled Identifiers 1.0 §2.4)."""
    match base:
        case "z":
            return "z" + base58btc_encode(data)
        case "u":
            return "u" + base64url_encode(data)
        case _:
            raise KeyInvalid("only the multibase forms z and u are used here")


def multibase_decode(text: str) -> bytes:
    """The bytes of a multibase text in form ``z`` or ``u``. Raises ``KeyInvalid``."""
    match text[:1]:
        case "z":
            return base58btc_decode(text[1:])
        case "u":
            return base64url_decode(text[1:])
        case _:
            raise KeyInvalid("the text is not multibase of form z or u")


def digest_multibase(sha256: bytes, base: str = "u") -> str:
    """``digestMultibase`` of a SHA-256 digest: its multihash in multibase (VC Data Model 2.0 §5.3).

    Raises ``KeyInvalid`` for another length.
    """
    if len(sha256) != 32:
        raise KeyInvalid("a SHA-256 digest has 32 bytes")
    return multibase_encode(b"\x12\x20" + sha256, base)
