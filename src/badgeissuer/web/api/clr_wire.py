"""A record on our own wire: what a caller asks for, and the short view of what is signed."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from badgeissuer.rules.splitting import PEER_BYTES
from badgeissuer.rules.terms import AwardState, ClrState
from badgeissuer.services.bundling_choice import MOST_MEMBERS, Choice
from badgeissuer.services.bundling_making import clr_url
from badgeissuer.services.bundling_reading import Line
from badgeissuer.services.identifying import EarnerGiven
from badgeissuer.web.wire import Did, Email, ShortText, Timestamp, WireIn, WireOut

_FILTERS = ("achievements", "stack", "awarded_from", "awarded_before")
_ids = Field(max_length=MOST_MEMBERS)


class WhoseIn(WireIn):
    """An earner whom the issuer has awarded something: one of the two."""

    email: Email | None = None
    did: Annotated[Did, Field(max_length=512)] | None = None

    @model_validator(mode="after")
    def _identified(self) -> WhoseIn:
        if (self.email is None) is (self.did is None):
            raise ValueError("an earner is named by an email or by a did")
        return self

    def as_given(self) -> EarnerGiven:
        return EarnerGiven(email=self.email, did=self.did)


class ClrIn(WireIn):
    """A record to be made: of the named awards, or of all that fit."""

    issuer: str | None = Field(None, max_length=63, description="slug; may be left out where the key acts for one only")
    earner: WhoseIn
    name: ShortText | None = Field(None, description="title; “Learner record from …” if left out")
    awards: Annotated[list[UUID], _ids] | None = Field(None, description="ids; all that fit if left out, none if empty")
    admitted_badges: Annotated[list[UUID], _ids] = Field([], description="ids of badges from elsewhere")
    achievements: Annotated[list[UUID], Field(min_length=1, max_length=MOST_MEMBERS)] | None = Field(
        None, description="only awards of these"
    )
    stack: UUID | None = Field(None, description="only what counts in this stack, and what it awards")
    states: Annotated[list[AwardState], Field(min_length=1)] = Field(
        [AwardState.ACTIVE, AwardState.SUSPENDED], description="only awards in one of these states, named ones too"
    )
    awarded_from: Timestamp | None = Field(None, description="only awards from then on")
    awarded_before: Timestamp | None = Field(None, description="only awards before")
    split: bool = Field(
        False, strict=True, description=f"in parts of at most {PEER_BYTES // 1024} KiB, where the whole is larger"
    )

    @model_validator(mode="after")
    def _either(self) -> ClrIn:
        if self.awards is not None and any(getattr(self, name) for name in _FILTERS):
            raise ValueError(f"name awards, or say which fit ({', '.join(_FILTERS)}), not both")
        return self

    def as_choice(self) -> Choice:
        return Choice(
            award_ids=tuple(dict.fromkeys(self.awards or ())),
            admission_ids=tuple(dict.fromkeys(self.admitted_badges)),
            achievement_ids=tuple(dict.fromkeys(self.achievements or ())),
            stack_id=self.stack,
            states=() if self.awards == [] else tuple(dict.fromkeys(self.states)),
            awarded_from=self.awarded_from,
            awarded_before=self.awarded_before,
            split=self.split,
        )


class ClrRevocationIn(WireIn):
    """Why. It is kept and shown to callers; it is not signed."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


class RemakeIn(WireIn):
    keep: bool = Field(False, strict=True, description="leave the old one valid; it names the new one all the same")


class AdviceOut(WireOut):
    """What is right with the record, and yet worth knowing."""

    code: str
    detail: str


class ClrOut(WireOut):
    """A signed record, with the address of its exact text."""

    id: UUID
    url: str = Field(description="public address; with .json, .png, .svg or .pdf that form")
    issuer: str = Field(description="slug of who signed it")
    subject: str = Field(description="the earner as this issuer's credentials name them")
    name: str
    state: ClrState
    state_reason: str | None
    state_changed_at: Timestamp
    members: int = Field(description="how many credentials are in it")
    partial: bool = Field(description="whether its signer knows of more that stands than is in it")
    bytes: int
    media_type: str
    sha256: str
    parts: list[str] = Field(description="addresses of its further parts, where it was split")
    part_of: str | None = Field(description="address of the first part")
    superseded_by: str | None = Field(description="address of its newer edition")
    advice: list[AdviceOut]
    created_at: Timestamp

    @classmethod
    def of(cls, line: Line, base_url: str) -> ClrOut:
        row = line.record
        return cls(
            id=row.id,
            url=row.url,
            issuer=line.issuer,
            subject=line.subject,
            name=row.name,
            state=row.state,
            state_reason=row.state_reason,
            state_changed_at=row.state_changed_at,
            members=row.members,
            partial=row.partial,
            bytes=row.size,
            media_type="application/vc",
            sha256=row.sha256,
            parts=[clr_url(base_url, part) for part in line.parts],
            part_of=None if row.part_of_id is None else clr_url(base_url, row.part_of_id),
            superseded_by=line.newer,
            advice=[AdviceOut(**each) for each in advice(row.size, row.members)],
            created_at=row.created_at,
        )


class ClrsMadeOut(WireOut):
    """What came of it: the records, the first of which stands for all; or the job that makes them."""

    records: list[ClrOut]
    job: UUID | None = Field(description="see /v1/jobs; its result names the records")


class MemberOut(WireOut):
    """One credential in a record: of an award of this service, or a badge from elsewhere."""

    position: int = Field(description="from 0, as in the signed text")
    award: UUID | None
    credential: UUID | None
    admitted_badge: UUID | None


def advice(size: int, members: int) -> list[dict[str, Any]]:
    """What a caller should know of a record of this size."""
    if size <= PEER_BYTES:
        return []
    remedy = "choose fewer, or have it split" if members > 1 else "nothing can be done about one credential"
    detail = f"{size} bytes: some verifiers (openbadgeslib) read no document above {PEER_BYTES}; {remedy}"
    return [{"code": "larger-than-peers-read", "detail": detail}]
