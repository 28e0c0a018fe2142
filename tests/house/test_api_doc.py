"""docs/api.md names no address that is not there."""

from __future__ import annotations

import re

from badgeissuer.web.app import create_app
from tests.support.shared import REPO

_NAMED = re.compile(r"`(/[^`\s?]*)")


def _shape(path: str) -> str:
    """A path without the names of what is filled in, and without the end of a form."""
    return re.sub(r"\{[^}]*\}(\.\w+)*", "{}", path.rstrip("…"))


def test_every_address_in_the_overview_is_there() -> None:
    paths = {_shape(getattr(route, "path", "")) for route in create_app(None).routes}
    rows = [
        line.split("|")[1]
        for line in (REPO / "docs" / "api.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `/")
    ]
    assert len(rows) > 25
    for row in rows:
        base, *others = _NAMED.findall(row)
        assert _shape(base) in paths, row
        for name in others:
            # `/revoke` is short for what stands below an address of the row, or beside its last word.
            below = {f"{each}{name}" for each in (base, base.rpartition("/")[0], *others)}
            assert {_shape(each) for each in (name, *below)} & paths, (row, name)
