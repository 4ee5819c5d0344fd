"""Which subscribers should hear of the send days that are due, as SQL: the rules of following,
leads and answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    exists,
    false,
    func,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import aliased

from calendar_app.catalogue.class_fit import Column, StoredClasses, fits, holds
from calendar_app.catalogue.models.events import Event, EventTheme, Milestone, PastDate
from calendar_app.reminders.models.outbox import Delivery, Reminder, SendDay, WeeklyDate
from calendar_app.reminders.models.subscriptions import Subscriber, Subscription
from calendar_app.reminders.rules.deliveries import (
    DeliveryKind,
    DeliveryState,
    News,
    ReminderState,
    SubscriberState,
)
from calendar_app.reminders.rules.reminder_plan import SchoolKind
from calendar_app.store.base import Base
from calendar_app.words.vocabulary import MilestoneKind

#: A subscriber who confirmed less than this before the rentrée is not asked « toujours en CM2 ? ».
_NEW_SUBSCRIBER = timedelta(days=30)

WITH_REMINDERS = (DeliveryKind.REMINDER, DeliveryKind.MOVED, DeliveryKind.CANCELLED)


#: What planning needs of a pair: the subscriber, and the send day.
_COLUMNS = (
    Subscriber.id.label("subscriber_id"),
    SendDay.milestone_id,
    SendDay.day,
    SendDay.lead,
    SendDay.send_at,
    SendDay.mail_day,
)


def recipients_query(kind: DeliveryKind, chunk: tuple[int, int], now: datetime) -> Select[Any]:
    """Return a query of the (subscriber, send day) pairs of a kind of mail, with the columns of
    both that a reminder needs.

    :param chunk: the first and the last id of the subscribers, inclusive.
    """
    open_ = and_(SendDay.kind == kind, SendDay.planned_at.is_(None))
    here = and_(
        SendDay.academy == func.coalesce(Subscriber.academy_slug, ""),
        SendDay.wednesdays == (Subscriber.school != SchoolKind.ECOLE),
    )
    active = and_(Subscriber.id.between(*chunk), Subscriber.state == SubscriberState.ACTIVE)
    all_of_a_place = select(*_COLUMNS).join(SendDay, here).where(active, open_)
    if kind is DeliveryKind.WEEKLY:
        return all_of_a_place.where(Subscriber.weekly, Subscriber.confirmed_at <= SendDay.send_at)
    if kind is DeliveryKind.RENTREE:
        return all_of_a_place.where(Subscriber.confirmed_at <= now - _NEW_SUBSCRIBER)
    answers = and_(
        Subscription.subscriber_id == Subscriber.id, Subscription.event_id == SendDay.event_id
    )
    if kind is not DeliveryKind.REMINDER:
        return all_of_a_place.outerjoin(Subscription, answers).where(
            Subscription.declined_at.is_(None), _is_misled(kind), _is_new()
        )
    wanted = and_(
        Subscriber.since <= SendDay.send_at,
        holds(Subscriber.leads, SendDay.lead),
        Subscription.declined_at.is_(None),
        _is_of_use(),
        _is_new(),
    )
    of_event = and_(
        SendDay.event_id == Subscription.event_id,
        SendDay.academy == func.coalesce(Subscriber.academy_slug, ""),
        SendDay.wednesdays == (Subscriber.school != SchoolKind.ECOLE),
    )
    picked = (
        select(*_COLUMNS)
        .select_from(Subscription)
        .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .join(SendDay, of_event)
        # The chunk limits both tables: a query plan that starts from the subscriptions needs it,
        # too.
        .where(Subscription.subscriber_id.between(*chunk), active, open_, wanted)
        .where(Subscription.picked, Subscription.since <= SendDay.send_at)
    )
    fitting = (
        all_of_a_place.outerjoin(Subscription, answers)
        .where(Subscriber.follows_all, SendDay.in_scope, wanted, _fits(), ~_is_by_rule())
        .where(or_(Subscription.picked.is_(None), ~Subscription.picked))
    )
    pairs = union_all(picked, fitting).subquery()
    return select(*pairs.c)


def _is_misled(kind: DeliveryKind) -> ColumnElement[bool]:
    """Whether the last thing that a subscriber knew of a date is no longer true.

    A subscriber who picked the event, or said that the class takes part, knew what was public at
    that time. A subscriber who got a mail knows what it told. « Ne plus me prévenir » ends what was
    known before it.
    """
    known = union_all(*_known()).subquery()
    if kind is DeliveryKind.CANCELLED:
        wrong = ~known.c.cancelled
    else:
        wrong = case(
            (SendDay.lead.startswith(News.RESTORED.value), known.c.cancelled),
            else_=and_(~known.c.cancelled, known.c.day != SendDay.day),
        )
    last = select(wrong).order_by(known.c.at.desc()).limit(1)
    counts = or_(Subscription.unpicked_at.is_(None), known.c.at > Subscription.unpicked_at)
    latest = last.where(counts).correlate(Subscriber, SendDay, Subscription).scalar_subquery()
    return func.coalesce(latest, false())


def _known() -> Iterator[Select[Any]]:
    """Yield queries of what a subscriber knows of a send day's date, as (at, day, cancelled)."""
    # A mail that may be on its way counts as sent: it can only tell what it was planned to tell.
    on_its_way = (DeliveryState.CLAIMED, DeliveryState.IN_DOUBT, DeliveryState.PARKED)
    told = select(
        Delivery.due_at.label("at"),
        Reminder.day,
        Reminder.lead.startswith(News.CANCELLED.value).label("cancelled"),
    ).join(Delivery, Delivery.id == Reminder.delivery_id)
    yield _of_outer(told).where(
        Reminder.subscriber_id == Subscriber.id,
        Reminder.milestone_id == SendDay.milestone_id,
        or_(
            Reminder.state == ReminderState.SENT,
            and_(Reminder.state == ReminderState.PLANNED, Delivery.state.in_(on_its_way)),
        ),
    )
    # The query starts from the person's few mails: an issue has thousands of readers, and a date
    # stands in many issues.
    weekly_day = _of_outer(select(WeeklyDate.day), Delivery).where(
        WeeklyDate.issue == Delivery.issue, WeeklyDate.milestone_id == SendDay.milestone_id
    )
    weekly = _of_outer(
        select(Delivery.due_at.label("at"), weekly_day.scalar_subquery(), false())
    ).where(
        Delivery.subscriber_id == Subscriber.id,
        Delivery.kind == DeliveryKind.WEEKLY,
        Delivery.state.in_((DeliveryState.SENT, *on_its_way)),
        weekly_day.exists(),
    )
    yield weekly
    said = aliased(Subscription)
    for at, condition in (
        (said.since, said.picked),
        (said.registered_at, said.registered_at.is_not(None)),
        (said.submitted_at, said.submitted_at.is_not(None)),
    ):
        yield _of_outer(
            select(
                at,
                _then(PastDate.day, at, SendDay.day),
                _then(PastDate.cancelled, at, SendDay.kind == DeliveryKind.CANCELLED),
            )
        ).where(said.subscriber_id == Subscriber.id, said.event_id == SendDay.event_id, condition)


def _then(what: Column, at: Column, now: Column) -> Column:
    """Return what a date was at the instant *at*; *now* if it has not changed since."""
    later = select(what).where(
        PastDate.milestone_id == SendDay.milestone_id, PastDate.until_at > at
    )
    first = later.order_by(PastDate.until_at, PastDate.id).limit(1)
    return func.coalesce(first.correlate_except(PastDate).scalar_subquery(), now)


def _of_outer(query: Select[Any], *more: type[Base]) -> Select[Any]:
    """Correlate a query with the subscriber and the send day of the outer query."""
    return query.correlate(Subscriber, SendDay, *more)


def _fits() -> ColumnElement[bool]:
    """Whether an event fits the classes and the themes of a subscriber."""
    theme = exists().where(
        EventTheme.event_id == SendDay.event_id, holds(Subscriber.themes, EventTheme.slug)
    )
    return and_(
        fits(SendDay.event_id, StoredClasses(Subscriber.classes)),
        or_(type_coerce(Subscriber.themes, Text) == "", theme),
    )


def _is_by_rule() -> ColumnElement[bool]:
    """Whether a rule made the date: who follows all contests did not ask to hear of such days."""
    return exists().where(
        Milestone.id == SendDay.milestone_id, Event.id == SendDay.event_id, Milestone.by_rule
    )


def _is_of_use() -> ColumnElement[bool]:
    """Whether the class still has something to do, according to its answers. A day that returns by
    a rule asks for no registration: « Me prévenir » is enough."""
    registration = SendDay.milestone_kind == MilestoneKind.REGISTRATION_DEADLINE
    session = SendDay.milestone_kind == MilestoneKind.SESSION
    return or_(
        and_(registration, Subscription.registered_at.is_(None)),
        and_(session, or_(Subscription.registered_at.is_not(None), _is_by_rule())),
        and_(~registration, ~session, Subscription.submitted_at.is_(None)),
    )


def _is_new() -> ColumnElement[bool]:
    return ~exists().where(
        Reminder.subscriber_id == Subscriber.id,
        Reminder.milestone_id == SendDay.milestone_id,
        Reminder.day == SendDay.day,
        Reminder.lead == SendDay.lead,
    )
