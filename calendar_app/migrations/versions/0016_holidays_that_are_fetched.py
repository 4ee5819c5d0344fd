"""When the school calendars were last fetched, and what became of it

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "holidays_update",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("known", sa.JSON(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_holidays_update_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holidays_update")),
    )


def downgrade() -> None:
    op.drop_table("holidays_update")
