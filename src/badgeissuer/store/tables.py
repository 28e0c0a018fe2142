"""Every table, by importing every module that defines one: what migrations and tests compare with."""

from badgeissuer.store import (
    access,
    art,
    assessment,
    awards,
    catalog,
    catalogue,
    clrs,
    earners,
    endorsements,
    halts,
    jobs,
    outbox,
    people,
    shares,
    stacks,
    status,
)
from badgeissuer.store.base import Base

__all__ = [
    "Base",
    "access",
    "art",
    "assessment",
    "awards",
    "catalog",
    "catalogue",
    "clrs",
    "earners",
    "endorsements",
    "halts",
    "jobs",
    "outbox",
    "people",
    "shares",
    "stacks",
    "status",
]
