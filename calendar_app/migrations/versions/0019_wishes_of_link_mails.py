"""Which events the mail with a personal link asks about

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "link_wish",
        sa.Column(
            "delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("next_edition", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.id"],
            name=op.f("fk_link_wish_delivery_id_delivery"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_link_wish_event_id_event")
        ),
        sa.PrimaryKeyConstraint("delivery_id", "event_id", name=op.f("pk_link_wish")),
    )


def downgrade() -> None:
    op.drop_table("link_wish")
