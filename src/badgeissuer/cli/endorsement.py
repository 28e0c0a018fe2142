"""``badgeissuer endorse`` and ``badgeissuer endorsement``: signed words of one issuer about another's things."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from badgeissuer.cli import console, session
from badgeissuer.cli.exits import WrongUsage
from badgeissuer.cli.options import AsJson, DataDir, Reason
from badgeissuer.errors import NotFound

if TYPE_CHECKING:
    from badgeissuer.store.endorsements import Endorsement
    from badgeissuer.web.api.endorsement_wire import StandingIn
    from badgeissuer.work import Work

app = typer.Typer(help="Make, list, take back and export endorsements.", no_args_is_help=True)

EndorsementId = Annotated[str, typer.Argument(metavar="ENDORSEMENT", help="The endorsement's id or address.")]
Embed = Annotated[bool | None, typer.Option("--embed/--no-embed", help="Whether badges made from now on carry it.")]
From = Annotated[str | None, typer.Option("--from", metavar="TIME", help="Carried by badges made from then on.")]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Carried by badges made before.")]


def endorse(
    by: Annotated[str, typer.Option("--by", metavar="SLUG", help="Who endorses.")],
    comment: Annotated[str, typer.Option("--comment", metavar="TEXT", help="Why, for people; may be Markdown.")],
    issuer: Annotated[str | None, typer.Option(metavar="ISSUER", help="Endorse it: slug, DID or address.")] = None,
    achievement: Annotated[str | None, typer.Option(metavar="ID", help="Endorse it: id or address.")] = None,
    award: Annotated[
        str | None, typer.Option(metavar="ID", help="Endorse it: id of the award, or its credential's address.")
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="Title; “Endorsement of …” if left out.")] = None,
    valid_until: Annotated[
        str | None, typer.Option("--valid-until", metavar="TIME", help="When it ends, as 2027-06-30T00:00:00Z.")
    ] = None,
    embed: Embed = None,
    since: From = None,
    until: Until = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Sign an endorsement of an issuer, an achievement or an award of somebody else."""
    of = {"issuer": issuer, "achievement": achievement, "award": award}
    named = {kind: given for kind, given in of.items() if given is not None}
    if len(named) != 1:
        raise WrongUsage("say what is endorsed: one of --issuer, --achievement and --award")
    body = {"issuer": by, "of": named, "comment": comment, "standing": _policy(embed, since, until)}
    body |= {key: value for key, value in (("name", name), ("valid_until", valid_until)) if value is not None}
    _make(body, data_dir, as_json=as_json)


@app.command()
def create(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="JSON: a body of POST /v1/endorsements; - is standard input.")
    ],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Sign an endorsement from a file."""
    _make(session.read_body(file), data_dir, as_json=as_json)


@app.command("list")
def list_endorsements(
    by: Annotated[str | None, typer.Option("--by", metavar="SLUG", help="Only this endorser's.")] = None,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="Only of: issuer, achievement or award.")] = None,
    state: Annotated[str | None, typer.Option(metavar="STATE", help="Only those: active or revoked.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest first.")] = 200,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show who endorses what, and whether it stands."""
    from badgeissuer.rules.terms import EndorsedKind, EndorsementState

    try:
        wanted = (EndorsedKind(kind) if kind else None, EndorsementState(state) if state else None)
    except ValueError as error:
        raise WrongUsage(f"{error}: --kind is issuer, achievement or award; --state is active or revoked") from None

    async def read(work: Work) -> list[dict[str, Any]]:
        from badgeissuer.services import endorsing

        found = await endorsing.search(work, issuer=by, kind=wanted[0], state=wanted[1], limit=limit)
        return [_facts(row, slug) for row, slug in found]

    items = session.in_unit(session.settings_of(data_dir), read)
    if as_json:
        console.show_json({"items": items})
        return
    console.show_table(
        ["Endorser", "Of", "State", "Carried", "Id"],
        (
            [each["issuer"], each["of"]["id"], each["state"], "yes" if each["standing"]["embed"] else "no", each["id"]]
            for each in items
        ),
        empty="There are no such endorsements.",
    )


@app.command()
def standing(
    endorsement: EndorsementId,
    embed: Embed = None,
    since: From = None,
    until: Until = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Say whether badges made from now on carry it. Badges that are signed stay as they are."""
    if embed is None:
        raise WrongUsage("say --embed or --no-embed")
    from badgeissuer.web.api.endorsement_wire import StandingIn

    policy: StandingIn = session.checked(StandingIn, _policy(embed, since, until))

    async def change(work: Work) -> dict[str, Any]:
        from badgeissuer.services import endorsing

        row = await endorsing.set_standing(work, endorsement_id=_id(work, endorsement), policy=policy.as_policy())
        return await _answer(work, row)

    facts = session.in_unit(session.settings_of(data_dir), change)
    if as_json:
        console.show_json(facts)
        return
    carried = "carry it" if facts["standing"]["embed"] else "do not carry it"
    console.say(f"Badges made from now on {carried}: {facts['url']}", "green")


@app.command()
def carrying(
    endorsement: EndorsementId,
    allow: Annotated[
        bool | None, typer.Option("--allow/--refuse", help="For whose thing it is: whether its badges may carry it.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Refuse, for the one who is endorsed, that badges carry it; or allow it again."""
    if allow is None:
        raise WrongUsage("say --allow or --refuse")

    async def change(work: Work) -> dict[str, Any]:
        from badgeissuer.services import declining
        from badgeissuer.web.api.received_endorsements import ReceivedEndorsementOut

        found = await declining.decide(work, endorsement_id=_id(work, endorsement), carry=allow)
        return ReceivedEndorsementOut.of_row(found).model_dump(mode="json")

    facts = session.in_unit(session.settings_of(data_dir), change)
    if as_json:
        console.show_json(facts)
        return
    may = "may carry it" if facts["carry"] else "do not carry it"
    console.say(f"Badges of {facts['issuer']} that are made from now on {may}: {facts['url']}", "green")


@app.command()
def revoke(endorsement: EndorsementId, reason: Reason, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Take an endorsement back for good. Badges that carry it stay valid; the endorsement in them does not."""
    wanted = reason.strip()
    if not 1 <= len(wanted) <= 500:
        raise WrongUsage("give a --reason of 1 to 500 characters")

    async def change(work: Work) -> dict[str, Any]:
        from badgeissuer.services import endorsing

        row = await endorsing.revoke(work, endorsement_id=_id(work, endorsement), reason=wanted)
        return await _answer(work, row)

    facts = session.in_unit(session.settings_of(data_dir), change, keys=True)
    if as_json:
        console.show_json(facts)
        return
    console.say(f"The endorsement is revoked: {facts['url']}", "green")


@app.command()
def export(
    endorsement: EndorsementId,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the file goes; made if it is not there.")
    ] = Path(),
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write the signed text to a file, byte for byte as it is served. A file of the same name is overwritten."""

    async def read(work: Work) -> tuple[str, str, str]:
        from badgeissuer.services import endorsing

        row = await endorsing.find_endorsement(work, endorsement_id=_id(work, endorsement))
        return str(row.id), row.text, row.sha256

    from badgeissuer.cli.export_items import write

    name, text, sha256 = session.in_unit(session.settings_of(data_dir), read)
    path = output / f"endorsement-{name}.json"
    asyncio.run(asyncio.to_thread(write, path, text.encode()))
    file = {"path": str(path), "media_type": "application/vc", "sha256": sha256}
    if as_json:
        console.show_json({"files": [file]})
        return
    console.say(f"  {path}")


def _make(body: dict[str, Any], data_dir: Path | None, *, as_json: bool) -> None:
    from badgeissuer.web.api.endorsement_wire import EndorsementIn

    given = session.checked(EndorsementIn, body)
    if given.issuer is None:
        raise WrongUsage("say in the file who endorses: issuer")
    endorser = given.issuer

    async def make(work: Work) -> dict[str, Any]:
        from badgeissuer.services import endorsing

        return _facts(await endorsing.endorse(work, endorser=endorser, given=given.as_given()), endorser)

    facts = session.in_unit(session.settings_of(data_dir), make, keys=True)
    if as_json:
        console.show_json(facts)
        return
    console.say(f"{facts['name']}, signed by {facts['issuer']}: {facts['url']}", "green")
    if facts["standing"]["embed"]:
        console.note("Badges that are made from now on carry it; those that are signed stay as they are.")


def _policy(embed: bool | None, since: str | None, until: str | None) -> dict[str, Any]:
    given = (("from", since), ("until", until))
    return {"embed": bool(embed), **{name: value for name, value in given if value is not None}}


def _facts(row: Endorsement, slug: str) -> dict[str, Any]:
    from badgeissuer.web.api.endorsement_wire import EndorsementOut

    return EndorsementOut.of_row(row, slug).model_dump(mode="json", by_alias=True)


async def _answer(work: Work, row: Endorsement) -> dict[str, Any]:
    from sqlalchemy import select

    from badgeissuer.store.catalog import Issuer

    return _facts(row, (await work.session.scalars(select(Issuer.slug).where(Issuer.id == row.issuer_id))).one())


def _id(work: Work, given: str) -> UUID:
    plain = given.removeprefix(f"{work.base_url}/v1").removeprefix(work.base_url).removeprefix("/endorsements/")
    try:
        return UUID(plain.removesuffix(".json").rstrip("/"))
    except ValueError:
        raise NotFound(f"{given} is not the id of an endorsement") from None
