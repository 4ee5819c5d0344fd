"""What dates were, what the weekly mail told, and the public reason of a change

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "past_date",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("milestone_id", sa.Integer(), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["milestone_id"],
            ["milestone.id"],
            name=op.f("fk_past_date_milestone_id_milestone"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_date")),
    )
    op.create_index(op.f("ix_past_date_milestone_id"), "past_date", ["milestone_id"])
    op.create_table(
        "weekly_date",
        sa.Column("issue", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("milestone_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["milestone_id"],
            ["milestone.id"],
            name=op.f("fk_weekly_date_milestone_id_milestone"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("issue", "milestone_id", name=op.f("pk_weekly_date")),
    )
    op.create_index(op.f("ix_weekly_date_milestone_id"), "weekly_date", ["milestone_id"])
    op.create_index(op.f("ix_weekly_date_day"), "weekly_date", ["day"])
    op.add_column("delivery", sa.Column("issue", sa.BigInteger(), nullable=True))
    op.add_column("event", sa.Column("reason", sa.String(), nullable=True))
    op.add_column(
        "subscription", sa.Column("unpicked_at", sa.DateTime(timezone=True), nullable=True)
    )
    # What moved or was cancelled a moment ago must still be told.
    op.execute(
        "INSERT INTO past_date (milestone_id, until_at, day, cancelled)"
        " SELECT id, dated_at, CASE kind WHEN 'session' THEN moved_from_first_day"
        " ELSE moved_from_last_day END, FALSE FROM milestone"
        " WHERE dated_at IS NOT NULL AND CASE kind WHEN 'session'"
        " THEN moved_from_first_day <> first_day ELSE moved_from_last_day <> last_day END"
    )
    op.execute(
        "INSERT INTO past_date (milestone_id, until_at, day, cancelled)"
        " SELECT m.id, COALESCE(m.cancelled_at, e.cancelled_at), CASE m.kind WHEN 'session'"
        " THEN m.first_day ELSE m.last_day END, FALSE"
        " FROM milestone m JOIN event e ON e.id = m.event_id"
        " WHERE m.cancelled_at IS NOT NULL OR e.cancelled_at IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_column("subscription", "unpicked_at")
    op.drop_column("event", "reason")
    op.drop_column("delivery", "issue")
    op.drop_table("weekly_date")
    op.drop_table("past_date")
