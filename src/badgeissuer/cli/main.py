"""The ``badgeissuer`` command. Modules of commands are light: what they need is imported when they run."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from badgeissuer import __version__
from badgeissuer.cli import (
    achievement,
    apikey,
    award_states,
    catalogue,
    clr,
    config,
    console,
    demo_command,
    endorsement,
    export,
    issue,
    issuer,
    migrate,
    minting,
    openapi,
    preflight,
    serve,
    stack,
    verify,
)
from badgeissuer.cli.exits import MEANINGS, Exit, code_of
from badgeissuer.cli.options import JSON_KEY
from badgeissuer.errors import BadgeissuerError


class Commands(TyperGroup):
    """Where every error of every command ends: as words and an exit code, never as a traceback."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name in _ORDER if name in self.commands]

    def invoke(self, ctx: Any) -> Any:
        console.log_to_stderr()
        try:
            return super().invoke(ctx)
        except BadgeissuerError as error:
            console.show_error(error, as_json=ctx.meta.get(JSON_KEY, False))
            console.show_traceback(error)
            raise typer.Exit(code_of(type(error))) from None
        except (typer.Exit, typer.Abort, TyperException, BrokenPipeError):
            raise
        except Exception as error:
            console.show_bug(error, as_json=ctx.meta.get(JSON_KEY, False))
            console.show_traceback(error)
            raise typer.Exit(Exit.BUG) from None


_ORDER = (
    *("demo", "serve", "migrate"),
    *("apikey", "issuer", "achievement", "stack", "catalogue", "minting"),
    *("issue", "revoke", "suspend", "reinstate", "export"),
    *("clr", "endorse", "endorsement"),
    *("verify", "preflight", "config", "openapi"),
)
_EXAMPLES = """\
**First steps**

`badgeissuer demo` makes a database in ./data, issues real-looking badges and serves them on http://localhost:8000.

`badgeissuer config check` shows every setting, where it comes from, and whether the service would start.

Every command has `--help`, `--data-dir` and `--json`. Settings are environment variables, `BADGEISSUER_…`.
"""
_EPILOG = "**Exit codes**\n\n" + "\n".join(f"* `{code:>3d}` {meaning}" for code, meaning in MEANINGS.items())

app = typer.Typer(
    name="badgeissuer",
    cls=Commands,
    help="Issue, serve and verify educator micro-credentials as signed Open Badges 3.0.\n\n" + _EXAMPLES,
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        console.say(f"badgeissuer {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


_START, _SET_UP, _ISSUE, _CHECK = "Start", "Set up", "Issue and change", "Check"

app.command("demo", rich_help_panel=_START)(demo_command.demo)
app.command("serve", rich_help_panel=_START)(serve.serve)
app.command("migrate", rich_help_panel=_START)(migrate.migrate)
app.add_typer(apikey.app, name="apikey", rich_help_panel=_SET_UP)
app.add_typer(issuer.app, name="issuer", rich_help_panel=_SET_UP)
app.add_typer(achievement.app, name="achievement", rich_help_panel=_SET_UP)
app.add_typer(stack.app, name="stack", rich_help_panel=_SET_UP)
app.add_typer(catalogue.app, name="catalogue", rich_help_panel=_SET_UP)
app.add_typer(minting.app, name="minting", rich_help_panel=_SET_UP)
app.command("issue", rich_help_panel=_ISSUE)(issue.issue)
app.command("revoke", rich_help_panel=_ISSUE)(award_states.revoke)
app.command("suspend", rich_help_panel=_ISSUE)(award_states.suspend)
app.command("reinstate", rich_help_panel=_ISSUE)(award_states.reinstate)
app.command("export", rich_help_panel=_ISSUE)(export.export)
app.command("endorse", rich_help_panel=_ISSUE)(endorsement.endorse)
app.add_typer(endorsement.app, name="endorsement", rich_help_panel=_ISSUE)
app.add_typer(clr.app, name="clr", rich_help_panel=_ISSUE)
app.command("verify", rich_help_panel=_CHECK)(verify.verify)
app.command("preflight", rich_help_panel=_CHECK)(preflight.preflight)
app.add_typer(config.app, name="config", rich_help_panel=_CHECK)
app.command("openapi", rich_help_panel=_CHECK)(openapi.openapi)


def main() -> None:
    """The console script."""
    app(prog_name="badgeissuer")
