"""Who is to hear of what is due, as SQL: the rules of following, leads and answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    exists,
    func,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import aliased

from calendar_app.domain.deliveries import DeliveryKind, ReminderState, SubscriberState
from calendar_app.domain.reminder_plan import SchoolKind
from calendar_app.domain.vocabulary import MilestoneKind
from calendar_app.models import (
    EventTheme,
    Reminder,
    SendDay,
    Subscriber,
    Subscription,
)
from calendar_app.models.class_fit import StoredClasses, fits, holds

#: Who signed up so late before the rentrée needs no « toujours en CM2 ? ».
_NEW_SUBSCRIBER = timedelta(days=30)

WITH_REMINDERS = (DeliveryKind.REMINDER, DeliveryKind.MOVED, DeliveryKind.CANCELLED)


def whom(kind: DeliveryKind, chunk: tuple[int, int], now: datetime) -> Select[Any]:
    """Return the (subscriber, send day) pairs of a kind of mail, with the columns of both that a
    reminder wants."""
    columns = (
        Subscriber.id.label("subscriber_id"),
        SendDay.milestone_id,
        SendDay.day,
        SendDay.lead,
        SendDay.send_at,
        SendDay.mail_day,
    )
    open_ = and_(SendDay.kind == kind, SendDay.planned_at.is_(None))
    here = and_(
        SendDay.academy == func.coalesce(Subscriber.academy_slug, ""),
        SendDay.wednesdays == (Subscriber.school != SchoolKind.ECOLE),
    )
    active = and_(Subscriber.id.between(*chunk), Subscriber.state == SubscriberState.ACTIVE)
    all_of_a_place = select(*columns).join(SendDay, here).where(active, open_)
    if kind is DeliveryKind.WEEKLY:
        return all_of_a_place.where(Subscriber.weekly, Subscriber.confirmed_at <= SendDay.send_at)
    if kind is DeliveryKind.RENTREE:
        return all_of_a_place.where(Subscriber.confirmed_at <= now - _NEW_SUBSCRIBER)
    answers = and_(
        Subscription.subscriber_id == Subscriber.id, Subscription.event_id == SendDay.event_id
    )
    if kind is not DeliveryKind.REMINDER:
        return all_of_a_place.outerjoin(Subscription, answers).where(
            Subscription.declined_at.is_(None), _was_told(kind), _is_new()
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
        select(*columns)
        .select_from(Subscription)
        .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .join(SendDay, of_event)
        # Said of both: an engine that starts from the subscriptions must see it, too.
        .where(Subscription.subscriber_id.between(*chunk), active, open_, wanted)
        .where(Subscription.picked, Subscription.since <= SendDay.send_at)
    )
    fitting = (
        all_of_a_place.outerjoin(Subscription, answers)
        .where(Subscriber.follows_all, SendDay.in_scope, wanted, _fits())
        .where(or_(Subscription.picked.is_(None), ~Subscription.picked))
    )
    pairs = union_all(picked, fitting).subquery()
    return select(*pairs.c)


def _was_told(kind: DeliveryKind) -> ColumnElement[bool]:
    """Whether somebody already heard of the date: as it was, if it moved."""
    told = aliased(Reminder)
    as_it_was = told.day != SendDay.day if kind is DeliveryKind.MOVED else true()
    return exists().where(
        told.subscriber_id == Subscriber.id,
        told.milestone_id == SendDay.milestone_id,
        told.state == ReminderState.SENT,
        as_it_was,
    )


def _fits() -> ColumnElement[bool]:
    """Whether an event is for somebody's classes and themes."""
    theme = exists().where(
        EventTheme.event_id == SendDay.event_id, holds(Subscriber.themes, EventTheme.slug)
    )
    return and_(
        fits(SendDay.event_id, StoredClasses(Subscriber.classes)),
        or_(type_coerce(Subscriber.themes, Text) == "", theme),
    )


def _is_of_use() -> ColumnElement[bool]:
    """Whether there is still something to do, by what the class said that it did."""
    registration = SendDay.milestone_kind == MilestoneKind.REGISTRATION_DEADLINE
    session = SendDay.milestone_kind == MilestoneKind.SESSION
    return or_(
        and_(registration, Subscription.registered_at.is_(None)),
        and_(session, Subscription.registered_at.is_not(None)),
        and_(~registration, ~session, Subscription.submitted_at.is_(None)),
    )


def _is_new() -> ColumnElement[bool]:
    return ~exists().where(
        Reminder.subscriber_id == Subscriber.id,
        Reminder.milestone_id == SendDay.milestone_id,
        Reminder.day == SendDay.day,
        Reminder.lead == SendDay.lead,
    )
