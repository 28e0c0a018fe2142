"""Status lists: the bits, their one encoding, and the documents about them."""

from __future__ import annotations

import gzip
import zlib
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgeissuer.vc.canon import canonicalize
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import StatusListEncoding, StatusListError, StatusListLength, StatusListRange
from badgeissuer.vc.multibase import base64url_decode, base64url_encode
from badgeissuer.vc.status import LIST_SIZE, Bits, status_entry, status_list_document

BYTES = LIST_SIZE // 8


def packed(data: bytes) -> str:
    return "u" + base64url_encode(gzip.compress(data, mtime=0))


@given(st.sets(st.integers(0, LIST_SIZE - 1), max_size=30), st.sets(st.integers(0, LIST_SIZE - 1), max_size=5))
def test_every_bit_survives_the_round_trip(indexes: set[int], cleared: set[int]) -> None:
    bits = Bits.new()
    for index in indexes | cleared:
        bits.set(index)
    for index in cleared:
        bits.set(index, False)
    again = Bits.from_encoded(bits.encode())
    assert again.to_bytes() == Bits.from_bytes(bits.to_bytes()).to_bytes()
    assert {index for index in indexes | cleared if again.get(index)} == indexes - cleared
    assert sum(byte.bit_count() for byte in again.to_bytes()) == len(indexes - cleared)


def test_index_0_is_the_most_significant_bit() -> None:
    bits = Bits.new()
    for index in (0, 15, LIST_SIZE - 1):
        bits.set(index)
    assert (bits.to_bytes()[:2], bits.to_bytes()[-1]) == (b"\x80\x01", 1)


def test_the_text_depends_on_the_bits_alone() -> None:
    raw = base64url_decode(Bits.new().encode()[1:])
    assert (raw[4:8], raw[9]) == (bytes(4), 255)
    assert Bits.new().encode() == Bits.new(LIST_SIZE).encode()
    assert gzip.decompress(raw) == bytes(BYTES)


def test_longer_lists_are_lists() -> None:
    assert len(Bits.from_encoded(packed(bytes(BYTES * 2)))) == 2 * LIST_SIZE


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (packed(bytes(BYTES - 1)), StatusListLength),
        (packed(bytes(BYTES * 2 + 1)), StatusListLength),  # above max_bytes of this test
        ("u" + "A" * (4 * BYTES), StatusListLength),
        (packed(bytes(BYTES))[1:], StatusListEncoding),  # no multibase prefix
        ("z" + packed(bytes(BYTES))[1:], StatusListEncoding),
        (packed(bytes(BYTES)) + "=", StatusListEncoding),
        ("u" + base64url_encode(zlib.compress(bytes(BYTES))), StatusListEncoding),  # zlib, not GZIP
        ("u" + base64url_encode(gzip.compress(bytes(BYTES), mtime=0)[:-1]), StatusListEncoding),  # cut off
        ("u" + base64url_encode(gzip.compress(bytes(BYTES), mtime=0) + b"x"), StatusListEncoding),
        ("u" + base64url_encode(gzip.compress(bytes(BYTES), mtime=0) * 2), StatusListEncoding),
        ("u", StatusListEncoding),
        (None, StatusListEncoding),
        (7, StatusListEncoding),
    ],
)
def test_refused_encodings(text: object, error: type[StatusListError]) -> None:
    with pytest.raises(error):
        Bits.from_encoded(text, max_bytes=BYTES * 2)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = packed(bytes(64 * 1024 * 1024))
    assert len(bomb) < 100_000
    with pytest.raises(StatusListLength):
        Bits.from_encoded(bomb)


@pytest.mark.parametrize("size", [0, 8, LIST_SIZE - 8, LIST_SIZE + 1])
def test_sizes_that_are_no_lists(size: int) -> None:
    with pytest.raises(StatusListLength):
        Bits.new(size)


@pytest.mark.parametrize("index", [-1, LIST_SIZE])
def test_indexes_outside(index: int) -> None:
    bits = Bits.new()
    with pytest.raises(StatusListRange):
        bits.get(index)
    with pytest.raises(StatusListRange):
        bits.set(index)


def test_errors_carry_the_types_of_the_standard() -> None:
    """BSL §3.5 has names of its own for three; the others are the data model's."""
    status, model = "https://www.w3.org/ns/credentials/status-list#", "https://www.w3.org/TR/vc-data-model#"
    kinds = (StatusListError, StatusListLength, StatusListRange, StatusListEncoding)
    assert [kind.problem for kind in kinds] == [
        f"{status}STATUS_VERIFICATION_ERROR",
        f"{status}STATUS_LIST_LENGTH_ERROR",
        f"{model}RANGE_ERROR",
        f"{model}MALFORMED_VALUE_ERROR",
    ]


def test_documents_lose_nothing_in_their_canonical_form() -> None:
    url = "https://a.example/status/1"
    document = status_list_document(
        list_url=url,
        issuer="did:web:a.example",
        purpose="revocation",
        encoded=Bits.new().encode(),
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert document["credentialSubject"]["ttl"] == 300_000
    canonical = canonicalize(document, ContextStore.pinned())
    assert (canonical.dropped, canonical.relative, canonical.quads) == ((), (), 9)


def test_the_entry_of_a_credential() -> None:
    assert status_entry(list_url="https://a.example/status/1", index=5, purpose="suspension") == {
        "id": "https://a.example/status/1#5",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "suspension",
        "statusListIndex": "5",
        "statusListCredential": "https://a.example/status/1",
    }


@pytest.mark.parametrize(("revoked", "most"), [(131, 500), (1_310, 3_000), (13_107, 11_500)])
def test_a_list_with_many_bits_is_packed_well(revoked: int, most: int) -> None:
    """The bits as they are take 22,000 characters."""
    bits = Bits.new()
    for index in Random(3).sample(range(LIST_SIZE), revoked):
        bits.set(index)
    text = bits.encode()
    assert len(text) < most
    assert Bits.from_encoded(text).to_bytes() == bits.to_bytes()
