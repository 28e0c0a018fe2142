"""Time stamps in documents: whole seconds, UTC, ``Z``."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from badgeissuer.errors import Rejected


def timestamp(moment: datetime) -> str:
    """An xsd:dateTimeStamp (VC Data Model 2.0 §4.9). Raises ``Rejected`` for a time without a zone."""
    if moment.tzinfo is None:
        raise Rejected("a time needs a zone")
    return _written(moment)


@lru_cache(maxsize=1_024)
def _written(moment: datetime) -> str:
    # Moments that are equal are written alike, whatever their zones; most in a document are those of the one before.
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
