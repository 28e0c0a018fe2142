"""``badgeissuer verify``: is this credential genuine, whose is it, and is it still valid?"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from badgeissuer.cli import console, session
from badgeissuer.cli.exits import NO_VERDICT, Exit, WrongUsage
from badgeissuer.cli.options import AsJson, DataDir
from badgeissuer.errors import BadgeissuerError, Misconfigured

if TYPE_CHECKING:
    from badgeissuer.runtime import Runtime
    from badgeissuer.settings import Settings
    from badgeissuer.vc.verify import Policy, Report
    from badgeissuer.work import Work

_MARKS = {"ok": ("ok         ", "green"), "failed": ("failed     ", "red"), "not_checked": ("not checked", "yellow")}
# The checks up to "key belongs to issuer".
_PROVED = 5
_VERDICTS = {
    "valid": "VALID",
    "revoked": "NOT VALID: it was revoked",
    "suspended": "NOT VALID: it is suspended",
    "expired": "NOT VALID: it has expired",
    "not_yet_valid": "NOT VALID: its time has not come",
    "invalid": "NOT VALID",
    "not_checked": "NO VERDICT: it could not be checked",
}


def verify(
    source: Annotated[
        str, typer.Argument(metavar="FILE|URL|-", help="A file, an https address, or - (standard input).")
    ],
    recipient: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID", help="E-mail address, DID or other id of the one whom it should be about; repeatable."
        ),
    ] = None,
    trusted_issuer: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="DID or URL of an issuer that you accept; repeatable."),
    ] = None,
    needs_status: Annotated[
        bool, typer.Option("--needs-status", help="Accept only what its issuer could take back.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Verify a credential (JSON, JWT, PNG, SVG), step by step. Exit 0 valid, 1 not valid, 2 could not be checked.

    Trusted issuers and --needs-status are your own rules: one that is valid but breaks them is not accepted, and exits
    with 1.

    Own issuers are looked up in the database, where there is one; others are fetched, from public https addresses only.
    """
    settings = session.settings_of(data_dir)
    try:
        policy = _policy(recipient, trusted_issuer, needs_status=needs_status)
        report = asyncio.run(_verify(settings, source, policy))
    except Misconfigured:
        raise
    except BadgeissuerError as error:
        console.show_error(error, as_json=as_json)
        raise typer.Exit(NO_VERDICT) from None
    if as_json:
        console.show_json(_json(report))
    else:
        _tell(report)
    if report.accepted:
        return
    raise typer.Exit(NO_VERDICT if report.outcome == "not_checked" else Exit.REFUSED)


def _policy(recipient: list[str] | None, trusted: list[str] | None, *, needs_status: bool) -> Policy:
    from badgeissuer.vc.model.base import is_iri
    from badgeissuer.vc.verify import Policy

    if not all(is_iri(issuer) for issuer in trusted or ()):
        raise WrongUsage("a trusted issuer must be given by its id: a DID or a URL")
    return Policy(
        recipient=frozenset(recipient) if recipient else None,
        trusted_issuers=frozenset(trusted) if trusted else None,
        needs_status=needs_status,
    )


async def _verify(settings: Settings, source: str, policy: Policy) -> Report:
    from badgeissuer.services import verifying
    from badgeissuer.services.access import operator

    data = None if _is_address(source) else session.read_input(source)
    async with _runtime(settings) as runtime, runtime.begin(operator()) as work:
        document = data if data is not None else await _fetched(work, source)
        return await verifying.verify(work, data=document, policy=policy)


def _is_address(source: str) -> bool:
    return source.startswith(("https://", "http://"))


async def _fetched(work: Work, url: str) -> bytes:
    """The document at an address: ours from the database, others through the guard."""
    from badgeissuer.services import obtaining
    from badgeissuer.store.awards import Credential, jwt_id
    from badgeissuer.store.clrs import Clr
    from badgeissuer.store.endorsements import Endorsement

    name = url.removesuffix(".json")
    try:
        found = UUID(name.rpartition("/")[2].removesuffix(".jwt"))
    except ValueError:
        return await obtaining.document_at(work, url)
    key = jwt_id(found) if name.endswith(".jwt") else found
    badge = await work.session.get(Credential, key)
    record = None if badge is not None else await work.session.get(Clr, key)
    endorsement = None if badge is not None else await work.session.get(Endorsement, key)
    own = badge or record or endorsement
    # By its whole address, whatever the base URL is set to here.
    if own is not None and own.url == name:
        return own.text.encode()
    return await obtaining.document_at(work, url)


@asynccontextmanager
async def _runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """A runtime on the database, or on an empty one that vanishes where there is none: strangers verify too."""
    from badgeissuer.cli import readiness
    from badgeissuer.runtime import Runtime
    from badgeissuer.store import schema

    if readiness.database_exists(settings):
        async with session.opened(settings, addresses=False) as runtime:
            yield runtime
        return
    with tempfile.TemporaryDirectory(prefix="badgeissuer-") as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'empty.db'}"
        await schema.upgrade(url)
        runtime = Runtime(settings.model_copy(update={"database_url": url}), keys_needed=False)
        try:
            yield runtime
        finally:
            await runtime.close()


def _json(report: Report) -> dict[str, Any]:
    """As ``POST /v1/verify`` answers."""
    from badgeissuer.web.api.verify_wire import VerificationOut

    return VerificationOut.of(report).model_dump(mode="json")


def _tell_members(report: Report) -> None:
    """The credentials of a learner record, one a line; of those that do not hold, why."""
    members = [found for found in report.nested if found.role.value == "member"]
    if members:
        console.say()
        console.say("Credentials in the record")
    for number, found in enumerate(members):
        facts, good = found.report.facts, found.report.verified
        name = facts.name or facts.achievement or facts.id or "(not readable)"
        console.say(f"  {number:>3}  {found.report.outcome.value:<12} {name}", "green" if good else "red")
        for check in found.report.checks:
            if check.verdict.value != "ok":
                console.say(f"                    {check.number} {check.name}: {check.detail}")


def _tell(report: Report) -> None:
    for check in report.checks:
        mark, style = _MARKS[check.verdict.value]
        console.say(f"{check.number}  {mark}  {check.name}: {check.detail}", style)
        if check.remedy:
            console.say(f"                {check.remedy}")
    _tell_members(report)
    for rule in report.policy:
        mark, style = _MARKS[rule.verdict.value]
        console.say(f"-  {mark}  your rule, {rule.name}: {rule.detail}", style)
        if rule.remedy:
            console.say(f"                {rule.remedy}")
    said = report.facts
    facts = {
        "Credential": said.name or said.id,
        "Achievement": said.achievement if said.achievement != said.name else None,
        "Issuer": " ".join(text for text in (said.issuer_name, said.issuer and f"<{said.issuer}>") if text),
        "Valid": " to ".join(text for text in (said.valid_from, said.valid_until) if text),
    }
    console.say()
    if report.refreshed:
        console.say("This is about the newer edition that its refresh service gave.")
    if any(facts.values()):
        proved = all(check.verdict.value == "ok" for check in report.checks[:_PROVED])
        console.say("The issuer says" if proved else "It says of itself, and nothing proves it")
        for label, fact in facts.items():
            if fact:
                console.say(f"  {label:<12} {fact}")
        console.say()
    verdict = _VERDICTS[report.outcome.value]
    if report.verified and not report.accepted:
        verdict += ", but not accepted by your own rules"
    console.say(verdict, "bold green" if report.accepted else "bold red")
    console.say(report.advice)
