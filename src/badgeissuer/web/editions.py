"""ETags of things that have versions, and what an If-Match on one of them asks for."""

from __future__ import annotations

import re

from badgeissuer.errors import PreconditionFailed
from badgeissuer.rules.terms import VersionState


def tag(number: int, revision: int, state: VersionState) -> str:
    """Version and revision: the first draft of two versions must not look alike. Publishing changes the answer too."""
    return f'"{number}.{revision}.{state.value}"'


def expected(if_match: str | None, *, number: int, state: VersionState, what: str) -> int | None:
    """The draft's revision that If-Match stands for; a tag of another version or state matches nothing.

    Raises ``PreconditionFailed``.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    found = re.fullmatch(r'\s*"(\d{1,9})\.(\d{1,9})\.([a-z]+)"\s*', if_match)
    if found is None or (int(found[1]), found[3]) != (number, state.value):
        raise PreconditionFailed(f"the {what} was changed meanwhile; read it again and repeat the change on that")
    return int(found[2])
