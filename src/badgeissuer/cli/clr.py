"""``badgeissuer clr``: learner records (CLR) of an earner's awards."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from badgeissuer.cli import console, session
from badgeissuer.cli.exits import WrongUsage
from badgeissuer.cli.options import AsJson, DataDir, Reason
from badgeissuer.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from badgeissuer.services.bundling import Bundled
    from badgeissuer.settings import Settings
    from badgeissuer.work import Work

app = typer.Typer(help="Make learner records (CLR), list them, take them back.", no_args_is_help=True)

ClrId = Annotated[str, typer.Argument(metavar="RECORD", help="The record's id or address.")]


@app.command()
def make(
    issuer: Annotated[str, typer.Option("--issuer", metavar="SLUG", help="Whose awards, and who signs.")],
    email: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Of the earner.")] = None,
    did: Annotated[str | None, typer.Option(metavar="DID", help="Of the earner.")] = None,
    award: Annotated[
        list[str] | None,
        typer.Option("--award", metavar="AWARD", help="Only this award: id or address; may be given again."),
    ] = None,
    badge: Annotated[
        list[str] | None,
        typer.Option("--badge", metavar="FILE", help="A badge from elsewhere: JSON, PNG or SVG; may be given again."),
    ] = None,
    stack: Annotated[str | None, typer.Option(metavar="ID", help="Only what counts in this stack.")] = None,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="The record's title.")] = None,
    split: Annotated[bool, typer.Option("--split", help="In parts that every verifier reads, if it is large.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a signed record of what an issuer awarded an earner. A large one is finished here, too."""
    if (email is None) == (did is None):
        raise WrongUsage("say who: --email ADDRESS or --did DID")
    files = [session.read_input(file) for file in badge or ()]
    admitted: list[UUID] = []

    async def ask(work: Work) -> Bundled:
        from badgeissuer.cli.award_states import find_id
        from badgeissuer.services import bundling
        from badgeissuer.services.bundling_choice import Choice
        from badgeissuer.services.identifying import EarnerGiven

        earner = EarnerGiven(email=email, did=did)
        choice = Choice(
            award_ids=tuple([await find_id(work, each) for each in award or ()]),
            admission_ids=tuple(admitted),
            stack_id=None if stack is None else _uuid(stack.rpartition("/")[2], "a stack"),
            split=split,
        )
        return await bundling.bundle(work, issuer=issuer, earner=earner, choice=choice, name=name)

    async def admit(work: Work, content: bytes) -> None:
        from badgeissuer.services import admitting
        from badgeissuer.services.identifying import EarnerGiven

        row = await admitting.admit(work, issuer=issuer, earner=EarnerGiven(email=email, did=did), content=content)
        admitted.append(row.id)

    facts = asyncio.run(_made(session.settings_of(data_dir), ask, admit, files))
    _tell(facts, as_json=as_json)


@app.command()
def remake(
    record: ClrId,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the old one valid.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a newer edition of a record, of today's awards. The old one is revoked."""

    async def ask(work: Work) -> Bundled:
        from badgeissuer.services import bundling

        return await bundling.remake(work, clr_id=_id(work, record), keep=keep)

    _tell(asyncio.run(_made(session.settings_of(data_dir), ask)), as_json=as_json)


@app.command()
def revoke(record: ClrId, reason: Reason, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Take a record back, for good. The credentials in it stay as they are."""
    wanted = reason.strip()
    if not 1 <= len(wanted) <= 500:
        raise WrongUsage("give a --reason of 1 to 500 characters")

    async def end(work: Work) -> dict[str, Any]:
        from badgeissuer.services import bundling

        row = await bundling.revoke(work, clr_id=_id(work, record), reason=wanted)
        return {"id": str(row.id), "url": row.url, "state": row.state.value, "state_reason": row.state_reason}

    facts = session.in_unit(session.settings_of(data_dir), end, keys=True)
    if as_json:
        console.show_json(facts)
    else:
        console.say(f"The record is revoked: {facts['url']}", "green")


@app.command("list")
def list_records(
    issuer: Annotated[str | None, typer.Option("--issuer", metavar="SLUG", help="Only those that it signed.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="The newest so many.")] = 50,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List records, newest first."""

    async def read(work: Work) -> list[dict[str, Any]]:
        from badgeissuer.services import bundling_reading
        from badgeissuer.web.api.clr_wire import ClrOut

        lines = await bundling_reading.search(work, issuer=issuer, limit=limit)
        return [ClrOut.of(line, work.base_url).model_dump(mode="json") for line in lines]

    found = session.in_unit(session.settings_of(data_dir), read)
    if as_json:
        console.show_json({"items": found})
        return
    console.show_table(
        ["Record", "Issuer", "Badges", "Parts", "State", "Made"],
        (
            [
                each["url"],
                each["issuer"],
                str(each["members"]),
                str(1 + len(each["parts"])),
                each["state"],
                each["created_at"],
            ]
            for each in found
        ),
        empty="There are no records.",
    )


async def _made(
    settings: Settings,
    ask: Callable[[Work], Awaitable[Bundled]],
    admit: Callable[[Work, bytes], Awaitable[None]] | None = None,
    contents: list[bytes] | None = None,
) -> list[dict[str, Any]]:
    from badgeissuer.services import bundling, bundling_reading
    from badgeissuer.services.access import operator
    from badgeissuer.web.api.clr_wire import ClrOut

    async with session.opened(settings, keys=True) as runtime:
        for content in contents or ():
            async with runtime.begin(operator()) as work:
                assert admit is not None
                await admit(work, content)
        async with runtime.begin(operator()) as work:
            made = await ask(work)
        ids = [record.id for record in made.records]
        if made.job_id is not None:
            ids = await _finish(runtime, bundling.MAKE, made.job_id)
        async with runtime.begin(operator()) as work:
            records = [await bundling_reading.read_record(work, clr_id=clr_id) for clr_id in ids]
            return [ClrOut.of(line, work.base_url).model_dump(mode="json") for line in records]


async def _finish(runtime: Any, kind: str, job_id: UUID) -> list[UUID]:
    """Do the job here, or wait for whoever took it."""
    from badgeissuer.jobs.worker import KINDS, Worker
    from badgeissuer.rules.terms import JobState
    from badgeissuer.store.jobs import Job

    worker = Worker(runtime, {kind: KINDS[kind]})
    while True:
        await worker.run_one()
        async with runtime.database.reading() as database:
            job = await database.get(Job, job_id)
        if job is not None and job.state is JobState.SUCCEEDED:
            return [UUID(each) for each in job.result["records"]]
        if job is None or job.state is not JobState.RUNNING:
            raise Unavailable(f"the record was not made: {job.last_error if job is not None else 'its job is gone'}")
        await asyncio.sleep(0.2)


def _tell(records: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        console.show_json({"records": records})
        return
    for record in records:
        more = ", and there is more that is not in it" if record["partial"] else ""
        console.say(f"A record of {record['members']} badges{more}: {record['url']}", "green")
        for advice in record["advice"]:
            console.note(advice["detail"], "yellow")


def _id(work: Work, given: str) -> UUID:
    return _uuid(given.removeprefix(f"{work.base_url}/clrs/").rstrip("/").removesuffix(".json"), "a record")


def _uuid(text: str, what: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(f"{text} is not the id of {what}") from None
