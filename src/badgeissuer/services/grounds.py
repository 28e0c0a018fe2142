"""What a decision brings along for the credential: results, evidence, dates, affiliation; and its stored form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from badgeissuer.errors import Fault, Rejected
from badgeissuer.rules import adjudication
from badgeissuer.rules import awarding as rules
from badgeissuer.rules.parts import criteria_of
from badgeissuer.rules.terms import AssessmentMode, DecisionSource
from badgeissuer.services.awarding import Grounds, result_facts
from badgeissuer.services.selecting import Edition
from badgeissuer.store.assessment import Decision, EvidenceItem
from badgeissuer.vc.build import EvidenceFacts
from badgeissuer.vc.strictjson import escape_pointer


@dataclass(frozen=True, slots=True)
class EvidenceGiven:
    """One piece of evidence. ``share`` says that its link and narrative may enter the signed, public text."""

    url: str | None = None
    name: str | None = None
    description: str | None = None
    narrative: str | None = None
    genre: str | None = None
    audience: str | None = None
    sha256: bytes | None = None
    share: bool = False

    def as_columns(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "name": self.name,
            "description": self.description,
            "narrative": self.narrative,
            "genre": self.genre,
            "audience": self.audience,
            "sha256": self.sha256,
            "share": self.share,
        }


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at an achievement: what was handed in and found, besides the judgement itself."""

    results: list[dict[str, Any]] = field(default_factory=list)
    evidence: tuple[EvidenceGiven, ...] = ()
    affiliation: dict[str, str] = field(default_factory=dict)
    feedback: str | None = None
    valid_until: datetime | None = None
    activity_start: datetime | None = None
    activity_end: datetime | None = None
    credits_earned: float | None = None

    def as_document(self) -> dict[str, Any]:
        """The stored form, without evidence and feedback, which have their own columns."""
        dates = {
            "valid_until": self.valid_until,
            "activity_start": self.activity_start,
            "activity_end": self.activity_end,
        }
        return {
            "results": self.results,
            "affiliation": self.affiliation,
            "credits_earned": self.credits_earned,
            **{name: value.isoformat() if value else None for name, value in dates.items()},
        }

    @classmethod
    def of(cls, decision: Decision, evidence: Sequence[EvidenceItem]) -> Attempt:
        """The attempt behind a stored decision."""
        stored = decision.details

        def date(name: str) -> datetime | None:
            return datetime.fromisoformat(stored[name]) if stored.get(name) else None

        return cls(
            results=list(stored["results"]),
            evidence=tuple(
                EvidenceGiven(
                    url=item.url,
                    name=item.name,
                    description=item.description,
                    narrative=item.narrative,
                    genre=item.genre,
                    audience=item.audience,
                    sha256=item.sha256,
                    share=item.share,
                )
                for item in evidence
            ),
            affiliation=dict(stored["affiliation"]),
            feedback=decision.feedback,
            valid_until=date("valid_until"),
            activity_start=date("activity_start"),
            activity_end=date("activity_end"),
            credits_earned=stored.get("credits_earned"),
        )


def grounds_of(
    edition: Edition,
    attempt: Attempt,
    *,
    ruling: adjudication.Ruling,
    source: DecisionSource,
    mode: AssessmentMode,
    persons: int,
    decided_at: datetime,
) -> Grounds:
    """What the award rests on. Evidence keeps its link and narrative only where the decision marks it ``share``."""
    return Grounds(
        facts=rules.DecisionFacts(
            state=ruling.state,
            outcome=ruling.outcome,
            source=source,
            mode=mode,
            persons=persons,
            decided_at=decided_at,
            version_state=edition.version.state,
        ),
        awarded=decided_at,
        valid_until=attempt.valid_until,
        results=result_facts(attempt.results),
        evidence=tuple(
            EvidenceFacts(
                name=item.name,
                description=item.description,
                genre=item.genre,
                audience=item.audience,
                narrative=item.narrative if item.share else None,
                url=item.url if item.share else None,
                sha256=item.sha256,
            )
            for item in attempt.evidence
        ),
        activity_start=attempt.activity_start,
        activity_end=attempt.activity_end,
        credits_earned=attempt.credits_earned,
        affiliation=attempt.affiliation,
    )


def resolve_results(edition: Edition, results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Results with ids where names were given. Raises ``Rejected`` for what the achievement does not declare."""
    descriptions = edition.version.document.get("resultDescription", [])
    faults, resolved, seen = [], [], set()
    for n, given in enumerate(results):
        description = _by_id_or_name(descriptions, given["result_description"])
        if description is None:
            faults.append(
                Fault(
                    f"/results/{n}/result_description", "no result description of the achievement has this id or name"
                )
            )
            continue
        if description["id"] in seen:
            faults.append(Fault(f"/results/{n}/result_description", "given twice"))
        seen.add(description["id"])
        result = {**given, "result_description": description["id"]}
        if given.get("achieved_level") is not None:
            level = _by_id_or_name(description.get("rubricCriterionLevel", []), given["achieved_level"])
            if level is None:
                faults.append(Fault(f"/results/{n}/achieved_level", "no level of this criterion has this id or name"))
            else:
                result["achieved_level"] = level["id"]
        resolved.append({name: value for name, value in result.items() if value is not None})
    if faults:
        raise Rejected("the results do not fit the achievement's rubric", faults=faults)
    return resolved


def resolve_levels(edition: Edition, levels: Mapping[str, str], *, pointer: str) -> dict[str, str]:
    """Criterion id → level id, from ids or names. Raises ``Rejected`` for what the rubric does not have."""
    descriptions = edition.version.document.get("resultDescription", [])
    criteria = {criterion.id for criterion in criteria_of(edition.version.document)}
    resolved, faults = {}, []
    for criterion, level in levels.items():
        at = f"{pointer}/{escape_pointer(criterion)}"
        description = _by_id_or_name(descriptions, criterion)
        found = _by_id_or_name(description.get("rubricCriterionLevel", []), level) if description else None
        if description is None or description["id"] not in criteria:
            faults.append(Fault(at, "no criterion of the rubric has this id or name"))
        elif found is None:
            faults.append(Fault(at, "no level of this criterion has this id or name"))
        elif description["id"] in resolved:
            faults.append(Fault(at, "this criterion is given twice, by id and by name"))
        else:
            resolved[description["id"]] = found["id"]
    if faults:
        raise Rejected("the levels do not fit the achievement's rubric", faults=faults)
    return resolved


def _by_id_or_name(items: Sequence[Mapping[str, Any]], wanted: object) -> Mapping[str, Any] | None:
    by_id = [item for item in items if item["id"] == wanted]
    by_name = [item for item in items if item.get("name") == wanted]
    return by_id[0] if by_id else by_name[0] if len(by_name) == 1 else None
