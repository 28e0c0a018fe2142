"""Changes that anyone on the way could make to a credential's text. ``mutated`` draws one, or two."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from badgeissuer.vc.contexts import ContextStore
from tests.support import issued
from tests.support.differences import VOCABULARIES, Doubled, Number, Style, read, twin, write

Draw = Callable[[Any], Any]


def _terms() -> list[str]:
    """Every term that a pinned context defines, and one that none does."""

    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for name, member in value.items():
                if not name.startswith("@"):
                    yield name
                yield from walk(member)
        elif isinstance(value, list):
            for item in value:
                yield from walk(item)

    store = ContextStore.pinned()
    return sorted({name for url in store.urls for name in walk(store.document(url)["@context"])})


TERMS = _terms()
_ODD_NAMES = [
    "grade",
    "@id",
    "@type",
    "@value",
    "@graph",
    "@reverse",
    "@included",
    "@nest",
    "@index",
    "",
    "x:y",
    "Name",
]
_VALUES: list[Any] = [
    "A",
    "",
    "urn:uuid:0d0c7d8e-6f5a-4b4c-9d3e-000000000003",
    "_:b0",
    issued.DID,
    "2026-03-01T12:00:00Z",
    "true",
    "1.5",
    True,
    False,
    None,
    Number("1.5"),
    Number("3"),
    Number("1e400"),
    Number("NaN"),
    [],
    {},
    [[]],
    {"@value": "A"},
    {"@list": ["A"]},
    {"@set": ["A"]},
    {"id": issued.DID},
    {"@id": issued.DID},
    {"type": ["Profile"]},
]


@st.composite
def mutated(draw: Draw, text: str) -> str:
    """The text with one change, or two."""
    document = read(text)
    style = Style()
    for _ in range(draw(st.sampled_from((1, 1, 1, 2)))):
        change = draw(st.sampled_from(_CHANGES))
        if change is None:
            style = draw(_STYLES)
        else:
            document = change(draw, document)
    return write(document, style)


_STYLES = st.builds(
    Style,
    separators=st.sampled_from([(",", ":"), (", ", ": "), (",\n\t", " :\r\n")]),
    ascii_only=st.booleans(),
    escaped=st.sampled_from(["", "a", "v", "@", "K", "z"]),
    around=st.sampled_from([("", ""), (" \n", "\n"), ("\ufeff", ""), ("", "x"), ("[", "]"), ("", "\0")]),
)


def _places(document: Any, fits: Callable[[Any, Any], bool] = lambda _key, _value: True) -> list[tuple[Any, Any]]:
    """Every object and array, with each of its keys whose value fits."""
    found: list[tuple[Any, Any]] = []
    left = [document]
    while left:
        holder = left.pop()
        pairs = list(holder.items() if isinstance(holder, dict) else enumerate(holder))
        found += [(holder, key) for key, value in pairs if fits(key, value)]
        left += [value for _, value in pairs if isinstance(value, dict | list)]
    return found


def _objects(document: Any) -> list[Any]:
    inner = [holder[key] for holder, key in _places(document, lambda _key, value: isinstance(value, dict))]
    return [document, *inner]


def _place(draw: Draw, document: Any, fits: Callable[[Any, Any], bool] = lambda _key, _value: True) -> tuple[Any, Any]:
    found = _places(document, fits)
    return found[draw(st.integers(0, len(found) - 1))] if found else ({"": None}, "")


def _is_leaf(_key: Any, value: Any) -> bool:
    return not isinstance(value, dict | list)


def _change_a_value(draw: Draw, document: Any) -> Any:
    holder, key = _place(draw, document, _is_leaf)
    holder[key] = _near(draw, holder[key])
    return document


def _near(draw: Draw, value: Any) -> Any:
    match value:
        case bool():
            return draw(st.sampled_from([not value, str(value).lower(), Number(str(int(value)))]))
        case Number():
            return draw(
                st.sampled_from(
                    [
                        *_spellings(value),
                        Number(f"-{value.text}"),
                        Number(f"{value.text}1"),
                        value.text,
                        f"{Decimal(value.text):E}".replace("+", ""),
                    ]
                )
            )
        case str() if value:
            at = draw(st.integers(0, len(value) - 1))
            other = draw(st.sampled_from("aZ0-_ .:/é\u200b\n"))
            return draw(
                st.sampled_from(
                    [
                        value[:at] + other + value[at + 1 :],
                        value[:at] + value[at + 1 :],
                        value[:at] + other + value[at:],
                        value.swapcase(),
                        VOCABULARIES[0] + value,
                        VOCABULARIES[2] + value,
                        value + " ",
                        value.replace("Z", "+00:00"),
                        value.replace("Z", ".0Z"),
                    ]
                )
            )
        case _:
            return "A"


def _spellings(number: Number) -> list[Number]:
    """The same number, written otherwise."""
    value = Decimal(number.text)
    return [
        Number(f"{value:f}" + ("0" if "." in f"{value:f}" else ".0")),
        Number(f"{value:E}"),
        Number(f"{value * 10}e-1"),
    ]


def _spell_a_number(draw: Draw, document: Any) -> Any:
    holder, key = _place(draw, document, lambda _key, value: isinstance(value, Number))
    if isinstance(holder[key], Number):
        holder[key] = draw(st.sampled_from(_spellings(holder[key])))
    return document


def _replace(draw: Draw, document: Any) -> Any:
    holder, key = _place(draw, document)
    holder[key] = copy.deepcopy(draw(st.sampled_from(_VALUES)))
    return document


def _remove(draw: Draw, document: Any) -> Any:
    holder, key = _place(draw, document)
    del holder[key]
    return document


def _graft(draw: Draw, document: Any) -> Any:
    """Put what stands at one place at another too."""
    holder, key = _place(draw, document)
    source, name = _place(draw, document)
    holder[key] = copy.deepcopy(source[name])
    return document


def _move(draw: Draw, document: Any) -> Any:
    """Move a member from one object into another."""
    objects = _objects(document)
    source = draw(st.sampled_from(range(len(objects))))
    target = draw(st.sampled_from(range(len(objects))))
    if objects[source]:
        name = draw(st.sampled_from(list(objects[source])))
        value = objects[source].pop(name)
        objects[target][name] = copy.deepcopy(value)
    return document


def _move_within_a_node(draw: Draw, document: Any) -> Any:
    """Move or copy a member between two objects of one id."""
    objects = [found for found in _objects(document) if isinstance(found.get("id"), str)]
    pairs = [(a, b) for a in objects for b in objects if a is not b and a["id"] == b["id"]]
    if pairs:
        source, target = draw(st.sampled_from(pairs))
        name = draw(st.sampled_from(list(source)))
        target[name] = copy.deepcopy(source[name])
        if draw(st.booleans()):
            del source[name]
    return document


def _add(draw: Draw, document: Any) -> Any:
    """A member that the contexts define, or that they do not."""
    holder = draw(st.sampled_from(range(len(objects := _objects(document)))))
    name = draw(st.sampled_from(TERMS) | st.sampled_from(_ODD_NAMES))
    source, key = _place(draw, document)
    objects[holder][name] = copy.deepcopy(draw(st.sampled_from([*_VALUES, source[key]])))
    return document


def _rename(draw: Draw, document: Any) -> Any:
    objects = [found for found in _objects(document) if found]
    holder = objects[draw(st.integers(0, len(objects) - 1))]
    old = draw(st.sampled_from(list(holder)))
    new = draw(st.sampled_from([old.capitalize(), f"{old} ", *_ODD_NAMES]) | st.sampled_from(TERMS))
    renamed = {new if name == old else name: value for name, value in holder.items()}
    holder.clear()
    holder.update(renamed)
    return document


def _reorder(draw: Draw, document: Any) -> Any:
    holder, key = _place(draw, document, lambda _key, value: isinstance(value, list) and len(value) > 1)
    holder[key] = draw(st.permutations(holder[key])) if isinstance(holder[key], list) else holder[key]
    return document


def _repeat(draw: Draw, document: Any) -> Any:
    holder, key = _place(draw, document, lambda _key, value: isinstance(value, list) and len(value) > 0)
    if isinstance(items := holder[key], list):
        items.insert(draw(st.integers(0, len(items))), copy.deepcopy(draw(st.sampled_from(items))))
    return document


def _wrap(draw: Draw, document: Any) -> Any:
    holder, key = _place(draw, document)
    value = holder[key]
    ways: list[Any] = [
        [value],
        [value],
        [[value]],
        {"@value": value},
        {"@list": [value]},
        {"@set": [value]},
        {"id": value},
    ]
    holder[key] = draw(st.sampled_from(ways))
    return document


def _unwrap(draw: Draw, document: Any) -> Any:
    holder, key = _place(draw, document, lambda _key, value: isinstance(value, list) and len(value) == 1)
    holder[key] = holder[key][0] if isinstance(holder[key], list) else holder[key]
    return document


def _retype(draw: Draw, document: Any) -> Any:
    """Another type, one more, or the same by its IRI."""
    holder, _ = _place(draw, document, lambda key, _value: key == "type")
    if not isinstance(holder, dict) or "type" not in holder:
        return document
    types = holder["type"] if isinstance(holder["type"], list) else [holder["type"]]
    names = ["Profile", "Achievement", "OpenBadgeCredential", "VerifiableCredential", "Evidence", "Unheard", "urn:x:Y"]
    iris = [f"https://purl.imsglobal.org/spec/vc/ob/vocab.html#{type_}" for type_ in types if isinstance(type_, str)]
    other = draw(st.sampled_from([*names, *iris]))
    holder["type"] = draw(st.sampled_from([other, [other], [*types, other], [other, *types]]))
    return document


def _recontext(draw: Draw, document: Any) -> Any:
    holder, _ = _place(draw, document, lambda key, _value: key == "@context")
    urls = holder.get("@context") if isinstance(holder, dict) else None
    if not isinstance(urls, list):
        return document
    at = draw(st.integers(0, len(urls)))
    known = sorted(ContextStore.pinned().urls)
    inline = {"name": "https://example.org/other", "@vocab": "https://example.org/"}
    other = draw(st.sampled_from([*known, "https://unknown.example/context.json", inline]))
    holder["@context"] = draw(
        st.sampled_from(
            [[*urls[:at], other, *urls[at:]], [*urls[:at], other, *urls[at + 1 :]], urls[:at] + urls[at + 1 :]]
        )
        | st.permutations(urls)
    )
    return document


_OPTIONS: dict[str, list[Any]] = {
    "type": ["Ed25519Signature2020", "DataIntegrityProof", ["DataIntegrityProof"]],
    "cryptosuite": ["eddsa-2022", "eddsa-rdfc-2022", "ecdsa-rdfc-2019", "eddsa-jcs-2022", "ecdsa-sd-2023", "bbs-2023"],
    "proofPurpose": ["authentication", "https://w3id.org/security#assertionMethod"],
    "created": ["2026-03-01T11:00:00Z", "2026-03-01T12:00:00+00:00"],
    "expires": ["2099-01-01T00:00:00Z"],
    "domain": ["a.example", ["a.example", "b.example"]],
    "challenge": ["once"],
    "nonce": ["n"],
    "id": ["urn:uuid:1b0c7d8e-6f5a-4b4c-9d3e-000000000004", "_:c14n0"],
    "previousProof": ["urn:uuid:1b0c7d8e-6f5a-4b4c-9d3e-000000000004", []],
    "remark": ["undefined"],
    "@context": [["https://www.w3.org/ns/credentials/v2"], "https://www.w3.org/ns/credentials/v2", []],
    "verificationMethod": [f"{issued.DID}#z6MkOther", "did:key:z6MkOther#z6MkOther", issued.DID],
    "proofValue": ["z", "u2V0B", ""],
}


def _change_the_proof(draw: Draw, document: Any) -> Any:
    proofs = document.get("proof")
    if not isinstance(proofs, list) or not proofs or not isinstance(proofs[0], dict):
        return document
    if draw(st.integers(0, 4)) == 0:  # one more proof: a copy with another option, or of a member
        extra = dict(proofs[0])
        place = draw(st.integers(0, 1))
        proofs.insert(place, extra)
        proofs = [extra]
    if draw(st.integers(0, 4)) == 0:
        value = proofs[0].get("proofValue")
        proofs[0]["proofValue"] = (twin(value) if isinstance(value, str) else None) or value
        return document
    name = draw(st.sampled_from(list(_OPTIONS)))
    proofs[0][name] = draw(st.sampled_from(_OPTIONS[name]))
    return document


def _double_a_member(draw: Draw, document: Any) -> Any:
    holder, key = _place(draw, document, lambda _key, value: isinstance(value, dict) and len(value) > 0)
    if isinstance(holder[key], dict):
        doubled = Doubled(holder[key])
        doubled.second = draw(st.sampled_from([next(iter(doubled.values())), "A"]))
        holder[key] = doubled
    return document


def _shuffle_members(draw: Draw, document: Any) -> Any:
    holder = draw(st.sampled_from(range(len(objects := _objects(document)))))
    members = draw(st.permutations(list(objects[holder].items())))
    objects[holder].clear()
    objects[holder].update(members)
    return document


_CHANGES: list[Callable[[Draw, Any], Any] | None] = [
    None,
    _change_a_value,
    _spell_a_number,
    _replace,
    _remove,
    _graft,
    _move,
    _move_within_a_node,
    _add,
    _add,
    _rename,
    _reorder,
    _repeat,
    _wrap,
    _unwrap,
    _retype,
    _recontext,
    _change_the_proof,
    _double_a_member,
    _shuffle_members,
]
