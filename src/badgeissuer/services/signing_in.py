"""Earners sign in by a link in an e-mail, once, within a quarter of an hour. There are no passwords.

Whoever asks for a link gets the same answer in the same time, known or not: the address is looked up when the mail is
sent, by a job. Of tokens only the SHA-256 is stored.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from badgeissuer.errors import NotFound, Unavailable
from badgeissuer.rules.terms import ClientKind, IdentityKind, MailKind
from badgeissuer.services import mailing
from badgeissuer.store.access import Actor
from badgeissuer.store.earners import EarnerSession, NoticeToken, SignInLink
from badgeissuer.store.people import EarnerIdentity
from badgeissuer.vc.recipient import normalise_email
from badgeissuer.work import Work

LINK_LASTS = timedelta(minutes=15)
SESSION_LASTS = timedelta(days=7)
SESSION_IDLE = timedelta(hours=12)
# Links that one person may have at a time: more would only fill a mailbox.
MOST_LINKS = 3
# A session's last sign of life is written down at most so often.
_SEEN_EVERY = timedelta(minutes=5)
_KEPT = timedelta(days=1)

# Who acts at the own page. Events name the kind only: what they are about says the rest.
EARNER = Actor(kind=ClientKind.EARNER, name="earner", scopes=frozenset())


class LinkOver(NotFound):
    """The link was used already, is too old, or is none of ours."""

    code = "link-over"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person who is signed in, in one browser."""

    earner_id: UUID
    session_id: UUID
    addresses: tuple[str, ...]


async def ask(work: Work, *, email: str, language: str) -> None:
    """Have a link sent to the address if it is known. Raises ``Rejected`` for what is no address, ``Unavailable``."""
    address = normalise_email(email)
    if not work.settings.sends_mail:
        raise Unavailable("this service sends no e-mail, so nobody can sign in")
    await work.begin_write()
    mailing.queue(work, kind=MailKind.SIGN_IN, address=address, language=language)


async def make_link(work: Work, *, mail_id: UUID, address: str, language: str) -> str | None:
    """A fresh token for whoever has the address; None for strangers, and for who has enough links already.

    A mail that is tried again gets another token in the place of its first.
    """
    earner_id = await work.session.scalar(
        select(EarnerIdentity.earner_id).where(
            EarnerIdentity.kind == IdentityKind.EMAIL, EarnerIdentity.value == address
        )
    )
    if earner_id is None:
        return None
    await work.begin_write()
    open_links = await work.session.scalar(
        select(func.count())
        .select_from(SignInLink)
        .where(
            SignInLink.earner_id == earner_id,
            SignInLink.created_at > work.now - LINK_LASTS,
            SignInLink.id != mail_id,
        )
    )
    if (open_links or 0) >= MOST_LINKS:
        return None
    token = new_token(work)
    await work.session.execute(delete(SignInLink).where(SignInLink.id == mail_id))
    work.session.add(
        SignInLink(
            id=mail_id,
            earner_id=earner_id,
            token_sha256=hashed(token),
            language=language,
            created_at=work.now,
            expires_at=work.now + LINK_LASTS,
            used_at=None,
        )
    )
    await work.session.flush()
    return token


async def look(work: Work, *, token: str) -> None:
    """Whether the link still opens; nothing changes, since mail scanners follow links. Raises ``LinkOver``."""
    link = await work.session.scalar(select(SignInLink).where(SignInLink.token_sha256 == hashed(token)))
    if link is None or link.used_at is not None or link.expires_at <= work.now:
        raise LinkOver("the link was used already or is too old; ask for another one")


async def sign_in(work: Work, *, token: str, instead_of: str | None = None) -> str:
    """Use the link up, with all others of this person, and open a session; returns its token. Raises ``LinkOver``.

    The session that this browser had, whoever's it was, ends.
    """
    await work.begin_write()
    # In one statement: of two that send the same link, one changes the row and the other finds it changed.
    earner_id = await work.session.scalar(
        update(SignInLink)
        .where(SignInLink.token_sha256 == hashed(token), SignInLink.used_at.is_(None), SignInLink.expires_at > work.now)
        .values(used_at=work.now)
        .returning(SignInLink.earner_id)
    )
    if earner_id is None:
        raise LinkOver("the link was used already or is too old; ask for another one")
    await work.session.execute(
        update(SignInLink)
        .where(SignInLink.earner_id == earner_id, SignInLink.used_at.is_(None))
        .values(used_at=work.now)
    )
    if instead_of is not None:
        await work.session.execute(delete(EarnerSession).where(EarnerSession.token_sha256 == hashed(instead_of)))
    session_token = new_token(work)
    work.session.add(
        EarnerSession(
            id=work.new_id(),
            earner_id=earner_id,
            token_sha256=hashed(session_token),
            created_at=work.now,
            seen_at=work.now,
            expires_at=work.now + SESSION_LASTS,
        )
    )
    await work.session.flush()
    return session_token


async def who(work: Work, *, token: str) -> SignedIn | None:
    """The person behind a session's token; None where it has ended."""
    session = await work.session.scalar(select(EarnerSession).where(EarnerSession.token_sha256 == hashed(token)))
    if session is None or session.expires_at <= work.now or session.seen_at <= work.now - SESSION_IDLE:
        return None
    if session.seen_at <= work.now - _SEEN_EVERY:
        await work.begin_write()
        await work.session.execute(update(EarnerSession).where(EarnerSession.id == session.id).values(seen_at=work.now))
    addresses = await work.session.scalars(
        select(EarnerIdentity.value)
        .where(EarnerIdentity.earner_id == session.earner_id, EarnerIdentity.kind == IdentityKind.EMAIL)
        .order_by(EarnerIdentity.created_at, EarnerIdentity.id)
    )
    return SignedIn(session.earner_id, session.id, tuple(addresses))


async def sign_out(work: Work, *, signed_in: SignedIn, everywhere: bool) -> None:
    """End this session, or all of this person."""
    await work.begin_write()
    mine = EarnerSession.earner_id == signed_in.earner_id
    await work.session.execute(
        delete(EarnerSession).where(mine if everywhere else EarnerSession.id == signed_in.session_id)
    )


async def sweep(work: Work) -> None:
    """Delete what has ended: links, sessions, and the tokens of notices."""
    await work.begin_write()
    newer = aliased(SignInLink)
    # The last one of each person stays: it says in which language they read.
    await work.session.execute(
        delete(SignInLink).where(
            SignInLink.expires_at < work.now - _KEPT,
            exists().where(newer.earner_id == SignInLink.earner_id, newer.created_at > SignInLink.created_at),
        )
    )
    await work.session.execute(
        delete(EarnerSession).where(
            or_(EarnerSession.expires_at <= work.now, EarnerSession.seen_at <= work.now - SESSION_IDLE)
        )
    )
    await work.session.execute(delete(NoticeToken).where(NoticeToken.expires_at <= work.now))


def new_token(work: Work) -> str:
    """192 random bits, as a URL and a cookie can hold them."""
    return f"{work.rng.getrandbits(192):048x}"


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
