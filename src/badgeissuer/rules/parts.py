"""What an achievement holds besides its OB3 document: how it is earned, who decides, and what an award of it does.

These parts are the field's own (a micro-credential's competency, method, requirements, rubric and policy); they are
published on the achievement's page, not signed into credentials.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasChoices, AliasGenerator, BaseModel, ConfigDict, Field, StringConstraints, field_validator
from pydantic.alias_generators import to_camel

from badgeissuer.rules.adjudication import Criterion, Discrepancy, Level, Policy
from badgeissuer.rules.terms import AssessmentMode, DuplicatePolicy, StatusPurpose

ShortText = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
HttpsUrl = Annotated[str, StringConstraints(pattern=r"^https://[^\s<>\"{}|\\^`]+$", max_length=2_000)]


class Part(BaseModel):
    """Snake case on the wire, camel case accepted (ADR 0008); a member that nobody defined is refused."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        alias_generator=AliasGenerator(validation_alias=lambda name: AliasChoices(name, to_camel(name))),
    )


class Resource(Part):
    """Reading or research that the achievement rests on."""

    title: ShortText
    url: HttpsUrl | None = None
    note: LongText | None = None


class Requirement(Part):
    """One artefact that an earner hands in."""

    name: ShortText
    description: LongText
    genre: ShortText | None = None


class DiscrepancyTerms(Part):
    """What counts as two assessors disagreeing. Any one of the three is enough."""

    outcome: bool = Field(True, description="their outcomes differ")
    criterion_levels: Annotated[int, Field(ge=1, le=20)] | None = Field(
        2, description="any criterion differs by this many levels"
    )
    total_points: Annotated[float, Field(gt=0, le=10_000)] | None = Field(
        None, description="the totals differ by this many points"
    )


class AssessmentPolicy(Part):
    """Who decides: ``one`` named assessor, ``two`` with an adjudicator on discrepancy, or ``external``."""

    assessors: AssessmentMode = AssessmentMode.ONE
    discrepancy: DiscrepancyTerms = DiscrepancyTerms()

    @field_validator("assessors", mode="before")
    @classmethod
    def _count(cls, value: object) -> object:
        if isinstance(value, bool):
            return value
        return {1: AssessmentMode.ONE, 2: AssessmentMode.TWO}.get(value, value) if isinstance(value, int) else value

    def as_policy(self) -> Policy:
        return Policy(
            mode=self.assessors,
            discrepancy=Discrepancy(
                outcome=self.discrepancy.outcome,
                criterion_levels=self.discrepancy.criterion_levels,
                total_points=self.discrepancy.total_points,
            ),
        )


class AchievementParts(Part):
    """Everything about an achievement that is ours and not OB3's."""

    competency: LongText | None = None
    key_method: LongText | None = None
    method_components: Annotated[tuple[LongText, ...], Field(max_length=50)] = ()
    resources: Annotated[tuple[Resource, ...], Field(max_length=100)] = ()
    requirements: Annotated[tuple[Requirement, ...], Field(max_length=50)] = ()
    grain_size_hours: Annotated[float, Field(gt=0, le=2_000)] | None = None
    assessment: AssessmentPolicy = AssessmentPolicy()
    duplicates: DuplicatePolicy = DuplicatePolicy.DENY
    status_purpose: StatusPurpose = StatusPurpose.REVOCATION
    valid_for_days: Annotated[int, Field(ge=1, le=36_500)] | None = None


def criteria_of(document: dict[str, Any]) -> tuple[Criterion, ...]:
    """The rubric in an OB3 Achievement document: its result descriptions that have levels, in order.

    OB §ResultDescription: ``rubricCriterionLevel`` is ordered from low to high; ``requiredLevel`` is a level's id.
    The document has been checked by the model, so the members are of the right kinds.
    """
    found = []
    for description in document.get("resultDescription", []):
        levels = description.get("rubricCriterionLevel", [])
        if levels:
            found.append(
                Criterion(
                    id=description["id"],
                    name=description["name"],
                    levels=tuple(
                        Level(id=level["id"], rank=rank, points=_points(level.get("points")))
                        for rank, level in enumerate(levels)
                    ),
                    required=description.get("requiredLevel"),
                )
            )
    return tuple(found)


def _points(text: object) -> float | None:
    try:
        return float(str(text)) if text is not None else None
    except ValueError:
        return None
