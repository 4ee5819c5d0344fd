"""Which send days are due: what the subscribers of each place should hear of by now.

This module only reads. The places (académie, with or without Wednesdays) and the dates are few. The
subscribers, who are many, are joined later, in SQL (``reminders.planning``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from calendar_app.catalogue.models.events import Event, Milestone, PastDate
from calendar_app.catalogue.queries import Reference
from calendar_app.reminders.models.outbox import SendDay
from calendar_app.reminders.models.subscriptions import Subscriber, Subscription
from calendar_app.reminders.rules.deliveries import DeliveryKind, News, SubscriberState
from calendar_app.reminders.rules.reminder_plan import (
    AT_ONCE,
    OFFERED_LEADS,
    PlannedReminder,
    first_class_day_of_week,
    next_class_morning,
    plan,
    rentree_day,
    weekdays_only,
)
from calendar_app.school.academies import NATIONAL, Academy
from calendar_app.school.class_days import ClassDays
from calendar_app.school.local_time import END_OF_DAY, MORNING, deadline_instant, local_instant
from calendar_app.store.base import AnySession
from calendar_app.words.errors import CalendarUnknownError
from calendar_app.words.vocabulary import MilestoneKind

#: No lead is longer than this: neither a month that moves to before the Christmas holidays of La
#: Réunion, nor a number of class weeks.
FARTHEST = timedelta(days=200)

#: News (moved, cancelled, rentrée) is told until this time after the change.
NEWS = timedelta(days=14)


class ReminderPlace(NamedTuple):
    """What subscribers of one calendar have in common: their académie, and their Wednesdays.

    :param academy: None for subscribers without an académie, who have the national calendar.
    :param wednesdays: whether Wednesday is a class day.
    """

    academy: Academy | None
    wednesdays: bool

    @property
    def slug(self) -> str:
        return self.academy.slug if self.academy else ""

    @property
    def time_zone(self) -> str:
        return self.academy.time_zone if self.academy else "Europe/Paris"


class Mornings:
    """The instants of one place, each computed once. Where the school holidays are not known, all
    weekdays count as class days."""

    def __init__(self, place: ReminderPlace, reference: Reference) -> None:
        self.place = place
        self._class_days = reference.class_days(place.academy, wednesdays=place.wednesdays)
        self._fallback = weekdays_only(place.academy, wednesdays=place.wednesdays)
        self._planned: dict[date, tuple[PlannedReminder, ...]] = {}

    def planned(self, day: date) -> tuple[PlannedReminder, ...]:
        """Return the reminders of a deadline for every offered lead, earliest first."""
        if day not in self._planned:

            def of(days: ClassDays) -> tuple[PlannedReminder, ...]:
                return plan(days, day, OFFERED_LEADS, self.place.time_zone)

            try:
                self._planned[day] = of(self._class_days)
            except CalendarUnknownError:
                self._planned[day] = of(self._fallback)
        return self._planned[day]

    def next_morning(self, after: datetime) -> datetime:
        """Return the next class morning (UTC) after something was published."""
        try:
            return next_class_morning(self._class_days, after, self.place.time_zone)
        except CalendarUnknownError:
            return next_class_morning(self._fallback, after, self.place.time_zone)

    def first_of_week(self, day: date) -> date | None:
        """Return the first class day of the week of *day*; None for a week without class."""
        try:
            return first_class_day_of_week(self._class_days, day)
        except CalendarUnknownError:
            return first_class_day_of_week(self._fallback, day)

    def rentree(self, today: date) -> date | None:
        """Return the first class day after the latest summer holidays; None where they are not
        known."""
        return rentree_day(self._class_days, today)


def mornings(place: ReminderPlace, reference: Reference) -> Mornings:
    """Return the mornings of a place; they are kept as long as *reference*."""
    kept: dict[ReminderPlace, Mornings] = reference.memory.setdefault("mornings", {})
    if place not in kept:
        kept[place] = Mornings(place, reference)
    return kept[place]


def lead_instants(
    planned: Iterable[PlannedReminder], published_at: datetime, found: Mornings
) -> Iterator[tuple[str, datetime]]:
    """Yield each lead's code with the instant (UTC) at which it fires. A lead that had passed when
    the date was published fires on the next class morning instead."""
    for reminder in planned:
        late = reminder.send_at <= published_at
        yield (
            reminder.lead.code,
            found.next_morning(published_at) if late else reminder.send_at,
        )


@dataclass(frozen=True, slots=True)
class Dated:
    """What planning knows of a milestone.

    :param day: the day that reminders count from: a deadline's last day, a session's first day.
    :param ends_at: the instant (UTC) after which nobody is reminded any more.
    :param has_leads: whether reminders are sent before the date; if not, only its news is told.
    :param past: what the date was before each change that is news, oldest first.
    """

    milestone_id: int
    event_id: str
    kind: MilestoneKind
    day: date
    ends_at: datetime
    published_at: datetime
    is_cancelled: bool
    has_leads: bool
    past: tuple[PastDate, ...]
    scope: frozenset[str]
    event_scopes: frozenset[str]

    @property
    def news(self) -> tuple[News, ...]:
        """The news for a person who knew the date as it was before a change."""
        if not self.past:
            return ()
        if self.is_cancelled:
            return (News.CANCELLED,)
        was_cancelled = any(past.cancelled for past in self.past)
        return (News.MOVED, News.RESTORED) if was_cancelled else (News.MOVED,)

    def holds(self, kind: DeliveryKind, day: date, lead: str) -> bool:
        """Whether a send day that was noted for the date is still right: the date has not changed
        since."""
        if day != self.day or self.is_cancelled != (kind is DeliveryKind.CANCELLED):
            return False
        news = News.of(lead)
        return self.has_leads if news is None else lead == news.lead(len(self.past))


def ends_at(milestone: Milestone) -> datetime:
    """Return the instant (UTC) after which a reminder of a milestone is too late."""
    is_session = milestone.kind is MilestoneKind.SESSION
    at = milestone.start_time if is_session else milestone.end_time
    return deadline_instant(milestone.counted_day, at or END_OF_DAY, milestone.time_zone)


def dated(session: AnySession, now: datetime, ids: Collection[int] | None = None) -> list[Dated]:
    """Return the dates that somebody may have to hear of by now: deadlines and sessions ahead, and
    dates that have changed.

    :param ids: only these milestones; None for all.
    """
    today = now.date()
    since = now - NEWS
    query = (
        select(Milestone)
        .join(Milestone.event)
        .where(
            Event.archived_at.is_(None),
            or_(
                Milestone.last_day.between(today - timedelta(days=2), today + FARTHEST),
                Milestone.past.any(PastDate.until_at >= since),
            ),
        )
        .options(
            selectinload(Milestone.past),
            selectinload(Milestone.event).selectinload(Event.milestones),
        )
    )
    if ids is not None:
        query = query.where(Milestone.id.in_(ids))
    found = map(_dated, session.scalars(query).unique())
    return [date_ for date_ in found if date_.has_leads or date_.past]


def _dated(m: Milestone) -> Dated:
    return Dated(
        milestone_id=m.id,
        event_id=m.event_id,
        kind=m.kind,
        day=m.counted_day,
        ends_at=ends_at(m),
        published_at=m.dated_at or m.event.created_at,
        is_cancelled=m.is_cancelled,
        has_leads=m.has_leads,
        past=tuple(m.past),
        scope=m.scope,
        event_scopes=frozenset().union(*(other.scope for other in m.event.milestones)),
    )


def places(session: AnySession, reference: Reference) -> list[ReminderPlace]:
    """Return the places that have an active subscriber."""
    found = session.execute(
        select(Subscriber.academy_slug, Subscriber.school)
        .where(Subscriber.state == SubscriberState.ACTIVE)
        .distinct()
    )
    pairs = {(slug or "", school.wednesdays) for slug, school in found}
    return [
        ReminderPlace(reference.academies.get(slug) if slug else None, wednesdays)
        for slug, wednesdays in sorted(pairs)
    ]


def picked_from_outside(session: AnySession, dates: Iterable[Dated]) -> frozenset[tuple[str, str]]:
    """Return the (event id, académie slug) pairs where a subscriber of the académie picked the
    event or takes part. Only events that are not national are looked at. The slug is empty for
    subscribers without an académie."""
    local = sorted({d.event_id for d in dates if NATIONAL not in d.event_scopes})
    if not local:
        return frozenset()
    rows = session.execute(
        select(Subscription.event_id, Subscriber.academy_slug)
        .join(Subscription.subscriber)
        .where(
            or_(
                Subscription.picked,
                Subscription.registered_at.is_not(None),
                Subscription.submitted_at.is_not(None),
            ),
            Subscription.event_id.in_(local),
        )
        .distinct()
    )
    return frozenset((event_id, slug or "") for event_id, slug in rows)


def due_send_days(session: AnySession, reference: Reference, now: datetime) -> Iterator[SendDay]:
    """Yield the send days that are due by now in every place with subscribers, planned before or
    not.

    Nothing is due before 7 h 30 on the clock of the place, not even if it is late.
    """
    found_places = [mornings(place, reference) for place in places(session, reference)]
    dates = [date_ for date_ in dated(session, now) if _has_begun(date_, found_places, now)]
    picked = picked_from_outside(session, dates)
    for found in found_places:
        place = found.place
        local = now.astimezone(ZoneInfo(place.time_zone))
        if local.time() >= MORNING:
            codes = (
                reference.academies.scope_of_academy(place.slug)
                if place.academy
                else frozenset((NATIONAL,))
            )
            for date_ in dates:
                in_scope = not codes.isdisjoint(date_.scope)
                if in_scope or (
                    (date_.event_id, place.slug) in picked and codes.isdisjoint(date_.event_scopes)
                ):
                    yield from _of_date(date_, found, in_scope, local)
            yield from _of_place(found, local)


def _has_begun(date_: Dated, found_places: Iterable[Mornings], now: datetime) -> bool:
    """Whether there may be something to tell of a date by now in any place. (Most dates are far
    ahead: then it does not matter yet who picked them, a query that takes long.)"""
    if date_.past and date_.past[-1].until_at + NEWS > now:
        return True
    planned = (found.planned(date_.day) for found in found_places if date_.has_leads)
    return any(leads and leads[0].send_at <= now for leads in planned)


def _of_date(date_: Dated, found: Mornings, in_scope: bool, local: datetime) -> Iterator[SendDay]:
    """Yield the send days of one date that are due by now in a place."""

    def send_day(
        kind: DeliveryKind, lead: str, send_at: datetime, expires_at: datetime
    ) -> Iterator[SendDay]:
        if send_at <= local < expires_at:
            yield SendDay(
                topic=f"{date_.milestone_id}/{date_.day}/{lead}",
                academy=found.place.slug,
                wednesdays=found.place.wednesdays,
                kind=kind,
                milestone_id=date_.milestone_id,
                milestone_kind=date_.kind,
                event_id=date_.event_id,
                day=date_.day,
                lead=lead,
                in_scope=in_scope,
                send_at=send_at,
                mail_day=local.date(),
                expires_at=expires_at,
            )

    for news in date_.news:
        last = date_.past[-1]
        at = last.until_at
        # If the date was over when it changed, only a move is news: nobody needs to hear that
        # a past date is cancelled or restored.
        if at + NEWS > local and (news is News.MOVED or date_.ends_at > at):
            near = min(abs(day - at.date()) for day in (date_.day, last.day)) <= AT_ONCE
            when = at if near else found.next_morning(at)
            kind = DeliveryKind.CANCELLED if date_.is_cancelled else DeliveryKind.MOVED
            yield from send_day(kind, news.lead(len(date_.past)), when, at + NEWS)
    if date_.has_leads and not date_.is_cancelled and date_.ends_at > local:
        instants = lead_instants(found.planned(date_.day), date_.published_at, found)
        for code, send_at in instants:
            yield from send_day(DeliveryKind.REMINDER, code, send_at, date_.ends_at)


def _of_place(found: Mornings, local: datetime) -> Iterator[SendDay]:
    """Yield the send days of the weekly mail and of the rentrée mail, which depend on no date."""
    today = local.date()

    def send_day(kind: DeliveryKind, topic: str, first_day: date, last_day: date) -> SendDay:
        end = deadline_instant(last_day, END_OF_DAY, found.place.time_zone)
        return SendDay(
            topic=topic,
            academy=found.place.slug,
            wednesdays=found.place.wednesdays,
            kind=kind,
            in_scope=True,
            send_at=local_instant(first_day, MORNING, found.place.time_zone),
            mail_day=today,
            expires_at=end,
        )

    first = found.first_of_week(today)
    if first and first <= today:
        monday = today - timedelta(days=today.weekday())
        yield send_day(DeliveryKind.WEEKLY, f"weekly/{monday}", first, monday + timedelta(days=6))
    rentree = found.rentree(today)
    if rentree and rentree <= today < rentree + NEWS:
        yield send_day(DeliveryKind.RENTREE, f"rentree/{rentree.year}", rentree, rentree + NEWS)
