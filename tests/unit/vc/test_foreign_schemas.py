"""A document against a schema of somebody else: what breaks it, what is no schema, and what is not looked at."""

from __future__ import annotations

import json
from typing import Any

import pytest

from badgeissuer.vc import limits
from badgeissuer.vc.faults import BudgetExceeded, SchemaInvalid, SchemaUnsupported
from badgeissuer.vc.schemas import validate
from tests.support import issued
from tests.support.shared import shared_path

DRAFT = "https://json-schema.org/draft/2020-12/schema"
DRAFTS = [DRAFT, "https://json-schema.org/draft/2019-09/schema#", "http://json-schema.org/draft-07/schema#"]


def schema(**members: Any) -> dict[str, Any]:
    return {"$schema": DRAFT, **members}


def found(rules: dict[str, Any], document: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(fault.pointer, fault.code, fault.detail) for fault in validate(rules, document)]


@pytest.mark.parametrize("draft", DRAFTS)
def test_each_dialect(draft: str) -> None:
    rules = {"$schema": draft, "required": ["name"], "properties": {"name": {"$ref": "#/definitions/text"}}}
    rules["definitions"] = {"text": {"type": "string"}}
    assert found(rules, {"name": "x"}) == []
    assert found(rules, {}) == [("", "schema-required", "lacks name")]
    assert found(rules, {"name": 5}) == [("/name", "schema-type", "is not of the type string")]


NOT_ALLOWED = "has members that the schema does not allow"
NO_SUCH_VALUE = "is not a value that the schema allows"


@pytest.mark.parametrize(
    ("rules", "document", "expected"),
    [
        (
            {"properties": {"a/b": {"type": ["string", "null"]}}},
            {"a/b": 5},
            ("/a~1b", "type", "is not of the type string or null"),
        ),
        (
            {"properties": {"d": {"format": "date-time"}}},
            {"d": "2026-01-01"},
            ("/d", "format", "is not of the format date-time"),
        ),
        ({"properties": {"u": {"format": "uri"}}}, {"u": "abc"}, ("/u", "format", "is not of the format uri")),
        ({"properties": {"e": {"format": "email"}}}, {"e": "abc"}, ("/e", "format", "is not of the format email")),
        ({"properties": {"v": {"const": 1}}}, {"v": "secret"}, ("/v", "const", NO_SUCH_VALUE)),
        ({"properties": {"v": {"enum": [1]}}}, {"v": "secret"}, ("/v", "enum", NO_SUCH_VALUE)),
        ({"additionalProperties": False}, {"v": 1}, ("", "additionalProperties", NOT_ALLOWED)),
        ({"properties": {"v": False}}, {"v": 1}, ("", "false", NOT_ALLOWED)),
        ({"properties": {"v": {"pattern": "^a$"}}}, {"v": "x"}, ("/v", "pattern", "breaks the schema's rule pattern")),
        ({"anyOf": [{"required": ["x"]}]}, {}, ("", "anyOf", "breaks the schema's rule anyOf")),
        (
            {"properties": {"l": {"items": {"minLength": 2}}}},
            {"l": ["ab", "c"]},
            ("/l/1", "minLength", "breaks the schema's rule minLength"),
        ),
        ({"required": ["<b>" + "x" * 80]}, {}, ("", "required", "lacks ?b?" + "x" * 57 + "…")),
    ],
)
def test_what_is_broken_is_named_and_not_quoted(
    rules: dict[str, Any], document: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    pointer, keyword, detail = expected
    assert found(schema(**rules), document) == [(pointer, f"schema-{keyword}", detail)]


def test_formats_hold_for_texts_only() -> None:
    rules = schema(additionalProperties={"anyOf": [{"format": "uri"}, {"format": "date-time"}]})
    assert found(rules, {"a": 5, "b": "https://a.example/", "c": "2026-01-01T00:00:00Z"}) == []
    only = schema(additionalProperties={"allOf": [{"format": "iri"}, {"format": "date-time"}]})
    assert found(only, {"a": 5}) == []


@pytest.mark.parametrize(
    "rules",
    [
        True,
        [],
        "https://a.example/",
        schema(type="text"),
        schema(properties=[]),
        {"$schema": DRAFT, "$ref": "#/$defs/none"},
        {"$schema": DRAFT, "$ref": "#none"},
        schema(properties={"x": {"multipleOf": 0}}),
        schema(pattern="a{99999999999}"),
        schema(properties={"x": {"$schema": "http://[::1"}}),
    ],
)
def test_what_is_no_schema(rules: Any) -> None:
    with pytest.raises(SchemaInvalid):
        validate(rules, {"x": 1})


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"$schema": 5},
        {"$schema": "https://json-schema.org/draft/2099-01/schema"},
        {"$schema": "http://json-schema.org/draft-04/schema#"},
        schema(**{"$ref": "https://evil.example/schema.json"}),
        schema(**{"$ref": "other.json#/x"}),
        schema(**{"$ref": "file:///etc/passwd"}),
        schema(pattern=r"\p{Letter}"),
        schema(patternProperties={"(": True}),
    ],
)
def test_what_is_not_understood_says_nothing_of_the_document(rules: dict[str, Any]) -> None:
    """No reference leads out: the test run has no sockets, and a file would be read."""
    with pytest.raises(SchemaUnsupported):
        validate(rules, {})


def test_a_reference_to_the_dialect_itself_needs_no_fetch() -> None:
    assert found(schema(**{"$ref": DRAFT}), {"type": "object"}) == []
    assert found(schema(**{"$ref": DRAFT}), {"type": 5}) != []


def bomb() -> dict[str, Any]:
    """Each level asks the next ten times: 10**9 steps."""
    levels = {f"l{n}": {"allOf": [{"$ref": f"#/$defs/l{n + 1}"}] * 10} for n in range(9)}
    return schema(**{"$defs": levels | {"l9": {"type": "object"}}, "$ref": "#/$defs/l0"})


def test_references_that_multiply_end_at_the_counted_step() -> None:
    with pytest.raises(BudgetExceeded, match="more than 20000 steps"):
        validate(bomb(), {})
    # one keyword each: allowed with as many steps, refused with one fewer
    rules = schema(properties={"a": {"type": "string"}}, required=["a"])
    assert validate(rules, {"a": "x"}, steps=3) == []
    with pytest.raises(BudgetExceeded):
        validate(rules, {"a": "x"}, steps=2)


@pytest.mark.parametrize(
    "rules",
    [
        schema(**{"$ref": "#"}),
        schema(**{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}),
        schema(allOf=[{"$ref": "#"}]),
    ],
)
def test_references_without_end(rules: dict[str, Any]) -> None:
    with pytest.raises(BudgetExceeded):
        validate(rules, {})


def test_memory_is_the_workers_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("badgeissuer.vc.schemas._counted", full)
    with pytest.raises(MemoryError):
        validate(schema(), {})


def test_no_more_faults_than_anybody_reads() -> None:
    many = {f"m{number}": 1 for number in range(100)}
    assert len(validate(schema(additionalProperties=False, propertyNames={"maxLength": 1}), many)) == 20
    assert limits.SCHEMA_FAULTS == 20


@pytest.mark.parametrize("form", ["canonical", "jsonld"])
def test_the_standards_own_schema_takes_a_full_badge(form: str) -> None:
    names = {
        "canonical": "ob-v3p0-canonical/ob_v3p0_achievementcredential-jsonschema1.json",
        "jsonld": "ob-v3p0-jsonld/ob_v3p0_achievementcredential_schema.json",
    }
    text = shared_path(f"standards/json-schema/{names[form]}").read_text()
    assert validate(json.loads(text), issued.signed()) == []
    broken = issued.signed() | {"validFrom": "2026-03-01"}
    assert [fault.pointer for fault in validate(json.loads(text), broken)] == ["/validFrom"]
