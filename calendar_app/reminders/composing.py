"""Composing: the texts of claimed mails, from the store as it is now.

A reminder that no longer holds (the date moved, the class is registered, a more urgent reminder is
sent) is closed here with its reason. A mail that has nothing left to say is not sent.
"""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from calendar_app.catalogue.models.events import Milestone
from calendar_app.config.retention import silence_ends
from calendar_app.feeds.cards import card
from calendar_app.reminders import outbox
from calendar_app.reminders.mail import messages
from calendar_app.reminders.mail.form import FilledForm, Form
from calendar_app.reminders.mail.message import Letterhead, Message
from calendar_app.reminders.mail_batch import MailBatch, Person, ToldReminder
from calendar_app.reminders.outbox import Claimed, OtherMails
from calendar_app.reminders.rules.deliveries import DeliveryKind, DeliveryState, News, ReminderState
from calendar_app.reminders.rules.personal_links import ClassAnswer, PersonalLinks
from calendar_app.school.academies import Academy
from calendar_app.school.leads import Lead
from calendar_app.school.local_time import paris_day
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import AnySession, reading
from calendar_app.words.vocabulary import MilestoneKind

log = logging.getLogger(__name__)

#: The number of built messages that are kept.
_KEPT_MESSAGES = 256

_PROMISES = (DeliveryKind.REMINDER, DeliveryKind.MOVED, DeliveryKind.CANCELLED)

_EMPTY = FilledForm(Form(()), {})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A mail that is ready to be sent, or the verdict that it must not be sent.

    :param not_after: the instant (UTC) after which it is too late: its first date is over, or the
        mail expires.
    :param verdict: the final state and the reason of a mail that is not sent; None for any other.
    :param tells: the dates of a new « Le point de la semaine », as (milestone id, day).
    """

    mail: Claimed
    recipient: str
    filled: FilledForm
    not_after: datetime
    verdict: tuple[DeliveryState, str] | None = None
    tells: tuple[tuple[int, date], ...] = ()


def message_id(links: PersonalLinks, delivery_id: int) -> str:
    """Return the Message-ID of a delivery, without angle brackets. It is always the same, and
    nobody else can make it."""
    host = urlsplit(links.page()).hostname or "localhost"
    return f"{delivery_id}.{links.fingerprint(f'delivery/{delivery_id}')[:16]}@{host}"


def delivery_of(links: PersonalLinks, text: str) -> int | None:
    """Return the id of the delivery to which a Message-ID belongs; None if we did not make it."""
    number = text.strip("<> ").partition(".")[0]
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        return None
    return int(number) if message_id(links, int(number)) == text.strip("<> ") else None


class Composer:
    """Composes mails; a message that is the same for many people is built once."""

    def __init__(self, head: Letterhead, others: OtherMails) -> None:
        self._head, self._others = head, others
        self._built: OrderedDict[Hashable, Message] = OrderedDict()

    def prepare(
        self, session: AnySession, mails: Sequence[Claimed], now: datetime
    ) -> list[Prepared]:
        """Return the mails in the same order, each ready to be sent or with a verdict. Reminders
        that no longer hold are closed."""
        with reading(session):
            batch = MailBatch(session, mails, now, self._others)
            prepared = [self._prepare_safely(batch, mail) for mail in mails]
        if batch.closed:
            outbox.close_reminders(session, batch.closed, now)
        return prepared

    def _prepare_safely(self, batch: MailBatch, mail: Claimed) -> Prepared:
        """Prepare a mail. Park it if it cannot be composed, so that the others are still sent."""
        try:
            return self._prepare(batch, mail)
        except Exception:
            log.exception("delivery %d cannot be written", mail.id)
            verdict = (DeliveryState.PARKED, "ce courriel n'a pas pu être écrit")
            return Prepared(mail, "", _EMPTY, mail.expires_at, verdict)

    def _prepare(self, batch: MailBatch, mail: Claimed) -> Prepared:
        if mail.subscriber_id is None:
            return self._prepare_other(batch, mail)
        subscriber = batch.subscribers[mail.subscriber_id]
        links = self._head.links
        recipient = subscriber.address
        token = links.token(subscriber.uid)
        if mail.kind is DeliveryKind.NEW_ADDRESS:
            recipient = subscriber.new_address or ""
            token = links.new_address_token(subscriber.uid, recipient)

        def unsent(state: DeliveryState, reason: str) -> Prepared:
            return Prepared(mail, recipient, _EMPTY, mail.expires_at, (state, reason))

        if subscriber.state not in mail.kind.states or not recipient:
            return unsent(DeliveryState.CANCELLED, "la personne ne le demande plus")
        told = batch.reminders[mail.id]
        holding = [
            r for r in told if (why := batch.why_not(r, mail.kind)) is None or batch.close(r, why)
        ]
        not_after = min([mail.expires_at, *batch.ends(holding, mail.kind)])
        if mail.form_key:
            if len(holding) < len(told):
                return unsent(DeliveryState.PARKED, "en doute, et son contenu a changé depuis")
            known = FilledForm(batch.forms[mail.form_key], json.loads(mail.form_values or ""))
            return Prepared(mail, recipient, known, not_after)
        if mail.kind in _PROMISES and not holding:
            late = told and all(batch.closed[r.id][0] is ReminderState.EXPIRED for r in told)
            state = DeliveryState.EXPIRED if late else DeliveryState.CANCELLED
            return unsent(state, "plus rien à rappeler")
        message = self._message(batch, mail, subscriber, holding)
        if message is None:
            return unsent(DeliveryState.CANCELLED, "rien à annoncer cette semaine")
        code = links.code(subscriber.uid, subscriber.code_at) if subscriber.code_at else ""
        filled = message.fill(
            token=token,
            recipient=recipient,
            message_id=message_id(links, mail.id),
            date=mail.created_at,
            code=code,
        )
        tells: tuple[tuple[int, date], ...] = ()
        if mail.kind is DeliveryKind.WEEKLY:
            ahead = batch.ahead(subscriber, batch.today_of(subscriber))
            tells = tuple(sorted((m.id, m.counted_day) for m in ahead))
        return Prepared(mail, recipient, filled, not_after, tells=tells)

    def _prepare_other(self, batch: MailBatch, mail: Claimed) -> Prepared:
        """Prepare a mail to a person who is not a subscriber."""
        links, other = self._head.links, batch.others.get(mail.id)
        token = other.token(links, mail) if other else None
        if other is None or token is None:
            verdict = (DeliveryState.CANCELLED, "plus personne ne l'attend")
            return Prepared(mail, "", _EMPTY, mail.expires_at, verdict)
        if mail.form_key:
            filled = FilledForm(batch.forms[mail.form_key], json.loads(mail.form_values or ""))
        else:
            filled = other.message(self._head).fill(
                token=token,
                recipient=other.address,
                message_id=message_id(links, mail.id),
                date=mail.created_at,
            )
        return Prepared(mail, other.address, filled, mail.expires_at)

    # -- one mail's text ----------------------------------------------------------------------

    def _message(
        self, batch: MailBatch, mail: Claimed, who: Person, told: Sequence[ToldReminder]
    ) -> Message | None:
        head, reference, kind = self._head, batch.reference, mail.kind
        academy = reference.academies.get(who.academy_slug) if who.academy_slug else None
        today = batch.today_of(who)
        heard = paris_day(who.heard_at)
        place = (reference.state, kind, who.academy_slug, who.school.wednesdays, today)

        def lines() -> list[messages.ReminderLine]:
            return [
                messages.ReminderLine(
                    card(r.milestone, today, academy, reference, wednesdays=who.school.wednesdays),
                    Lead.parse(r.lead) if kind is DeliveryKind.REMINDER else None,
                    _answers(r.milestone, kind),
                    restored=r.news is News.RESTORED,
                    was=_was(r.milestone) if r.news else None,
                )
                for r in told
            ]

        same = (*place, *sorted((r.milestone.id, r.lead) for r in told))
        match kind:
            case DeliveryKind.CONFIRMATION:
                wished = batch.wished.get(mail.id, ())
                return self._once((kind, wished), lambda: messages.confirmation(head, wished))
            case DeliveryKind.LINK:
                wished = batch.wished.get(mail.id, ())
                return self._once((kind, wished), lambda: messages.link(head, wished))
            case DeliveryKind.NEW_ADDRESS:
                return self._once(kind, lambda: messages.new_address(head))
            case DeliveryKind.GOODBYE:
                silent = paris_day(who.state_at) >= silence_ends(heard, heard)
                return self._once((kind, silent), lambda: messages.goodbye(head, silent=silent))
            case DeliveryKind.REMINDER:
                return self._once(same, lambda: messages.reminder(head, lines(), academy))
            case DeliveryKind.MOVED:
                return self._once(same, lambda: messages.moved(head, lines()))
            case DeliveryKind.CANCELLED:
                return self._once(same, lambda: messages.cancelled(head, lines()))
            case DeliveryKind.RENTREE:
                year, ends = SchoolYear.of(today), silence_ends(heard, today)
                return self._once(
                    (*place, who.classes, ends),
                    lambda: messages.rentree(head, who.classes, academy, year, ends),
                )
            case DeliveryKind.WEEKLY:
                return self._weekly(batch, who, academy, today, (*place, who.classes, who.themes))
            case (
                DeliveryKind.PASSWORD
                | DeliveryKind.SUGGESTION
                | DeliveryKind.LETTER
                | DeliveryKind.AGENDA
            ):
                raise ValueError(f"{kind}: not to a subscriber")

    def _weekly(
        self, batch: MailBatch, who: Person, academy: Academy | None, today: date, key: Hashable
    ) -> Message | None:
        """Return « Le point de la semaine » of a subscriber; None when no date is ahead."""
        found = batch.ahead(who, today)
        if not found:
            return None
        reference, wednesdays = batch.reference, who.school.wednesdays

        def build() -> Message:
            cards = [card(m, today, academy, reference, wednesdays=wednesdays) for m in found]
            return messages.weekly(self._head, cards, academy)

        return self._once(key, build)

    def _once(self, key: Hashable, build: Callable[[], Message]) -> Message:
        if key in self._built:
            self._built.move_to_end(key)
        else:
            self._built[key] = build()
            if len(self._built) > _KEPT_MESSAGES:
                self._built.popitem(last=False)
        return self._built[key]


def _was(milestone: Milestone) -> date | None:
    """Return the last other day of a date; None if the date has always had its present day."""
    days = [past.day for past in milestone.past if past.day != milestone.counted_day]
    return days[-1] if days else None


def _answers(milestone: Milestone, kind: DeliveryKind) -> tuple[ClassAnswer, ...]:
    """Return the answers that a mail offers for a date."""
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
