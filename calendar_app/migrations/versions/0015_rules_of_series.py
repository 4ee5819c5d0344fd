"""The rules by which series return, and which editions they made

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "series_rule",
        sa.Column("series_id", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_series_rule_series_id_series")
        ),
        sa.PrimaryKeyConstraint("series_id", name=op.f("pk_series_rule")),
    )
    op.add_column("event", sa.Column("rule_revision", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("event", "rule_revision")
    op.drop_table("series_rule")
