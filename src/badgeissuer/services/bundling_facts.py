"""What a record says beside its members: how their achievements are related, who endorses them, what they rest on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from badgeissuer.rules.associations import AchievementFacts, MemberFacts, StackFacts, earlier, relate
from badgeissuer.rules.stack_rules import Member
from badgeissuer.rules.terms import VersionState
from badgeissuer.services.bundling_choice import Source
from badgeissuer.services.defining import achievement_url
from badgeissuer.services.endorsing_facts import endorsements_for
from badgeissuer.services.stack_facts import own_achievements, own_id
from badgeissuer.store.catalog import AchievementVersion
from badgeissuer.store.stacks import Stack, StackItem, StackVersion
from badgeissuer.vc import strictjson
from badgeissuer.vc.build import AssociationFacts, EvidenceFacts
from badgeissuer.vc.multibase import multibase_decode
from badgeissuer.work import Work

# Stacks whose own achievement a record defines though nobody earned it yet: those with the most members in the record.
_MOST_DEFINED = 50
_MOST_EVIDENCE = 1_000
# A verifier looks at 20 endorsements in one document; those of the credentials themselves come before the others.
_MOST_ENDORSEMENTS = 10
_ENDORSEMENT_BYTES = 32 * 1024

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Placed:
    """A member in its place: where it comes from, its exact text, and what that says."""

    source: Source
    text: str
    document: Json


@dataclass(frozen=True, slots=True)
class Stacks:
    """The published stacks that the issuers of the record's awards have over its achievements."""

    facts: tuple[StackFacts, ...] = ()
    definitions: Mapping[str, Json] | None = None

    def together(self, placed: Sequence[Placed]) -> Iterator[set[int]]:
        """The places of members that are one stack."""
        places: dict[str, list[int]] = {}
        for place, each in enumerate(placed):
            places.setdefault(_achievement_id(each), []).append(place)
        for stack in self.facts:
            ids = [stack.achievement]
            for member in stack.members:
                ids += [member.achievement, *member.alternatives]
            found = {place for id_ in ids for place in places.get(id_, ())}
            if found:
                yield found


@dataclass(frozen=True, slots=True)
class Beside:
    """All that stands in one record beside its members."""

    associations: tuple[AssociationFacts, ...]
    achievements: tuple[Json, ...]
    endorsements: tuple[Json, ...]
    endorsement_ids: tuple[UUID, ...]
    evidence: tuple[EvidenceFacts, ...]


async def find_stacks(work: Work, placed: Sequence[Placed]) -> Stacks:
    """The stacks that have to do with these credentials. Of issuers that have no award among them none is told."""
    ids = {each.source.achievement_id for each in placed if each.source.achievement_id is not None}
    issuers = {each.source.issuer_id for each in placed if each.source.award_id is not None}
    if not ids:
        return Stacks()
    looking = select(StackItem.stack_version_id).where(StackItem.achievement_id.in_(ids))
    query = (
        select(StackVersion, Stack.achievement_id)
        .join(Stack, Stack.id == StackVersion.stack_id)
        .where(
            StackVersion.state == VersionState.PUBLISHED,
            StackVersion.issuer_id.in_(issuers),
            or_(StackVersion.id.in_(looking), Stack.achievement_id.in_(ids)),
        )
        .order_by(Stack.id)
    )
    rows = (await work.session.execute(query)).all()
    documents = {achievement_url(work.base_url, crown): version.as_rule() for version, crown in rows}
    nested = await own_achievements(work, documents.values())
    facts = []
    for crown, document in documents.items():
        ends = {member.key: _ends(member, nested) for member in document.members}
        before = earlier(document)
        members = tuple(
            MemberFacts(
                achievement=ends[member.key][0],
                nested=member.stack is not None,
                alternatives=ends[member.key][1:],
                requires=tuple(end for key in sorted(before[member.key]) for end in ends[key]),
            )
            for member in document.members
            if ends[member.key]
        )
        facts.append(StackFacts(crown, members))
    asserted = {_achievement_id(each) for each in placed}
    return Stacks(tuple(facts), await _definitions(work, facts, asserted))


async def beside(work: Work, placed: Sequence[Placed], stacks: Stacks, *, signer_id: UUID) -> Beside:
    """What one record (or one part) says beside these members."""
    definitions = stacks.definitions or {}
    asserted = [_facts(each) for each in placed if _achievement_id(each)]
    related = relate(asserted, stacks.facts, definable=definitions.keys())
    endorsements = await _endorsements(work, placed, signer_id)
    return Beside(
        associations=tuple(
            AssociationFacts(link.type.value, link.source, link.target) for link in related.associations
        ),
        achievements=tuple(definitions[each] for each in related.defined),
        endorsements=tuple(endorsements.values()),
        endorsement_ids=tuple(endorsements),
        evidence=tuple(_evidence(placed)),
    )


def _ends(member: Member, nested: Mapping[str, str]) -> tuple[str, ...]:
    """The achievement that earns a member, and those that count instead; nothing for one that cannot be earned yet."""
    own = nested.get(member.stack) if member.stack is not None else member.achievement
    return () if own is None else (own, *member.alternatives)


async def _definitions(work: Work, facts: Sequence[StackFacts], asserted: Collection[str]) -> dict[str, Json]:
    """The achievements of stacks that nobody earned yet, as they are published now."""
    counts: Counter[str] = Counter()
    for stack in facts:
        ends = {end for member in stack.members for end in (member.achievement, *member.alternatives)}
        if stack.achievement not in asserted:
            counts[stack.achievement] = len(ends & set(asserted))
    wanted = {own_id(work, url, "achievements") for url, count in counts.most_common(_MOST_DEFINED) if count}
    query = (
        select(AchievementVersion.document)
        .where(AchievementVersion.achievement_id.in_(wanted), AchievementVersion.state != VersionState.DRAFT)
        .order_by(AchievementVersion.number)
    )
    documents = (await work.session.scalars(query)).all()  # the newest comes last, and stays
    return {document["id"]: _plain(document) for document in documents}


def _plain(document: Json) -> Json:
    """Without endorsements in it: those of the record are counted, and chosen."""
    return {name: value for name, value in document.items() if name not in ("endorsement", "endorsementJwt")}


def _achievement(document: Json) -> Json:
    subject = document.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, Mapping) else None
    return achievement if isinstance(achievement, Mapping) else {}


def _achievement_id(each: Placed) -> str:
    """Empty where it asserts none that could be named."""
    found = _achievement(each.document).get("id")
    return found if isinstance(found, str) else ""


def _facts(each: Placed) -> AchievementFacts:
    achievement = _achievement(each.document)
    version = achievement.get("version")
    return AchievementFacts(
        id=_achievement_id(each),
        version=version if isinstance(version, str) else None,
        aligned=tuple(
            target for item in _objects(achievement, "alignment") if isinstance(target := item.get("targetUrl"), str)
        ),
        related=tuple(
            (other, edition if isinstance(edition := item.get("version"), str) else None)
            for item in _objects(achievement, "related")
            if isinstance(other := item.get("id"), str)
        ),
    )


def _objects(document: Json, name: str) -> list[Json]:
    given = document.get(name, [])
    return [item for item in (given if isinstance(given, list) else [given]) if isinstance(item, Mapping)]


async def _endorsements(work: Work, placed: Sequence[Placed], signer_id: UUID) -> dict[UUID, Json]:
    """Those that stand now and are not inside a member already: of the credentials, then of what they are about."""
    own = [each.source for each in placed if each.source.award_id is not None]
    inside = {id_ for each in placed for id_ in _embedded(each.document)}
    found: dict[UUID, Json] = {}
    room = _ENDORSEMENT_BYTES
    for about in (
        {"credential_ids": [source.credential_id for source in own if source.credential_id is not None]},
        {"achievement_ids": [source.achievement_id for source in own if source.achievement_id is not None]},
        {"issuer_ids": [signer_id, *(source.issuer_id for source in own)]},
    ):
        for endorsement in await endorsements_for(work, **about):
            size = len(strictjson.dumps(endorsement).encode())
            if endorsement["id"] in inside or size > room or len(found) == _MOST_ENDORSEMENTS:
                continue
            room -= size
            found[UUID(endorsement["id"].rpartition("/")[2])] = endorsement
    return found


def _embedded(document: Json) -> Iterator[object]:
    issuer = document.get("issuer")
    for holder in (document, _achievement(document), issuer if isinstance(issuer, Mapping) else {}):
        yield from (item.get("id") for item in _objects(holder, "endorsement"))


def _evidence(placed: Sequence[Placed]) -> Iterator[EvidenceFacts]:
    """What each piece is, once; what is said of it at length, and where it is, stands in the credential itself."""
    found: dict[EvidenceFacts, None] = {}
    for each in placed:
        if each.source.award_id is None:
            continue
        for item in _objects(each.document, "evidence"):
            digest = item.get("digestMultibase")
            facts = EvidenceFacts(
                name=item.get("name"),
                genre=item.get("genre"),
                audience=item.get("audience"),
                sha256=multibase_decode(digest)[2:] if isinstance(digest, str) else None,
            )
            if facts != EvidenceFacts(name=None):
                found[facts] = None
    yield from list(found)[:_MOST_EVIDENCE]
