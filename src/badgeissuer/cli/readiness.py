"""What must be right before the service starts: schema, base URL, passphrase, keys. ``config check`` shows the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from badgeissuer.cli.session import database_in_words
from badgeissuer.errors import Misconfigured

if TYPE_CHECKING:
    from badgeissuer.settings import Settings


async def check(settings: Settings) -> None:
    """Raises ``Misconfigured`` or ``Unavailable`` with the first thing that is wrong and how to mend it."""
    require_passphrase(settings)
    await require_schema(settings)
    await require_base_url(settings)
    await require_keys(settings)


def require_passphrase(settings: Settings) -> None:
    """Raises ``Misconfigured`` where the private keys could not be opened or made."""
    if settings.passphrase() is None:
        raise Misconfigured(
            "the private keys need a passphrase: set BADGEISSUER_KEY_PASSPHRASE (`openssl rand -base64 32` makes a "
            f"good one) or BADGEISSUER_KEY_PASSPHRASE_FILE, or put it into {settings.passphrase_path}"
        )


async def require_schema(settings: Settings) -> None:
    """Raises ``Misconfigured`` unless the database is there and stands at this code's migration."""
    from badgeissuer.store import schema
    from badgeissuer.store.engine import Database

    if not database_exists(settings):
        raise Misconfigured(f"there is no database yet; make it with `{migrate_command(settings)}`")
    database = Database(settings.resolved_database_url, pool_size=1)
    try:
        with database_in_words():
            fits = await schema.at_head(database)
    finally:
        await database.close()
    if not fits:
        raise Misconfigured(
            f"the database does not stand at the migration of this version; run `{migrate_command(settings)}`"
        )


async def require_base_url(settings: Settings) -> None:
    """Raises ``Misconfigured`` where issuers were made under another base URL: ids never follow a new one."""
    from sqlalchemy import select

    from badgeissuer.services.registering import issuer_did, issuer_page
    from badgeissuer.store.catalog import Issuer
    from badgeissuer.store.engine import Database

    ours = issuer_did(settings.base_url, "x").removesuffix("x")
    database = Database(settings.resolved_database_url, pool_size=1)
    try:
        async with database.reading() as session:
            other = await session.scalar(
                select(Issuer).where(~Issuer.did.startswith(ours, autoescape=True)).order_by(Issuer.did).limit(1)
            )
    finally:
        await database.close()
    if other is not None:
        before = str(other.profile["url"]).removesuffix(issuer_page("", other.slug))
        raise Misconfigured(
            f"the base URL is {settings.base_url}, but the issuers in the database were made under {before}, which is "
            f"part of their ids for ever: set BADGEISSUER_BASE_URL={before}, or use another --data-dir"
        )


async def require_keys(settings: Settings) -> int:
    """The number of keys. Raises ``Misconfigured`` where one that may still sign is missing or is not its row's."""
    from sqlalchemy import select

    from badgeissuer.keyring.ring import KeyRing
    from badgeissuer.store.catalog import IssuerKey
    from badgeissuer.store.engine import Database

    database = Database(settings.resolved_database_url, pool_size=1)
    try:
        async with database.reading() as session:
            keys = [row.as_facts() for row in await session.scalars(select(IssuerKey))]
    finally:
        await database.close()
    secret = settings.passphrase()
    if secret is None:
        require_passphrase(settings)
    else:
        KeyRing(settings.resolved_keys_dir, secret).check(keys)
    return len(keys)


def database_exists(settings: Settings) -> bool:
    """Whether there is something to connect to. An SQLite file is never made by looking for it."""
    from pathlib import Path

    from sqlalchemy.engine import make_url

    url = make_url(settings.resolved_database_url)
    return url.get_backend_name() != "sqlite" or not url.database or Path(url.database).is_file()


def migrate_command(settings: Settings) -> str:
    from shlex import quote

    named = "data_dir" in settings.model_fields_set
    return f"badgeissuer migrate --data-dir {quote(str(settings.data_dir))}" if named else "badgeissuer migrate"
