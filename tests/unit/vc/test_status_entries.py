"""Status entries of every size and purpose."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgeissuer.vc.canon import canonicalize
from badgeissuer.vc.contexts import CREDENTIALS_V2, ContextStore
from badgeissuer.vc.faults import StatusListEncoding, StatusListError, StatusListLength, StatusListRange
from badgeissuer.vc.status import LIST_SIZE, Bits, status_entry
from badgeissuer.vc.status_entries import (
    Entry,
    Status,
    StatusEntryInvalid,
    StatusPurposeMismatch,
    _unpacked,
    entry_with_messages,
    fresh_until,
    parse_entry,
    read_status,
)
from tests.support.shared import shared_path

URL, NOW = "https://a.example/status/1", datetime(2026, 3, 2, tzinfo=UTC)
WORDS = ["in order", "under review", "appealed", "closed"]
FOUR = entry_with_messages(list_url=URL, index=7, purpose="message", messages=WORDS)


def subject(bits: Bits, purpose: object = "message", type_: object = "BitstringStatusList") -> dict[str, Any]:
    return {"type": type_, "statusPurpose": purpose, "encodedList": bits.encode()}


@given(st.integers(1, 8), st.dictionaries(st.integers(0, LIST_SIZE - 1), st.integers(0, 255), max_size=20))
def test_every_value_survives_the_round_trip(size: int, numbers: dict[int, int]) -> None:
    bits = Bits.new(LIST_SIZE * size)
    for index, number in numbers.items():
        bits.put(index, size, number % (1 << size))
    again = Bits.from_encoded(bits.encode())
    assert {index: again.value(index, size) for index in numbers} == {
        index: number % (1 << size) for index, number in numbers.items()
    }


def test_the_first_bit_of_an_entry_is_the_most_significant() -> None:
    bits = Bits.new(LIST_SIZE * 3)
    bits.put(1, 3, 0b110)
    assert bits.to_bytes()[:2] == b"\x18\0"
    bits.put(1, 3, 0b001)
    assert (bits.to_bytes()[:1], bits.value(1, 3)) == (b"\x04", 1)


@pytest.mark.parametrize(
    ("index", "size", "number", "error"),
    [
        (LIST_SIZE, 2, 0, StatusListRange),
        (-1, 2, 0, StatusListRange),
        (0, 0, 0, StatusListRange),
        (0, 9, 0, StatusListRange),
        (0, 2, 4, StatusListRange),
        (0, 2, -1, StatusListRange),
        (0, 3, 0, StatusListLength),
    ],
)
def test_entries_that_a_list_has_not(index: int, size: int, number: int, error: type[StatusListError]) -> None:
    bits = Bits.new(LIST_SIZE * 2)
    with pytest.raises(error):
        bits.put(index, size, number)
    if number == 0:
        with pytest.raises(error):
            bits.value(index, size)


def test_an_entry_of_several_bits_and_its_message() -> None:
    assert FOUR["statusSize"] == 2
    assert FOUR["statusMessage"][3] == {"status": "0x3", "message": "closed"}
    entry = parse_entry(FOUR)
    assert entry == Entry(URL, 7, "message", 2, dict(enumerate(WORDS)))
    bits = Bits.new(LIST_SIZE * 2)
    assert read_status(entry, subject(bits)) == Status("message", 0, "in order")
    bits.put(7, 2, 3)
    found = read_status(entry, subject(bits, ["revocation", "message"], ["BitstringStatusList"]))
    assert (found, found.valid, found.stands) == (Status("message", 3, "closed"), False, True)
    document = {"@context": [CREDENTIALS_V2], "id": "urn:x:1", "type": ["VerifiableCredential"], "issuer": "did:x:1"}
    document |= {"credentialSubject": {"id": "did:x:2", "name": "x"}, "credentialStatus": FOUR}
    canonical = canonicalize(document, ContextStore.pinned())
    assert (canonical.dropped, canonical.relative) == ((), ())


@pytest.mark.parametrize(
    ("purpose", "stands"), [("revocation", False), ("suspension", False), ("refresh", True), ("message", True)]
)
def test_only_revocation_and_suspension_speak_against_a_credential(purpose: str, stands: bool) -> None:
    bits = Bits.new()
    entry = parse_entry(status_entry(list_url=URL, index=5, purpose=purpose))
    before = read_status(entry, subject(bits, purpose))
    bits.set(5)
    after = read_status(entry, subject(bits, purpose), max_bytes=20_000)
    assert (before, before.valid, before.stands) == (Status(purpose, 0), True, True)
    assert (after, after.valid, after.stands) == (Status(purpose, 1), False, stands)


def test_one_bit_may_have_messages_and_references() -> None:
    entry = {**entry_with_messages(list_url=URL, index=0, purpose="message", messages=["a", "b"])}
    assert parse_entry({**entry, "statusReference": URL}).references == (URL,)
    assert parse_entry({**entry, "statusReference": [URL, "did:x:1"]}).references == (URL, "did:x:1")
    assert parse_entry({**entry, "type": ["BitstringStatusListEntry"]}).messages == {0: "a", 1: "b"}


@pytest.mark.parametrize("count", [0, 1, 3, 512])
def test_messages_that_fit_no_size(count: int) -> None:
    with pytest.raises(StatusEntryInvalid, match="2, 4, 8"):
        entry_with_messages(list_url=URL, index=0, purpose="message", messages=["x"] * count)


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"type": "StatusList2021Entry"}, ["/type"]),
        ({"statusPurpose": "other"}, ["/statusPurpose"]),
        ({"statusPurpose": ["message"]}, ["/statusPurpose"]),
        ({"statusListCredential": "did:x:1"}, ["/statusListCredential"]),
        ({"statusListCredential": "https://a b"}, ["/statusListCredential"]),
        ({"id": URL}, ["/id"]),
        *(
            ({"statusListIndex": value}, ["/statusListIndex"])
            for value in ("-1", "1.0", "01", "", " 1", "+5", "1" * 13, "١", -1, 1.0, 10**12, 10**5000, True, None)
        ),
        *(({"statusSize": value}, ["/statusSize", "/statusMessage"]) for value in (0, 9, -1, "2", True, 1.5, None)),
        ({"statusSize": 3}, ["/statusMessage"]),
        ({"statusMessage": None}, ["/statusMessage"]),
        ({"statusMessage": "text"}, ["/statusMessage"]),
        ({"statusMessage": [*FOUR["statusMessage"][:3], "text"]}, ["/statusMessage"]),
        ({"statusMessage": [*FOUR["statusMessage"][:3], FOUR["statusMessage"][0]]}, ["/statusMessage"]),
        ({"statusMessage": [*FOUR["statusMessage"][:3], {"status": "3", "message": "x"}]}, ["/statusMessage"]),
        ({"statusMessage": [*FOUR["statusMessage"][:3], {"status": "0x3", "message": 1}]}, ["/statusMessage"]),
        ({"statusReference": "text"}, ["/statusReference"]),
        ({"statusReference": {}}, ["/statusReference"]),
        ({"statusReference": [1]}, ["/statusReference"]),
        ({"type": 1, "statusPurpose": 1, "statusListIndex": 1.5}, ["/type", "/statusPurpose", "/statusListIndex"]),
    ],
)
def test_entries_out_of_form(changes: dict[str, Any], pointers: list[str]) -> None:
    with pytest.raises(StatusEntryInvalid) as error:
        parse_entry({**FOUR, **changes})
    assert [fault.pointer for fault in error.value.faults] == pointers
    assert error.value.problem.endswith("#MALFORMED_VALUE_ERROR")


@pytest.mark.parametrize(
    ("listed", "error"),
    [
        (subject(Bits.new(LIST_SIZE * 2), "revocation"), StatusPurposeMismatch),
        (subject(Bits.new(LIST_SIZE * 2), ["revocation"]), StatusPurposeMismatch),
        (subject(Bits.new(LIST_SIZE * 2), type_="StatusList2021"), StatusPurposeMismatch),
        ([], StatusPurposeMismatch),
        (subject(Bits.new()), StatusListLength),
        ({**subject(Bits.new()), "encodedList": 1}, StatusListEncoding),
    ],
)
def test_lists_that_say_nothing_of_the_entry(listed: object, error: type[StatusListError]) -> None:
    with pytest.raises(error):
        read_status(parse_entry(FOUR), listed)


def test_the_official_revoked_sample() -> None:
    samples = shared_path("standards/samples")
    listed = json.loads((samples / "valid/ob30/bit-string-list/testlist.json").read_bytes())
    revoked = json.loads((samples / "invalid/ob30/bit-string-list/credential-status-revoked.json").read_bytes())
    entry = parse_entry(revoked["credentialStatus"])
    found = read_status(entry, listed["credentialSubject"])
    assert (entry.index, found.value, found.stands, len(found.notes)) == (23, 1, False, 1)


@pytest.mark.parametrize(
    ("ttl", "until", "fresh"),
    [
        (None, None, NOW + timedelta(minutes=5)),
        (60_000, None, NOW + timedelta(minutes=1)),
        (0, None, NOW),
        (10**30, None, NOW + timedelta(days=366)),
        (60_000, "2026-03-02T00:00:30Z", NOW + timedelta(seconds=30)),
        (60_000, "2027-03-02T00:00:30Z", NOW + timedelta(minutes=1)),
    ],
)
def test_how_long_a_list_is_fresh(ttl: int | None, until: str | None, fresh: datetime) -> None:
    document: dict[str, Any] = {"credentialSubject": {"ttl": ttl}, "validUntil": until}
    assert fresh_until(document, fetched=NOW) == fresh


@pytest.mark.parametrize("document", [{"ttl": -1}, {"ttl": True}, {"ttl": "60"}, {"ttl": 1.5}, {"validUntil": "soon"}])
def test_a_freshness_that_cannot_be_read(document: dict[str, Any]) -> None:
    with pytest.raises(StatusEntryInvalid):
        fresh_until({"credentialSubject": document, **document}, fetched=NOW)
    assert fresh_until({"credentialSubject": []}, fetched=NOW) == NOW + timedelta(minutes=5)


def test_one_text_is_unpacked_once_and_the_next_edition_is_another() -> None:
    entry, bits = parse_entry(status_entry(list_url=URL, index=4_711, purpose="revocation")), Bits.new()
    first = subject(bits, "revocation")
    assert read_status(entry, first).stands
    before = _unpacked.cache_info()
    assert all(read_status(entry, first).stands for _ in range(1_000))
    after = _unpacked.cache_info()
    assert (after.hits - before.hits, after.misses) == (1_000, before.misses)
    bits.set(4_711)
    assert not read_status(entry, subject(bits, "revocation")).stands
    assert read_status(entry, first).stands
