"""In which version of the catalogue each event last changed

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What is there already has version 0: whoever begins to follow the changes reads it first. (The
    # default stays. Taking it away would make the table anew on SQLite, without its triggers.)
    op.add_column(
        "event", sa.Column("catalogue_version", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_index("ix_event_changes", "event", ["catalogue_version", "id"])


def downgrade() -> None:
    op.drop_index("ix_event_changes", table_name="event")
    op.drop_column("event", "catalogue_version")
