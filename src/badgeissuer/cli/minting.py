"""``badgeissuer minting``: whether anything is issued, and letting it go on after a halt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from badgeissuer.cli import console, session
from badgeissuer.cli.options import AsJson, DataDir

if TYPE_CHECKING:
    from badgeissuer.store.halts import MintingHalt
    from badgeissuer.work import Work

app = typer.Typer(help="Whether anything is issued, and why not.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Whether anything is issued, and why not."""


@app.command()
def show(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show what has halted minting: signed documents over which PyLD says another thing than was signed."""

    async def read(work: Work) -> list[MintingHalt]:
        from badgeissuer.services import rechecking

        return await rechecking.standing(work)

    halts = session.in_unit(session.settings_of(data_dir), read)
    if as_json:
        console.show_json({"halted": bool(halts), "halts": [_as_json(each) for each in halts]})
        return
    if not halts:
        console.say("Minting goes on; nothing has halted it.", "green")
    for each in halts:
        console.say(f"Halted since {each.found_at:%Y-%m-%d %H:%M} UTC by {each.kind} {each.document_id}: {each.detail}")


@app.command()
def resume(
    reason: Annotated[str, typer.Option(help="what was wrong, and what was done about it", show_default=False)],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Let minting go on, once the difference is understood. Written down with the reason."""

    async def lift(work: Work) -> list[MintingHalt]:
        from badgeissuer.services import rechecking

        return await rechecking.lift(work, reason=reason)

    halts = session.in_unit(session.settings_of(data_dir), lift)
    if as_json:
        console.show_json({"lifted": [_as_json(each) for each in halts]})
        return
    console.say("Minting goes on.", "green")


def _as_json(halt: MintingHalt) -> dict[str, Any]:
    return {
        "id": str(halt.id),
        "kind": halt.kind,
        "document": str(halt.document_id),
        "detail": halt.detail,
        "found_at": halt.found_at.isoformat(),
    }
