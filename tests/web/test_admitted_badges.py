"""Badges from elsewhere: let in as JSON, PNG or SVG once they verify, and refused with the reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from badgeissuer.vc.bake import bake
from tests.support import issued, make, records, renditions
from tests.support.app import BASE_URL, Service
from tests.support.bundled import bundled, foreign, member_texts, open_world, own_faults, verified
from tests.support.counting import row_counts, statements
from tests.support.renditions import WORLD


def _codes(answer: Any) -> list[tuple[str, str]]:
    return [(entry["pointer"], entry["code"]) for entry in answer.json()["errors"]]


def _images(text: str) -> dict[str, bytes]:
    from badgeissuer.drawing import sheets

    facts = sheets.BadgeFacts(title="Literacy", issuer="Elsewhere", issuer_id="did:web:elsewhere.example")
    return {
        "image/png": bake(sheets.badge_png(facts, side=100), text),
        "image/svg+xml": bake(sheets.badge_svg(facts), text),
    }


async def test_a_badge_joins_as_json_or_in_an_image_once(service: Service) -> None:
    made = await bundled(service, count=1)
    web = open_world(service)
    text = json.dumps(foreign())
    first = (await made.admit(text.encode())).json()
    assert web.asked == ["https://badges.example.org/issuers/kvec/did.json", issued.LIST_URL]
    assert {name: first[name] for name in ("issuer", "name", "badge", "media_type", "verdict", "issued_by")} == {
        "issuer": "kvec",
        "name": "Assessment Literacy",
        "badge": foreign()["id"],
        "media_type": "application/json",
        "verdict": "valid",
        "issued_by": issued.issuer()["name"],
    }
    assert {check["verdict"] for check in first["checks"]} == {"ok"}
    at = f"/v1/admitted-badges/{first['id']}"
    assert (await service.http.get(at, headers=made.headers)).json() == first
    for kind, image in _images(text).items():
        again = (await made.admit(image)).json()
        assert again == first, f"the same badge in {kind} is the same badge"
    ids = []
    for n, (kind, image) in enumerate(_images(json.dumps(foreign(7))).items()):
        badge = (await made.admit(image if n == 0 else _images(json.dumps(foreign(8)))[kind])).json()
        assert badge["media_type"] == kind
        ids.append(badge["id"])
    clr = await made.record({"awards": [], "admitted_badges": [first["id"], *ids]})
    assert sorted(member_texts(clr.text)) == sorted(json.dumps(foreign(n)) for n in (1, 7, 8))
    report = await verified(service, clr.text)
    assert (own_faults(report), report.verified) == ({}, True)


async def test_what_cannot_stand_in_a_record_is_refused_with_the_reason(service: Service) -> None:
    made = await bundled(service, count=1)
    web = open_world(service)
    web.pages.update({"https://badges.example.org/issuers/kvec/did.json": WORLD[issued.DID]})
    token = renditions.token("badge", "ob", "ES256")
    own = (await service.http.get(made.awards[0]["credential"]["url"].removeprefix(BASE_URL))).content
    unsigned = {name: value for name, value in foreign().items() if name != "proof"}
    large = issued.resigned({**foreign(), "description": "x" * 70_000})
    before = await row_counts(service.runtime)
    for content, code in (
        (token.encode(), "jwt-only"),
        (json.dumps(token).encode(), "jwt-only"),
        (_images(token)["image/png"], "jwt-only"),
        (_images(token)["image/svg+xml"], "jwt-only"),
        (own, "own"),
        (foreign(email="someone@else.example.org"), "not-theirs"),
        (records.signed_clr(), "kind"),
        (records.signed_endorsement(), "kind"),
        ({"type": ["VerifiableCredential"]}, "kind"),
        (unsigned, "unsigned"),
        (large, "too-large"),
        ({**foreign(), "name": "Changed"}, "badge-invalid"),
        (b"{", "malformed-json"),
        (b"{}", "kind"),
        (b"\xff\xfe", "malformed-json"),
        (_images(json.dumps(foreign()))["image/png"][:-20], "image-refused"),
        (b"GIF89a", "malformed-json"),
    ):
        answer = await made.admit(content, status=422)
        assert code in [each[1] for each in _codes(answer)], (code, answer.text)
        assert {each[0] for each in _codes(answer)} == {"/content"}, answer.text
    answer = await service.http.post(
        "/v1/admitted-badges",
        json={"issuer": "kvec", "earner": {"email": "teacher1@schools.example.org"}, "content": "***"},
        headers=made.headers,
    )
    assert _codes(answer) == [("/content", "base64")]
    assert await row_counts(service.runtime) == before


async def test_one_that_does_not_stand_now_does_not_join(service: Service) -> None:
    from badgeissuer.vc.status import Bits

    made = await bundled(service, count=1)
    web = open_world(service)
    bits = Bits.new()
    bits.set(issued.INDEX, True)
    web.pages[issued.LIST_URL] = issued.status_list(bits)
    assert _codes(await made.admit(foreign(), status=422))[0][1] == "badge-revoked"
    web.pages[issued.LIST_URL] = issued.status_list()
    ended = foreign(valid_until=service.clock.now)
    service.clock.advance(minutes=1)
    assert _codes(await made.admit(ended, status=422))[0][1] == "badge-expired"
    web.pages.clear()
    answer = await made.admit(foreign(), status=422)
    assert _codes(answer)[0][1] == "badge-not_checked"
    assert "could not be fetched" in answer.text


async def test_only_for_an_earner_whom_the_issuer_knows(service: Service) -> None:
    made = await bundled(service, count=1)
    open_world(service)
    answer = await made.admit(foreign(), email="nobody@schools.example.org", status=404)
    assert answer.json()["errors"][0]["pointer"] == "/earner"
    theirs = await make.register(service, "iris")
    badge = (await made.admit(foreign())).json()
    assert (await service.http.get(f"/v1/admitted-badges/{badge['id']}", headers=theirs)).status_code == 404
    assert (await service.http.get("/v1/admitted-badges", headers=theirs)).json()["items"] == []


async def test_a_list_costs_the_same_for_one_and_for_three(service: Service) -> None:
    made = await bundled(service, count=1)
    open_world(service)
    counts = []
    for n in range(3):
        service.clock.advance(seconds=1)
        await made.admit(foreign(n))
        with statements(service.runtime) as counted:
            answer = await service.http.get("/v1/admitted-badges?limit=2&issuer=kvec", headers=made.headers)
        counts.append(len(counted))
        assert len(answer.json()["items"]) == min(n + 1, 2)
    assert len(set(counts)) == 1
    following = await service.http.get(answer.json()["next"].removeprefix(BASE_URL), headers=made.headers)
    assert [item["badge"] for item in following.json()["items"]] == [foreign(0)["id"]]


@pytest.mark.parametrize("indent", [None, 2])
async def test_an_image_of_the_largest_size_is_read(service: Service, indent: int | None) -> None:
    made = await bundled(service, count=1)
    open_world(service)
    padded = json.dumps(foreign(), indent=indent)
    badge = await made.admit(_images(padded)["image/png"])
    assert badge.json()["verdict"] == "valid"
