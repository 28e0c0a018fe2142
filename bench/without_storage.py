"""The service with storage that keeps nothing: same route, same checks, same signatures, no row is written.

It is made in the process that serves, so that only what is compared differs (``bench.served --without-storage``).
"""

from __future__ import annotations


def missing() -> str | None:
    """Why there is no such service; None where there is."""
    return "the write path has no seam for storage that keeps nothing"


def apply() -> None:
    """Have this process keep nothing."""
    raise RuntimeError(missing())
