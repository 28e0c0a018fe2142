"""Stacks, their versions, the awards that they made; jobs; and decisions that a stack's rule makes.

Downgrading leaves the wider constraint on decisions' sources: decisions that stacks made may stand there, and the
version before this one reads the others as before.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from badgeissuer.store.base import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


_SOURCES = ("platform", "assessments", "external", "stack")
_SOURCE = "source IN ({})".format(", ".join(f"'{source}'" for source in _SOURCES))


def _words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _decisions() -> sa.Table:
    """The table as it will be. SQLite copies it over, and reading it back would lose its check constraints."""
    naming = {"ck": "ck_%(table_name)s_%(constraint_name)s"}
    table = sa.Table(
        "decisions",
        sa.MetaData(naming_convention=naming),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("achievement_version_id", sa.Uuid(), nullable=False),
        sa.Column("external_reference", sa.String(length=255), nullable=True),
        sa.Column("source", _words("source", *_SOURCES), nullable=False),
        sa.Column("state", _words("state", "awaiting_second", "needs_adjudication", "decided"), nullable=False),
        sa.Column("outcome", _words("outcome", "awarded", "not_yet"), nullable=True),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["achievement_version_id"],
            ["achievement_versions.id"],
            name="fk_decisions_achievement_version_id_achievement_versions",
        ),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name="fk_decisions_issuer_id_issuers"),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name="fk_decisions_subject_id_subjects"),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
    )
    for name in ("achievement_version_id", "issuer_id", "subject_id"):
        sa.Index(f"ix_decisions_{name}", table.c[name])
    sa.Index(
        "uq_decisions_issuer_id_external_reference",
        table.c.issuer_id,
        table.c.external_reference,
        unique=True,
        sqlite_where=sa.text("external_reference IS NOT NULL"),
    )
    return table


def _widen_sources() -> None:
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("decisions", copy_from=_decisions(), recreate="always"):
            pass
        return
    op.drop_constraint(op.f("ck_decisions_source"), "decisions", type_="check")
    op.create_check_constraint(op.f("ck_decisions_source"), "decisions", _SOURCE)


def upgrade() -> None:
    _widen_sources()
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "running",
                "succeeded",
                "failed",
                "cancelled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("run_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_jobs_issuer_id_issuers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_jobs_issuer_id"), ["issuer_id"], unique=False)
        batch_op.create_index("ix_jobs_state_run_at", ["state", "run_at"], unique=False)
        batch_op.create_index(
            "uq_jobs_key_open",
            ["key"],
            unique=True,
            postgresql_where=sa.text("state IN ('queued', 'running')"),
            sqlite_where=sa.text("state IN ('queued', 'running')"),
        )

    op.create_table(
        "stacks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("achievement_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["achievement_id"], ["achievements.id"], name=op.f("fk_stacks_achievement_id_achievements")
        ),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_stacks_issuer_id_issuers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stacks")),
        sa.UniqueConstraint("achievement_id", name=op.f("uq_stacks_achievement_id")),
    )
    with op.batch_alter_table("stacks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stacks_issuer_id"), ["issuer_id"], unique=False)

    op.create_table(
        "stack_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stack_id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft", "published", "retired", name="state", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("published_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("retired_at", UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_stack_versions_issuer_id_issuers")),
        sa.ForeignKeyConstraint(["stack_id"], ["stacks.id"], name=op.f("fk_stack_versions_stack_id_stacks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stack_versions")),
        sa.UniqueConstraint("stack_id", "number", name=op.f("uq_stack_versions_stack_id_number")),
    )
    with op.batch_alter_table("stack_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stack_versions_issuer_id"), ["issuer_id"], unique=False)
        batch_op.create_index(
            "uq_stack_versions_one_draft",
            ["stack_id"],
            unique=True,
            postgresql_where=sa.text("state = 'draft'"),
            sqlite_where=sa.text("state = 'draft'"),
        )
        batch_op.create_index(
            "uq_stack_versions_one_published",
            ["stack_id"],
            unique=True,
            postgresql_where=sa.text("state = 'published'"),
            sqlite_where=sa.text("state = 'published'"),
        )

    op.create_table(
        "stack_items",
        sa.Column("stack_version_id", sa.Uuid(), nullable=False),
        sa.Column("achievement_id", sa.Uuid(), nullable=False),
        sa.Column("stack_id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["achievement_id"], ["achievements.id"], name=op.f("fk_stack_items_achievement_id_achievements")
        ),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_stack_items_issuer_id_issuers")),
        sa.ForeignKeyConstraint(["stack_id"], ["stacks.id"], name=op.f("fk_stack_items_stack_id_stacks")),
        sa.ForeignKeyConstraint(
            ["stack_version_id"], ["stack_versions.id"], name=op.f("fk_stack_items_stack_version_id_stack_versions")
        ),
        sa.PrimaryKeyConstraint("stack_version_id", "achievement_id", name=op.f("pk_stack_items")),
    )
    with op.batch_alter_table("stack_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stack_items_achievement_id"), ["achievement_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_stack_items_issuer_id"), ["issuer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_stack_items_stack_id"), ["stack_id"], unique=False)

    op.create_table(
        "stack_awards",
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("stack_id", sa.Uuid(), nullable=False),
        sa.Column("stack_version_id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column(
            "held",
            sa.Enum(
                "active",
                "suspended",
                "revoked",
                "superseded",
                name="held",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_stack_awards_award_id_awards")),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_stack_awards_issuer_id_issuers")),
        sa.ForeignKeyConstraint(["stack_id"], ["stacks.id"], name=op.f("fk_stack_awards_stack_id_stacks")),
        sa.ForeignKeyConstraint(
            ["stack_version_id"], ["stack_versions.id"], name=op.f("fk_stack_awards_stack_version_id_stack_versions")
        ),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_stack_awards_subject_id_subjects")),
        sa.PrimaryKeyConstraint("award_id", name=op.f("pk_stack_awards")),
    )
    with op.batch_alter_table("stack_awards", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stack_awards_issuer_id"), ["issuer_id"], unique=False)
        batch_op.create_index("ix_stack_awards_stack_id_subject_id", ["stack_id", "subject_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_stack_awards_stack_version_id"), ["stack_version_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_stack_awards_subject_id"), ["subject_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("stack_awards", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stack_awards_subject_id"))
        batch_op.drop_index(batch_op.f("ix_stack_awards_stack_version_id"))
        batch_op.drop_index("ix_stack_awards_stack_id_subject_id")
        batch_op.drop_index(batch_op.f("ix_stack_awards_issuer_id"))

    op.drop_table("stack_awards")
    with op.batch_alter_table("stack_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stack_items_stack_id"))
        batch_op.drop_index(batch_op.f("ix_stack_items_issuer_id"))
        batch_op.drop_index(batch_op.f("ix_stack_items_achievement_id"))

    op.drop_table("stack_items")
    with op.batch_alter_table("stack_versions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_stack_versions_one_published",
            postgresql_where=sa.text("state = 'published'"),
            sqlite_where=sa.text("state = 'published'"),
        )
        batch_op.drop_index(
            "uq_stack_versions_one_draft",
            postgresql_where=sa.text("state = 'draft'"),
            sqlite_where=sa.text("state = 'draft'"),
        )
        batch_op.drop_index(batch_op.f("ix_stack_versions_issuer_id"))

    op.drop_table("stack_versions")
    with op.batch_alter_table("stacks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stacks_issuer_id"))

    op.drop_table("stacks")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_jobs_key_open",
            postgresql_where=sa.text("state IN ('queued', 'running')"),
            sqlite_where=sa.text("state IN ('queued', 'running')"),
        )
        batch_op.drop_index("ix_jobs_state_run_at")
        batch_op.drop_index(batch_op.f("ix_jobs_issuer_id"))

    op.drop_table("jobs")
