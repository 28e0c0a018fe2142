"""An issuer's earners in the order of their ids: who walks through them all starts each page where the last one ended.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_subjects_issuer_id_id", "subjects", ["issuer_id", "id"])
    op.drop_index("ix_subjects_issuer_id", table_name="subjects")


def downgrade() -> None:
    op.create_index("ix_subjects_issuer_id", "subjects", ["issuer_id"])
    op.drop_index("ix_subjects_issuer_id_id", table_name="subjects")
