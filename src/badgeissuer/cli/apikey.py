"""``badgeissuer apikey``: keys by which platforms, issuers and agencies call the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from badgeissuer.cli import console, session
from badgeissuer.cli.exits import WrongUsage
from badgeissuer.cli.options import AsJson, DataDir

if TYPE_CHECKING:
    from badgeissuer.rules.terms import ClientKind
    from badgeissuer.work import Work

app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)


@app.command()
def create(
    platform: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A platform: acts for issuers that it registers, and --for-issuer."),
    ] = None,
    issuer: Annotated[str | None, typer.Option(metavar="SLUG", help="One issuer: acts for this one only.")] = None,
    agency: Annotated[
        str | None, typer.Option(metavar="NAME", help="A state agency or recognizer: reads awards.")
    ] = None,
    scopes: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", show_default="all that suit the kind", help="What it may do; repeatable."),
    ] = None,
    consent_purpose: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Of an agency: it reads only awards of earners who consent to this purpose, in words they are shown.",
        ),
    ] = None,
    for_issuer: Annotated[
        list[str] | None,
        typer.Option(metavar="SLUG", help="An issuer that it may act for. Repeatable."),
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key. It is shown once and stored only as a hash.

    Give one of --platform, --issuer and --agency.
    """
    from badgeissuer.rules.terms import ClientKind
    from badgeissuer.services import access

    kinds = {ClientKind.PLATFORM: platform, ClientKind.ISSUER: issuer, ClientKind.AGENCY: agency}
    given = [(kind, name.strip()) for kind, name in kinds.items() if name is not None]
    if len(given) != 1 or not given[0][1]:
        raise WrongUsage("say whom the key is for: one of --platform NAME, --issuer SLUG, --agency NAME")
    kind, name = given[0]
    issuers = _split(for_issuer)
    if kind is ClientKind.ISSUER:
        if issuers:
            raise WrongUsage("--for-issuer is for platforms and agencies; an issuer's key acts for that issuer")
        issuers = [name]
    everything = kind is ClientKind.AGENCY and not issuers
    purpose = consent_purpose.strip() if consent_purpose is not None else None
    if purpose is not None and (kind is not ClientKind.AGENCY or not purpose):
        raise WrongUsage("--consent-purpose is for --agency, and says for what it reads")

    async def make(work: Work) -> tuple[str, str, list[str]]:
        client, key = await access.create_client(
            work,
            kind=kind,
            name=name,
            scopes=_split(scopes),
            issuers=issuers,
            all_issuers=everything,
            consent_purpose=purpose,
        )
        return client.prefix, key, list(client.scopes)

    prefix, key, allowed = session.in_unit(session.settings_of(data_dir), make, addresses=False)
    if everything and purpose is None:
        console.note(
            f"WARNING: this key reads the awards of EVERY issuer, now and later. To limit it: "
            f"`badgeissuer apikey revoke {prefix}`, then create it again with --for-issuer SLUG.",
            "bold yellow",
        )
    if as_json:
        console.show_json(
            {
                "key": key,
                "prefix": prefix,
                "kind": kind.value,
                "name": name,
                "scopes": allowed,
                "issuers": issuers,
                "all_issuers": everything,
                "consent_purpose": purpose,
            }
        )
        return
    console.note(f"API key for the {kind.value} {name}: it is shown only now, keep it like a password.", "green")
    console.note(f"May: {', '.join(allowed)}. Acts for: {_issuers_in_words(kind, issuers, everything)}.")
    if purpose is not None:
        console.note(f"It reads only awards of earners who consent to: {purpose}")
    console.note("Send it as the header `Authorization: Bearer <key>`.")
    console.say(key)


@app.command("list")
def list_keys(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show the keys that were made; never the keys themselves."""

    async def read(work: Work) -> list[dict[str, Any]]:
        from sqlalchemy import select

        from badgeissuer.store.access import ApiClient, ApiClientIssuer
        from badgeissuer.store.catalog import Issuer

        slugs: dict[UUID, list[str]] = {}
        pairs = select(ApiClientIssuer.client_id, Issuer.slug).join(Issuer, Issuer.id == ApiClientIssuer.issuer_id)
        for client_id, slug in await work.session.execute(pairs.order_by(Issuer.slug)):
            slugs.setdefault(client_id, []).append(slug)
        return [
            {
                "prefix": client.prefix,
                "kind": client.kind.value,
                "name": client.name,
                "scopes": list(client.scopes),
                "issuers": slugs.get(client.id, []),
                "all_issuers": client.all_issuers,
                "consent_purpose": client.consent_purpose,
                "created_at": client.created_at.isoformat(),
                "revoked_at": client.revoked_at.isoformat() if client.revoked_at else None,
            }
            for client in await work.session.scalars(select(ApiClient).order_by(ApiClient.created_at, ApiClient.id))
        ]

    keys = session.in_unit(session.settings_of(data_dir), read, addresses=False)
    if as_json:
        console.show_json({"items": keys})
        return
    console.show_table(
        ["Prefix", "Kind", "Name", "Acts for", "Scopes", "By consent to", "Made", "Revoked"],
        (
            [
                key["prefix"],
                key["kind"],
                key["name"],
                "every issuer" if key["all_issuers"] else ", ".join(key["issuers"]) or "-",
                ", ".join(key["scopes"]),
                key["consent_purpose"] or "-",
                str(key["created_at"])[:10],
                str(key["revoked_at"] or "-")[:10],
            ]
            for key in keys
        ),
        empty="There are no API keys yet; make one with `badgeissuer apikey create --platform NAME`.",
    )


@app.command()
def revoke(
    prefix: Annotated[str, typer.Argument(help="The part between bi_ and the second _, or the whole key.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """End a key at once. Repeating it changes nothing."""
    wanted = prefix.split("_")[1] if prefix.startswith("bi_") else prefix

    async def end(work: Work) -> tuple[str, str]:
        from badgeissuer.services import access

        client = await access.revoke_client(work, prefix=wanted)
        return client.name, client.revoked_at.isoformat() if client.revoked_at else ""

    name, at = session.in_unit(session.settings_of(data_dir), end, addresses=False)
    if as_json:
        console.show_json({"prefix": wanted, "name": name, "revoked_at": at})
    else:
        console.say(f"The key {wanted} ({name}) is revoked.")


def _split(given: list[str] | None) -> list[str]:
    """Comma lists and repeated options are the same thing."""
    return [part.strip() for text in given or () for part in text.split(",") if part.strip()]


def _issuers_in_words(kind: ClientKind, issuers: list[str], everything: bool) -> str:
    if everything:
        return "EVERY issuer"
    if issuers:
        return ", ".join(issuers)
    return "the issuers that it will register"
