"""Uploaded art of issuers, achievements and stacks.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from badgeissuer.store.base import UTCDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "art",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_art_issuer_id_issuers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_art")),
        sa.UniqueConstraint("issuer_id", "sha256", name=op.f("uq_art_issuer_id_sha256")),
    )
    op.create_index("ix_art_sha256", "art", ["sha256"])


def downgrade() -> None:
    op.drop_table("art")
