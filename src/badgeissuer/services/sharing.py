"""Share links of records: an address that nobody can guess, and that whoever made it ends at any time.

For an earner's own page, where the caller has made sure who they are:

    made = await share_for_earner(work, earner_id=…, clr_id=…, link=Link(label=…, password=…, expires_at=…))
    made.address                                    # told only now: no copy of it is kept
    await links_for_earner(work, earner_id=…, clr_id=…)        # every link of the record, newest first, with views
    await close_for_earner(work, earner_id=…, link_id=…)       # gone with the commit

Once a link is closed or its time is over, it answers as one that never was. Who saved a file from it has that file.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from badgeissuer.errors import Conflict, Fault, NotFound, Rejected
from badgeissuer.rules.terms import ViewKind
from badgeissuer.services import bundling_reading, unlocking
from badgeissuer.store.clrs import Clr
from badgeissuer.store.earners import PageViews
from badgeissuer.store.scope import visible_to
from badgeissuer.store.shares import ShareLink
from badgeissuer.work import Work

# Open links of one record at a time.
MOST_LINKS = 50
LABEL_LENGTH = 120
_TOKEN_BITS = 192
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is to be. ``label`` is a note of its maker's; ``named``: its page names the earner."""

    label: str | None = None
    named: bool = False
    password: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A new link, and its address, which cannot be read again."""

    row: ShareLink
    address: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A link as its maker sees it. ``views`` counts how often its page was opened."""

    row: ShareLink
    views: int


async def share(work: Work, *, clr_id: UUID, link: Link) -> Made:
    """A link to a record of an issuer that the caller acts for. Raises ``NotFound``, ``Rejected``, ``Conflict``."""
    return await _share(work, Clr.id == clr_id, visible_to(work.actor, Clr), link=link, by_earner=False)


async def share_for_earner(work: Work, *, earner_id: UUID, clr_id: UUID, link: Link) -> Made:
    """A link to a record of this earner, whoever signed it. Raises ``NotFound``, ``Rejected``, ``Conflict``."""
    return await _share(work, Clr.id == clr_id, Clr.earner_id == earner_id, link=link, by_earner=True)


async def links(work: Work, *, clr_id: UUID, after: UUID | None = None, limit: int | None = None) -> list[Kept]:
    """The links that issuers' keys made, newest first; what an earner shares is their own. Raises ``NotFound``."""
    await _record(work, Clr.id == clr_id, visible_to(work.actor, Clr))
    query = select(ShareLink).where(ShareLink.clr_id == clr_id, ShareLink.by_earner.is_(False))
    if after is not None:
        query = query.where(ShareLink.id < after)
    return await _kept(work, await work.session.scalars(query.order_by(ShareLink.id.desc()).limit(limit)))


async def link(work: Work, *, clr_id: UUID, link_id: UUID) -> Kept:
    """One of these. Raises ``NotFound``."""
    await _record(work, Clr.id == clr_id, visible_to(work.actor, Clr))
    row = await work.session.get(ShareLink, link_id)
    if row is None or row.clr_id != clr_id or row.by_earner:
        raise NotFound("this record has no such link")
    return (await _kept(work, [row]))[0]


async def links_for_earner(work: Work, *, earner_id: UUID, clr_id: UUID) -> list[Kept]:
    """All links to one of this earner's records, newest first, closed ones too. Raises ``NotFound``."""
    await _record(work, Clr.id == clr_id, Clr.earner_id == earner_id)
    query = select(ShareLink).where(ShareLink.clr_id == clr_id).order_by(ShareLink.id.desc())
    return await _kept(work, await work.session.scalars(query))


async def close(work: Work, *, clr_id: UUID, link_id: UUID) -> Kept:
    """End a link that an issuer's key made; a second time changes nothing. Raises ``NotFound``."""
    found = await link(work, clr_id=clr_id, link_id=link_id)
    return (await _kept(work, [await _close(work, found.row.id)]))[0]


async def close_for_earner(work: Work, *, earner_id: UUID, link_id: UUID) -> ShareLink:
    """End any link to one of this earner's records; a second time changes nothing. Raises ``NotFound``."""
    found = await work.session.scalar(
        select(ShareLink.id)
        .join(Clr, Clr.id == ShareLink.clr_id)
        .where(ShareLink.id == link_id, Clr.earner_id == earner_id)
    )
    if found is None:
        raise NotFound("you have no such link")
    return await _close(work, found)


async def opened(work: Work, *, token: str) -> ShareLink:
    """The link that is open under this token. Raises ``NotFound``: whether it was ever open is not to be learned.

    One that an issuer's key made does not lead around what the earner has closed.
    """
    row = None
    if _TOKEN.fullmatch(token):
        row = await work.session.scalar(
            select(ShareLink).where(
                ShareLink.token_sha256 == _hashed(token),
                ShareLink.closed_at.is_(None),
                or_(ShareLink.expires_at.is_(None), ShareLink.expires_at > work.now),
            )
        )
    if row is None or not (row.by_earner or await _is_public(work, row.clr_id)):
        raise NotFound("there is nothing at this address")
    return row


async def _is_public(work: Work, clr_id: UUID) -> bool:
    try:
        await bundling_reading.public_record(work, clr_id=clr_id)
    except NotFound:
        return False
    return True


async def _share(work: Work, *conditions: ColumnElement[bool], link: Link, by_earner: bool) -> Made:
    record = await _record(work, *conditions)
    label = link.label.strip() if link.label is not None else None
    faults = [*unlocking.faults(link.password)]
    if link.expires_at is not None and link.expires_at <= work.now:
        faults.append(Fault("/expires_at", "must be in the future"))
    if label is not None and len(label) > LABEL_LENGTH:
        faults.append(Fault("/label", f"has more than {LABEL_LENGTH} characters"))
    if faults:
        raise Rejected("the link cannot be made like this; see errors", faults=faults)
    salt = work.rng.getrandbits(128).to_bytes(16) if link.password is not None else None
    # Slow on purpose, so not while anybody else's change waits.
    derived = await asyncio.to_thread(unlocking.derived, link.password, salt) if link.password and salt else None
    token = base64.urlsafe_b64encode(work.rng.getrandbits(_TOKEN_BITS).to_bytes(_TOKEN_BITS // 8)).decode("ascii")
    await work.begin_write()
    # On the locked record, so that two at once do not both take the last place.
    await work.session.execute(select(Clr.id).where(Clr.id == record.id).with_for_update(key_share=True))
    open_ones = await work.session.scalar(
        select(func.count())
        .select_from(ShareLink)
        .where(
            ShareLink.clr_id == record.id,
            ShareLink.closed_at.is_(None),
            or_(ShareLink.expires_at.is_(None), ShareLink.expires_at > work.now),
        )
    )
    if (open_ones or 0) >= MOST_LINKS:
        raise Conflict(f"this record has {MOST_LINKS} open links already; close some that are not needed any more")
    row = ShareLink(
        id=work.new_id(),
        clr_id=record.id,
        token_sha256=_hashed(token),
        by_earner=by_earner,
        named=link.named,
        label=label or None,
        password_salt=salt,
        password_scrypt=derived,
        tries=0,
        tries_since=None,
        expires_at=link.expires_at,
        created_at=work.now,
        closed_at=None,
    )
    work.session.add(row)
    await work.session.flush()
    _tell(work, "share_link.made", row, record.issuer_id)
    return Made(row, f"{work.base_url}/s/{token}")


async def _close(work: Work, link_id: UUID) -> ShareLink:
    await work.begin_write()
    row, issuer_id = (
        await work.session.execute(
            select(ShareLink, Clr.issuer_id)
            .join(Clr, Clr.id == ShareLink.clr_id)
            .where(ShareLink.id == link_id)
            .with_for_update(of=ShareLink, key_share=True)
            .execution_options(populate_existing=True)
        )
    ).one()
    if row.closed_at is None:
        # Nobody will be let in by the password any more.
        row.closed_at, row.password_salt, row.password_scrypt = work.now, None, None
        await work.session.flush()
        _tell(work, "share_link.closed", row, issuer_id)
    return row


def _tell(work: Work, what: str, row: ShareLink, issuer_id: UUID) -> None:
    """What an earner shares is no business of the issuer's: its feed does not have it."""
    work.emit(what, "share_link", row.id, issuer_id=None if row.by_earner else issuer_id)


async def _record(work: Work, *conditions: ColumnElement[bool]) -> Clr:
    record = await work.session.scalar(select(Clr).where(*conditions))
    if record is None:
        raise NotFound("no such record")
    return record


async def _kept(work: Work, rows: Iterable[ShareLink]) -> list[Kept]:
    found = list(rows)
    counts = {}
    if found:
        counted = await work.session.execute(
            select(PageViews.target_id, func.sum(PageViews.count))
            .where(PageViews.kind == ViewKind.SHARE, PageViews.target_id.in_([row.id for row in found]))
            .group_by(PageViews.target_id)
        )
        counts = {target: int(count) for target, count in counted}
    return [Kept(row, counts.get(row.id, 0)) for row in found]


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode("ascii")).digest()
