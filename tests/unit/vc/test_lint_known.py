"""What was looked through before is not looked through again, and no fault is lost or told otherwise for that."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import pytest

from badgeissuer.vc import build, forms, lint
from badgeissuer.vc.build import open_badge_credential
from badgeissuer.vc.canon import equal_siblings
from badgeissuer.vc.lint import known
from badgeissuer.vc.model.ob3 import Achievement
from bench import work_unit
from tests.support import issued

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    known.forget()
    yield
    known.forget()


def faults(document: Any, **more: Any) -> list[tuple[str, str]]:
    found = lint.inspect(document, now=work_unit.NOW, **more)
    return [(fault.pointer, fault.code) for fault in found]


def changed(path: str, value: Any) -> Json:
    document = copy.deepcopy(work_unit.document(2))
    *steps, last = path.split(".")
    place: Any = document
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "a\tb"),
        ("id", "http://127.0.0.1/a"),
        ("nonsense", []),
        ("validUntil", "2020-01-01T00:00:00Z"),
        ("issuer.id", "https://a.example/"),
        ("issuer.url", "http://10.0.0.1/"),
        ("credentialSubject.id", "person"),
        ("credentialSubject.result", [{"type": ["Result"], "resultDescription": "urn:uuid:a"}]),
        ("credentialSubject.achievement.name", " "),
        ("credentialSubject.achievement.criteria", {}),
        ("credentialSubject.achievement.tag", ["a", "a"]),
        ("credentialSubject.achievement.alignment", [{"type": ["Alignment"], "targetName": "a", "targetUrl": "b"}] * 2),
        ("credentialSubject.achievement.resultDescription", []),
        ("credentialSubject.achievement.type", ["Achievement", "1EdTechRevocationList"]),
        ("credentialSubject.achievement", "https://a.example/"),
        ("evidence", [{"type": ["Evidence"], "name": "a"}, {"type": ["Evidence"], "name": "a"}]),
    ],
)
def test_a_badge_with_a_fault_has_the_same_ones_before_and_after(path: str, value: Any) -> None:
    before = faults(changed(path, value))
    assert before
    assert faults(work_unit.document(1)) == []
    assert faults(changed(path, value)) == before
    assert faults(work_unit.document(3)) == []


def test_what_is_known_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[Any] = []
    monkeypatch.setattr(lint, "link_faults", lambda part, **_: looked_at.append(part) or [])
    for number in range(3):
        assert faults(work_unit.document(number)) == []
    achievements = [part["credentialSubject"]["achievement"]["name"] for part in looked_at]
    assert achievements == ["Checking for Understanding", "a", "a"]


def test_links_to_this_machine_have_a_memory_of_their_own() -> None:
    document = changed("issuer.url", "http://127.0.0.1:8000/")
    assert faults(document, allow_loopback=True) == []
    assert faults(document, allow_loopback=True) == []
    assert faults(document) == [("/issuer/url", "uri")]


def test_the_standards_rules_look_at_everything() -> None:
    for _ in range(2):
        assert faults(work_unit.document(1), rules=lint.Rules.STANDARD) == []
    assert known.parts_of(work_unit.document(1), allow_loopback=False) is not None
    assert not known._seen


def test_what_is_not_plain_json_is_not_known() -> None:
    document = work_unit.document(1)
    subject = document["credentialSubject"]
    frozen = {**document, "credentialSubject": {**subject, "achievement": MappingProxyType(subject["achievement"])}}
    deeper = {**document, "issuer": {**document["issuer"], "address": MappingProxyType(document["issuer"]["address"])}}
    for each in ({**document, "issuer": "did:web:a.example"}, {**document, "credentialSubject": 1}, frozen, deeper):
        assert known.parts_of(each, allow_loopback=False) is None


def test_so_many_are_known_and_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "MOST", 3)
    for name in ("a", "b"):
        assert faults(changed("credentialSubject.achievement.name", name)) == []
    assert len(known._seen) == 3
    assert faults(changed("credentialSubject.achievement.name", "c")) == []
    parts = [
        known.parts_of(changed("credentialSubject.achievement.name", name), allow_loopback=False)
        for name in ("a", "b", "c")
    ]
    assert [part.clean for part in parts if part is not None] == [False, True, True]


def test_the_form_of_an_achievement_is_remembered_and_belongs_to_whoever_asks() -> None:
    one, other = open_badge_credential(issued.facts()), open_badge_credential(issued.facts())
    assert one == other
    one["credentialSubject"]["achievement"]["name"] = "changed"
    assert open_badge_credential(issued.facts()) == other
    given = issued.facts().achievement
    for each in (dict(given), MappingProxyType(dict(given)), {**given, "extra": MappingProxyType({})}):
        form, extends = forms.known_form(Achievement, each)
        assert (form, extends) == (forms.in_form(Achievement, each), False)
    long = {**given, "description": "long " * 4_000}
    assert forms.known_form(Achievement, long) == (forms.in_form(Achievement, long), False)


def test_extensions_are_found_wherever_they_are() -> None:
    assert build.uses_extensions([{"a": ({"type": "1EdTechRevocationList"},)}])
    assert build.uses_extensions({"a": {"type": ["A", 1, "1EdTechCredentialRefresh"]}})
    assert not build.uses_extensions({"type": 1, "a": ["1EdTechRevocationList", None, {"b": "1EdTechRevocationList"}]})


def test_equal_siblings_pass_over_what_is_no_json() -> None:
    odd = object()
    assert equal_siblings({"a": (odd,), "b": odd}) == []
    assert equal_siblings({"a": [{"b": 1}, {"b": 1}, odd], "c": odd}) == ["/a/1"]
    assert equal_siblings({"a": [{"b": number} for number in range(20)]}) == []
