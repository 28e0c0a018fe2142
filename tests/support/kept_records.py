"""Records as the service keeps them, made below its verbs: so that a test chooses every member and every row."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from badgeissuer.rules.terms import ClrState, StatusPurpose
from badgeissuer.services import statuses
from badgeissuer.services.access import operator
from badgeissuer.services.signing import current_key, sign
from badgeissuer.store.awards import EMBEDDED, Award, Credential
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.clrs import AdmittedBadge, Clr, ClrMember
from badgeissuer.store.people import Subject
from badgeissuer.vc import lint
from badgeissuer.vc.build import AssociationFacts, ClrFacts, clr_credential
from badgeissuer.vc.status import status_entry
from badgeissuer.work import Work, digest
from tests.support import issued
from tests.support.app import Service

Json = dict[str, Any]


async def keep(
    service: Service,
    *members: str | Json,
    issuer: str = "kvec",
    name: str = "Learner record",
    partial: bool | None = False,
    associations: tuple[tuple[str, str, str], ...] = (),
    achievements: tuple[Json, ...] = (),
    **given: Any,
) -> Clr:
    """A signed record, stored. A member is the id of an award here, or a document from elsewhere."""
    async with service.runtime.begin(operator()) as work:
        row = (await work.session.scalars(select(Issuer).where(Issuer.slug == issuer))).one()
        credentials = [await _credential(work, each) for each in members if isinstance(each, str)]
        awards = {credential.award_id: credential for credential in credentials}
        award = await work.session.get(Award, credentials[0].award_id)
        assert award is not None
        subject = await work.session.get(Subject, award.subject_id)
        assert subject is not None
        documents = [each if not isinstance(each, str) else json.loads(awards[UUID(each)].text) for each in members]
        place = await statuses.find_place(work, issuer=row, purpose=StatusPurpose.REVOCATION)
        clr_id = work.new_public_id()
        url = f"{work.base_url}/clrs/{clr_id}"
        facts = ClrFacts(
            credential_id=url,
            issuer=row.profile,
            name=name,
            subject_id=subject.urn,
            identities=(),
            members=tuple(documents),
            valid_from=work.now,
            valid_until=None,
            status=status_entry(list_url=place.url, index=place.index, purpose="revocation"),
            partial=partial,
            achievements=achievements,
            associations=tuple(AssociationFacts(*each) for each in associations),
        )
        document = clr_credential(replace(facts, **given))
        form = await work.sandbox.canonicalize(document, budget=lint.clr_budget(document))
        prepared = lint.prepare_clr(document, form, now=work.now, allow_loopback=work.settings.loopback)
        await work.begin_write()
        signed = sign(work, prepared=prepared, key=await current_key(work, issuer_id=row.id))
        assert await statuses.reserve(work, place=place, credential_id=clr_id, issuer=row)
        clr = Clr(
            id=clr_id,
            issuer_id=row.id,
            earner_id=subject.earner_id,
            url=url,
            name=name,
            cryptosuite="eddsa-rdfc-2022",
            key_id=signed.key.id,
            text=signed.text,
            sha256=signed.sha256,
            size=len(signed.text.encode()),
            members=len(members),
            partial=bool(partial),
            choice={},
            state=ClrState.ACTIVE,
            state_reason=None,
            state_changed_at=work.now,
            created_at=work.now,
        )
        work.session.add(clr)
        await work.session.flush()
        for position, each in enumerate(members):
            credential = awards[UUID(each)] if isinstance(each, str) else None
            admitted = None if credential is not None else await _admitted(work, clr, documents[position])
            work.session.add(
                ClrMember(
                    clr_id=clr.id,
                    position=position,
                    issuer_id=row.id,
                    award_id=None if credential is None else credential.award_id,
                    credential_id=None if credential is None else credential.id,
                    admitted_badge_id=admitted,
                )
            )
        await statuses.count_one(work, list_id=place.list_id)
    return clr


async def take_back(service: Service, clr: Clr, *, newer: Clr | None = None) -> None:
    """Revoke a record, or have another take its place."""
    async with service.runtime.begin(operator()) as work:
        issuer = await work.session.get(Issuer, clr.issuer_id)
        assert issuer is not None
        await work.begin_write()
        row = await work.session.get(Clr, clr.id)
        assert row is not None
        row.state, row.replaced_by_id = ClrState.REVOKED, newer.id if newer is not None else None
        await statuses.publish_bit(work, issuer=issuer, credential_id=clr.id, value=True, prepared=None)


async def overwrite(service: Service, clr: Clr, document: Json) -> None:
    """What somebody does who has the database: another text under the same id."""
    async with service.runtime.begin(operator()) as work:
        await work.begin_write()
        row = await work.session.get(Clr, clr.id)
        assert row is not None
        row.text = json.dumps(document)


def foreign(number: int = 1, **members: Any) -> Json:
    """A badge of another issuer, which only the world outside can vouch for."""
    facts = replace(issued.facts(), credential_id=f"{issued.BASE}/credentials/{number}")
    return issued.resigned(issued.signed(facts) | members) if members else issued.signed(facts)


async def _credential(work: Work, award_id: str) -> Credential:
    query = select(Credential).where(Credential.award_id == UUID(award_id), Credential.media_type == EMBEDDED)
    return (await work.session.scalars(query)).one()


async def _admitted(work: Work, clr: Clr, document: Json) -> UUID:
    text = json.dumps(document)
    known = await work.session.scalar(
        select(AdmittedBadge.id).where(
            AdmittedBadge.issuer_id == clr.issuer_id,
            AdmittedBadge.earner_id == clr.earner_id,
            AdmittedBadge.sha256 == digest(text),
        )
    )
    if known is not None:
        return known
    badge = AdmittedBadge(
        id=work.new_id(),
        issuer_id=clr.issuer_id,
        earner_id=clr.earner_id,
        media_type="application/json",
        text=text,
        sha256=digest(text),
        name="From elsewhere",
        issuer_name="Another",
        verdict="valid",
        report={},
        created_at=work.now,
    )
    work.session.add(badge)
    await work.session.flush()
    return badge.id
