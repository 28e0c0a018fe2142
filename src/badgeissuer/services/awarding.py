"""A decided outcome becomes an award, and the award a credential."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from badgeissuer.errors import Conflict
from badgeissuer.rules import awarding as rules
from badgeissuer.rules.terms import AwardState, DuplicatePolicy
from badgeissuer.services import minting, notifying, stack_jobs, statuses
from badgeissuer.services.identifying import Recipient
from badgeissuer.store.assessment import Decision
from badgeissuer.store.awards import Award, Credential
from badgeissuer.store.catalog import AchievementVersion, Issuer
from badgeissuer.store.people import Subject
from badgeissuer.vc.build import EvidenceFacts, ResultFacts
from badgeissuer.work import Work

_LIVE = (AwardState.ACTIVE, AwardState.SUSPENDED)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What an award rests on and says; read from the decision, complete before anything is written."""

    facts: rules.DecisionFacts
    awarded: datetime
    valid_until: datetime | None
    results: tuple[ResultFacts, ...]
    evidence: tuple[EvidenceFacts, ...]
    activity_start: datetime | None
    activity_end: datetime | None
    credits_earned: float | None
    affiliation: dict[str, str]


@dataclass(frozen=True, slots=True)
class AwardDraft:
    """An award that may be made: its terms, its credential as a draft, the edition that ends an earlier one."""

    terms: rules.Terms
    grounds: Grounds
    credential: minting.CredentialDraft
    replaced: statuses.Edition | None


async def draft(
    work: Work,
    *,
    issuer: Issuer,
    version: AchievementVersion,
    recipient: Recipient,
    grounds: Grounds,
    subject: Subject | None,
) -> AwardDraft:
    """Check the rules and prepare the credential, before the writer is taken.

    Raises ``NotAwardable``, ``Rejected`` with every fault of the document, ``Conflict`` naming an award that exists.
    """
    parts = version.as_parts()
    terms = rules.terms(
        grounds.facts, now=work.now, valid_for_days=parts.valid_for_days, valid_until=grounds.valid_until
    )
    replaced = None
    if subject is not None:
        live = await _live_award(work, subject=subject, version=version)
        if _duplicate(work, parts.duplicates, live) and live is not None:
            credential = await credential_of(work, award=live)
            replaced = await statuses.prepare_bit(work, issuer=issuer, credential_id=credential.id, value=True)
    credential_draft = await minting.draft(
        work,
        minting.Contents(
            issuer=issuer,
            achievement=version.document,
            purpose=parts.status_purpose,
            subject_id=recipient.subject_id,
            identities=recipient.identities,
            results=grounds.results,
            evidence=grounds.evidence,
            awarded=grounds.awarded,
            valid_until=terms.valid_until,
            activity_start=grounds.activity_start,
            activity_end=grounds.activity_end,
            credits_earned=grounds.credits_earned,
        ),
    )
    return AwardDraft(terms=terms, grounds=grounds, credential=credential_draft, replaced=replaced)


async def award(
    work: Work,
    *,
    decision: Decision,
    issuer: Issuer,
    version: AchievementVersion,
    subject: Subject,
    drafted: AwardDraft,
) -> tuple[Award, Credential]:
    """Make the award and mint its credential. The subject's row is locked, so the duplicate rule holds under races.

    Raises ``Conflict`` naming the award that exists, where the achievement's policy denies a second one.
    """
    parts = version.as_parts()
    earlier = await _live_award(work, subject=subject, version=version)
    replaces = _duplicate(work, parts.duplicates, earlier)
    if replaces and earlier is not None:
        await _supersede(work, issuer=issuer, award=earlier, prepared=drafted.replaced)
    made = Award(
        id=work.new_id(),
        issuer_id=issuer.id,
        subject_id=subject.id,
        achievement_id=version.achievement_id,
        achievement_version_id=version.id,
        decision_id=decision.id,
        external_reference=decision.external_reference,
        sole=parts.duplicates is not DuplicatePolicy.ALLOW,
        state=AwardState.ACTIVE,
        state_reason=None,
        state_changed_at=work.now,
        awarded_at=drafted.grounds.awarded,
        valid_until=drafted.terms.valid_until,
        superseded_by_id=None,
        school=drafted.grounds.affiliation.get("school"),
        district=drafted.grounds.affiliation.get("district"),
        jurisdiction=drafted.grounds.affiliation.get("state"),
        created_at=work.now,
    )
    work.session.add(made)
    await work.session.flush()
    if replaces and earlier is not None:
        earlier.superseded_by_id = made.id
    credential = await minting.mint(work, award=made, drafted=drafted.credential)
    await stack_jobs.member_changed(work, achievement_id=made.achievement_id, earner_id=subject.earner_id)
    await notifying.notice_due(work, award=made, issuer=issuer, earner_id=subject.earner_id)
    work.emit("award.issued", "award", made.id, issuer_id=issuer.id, credential=str(credential.id))
    return made, credential


async def check_duplicate(work: Work, *, version: AchievementVersion, subject: Subject) -> None:
    """Refuse early what could only end in a denied duplicate. Raises ``Conflict`` naming the award that exists."""
    parts = version.as_parts()
    _duplicate(work, parts.duplicates, await _live_award(work, subject=subject, version=version))


async def credential_of(work: Work, *, award: Award) -> Credential:
    """The award's credential with an embedded proof."""
    return (
        await work.session.scalars(
            select(Credential).where(Credential.award_id == award.id, Credential.media_type == minting.MEDIA_TYPE)
        )
    ).one()


def award_url(base_url: str, award_id: UUID) -> str:
    return f"{base_url}/v1/awards/{award_id}"


async def _live_award(work: Work, *, subject: Subject, version: AchievementVersion) -> Award | None:
    query = (
        select(Award)
        .where(
            Award.subject_id == subject.id,
            Award.achievement_id == version.achievement_id,
            Award.state.in_(_LIVE),
        )
        .order_by(Award.awarded_at.desc(), Award.id.desc())
        .limit(1)
    )
    if work.writing:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return await work.session.scalar(query)


def _duplicate(work: Work, policy: DuplicatePolicy, live: Award | None) -> bool:
    """Whether the live award is to be replaced. Raises ``Conflict`` where a second one is denied."""
    verdict = rules.duplicate(policy, live is not None)
    if verdict == "deny" and live is not None:
        raise Conflict(
            "the earner holds this achievement already, and its policy allows one award",
            existing=award_url(work.base_url, live.id),
        )
    return verdict == "replace"


async def _supersede(work: Work, *, issuer: Issuer, award: Award, prepared: statuses.Edition | None) -> None:
    award.state = rules.status_transition(award.state, "supersede")
    award.state_reason, award.state_changed_at = "superseded by a newer award", work.now
    await work.session.flush()
    credential = await credential_of(work, award=award)
    await statuses.publish_bit(work, issuer=issuer, credential_id=credential.id, value=True, prepared=prepared)
    work.emit("award.superseded", "award", award.id, issuer_id=award.issuer_id)


def result_facts(results: list[dict[str, Any]]) -> tuple[ResultFacts, ...]:
    """Stored results as the format library takes them."""
    return tuple(
        ResultFacts(
            result_description=result["result_description"],
            achieved_level=result.get("achieved_level"),
            value=result.get("value"),
            status=result.get("status"),
        )
        for result in results
    )
