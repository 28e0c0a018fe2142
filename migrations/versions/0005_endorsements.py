"""Endorsements: signed documents of one issuer about another issuer, an achievement or an award.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from badgeissuer.store.base import UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "endorsements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", _words("kind", "issuer", "achievement", "award"), nullable=False),
        sa.Column("subject", sa.String(length=2048), nullable=False),
        sa.Column("endorsed_issuer_id", sa.Uuid(), nullable=False),
        sa.Column("achievement_id", sa.Uuid(), nullable=True),
        sa.Column("credential_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("embed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("embed_from", UTCDateTime(timezone=True), nullable=True),
        sa.Column("embed_until", UTCDateTime(timezone=True), nullable=True),
        sa.Column("declined_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("state", _words("state", "active", "revoked"), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("state_changed_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("valid_from", UTCDateTime(timezone=True), nullable=False),
        sa.Column("valid_until", UTCDateTime(timezone=True), nullable=True),
        sa.Column("cryptosuite", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("NOT embed OR kind <> 'award'", name=op.f("ck_endorsements_embed")),
        sa.CheckConstraint(
            "(kind = 'achievement') = (achievement_id IS NOT NULL)", name=op.f("ck_endorsements_achievement")
        ),
        sa.CheckConstraint("(kind = 'award') = (credential_id IS NOT NULL)", name=op.f("ck_endorsements_credential")),
        sa.ForeignKeyConstraint(
            ["achievement_id"], ["achievements.id"], name=op.f("fk_endorsements_achievement_id_achievements")
        ),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name=op.f("fk_endorsements_credential_id_credentials")
        ),
        sa.ForeignKeyConstraint(
            ["endorsed_issuer_id"], ["issuers.id"], name=op.f("fk_endorsements_endorsed_issuer_id_issuers")
        ),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_endorsements_issuer_id_issuers")),
        sa.ForeignKeyConstraint(["key_id"], ["issuer_keys.id"], name=op.f("fk_endorsements_key_id_issuer_keys")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endorsements")),
    )
    for name, columns in (
        ("ix_endorsements_issuer_id_created_at_id", ["issuer_id", "created_at", "id"]),
        ("ix_endorsements_subject_created_at_id", ["subject", "created_at", "id"]),
        ("ix_endorsements_endorsed_issuer_id_created_at_id", ["endorsed_issuer_id", "created_at", "id"]),
        ("ix_endorsements_achievement_id", ["achievement_id"]),
        ("ix_endorsements_credential_id", ["credential_id"]),
        ("ix_endorsements_key_id", ["key_id"]),
    ):
        op.create_index(name, "endorsements", columns)


def downgrade() -> None:
    op.drop_table("endorsements")
