"""Planning: makes reminders and deliveries of what is due in each place, in set-based SQL.

Planning reads the state of the store, so a missed run costs nothing and a repeated run does
nothing:

1. **send days** (few): what is due by now in each place is noted (``reminders.send_days``).
2. **subscribers** (many): in chunks that keep every write transaction short, one statement inserts
   their deliveries and another one their reminders. An existing reminder is not made again.
3. The send days are marked as planned, so that the next run has nothing to join.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy import Column as DatabaseColumn
from sqlalchemy import (
    Engine,
    Integer,
    MetaData,
    Row,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    literal,
    select,
    text,
    true,
    update,
)
from sqlalchemy.orm import aliased

from calendar_app.catalogue import queries
from calendar_app.catalogue.class_fit import Column
from calendar_app.catalogue.models.events import Event
from calendar_app.config import retention
from calendar_app.reminders.audience import WITH_REMINDERS, recipients_query
from calendar_app.reminders.models.outbox import Delivery, Reminder, SendDay, WeeklyDate
from calendar_app.reminders.models.subscriptions import PersonalAgenda, Subscriber, Subscription
from calendar_app.reminders.rules.deliveries import (
    PATIENCE,
    DeliveryKind,
    DeliveryState,
    ReminderState,
)
from calendar_app.reminders.send_days import dated, due_send_days
from calendar_app.reminders.subscribers import agenda_changed
from calendar_app.school.local_time import MORNING
from calendar_app.store.base import AnySession, Base, insert_new, reading, writing

#: The largest numbers of subscribers that one write transaction looks at, and of rows that it
#: makes: on a small server, it holds its lock for well under a second.
CHUNK_SUBSCRIBERS, CHUNK_ROWS = 20_000, 100_000

#: A news mail costs as much as this many reminders: what each subscriber knew is looked up.
_COST_OF_NEWS = 10
_NEWS = (DeliveryKind.MOVED, DeliveryKind.CANCELLED)

#: The largest number of ids in one statement.
_IDS = 1_000

#: The key of the advisory lock: any number that nothing else in the database uses as a lock.
_PLAN_LOCK = 7_305_113

#: How long a send day is kept: longer than the farthest lead, so that none is planned twice.
_KEPT = timedelta(days=400)

# What this process looked at last: without a new version of the catalogue or a new morning, nothing
# new is due. There is one entry for each store; losing an entry costs one full run.
_last_looks: WeakKeyDictionary[Engine, tuple[object, ...]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class PlanReport:
    """How many rows a run inserted."""

    send_days: int = 0
    deliveries: int = 0
    reminders: int = 0


def plan_due(session: AnySession, now: datetime) -> PlanReport:
    """Plan every mail that is due by now. It is idempotent, and several processes may run it at
    once.

    :param now: aware UTC.
    """
    engine = session.get_bind().engine
    with reading(session):
        reference = queries.reference(session)
        zones = {academy.time_zone for academy in reference.academies} | {"Europe/Paris"}
        look = (reference.state, *(_last_morning(now, zone) for zone in sorted(zones)))
        waiting = session.scalar(select(exists().where(SendDay.planned_at.is_(None))))
    if _last_looks.get(engine) == look and not waiting:
        return PlanReport()
    _carry_wishes(session, now)
    noted = _note_send_days(session, now)
    deliveries, reminders = _plan_subscribers(session, now)
    _last_looks[engine] = look
    return PlanReport(noted, deliveries, reminders)


def clean_send_days(session: AnySession, now: datetime) -> int:
    """Delete the send days that no lead can reach any more, and the dates that the weekly mail told
    and that are long past. Return how many rows."""
    with writing(session, now):
        connection = session.connection()
        old = delete(SendDay).where(SendDay.send_at < now - _KEPT)
        told = delete(WeeklyDate).where(WeeklyDate.day < now.date() - retention.WEEKLY)
        return connection.execute(old).rowcount + connection.execute(told).rowcount


def _last_morning(now: datetime, zone: str) -> object:
    """Return the latest day of a time zone whose morning (7 h 30) has come."""
    local = now.astimezone(ZoneInfo(zone))
    return local.date() if local.time() >= MORNING else local.date() - timedelta(days=1)


def _carry_wishes(session: AnySession, now: datetime) -> None:
    """« Prévenez-moi de la prochaine édition »: follow it, once it exists."""
    last, new, known = aliased(Event), aliased(Event), aliased(Subscription)
    wishes = (
        select(
            Subscription.subscriber_id,
            new.id,
            true(),
            literal(now, Subscription.since.type),
            literal(False),
        )
        .join(last, last.id == Subscription.event_id)
        .join(new, and_(new.series_id == last.series_id, new.school_year > last.school_year))
        .where(
            Subscription.next_year,
            ~exists().where(
                known.subscriber_id == Subscription.subscriber_id, known.event_id == new.id
            ),
        )
    )
    with reading(session):
        found = session.execute(wishes.limit(1)).first()
    if found:
        columns = ["subscriber_id", "event_id", "picked", "since", "next_year"]
        whose = wishes.with_only_columns(Subscription.subscriber_id).scalar_subquery()
        with writing(session, now):
            agenda_changed(session, PersonalAgenda.subscriber_id.in_(whose), now)
            session.execute(insert_new(session, Subscription).from_select(columns, wishes))


def _note_send_days(session: AnySession, now: datetime) -> int:
    """Step 1. Return how many send days are new."""

    def key(day: SendDay) -> tuple[str, str, bool]:
        return day.topic, day.academy, day.wednesdays

    with reading(session):
        noted = set(
            session.execute(select(SendDay.topic, SendDay.academy, SendDay.wednesdays)).tuples()
        )
        reference = queries.reference(session)
        new = [day for day in due_send_days(session, reference, now) if key(day) not in noted]
    names = [column.name for column in SendDay.__table__.columns if column.name != "id"]
    for start in range(0, len(new), CHUNK_ROWS):
        rows = [{name: getattr(d, name) for name in names} for d in new[start:][:CHUNK_ROWS]]
        with writing(session, now):
            session.execute(insert_new(session, SendDay), rows)
            _refresh_statistics(session, SendDay.__tablename__)
    return len(new)


def _plan_subscribers(session: AnySession, now: datetime) -> tuple[int, int]:
    """Steps 2 and 3. Return how many deliveries and reminders were inserted."""
    open_days = _drop_stale(session, now)
    if not open_days:
        return 0, 0
    of_a_place: Counter[tuple[str, bool]] = Counter()
    for day in open_days:
        of_a_place[day.academy, day.wednesdays] += _COST_OF_NEWS if day.kind in _NEWS else 1
    size = min(CHUNK_SUBSCRIBERS, CHUNK_ROWS // max(of_a_place.values()) + 1)
    kinds = sorted({day.kind for day in open_days})
    with reading(session):
        last = session.scalar(select(func.max(Subscriber.id))) or 0
    deliveries = reminders = 0
    for start in range(0, last, size):
        chunk = (start + 1, start + size)
        with writing(session, now):
            _take_turns(session)
            for kind in kinds:
                with _pairs(session, recipients_query(kind, chunk, now)):
                    deliveries += _insert_deliveries(session, kind, now)
                    if kind in WITH_REMINDERS:
                        reminders += _insert_reminders(session, kind, now)
    _mark_planned(session, open_days, now)
    return deliveries, reminders


def _drop_stale(session: AnySession, now: datetime) -> list[Row[Any]]:
    """Return the open send days that still hold: the date has neither moved nor ended since they
    were noted. The other send days are marked as planned."""
    # Columns are read, not ORM objects: objects would have to be expunged to outlive their
    # snapshot, and after ``expunge_all`` with two thousand of them CPython 3.11 crashes in its
    # garbage collection.
    columns = (SendDay.id, SendDay.academy, SendDay.wednesdays, SendDay.kind)
    of_date = (SendDay.milestone_id, SendDay.day, SendDay.lead, SendDay.expires_at)
    with reading(session):
        open_ = select(*columns, *of_date).where(SendDay.planned_at.is_(None))
        open_days = list(session.execute(open_))
        ids = {day.milestone_id for day in open_days if day.milestone_id is not None}
        current = {d.milestone_id: d for d in dated(session, now, ids)}

    def holds(day: Row[Any]) -> bool:
        if day.milestone_id is None or day.expires_at <= now:
            return bool(day.expires_at > now)
        known = current.get(day.milestone_id)
        return known is not None and known.holds(day.kind, day.day, day.lead)

    _mark_planned(session, [day for day in open_days if not holds(day)], now)
    return [day for day in open_days if holds(day)]


def _mark_planned(session: AnySession, days: Sequence[Row[Any]], now: datetime) -> None:
    for start in range(0, len(days), _IDS):
        ids = [day.id for day in days[start:][:_IDS]]
        with writing(session, now):
            session.execute(update(SendDay).where(SendDay.id.in_(ids)).values(planned_at=now))


def _take_turns(session: AnySession) -> None:
    """Make processes that plan at once wait for each other (SQLite's writers always do)."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PLAN_LOCK})


# -- the two statements ----------------------------------------------------------------------------

#: The (subscriber, send day) pairs of a chunk, for as long as its transaction needs them.
_PAIRS = Table(
    "due_pair",
    MetaData(),
    DatabaseColumn("subscriber_id", Integer, nullable=False),
    *(
        DatabaseColumn(column.name, column.type)
        for column in SendDay.__table__.columns
        if column.name in ("milestone_id", "day", "lead", "send_at", "mail_day")
    ),
    prefixes=["TEMPORARY"],
)


@contextmanager
def _pairs(session: AnySession, due: Select[Any]) -> Iterator[None]:
    """Keep the pairs of *due* in a temporary table during the block, for both statements. (When
    both statements contained the query, PostgreSQL ran it again for each row: it has no statistics
    of rows that its own transaction has just inserted.)"""
    connection = session.connection()
    _PAIRS.create(connection)
    connection.execute(_PAIRS.insert().from_select([c.name for c in due.selected_columns], due))
    _refresh_statistics(session, _PAIRS.name)
    yield
    _PAIRS.drop(connection)


def _refresh_statistics(session: AnySession, table: str) -> None:
    """Refresh PostgreSQL's statistics of a table, by which it plans joins."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"ANALYZE {table}"))


def _insert_deliveries(session: AnySession, kind: DeliveryKind, now: datetime) -> int:
    """Insert one mail for each person, for everything that is due together. A second mail of a day
    is inserted only if an earlier run planned the first."""
    people = select(_PAIRS.c.subscriber_id.label("id"), _PAIRS.c.mail_day).distinct().subquery()
    occurrence = select(func.coalesce(func.max(Delivery.occurrence), 0) + 1).where(
        Delivery.subscriber_id == people.c.id,
        Delivery.kind == kind,
        Delivery.day == people.c.mail_day,
    )
    values = {
        "subscriber_id": people.c.id,
        "kind": literal(kind, Delivery.kind.type),
        "day": people.c.mail_day,
        "occurrence": occurrence.scalar_subquery(),
        "state": literal(DeliveryState.PENDING, Delivery.state.type),
        "due_at": literal(now, Delivery.due_at.type),
        "expires_at": literal(now + PATIENCE, Delivery.expires_at.type),
        "created_at": literal(now, Delivery.created_at.type),
        "epoch": literal(0),
        "tries": literal(0),
        "doubts": literal(0),
    }
    return _insert(session, Delivery, values, people.c.id)


def _insert_reminders(session: AnySession, kind: DeliveryKind, now: datetime) -> int:
    """Insert the reminders that the new deliveries carry."""
    made = select(func.max(Delivery.id)).where(
        Delivery.subscriber_id == _PAIRS.c.subscriber_id,
        Delivery.kind == kind,
        Delivery.day == _PAIRS.c.mail_day,
        Delivery.created_at == now,
    )
    # One look-up for each pair, whatever the database estimates.
    pairs = select(_PAIRS, made.scalar_subquery().label("delivery_id")).subquery()
    values = {
        "subscriber_id": pairs.c.subscriber_id,
        "milestone_id": pairs.c.milestone_id,
        "day": pairs.c.day,
        "lead": pairs.c.lead,
        "send_at": pairs.c.send_at,
        "state": literal(ReminderState.PLANNED, Reminder.state.type),
        "delivery_id": pairs.c.delivery_id,
    }
    return _insert(session, Reminder, values, pairs.c.delivery_id)


def _insert(
    session: AnySession, noun: type[Base], values: Mapping[str, Column], known: Column
) -> int:
    # SQLite needs a WHERE between a SELECT and ON CONFLICT.
    rows = select(*values.values()).where(known.is_not(None))
    statement = insert_new(session, noun).from_select(list(values), rows)
    made = statement.execution_options(preserve_rowcount=True)
    return session.connection().execute(made).rowcount
