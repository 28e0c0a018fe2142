"""Lists in their order, whatever they are asked for: newest first, of one issuer, of all, and of what filters name.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# The name, the table, the columns, and which rows: None for all.
_NEW: tuple[tuple[str, str, list[str], str | None], ...] = (
    ("ix_awards_awarded_at_id", "awards", ["awarded_at", "id"], None),
    ("ix_awards_achievement_id_awarded_at_id", "awards", ["achievement_id", "awarded_at", "id"], None),
    (
        "ix_awards_jurisdiction_awarded_at_id",
        "awards",
        ["jurisdiction", "awarded_at", "id"],
        "jurisdiction IS NOT NULL",
    ),
    ("ix_awards_district_awarded_at_id", "awards", ["district", "awarded_at", "id"], "district IS NOT NULL"),
    ("ix_awards_external_reference", "awards", ["external_reference"], "external_reference IS NOT NULL"),
    ("ix_awards_not_active", "awards", ["state", "awarded_at", "id"], "state <> 'active'"),
    ("ix_awards_issuer_id_not_active", "awards", ["issuer_id", "state", "awarded_at", "id"], "state <> 'active'"),
    ("ix_awards_state_changed_at", "awards", ["state_changed_at"], None),
    ("ix_decisions_issuer_id_id", "decisions", ["issuer_id", "id"], None),
    ("ix_decisions_achievement_version_id_id", "decisions", ["achievement_version_id", "id"], None),
    ("ix_decisions_open", "decisions", ["state", "id"], "state <> 'decided'"),
    ("ix_decisions_issuer_id_open", "decisions", ["issuer_id", "state", "id"], "state <> 'decided'"),
    ("ix_clrs_created_at_id", "clrs", ["created_at", "id"], None),
    ("ix_admitted_badges_issuer_id_created_at_id", "admitted_badges", ["issuer_id", "created_at", "id"], None),
    ("ix_admitted_badges_created_at_id", "admitted_badges", ["created_at", "id"], None),
    ("ix_endorsements_created_at_id", "endorsements", ["created_at", "id"], None),
)
# A longer one of the new ones begins with each of these.
_OLD = (
    ("ix_awards_achievement_id", "awards", ["achievement_id"]),
    ("ix_awards_jurisdiction", "awards", ["jurisdiction"]),
    ("ix_decisions_issuer_id", "decisions", ["issuer_id"]),
    ("ix_decisions_achievement_version_id", "decisions", ["achievement_version_id"]),
    ("ix_admitted_badges_issuer_id", "admitted_badges", ["issuer_id"]),
)


_PARTS = "part_of_id IS NOT NULL"


def upgrade() -> None:
    op.drop_index("ix_clrs_part_of_id", table_name="clrs")
    op.create_index(
        "ix_clrs_part_of_id", "clrs", ["part_of_id"], postgresql_where=sa.text(_PARTS), sqlite_where=sa.text(_PARTS)
    )
    for name, table, columns, rows in _NEW:
        some = sa.text(rows) if rows is not None else None
        op.create_index(name, table, columns, postgresql_where=some, sqlite_where=some)
    for name, table, _ in _OLD:
        op.drop_index(name, table_name=table)


def downgrade() -> None:
    op.drop_index("ix_clrs_part_of_id", table_name="clrs")
    op.create_index("ix_clrs_part_of_id", "clrs", ["part_of_id"])
    for name, table, columns in _OLD:
        op.create_index(name, table, columns)
    for name, table, _, _ in reversed(_NEW):
        op.drop_index(name, table_name=table)
