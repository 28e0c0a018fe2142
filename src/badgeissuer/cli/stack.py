"""``badgeissuer stack``: sets of achievements that are completed by a rule."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from badgeissuer.cli import console, session
from badgeissuer.cli.exits import WrongUsage
from badgeissuer.cli.options import AsJson, DataDir
from badgeissuer.errors import Fault, NotFound, Rejected

if TYPE_CHECKING:
    from badgeissuer.runtime import Runtime
    from badgeissuer.work import Work

app = typer.Typer(help="Publish stacks, and see where earners stand in them.", no_args_is_help=True)

StackId = Annotated[str, typer.Argument(metavar="STACK", help="The stack's id or address.")]


@app.command()
def publish(
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSON: a body of POST /v1/stacks; - is standard input.")],
    stack: Annotated[
        str | None, typer.Option("--as-version-of", metavar="STACK", help="The next version of this stack.")
    ] = None,
    now: Annotated[
        bool, typer.Option("--now", help="Award everybody who fulfils it already here and now; needs the keys.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Publish a stack from a file: it completes by itself, for those who earned it already too."""
    from badgeissuer.web.api.stacks import NewStackIn, StackIn

    body = session.read_body(file)
    given = session.checked(StackIn if stack is not None else NewStackIn, body)

    async def make(work: Work) -> dict[str, Any]:
        from badgeissuer.services import stacking
        from badgeissuer.services.stack_facts import stack_url

        if isinstance(given, NewStackIn):
            if given.issuer is None:
                raise WrongUsage("say in the file whose stack it is: issuer")
            made, _ = await stacking.define_stack(
                work, issuer=given.issuer, achievement_id=given.achievement_id(work.base_url), document=given.stack
            )
        else:
            made = await stacking.find_stack(work, stack_id=_id(work, stack or ""))
            await stacking.replace_draft(work, stack_id=made.id, document=given.stack)
        version, job = await stacking.publish(work, stack_id=made.id)
        return {
            "id": str(made.id),
            "url": stack_url(work.base_url, made.id),
            "name": version.name,
            "version": version.number,
            "state": version.state.value,
            "job": str(job),
        }

    facts = asyncio.run(_published(session.settings_of(data_dir), make, now=now))
    if as_json:
        console.show_json(facts)
        return
    console.say(f"{facts['name']}, version {facts['version']}, is published: {facts['url']}", "green")
    if not now:
        console.note("Who fulfils it already is awarded while the service runs.")


@app.command()
def progress(
    stack: StackId,
    email: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Of the earner.")] = None,
    did: Annotated[str | None, typer.Option(metavar="DID", help="Of the earner.")] = None,
    what_if: Annotated[
        str | None, typer.Option(metavar="KEYS", help="As if these members (with commas) were earned now.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what an earner has of a stack, what is missing, and by when."""
    if (email is None) == (did is None):
        raise WrongUsage("say who: --email ADDRESS or --did DID")

    async def read(work: Work) -> dict[str, Any]:
        from badgeissuer.services import progressing
        from badgeissuer.services.identifying import EarnerGiven
        from badgeissuer.web.api.stack_progress import shown

        asked = await progressing.find(
            work, stack_id=_id(work, stack), earner=EarnerGiven(email=email, did=did), urn=None
        )
        keys = [key.strip() for key in what_if.split(",")] if what_if is not None else []
        unknown = sorted(set(keys) - {member.key for member in asked.version.as_rule().members})
        if unknown:
            detail = f"the stack has no member {', '.join(unknown)}"
            raise Rejected("--what-if names what is not there", faults=[Fault("", detail, "reference")])
        answer = await progressing.answer(work, asked, what_if=keys)
        return shown(asked, answer, keys).model_dump(mode="json")

    found = session.in_unit(session.settings_of(data_dir), read)
    if as_json:
        console.show_json(found)
        return
    console.say(found["summary"], "green" if found["complete"] else None)
    console.show_table(
        ["Key", "Member", "State", ""],
        ([member["key"], member["title"], member["state"], member["detail"]] for member in found["members"]),
        empty="The stack has no members.",
    )
    if found["next_steps"]:
        console.say(f"Any one of these would complete it: {', '.join(found['next_steps'])}")


async def _published(settings: Any, make: Any, *, now: bool) -> dict[str, Any]:
    from badgeissuer.services.access import operator

    async with session.opened(settings, keys=now) as runtime:
        async with runtime.begin(operator()) as work:
            facts: dict[str, Any] = await make(work)
        if now:
            await _work(runtime)
    return facts


async def _work(runtime: Runtime) -> None:
    from badgeissuer.jobs.worker import Worker

    worker = Worker(runtime)
    while await worker.run_one():
        pass


def _id(work: Work, given: str) -> UUID:
    try:
        return UUID(given.removeprefix(f"{work.base_url}/stacks/").rstrip("/"))
    except ValueError:
        raise NotFound(f"{given} is not the id of a stack") from None
