"""The operator's own issuer: it signs records across issuers, which only their earners ask for.

It is an issuer like others, with keys and a status list of its own, and belongs to no tenant: nobody but the operator
can register its slug, and no API key acts for it unless the operator makes one.
"""

from __future__ import annotations

from sqlalchemy import exists, select

from badgeissuer.errors import Conflict, Unavailable
from badgeissuer.rules.terms import ClientKind
from badgeissuer.services import registering
from badgeissuer.services.registering import OPERATOR_SLUG
from badgeissuer.store.access import ApiClient, ApiClientIssuer
from badgeissuer.store.catalog import Issuer
from badgeissuer.work import Work

_DESCRIPTION = "The service that these badges are kept in. It signs the records that earners make of their own badges."


async def operator_issuer(work: Work) -> Issuer:
    """The operator's issuer, whoever asks. Raises ``Unavailable`` where it was not made yet."""
    issuer = await _found(work)
    if issuer is None:
        raise Unavailable("this service has no issuer of its own yet: its operator has to run badgeissuer migrate")
    return issuer


async def make_operator(work: Work) -> bool:
    """Make the operator's issuer, if it is not there; whether it was made now. The caller acts as the operator.

    Raises ``Conflict`` where a platform registered that slug for a tenant, in times when it could.
    """
    if await _found(work) is not None:
        return False
    if await work.session.scalar(select(Issuer.id).where(Issuer.slug == OPERATOR_SLUG)):
        raise Conflict(f"the issuer {OPERATOR_SLUG!r} is a tenant's: records across issuers cannot be signed")
    profile = {"name": work.settings.operator_name, "description": _DESCRIPTION}
    await registering.register_issuer(work, slug=OPERATOR_SLUG, profile=profile)
    return True


async def _found(work: Work) -> Issuer | None:
    tenants = (
        select(ApiClientIssuer.issuer_id)
        .join(ApiClient, ApiClient.id == ApiClientIssuer.client_id)
        .where(ApiClientIssuer.issuer_id == Issuer.id, ApiClient.kind == ClientKind.PLATFORM)
    )
    return await work.session.scalar(select(Issuer).where(Issuer.slug == OPERATOR_SLUG, ~exists(tenants)))
