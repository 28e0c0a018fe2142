"""Loads the demo content through the verbs that the API uses.

Every step is one unit of work and finds what it made before by a reference that never changes: issuers by slug,
achievements by code, decisions by external reference, assessments by assessor, stacks by what they award. So a second
load makes nothing new, and a load that was killed goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from badgeissuer.cli import demo_documents, demo_stacks
from badgeissuer.cli.content import load_content
from badgeissuer.cli.content_kinds import (
    AchievementContent,
    AssessmentContent,
    Content,
    DecisionContent,
    IssuerContent,
)
from badgeissuer.cli.demo_documents import RecordLoaded
from badgeissuer.cli.demo_stacks import StackLoaded
from badgeissuer.drawing import workshop
from badgeissuer.errors import Misconfigured
from badgeissuer.rules.terms import AssessmentMode, AwardState, DecisionSource, DecisionState
from badgeissuer.runtime import Runtime
from badgeissuer.services import assessing, deciding, defining, illustrating, operating, registering, revoking
from badgeissuer.services.access import operator
from badgeissuer.services.decision_rows import Asking
from badgeissuer.services.grounds import Attempt, EvidenceGiven
from badgeissuer.services.identifying import EarnerGiven
from badgeissuer.services.judging import AssessmentGiven, Judgement, Person
from badgeissuer.store.assessment import AssessmentRow, Decision
from badgeissuer.store.awards import EMBEDDED, Award, Credential
from badgeissuer.store.catalog import Achievement, AchievementVersion, Issuer
from badgeissuer.store.people import EarnerIdentity, Subject
from badgeissuer.work import Work


@dataclass(frozen=True, slots=True)
class Issued:
    """One credential of the demo, for the list that the command prints."""

    url: str
    achievement: str
    issuer: str
    earner: str
    state: AwardState


@dataclass(frozen=True, slots=True)
class Loaded:
    """What stands now. ``new`` counts what this load made: 0 where everything was there before."""

    new: int
    issuers: tuple[str, ...]
    achievements: int
    drafts: int
    decisions: int
    issued: tuple[Issued, ...]
    stacks: tuple[StackLoaded, ...]
    endorsements: tuple[str, ...]
    records: tuple[RecordLoaded, ...]
    # E-mail addresses of those whose way through a stack is told.
    people: tuple[str, ...]


async def load_demo(runtime: Runtime, *, content: Content | None = None) -> Loaded:
    """Bring the database to hold the demo content; what people changed since is left as it is.

    Raises ``Misconfigured`` where the data belong to another base URL: ids cannot follow a new one.
    """
    given = content or load_content()
    new = 0
    for issuer in given.issuers:
        new += await _issuer(runtime, issuer)
    async with runtime.begin(operator()) as work:
        new += int(await operating.make_operator(work))
    ids: dict[str, UUID] = {}
    for achievement in given.achievements:
        ids[achievement.key], made = await _achievement(runtime, achievement)
        new += made
    for endorsement in given.endorsements:
        new += await demo_documents.load_endorsement(runtime, endorsement, ids=ids)
    for stack in given.stacks:
        if stack.first:
            new += await demo_stacks.load_stack(runtime, stack, ids=ids)
    await demo_stacks.complete(runtime)
    for decision in given.decisions:
        new += await _decision(runtime, decision, achievement_id=ids[decision.achievement.key])
    for stack in given.stacks:
        new += await demo_stacks.load_stack(runtime, stack, ids=ids)
    await demo_stacks.complete(runtime)
    for record in given.records:
        new += await demo_documents.load_record(runtime, record)
    return Loaded(
        new=new,
        issuers=tuple(registering.issuer_page(runtime.settings.base_url, issuer.slug) for issuer in given.issuers),
        achievements=sum(achievement.publish for achievement in given.achievements),
        drafts=sum(not achievement.publish for achievement in given.achievements),
        decisions=len(given.decisions),
        issued=await _issued(runtime, given),
        stacks=await demo_stacks.standings(runtime, given.stacks, ids=ids),
        endorsements=await demo_documents.endorsements(runtime, given.endorsements),
        records=await demo_documents.records(runtime, given.records),
        people=tuple(earner.email for stack in given.stacks for earner in stack.shown),
    )


async def _issuer(runtime: Runtime, given: IssuerContent) -> int:
    async with runtime.begin(operator()) as work:
        did = registering.issuer_did(work.base_url, given.slug)
        known = await work.session.scalar(select(Issuer.did).where(Issuer.slug == given.slug))
        if known is not None and known != did:
            raise Misconfigured(
                f"the data were made under another base URL ({known}): "
                "choose another --data-dir, or go back to that base URL"
            )
        if known is None:
            await registering.register_issuer(work, slug=given.slug, profile=given.profile)
        return int(known is None)


async def _achievement(runtime: Runtime, given: AchievementContent) -> tuple[UUID, int]:
    """Draft and publication are one unit of work, so that none stays a draft that should not."""
    async with runtime.begin(operator()) as work:
        known = await work.session.scalar(
            select(Achievement.id)
            .join(Issuer, Issuer.id == Achievement.issuer_id)
            .where(Issuer.slug == given.issuer, Achievement.code == given.code)
        )
        if known is not None:
            return known, 0
        achievement, _ = await defining.draft_achievement(
            work, issuer=given.issuer, document=given.document, parts=given.parts
        )
        if given.art is not None:
            cleaned = await workshop.cleaned(given.art.picture)
            await illustrating.illustrate_achievement(
                work, achievement_id=achievement.id, cleaned=cleaned, caption=given.art.caption
            )
        if given.publish:
            await defining.publish(work, achievement_id=achievement.id)
        return achievement.id, 1


async def _decision(runtime: Runtime, given: DecisionContent, *, achievement_id: UUID) -> int:
    new = 0
    async with runtime.begin(operator()) as work:
        if await _find(work, given) is None:
            await _record(work, given, achievement_id=achievement_id)
            new += 1
    for assessment in given.assessments[1:]:
        async with runtime.begin(operator()) as work:
            new += await _assess(work, given, assessment)
    for action, reason in given.later:
        async with runtime.begin(operator()) as work:
            award = await work.session.scalar(select(Award).join(Decision).where(_this(given)))
            # Only an award that nobody has touched: every change leaves its reason, a reinstatement too.
            if award is not None and award.state is AwardState.ACTIVE and award.state_reason is None:
                await revoking.change_state(work, award_id=award.id, action=action, reason=reason)
                new += 1
    return new


async def _record(work: Work, given: DecisionContent, *, achievement_id: UUID) -> None:
    """The decision with its outcome, or with the first assessment."""
    judgement = None
    levels: Mapping[str, str] = {}
    if given.judgement is not None:
        external = given.achievement.parts.assessment.assessors is AssessmentMode.EXTERNAL
        judgement = Judgement(
            outcome=given.judgement.outcome,
            by=Person(id=given.judgement.assessor.id, name=given.judgement.assessor.name),
            at=given.judgement.decided_at,
            source=DecisionSource.EXTERNAL if external else DecisionSource.PLATFORM,
        )
        levels = given.judgement.levels
    earner = given.earner
    asking = Asking(
        achievement_id=achievement_id,
        version=None,
        earner=EarnerGiven(email=earner.email, name=earner.name, licence_id=earner.licence_id),
        attempt=Attempt(
            results=[{"result_description": name, "achieved_level": level} for name, level in levels.items()],
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
                for item in given.evidence
            ),
            affiliation={"school": earner.school, "district": earner.district, "state": earner.state},
            feedback=given.feedback,
        ),
        external_reference=given.reference,
        judgement=judgement,
        assessments=tuple(_given(item) for item in given.assessments[:1]),
    )
    await deciding.record_decision(work, asking)


async def _assess(work: Work, given: DecisionContent, assessment: AssessmentContent) -> int:
    decision = await _find(work, given)
    if decision is None or decision.state is DecisionState.DECIDED:
        return 0
    there = await work.session.scalar(
        select(AssessmentRow.id).where(
            AssessmentRow.decision_id == decision.id, AssessmentRow.assessor_id == assessment.assessor.id
        )
    )
    if there is not None:
        return 0
    await assessing.record_assessment(work, decision_id=decision.id, given=_given(assessment))
    return 1


def _given(assessment: AssessmentContent) -> AssessmentGiven:
    return AssessmentGiven(
        by=Person(id=assessment.assessor.id, name=assessment.assessor.name),
        levels=dict(assessment.levels),
        at=assessment.at,
        role=assessment.role,
        feedback=assessment.feedback,
    )


async def _find(work: Work, given: DecisionContent) -> Decision | None:
    return await work.session.scalar(select(Decision).where(_this(given)))


def _this(given: DecisionContent) -> ColumnElement[bool]:
    """References are unique within an issuer."""
    owner = select(Issuer.id).where(Issuer.slug == given.achievement.issuer).scalar_subquery()
    return and_(Decision.issuer_id == owner, Decision.external_reference == given.reference)


async def _issued(runtime: Runtime, content: Content) -> tuple[Issued, ...]:
    """The credentials of the demo's decisions, in the order of the content; then those that stacks awarded."""
    order = {decision.reference: n for n, decision in enumerate(content.decisions)}
    people = {earner.email: earner.name for earner in content.earners}
    crowns = [stack.awards.code for stack in content.stacks]
    async with runtime.begin(operator()) as work:
        rows = await work.session.execute(
            select(
                Decision.external_reference,
                Credential.url,
                AchievementVersion.name,
                Issuer.name,
                EarnerIdentity.value,
                Award.state,
            )
            .join(Award, Award.decision_id == Decision.id)
            .join(Credential, (Credential.award_id == Award.id) & (Credential.media_type == EMBEDDED))
            .join(Issuer, Issuer.id == Decision.issuer_id)
            .join(Achievement, Achievement.id == Award.achievement_id)
            .join(AchievementVersion, AchievementVersion.id == Award.achievement_version_id)
            .join(Subject, Subject.id == Award.subject_id)
            .join(EarnerIdentity, EarnerIdentity.earner_id == Subject.earner_id)
            .where(
                EarnerIdentity.value.in_(people),
                Decision.external_reference.in_(order)
                | ((Decision.source == DecisionSource.STACK) & Achievement.code.in_(crowns)),
            )
            .order_by(Award.awarded_at, Award.id)
        )
        found = sorted(rows.all(), key=lambda row: order.get(row[0] or "", len(order)))
    return tuple(
        Issued(url=url, achievement=name, issuer=issuer, earner=people[email], state=state)
        for _, url, name, issuer, email, state in found
    )
