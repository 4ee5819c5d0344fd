"""The outbox as the operator looks after it: its state, parked mails, delivery reports, and
workers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import and_, delete, func, select, update

from calendar_app.config.retention import MAILS
from calendar_app.reminders.bounces import Bounce, read_bounces
from calendar_app.reminders.composing import delivery_of
from calendar_app.reminders.keeping.ledger import Ledger
from calendar_app.reminders.models.outbox import Delivery, MailForm, Reminder
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.reminders.rules.deliveries import (
    PATIENCE,
    DeliveryKind,
    DeliveryState,
    ReminderState,
    SubscriberState,
)
from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.store.base import AnySession, reading, writing
from calendar_app.store.models import WorkerHeartbeat
from calendar_app.words.errors import CalendarError, NotFoundError

#: A worker writes its heartbeat every few seconds. After this time without one, it is forgotten.
_DEAD_AFTER = timedelta(days=1)
#: A report without a Message-ID counts only for this time after a mail: servers give up within five
#: days (RFC 5321, section 4.5.4.1), and the mailbox is read from time to time only.
_REPORTED_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ParkedMail:
    """A mail that waits for a person's decision."""

    id: int
    kind: DeliveryKind
    day: str
    reason: str


@dataclass(frozen=True, slots=True)
class Status:
    """The outbox at a glance.

    :param states: value of ``DeliveryState`` → (number of mails, the oldest instant at which one of
        them was due).
    :param due: the number of mails that are due and wait for a worker.
    :param parked: the mails that wait for a person's decision, oldest first.
    :param workers: name → (last seen, what keeps the worker from sending or None).
    """

    states: dict[str, tuple[int, datetime | None]]
    due: int
    parked: Sequence[ParkedMail]
    workers: dict[str, tuple[datetime, str | None]]


def status(session: AnySession, now: datetime) -> Status:
    """Return the state of the outbox."""
    with reading(session):
        counted = session.execute(
            select(Delivery.state, func.count(), func.min(Delivery.due_at)).group_by(Delivery.state)
        )
        states = {state.value: (count, oldest) for state, count, oldest in counted}
        due = session.scalar(
            select(func.count()).where(
                Delivery.finished_at.is_(None),
                Delivery.state == DeliveryState.PENDING,
                Delivery.due_at <= now,
            )
        )
        parked = session.scalars(
            select(Delivery)
            .where(Delivery.finished_at.is_(None), Delivery.state == DeliveryState.PARKED)
            .order_by(Delivery.due_at, Delivery.id)
        )
        waiting = [ParkedMail(d.id, d.kind, d.day.isoformat(), d.reason or "") for d in parked]
        beats = session.scalars(select(WorkerHeartbeat).order_by(WorkerHeartbeat.owner))
        workers = {beat.owner: (beat.seen_at, beat.note) for beat in beats}
    return Status(states, due or 0, waiting, workers)


def retry(session: AnySession, ids: Sequence[int] | None, now: datetime) -> int:
    """Queue parked or failed mails again; None stands for all parked mails.

    Each is written anew, of its reminders that still hold: the bytes of a parked mail may tell a
    date that has moved since. A reminder that the refusal of the mail had closed holds again.

    :returns: how many.
    :raises CalendarError: for a mail that is in another state, or that does not exist.
    """
    with writing(session, now):
        found = _to_settle(session, ids, (DeliveryState.PARKED, DeliveryState.FAILED))
        for delivery in found:
            if delivery.state is DeliveryState.FAILED:
                refused = (
                    Reminder.state == ReminderState.CANCELLED,
                    Reminder.reason == delivery.reason,
                )
                session.execute(
                    update(Reminder)
                    .where(Reminder.delivery_id == delivery.id, *refused)
                    .values(state=ReminderState.PLANNED, reason=None)
                )
            delivery.state, delivery.reason = DeliveryState.PENDING, None
            delivery.due_at, delivery.expires_at = now, now + PATIENCE
            delivery.finished_at, delivery.tries = None, 0
            delivery.form_key = delivery.form_values = None
    return len(found)


def drop(session: AnySession, ids: Sequence[int] | None, now: datetime) -> int:
    """Give up parked mails (None: all of them) or pending mails; return how many.

    :raises CalendarError: for a mail that is done, claimed or in doubt, or that does not exist.
    """
    with writing(session, now):
        found = _to_settle(session, ids, (DeliveryState.PARKED, DeliveryState.PENDING))
        for delivery in found:
            delivery.state, delivery.reason = DeliveryState.CANCELLED, "abandonné"
            delivery.finished_at, delivery.form_key, delivery.form_values = now, None, None
            session.execute(
                update(Reminder)
                .where(Reminder.delivery_id == delivery.id, Reminder.state == ReminderState.PLANNED)
                .values(state=ReminderState.CANCELLED, reason="abandonné")
            )
    return len(found)


def _to_settle(
    session: AnySession, ids: Sequence[int] | None, states: Sequence[DeliveryState]
) -> list[Delivery]:
    if ids is None:
        parked = select(Delivery).where(
            Delivery.finished_at.is_(None), Delivery.state == DeliveryState.PARKED
        )
        return list(session.scalars(parked.with_for_update()))
    query = select(Delivery).where(Delivery.id.in_(ids)).with_for_update()
    found = {delivery.id: delivery for delivery in session.scalars(query)}
    for id_ in ids:
        if id_ not in found:
            raise NotFoundError(f"Le courriel {id_} n'existe pas.")
        if found[id_].state not in states:
            raise CalendarError(
                f"Le courriel {id_} est dans l'état « {found[id_].state.value} » : il n'y a rien à "
                "trancher."
            )
    return list(found.values())


@dataclass(frozen=True, slots=True)
class BounceReport:
    """The counts of delivery reports: addresses stopped, reports that change nothing, and reports
    about mails or recipients that we do not know."""

    stopped: int
    ignored: int
    unknown: int


def apply_bounces(
    session: AnySession,
    path: Path,
    links: PersonalLinks,
    now: datetime,
    ledger: Ledger | None = None,
) -> BounceReport:
    """Read delivery reports, and stop the addresses that were refused for good.

    Anybody can write a report. A report with a Message-ID counts only if we made that Message-ID
    and sent the mail to the address that the report names. A report without a Message-ID (some
    servers return nothing of the mail) counts if a mail was sent to that address in the last 7
    days.

    :param path: a message (``.eml``), an mbox file, or a Maildir folder.
    :param ledger: where each address that is stopped is noted, so that a restored backup keeps to
        it.
    :raises CalendarError: when *path* is none of these.
    :raises OSError: when *path* cannot be read.
    """
    stopped = ignored = unknown = 0
    for bounce in read_bounces(path):
        with writing(session, now):
            subscriber = _recipient(session, bounce, links, now)
            if subscriber is None:
                unknown += 1
            elif not bounce.is_permanent or subscriber.state is SubscriberState.REFUSED:
                ignored += 1
            else:
                if ledger:
                    ledger.left(subscriber.address_key, now)
                subscriber.state, subscriber.state_at = SubscriberState.REFUSED, now
                stopped += 1
    return BounceReport(stopped, ignored, unknown)


def _recipient(
    session: AnySession, bounce: Bounce, links: PersonalLinks, now: datetime
) -> Subscriber | None:
    """Return the subscriber to whom the reported mail was sent; None if the mail is not ours."""
    if bounce.message_id is None:
        query = (
            select(Subscriber)
            .join(Delivery, Delivery.subscriber_id == Subscriber.id)
            .where(Subscriber.address_key == bounce.recipient.casefold())
            .where(
                Delivery.state == DeliveryState.SENT, Delivery.finished_at > now - _REPORTED_WITHIN
            )
            .limit(1)
            .with_for_update(of=Subscriber)
        )
        return session.scalar(query)
    delivery_id = delivery_of(links, bounce.message_id)
    delivery = session.get(Delivery, delivery_id) if delivery_id is not None else None
    if delivery is None or delivery.subscriber_id is None:  # to an editor, or to a proposer
        return None
    subscriber = session.get(Subscriber, delivery.subscriber_id, with_for_update=True)
    same = subscriber and subscriber.address.casefold() == bounce.recipient.casefold()
    return subscriber if same else None


# -- workers ---------------------------------------------------------------------------------------


def beat(
    session: AnySession, owner: str, started_at: datetime, note: str | None, now: datetime
) -> None:
    """Write the heartbeat of a worker, and forget workers that wrote none for a day.

    :param note: what keeps the worker from sending; None if nothing does.
    """
    with writing(session, now):
        session.merge(WorkerHeartbeat(owner=owner, started_at=started_at, seen_at=now, note=note))
        session.execute(delete(WorkerHeartbeat).where(WorkerHeartbeat.seen_at < now - _DEAD_AFTER))


def farewell(session: AnySession, owner: str, now: datetime) -> None:
    """Forget a worker that stops."""
    with writing(session, now):
        session.execute(delete(WorkerHeartbeat).where(WorkerHeartbeat.owner == owner))


def clean_deliveries(session: AnySession, now: datetime) -> int:
    """Delete the mails that ended long ago (``config.retention.MAILS``) with their attempts and
    reminders, and the forms that no mail in doubt needs. Return the number of mails."""
    total = 0
    while True:
        with writing(session, now):
            old = select(Delivery.id).where(Delivery.finished_at < now - MAILS).limit(1_000)
            ids: Iterable[int] = list(session.scalars(old))
            session.execute(delete(Delivery).where(Delivery.id.in_(ids)))
        total += len(list(ids))
        if len(list(ids)) < 1_000:
            break
    # A form is not older than the first mail that uses it.
    with writing(session, now):
        kept = and_(Delivery.finished_at.is_(None), Delivery.form_key.is_not(None))
        oldest = session.scalar(select(func.min(Delivery.created_at)).where(kept))
        day = min(oldest or now, now - PATIENCE).date()
        session.execute(delete(MailForm).where(MailForm.day < day))
    return total
