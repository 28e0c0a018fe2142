"""The credential that is measured: one educator's badge of full size, each with its own ids, salt and digests.

Contexts VC 2.0 and OB 3.0.3; about 5.1 kB of JSON, 122 statements, 17 kB of N-Quads and 9 blank nodes. A test holds it
to these figures, so that ratios stay comparable from one version to the next.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from badgeissuer.vc.build import AwardFacts, EvidenceFacts, ResultFacts, open_badge_credential
from badgeissuer.vc.recipient import hashed_identity
from badgeissuer.vc.status import status_entry

Json = dict[str, Any]

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
CREATED = "2026-11-24T09:30:00Z"
BASE = "https://credentials.issuer.example"
ISSUER = "did:web:issuer.example:issuers:bench"

_RESULT = "urn:uuid:5b6a1c2d-3e4f-4a5b-8c6d-00000000000{}"
_LEVEL = "urn:uuid:7d8c1f0e-2a3b-4c5d-8e9f-00000000000{}"
_NARRATIVE = (
    "Submit a lesson plan with three checks for understanding, a recording of the lesson in which learners answer "
    "them, work of at least three learners with your notes, and a reflection on what you changed and why. Two "
    "assessors read the submission independently; each criterion is judged on three levels, and Proficient is "
    "required in all. Whoever is not there yet is told what is missing and may submit again, as often as it takes, "
    "within the school year. "
)


def documents(count: int, *, first: int = 0) -> list[Json]:
    """So many credentials without proof, all distinct."""
    return [document(number) for number in range(first, first + count)]


def document(number: int) -> Json:
    return open_badge_credential(facts(number))


def facts(number: int) -> AwardFacts:
    return AwardFacts(
        credential_id=f"{BASE}/credentials/{_uuid(number)}",
        issuer=profile(),
        achievement=achievement(),
        subject_id=f"urn:uuid:{_uuid(number + 10**9)}",
        identities=(hashed_identity(f"educator{number}@school.example", salt=f"{number:032x}"),),
        results=(ResultFacts(_RESULT.format(1), achieved_level=_LEVEL.format(number % 3 + 1)),),
        evidence=tuple(_evidence(number, part) for part in range(3)),
        awarded=NOW - timedelta(minutes=number % 10_000),
        valid_from=NOW,
        valid_until=NOW + timedelta(days=3 * 365),
        status=status_entry(list_url=f"{BASE}/status/{_uuid(1)}", index=number % 131_072, purpose="revocation"),
        name="Checking for Understanding",
        credits_earned=1.5,
        activity_start=NOW - timedelta(days=60),
        activity_end=NOW - timedelta(days=12),
    )


def profile() -> Json:
    return {
        "id": ISSUER,
        "type": ["Profile"],
        "name": "Eastern Valley Educational Cooperative",
        "url": f"{BASE}/issuers/bench",
        "description": "Serves the schools of six counties with professional learning that counts.",
        "email": "badges@issuer.example",
        "address": {"type": ["Address"], "addressCountryCode": "US", "addressRegion": "KY"},
        "otherIdentifier": [{"type": "IdentifierEntry", "identifier": "2100270", "identifierType": "sourcedId"}],
    }


def achievement() -> Json:
    return {
        "id": f"{BASE}/achievements/{_uuid(0)}",
        "type": ["Achievement"],
        "name": "Checking for Understanding",
        "description": "The educator checks what every learner has understood and changes the lesson accordingly.",
        "achievementType": "MicroCredential",
        "criteria": {"id": f"{BASE}/achievements/checking/criteria", "narrative": _NARRATIVE},
        "alignment": [
            {
                "type": ["Alignment"],
                "targetName": f"Standard {part}: Assessment",
                "targetUrl": f"https://standards.example/{part}",
                "targetFramework": "Model Core Teaching Standards",
                "targetCode": part,
                "targetDescription": "Uses several methods of assessment to engage learners and to monitor progress.",
            }
            for part in ("6a", "6b", "6g")
        ],
        "creator": {"id": "https://partner.example/", "type": ["Profile"], "name": "Learning Partner"},
        "creditsAvailable": 1.5,
        "fieldOfStudy": "Assessment",
        "humanCode": "EV-CU-1",
        "image": {"id": f"{BASE}/images/checking.png", "type": "Image", "caption": "Two hands raised"},
        "inLanguage": "en",
        "resultDescription": [
            {
                "id": _RESULT.format(1),
                "type": ["ResultDescription"],
                "name": "Assessment design",
                "resultType": "RubricCriterionLevel",
                "requiredLevel": _LEVEL.format(2),
                "rubricCriterionLevel": [
                    {
                        "id": _LEVEL.format(level),
                        "type": ["RubricCriterionLevel"],
                        "name": name,
                        "level": str(level),
                        "points": str(level),
                    }
                    for level, name in enumerate(("Developing", "Proficient", "Exemplary"), start=1)
                ],
            }
        ],
        "tag": ["assessment", "feedback"],
        "version": "1",
    }


def _evidence(number: int, part: int) -> EvidenceFacts:
    return EvidenceFacts(
        name=("Lesson plan", "Work of learners", "Reflection")[part],
        description=("Three checks for understanding.", "Six samples.", "What was changed.")[part],
        genre="Portfolio",
        audience="Assessors",
        narrative=None,
        url=f"{BASE}/evidence/{_uuid(number)}/{part}" if part == 0 else None,
        sha256=hashlib.sha256(f"{number} {part}".encode()).digest(),
    )


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"
