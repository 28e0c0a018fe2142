"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

# Where the command's --json stands in the context, for the one place that reports errors.
JSON_KEY = "badgeissuer.json"


def _remember(ctx: typer.Context, value: bool) -> bool:
    ctx.meta[JSON_KEY] = value
    return value


DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="FOLDER",
        envvar="BADGEISSUER_DATA_DIR",
        show_default="data",
        help="Where database, demo keys and passphrase file lie.",
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", callback=_remember, help="Print JSON on stdout; text for people goes to stderr.")
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        metavar="URL",
        envvar="BADGEISSUER_BASE_URL",
        show_default="http://localhost:8000",
        help="Public address of the service. It is part of every id and never changes.",
    ),
]
Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 is every one of this machine.")]
Port = Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 takes a free one.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why. It is kept with the award.")]
