"""One strict parser: what two parsers could read differently is refused."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgeissuer.errors import TooLarge
from badgeissuer.vc import limits, strictjson
from badgeissuer.vc.faults import MalformedJson

_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(_TEXTS, inner),
    max_leaves=20,
)


@given(_VALUES)
def test_what_is_written_reads_back(value: Any) -> None:
    assert strictjson.loads(strictjson.dumps(value).encode()) == value


def test_integers_stay_integers_and_characters_stay_themselves() -> None:
    value = strictjson.loads('{"a": 9007199254740993, "b": 3.0, "c": "é\\ud83d\\ude00\\\\u0000"}'.encode())
    assert value == {"a": 9007199254740993, "b": 3.0, "c": "é😀\\u0000"}
    assert isinstance(value, dict)
    assert isinstance(value["a"], int)
    assert strictjson.dumps(value) == '{"a":9007199254740993,"b":3.0,"c":"é😀\\\\u0000"}'


def _names(length: int, levels: int, last: int) -> bytes:
    """Objects, each in the other, with names of these lengths."""
    return b'{"%s":' % (b"n" * length) * levels + b'{"%s":1}' % (b"n" * last) + b"}" * levels


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b'{"a":1,"b":2,"a":1}', "an object has the member 'a' twice"),
        (b'{"jo@x.org x":1,"jo@x.org x":1}', "an object has a member twice"),
        (b"[NaN]", "NaN is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"1e400", "a number is beyond what a double can hold"),
        (b"1" * 401, "an integer has more than 400 digits"),
        (b'"\\ud800"', "a lone surrogate or a NUL character"),
        (b'{"\\udc00":1}', "a lone surrogate or a NUL character"),
        (b'["\\u0000"]', "a lone surrogate or a NUL character"),
        (b'"\xff"', "the text is not UTF-8 (byte 1)"),
        ('"é"'.encode("utf-16"), "the text is not UTF-8 (byte 0)"),
        (b'"\xed\xa0\x80"', "the text is not UTF-8 (byte 1)"),
        (b"\xef\xbb\xbf{}", "the text starts with a byte order mark"),
        (b"[" * 65 + b"]" * 65, "nested deeper than 64 levels"),
        (b'{"' + b"n" * 1_024 + b'":1}', "the names of members, one within the other, are too long"),
        (_names(4, 62, 714), "the names of members, one within the other, are too long"),
        (b"[1] 2", "not JSON: Extra data, line 1, column 5"),
        (b'"a\tb"', "not JSON: Invalid control character at, line 1, column 3"),
        (b'"abc', "not JSON: Unterminated string starting at, line 1, column 1"),
        (b"", "not JSON: Expecting value, line 1, column 1"),
    ],
)
def test_refused(data: bytes, detail: str) -> None:
    with pytest.raises(MalformedJson) as caught:
        strictjson.loads(data)
    assert caught.value.code == "malformed-json"
    assert caught.value.detail == detail


def test_the_pointer_of_a_bad_character() -> None:
    with pytest.raises(MalformedJson) as caught:
        strictjson.loads(b'{"a/b": ["x", {"~": "\\ud800"}]}')
    assert [fault.pointer for fault in caught.value.faults] == ["/a~1b/1/~0"]


@pytest.mark.parametrize(
    ("text", "pointers"),
    [
        ('{"a": NaN, "b/c": [1, -Infinity]}', ["/a", "/b~1c/1"]),
        ('{"a": {"b": 1, "b": 2}, "c": 1e400}', ["/a/b", "/c"]),
        ("[" + ",".join(["NaN"] * 30) + "]", [f"/{n}" for n in range(20)]),
        ('{"a": NaN', [""]),
        ('{"first": 1, "deep": ' + "[" * 70 + "]" * 70 + "}", ["/deep"]),
        ('{"": ' + "[" * 70 + "]" * 70 + "}", [""]),
        ("[" * 70 + "]" * 70, [""]),
    ],
)
def test_the_pointers_of_what_is_refused(text: str, pointers: list[str]) -> None:
    with pytest.raises(MalformedJson) as caught:
        strictjson.loads(text.encode())
    assert [fault.pointer for fault in caught.value.faults] == pointers


def test_size_and_depth_are_limits_not_errors_below_them() -> None:
    assert strictjson.loads(b"[" * 64 + b"]" * 64)
    assert strictjson.loads(b'"[[[[[[[["', max_depth=1) == "[[[[[[[["
    assert strictjson.loads(b'{"a":[]}', max_bytes=8) == {"a": []}
    with pytest.raises(TooLarge):
        strictjson.loads(b'{"a":[]}', max_bytes=7)


def test_a_generous_depth_is_still_no_recursion_error() -> None:
    with pytest.raises(MalformedJson, match="nested too deeply"):
        strictjson.loads(b"[" * 100_000, max_depth=100_000)


def test_an_unterminated_string_of_escapes_takes_linear_time() -> None:
    # Quadratic scanning of these 260 kB would take minutes; the suite's timeout is the assertion.
    with pytest.raises(MalformedJson):
        strictjson.loads(b'"' + b'\\"' * 130_000)


def test_an_object_is_demanded() -> None:
    assert strictjson.loads_object(b'{"a":1}') == {"a": 1}
    with pytest.raises(MalformedJson, match="must be a JSON object"):
        strictjson.loads_object(b"[]")


def test_frozen_documents_can_be_written() -> None:
    assert strictjson.dumps(MappingProxyType({"b": (1, MappingProxyType({})), "a": None})) == '{"b":[1,{}],"a":null}'
    assert strictjson.dumps({"b": 1, "a": 2}, sort_keys=True) == '{"a":2,"b":1}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), "\ud800", {"a": {1, 2}}])
def test_what_has_no_json_text_is_refused(value: object) -> None:
    with pytest.raises(MalformedJson):
        strictjson.dumps(value)


def test_every_string_with_its_pointer() -> None:
    document = {"a": ["x", {"b/c": "y"}], "n": 1, "t": ("z",)}
    assert sorted(strictjson.strings(document)) == [
        ("a", "/a"),
        ("b/c", "/a/1/b~1c"),
        ("n", "/n"),
        ("t", "/t"),
        ("x", "/a/0"),
        ("y", "/a/1/b~1c"),
        ("z", "/t/0"),
    ]


@pytest.mark.parametrize("value", [b"{}", b"1", b'""', b"[1]", b'{"a":{}}'])
def test_a_long_text_is_not_all_small_values(value: bytes) -> None:
    """Sixteen megabytes of ``{},{},…`` would take seconds; what a record holds is words."""
    count = limits.FOREIGN_BYTES // len(value)
    dense = b"[" + (value + b",") * count + value + b"]"
    with pytest.raises(TooLarge, match="more values"):
        strictjson.loads(dense, max_bytes=limits.CLR_BYTES)
    words = json.dumps(["x" * 32] * (limits.FOREIGN_BYTES // 32)).encode()
    assert strictjson.loads(words, max_bytes=limits.CLR_BYTES) == json.loads(words)


def test_a_long_pointer_is_refused_and_a_long_text_is_not() -> None:
    """Written out, the places of these values would be gigabytes."""
    longest = "n" * (limits.JSON_POINTER - 1)
    for ending in (b"", b"\\ud83d\\ude00"):
        data = b'{"%s":[%s"%s"]}' % (longest.encode(), b"1," * 100_000, ending)
        found = strictjson.loads_object(data)
        assert len(found[longest]) == 100_001
        with pytest.raises(MalformedJson, match="too long"):
            strictjson.loads(data.replace(b"nn", b"nnn", 1))
    assert strictjson.loads(b'["%s"]' % (b"n" * 100_000))
    assert strictjson.loads(_names(4, 62, 713))


def test_where_a_value_is_refused_is_not_told_by_a_long_pointer() -> None:
    with pytest.raises(MalformedJson) as error:
        strictjson.loads(b'{"%s":[%sNaN]}' % (b"n" * 5_000, b"NaN," * 5_000))
    assert [fault.pointer for fault in error.value.faults] == [""]


def test_a_few_levels_too_many_are_found_in_a_long_text_too() -> None:
    text = json.dumps(["long " * 4_000, [[1]]]).encode()
    assert strictjson.loads(text, max_depth=3) == json.loads(text)
    with pytest.raises(MalformedJson, match="deeper than 2"):
        strictjson.loads(text, max_depth=2)
