"""``badgeissuer issuer``: the organisations that issue, each with its DID and its own keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from badgeissuer.cli import console, session
from badgeissuer.cli.art import Caption, PictureFile, cleaned
from badgeissuer.cli.exits import WrongUsage
from badgeissuer.cli.options import AsJson, DataDir
from badgeissuer.vc.profiles.targets import Target

if TYPE_CHECKING:
    from badgeissuer.services.registering import TargetChoice
    from badgeissuer.store.catalog import Issuer, IssuerKey
    from badgeissuer.work import Work

app = typer.Typer(help="Register issuers, show them, rotate their keys.", no_args_is_help=True)

Slug = Annotated[str, typer.Argument(help="The issuer's short name: part of its DID and its addresses.")]
PreflightTargets = Annotated[
    list[Target] | None,
    typer.Option(
        "--preflight-target",
        help="Where every credential must import to be issued; repeatable. LinkedIn imports nothing.",
    ),
]
NoPreflight = Annotated[bool, typer.Option("--no-preflight", help="Issue whether or not it imports anywhere.")]


@app.command()
def create(
    slug: Slug,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="The name that people read on badges.")] = None,
    profile: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="JSON file with more of the Open Badges Profile; - is standard input."),
    ] = None,
    preflight_target: PreflightTargets = None,
    no_preflight: NoPreflight = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Register an issuer with a DID and keys of its own. They sign at once."""
    choice = _choice(preflight_target, nowhere=no_preflight)
    document: dict[str, Any] = session.read_body(profile) if profile is not None else {}
    if name is not None:
        document["name"] = name
    if not document.get("name"):
        raise WrongUsage("an issuer needs --name, or a name in its --profile")

    async def register(work: Work) -> dict[str, Any]:
        from badgeissuer.services import registering

        made = await registering.register_issuer(work, slug=slug, profile=document, choice=choice)
        return _facts(work, made)

    facts = session.in_unit(session.settings_of(data_dir), register, keys=True)
    if as_json:
        console.show_json(facts)
        return
    console.say(f"Registered {facts['name']}.", "green")
    _lines(facts)


@app.command("art")
def put_art(slug: Slug, file: PictureFile, caption: Caption, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Give an issuer its logo: credentials that come later carry its address."""

    async def put(work: Work) -> dict[str, Any]:
        from badgeissuer.services import illustrating

        issuer = await illustrating.illustrate_issuer(work, slug=slug, cleaned=await cleaned(file), caption=caption)
        return {**_facts(work, issuer), "image": issuer.profile["image"]}

    facts = session.in_unit(session.settings_of(data_dir), put)
    if as_json:
        console.show_json(facts)
        return
    console.say(f"{facts['name']} has a logo: {facts['image']['id']}", "green")


@app.command("list")
def list_issuers(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show all issuers."""

    async def read(work: Work) -> list[dict[str, Any]]:
        from sqlalchemy import select

        from badgeissuer.store.catalog import Issuer

        return [_facts(work, row) for row in await work.session.scalars(select(Issuer).order_by(Issuer.slug))]

    issuers = session.in_unit(session.settings_of(data_dir), read)
    if as_json:
        console.show_json({"items": issuers})
        return
    console.show_table(
        ["Slug", "Name", "DID"],
        ([item["slug"], item["name"], item["did"]] for item in issuers),
        empty="There are no issuers yet; make one with `badgeissuer issuer create SLUG --name NAME`.",
    )


@app.command()
def show(slug: Slug, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show one issuer with its profile and its keys' states."""

    async def read(work: Work) -> dict[str, Any]:
        from badgeissuer.services import registering

        found = await registering.find_issuer(work, slug=slug)
        keys = await registering.issuer_keys(work, issuer_id=found.id)
        return {**_facts(work, found), "profile": found.profile, "keys": _keys(work, keys)}

    facts = session.in_unit(session.settings_of(data_dir), read)
    if as_json:
        console.show_json(facts)
        return
    console.say(facts["name"], "bold")
    _lines(facts)
    _key_table(facts["keys"])


@app.command()
def preflight(
    slug: Slug,
    preflight_target: PreflightTargets = None,
    no_preflight: NoPreflight = False,
    default: Annotated[
        bool, typer.Option("--default", help="Leave it to the service: all targets whose rules are known.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Choose where the issuer's credentials must import to be issued. Without options: show the choice."""
    if default and (preflight_target or no_preflight):
        raise WrongUsage("--default does not go together with a choice")
    choice = _choice(preflight_target, nowhere=no_preflight, default=default)

    async def choose(work: Work) -> dict[str, Any]:
        from badgeissuer.services import registering

        if choice is None:
            return _facts(work, await registering.find_issuer(work, slug=slug))
        return _facts(work, await registering.update_issuer(work, slug=slug, changes={}, choice=choice))

    facts = session.in_unit(session.settings_of(data_dir), choose)
    if as_json:
        console.show_json({"slug": slug, "preflight_targets": facts["preflight_targets"]})
    else:
        _lines(facts, (_IMPORTS,))


@app.command("rotate-keys")
def rotate_keys(
    slug: Slug,
    now: Annotated[
        bool,
        typer.Option("--now", help="For emergencies: the new keys sign at once."),
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make and publish the issuer's next keys. The old ones go on verifying what they signed."""

    async def rotate(work: Work) -> list[dict[str, Any]]:
        from badgeissuer.services import registering

        return _keys(work, await registering.rotate_keys(work, slug=slug, now=now))

    keys = session.in_unit(session.settings_of(data_dir), rotate, keys=True)
    if as_json:
        console.show_json({"keys": keys})
        return
    console.say(f"The next keys of {slug} are published; they sign from {keys[0]['activates_at']}.", "green")
    _key_table(keys)


def _choice(targets: list[Target] | None, *, nowhere: bool, default: bool = False) -> TargetChoice | None:
    """None where no option says anything."""
    from badgeissuer.services.registering import TargetChoice

    if targets and nowhere:
        raise WrongUsage("--preflight-target and --no-preflight do not go together")
    if targets or nowhere:
        return TargetChoice(tuple(targets or ()))
    return TargetChoice() if default else None


def _facts(work: Work, row: Issuer) -> dict[str, Any]:
    from badgeissuer.services import registering

    page = registering.issuer_page(work.base_url, row.slug)
    return {
        "slug": row.slug,
        "name": row.name,
        "did": row.did,
        "url": page,
        "did_document": f"{page}/did.json",
        "website": row.website,
        "preflight_targets": [target.value for target in row.targets],
        "created_at": row.created_at.isoformat(),
    }


def _keys(work: Work, rows: list[IssuerKey]) -> list[dict[str, Any]]:
    """The keys, with the state that they have by now whether or not it was written down."""
    from badgeissuer.rules.keys import settled

    states = dict(settled([row.as_facts() for row in rows], work.now))
    return [
        {
            "id": str(row.id),
            "algorithm": row.algorithm.value,
            "verification_method": f"{row.did}#{row.public_multibase}",
            "state": states.get(row.id, row.state).value,
            "activates_at": row.activates_at.isoformat(),
            "retired_at": row.retired_at.isoformat() if row.retired_at else None,
        }
        for row in sorted(rows, key=lambda row: (row.activates_at, row.algorithm))
    ]


_IMPORTS = ("Must import", "preflight_targets")
_LINES = (("DID", "did"), ("Page", "url"), ("DID document", "did_document"), ("Website", "website"), _IMPORTS)


def _lines(facts: dict[str, Any], lines: tuple[tuple[str, str], ...] = _LINES) -> None:
    for label, name in lines:
        fact = facts[name]
        if name == "preflight_targets":
            fact = ", ".join(fact) or "nowhere"
        if fact:
            console.say(f"  {label:<13} {fact}")


def _key_table(keys: list[dict[str, Any]]) -> None:
    console.show_table(
        ["Algorithm", "State", "Signs from", "Verification method"],
        ([key["algorithm"], key["state"], key["activates_at"], key["verification_method"]] for key in keys),
        empty="There are no keys.",
    )
