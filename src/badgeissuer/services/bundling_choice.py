"""Which of an earner's awards, and of the badges admitted for them, go into a record."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from badgeissuer.errors import Fault, Rejected
from badgeissuer.rules.terms import AwardState, VersionState, Visibility
from badgeissuer.store.awards import EMBEDDED, Award, Credential
from badgeissuer.store.clrs import AdmittedBadge
from badgeissuer.store.people import Subject
from badgeissuer.store.stacks import Stack, StackItem, StackVersion
from badgeissuer.vc import limits
from badgeissuer.work import Work

MOST_MEMBERS = limits.CLR_MEMBERS
# What a record says beside its members takes far less than this.
_OWN_BYTES = limits.MIB
_LIVE = (AwardState.ACTIVE, AwardState.SUSPENDED)


@dataclass(frozen=True, slots=True)
class Choice:
    """Awards by id; or, where none is named, all that fit. Badges from elsewhere only by id.

    All of them, named ones too, are in one of ``states``. ``split`` makes parts that every peer takes, where the whole
    is larger. Ranges are half-open: from ≤ date < before.
    """

    award_ids: tuple[UUID, ...] = ()
    admission_ids: tuple[UUID, ...] = ()
    achievement_ids: tuple[UUID, ...] = ()
    stack_id: UUID | None = None
    states: tuple[AwardState, ...] = _LIVE
    awarded_from: datetime | None = None
    awarded_before: datetime | None = None
    split: bool = False

    def as_json(self) -> dict[str, Any]:
        """For a column or a job."""
        return {
            "awards": [str(each) for each in self.award_ids],
            "admissions": [str(each) for each in self.admission_ids],
            "achievements": [str(each) for each in self.achievement_ids],
            "stack": None if self.stack_id is None else str(self.stack_id),
            "states": [state.value for state in self.states],
            "awarded_from": None if self.awarded_from is None else self.awarded_from.isoformat(),
            "awarded_before": None if self.awarded_before is None else self.awarded_before.isoformat(),
            "split": self.split,
        }

    @classmethod
    def of_json(cls, given: dict[str, Any]) -> Choice:
        """From what ``as_json`` made."""
        since, before = given["awarded_from"], given["awarded_before"]
        return cls(
            award_ids=tuple(map(UUID, given["awards"])),
            admission_ids=tuple(map(UUID, given["admissions"])),
            achievement_ids=tuple(map(UUID, given["achievements"])),
            stack_id=None if given["stack"] is None else UUID(given["stack"]),
            states=tuple(map(AwardState, given["states"])),
            awarded_from=None if since is None else datetime.fromisoformat(since),
            awarded_before=None if before is None else datetime.fromisoformat(before),
            split=given["split"],
        )


@dataclass(frozen=True, slots=True)
class Source:
    """Where a member comes from: the credential of an award here, or a badge from elsewhere. ``size`` in characters."""

    issuer_id: UUID
    size: int
    award_id: UUID | None = None
    credential_id: UUID | None = None
    achievement_id: UUID | None = None
    admission_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose record, signed by whom. ``across``: the earner's own wish, over all issuers, signed by the operator."""

    signer_id: UUID
    earner_id: UUID
    choice: Choice
    across: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """What goes in, in order; and whether the signer knows of more that stands."""

    sources: tuple[Source, ...]
    partial: bool

    @property
    def size(self) -> int:
        return sum(source.size for source in self.sources)


@dataclass(frozen=True, slots=True)
class _Known:
    source: Source
    state: AwardState
    awarded: datetime
    visibility: Visibility

    @property
    def award_id(self) -> UUID:
        assert self.source.award_id is not None
        return self.source.award_id


async def choose(work: Work, asked: Asked) -> Chosen:
    """What the choice means now. Raises ``Rejected``: for names of nothing, for nothing at all, for too much."""
    known = await _awards(work, asked)
    badges = await _admitted(work, asked)
    choice, faults = asked.choice, list[Fault]()
    if choice.award_ids:
        picked = list(_named(known, asked, faults))
    else:
        of_stack = None if choice.stack_id is None else await stack_achievements(work, stack_id=choice.stack_id)
        picked = [each for each in known if _open(each, asked) and _fits(each, choice, of_stack)]
    for n, admission_id in enumerate(choice.admission_ids):
        if admission_id not in badges:
            detail = "no badge that was admitted for this earner has this id"
            faults.append(Fault(f"/admitted_badges/{n}", detail, "reference"))
    if faults:
        raise Rejected("the record cannot hold what was named; see the faults", faults=faults)
    sources = [each.source for each in picked]
    sources += [badges[admission_id] for admission_id in dict.fromkeys(choice.admission_ids)]
    standing = {each.award_id for each in known if each.state in _LIVE}
    partial = not standing.issubset({source.award_id for source in sources})
    chosen = Chosen(tuple(sources), partial or len(badges) > len(set(choice.admission_ids)))
    _refuse_amount(chosen, split=choice.split)
    return chosen


async def renewed(work: Work, asked: Asked) -> Choice:
    """The choice for a new edition: awards that were replaced by their successors, without those that ended."""
    if not asked.choice.award_ids:
        return asked.choice
    query = select(Award.id, Award.state, Award.superseded_by_id).join(Subject, Subject.id == Award.subject_id)
    rows = (await work.session.execute(query.where(Subject.earner_id == asked.earner_id))).all()
    awards = {row[0]: (row[1], row[2]) for row in rows}
    kept: dict[UUID, None] = {}
    for award_id in asked.choice.award_ids:
        current = award_id
        while (successor := awards[current][1]) is not None:
            current = successor
        if awards[current][0] in asked.choice.states:
            kept[current] = None
    if not kept and not asked.choice.admission_ids:
        raise Rejected("nothing of what the record held stands any more", faults=[Fault("", "is empty", "empty")])
    # No award named would mean all of them: where none of the named stands, a choice of no achievement takes its place.
    return replace(asked.choice, award_ids=tuple(kept), states=asked.choice.states if kept else ())


async def _awards(work: Work, asked: Asked) -> list[_Known]:
    """All awards of the earner that the signer may put into a record, oldest first."""
    query = (
        select(
            Award.id,
            Award.issuer_id,
            Award.achievement_id,
            Award.state,
            Award.awarded_at,
            Award.visibility,
            Credential.id,
            func.length(Credential.text),
        )
        .join(Subject, Subject.id == Award.subject_id)
        .join(Credential, (Credential.award_id == Award.id) & (Credential.media_type == EMBEDDED))
        .where(Subject.earner_id == asked.earner_id)
        .order_by(Award.awarded_at, Award.id)
    )
    if not asked.across:
        query = query.where(Award.issuer_id == asked.signer_id)
    return [
        _Known(Source(issuer_id, size, award_id, credential_id, achievement_id), state, awarded, seen)
        for award_id, issuer_id, achievement_id, state, awarded, seen, credential_id, size in (
            await work.session.execute(query)
        ).all()
    ]


async def _admitted(work: Work, asked: Asked) -> dict[UUID, Source]:
    query = select(AdmittedBadge.id, AdmittedBadge.issuer_id, func.length(AdmittedBadge.text)).where(
        AdmittedBadge.earner_id == asked.earner_id, AdmittedBadge.issuer_id == asked.signer_id
    )
    rows = (await work.session.execute(query)).all()
    return {row[0]: Source(row[1], row[2], admission_id=row[0]) for row in rows}


def _named(known: Sequence[_Known], asked: Asked, faults: list[Fault]) -> Collection[_Known]:
    by_id = {each.award_id: each for each in known}
    wanted = set()
    for n, award_id in enumerate(asked.choice.award_ids):
        each = by_id.get(award_id)
        at = f"/awards/{n}"
        if each is None:
            whose = "to this earner" if asked.across else "by this issuer to this earner"
            faults.append(Fault(at, f"no award {whose} has this id", "reference"))
        elif not _open(each, asked):
            faults.append(Fault(at, "its earner has closed it; only they can put it into a record", "closed"))
        elif each.state not in asked.choice.states:
            detail = f"is {each.state.value}; name that state under states if the record is to hold it all the same"
            faults.append(Fault(at, detail, "not-live"))
        else:
            wanted.add(award_id)
    return [each for each in known if each.award_id in wanted]


def _open(each: _Known, asked: Asked) -> bool:
    return asked.across or each.visibility is not Visibility.CLOSED


def _fits(each: _Known, choice: Choice, of_stack: Collection[UUID] | None) -> bool:
    achievement = each.source.achievement_id
    return (
        each.state in choice.states
        and (not choice.achievement_ids or achievement in choice.achievement_ids)
        and (of_stack is None or achievement in of_stack)
        and (choice.awarded_from is None or choice.awarded_from <= each.awarded)
        and (choice.awarded_before is None or each.awarded < choice.awarded_before)
    )


def _refuse_amount(chosen: Chosen, *, split: bool) -> None:
    if not chosen.sources:
        raise Rejected("there is nothing to put into the record", faults=[Fault("", "no award fits", "empty")])
    if len(chosen.sources) > MOST_MEMBERS:
        detail = f"{len(chosen.sources)} credentials; a record holds at most {MOST_MEMBERS}: choose fewer"
        raise Rejected("the record would be too large", faults=[Fault("", detail, "too-many")])
    if chosen.size > limits.CLR_BYTES - _OWN_BYTES and not split:
        detail = f"more than {limits.CLR_BYTES // limits.MIB} MiB; choose fewer, or have it split"
        raise Rejected("the record would be too large", faults=[Fault("/split", detail, "too-large")])


async def stack_achievements(work: Work, *, stack_id: UUID) -> frozenset[UUID]:
    """What the published version of a stack looks at, and what completing it awards. Raises ``Rejected``."""
    query = (
        select(Stack.achievement_id, StackItem.achievement_id)
        .join(StackVersion, StackVersion.stack_id == Stack.id)
        .outerjoin(StackItem, StackItem.stack_version_id == StackVersion.id)
        .where(Stack.id == stack_id, StackVersion.state == VersionState.PUBLISHED)
    )
    rows = (await work.session.execute(query)).all()
    if not rows:
        detail = "no stack that is published has this id"
        raise Rejected("the record cannot hold what was named", faults=[Fault("/stack", detail, "reference")])
    return frozenset(each for row in rows for each in row if each is not None)
