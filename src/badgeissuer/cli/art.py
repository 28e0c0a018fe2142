"""What the commands that take a picture share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from badgeissuer.cli import session

if TYPE_CHECKING:
    from badgeissuer.drawing.cleaning import Cleaned

PictureFile = Annotated[str, typer.Argument(metavar="FILE", help="A PNG or an SVG; - is standard input.")]
Caption = Annotated[str, typer.Option("--caption", metavar="TEXT", help="What it shows, for people who do not see it.")]


async def cleaned(source: str) -> Cleaned:
    """The art in a file, cleaned in a process apart. Raises ``NotFound``, ``MalformedInput``, ``ImageRefused``."""
    from badgeissuer.drawing import workshop

    return await workshop.cleaned(session.read_input(source))
