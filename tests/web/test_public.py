"""What anybody may read: the bytes as they were signed, cacheable, in the media type that was asked for."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from badgeissuer.keyring.ring import KeyRing
from badgeissuer.rules.terms import ClientKind
from tests.support import make
from tests.support.app import BASE_URL, Service

DID = "did:web:issuer.example:issuers:kvec"


async def _issued(service: Service) -> tuple[dict[str, str], Any]:
    own = await make.register(service)
    return own, await make.award(service, own, await make.publish(service, own))


async def test_a_credential_is_the_same_bytes_under_each_of_its_names(service: Service) -> None:
    _, award = await _issued(service)
    url = award["credential"]["url"]
    assert url == f"{BASE_URL}/credentials/{award['credential']['id']}"
    whole = await service.http.get(url)
    assert whole.status_code == 200
    assert hashlib.sha256(whole.content).hexdigest() == award["credential"]["sha256"]
    assert whole.headers["etag"] == f'"{award["credential"]["sha256"]}"'
    assert whole.headers["vary"] == "Accept"
    assert whole.headers["cache-control"] == "public, max-age=300"
    assert whole.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in whole.headers
    assert json.loads(whole.content)["id"] == url
    for accept, expected in [
        ("*/*", "application/vc"),
        ("application/vc", "application/vc"),
        ("application/vc+ld+json", "application/vc+ld+json"),
        ("application/ld+json", "application/ld+json"),
        ("application/json", "application/json"),
    ]:
        answer = await service.http.get(url, headers={"Accept": accept})
        assert (answer.content, answer.headers["content-type"]) == (whole.content, expected)
    suffixed = await service.http.get(f"{url}.json", headers={"Accept": "application/vc"})
    assert (suffixed.content, suffixed.headers["content-type"]) == (whole.content, "application/json")
    refused = await service.http.get(url, headers={"Accept": "image/webp"})
    assert (refused.status_code, refused.headers["content-type"]) == (406, "application/problem+json")
    assert refused.json()["detail"] == (
        "there is application/vc, application/vc+ld+json, application/ld+json, application/json, application/vc+jwt, "
        "application/jwt, text/plain, image/png, image/svg+xml, application/pdf"
    )


async def test_who_has_the_text_gets_304(service: Service) -> None:
    _, award = await _issued(service)
    document = json.loads((await service.http.get(award["credential"]["url"])).content)
    for path in [
        award["credential"]["url"],
        document["credentialStatus"]["statusListCredential"],
        "/issuers/kvec",
        "/issuers/kvec/did.json",
        document["credentialSubject"]["achievement"]["id"],
    ]:
        whole = await service.http.get(path)
        assert whole.status_code == 200, path
        for tag in (whole.headers["etag"], f"W/{whole.headers['etag']}", f'"x", {whole.headers["etag"]}', "*"):
            answer = await service.http.get(path, headers={"If-None-Match": tag})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["etag"] == whole.headers["etag"]
        stale = await service.http.get(path, headers={"If-None-Match": '"x"', "Cache-Control": "no-cache"})
        assert (stale.status_code, stale.content) == (200, whole.content)
        head = await service.http.head(path)
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", whole.headers["etag"])


async def test_any_page_may_read_and_ask_before(service: Service) -> None:
    await _issued(service)
    for path in ["/credentials/x", "/issuers/kvec", "/issuers/kvec/did.json", "/status/x", "/achievements/x"]:
        asked = await service.http.options(
            path, headers={"Origin": "https://wallet.example", "Access-Control-Request-Method": "GET"}
        )
        assert asked.status_code == 204
        assert asked.headers["access-control-allow-origin"] == "*"
        assert "GET" in asked.headers["access-control-allow-methods"]
        answer = await service.http.get(path, headers={"Origin": "https://wallet.example"})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "ETag" in answer.headers["access-control-expose-headers"]


async def test_revoked_ones_stay_readable_and_the_list_is_fresh(service: Service) -> None:
    own, award = await _issued(service)
    url = award["credential"]["url"]
    before = await service.http.get(url)
    list_url = json.loads(before.content)["credentialStatus"]["statusListCredential"]
    old = await service.http.get(list_url)
    assert old.headers["cache-control"] == "public, max-age=300"
    revoked = await service.http.post(
        f"/v1/awards/{award['id']}/revoke", json={"reason": "issued by mistake"}, headers=own
    )
    assert revoked.status_code == 200, revoked.text
    after = await service.http.get(url)
    assert (after.status_code, after.content) == (200, before.content)
    fresh = await service.http.get(list_url, headers={"If-None-Match": old.headers["etag"]})
    assert fresh.status_code == 200
    assert fresh.content != old.content
    for accept in ("application/vc", "application/ld+json", "application/json"):
        answer = await service.http.get(list_url, headers={"Accept": accept})
        assert (answer.content, answer.headers["content-type"]) == (fresh.content, accept)


async def test_the_did_document_is_as_verifiers_need_it(service: Service) -> None:
    await make.register(service)
    answer = await service.http.get("/issuers/kvec/did.json")
    assert answer.headers["content-type"] == "application/did+json"
    document = answer.json()
    assert document["id"] == DID
    assert document["@context"] == ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"]
    multikey, jwk = document["verificationMethod"]
    assert (multikey["type"], multikey["id"]) == ("Multikey", f"{DID}#{multikey['publicKeyMultibase']}")
    assert (jwk["type"], jwk["publicKeyJwk"]["crv"], "d" in jwk["publicKeyJwk"]) == ("JsonWebKey", "P-256", False)
    assert {multikey["controller"], jwk["controller"]} == {DID}
    assert document["assertionMethod"] == [multikey["id"], jwk["id"]]
    assert answer.headers["cache-control"] == "public, max-age=300"
    for accept in ("application/json", "application/ld+json", "application/did+json"):
        asked = await service.http.get("/issuers/kvec/did.json", headers={"Accept": accept})
        assert (asked.content, asked.headers["content-type"]) == (answer.content, accept)


async def test_profiles_and_achievements_as_json_and_json_ld(service: Service) -> None:
    own = await make.register(service)
    achievement_id = await make.publish(service, own)
    for path in ("/issuers/kvec", f"/achievements/{achievement_id}"):
        plain = await service.http.get(path)
        assert plain.headers["content-type"] == "application/json"
        linked = await service.http.get(path, headers={"Accept": "application/ld+json"})
        contexts = linked.json()["@context"]
        assert linked.json() == {"@context": contexts, **plain.json()}
        assert contexts[0] == "https://www.w3.org/ns/credentials/v2"
        assert linked.headers["etag"] != plain.headers["etag"]
        assert (await service.http.get(f"{path}.json")).content == plain.content
        assert (await service.http.get(path, headers={"Accept": "application/vc"})).status_code == 406


@pytest.mark.parametrize("kind", ["credentials", "status", "achievements", "issuers"])
async def test_what_is_not_there_is_the_same_404(service: Service, kind: str) -> None:
    own, award = await _issued(service)
    draft = await service.http.post("/v1/achievements", json={"achievement": make.achievement("Draft")}, headers=own)
    known = award["credential"]["id"]
    for name in [
        "00000000-0000-4000-8000-000000000000",
        "nonsense",
        known.upper(),
        known.replace("-", ""),
        f"%7B{known}%7D",
        f"{known}.gif",
        f"{known}.png.svg",
        f"{known}.PDF",
        f"{known}.",
        "a%00b",
        "%F0%9F%98%80",
        "a%E2%80%AEb",
        "..%2f..%2fetc%2fpasswd",
        "x" * 3000,
        award["id"],
        award["decision_id"],
        draft.json()["id"],
    ]:
        answer = await service.http.get(f"/{kind}/{name}")
        problem = answer.json()
        assert (answer.status_code, problem["title"]) == (404, "Not found"), name
        assert answer.headers["cache-control"] == "no-store"
    assert (await service.http.get("/issuers/none/did.json")).status_code == 404


async def test_versions_are_asked_for_by_number(service: Service) -> None:
    own = await make.register(service)
    path = f"/achievements/{await make.publish(service, own)}"
    assert (await service.http.get(f"{path}?version=1")).status_code == 200
    assert (await service.http.get(f"{path}?version=2")).status_code == 404
    for wrong in ("0", "x", "99999999999999999999", "-1"):
        answer = await service.http.get(f"{path}?version={wrong}")
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "version")
    # Links that mailers and social sites add to still lead there.
    assert (await service.http.get(f"{path}?utm_source=mail")).status_code == 200


async def test_nothing_personal_is_public(service: Service) -> None:
    own = await make.register(service)
    await make.award(service, own, await make.publish(service, own))
    award = await make.award(
        service,
        own,
        await make.publish(service, own, document=make.achievement("Second")),
        n=2,
        earner={
            "email": "canary@schools.example.org",
            "name": "Canary Name",
            "licence_id": "CANARY-LICENCE",
            "affiliation": {"school": "Canary School", "district": "Canary District", "state": "KY"},
        },
    )
    document = json.loads((await service.http.get(award["credential"]["url"])).content)
    for path in [
        award["credential"]["url"],
        document["credentialStatus"]["statusListCredential"],
        document["credentialSubject"]["achievement"]["id"],
        "/issuers/kvec",
        "/issuers/kvec/did.json",
    ]:
        assert "canary" not in (await service.http.get(path)).text.lower()


async def test_the_service_says_where_things_are_and_whether_it_is_ready(service: Service) -> None:
    index = (await service.http.get("/")).json()
    for name in ("openapi", "health", "ready", "problems"):
        assert (await service.http.get(index["links"][name])).status_code == 200, name
    ready = await service.http.get("/readyz")
    assert ready.json() == {
        "status": "ready",
        "checks": {"database": "ok", "migrations": "ok", "keys": "ok", "minting": "ok"},
    }


async def test_a_lost_key_file_makes_the_service_unready_without_telling_which(service: Service) -> None:
    await make.register(service)
    for path in service.runtime.settings.resolved_keys_dir.rglob("*.pem"):
        path.unlink()
    # A ring that has loaded nothing yet, as after a restart.
    service.runtime.keys = KeyRing(service.runtime.settings.resolved_keys_dir, b"a passphrase that only the tests use")
    answer = await service.http.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "kvec" not in answer.text
    assert (await service.http.get("/healthz")).status_code == 200


async def test_public_addresses_take_no_notice_of_keys(service: Service) -> None:
    await _issued(service)
    agency = await service.key(ClientKind.AGENCY)
    for headers in ({"Authorization": f"Bearer {agency}"}, {"Authorization": "Bearer nonsense"}, {"Cookie": "a=b"}):
        assert (await service.http.get("/issuers/kvec", headers=headers)).status_code == 200
