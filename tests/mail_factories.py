"""Subscribers for tests, and the state of their mails and reminders."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from calendar_app.reminders.models.outbox import Delivery, Reminder
from calendar_app.reminders.models.subscriptions import Subscriber, Subscription
from calendar_app.reminders.planning import plan_due
from calendar_app.reminders.rules.deliveries import SubscriberState
from calendar_app.reminders.rules.reminder_plan import SchoolKind
from calendar_app.store.base import db, reading, writing
from tests.conftest import IMPORTED_AT

#: Before the content is imported, so that every lead is still ahead.
SIGNED_UP = datetime(2020, 9, 1, 10, 0, tzinfo=UTC)

#: A bounce that says that an address does not exist; its fields are recipient, status and
#: message_id.
BOUNCE = """From: MAILER-DAEMON@relais.example
To: ne-pas-repondre@127.0.0.1
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

The mail could not be delivered.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; relais.example

Final-Recipient: rfc822; {recipient}
Action: failed
Status: {status}
Diagnostic-Code: smtp; 550 {status} unknown

--B
Content-Type: text/rfc822-headers

Message-ID: <{message_id}>
Subject: Date limite

--B--
"""


def subscriber(name: str = "alice", **changes: Any) -> Subscriber:
    """Return a teacher of CM1-CM2 in Lille with the usual leads; *changes* replace values."""
    return Subscriber(
        **{
            "address": f"{name}@ecole.example",
            "address_key": f"{name}@ecole.example",
            "state": SubscriberState.ACTIVE,
            "state_at": SIGNED_UP,
            "academy_slug": "lille",
            "school": SchoolKind.ECOLE,
            "classes": frozenset(("cm1", "cm2")),
            "leads": frozenset(("class_weeks:3", "last_class_day")),
            "since": SIGNED_UP,
            "consent_wording": "oui",
            "consent_at": SIGNED_UP,
            "created_at": SIGNED_UP,
            "confirmed_at": SIGNED_UP,
        }
        | changes
    )


def sign_up(
    app: Flask, *people: Subscriber, picks: tuple[str, ...] = (), now: datetime = SIGNED_UP
) -> list[int]:
    """Store subscribers who all pick the same events; return the ids of the subscribers."""
    with app.app_context(), writing(db.session, now):
        for person in people:
            person.subscriptions = [
                Subscription(event_id=event_id, picked=True, since=now) for event_id in picks
            ]
            db.session.add(person)
        db.session.flush()
        return [person.id for person in people]


def plan(app: Flask, now: datetime) -> Any:
    """Plan the reminders that are due."""
    with app.app_context():
        return plan_due(db.session, now)


def deliveries(app: Flask) -> Counter[tuple[str, str]]:
    """Return the number of mails of each (kind, state)."""
    with app.app_context(), reading(db.session):
        rows = db.session.execute(
            select(Delivery.kind, Delivery.state, func.count()).group_by(
                Delivery.kind, Delivery.state
            )
        )
        return Counter({(kind.value, state.value): count for kind, state, count in rows})


def reminders(app: Flask) -> set[tuple[str, str, str, str]]:
    """Return (name of the subscriber, event/key, lead, state) of every reminder."""
    with app.app_context(), reading(db.session):
        rows = db.session.execute(
            select(Reminder, Subscriber.address).join(
                Subscriber, Subscriber.id == Reminder.subscriber_id
            )
        )
        return {
            (
                address.partition("@")[0],
                f"{r.milestone.event_id}/{r.milestone.key}",
                r.lead,
                r.state.value,
            )
            for r, address in rows
        }


__all__ = [
    "BOUNCE",
    "IMPORTED_AT",
    "SIGNED_UP",
    "deliveries",
    "plan",
    "reminders",
    "sign_up",
    "subscriber",
]
