"""Cursors: opaque, and good only for the caller and the query they were made for."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlsplit

from badgeissuer.web.paging import cursor_key
from tests.support import make
from tests.support.app import MakeRuntime, Service


async def _next(service: Service, address: str, headers: dict[str, str]) -> str:
    answer = await service.http.get(address, headers=headers)
    assert answer.status_code == 200, answer.text
    following: str = answer.json()["next"]
    return parse_qs(urlsplit(following).query)["cursor"][0]


async def test_pages_hold_everything_once(service: Service) -> None:
    own = await make.register(service)
    names = ["Same name", "Same name", "Ärger", "another", "Zebra", "& ampersand"]
    for name in names:
        answer = await service.http.post(
            "/v1/achievements", json={"achievement": make.achievement(name), "parts": {}}, headers=own
        )
        assert answer.status_code == 201, answer.text
    whole = (await service.http.get("/v1/achievements?limit=200", headers=own)).json()
    for limit in (1, 2, 4, 5, 6):
        found, address = [], f"/v1/achievements?limit={limit}"
        while address:
            page = (await service.http.get(address, headers=own)).json()
            assert len(page["items"]) <= limit
            found += page["items"]
            address = page["next"]
        assert found == whole["items"]
    assert sorted(item["achievement"]["name"] for item in whole["items"]) == sorted(names)
    assert whole["next"] is None


async def test_a_cursor_serves_nobody_else_and_no_other_query(service: Service) -> None:
    own = await make.register(service, "a")
    other = await make.register(service, "b")
    for headers in (own, other):
        for number in range(3):
            await service.http.post(
                "/v1/achievements", json={"achievement": make.achievement(f"Name {number}")}, headers=headers
            )
    cursor = await _next(service, "/v1/achievements?limit=1&q=name", own)
    good = await service.http.get(f"/v1/achievements?limit=2&q=name&cursor={cursor}", headers=own)
    assert [item["achievement"]["name"] for item in good.json()["items"]] == ["Name 1", "Name 2"]
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    raw[-3] ^= 1
    tampered = base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
    for headers, address in [
        (own, f"/v1/achievements?limit=1&cursor={cursor}"),
        (own, f"/v1/achievements?limit=1&q=other&cursor={cursor}"),
        (own, f"/v1/achievements?limit=1&q=name&state=draft&cursor={cursor}"),
        (own, f"/v1/issuers?cursor={cursor}"),
        (other, f"/v1/achievements?limit=1&q=name&cursor={cursor}"),
        (own, f"/v1/achievements?limit=1&q=name&cursor={tampered}"),
        (own, f"/v1/achievements?limit=1&q=name&cursor={cursor[:-4]}"),
        (own, "/v1/achievements?limit=1&q=name&cursor="),
        (own, "/v1/achievements?limit=1&q=name&cursor=%22!%22"),
        (own, "/v1/achievements?limit=1&q=name&cursor=" + "A" * 1990),
    ]:
        answer = await service.http.get(address, headers=headers)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, "bad-cursor"), address


async def test_limits_and_unknown_filters_are_refused_by_name(service: Service) -> None:
    headers = await service.platform()
    for query, parameter in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("stat=draft", "stat"),
        ("state=gone", "state"),
        ("q=%00", "q"),
        ("issuer=a%E2%80%AEb", "issuer"),
        ("q=" + "x" * 2001, "q"),
        ("anna.berg%40school.example=1", "query"),
    ]:
        answer = await service.http.get(f"/v1/achievements?{query}", headers=headers)
        assert answer.status_code == 422, query
        assert [entry["parameter"] for entry in answer.json()["errors"]] == [parameter]
        assert "anna" not in answer.text


async def test_processes_with_one_passphrase_agree_on_cursors(make_runtime: MakeRuntime) -> None:
    passphrase = {"key_passphrase": "a passphrase that only the tests use"}
    first, second = await make_runtime(**passphrase), await make_runtime(**passphrase)
    other = await make_runtime(key_passphrase="another passphrase")
    assert cursor_key(first) == cursor_key(second)
    assert cursor_key(first) != cursor_key(other)
    assert len(cursor_key(first)) == 32
