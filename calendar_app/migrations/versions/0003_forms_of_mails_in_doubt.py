"""Forms of mails in doubt

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_form",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("stored", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_mail_form")),
    )
    # Column by column, not « batch »: that would make the table anew, and what refers to it would
    # be deleted with the old one.
    op.add_column("delivery", sa.Column("form_key", sa.String(), nullable=True))
    op.add_column("delivery", sa.Column("form_values", sa.String(), nullable=True))
    # Their bytes go with the column: a person decides.
    op.execute(
        "UPDATE delivery SET state = 'parked', owner = NULL, lease_until = NULL,"
        " reason = 'peut-être déjà partie : le programme a été mis à jour'"
        " WHERE finished_at IS NULL AND message IS NOT NULL AND state <> 'parked'"
    )
    op.drop_column("delivery", "message")


def downgrade() -> None:
    op.add_column("delivery", sa.Column("message", sa.LargeBinary(), nullable=True))
    op.drop_column("delivery", "form_values")
    op.drop_column("delivery", "form_key")
    op.drop_table("mail_form")
