"""Sending is held after a restore: nothing is sent until a person says so.

A restored store does not know which mails were sent after its backup. So nothing may be claimed
(``outbox.claim``) until somebody has seen how many mails wait, and has sent or skipped them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, func, select, update

from calendar_app.catalogue import queries
from calendar_app.reminders import outbox, planning
from calendar_app.reminders.models.outbox import Delivery
from calendar_app.reminders.rules.deliveries import DeliveryState
from calendar_app.school.local_time import MORNING
from calendar_app.store.base import AnySession, reading, writing
from calendar_app.store.models import SendingHold, WorkerHeartbeat

#: What a worker, a page or a command says of it.
WORDS = "envoi suspendu depuis une restauration"

_SKIPPED = "sauté après une restauration"
_ROWS = 1_000


def state(session: AnySession) -> SendingHold | None:
    """Return since when and why sending is held; None when it is not."""
    with reading(session):
        return found(session)


def found(session: AnySession) -> SendingHold | None:
    """Return what :func:`state` returns, read in the transaction of the caller."""
    return session.get(SendingHold, 1, populate_existing=True)


def release_claims(session: AnySession, now: datetime) -> None:
    """Take the mails of a restored store back from the workers that had claimed them when it was
    backed up, and forget these workers."""
    claimed = update(Delivery).where(Delivery.state == DeliveryState.CLAIMED)
    values = {"state": DeliveryState.PENDING, "owner": None, "lease_until": None}
    with writing(session, now):
        session.execute(claimed.values(values), execution_options={"synchronize_session": False})
        session.execute(delete(WorkerHeartbeat))


def waiting(session: AnySession, now: datetime) -> int:
    """Plan what is due by now; return how many mails would go once sending is on."""
    for at in (*_last_evenings(session, now), now):
        planning.plan_due(session, at)
    with reading(session):
        return session.scalar(select(func.count()).where(_open())) or 0


def _last_evenings(session: AnySession, now: datetime) -> Iterator[datetime]:
    """Yield the last second of yesterday of each time zone where it is too early to plan: what was
    due yesterday is else planned this morning, when nobody skips it any more."""
    with reading(session):
        zones = {academy.time_zone for academy in queries.reference(session).academies}
    for zone in sorted(zones | {"Europe/Paris"}):
        local = now.astimezone(ZoneInfo(zone))
        if local.time() < MORNING:
            yield (datetime.combine(local, time(), local.tzinfo) - timedelta(seconds=1)).astimezone(
                now.tzinfo
            )


def skip(session: AnySession, now: datetime) -> int:
    """End without sending every mail that waits; return how many. Parked mails stay parked."""
    total = 0
    while True:
        with writing(session, now):
            ids = list(session.scalars(select(Delivery.id).where(_open()).limit(_ROWS)))
            outbox.finish(session, ids, DeliveryState.CANCELLED, _SKIPPED, now)
        total += len(ids)
        if len(ids) < _ROWS:
            return total


def lift(session: AnySession, now: datetime) -> None:
    """Let mails be sent again."""
    with writing(session, now):
        session.execute(delete(SendingHold))


def _open() -> ColumnElement[bool]:
    waits = (DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.IN_DOUBT)
    return Delivery.finished_at.is_(None) & Delivery.state.in_(waits)
