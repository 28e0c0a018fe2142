"""``badgeissuer preflight``: will this badge import into the wallets and validators that people use?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from badgeissuer.cli import console, session
from badgeissuer.cli.exits import NO_VERDICT, Exit, WrongUsage
from badgeissuer.cli.options import AsJson, DataDir
from badgeissuer.errors import BadgeissuerError
from badgeissuer.vc.profiles.targets import KNOWN_TARGETS, Target

if TYPE_CHECKING:
    from badgeissuer.vc.preflight import Preflight

_VERDICTS = {
    "imports": ("imports", "green"),
    "will_not_import": ("WILL NOT IMPORT", "bold red"),
    "unknown": ("unknown", "yellow"),
}
_STYLES = {"error": "red", "unknown": "yellow", "warning": "yellow", "note": None}


def preflight(
    source: Annotated[str, typer.Argument(metavar="FILE|-", help="A file, or - (standard input).")],
    target: Annotated[
        list[Target] | None,
        typer.Option(help="Where it should import; repeatable. Without it: the first four, whose rules are known."),
    ] = None,
    everywhere: Annotated[
        bool, typer.Option("--all", help="All targets. LinkedIn never imports, and Credly and Canvas are never sure.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Will a credential (JSON, JWT, PNG, SVG) import? Exit 0 everywhere asked, 1 not somewhere, 2 not known somewhere.

    It puts what is known of each target to the document alone: no database, no network, no signature checked (`verify`
    does that). An error is why a target refuses it, an unknown is what no source tells; warnings and notes change no
    verdict.
    """
    if everywhere and target:
        raise WrongUsage("--all and --target do not go together")
    from badgeissuer.vc.preflight import preflight_all

    try:
        found = preflight_all(session.read_input(source), tuple(Target) if everywhere else target or KNOWN_TARGETS)
    except BadgeissuerError as error:
        console.show_error(error, as_json=as_json)
        raise typer.Exit(NO_VERDICT) from None
    if as_json:
        from badgeissuer.web.api.preflight import PreflightOut

        console.show_json(PreflightOut.of(found).model_dump(mode="json"))
    else:
        for answer in found:
            _tell(answer)
        _conclude(found)
    if _exit(found) is not Exit.OK:
        raise typer.Exit(_exit(found))


def _exit(found: tuple[Preflight, ...]) -> Exit:
    verdicts = {answer.verdict.value for answer in found}
    if "will_not_import" in verdicts:
        return Exit.REFUSED
    return NO_VERDICT if "unknown" in verdicts else Exit.OK


def _conclude(found: tuple[Preflight, ...]) -> None:
    names: dict[str, list[str]] = {verdict: [] for verdict in _VERDICTS}
    for answer in found:
        names[answer.verdict.value].append(answer.target.value)
    if names["will_not_import"]:
        console.say(f"WILL NOT IMPORT: {', '.join(names['will_not_import'])}", "bold red")
    if names["unknown"]:
        console.say(f"NOT KNOWN: {', '.join(names['unknown'])}", "bold yellow")
    if names["imports"]:
        console.say(f"IMPORTS: {', '.join(names['imports'])}", "bold green")


def _tell(answer: Preflight) -> None:
    verdict, style = _VERDICTS[answer.verdict.value]
    console.say(f"{answer.target.value:<27}{verdict}", style)
    for finding in answer.findings:
        where = f"{finding.pointer}: " if finding.pointer else ""
        console.say(f"  {finding.severity.value:<9}{where}{finding.detail}", _STYLES[finding.severity.value])
        console.say(f"           {finding.remedy} [{finding.code}; {finding.source}]")
    if answer.beyond:
        console.say(f"           … and {answer.beyond} more")
    console.say()
