"""Issuers and their keys over HTTP."""

from __future__ import annotations

import json
from typing import Any

from badgeissuer.rules.terms import ClientKind
from tests.support import make
from tests.support.app import BASE_URL, Service

PROFILE = {
    "name": "Kentucky Valley Educational Cooperative",
    "url": "https://www.kvec.org",
    "description": "Serves the schools of eastern Kentucky.",
    "email": "badges@kvec.example.org",
    "phone": "+1 606 555 0100",
    "official": "Dana Whitaker",
    "image": {"id": "https://www.kvec.org/logo.png", "type": "Image"},
    "address": {"type": ["Address"], "addressLocality": "Hazard", "addressRegion": "KY", "addressCountryCode": "US"},
    "otherIdentifier": [{"type": "IdentifierEntry", "identifier": "2100120", "identifierType": "identifier"}],
}
DID = "did:web:issuer.example:issuers:kvec"


async def _register(service: Service, slug: str = "kvec", profile: dict[str, Any] | None = None) -> Any:
    return await service.http.post(
        "/v1/issuers", json={"slug": slug, "profile": profile or PROFILE}, headers=await service.platform()
    )


def _pointers(answer: Any) -> list[str]:
    return sorted({entry["pointer"] for entry in answer.json()["errors"]})


async def test_register_and_read_back(service: Service) -> None:
    answer = await _register(service)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{BASE_URL}/v1/issuers/kvec"
    made = answer.json()
    assert made == {
        "slug": "kvec",
        "did": DID,
        "url": f"{BASE_URL}/issuers/kvec",
        "website": "https://www.kvec.org",
        "profile": {**PROFILE, "id": DID, "type": ["Profile"], "url": f"{BASE_URL}/issuers/kvec"},
        "preflight_targets": ["1edtech-validator", "learner-credential-wallet", "learncard", "openbadgeslib"],
        "notices": True,
        "revision": 1,
        "created_at": "2026-11-24T09:30:00Z",
        "updated_at": "2026-11-24T09:30:00Z",
    }
    read = await service.http.get("/v1/issuers/kvec", headers=await service.platform())
    assert (read.status_code, read.json(), read.headers["etag"]) == (200, made, '"1"')
    assert read.headers["cache-control"] == "no-store"
    assert (await service.http.get("/issuers/kvec")).json() == made["profile"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"slug": "KVEC!", "profile": PROFILE}, "/slug"),
    ({"slug": "-a", "profile": PROFILE}, "/slug"),
    ({"slug": "xn--80ak6aa92e", "profile": PROFILE}, "/slug"),
    ({"slug": "a" * 64, "profile": PROFILE}, "/slug"),
    ({"profile": PROFILE}, "/slug"),
    ({"slug": "a"}, "/profile"),
    ({"slug": "a", "profile": {**PROFILE, "name": None}}, "/profile/name"),
    ({"slug": "a", "profile": {"description": "nameless"}}, "/profile/name"),
    ({"slug": "a", "profile": {**PROFILE, "id": "https://else.example"}}, "/profile/id"),
    ({"slug": "a", "profile": {**PROFILE, "nickname": "K"}}, "/profile/nickname"),
    ({"slug": "a", "profile": PROFILE, "did": DID}, "/did"),
    ({"slug": "a", "profile": {**PROFILE, "name": "K\u202eCEV"}}, "/profile/name"),
    ({"slug": "a", "profile": {**PROFILE, "url": "javascript:alert(1)"}}, "/profile/url"),
]


async def test_what_cannot_be_an_issuer_is_refused_by_name(service: Service) -> None:
    headers = await service.platform()
    for body, pointer in REFUSED:
        answer = await service.http.post("/v1/issuers", json=body, headers=headers)
        assert (answer.status_code, _pointers(answer)) == (422, [pointer]), body
    assert (await service.http.get("/v1/issuers", headers=headers)).json() == {"items": [], "next": None}


async def test_a_slug_is_given_once(service: Service) -> None:
    await _register(service)
    again = await _register(service)
    assert (again.status_code, _pointers(again)) == (409, ["/slug"])


async def test_only_platforms_register(service: Service) -> None:
    await _register(service)
    for headers in (
        await service.as_issuer("kvec"),
        {"Authorization": f"Bearer {await service.key(ClientKind.AGENCY, 'kvec', scopes=('issuers:read',))}"},
    ):
        answer = await service.http.post("/v1/issuers", json={"slug": "b", "profile": PROFILE}, headers=headers)
        assert answer.status_code == 403
    assert (await service.http.get("/issuers/b")).status_code == 404


async def test_the_profile_is_changed_by_merging(service: Service) -> None:
    await _register(service)
    own = await service.as_issuer("kvec")
    service.clock.advance(hours=1)
    answer = await service.http.patch(
        "/v1/issuers/kvec",
        json={"profile": {"phone": None, "address": {"addressLocality": "Hindman"}, "url": "https://kvec.example"}},
        headers={**own, "If-Match": '"1"'},
    )
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert changed["profile"] == {
        **{name: value for name, value in PROFILE.items() if name != "phone"},
        "id": DID,
        "type": ["Profile"],
        "url": f"{BASE_URL}/issuers/kvec",
        "address": {**PROFILE["address"], "addressLocality": "Hindman"},  # type: ignore[dict-item]
    }
    assert (changed["website"], changed["revision"], changed["updated_at"]) == (
        "https://kvec.example", 2, "2026-11-24T10:30:00Z",
    )  # fmt: skip
    assert answer.headers["etag"] == '"2"'


async def test_a_change_on_an_old_reading_is_refused(service: Service) -> None:
    await _register(service)
    own = await service.as_issuer("kvec")
    first = await service.http.patch("/v1/issuers/kvec", json={"profile": {"name": "A"}}, headers=own)
    assert first.status_code == 200
    for tag in ('"1"', 'W/"2"', "2", '"x"'):
        answer = await service.http.patch(
            "/v1/issuers/kvec", json={"profile": {"name": "B"}}, headers={**own, "If-Match": tag}
        )
        assert answer.status_code == 412
    assert (await service.http.get("/issuers/kvec")).json()["name"] == "A"


async def test_a_change_that_could_not_be_signed_is_refused(service: Service) -> None:
    await _register(service)
    own = await service.as_issuer("kvec")
    answer = await service.http.patch("/v1/issuers/kvec", json={"profile": {"name": None}}, headers=own)
    assert (answer.status_code, _pointers(answer)) == (422, ["/profile/name"])


async def test_issuers_are_listed_in_pages(service: Service) -> None:
    headers = await service.platform()
    for slug in ("b", "a", "c"):
        assert (await _register(service, slug)).status_code == 201
    first = await service.http.get("/v1/issuers?limit=2", headers=headers)
    assert [item["slug"] for item in first.json()["items"]] == ["a", "b"]
    following = first.json()["next"]
    assert first.headers["link"] == f'<{following}>; rel="next"'
    assert following.startswith(f"{BASE_URL}/v1/issuers?limit=2&cursor=")
    last = await service.http.get(following, headers=headers)
    assert ([item["slug"] for item in last.json()["items"]], last.json()["next"]) == (["c"], None)
    assert "link" not in last.headers


async def test_keys_are_shown_without_anything_private(service: Service) -> None:
    await _register(service)
    own = await service.as_issuer("kvec")
    answer = await service.http.get("/v1/issuers/kvec/keys", headers=own)
    keys = answer.json()["keys"]
    assert [(key["algorithm"], key["state"]) for key in keys] == [("Ed25519", "active"), ("P-256", "active")]
    assert all(key["verification_method"].startswith(f"{DID}#z") for key in keys)
    assert {name for key in keys for name in key} == {
        "id", "algorithm", "verification_method", "state", "activates_at", "retired_at", "compromised_at",
    }  # fmt: skip
    text = answer.text + (await service.http.get("/issuers/kvec/did.json")).text
    assert "file:" not in text
    assert '"d"' not in text


async def test_rotation_publishes_at_once_and_signs_later(service: Service) -> None:
    await _register(service)
    own = await service.as_issuer("kvec")
    answer = await service.http.post("/v1/issuers/kvec/keys/rotate", headers=own)
    assert answer.status_code == 201, answer.text
    new = answer.json()["keys"]
    assert [(key["state"], key["activates_at"]) for key in new] == [("next", "2026-11-24T09:35:00Z")] * 2
    published = (await service.http.get("/issuers/kvec/did.json")).json()["verificationMethod"]
    assert {key["verification_method"] for key in new} <= {method["id"] for method in published}
    assert (
        await service.http.post("/v1/issuers/kvec/keys/rotate", json={"now": False}, headers=own)
    ).status_code == 409
    service.clock.advance(minutes=5)
    listed = (await service.http.get("/v1/issuers/kvec/keys", headers=own)).json()["keys"]
    assert sorted(key["state"] for key in listed) == ["active", "active", "retired", "retired"]
    urgent = await service.http.post("/v1/issuers/kvec/keys/rotate", json={"now": True}, headers=own)
    assert {key["state"] for key in urgent.json()["keys"]} == {"active"}
    assert (await service.http.post("/v1/issuers/kvec/keys/rotate", json={"now": 1}, headers=own)).status_code == 422
    assert len((await service.http.get("/issuers/kvec/did.json")).json()["verificationMethod"]) == 6


async def test_a_stored_profile_serves_again_as_one(service: Service) -> None:
    """What was read can be sent back: the members that this service sets are accepted with its own values."""
    await make.register(service)
    own = await service.as_issuer("kvec")
    read = (await service.http.get("/v1/issuers/kvec", headers=own)).json()
    answer = await service.http.patch("/v1/issuers/kvec", content=json.dumps({"profile": read["profile"]}), headers={
        **own, "Content-Type": "application/json",
    })  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert answer.json()["profile"] == read["profile"]


async def test_no_url_is_no_website(service: Service) -> None:
    made = (await _register(service, profile={"name": "KVEC", "url": None})).json()
    assert (made["website"], made["profile"]["url"]) == (None, made["url"])


async def test_whether_earners_are_told_is_the_issuers_choice(service: Service) -> None:
    headers = await make.register(service)
    for sent, kept in (
        ({"notices": False}, False),
        ({"profile": {"description": "D"}}, False),
        ({"notices": True}, True),
    ):
        answer = await service.http.patch("/v1/issuers/kvec", json=sent, headers=headers)
        assert (answer.status_code, answer.json()["notices"]) == (200, kept)
    answer = await service.http.patch("/v1/issuers/kvec", json={"notices": None}, headers=headers)
    assert answer.status_code == 422
