"""Walks every route of the app: who may call it, what it hides, and that it answers only what it documents.

A route that is added without a line in ``CALLS`` fails the first test: so nobody forgets to say what it must hide.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute

from badgeissuer.rules.terms import ClientKind
from badgeissuer.services import access
from badgeissuer.services.access import SCOPES
from badgeissuer.web.app import create_app
from badgeissuer.web.body import OPEN_PATHS, StrictRoute
from badgeissuer.web.deps import required_scopes
from tests.support import make
from tests.support.app import BASE_URL, Service
from tests.support.bundled import EMAIL, foreign, open_world

Json = dict[str, Any]
Key = tuple[str, str]


def _assessment(name: str, level: str = "Proficient") -> Json:
    return {
        "assessor": {"id": name.lower(), "name": name},
        "levels": {"Assessment design": level, "Use of results": level},
        "assessed_at": "2026-11-20T10:00:00Z",
    }


@dataclass(frozen=True)
class Tenant:
    """An issuer with one of everything."""

    slug: str
    headers: dict[str, str]
    achievement: str
    paired: str
    decision: str
    waiting: str
    award: str
    stack: str
    job: str
    endorsement: str
    received: str
    clr: str
    share: str
    badge: str

    def path(self, template: str) -> str:
        return (
            template.replace("{slug}", self.slug)
            .replace("{achievement_id}", self.achievement)
            .replace("{decision_id}", self.waiting)
            .replace("{award_id}", self.award)
            .replace("{stack_id}/progress", f"{self.stack}/progress?email=teacher1@schools.example.org")
            .replace("{stack_id}", self.stack)
            .replace("{job_id}", self.job)
            .replace("{endorsement_id}", self.endorsement)
            .replace("{received_id}", self.received)
            .replace("{clr_id}", self.clr)
            .replace("{share_id}", self.share)
            .replace("{badge_id}", self.badge)
        )


async def _tenant(service: Service, slug: str) -> Tenant:
    headers = await make.register(service, slug)
    achievement = await make.publish(service, headers, slug, document=make.achievement(f"Of {slug}"))
    paired = await make.publish(
        service, headers, slug, document=make.achievement(f"By two of {slug}"), assessment={"assessors": 2}
    )
    award = await make.award(service, headers, achievement)
    waiting = await service.http.post(
        "/v1/decisions",
        json={
            "achievement": paired,
            "earner": {"email": "teacher1@schools.example.org"},
            "assessments": [_assessment("Ann")],
            "external_reference": "waiting",
        },
        headers=headers,
    )
    assert waiting.status_code == 202, waiting.text
    stack = await service.http.post("/v1/stacks", json=_stack(slug, paired, achievement), headers=headers)
    assert stack.status_code == 201, stack.text
    published = await service.http.post(f"/v1/stacks/{stack.json()['id']}/publish", headers=headers)
    assert published.status_code == 200, published.text
    friend = await make.register(service, f"{slug}-friend")
    body = {"of": {"issuer": slug}, "comment": f"Of {slug}."}
    received = await service.http.post("/v1/endorsements", json=body, headers=friend)
    assert received.status_code == 201, received.text
    endorsement = await service.http.post("/v1/endorsements", json=_endorsement(slug), headers=headers)
    assert endorsement.status_code == 201, endorsement.text
    clr = await service.http.post("/v1/clrs", json=_record(slug), headers=headers)
    assert clr.status_code == 201, clr.text
    clr_id = clr.json()["records"][0]["id"]
    share = await service.http.post(f"/v1/clrs/{clr_id}/shares", json={}, headers=headers)
    assert share.status_code == 201, share.text
    open_world(service)
    badge = await service.http.post("/v1/admitted-badges", json=_badge(slug), headers=headers)
    assert badge.status_code == 201, badge.text
    return Tenant(
        slug,
        headers,
        achievement,
        paired,
        award["decision_id"],
        waiting.json()["id"],
        award["id"],
        stack.json()["id"],
        published.json()["job"],
        endorsement.json()["id"],
        received.json()["id"],
        clr_id,
        share.json()["id"],
        badge.json()["id"],
    )


def _stack(slug: str, awarded: str, member: str) -> Json:
    members = [{"key": "one", "title": f"Of {slug}", "achievement": f"{BASE_URL}/achievements/{member}"}]
    document = {"name": f"Stack of {slug}", "description": "One of one.", "members": members, "rule": "one"}
    return {"issuer": slug, "achievement": awarded, "stack": document}


def _decision(achievement: str) -> Json:
    return {
        "achievement": achievement,
        "earner": {"email": "teacher7@schools.example.org"},
        "outcome": "not_yet",
        "assessor": {"name": "Dana"},
        "decided_at": "2026-11-20T10:00:00Z",
        "external_reference": f"every-{uuid4()}",
    }


def _endorsement(slug: str) -> Json:
    return {"issuer": slug, "of": {"issuer": f"{slug}-friend"}, "comment": f"By {slug}."}


def _record(slug: str) -> Json:
    return {"issuer": slug, "earner": {"email": EMAIL}}


def _badge(slug: str) -> Json:
    """A badge of somebody else's, for the issuer's own earner."""
    content = base64.b64encode(json.dumps(foreign()).encode()).decode()
    return {**_record(slug), "content": content}


def _award(achievement: str) -> Json:
    return make.award_body(achievement, 8, external_reference=f"every-{uuid4()}")


# A body of bytes is sent as a picture, with words.
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>'

# Every private route, with bodies that its own tenant could send. A body is a function of the tenant it speaks of.
# In the order in which they can be called on one tenant, one after the other, and succeed.
CALLS: dict[Key, list[Any]] = {
    ("GET", "/v1/issuers"): [None],
    ("GET", "/v1/issuers/{slug}"): [None],
    ("PATCH", "/v1/issuers/{slug}"): [lambda _: {"profile": {"description": "changed"}}],
    ("PUT", "/v1/issuers/{slug}/art"): [lambda _: PICTURE],
    ("GET", "/v1/issuers/{slug}/keys"): [None],
    ("POST", "/v1/issuers/{slug}/keys/rotate"): [None],
    ("POST", "/v1/achievements"): [lambda tenant: {"issuer": tenant.slug, "achievement": make.achievement("New")}],
    ("GET", "/v1/achievements"): [None],
    ("GET", "/v1/achievements/{achievement_id}"): [None],
    ("PUT", "/v1/achievements/{achievement_id}"): [lambda _: {"achievement": make.achievement("Next")}],
    ("PUT", "/v1/achievements/{achievement_id}/art"): [lambda _: PICTURE],
    ("POST", "/v1/achievements/{achievement_id}/publish"): [None],
    ("POST", "/v1/stacks"): [
        lambda tenant: _stack(tenant.slug, tenant.achievement, tenant.paired),
    ],
    ("GET", "/v1/stacks"): [None],
    ("GET", "/v1/stacks/{stack_id}"): [None],
    ("GET", "/v1/stacks/{stack_id}/progress"): [None],
    ("PUT", "/v1/stacks/{stack_id}"): [
        lambda tenant: {"stack": _stack(tenant.slug, tenant.paired, tenant.achievement)["stack"]}
    ],
    ("POST", "/v1/stacks/{stack_id}/publish"): [None],
    ("POST", "/v1/stacks/{stack_id}/retire"): [None],
    ("GET", "/v1/jobs/{job_id}"): [None],
    ("POST", "/v1/endorsements"): [lambda tenant: _endorsement(tenant.slug)],
    ("GET", "/v1/endorsements"): [None],
    ("GET", "/v1/endorsements/{endorsement_id}"): [None],
    ("PUT", "/v1/endorsements/{endorsement_id}/standing"): [lambda _: {"embed": True}],
    ("POST", "/v1/endorsements/{endorsement_id}/revoke"): [lambda _: {"reason": "no longer so"}],
    ("GET", "/v1/received-endorsements"): [None],
    ("PUT", "/v1/received-endorsements/{received_id}/carrying"): [lambda _: {"carry": False}],
    ("POST", "/v1/clrs"): [lambda tenant: _record(tenant.slug), lambda tenant: {**_record(tenant.slug), "split": True}],
    ("GET", "/v1/clrs"): [None],
    ("GET", "/v1/clrs/{clr_id}"): [None],
    ("GET", "/v1/clrs/{clr_id}/members"): [None],
    ("POST", "/v1/clrs/{clr_id}/shares"): [lambda _: {"label": "for the district"}],
    ("GET", "/v1/clrs/{clr_id}/shares"): [None],
    ("GET", "/v1/clrs/{clr_id}/shares/{share_id}"): [None],
    ("POST", "/v1/clrs/{clr_id}/shares/{share_id}/close"): [None],
    ("POST", "/v1/clrs/{clr_id}/remake"): [lambda _: {"keep": True}],
    ("POST", "/v1/clrs/{clr_id}/revoke"): [lambda _: {"reason": "a mistake"}],
    ("POST", "/v1/admitted-badges"): [lambda tenant: _badge(tenant.slug)],
    ("GET", "/v1/admitted-badges"): [None],
    ("GET", "/v1/admitted-badges/{badge_id}"): [None],
    ("POST", "/v1/decisions"): [
        lambda tenant: _decision(tenant.achievement),
        lambda tenant: _decision(f"{BASE_URL}/achievements/{tenant.achievement}"),
        lambda tenant: {**_decision(tenant.achievement), "version": 1},
    ],
    ("GET", "/v1/decisions"): [None],
    ("GET", "/v1/decisions/{decision_id}"): [None],
    ("POST", "/v1/decisions/{decision_id}/assessments"): [lambda _: _assessment("Ben")],
    ("POST", "/v1/awards"): [
        lambda tenant: _award(tenant.achievement),
        lambda tenant: make.award_body(
            f"{BASE_URL}/achievements/{tenant.achievement}", 9, external_reference=f"every-{uuid4()}"
        ),
    ],
    ("GET", "/v1/awards"): [None],
    ("GET", "/v1/awards/{award_id}"): [None],
    ("GET", "/v1/awards/{award_id}/exports"): [None],
    ("GET", "/v1/awards/{award_id}/certificate.pdf"): [None],
    ("POST", "/v1/awards/{award_id}/suspend"): [lambda _: {"reason": "under review"}],
    ("POST", "/v1/awards/{award_id}/reinstate"): [lambda _: {"reason": "reviewed"}],
    ("POST", "/v1/awards/{award_id}/revoke"): [lambda _: {"reason": "a mistake"}],
    ("POST", "/v1/achievements/{achievement_id}/retire"): [None],
    ("POST", "/v1/preflight"): [lambda _: {"credential": "eyJ.eyJ.sig", "targets": ["learncard"]}],
    # Last, and by platform keys only.
    ("POST", "/v1/issuers"): [lambda _: {"slug": f"new-{uuid4().hex[:8]}", "profile": make.profile()}],
}
LISTS = [key for key in CALLS if key[0] == "GET" and "{" not in key[1]]
# What a key of the wrong tenant can still do: make things of its own, and read lists in which nothing is.
NAMES_NOTHING = {*LISTS, ("POST", "/v1/issuers"), ("POST", "/v1/preflight")}
# What has no scope of its own: it is about no record of ours, or about records that are part of others.
BORROWED = {
    ("POST", "/v1/admitted-badges"): "clrs:write",
    ("GET", "/v1/admitted-badges"): "clrs:read",
    ("GET", "/v1/admitted-badges/{badge_id}"): "clrs:read",
    ("POST", "/v1/preflight"): "achievements:read",
    ("POST", "/v1/stacks"): "achievements:write",
    ("GET", "/v1/stacks"): "achievements:read",
    ("GET", "/v1/stacks/{stack_id}"): "achievements:read",
    ("GET", "/v1/stacks/{stack_id}/progress"): "awards:read",
    ("PUT", "/v1/stacks/{stack_id}"): "achievements:write",
    ("POST", "/v1/stacks/{stack_id}/publish"): "achievements:write",
    ("POST", "/v1/stacks/{stack_id}/retire"): "achievements:write",
    ("GET", "/v1/jobs/{job_id}"): "achievements:read",
}


def _routes() -> list[APIRoute]:
    found: list[APIRoute] = []
    for route in create_app(None).routes:
        assert isinstance(route, StrictRoute), route
        found.append(route)
    return found


def _private() -> dict[Key, APIRoute]:
    return {
        (method, route.path): route
        for route in _routes()
        for method in route.methods or ()
        if route.path.startswith("/v1") and route.path not in OPEN_PATHS
    }


async def _call(service: Service, key: Key, path: str, body: Json | bytes | None, headers: dict[str, str]) -> Any:
    """The answer, checked to be one that the route documents."""
    if isinstance(body, bytes):
        path, kind = f"{path}?caption=A+black+field", {"Content-Type": "image/svg+xml"}
        answer = await service.http.request(key[0], path, content=body, headers={**kind, **headers})
    else:
        answer = await service.http.request(key[0], path, json=body, headers=headers)
    documented = service.app.openapi()["paths"][key[1]][key[0].lower()]["responses"]
    assert str(answer.status_code) in documented, (key, answer.status_code, answer.text)
    assert answer.status_code != 500, (key, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
    return answer


def test_every_private_route_is_in_the_table_and_demands_a_scope() -> None:
    private = _private()
    assert set(private) == set(CALLS)
    for key, route in private.items():
        scopes = required_scopes(route)
        assert len(scopes) == 1, key
        if key in BORROWED:
            assert scopes == (BORROWED[key],)
            continue
        verb = "read" if key[0] == "GET" else ("revoke" if key[1].startswith("/v1/awards/{") else "write")
        assert scopes[0].endswith(f":{verb}"), key
        assert scopes[0].partition(":")[0] in key[1], key
    assert {scope for route in private.values() for scope in required_scopes(route)} == set(SCOPES)


def test_only_verify_is_open_under_v1() -> None:
    assert {"/v1/verify"} == OPEN_PATHS
    assert all(not required_scopes(route) for route in _routes() if not route.path.startswith("/v1/"))


async def test_without_a_key_every_private_route_is_a_401_whatever_else_is_wrong(service: Service) -> None:
    tenant = await _tenant(service, "one")
    token = tenant.headers["Authorization"].removeprefix("Bearer ")
    other = token[:-1] + ("1" if token[-1] == "0" else "0")
    wrong: list[dict[str, str]] = [{}] + [
        {"Authorization": value}
        for value in ("Bearer ", "Bearer nonsense", f"Basic {token}", f"Bearer {other}", f"Bearer {token}_", token)
    ]
    for key in CALLS:
        for headers in wrong:
            answer = await _call(service, key, tenant.path(key[1]), None, headers)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), key
    assert (await service.http.get("/v1/issuers", headers=tenant.headers)).status_code == 200
    async with service.runtime.begin(access.operator()) as work:
        await access.revoke_client(work, prefix=token.split("_")[1])
    for key in CALLS:
        assert (await _call(service, key, tenant.path(key[1]), None, tenant.headers)).status_code == 401
    # The body is not looked at before the key is.
    for content, kind in [(b"{", "application/json"), (b" " * 10_000_000, "application/json"), (b"x", "text/plain")]:
        answer = await service.http.post("/v1/awards", content=content, headers={"Content-Type": kind})
        assert answer.status_code == 401


async def test_without_the_scope_every_private_route_is_a_403(service: Service) -> None:
    tenant = await _tenant(service, "one")
    by_scope = {
        scope: await service.as_issuer("one", scopes=tuple(other for other in SCOPES if other != scope))
        for scope in SCOPES
    }
    for key, route in _private().items():
        (scope,) = required_scopes(route)
        bodies = [make_body and make_body(tenant) for make_body in CALLS[key]]
        for body in (*bodies, {"nonsense": 1}):
            answer = await _call(service, key, tenant.path(key[1]), body, by_scope[scope])
            assert answer.status_code == 403, key
            assert scope in answer.json()["detail"]


READING = tuple(scope for scope in SCOPES if scope.endswith(":read"))


@pytest.mark.parametrize("kind", ["issuer", "platform", "agency"])
async def test_what_belongs_to_another_is_a_404_everywhere(service: Service, kind: str) -> None:
    mine, theirs = await _tenant(service, "mine"), await _tenant(service, "theirs")
    stranger = {
        "issuer": await service.as_issuer("mine"),
        "platform": {"Authorization": f"Bearer {await service.key(ClientKind.PLATFORM, 'mine')}"},
        "agency": {"Authorization": f"Bearer {await service.key(ClientKind.AGENCY, 'mine', scopes=READING)}"},
    }[kind]
    private = _private()
    nothing = Tenant("nothing", {}, *(str(uuid4()) for _ in range(12)))

    for key, bodies in CALLS.items():
        if key in NAMES_NOTHING:
            continue
        for make_body in bodies:
            hidden = await _call(service, key, theirs.path(key[1]), make_body and make_body(theirs), stranger)
            absent = await _call(service, key, nothing.path(key[1]), make_body and make_body(nothing), stranger)
            only_reads = kind == "agency" and required_scopes(private[key])[0] not in READING
            assert hidden.status_code == (403 if only_reads else 404), (key, hidden.text)
            assert _said(hidden) == _said(absent), key

    for key in LISTS:
        for query in (
            "",
            "?issuer=theirs",
            f"?achievement={theirs.achievement}",
            f"?issuer=theirs&achievement={theirs.achievement}",
            "?external_reference=ref-1",
        ):
            answer = await service.http.get(key[1] + query, headers=stranger)
            secrets = (theirs.slug, theirs.achievement, theirs.paired, theirs.waiting, theirs.award, theirs.stack)
            for secret in (*secrets, theirs.endorsement, theirs.received, theirs.clr, theirs.share, theirs.badge):
                assert secret not in answer.text.replace(query, ""), (key, query)
    streamed = await service.http.get("/v1/awards", headers={**stranger, "Accept": "application/x-ndjson"})
    assert mine.award in streamed.text
    assert theirs.award not in streamed.text

    # There was something to hide: to its own tenant each of these calls succeeds, in this order.
    for key, bodies in CALLS.items():
        if key == ("POST", "/v1/issuers"):
            continue
        for make_body in bodies:
            answer = await _call(service, key, theirs.path(key[1]), make_body and make_body(theirs), theirs.headers)
            assert answer.status_code < 300, (key, answer.text)
            if key in LISTS:
                assert answer.json()["items"], key


async def test_every_route_answers_nonsense_with_a_problem_that_it_documents(service: Service) -> None:
    tenant = await _tenant(service, "one")
    bodies: list[Any] = [
        {}, [], None, "text", 5, {"": ""}, {"achievement": None}, {"achievement": 5}, {"achievement": {}, "parts": []},
        {"achievement": "x" * 300}, {"achievement": {"criteria": 5, "name": [], "description": {}}},
        {"achievement": {"resultDescription": [5, {"rubricCriterionLevel": [None]}]}},
        {"achievement": {"resultDescription": {"a": 1}, "tag": 7, "humanCode": {}}},
        {"slug": 5, "profile": []}, {"slug": "x", "profile": {"name": 5, "url": [], "type": {}}},
        {"slug": "x", "profile": {"@context": "https://a.example", "type": "Person"}},
        {"profile": {"address": [], "image": 5}}, {"profile": {"name": "x" * 70_000}},
        {"stack": None}, {"stack": {}, "achievement": tenant.paired}, {"stack": {"members": [5], "rule": {}}},
        {"stack": {"name": "x", "description": "y", "members": [{"key": "A"}], "rule": {"all": {}, "at_least": 1}}},
        {"of": {"issuer": "one-friend", "award": "x"}, "comment": "c"}, {"of": {}, "comment": "c"},
        {"of": [], "comment": 5},
        {"embed": "yes"}, {"embed": False, "from": "2026-01-01T00:00:00Z"}, {"embed": True, "until": "2000-01-01"},
        {"reason": ""}, {"reason": 5}, {"reason": "x" * 501}, {"now": "yes"},
        {"assessor": "a", "levels": [], "assessed_at": "2026"}, {"levels": {"a": 5}},
        {**_decision(tenant.achievement), "evidence": {}, "results": 5},
        {**_decision(tenant.achievement), "earner": {"email": "a@b", "name": 5}},
        {**_decision("00000000-0000-0000-0000-00000000000Z")},
        {**_award(tenant.achievement), "decided_at": "9999-12-31T23:59:59-14:00", "version": 10**30},
        {**_award(tenant.achievement), "credits_earned": 1e308, "activity_start": "2026-01-01"},
    ]  # fmt: skip
    for key in CALLS:
        path = tenant.path(key[1])
        if key[0] != "GET":
            for body in bodies:
                await _call(service, key, path, body, tenant.headers)
        for address in {path, key[1].replace("{", "").replace("}", "")}:
            for query in ("limit=-1", "cursor=x", "state=x", "version=" + "9" * 40, "achievement=x", "awarded_from=x"):
                await _call(service, key, f"{address}?{query}", None, tenant.headers)


def _said(answer: Any) -> Any:
    """What an answer says, but for where and when it was asked."""
    return {name: value for name, value in answer.json().items() if name not in ("instance", "request_id")}
