"""Letters that come by mail, declared senders, and the answer to an editor

Revision ID: 0020
Revises: 0019
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_TO_SUBSCRIBERS = (
    *("confirmation", "link", "new_address", "reminder", "weekly", "moved", "cancelled"),
    *("rentree", "goodbye"),
)
_TO_OTHERS = ("password", "suggestion")
_NEW = "letter"
_CODE = (
    "code = 'national' OR code LIKE 'region/_%' OR code LIKE 'academie/_%'"
    " OR code LIKE 'departement/_%'"
)


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


def _instant(name: str, *, nullable: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _scope_of(table: str, column: str, of: str) -> None:
    op.create_table(
        table,
        sa.Column(column, sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.CheckConstraint(_CODE, name=op.f(f"ck_{table}_code")),
        sa.ForeignKeyConstraint(
            [column], [f"{of}.id"], name=op.f(f"fk_{table}_{column}_{of}"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(column, "code", name=op.f(f"pk_{table}")),
    )


def _mails() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "received_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                *("read", "waiting", "refused"),
                name="mailstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("sender", sa.String(), nullable=True),
        sa.Column("list_id", sa.String(), nullable=True),
        sa.Column("sent_day", sa.Date(), nullable=True),
        _instant("received_at", nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("editor_id", sa.Integer(), nullable=True),
        sa.Column("answer_delivery_id", big, nullable=True),
        sa.CheckConstraint("length(identity) = 64", name=op.f("ck_received_mail_identity")),
        sa.CheckConstraint(
            "(state = 'waiting') = (data IS NOT NULL)",
            name=op.f("ck_received_mail_bytes_while_waiting"),
        ),
        sa.CheckConstraint(
            "sender IS NULL OR state = 'waiting'",
            name=op.f("ck_received_mail_sender_while_waiting"),
        ),
        sa.CheckConstraint(
            "(state = 'refused') = (reason IS NOT NULL)", name=op.f("ck_received_mail_reason")
        ),
        sa.ForeignKeyConstraint(
            ["editor_id"], ["editor.id"], name=op.f("fk_received_mail_editor_id_editor")
        ),
        sa.ForeignKeyConstraint(
            ["answer_delivery_id"],
            ["delivery.id"],
            name=op.f("fk_received_mail_answer_delivery_id_delivery"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_mail")),
        sa.UniqueConstraint("identity", name=op.f("uq_received_mail_identity")),
        sa.UniqueConstraint("answer_delivery_id", name=op.f("uq_received_mail_answer_delivery_id")),
    )
    for column in ("editor_id", "received_at", "state"):
        op.create_index(op.f(f"ix_received_mail_{column}"), "received_mail", [column])
    _scope_of("received_scope", "mail_id", "received_mail")
    op.create_index(op.f("ix_received_scope_code"), "received_scope", ["code"])
    op.create_table(
        "received_letter",
        sa.Column("mail_id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mail_id"],
            ["received_mail.id"],
            name=op.f("fk_received_letter_mail_id_received_mail"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"],
            ["letter.id"],
            name=op.f("fk_received_letter_letter_id_letter"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("mail_id", "letter_id", name=op.f("pk_received_letter")),
    )
    op.create_index(op.f("ix_received_letter_letter_id"), "received_letter", ["letter_id"])


def _senders() -> None:
    op.create_table(
        "declared_sender",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("list_id", sa.String(), nullable=True),
        _instant("created_at", nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(address IS NULL) <> (list_id IS NULL)",
            name=op.f("ck_declared_sender_address_or_list"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["editor.id"], name=op.f("fk_declared_sender_created_by_id_editor")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declared_sender")),
    )
    for column in ("address", "created_by_id", "list_id"):
        op.create_index(op.f(f"ix_declared_sender_{column}"), "declared_sender", [column])
    _scope_of("sender_scope", "sender_id", "declared_sender")


def upgrade() -> None:
    _kinds((*_TO_OTHERS, _NEW))
    _mails()
    _senders()
    op.create_table(
        "mailbox_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        _instant("lease_until"),
        _instant("tried_at"),
        _instant("read_at"),
        sa.Column("problem", sa.String(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_mailbox_state_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox_state")),
    )


def downgrade() -> None:
    for table in (
        *("mailbox_state", "sender_scope", "declared_sender"),
        *("received_letter", "received_scope", "received_mail"),
    ):
        op.drop_table(table)
    op.execute("DELETE FROM delivery WHERE kind = 'letter'")
    _kinds(_TO_OTHERS)
