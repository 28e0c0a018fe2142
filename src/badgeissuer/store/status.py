"""Status lists and the entries handed out from them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from badgeissuer.rules.terms import StatusPurpose
from badgeissuer.store.base import Base, words


class StatusList(Base):
    """One Bitstring status list of one issuer and one purpose. ``text`` is the signed list as it is served.

    ``allocated`` counts entries handed out. Handing one out changes no published byte.
    """

    __tablename__ = "status_lists"
    __table_args__ = (
        Index(
            "uq_status_lists_one_open",
            "issuer_id",
            "purpose",
            unique=True,
            postgresql_where=text("open"),
            sqlite_where=text("open"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"), index=True)
    purpose: Mapped[StatusPurpose] = mapped_column(words(StatusPurpose, "purpose"))
    url: Mapped[str] = mapped_column(Text, unique=True)
    size: Mapped[int]
    allocated: Mapped[int] = mapped_column(default=0)
    open: Mapped[bool]
    version: Mapped[int] = mapped_column(default=1)
    bits: Mapped[bytes] = mapped_column(LargeBinary)
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[UUID] = mapped_column(ForeignKey("issuer_keys.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class StatusEntry(Base):
    """One index of one list, for ever one signed document's.

    ``credential_id`` is the id of a credential, a record (CLR) or an endorsement: all random, so none is two things.
    """

    __tablename__ = "status_entries"
    __table_args__ = (UniqueConstraint("credential_id"),)

    list_id: Mapped[UUID] = mapped_column(ForeignKey("status_lists.id"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"), index=True)
    credential_id: Mapped[UUID]
