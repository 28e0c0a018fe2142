"""A published next key becomes the signing key when its hour comes.

Signing goes by the clock; this keeps the rows true.
"""

from __future__ import annotations

from sqlalchemy import select

from badgeissuer.rules.terms import KeyState
from badgeissuer.runtime import Runtime
from badgeissuer.services import registering
from badgeissuer.services.access import operator
from badgeissuer.store.catalog import IssuerKey


async def settle(runtime: Runtime) -> int:
    """Settle the keys of every issuer with a next key whose hour has come; returns how many issuers."""
    async with runtime.begin(operator()) as work:
        due = set(
            await work.session.scalars(
                select(IssuerKey.issuer_id).where(IssuerKey.state == KeyState.NEXT, IssuerKey.activates_at <= work.now)
            )
        )
        if due:
            await work.begin_write()
            for issuer_id in sorted(due):
                await registering.settle_keys(work, issuer_id=issuer_id)
        return len(due)
