"""What stacks read hangs on the earner, not on the number of awards: by the plans of SQLite, which has no figures."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from badgeissuer.services import progressing, stack_findings
from badgeissuer.services.access import operator
from badgeissuer.services.identifying import EarnerGiven
from badgeissuer.store.stacks import StackVersion
from tests.support.app import Service
from tests.support.counting import statements
from tests.support.stacked import Stacked, document, stacked

# Tables that grow with every award.
GROWING = ("awards", "subjects", "subjects_1", "decisions", "earner_identities", "stack_awards")


@pytest.fixture
def backend() -> str:
    return "sqlite"


async def _plan(service: Service, sent: list[str]) -> list[str]:
    """The steps by which SQLite answers these questions."""
    steps = []
    async with service.runtime.database.reading() as session:
        connection = await session.connection()
        for statement in sent:
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (None,) * statement.count("?"))
            steps += [row[3] for row in rows]
    return steps


async def _made(service: Service) -> tuple[Stacked, UUID]:
    made = await stacked(service, 2)
    stack_id, _ = await made.publish(document(made.achievements))
    await made.award(made.achievements[0])
    await made.settle()
    return made, stack_id


async def test_one_earners_standing_is_found_by_the_earner(service: Service) -> None:
    _, stack_id = await _made(service)
    with statements(service.runtime) as sent:
        async with service.runtime.begin(operator()) as work:
            earner = EarnerGiven(email="teacher1@schools.example.org")
            asked = await progressing.find(work, stack_id=stack_id, earner=earner, urn=None)
            await progressing.answer(work, asked)
            book = await stack_findings.open_book(work, stack_id=stack_id)
            await stack_findings.findings(work, book, [asked.subject])
    plan = await _plan(service, sent)
    assert [step for step in plan if step.startswith(tuple(f"SCAN {table}" for table in GROWING))] == []
    found = [step for step in plan if step.startswith("SEARCH awards")]
    assert found
    assert [step for step in found if "(subject_id=?" not in step] == []


async def test_a_page_of_those_who_hold_members_begins_where_the_last_one_ended(service: Service) -> None:
    await _made(service)
    async with service.runtime.begin(operator()) as work:
        version = (await work.session.scalars(select(StackVersion))).one()
        with statements(service.runtime) as sent:
            (first,) = await stack_findings.candidates(work, version=version, after=None, limit=200)
            assert await stack_findings.candidates(work, version=version, after=first.id, limit=200) == []
    for statement in sent:
        plan = await _plan(service, [statement])
        assert plan[0].startswith("SEARCH subjects USING INDEX ix_subjects_issuer_id_id")
        assert [step for step in plan if "TEMP B-TREE" in step or step.startswith("SCAN")] == []
