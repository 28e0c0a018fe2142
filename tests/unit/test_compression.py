"""Which statements pack signed texts with lz4."""

from __future__ import annotations

import pytest

from badgeissuer.store.compression import statements

_COLUMNS = (("credentials", "text"), ("clrs", "text"))


@pytest.mark.parametrize("known", [["pglz", "lz4"], ["lz4"]])
def test_a_server_that_has_it_packs_with_lz4(known: list[str]) -> None:
    assert statements(_COLUMNS, known) == [
        "ALTER TABLE credentials ALTER COLUMN text SET COMPRESSION lz4",
        "ALTER TABLE clrs ALTER COLUMN text SET COMPRESSION lz4",
    ]


@pytest.mark.parametrize("known", [[], ["pglz"]])
def test_one_without_it_is_left_as_it_is(known: list[str]) -> None:
    assert statements(_COLUMNS, known) == []
