"""Earners at their own page: sign-in, mail, answers, who looked, consents and what agencies read.

The check on ``api_clients.kind`` stays as it is: no API key is ever an earner's.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from badgeissuer.store.base import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "mails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", _words("kind", "sign_in", "award_notice"), nullable=False),
        sa.Column("state", _words("state", "waiting", "sent", "dead", "dropped"), nullable=False),
        sa.Column("address", sa.String(length=512), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("award_id", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_mails_award_id_awards")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
    )
    op.create_index(op.f("ix_mails_award_id"), "mails", ["award_id"], unique=False)
    op.create_table(
        "sign_in_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("earner_id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("used_at", UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["earner_id"], ["earners.id"], name=op.f("fk_sign_in_links_earner_id_earners")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_links")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_sign_in_links_token_sha256")),
    )
    op.create_index(op.f("ix_sign_in_links_earner_id"), "sign_in_links", ["earner_id"], unique=False)
    op.create_table(
        "earner_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("earner_id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("seen_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["earner_id"], ["earners.id"], name=op.f("fk_earner_sessions_earner_id_earners")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_earner_sessions")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_earner_sessions_token_sha256")),
    )
    op.create_index(op.f("ix_earner_sessions_earner_id"), "earner_sessions", ["earner_id"], unique=False)
    op.create_table(
        "notice_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_notice_tokens_award_id_awards")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_tokens")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_notice_tokens_token_sha256")),
    )
    op.create_index(op.f("ix_notice_tokens_award_id"), "notice_tokens", ["award_id"], unique=False)
    op.create_table(
        "notice_stops",
        sa.Column("earner_id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("stopped_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["earner_id"], ["earners.id"], name=op.f("fk_notice_stops_earner_id_earners")),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_notice_stops_issuer_id_issuers")),
        sa.PrimaryKeyConstraint("earner_id", "issuer_id", name=op.f("pk_notice_stops")),
    )
    op.create_index(op.f("ix_notice_stops_issuer_id"), "notice_stops", ["issuer_id"], unique=False)
    op.create_table(
        "award_answers",
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("acceptance", _words("acceptance", "accepted", "declined"), nullable=False),
        sa.Column("answered_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_award_answers_award_id_awards")),
        sa.PrimaryKeyConstraint("award_id", name=op.f("pk_award_answers")),
    )
    op.create_table(
        "page_views",
        sa.Column("kind", _words("kind", "badge", "share"), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "target_id", "day", name=op.f("pk_page_views")),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("earner_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("all_issuers", sa.Boolean(), nullable=False),
        sa.Column("given_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["api_clients.id"], name=op.f("fk_consents_client_id_api_clients")),
        sa.ForeignKeyConstraint(["earner_id"], ["earners.id"], name=op.f("fk_consents_earner_id_earners")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_client_id_earner_id", "consents", ["client_id", "earner_id"], unique=False)
    op.create_index(
        "uq_consents_standing",
        "consents",
        ["earner_id", "client_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
        sqlite_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "consent_issuers",
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consents.id"], name=op.f("fk_consent_issuers_consent_id_consents")),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_consent_issuers_issuer_id_issuers")),
        sa.PrimaryKeyConstraint("consent_id", "issuer_id", name=op.f("pk_consent_issuers")),
    )
    op.create_index(op.f("ix_consent_issuers_issuer_id"), "consent_issuers", ["issuer_id"], unique=False)
    op.create_table(
        "disclosures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["api_clients.id"], name=op.f("fk_disclosures_client_id_api_clients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosures")),
    )
    op.create_index(op.f("ix_disclosures_client_id"), "disclosures", ["client_id"], unique=False)
    op.create_table(
        "disclosed_earners",
        sa.Column("disclosure_id", sa.Uuid(), nullable=False),
        sa.Column("earner_id", sa.Uuid(), nullable=False),
        sa.Column("awards", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["disclosure_id"], ["disclosures.id"], name=op.f("fk_disclosed_earners_disclosure_id_disclosures")
        ),
        sa.ForeignKeyConstraint(["earner_id"], ["earners.id"], name=op.f("fk_disclosed_earners_earner_id_earners")),
        sa.PrimaryKeyConstraint("disclosure_id", "earner_id", name=op.f("pk_disclosed_earners")),
    )
    op.create_index(
        "ix_disclosed_earners_earner_id_disclosure_id",
        "disclosed_earners",
        ["earner_id", "disclosure_id"],
        unique=False,
    )
    op.add_column("api_clients", sa.Column("consent_purpose", sa.Text(), nullable=True))
    op.add_column("awards", sa.Column("name_shown", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("issuers", sa.Column("notices", sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    for table, column in (("issuers", "notices"), ("awards", "name_shown"), ("api_clients", "consent_purpose")):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    for table in (
        "disclosed_earners",
        "disclosures",
        "consent_issuers",
        "consents",
        "page_views",
        "award_answers",
        "notice_stops",
        "notice_tokens",
        "earner_sessions",
        "sign_in_links",
        "mails",
    ):
        op.drop_table(table)
