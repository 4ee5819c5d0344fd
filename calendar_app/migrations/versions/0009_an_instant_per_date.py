"""An instant per date: when it was announced, when it last changed

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_COLUMNS = ("announced_at", "changed_at")


def upgrade() -> None:
    with op.batch_alter_table("milestone") as batch_op:
        for name in _COLUMNS:
            batch_op.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    # The event's instants would make news of every date whose sibling changed: a date that was
    # never moved was announced with its present day.
    op.execute(
        "UPDATE milestone SET changed_at = COALESCE(dated_at, (SELECT event.created_at FROM event"
        " WHERE event.id = milestone.event_id))"
    )
    op.execute(
        "UPDATE milestone SET announced_at = CASE WHEN moved_from_first_day IS NULL THEN changed_at"
        " ELSE (SELECT event.created_at FROM event WHERE event.id = milestone.event_id) END"
    )
    with op.batch_alter_table("milestone") as batch_op:
        for name in _COLUMNS:
            batch_op.alter_column(name, existing_type=sa.DateTime(timezone=True), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("milestone") as batch_op:
        for name in _COLUMNS:
            batch_op.drop_column(name)
