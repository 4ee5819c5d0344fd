"""The outbox: reminders (the intents), mails, and the tries to hand them to a server.

The order of the steps keeps the promise that no mail is lost and every copy is explained:

1. **plan** writes reminders and their delivery (``reminders.planning``);
2. **claim** gives a delivery to one worker for the time of a lease;
3. the **gate** is a compare-and-set to ``in_doubt``: a worker that was paused or overtaken fails
   here;
4. the worker talks SMTP, and checks its clock before the body;
5. the **result** is noted;
6. a mail in doubt without a result is claimed once more after 15 minutes (``deliveries.DOUBT``) and
   sent with the same bytes and Message-ID. After that it is parked for a person; an answer, which a
   person can ask for again, is parked at once.

Steps 3 and 5 are one transaction each for a window of mails (``reminders.attempts``).

Most mails are to subscribers. A mail to another person (``TO_OTHERS``) has a row that points at it
and knows the address: a ``PasswordLink``, or a ``Draft`` that somebody suggested
(``editing.models``). Without such a row, or without a person behind it, the mail is not sent. (So
the rows of mails to subscribers, which are many, carry no column for these few mails.)
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

from calendar_app.catalogue.models.events import Event, Milestone, closed
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

# SQLite generates ids only for a plain INTEGER key.
_BigId = BigInteger().with_variant(Integer, "sqlite")


class Delivery(Base):
    """One mail to one person.

    ``occurrence`` counts the mails of one kind to one person on one day, from 1.
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
        # For the query of a worker: the few rows that are not done, kind by kind, oldest first.
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
    #: NULL for mails to non-subscribers.
    subscriber_id: Mapped[int | None] = mapped_column(ForeignKey(Subscriber.id, ondelete="CASCADE"))
    kind: Mapped[DeliveryKind] = mapped_column(closed(DeliveryKind))
    #: The local day of the subscriber's académie; for mails to non-subscribers, the day in Paris.
    day: Mapped[date]
    occurrence: Mapped[int] = mapped_column(SmallInteger, default=1)
    state: Mapped[DeliveryState] = mapped_column(
        closed(DeliveryState), default=DeliveryState.PENDING
    )
    reason: Mapped[str | None]
    #: When the mail may be tried; for a mail in doubt, when it last passed the gate.
    due_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    created_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]

    #: The worker that claimed the mail, and the number of the claim: a worker that was overtaken
    #: has an older epoch.
    owner: Mapped[str | None]
    epoch: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[Instant | None]
    #: How often the mail was tried, and how often it was in doubt.
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    doubts: Mapped[int] = mapped_column(SmallInteger, default=0)
    #: The content of a mail in doubt: if the mail is sent again, its bytes are the same.
    #: ``form_key`` is the key of a :class:`MailForm` (no foreign key, which would cost a look-up
    #: for each mail); ``form_values`` are the personal values (JSON). Both are NULL for a mail with
    #: a password link, whose token is never stored.
    form_key: Mapped[str | None]
    form_values: Mapped[str | None]
    #: For « Le point de la semaine »: the dates that it told, as rows of :class:`WeeklyDate`.
    issue: Mapped[int | None] = mapped_column(BigInteger)

    subscriber: Mapped[Subscriber | None] = relationship()
    attempts: Mapped[list[DeliveryAttempt]] = relationship(order_by="DeliveryAttempt.id")


class LinkWish(Base):
    """An event of which, or of whose next edition, reminders were asked for with the address of a
    subscriber. The mail with their link names it; only their own click notes the wish."""

    __tablename__ = "link_wish"

    delivery_id: Mapped[int] = mapped_column(
        _BigId, ForeignKey(Delivery.id, ondelete="CASCADE"), primary_key=True
    )
    event_id: Mapped[str] = mapped_column(ForeignKey(Event.id), primary_key=True)
    next_edition: Mapped[bool]


class MailForm(Base):
    """The part that thousands of mails in doubt have in common. A row is never changed."""

    __tablename__ = "mail_form"

    #: The day and a hash of the form. The same form has another row on another day, so that no mail
    #: uses a row that is old enough to be deleted.
    key: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date]
    stored: Mapped[bytes] = mapped_column(LargeBinary)


class WeeklyDate(Base):
    """One date that an issue of « Le point de la semaine » told, as it was then.

    An issue has thousands of readers and is noted once. A row is kept until 30 days after the date.
    """

    __tablename__ = "weekly_date"

    #: A hash of all the dates of the issue.
    issue: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    milestone_id: Mapped[int] = mapped_column(
        ForeignKey(Milestone.id, ondelete="CASCADE"), primary_key=True, index=True
    )
    day: Mapped[date] = mapped_column(index=True)


class Reminder(Base):
    """One intent: this person should hear of this date, at this time before it.

    ``day`` is the date as it was announced: a date that moves makes another row. ``lead`` is the
    code of a lead, or of a ``News``.
    """

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("subscriber_id", "milestone_id", "day", "lead"),)

    id: Mapped[int] = mapped_column(_BigId, primary_key=True)
    #: The subscriber of the delivery. There is no foreign key, which would cost a look-up for each
    #: row.
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
    """One try to hand over a mail. The row is written at the gate, as in doubt or stopped."""

    __tablename__ = "delivery_attempt"

    id: Mapped[int] = mapped_column(_BigId, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(
        ForeignKey(Delivery.id, ondelete="CASCADE"), index=True
    )
    epoch: Mapped[int]
    owner: Mapped[str]
    at: Mapped[Instant]
    outcome: Mapped[AttemptOutcome] = mapped_column(closed(AttemptOutcome))
    #: The stage that was reached (``connect``, ``rcpt``, ``body``, …) and the server's code.
    stage: Mapped[str]
    code: Mapped[int | None]
    #: The server's words, without addresses.
    reply: Mapped[str | None]


class SendDay(Base):
    """What is due to the subscribers of one place, and whether it was planned for all of them.

    There is one row for each lead of a date and each place (académie, with or without Wednesdays).
    These rows are few; planning joins them with the subscribers, who are many.
    """

    __tablename__ = "send_day"
    __table_args__ = (
        UniqueConstraint("topic", "academy", "wednesdays"),
        *(
            # The columns on which planning joins.
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
    #: For example ``17/2021-02-11/class_weeks:3``, ``weekly/2021-01-11`` or ``rentree/2021``.
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
    #: Whether the date is for the académie; if not, only subscribers who picked the event hear of
    #: it.
    in_scope: Mapped[bool] = mapped_column(default=True)
    send_at: Mapped[Instant]
    #: The local day on which the send day was found due: the day of its deliveries.
    mail_day: Mapped[date]
    expires_at: Mapped[Instant]
    planned_at: Mapped[Instant | None]
