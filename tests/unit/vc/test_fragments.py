"""What is remembered of achievements and issuers changes no line and no limit."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from badgeissuer.vc import strictjson
from badgeissuer.vc.canon import canonicalize, oracle, quickly
from badgeissuer.vc.canon.compiled import statements
from badgeissuer.vc.canon.dataset import Dataset
from badgeissuer.vc.canon.fragments import MOST, Fragment, Fragments, key_of
from badgeissuer.vc.canon.rdfc import canonize_dataset
from badgeissuer.vc.canon.tables import Tables, tables_of
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import BudgetExceeded
from bench import work_unit
from tests.support import records

PINNED = ContextStore.pinned()
FRAGMENTS = tables_of(PINNED).fragments
Json = dict[str, Any]


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    FRAGMENTS.forget()
    yield
    FRAGMENTS.forget()


def lines(document: Json) -> bytes:
    found = quickly(document, PINNED)
    assert found is not None
    return found.nquads


def badge(number: int = 1, **achievement: Any) -> Json:
    document = copy.deepcopy(work_unit.document(number))
    document["credentialSubject"]["achievement"] |= achievement
    return document


def dataset(document: Json, *, max_quads: int = 10**6, max_values: int = 10**6) -> Dataset | None:
    text = strictjson.dumps(document)
    return statements(document, PINNED, text=text, max_quads=max_quads, max_values=max_values)


def test_the_second_badge_of_an_achievement_is_as_if_it_were_the_first() -> None:
    expected = [oracle.pyld_nquads(badge(number), PINNED) for number in range(4)]
    kept = []
    for number in range(4):
        assert lines(badge(number)) == expected[number]
        kept.append(len(FRAGMENTS))
    assert kept == [0, 2, 2, 2]  # the achievement and the issuer, once they were met before
    FRAGMENTS.forget()
    assert lines(badge(3)) == expected[3]


@pytest.mark.parametrize("algorithm", ["sha256", "sha384"])
def test_either_hash_is_that_of_the_whole(algorithm: Any) -> None:
    alone = canonicalize(badge(), PINNED, algorithm=algorithm)
    for _ in range(3):
        assert canonicalize(badge(), PINNED, algorithm=algorithm) == alone


def test_one_achievement_twice_has_blank_nodes_of_its_own_each_time() -> None:
    document = badge()
    achievement = document["credentialSubject"]["achievement"]
    document["credentialSubject"]["achievement"] = [achievement, copy.deepcopy(achievement)]
    once = dataset(badge())
    assert once is not None
    for _ in range(3):
        twice = dataset(document)
        assert twice is not None
        # Three alignments more, each with what is said about it.
        assert len(twice.blanks()) == len(once.blanks()) + 3
        assert lines(document) == oracle.pyld_nquads(document, PINNED)


def test_what_two_of_them_say_is_said_once() -> None:
    for _ in range(3):
        document = badge(creator=work_unit.profile())
        assert lines(document) == oracle.pyld_nquads(document, PINNED)
        same = badge(creator={"id": work_unit.ISSUER, "type": ["Profile"], "name": "Another name"})
        assert lines(same) == oracle.pyld_nquads(same, PINNED)


def test_signed_endorsements_inside_of_it_are_remembered_too() -> None:
    endorsement = records.signed_endorsement()
    endorsement["proof"][0]["id"] = "urn:uuid:00000000-0000-4000-8000-00000000000a"
    document = badge(endorsement=[endorsement])
    expected = oracle.pyld_nquads(document, PINNED)
    assert [lines(document), lines(document)] == [expected, expected]
    kept = len(FRAGMENTS)
    assert lines(document) == expected
    assert len(FRAGMENTS) == kept >= 2


def test_a_text_with_escapes_or_without_is_written_as_ever() -> None:
    for name in ('A "name"\nof two lines', "Ünïcödé 🎓", "plain"):
        document = badge(name=name)
        expected = oracle.pyld_nquads(document, PINNED)
        assert [lines(document) for _ in range(3)] == [expected] * 3


def test_budgets_count_what_is_remembered() -> None:
    whole = dataset(badge())
    assert whole is not None
    count = len(whole)
    for _ in range(3):
        assert dataset(badge(), max_quads=count) is not None
        with pytest.raises(BudgetExceeded):
            dataset(badge(), max_quads=count - 1)
        with pytest.raises(BudgetExceeded):
            dataset(badge(), max_quads=20)
    values = next(number for number in range(10_000) if dataset(badge(), max_values=number) is not None)
    FRAGMENTS.forget()
    assert dataset(badge(), max_values=values - 1) is None
    assert dataset(badge(), max_values=values) is not None
    assert dataset(badge(), max_values=30) is None


def test_where_fewer_levels_are_left_it_is_walked_again() -> None:
    expected = lines(badge())
    assert lines(badge()) == expected
    for key, kept in list(FRAGMENTS._kept.items()):
        FRAGMENTS.keep(key, replace(kept, subject="<urn:never>", levels=10**6))
    assert lines(badge()) == expected


def test_keys_tell_apart_what_json_writes_apart() -> None:
    table = object()
    values: list[Any] = [{"a": 1}, {"a": 1.0}, {"a": True}, {"a": "1"}, {"a": [1]}, {"b": 1}, {"a": 1, "b": 1}]
    values += [{"b": 1, "a": 1}, {"a": -0.0}, {"a": 0.0}, {"a": None}]
    assert len({key_of(table, value) for value in values}) == len(values)
    assert key_of(table, {"a": 1}) == key_of(table, {"a": 1})
    assert key_of(table, {"a": 1}) != key_of(object(), {"a": 1})
    assert key_of(table, {"a": object()}) is None
    assert key_of(table, {"a": "x" * 20_000}) is None


def test_a_long_one_is_not_remembered() -> None:
    document = badge(description="long " * 4_000)
    expected = oracle.pyld_nquads(document, PINNED)
    assert [lines(document), lines(document)] == [expected, expected]
    assert len(FRAGMENTS) == 1  # the issuer


def test_so_many_are_kept_and_the_oldest_goes_first() -> None:
    kept = Fragments()
    fragment = Fragment.of("<urn:a>", Dataset(), values=0, levels=0)
    keys = [(None, str(number).encode()) for number in range(MOST + 1)]
    for key in keys[:-1]:
        kept.keep(key, fragment)
    assert kept.find(keys[0]) is fragment  # used again, so the next one is the oldest
    kept.keep(keys[-1], fragment)
    assert len(kept) == MOST
    assert [kept.find(key) for key in (keys[0], keys[1], keys[-1])] == [fragment, None, fragment]


def test_what_was_met_is_forgotten_after_a_while() -> None:
    kept = Fragments()
    keys = [(None, str(number).encode()) for number in range(1_025)]
    assert not any(kept.is_worth(key) for key in keys)
    assert [kept.is_worth(key) for key in (keys[1], keys[-1], keys[0])] == [True, True, False]
    kept.forget()
    assert not kept.is_worth(keys[-1])


def test_when_tables_are_forgotten_so_are_these() -> None:
    tables: Tables = tables_of(ContextStore.of({url: PINNED.content(url) for url in PINNED.urls}))
    tables.fragments.keep((None, b"a"), Fragment.of("<urn:a>", Dataset(), values=0, levels=0))
    tables._keep(10**9)
    assert len(tables.fragments) == 0


def test_a_dataset_is_one_text_whatever_it_was_put_together_from() -> None:
    one, other = Dataset(), Dataset.of([("<urn:a>", "<urn:p>", '"x"', ""), ("_:x", "<urn:p>", '"y"', "")])
    one.take(other)
    one.take(Dataset.of([("<urn:b>", "<urn:p>", "_:z", "<urn:g>"), ("<urn:c>", "<urn:p>", '"z"', "_:g")]))
    made = canonize_dataset(one, max_steps=10)
    assert made.quads == len(one) == len(made.lines) == 4
    assert "".join(made.lines) == made.text
    assert list(made.lines) == sorted(made.lines)
