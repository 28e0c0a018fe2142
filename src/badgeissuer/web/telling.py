"""Before awards leave to an agency, it is written down whose they are: earners see it at their own page (ADR 0012)."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from badgeissuer.errors import NotFound, Unavailable
from badgeissuer.services import consenting
from badgeissuer.work import Work


async def tell(work: Work, subjects: Iterable[UUID]) -> None:
    """Write down one entry an award, in the request's unit of work: it commits before the answer leaves.

    Raises ``Unavailable`` where an earner withdrew their consent since the rows were read.
    """
    wanted = list(subjects)
    told = await consenting.disclose(work, subjects=wanted)
    if told is not None and not told.subjects.issuperset(wanted):
        raise Unavailable("a consent was withdrawn at this moment; ask again")


async def tell_of(work: Work, earners: Iterable[tuple[UUID, int]]) -> None:
    """The same for records and badges from elsewhere: whose each is, and how many badges are in it."""
    await consenting.disclose_whole(work, earners=earners)


async def tell_one(work: Work, subject_id: UUID) -> None:
    """The same for one award. Raises ``NotFound`` where it may not be read any more."""
    told = await consenting.disclose(work, subjects=[subject_id])
    if told is not None and not told.subjects:
        raise NotFound("no such award")
