"""Subscriptions and the outbox

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rate_count",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_count")),
    )
    with op.batch_alter_table("rate_count") as batch:
        batch.create_index(batch.f("ix_rate_count_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "worker_heartbeat",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_worker_heartbeat")),
    )
    op.create_table(
        "subscriber",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column("new_address", sa.String(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "unconfirmed",
                "active",
                "paused",
                "unsubscribed",
                "refused",
                name="subscriberstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("academy_slug", sa.String(), nullable=True),
        sa.Column(
            "school",
            sa.Enum(
                "ecole",
                "ecole-mercredi",
                "college",
                "lycee",
                name="schoolkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("classes", sa.Text(), nullable=False),
        sa.Column("themes", sa.Text(), nullable=False),
        sa.Column("leads", sa.Text(), nullable=False),
        sa.Column("follows_all", sa.Boolean(), nullable=False),
        sa.Column("weekly", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("consent_wording", sa.String(), nullable=True),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consent_means", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("address <> ''", name=op.f("ck_subscriber_address")),
        sa.CheckConstraint(
            "state IN ('unconfirmed', 'unsubscribed', 'refused') OR confirmed_at IS NOT NULL",
            name=op.f("ck_subscriber_confirmed"),
        ),
        sa.CheckConstraint(
            "(consent_at IS NULL) = (consent_wording IS NULL)", name=op.f("ck_subscriber_consent")
        ),
        sa.ForeignKeyConstraint(
            ["academy_slug"], ["academy.slug"], name=op.f("fk_subscriber_academy_slug_academy")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriber")),
        sa.UniqueConstraint("address_key", name=op.f("uq_subscriber_address_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_subscriber_uid")),
    )
    with op.batch_alter_table("subscriber") as batch:
        batch.create_index("ix_subscriber_place", ["academy_slug", "school", "state"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "confirmation",
                "link",
                "new_address",
                "reminder",
                "weekly",
                "moved",
                "cancelled",
                "rentree",
                "goodbye",
                name="deliverykind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("occurrence", sa.SmallInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "claimed",
                "in_doubt",
                "sent",
                "failed",
                "parked",
                "expired",
                "cancelled",
                name="deliverystate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("doubts", sa.SmallInteger(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "state <> 'claimed' OR (owner IS NOT NULL AND lease_until IS NOT NULL)",
            name=op.f("ck_delivery_claim"),
        ),
        sa.CheckConstraint("state <> 'in_doubt' OR doubts >= 1", name=op.f("ck_delivery_doubts")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk_delivery_subscriber_id_subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "subscriber_id", "kind", "day", "occurrence", name=op.f("uq_delivery_subscriber_id")
        ),
    )
    with op.batch_alter_table("delivery") as batch:
        batch.create_index(
            "ix_delivery_open",
            ["state", "kind", "due_at"],
            unique=False,
            postgresql_where=sa.text("finished_at IS NULL"),
            sqlite_where=sa.text("finished_at IS NULL"),
        )

    op.create_table(
        "subscription",
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("picked", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_year", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_subscription_event_id_event")
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk_subscription_subscriber_id_subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "event_id", name=op.f("pk_subscription")),
    )
    with op.batch_alter_table("subscription") as batch:
        batch.create_index(batch.f("ix_subscription_event_id"), ["event_id"], unique=False)

    op.create_table(
        "delivery_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "in_doubt",
                "sent",
                "deferred",
                "refused",
                "stopped",
                name="attemptoutcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("reply", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.id"],
            name=op.f("fk_delivery_attempt_delivery_id_delivery"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempt")),
    )
    with op.batch_alter_table("delivery_attempt") as batch:
        batch.create_index(
            batch.f("ix_delivery_attempt_delivery_id"), ["delivery_id"], unique=False
        )

    op.create_table(
        "reminder",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("milestone_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("send_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "sent",
                "superseded",
                "cancelled",
                "expired",
                name="reminderstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column(
            "delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.id"],
            name=op.f("fk_reminder_delivery_id_delivery"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["milestone_id"],
            ["milestone.id"],
            name=op.f("fk_reminder_milestone_id_milestone"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint(
            "subscriber_id", "milestone_id", "day", "lead", name=op.f("uq_reminder_subscriber_id")
        ),
    )
    with op.batch_alter_table("reminder") as batch:
        batch.create_index(batch.f("ix_reminder_delivery_id"), ["delivery_id"], unique=False)
        batch.create_index(batch.f("ix_reminder_milestone_id"), ["milestone_id"], unique=False)

    op.create_table(
        "send_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("academy", sa.String(), nullable=False),
        sa.Column("wednesdays", sa.Boolean(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "confirmation",
                "link",
                "new_address",
                "reminder",
                "weekly",
                "moved",
                "cancelled",
                "rentree",
                "goodbye",
                name="deliverykind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("milestone_id", sa.Integer(), nullable=True),
        sa.Column(
            "milestone_kind",
            sa.Enum(
                "opening",
                "registration_deadline",
                "submission_deadline",
                "deadline",
                "session",
                "results",
                name="milestonekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("event_id", sa.String(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("lead", sa.String(), nullable=True),
        sa.Column("in_scope", sa.Boolean(), nullable=False),
        sa.Column("send_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mail_day", sa.Date(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["milestone_id"],
            ["milestone.id"],
            name=op.f("fk_send_day_milestone_id_milestone"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_send_day")),
        sa.UniqueConstraint("topic", "academy", "wednesdays", name=op.f("uq_send_day_topic")),
    )
    with op.batch_alter_table("send_day") as batch:
        batch.create_index(batch.f("ix_send_day_milestone_id"), ["milestone_id"], unique=False)
        batch.create_index(
            "ix_send_day_open_academy",
            ["academy", "wednesdays"],
            unique=False,
            postgresql_where=sa.text("planned_at IS NULL"),
            sqlite_where=sa.text("planned_at IS NULL"),
        )
        batch.create_index(
            "ix_send_day_open_event_id",
            ["event_id", "academy", "wednesdays"],
            unique=False,
            postgresql_where=sa.text("planned_at IS NULL"),
            sqlite_where=sa.text("planned_at IS NULL"),
        )

    with op.batch_alter_table("milestone") as batch:
        batch.add_column(sa.Column("dated_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("milestone") as batch:
        batch.drop_column("dated_at")
    for table in (
        "send_day",
        "reminder",
        "delivery_attempt",
        "subscription",
        "delivery",
        "subscriber",
        "worker_heartbeat",
        "rate_count",
    ):
        op.drop_table(table)
