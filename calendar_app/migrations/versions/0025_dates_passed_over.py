"""The dates of a letter that gave no draft, each with its reason

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "letter", sa.Column("passed_over", sa.JSON(), nullable=False, server_default="[]")
    )
    with op.batch_alter_table("letter") as table:
        table.alter_column("passed_over", server_default=None)


def downgrade() -> None:
    op.drop_column("letter", "passed_over")
