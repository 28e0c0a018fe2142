"""Reads the demo content (``demo_content/``) into values that verbs take; keys become what they stand for.

The folder is data of the package, read with ``importlib.resources``, so that an installed wheel has it too. A file that
cannot be used is our mistake, not a user's: it raises ``Misconfigured`` with the file and the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal

import yaml

from badgeissuer.errors import Misconfigured
from badgeissuer.rules.parts import AchievementParts
from badgeissuer.rules.terms import AssessorRole, Outcome

Later = Literal["revoke", "suspend"]


@dataclass(frozen=True, slots=True)
class IssuerContent:
    key: str
    slug: str
    profile: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AchievementContent:
    """``document`` has the standard's members and no ids: the service gives them."""

    key: str
    issuer: str
    publish: bool
    document: Mapping[str, Any]
    parts: AchievementParts
    rubric: Mapping[str, tuple[str, Mapping[str, str]]]

    @property
    def code(self) -> str:
        """The humanCode: by it an achievement is found again."""
        return str(self.document["humanCode"])

    def levels(self, chosen: Mapping[str, str]) -> dict[str, str]:
        """Criterion name → level name, for levels chosen by key. Raises ``KeyError`` unless every criterion has one."""
        if chosen.keys() != self.rubric.keys():
            raise KeyError(f"{self.key} has the criteria {', '.join(self.rubric)}")
        return {self.rubric[criterion][0]: self.rubric[criterion][1][level] for criterion, level in chosen.items()}


@dataclass(frozen=True, slots=True)
class EarnerContent:
    key: str
    name: str
    email: str
    licence_id: str
    school: str
    district: str
    state: str


@dataclass(frozen=True, slots=True)
class AssessorContent:
    key: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class EvidenceContent:
    name: str
    description: str
    genre: str
    audience: str
    narrative: str | None
    url: str | None
    share: bool
    sha256: bytes


@dataclass(frozen=True, slots=True)
class AssessmentContent:
    assessor: AssessorContent
    role: AssessorRole
    at: datetime
    levels: Mapping[str, str]
    feedback: str | None


@dataclass(frozen=True, slots=True)
class JudgementContent:
    """A decision made elsewhere, or by the one assessor that the policy asks for."""

    assessor: AssessorContent
    decided_at: datetime
    outcome: Outcome
    levels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DecisionContent:
    """Either ``judgement`` or ``assessments`` is there. ``later`` is what happened to the award: what, and why."""

    reference: str
    achievement: AchievementContent
    earner: EarnerContent
    evidence: tuple[EvidenceContent, ...]
    judgement: JudgementContent | None
    assessments: tuple[AssessmentContent, ...]
    feedback: str | None
    later: tuple[tuple[Later, str], ...]


@dataclass(frozen=True, slots=True)
class Content:
    issuers: tuple[IssuerContent, ...]
    achievements: tuple[AchievementContent, ...]
    earners: tuple[EarnerContent, ...]
    decisions: tuple[DecisionContent, ...]


def load_content(folder: Traversable | None = None) -> Content:
    """Everything in the folder, checked for keys that lead nowhere. Raises ``Misconfigured``."""
    place = folder or files("badgeissuer.cli") / "demo_content"
    bodies = {body["key"]: body for body in _read(place / "issuers.yaml")}
    standards, scales = _read(place / "standards.yaml"), _read(place / "scales.yaml")
    achievements = {}
    for file in _yaml_files(place / "achievements"):
        with _named(file.name):
            item = _achievement(_read(file), bodies=bodies, standards=standards, scales=scales)
            achievements[item.key] = item
    earners = {item["key"]: EarnerContent(**item) for item in _read(place / "earners.yaml")}
    assessors = {item["key"]: AssessorContent(**item) for item in _read(place / "assessors.yaml")}
    decisions = []
    for file in _yaml_files(place):
        if file.name.startswith("decisions-"):
            for given in _read(file):
                with _named(f"{file.name}, {given.get('reference')}"):
                    decisions.append(_decision(given, achievements, earners, assessors))
    return Content(
        issuers=tuple(
            IssuerContent(key=body["key"], slug=body["slug"], profile=body["profile"])
            for body in bodies.values()
            if body["issuer"]
        ),
        achievements=tuple(achievements.values()),
        earners=tuple(earners.values()),
        decisions=tuple(decisions),
    )


def _achievement(
    given: Mapping[str, Any],
    *,
    bodies: Mapping[str, Mapping[str, Any]],
    standards: Mapping[str, Mapping[str, Any]],
    scales: Mapping[str, list[Mapping[str, str]]],
) -> AchievementContent:
    scale = scales[given["rubric"]["scale"]]
    names = {level["key"]: level["name"] for level in scale}
    criteria = given["rubric"]["criteria"]
    document = {
        **given["document"],
        "alignment": [{"type": ["Alignment"], **standards[key]} for key in given["alignment"]],
        "resultDescription": [_result_description(criterion, scale) for criterion in criteria],
    }
    if "creator" in given:
        document["creator"] = {"type": ["Profile"], **bodies[given["creator"]]["profile"]}
    return AchievementContent(
        key=given["key"],
        issuer=bodies[given["issuer"]]["slug"],
        publish={"published": True, "draft": False}[given["state"]],
        document=document,
        parts=AchievementParts.model_validate(given["parts"]),
        rubric={criterion["key"]: (criterion["name"], names) for criterion in criteria},
    )


def _result_description(criterion: Mapping[str, Any], scale: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    """A criterion as OB3 has it. ``requiredLevel`` is the name of its level until the service puts the id there."""
    description: dict[str, Any] = {
        "type": ["ResultDescription"],
        "name": criterion["name"],
        "resultType": "RubricCriterion",
    }
    names = {level["key"]: level["name"] for level in scale}
    if "required" in criterion:
        description["requiredLevel"] = names[criterion["required"]]
    description["rubricCriterionLevel"] = [
        {
            "type": ["RubricCriterionLevel"],
            "name": level["name"],
            "level": level["level"],
            "points": level["points"],
            "description": criterion["levels"][level["key"]],
        }
        for level in scale
    ]
    return description


def _decision(
    given: Mapping[str, Any],
    achievements: Mapping[str, AchievementContent],
    earners: Mapping[str, EarnerContent],
    assessors: Mapping[str, AssessorContent],
) -> DecisionContent:
    achievement = achievements[given["achievement"]]
    judgement = None
    if "outcome" in given:
        judgement = JudgementContent(
            assessor=assessors[given["assessor"]],
            decided_at=datetime.fromisoformat(given["decided_at"]),
            outcome=Outcome(given["outcome"]),
            levels=achievement.levels(given["levels"]),
        )
    return DecisionContent(
        reference=given["reference"],
        achievement=achievement,
        earner=earners[given["earner"]],
        evidence=tuple(_evidence(item, earner=given["earner"]) for item in given["evidence"]),
        judgement=judgement,
        assessments=tuple(
            AssessmentContent(
                assessor=assessors[item["assessor"]],
                role=AssessorRole(item.get("role", "assessor")),
                at=datetime.fromisoformat(item["at"]),
                levels=achievement.levels(item["levels"]),
                feedback=item.get("feedback"),
            )
            for item in given.get("assessments", ())
        ),
        feedback=given.get("feedback"),
        later=tuple((item["do"], item["reason"]) for item in given.get("later", ())),
    )


def _evidence(given: Mapping[str, Any], *, earner: str) -> EvidenceContent:
    return EvidenceContent(
        name=given["name"],
        description=given["description"],
        genre=given["genre"],
        audience=given["audience"],
        narrative=given.get("narrative"),
        url=given.get("url"),
        share=given.get("share", False),
        # There are no files to digest (NOTE.md): the same name from the same earner is the same piece.
        sha256=hashlib.sha256(f"{earner}: {given['name']}".encode()).digest(),
    )


def _read(file: Traversable) -> Any:
    with _named(file.name):
        return yaml.safe_load(file.read_text(encoding="utf-8"))


def _yaml_files(folder: Traversable) -> list[Traversable]:
    return sorted((item for item in folder.iterdir() if item.name.endswith(".yaml")), key=lambda item: item.name)


class _named:
    """Turns what a faulty file throws into ``Misconfigured`` with the place."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, (KeyError, TypeError, ValueError, OSError, yaml.YAMLError)):
            raise Misconfigured(f"demo content, {self.place}: {type(error).__name__} {error}") from error
