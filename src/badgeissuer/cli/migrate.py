"""``badgeissuer migrate``: bring the database to the schema of this version."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from badgeissuer.cli import console, session
from badgeissuer.cli.exits import Exit, WrongUsage
from badgeissuer.cli.options import AsJson, DataDir
from badgeissuer.errors import BadgeissuerError, Misconfigured, NotFound

if TYPE_CHECKING:
    from badgeissuer.settings import Settings


def migrate(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 5 unless up to date.")] = False,
    revision: Annotated[
        str | None,
        typer.Option(metavar="ID", show_default="the newest", help="Only up to this revision; never back."),
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make the database, or bring it up to date. Safe to repeat."""
    if check and revision is not None:
        raise WrongUsage("use --check without --revision")
    settings = session.settings_of(data_dir)
    if check:
        _check(settings, as_json=as_json)
        return
    before, after = asyncio.run(_upgrade(settings, revision))
    if revision is None:
        asyncio.run(_operator(settings))
    if as_json:
        console.show_json({"database": shown_database(settings), "before": before, "after": after})
    elif before == after:
        console.say(f"The database is up to date ({after}).")
    else:
        console.say(f"The database was migrated from {before or 'nothing'} to {after}.")


async def _upgrade(settings: Settings, revision: str | None) -> tuple[str | None, str | None]:
    from alembic.util import CommandError

    from badgeissuer.store import schema

    try:
        with session.database_in_words():
            return await schema.upgrade(settings.resolved_database_url, revision or "head")
    except CommandError as error:
        raise NotFound(f"the migration cannot be found: {error}") from None


async def _operator(settings: Settings) -> None:
    """Make the operator's own issuer, where it can be made: it needs the keys, and the address that will last."""
    from sqlalchemy import select

    from badgeissuer.services import operating
    from badgeissuer.services.access import operator
    from badgeissuer.store.catalog import Issuer

    if settings.passphrase() is None:
        return
    try:
        async with session.opened(settings, keys=True) as runtime, runtime.begin(operator()) as work:
            # Its id is made of the address: on an address of this machine, only where issuers have it already.
            if settings.loopback and await work.session.scalar(select(Issuer.id).limit(1)) is None:
                return
            if await operating.make_operator(work):
                console.note(f"The operator's own issuer was made: {settings.operator_name}.")
    except BadgeissuerError as error:
        console.note(f"The operator's own issuer was not made: {error.detail}", "yellow")


def _check(settings: Settings, *, as_json: bool) -> None:
    from badgeissuer.cli import readiness

    try:
        asyncio.run(readiness.require_schema(settings))
    except Misconfigured as error:
        if not as_json:
            raise
        console.note(error.detail, "yellow")
        console.show_json({"database": shown_database(settings), "up_to_date": False})
        raise typer.Exit(Exit.CONFIGURATION) from None
    if as_json:
        console.show_json({"database": shown_database(settings), "up_to_date": True})
    else:
        console.say("The database is up to date.")


def shown_database(settings: Settings) -> str:
    """The database's URL with its password hidden."""
    from sqlalchemy.engine import make_url

    url = make_url(settings.resolved_database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        return str(Path(url.database))
    return url.render_as_string(hide_password=True)
