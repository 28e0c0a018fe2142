"""Preflight of anybody's credential: will it import there? Canonicalised once, in the lane for foreign documents."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from badgeissuer.errors import BadgeissuerError, MalformedInput, Rejected, TooLarge
from badgeissuer.vc import preflight as profiles
from badgeissuer.vc.canon import Canonical
from badgeissuer.vc.preflight import Plan, Preflight, Target
from badgeissuer.work import Work


async def preflight(work: Work, *, data: bytes, targets: Iterable[Target] = Target) -> tuple[Preflight, ...]:
    """The answers for a document in its published form. Writes nothing, reads no row.

    Never raises for what is in it; ``Unavailable`` where no worker is free.
    """
    # A document of the largest size takes a good part of a second to read: not on the event loop.
    planned = await asyncio.to_thread(profiles.plan, data)
    form = await _form(work, planned)
    return await asyncio.to_thread(profiles.answer, planned, form, tuple(targets))


async def _form(work: Work, planned: Plan) -> Canonical | BadgeissuerError | None:
    if planned.document is None:
        return None
    try:
        return await work.sandbox.canonicalize(planned.document, lane="foreign", budget=planned.budget)
    except (Rejected, TooLarge, MalformedInput) as error:
        return error
