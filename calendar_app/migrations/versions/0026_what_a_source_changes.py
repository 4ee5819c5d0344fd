"""What a source changes of a date, and the mail to an editor about an agenda that has a fault

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_TO_SUBSCRIBERS = (
    *("confirmation", "link", "new_address", "reminder", "weekly", "moved", "cancelled"),
    *("rentree", "goodbye"),
)
_TO_OTHERS = ("password", "suggestion", "letter")
_NEW = "agenda"


def _only(kinds: tuple[str, ...]) -> str:
    return f"kind IN ({', '.join(map(repr, kinds))})"


def _kinds(others: tuple[str, ...]) -> None:
    """Let the outbox hold these kinds of mails to people who are no subscribers."""
    # « Batch » makes the tables anew on SQLite; env.py turned foreign keys off.
    with op.batch_alter_table("delivery") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_delivery_recipient"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_delivery_deliverykind"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_delivery_deliverykind"), _only(_TO_SUBSCRIBERS + others)
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_delivery_recipient"), f"(subscriber_id IS NULL) = ({_only(others)})"
        )


def upgrade() -> None:
    _kinds((*_TO_OTHERS, _NEW))
    # NULL: a draft that waits counts whole, until the next reading of its source.
    op.add_column("draft", sa.Column("changes", sa.JSON(), nullable=True))
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    with op.batch_alter_table("source") as batch_op:
        batch_op.add_column(sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("told_delivery_id", big, nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_source_told_delivery_id_delivery"),
            "delivery",
            ["told_delivery_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_source_told_delivery_id"), ["told_delivery_id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("source") as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_source_told_delivery_id"), type_="unique")
        batch_op.drop_constraint(
            batch_op.f("fk_source_told_delivery_id_delivery"), type_="foreignkey"
        )
        batch_op.drop_column("told_delivery_id")
        batch_op.drop_column("told_at")
    op.drop_column("draft", "changes")
    op.execute("DELETE FROM delivery WHERE kind = 'agenda'")
    _kinds(_TO_OTHERS)
