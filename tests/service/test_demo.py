"""The demo on both databases: all of it, once, however often it is loaded and wherever it was interrupted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from badgeissuer.cli.content import load_content
from badgeissuer.cli.demo import load_demo
from badgeissuer.cli.exporting import export
from badgeissuer.errors import Misconfigured
from badgeissuer.rules.terms import AwardState, DecisionSource, DecisionState, JobState, Outcome, VersionState
from badgeissuer.runtime import Runtime
from badgeissuer.services import revoking, stack_jobs
from badgeissuer.services.access import operator
from badgeissuer.services.registering import OPERATOR_SLUG
from badgeissuer.store.access import Actor
from badgeissuer.store.art import Art
from badgeissuer.store.assessment import AssessmentRow, Decision, EvidenceItem
from badgeissuer.store.awards import EMBEDDED, Award, Credential
from badgeissuer.store.catalog import Achievement, AchievementVersion, Issuer, IssuerKey
from badgeissuer.store.clrs import Clr, ClrMember
from badgeissuer.store.endorsements import Endorsement
from badgeissuer.store.jobs import Job
from badgeissuer.store.outbox import Event
from badgeissuer.store.people import Earner, Subject
from badgeissuer.store.stacks import Stack, StackAward
from badgeissuer.store.status import StatusEntry, StatusList
from badgeissuer.work import Work
from tests.support.app import Clock, MakeRuntime
from tests.support.exported import Exported

COUNTED = (Issuer, IssuerKey, Achievement, AchievementVersion, Earner, Subject, Decision, AssessmentRow, EvidenceItem)
COUNTED += (Award, Credential, StatusList, StatusEntry, Event, Stack, StackAward, Art, Endorsement, Clr, ClrMember)
OPEN = {"demo:trsp-1:combs": DecisionState.AWAITING_SECOND, "demo:trsp-3:delgado": DecisionState.NEEDS_ADJUDICATION}
NOT_YET = {"demo:trsp-2:stacy:1", "demo:al:wojcik", "demo:ocs:whitfield", "demo:ebp1:whitfield"}


async def counts(runtime: Runtime) -> dict[str, int]:
    async with runtime.begin(operator()) as work:
        return {
            row.__tablename__: await work.session.scalar(select(func.count()).select_from(row)) or 0 for row in COUNTED
        }


async def texts(runtime: Runtime) -> set[str]:
    async with runtime.begin(operator()) as work:
        return set(await work.session.scalars(select(Credential.text)))


async def states(runtime: Runtime) -> dict[str, tuple[Any, ...]]:
    """What stands, by reference, without ids and times."""
    async with runtime.begin(operator()) as work:
        rows = await work.session.execute(
            select(Decision.external_reference, Decision.state, Decision.outcome, Decision.rule, Award.state)
            .outerjoin(Award, Award.decision_id == Decision.id)
            .where(Decision.external_reference.is_not(None))
        )
        return {row[0]: tuple(row[1:]) for row in rows}


async def test_every_case_stands_as_the_content_says_and_a_second_load_makes_nothing_new(runtime: Runtime) -> None:
    loaded = await load_demo(runtime)
    assert (loaded.achievements, loaded.drafts, loaded.decisions, len(loaded.issued)) == (13, 2, 30, 26)
    assert loaded.issuers == tuple(
        f"https://issuer.example/issuers/{slug}" for slug in ("kvec", "digital-promise", "kde")
    )
    assert Counter(item.state for item in loaded.issued) == {
        AwardState.ACTIVE: 23,
        AwardState.SUSPENDED: 2,
        AwardState.REVOKED: 1,
    }
    found = await states(runtime)
    for decision in load_content().decisions:
        state, outcome, rule, award = found[decision.reference]
        if decision.reference in OPEN:
            assert (state, outcome, award) == (OPEN[decision.reference], None, None)
        elif decision.reference in NOT_YET:
            assert (state, outcome, award) == (DecisionState.DECIDED, Outcome.NOT_YET, None)
        else:
            assert (state, outcome) == (DecisionState.DECIDED, Outcome.AWARDED), (decision.reference, rule)
            assert award is not None
    async with runtime.begin(operator()) as work:
        assert await feedback_of_the_denied(work) == []
        sources = await work.session.scalars(
            select(Decision.source).join(Issuer).where(Issuer.slug == "digital-promise")
        )
        assert Counter(sources) == {DecisionSource.EXTERNAL: 3, DecisionSource.ASSESSMENTS: 1}
        drafts = await work.session.scalars(
            select(AchievementVersion.name).where(AchievementVersion.state == VersionState.DRAFT)
        )
        assert set(drafts) == {"Learning Structures", "Interventions"}
    before = await counts(runtime), await texts(runtime), await states(runtime)
    again = await load_demo(runtime)
    assert (loaded.new, again.new) == (74, 0)
    assert replace(again, new=0) == replace(loaded, new=0)
    assert (await counts(runtime), await texts(runtime), await states(runtime)) == before


async def feedback_of_the_denied(work: Work) -> list[str | None]:
    """References of those who were told "not yet" without a word of feedback."""
    query = select(Decision.external_reference).where(Decision.outcome == Outcome.NOT_YET, Decision.feedback.is_(None))
    return list(await work.session.scalars(query))


async def test_stacks_are_complete_at_once_afterwards_and_not_yet(runtime: Runtime) -> None:
    loaded = await load_demo(runtime)
    assert [(stack.name, *stack.earners) for stack in loaded.stacks] == [
        ("Teaching Rural Students From Poverty", ("José Núñez", "complete since 2026-11-24")),
        (
            "Leading Professional Learning",
            ("Tamsin O’Quinn", "complete since 2026-11-24"),
            ("Ana Sofía Delgado-Reyes", "4 of 5 earned; missing: Facilitating an Online Computer Science Course"),
        ),
    ]
    crowns = {(item.earner, item.achievement) for item in loaded.issued[30 - len(OPEN) - len(NOT_YET) :]}
    assert crowns == {("José Núñez", "Teacher of Rural Students"), ("Tamsin O’Quinn", "Instructional Leader")}
    async with runtime.begin(operator()) as work:
        jobs = [(job.kind, job.state, job.result) for job in await work.session.scalars(select(Job))]
        # The one that came late was awarded by the job of its publication, the other with its last part.
        retroactive = (stack_jobs.RETROACTIVE, JobState.SUCCEEDED)
        assert sorted(jobs, key=str) == [(*retroactive, {"award": 1}), (*retroactive, {})]
        art = set(await work.session.scalars(select(Art.sha256)))
        images = await work.session.scalars(
            select(AchievementVersion.document["image"]["id"].as_string()).join(
                Stack, Stack.achievement_id == AchievementVersion.achievement_id
            )
        )
        assert {url.rpartition("/")[2].removesuffix(".png") for url in images} == art


async def test_a_recognizer_endorses_and_later_badges_carry_it(runtime: Runtime) -> None:
    loaded = await load_demo(runtime)
    assert len(loaded.endorsements) == 2
    async with runtime.begin(operator()) as work:
        carried = [
            json.loads(text)["issuer"]["name"]
            for text in await work.session.scalars(select(Credential.text).where(Credential.media_type == EMBEDDED))
            for _ in json.loads(text)["credentialSubject"]["achievement"].get("endorsement", [])
        ]
        # The three of Assessment Literacy.
        assert carried == ["Kentucky Valley Educational Cooperative"] * 3


async def test_records_hold_what_was_awarded_by_one_issuer_and_by_two(runtime: Runtime) -> None:
    loaded = await load_demo(runtime)
    assert [(record.earner, record.members) for record in loaded.records] == [
        ("José Núñez", 4),
        ("Tamsin O’Quinn", 7),
        ("王小明", 2),
        ("Zoë Fairchild", 2),
    ]
    async with runtime.begin(operator()) as work:
        signers = await work.session.execute(
            select(Clr.name, Issuer.slug, Clr.partial).join(Issuer, Issuer.id == Clr.issuer_id)
        )
        found = {name: (slug, partial) for name, slug, partial in signers}
    assert found["Badges of two issuers"] == (OPERATOR_SLUG, False)
    assert {slug for slug, _ in found.values()} == {"kvec", OPERATOR_SLUG}


class Killed(BaseException):
    """The process is gone: nothing of the unit of work commits, and nobody writes down what happened."""


class Mortal:
    """A runtime whose process dies in the middle of its n-th writing unit of work."""

    def __init__(self, runtime: Runtime, *, after: int) -> None:
        self._runtime = runtime
        self._left = after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runtime, name)

    @asynccontextmanager
    async def begin(self, actor: Actor) -> AsyncIterator[Work]:
        async with self._runtime.begin(actor) as work:
            yield work
            self._left -= int(work.writing)
            if self._left < 0:
                raise Killed


async def test_a_load_that_was_killed_goes_on_where_it_stopped(make_runtime: MakeRuntime, tmp_path: Path) -> None:
    clock = Clock()
    runtime = await make_runtime(clock=clock)
    deaths = 0
    while True:
        try:
            loaded = await load_demo(Mortal(runtime, after=7))  # type: ignore[arg-type]
        except Killed:
            deaths += 1
            clock.advance(minutes=2)  # the lease of a job that it had runs out
            await export(runtime, tmp_path / f"export-{deaths}")  # what stands is whole at every moment
            continue
        break
    assert deaths >= 10
    assert (loaded.decisions, len(loaded.issued)) == (30, 26)
    stands = await counts(runtime)
    assert (stands["awards"], stands["stack_awards"]) == (26, 2)
    assert stands["status_entries"] == stands["awards"] + stands["endorsements"] + stands["clrs"] == 26 + 2 + 4
    assert stands["credentials"] == 52, "each as JSON and as JWT"
    # Two decisions are the stacks' own; one issuer is the operator's.
    assert (stands["decisions"], stands["assessments"], stands["achievements"], stands["issuers"]) == (32, 27, 15, 4)
    assert (stands["stacks"], stands["art"], stands["clr_members"]) == (2, 2, 15)
    assert (await load_demo(runtime)).new == 0


async def test_what_people_changed_since_stays(runtime: Runtime) -> None:
    await load_demo(runtime)
    async with runtime.begin(operator()) as work:
        suspended = await work.session.scalar(
            select(Award.id).join(Decision).where(Decision.external_reference == "demo:fpp:combs")
        )
    assert suspended is not None
    async with runtime.begin(operator()) as work:
        await revoking.change_state(work, award_id=suspended, action="reinstate", reason="The permission was found.")
    assert (await load_demo(runtime)).new == 0
    assert (await states(runtime))["demo:fpp:combs"][-1] is AwardState.ACTIVE


async def test_another_base_url_is_refused(make_runtime: MakeRuntime) -> None:
    only_issuers = replace(load_content(), achievements=(), decisions=(), stacks=(), endorsements=(), records=())
    await load_demo(await make_runtime(), content=only_issuers)
    with pytest.raises(Misconfigured, match="another base URL"):
        await load_demo(await make_runtime(base_url="https://elsewhere.example"), content=only_issuers)


async def test_the_export_has_every_public_path_and_the_stored_bytes(runtime: Runtime, tmp_path: Path) -> None:
    loaded = await load_demo(runtime)
    items = {item.url: item.expected for item in await export(runtime, tmp_path / "export")}
    # What the bytes alone prove: an award suspended under purpose revocation is valid to those who have only the files.
    assert {(entry.state, items[entry.url]) for entry in loaded.issued} == {
        (AwardState.ACTIVE, "valid"),
        (AwardState.SUSPENDED, "valid"),
        (AwardState.SUSPENDED, "suspended"),
        (AwardState.REVOKED, "revoked"),
    }
    exported = Exported(tmp_path / "export")
    assert Counter(item["kind"] for item in exported.items) == {
        **dict.fromkeys(("credential", "credential-jwt", "credential-png", "credential-svg", "certificate"), 26),
        **dict.fromkeys(("clr", "clr-png", "clr-svg", "transcript"), 4),
        "endorsement": 2,
        "stack": 2,
        "art": 2,
        # Of four issuers, one of whom has three: for badges, for those that can be suspended, and for the rest.
        "status": 6,
        "issuer": 4,
        "did": 4,
        "achievement": 13,
    }
    for item in exported.items:
        path = item["url"].removeprefix("https://issuer.example/")
        drawn = "-" in item["kind"] or item["kind"] in ("certificate", "transcript", "art")
        assert item["path"] == (path if drawn else path.removesuffix(".json") + ".json")
        assert exported.answer(item["url"]) == exported.data(item)
        if not drawn and item["kind"] not in ("did", "issuer"):
            assert exported.document(item)["id"] == item["url"]
    signed = [*exported.of("credential"), *exported.of("credential-jwt")]
    assert {exported.data(item).decode() for item in signed} == await texts(runtime)
    written = {p.relative_to(exported.folder).as_posix() for p in exported.folder.rglob("*") if p.is_file()}
    assert written == {"manifest.json", *(item["path"] for item in exported.items)}
