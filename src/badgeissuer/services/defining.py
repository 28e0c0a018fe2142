"""Achievements: draft, replace the draft, publish, retire, search. A published version never changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_

from badgeissuer.errors import Conflict, Fault, IllegalTransition, NotFound, PreconditionFailed, Rejected
from badgeissuer.rules.adjudication import policy_faults
from badgeissuer.rules.parts import AchievementParts, criteria_of
from badgeissuer.rules.terms import AssessmentMode, VersionState
from badgeissuer.services import cataloguing, checking
from badgeissuer.services.registering import find_issuer
from badgeissuer.store.catalog import Achievement, AchievementVersion, Issuer
from badgeissuer.store.scope import visible_to
from badgeissuer.work import Work


def achievement_url(base_url: str, achievement_id: UUID) -> str:
    return f"{base_url}/achievements/{achievement_id}"


async def find_achievement(work: Work, *, achievement_id: UUID, lock: bool = False) -> Achievement:
    """An achievement of an issuer the actor may act for. Raises ``NotFound``, also for another tenant's."""
    query = select(Achievement).where(Achievement.id == achievement_id, visible_to(work.actor, Achievement))
    found = await work.session.scalar(query.with_for_update(key_share=True) if lock else query)
    if found is None:
        raise NotFound("no such achievement")
    return found


async def versions(work: Work, *, achievement_id: UUID) -> list[AchievementVersion]:
    """All versions, oldest first."""
    query = (
        select(AchievementVersion)
        .where(AchievementVersion.achievement_id == achievement_id)
        .order_by(AchievementVersion.number)
    )
    return list((await work.session.scalars(query)).all())


def current(all_versions: Sequence[AchievementVersion]) -> AchievementVersion | None:
    """The edition that new decisions use: the newest published one."""
    published = [version for version in all_versions if version.state is VersionState.PUBLISHED]
    return published[-1] if published else None


async def draft_achievement(
    work: Work, *, issuer: str, document: Mapping[str, Any], parts: AchievementParts
) -> tuple[Achievement, AchievementVersion]:
    """A new achievement with version 1 as a draft.

    Raises ``NotFound`` (issuer), ``Rejected``, ``Conflict`` (humanCode).
    """
    owner = await find_issuer(work, slug=issuer)
    achievement_id = work.new_id()
    checked = await _document(work, owner, achievement_id, number=1, given=document, parts=parts)
    await work.begin_write()
    code = checked.get("humanCode")
    await _code_is_free(work, issuer_id=owner.id, code=code, but=None)
    achievement = Achievement(id=achievement_id, issuer_id=owner.id, code=code, created_at=work.now)
    work.session.add(achievement)
    await work.session.flush()
    version = _version(work, achievement, number=1, document=checked, parts=parts)
    await work.session.flush()
    work.emit("achievement.drafted", "achievement", achievement.id, issuer_id=owner.id, version=1)
    return achievement, version


async def replace_draft(
    work: Work,
    *,
    achievement_id: UUID,
    document: Mapping[str, Any],
    parts: AchievementParts,
    expected_revision: int | None = None,
) -> AchievementVersion:
    """Replace the draft, or start the next version's draft where the newest is published or retired.

    Raises ``NotFound``, ``Rejected``, ``Conflict`` (humanCode), ``PreconditionFailed``.
    """
    achievement = await find_achievement(work, achievement_id=achievement_id)
    owner = await _owner(work, achievement)
    seen = await versions(work, achievement_id=achievement_id)
    number = seen[-1].number if seen[-1].state is VersionState.DRAFT else seen[-1].number + 1
    checked = await _document(work, owner, achievement_id, number=number, given=document, parts=parts)
    await work.begin_write()
    achievement = await find_achievement(work, achievement_id=achievement_id, lock=True)
    newest = (await versions(work, achievement_id=achievement_id))[-1]
    if newest.state is not VersionState.DRAFT and newest.number == number:
        raise Conflict("the draft was published meanwhile; send the change again to start the next version")
    if newest.state is VersionState.DRAFT and expected_revision not in (None, newest.revision):
        raise PreconditionFailed("the draft was changed meanwhile; read it again and repeat the change on that")
    code = checked.get("humanCode")
    await _code_is_free(work, issuer_id=owner.id, code=code, but=achievement.id)
    achievement.code = code
    if newest.state is VersionState.DRAFT:
        version = newest
        _fill(work, version, document=checked, parts=parts)
        version.revision += 1
    else:
        version = _version(work, achievement, number=number, document=checked, parts=parts)
    await work.session.flush()
    work.emit("achievement.drafted", "achievement", achievement.id, issuer_id=owner.id, version=version.number)
    return version


async def publish(work: Work, *, achievement_id: UUID) -> AchievementVersion:
    """Publish the draft: now it never changes, and decisions use it. Raises ``NotFound``, ``IllegalTransition``."""
    await work.begin_write()
    achievement = await find_achievement(work, achievement_id=achievement_id, lock=True)
    newest = (await versions(work, achievement_id=achievement_id))[-1]
    if newest.state is not VersionState.DRAFT:
        raise IllegalTransition(f"there is no draft to publish: version {newest.number} is {newest.state.value}")
    newest.state, newest.published_at, newest.updated_at = VersionState.PUBLISHED, work.now, work.now
    await work.session.flush()
    await cataloguing.list_achievement(work, achievement_id=achievement.id)
    work.emit(
        "achievement.published", "achievement", achievement.id, issuer_id=achievement.issuer_id, version=newest.number
    )
    return newest


async def retire(work: Work, *, achievement_id: UUID) -> AchievementVersion:
    """No new awards of the published versions; those made stay valid. Raises ``NotFound``, ``IllegalTransition``."""
    await work.begin_write()
    achievement = await find_achievement(work, achievement_id=achievement_id, lock=True)
    live = [v for v in await versions(work, achievement_id=achievement_id) if v.state is VersionState.PUBLISHED]
    if not live:
        raise IllegalTransition("there is no published version to retire")
    for version in live:
        version.state, version.retired_at, version.updated_at = VersionState.RETIRED, work.now, work.now
    await work.session.flush()
    await cataloguing.list_achievement(work, achievement_id=achievement.id)
    work.emit(
        "achievement.retired", "achievement", achievement.id, issuer_id=achievement.issuer_id, version=live[-1].number
    )
    return live[-1]


async def search(
    work: Work,
    *,
    text: str | None = None,
    issuer: str | None = None,
    state: VersionState | None = None,
    after: tuple[str, str] | None = None,
    limit: int = 50,
) -> list[tuple[Achievement, AchievementVersion, Issuer]]:
    """The newest version of each achievement, by name; every word of ``text`` must occur. ``after`` is (name, id)."""
    newest = (
        select(AchievementVersion.achievement_id, func.max(AchievementVersion.number).label("number"))
        .where(visible_to(work.actor, AchievementVersion))
        .group_by(AchievementVersion.achievement_id)
    )
    if state is not None:
        newest = newest.where(AchievementVersion.state == state)
    latest = newest.subquery()
    query = (
        select(Achievement, AchievementVersion, Issuer)
        .join(AchievementVersion, AchievementVersion.achievement_id == Achievement.id)
        .join(
            latest,
            (latest.c.achievement_id == AchievementVersion.achievement_id)
            & (latest.c.number == AchievementVersion.number),
        )
        .join(Issuer, Issuer.id == Achievement.issuer_id)
        .where(visible_to(work.actor, Achievement))
        .order_by(AchievementVersion.name, Achievement.id)
        .limit(limit)
    )
    if issuer is not None:
        query = query.where(Issuer.slug == issuer)
    for word in (text or "").lower().split()[:10]:
        query = query.where(AchievementVersion.search_text.contains(word, autoescape=True))
    if after is not None:
        query = query.where(tuple_(AchievementVersion.name, Achievement.id) > (after[0], UUID(after[1])))
    return [(row[0], row[1], row[2]) for row in (await work.session.execute(query)).all()]


async def _owner(work: Work, achievement: Achievement) -> Issuer:
    return (await work.session.scalars(select(Issuer).where(Issuer.id == achievement.issuer_id))).one()


async def _code_is_free(work: Work, *, issuer_id: UUID, code: str | None, but: UUID | None) -> None:
    if code is None:
        return
    taken = await work.session.scalar(
        select(Achievement.id).where(Achievement.issuer_id == issuer_id, Achievement.code == code)
    )
    if taken is not None and taken != but:
        raise Conflict(
            "another achievement of this issuer has this code",
            existing=achievement_url(work.base_url, taken),
            faults=[Fault("/achievement/humanCode", "taken; codes are unique within an issuer")],
        )


def _version(
    work: Work, achievement: Achievement, *, number: int, document: dict[str, Any], parts: AchievementParts
) -> AchievementVersion:
    version = AchievementVersion(
        id=work.new_id(),
        achievement_id=achievement.id,
        issuer_id=achievement.issuer_id,
        number=number,
        state=VersionState.DRAFT,
        created_at=work.now,
        published_at=None,
        retired_at=None,
    )
    _fill(work, version, document=document, parts=parts)
    work.session.add(version)
    return version


def _fill(work: Work, version: AchievementVersion, *, document: dict[str, Any], parts: AchievementParts) -> None:
    version.document = document
    version.parts = parts.model_dump(mode="json", exclude_none=True)
    version.name = document["name"]
    words = [document["name"], document["description"], document.get("humanCode", ""), *document.get("tag", [])]
    version.search_text = " ".join(words).lower()
    version.updated_at = work.now


async def _document(
    work: Work, owner: Issuer, achievement_id: UUID, *, number: int, given: Mapping[str, Any], parts: AchievementParts
) -> dict[str, Any]:
    """The OB3 Achievement as it will be signed: our id, types as arrays, ids for rubric parts that came without."""
    url = achievement_url(work.base_url, achievement_id)
    if given.get("id", url) != url:
        raise Rejected(
            "the achievement has a member that this service sets",
            faults=[Fault("/achievement/id", "the id is the URL that this service gives: leave it out")],
        )
    kinds = given.get("type", ["Achievement"])
    members = {name: value for name, value in given.items() if name not in ("id", "type")}
    document = {"id": url, "type": [kinds] if isinstance(kinds, str) else kinds, **members}
    document.setdefault("version", str(number))
    if isinstance(members.get("resultDescription"), list):
        document["resultDescription"] = [
            _with_ids(description, f"{url}#v{number}-c{n}") if isinstance(description, dict) else description
            for n, description in enumerate(members["resultDescription"], start=1)
        ]
    checked = await checking.check_achievement(work, document, issuer=owner.profile, prefix="/achievement")
    criteria = criteria_of(checked)
    code = checked.get("humanCode")
    if code is not None and not code.strip():
        faults_of_code = [Fault("/achievement/humanCode", "is blank: give a code, or leave it out")]
        raise Rejected("the achievement has a blank code", faults=faults_of_code)
    faults = [
        Fault("/parts/assessment", fault.detail, fault.code, fault.clause)
        for fault in policy_faults(parts.assessment.as_policy(), criteria)
    ]
    if parts.assessment.assessors is AssessmentMode.TWO and not criteria:
        detail = "give at least one with rubricCriterionLevel, or change parts.assessment"
        faults.append(Fault("/achievement/resultDescription", detail))
    if faults:
        raise Rejected("the assessment policy does not fit the rubric", faults=faults)
    return checked


def _with_ids(description: dict[str, Any], base: str) -> dict[str, Any]:
    """Ids for a result description and its levels, and ``requiredLevel`` by a level's name turned into its id."""
    filled = {"id": base, "type": ["ResultDescription"], **description}
    levels = filled.get("rubricCriterionLevel")
    if isinstance(levels, list):
        filled["rubricCriterionLevel"] = [
            {"id": f"{base}-l{n}", "type": ["RubricCriterionLevel"], **level} if isinstance(level, dict) else level
            for n, level in enumerate(levels, start=1)
        ]
        names = {
            level["name"]: level["id"]
            for level in filled["rubricCriterionLevel"]
            if isinstance(level, dict) and isinstance(level.get("name"), str)
        }
        required = filled.get("requiredLevel")
        if isinstance(required, str) and required in names:
            filled["requiredLevel"] = names[required]
    return filled
