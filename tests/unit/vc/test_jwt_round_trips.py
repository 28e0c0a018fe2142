"""From a prepared credential to a token, into each carrier and back; and no changed token passes."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from struct import pack

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from badgeissuer.errors import BadgeissuerError
from badgeissuer.vc import jwt
from badgeissuer.vc.bake import Family, bake, unbake
from tests.support.tokens import EACH, KEY, KID, PREPARED, SIGN, SIGNERS, accept, document

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def _chunk(type_: bytes, data: bytes) -> bytes:
    return pack(">I4s", len(data), type_) + data + pack(">I", zlib.crc32(type_ + data))


_HEADER = _chunk(b"IHDR", pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
ART = {
    "png": b"\x89PNG\r\n\x1a\n" + _HEADER + _chunk(b"IDAT", zlib.compress(b"\0\0")) + _chunk(b"IEND", b""),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
}


@EACH
@pytest.mark.parametrize("make", [jwt.create_ob, jwt.create_vc_jose], ids=["ob", "vc+jwt"])
@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize("carrier", [None, *ART])
def test_every_form_in_every_carrier(alg: str, make: Callable[..., str], family: Family, carrier: str | None) -> None:
    sign, key = SIGNERS[alg]
    token = make(PREPARED, sign=sign, key=key, kid=KID)
    if carrier is not None:
        baked = unbake(bake(ART[carrier], token, family=family))
        assert (baked.text, baked.family, baked.is_jwt) == (token, family, True)
        token = baked.text
    assert accept(token, key).document == document()


TOKENS = [make(PREPARED, sign=SIGN, key=KEY, kid=KID) for make in (jwt.create_ob, jwt.create_vc_jose)]


@given(st.sampled_from(TOKENS), st.data())
def test_no_token_with_one_character_changed_passes(token: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from(BASE64URL + "."))
    assume(other != token[at])
    for changed in (
        token[:at] + other + token[at + 1 :],
        token[:at] + token[at + 1 :],
        token[:at] + other + token[at:],
    ):
        assume(changed != token)
        with pytest.raises(BadgeissuerError):
            accept(changed)
