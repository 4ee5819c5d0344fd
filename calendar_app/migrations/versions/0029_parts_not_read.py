"""Why parts of a mail whose other letters were read could not be read

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("received_mail", sa.Column("problems", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("received_mail", "problems")
