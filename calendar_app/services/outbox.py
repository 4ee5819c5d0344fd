"""The outbox: mails are put in it, claimed, gated, handed over, and their result is noted."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from calendar_app.domain.deliveries import PATIENCE, DeliveryKind
from calendar_app.models import Delivery, Subscriber, queries
from calendar_app.models.base import AnySession


def queue_mail(
    session: AnySession, subscriber: Subscriber, kind: DeliveryKind, now: datetime
) -> Delivery:
    """Put a mail that somebody just asked for in the outbox, inside the caller's transaction; the
    worker writes its text when it sends it."""
    academies = queries.reference(session).academies
    zone = academies.get(subscriber.academy_slug).time_zone if subscriber.academy_slug else None
    day = now.astimezone(ZoneInfo(zone or "Europe/Paris")).date()
    session.flush()
    same = select(func.max(Delivery.occurrence)).where(
        Delivery.subscriber_id == subscriber.id, Delivery.kind == kind, Delivery.day == day
    )
    delivery = Delivery(
        subscriber_id=subscriber.id,
        kind=kind,
        day=day,
        occurrence=(session.scalar(same) or 0) + 1,
        due_at=now,
        expires_at=now + PATIENCE,
        created_at=now,
    )
    session.add(delivery)
    return delivery
