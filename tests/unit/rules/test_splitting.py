"""Parts of a record: every member once, within the bound, and stacks together where they fit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from badgeissuer.rules.splitting import divide


def test_what_fits_is_one_part() -> None:
    assert divide([3, 3, 3], [], most=9) == [[0, 1, 2]]
    assert divide([], [], most=9) == []


def test_parts_are_filled_in_order() -> None:
    assert divide([5, 5, 5, 5], [], most=10) == [[0, 1], [2, 3]]


def test_what_belongs_together_stays_together() -> None:
    # 0 and 3 are one stack, 3 and 4 another: all three come before the rest would fit beside them.
    assert divide([4, 4, 4, 4, 2], [{0, 3}, {4, 3}], most=10) == [[0, 3, 4], [1, 2]]
    assert divide([4, 4, 4], [{1, 2}], most=8) == [[0], [1, 2]]


def test_a_stack_that_is_too_large_is_cut_and_one_member_that_is_too_large_stands_alone() -> None:
    assert divide([4, 4, 4, 4, 4], [{0, 1, 2, 3, 4}], most=8) == [[0, 1], [2, 3], [4]]
    assert divide([2, 99, 2], [], most=8) == [[0], [1], [2]]
    assert divide([99, 2], [], most=8) == [[0], [1]]


@given(
    st.lists(st.integers(min_value=1, max_value=12), max_size=30),
    st.lists(st.sets(st.integers(min_value=0, max_value=29), min_size=1, max_size=5), max_size=5),
    st.integers(min_value=1, max_value=30),
)
def test_every_member_is_in_one_part_and_no_part_is_too_large(
    sizes: list[int], together: list[set[int]], most: int
) -> None:
    sets = [kept for group in together if (kept := {place for place in group if place < len(sizes)})]
    parts = divide(sizes, sets, most=most)
    assert sorted(place for part in parts for place in part) == list(range(len(sizes)))
    assert all(len(part) == 1 or sum(sizes[place] for place in part) <= most for part in parts)
    assert all(part == sorted(part) for part in parts)
    for group in sets:
        joined = set(group)
        while True:
            wider = joined.union(*(other for other in sets if not joined.isdisjoint(other)))
            if wider == joined:
                break
            joined = wider
        if sum(sizes[place] for place in joined) <= most:
            assert len({n for n, part in enumerate(parts) if not joined.isdisjoint(part)}) == 1
