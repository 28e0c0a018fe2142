"""What is read of a record's members, which are documents of anybody: whatever they hold, nothing raises."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from badgeissuer.services import record_reading
from badgeissuer.services.record_reading import Relation, SkillRead
from tests.support import issued, records

Json = dict[str, Any]
RECORD = records.signed_clr()


def with_member(**changes: Any) -> Json:
    document = copy.deepcopy(RECORD)
    document["credentialSubject"]["verifiableCredential"] = [issued.signed() | changes]
    return document


def test_a_badge_is_read_as_it_says() -> None:
    subject = copy.deepcopy(issued.signed()["credentialSubject"])
    subject["achievement"]["alignment"] = [
        {"targetName": " Assessment ", "targetFramework": "InTASC", "targetUrl": "https://ccsso.example.org/6"},
        {"targetUrl": "https://nameless.example.org"},
        "a text",
        None,
    ]
    (member,) = record_reading.read(with_member(credentialSubject=subject)).members
    assert (member.place, member.title, member.issuer) == (
        0,
        "Assessment Literacy",
        "Kentucky Valley Educational Cooperative",
    )
    assert member.skills == (SkillRead("Assessment", "InTASC", "https://ccsso.example.org/6"),)
    assert member.begins is not None
    assert not member.endorses


@pytest.mark.parametrize("value", [None, "text", 7, True, [], {}, [None], ["text"], [[]], {"id": 7, "name": []}])
@pytest.mark.parametrize(
    "name", ["credentialSubject", "issuer", "type", "awardedDate", "validFrom", "validUntil", "id", "name"]
)
def test_what_is_of_another_form_is_left_out(name: str, value: Any) -> None:
    read = record_reading.read(with_member(**{name: value}))
    (member,) = read.members
    assert all(isinstance(text, str) for text in (member.id, member.title, member.kind, member.issuer))
    json.dumps([member.title, member.issuer, member.kind])


@pytest.mark.parametrize("value", [None, "text", 7, [], {}, [None], [{"associationType": 7}], [{"sourceId": "a"}]])
@pytest.mark.parametrize("name", ["association", "achievement", "verifiableCredential"])
def test_the_same_of_the_record_itself(name: str, value: Any) -> None:
    document = copy.deepcopy(RECORD)
    document["credentialSubject"][name] = value
    read = record_reading.read(document)
    assert isinstance(read.relations, tuple)
    assert record_reading.read({}).members == ()


def test_what_belongs_to_one_thing_in_one_way_stands_together_by_name() -> None:
    document = with_member()
    known = issued.achievement()["id"]
    document["credentialSubject"]["achievement"] = [{"id": "urn:stack", "name": "The whole"}, "a text"]
    document["credentialSubject"]["association"] = [
        {"associationType": "isPartOf", "sourceId": known, "targetId": "urn:stack"},
        {"associationType": "isPartOf", "sourceId": "urn:other", "targetId": "urn:stack"},
        {"associationType": "isPartOf", "sourceId": known, "targetId": "urn:stack"},
        {"associationType": "precedes", "sourceId": known, "targetId": "urn:other"},
    ]
    assert record_reading.read(document).relations == (
        Relation("isPartOf", ("Assessment Literacy", "urn:other"), "The whole"),
        Relation("precedes", ("Assessment Literacy",), "urn:other"),
    )


@pytest.mark.parametrize(
    ("kind", "words"),
    [("MicroCredential", "Micro-credential"), ("LearningProgram", "Learning program"), ("ext:FieldTrip", "Field trip"),
     ("", ""), ("Badge", "Badge")],
)  # fmt: skip
def test_kinds_in_words(kind: str, words: str) -> None:
    assert record_reading.in_words(kind) == words


def test_whether_there_is_more_is_said_or_not() -> None:
    assert [record_reading.read({"partial": value}).partial for value in (True, False, None, "false", 0)] == [
        True,
        False,
        None,
        None,
        None,
    ]
