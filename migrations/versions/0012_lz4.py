"""Signed texts are packed with lz4 where the server has it; the downgrade gives them back to the server's default.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

from badgeissuer.store.compression import methods, statements

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_SIGNED = (
    ("credentials", "text"),
    ("clrs", "text"),
    ("endorsements", "text"),
    ("status_lists", "text"),
    ("admitted_badges", "text"),
)


def upgrade() -> None:
    for statement in statements(_SIGNED, methods(op.get_bind())):
        op.execute(statement)


def downgrade() -> None:
    if methods(op.get_bind()):
        for table, column in _SIGNED:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET COMPRESSION DEFAULT")
