"""The operator's own issuer: made once, by nobody else, and no tenant's."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError

from badgeissuer.errors import Conflict, Rejected, Unavailable
from badgeissuer.rules.terms import ClientKind
from badgeissuer.runtime import Runtime
from badgeissuer.services import access, operating, registering
from badgeissuer.services.registering import OPERATOR_SLUG
from badgeissuer.store.access import ANONYMOUS, Actor, ApiClientIssuer
from tests.support import make
from tests.support.app import Service


async def _make(runtime: Runtime) -> bool:
    async with runtime.begin(access.operator()) as work:
        return await operating.make_operator(work)


async def test_it_is_made_once_with_keys_of_its_own_and_anybody_may_ask_for_it(service: Service) -> None:
    headers = await make.register(service)
    async with service.runtime.begin(ANONYMOUS) as work:
        with pytest.raises(Unavailable, match="badgeissuer migrate"):
            await operating.operator_issuer(work)
    assert [await _make(service.runtime), await _make(service.runtime)] == [True, False]
    async with service.runtime.begin(ANONYMOUS) as work:
        issuer = await operating.operator_issuer(work)
    assert (issuer.slug, issuer.name) == (OPERATOR_SLUG, "Badge service")
    public = await service.http.get(f"/issuers/{OPERATOR_SLUG}/did.json")
    assert (public.json()["id"], len(public.json()["verificationMethod"])) == (issuer.did, 2)
    listed = await service.http.get("/v1/issuers", headers=headers)
    assert [item["slug"] for item in listed.json()["items"]] == ["kvec"]


async def test_two_that_make_it_at_once_make_one(service: Service) -> None:
    done = await asyncio.gather(_make(service.runtime), _make(service.runtime), return_exceptions=True)
    assert [result for result in done if result is True] == [True]
    assert all(isinstance(result, bool | Conflict | IntegrityError) for result in done)


async def test_a_tenant_cannot_have_its_name_and_one_that_has_it_does_not_sign_for_others(service: Service) -> None:
    body = {"slug": OPERATOR_SLUG, "profile": make.profile()}
    answer = await service.http.post("/v1/issuers", json=body, headers=await service.platform())
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "reserved")
    # One from a time before the name was kept: a platform's, so it signs for itself alone.
    async with service.runtime.begin(access.operator()) as work:
        client, _ = await access.create_client(work, kind=ClientKind.PLATFORM, name="Old")
    platform = Actor(ClientKind.PLATFORM, "Old", frozenset(), client.id)
    async with service.runtime.begin(platform) as work:
        with pytest.raises(Rejected):
            await registering.register_issuer(work, slug=OPERATOR_SLUG, profile=make.profile())
    async with service.runtime.begin(access.operator()) as work:
        await registering.register_issuer(work, slug=OPERATOR_SLUG, profile=make.profile())
        issuer = await registering.find_issuer(work, slug=OPERATOR_SLUG)
        work.session.add(ApiClientIssuer(client_id=client.id, issuer_id=issuer.id))
    with pytest.raises(Conflict, match="tenant"):
        await _make(service.runtime)
    async with service.runtime.begin(ANONYMOUS) as work:
        with pytest.raises(Unavailable):
            await operating.operator_issuer(work)
