"""``badgeissuer achievement``: what can be earned. Drafts, and published versions that never change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from badgeissuer.cli import console, session
from badgeissuer.cli.art import Caption, PictureFile, cleaned
from badgeissuer.cli.exits import WrongUsage
from badgeissuer.cli.options import AsJson, DataDir
from badgeissuer.errors import NotFound

if TYPE_CHECKING:
    from badgeissuer.store.catalog import AchievementVersion
    from badgeissuer.work import Work

app = typer.Typer(help="Draft, publish and list achievements.", no_args_is_help=True)


@app.command()
def create(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="JSON: a body of POST /v1/achievements, or an OB3 Achievement; - is standard input.",
        ),
    ],
    issuer: Annotated[
        str | None, typer.Option(metavar="SLUG", help="Who awards it, where the file does not say it.")
    ] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Publish it at once.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Draft an achievement from a file."""
    from badgeissuer.web.api.achievements import NewAchievementIn

    body = session.read_body(file)
    if "achievement" not in body:
        body = {"achievement": body}
    if issuer is not None:
        if body.get("issuer", issuer) != issuer:
            raise WrongUsage("the file names another issuer")
        body["issuer"] = issuer
    given = session.checked(NewAchievementIn, body)
    if given.issuer is None:
        raise WrongUsage("say who awards it: --issuer SLUG, or issuer in the file")
    owner = given.issuer

    async def draft(work: Work) -> dict[str, Any]:
        from badgeissuer.services import defining

        made, version = await defining.draft_achievement(
            work, issuer=owner, document=given.achievement, parts=given.parts
        )
        if publish:
            version = await defining.publish(work, achievement_id=made.id)
        return _facts(work, version)

    _show(session.in_unit(session.settings_of(data_dir), draft), as_json=as_json)


@app.command("publish")
def publish_draft(
    achievement: Annotated[str, typer.Argument(metavar="ID", help="The achievement's id or address.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Publish the draft: from now on it can be awarded and never changes."""

    async def publish(work: Work) -> dict[str, Any]:
        from badgeissuer.services import defining

        return _facts(work, await defining.publish(work, achievement_id=_id(work, achievement)))

    _show(session.in_unit(session.settings_of(data_dir), publish), as_json=as_json)


@app.command("art")
def put_art(
    achievement: Annotated[str, typer.Argument(metavar="ID", help="The achievement's id or address.")],
    file: PictureFile,
    caption: Caption,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give an achievement its own picture: on its draft, or on the next version's draft."""

    async def put(work: Work) -> dict[str, Any]:
        from badgeissuer.services import illustrating

        version = await illustrating.illustrate_achievement(
            work, achievement_id=_id(work, achievement), cleaned=await cleaned(file), caption=caption
        )
        return {**_facts(work, version), "image": version.document["image"]}

    _show(session.in_unit(session.settings_of(data_dir), put), as_json=as_json)


@app.command("list")
def list_achievements(
    search: Annotated[str | None, typer.Option(metavar="WORDS", help="Every word must occur in it.")] = None,
    issuer: Annotated[str | None, typer.Option(metavar="SLUG", help="Only this issuer's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 200,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show the newest version of every achievement."""

    async def read(work: Work) -> list[dict[str, Any]]:
        from badgeissuer.services import defining

        found = await defining.search(work, text=search, issuer=issuer, limit=limit)
        return [{**_facts(work, version), "issuer": owner.slug} for _, version, owner in found]

    items = session.in_unit(session.settings_of(data_dir), read)
    if as_json:
        console.show_json({"items": items})
        return
    console.show_table(
        ["Name", "Issuer", "Version", "State", "Id"],
        ([item["name"], item["issuer"], item["version"], item["state"], item["id"]] for item in items),
        empty="There are no such achievements.",
    )


def _id(work: Work, given: str) -> UUID:
    try:
        return UUID(given.removeprefix(f"{work.base_url}/achievements/").rstrip("/"))
    except ValueError:
        raise NotFound(f"{given} is not the id of an achievement") from None


def _facts(work: Work, version: AchievementVersion) -> dict[str, Any]:
    from badgeissuer.services.defining import achievement_url

    return {
        "id": str(version.achievement_id),
        "url": achievement_url(work.base_url, version.achievement_id),
        "name": version.name,
        "version": version.number,
        "state": version.state.value,
    }


def _show(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        console.show_json(facts)
        return
    console.say(f"{facts['name']}, version {facts['version']}, is {facts['state']}: {facts['url']}", "green")
    if facts["state"] == "draft":
        console.note(f"Publish it with `badgeissuer achievement publish {facts['id']}`.")
