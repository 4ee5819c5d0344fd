"""The end by silence: of reminders that nobody answers, of accounts that nobody uses, and of the
names of those who left.

The journal refuses to change or delete a row. It names nobody, though: a row points at an account,
and where the account has lost its name, so has all that it did.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import delete, or_, select

from calendar_app.config import retention
from calendar_app.editing import password_links
from calendar_app.editing.models.editors import Editor, EditorScope
from calendar_app.reminders.models.outbox import Delivery
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.reminders.outbox import queue_mail
from calendar_app.reminders.rules.deliveries import DeliveryKind, DeliveryState, SubscriberState
from calendar_app.reminders.subscribers import set_state
from calendar_app.school.local_time import PARIS
from calendar_app.store.base import AnySession, writing

#: People whose reminders end in one transaction.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Ended:
    """How many subscriptions ended, accounts were disabled, and accounts lost their name."""

    subscriptions: int
    disabled: int
    erased: int


def clean(session: AnySession, now: datetime) -> Ended:
    """End what is silent for longer than ``config.retention`` allows; harmless to repeat."""
    ended = 0
    while batch := _end_subscriptions(session, now):
        ended += batch
    return Ended(ended, _disable_accounts(session, now), _erase_names(session, now))


def _end_subscriptions(session: AnySession, now: datetime) -> int:
    """Unsubscribe those who did nothing for years, who are told by mail that it is done. Whoever
    gets mail was told of the day by a mail of the rentrée; a pause says it on its page."""
    ended, heard = retention.silence_ended(now.astimezone(PARIS).date())
    told = select(Delivery.id).where(
        Delivery.subscriber_id == Subscriber.id,
        Delivery.kind == DeliveryKind.RENTREE,
        Delivery.state == DeliveryState.SENT,
        Delivery.finished_at > Subscriber.heard_at,
        Delivery.finished_at <= _midnight(ended) - retention.TOLD_BEFORE,
    )
    silent = (
        Subscriber.heard_at < _midnight(heard + timedelta(days=1)),
        or_(
            Subscriber.state == SubscriberState.PAUSED,
            (Subscriber.state == SubscriberState.ACTIVE) & told.exists(),
        ),
    )
    with writing(session, now):
        query = select(Subscriber).where(*silent).order_by(Subscriber.id).limit(_AT_ONCE)
        found = session.scalars(query.with_for_update()).all()
        for subscriber in found:
            set_state(subscriber, SubscriberState.UNSUBSCRIBED, now)
            subscriber.new_address = subscriber.code_at = None
            queue_mail(session, subscriber, DeliveryKind.GOODBYE, now)
        return len(found)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS)


def _disable_accounts(session: AnySession, now: datetime) -> int:
    idle = retention.years_before(now, retention.IDLE_ACCOUNT_YEARS)
    query = select(Editor).where(Editor.disabled_at.is_(None), Editor.used_at <= idle)
    with writing(session, now):
        found = session.scalars(query.with_for_update()).all()
        for editor in found:
            editor.disabled_at = now
            editor.session_epoch += 1
            password_links.kill(session, editor.id)
        return len(found)


def _erase_names(session: AnySession, now: datetime) -> int:
    """Leave of an account what the journal points at, and nothing of a person."""
    left = retention.years_before(now, retention.DISABLED_ACCOUNT_YEARS)
    query = select(Editor).where(Editor.disabled_at <= left, Editor.name != retention.ERASED_NAME)
    with writing(session, now):
        found = session.scalars(query.with_for_update()).all()
        for editor in found:
            editor.name, editor.password_hash = retention.ERASED_NAME, None
            # Each key is another's; nobody can type this one, which is no address.
            editor.address = editor.address_key = f"{retention.ERASED_NAME} {editor.id}"
            session.execute(delete(EditorScope).where(EditorScope.editor_id == editor.id))
            session.expire(editor, ["scope_rows"])
        return len(found)
