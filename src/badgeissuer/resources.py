"""Where the package's data files lie: beside the code in an installed wheel, at the top of a checkout otherwise."""

from __future__ import annotations

from pathlib import Path

from badgeissuer.errors import Misconfigured

_PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """The folder ``schemas`` or ``migrations``. Raises ``Misconfigured`` where neither place has it."""
    for place in (_PACKAGE / "_data" / name, _PACKAGE.parent.parent / name):
        if place.is_dir():
            return place
    raise Misconfigured(f"the folder {name!r} is missing from this installation; install badgeissuer again")
