"""Passwords of share links: kept as scrypt only, tried a few times, and what a browser keeps once one was right.

A try is three steps, so that the slow one holds no unit of work: ``count_try`` (commit), ``fits`` in a thread, and
``forget_tries`` where it fits. The count goes first: however many are tried at once, so many and no more are looked at.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import update

from badgeissuer.errors import Fault, NotFound, Unavailable
from badgeissuer.store.shares import ShareLink
from badgeissuer.work import Work

MOST_TRIES = 10
WITHIN = timedelta(minutes=15)
# How long a browser stays let in.
LASTS = timedelta(hours=2)
SHORTEST, LONGEST = 8, 200
# 32 MiB and about a tenth of a second for each guess, ours and everybody else's.
_COST, _BLOCKS, _MEMORY = 2**15, 8, 64 * 1024 * 1024


class TooManyTries(Unavailable):
    """Too many wrong passwords for this link; ``retry_after`` seconds from now there are more tries."""

    code = "too-many-tries"

    def __init__(self, retry_after: int) -> None:
        super().__init__("too many wrong passwords for this link; try again later")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Try:
    """A password may be looked at, once."""

    link_id: UUID
    salt: bytes
    derived: bytes


def faults(password: str | None) -> Iterator[Fault]:
    """What is wrong with a password that somebody chose."""
    if password is not None and not SHORTEST <= len(password) <= LONGEST:
        yield Fault("/password", f"must have {SHORTEST} to {LONGEST} characters")


def derived(password: str, salt: bytes) -> bytes:
    """Slow on purpose: call it in a thread."""
    text = unicodedata.normalize("NFC", password).encode("utf-8", "replace")
    return hashlib.scrypt(text, salt=salt, n=_COST, r=_BLOCKS, p=1, maxmem=_MEMORY, dklen=32)


async def count_try(work: Work, *, link: ShareLink) -> Try:
    """Count a try of an open link that asks for a password. Raises ``TooManyTries``, ``NotFound``."""
    await work.begin_write()
    row = await work.locked(ShareLink, link.id)
    if row.tries_since is None or row.tries_since + WITHIN <= work.now:
        row.tries, row.tries_since = 0, work.now
    if not row.is_open(work.now) or row.password_salt is None or row.password_scrypt is None:
        raise NotFound("there is nothing at this address")
    if row.tries >= MOST_TRIES:
        raise TooManyTries(max(1, int((row.tries_since + WITHIN - work.now).total_seconds())))
    row.tries += 1
    await work.session.flush()
    return Try(row.id, row.password_salt, row.password_scrypt)


def fits(given: Try, password: str) -> bool:
    """Whether it is the password. Slow on purpose: call it in a thread."""
    return len(password) <= LONGEST and hmac.compare_digest(derived(password, given.salt), given.derived)


async def forget_tries(work: Work, *, link_id: UUID) -> None:
    """One was right: those before it were slips of somebody who knows it."""
    await work.begin_write()
    await work.session.execute(update(ShareLink).where(ShareLink.id == link_id).values(tries=0, tries_since=None))


def pass_for(given: Try, *, now: datetime) -> str:
    """What a browser keeps and shows again. It ends by itself, and with the link, its password or a new one."""
    until = int((now + LASTS).timestamp())
    return f"{until}.{_mac(given.derived, given.link_id, until)}"


def lets_in(link: ShareLink, shown: str | None, *, now: datetime) -> bool:
    """Whether the link needs no password, or the browser shows that it had the right one not long ago."""
    if link.password_scrypt is None:
        return True
    until, _, mac = (shown or "").partition(".")
    if not (until.isascii() and until.isdecimal() and len(until) < 12):
        return False
    right = hmac.compare_digest(
        _mac(link.password_scrypt, link.id, int(until)).encode(), mac.encode("utf-8", "replace")
    )
    return right and datetime.fromtimestamp(int(until), UTC) > now


def _mac(key: bytes, link_id: UUID, until: int) -> str:
    """The key is what is derived from the password: it stands in no answer, and whoever has it has the records too."""
    return hmac.new(key, b"share link %s until %d" % (link_id.hex.encode(), until), hashlib.sha256).hexdigest()
