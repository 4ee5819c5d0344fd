"""The outbox: mails are put in it, claimed, gated, and what became of them is noted.

The states are those of ``domain.deliveries``; each function is one transaction. A worker that was
paused or overtaken finds its epoch gone at the gate, and sends nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, insert, or_, select, update

from calendar_app.domain.deliveries import (
    DOUBT,
    LEASE,
    PATIENCE,
    AttemptOutcome,
    DeliveryKind,
    DeliveryState,
    ReminderState,
    SubscriberState,
)
from calendar_app.models import (
    Delivery,
    DeliveryAttempt,
    Reminder,
    Subscriber,
    queries,
    writing,
)
from calendar_app.models.base import AnySession

_ANSWERS = tuple(kind for kind in DeliveryKind if kind.is_answer)

#: Rows that one transaction ends.
_IDS = 1_000

#: What becomes of the reminders of a mail that is done.
_REMINDERS_AFTER = {
    DeliveryState.SENT: ReminderState.SENT,
    DeliveryState.EXPIRED: ReminderState.EXPIRED,
    DeliveryState.FAILED: ReminderState.CANCELLED,
    DeliveryState.CANCELLED: ReminderState.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery as it was when a worker got it. The bytes are those of an earlier doubt."""

    id: int
    subscriber_id: int
    kind: DeliveryKind
    epoch: int
    owner: str
    created_at: datetime
    expires_at: datetime
    tries: int
    doubts: int
    message: bytes | None


@dataclass(frozen=True, slots=True)
class Swept:
    """What a look over the outbox found: mails too late to send, leases lost, mails parked."""

    expired: int
    lost: int
    parked: int


def queue_mail(
    session: AnySession, subscriber: Subscriber, kind: DeliveryKind, now: datetime
) -> Delivery:
    """Put a mail that somebody just asked for in the outbox, inside the caller's transaction; the
    worker writes its text when it sends it."""
    academies = queries.reference(session).academies
    zone = academies.get(subscriber.academy_slug).time_zone if subscriber.academy_slug else None
    day: date = now.astimezone(ZoneInfo(zone or "Europe/Paris")).date()
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


def sweep(session: AnySession, now: datetime) -> Swept:
    """Bring back what a dead worker held, and end what can wait no longer."""
    is_open = Delivery.finished_at.is_(None)
    silent = and_(is_open, Delivery.state == DeliveryState.IN_DOUBT, Delivery.due_at <= now - DOUBT)
    with writing(session, now):
        lost = _update(
            session,
            and_(is_open, Delivery.state == DeliveryState.CLAIMED, Delivery.lease_until <= now),
            {"state": DeliveryState.PENDING, "owner": None, "lease_until": None},
        )
        no_more = or_(Delivery.doubts >= 2, Delivery.kind.in_(_ANSWERS), Delivery.expires_at <= now)
        parked = _update(
            session,
            and_(silent, no_more),
            {
                "state": DeliveryState.PARKED,
                "reason": "peut-être déjà partie : le serveur n'a pas répondu",
                "owner": None,
                "lease_until": None,
            },
        )
    late = and_(is_open, Delivery.state == DeliveryState.PENDING, Delivery.expires_at <= now)
    expired = 0
    while True:
        with writing(session, now):
            ids = list(session.scalars(select(Delivery.id).where(late).limit(_IDS)))
            _finish(session, ids, DeliveryState.EXPIRED, "trop tard", now)
        expired += len(ids)
        if len(ids) < _IDS:
            return Swept(expired, lost, parked)


def claim(session: AnySession, owner: str, now: datetime, limit: int) -> list[Claimed]:
    """Give a worker the mails that are due, for the time of a lease: answers first, oldest first.
    What was in doubt for long enough is given once more."""
    is_open = Delivery.finished_at.is_(None)
    silent = and_(
        is_open,
        Delivery.state == DeliveryState.IN_DOUBT,
        Delivery.doubts == 1,
        Delivery.due_at <= now - DOUBT,
        Delivery.expires_at > now,
    )
    due = and_(
        is_open,
        Delivery.state == DeliveryState.PENDING,
        Delivery.due_at <= now,
        Delivery.expires_at > now,
    )
    ids: list[int] = []
    with writing(session, now):
        # Kind by kind: so an index gives the oldest ones first, however many wait.
        for kind in DeliveryKind:
            for which in (due, silent):
                if len(ids) < limit and not (which is silent and kind.is_answer):
                    query = select(Delivery.id).where(which, Delivery.kind == kind)
                    query = query.order_by(Delivery.due_at, Delivery.id).limit(limit - len(ids))
                    ids += session.scalars(query.with_for_update(skip_locked=True))
        if not ids:
            return []
        rows = session.execute(
            update(Delivery)
            .where(Delivery.id.in_(ids))
            .values(
                state=DeliveryState.CLAIMED,
                owner=owner,
                epoch=Delivery.epoch + 1,
                lease_until=now + LEASE,
            )
            .returning(
                Delivery.id,
                Delivery.subscriber_id,
                Delivery.kind,
                Delivery.epoch,
                Delivery.owner,
                Delivery.created_at,
                Delivery.expires_at,
                Delivery.tries,
                Delivery.doubts,
                Delivery.message,
            )
        )
        found = {row.id: Claimed(*row) for row in rows}
    return [found[id_] for id_ in ids]


def gate(session: AnySession, mail: Claimed, data: bytes, now: datetime) -> int | None:
    """Let a mail go out, if it is still this worker's to send: it is in doubt from here on.

    :param data: kept until there is an answer, so that a second try sends the same bytes.
    :returns: the id of the attempt; None when the body must not be sent.
    """
    with writing(session, now):
        passed = _update(
            session,
            and_(
                _still(mail, DeliveryState.CLAIMED),
                Delivery.lease_until > now,
                Delivery.expires_at > now,
                exists().where(
                    Subscriber.id == Delivery.subscriber_id,
                    Subscriber.state.in_(mail.kind.states),
                ),
            ),
            {
                "state": DeliveryState.IN_DOUBT,
                "doubts": Delivery.doubts + 1,
                "tries": Delivery.tries + 1,
                "due_at": now,
                "message": zlib.compress(data, 1),
            },
        )
        return _attempt(session, mail, now, AttemptOutcome.IN_DOUBT, "body") if passed else None


def bytes_in_doubt(mail: Claimed) -> bytes | None:
    """Return the bytes that went out before, without an answer."""
    return zlib.decompress(mail.message) if mail.message else None


def note_sent(session: AnySession, mail: Claimed, attempt: int, reply: str, now: datetime) -> None:
    """A server took the mail. True whoever has the row by now: another worker fails at its gate."""
    with writing(session, now):
        _close_attempt(session, attempt, AttemptOutcome.SENT, "body", 250, reply)
        open_ = and_(Delivery.id == mail.id, Delivery.finished_at.is_(None))
        if session.scalar(select(exists().where(open_))):
            _finish(session, [mail.id], DeliveryState.SENT, None, now)


def note_refused(
    session: AnySession,
    mail: Claimed,
    attempt: int | None,
    now: datetime,
    *,
    stage: str,
    code: int | None,
    reply: str,
    try_again_at: datetime | None,
    refuses_address: bool,
) -> None:
    """A server did not take the mail: it waits, or with *try_again_at* None it has failed.

    :param attempt: the one that the gate wrote; None when it was not reached.
    :param refuses_address: the address takes no mail at all, so nobody gets mail there any more.
    """
    outcome = AttemptOutcome.DEFERRED if try_again_at else AttemptOutcome.REFUSED
    with writing(session, now):
        if attempt is None:
            _attempt(session, mail, now, outcome, stage, code, reply)
            mine = _still(mail, DeliveryState.CLAIMED)
        else:
            _close_attempt(session, attempt, outcome, stage, code, reply)
            mine = _still(mail, DeliveryState.IN_DOUBT)
        if try_again_at is None:
            if session.scalar(select(exists().where(mine))):
                _finish(session, [mail.id], DeliveryState.FAILED, reply, now)
        else:
            values: dict[str, Any] = {
                "state": DeliveryState.PENDING,
                "owner": None,
                "lease_until": None,
                "due_at": try_again_at,
                "reason": reply,
                "tries": mail.tries + 1,
                # An answer ends the doubt of this try, not that of an earlier one.
                "doubts": mail.doubts,
            }
            if not mail.doubts:
                # Nothing ever went out: the next try may tell the news.
                values["message"] = None
            _update(session, mine, values)
        if refuses_address:
            session.execute(
                update(Subscriber)
                .where(Subscriber.id == mail.subscriber_id)
                .values(state=SubscriberState.REFUSED, state_at=now)
            )


def note_silence(
    session: AnySession, mail: Claimed, attempt: int, reply: str, now: datetime
) -> None:
    """The body went out and no answer came: the row stays in doubt."""
    with writing(session, now):
        _close_attempt(session, attempt, AttemptOutcome.IN_DOUBT, "body", None, reply)


def note_stopped(session: AnySession, mail: Claimed, now: datetime) -> None:
    """The gate was shut: if the row is still ours, it goes back."""
    with writing(session, now):
        _attempt(session, mail, now, AttemptOutcome.STOPPED, "gate")
        _release(session, mail)


def release(session: AnySession, mails: Collection[Claimed], now: datetime) -> None:
    """Give back what was claimed and not tried."""
    with writing(session, now):
        for mail in mails:
            _release(session, mail)


def finish_unsent(
    session: AnySession,
    mail: Claimed,
    state: DeliveryState,
    reason: str,
    now: datetime,
) -> None:
    """End a mail that has nothing to say any more, or that a person must look at."""
    with writing(session, now):
        if session.scalar(select(exists().where(_still(mail, DeliveryState.CLAIMED)))):
            _finish(session, [mail.id], state, reason, now)


def close_reminders(
    session: AnySession, closed: Mapping[int, tuple[ReminderState, str]], now: datetime
) -> None:
    """End the reminders (by id) that a mail does not tell."""
    with writing(session, now):
        for id_, (state, reason) in closed.items():
            planned = and_(Reminder.id == id_, Reminder.state == ReminderState.PLANNED)
            session.execute(update(Reminder).where(planned).values(state=state, reason=reason))


# -- inside a transaction --------------------------------------------------------------------------


def _still(mail: Claimed, state: DeliveryState) -> ColumnElement[bool]:
    ours = and_(Delivery.owner == mail.owner, Delivery.epoch == mail.epoch)
    return and_(Delivery.id == mail.id, ours, Delivery.state == state)


def _release(session: AnySession, mail: Claimed) -> None:
    values = {"state": DeliveryState.PENDING, "owner": None, "lease_until": None}
    _update(session, _still(mail, DeliveryState.CLAIMED), values)


def _finish(
    session: AnySession, ids: Iterable[int], state: DeliveryState, reason: str | None, now: datetime
) -> None:
    """End deliveries; parked ones wait for a person, and so do their reminders."""
    ids = list(ids)
    parked = state is DeliveryState.PARKED
    values: dict[str, Any] = {"state": state, "reason": reason, "owner": None, "lease_until": None}
    if not parked:
        values |= {"finished_at": now, "message": None}
    _update(session, Delivery.id.in_(ids), values)
    if not parked:
        planned = and_(Reminder.delivery_id.in_(ids), Reminder.state == ReminderState.PLANNED)
        after = {"state": _REMINDERS_AFTER[state], "reason": reason}
        session.execute(update(Reminder).where(planned).values(after))


def _update(session: AnySession, which: ColumnElement[bool], values: Mapping[str, Any]) -> int:
    statement = update(Delivery).where(which).values(values)
    return session.connection().execute(statement).rowcount


def _attempt(
    session: AnySession,
    mail: Claimed,
    now: datetime,
    outcome: AttemptOutcome,
    stage: str,
    code: int | None = None,
    reply: str | None = None,
) -> int | None:
    known = exists().where(Delivery.id == mail.id)
    if not session.scalar(select(known)):
        return None  # erased with its subscriber, meanwhile
    made = session.connection().execute(
        insert(DeliveryAttempt).values(
            delivery_id=mail.id,
            epoch=mail.epoch,
            owner=mail.owner,
            at=now,
            outcome=outcome,
            stage=stage,
            code=code,
            reply=reply,
        )
    )
    [id_] = made.inserted_primary_key or [0]
    return int(id_)


def _close_attempt(
    session: AnySession,
    attempt: int,
    outcome: AttemptOutcome,
    stage: str,
    code: int | None,
    reply: str | None,
) -> None:
    values = {"outcome": outcome, "stage": stage, "code": code, "reply": reply}
    session.execute(update(DeliveryAttempt).where(DeliveryAttempt.id == attempt).values(values))
