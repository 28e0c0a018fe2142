"""Many different credentials from one seed: members there or not, up to five pieces of evidence, text of all kinds.

Most are what an issuer would sign, some hold what is only unusual: repeated parts, escapes, scripts beyond Latin.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from badgeissuer.vc.build import EndorsementFacts, endorsement_credential
from bench import work_unit

Json = dict[str, Any]

_WORDS = (
    "lesson", "plan", "Prüfung", "evaluación", "學習", "оценка", "تقييم", "🎓", "𝔘𝔫𝔦", "it’s", '"quoted"',
    "back\\slash", "tab\there", "line\nbreak", "<b>", "&amp;", "a\u00a0b", "é", "e\u0301", "x" * 40,
)  # fmt: skip
# Each may be missing, wherever it stands.
_OPTIONAL = frozenset(
    (
        "name", "validUntil", "awardedDate", "credentialStatus", "address", "otherIdentifier", "email", "description",
        "alignment", "creator", "creditsAvailable", "fieldOfStudy", "humanCode", "image", "inLanguage", "tag",
        "version", "resultDescription", "targetFramework", "targetCode", "targetDescription", "caption", "points",
        "level", "identifier", "activityStartDate", "activityEndDate", "creditsEarned", "result", "genre", "audience",
    )
)  # fmt: skip
_TEXTS = frozenset(("name", "description", "narrative", "targetName", "targetDescription", "caption", "fieldOfStudy"))


def documents(*, seed: int, count: int) -> Iterator[Json]:
    """So many, the same for the same seed. All are distinct: each has ids of its own."""
    rng = Random(seed)
    for number in range(count):
        yield _document(rng, number)


def _document(rng: Random, number: int) -> Json:
    document: Json = _changed(rng, work_unit.document(number), rng.choice((0.0, 0.2, 0.5)))
    evidence = [_evidence(rng, number, part) for part in range(rng.randint(0, 5))]
    if evidence and rng.random() < 0.2:
        evidence.append(json.loads(json.dumps(rng.choice(evidence))))
    document["evidence"] = evidence
    if not evidence:
        del document["evidence"]
    if rng.random() < 0.15:
        document["endorsement"] = [_endorsement(rng, number)]
    achievement = document["credentialSubject"]["achievement"]
    if rng.random() < 0.3:
        achievement["creditsAvailable"] = rng.choice((1, 1.5, 2.25, 0.001, 3.0, 1e15, 123456789))
    return document


def _changed(rng: Random, value: Any, missing: float) -> Any:
    if isinstance(value, dict):
        return {
            name: _text(rng) if name in _TEXTS and rng.random() < 0.5 else _changed(rng, member, missing)
            for name, member in value.items()
            if name not in _OPTIONAL or rng.random() >= missing
        }
    if isinstance(value, list):
        return [_changed(rng, item, missing) for item in value]
    return value


def _text(rng: Random) -> str:
    return " ".join(rng.choices(_WORDS, k=rng.randint(1, 12)))


def _evidence(rng: Random, number: int, part: int) -> Json:
    made: Json = {"type": ["Evidence"]}
    if rng.random() < 0.5:
        made["id"] = f"{work_unit.BASE}/evidence/{number}/{part}"
    for name in ("name", "narrative", "description", "genre", "audience"):
        if rng.random() < 0.5:
            made[name] = _text(rng)
    return made


def _endorsement(rng: Random, number: int) -> Json:
    """A signed one, with a proof in a graph of its own; whether it is genuine does not matter here."""
    made = endorsement_credential(
        EndorsementFacts(
            credential_id=f"{work_unit.BASE}/endorsements/{number}",
            issuer=work_unit.profile(),
            subject_id=work_unit.ISSUER,
            name="Endorsement",
            valid_from=work_unit.NOW,
            valid_until=None,
            status={"id": f"{work_unit.BASE}/status/2#{number}", "type": "BitstringStatusListEntry",
                    "statusPurpose": "revocation", "statusListIndex": str(number),
                    "statusListCredential": f"{work_unit.BASE}/status/2"},
            comment=_text(rng),
        )
    )  # fmt: skip
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": work_unit.CREATED,
        "verificationMethod": f"{work_unit.ISSUER}#key",
        "proofPurpose": "assertionMethod",
        "proofValue": "z" + "".join(rng.choices("123456789ABCDEFGHJKLMNPQRSTUVWXYZ", k=86)),
    }
    return {**made, "proof": [proof]}
