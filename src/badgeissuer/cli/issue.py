"""``badgeissuer issue``: one award from a file, by the same door as ``POST /v1/awards``."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from badgeissuer.cli import console, session
from badgeissuer.cli.exits import WrongUsage
from badgeissuer.cli.options import AsJson, DataDir

if TYPE_CHECKING:
    from badgeissuer.settings import Settings

_REFERENCE = "external_reference"


def issue(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="JSON, a body as for POST /v1/awards; - is standard input.")
    ],
    external_reference: Annotated[
        str | None,
        typer.Option(
            "--external-reference",
            metavar="TEXT",
            help="Your own reference, where the file has none. Repeating the command with it issues nothing twice.",
        ),
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Issue an award whose decision is held elsewhere, and sign its credential.

    A repeat gets the first answer, whether it came over HTTP or from here.
    """
    settings = session.settings_of(data_dir)
    answer = json.loads(asyncio.run(_issue(settings, file, external_reference)))
    if as_json:
        console.show_json(answer)
        return
    console.say(f"Issued {answer['achievement']['name']} by {answer['issuer']['name']}.", "green")
    for label, value in (
        ("Credential", answer["credential"]["url"]),
        ("Award", answer["id"]),
        ("Reference", answer[_REFERENCE]),
    ):
        console.say(f"  {label:<11} {value}")


async def _issue(settings: Settings, file: str, reference: str | None) -> bytes:
    from starlette.requests import Request

    from badgeissuer.services.access import operator
    from badgeissuer.web.api.awards import AwardIn, issue_award

    given = session.read_body(file)
    if reference is not None:
        if given.get(_REFERENCE, given.get("externalReference", reference)) != reference:
            raise WrongUsage("the file has another external_reference")
        given.pop("externalReference", None)
        given[_REFERENCE] = reference
    body = session.checked(AwardIn, given)
    if body.external_reference is None:
        raise WrongUsage(
            "give --external-reference, or external_reference in the file: with it a repeat issues nothing twice"
        )
    # The route's own function, called as the operator: the rule for repeats is the one of the API, word for word.
    place: dict[str, Any] = {"type": "http", "method": "POST", "path": "/v1/awards", "query_string": b"", "headers": []}
    async with session.opened(settings, keys=True) as runtime:
        response = await issue_award(body, Request({**place, "state": {"body": given}}), runtime, operator())
    return bytes(response.body)
