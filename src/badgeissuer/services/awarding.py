"""A decided outcome becomes an award, and the award a credential."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from badgeissuer.errors import BadgeissuerError, Conflict
from badgeissuer.rules import awarding as rules
from badgeissuer.rules.terms import AwardState, DuplicatePolicy
from badgeissuer.services import drafting, minting, notifying, stack_jobs, statuses, superseding
from badgeissuer.services.identifying import Recipient
from badgeissuer.services.selecting import Edition
from badgeissuer.services.superseding import Ended
from badgeissuer.store.assessment import Decision
from badgeissuer.store.awards import Award, Credential
from badgeissuer.store.catalog import AchievementVersion
from badgeissuer.store.insert import columns_of, insert_rows, padded
from badgeissuer.store.people import Subject
from badgeissuer.vc.build import EvidenceFacts, ResultFacts
from badgeissuer.work import Work

_LIVE = (AwardState.ACTIVE, AwardState.SUSPENDED)

# The award of an achievement that a subject holds: by the ids of both.
Standing = dict[tuple[UUID, UUID], Award]


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
    """An award that may be made: its terms, its credential as a draft, the edition that ends an earlier one
    (``superseding.prepare``)."""

    terms: rules.Terms
    grounds: Grounds
    credential: drafting.CredentialDraft
    replaced: statuses.Edition | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """An award that is wanted: of what, for whom, on what grounds. ``subject`` where the issuer knows the earner."""

    edition: Edition
    recipient: Recipient
    grounds: Grounds
    subject: Subject | None


@dataclass(frozen=True, slots=True)
class Due:
    """An award that is to be made now: its decision's row is there, and nothing stands against it.

    ``earlier`` is the award that it replaces.
    """

    decision: Decision
    edition: Edition
    subject: Subject
    drafted: AwardDraft
    earlier: Award | None = None


async def draft(work: Work, wanted: Wanted) -> AwardDraft:
    """Check the rules and prepare one credential, before the writer is taken.

    Raises ``NotAwardable``, ``Rejected`` with every fault of the document, ``Conflict`` naming an award that exists.
    """
    [drafted] = await draft_all(work, [wanted])
    if isinstance(drafted, BadgeissuerError):
        raise drafted
    return drafted


async def draft_all(work: Work, wanted: Sequence[Wanted]) -> list[AwardDraft | BadgeissuerError]:
    """The same for many; each has its draft or its own error."""
    standing = await standing_awards(
        work, holders=[(each.subject, each.edition.version) for each in wanted if each.subject]
    )
    outcomes: list[_Terms | BadgeissuerError] = []
    for each in wanted:
        try:
            outcomes.append(_terms(work, each, standing))
        except BadgeissuerError as error:
            outcomes.append(error)
    replaced = await superseding.prepare(
        work,
        [
            Ended(found.earlier, each.edition.issuer)
            for each, found in zip(wanted, outcomes, strict=True)
            if isinstance(found, _Terms) and found.earlier is not None
        ],
    )
    contents = [
        _contents(each, found.terms) for each, found in zip(wanted, outcomes, strict=True) if isinstance(found, _Terms)
    ]
    credentials = iter(await drafting.draft_all(work, contents))
    drafts: list[AwardDraft | BadgeissuerError] = []
    for each, outcome in zip(wanted, outcomes, strict=True):
        if isinstance(outcome, BadgeissuerError):
            drafts.append(outcome)
            continue
        credential = next(credentials)
        if isinstance(credential, BadgeissuerError):
            drafts.append(credential)
        else:
            drafts.append(AwardDraft(outcome.terms, each.grounds, credential, replaced if outcome.earlier else None))
    return drafts


async def award(
    work: Work, *, decision: Decision, edition: Edition, subject: Subject, drafted: AwardDraft
) -> tuple[Award, Credential]:
    """Make one award, as ``award_all`` does.

    Raises ``Conflict`` naming the award that exists, where the achievement's policy denies a second one.
    """
    standing = await standing_awards(work, holders=[(subject, edition.version)])
    earlier = earlier_award(work, version=edition.version, subject=subject, standing=standing)
    [made] = await award_all(work, [Due(decision, edition, subject, drafted, earlier)])
    return made


async def award_all(work: Work, due: Sequence[Due]) -> list[tuple[Award, Credential]]:
    """Make awards and mint their credentials. The subjects' rows are locked, so the duplicate rule holds under races.

    What goes wrong here goes wrong for all: nothing that is particular to one is left to be found.
    """
    ended = [Ended(each.earlier, each.edition.issuer) for each in due if each.earlier is not None]
    prepared = next((each.drafted.replaced for each in due if each.earlier is not None), None)
    await superseding.supersede(work, ended, prepared=prepared)
    awards = [_row(work, each) for each in due]
    await insert_rows(work.session, Award, [columns_of(award) for award in awards])
    for award, each in zip(awards, due, strict=True):
        if each.earlier is not None:
            each.earlier.superseded_by_id = award.id
    drafted = {award.id: each.drafted.credential for award, each in zip(awards, due, strict=True)}
    credentials = await minting.mint_all(work, drafted=drafted)
    earners = [each.subject.earner_id for each in due]
    changes = [(award.achievement_id, earner_id) for award, earner_id in zip(awards, earners, strict=True)]
    await stack_jobs.members_changed(work, changes=changes)
    issuers = (each.edition.issuer for each in due)
    await notifying.notices_due(work, awards=zip(awards, issuers, earners, strict=True))
    for award in awards:
        credential = str(credentials[award.id].id)
        work.emit("award.issued", "award", award.id, issuer_id=award.issuer_id, credential=credential)
    return [(award, credentials[award.id]) for award in awards]


def earlier_award(work: Work, *, version: AchievementVersion, subject: Subject, standing: Standing) -> Award | None:
    """The award that a second one takes the place of; None where there is none, or both may stand.

    Raises ``Conflict`` naming the award that exists, where the achievement's policy denies a second one.
    """
    live = standing.get((subject.id, version.achievement_id))
    verdict = rules.duplicate(version.as_parts().duplicates, live is not None)
    if verdict == "deny" and live is not None:
        raise Conflict(
            "the earner holds this achievement already, and its policy allows one award",
            existing=award_url(work.base_url, live.id),
        )
    return live if verdict == "replace" else None


async def credential_of(work: Work, *, award: Award) -> Credential:
    """The award's credential with an embedded proof."""
    return (
        await work.session.scalars(
            select(Credential).where(Credential.award_id == award.id, Credential.media_type == minting.MEDIA_TYPE)
        )
    ).one()


def award_url(base_url: str, award_id: UUID) -> str:
    return f"{base_url}/v1/awards/{award_id}"


async def standing_awards(work: Work, *, holders: Iterable[tuple[Subject, AchievementVersion]]) -> Standing:
    """The newest award that stands of each achievement to each subject. In a unit that writes, it is locked."""
    pairs = {(subject.id, version.achievement_id) for subject, version in holders}
    if not pairs:
        return {}
    query = (
        select(Award)
        .where(
            Award.subject_id.in_(padded(subject_id for subject_id, _ in pairs)),
            Award.achievement_id.in_(padded(achievement_id for _, achievement_id in pairs)),
            Award.state.in_(_LIVE),
        )
        .order_by(Award.awarded_at, Award.id)
    )
    if work.writing:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = {(award.subject_id, award.achievement_id): award for award in await work.session.scalars(query)}
    return {pair: award for pair, award in found.items() if pair in pairs}


@dataclass(frozen=True, slots=True)
class _Terms:
    terms: rules.Terms
    earlier: Award | None


def _terms(work: Work, wanted: Wanted, standing: Standing) -> _Terms:
    terms = rules.terms(
        wanted.grounds.facts,
        now=work.now,
        valid_for_days=wanted.edition.version.as_parts().valid_for_days,
        valid_until=wanted.grounds.valid_until,
    )
    if wanted.subject is None:
        return _Terms(terms, None)
    earlier = earlier_award(work, version=wanted.edition.version, subject=wanted.subject, standing=standing)
    return _Terms(terms, earlier)


def _contents(wanted: Wanted, terms: rules.Terms) -> drafting.Contents:
    grounds = wanted.grounds
    return drafting.Contents(
        issuer=wanted.edition.issuer,
        achievement=wanted.edition.version.document,
        purpose=wanted.edition.version.as_parts().status_purpose,
        subject_id=wanted.recipient.subject_id,
        identities=wanted.recipient.identities,
        results=grounds.results,
        evidence=grounds.evidence,
        awarded=grounds.awarded,
        valid_until=terms.valid_until,
        activity_start=grounds.activity_start,
        activity_end=grounds.activity_end,
        credits_earned=grounds.credits_earned,
    )


def _row(work: Work, due: Due) -> Award:
    return Award(
        id=work.new_id(),
        issuer_id=due.edition.issuer.id,
        subject_id=due.subject.id,
        achievement_id=due.edition.version.achievement_id,
        achievement_version_id=due.edition.version.id,
        decision_id=due.decision.id,
        external_reference=due.decision.external_reference,
        sole=due.edition.version.as_parts().duplicates is not DuplicatePolicy.ALLOW,
        state=AwardState.ACTIVE,
        state_reason=None,
        state_changed_at=work.now,
        awarded_at=due.drafted.grounds.awarded,
        valid_until=due.drafted.terms.valid_until,
        superseded_by_id=None,
        school=due.drafted.grounds.affiliation.get("school"),
        district=due.drafted.grounds.affiliation.get("district"),
        jurisdiction=due.drafted.grounds.affiliation.get("state"),
        created_at=work.now,
    )


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
