"""Where an issuer wants its credentials to import.

NULL leaves it to the service: so the rows that are there, and those that the version before this one still writes, get
the default.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("issuers", sa.Column("preflight_targets", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("issuers") as issuers:
        issuers.drop_column("preflight_targets")
