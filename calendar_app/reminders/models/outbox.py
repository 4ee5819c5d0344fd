"""The outbox: intents, mails and the tries to hand them over.

The order of things keeps the promise (« lost none, and every copy is explained »):

1. **plan** writes reminders and their delivery (``reminders.planning``);
2. **claim** gives a delivery to one worker for the time of a lease;
3. the **gate** is a compare-and-set to ``in_doubt``: whoever was paused or overtaken fails here;
4. the worker talks SMTP, and looks at its clock before the body;
5. the **result** is noted.

3 and 5 are one transaction each for a window of mails (``reminders.attempts``).

Most mails are to subscribers. A mail to somebody else (``TO_OTHERS``) is pointed at by what it is
about, which knows the address: a :class:`PasswordLink`, a :class:`Draft` that somebody suggested.
What nothing points at any more, or nobody is behind, is not sent. (So the rows of reminders, which
are many, carry no column for the few others.)
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from calendar_app.catalogue.models.events import Milestone, closed
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.reminders.rules.deliveries import (
    TO_OTHERS,
    AttemptOutcome,
    DeliveryKind,
    DeliveryState,
    ReminderState,
)
from calendar_app.store.base import Base, Instant
from calendar_app.words.vocabulary import MilestoneKind

# SQLite counts up only a plain INTEGER key.
_BigId = BigInteger().with_variant(Integer, "sqlite")


class Delivery(Base):
    """One mail to one person.

    ``occurrence`` is 1, but for what somebody may ask for twice in a day.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "kind", "day", "occurrence"),
        CheckConstraint(
            "state <> 'claimed' OR (owner IS NOT NULL AND lease_until IS NOT NULL)", name="claim"
        ),
        CheckConstraint("state <> 'in_doubt' OR doubts >= 1", name="doubts"),
        CheckConstraint(
            f"(subscriber_id IS NULL) = (kind IN ({', '.join(map(repr, map(str, TO_OTHERS)))}))",
            name="recipient",
        ),
        # The few rows that are not done, as a worker asks for them: kind by kind, oldest first.
        Index(
            "ix_delivery_open",
            "state",
            "kind",
            "due_at",
            postgresql_where=text("finished_at IS NULL"),
            sqlite_where=text("finished_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(_BigId, primary_key=True)
    #: None of what is not to a subscriber.
    subscriber_id: Mapped[int | None] = mapped_column(ForeignKey(Subscriber.id, ondelete="CASCADE"))
    kind: Mapped[DeliveryKind] = mapped_column(closed(DeliveryKind))
    #: The local day of the subscriber's académie; of others, that of Paris.
    day: Mapped[date]
    occurrence: Mapped[int] = mapped_column(SmallInteger, default=1)
    state: Mapped[DeliveryState] = mapped_column(
        closed(DeliveryState), default=DeliveryState.PENDING
    )
    reason: Mapped[str | None]
    #: When it may be tried; in doubt, when it was last at the gate.
    due_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    created_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]

    #: The worker that has it, and for which time: a worker that was overtaken has an older epoch.
    owner: Mapped[str | None]
    epoch: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[Instant | None]
    #: How often it was tried, and how often it was in doubt.
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    doubts: Mapped[int] = mapped_column(SmallInteger, default=0)
    #: The mail in doubt: if it goes out again, its bytes are the same. The form is the key of a
    #: :class:`MailForm` (no foreign key: it would cost a look-up a mail), the values are what is
    #: this person's (JSON). A password link's mail keeps neither: its token is in nobody's store.
    form_key: Mapped[str | None]
    form_values: Mapped[str | None]
    #: Of « Le point de la semaine », which dates it told: those of :class:`WeeklyDate`.
    issue: Mapped[int | None] = mapped_column(BigInteger)

    subscriber: Mapped[Subscriber | None] = relationship()
    attempts: Mapped[list[DeliveryAttempt]] = relationship(order_by="DeliveryAttempt.id")


class MailForm(Base):
    """What thousands of mails in doubt have in common. It is never changed."""

    __tablename__ = "mail_form"

    #: The day and a hash of the form. That of another day is another row, so that nobody uses one
    #: that is old enough to be deleted.
    key: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date]
    stored: Mapped[bytes] = mapped_column(LargeBinary)


class WeeklyDate(Base):
    """One date that an issue of « Le point de la semaine » told, as it was then.

    Thousands of people get one issue, so that it is noted once. Kept until 30 days after the date.
    """

    __tablename__ = "weekly_date"

    #: Made from all the dates of the issue.
    issue: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    milestone_id: Mapped[int] = mapped_column(
        ForeignKey(Milestone.id, ondelete="CASCADE"), primary_key=True, index=True
    )
    day: Mapped[date] = mapped_column(index=True)


class Reminder(Base):
    """One intent: this person is to hear of this date, so long before it.

    ``day`` is the date as it was announced: a date that moves makes another row. ``lead`` is the
    code of a lead, or of a ``News``.
    """

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("subscriber_id", "milestone_id", "day", "lead"),)

    id: Mapped[int] = mapped_column(_BigId, primary_key=True)
    #: The delivery's; there is no key of its own for it, which would cost a look-up a row.
    subscriber_id: Mapped[int]
    milestone_id: Mapped[int] = mapped_column(
        ForeignKey(Milestone.id, ondelete="CASCADE"), index=True
    )
    day: Mapped[date]
    lead: Mapped[str]
    send_at: Mapped[Instant]
    state: Mapped[ReminderState] = mapped_column(
        closed(ReminderState), default=ReminderState.PLANNED
    )
    reason: Mapped[str | None]
    delivery_id: Mapped[int] = mapped_column(
        _BigId, ForeignKey(Delivery.id, ondelete="CASCADE"), index=True
    )

    milestone: Mapped[Milestone] = relationship()


class DeliveryAttempt(Base):
    """One try to hand a mail to a server. It is written at the gate, as in doubt."""

    __tablename__ = "delivery_attempt"

    id: Mapped[int] = mapped_column(_BigId, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(
        ForeignKey(Delivery.id, ondelete="CASCADE"), index=True
    )
    epoch: Mapped[int]
    owner: Mapped[str]
    at: Mapped[Instant]
    outcome: Mapped[AttemptOutcome] = mapped_column(closed(AttemptOutcome))
    #: The stage that was reached (« connect », « rcpt », « body », …) and the server's code.
    stage: Mapped[str]
    code: Mapped[int | None]
    #: What the server said, without addresses.
    reply: Mapped[str | None]


class SendDay(Base):
    """What is due to the subscribers of one place, and whether it was planned for all of them.

    One row for each lead of a date and each (académie, with or without Wednesdays), which are few;
    planning joins it with the subscribers, who are many.
    """

    __tablename__ = "send_day"
    __table_args__ = (
        UniqueConstraint("topic", "academy", "wednesdays"),
        *(
            # What planning joins on.
            Index(
                f"ix_send_day_open_{columns[0]}",
                *columns,
                postgresql_where=text("planned_at IS NULL"),
                sqlite_where=text("planned_at IS NULL"),
            )
            for columns in (("academy", "wednesdays"), ("event_id", "academy", "wednesdays"))
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: « 17/2021-02-11/class_weeks:3 », « weekly/2021-01-11 », « rentree/2021-09-02 ».
    topic: Mapped[str]
    #: Slug of an académie; empty for subscribers without one.
    academy: Mapped[str]
    wednesdays: Mapped[bool]
    kind: Mapped[DeliveryKind] = mapped_column(closed(DeliveryKind))
    milestone_id: Mapped[int | None] = mapped_column(
        ForeignKey(Milestone.id, ondelete="CASCADE"), index=True
    )
    milestone_kind: Mapped[MilestoneKind | None] = mapped_column(closed(MilestoneKind))
    event_id: Mapped[str | None]
    day: Mapped[date | None]
    lead: Mapped[str | None]
    #: Whether the académie sees the date; if not, only those who picked the event hear of it.
    in_scope: Mapped[bool] = mapped_column(default=True)
    send_at: Mapped[Instant]
    #: The local day on which it was found due: the day of its deliveries.
    mail_day: Mapped[date]
    expires_at: Mapped[Instant]
    planned_at: Mapped[Instant | None]
