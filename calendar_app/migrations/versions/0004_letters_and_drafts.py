"""Letters and drafts

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("checksum", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("issued", sa.Date(), nullable=False),
        sa.Column("issued_from", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(checksum) = 64", name=op.f("ck_letter_checksum")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("checksum", name=op.f("uq_letter_checksum")),
    )
    op.create_table(
        "draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "accepted",
                "refused",
                "known",
                "repeated",
                name="draftstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "proposal",
            sa.Enum(
                "new_event",
                "new_date",
                "change",
                name="proposal",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("series_id", sa.String(), nullable=True),
        sa.Column("event_id", sa.String(), nullable=True),
        sa.Column("milestone_id", sa.Integer(), nullable=True),
        sa.Column("known_first_day", sa.Date(), nullable=True),
        sa.Column("known_last_day", sa.Date(), nullable=True),
        sa.Column("same_as_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "deadline",
                "window",
                "event",
                name="itemkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "step",
            sa.Enum(
                "registration",
                "submission",
                "unknown",
                name="step",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column(
            "certainty",
            sa.Enum(
                "day",
                "approximate",
                name="certainty",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "planned",
                "moved",
                "postponed",
                "cancelled",
                name="itemstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("item", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'known') = (proposal IS NULL)", name=op.f("ck_draft_known_proposes_nothing")
        ),
        sa.CheckConstraint(
            "(state = 'repeated') = (same_as_id IS NOT NULL)", name=op.f("ck_draft_same_as")
        ),
        sa.CheckConstraint(
            "proposal = 'new_event' OR event_id IS NOT NULL", name=op.f("ck_draft_of_an_event")
        ),
        sa.CheckConstraint("title <> ''", name=op.f("ck_draft_title")),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("ck_draft_confidence")),
        sa.CheckConstraint(
            "known_last_day >= known_first_day", name=op.f("ck_draft_order_of_known_days")
        ),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_draft_order_of_days")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_draft_event_id_event")),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_draft_letter_id_letter"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["milestone_id"],
            ["milestone.id"],
            name=op.f("fk_draft_milestone_id_milestone"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["same_as_id"], ["draft.id"], name=op.f("fk_draft_same_as_id_draft")
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_draft_series_id_series")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sa.UniqueConstraint("letter_id", "position", name=op.f("uq_draft_letter_id")),
    )
    op.create_index(op.f("ix_draft_event_id"), "draft", ["event_id"], unique=False)
    op.create_index(op.f("ix_draft_milestone_id"), "draft", ["milestone_id"], unique=False)
    op.create_index(op.f("ix_draft_same_as_id"), "draft", ["same_as_id"], unique=False)
    op.create_index(op.f("ix_draft_state"), "draft", ["state"], unique=False)

    op.create_table(
        "draft_scope",
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.CheckConstraint(
            "code = 'national' OR code LIKE 'region/_%' OR code LIKE 'academie/_%' OR code LIKE 'departement/_%'",
            name=op.f("ck_draft_scope_code"),
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"],
            ["draft.id"],
            name=op.f("fk_draft_scope_draft_id_draft"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("draft_id", "code", name=op.f("pk_draft_scope")),
    )
    op.create_index(op.f("ix_draft_scope_code"), "draft_scope", ["code"], unique=False)


def downgrade() -> None:
    op.drop_table("draft_scope")
    op.drop_table("draft")
    op.drop_table("letter")
