"""API clients, what they may do, and the answers they were given (so that a repeat gets the same one)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from badgeissuer.rules.terms import ClientKind
from badgeissuer.store.base import Base, words


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is calling. ``issuer_ids`` None means every issuer (the operator, and agencies that were granted all)."""

    kind: ClientKind
    name: str
    scopes: frozenset[str]
    client_id: UUID | None = None
    issuer_ids: frozenset[UUID] | None = frozenset()
    consent_purpose: str | None = None

    def sees(self, issuer_id: UUID) -> bool:
        return self.issuer_ids is None or issuer_id in self.issuer_ids

    @property
    def label(self) -> str:
        """How events name the caller: kind and client id, no personal data."""
        return f"{self.kind.value}:{self.client_id}" if self.client_id else self.kind.value


ANONYMOUS = Actor(kind=ClientKind.ANONYMOUS, name="anonymous", scopes=frozenset())


class ApiClient(Base):
    """An API key: ``bi_<prefix>_<secret>``. Looked up by prefix; only the SHA-256 of the secret is kept."""

    __tablename__ = "api_clients"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[ClientKind] = mapped_column(words(ClientKind, "kind"))
    name: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(String(16), unique=True)
    secret_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    scopes: Mapped[list[str]]
    all_issuers: Mapped[bool]
    # Of an agency: it reads only awards whose earners consented to this purpose. None: it reads under an agreement,
    # which the operator answers for (ADR 0012).
    consent_purpose: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ApiClientIssuer(Base):
    """One issuer that an API key may act for."""

    __tablename__ = "api_client_issuers"

    client_id: Mapped[UUID] = mapped_column(ForeignKey("api_clients.id"), primary_key=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"), primary_key=True, index=True)


class Answer(Base):
    """The first answer to an issuing request, kept under the caller's key or reference. It commits with the award.

    ``scope`` keeps tenants apart: the client id for Idempotency-Keys, the issuer id for external references.
    """

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("scope", "kind", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(255))
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int]
    location: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
