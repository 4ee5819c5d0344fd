"""The last sign of a subscriber and of an editor: what is silent for years ends

Revision ID: 0013
Revises: 0012
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_COLUMNS = (("subscriber", "heard_at"), ("editor", "used_at"))


def upgrade() -> None:
    for table, name in _COLUMNS:
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        # Nobody was told before today that silence ends anything: the years begin now.
        column: sa.ColumnClause[datetime] = sa.column(name, sa.DateTime(timezone=True))
        op.execute(sa.table(table, column).update().values({name: datetime.now(UTC)}))
        with op.batch_alter_table(table) as batch_op:
            batch_op.alter_column(name, existing_type=sa.DateTime(timezone=True), nullable=False)


def downgrade() -> None:
    for table, name in _COLUMNS:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column(name)
