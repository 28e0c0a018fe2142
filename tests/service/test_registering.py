"""Issuers and their keys: rotation by the clock, old badges that still verify, starts that are refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from badgeissuer.errors import Conflict, Misconfigured, NotFound, NotPermitted, PreconditionFailed
from badgeissuer.jobs import key_states
from badgeissuer.rules.terms import ClientKind, KeyAlgorithm, KeyState
from badgeissuer.runtime import Runtime
from badgeissuer.services import access, publishing, registering, verifying
from badgeissuer.settings import Settings
from badgeissuer.store.access import Actor
from badgeissuer.store.catalog import IssuerKey
from tests.support import make
from tests.support.app import BASE_URL, MakeRuntime, Service

DID = "did:web:issuer.example:issuers:kvec"


async def _keys(runtime: Runtime, algorithm: KeyAlgorithm = KeyAlgorithm.ED25519) -> list[IssuerKey]:
    async with runtime.database.reading() as session:
        query = select(IssuerKey).where(IssuerKey.algorithm == algorithm).order_by(IssuerKey.activates_at, IssuerKey.id)
        return list((await session.scalars(query)).all())


async def _verification_method(service: Service, award: make.Json) -> str:
    answer = await service.http.get(award["credential"]["url"])
    method: str = json.loads(answer.content)["proof"][0]["verificationMethod"]
    return method


async def _verified(service: Service, award: make.Json) -> bool:
    answer = await service.http.get(award["credential"]["url"])
    async with service.runtime.begin(access.operator()) as work:
        return (await verifying.verify(work, data=answer.content)).verified


async def test_a_new_issuer_has_two_keys_that_sign_at_once(service: Service) -> None:
    await make.register(service)
    [ed25519] = await _keys(service.runtime)
    [p256] = await _keys(service.runtime, KeyAlgorithm.P256)
    assert {ed25519.state, p256.state} == {KeyState.ACTIVE}
    async with service.runtime.begin(access.operator()) as work:
        document = await publishing.issuer_did_document(work, slug="kvec")
    assert document["@context"] == ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"]
    assert document["id"] == DID
    methods = {method["type"]: method for method in document["verificationMethod"]}
    assert methods["Multikey"] == {
        "id": f"{DID}#{ed25519.public_multibase}",
        "type": "Multikey",
        "controller": DID,
        "publicKeyMultibase": ed25519.public_multibase,
    }
    assert set(methods["JsonWebKey"]["publicKeyJwk"]) == {"kty", "crv", "x", "y"}
    assert document["assertionMethod"] == [methods["Multikey"]["id"], methods["JsonWebKey"]["id"]]


async def test_the_next_key_is_published_at_once_and_signs_after_the_delay(service: Service) -> None:
    headers = await make.register(service)
    achievement = await make.publish(service, headers)
    first = await make.award(service, headers, achievement, 1)
    answer = await service.http.post("/v1/issuers/kvec/keys/rotate", json={}, headers=headers)
    assert answer.status_code == 201, answer.text
    old, new = await _keys(service.runtime)
    assert (old.state, new.state) == (KeyState.ACTIVE, KeyState.NEXT)
    did = json.loads((await service.http.get("/issuers/kvec/did.json")).content)
    assert f"{DID}#{new.public_multibase}" in did["assertionMethod"]

    service.clock.advance(seconds=299)
    second = await make.award(service, headers, achievement, 2)
    assert await _verification_method(service, second) == f"{DID}#{old.public_multibase}"
    service.clock.advance(seconds=1)
    third = await make.award(service, headers, achievement, 3)
    assert await _verification_method(service, third) == f"{DID}#{new.public_multibase}"

    assert await key_states.settle(service.runtime) == 1
    assert await key_states.settle(service.runtime) == 0
    assert [key.state for key in await _keys(service.runtime)] == [KeyState.RETIRED, KeyState.ACTIVE]
    assert [await _verified(service, award) for award in (first, second, third)] == [True, True, True]


async def test_a_second_rotation_waits_for_the_first_but_an_emergency_does_not(service: Service) -> None:
    headers = await make.register(service)
    achievement = await make.publish(service, headers)
    first = await make.award(service, headers, achievement, 1)
    async with service.runtime.begin(access.operator()) as work:
        await registering.rotate_keys(work, slug="kvec")
    with pytest.raises(Conflict, match="will sign from"):
        async with service.runtime.begin(access.operator()) as work:
            await registering.rotate_keys(work, slug="kvec")
    async with service.runtime.begin(access.operator()) as work:
        await registering.rotate_keys(work, slug="kvec", now=True)
    keys = await _keys(service.runtime)
    assert sorted(key.state.value for key in keys) == ["active", "retired", "retired"]
    second = await make.award(service, headers, achievement, 2)
    active = next(key for key in keys if key.state is KeyState.ACTIVE)
    assert await _verification_method(service, second) == f"{DID}#{active.public_multibase}"
    assert [await _verified(service, award) for award in (first, second)] == [True, True]


async def test_without_a_delay_the_next_key_signs_at_once(make_runtime: MakeRuntime) -> None:
    runtime = await make_runtime(key_activation_delay=0)
    async with runtime.begin(access.operator()) as work:
        await registering.register_issuer(work, slug="kvec", profile=make.profile())
    async with runtime.begin(access.operator()) as work:
        await registering.rotate_keys(work, slug="kvec")
    assert sorted(key.state.value for key in await _keys(runtime)) == ["active", "retired"]


async def test_a_start_is_refused_when_two_key_files_changed_places(make_runtime: MakeRuntime, tmp_path: Path) -> None:
    runtime = await make_runtime()
    for slug in ("kvec", "iris"):
        async with runtime.begin(access.operator()) as work:
            await registering.register_issuer(work, slug=slug, profile=make.profile(slug))
    files = sorted((tmp_path / "keys").glob("kvec*.pem")), sorted((tmp_path / "keys").glob("iris*.pem"))
    one, two = files[0][0], files[1][0]
    held = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(held)
    with pytest.raises(Misconfigured):
        await make_runtime()


async def test_a_start_is_refused_when_a_key_file_is_missing(make_runtime: MakeRuntime, tmp_path: Path) -> None:
    runtime = await make_runtime()
    async with runtime.begin(access.operator()) as work:
        await registering.register_issuer(work, slug="kvec", profile=make.profile())
    shutil.rmtree(tmp_path / "keys")
    with pytest.raises(Misconfigured):
        await make_runtime()


def test_a_start_is_refused_without_a_passphrase(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="BADGEISSUER_KEY_PASSPHRASE"):
        Runtime(Settings(data_dir=tmp_path))


async def test_no_private_key_and_no_passphrase_reaches_the_database(
    make_runtime: MakeRuntime, backend: str, tmp_path: Path
) -> None:
    if backend != "sqlite":
        pytest.skip("the bytes of the SQLite file show what any database would hold")
    runtime = await make_runtime()
    async with runtime.begin(access.operator()) as work:
        await registering.register_issuer(work, slug="kvec", profile=make.profile())
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("badgeissuer.db*"))
    assert b"kvec" in stored
    for secret in (b"PRIVATE KEY", b"a passphrase that only the tests use"):
        assert secret not in stored
    for pem in (tmp_path / "keys").glob("*.pem"):
        assert b"ENCRYPTED PRIVATE KEY" in pem.read_bytes()
        assert pem.stat().st_mode & 0o777 == 0o600


async def test_one_public_key_never_serves_two_issuers(make_runtime: MakeRuntime) -> None:
    runtime = await make_runtime()
    async with runtime.begin(access.operator()) as work:
        await registering.register_issuer(work, slug="kvec", profile=make.profile())
    [key] = await _keys(runtime)
    with pytest.raises(IntegrityError):
        async with runtime.begin(access.operator()) as work:
            other = await registering.register_issuer(work, slug="iris", profile=make.profile("IRIS Center"))
            [_, *_] = await registering.issuer_keys(work, issuer_id=other.id)
            (await registering.issuer_keys(work, issuer_id=other.id))[0].public_multibase = key.public_multibase
            await work.session.flush()


async def test_a_failed_registration_leaves_no_row(make_runtime: MakeRuntime) -> None:
    runtime = await make_runtime()
    with pytest.raises(RuntimeError, match="after the keys"):
        async with runtime.begin(access.operator()) as work:
            await registering.register_issuer(work, slug="kvec", profile=make.profile())
            raise RuntimeError("after the keys")
    assert await _keys(runtime) == []
    async with runtime.begin(access.operator()) as work:
        with pytest.raises(NotFound):
            await registering.find_issuer(work, slug="kvec")
        await registering.register_issuer(work, slug="kvec", profile=make.profile())


async def test_only_platforms_register_issuers(make_runtime: MakeRuntime) -> None:
    runtime = await make_runtime()
    actor = Actor(kind=ClientKind.AGENCY, name="KDE", scopes=frozenset(), issuer_ids=None)
    with pytest.raises(NotPermitted):
        async with runtime.begin(actor) as work:
            await registering.register_issuer(work, slug="kvec", profile=make.profile())


async def test_a_change_on_a_stale_revision_is_refused(make_runtime: MakeRuntime) -> None:
    runtime = await make_runtime()
    async with runtime.begin(access.operator()) as work:
        issuer = await registering.register_issuer(
            work, slug="kvec", profile={**make.profile(), "url": "https://www.kvec.example.org"}
        )
    assert issuer.profile["url"] == f"{BASE_URL}/issuers/kvec"
    assert issuer.website == "https://www.kvec.example.org"
    async with runtime.begin(access.operator()) as work:
        changed = await registering.update_issuer(
            work, slug="kvec", changes={"phone": "606-555-0100", "email": None}, expected_revision=1
        )
    assert (changed.revision, changed.profile["phone"], "email" in changed.profile) == (2, "606-555-0100", False)
    assert changed.website == "https://www.kvec.example.org"
    with pytest.raises(PreconditionFailed):
        async with runtime.begin(access.operator()) as work:
            await registering.update_issuer(work, slug="kvec", changes={"name": "Other"}, expected_revision=1)


def test_a_passphrase_can_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from a file\n")
    assert Settings(key_passphrase_file=file).passphrase() == SecretStr("from a file")
    file.write_text("")
    with pytest.raises(Misconfigured, match="empty"):
        Settings(key_passphrase_file=file).passphrase()
    with pytest.raises(Misconfigured, match="does not exist"):
        Settings(key_passphrase_file=tmp_path / "none").passphrase()
