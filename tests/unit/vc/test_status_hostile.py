"""Entries and lists that are wrong, by mistake or on purpose: each is refused with the standard's error (security 15).

The credential is genuine each time, so that check 6 alone decides: nothing here may end as "not revoked".
"""

from __future__ import annotations

import copy
import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from badgeissuer.vc import limits
from badgeissuer.vc.bake import bake
from badgeissuer.vc.checks.report import DATA_MODEL, STATUS
from badgeissuer.vc.contexts import CREDENTIALS_V1, CREDENTIALS_V2, DATA_INTEGRITY_V2, OB_EXTENSIONS
from badgeissuer.vc.multibase import base64url_encode
from badgeissuer.vc.multikey import did_key, public_multikey
from badgeissuer.vc.status import LIST_SIZE
from badgeissuer.vc.status_entries import entry_with_messages
from badgeissuer.vc.verify import Failure, Outcome
from tests.support import issued, lists, tokens
from tests.support.issued import DID, INDEX, LIST_URL, resigned
from tests.support.lists import bad, badge, badge_2021, entry, list_2021, listed, report_on, unsigned
from tests.support.renditions import PNG
from tests.unit.vc.test_verify import put

Json = dict[str, Any]
MALFORMED, RANGE = DATA_MODEL + "MALFORMED_VALUE_ERROR", DATA_MODEL + "RANGE_ERROR"
LENGTH, WRONG = STATUS + "STATUS_LIST_LENGTH_ERROR", STATUS + "STATUS_VERIFICATION_ERROR"
AWAY = STATUS + "STATUS_RETRIEVAL_ERROR"
BYTES = LIST_SIZE // 8
S = "/credentialSubject"
GOOD = listed()


def refused(document: Json, found: Any, type_: str, *, verdict: str = "failed", **given: Any) -> None:
    report = report_on(document, found, **given)
    assert (bad(report.checks), report.check(6).type) == ({6: verdict}, type_), report.check(6).detail
    assert report.outcome is (Outcome.INVALID if verdict == "failed" else Outcome.NOT_CHECKED)
    assert report.check(6).remedy


# The entry


INDEXES: list[Any] = [
    -1, "-1", "-0", "+5", "05", "00", "0x5", "1e3", "5.0", 5.5, "", " 5", "5 ", "5\n", "1_000", "٥", "５", "²", "five",
    10**12, "1" * 13, "9" * 5_000, True, False, ["5"], ...,
]  # fmt: skip


@pytest.mark.parametrize("index", INDEXES, ids=lambda value: repr(value)[:20])
def test_index_forms(index: Any) -> None:
    refused(badge(entry(statusListIndex=index)), GOOD, MALFORMED)


@pytest.mark.parametrize("index", ["131072", "999999999999", 131_072])
def test_indexes_beyond_the_list(index: Any) -> None:
    refused(badge(entry(statusListIndex=index)), GOOD, RANGE)


WORDS = [{"status": f"0x{number}", "message": str(number)} for number in range(4)]
ENTRIES: dict[str, Json] = {
    "size 0": {"statusSize": 0},
    "size 9": {"statusSize": 9},
    "size -1": {"statusSize": -1},
    "size in a text": {"statusSize": "2"},
    "size true": {"statusSize": True},
    "size with a fraction": {"statusSize": 1.5},
    "size in an array": {"statusSize": [1]},
    "size 2 without messages": {"statusSize": 2},
    "a message too few": {"statusSize": 2, "statusMessage": WORDS[:3]},
    "a message too many": {"statusSize": 1, "statusMessage": WORDS[:3]},
    "a value twice": {"statusSize": 2, "statusMessage": [*WORDS[:3], WORDS[0]]},
    "a value that is no hexadecimal": {"statusSize": 2, "statusMessage": [*WORDS[:3], WORDS[3] | {"status": "3"}]},
    "a value beyond the size": {"statusSize": 2, "statusMessage": [*WORDS[:3], WORDS[3] | {"status": "0x4"}]},
    "messages that are no list": {"statusSize": 1, "statusMessage": WORDS[0]},
    "a purpose of nobody": {"statusPurpose": "reputation"},
    "a purpose in other letters": {"statusPurpose": "Revocation"},
    "two purposes": {"statusPurpose": ["revocation", "suspension"]},
    "no purpose": {"statusPurpose": ...},
    "no list": {"statusListCredential": ...},
    "a list without an address": {"statusListCredential": "urn:x:1"},
    "a list inside the badge": {"statusListCredential": "data:application/json,1"},
    "two lists": {"statusListCredential": [LIST_URL, f"{LIST_URL}/2"]},
    "the list's own id": {"id": LIST_URL},
    "a reference that is a number": {"statusReference": 5},
}


@pytest.mark.parametrize("name", ENTRIES)
def test_entries_out_of_form(name: str) -> None:
    refused(badge(entry(**ENTRIES[name])), GOOD, MALFORMED)


@pytest.mark.parametrize(
    "changes",
    [
        {"statusPurpose": "message"},
        {"statusPurpose": "revocation", "statusListIndex": "-5"},
        {"statusListCredential": "urn:x:1"},
        {"statusListIndex": 5.5},
    ],
)
def test_entries_of_2021_out_of_form(changes: Json) -> None:
    refused(badge_2021(**changes), list_2021(), MALFORMED)


# What the list holds


WHOLE = gzip.compress(bytes(BYTES), mtime=0)


def multibase(packed: bytes) -> str:
    return "u" + base64url_encode(packed)


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


ENCODED: dict[str, tuple[Any, str]] = {
    "a bomb": (multibase(gzip.compress(bytes(64 * 1024 * 1024))), LENGTH),
    "a byte beyond what is unpacked": (multibase(gzip.compress(bytes(4 * 1024 * 1024 + 1))), LENGTH),
    "an entry short": (multibase(gzip.compress(bytes(BYTES - 1))), LENGTH),
    "empty": (multibase(gzip.compress(b"")), LENGTH),
    "no multibase letter": (base64url_encode(WHOLE), MALFORMED),
    "another multibase": ("z" + base64url_encode(WHOLE), MALFORMED),
    "padding": (multibase(WHOLE) + "=", MALFORMED),
    "the other alphabet": ("u+/+/", MALFORMED),
    "white space": (multibase(WHOLE) + "\n", MALFORMED),
    "the letter alone": ("u", MALFORMED),
    "no text": ("", MALFORMED),
    "a zlib stream": (multibase(zlib.compress(bytes(BYTES))), MALFORMED),
    "a raw deflate stream": (multibase(_raw_deflate(bytes(BYTES))), MALFORMED),
    "not packed": (multibase(bytes(BYTES)), MALFORMED),
    "two lists in one": (multibase(WHOLE * 2), MALFORMED),
    "something after the list": (multibase(WHOLE + b"x"), MALFORMED),
    "cut short": (multibase(WHOLE[:-1]), MALFORMED),
    "cut in the middle": (multibase(WHOLE[:20]), MALFORMED),
    "a wrong sum": (multibase(WHOLE[:-8] + bytes(4) + WHOLE[-4:]), MALFORMED),
    "a wrong length": (multibase(WHOLE[:-4] + bytes(4)), MALFORMED),
    "a number": (5, WRONG),
    "an array": ([multibase(WHOLE)], WRONG),
}


@pytest.mark.parametrize("name", ENCODED)
def test_encodings(name: str) -> None:
    encoded, type_ = ENCODED[name]
    refused(badge(entry()), listed(encoded), type_)


def test_the_sum_is_what_makes_these_differ() -> None:
    """The two broken sums above are broken: the stream is good with its own."""
    assert gzip.decompress(WHOLE) == bytes(BYTES)
    assert report_on(badge(entry()), listed(multibase(WHOLE))).verified
    assert WHOLE[-8:-4] != bytes(4)


def test_a_bomb_takes_no_more_memory_than_the_limit_allows() -> None:
    document, bomb = badge(entry()), listed(ENCODED["a bomb"][0])
    report_on(document, GOOD)
    tracemalloc.start()
    refused(document, bomb, LENGTH)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * limits.MIB


def test_a_list_for_another_size() -> None:
    """131,072 bits are 65,536 entries of two bits: too small a crowd."""
    status = entry_with_messages(list_url=LIST_URL, index=5, purpose="message", messages=["a", "b", "c", "d"])
    refused(badge(status), listed(statusPurpose="message"), LENGTH)


SUBJECTS: dict[str, tuple[Json, str]] = {
    "another purpose": ({"statusPurpose": "suspension"}, WRONG),
    "other purposes": ({"statusPurpose": ["suspension", "message"]}, WRONG),
    "no purpose": ({"statusPurpose": ...}, WRONG),
    "a purpose that is a number": ({"statusPurpose": 5}, WRONG),
    "a purpose within a text": ({"statusPurpose": "revocation,suspension"}, WRONG),
    "nothing encoded": ({"encodedList": ...}, WRONG),
    "no type": ({"type": ...}, WRONG),
    "another type": ({"type": "BitstringStatusListEntry"}, WRONG),
    "a life below nothing": ({"ttl": -1}, MALFORMED),
    "a life in a text": ({"ttl": "300000"}, MALFORMED),
    "a life with a fraction": ({"ttl": 1.5}, MALFORMED),
    "a life of true": ({"ttl": True}, MALFORMED),
}


@pytest.mark.parametrize("name", SUBJECTS)
def test_subjects(name: str) -> None:
    changes, type_ = SUBJECTS[name]
    refused(badge(entry()), listed(**changes), type_)


ENVELOPES: dict[str, tuple[str, Any]] = {
    "another issuer": ("/issuer", "did:web:evil.example"),
    "no issuer": ("/issuer", ...),
    "another id": ("/id", f"{LIST_URL}/2"),
    "an id that is none": ("/id", "abc"),
    "a type of nothing": ("/type", ["VerifiableCredential"]),
    "a bare list": ("/type", ["BitstringStatusListCredential"]),
    "not valid yet": ("/validFrom", "2026-03-01T12:01:01Z"),
    "out of date": ("/validUntil", "2026-03-01T11:59:59Z"),
    "a beginning that is none": ("/validFrom", "soon"),
    "an end that is none": ("/validUntil", "2026-13-01T00:00:00Z"),
    "an end without a zone": ("/validUntil", "2027-01-01T00:00:00"),
    "contexts of an issuer's own": ("/@context", [CREDENTIALS_V2, OB_EXTENSIONS]),
    "contexts of data model 1.1 without the terms": ("/@context", [CREDENTIALS_V1, DATA_INTEGRITY_V2]),
    "two subjects": (S, [unsigned()["credentialSubject"]] * 2),
    "no subject": (S, ...),
    "terms that nothing defines": (f"{S}/revoked", False),
}


@pytest.mark.parametrize("name", ENVELOPES)
def test_envelopes(name: str) -> None:
    pointer, value = ENVELOPES[name]
    refused(badge(entry()), resigned(put(unsigned(), pointer, value)), WRONG)


def test_another_issuers_list_under_its_own_good_proof() -> None:
    """Whoever controls the list's address could else put a list of their own there."""
    name = public_multikey(issued.OTHER_KEY.public_key())
    theirs = unsigned() | {"issuer": did_key(name)}
    signed = resigned(theirs, key=issued.OTHER_KEY, verificationMethod=f"{did_key(name)}#{name}")
    for found in (signed, token(theirs, by=issued.OTHER_KEY, kid=f"{did_key(name)}#{name}")):
        refused(badge(entry()), found, WRONG)
        assert report_on(badge(entry()), found).check(6).detail == "the status list is another issuer's"


# The list's own proof


def _tampered(pointer: str, value: Any) -> Json:
    return put(copy.deepcopy(GOOD), pointer, value)


DID_OF_NOBODY = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
PROOFS: dict[str, Callable[[], Any]] = {
    "none": lambda: unsigned(),
    "an empty array": lambda: unsigned() | {"proof": []},
    "no object": lambda: unsigned() | {"proof": "x"},
    "another key": lambda: resigned(unsigned(), key=issued.OTHER_KEY),
    "a key of the issuer that it does not list": lambda: resigned(
        unsigned(), key=issued.OTHER_KEY, verificationMethod=f"{DID}#other"
    ),
    "a stranger's key": lambda: resigned(unsigned(), verificationMethod="did:web:evil.example#k"),
    "a key without a host": lambda: resigned(
        unsigned(), verificationMethod=f"{DID_OF_NOBODY}#{DID_OF_NOBODY.removeprefix('did:key:')}"
    ),
    "for another purpose": lambda: resigned(unsigned(), proofPurpose="authentication"),
    "out of date": lambda: resigned(unsigned(), expires="2026-03-01T11:00:00Z"),
    "of the list before a bit was cleared": lambda: put(
        listed(lists.bits(INDEX).encode()), f"{S}/encodedList", lists.bits().encode()
    ),
    "of the list before its end was moved": lambda: put(
        resigned(unsigned() | {"validUntil": "2026-02-01T00:00:00Z"}), "/validUntil", "2027-02-01T00:00:00Z"
    ),
    "of another document": lambda: unsigned() | {"proof": issued.signed()["proof"]},
    "cut": lambda: _tampered("/proof/0/proofValue", GOOD["proof"][0]["proofValue"][:-1]),
}


@pytest.mark.parametrize("name", PROOFS)
def test_proofs(name: str) -> None:
    refused(badge(entry()), PROOFS[name](), WRONG)


def token(payload: Json, *, by: Any = issued.KEY, **header: Any) -> bytes:
    members = {"typ": "vc+jwt", "kid": issued.METHOD, **header}
    return tokens.token(payload, sign=by.sign, key=by.public_key(), **members).encode()


def _bare() -> bytes:
    head, payload = (base64url_encode(json.dumps(part).encode()) for part in ({"alg": "none"}, unsigned()))
    return f"{head}.{payload}.".encode()


def _swapped() -> bytes:
    """The header and signature of one list around another's payload."""
    held, other = (lists.jwt_lists(found)["vc+jwt"].split(b".") for found in (lists.bits(INDEX), lists.bits()))
    return b".".join([held[0], other[1], held[2]])


TOKENS: dict[str, Callable[[], bytes]] = {
    "no algorithm": _bare,
    "another key": lambda: token(unsigned(), by=issued.OTHER_KEY),
    "another's signature": _swapped,
    "a stranger's key": lambda: token(unsigned(), kid="did:web:evil.example#k"),
    "out of date": lambda: token(unsigned() | {"exp": 1772366399}),
    "not valid yet": lambda: token(unsigned() | {"nbf": 1772366401}),
    "another issuer": lambda: token(unsigned() | {"issuer": "did:web:evil.example"}),
    "an issuer beside the list's": lambda: token(unsigned() | {"iss": "did:web:evil.example"}),
    "a list out of date": lambda: token(unsigned() | {"validUntil": "2026-03-01T11:59:59Z"}),
    "a badge": lambda: token({name: value for name, value in issued.signed().items() if name != "proof"}),
    "a token that logs people in": lambda: token({"sub": "x", "aud": "y"}, typ="JWT"),
    "an embedded proof alone": lambda: token(GOOD, by=issued.OTHER_KEY),
}


@pytest.mark.parametrize("name", TOKENS)
def test_tokens(name: str) -> None:
    refused(badge(entry()), TOKENS[name](), WRONG)


# What is no list at all


FOUND: dict[str, bytes | Json] = {
    "a page": b"<html></html>",
    "nothing": b"",
    "an array": json.dumps([GOOD]).encode(),
    "a text": b'"revoked"',
    "a member twice": json.dumps(GOOD).encode()[:-1] + b', "issuer": "did:web:evil.example"}',
    "no number": json.dumps(GOOD).encode()[:-1] + b', "x": NaN}',
    "deep": b"[" * 100_000,
    "long": b" " * (limits.FOREIGN_BYTES + 1) + json.dumps(GOOD).encode(),
    "other letters": json.dumps(GOOD).encode("utf-16"),
    "an image": bake(PNG, json.dumps(GOOD)),
    "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "a badge": issued.signed(),
    "the badge's own list of another kind": list_2021(),
    "its subject alone": unsigned()["credentialSubject"],
}


@pytest.mark.parametrize("name", FOUND)
def test_documents_that_are_no_list(name: str) -> None:
    refused(badge(entry()), FOUND[name], WRONG)


@pytest.mark.parametrize("document", [badge(entry()), badge_2021()], ids=["bitstring", "2021"])
def test_lists_that_are_not_there(document: Json) -> None:
    refused(document, None, AWAY, verdict="not_checked")
    refused(document, Failure("away"), AWAY, verdict="not_checked")
    refused(document, Failure("private address", "ssrf-refused", definite=True), "ssrf-refused")


# Lists of older badges


LISTS_2021: dict[str, tuple[Callable[[], Any], str]] = {
    "a bomb": (lambda: list_2021(encodedList=lists.packed(bytes(64 * 1024 * 1024))), LENGTH),
    "an entry short": (lambda: list_2021(encodedList=lists.packed(bytes(BYTES - 1))), LENGTH),
    "no base64": (lambda: list_2021(encodedList="*"), MALFORMED),
    "a multibase letter": (lambda: list_2021(encodedList="u" + lists.packed(bytes(BYTES))), MALFORMED),
    "cut short": (lambda: list_2021(encodedList=lists.packed(bytes(BYTES))[:40]), MALFORMED),
    "another purpose": (lambda: list_2021(statusPurpose="suspension"), WRONG),
    "two purposes": (lambda: list_2021(statusPurpose=["revocation", "suspension"]), WRONG),
    "another issuer": (lambda: list_2021(changes={"issuer": "did:web:evil.example"}), WRONG),
    "another id": (lambda: list_2021(changes={"id": f"{LIST_URL}/2"}), WRONG),
    "not valid yet": (lambda: list_2021(changes={"issuanceDate": "2026-03-02T00:00:00Z"}), WRONG),
    "out of date": (lambda: list_2021(changes={"expirationDate": "2026-02-01T00:00:00Z"}), WRONG),
    "out of date by the later name": (lambda: list_2021(changes={"validUntil": "2026-02-01T00:00:00Z"}), WRONG),
    "an end that is none": (lambda: list_2021(changes={"expirationDate": "soon"}), WRONG),
    "another key": (lambda: resigned(lists.unsigned_2021(), key=issued.OTHER_KEY), WRONG),
    "no proof": (lambda: lists.unsigned_2021(), WRONG),
    "a Bitstring list": (lambda: GOOD, WRONG),
    "the subject of the other kind": (lambda: list_2021(type="BitstringStatusList"), WRONG),
    "terms that data model 2.0 does not allow": (
        lambda: token(lists.unsigned_2021() | {"@context": [CREDENTIALS_V2, lists.STATUS_LIST_2021]}), WRONG,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS_2021)
def test_lists_of_2021(name: str) -> None:
    make, type_ = LISTS_2021[name]
    refused(badge_2021(), make(), type_)


ROW = {"id": lists.SIGNED["id"]}
LISTS_1EDTECH: dict[str, tuple[bytes, str]] = {
    "a page": (b"<html>", WRONG),
    "an array": (json.dumps([ROW]).encode(), MALFORMED),
    "a member twice": (lists.list_1edtech()[:-1] + b', "revokedCredential": []}', WRONG),
    "no rows": (json.dumps({"id": lists.REVOCATIONS, "issuer": DID}).encode(), MALFORMED),
    "rows of nothing": (lists.list_1edtech(None), MALFORMED),
    "rows that are numbers": (lists.list_1edtech([1]), MALFORMED),
    "a row without an id": (lists.list_1edtech([{"revoked": True}]), MALFORMED),
    "a row that says perhaps": (lists.list_1edtech([ROW | {"revoked": "false"}]), MALFORMED),
    "another issuer": (lists.list_1edtech(issuer="did:web:evil.example"), WRONG),
    "no issuer": (lists.list_1edtech(issuer=None), WRONG),
    "another id": (lists.list_1edtech(id=f"{lists.REVOCATIONS}/2"), WRONG),
    "an id that is none": (lists.list_1edtech(id=None), WRONG),
}


@pytest.mark.parametrize("name", LISTS_1EDTECH)
def test_lists_of_1edtech(name: str) -> None:
    found, type_ = LISTS_1EDTECH[name]
    refused(lists.badge_1edtech(), None, type_, documents={lists.REVOCATIONS: found})


def test_a_revocation_list_that_is_too_long_says_nothing() -> None:
    found = b" " * limits.FOREIGN_BYTES + lists.list_1edtech()
    refused(lists.badge_1edtech(), None, AWAY, verdict="not_checked", documents={lists.REVOCATIONS: found})


def test_a_revocation_list_without_an_address() -> None:
    document = badge(lists.entry_1edtech() | {"id": "urn:x:1"}, OB_EXTENSIONS)
    refused(document, None, MALFORMED)
