"""``badgeissuer config check``: every setting with its source, and whether the service would start."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import typer

from badgeissuer.cli import console
from badgeissuer.cli.exits import Exit
from badgeissuer.cli.options import AsJson, BaseUrl, DataDir
from badgeissuer.errors import BadgeissuerError

if TYPE_CHECKING:
    from badgeissuer.settings import Settings

app = typer.Typer(help="Look at the configuration.", no_args_is_help=True)

_PREFIX = "BADGEISSUER_"
# Read elsewhere than in Settings.
_OTHER = ("BADGEISSUER_DEBUG", "BADGEISSUER_TEST_", "BADGEISSUER_SHARED", "BADGEISSUER_REQUIRE_TOOLS")


@app.callback()
def _group() -> None:
    pass


@app.command()
def check(base_url: BaseUrl = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show every setting and where it comes from; exit 5 where the service would not start, with the reasons.

    Changes nothing, and shows no secret.
    """
    from badgeissuer.settings import Settings

    unknown = _unknown(Settings)
    settings = Settings.load(data_dir=data_dir, base_url=base_url)
    shown = [_setting(settings, name) for name in Settings.model_fields]
    shown += _derived(settings)
    checks = asyncio.run(_checks(settings))
    warnings = [f"{name} is set, but there is no such setting" for name in unknown]
    if settings.loopback:
        warnings.append(
            f"the base URL {settings.base_url} is this machine only: others cannot check what is issued under it"
        )
    if settings.demo:
        warnings.append("demo mode is on: not for real credentials")
    ok = all(problem is None for _, problem in checks)
    if as_json:
        console.show_json(
            {
                "ok": ok,
                "settings": [dict(zip(("name", "value", "source"), line, strict=True)) for line in shown],
                "checks": [{"name": name, "ok": problem is None, "problem": problem} for name, problem in checks],
                "warnings": warnings,
            }
        )
    else:
        console.show_table(["Setting", "Value", "From"], shown, empty="")
        console.say()
        for name, problem in checks:
            if problem is None:
                console.say(f"  ok      {name}", "green")
            else:
                console.say(f"  failed  {name}: {problem}", "red")
    for warning in warnings:
        console.note(f"warning: {warning}", "yellow")
    if not ok:
        console.note("The service would not start.", "bold red")
        raise typer.Exit(Exit.CONFIGURATION)


def _setting(settings: Settings, name: str) -> tuple[str, str, str]:
    variable = f"{_PREFIX}{name.upper()}"
    value = getattr(settings, name)
    environment = next((key for key in os.environ if key.upper() == variable), None)
    if name not in settings.model_fields_set:
        source = "default"
    elif environment is not None and os.environ[environment] == str(_plain(value)):
        source = environment
    elif name in ("data_dir", "base_url"):
        source = f"--{name.replace('_', '-')}"
    else:
        source = environment or "default"
    return variable, _shown(name, value), source


def _plain(value: Any) -> Any:
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


def _shown(name: str, value: Any) -> str:
    from sqlalchemy.engine import make_url

    if value is None:
        return "-"
    if hasattr(value, "get_secret_value"):
        return "(set, hidden)"
    if name == "database_url":
        return make_url(value).render_as_string(hide_password=True)
    return str(value)


def _derived(settings: Settings) -> list[tuple[str, str, str]]:
    """What follows from the settings, for those who look for their files."""
    from badgeissuer.cli.migrate import shown_database

    return [
        ("  the database", shown_database(settings), ""),
        ("  the keys' folder", str(settings.resolved_keys_dir), ""),
        ("  the passphrase", _where_passphrase(settings), ""),
    ]


def _where_passphrase(settings: Settings) -> str:
    if settings.key_passphrase is not None:
        return "from BADGEISSUER_KEY_PASSPHRASE (hidden)"
    path = settings.passphrase_path
    return f"from {path} (hidden)" if path.exists() else "none"


def _unknown(settings: type[Settings]) -> list[str]:
    known = {f"{_PREFIX}{name.upper()}" for name in settings.model_fields}
    return sorted(
        name
        for name in os.environ
        if name.upper().startswith(_PREFIX) and name.upper() not in known and not name.upper().startswith(_OTHER)
    )


async def _checks(settings: Settings) -> list[tuple[str, str | None]]:
    """What ``serve`` asks before it starts, each with what is wrong. The later ones need the earlier ones."""
    from badgeissuer.cli import readiness

    async def passphrase() -> None:
        readiness.require_passphrase(settings)

    steps: list[tuple[str, Callable[[], Awaitable[object]]]] = [
        ("passphrase of the private keys", passphrase),
        ("database and its migration", lambda: readiness.require_schema(settings)),
        ("base URL is that of the issuers in the database", lambda: readiness.require_base_url(settings)),
        ("private keys are there and are those of the database", lambda: readiness.require_keys(settings)),
    ]
    needs = {2: (1,), 3: (0, 1)}
    found: list[tuple[str, str | None]] = []
    for number, (name, step) in enumerate(steps):
        if any(found[needed][1] is not None for needed in needs.get(number, ())):
            found.append((name, "not checked, for want of what is above"))
            continue
        try:
            await step()
        except BadgeissuerError as error:
            found.append((name, error.detail))
        else:
            found.append((name, None))
    return found
