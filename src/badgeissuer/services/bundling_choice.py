"""Which of an earner's awards, and of the badges admitted for them, go into a record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from badgeissuer.rules.terms import AwardState


@dataclass(frozen=True, slots=True)
class Choice:
    """Awards by id; or, where none is named, all that fit. Badges from elsewhere only by id.

    ``split`` makes parts that every peer takes, where the whole is larger. Ranges are half-open: from ≤ date < before.
    """

    award_ids: tuple[UUID, ...] = ()
    admission_ids: tuple[UUID, ...] = ()
    achievement_ids: tuple[UUID, ...] = ()
    stack_id: UUID | None = None
    states: tuple[AwardState, ...] = (AwardState.ACTIVE, AwardState.SUSPENDED)
    awarded_from: datetime | None = None
    awarded_before: datetime | None = None
    split: bool = False
