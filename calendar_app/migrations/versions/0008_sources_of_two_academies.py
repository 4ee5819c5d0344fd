"""Two académies may follow the same source

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("source") as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_source_address"), type_="unique")


def downgrade() -> None:
    # Only one of those who follow the same address can stay; its drafts keep what they say.
    op.execute(
        "UPDATE draft SET source_id = NULL WHERE source_id NOT IN"
        " (SELECT MIN(id) FROM source GROUP BY address)"
    )
    op.execute(
        "DELETE FROM source_scope WHERE source_id NOT IN"
        " (SELECT MIN(id) FROM source GROUP BY address)"
    )
    op.execute("DELETE FROM source WHERE id NOT IN (SELECT MIN(id) FROM source GROUP BY address)")
    with op.batch_alter_table("source") as batch_op:
        batch_op.create_unique_constraint(batch_op.f("uq_source_address"), ["address"])
