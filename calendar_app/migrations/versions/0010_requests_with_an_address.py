"""What is asked for with an address waits for the worker; tries of a code are counted as others

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "address_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "asked_for",
            sa.Enum(
                "sign_up",
                "link",
                "password",
                name="askedfor",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("form", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_request")),
    )
    with op.batch_alter_table("subscriber") as batch:
        batch.drop_column("code_tries")


def downgrade() -> None:
    with op.batch_alter_table("subscriber") as batch:
        batch.add_column(sa.Column("code_tries", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("subscriber") as batch:
        batch.alter_column("code_tries", server_default=None)
    op.drop_table("address_request")
