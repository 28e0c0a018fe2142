"""An endorsement on our own wire: what a caller sends, and the short view of what is signed."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool, StringConstraints

from badgeissuer.rules.endorsing import StandingPolicy
from badgeissuer.rules.terms import EndorsedKind, EndorsementState
from badgeissuer.services.endorsing import EndorsementGiven
from badgeissuer.store.endorsements import Endorsement
from badgeissuer.web.wire import ShortText, Timestamp, WireIn, WireOut

_Name = Annotated[str, Field(min_length=1, max_length=500)]


class EndorsedIn(WireIn):
    """What is endorsed, of any tenant: exactly one of the three."""

    issuer: _Name | None = Field(None, description="slug, DID or public address")
    achievement: _Name | None = Field(None, description="id or public address; published, now or once")
    award: _Name | None = Field(
        None, description="its credential's id or public address; the award's own id for who may read it"
    )

    def as_target(self) -> dict[EndorsedKind, str]:
        named = {
            EndorsedKind.ISSUER: self.issuer,
            EndorsedKind.ACHIEVEMENT: self.achievement,
            EndorsedKind.AWARD: self.award,
        }
        return {kind: given.strip() for kind, given in named.items() if given is not None}


class StandingIn(WireIn):
    """Whether badges that are made later carry the endorsement inside. It is not signed and can be changed."""

    embed: StrictBool = Field(False, description="for issuers and achievements; an award is signed already")
    from_: Timestamp | None = Field(None, alias="from", description="badges made from then on; at once if left out")
    until: Timestamp | None = Field(None, description="badges made before; no end if left out")

    def as_policy(self) -> StandingPolicy:
        return StandingPolicy(embed=self.embed, since=self.from_, until=self.until)


class EndorsementIn(WireIn):
    """An endorsement to be made. What it says is signed and public for good: no personal data belongs into it."""

    issuer: str | None = Field(
        None, max_length=63, description="slug of the endorser; may be left out where the key acts for one only"
    )
    of: EndorsedIn
    comment: Annotated[str, StringConstraints(min_length=1, max_length=4_000)] = Field(
        description="why, for people; may be Markdown"
    )
    name: ShortText | None = Field(None, description="title; “Endorsement of …” if left out")
    valid_until: Timestamp | None = Field(None, description="no end if left out")
    standing: StandingIn = StandingIn()

    def as_given(self) -> EndorsementGiven:
        return EndorsementGiven(
            of=self.of.as_target(),
            comment=self.comment,
            name=self.name,
            valid_until=self.valid_until,
            standing=self.standing.as_policy(),
        )


class EndorsementRevocationIn(WireIn):
    """Why. It is kept and shown to callers; it is not signed."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


class EndorsedOut(WireOut):
    kind: EndorsedKind
    id: str = Field(description="as the signed endorsement names it, and as credentials do")


class StandingOut(WireOut):
    embed: bool
    from_: Timestamp | None = Field(serialization_alias="from")
    until: Timestamp | None


class EndorsementOut(WireOut):
    """An endorsement, with the address of its signed text."""

    id: UUID
    url: str = Field(description="public address; serves the exact signed text")
    issuer: str = Field(description="slug of the endorser")
    of: EndorsedOut
    name: str
    state: EndorsementState
    state_reason: str | None
    state_changed_at: Timestamp
    standing: StandingOut
    valid_from: Timestamp
    valid_until: Timestamp | None
    media_type: str
    sha256: str
    created_at: Timestamp

    @classmethod
    def of_row(cls, row: Endorsement, slug: str) -> EndorsementOut:
        return cls(
            id=row.id,
            url=row.url,
            issuer=slug,
            of=EndorsedOut(kind=row.kind, id=row.subject),
            name=row.name,
            state=row.state,
            state_reason=row.state_reason,
            state_changed_at=row.state_changed_at,
            standing=StandingOut(embed=row.embed, from_=row.embed_from, until=row.embed_until),
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            media_type="application/vc",
            sha256=row.sha256,
            created_at=row.created_at,
        )
