"""The exported demo as a stranger meets it: files at public paths, and nothing of the service behind them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from badgeissuer.cli.demo import load_demo
from badgeissuer.cli.exporting import export
from badgeissuer.net.fetch import Fetched, FetchFailed
from badgeissuer.runtime import Runtime
from badgeissuer.sandbox import Sandbox
from badgeissuer.settings import Settings
from badgeissuer.store import schema

BASE_URL = "https://issuer.example"


@dataclass
class Exported:
    """A folder that ``export`` wrote, read only by what the manifest says and by URL."""

    folder: Path

    @cached_property
    def items(self) -> list[dict[str, str]]:
        items: list[dict[str, str]] = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))["items"]
        return items

    def of(self, kind: str) -> list[dict[str, str]]:
        return [item for item in self.items if item["kind"] == kind]

    def data(self, item: dict[str, str]) -> bytes:
        return (self.folder / item["path"]).read_bytes()

    def document(self, item: dict[str, str]) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.data(item))
        return document

    def answer(self, url: str) -> bytes:
        """As the plainest server would: ``/x`` is the file ``x`` or ``x.json``. Raises ``FileNotFoundError``."""
        path = urlsplit(url).path.lstrip("/")
        for name in (path, f"{path}.json"):
            if (self.folder / name).is_file():
                return (self.folder / name).read_bytes()
        raise FileNotFoundError(url)


@dataclass
class FileHost:
    """In the place of ``net.fetch.Fetcher``: the web holds the exported files and nothing else."""

    exported: Exported

    async def get(self, url: str, *, accept: str) -> Fetched:
        try:
            body = self.exported.answer(url)
        except FileNotFoundError:
            raise FetchFailed(f"nothing at {url}") from None
        return Fetched(url=url, status=200, content_type="application/json", body=body)


async def new_runtime(
    folder: Path,
    sandbox: Sandbox,
    *,
    clock: Callable[[], datetime],
    fetch: FileHost | None = None,
    base_url: str = BASE_URL,
) -> Runtime:
    """A runtime on an empty SQLite database in the folder."""
    url = f"sqlite+aiosqlite:///{folder / 'badgeissuer.db'}"
    await schema.upgrade(url)
    runtime = Runtime(
        Settings(data_dir=folder, database_url=url, base_url=base_url),
        clock=clock,
        fetch=fetch,  # type: ignore[arg-type]
        passphrase=SecretStr("a passphrase that only the tests use"),
        sandbox=sandbox,
    )
    await runtime.start()
    return runtime


async def export_demo(folder: Path, sandbox: Sandbox, *, clock: Callable[[], datetime]) -> Exported:
    """Load the demo into a new database and export it."""
    runtime = await new_runtime(folder, sandbox, clock=clock)
    try:
        await load_demo(runtime)
        await export(runtime, folder / "export")
    finally:
        await runtime.close()
    return Exported(folder / "export")
