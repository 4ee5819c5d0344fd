"""Composing: what a claimed mail says, from the store as it is now.

A reminder that no longer holds (the date moved, the class is registered, a more urgent one goes
out) is closed here with its reason, and a mail with nothing left to say is not sent.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from calendar_app.domain import levels
from calendar_app.domain.academies import Academy
from calendar_app.domain.deliveries import DeliveryKind, DeliveryState, ReminderState
from calendar_app.domain.filters import CatalogueFilter, for_place, national
from calendar_app.domain.leads import Lead
from calendar_app.domain.personal_links import ClassAnswer, PersonalLinks
from calendar_app.domain.reminder_plan import OFFERED_LEADS
from calendar_app.domain.school_year import SchoolYear
from calendar_app.domain.vocabulary import MilestoneKind
from calendar_app.feeds.cards import card
from calendar_app.mail import messages
from calendar_app.mail.message import Letterhead, Message
from calendar_app.models import (
    Event,
    Milestone,
    Reminder,
    Subscriber,
    Subscription,
    queries,
    reading,
)
from calendar_app.models.base import AnySession
from calendar_app.models.queries import Reference
from calendar_app.services import outbox
from calendar_app.services.outbox import Claimed
from calendar_app.services.send_days import ends_at, reminded_day

log = logging.getLogger(__name__)

#: How far the weekly mail looks ahead.
WEEKLY_DAYS = timedelta(days=13)

#: Mails whose building is remembered.
_KEPT_MESSAGES = 256

#: What tells of one date most urgently comes last.
_URGENCY = (*(lead.code for lead in OFFERED_LEADS), "moved", "cancelled")

_PROMISES = (DeliveryKind.REMINDER, DeliveryKind.MOVED, DeliveryKind.CANCELLED)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A mail that is ready to go, or the verdict that it must not.

    :param not_after: the instant at which the first of its dates is over.
    """

    mail: Claimed
    recipient: str
    data: bytes
    not_after: datetime
    verdict: tuple[DeliveryState, str] | None = None


def message_id(links: PersonalLinks, delivery_id: int) -> str:
    """Return the Message-ID of a delivery, without brackets: always the same, and nobody else can
    make one."""
    host = urlsplit(links.page()).hostname or "localhost"
    return f"{delivery_id}.{links.fingerprint(f'delivery/{delivery_id}')[:16]}@{host}"


def delivery_of(links: PersonalLinks, text: str) -> int | None:
    """Return the delivery that a Message-ID is of, or None when we did not make it."""
    number = text.strip("<> ").partition(".")[0]
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        return None
    return int(number) if message_id(links, int(number)) == text.strip("<> ") else None


class Composer:
    """Writes mails; those that many people get alike are built once."""

    def __init__(self, head: Letterhead) -> None:
        self._head = head
        self._built: OrderedDict[Hashable, Message] = OrderedDict()

    def prepare(
        self, session: AnySession, mails: Sequence[Claimed], now: datetime
    ) -> list[Prepared]:
        """Return the mails, ready to go, in the same order; reminders that no longer hold are
        closed."""
        with reading(session):
            batch = _Batch(session, mails, now)
            prepared = [self._prepare_safely(batch, mail) for mail in mails]
        if batch.closed:
            outbox.close_reminders(session, batch.closed, now)
        return prepared

    def _prepare_safely(self, batch: _Batch, mail: Claimed) -> Prepared:
        """One mail that cannot be written must not keep the others from going out."""
        try:
            return self._prepare(batch, mail)
        except Exception:
            log.exception("delivery %d cannot be written", mail.id)
            verdict = (DeliveryState.PARKED, "ce courriel n'a pas pu être écrit")
            return Prepared(mail, "", b"", mail.expires_at, verdict)

    def _prepare(self, batch: _Batch, mail: Claimed) -> Prepared:
        subscriber = batch.subscribers[mail.subscriber_id]
        links = self._head.links
        recipient = subscriber.address
        token = links.token(subscriber.uid)
        if mail.kind is DeliveryKind.NEW_ADDRESS:
            recipient = subscriber.new_address or ""
            token = links.new_address_token(subscriber.uid, recipient)

        def unsent(state: DeliveryState, reason: str) -> Prepared:
            return Prepared(mail, recipient, b"", mail.expires_at, (state, reason))

        if subscriber.state not in mail.kind.states or not recipient:
            return unsent(DeliveryState.CANCELLED, "la personne ne le demande plus")
        told = batch.reminders[mail.id]
        holding = [
            r for r in told if (why := batch.why_not(r, mail.kind)) is None or batch.close(r, why)
        ]
        not_after = min([mail.expires_at, *batch.ends(holding, mail.kind)])
        known = outbox.bytes_in_doubt(mail)
        if known is not None:
            if len(holding) < len(told):
                return unsent(DeliveryState.PARKED, "en doute, et son contenu a changé depuis")
            return Prepared(mail, recipient, known, not_after)
        if mail.kind in _PROMISES and not holding:
            late = told and all(batch.closed[r.id][0] is ReminderState.EXPIRED for r in told)
            state = DeliveryState.EXPIRED if late else DeliveryState.CANCELLED
            return unsent(state, "plus rien à rappeler")
        message = self._message(batch, mail.kind, subscriber, holding)
        if message is None:
            return unsent(DeliveryState.CANCELLED, "rien à annoncer cette semaine")
        code = links.code(subscriber.uid, subscriber.code_at) if subscriber.code_at else ""
        data = message.fill(
            token=token,
            recipient=recipient,
            message_id=message_id(links, mail.id),
            date=mail.created_at,
            code=code,
        )
        return Prepared(mail, recipient, data, not_after)

    # -- one mail's text ----------------------------------------------------------------------

    def _message(
        self, batch: _Batch, kind: DeliveryKind, who: Subscriber, told: Sequence[Reminder]
    ) -> Message | None:
        head, reference = self._head, batch.reference
        academy = reference.academies.get(who.academy_slug) if who.academy_slug else None
        today = batch.today(academy)
        place = (reference.version, kind, who.academy_slug, who.school.wednesdays, today)

        def lines() -> list[messages.ReminderLine]:
            return [
                messages.ReminderLine(
                    card(r.milestone, today, academy, reference, wednesdays=who.school.wednesdays),
                    Lead.parse(r.lead) if kind is DeliveryKind.REMINDER else None,
                    _answers(r.milestone, kind),
                )
                for r in told
            ]

        same = (*place, *sorted((r.milestone_id, r.lead) for r in told))
        match kind:
            case DeliveryKind.CONFIRMATION:
                return self._once(kind, lambda: messages.confirmation(head))
            case DeliveryKind.LINK:
                return self._once(kind, lambda: messages.link(head))
            case DeliveryKind.NEW_ADDRESS:
                return self._once(kind, lambda: messages.new_address(head))
            case DeliveryKind.GOODBYE:
                return self._once(kind, lambda: messages.goodbye(head))
            case DeliveryKind.REMINDER:
                return self._once(same, lambda: messages.reminder(head, lines(), academy))
            case DeliveryKind.MOVED:
                return self._once(same, lambda: messages.moved(head, lines()))
            case DeliveryKind.CANCELLED:
                return self._once(same, lambda: messages.cancelled(head, lines()))
            case DeliveryKind.RENTREE:
                year = SchoolYear.of(today)
                return self._once(
                    (*place, who.classes),
                    lambda: messages.rentree(head, who.classes, academy, year),
                )
            case DeliveryKind.WEEKLY:
                found = batch.ahead(who, academy, today)
                if not found:
                    return None

                def weekly() -> Message:
                    wednesdays = who.school.wednesdays
                    cards = [
                        card(m, today, academy, reference, wednesdays=wednesdays) for m in found
                    ]
                    return messages.weekly(head, cards, academy)

                return self._once((*place, who.classes, who.themes), weekly)

    def _once(self, key: Hashable, build: Callable[[], Message]) -> Message:
        if key in self._built:
            self._built.move_to_end(key)
        else:
            self._built[key] = build()
            if len(self._built) > _KEPT_MESSAGES:
                self._built.popitem(last=False)
        return self._built[key]


def _answers(milestone: Milestone, kind: DeliveryKind) -> tuple[ClassAnswer, ...]:
    """The answers that a date's mail offers."""
    if kind is DeliveryKind.CANCELLED:
        return (ClassAnswer.NEXT_YEAR,)
    match milestone.kind:
        case MilestoneKind.REGISTRATION_DEADLINE:
            done: tuple[ClassAnswer, ...] = (ClassAnswer.REGISTERED,)
        case MilestoneKind.SESSION:
            done = ()
        case _:
            done = (ClassAnswer.SUBMITTED,)
    return (*done, ClassAnswer.DECLINED, ClassAnswer.NEXT_YEAR)


class _Batch:
    """What the mails of one claim need from the store, read in one snapshot."""

    def __init__(self, session: AnySession, mails: Sequence[Claimed], now: datetime) -> None:
        self.now = now
        self.reference: Reference = queries.reference(session)
        self.closed: dict[int, tuple[ReminderState, str]] = {}
        self._session = session
        self._ahead: dict[Hashable, list[Milestone]] = {}
        people = sorted({mail.subscriber_id for mail in mails})
        self.subscribers = {
            s.id: s for s in session.scalars(select(Subscriber).where(Subscriber.id.in_(people)))
        }
        self.reminders: defaultdict[int, list[Reminder]] = defaultdict(list)
        planned = select(Reminder).where(
            Reminder.delivery_id.in_([mail.id for mail in mails]),
            Reminder.state == ReminderState.PLANNED,
        )
        events = selectinload(Reminder.milestone).selectinload(Milestone.event)
        for r in session.scalars(planned.options(events.selectinload(Event.milestones))):
            self.reminders[r.delivery_id].append(r)
        told = [r for of_mail in self.reminders.values() for r in of_mail]
        self._answers = self._read_answers(told)
        self._latest = self._read_latest(told)

    def _read_answers(self, told: Iterable[Reminder]) -> dict[tuple[int, str], Subscription]:
        who = {r.subscriber_id for r in told}
        query = select(Subscription).where(
            Subscription.subscriber_id.in_(who),
            Subscription.event_id.in_({r.milestone.event_id for r in told}),
        )
        return {(s.subscriber_id, s.event_id): s for s in self._session.scalars(query)}

    def _read_latest(self, told: Iterable[Reminder]) -> dict[Hashable, tuple[datetime, int]]:
        """The most urgent reminder of each date that a person got or is to get."""
        query = select(Reminder).where(
            Reminder.subscriber_id.in_({r.subscriber_id for r in told}),
            Reminder.milestone_id.in_({r.milestone_id for r in told}),
            Reminder.state.in_((ReminderState.PLANNED, ReminderState.SENT)),
        )
        latest: dict[Hashable, tuple[datetime, int]] = {}
        for r in self._session.scalars(query):
            key = (r.subscriber_id, r.milestone_id, r.day)
            latest[key] = max(latest.get(key, _urgency(r)), _urgency(r))
        return latest

    def today(self, academy: Academy | None) -> date:
        zone = academy.time_zone if academy else "Europe/Paris"
        return self.now.astimezone(ZoneInfo(zone)).date()

    def close(self, reminder: Reminder, why: tuple[ReminderState, str]) -> bool:
        """Note that a reminder is not told. Returns False."""
        self.closed[reminder.id] = why
        return False

    def why_not(self, reminder: Reminder, kind: DeliveryKind) -> tuple[ReminderState, str] | None:
        """Return what a reminder ends as when it no longer holds, or None."""
        milestone = reminder.milestone
        answer = self._answers.get((reminder.subscriber_id, milestone.event_id))
        if milestone.is_cancelled != (kind is DeliveryKind.CANCELLED):
            return ReminderState.CANCELLED, "annulé" if milestone.is_cancelled else "rétabli"
        if reminded_day(milestone) != reminder.day:
            return ReminderState.CANCELLED, "date déplacée"
        if answer and answer.declined_at:
            return ReminderState.CANCELLED, ClassAnswer.DECLINED.words
        if kind is not DeliveryKind.REMINDER:
            return None
        if ends_at(milestone) <= self.now:
            return ReminderState.EXPIRED, "trop tard"
        if milestone.kind is MilestoneKind.REGISTRATION_DEADLINE:
            if milestone.event.full:
                return ReminderState.CANCELLED, "complet"
            if answer and answer.registered_at:
                return ReminderState.CANCELLED, ClassAnswer.REGISTERED.words
        elif milestone.kind is not MilestoneKind.SESSION and answer and answer.submitted_at:
            return ReminderState.CANCELLED, ClassAnswer.SUBMITTED.words
        key = (reminder.subscriber_id, reminder.milestone_id, reminder.day)
        if self._latest[key] > _urgency(reminder):
            return ReminderState.SUPERSEDED, "un rappel plus proche de la date"
        return None

    def ends(self, told: Iterable[Reminder], kind: DeliveryKind) -> list[datetime]:
        """Return when the dates of a mail are over; news may come after the date itself."""
        return [ends_at(r.milestone) for r in told] if kind is DeliveryKind.REMINDER else []

    def ahead(self, who: Subscriber, academy: Academy | None, today: date) -> list[Milestone]:
        """Return what the weekly mail tells somebody: all that fits, picked or not."""
        key = (who.academy_slug, who.classes, who.themes, today)
        if key not in self._ahead:
            # As degrés and cycles where it may be: those know what ULIS is worth.
            chosen = CatalogueFilter(levels=levels.collapse(who.classes), themes=tuple(who.themes))
            chosen = (
                for_place(chosen, self.reference.academies, academy.slug)
                if academy
                else national(chosen)
            )
            self._ahead[key] = queries.milestones(self._session, chosen, today, today + WEEKLY_DAYS)
        return self._ahead[key]


def _urgency(reminder: Reminder) -> tuple[datetime, int]:
    return reminder.send_at, _URGENCY.index(reminder.lead)
