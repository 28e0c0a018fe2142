"""What a credential's page tells: the signed text, how it stands now, how its earner shows it, its stacks, who endorses
it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from badgeissuer.errors import NotFound
from badgeissuer.rules.terms import AwardState, VersionState, Visibility
from badgeissuer.services import publishing, verifying
from badgeissuer.services.endorsing_facts import Shown, endorsements_of
from badgeissuer.services.stack_facts import stack_url
from badgeissuer.store.awards import Award
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.people import Subject
from badgeissuer.store.stacks import Stack, StackItem, StackVersion
from badgeissuer.vc.verify import Report
from badgeissuer.work import Work

# A page lists so many; the stacks' own pages list all.
MOST_STACKS = 10


@dataclass(frozen=True, slots=True)
class InStack:
    """A stack in its published edition: one that looks at the achievement, or the one whose completion it says."""

    name: str
    issuer: str
    url: str


@dataclass(frozen=True, slots=True)
class Exhibit:
    """``listed``: the earner lets search engines show the page. ``holder``: their name, where they want it shown.

    ``superseded``: a newer award has taken its place; ``successor`` is the address of that one's credential, if anybody
    may see it. The report is of ``now``.
    """

    award_id: UUID
    document: dict[str, Any]
    report: Report
    now: datetime
    superseded: bool
    successor: str | None
    listed: bool
    holder: str | None
    completes: InStack | None
    toward: tuple[InStack, ...]
    endorsements: tuple[Shown, ...]


async def exhibit(work: Work, *, credential_id: UUID) -> Exhibit:
    """All that the page of a credential of ours shows. Raises ``NotFound``, as for its other forms."""
    query = (
        publishing.public_credential(credential_id)
        .add_columns(Award, Subject.name, Stack.id, StackVersion.name, Issuer.name)
        .join(Subject, Subject.id == Award.subject_id)
        .outerjoin(Stack, Stack.achievement_id == Award.achievement_id)
        .outerjoin(StackVersion, (StackVersion.stack_id == Stack.id) & (StackVersion.state == VersionState.PUBLISHED))
        .outerjoin(Issuer, Issuer.id == Stack.issuer_id)
    )
    found = (await work.session.execute(query)).one_or_none()
    if found is None:
        raise NotFound("no such credential")
    credential, award, name, stack_id, stack_name, stack_issuer = found
    # Verifying may give the connection back, and with it the rows that were read: these stay as they are.
    work.session.expunge(credential)
    work.session.expunge(award)
    report = await verifying.verify(work, data=credential.text.encode(), keep=True, known=award.state)
    superseded = award.state is AwardState.SUPERSEDED
    return Exhibit(
        award_id=award.id,
        document=json.loads(credential.text),
        report=report,
        now=work.now,
        superseded=superseded,
        successor=await publishing.successor_url(work, credential) if superseded else None,
        listed=award.visibility is Visibility.PUBLIC,
        holder=name if award.name_shown else None,
        completes=InStack(stack_name, stack_issuer, stack_url(work.base_url, stack_id)) if stack_name else None,
        toward=await _toward(work, award.achievement_id),
        endorsements=tuple(await endorsements_of(work, credential, report=report)),
    )


async def _toward(work: Work, achievement_id: UUID) -> tuple[InStack, ...]:
    """The stacks, of any issuer, that look at the achievement."""
    stacks = await work.session.execute(
        select(StackVersion.stack_id, StackVersion.name, Issuer.name)
        .join(StackItem, StackItem.stack_version_id == StackVersion.id)
        .join(Issuer, Issuer.id == StackVersion.issuer_id)
        .where(StackItem.achievement_id == achievement_id, StackVersion.state == VersionState.PUBLISHED)
        .order_by(StackVersion.name, StackVersion.stack_id)
        .limit(MOST_STACKS)
    )
    return tuple(InStack(name, issuer, stack_url(work.base_url, stack_id)) for stack_id, name, issuer in stacks)
