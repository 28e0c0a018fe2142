"""The classes of Open Badges 3.0: cardinalities, word lists, what reading takes and what writing makes of it."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from badgeissuer.vc.model import base, ob3
from tests.support import issued
from tests.support.shared import shared_path


def faults(document: dict[str, Any], class_: type[base.Node] = ob3.OpenBadgeCredential) -> list[tuple[str, str]]:
    try:
        class_.model_validate(document)
    except ValidationError as error:
        return [(fault.pointer, fault.detail) for fault in base.faults_of(error)]
    return []


def changed(pointer: str, value: Any) -> dict[str, Any]:
    """The full badge with the member at the pointer set, or removed where the value is ``...``."""
    document = issued.signed()
    *path, last = pointer.strip("/").split("/")
    target: Any = document
    for step in path:
        target = target[int(step)] if isinstance(target, list) else target[step]
    if value is ...:
        del target[last]
    elif isinstance(target, list):
        target[int(last)] = value
    else:
        target[last] = value
    return document


def test_a_badge_comes_back_as_it_was() -> None:
    document = issued.signed()
    assert base.to_document(ob3.OpenBadgeCredential.model_validate(document)) == document


def test_members_of_others_come_back_as_they_were() -> None:
    document = issued.signed()
    foreign = {"a": None, "b": [], "c": [1, {"z": None}, [[]]], "d": {}, "f": 3.0, "type": "One", "t": ("x",)}
    document["x:foreign"] = foreign
    document["issuer"]["x:nothing"] = None
    document["credentialSubject"]["achievement"]["x:none"] = []
    document["description"] = None  # a member of the class: no nulls are written
    written = base.to_document(ob3.OpenBadgeCredential.model_validate(document))
    del document["description"]
    foreign["t"] = ["x"]
    assert written == document
    assert type(written["x:foreign"]["f"]) is float
    assert written["x:foreign"] is not foreign


SUBJECT = "/credentialSubject"
ACHIEVEMENT = f"{SUBJECT}/achievement"


@pytest.mark.parametrize(
    ("pointer", "value", "expected"),
    [
        ("/id", ..., "is required"),
        ("/id", "abc", "must be an absolute URI without spaces, quotes or angle brackets"),
        ("/id", "https://a.example/b c", "must be an absolute URI without spaces, quotes or angle brackets"),
        ("/@context", "https://www.w3.org/ns/credentials/v2", "must be an array"),
        ("/@context", ["https://www.w3.org/ns/credentials/v2"], "has too few items"),
        ("/type", ["VerifiableCredential"], "must contain OpenBadgeCredential or AchievementCredential"),
        ("/type", ["OpenBadgeCredential"], "must contain VerifiableCredential"),
        ("/issuer", ..., "is required"),
        ("/issuer", 5, "must be a URI or an object"),
        ("/issuer/type", ["Organization"], "must contain Profile"),
        ("/issuer/address/geo", {"type": "GeoCoordinates", "latitude": "1", "longitude": 2}, None),
        ("/validFrom", ..., "is required"),
        (
            "/validFrom",
            "2026-03-01T12:00:00",
            "must be a date and time with seconds and time zone, such as 2026-01-31T12:00:00Z",
        ),
        (
            "/validFrom",
            "2026-03-01",
            "must be a date and time with seconds and time zone, such as 2026-01-31T12:00:00Z",
        ),
        ("/validUntil", "2026-13-01T12:00:00Z", "is not a date and time that exists"),
        ("/credentialStatus", [{"type": "BitstringStatusListEntry"}], "must be an object"),
        (SUBJECT, [], "must be an object"),
        (f"{SUBJECT}/type", ["Person"], "must contain AchievementSubject"),
        (f"{SUBJECT}/creditsEarned", "3", "must be a number"),
        (f"{SUBJECT}/creditsEarned", True, "must be a number"),
        (f"{SUBJECT}/identifier/0/hashed", "true", "must be true or false"),
        (f"{SUBJECT}/identifier/0/type", ["IdentityObject"], "must be a string"),
        (f"{SUBJECT}/identifier/0/type", "Identity", "must be the string IdentityObject"),
        (f"{SUBJECT}/identifier/0/note", "x", "is not a member of this class"),
        (f"{SUBJECT}/identifier/0/identityHash", ..., "is required"),
        (f"{SUBJECT}/result/0/status", "ext:Done", None),
        (f"{SUBJECT}/source", {"id": "https://a.example/", "type": ["Org"]}, None),
        (ACHIEVEMENT, ..., "is required"),
        (f"{ACHIEVEMENT}/criteria", ..., "is required"),
        (f"{ACHIEVEMENT}/criteria", {}, "criteria need an id (a page) or a narrative"),
        (f"{ACHIEVEMENT}/criteria", {"narrative": "  "}, "criteria need an id (a page) or a narrative"),
        (f"{ACHIEVEMENT}/name", {"@value": "x"}, "must be a string"),
        (f"{ACHIEVEMENT}/image", "https://a.example/i.png", "must be an object"),
        (f"{ACHIEVEMENT}/image/alt", "x", "is not a member of this class"),
        (f"{ACHIEVEMENT}/inLanguage", "English", "is not in the form that the standard prescribes"),
        (f"{ACHIEVEMENT}/alignment/0/targetUrl", ..., "is required"),
        (f"{ACHIEVEMENT}/resultDescription/0/rubricCriterionLevel/1/name", ..., "is required"),
        (f"{ACHIEVEMENT}/endorsementJwt", ["not a jws"], None),
        ("/issuer/dateOfBirth", "1970-02-30", "must be a date such as 2026-01-31"),
        ("/evidence/1/type", ["Proof"], "must contain Evidence"),
        ("/proof/0/type", "", "must not be empty"),
        ("/credentialSchema", [{"id": "https://a.example/s"}], None),
    ],
)
def test_a_wrong_member_is_named_at_its_place(pointer: str, value: Any, expected: str | None) -> None:
    found = faults(changed(pointer, value))
    assert len(found) == 1
    place, detail = found[0]
    assert place.startswith(pointer)
    assert expected is None or (place, detail) == (pointer, expected)


def test_a_subject_needs_an_id_or_an_identifier() -> None:
    document = issued.signed()
    del document["credentialSubject"]["id"]
    assert faults(document) == []
    del document["credentialSubject"]["identifier"]
    assert faults(document) == [
        ("/credentialSubject", "a subject needs an id or an identifier (OB verification step 1)")
    ]


@pytest.mark.parametrize(
    ("pointer", "good", "bad"),
    [
        (
            f"{ACHIEVEMENT}/achievementType",
            ["Badge", "ext:Nano.Degree", "ext:a-b"],
            ["Nano", "ext:", "xext:a", "ext:a b"],
        ),
        (f"{ACHIEVEMENT}/resultDescription/0/resultType", ["Percent", "ext:x"], ["Grade"]),
        (f"{ACHIEVEMENT}/alignment/0/targetType", ["CTDL", "ext:x"], ["CASE"]),
        (f"{SUBJECT}/result/0/status", ["Completed", "Withdrew"], ["Done", "ext:Done"]),
        (f"{SUBJECT}/identifier/0/identityType", ["emailAddress", "ext:orcid"], ["email"]),
    ],
)
def test_word_lists(pointer: str, good: list[str], bad: list[str]) -> None:
    assert [faults(changed(pointer, word)) for word in good] == [[] for _ in good]
    assert [[place for place, _ in faults(changed(pointer, word))] for word in bad] == [[pointer] for _ in bad]


def test_reading_takes_one_value_for_an_array_of_one_and_writing_makes_the_array() -> None:
    document = issued.signed()
    expected = copy.deepcopy(document)
    document["proof"] = document["proof"][0]
    document["evidence"] = document["evidence"][0]
    expected["evidence"] = expected["evidence"][:1]
    document["issuer"]["type"] = "Profile"
    document["credentialSubject"]["achievement"]["tag"] = "assessment"
    expected["credentialSubject"]["achievement"]["tag"] = ["assessment"]
    assert base.to_document(ob3.OpenBadgeCredential.model_validate(document)) == expected


def test_nulls_and_empty_arrays_of_the_class_are_not_written_and_unknown_members_are_kept() -> None:
    document = {
        "id": "https://a.example/",
        "type": "Profile",
        "name": None,
        "endorsement": [],
        "motto": {"a": None, "b": [1]},
    }
    assert base.to_document(ob3.Profile.model_validate(document)) == {
        "id": "https://a.example/",
        "type": ["Profile"],
        "motto": {"a": None, "b": [1]},
    }


def test_an_issuer_may_be_a_uri() -> None:
    node = ob3.OpenBadgeCredential.model_validate(changed("/issuer", "did:web:a.example"))
    assert node.issuer_id == "did:web:a.example"
    assert ob3.OpenBadgeCredential.model_validate(issued.signed()).issuer_id == issued.DID


def test_a_person_has_a_date_of_birth() -> None:
    assert faults({"id": "did:web:a.example", "type": "Profile", "dateOfBirth": "1970-01-31"}, ob3.Profile) == []


def test_no_fault_repeats_the_input() -> None:
    secret = "teacher@school.example.org"
    document = changed(f"{SUBJECT}/identifier/0/hashed", secret)
    document["validFrom"] = secret
    document["id"] = secret
    with pytest.raises(ValidationError) as raised:
        ob3.OpenBadgeCredential.model_validate(document)
    assert secret not in str(raised.value)
    assert secret not in repr(base.faults_of(raised.value))


def test_a_pointer_escapes_and_leaves_branches_out() -> None:
    assert base.pointer_of(("issuer", base.OBJECT_BRANCH, "a/b", 0, "c~d")) == "/issuer/a~1b/0/c~0d"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00:00.5+02:30", datetime(2026, 3, 1, 9, 30, 0, 500_000, tzinfo=UTC)),
        ("2026-03-01T12:00:00.123456789Z", datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)),
    ],
)
def test_instants(text: str, moment: datetime) -> None:
    assert base.instant(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-01",
        "2026-03-01T12:00Z",
        "2026-02-30T12:00:00Z",
        "2026-03-01T12:00:00+25:00",
        "0001-01-01T00:00:00+01:00",
    ],
)
def test_no_instants(text: str) -> None:
    with pytest.raises(ValueError, match="date"):
        base.instant(text)


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))
def test_an_instant_survives_the_text(moment: datetime) -> None:
    assert base.instant(moment.isoformat()) == moment


@pytest.mark.parametrize("name", ["fullOpenBadge", "skillAssertionCtdl", "achievementAlignmentCase"])
def test_the_specifications_examples_have_the_shape(name: str) -> None:
    document = json.loads(shared_path(f"standards/samples/valid/ob30-spec-unsigned/{name}.json").read_bytes())
    assert faults(document) == []
    assert base.to_document(ob3.OpenBadgeCredential.model_validate(document)) == document
