"""Who sees an award's page; and status entries of any signed document: credentials, records, endorsements.

Status entries lose the foreign key to credentials: the id beside an index is that of one of three tables now. All
three kinds have random ids, and minting stores document and entry in one transaction. Downgrading leaves it so: rows
of records and endorsements may stand there, and the version before this one reads the others as before.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SEEN = "visibility IN ('public', 'unlisted', 'closed')"


def _entries() -> sa.Table:
    """The table as it will be. SQLite copies it over, and reading it back would lose its constraints."""
    table = sa.Table(
        "status_entries",
        sa.MetaData(),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name="fk_status_entries_issuer_id_issuers"),
        sa.ForeignKeyConstraint(["list_id"], ["status_lists.id"], name="fk_status_entries_list_id_status_lists"),
        sa.PrimaryKeyConstraint("list_id", "index", name="pk_status_entries"),
        sa.UniqueConstraint("credential_id", name="uq_status_entries_credential_id"),
    )
    sa.Index("ix_status_entries_issuer_id", table.c.issuer_id)
    return table


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("status_entries", copy_from=_entries(), recreate="always"):
            pass
        # In one statement: SQLite adds a constraint only together with its column, or by copying the whole table.
        op.execute(
            "ALTER TABLE awards ADD COLUMN visibility VARCHAR(32) DEFAULT 'unlisted' NOT NULL "
            f"CONSTRAINT ck_awards_visibility CHECK ({_SEEN})"
        )
        return
    op.execute("ALTER TABLE status_entries DROP CONSTRAINT IF EXISTS fk_status_entries_credential_id_credentials")
    op.add_column("awards", sa.Column("visibility", sa.String(length=32), server_default="unlisted", nullable=False))
    # Checked for new rows at once, for the old ones (which all have the default) without a lock that stops writers.
    op.execute(f"ALTER TABLE awards ADD CONSTRAINT ck_awards_visibility CHECK ({_SEEN}) NOT VALID")
    op.execute("ALTER TABLE awards VALIDATE CONSTRAINT ck_awards_visibility")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE awards DROP COLUMN visibility")
        return
    op.drop_column("awards", "visibility")
