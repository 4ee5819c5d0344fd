"""Mails to editors and to those who suggested something

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TO_SUBSCRIBERS = (
    *("confirmation", "link", "new_address", "reminder", "weekly", "moved", "cancelled"),
    *("rentree", "goodbye"),
)
_TO_OTHERS = ("password", "suggestion")


def _only(kinds: tuple[str, ...]) -> str:
    return f"kind IN ({', '.join(map(repr, kinds))})"


def upgrade() -> None:
    # « Batch » makes the tables anew on SQLite; env.py turned foreign keys off.
    with op.batch_alter_table("delivery") as batch_op:
        batch_op.alter_column("subscriber_id", existing_type=sa.Integer(), nullable=True)
        batch_op.drop_constraint(batch_op.f("ck_delivery_deliverykind"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_delivery_deliverykind"), _only(_TO_SUBSCRIBERS + _TO_OTHERS)
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_delivery_recipient"), f"(subscriber_id IS NULL) = ({_only(_TO_OTHERS)})"
        )
    for table, column in (("password_link", "delivery_id"), ("draft", "answer_delivery_id")):
        with op.batch_alter_table(table) as batch_op:
            big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
            batch_op.add_column(sa.Column(column, big, nullable=True))
            batch_op.create_unique_constraint(batch_op.f(f"uq_{table}_{column}"), [column])
            batch_op.create_foreign_key(
                batch_op.f(f"fk_{table}_{column}_delivery"),
                "delivery",
                [column],
                ["id"],
                ondelete="SET NULL",
            )


def downgrade() -> None:
    for table, column in (("draft", "answer_delivery_id"), ("password_link", "delivery_id")):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_constraint(
                batch_op.f(f"fk_{table}_{column}_delivery"), type_="foreignkey"
            )
            batch_op.drop_constraint(batch_op.f(f"uq_{table}_{column}"), type_="unique")
            batch_op.drop_column(column)
    op.execute("DELETE FROM delivery WHERE subscriber_id IS NULL")
    with op.batch_alter_table("delivery") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_delivery_recipient"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_delivery_deliverykind"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_delivery_deliverykind"), _only(_TO_SUBSCRIBERS)
        )
        batch_op.alter_column("subscriber_id", existing_type=sa.Integer(), nullable=False)
