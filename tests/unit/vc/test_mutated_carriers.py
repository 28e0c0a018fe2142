"""No change to a JWT passes, and no change to an image that carries a credential changes what is read out of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from badgeissuer.errors import BadgeissuerError
from badgeissuer.vc.bake import unbake
from badgeissuer.vc.jwk import public_jwk
from badgeissuer.vc.multibase import base64url_decode, base64url_encode
from badgeissuer.vc.verify import Verdict
from tests.support import issued, mutations, renditions, tokens
from tests.support.differences import ANOTHER, differences, twin_signature
from tests.support.renditions import ALGORITHMS, FORMS, KINDS

SOME = settings(max_examples=60, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
MANY = settings(SOME, max_examples=150)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0é"
SEGMENTS = ("header", "payload", "signature")
# As a token may stand in a file.
BLANK = " \t\r\n"

Draw = Callable[[Any], Any]


def _spliced(draw: Draw, text: Any, other: Any, joined: Any) -> Any:
    """The text or bytes with one place changed: another sign there, one less, one more, a part twice or the end cut."""
    at = draw(st.integers(0, len(text) - 1))
    end = draw(st.integers(at + 1, min(len(text), at + 40)))
    ways = [
        text[:at] + other + text[at + 1 :],
        text[:at] + text[at + 1 :],
        text[:at] + other + text[at:],
        text[:end] + text[at:],
        text[:at] + text[end:],
        text[:at],
        text + other,
        other + text,
    ]
    return draw(st.sampled_from(ways)) + joined


_HEADERS: list[dict[str, Any]] = [
    {"alg": "none"},
    {"alg": "HS256"},
    {"alg": "ES256"},
    {"alg": "EdDSA"},
    {"alg": "RS512"},
    {"typ": "jwt"},
    {"typ": "vc+jwt"},
    {"typ": "vc+ld+json+jwt"},
    {"cty": "vc"},
    {"kid": f"{issued.DID}#ES256"},
    {"kid": "did:key:z6MkOther#z6MkOther"},
    {"kid": "https://evil.example/keys.json"},
    {"jwk": public_jwk(issued.OTHER_KEY.public_key())},
    {"jwk": public_jwk(tokens.P384.public_key())},
    {"crit": ["b64"], "b64": False},
    {"iat": 0},
    {"jku": "https://evil.example/keys.json"},
]


@st.composite
def changed_segment(draw: Draw, token: str, segment: str) -> str:
    """The token with one of its three parts changed, as text or as what the text stands for."""
    parts = dict(zip(SEGMENTS, token.split("."), strict=True))
    part = parts[segment]
    data = base64url_decode(part)
    way = draw(st.sampled_from(["text", "bytes", "meaning", "other part"]))
    if way == "text":
        parts[segment] = _spliced(draw, part, draw(st.sampled_from(ALPHABET)), "")
    elif way == "bytes" or (way == "meaning" and segment == "signature"):
        parts[segment] = base64url_encode(_spliced(draw, data, bytes([draw(st.integers(0, 255))]), b""))
    elif way == "other part":
        parts[segment] = draw(st.sampled_from(["", "e30", *(parts[name] for name in SEGMENTS if name != segment)]))
    elif segment == "header":
        header = json.loads(data)
        change = draw(st.sampled_from([*_HEADERS, *({name: None} for name in header)]))
        header = {name: value for name, value in {**header, **change}.items() if value is not None}
        parts[segment] = base64url_encode(json.dumps(header, separators=(",", ":")).encode())
    else:
        text = draw(mutations.mutated(data.decode()))
        parts[segment] = base64url_encode(text.encode("utf-8", "surrogatepass"))
    return ".".join(parts.values())


@pytest.mark.parametrize("segment", SEGMENTS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("alg", ALGORITHMS)
@SOME
@given(data=st.data())
def test_no_changed_token_passes(alg: str, form: str, segment: str, data: st.DataObject) -> None:
    token = renditions.token(data.draw(st.sampled_from(KINDS)), form, alg)
    changed = data.draw(changed_segment(token, segment))
    assume(changed.strip(BLANK) != token)
    report = renditions.report_on(changed.encode("utf-8", "surrogatepass"))
    assert not report.verified
    assert any(check.verdict is not Verdict.OK for check in report.checks[:5])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_what_may_be_changed_of_a_token(alg: str, form: str) -> None:
    """Blanks around it; and ECDSA's signature for its twin, which anyone can make. RSA and Ed25519 have none."""
    token = renditions.token("badge", form, alg)
    assert renditions.report_on(f"\n {token}\r\n".encode()).verified
    start, _, signature = token.rpartition(".")
    raw = base64url_decode(signature)
    other = twin_signature(raw) if len(raw) == 64 else raw[::-1]
    assert renditions.report_on(f"{start}.{base64url_encode(other)}".encode()).verified is (alg == "ES256")


TEXTS: Mapping[str, tuple[str, Callable[[], str]]] = {
    "eddsa-rdfc-2022 badge": ("badge", lambda: renditions.secured("badge", "eddsa-rdfc-2022")),
    "ecdsa-jcs-2019 clr": ("clr", lambda: renditions.secured("clr", "ecdsa-jcs-2019")),
    "ES256 endorsement": ("endorsement", lambda: renditions.token("endorsement", "ob", "ES256")),
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("carrier", ["png", "svg"])
@MANY
@given(data=st.data())
def test_a_changed_image_gives_the_same_credential_or_none(carrier: str, name: str, data: st.DataObject) -> None:
    """Changes stand in the picture or in the credential; where one passes, a reader finds what was signed."""
    kind, make = TEXTS[name]
    text = make()
    image = renditions.carried(text, kind, carrier)
    # Half of the changes in the picture: else nearly all would be in the credential, which is most of the file.
    at = image.index(text[:20].encode())
    before, inside, after = image[:at], image[at : at + len(text)], image[at + len(text) :]
    assert inside == text.encode()
    other = bytes([data.draw(st.integers(0, 255))])
    match data.draw(st.sampled_from(["before", "inside", "after", "inside"])):
        case "before":
            changed = _spliced(data.draw, before, other, inside + after)
        case "inside":
            changed = before + _spliced(data.draw, inside, other, after)
        case _:
            changed = before + inside + _spliced(data.draw, after, other, b"")
    assume(changed != image)
    report = renditions.report_on(changed)
    if not report.verified:
        return
    found = unbake(changed).text if not changed.startswith((b"{", b"e")) else changed.decode()
    if text.startswith("{"):
        assert ANOTHER not in differences(text, found)
    else:
        assert found.strip(BLANK) == text


@pytest.mark.parametrize("carrier", ["png", "svg"])
def test_a_changed_picture_around_it_is_another_picture_with_the_same_credential(carrier: str) -> None:
    """The picture is no part of what is signed: an SVG may be repainted. A PNG's chunks have checksums, no more."""
    text = renditions.secured("badge", "eddsa-rdfc-2022")
    image = renditions.carried(text, "badge", carrier)
    if carrier == "svg":
        repainted = image.replace(b'r="4"', b'r="5"')
        assert repainted != image
        assert renditions.report_on(repainted).verified
        assert unbake(repainted).text == text
    else:
        at = image.index(b"IDAT") + 6
        broken = image[:at] + bytes([image[at] ^ 1]) + image[at + 1 :]
        with pytest.raises(BadgeissuerError):
            unbake(broken)
