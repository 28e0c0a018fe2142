"""Small makers of data, through the API as a platform would: an issuer, a published achievement, a decision's body."""

from __future__ import annotations

from typing import Any

from tests.support.app import Service

Json = dict[str, Any]


def profile(name: str = "Kentucky Valley Educational Cooperative") -> Json:
    return {"name": name, "description": "Serves the schools of eastern Kentucky.", "email": "badges@kvec.example.org"}


def achievement(name: str = "Assessment Literacy", **members: Any) -> Json:
    return {
        "name": name,
        "description": "Designs and reads classroom assessments that inform instruction.",
        "achievementType": "MicroCredential",
        "criteria": {"narrative": "Submit an assessment plan, student work and a *reflection*."},
        "resultDescription": [
            {
                "name": "Assessment design",
                "resultType": "RubricCriterionLevel",
                "requiredLevel": "Proficient",
                "rubricCriterionLevel": [
                    {"name": "Developing", "level": "1", "points": "1"},
                    {"name": "Proficient", "level": "2", "points": "2"},
                    {"name": "Exemplary", "level": "3", "points": "3"},
                ],
            },
            {
                "name": "Use of results",
                "resultType": "RubricCriterionLevel",
                "requiredLevel": "Proficient",
                "rubricCriterionLevel": [
                    {"name": "Developing", "level": "1", "points": "1"},
                    {"name": "Proficient", "level": "2", "points": "2"},
                    {"name": "Exemplary", "level": "3", "points": "3"},
                ],
            },
        ],
        **members,
    }


async def register(service: Service, slug: str = "kvec", *, name: str | None = None) -> dict[str, str]:
    """An issuer, and the headers of a key of its own."""
    answer = await service.http.post(
        "/v1/issuers",
        json={"slug": slug, "profile": profile(name or f"Issuer {slug}")},
        headers=await service.platform(),
    )
    assert answer.status_code == 201, answer.text
    return await service.as_issuer(slug)


async def publish(
    service: Service, headers: dict[str, str], issuer: str = "kvec", *, document: Json | None = None, **parts: Any
) -> str:
    """A published achievement; returns its id."""
    answer = await service.http.post(
        "/v1/achievements",
        json={"issuer": issuer, "achievement": document or achievement(), "parts": parts},
        headers=headers,
    )
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    answer = await service.http.post(f"/v1/achievements/{made}/publish", headers=headers)
    assert answer.status_code == 200, answer.text
    return made


def award_body(achievement_id: str, n: int = 1, **members: Any) -> Json:
    """The body of ``POST /v1/awards`` for the n-th earner."""
    return {
        "achievement": achievement_id,
        "earner": {"email": f"teacher{n}@schools.example.org", "name": f"Teacher {n}"},
        "evidence": [{"name": "Assessment plan", "genre": "Lesson plan", "sha256": f"{n:064x}"}],
        "decided_by": "Dana Whitaker",
        "decided_at": "2026-11-20T10:00:00Z",
        **members,
    }


async def award(service: Service, headers: dict[str, str], achievement_id: str, n: int = 1, **members: Any) -> Json:
    """One award, issued."""
    answer = await service.http.post(
        "/v1/awards",
        json=award_body(achievement_id, n, **{"external_reference": f"ref-{n}", **members}),
        headers=headers,
    )
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made
