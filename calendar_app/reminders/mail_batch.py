"""The data that the mails of one claim need from the store, and which reminders still hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, case, or_, select, true, union_all
from sqlalchemy.orm import selectinload

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import for_person
from calendar_app.catalogue.models.events import Event, Milestone, Series
from calendar_app.catalogue.queries import Reference
from calendar_app.reminders.mail.form import Form
from calendar_app.reminders.mail.messages import WishedEvent
from calendar_app.reminders.models.outbox import Delivery, LinkWish, MailForm, Reminder
from calendar_app.reminders.models.subscriptions import Subscriber, Subscription
from calendar_app.reminders.outbox import Claimed, OtherMails, column_is_in
from calendar_app.reminders.rules.deliveries import DeliveryKind, News, ReminderState
from calendar_app.reminders.rules.personal_links import ClassAnswer
from calendar_app.reminders.rules.reminder_plan import OFFERED_LEADS
from calendar_app.reminders.send_days import ends_at
from calendar_app.store.base import AnySession
from calendar_app.words.text import fold
from calendar_app.words.vocabulary import MilestoneKind

#: How many days after today the weekly mail looks ahead.
WEEKLY_DAYS = timedelta(days=13)

#: The leads and the news of one date; the most urgent comes last.
_URGENCY = (*(lead.code for lead in OFFERED_LEADS), News.MOVED, News.RESTORED, News.CANCELLED)

#: A row of the columns of a subscriber that a mail needs.
Person = Row[Any]
_PEOPLE = select(
    Subscriber.id,
    Subscriber.uid,
    Subscriber.state,
    Subscriber.state_at,
    Subscriber.heard_at,
    Subscriber.address,
    Subscriber.new_address,
    Subscriber.academy_slug,
    Subscriber.school,
    Subscriber.classes,
    Subscriber.themes,
    Subscriber.code_at,
)
_REMINDER = (Reminder.id, Reminder.subscriber_id, Reminder.day, Reminder.lead, Reminder.send_at)


@dataclass(frozen=True, slots=True)
class ToldReminder:
    """A planned reminder of a claimed mail."""

    id: int
    subscriber_id: int
    milestone: Milestone
    day: date
    lead: str
    send_at: datetime

    @property
    def date_told(self) -> Hashable:
        """The subscriber, and the date that this reminder tells them."""
        return self.subscriber_id, self.milestone.id, self.day

    @property
    def news(self) -> News | None:
        """The change that this reminder tells; None for a reminder before a date."""
        return News.of(self.lead)


class MailBatch:
    """The data that the mails of one claim need, read in one snapshot: columns instead of ORM
    objects where there is a row for each mail."""

    def __init__(
        self, session: AnySession, mails: Sequence[Claimed], now: datetime, others: OtherMails
    ) -> None:
        self.now = now
        self.reference: Reference = queries.reference(session)
        self.closed: dict[int, tuple[ReminderState, str]] = {}
        self._session = session
        self._ahead: dict[Hashable, list[Milestone]] = {}
        self._ends: dict[int, datetime] = {}
        people = sorted({m.subscriber_id for m in mails if m.subscriber_id is not None})
        self.others = others.read(session, [m for m in mails if not m.kind.to_subscriber], now)
        self.subscribers = {
            row.id: row
            for row in session.execute(_PEOPLE.where(column_is_in(session, Subscriber.id, people)))
        }
        keys = {mail.form_key for mail in mails if mail.form_key}
        self.forms = {
            row.key: Form.read(row.stored)
            for row in session.scalars(select(MailForm).where(MailForm.key.in_(keys)))
        }
        self.wished = self._read_wished(mails)
        self.reminders = self._read_reminders([mail.id for mail in mails])
        told = [r for of_mail in self.reminders.values() for r in of_mail]
        self._answers = self._read_answers(told)
        self._latest = self._read_latest(told)

    def _read_wished(self, mails: Sequence[Claimed]) -> dict[int, tuple[WishedEvent, ...]]:
        """Read the events that were asked for, by delivery: the next editions that a confirmation
        confirms, and what was asked for with the address of a subscriber. In the order of their
        titles."""
        asked = (DeliveryKind.CONFIRMATION, DeliveryKind.LINK)
        ids = [mail.id for mail in mails if mail.kind in asked]
        if not ids:
            return {}
        noted = (
            select(Delivery.id, Event.id, Series.title, true())
            .join(Subscription, Subscription.subscriber_id == Delivery.subscriber_id)
            .join(Event, Event.id == Subscription.event_id)
            .join(Series, Series.id == Event.series_id)
            .where(Delivery.kind == DeliveryKind.CONFIRMATION, Subscription.next_year)
            .where(column_is_in(self._session, Delivery.id, ids))
        )
        waiting = (
            select(
                LinkWish.delivery_id,
                Event.id,
                case((LinkWish.next_edition, Series.title), else_=Event.title),
                LinkWish.next_edition,
            )
            .join(Event, Event.id == LinkWish.event_id)
            .join(Series, Series.id == Event.series_id)
            .where(column_is_in(self._session, LinkWish.delivery_id, ids))
        )
        found: defaultdict[int, list[WishedEvent]] = defaultdict(list)
        for delivery_id, *event in self._session.execute(union_all(noted, waiting)):
            found[delivery_id].append(WishedEvent(*event))
        return {
            id_: tuple(sorted(events, key=lambda e: (fold(e.title), e.id)))
            for id_, events in found.items()
        }

    def _read_reminders(self, deliveries: Sequence[int]) -> defaultdict[int, list[ToldReminder]]:
        planned = Reminder.state == ReminderState.PLANNED
        rows = self._session.execute(
            select(Reminder.delivery_id, Reminder.milestone_id, *_REMINDER)
            .where(column_is_in(self._session, Reminder.delivery_id, deliveries), planned)
            .order_by(Reminder.id)
        ).all()
        query = select(Milestone).where(Milestone.id.in_({row.milestone_id for row in rows}))
        events = selectinload(Milestone.event).selectinload(Event.milestones)
        milestones = {m.id: m for m in self._session.scalars(query.options(events))}
        found: defaultdict[int, list[ToldReminder]] = defaultdict(list)
        for delivery_id, milestone_id, id_, subscriber_id, *rest in rows:
            told = ToldReminder(id_, subscriber_id, milestones[milestone_id], *rest)
            found[delivery_id].append(told)
        return found

    def _read_answers(self, told: Iterable[ToldReminder]) -> dict[tuple[int, str], Subscription]:
        """Read the answers of people about these events; most people have given none."""
        query = select(Subscription).where(
            column_is_in(
                self._session, Subscription.subscriber_id, {r.subscriber_id for r in told}
            ),
            Subscription.event_id.in_({r.milestone.event_id for r in told}),
            or_(
                Subscription.declined_at.is_not(None),
                Subscription.registered_at.is_not(None),
                Subscription.submitted_at.is_not(None),
            ),
        )
        return {(s.subscriber_id, s.event_id): s for s in self._session.scalars(query)}

    def _read_latest(self, told: Sequence[ToldReminder]) -> dict[Hashable, tuple[datetime, int]]:
        """Read the most urgent reminder of each date that a person got or will get. The latest news
        of each date stands apart: news is superseded only by later news."""
        others = self._session.execute(
            select(
                Reminder.subscriber_id,
                Reminder.milestone_id,
                Reminder.day,
                Reminder.lead,
                Reminder.send_at,
            ).where(
                column_is_in(
                    self._session, Reminder.subscriber_id, {r.subscriber_id for r in told}
                ),
                Reminder.milestone_id.in_({r.milestone.id for r in told}),
                Reminder.state.in_((ReminderState.PLANNED, ReminderState.SENT)),
                ~column_is_in(self._session, Reminder.id, [r.id for r in told]),
            )
        )
        found = [(r.date_told, r.lead, r.send_at) for r in told]
        found += [(tuple(key), lead, send_at) for *key, lead, send_at in others]
        latest: dict[Hashable, tuple[datetime, int]] = {}
        for date_told, lead, send_at in found:
            urgency = _urgency(send_at, lead)
            for key in (date_told, ("news", date_told)) if News.of(lead) else (date_told,):
                latest[key] = max(latest.get(key, urgency), urgency)
        return latest

    def today_of(self, who: Person) -> date:
        """Return the local day of a subscriber's académie; without an académie, that of Paris."""
        slug = who.academy_slug
        zone = self.reference.academies.get(slug).time_zone if slug else "Europe/Paris"
        return self.now.astimezone(ZoneInfo(zone)).date()

    def close(self, reminder: ToldReminder, why: tuple[ReminderState, str]) -> bool:
        """Note the final state and the reason of a reminder that is not told. Returns False."""
        self.closed[reminder.id] = why
        return False

    def why_not(
        self, reminder: ToldReminder, kind: DeliveryKind
    ) -> tuple[ReminderState, str] | None:
        """Return the final state and the reason of a reminder that no longer holds; None if it
        holds."""
        milestone = reminder.milestone
        answer = self._answers.get((reminder.subscriber_id, milestone.event_id))
        if milestone.is_cancelled != (kind is DeliveryKind.CANCELLED):
            return ReminderState.CANCELLED, "annulé" if milestone.is_cancelled else "rétabli"
        if milestone.event.archived_at:
            return ReminderState.CANCELLED, "retiré du calendrier"
        if milestone.counted_day != reminder.day:
            return ReminderState.CANCELLED, "date déplacée"
        if answer and answer.declined_at:
            return ReminderState.CANCELLED, ClassAnswer.DECLINED.words
        urgency = _urgency(reminder.send_at, reminder.lead)
        if kind is not DeliveryKind.REMINDER:
            later = self._latest["news", reminder.date_told] > urgency
            return (ReminderState.SUPERSEDED, "une nouvelle plus récente") if later else None
        if self._ends_at(milestone) <= self.now:
            return ReminderState.EXPIRED, "trop tard"
        if milestone.kind is MilestoneKind.REGISTRATION_DEADLINE:
            if milestone.event.full:
                return ReminderState.CANCELLED, "complet"
            if answer and answer.registered_at:
                return ReminderState.CANCELLED, ClassAnswer.REGISTERED.words
        elif milestone.kind is not MilestoneKind.SESSION and answer and answer.submitted_at:
            return ReminderState.CANCELLED, ClassAnswer.SUBMITTED.words
        if self._latest[reminder.date_told] > urgency:
            return ReminderState.SUPERSEDED, "un rappel plus proche de la date"
        return None

    def ends(self, told: Iterable[ToldReminder], kind: DeliveryKind) -> list[datetime]:
        """Return the instants (UTC) at which the dates of a reminder mail are over; none for news,
        which may come after the date itself."""
        return [self._ends_at(r.milestone) for r in told] if kind is DeliveryKind.REMINDER else []

    def _ends_at(self, milestone: Milestone) -> datetime:
        if milestone.id not in self._ends:
            self._ends[milestone.id] = ends_at(milestone)
        return self._ends[milestone.id]

    def ahead(self, who: Person, today: date) -> list[Milestone]:
        """Return the dates that the weekly mail tells a subscriber: all that fit, picked or not,
        without the days that return by a rule."""
        key = (who.academy_slug, who.classes, who.themes, today)
        if key not in self._ahead:
            chosen = for_person(self.reference.academies, who.academy_slug, who.classes, who.themes)
            contests = replace(chosen, without_days=True)
            until = today + WEEKLY_DAYS
            self._ahead[key] = queries.milestones(self._session, contests, today, until)
        return self._ahead[key]


def _urgency(send_at: datetime, lead: str) -> tuple[datetime, int]:
    return send_at, _URGENCY.index(News.of(lead) or lead)
