"""From facts to the unsigned credential (badge, endorsement, learner record). No clock, no randomness, no checks.

The document is in the canonical array form (OB serialization): what the formal schema and every measured verifier
take. Nothing is checked here; ``lint`` does that, and names every fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from badgeissuer.vc.contexts import CLR_CONTEXTS, OB_CONTEXTS, OB_EXTENSIONS
from badgeissuer.vc.forms import EXTENSION_TYPES, in_form, known_form, uses_extensions
from badgeissuer.vc.model.ob3 import Achievement, Profile
from badgeissuer.vc.multibase import digest_multibase
from badgeissuer.vc.stamps import timestamp

__all__ = [
    "EXTENSION_TYPES",
    "AssociationFacts",
    "AwardFacts",
    "ClrFacts",
    "EndorsementFacts",
    "EvidenceFacts",
    "ResultFacts",
    "clr_credential",
    "endorsement_credential",
    "open_badge_credential",
    "timestamp",
    "uses_extensions",
]


@dataclass(frozen=True, slots=True)
class EvidenceFacts:
    """One piece of evidence. ``url`` is set only where the decision shares the link; the digest stands in any case."""

    name: str | None
    description: str | None = None
    genre: str | None = None
    audience: str | None = None
    narrative: str | None = None
    url: str | None = None
    sha256: bytes | None = None


@dataclass(frozen=True, slots=True)
class ResultFacts:
    """One result: against which description, and the level, value or status reached."""

    result_description: str
    achieved_level: str | None = None
    value: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class AwardFacts:
    """All that a credential says. ``issuer`` and ``achievement`` are OB3 documents, as stored."""

    credential_id: str
    issuer: Mapping[str, Any]
    achievement: Mapping[str, Any]
    subject_id: str
    identities: tuple[dict[str, Any], ...]
    results: tuple[ResultFacts, ...]
    evidence: tuple[EvidenceFacts, ...]
    awarded: datetime | None
    valid_from: datetime
    valid_until: datetime | None
    status: Mapping[str, Any]
    name: str | None = None
    credits_earned: float | None = None
    activity_start: datetime | None = None
    activity_end: datetime | None = None
    # Signed EndorsementCredentials of the issuer and of the achievement; they go in as they are.
    issuer_endorsements: tuple[Mapping[str, Any], ...] = ()
    achievement_endorsements: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class EndorsementFacts:
    """All that an endorsement says: who endorses which thing (any achievement, profile or credential), and why."""

    credential_id: str
    issuer: Mapping[str, Any]
    subject_id: str
    name: str
    valid_from: datetime
    valid_until: datetime | None
    status: Mapping[str, Any]
    comment: str | None = None
    description: str | None = None
    awarded: datetime | None = None


@dataclass(frozen=True, slots=True)
class AssociationFacts:
    """How two achievements are related: their ids, and a word of CLR §AssociationType ("source isChildOf target")."""

    type: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class ClrFacts:
    """All that a learner record says. ``members`` are signed VC 2.0 credentials, and ``endorsements`` signed ones of
    what is in the record: both go in as they are. ``evidence`` is what the members rest on."""

    credential_id: str
    issuer: Mapping[str, Any]
    name: str
    subject_id: str
    identities: tuple[dict[str, Any], ...]
    members: tuple[Mapping[str, Any], ...]
    valid_from: datetime
    valid_until: datetime | None
    status: Mapping[str, Any]
    achievements: tuple[Mapping[str, Any], ...] = ()
    associations: tuple[AssociationFacts, ...] = ()
    partial: bool | None = None
    description: str | None = None
    awarded: datetime | None = None
    endorsements: tuple[Mapping[str, Any], ...] = ()
    evidence: tuple[EvidenceFacts, ...] = ()


def open_badge_credential(facts: AwardFacts) -> dict[str, Any]:
    """The unsigned credential of an award. Raises nothing for facts that are wrong: ``lint.inspect`` names them.

    A whole number of credits is written as an integer, since 3 and 3.0 are one value in RDF and two texts in JSON.
    """
    earned, extends = known_form(Achievement, facts.achievement)
    profile, also_extends = known_form(Profile, facts.issuer)
    achievement = _endorsed(earned, facts.achievement_endorsements)
    issuer = _endorsed(profile, facts.issuer_endorsements)
    subject = {
        "id": facts.subject_id,
        "type": ["AchievementSubject"],
        "identifier": [dict(identity) for identity in facts.identities],
        "activityStartDate": _maybe(facts.activity_start),
        "activityEndDate": _maybe(facts.activity_end),
        "creditsEarned": _number(facts.credits_earned),
        "achievement": achievement,
        "result": [_result(result) for result in facts.results],
    }
    document = {
        "@context": list(OB_CONTEXTS),
        "id": facts.credential_id,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": facts.name,
        "issuer": issuer,
        "validFrom": timestamp(facts.valid_from),
        "validUntil": _maybe(facts.valid_until),
        "awardedDate": _maybe(facts.awarded),
        "credentialSubject": _filled(subject),
        "evidence": [_evidence(item) for item in facts.evidence],
        "credentialStatus": dict(facts.status),
    }
    # Both were looked through before; what else there is may use extensions too.
    rest = (facts.issuer_endorsements, facts.achievement_endorsements, facts.identities)
    if extends or also_extends or uses_extensions((*rest, facts.status)):
        document["@context"] = [*OB_CONTEXTS, OB_EXTENSIONS]
    return _filled(document)


def endorsement_credential(facts: EndorsementFacts) -> dict[str, Any]:
    """The unsigned EndorsementCredential. Raises nothing for wrong facts: ``lint.inspect_endorsement`` names them."""
    subject = {"id": facts.subject_id, "type": ["EndorsementSubject"], "endorsementComment": facts.comment}
    return _credential(facts, OB_CONTEXTS, "EndorsementCredential", {}, _filled(subject))


def clr_credential(facts: ClrFacts) -> dict[str, Any]:
    """The unsigned ClrCredential. Raises nothing for wrong facts: ``lint.inspect_clr`` names them.

    The members keep every value they have: their own proofs cover them (REQUIREMENTS 2.5).
    """
    subject = {
        "id": facts.subject_id,
        "type": ["ClrSubject"],
        "identifier": [dict(identity) for identity in facts.identities],
        "achievement": [in_form(Achievement, achievement) for achievement in facts.achievements],
        "verifiableCredential": [dict(member) for member in facts.members],
        "association": [
            {
                "type": "Association",
                "associationType": association.type,
                "sourceId": association.source,
                "targetId": association.target,
            }
            for association in facts.associations
        ],
    }
    members = {"partial": facts.partial, "evidence": [_evidence(item) for item in facts.evidence]}
    members["endorsement"] = [dict(endorsement) for endorsement in facts.endorsements]
    return _credential(facts, CLR_CONTEXTS, "ClrCredential", members, _filled(subject))


def _credential(
    facts: EndorsementFacts | ClrFacts,
    contexts: tuple[str, ...],
    type_: str,
    members: Mapping[str, Any],
    subject: Mapping[str, Any],
) -> dict[str, Any]:
    return _filled(
        {
            "@context": list(contexts),
            "id": facts.credential_id,
            "type": ["VerifiableCredential", type_],
            "name": facts.name,
            "description": facts.description,
            **members,
            "issuer": in_form(Profile, facts.issuer),
            "validFrom": timestamp(facts.valid_from),
            "validUntil": _maybe(facts.valid_until),
            "awardedDate": _maybe(facts.awarded),
            "credentialSubject": subject,
            "credentialStatus": dict(facts.status),
        }
    )


def _endorsed(document: dict[str, Any], endorsements: tuple[Mapping[str, Any], ...]) -> dict[str, Any]:
    """With these after its own, each once. Every value of a signed document stays: its own proof covers it."""
    own = document.get("endorsement", [])
    known = {each.get("id") for each in own if isinstance(each, Mapping)}
    new = [dict(each) for each in endorsements if each.get("id") not in known]
    return {**document, "endorsement": [*own, *new]} if new else document


def _filled(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None and value != []}


def _maybe(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)


def _number(value: float | None) -> int | float | None:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _result(facts: ResultFacts) -> dict[str, Any]:
    return _filled(
        {
            "type": ["Result"],
            "resultDescription": facts.result_description,
            "achievedLevel": facts.achieved_level,
            "status": facts.status,
            "value": facts.value,
        }
    )


def _evidence(facts: EvidenceFacts) -> dict[str, Any]:
    return _filled(
        {
            "id": facts.url,
            "type": ["Evidence"],
            "name": facts.name,
            "description": facts.description,
            "narrative": facts.narrative,
            "genre": facts.genre,
            "audience": facts.audience,
            "digestMultibase": None if facts.sha256 is None else digest_multibase(facts.sha256),
        }
    )
