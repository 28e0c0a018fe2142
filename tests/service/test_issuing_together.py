"""Requests to issue that share a unit of work: each has its own outcome, and the rows are those of the good ones."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, delete, event, func, select

from badgeissuer.errors import BadgeissuerError, Conflict, NotFound, Rejected
from badgeissuer.rules.terms import AwardState
from badgeissuer.services import access, answering
from badgeissuer.services.answering import Kept
from badgeissuer.services.decision_rows import Recorded
from badgeissuer.services.issuing import Answered, Order
from badgeissuer.store.access import Actor, Answer
from badgeissuer.store.assessment import Decision, EvidenceItem
from badgeissuer.store.awards import EMBEDDED, JWT, Award, Credential
from badgeissuer.store.outbox import Event
from badgeissuer.store.people import Earner, EarnerIdentity, Subject
from badgeissuer.store.status import StatusEntry, StatusList
from badgeissuer.vc.status import Bits
from badgeissuer.web.api.awards import AwardIn
from tests.support import make
from tests.support.app import MakeRuntime, Service
from tests.support.counting import credential_forms

Outcome = Answered | BaseException


async def _actor(service: Service, headers: dict[str, str]) -> Actor:
    token = headers["Authorization"].removeprefix("Bearer ")
    return await access.authenticate(service.runtime.database.lookups, token=token)


def _write(recorded: Recorded) -> Kept:
    award = recorded.award
    assert award is not None
    return Kept(201, json.dumps({"award": str(award.id), "reference": award.external_reference}), None)


def _order(service: Service, body: dict[str, Any], *, key: str | None = None) -> Order:
    read = AwardIn.model_validate(body)
    asking = read.as_asking(service.runtime.settings.base_url, judgement=read.judgement())
    return Order(asking, answering.fingerprint("POST /v1/awards", body), key, _write)


def _body(achievement: str, n: int, **members: Any) -> dict[str, Any]:
    return make.award_body(achievement, n, **{"external_reference": f"ref-{n}", **members})


async def _together(service: Service, actor: Actor, orders: Sequence[Order]) -> list[Outcome]:
    """All come in one turn of the loop, so they are one group."""
    return await asyncio.gather(
        *(service.runtime.issue(actor, order) for order in orders),
        return_exceptions=True,
    )


def _codes(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.code if isinstance(outcome, BadgeissuerError) else type(outcome).__name__ for outcome in outcomes]


def _awards(outcomes: Sequence[Outcome]) -> list[UUID]:
    return [UUID(json.loads(each.kept.body)["award"]) for each in outcomes if isinstance(each, Answered)]


@contextmanager
def _writing_units(service: Service) -> Iterator[Counter[str]]:
    """How the transactions that write end."""
    ends: Counter[str] = Counter()
    engine: Engine = service.runtime.database._write_engine.sync_engine

    def committed(_connection: object) -> None:
        ends["commit"] += 1

    def rolled_back(_connection: object) -> None:
        ends["rollback"] += 1

    event.listen(engine, "commit", committed)
    event.listen(engine, "rollback", rolled_back)
    try:
        yield ends
    finally:
        event.remove(engine, "commit", committed)
        event.remove(engine, "rollback", rolled_back)


async def _rows(service: Service) -> dict[str, int]:
    kinds = (Earner, EarnerIdentity, Subject, Decision, EvidenceItem, Award, StatusEntry, Answer)
    async with service.runtime.database.reading() as session:
        found = {
            kind.__tablename__: int(await session.scalar(select(func.count()).select_from(kind)) or 0) for kind in kinds
        }
        found["allocated"] = int(await session.scalar(select(func.sum(StatusList.allocated))) or 0)
    return found


def _rows_of(awards: int, *, answers: int | None = None, people: int | None = None) -> dict[str, int]:
    """One piece of evidence and one mark each, unless it is said."""
    persons = awards if people is None else people
    return {
        "earners": persons,
        "earner_identities": persons,
        "subjects": persons,
        "decisions": awards,
        "evidence_items": awards,
        "awards": awards,
        "status_entries": awards,
        "answers": awards if answers is None else answers,
        "allocated": awards,
    }


async def _events(service: Service) -> dict[str, int]:
    types = ("decision.recorded", "credential.issued", "award.issued", "award.superseded", "status_list.published")
    async with service.runtime.database.reading() as session:
        found = Counter((await session.scalars(select(Event.type).where(Event.type.in_(types)))).all())
    return dict(found)


async def test_a_group_shares_one_unit_and_bad_requests_end_alone_and_leave_nothing(service: Service) -> None:
    headers = await make.register(service)
    achievement = await make.publish(service, headers)
    actor = await _actor(service, headers)
    [held] = _awards(await _together(service, actor, [_order(service, _body(achievement, 900))]))
    good = [_body(achievement, n) for n in range(1, 8)]
    wrong = [
        _body("00000000-0000-4000-8000-000000000000", 101),
        _body(achievement, 102, results=[{"result_description": "no such criterion", "value": "1"}]),
        _body(achievement, 103, version=9),
        _body(achievement, 104, decided_at="2099-01-01T00:00:00Z"),
        _body(achievement, 105, earner={"email": f"teacher@{'x' * 70}.org"}),
        _body(achievement, 106, earner={"email": "TEACHER900@schools.example.org", "name": "Another Name"}),
    ]
    bodies = [body for pair in zip(good, wrong, strict=False) for body in pair] + good[len(wrong) :]
    with _writing_units(service) as ends:
        outcomes = await _together(service, actor, [_order(service, body) for body in bodies])
    assert ends == {"commit": 1}
    by_reference = dict(zip([body["external_reference"] for body in bodies], outcomes, strict=True))
    assert _codes([by_reference[f"ref-{n}"] for n in range(1, 8)]) == ["Answered"] * 7
    errors = [by_reference[f"ref-{n}"] for n in range(101, 107)]
    assert [type(error) for error in errors] == [NotFound, Rejected, Rejected, Rejected, Rejected, Conflict]
    assert [
        [fault.pointer for fault in error.faults] for error in errors[:4] if isinstance(error, BadgeissuerError)
    ] == [
        ["/achievement"],
        ["/results/0/result_description"],
        ["/version"],
        ["/decided_at"],
    ]
    assert isinstance(errors[5], Conflict)
    assert str(held) in str(vars(errors[5]))
    assert await _rows(service) == _rows_of(8)
    assert await credential_forms(service.runtime) == {EMBEDDED: 8, JWT: 8}
    assert await _events(service) == {"decision.recorded": 8, "credential.issued": 16, "award.issued": 8}
    async with service.runtime.database.reading() as session:
        names = (await session.scalars(select(Subject.name))).all()
    assert sorted(map(str, names)) == sorted([f"Teacher {n}" for n in range(1, 8)] + ["Teacher 900"])


async def test_each_answer_is_that_of_its_own_request(service: Service) -> None:
    headers = await make.register(service)
    achievement = await make.publish(service, headers)
    actor = await _actor(service, headers)
    outcomes = await _together(service, actor, [_order(service, _body(achievement, n)) for n in range(40)])
    references = [json.loads(each.kept.body)["reference"] for each in outcomes if isinstance(each, Answered)]
    assert references == [f"ref-{n}" for n in range(40)]
    async with service.runtime.database.reading() as session:
        query = (
            select(Award.external_reference, EarnerIdentity.value, Credential.text)
            .join(Subject, Subject.id == Award.subject_id)
            .join(EarnerIdentity, EarnerIdentity.earner_id == Subject.earner_id)
            .join(Credential, Credential.award_id == Award.id)
            .where(Credential.media_type == EMBEDDED)
        )
        found = (await session.execute(query)).all()
        urns = dict((await session.execute(select(Award.external_reference, Subject.urn).join(Subject))).all())
    assert {row[0]: row[1] for row in found} == {f"ref-{n}": f"teacher{n}@schools.example.org" for n in range(40)}
    assert {row[0]: json.loads(row[2])["credentialSubject"]["id"] for row in found} == urns


async def test_where_the_write_of_one_fails_it_ends_up_alone(service: Service) -> None:
    """An answer that was lost leaves a decision with its reference: only the database's constraint knows of it."""
    headers = await make.register(service)
    achievement = await make.publish(service, headers)
    actor = await _actor(service, headers)
    await _together(service, actor, [_order(service, _body(achievement, 3))])
    async with service.runtime.database.writing() as session:
        await session.execute(delete(Answer))
    before = await _rows(service)
    bodies = [_body(achievement, n) for n in (10, 11)]
    bodies += [_body(achievement, 12, external_reference="ref-3")] + [_body(achievement, n) for n in (13, 14)]
    with _writing_units(service) as ends:
        outcomes = await _together(service, actor, [_order(service, body) for body in bodies])
    assert _codes(outcomes) == ["Answered", "Answered", "IntegrityError", "Answered", "Answered"]
    # All five; those before it; it and those behind it, it alone, those behind it.
    assert ends == {"commit": 2, "rollback": 3}
    assert before == _rows_of(1, answers=0)
    assert await _rows(service) == _rows_of(5, answers=4)
    assert await _events(service) == {"decision.recorded": 5, "credential.issued": 10, "award.issued": 5}
    # The next group is whole again, and repeats get what was answered.
    with _writing_units(service) as ends:
        repeated = await _together(service, actor, [_order(service, body) for body in (bodies[0], bodies[4])])
    assert ends == {}
    assert [each.repeated for each in repeated if isinstance(each, Answered)] == [True, True]
    assert _awards(repeated) == _awards([outcomes[0], outcomes[4]])


@pytest.mark.parametrize(
    "second",
    [
        {"email": "TEACHER1@Schools.Example.org"},
        {"email": "teacher1@schools.example.org", "did": "did:web:teacher.example"},
    ],
    ids=["other case", "with a DID"],
)
@pytest.mark.parametrize(
    ("duplicates", "codes", "states"),
    [
        ("deny", ["Answered", "conflict"], [AwardState.ACTIVE]),
        ("allow", ["Answered", "Answered"], [AwardState.ACTIVE, AwardState.ACTIVE]),
        ("replace", ["Answered", "Answered"], [AwardState.SUPERSEDED, AwardState.ACTIVE]),
    ],
)
async def test_two_of_one_person_come_one_after_the_other(
    service: Service, duplicates: str, codes: list[str], states: list[AwardState], second: dict[str, str]
) -> None:
    headers = await make.register(service)
    achievement = await make.publish(service, headers, duplicates=duplicates)
    actor = await _actor(service, headers)
    bodies = [_body(achievement, 1), _body(achievement, 2, earner=second), _body(achievement, 3)]
    outcomes = await _together(service, actor, [_order(service, body) for body in bodies])
    assert _codes(outcomes[:2]) == codes
    assert _codes(outcomes[2:]) == ["Answered"]
    assert await _rows(service) == _rows_of(len(states) + 1, people=2)
    async with service.runtime.database.reading() as session:
        found = [await session.get_one(Award, id_) for id_ in _awards(outcomes[:2])]
    assert [award.state for award in found] == states
    if duplicates == "replace":
        assert [award.superseded_by_id for award in found] == [found[1].id, None]


async def test_one_address_that_is_written_in_three_ways_sends_no_group_the_slow_way(service: Service) -> None:
    headers = await make.register(service)
    achievement = await make.publish(service, headers, duplicates="allow")
    actor = await _actor(service, headers)
    addresses = ["josé@bücher.example", "JOSE\u0301@Bücher.example", "josé@xn--bcher-kva.example"]
    bodies = [_body(achievement, n, earner={"email": address}) for n, address in enumerate(addresses)]
    with _writing_units(service) as ends:
        outcomes = await _together(service, actor, [_order(service, body) for body in bodies])
    assert _codes(outcomes) == ["Answered"] * 3
    assert ends == {"commit": 3}
    assert await _rows(service) == _rows_of(3, people=1)


async def test_repeats_within_one_group_get_the_first_answer(service: Service) -> None:
    headers = await make.register(service)
    achievement = await make.publish(service, headers)
    actor = await _actor(service, headers)
    first = _order(service, _body(achievement, 1), key="one")
    outcomes = await _together(
        service,
        actor,
        [
            first,
            _order(service, _body(achievement, 2)),
            first,
            # The key, or the reference, of another request, for another person.
            _order(service, _body(achievement, 4), key="one"),
            _order(service, _body(achievement, 5, external_reference="ref-2")),
            _order(service, _body(achievement, 6)),
        ],
    )
    assert _codes(outcomes) == ["Answered", "Answered", "Answered", "rejected", "rejected", "Answered"]
    answered = [each for each in outcomes if isinstance(each, Answered)]
    assert [each.repeated for each in answered] == [False, False, True, False]
    assert answered[0].kept == answered[2].kept
    assert await _rows(service) == _rows_of(3, answers=4)


async def test_a_group_of_two_callers_is_a_unit_for_each(service: Service) -> None:
    mine = await make.register(service, "kvec")
    theirs = await make.register(service, "other")
    one, two = await make.publish(service, mine), await make.publish(service, theirs, "other")
    actors = [await _actor(service, mine), await _actor(service, theirs)]
    with _writing_units(service) as ends:
        outcomes = await asyncio.gather(
            *(
                service.runtime.issue(actor, _order(service, _body(achievement, n, external_reference="same")))
                for n, (actor, achievement) in enumerate([(actors[0], one), (actors[1], two), (actors[1], one)])
            ),
            return_exceptions=True,
        )
    assert ends == {"commit": 2}
    assert _codes(outcomes) == ["Answered", "Answered", "not-found"]
    assert await _rows(service) == _rows_of(2)


async def test_one_person_at_two_issuers_is_one_earner_and_two_subjects(service: Service) -> None:
    platform = await service.platform()
    achievements = []
    for slug in ("one", "two"):
        await make.register(service, slug)
        achievements.append(await make.publish(service, platform, slug))
    actor = await _actor(service, platform)
    bodies = [_body(of, n, external_reference=f"{of} {n}") for n in range(6) for of in achievements]
    outcomes = await _together(service, actor, [_order(service, body) for body in bodies])
    assert _codes(outcomes) == ["Answered"] * 12
    assert await _rows(service) == {**_rows_of(12), "earners": 6, "earner_identities": 6}


async def test_two_processes_with_the_same_new_people_wait_for_each_other_in_one_order(
    make_runtime: MakeRuntime, service: Service
) -> None:
    """Each knows the people of one issuer first; what they open first is in another order too."""
    other = await make_runtime(seed=None)
    platform = await service.platform()
    for attempt in range(4):
        slugs = [f"one-{attempt}", f"two-{attempt}"]
        achievements = []
        for slug in slugs:
            await make.register(service, slug)
            achievements.append(await make.publish(service, platform, slug))
        actor = await _actor(service, platform)  # knows the issuers that are there by now

        def orders(turned: bool, people: str, achievements: list[str] = achievements) -> list[Order]:
            bodies = [
                make.award_body(
                    achievements[(n + turned) % 2],
                    earner={"email": f"{people}{n}@schools.example.org"},
                    external_reference=f"{people} {n} {turned}",
                )
                for n in range(20)
            ]
            return [_order(service, body) for body in (reversed(bodies) if turned else bodies)]

        with (
            _writing_units(service) as ends,
            _writing_units(Service(other, service.clock, service.app, service.http)) as ends_there,
        ):
            outcomes = await asyncio.gather(
                *(service.runtime.issue(actor, order) for order in orders(False, f"p{attempt}-")),
                *(other.issue(actor, order) for order in orders(True, f"p{attempt}-")),
                return_exceptions=True,
            )
        assert _codes(outcomes) == ["Answered"] * 40
        assert (ends, ends_there) == ({"commit": 1}, {"commit": 1})
    assert await _rows(service) == {**_rows_of(160), "earners": 80, "earner_identities": 80}


async def test_awards_that_are_replaced_together_share_an_edition_of_the_list(service: Service) -> None:
    headers = await make.register(service)
    achievement = await make.publish(service, headers, duplicates="replace")
    actor = await _actor(service, headers)
    first = await _together(service, actor, [_order(service, _body(achievement, n)) for n in range(9)])
    second = await _together(
        service,
        actor,
        [_order(service, _body(achievement, n, external_reference=f"second {n}")) for n in range(12)],
    )
    assert _codes(second) == ["Answered"] * 12
    async with service.runtime.database.reading() as session:
        ended = {award.id: award for award in await session.scalars(select(Award)) if award.superseded_by_id}
        row = (await session.scalars(select(StatusList))).one()
        places = dict(
            (
                await session.execute(
                    select(StatusEntry.index, Credential.award_id).join(
                        Credential, Credential.id == StatusEntry.credential_id
                    )
                )
            ).all()
        )
    assert {id_: award.superseded_by_id for id_, award in ended.items()} == dict(
        zip(_awards(first), _awards(second)[:9], strict=True)
    )
    assert {award.state for award in ended.values()} == {AwardState.SUPERSEDED}
    bits = Bits.from_bytes(row.bits)
    assert {places[index] for index in range(row.size) if bits.get(index)} == set(_awards(first))
    assert Bits.from_encoded(json.loads(row.text)["credentialSubject"]["encodedList"]).to_bytes() == row.bits
    assert row.version == 2
    assert (await _events(service))["status_list.published"] == 1
    assert (await _events(service))["award.superseded"] == 9


async def test_events_stand_in_order_however_much_evidence_there_is(service: Service) -> None:
    """50 awards with 100 pieces of evidence each: more ids in one unit than 12 bits count."""
    headers = await make.register(service)
    achievement = await make.publish(service, headers)
    actor = await _actor(service, headers)
    evidence = [{"name": f"Part {part}"} for part in range(100)]
    orders = [_order(service, _body(achievement, n, evidence=evidence)) for n in range(50)]
    with _writing_units(service) as ends:
        outcomes = await _together(service, actor, orders)
    assert ends == {"commit": 1}
    assert _codes(outcomes) == ["Answered"] * 50
    await service.runtime.sequence_events()
    async with service.runtime.database.reading() as session:
        events = (await session.scalars(select(Event).order_by(Event.position))).all()
        decided = dict((await session.execute(select(Award.decision_id, Award.id))).all())
    assert [told.position for told in events] == list(range(1, len(events) + 1))
    awards = [str(id_) for id_ in _awards(outcomes)]
    of_decision = {str(decision): str(award) for decision, award in decided.items()}
    assert [of_decision[told.subject_id] for told in events if told.type == "decision.recorded"] == awards
    assert [told.subject_id for told in events if told.type == "award.issued"] == awards
    places = {(told.type, told.subject_id): told.position for told in events}
    for told in events:
        if told.type == "award.issued":
            assert (places["credential.issued", told.data["credential"]] or 0) < (told.position or 0)


async def test_a_caller_who_goes_away_changes_nothing_for_the_others(service: Service) -> None:
    headers = await make.register(service)
    achievement = await make.publish(service, headers)
    actor = await _actor(service, headers)
    bodies = [_body(achievement, n) for n in range(5)]
    tasks = [asyncio.create_task(service.runtime.issue(actor, _order(service, body))) for body in bodies]
    while not service.runtime._issuing._serving:
        await asyncio.sleep(0)
    await asyncio.sleep(0.005)
    tasks[2].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert _codes(outcomes) == ["Answered", "Answered", "CancelledError", "Answered", "Answered"]
    [again] = await _together(service, actor, [_order(service, bodies[2])])
    assert isinstance(again, Answered)
    assert await _rows(service) == _rows_of(5)
