"""Records (CLR), their members, and badges from elsewhere.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from badgeissuer.store.base import UTCDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "admitted_badges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("earner_id", sa.Uuid(), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("issuer_name", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["earner_id"], ["earners.id"], name=op.f("fk_admitted_badges_earner_id_earners")),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_admitted_badges_issuer_id_issuers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admitted_badges")),
        sa.UniqueConstraint(
            "issuer_id", "earner_id", "sha256", name=op.f("uq_admitted_badges_issuer_id_earner_id_sha256")
        ),
    )
    op.create_index(op.f("ix_admitted_badges_issuer_id"), "admitted_badges", ["issuer_id"])
    op.create_index("ix_admitted_badges_earner_id_created_at_id", "admitted_badges", ["earner_id", "created_at", "id"])

    op.create_table(
        "clrs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("earner_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cryptosuite", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("partial", sa.Boolean(), nullable=False),
        sa.Column("choice", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("active", "revoked", name="state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("state_changed_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("part_of_id", sa.Uuid(), nullable=True),
        sa.Column("replaced_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["earner_id"], ["earners.id"], name=op.f("fk_clrs_earner_id_earners")),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_clrs_issuer_id_issuers")),
        sa.ForeignKeyConstraint(["key_id"], ["issuer_keys.id"], name=op.f("fk_clrs_key_id_issuer_keys")),
        sa.ForeignKeyConstraint(["part_of_id"], ["clrs.id"], name=op.f("fk_clrs_part_of_id_clrs")),
        sa.ForeignKeyConstraint(["replaced_by_id"], ["clrs.id"], name=op.f("fk_clrs_replaced_by_id_clrs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clrs")),
    )
    op.create_index("ix_clrs_earner_id_created_at_id", "clrs", ["earner_id", "created_at", "id"])
    op.create_index("ix_clrs_issuer_id_created_at_id", "clrs", ["issuer_id", "created_at", "id"])
    op.create_index(op.f("ix_clrs_part_of_id"), "clrs", ["part_of_id"])
    op.create_index(op.f("ix_clrs_replaced_by_id"), "clrs", ["replaced_by_id"])

    op.create_table(
        "clr_members",
        sa.Column("clr_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("award_id", sa.Uuid(), nullable=True),
        sa.Column("credential_id", sa.Uuid(), nullable=True),
        sa.Column("admitted_badge_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(award_id IS NULL) <> (admitted_badge_id IS NULL)", name=op.f("ck_clr_members_one_source")),
        sa.CheckConstraint(
            "(award_id IS NULL) = (credential_id IS NULL)", name=op.f("ck_clr_members_award_with_credential")
        ),
        sa.ForeignKeyConstraint(
            ["admitted_badge_id"], ["admitted_badges.id"], name=op.f("fk_clr_members_admitted_badge_id_admitted_badges")
        ),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_clr_members_award_id_awards")),
        sa.ForeignKeyConstraint(["clr_id"], ["clrs.id"], name=op.f("fk_clr_members_clr_id_clrs")),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name=op.f("fk_clr_members_credential_id_credentials")
        ),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_clr_members_issuer_id_issuers")),
        sa.PrimaryKeyConstraint("clr_id", "position", name=op.f("pk_clr_members")),
    )
    for column in ("issuer_id", "award_id", "credential_id", "admitted_badge_id"):
        op.create_index(op.f(f"ix_clr_members_{column}"), "clr_members", [column])


def downgrade() -> None:
    op.drop_table("clr_members")
    op.drop_table("clrs")
    op.drop_table("admitted_badges")
