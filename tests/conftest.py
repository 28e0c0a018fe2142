"""What all tests share: a clean environment, no network, and databases of both kinds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import hypothesis
import pytest

from tests.support import postgres, sockets

pytest_plugins = ["tests.support.app", "tests.support.figures"]

Backend = Literal["sqlite", "postgresql"]
# Settings that a developer has set for the service must not reach the tests.
_FOR_TESTS = ("BADGEISSUER_TEST_", "BADGEISSUER_REQUIRE_TOOLS", "BADGEISSUER_SHARED")


# No deadlines: a slow machine is not a finding. CI tries the same examples each time; a developer's run tries new ones.
hypothesis.settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    for name in [name for name in os.environ if name.startswith("BADGEISSUER_") and not name.startswith(_FOR_TESTS)]:
        del os.environ[name]
    if not _is_worker(config):
        postgres.begin_run()
    sockets.block(allow=postgres.configured_address())


def pytest_unconfigure(config: pytest.Config) -> None:
    if not _is_worker(config):
        postgres.end_run()


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    """A test fails if it tried to leave the machine, also where the code under test swallowed the refusal."""
    sockets.take_attempts()
    yield
    attempts = sockets.take_attempts()
    if attempts:
        pytest.fail(f"the test tried to use the network: {', '.join(attempts)}", pytrace=False)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """The kind of database; a test that uses it, or a fixture below, runs once on each."""
    kind: Backend = request.param
    return kind


@pytest.fixture(scope="session")
def make_database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Backend], str]]:
    """Makes the URL of a new, empty database of the given kind. It goes at the end of the session."""
    made: list[str] = []

    def make(kind: Backend) -> str:
        if kind == "sqlite":
            return f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('database') / 'badgeissuer.db'}"
        made.append(postgres.fresh_database())
        return made[-1]

    yield make
    for url in made:
        postgres.drop_database(url)


@pytest.fixture(scope="session")
def _shared_urls() -> dict[Backend, str]:
    """Outlives the switches between kinds: each time the kind changes, pytest tears parametrised fixtures down."""
    return {}


@pytest.fixture(scope="session")
def database_url(
    backend: Backend, make_database_url: Callable[[Backend], str], _shared_urls: dict[Backend, str]
) -> str:
    """One database of the kind for this worker's session. Empty at first: migrate it once, roll back each test."""
    if backend not in _shared_urls:
        _shared_urls[backend] = make_database_url(backend)
    return _shared_urls[backend]


@pytest.fixture
def fresh_database_url(backend: Backend, tmp_path: Path) -> Iterator[str]:
    """A new, empty database for this test alone: for tests that commit, migrate or kill."""
    if backend == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'fresh.db'}"
        return
    url = postgres.fresh_database()
    yield url
    postgres.drop_database(url)
