"""Learner records (CLR): from an earner's awards and badges from elsewhere to one signed text, or several parts of it.

A record of an issuer holds its own awards and what it admitted. One across issuers is the operator's, and only the
earner asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from badgeissuer.errors import Unavailable
from badgeissuer.services.bundling_choice import Choice
from badgeissuer.services.identifying import EarnerGiven
from badgeissuer.store.clrs import Clr
from badgeissuer.work import Work


@dataclass(frozen=True, slots=True)
class Bundled:
    """What came of it: the records, the first of which stands for all; or the job that makes them, where there is much
    to do."""

    records: tuple[Clr, ...] = ()
    job_id: UUID | None = None


async def bundle(work: Work, *, issuer: str, earner: EarnerGiven, choice: Choice, name: str | None = None) -> Bundled:
    """A record of the issuer (by slug) for an earner. Raises ``NotFound``, ``NotPermitted``, ``Rejected``."""
    raise Unavailable("records are not made yet")


async def bundle_for_earner(
    work: Work,
    *,
    earner_id: UUID,
    award_ids: tuple[UUID, ...],
    admission_ids: tuple[UUID, ...] = (),
    name: str | None = None,
    split: bool = False,
) -> Bundled:
    """A record across issuers, signed by the operator, of what its earner chose. The caller has made sure who they are.

    Raises ``NotFound`` where there is no operator's issuer, ``Rejected`` for an award that is not theirs.
    """
    raise Unavailable("records are not made yet")


async def revoke(work: Work, *, clr_id: UUID, reason: str) -> Clr:
    """Take a record back, with its parts. It stays readable. Raises ``NotFound``, ``IllegalTransition``."""
    raise Unavailable("records are not made yet")


async def revoke_for_earner(work: Work, *, earner_id: UUID, clr_id: UUID, reason: str) -> Clr:
    """The same for the earner whose record of the operator it is."""
    raise Unavailable("records are not made yet")


async def remake(work: Work, *, clr_id: UUID, keep: bool = False) -> Bundled:
    """The same choice, of today's awards. The old one is revoked, unless it is to be kept, and names the new one."""
    raise Unavailable("records are not made yet")
