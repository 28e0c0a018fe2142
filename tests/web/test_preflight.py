"""POST /v1/preflight: in which forms a credential may come, what is answered, and who may ask."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from badgeissuer.errors import Unavailable
from badgeissuer.services import preflighting
from badgeissuer.vc.bake import bake
from badgeissuer.vc.preflight import KNOWN_TARGETS, Preflight, Target, preflight
from badgeissuer.web.api import preflight as route
from badgeissuer.work import Work
from tests.support import make
from tests.support.app import Service
from tests.support.preflighted import FULL, PNG, SVG, Json, changed, clr, token

JWT = token()
JSON = "application/json"


async def _ask(
    service: Service, body: object, kind: str = JSON, headers: dict[str, str] | None = None, query: str = ""
) -> Any:
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    own = headers if headers is not None else await service.platform()
    return await service.http.post(f"/v1/preflight{query}", content=content, headers={**own, "Content-Type": kind})


def _expected(document: Json | str | bytes, *targets: Target) -> Json:
    """As the library answers."""

    def shown(found: Preflight) -> Json:
        return {
            "target": found.target.value,
            "verdict": found.verdict.value,
            "findings": [
                {
                    "severity": finding.severity.value,
                    "code": finding.code,
                    "pointer": finding.pointer,
                    "detail": finding.detail,
                    "remedy": finding.remedy,
                    "source": finding.source,
                }
                for finding in found.findings
            ],
            "beyond": found.beyond,
        }

    return {"targets": [shown(preflight(document, target)) for target in targets or Target]}


@pytest.mark.parametrize(
    ("body", "kind", "document"),
    [
        (FULL, JSON, FULL),
        (FULL, "application/vc", FULL),
        (FULL, "application/ld+json; charset=utf-8", FULL),
        ({"credential": FULL}, JSON, FULL),
        ({"credential": JWT}, JSON, JWT),
        (JWT, "application/jwt", JWT),
        (JWT, "application/vc+jwt", JWT),
        (f"\n{JWT}\n", "text/plain", JWT),
        (bake(PNG, json.dumps(FULL)), "image/png", FULL),
        (bake(SVG, json.dumps(FULL)), "image/svg+xml", FULL),
        (bake(PNG, JWT), "image/png", JWT),
    ],
)
async def test_every_form_is_answered_as_the_library_does(
    service: Service, body: object, kind: str, document: Json | str
) -> None:
    # Its length is a fact too, and the white space in it counts: so the same text everywhere.
    answer = await _ask(service, body, kind)
    assert (answer.status_code, answer.json()) == (200, _expected(document))
    assert answer.headers["cache-control"] == "no-store"


async def test_what_leaves_here_imports_wherever_that_is_known(service: Service) -> None:
    own = await make.register(service)
    award = await make.award(service, own, await make.publish(service, own))
    text = (await service.http.get(award["credential"]["url"])).text
    answer = await _ask(service, text, "application/vc", own)
    verdicts = {found["target"]: found["verdict"] for found in answer.json()["targets"]}
    assert verdicts == {
        **{target.value: "imports" for target in KNOWN_TARGETS},
        "credly": "unknown",
        "canvas": "unknown",
        "linkedin": "will_not_import",
    }


async def test_only_the_targets_asked_for_are_answered_each_once(service: Service) -> None:
    document = changed(endorsementJwt=["a.b.c"])
    answer = await _ask(service, {"credential": document, "targets": ["learncard", "openbadgeslib", "learncard"]})
    assert answer.json() == _expected(document, Target.LEARNCARD, Target.OPENBADGESLIB)
    assert [found["verdict"] for found in answer.json()["targets"]] == ["will_not_import", "imports"]
    assert answer.json()["targets"][0]["findings"][0] == {
        "severity": "error",
        "code": "endorsement-jwt",
        "pointer": "/endorsementJwt",
        "detail": "the edition of the 3.0.3 context in this engine does not define endorsementJwt",
        "remedy": "embed endorsements as JSON (endorsement)",
        "source": "measured with LearnCard's engine",
    }


async def test_a_record_is_answered_too(service: Service) -> None:
    assert (await _ask(service, clr())).json() == _expected(clr())


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"credential": FULL, "targets": ["learncard", "wallet"]}, "/targets/1"),
        ({"credential": FULL, "targets": [5]}, "/targets/0"),
        ({"credential": FULL, "targets": "learncard"}, "/targets"),
        ({"credential": FULL, "targets": []}, "/targets"),
        ({"credential": FULL, "target": ["learncard"]}, "/target"),
        ({"credential": 5}, "/credential"),
        ({"credential": None}, "/credential"),
        ({"targets": ["learncard"]}, "/credential"),
        ([FULL], ""),
        (5, ""),
    ],
)
async def test_what_is_asked_wrongly_is_refused_by_name(service: Service, body: object, pointer: str) -> None:
    answer = await _ask(service, body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_what_is_no_credential_imports_nowhere(service: Service) -> None:
    for body, kind in [
        (b"{}", JSON),
        (b'{"credential": "eyJ.eyJ.sig"}', JSON),
        (b"GIF89a", "image/png"),
        (PNG, "image/png"),
        (SVG, "image/svg+xml"),
        (b"hello", "text/plain"),
    ]:
        answer = await _ask(service, body, kind)
        assert answer.status_code == 200, body
        targets = answer.json()["targets"]
        assert {found["verdict"] for found in targets if found["target"] not in ("credly", "canvas")} == {
            "will_not_import"
        }, body
    for body, kind, status in [
        (b"{", JSON, 400),
        (b"", JSON, 400),
        (b'{"a": 1, "a": 2}', JSON, 400),
        (b" " * 300_000, JSON, 413),
        (b"x" * 17_000_000, "text/plain", 413),
        (b"{}", "text/html", 415),
    ]:
        assert (await _ask(service, body, kind)).status_code == status, body[:20]


async def test_a_hostile_document_costs_what_its_budget_says(service: Service) -> None:
    poison = [{"type": ["Alignment"], "targetName": "x", "targetUrl": "https://a.example"} for _ in range(900)]
    document = changed(credentialSubject__achievement__alignment=poison)
    answer = await _ask(service, document)
    assert answer.status_code == 200
    known = answer.json()["targets"][:4]
    first = {found["target"]: found["findings"][0]["code"] for found in known}
    assert first == dict.fromkeys((target.value for target in KNOWN_TARGETS), "not-expanded")
    assert {found["verdict"] for found in known} == {"unknown"}


async def test_canonicalisation_happens_once_and_never_here(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    lanes: list[str] = []
    sandbox = service.runtime.sandbox
    real = sandbox.canonicalize

    async def counted(document: Any, *, lane: str = "mint", **more: Any) -> Any:
        lanes.append(lane)
        return await real(document, lane=lane, **more)

    monkeypatch.setattr(sandbox, "canonicalize", counted)
    monkeypatch.setattr("badgeissuer.vc.preflight.canonicalize", None)
    assert (await _ask(service, FULL)).status_code == 200
    assert lanes == ["foreign"]
    assert (await _ask(service, b"{}")).status_code == 200
    assert (await _ask(service, b"hello", "text/plain")).status_code == 200
    assert lanes == ["foreign", "foreign"]

    async def away(*_: Any, **__: Any) -> Any:
        raise Unavailable("all workers are busy")

    monkeypatch.setattr(sandbox, "canonicalize", away)
    assert (await _ask(service, FULL)).status_code == 503


async def test_a_key_with_the_scope_is_needed(service: Service) -> None:
    await make.register(service)
    reader = await service.as_issuer("kvec", scopes=("achievements:read",))
    other = await service.as_issuer("kvec", scopes=("awards:read",))
    assert (await _ask(service, FULL, headers=reader)).status_code == 200
    assert (await _ask(service, FULL, headers=other)).status_code == 403
    assert (await _ask(service, b"{", headers={})).status_code == 401
    assert (await _ask(service, FULL, headers=reader, query="?target=learncard")).status_code == 422


async def test_too_many_at_once_are_sent_away(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    holding = asyncio.Event()
    real = preflighting.preflight

    async def slow(work: Work, **arguments: Any) -> Any:
        await holding.wait()
        return await real(work, **arguments)

    monkeypatch.setattr(preflighting, "preflight", slow)
    await service.platform()
    let_in = route._RUNNING + route._WAITING
    calls = [asyncio.create_task(_ask(service, b"{}")) for _ in range(let_in + 3)]
    while sum(call.done() for call in calls) < 3:
        await asyncio.sleep(0.01)
    assert {call.result().status_code for call in calls if call.done()} == {503}
    holding.set()
    assert sorted(answer.status_code for answer in await asyncio.gather(*calls)) == [200] * let_in + [503] * 3
