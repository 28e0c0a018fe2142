"""What the demo content consists of, as values that verbs take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from badgeissuer.rules.parts import AchievementParts
from badgeissuer.rules.terms import AssessorRole, Outcome

Later = Literal["revoke", "suspend"]


@dataclass(frozen=True, slots=True)
class IssuerContent:
    key: str
    slug: str
    profile: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ArtContent:
    """A picture as it is uploaded, and what it shows in words."""

    picture: bytes
    caption: str


@dataclass(frozen=True, slots=True)
class AchievementContent:
    """``document`` has the standard's members and no ids: the service gives them."""

    key: str
    issuer: str
    publish: bool
    document: Mapping[str, Any]
    parts: AchievementParts
    rubric: Mapping[str, tuple[str, Mapping[str, str]]]
    art: ArtContent | None = None

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
class StackContent:
    """``document`` is as a stack's is, without the members. ``first``: it is published before the decisions, so that
    the last missing award completes it. ``shown``: of whom it is told how far they are."""

    issuer: str
    awards: AchievementContent
    first: bool
    members: tuple[tuple[AchievementContent, Mapping[str, Any]], ...]
    document: Mapping[str, Any]
    shown: tuple[EarnerContent, ...] = ()


@dataclass(frozen=True, slots=True)
class EndorsementContent:
    """By an issuer (slug), of an issuer (slug) or of an achievement."""

    by: str
    of: str | AchievementContent
    name: str
    comment: str
    embed: bool


@dataclass(frozen=True, slots=True)
class RecordContent:
    """Signed by an issuer (slug), or by the operator where there is none."""

    earner: EarnerContent
    issuer: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Content:
    issuers: tuple[IssuerContent, ...]
    achievements: tuple[AchievementContent, ...]
    earners: tuple[EarnerContent, ...]
    decisions: tuple[DecisionContent, ...]
    stacks: tuple[StackContent, ...] = ()
    endorsements: tuple[EndorsementContent, ...] = ()
    records: tuple[RecordContent, ...] = ()
