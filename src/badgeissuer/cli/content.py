"""Reads the demo content (``demo_content/``) into values that verbs take; keys become what they stand for.

The folder is data of the package, read with ``importlib.resources``, so that an installed wheel has it too. A file that
cannot be used is our mistake, not a user's: it raises ``Misconfigured`` with the file and the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from badgeissuer.cli.content_kinds import (
    AchievementContent,
    ArtContent,
    AssessmentContent,
    AssessorContent,
    Content,
    DecisionContent,
    EarnerContent,
    EndorsementContent,
    EvidenceContent,
    IssuerContent,
    JudgementContent,
    RecordContent,
    StackContent,
)
from badgeissuer.errors import Misconfigured
from badgeissuer.rules.parts import AchievementParts
from badgeissuer.rules.terms import AssessorRole, Outcome


def load_content(folder: Traversable | None = None) -> Content:
    """Everything in the folder, checked for keys that lead nowhere. Raises ``Misconfigured``."""
    place = folder or files("badgeissuer.cli") / "demo_content"
    bodies = {body["key"]: body for body in _read(place / "issuers.yaml")}
    standards, scales = _read(place / "standards.yaml"), _read(place / "scales.yaml")
    achievements = {}
    for file in _yaml_files(place / "achievements"):
        with _named(file.name):
            given = _read(file)
            art = _art(place / "art", given["art"]) if "art" in given else None
            item = _achievement(given, bodies=bodies, standards=standards, scales=scales, art=art)
            achievements[item.key] = item
    earners = {item["key"]: EarnerContent(**item) for item in _read(place / "earners.yaml")}
    assessors = {item["key"]: AssessorContent(**item) for item in _read(place / "assessors.yaml")}
    decisions = []
    for file in _yaml_files(place):
        if file.name.startswith("decisions-"):
            for given in _read(file):
                with _named(f"{file.name}, {given.get('reference')}"):
                    decisions.append(_decision(given, achievements, earners, assessors))
    slugs = {body["key"]: body["slug"] for body in bodies.values() if body["issuer"]}
    with _named("stacks.yaml"):
        stacks = tuple(_stack(given, slugs, achievements, earners) for given in _read(place / "stacks.yaml"))
    with _named("endorsements.yaml"):
        endorsements = tuple(_endorsement(given, slugs, achievements) for given in _read(place / "endorsements.yaml"))
    with _named("records.yaml"):
        records = tuple(_record(given, slugs, earners) for given in _read(place / "records.yaml"))
    return Content(
        issuers=tuple(IssuerContent(key=key, slug=slug, profile=bodies[key]["profile"]) for key, slug in slugs.items()),
        achievements=tuple(achievements.values()),
        earners=tuple(earners.values()),
        decisions=tuple(decisions),
        stacks=stacks,
        endorsements=endorsements,
        records=records,
    )


def _achievement(
    given: Mapping[str, Any],
    *,
    bodies: Mapping[str, Mapping[str, Any]],
    standards: Mapping[str, Mapping[str, Any]],
    scales: Mapping[str, list[Mapping[str, str]]],
    art: ArtContent | None,
) -> AchievementContent:
    # What a stack awards has no rubric: its parts have.
    scale = scales[given["rubric"]["scale"]] if "rubric" in given else []
    names = {level["key"]: level["name"] for level in scale}
    criteria = given["rubric"]["criteria"] if "rubric" in given else []
    document = {
        **given["document"],
        "alignment": [{"type": ["Alignment"], **standards[key]} for key in given["alignment"]],
    }
    if criteria:
        document["resultDescription"] = [_result_description(criterion, scale) for criterion in criteria]
    if "creator" in given:
        document["creator"] = {"type": ["Profile"], **bodies[given["creator"]]["profile"]}
    return AchievementContent(
        key=given["key"],
        issuer=bodies[given["issuer"]]["slug"],
        publish={"published": True, "draft": False}[given["state"]],
        document=document,
        parts=AchievementParts.model_validate(given["parts"]),
        rubric={criterion["key"]: (criterion["name"], names) for criterion in criteria},
        art=art,
    )


def _art(folder: Traversable, given: Mapping[str, str]) -> ArtContent:
    return ArtContent((folder / given["file"]).read_bytes(), given["caption"])


def _stack(
    given: Mapping[str, Any],
    slugs: Mapping[str, str],
    achievements: Mapping[str, AchievementContent],
    earners: Mapping[str, EarnerContent],
) -> StackContent:
    own = {"key", "issuer", "awards", "published", "members", "shown"}
    return StackContent(
        issuer=slugs[given["issuer"]],
        awards=achievements[given["awards"]],
        first={"first": True, "last": False}[given["published"]],
        members=tuple((achievements[member["achievement"]], member) for member in given["members"]),
        document={name: value for name, value in given.items() if name not in own},
        shown=tuple(earners[key] for key in given["shown"]),
    )


def _endorsement(
    given: Mapping[str, Any], slugs: Mapping[str, str], achievements: Mapping[str, AchievementContent]
) -> EndorsementContent:
    ((kind, key),) = given["of"].items()
    of = slugs[key] if kind == "issuer" else {"achievement": achievements}[kind][key]
    return EndorsementContent(slugs[given["by"]], of, given["name"], given["comment"], given["embed"])


def _record(given: Mapping[str, Any], slugs: Mapping[str, str], earners: Mapping[str, EarnerContent]) -> RecordContent:
    issuer = slugs[given["issuer"]] if "issuer" in given else None
    return RecordContent(earners[given["earner"]], issuer, given["name"])


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
