"""First tables: issuers, achievements, earners, decisions, awards, credentials, status lists, events, API keys.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

from badgeissuer.store.base import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
        sa.UniqueConstraint("scope", "kind", "key", name=op.f("uq_answers_scope_kind_key")),
    )
    op.create_table(
        "api_clients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "operator",
                "platform",
                "issuer",
                "agency",
                "anonymous",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("all_issuers", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", UTCDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_clients")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_clients_prefix")),
    )
    op.create_table(
        "earners",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_earners")),
    )
    op.create_table(
        "issuers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=63), nullable=False),
        sa.Column("did", sa.String(length=512), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuers")),
        sa.UniqueConstraint("did", name=op.f("uq_issuers_did")),
        sa.UniqueConstraint("slug", name=op.f("uq_issuers_slug")),
    )
    op.create_table(
        "achievements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=128), nullable=True),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_achievements_issuer_id_issuers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_achievements")),
        sa.UniqueConstraint("issuer_id", "code", name=op.f("uq_achievements_issuer_id_code")),
    )
    with op.batch_alter_table("achievements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_achievements_issuer_id"), ["issuer_id"], unique=False)

    op.create_table(
        "api_client_issuers",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["api_clients.id"], name=op.f("fk_api_client_issuers_client_id_api_clients")
        ),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_api_client_issuers_issuer_id_issuers")),
        sa.PrimaryKeyConstraint("client_id", "issuer_id", name=op.f("pk_api_client_issuers")),
    )
    with op.batch_alter_table("api_client_issuers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_client_issuers_issuer_id"), ["issuer_id"], unique=False)

    op.create_table(
        "earner_identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("earner_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("email", "did", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("value", sa.String(length=512), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["earner_id"], ["earners.id"], name=op.f("fk_earner_identities_earner_id_earners")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_earner_identities")),
        sa.UniqueConstraint("kind", "value", name=op.f("uq_earner_identities_kind_value")),
    )
    with op.batch_alter_table("earner_identities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_earner_identities_earner_id"), ["earner_id"], unique=False)

    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("issuer_id", sa.Uuid(), nullable=True),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("subject_type", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_events_issuer_id_issuers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("position", name=op.f("uq_events_position")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_events_issuer_id"), ["issuer_id"], unique=False)
        batch_op.create_index(
            "ix_events_unnumbered",
            ["id"],
            unique=False,
            postgresql_where=sa.text("position IS NULL"),
            sqlite_where=sa.text("position IS NULL"),
        )

    op.create_table(
        "issuer_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("did", sa.String(length=512), nullable=False),
        sa.Column(
            "algorithm",
            sa.Enum("Ed25519", "P-256", name="algorithm", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("signer_uri", sa.Text(), nullable=False),
        sa.Column("public_multibase", sa.String(length=256), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "next",
                "active",
                "retired",
                "compromised",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("activates_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("retired_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("compromised_at", UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_issuer_keys_issuer_id_issuers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuer_keys")),
        sa.UniqueConstraint("public_multibase", name=op.f("uq_issuer_keys_public_multibase")),
        sa.UniqueConstraint("signer_uri", name=op.f("uq_issuer_keys_signer_uri")),
    )
    with op.batch_alter_table("issuer_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_issuer_keys_issuer_id"), ["issuer_id"], unique=False)

    op.create_table(
        "subjects",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("earner_id", sa.Uuid(), nullable=False),
        sa.Column("urn", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("licence_id", sa.String(length=128), nullable=True),
        sa.Column("did", sa.String(length=512), nullable=True),
        sa.Column("did_proved", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["earner_id"], ["earners.id"], name=op.f("fk_subjects_earner_id_earners")),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_subjects_issuer_id_issuers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subjects")),
        sa.UniqueConstraint("earner_id", "issuer_id", name=op.f("uq_subjects_earner_id_issuer_id")),
        sa.UniqueConstraint("urn", name=op.f("uq_subjects_urn")),
    )
    with op.batch_alter_table("subjects", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subjects_issuer_id"), ["issuer_id"], unique=False)

    op.create_table(
        "achievement_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("achievement_id", sa.Uuid(), nullable=False),
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
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("published_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("retired_at", UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["achievement_id"], ["achievements.id"], name=op.f("fk_achievement_versions_achievement_id_achievements")
        ),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_achievement_versions_issuer_id_issuers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_achievement_versions")),
        sa.UniqueConstraint("achievement_id", "number", name=op.f("uq_achievement_versions_achievement_id_number")),
    )
    with op.batch_alter_table("achievement_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_achievement_versions_issuer_id"), ["issuer_id"], unique=False)
        batch_op.create_index(
            "uq_achievement_versions_one_draft",
            ["achievement_id"],
            unique=True,
            postgresql_where=sa.text("state = 'draft'"),
            sqlite_where=sa.text("state = 'draft'"),
        )

    op.create_table(
        "status_lists",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("revocation", "suspension", name="purpose", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("allocated", sa.Integer(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("bits", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_status_lists_issuer_id_issuers")),
        sa.ForeignKeyConstraint(["key_id"], ["issuer_keys.id"], name=op.f("fk_status_lists_key_id_issuer_keys")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_lists")),
        sa.UniqueConstraint("url", name=op.f("uq_status_lists_url")),
    )
    with op.batch_alter_table("status_lists", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_status_lists_issuer_id"), ["issuer_id"], unique=False)
        batch_op.create_index(
            "uq_status_lists_one_open",
            ["issuer_id", "purpose"],
            unique=True,
            postgresql_where=sa.text("open"),
            sqlite_where=sa.text("open"),
        )

    op.create_table(
        "decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("achievement_version_id", sa.Uuid(), nullable=False),
        sa.Column("external_reference", sa.String(length=255), nullable=True),
        sa.Column(
            "source",
            sa.Enum(
                "platform",
                "assessments",
                "external",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "awaiting_second",
                "needs_adjudication",
                "decided",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.Enum("awarded", "not_yet", name="outcome", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
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
            name=op.f("fk_decisions_achievement_version_id_achievement_versions"),
        ),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_decisions_issuer_id_issuers")),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_decisions_subject_id_subjects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_decisions_achievement_version_id"), ["achievement_version_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_decisions_issuer_id"), ["issuer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_decisions_subject_id"), ["subject_id"], unique=False)
        batch_op.create_index(
            "uq_decisions_issuer_id_external_reference",
            ["issuer_id", "external_reference"],
            unique=True,
            postgresql_where=sa.text("external_reference IS NOT NULL"),
            sqlite_where=sa.text("external_reference IS NOT NULL"),
        )

    op.create_table(
        "assessments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("assessor", "adjudicator", name="role", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("assessor_id", sa.String(length=255), nullable=False),
        sa.Column("assessor_name", sa.Text(), nullable=False),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("awarded", "not_yet", name="outcome", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.Column("assessed_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_assessments_decision_id_decisions")),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_assessments_issuer_id_issuers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessments")),
        sa.UniqueConstraint("decision_id", "assessor_id", name=op.f("uq_assessments_decision_id_assessor_id")),
    )
    with op.batch_alter_table("assessments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_assessments_issuer_id"), ["issuer_id"], unique=False)

    op.create_table(
        "awards",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("achievement_id", sa.Uuid(), nullable=False),
        sa.Column("achievement_version_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("external_reference", sa.String(length=255), nullable=True),
        sa.Column("sole", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "active",
                "suspended",
                "revoked",
                "superseded",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("state_changed_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("awarded_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("valid_until", UTCDateTime(timezone=True), nullable=True),
        sa.Column("superseded_by_id", sa.Uuid(), nullable=True),
        sa.Column("school", sa.Text(), nullable=True),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column("jurisdiction", sa.String(length=16), nullable=True),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["achievement_id"], ["achievements.id"], name=op.f("fk_awards_achievement_id_achievements")
        ),
        sa.ForeignKeyConstraint(
            ["achievement_version_id"],
            ["achievement_versions.id"],
            name=op.f("fk_awards_achievement_version_id_achievement_versions"),
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_awards_decision_id_decisions")),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_awards_issuer_id_issuers")),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_awards_subject_id_subjects")),
        sa.ForeignKeyConstraint(["superseded_by_id"], ["awards.id"], name=op.f("fk_awards_superseded_by_id_awards")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_awards")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_awards_decision_id")),
    )
    with op.batch_alter_table("awards", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_awards_achievement_id"), ["achievement_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_awards_achievement_version_id"), ["achievement_version_id"], unique=False)
        batch_op.create_index("ix_awards_issuer_id_awarded_at_id", ["issuer_id", "awarded_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_awards_jurisdiction"), ["jurisdiction"], unique=False)
        batch_op.create_index("ix_awards_subject_id_achievement_id", ["subject_id", "achievement_id"], unique=False)
        batch_op.create_index(
            "uq_awards_one_live",
            ["subject_id", "achievement_id"],
            unique=True,
            postgresql_where=sa.text("sole AND state IN ('active', 'suspended')"),
            sqlite_where=sa.text("sole AND state IN ('active', 'suspended')"),
        )

    op.create_table(
        "evidence_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("narrative", sa.Text(), nullable=True),
        sa.Column("genre", sa.Text(), nullable=True),
        sa.Column("audience", sa.Text(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("share", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_evidence_items_decision_id_decisions")
        ),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_evidence_items_issuer_id_issuers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_items")),
        sa.UniqueConstraint("decision_id", "position", name=op.f("uq_evidence_items_decision_id_position")),
    )
    with op.batch_alter_table("evidence_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_items_issuer_id"), ["issuer_id"], unique=False)

    op.create_table(
        "credentials",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("cryptosuite", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_credentials_award_id_awards")),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_credentials_issuer_id_issuers")),
        sa.ForeignKeyConstraint(["key_id"], ["issuer_keys.id"], name=op.f("fk_credentials_key_id_issuer_keys")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credentials")),
    )
    with op.batch_alter_table("credentials", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credentials_award_id"), ["award_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_credentials_issuer_id"), ["issuer_id"], unique=False)

    op.create_table(
        "status_entries",
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"],
            ["credentials.id"],
            name=op.f("fk_status_entries_credential_id_credentials"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_status_entries_issuer_id_issuers")),
        sa.ForeignKeyConstraint(["list_id"], ["status_lists.id"], name=op.f("fk_status_entries_list_id_status_lists")),
        sa.PrimaryKeyConstraint("list_id", "index", name=op.f("pk_status_entries")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_status_entries_credential_id")),
    )
    with op.batch_alter_table("status_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_status_entries_issuer_id"), ["issuer_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("status_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_status_entries_issuer_id"))

    op.drop_table("status_entries")
    with op.batch_alter_table("credentials", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_credentials_issuer_id"))
        batch_op.drop_index(batch_op.f("ix_credentials_award_id"))

    op.drop_table("credentials")
    with op.batch_alter_table("evidence_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evidence_items_issuer_id"))

    op.drop_table("evidence_items")
    with op.batch_alter_table("awards", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_awards_one_live",
            postgresql_where=sa.text("sole AND state IN ('active', 'suspended')"),
            sqlite_where=sa.text("sole AND state IN ('active', 'suspended')"),
        )
        batch_op.drop_index("ix_awards_subject_id_achievement_id")
        batch_op.drop_index(batch_op.f("ix_awards_jurisdiction"))
        batch_op.drop_index("ix_awards_issuer_id_awarded_at_id")
        batch_op.drop_index(batch_op.f("ix_awards_achievement_version_id"))
        batch_op.drop_index(batch_op.f("ix_awards_achievement_id"))

    op.drop_table("awards")
    with op.batch_alter_table("assessments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_assessments_issuer_id"))

    op.drop_table("assessments")
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_decisions_issuer_id_external_reference",
            postgresql_where=sa.text("external_reference IS NOT NULL"),
            sqlite_where=sa.text("external_reference IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_decisions_subject_id"))
        batch_op.drop_index(batch_op.f("ix_decisions_issuer_id"))
        batch_op.drop_index(batch_op.f("ix_decisions_achievement_version_id"))

    op.drop_table("decisions")
    with op.batch_alter_table("status_lists", schema=None) as batch_op:
        batch_op.drop_index("uq_status_lists_one_open", postgresql_where=sa.text("open"), sqlite_where=sa.text("open"))
        batch_op.drop_index(batch_op.f("ix_status_lists_issuer_id"))

    op.drop_table("status_lists")
    with op.batch_alter_table("achievement_versions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_achievement_versions_one_draft",
            postgresql_where=sa.text("state = 'draft'"),
            sqlite_where=sa.text("state = 'draft'"),
        )
        batch_op.drop_index(batch_op.f("ix_achievement_versions_issuer_id"))

    op.drop_table("achievement_versions")
    with op.batch_alter_table("subjects", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subjects_issuer_id"))

    op.drop_table("subjects")
    with op.batch_alter_table("issuer_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_issuer_keys_issuer_id"))

    op.drop_table("issuer_keys")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_events_unnumbered",
            postgresql_where=sa.text("position IS NULL"),
            sqlite_where=sa.text("position IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_events_issuer_id"))

    op.drop_table("events")
    with op.batch_alter_table("earner_identities", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_earner_identities_earner_id"))

    op.drop_table("earner_identities")
    with op.batch_alter_table("api_client_issuers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_client_issuers_issuer_id"))

    op.drop_table("api_client_issuers")
    with op.batch_alter_table("achievements", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_achievements_issuer_id"))

    op.drop_table("achievements")
    op.drop_table("issuers")
    op.drop_table("earners")
    op.drop_table("api_clients")
    op.drop_table("answers")
