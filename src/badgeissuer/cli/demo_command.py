"""``badgeissuer demo``: from nothing to issued badges on a local service, in one command."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from badgeissuer.cli import console
from badgeissuer.cli.options import AsJson, DataDir, Host, Port
from badgeissuer.cli.session import database_in_words

if TYPE_CHECKING:
    from badgeissuer.cli.demo import Loaded
    from badgeissuer.settings import Settings

_STYLES = {"active": "green", "suspended": "yellow", "revoked": "red", "superseded": "dim"}


def demo(
    base_url: Annotated[
        str | None,
        typer.Option(
            "--base-url",
            metavar="URL",
            envvar="BADGEISSUER_BASE_URL",
            show_default="http://localhost and the port",
            help="Public address that the ids are made of.",
        ),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write every public document there, with a manifest of what each proves."),
    ] = None,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Only load (and export); do not serve.")] = False,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Load the demo and serve it: real micro-credentials of invented people.

    Makes the database and a passphrase for its keys where there are none. A second start finds everything there.
    """
    from badgeissuer.cli import readiness, serve
    from badgeissuer.cli.passphrase import ensure_passphrase
    from badgeissuer.settings import Settings

    settings = Settings.load(data_dir=data_dir, base_url=base_url or f"http://localhost:{port}", demo=True)
    listener = None if no_serve else serve.listen(host, port)  # before anything is made: a taken port is found at once
    try:
        made = ensure_passphrase(settings)
        if made is not None:
            console.note(f"Made a passphrase for the demo's keys: {made}")
        if listener is not None:  # the service says its warnings itself, once
            logging.getLogger("badgeissuer").setLevel(logging.ERROR)
        loaded, exported = asyncio.run(_load(settings, export))
        logging.getLogger("badgeissuer").setLevel(logging.NOTSET)
        if not as_json:
            _tell(settings, loaded)
        if export is not None:
            console.note(f"Exported {exported} documents to {export}; its manifest.json says what each proves.")
        if listener is None:
            if as_json:
                console.show_json(_facts(loaded))
            return
        asyncio.run(readiness.check(settings))
        serve.serve_on(settings, listener, access_log=False, as_json=as_json, extra=_facts(loaded))
    finally:
        if listener is not None:
            listener.close()


async def _load(settings: Settings, folder: Path | None) -> tuple[Loaded, int]:
    from badgeissuer.cli import readiness
    from badgeissuer.cli.demo import load_demo
    from badgeissuer.runtime import Runtime
    from badgeissuer.store import schema

    with database_in_words():
        await schema.upgrade(settings.resolved_database_url)
    await readiness.require_base_url(settings)
    # Its people are invented: nobody is to be told of these awards, on the console or anywhere.
    runtime = Runtime(settings.model_copy(update={"mail_backend": "none"}))
    try:
        await runtime.start()
        console.note("Loading the demo …")
        loaded = await load_demo(runtime)
        exported = 0
        if folder is not None:
            from badgeissuer.cli.exporting import export

            exported = len(await export(runtime, folder))
        return loaded, exported
    finally:
        await runtime.close()


def _tell(settings: Settings, loaded: Loaded) -> None:
    from rich.text import Text

    console.say()
    console.show_table(
        ["Earner", "Achievement", "Issuer", "State", "Open"],
        (
            [
                item.earner,
                item.achievement,
                item.issuer,
                Text(item.state.value, _STYLES.get(item.state.value, "")),
                item.url,
            ]
            for item in loaded.issued
        ),
        empty="Nothing was issued.",
    )
    console.say()
    fresh = f"{loaded.new} new records" if loaded.new else "everything was there already"
    console.say(
        f"{len(loaded.issued)} credentials from {loaded.decisions} decisions; {loaded.achievements} published "
        f"achievements and {loaded.drafts} drafts of {len(loaded.issuers)} issuers; {fresh}.",
        "bold",
    )
    if loaded.stacks:
        console.show_table(
            ["Stack", "Earner", "How far"],
            ([stack.name, earner, told] for stack in loaded.stacks for earner, told in stack.earners),
            empty="Nobody is on the way.",
        )
        console.say()
    data = f" --data-dir {settings.data_dir}" if "data_dir" in settings.model_fields_set else ""
    for issuer in loaded.issuers:
        console.say(f"  issuer       {issuer}")
    for stack in loaded.stacks:
        console.say(f"  stack        {stack.url}  {stack.name}")
    for endorsement in loaded.endorsements:
        console.say(f"  endorsement  {endorsement}")
    for record in loaded.records:
        console.say(f"  record       {record.url}  {record.earner}: {record.members} credentials")
    base = settings.base_url
    console.say(f"  pages        {base}/catalogue  {base}/verify")
    if settings.sends_mail and loaded.people:
        console.say(f"  sign in      {base}/me as {loaded.people[0]}; the mail with the link is shown here")
    if loaded.issued:
        first = loaded.issued[0].url
        console.say(f"  try          curl -H 'Accept: application/vc' {first}")
        console.say(f"  verify       badgeissuer verify {first}{data}")
    slug = loaded.issuers[0].rpartition("/")[2] if loaded.issuers else "SLUG"
    console.say(f"  API key      badgeissuer apikey create --platform 'My platform' --for-issuer {slug}{data}")
    console.say(f"  then         curl -H 'Authorization: Bearer <key>' {settings.base_url}/v1/awards")
    console.say()


def _facts(loaded: Loaded) -> dict[str, Any]:
    return {
        "new": loaded.new,
        "issuers": list(loaded.issuers),
        "achievements": loaded.achievements,
        "drafts": loaded.drafts,
        "decisions": loaded.decisions,
        "issued": [
            {
                "url": item.url,
                "achievement": item.achievement,
                "issuer": item.issuer,
                "earner": item.earner,
                "state": item.state.value,
            }
            for item in loaded.issued
        ],
        "stacks": [
            {
                "url": stack.url,
                "name": stack.name,
                "earners": [{"earner": earner, "progress": told} for earner, told in stack.earners],
            }
            for stack in loaded.stacks
        ],
        "endorsements": list(loaded.endorsements),
        "records": [
            {"url": record.url, "name": record.name, "earner": record.earner, "members": record.members}
            for record in loaded.records
        ],
    }
