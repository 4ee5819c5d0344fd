"""The name of the catalogue's history, which a restored store leaves

Revision ID: 0028
Revises: 0027
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("catalogue", sa.Column("history", sa.String(), nullable=False, server_default=""))
    op.execute(
        sa.text("UPDATE catalogue SET history = :name").bindparams(name=secrets.token_hex(4))
    )


def downgrade() -> None:
    op.drop_column("catalogue", "history")
