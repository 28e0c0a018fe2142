"""From a command to a verb: settings, a runtime for as long as the command lasts, one unit of work as the operator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from badgeissuer.errors import Conflict, MalformedInput, NotFound, Rejected, TooLarge, Unavailable

if TYPE_CHECKING:
    from pydantic import BaseModel

    from badgeissuer.runtime import Runtime
    from badgeissuer.settings import Settings
    from badgeissuer.work import Work

T = TypeVar("T")
M = TypeVar("M", bound="BaseModel")

# No document that this service takes is near it; it only keeps a wrong file name from filling the memory.
MAX_INPUT = 10_485_760
# Classes of PostgreSQL's codes: connection, authorization, no such database, resources, operator intervention.
_REFUSALS = ("08", "28", "3D", "53", "57")


def settings_of(data_dir: Path | None) -> Settings:
    """The settings of a command. Raises ``Misconfigured``."""
    from badgeissuer.settings import Settings

    return Settings.load(data_dir=data_dir)


def in_unit(
    settings: Settings, verb: Callable[[Work], Awaitable[T]], *, keys: bool = False, addresses: bool = True
) -> T:
    """Run one verb in one unit of work, and commit.

    ``keys``: it signs or makes keys, so the passphrase is needed and every key must match its row. ``addresses``: it
    makes or shows public addresses, so the base URL must be the one of the issuers in the database. Raises what the
    verb raises, ``Misconfigured``, ``Unavailable``.
    """
    from badgeissuer.services.access import operator

    async def run() -> T:
        async with opened(settings, keys=keys, addresses=addresses) as runtime, runtime.begin(operator()) as work:
            return await verb(work)

    return asyncio.run(run())


@contextmanager
def database_in_words() -> Iterator[None]:
    """What reaching for the database throws, as errors that people can read."""
    from asyncpg import PostgresError
    from sqlalchemy.exc import DBAPIError, IntegrityError
    from sqlalchemy.exc import TimeoutError as PoolTimeout

    try:
        yield
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) == "23505" or "UNIQUE constraint failed" in str(error.orig):
            raise Conflict("it clashes with a record that was made at the same moment; look and repeat it") from error
        raise
    except PoolTimeout as error:
        raise Unavailable("the database is busy; try again shortly") from error
    except PostgresError as error:  # thrown as it is while connecting
        raise Unavailable(f"the database refuses: {error}") from error
    except DBAPIError as error:
        if str(getattr(error.orig, "sqlstate", None) or "")[:2] not in _REFUSALS:
            raise
        raise Unavailable(f"the database refuses: {str(error.orig).rpartition(': ')[2]}") from error
    except OSError as error:
        raise Unavailable(f"the database cannot be reached: {error.strerror or error}") from error


@asynccontextmanager
async def opened(settings: Settings, *, keys: bool = False, addresses: bool = True) -> AsyncIterator[Runtime]:
    """A runtime on a database that stands at this code's migration."""
    from badgeissuer.cli import readiness
    from badgeissuer.runtime import Runtime

    await readiness.require_schema(settings)
    if addresses:
        await readiness.require_base_url(settings)
    runtime = Runtime(settings, keys_needed=keys)
    try:
        if keys:
            await runtime.start()
        with database_in_words():
            yield runtime
        if runtime.events_waiting.is_set() and not runtime.database.sqlite:
            await runtime.sequence_events()  # also where no service runs that would
    finally:
        await runtime.close()


def read_input(source: str) -> bytes:
    """The bytes of a file, or of standard input for ``-``. Raises ``NotFound``, ``MalformedInput``, ``TooLarge``."""
    import sys

    try:
        if source == "-":
            data = sys.stdin.buffer.read(MAX_INPUT + 1)
        else:
            with Path(source).open("rb") as file:
                data = file.read(MAX_INPUT + 1)
    except FileNotFoundError:
        raise NotFound(f"there is no file {source}") from None
    except OSError as error:
        raise MalformedInput(f"{source} cannot be read: {error.strerror}") from None
    if len(data) > MAX_INPUT:
        raise TooLarge(f"{source} is larger than {MAX_INPUT // 1_048_576} MiB")
    return data


def read_body(source: str) -> dict[str, Any]:
    """A JSON object from a file or standard input, read as strictly as the API reads a body.

    Raises ``MalformedInput``, ``TooLarge``, ``Rejected`` (characters that text may not hold).
    """
    from badgeissuer.vc import strictjson
    from badgeissuer.web.body import clean

    value = clean(strictjson.loads(read_input(source)))
    if not isinstance(value, dict):
        raise MalformedInput(f"{'standard input' if source == '-' else source} must hold one JSON object")
    return value


def checked(model: type[M], value: Any) -> M:
    """The value as a wire model. Raises ``Rejected`` with every fault."""
    from pydantic import ValidationError

    from badgeissuer.vc.model.base import faults_of

    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Rejected("the input is not of the form that is read here", faults=faults_of(error)) from None
