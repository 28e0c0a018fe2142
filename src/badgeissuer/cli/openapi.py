"""``badgeissuer openapi``: the description of the API, written from the code."""

from __future__ import annotations

import sys
from difflib import unified_diff
from pathlib import Path
from typing import Annotated

import typer

from badgeissuer.cli import console
from badgeissuer.cli.exits import Exit
from badgeissuer.cli.options import AsJson, DataDir
from badgeissuer.errors import NotFound, Unavailable

_DIFF_LINES = 40


def openapi(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 where it differs.")] = False,
    output: Annotated[str, typer.Option(metavar="FILE", help="The file; - is standard output.")] = "openapi.yaml",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write openapi.yaml, or check that it is what the code says. Needs no database."""
    from badgeissuer.web.openapi import openapi_yaml

    text = openapi_yaml()
    if output == "-" and not check:
        sys.stdout.write(text)
        return
    path = Path(output)
    written = _read(path)
    same = written == text
    if check:
        if written is None:
            raise NotFound(f"there is no {path}; write it with `badgeissuer openapi`")
        if not same:
            difference = list(unified_diff(written.splitlines(), text.splitlines(), str(path), "the code", lineterm=""))
            for line in difference[:_DIFF_LINES]:
                console.note(line)
            console.note(f"{path} differs from the code; write it anew with `badgeissuer openapi`", "bold red")
    elif not same:
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise Unavailable(f"{path} cannot be written: {error.strerror}") from None
    if as_json:
        console.show_json({"file": str(path), "same": same, "written": not check and not same})
    elif not check or same:
        console.say(f"{path} is up to date." if same else f"Wrote {path}.")
    if check and not same:
        raise typer.Exit(Exit.REFUSED)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}") from None
