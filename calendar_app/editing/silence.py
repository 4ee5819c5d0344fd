"""Ends inactive subscriptions, disables unused editor accounts, and erases the names of accounts
that were disabled long ago.

The journal refuses to change or delete a row, but its rows hold no names: a row points at an
account, so that erasing the name of the account erases it from the journal, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import delete, or_, select

from calendar_app.config import retention
from calendar_app.editing import password_links
from calendar_app.editing.models.editors import Editor, EditorScope
from calendar_app.reminders.keeping.ledger import Ledger
from calendar_app.reminders.models.outbox import Delivery
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.reminders.outbox import queue_mail
from calendar_app.reminders.rules.deliveries import DeliveryKind, DeliveryState, SubscriberState
from calendar_app.reminders.subscribers import set_state
from calendar_app.school.local_time import PARIS, paris_day
from calendar_app.store.base import AnySession, writing

#: Most subscriptions that end in one transaction.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Ended:
    """The numbers of ended subscriptions, disabled accounts, and accounts whose name was erased."""

    subscriptions: int
    disabled: int
    erased: int


def clean(session: AnySession, now: datetime, ledger: Ledger | None = None) -> Ended:
    """End silent subscriptions, disable unused accounts, and erase the names of accounts disabled
    long ago, after the years in ``config.retention``. Harmless to repeat.

    :param ledger: where the end of a subscription is noted, so that a restored backup keeps to it.
    """
    ended = 0
    while batch := _end_subscriptions(session, now, ledger):
        ended += batch
    return Ended(ended, _disable_accounts(session, now), _erase_names(session, now))


def _end_subscriptions(session: AnySession, now: datetime, ledger: Ledger | None) -> int:
    """End one batch of subscriptions without a sign of their subscriber for years, and queue a
    goodbye mail for each. An active subscriber must have got a mail of the rentrée that announced
    the day; a paused subscriber needs none, because the page of the pause announces it."""
    ended, heard = retention.silence_ended(paris_day(now))
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
            if ledger:
                ledger.left(subscriber.address_key, now)
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
    """Erase the personal data of accounts; the rows stay, because the journal points at them."""
    left = retention.years_before(now, retention.DISABLED_ACCOUNT_YEARS)
    query = select(Editor).where(Editor.disabled_at <= left, Editor.name != retention.ERASED_NAME)
    with writing(session, now):
        found = session.scalars(query.with_for_update()).all()
        for editor in found:
            editor.name, editor.password_hash = retention.ERASED_NAME, None
            # The keys must be unique. Nobody can log in with this one: it is not a mail address.
            editor.address = editor.address_key = f"{retention.ERASED_NAME} {editor.id}"
            session.execute(delete(EditorScope).where(EditorScope.editor_id == editor.id))
            session.expire(editor, ["scope_rows"])
        return len(found)
