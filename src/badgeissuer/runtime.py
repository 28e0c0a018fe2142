"""The composition root: settings become engines, key ring, contexts and workers; units of work open here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from random import Random, SystemRandom
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import select

from badgeissuer.drawing.studio import Studio
from badgeissuer.errors import Misconfigured, Rejected
from badgeissuer.keyring.ring import KeyRing, NewKey
from badgeissuer.keyring.signer import Signer
from badgeissuer.net.fetch import Fetcher
from badgeissuer.net.mail import ConsoleMailer, Mailer, SmtpMailer
from badgeissuer.rules.keys import KeyFacts
from badgeissuer.rules.terms import KeyAlgorithm
from badgeissuer.sandbox import Sandbox
from badgeissuer.services import issuing
from badgeissuer.services.identifying import Identity
from badgeissuer.services.issuing import Answered, Order
from badgeissuer.settings import Settings
from badgeissuer.store.access import Actor
from badgeissuer.store.catalog import IssuerKey
from badgeissuer.store.engine import Database
from badgeissuer.store.outbox import number_events
from badgeissuer.together import Together
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.work import Work

log = logging.getLogger("badgeissuer")

# Requests to issue that share a unit of work, and units at one time where some take long.
_MOST_TOGETHER = 100
_GROUPS = 4

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The edge's clock. Below it everything takes ``work.now``."""
    return datetime.now(UTC)


_KEYS_ARE_SHUT = (
    "the private keys need a passphrase: set BADGEISSUER_KEY_PASSPHRASE (random, at least 32 characters) "
    "or BADGEISSUER_KEY_PASSPHRASE_FILE"
)


class _ShutKeyRing(KeyRing):
    """Stands in where nobody will sign: a command that only reads, or makes API keys."""

    def __init__(self) -> None:
        pass

    def create(self, *, issuer: str, key_id: UUID, algorithm: KeyAlgorithm) -> NewKey:
        raise Misconfigured(_KEYS_ARE_SHUT)

    def signer(self, key: KeyFacts) -> Signer:
        raise Misconfigured(_KEYS_ARE_SHUT)

    def check(self, keys: Iterable[KeyFacts]) -> None:
        raise Misconfigured(_KEYS_ARE_SHUT)


def _mailer(settings: Settings) -> Mailer | None:
    """How e-mail leaves, as settings say; None where it does not."""
    if settings.mail_backend != "smtp":
        return ConsoleMailer() if settings.sends_mail else None
    return SmtpMailer(
        host=settings.mail_host or "",
        port=settings.mail_port,
        tls=settings.mail_tls,
        sender=settings.mail_from or "",
        user=settings.mail_user,
        password=settings.mail_secret,
    )


def _in_units(orders: Sequence[tuple[Actor, Order]]) -> list[tuple[Actor, list[int]]]:
    """Which orders go into one unit of work, by their numbers: those of one caller, and of one person only one."""
    units: list[tuple[Actor, list[int], set[Identity]]] = []
    for number, (actor, order) in enumerate(orders):
        person = _person(order)
        unit = next((unit for unit in units if unit[0] == actor and not person & unit[2]), None)
        if unit is None:
            unit = (actor, [], set())
            units.append(unit)
        unit[1].append(number)
        unit[2].update(person)
    return [(caller, numbers) for caller, numbers, _ in units]


def _person(order: Order) -> set[Identity]:
    """By what the earner is known; nothing where the order will be refused for that."""
    try:
        return {order.asking.earner.identity()}
    except Rejected:
        return set()


class Runtime:
    """One per process. Clock, randomness and fetch are injected, so that tests fix them."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock = utc_now,
        rng: Random | None = None,
        fetch: Fetcher | None = None,
        passphrase: SecretStr | None = None,
        sandbox: Sandbox | None = None,
        mailer: Mailer | None = None,
        keys_needed: bool = True,
    ) -> None:
        """``keys_needed=False``: without a passphrase all works but signing and making keys (``Misconfigured``)."""
        self.settings = settings
        self.clock = clock
        self.rng = rng or SystemRandom()
        secret = passphrase or settings.passphrase()
        if secret is None and keys_needed:
            raise Misconfigured(_KEYS_ARE_SHUT)
        self.keys = KeyRing(settings.resolved_keys_dir, secret) if secret is not None else _ShutKeyRing()
        self.contexts = ContextStore.pinned()
        # A sandbox that was handed in belongs to whoever made it.
        self._own_sandbox = sandbox is None
        self.sandbox = sandbox or Sandbox(
            self.contexts,
            timeout=settings.canonicalize_timeout,
            # A learner record takes up to half a minute: it must not hold up badges.
            lanes={"mint": settings.worker_processes, "foreign": settings.worker_processes, "records": 1},
        )
        loopback = settings.base_url if settings.demo and settings.loopback else None
        self.fetch = fetch or Fetcher(timeout=settings.fetch_timeout, loopback_base=loopback)
        self.database = Database(settings.resolved_database_url, pool_size=settings.pool_size)
        self.studio = Studio()
        self.mailer = mailer or _mailer(settings)
        self._issuing = Together(self._carry_out, most=_MOST_TOGETHER, groups=_GROUPS)
        self.events_waiting = asyncio.Event()
        self.jobs_waiting = asyncio.Event()

    async def start(self) -> None:
        """Warn of what is unsafe, check keys against their rows, start the workers. Raises ``Misconfigured``."""
        if self.settings.loopback:
            log.warning(
                "the base URL %s is this machine only: credentials issued under it cannot be checked from elsewhere; "
                "set BADGEISSUER_BASE_URL to your public https address before you issue anything that should last",
                self.settings.base_url,
            )
        if self.settings.demo:
            log.warning("demo mode: not for real credentials")
        async with self.database.reading() as session:
            rows = (await session.scalars(select(IssuerKey))).all()
        self.keys.check([row.as_facts() for row in rows])
        await self.sandbox.start()

    async def close(self) -> None:
        await self._issuing.close()
        if self._own_sandbox:
            await self.sandbox.close()
        await self.studio.close()
        await self.database.close()

    @asynccontextmanager
    async def begin(self, actor: Actor) -> AsyncIterator[Work]:
        """One unit of work: commits on leaving, rolls back on an error. What it emitted is numbered afterwards."""
        async with AsyncExitStack() as stack:
            work = Work(
                now=self.clock(),
                actor=actor,
                settings=self.settings,
                keys=self.keys,
                contexts=self.contexts,
                sandbox=self.sandbox,
                fetch=self.fetch,
                rng=self.rng,
                database=self.database,
                _stack=stack,
            )
            await work.open()
            yield work
            await work.finish()
        if work.emitted:
            self.events_waiting.set()
        if work.asked:
            self.jobs_waiting.set()

    async def issue(self, actor: Actor, order: Order) -> Answered:
        """Carry out a request to issue, in one unit of work with those of the same caller that come at this time.

        It has committed when this returns. What goes wrong with one touches no other: see ``_carry_out``. Raises what
        ``issuing.carry_out`` gives for it.
        """
        return await self._issuing.join((actor, order))

    async def _carry_out(self, orders: Sequence[tuple[Actor, Order]]) -> list[Answered | Exception]:
        outcomes: dict[int, Answered | Exception] = {}
        for actor, numbers in _in_units(orders):
            own = [orders[number][1] for number in numbers]
            outcomes |= dict(zip(numbers, await self._carry_out_in_one(actor, own), strict=True))
        return [outcomes[number] for number in range(len(orders))]

    async def _carry_out_in_one(self, actor: Actor, orders: Sequence[Order]) -> Sequence[Answered | Exception]:
        """In one unit of work; where that fails, in two halves, and so on: nobody pays for another's failure."""
        try:
            async with self.begin(actor) as work:
                return await issuing.carry_out(work, orders)
        except Exception as error:
            if len(orders) == 1:
                return [error]
        half = len(orders) // 2
        return [
            outcome for part in (orders[:half], orders[half:]) for outcome in await self._carry_out_in_one(actor, part)
        ]

    async def sequence_events(self) -> int:
        """Number what has committed. Any process may call it; an advisory lock makes it one.

        On SQLite the writer numbered its own events already, and taking it here would only make callers wait.
        """
        if self.database.sqlite:
            return 0
        async with self.database.writing() as session:
            return await number_events(session)
