"""Really signed awards for a database that is measured: distinct, valid, through the service's own verbs."""

from __future__ import annotations

from bench import service
from bench.rounds import Tell, silent
from bench.service import Place

_AT_ONCE = 500


def fill(place: Place, *, first: int, count: int, callers: int = service.CALLERS, tell: Tell = silent) -> None:
    """Issue awards number ``first`` and on. One caller leaves the rows of every table in the same order."""
    with service.serving(place) as served:
        for start in range(first, first + count, _AT_ONCE):
            part = min(_AT_ONCE, first + count - start)
            served.call(served.awards(start, part), callers=callers)
            tell(f"{start + part - first:,} of {count:,} awards")
