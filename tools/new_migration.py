"""Write the next migration from what differs between models and schema: ``make migration NAME="add x"``.

Works on a throw-away SQLite database. What it writes is a draft: read it, and edit it for PostgreSQL and for data.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from badgeissuer.store import schema


async def write(message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'throw-away.db'}"
        await schema.upgrade(url)
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(_revision, message)
        await engine.dispose()


def _revision(connection: Connection, message: str) -> None:
    config = schema._config()
    config.attributes["connection"] = connection
    number = len(list(Path(str(config.get_main_option("script_location"))).glob("versions/*.py"))) + 1
    written = command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")
    assert written is not None
    assert not isinstance(written, list)
    path = Path(written.path)
    # The template imports our column type by name; autogenerate writes it with its module.
    path.write_text(path.read_text(encoding="utf-8").replace("badgeissuer.store.base.", ""), encoding="utf-8")
    for action in (["check", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([Path(sys.executable).parent / "ruff", *action, str(path)], check=False)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        raise SystemExit('say what changes: make migration NAME="add badge colour"')
    asyncio.run(write(sys.argv[1]))
