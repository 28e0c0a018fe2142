"""The catalogue: its entries, the frameworks that they name, and their words under full-text search.

The index is FTS5 on SQLite and a tsvector under GIN on PostgreSQL; the words in both are folded by the service. What is
there already is entered here. What a process of the version before this one publishes while it is replaced is entered
by ``badgeissuer catalogue rebuild``, or with its next change.

Revision ID: 0009
Revises: 0008
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from badgeissuer.store.base import UTCDateTime
from badgeissuer.store.catalogue_facts import EntryFacts, achievement_facts, issuer_facts, stack_facts
from badgeissuer.store.catalogue_words import sort_key

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_PLACE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "catalogue_entries",
        sa.Column("place", _PLACE, autoincrement=True, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", _words("kind", "achievement", "stack", "issuer"), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column("state", _words("state", "draft", "published", "retired"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_key", _BYTEWISE, nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("hours", sa.Double(), nullable=True),
        sa.Column("published_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_catalogue_entries_issuer_id_issuers")),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_catalogue_entries")),
        sa.UniqueConstraint("id", name=op.f("uq_catalogue_entries_id")),
    )
    op.create_index(op.f("ix_catalogue_entries_issuer_id"), "catalogue_entries", ["issuer_id"])
    op.create_index("ix_catalogue_entries_state_sort_key_id", "catalogue_entries", ["state", "sort_key", "id"])
    op.create_index("ix_catalogue_entries_state_published_at_id", "catalogue_entries", ["state", "published_at", "id"])
    op.create_table(
        "catalogue_frameworks",
        sa.Column("place", _PLACE, nullable=False),
        sa.Column("framework", _BYTEWISE, nullable=False),
        sa.ForeignKeyConstraint(
            ["place"],
            ["catalogue_entries.place"],
            name=op.f("fk_catalogue_frameworks_place_catalogue_entries"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("place", "framework", name=op.f("pk_catalogue_frameworks")),
    )
    op.create_index(op.f("ix_catalogue_frameworks_framework"), "catalogue_frameworks", ["framework"])
    if sqlite:
        op.execute(
            "CREATE VIRTUAL TABLE catalogue_index USING fts5(name, tags, text, tokenize = 'ascii', prefix = '2 3')"
        )
    else:
        op.execute(
            "CREATE TABLE catalogue_index (place BIGINT NOT NULL, words TSVECTOR NOT NULL, "
            "CONSTRAINT pk_catalogue_index PRIMARY KEY (place), CONSTRAINT fk_catalogue_index_place_catalogue_entries "
            "FOREIGN KEY (place) REFERENCES catalogue_entries (place) ON DELETE CASCADE)"
        )
        # In the row itself, not out of line: the planner counts pages, and would read all texts where it saw few of them.
        op.execute("ALTER TABLE catalogue_index ALTER COLUMN words SET STORAGE MAIN")
        op.execute("CREATE INDEX ix_catalogue_index_words ON catalogue_index USING gin (words) WITH (fastupdate = off)")
    _fill(op.get_bind(), sqlite=sqlite)


def downgrade() -> None:
    op.execute("DROP TABLE catalogue_index")
    op.drop_table("catalogue_frameworks")
    op.drop_table("catalogue_entries")


_issuers = sa.table(
    "issuers",
    sa.column("id", sa.Uuid()),
    sa.column("name", sa.Text()),
    sa.column("profile", sa.JSON()),
    sa.column("created_at", UTCDateTime(timezone=True)),
    sa.column("updated_at", UTCDateTime(timezone=True)),
)


def _versions(table: str, of: str, *more: str) -> Any:
    return sa.table(
        table,
        sa.column("id", sa.Uuid()),
        sa.column(of, sa.Uuid()),
        sa.column("issuer_id", sa.Uuid()),
        sa.column("number", sa.Integer()),
        sa.column("state", sa.String()),
        sa.column("document", sa.JSON()),
        *(sa.column(name, sa.JSON()) for name in more),
        sa.column("created_at", UTCDateTime(timezone=True)),
        sa.column("published_at", UTCDateTime(timezone=True)),
        sa.column("retired_at", UTCDateTime(timezone=True)),
    )


def _fill(connection: sa.Connection, *, sqlite: bool) -> None:
    entries = sa.table(
        "catalogue_entries",
        *(
            sa.column(name, kind)
            for name, kind in {
                "place": sa.Integer(), "id": sa.Uuid(), "kind": sa.String(), "issuer_id": sa.Uuid(),
                "version_id": sa.Uuid(), "state": sa.String(), "name": sa.Text(), "sort_key": sa.Text(),
                "summary": sa.Text(), "type": sa.Text(), "hours": sa.Double(),
                "published_at": UTCDateTime(timezone=True), "updated_at": UTCDateTime(timezone=True),
            }.items()
        ),
    )  # fmt: skip
    frameworks = sa.table("catalogue_frameworks", sa.column("place"), sa.column("framework"))
    for columns, facts in _found(connection):
        row = {**columns, "name": facts.name, "sort_key": sort_key(facts.name), "summary": facts.summary,
               "type": facts.type, "hours": facts.hours}  # fmt: skip
        place = connection.execute(entries.insert().values(**row).returning(entries.c.place)).scalar_one()
        for framework in facts.frameworks:
            connection.execute(frameworks.insert().values(place=place, framework=framework))
        found_by = facts.found_by
        if sqlite:
            connection.execute(
                sa.text("INSERT INTO catalogue_index (rowid, name, tags, text) VALUES (:place, :name, :tags, :text)"),
                {"place": place, **{field: " ".join(getattr(found_by, field)) for field in ("name", "tags", "text")}},
            )
        else:
            connection.execute(
                sa.text("INSERT INTO catalogue_index VALUES (:place, CAST(CAST(:vector AS text) AS tsvector))"),
                {"place": place, "vector": found_by.as_vector()},
            )


def _found(connection: sa.Connection) -> Iterator[tuple[dict[str, Any], EntryFacts]]:
    names = {}
    for issuer in connection.execute(sa.select(_issuers).order_by(_issuers.c.id)).all():
        names[issuer.id] = issuer.name
        columns = {"id": issuer.id, "kind": "issuer", "issuer_id": issuer.id, "version_id": None, "state": "published",
                   "published_at": issuer.created_at, "updated_at": issuer.updated_at}  # fmt: skip
        yield columns, issuer_facts(issuer.profile)
    achievements = _versions("achievement_versions", "achievement_id", "parts")
    for version in _shown(connection, achievements, "achievement_id"):
        facts = achievement_facts(version.document, version.parts, issuer=names[version.issuer_id])
        yield _columns(version, "achievement", version.achievement_id), facts
    for version in _shown(connection, _versions("stack_versions", "stack_id"), "stack_id"):
        yield (
            _columns(version, "stack", version.stack_id),
            stack_facts(version.document, issuer=names[version.issuer_id]),
        )


def _shown(connection: sa.Connection, table: Any, of: str) -> list[Any]:
    """Of each thing the version that is shown: the newest published one, else the newest that was."""
    rows = connection.execute(
        sa.select(table)
        .where(table.c.state.in_(("published", "retired")))
        .order_by(table.c.state.desc(), table.c.number)
    ).all()  # the last of each wins: retired ones come first
    return list({getattr(row, of): row for row in rows}.values())


def _columns(version: Any, kind: str, thing: Any) -> dict[str, Any]:
    return {"id": thing, "kind": kind, "issuer_id": version.issuer_id, "version_id": version.id, "state": version.state,
            "published_at": version.published_at or version.created_at,
            "updated_at": version.retired_at or version.published_at or version.created_at}  # fmt: skip
