"""E-mail addresses in one form, and hashed identities that match what they were made from."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgeissuer.errors import Rejected
from badgeissuer.vc.recipient import hashed_identity, identity_hash, matches, normalise_email

SALT = "00112233445566778899aabbccddeeff"


@pytest.mark.parametrize(
    ("given_", "stored"),
    [
        ("teacher@school.example", "teacher@school.example"),
        ("  Teacher.Name+Badge@School.Example\n", "teacher.name+badge@school.example"),
        ("müller@schule.example", "müller@schule.example"),
        ("mu\u0308ller@schule.example", "müller@schule.example"),
        ("lehrer@Bücher.example", "lehrer@xn--bcher-kva.example"),
    ],
)
def test_the_one_form_of_an_address(given_: str, stored: str) -> None:
    assert normalise_email(given_) == stored
    assert normalise_email(stored) == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "teacher",
        "@school.example",
        "teacher@",
        "a@b@c.example",
        "a b@c.example",
        "a<b>@c.example",
        "a\x00@c.example",
        "a@" + "b" * 64 + ".example",
        "a" * 310 + "@school.example",
        "a\u200b@c.example",
        "a@b..c",
    ],
)
def test_no_address(text: str) -> None:
    with pytest.raises(Rejected) as raised:
        normalise_email(text)
    assert [fault.code for fault in raised.value.faults] == ["email"]
    assert not text or text not in str(raised.value)


def test_the_identity_object_is_the_standards() -> None:
    expected = hashlib.sha256(b"teacher@school.example" + SALT.encode()).hexdigest()
    assert hashed_identity("teacher@school.example", salt=SALT) == {
        "type": "IdentityObject",
        "hashed": True,
        "identityHash": f"sha256${expected}",
        "identityType": "emailAddress",
        "salt": SALT,
    }


@given(st.text(), st.text(), st.text(alphabet="0123456789abcdef", min_size=32, max_size=32))
def test_only_the_value_matches(value: str, other: str, salt: str) -> None:
    identity = hashed_identity(value, salt=salt, identity_type="identifier")
    assert matches(identity, value)
    assert matches(identity, other) is (value == other)


def test_old_and_plain_forms_match_too() -> None:
    old = {"hashed": True, "identityHash": "md5$" + hashlib.md5(b"a@b.example").hexdigest()}
    assert matches(old, "a@b.example")
    assert not matches(old, "b@b.example")
    assert matches({"hashed": False, "identityHash": "a@b.example", "salt": "not-used"}, "a@b.example")
    assert matches({"hashed": True, "identityHash": identity_hash("é", "").upper().replace("SHA", "sha")}, "é")


@pytest.mark.parametrize(
    "identity",
    [
        {},
        {"hashed": True},
        {"hashed": "yes", "identityHash": "a"},
        {"hashed": True, "identityHash": 5},
        {"hashed": True, "identityHash": "sha256$aa", "salt": 5},
        {"hashed": True, "identityHash": "crc32$aa"},
    ],
)
def test_what_is_no_identity_matches_nothing(identity: dict[str, object]) -> None:
    assert not matches(identity, "a")
