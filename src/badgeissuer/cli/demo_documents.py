"""What the demo has signed beside credentials: endorsements of a recognizer, and learner records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, select

from badgeissuer.cli.content_kinds import EndorsementContent, RecordContent
from badgeissuer.rules.endorsing import StandingPolicy
from badgeissuer.rules.terms import AwardState, EndorsedKind, IdentityKind
from badgeissuer.runtime import Runtime
from badgeissuer.services import bundling, endorsing
from badgeissuer.services.access import operator
from badgeissuer.services.bundling_choice import Choice
from badgeissuer.services.endorsing import EndorsementGiven
from badgeissuer.services.identifying import EarnerGiven
from badgeissuer.services.registering import OPERATOR_SLUG
from badgeissuer.store.awards import Award
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.clrs import Clr
from badgeissuer.store.endorsements import Endorsement
from badgeissuer.store.people import EarnerIdentity, Subject

_STANDS = (AwardState.ACTIVE, AwardState.SUSPENDED)


@dataclass(frozen=True, slots=True)
class RecordLoaded:
    """A learner record of the demo."""

    url: str
    name: str
    earner: str
    members: int


async def load_endorsement(runtime: Runtime, given: EndorsementContent, *, ids: Mapping[str, UUID]) -> int:
    """By its name an endorsement of a body is found again; 0 where it is there, revoked or not."""
    async with runtime.begin(operator()) as work:
        known = await work.session.scalar(
            select(Endorsement.id)
            .join(Issuer, Issuer.id == Endorsement.issuer_id)
            .where(Issuer.slug == given.by, Endorsement.name == given.name)
        )
        if known is not None:
            return 0
        if isinstance(given.of, str):
            of = {EndorsedKind.ISSUER: given.of}
        else:
            of = {EndorsedKind.ACHIEVEMENT: str(ids[given.of.key])}
        said = EndorsementGiven(
            of=of, comment=given.comment, name=given.name, standing=StandingPolicy(embed=given.embed)
        )
        await endorsing.endorse(work, endorser=given.by, given=said)
        return 1


async def load_record(runtime: Runtime, given: RecordContent) -> int:
    """By earner, signer and name a record is found again; 0 where it is there, revoked or not."""
    async with runtime.begin(operator()) as work:
        slug = given.issuer or OPERATOR_SLUG
        earner_id = await work.session.scalar(
            select(EarnerIdentity.earner_id).where(
                EarnerIdentity.kind == IdentityKind.EMAIL, EarnerIdentity.value == given.earner.email
            )
        )
        there = exists().where(
            Clr.issuer_id == Issuer.id, Issuer.slug == slug, Clr.earner_id == earner_id, Clr.name == given.name
        )
        if earner_id is None or await work.session.scalar(select(there)):
            return 0
        if given.issuer is not None:
            earner = EarnerGiven(email=given.earner.email)
            await bundling.bundle(work, issuer=given.issuer, earner=earner, choice=Choice(), name=given.name)
            return 1
        awards = await work.session.scalars(
            select(Award.id)
            .join(Subject, Subject.id == Award.subject_id)
            .where(Subject.earner_id == earner_id, Award.state.in_(_STANDS))
            .order_by(Award.awarded_at, Award.id)
        )
        await bundling.bundle_for_earner(work, earner_id=earner_id, award_ids=tuple(awards), name=given.name)
        return 1


async def endorsements(runtime: Runtime, given: Sequence[EndorsementContent]) -> tuple[str, ...]:
    """The addresses of the content's endorsements, oldest first."""
    async with runtime.begin(operator()) as work:
        found = await work.session.scalars(
            select(Endorsement.url)
            .join(Issuer, Issuer.id == Endorsement.issuer_id)
            .where(Issuer.slug.in_({each.by for each in given}), Endorsement.name.in_({each.name for each in given}))
            .order_by(Endorsement.created_at, Endorsement.id)
        )
        return tuple(found)


async def records(runtime: Runtime, given: Sequence[RecordContent]) -> tuple[RecordLoaded, ...]:
    """The content's records, in its order."""
    async with runtime.begin(operator()) as work:
        rows = await work.session.execute(
            select(EarnerIdentity.value, Clr)
            .join(Clr, Clr.earner_id == EarnerIdentity.earner_id)
            .where(
                EarnerIdentity.value.in_({each.earner.email for each in given}),
                Clr.name.in_({each.name for each in given}),
            )
            .order_by(Clr.created_at.desc(), Clr.id.desc())
        )
        found = {(email, record.name): record for email, record in rows.all()}
    return tuple(
        RecordLoaded(record.url, record.name, each.earner.name, record.members)
        for each in given
        if (record := found.get((each.earner.email, each.name))) is not None
    )
