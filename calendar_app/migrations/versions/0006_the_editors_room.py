"""The editors' room: the journal, sources, and what drafts need beside letters

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# The journal only grows: the store itself refuses anything else, whoever asks.
_JOURNAL = ("change", "change_scope")
_ONLY_GROWS = {
    "sqlite": [
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}"
        " BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END"
        for table in _JOURNAL
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION journal_only_grows() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the journal only grows'; END $$",
        *(
            f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION journal_only_grows()"
            for table in _JOURNAL
        ),
    ],
}


def upgrade() -> None:
    op.create_table(
        "link_check",
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dead_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("link", name=op.f("pk_link_check")),
    )
    op.create_table(
        "letter_drop",
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("editor_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["editor_id"], ["editor.id"], name=op.f("fk_letter_drop_editor_id_editor")
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"],
            ["letter.id"],
            name=op.f("fk_letter_drop_letter_id_letter"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("letter_id", "editor_id", name=op.f("pk_letter_drop")),
    )
    op.create_index("ix_letter_drop_editor_id", "letter_drop", ["editor_id"], unique=False)

    op.create_table(
        "source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_fetch_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("warning", sa.String(), nullable=True),
        sa.Column("etag", sa.String(), nullable=True),
        sa.Column("last_modified", sa.String(), nullable=True),
        sa.Column("copy", sa.JSON(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_source_name")),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_source_failures")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["editor.id"], name=op.f("fk_source_created_by_id_editor")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("address", name=op.f("uq_source_address")),
    )
    op.create_index("ix_source_next_fetch_at", "source", ["next_fetch_at"], unique=False)

    op.create_table(
        "source_scope",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.CheckConstraint(
            "code = 'national' OR code LIKE 'region/_%' OR code LIKE 'academie/_%' OR code LIKE 'departement/_%'",
            name=op.f("ck_source_scope_code"),
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
            name=op.f("fk_source_scope_source_id_source"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source_id", "code", name=op.f("pk_source_scope")),
    )
    op.create_index("ix_source_scope_code", "source_scope", ["code"], unique=False)

    op.create_table(
        "change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("editor_id", sa.Integer(), nullable=True),
        sa.Column(
            "subject",
            sa.Enum(
                "event",
                "draft",
                "source",
                name="changesubject",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column(
            "action",
            sa.Enum(
                "created",
                "edited",
                "moved",
                "cancelled",
                "restored",
                "full",
                "archived",
                "corrected",
                "refused",
                "attached",
                "undone",
                name="changeaction",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("draft_id", sa.Integer(), nullable=True),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("subject_id <> ''", name=op.f("ck_change_subject_id")),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_change_draft_id_draft")),
        sa.ForeignKeyConstraint(
            ["editor_id"], ["editor.id"], name=op.f("fk_change_editor_id_editor")
        ),
        sa.ForeignKeyConstraint(
            ["undoes_id"], ["change.id"], name=op.f("fk_change_undoes_id_change")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_change_undoes_id")),
    )
    op.create_index("ix_change_at", "change", ["at"], unique=False)
    op.create_index("ix_change_draft_id", "change", ["draft_id"], unique=False)
    op.create_index("ix_change_editor_id", "change", ["editor_id"], unique=False)
    op.create_index("ix_change_subject", "change", ["subject", "subject_id"], unique=False)

    op.create_table(
        "change_scope",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.CheckConstraint(
            "code = 'national' OR code LIKE 'region/_%' OR code LIKE 'academie/_%' OR code LIKE 'departement/_%'",
            name=op.f("ck_change_scope_code"),
        ),
        sa.ForeignKeyConstraint(
            ["change_id"], ["change.id"], name=op.f("fk_change_scope_change_id_change")
        ),
        sa.PrimaryKeyConstraint("change_id", "code", name=op.f("pk_change_scope")),
    )
    op.create_index("ix_change_scope_code", "change_scope", ["code"], unique=False)

    # « Batch » makes the table anew on SQLite; env.py turned foreign keys off.
    with op.batch_alter_table("draft") as batch_op:
        batch_op.add_column(sa.Column("corrected", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("entry", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("base", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("author_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("source_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("outside_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("fingerprint", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("suggested_by", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("decided_by_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("answer", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
        batch_op.create_index(batch_op.f("ix_draft_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_draft_source_id"), ["source_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_draft_decided_by_id_editor"), "editor", ["decided_by_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_draft_source_id_source"),
            "source",
            ["source_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_draft_author_id_editor"), "editor", ["author_id"], ["id"]
        )

    op.add_column("event", sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True))

    for statement in _ONLY_GROWS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_column("event", "archived_at")

    with op.batch_alter_table("draft") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_draft_author_id_editor"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_draft_source_id_source"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_draft_decided_by_id_editor"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_draft_source_id"))
        batch_op.drop_index(batch_op.f("ix_draft_author_id"))
        batch_op.drop_column("revision")
        batch_op.drop_column("answer")
        batch_op.drop_column("decided_by_id")
        batch_op.drop_column("decided_at")
        batch_op.drop_column("suggested_by")
        batch_op.drop_column("fingerprint")
        batch_op.drop_column("outside_id")
        batch_op.drop_column("source_id")
        batch_op.drop_column("author_id")
        batch_op.drop_column("base")
        batch_op.drop_column("entry")
        batch_op.drop_column("corrected")

    op.drop_table("change_scope")

    op.drop_table("change")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION journal_only_grows")

    op.drop_table("source_scope")

    op.drop_table("source")

    op.drop_table("letter_drop")
    op.drop_table("link_check")
