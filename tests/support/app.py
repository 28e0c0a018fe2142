"""A whole service in the test process: a database of each kind, a fixed clock and seed, and clients that call it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from badgeissuer.net.fetch import Fetcher
from badgeissuer.rules.terms import ClientKind
from badgeissuer.runtime import Runtime
from badgeissuer.sandbox import Sandbox
from badgeissuer.services import access
from badgeissuer.settings import Settings
from badgeissuer.store import schema
from badgeissuer.vc.contexts import ContextStore
from tests.support import postgres

BASE_URL = "https://issuer.example"
START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@dataclass
class Clock:
    """The time of a test; it moves only when the test moves it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Service:
    """A running service: its runtime, its clock, and a way to call it as somebody."""

    runtime: Runtime
    clock: Clock
    app: Any
    http: httpx2.AsyncClient
    keys: dict[str, str] = field(default_factory=dict)

    async def key(
        self, kind: ClientKind, *issuers: str, scopes: tuple[str, ...] | None = None, all_issuers: bool = False
    ) -> str:
        """A new API key."""
        async with self.runtime.begin(access.operator()) as work:
            _, token = await access.create_client(
                work, kind=kind, name=f"{kind.value} of a test", scopes=scopes, issuers=issuers, all_issuers=all_issuers
            )
        return token

    async def platform(self) -> dict[str, str]:
        """The headers of this service's platform key, made at first need."""
        if "platform" not in self.keys:
            self.keys["platform"] = await self.key(ClientKind.PLATFORM)
        return {"Authorization": f"Bearer {self.keys['platform']}"}

    async def as_issuer(self, slug: str, scopes: tuple[str, ...] | None = None) -> dict[str, str]:
        """The headers of a key that acts for one issuer."""
        return {"Authorization": f"Bearer {await self.key(ClientKind.ISSUER, slug, scopes=scopes)}"}


@pytest.fixture(scope="session")
async def sandbox() -> AsyncIterator[Sandbox]:
    """One set of canonicalisation workers for all tests of this process."""
    shared = Sandbox(ContextStore.pinned(), timeout=30.0)
    await shared.start()
    yield shared
    await shared.close()


@pytest.fixture(scope="session")
def _templates() -> dict[str, str]:
    return {}


@pytest.fixture
async def migrated_database_url(
    backend: str, tmp_path: Path, _templates: dict[str, str], make_database_url: Callable[[str], str]
) -> AsyncIterator[str]:
    """A database at head for this test alone, copied from one that was migrated once."""
    if backend not in _templates:
        _templates[backend] = make_database_url(backend)
        await schema.upgrade(_templates[backend])
    template = _templates[backend]
    if backend == "sqlite":
        source = Path(make_url(template).database or "")
        target = tmp_path / "badgeissuer.db"
        shutil.copyfile(source, target)
        yield f"sqlite+aiosqlite:///{target}"
        return
    url = postgres.fresh_database(template=template)
    yield url
    postgres.drop_database(url)


MakeRuntime = Callable[..., Awaitable[Runtime]]


@pytest.fixture
async def make_runtime(migrated_database_url: str, tmp_path: Path, sandbox: Sandbox) -> AsyncIterator[MakeRuntime]:
    """Makes runtimes on this test's database (two of them are two processes, but for the memory)."""
    made: list[Runtime] = []

    async def make(
        *,
        clock: Callable[[], datetime] | None = None,
        seed: int | None = 7,
        fetch: Fetcher | None = None,
        **settings: Any,
    ) -> Runtime:
        runtime = Runtime(
            Settings(
                **{
                    "data_dir": tmp_path,
                    "database_url": migrated_database_url,
                    "base_url": BASE_URL,
                    "canon_recheck_rate": 0,
                    **settings,
                }
            ),
            clock=clock or Clock(),
            rng=Random(seed) if seed is not None else None,
            fetch=fetch,
            passphrase=SecretStr("a passphrase that only the tests use"),
            sandbox=sandbox,
        )
        made.append(runtime)
        await runtime.start()
        return runtime

    yield make
    for runtime in made:
        await runtime.close()


@pytest.fixture
async def runtime(make_runtime: MakeRuntime) -> Runtime:
    return await make_runtime(clock=Clock())


@pytest.fixture
async def service(make_runtime: MakeRuntime) -> AsyncIterator[Service]:
    """The app over ASGI, with no socket in between."""
    from badgeissuer.web.app import create_app

    clock = Clock()
    runtime = await make_runtime(clock=clock)
    app = create_app(runtime)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        yield Service(runtime=runtime, clock=clock, app=app, http=http)
