"""An award as callers read it: one form for the answer of an issue, for lists and for streams. It holds no e-mail."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from badgeissuer.errors import NotFound
from badgeissuer.rules.awarding import visible_to_third_parties
from badgeissuer.rules.terms import AwardState
from badgeissuer.services.awarding import award_url
from badgeissuer.services.decision_rows import Recorded
from badgeissuer.services.defining import achievement_url
from badgeissuer.store.award_search import AwardFilter, AwardLine, line, select_awards
from badgeissuer.web.telling import tell_one
from badgeissuer.web.wire import Timestamp, WireOut
from badgeissuer.work import Work


class AwardIssuer(WireOut):
    slug: str
    name: str
    did: str


class AwardAchievement(WireOut):
    id: UUID
    version: int
    name: str
    url: str = Field(description="public address of the definition")


class CredentialRef(WireOut):
    """Where the signed document is, and what it hashes to."""

    id: UUID
    url: str = Field(description="public address; serves the exact signed text")
    media_type: str
    sha256: str


class Successor(WireOut):
    """The award that stands in this one's place."""

    award: str = Field(description="its address under /v1")
    credential: str = Field(description="public address of its credential")


class AffiliationOut(WireOut):
    school: str | None
    district: str | None
    state: str | None


class AwardOut(WireOut):
    """The fact that someone earned an achievement, with the address of its signed credential."""

    id: UUID
    url: str
    state: AwardState
    state_reason: str | None
    state_changed_at: Timestamp
    visible_to_third_parties: bool = Field(
        description="whether someone who reads only the public status list can tell the state: a suspended award under "
        "status purpose revocation shows only here and in our own verify"
    )
    issuer: AwardIssuer
    achievement: AwardAchievement
    subject: str = Field(description="the earner as this issuer's credentials name them; shared with no other issuer")
    credential: CredentialRef
    decision_id: UUID
    external_reference: str | None
    awarded_at: Timestamp
    valid_until: Timestamp | None
    superseded_by: Successor | None
    affiliation: AffiliationOut

    @classmethod
    def of(cls, found: AwardLine, base_url: str) -> AwardOut:
        award = found.award
        successor = None
        if award.superseded_by_id is not None and found.successor_credential_url is not None:
            successor = Successor(
                award=award_url(base_url, award.superseded_by_id), credential=found.successor_credential_url
            )
        return cls(
            id=award.id,
            url=award_url(base_url, award.id),
            state=award.state,
            state_reason=award.state_reason,
            state_changed_at=award.state_changed_at,
            visible_to_third_parties=visible_to_third_parties(found.status_purpose, award.state),
            issuer=AwardIssuer(slug=found.issuer_slug, name=found.issuer_name, did=found.issuer_did),
            achievement=AwardAchievement(
                id=award.achievement_id,
                version=found.version,
                name=found.achievement_name,
                url=achievement_url(base_url, award.achievement_id),
            ),
            subject=found.subject_urn,
            credential=CredentialRef(
                id=found.credential_id,
                url=found.credential_url,
                media_type=found.credential_media_type,
                sha256=found.credential_sha256,
            ),
            decision_id=award.decision_id,
            external_reference=award.external_reference,
            awarded_at=award.awarded_at,
            valid_until=award.valid_until,
            superseded_by=successor,
            affiliation=AffiliationOut(school=award.school, district=award.district, state=award.jurisdiction),
        )


def line_of(recorded: Recorded) -> AwardLine:
    """The award that was made in this unit of work, as the query would read it."""
    award, credential, edition = recorded.award, recorded.credential, recorded.edition
    if award is None or credential is None:
        raise RuntimeError("an awarded decision came without its award")
    return AwardLine(
        award=award,
        issuer_slug=edition.issuer.slug,
        issuer_name=edition.issuer.name,
        issuer_did=edition.issuer.did,
        version=edition.version.number,
        achievement_name=edition.version.name,
        subject_urn=recorded.subject.urn,
        credential_id=credential.id,
        credential_url=credential.url,
        credential_media_type=credential.media_type,
        credential_sha256=credential.sha256,
        status_purpose=edition.version.as_parts().status_purpose,
        successor_credential_url=None,
    )


async def read_award(work: Work, award_id: UUID) -> AwardOut:
    """One award of an issuer that the caller may act for. Raises ``NotFound``, also for another tenant's."""
    row = (await work.session.execute(select_awards(work.actor, AwardFilter(award_id=award_id)))).one_or_none()
    if row is None:
        raise NotFound("no such award")
    found = line(row)
    await tell_one(work, found.award.subject_id)
    return AwardOut.of(found, work.base_url)
