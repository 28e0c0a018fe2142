"""``badgeissuer revoke``, ``suspend``, ``reinstate``: change the state of an award."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from badgeissuer.cli import console, session
from badgeissuer.cli.exits import WrongUsage
from badgeissuer.cli.options import AsJson, DataDir, Reason
from badgeissuer.errors import NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from badgeissuer.services.revoking import Action
    from badgeissuer.work import Work

AwardId = Annotated[
    str, typer.Argument(metavar="AWARD", help="The award's id, or the address of the award or of its credential.")
]


def revoke(award: AwardId, reason: Reason, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Revoke an award for good. Its status list is signed anew at once; the credential stays readable."""
    _change(award, "revoke", reason, data_dir, as_json=as_json)


def suspend(award: AwardId, reason: Reason, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Suspend an award until it is reinstated or revoked."""
    _change(award, "suspend", reason, data_dir, as_json=as_json)


def reinstate(award: AwardId, reason: Reason, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make a suspended award active again."""
    _change(award, "reinstate", reason, data_dir, as_json=as_json)


def _change(award: str, action: Action, reason: str, data_dir: Path | None, *, as_json: bool) -> None:
    wanted = reason.strip()
    if not 1 <= len(wanted) <= 500:
        raise WrongUsage("give a --reason of 1 to 500 characters")

    async def change(work: Work) -> dict[str, Any]:
        from badgeissuer.services import awarding, revoking

        changed = await revoking.change_state(work, award_id=await find_id(work, award), action=action, reason=wanted)
        credential = await awarding.credential_of(work, award=changed.award)
        return {
            "id": str(changed.award.id),
            "state": changed.award.state.value,
            "state_reason": changed.award.state_reason,
            "state_changed_at": changed.award.state_changed_at.isoformat(),
            "credential": credential.url,
            "visible_to_third_parties": changed.visible_to_third_parties,
        }

    facts = session.in_unit(session.settings_of(data_dir), change, keys=True)
    if as_json:
        console.show_json(facts)
        return
    console.say(f"The award is {facts['state']}: {facts['credential']}", "green")
    if not facts["visible_to_third_parties"] and facts["state"] != "active":
        console.note(
            "Only this service shows it: the achievement's status purpose gives others no bit for this state.", "yellow"
        )


async def find_id(work: Work, given: str) -> UUID:
    """The award's id, from an id or from one of its addresses. Raises ``NotFound``."""
    from sqlalchemy import select

    from badgeissuer.store.awards import Credential

    path = given.removeprefix(work.base_url).rstrip("/")
    kind, _, last = path.rpartition("/")
    try:
        wanted = UUID(last.partition(".")[0])
    except ValueError:
        raise NotFound(f"{given} is neither the id of an award nor the address of one here") from None
    if kind in ("", "/v1/awards"):
        return wanted
    found = None
    if kind == "/credentials":
        found = await work.session.scalar(select(Credential.award_id).where(Credential.id == wanted))
    if found is None:
        raise NotFound(f"there is no award at {given}")
    return found
