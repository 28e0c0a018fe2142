"""``badgeissuer catalogue``: what the public catalogue finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from badgeissuer.cli import console, session
from badgeissuer.cli.options import AsJson, DataDir

if TYPE_CHECKING:
    from badgeissuer.work import Work

app = typer.Typer(help="Look after the public catalogue.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Look after the public catalogue."""


@app.command()
def rebuild(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make every entry anew from what is published.

    Needed after a rolling upgrade to the version that brought the catalogue, and harmless at any time.
    """

    async def make(work: Work) -> int:
        from badgeissuer.services import cataloguing

        return await cataloguing.rebuild(work)

    count = session.in_unit(session.settings_of(data_dir), make)
    if as_json:
        console.show_json({"entries": count})
        return
    console.say(f"The catalogue has {count} entries.", "green")
