"""The outbox: mails are queued, claimed, released, and ended when there is nothing to send.

The states are those of ``reminders.rules.deliveries``. Each public function is one transaction,
unless it says that it runs inside the caller's. What happens between a claim and its end is in
``reminders.attempts``. ``now`` is an aware UTC instant everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    and_,
    any_,
    bindparam,
    func,
    literal,
    or_,
    select,
    update,
)

from calendar_app.catalogue import queries
from calendar_app.reminders.mail.message import Letterhead, Message
from calendar_app.reminders.models.outbox import Delivery, Reminder
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.reminders.rules.deliveries import (
    DOUBT,
    LEASE,
    PATIENCE,
    DeliveryKind,
    DeliveryState,
    ReminderState,
)
from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.school.local_time import paris_day
from calendar_app.store.base import AnySession, writing
from calendar_app.store.models import SendingHold

_ANSWERS = tuple(kind for kind in DeliveryKind if kind.is_answer)
#: A person waits for an answer; a morning of reminders must not keep it.
_BY_URGENCY = (*_ANSWERS, *(kind for kind in DeliveryKind if not kind.is_answer))

#: The largest number of rows that one transaction ends.
_IDS = 1_000

#: The final state of the reminders of a mail, by the final state of the mail.
_REMINDERS_AFTER = {
    DeliveryState.SENT: ReminderState.SENT,
    DeliveryState.EXPIRED: ReminderState.EXPIRED,
    DeliveryState.FAILED: ReminderState.CANCELLED,
    DeliveryState.CANCELLED: ReminderState.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery as it was when a worker claimed it.

    :param subscriber_id: None for a mail to a person who is not a subscriber.
    :param epoch: the number of this claim.
    :param form_key: with *form_values*, the content that was sent in an earlier doubt, if any.
    """

    id: int
    subscriber_id: int | None
    kind: DeliveryKind
    epoch: int
    owner: str
    created_at: datetime
    expires_at: datetime
    tries: int
    doubts: int
    form_key: str | None
    form_values: str | None


class OtherMail(Protocol):
    """A mail to a person who is not a subscriber."""

    @property
    def address(self) -> str:
        """The address of the recipient."""

    def token(self, links: PersonalLinks, mail: Claimed) -> str | None:
        """Return the token of the mail's link, empty if it has no link; None if it must not be
        sent."""

    def message(self, head: Letterhead) -> Message:
        """Return the message of the mail."""


class OtherMails(Protocol):
    """The mails to people who are not subscribers, as a later room knows them."""

    def read(
        self, session: AnySession, mails: Sequence[Claimed], now: datetime
    ) -> Mapping[int, OtherMail]:
        """Return these mails by their ids, without the mails that nobody waits for."""

    def somebody_waits(self, now: datetime) -> ColumnElement[bool]:
        """Return the SQL condition of the gate: somebody still waits for the delivery."""


@dataclass(frozen=True, slots=True)
class Swept:
    """The counts of a sweep: mails that were too late to send, lost leases, and parked mails."""

    expired: int
    lost: int
    parked: int


def queue_mail(
    session: AnySession, subscriber: Subscriber, kind: DeliveryKind, now: datetime
) -> Delivery:
    """Put a mail that a subscriber has just asked for in the outbox, inside the caller's
    transaction. The worker composes the text when it sends the mail."""
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


def queue_other(
    session: AnySession, kind: DeliveryKind, now: datetime, expires_at: datetime | None = None
) -> Delivery:
    """Put a mail to a person who is not a subscriber in the outbox, inside the caller's
    transaction. The caller makes the row that the mail is about point at it. The worker composes
    the text when it sends the mail.

    :param expires_at: the instant (UTC) from which the mail is useless; it expires after 48 hours
        at most.
    """
    delivery = Delivery(
        kind=kind,
        day=paris_day(now),
        due_at=now,
        expires_at=min(now + PATIENCE, expires_at or now + PATIENCE),
        created_at=now,
    )
    session.add(delivery)
    session.flush()
    return delivery


def sweep(session: AnySession, now: datetime) -> Swept:
    """Release the mails of dead workers, park mails that stay in doubt, and expire late mails."""
    is_open = Delivery.finished_at.is_(None)
    silent = and_(is_open, Delivery.state == DeliveryState.IN_DOUBT, Delivery.due_at <= now - DOUBT)
    with writing(session, now):
        lost = _update(
            session.connection(),
            and_(is_open, Delivery.state == DeliveryState.CLAIMED, Delivery.lease_until <= now),
            {"state": DeliveryState.PENDING, "owner": None, "lease_until": None},
        )
        no_more = or_(Delivery.doubts >= 2, Delivery.kind.in_(_ANSWERS), Delivery.expires_at <= now)
        parked = _update(
            session.connection(),
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
            finish(session, ids, DeliveryState.EXPIRED, "trop tard", now)
        expired += len(ids)
        if len(ids) < _IDS:
            return Swept(expired, lost, parked)


def claim(session: AnySession, owner: str, now: datetime, limit: int) -> list[Claimed]:
    """Claim mails that are due for a worker, for the time of a lease: answers that a
    person waits for first, then kind by kind, the oldest of each kind first. A mail that was in
    doubt for long enough is claimed once more. Nothing is claimed while sending is held."""
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
        if session.scalar(select(SendingHold.id)):
            return []
        # Kind by kind, so that an index gives the oldest mails first, however many wait.
        for kind in _BY_URGENCY:
            for which in (due, silent):
                if len(ids) < limit and not (which is silent and kind.is_answer):
                    query = select(Delivery.id).where(which, Delivery.kind == kind)
                    query = query.order_by(Delivery.due_at, Delivery.id).limit(limit - len(ids))
                    ids += session.scalars(query.with_for_update(skip_locked=True))
        if not ids:
            return []
        rows = session.execute(
            update(Delivery)
            .where(column_is_in(session, Delivery.id, ids))
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
                Delivery.form_key,
                Delivery.form_values,
            )
        )
        found = {row.id: Claimed(*row) for row in rows}
    return [found[id_] for id_ in ids]


def release(session: AnySession, mails: Collection[Claimed], now: datetime) -> None:
    """Release mails that were claimed and not tried, if the claims are still this worker's."""
    if mails:
        with writing(session, now):
            session.connection().execute(RELEASE, [claim_parameters(mail) for mail in mails])


def finish_unsent(
    session: AnySession,
    verdicts: Sequence[tuple[Claimed, DeliveryState, str]],
    now: datetime,
) -> None:
    """End mails that have nothing left to say, and park mails that a person must look at, each with
    its state and reason."""
    if not verdicts:
        return
    with writing(session, now):
        ours = still_owned(session, [mail for mail, _, _ in verdicts], DeliveryState.CLAIMED)
        for mail, state, reason in verdicts:
            if mail.id in ours:
                finish(session, [mail.id], state, reason, now)


def close_reminders(
    session: AnySession, closed: Mapping[int, tuple[ReminderState, str]], now: datetime
) -> None:
    """End the reminders (by id) that a mail does not tell, each with its state and reason."""
    rows = [{"b_id": id_, "state": s, "reason": reason} for id_, (s, reason) in closed.items()]
    if rows:
        with writing(session, now):
            session.connection().execute(_CLOSE_REMINDER, rows)


# -- inside a transaction --------------------------------------------------------------------------

_DELIVERIES: Any = Delivery.__table__
_REMINDERS: Any = Reminder.__table__

#: Releases a claim. Its parameters are those of :func:`claim_parameters`.
RELEASE = (
    update(_DELIVERIES)
    .where(
        _DELIVERIES.c.id == bindparam("b_id"),
        _DELIVERIES.c.owner == bindparam("b_owner"),
        _DELIVERIES.c.epoch == bindparam("b_epoch"),
        _DELIVERIES.c.state == DeliveryState.CLAIMED,
    )
    .values(state=DeliveryState.PENDING, owner=None, lease_until=None)
)
_CLOSE_REMINDER = (
    update(_REMINDERS)
    .where(_REMINDERS.c.id == bindparam("b_id"), _REMINDERS.c.state == ReminderState.PLANNED)
    .values(state=bindparam("state"), reason=bindparam("reason"))
)


def column_is_in(session: AnySession, column: Any, ids: Collection[int]) -> Any:
    """Return the condition ``column IN ids``. PostgreSQL's driver takes as long to read a statement
    with hundreds of parameters as the server takes to run it; there, the ids are one parameter, a
    list."""
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(literal(list(ids), ARRAY(column.type)))
    return column.in_(ids)


def claim_parameters(mail: Claimed) -> dict[str, Any]:
    """Return the parameters that identify a claim."""
    return {"b_id": mail.id, "b_owner": mail.owner, "b_epoch": mail.epoch}


def still_owned(
    session: AnySession, mails: Collection[Claimed], state: DeliveryState, *also: Any
) -> set[int]:
    """Return the ids of the mails whose claims still hold, and whose deliveries are in this state.
    Their rows stay locked until the transaction ends.

    :param also: more conditions on a delivery.
    """
    found = session.execute(
        select(Delivery.id, Delivery.owner, Delivery.epoch)
        .where(
            column_is_in(session, Delivery.id, [m.id for m in mails]),
            Delivery.state == state,
            *also,
        )
        .order_by(Delivery.id)
        .with_for_update(of=Delivery)
    )
    held = {id_: (owner, epoch) for id_, owner, epoch in found}
    return {mail.id for mail in mails if held.get(mail.id) == (mail.owner, mail.epoch)}


def finish(
    session: AnySession,
    ids: Collection[int],
    state: DeliveryState,
    reason: str | None,
    now: datetime,
) -> None:
    """End deliveries with their planned reminders. Parked deliveries stay open for a person, and so
    do their reminders."""
    values: dict[str, Any] = {"state": state, "reason": reason, "owner": None, "lease_until": None}
    parked = state is DeliveryState.PARKED
    if not parked:
        values |= {"finished_at": now, "form_key": None, "form_values": None}
    connection = session.connection()
    _update(connection, column_is_in(session, _DELIVERIES.c.id, ids), values)
    if not parked:
        planned = _REMINDERS.c.state == ReminderState.PLANNED
        after = {"state": _REMINDERS_AFTER[state], "reason": reason}
        of_these = update(_REMINDERS).where(
            column_is_in(session, _REMINDERS.c.delivery_id, ids), planned
        )
        connection.execute(of_these.values(after))


def _update(connection: Connection, which: Any, values: Mapping[str, Any]) -> int:
    return connection.execute(update(_DELIVERIES).where(which).values(values)).rowcount
