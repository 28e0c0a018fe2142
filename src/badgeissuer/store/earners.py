"""What earners do at their own page: links to sign in, sessions, mail that waits, answers, views, consents.

No token is stored, only its SHA-256; no address of a client; no row says which person looked at a page.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from badgeissuer.rules.terms import Acceptance, MailKind, MailState, ViewKind
from badgeissuer.store.base import Base, words


class Mail(Base):
    """One e-mail to be sent: it commits with the change that it is about, and a job sends it afterwards.

    The text is made when it is sent, so that no link lies here. ``address`` goes once it is sent or given up; the row
    of a sign-in goes with it.
    """

    __tablename__ = "mails"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[MailKind] = mapped_column(words(MailKind, "kind"))
    state: Mapped[MailState] = mapped_column(words(MailState, "state"))
    address: Mapped[str | None] = mapped_column(String(512))
    language: Mapped[str] = mapped_column(String(8))
    award_id: Mapped[UUID | None] = mapped_column(ForeignKey("awards.id"), index=True)
    attempts: Mapped[int]
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class SignInLink(Base):
    """A link that signs an earner in, once, for a quarter of an hour."""

    __tablename__ = "sign_in_links"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    earner_id: Mapped[UUID] = mapped_column(ForeignKey("earners.id"), index=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    language: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class EarnerSession(Base):
    """A browser in which an earner is signed in. The row goes when they sign out."""

    __tablename__ = "earner_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    earner_id: Mapped[UUID] = mapped_column(ForeignKey("earners.id"), index=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class NoticeToken(Base):
    """What a notice's link holds: it opens one award for an answer, and ends its issuer's notices. It signs nobody in.

    A notice that was tried several times has several: any may have arrived.
    """

    __tablename__ = "notice_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    award_id: Mapped[UUID] = mapped_column(ForeignKey("awards.id"), index=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class NoticeStop(Base):
    """An earner wants no more e-mails from an issuer."""

    __tablename__ = "notice_stops"

    earner_id: Mapped[UUID] = mapped_column(ForeignKey("earners.id"), primary_key=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"), primary_key=True, index=True)
    stopped_at: Mapped[datetime]


class AwardAnswer(Base):
    """What the earner says to an award. The last answer counts."""

    __tablename__ = "award_answers"

    award_id: Mapped[UUID] = mapped_column(ForeignKey("awards.id"), primary_key=True)
    acceptance: Mapped[Acceptance] = mapped_column(words(Acceptance, "acceptance"))
    answered_at: Mapped[datetime]


class PageViews(Base):
    """How often a page was opened on a day (UTC): a badge's (``target_id`` is the award) or a share link's."""

    __tablename__ = "page_views"

    kind: Mapped[ViewKind] = mapped_column(words(ViewKind, "kind"), primary_key=True)
    target_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    count: Mapped[int]


class Consent(Base):
    """An earner lets an agency read their awards for a purpose. Withdrawn ones stay, as the record of what held when.

    ``all_issuers``, or those in ``consent_issuers``.
    """

    __tablename__ = "consents"
    __table_args__ = (
        Index(
            "uq_consents_standing",
            "earner_id",
            "client_id",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
            sqlite_where=text("withdrawn_at IS NULL"),
        ),
        Index("ix_consents_client_id_earner_id", "client_id", "earner_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    earner_id: Mapped[UUID] = mapped_column(ForeignKey("earners.id"))
    client_id: Mapped[UUID] = mapped_column(ForeignKey("api_clients.id"))
    purpose: Mapped[str] = mapped_column(Text)
    all_issuers: Mapped[bool]
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class ConsentIssuer(Base):
    """One issuer whose awards a consent is about."""

    __tablename__ = "consent_issuers"

    consent_id: Mapped[UUID] = mapped_column(ForeignKey("consents.id"), primary_key=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"), primary_key=True, index=True)


class Disclosure(Base):
    """One request by which an agency read awards, with the purpose that its key had then."""

    __tablename__ = "disclosures"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("api_clients.id"), index=True)
    purpose: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]


class DisclosedEarner(Base):
    """How many of an earner's awards a request returned."""

    __tablename__ = "disclosed_earners"
    __table_args__ = (Index("ix_disclosed_earners_earner_id_disclosure_id", "earner_id", "disclosure_id"),)

    disclosure_id: Mapped[UUID] = mapped_column(ForeignKey("disclosures.id"), primary_key=True)
    earner_id: Mapped[UUID] = mapped_column(ForeignKey("earners.id"), primary_key=True)
    awards: Mapped[int]
