"""A window of mails: what is stored before its mails are sent, and after.

A window passes the gate in one transaction, its mails are sent one after the other, and their
results are noted in a second transaction. (One mail at a time would take two transactions a mail.)
If a worker is killed, the mails of its window that have no result stay in doubt, whether they were
sent or not. ``now`` is an aware UTC instant everywhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from calendar_app.reminders.composing import Prepared
from calendar_app.reminders.models.outbox import Delivery, DeliveryAttempt, MailForm, WeeklyDate
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.reminders.outbox import (
    RELEASE,
    Claimed,
    OtherMails,
    claim_parameters,
    column_is_in,
    finish,
    still_owned,
)
from calendar_app.reminders.rules.deliveries import (
    AttemptOutcome,
    DeliveryKind,
    DeliveryState,
    SubscriberState,
)
from calendar_app.store.base import AnySession, insert_new, writing

_DELIVERIES: Any = Delivery.__table__
_ATTEMPTS: Any = DeliveryAttempt.__table__


@dataclass(frozen=True, slots=True)
class Result:
    """What happened to one mail that had passed the gate.

    :param outcome: SENT; DEFERRED, to be tried again at *try_again_at*; REFUSED, for good; or
        IN_DOUBT, when the body was sent and no answer came.
    :param stage: the stage that was reached (see ``TransportError``).
    :param try_again_at: aware UTC; None unless the mail is deferred.
    :param refuses_address: whether the address takes no mail at all, so that its subscriber gets no
        mail any more.
    """

    mail: Claimed
    outcome: AttemptOutcome
    stage: str
    code: int | None
    reply: str
    try_again_at: datetime | None = None
    refuses_address: bool = False


def gate(
    session: AnySession, window: Sequence[Prepared], now: datetime, others: OtherMails
) -> set[int]:
    """Mark as in doubt the mails that may be sent: those whose claim and dates are still valid, and
    whose recipients still want them. The other mails are noted as stopped, and released if the
    claim is still this worker's.

    The content of a mail is kept until there is an answer, so that a second try sends the same
    bytes.

    :param others: the mails to people who are not subscribers.
    :returns: the ids of the mails that may be sent.
    """
    in_time = [prepared.mail for prepared in window if now < prepared.not_after]
    few = [mail for mail in in_time if not mail.kind.to_subscriber]
    with writing(session, now):
        many = [mail for mail in in_time if mail.kind.to_subscriber]
        ours = still_owned(session, many, DeliveryState.CLAIMED, *_may_go(now), _STILL_ASKS)
        if few:
            # A query of its own: in one query, PostgreSQL would scan all subscribers for these few
            # mails.
            waits = others.somebody_waits(now)
            ours |= still_owned(session, few, DeliveryState.CLAIMED, *_may_go(now), waits)
        passed = [prepared for prepared in window if prepared.mail.id in ours]
        _begin(session, passed, now)
        _note_stopped(session, [p.mail for p in window if p.mail.id not in ours], now)
    return ours


def note(
    session: AnySession, results: Sequence[Result], untried: Collection[Claimed], now: datetime
) -> None:
    """Note the results of a window.

    A mail that a server accepted is noted as sent, even if another worker has claimed it since:
    that worker fails at its gate.

    :param untried: the mails of the window that were not begun. They are not in doubt any more, but
        claimed as before the gate.
    """
    with writing(session, now):
        connection = session.connection()
        if results:
            connection.execute(_CLOSE_ATTEMPT, [_closing(result) for result in results])
        sent = [r.mail.id for r in results if r.outcome is AttemptOutcome.SENT]
        if sent:
            those = column_is_in(session, Delivery.id, sent)
            open_ = select(Delivery.id).where(those, Delivery.finished_at.is_(None))
            finish(session, list(session.scalars(open_)), DeliveryState.SENT, None, now)
        _note_refused(session, [r for r in results if r.outcome in _NOT_ACCEPTED], now)
        if untried:
            connection.execute(_TAKE_BACK, [_as_claimed(mail) for mail in untried])
            connection.execute(_DROP_ATTEMPT, [_begun(mail) for mail in untried])


# -- inside a transaction --------------------------------------------------------------------------

_NOT_ACCEPTED = (AttemptOutcome.DEFERRED, AttemptOutcome.REFUSED)


def _may_go(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Delivery.lease_until > now, Delivery.expires_at > now


_STILL_ASKS = exists().where(
    Subscriber.id == Delivery.subscriber_id,
    or_(
        *(
            and_(
                Delivery.kind.in_([kind for kind in DeliveryKind if kind.states == states]),
                Subscriber.state.in_(states),
            )
            for states in dict.fromkeys(k.states for k in DeliveryKind if k.to_subscriber)
        )
    ),
)

# Built once: SQLAlchemy takes longer to build a statement than a database takes to run it.
_IN_DOUBT = (
    update(_DELIVERIES)
    .where(_DELIVERIES.c.id == bindparam("b_id"))
    .values(
        state=DeliveryState.IN_DOUBT,
        doubts=_DELIVERIES.c.doubts + 1,
        tries=_DELIVERIES.c.tries + 1,
        due_at=bindparam("b_now"),
        form_key=bindparam("b_form"),
        form_values=bindparam("b_values"),
        # A mail that is sent again tells the same dates.
        issue=func.coalesce(bindparam("b_issue", type_=BigInteger), _DELIVERIES.c.issue),
    )
)
_NEW_ATTEMPT = insert(_ATTEMPTS)
#: The open attempt of a claim, which has at most one attempt in doubt.
_BEGUN = and_(
    _ATTEMPTS.c.delivery_id == bindparam("b_id"),
    _ATTEMPTS.c.epoch == bindparam("b_epoch"),
    _ATTEMPTS.c.outcome == AttemptOutcome.IN_DOUBT,
)
_DROP_ATTEMPT = delete(_ATTEMPTS).where(_BEGUN)
_CLOSE_ATTEMPT = (
    update(_ATTEMPTS)
    .where(_BEGUN)
    .values({name: bindparam(name) for name in ("outcome", "stage", "code", "reply")})
)
_OURS_IN_DOUBT = and_(
    _DELIVERIES.c.id == bindparam("b_id"),
    _DELIVERIES.c.owner == bindparam("b_owner"),
    _DELIVERIES.c.epoch == bindparam("b_epoch"),
    _DELIVERIES.c.state == DeliveryState.IN_DOUBT,
)
_DEFER = (
    update(_DELIVERIES)
    .where(_OURS_IN_DOUBT)
    .values(
        state=DeliveryState.PENDING,
        owner=None,
        lease_until=None,
        **{
            name: bindparam(name)
            for name in ("due_at", "reason", "doubts", "form_key", "form_values")
        },
    )
)
_TAKE_BACK = (
    update(_DELIVERIES)
    .where(_OURS_IN_DOUBT)
    .values(
        state=DeliveryState.CLAIMED,
        **{name: bindparam(name) for name in ("tries", "doubts", "form_key", "form_values")},
    )
)


def _closing(result: Result) -> dict[str, Any]:
    return _begun(result.mail) | {
        "outcome": result.outcome,
        "stage": result.stage,
        "code": result.code,
        "reply": result.reply,
    }


def _begun(mail: Claimed) -> dict[str, Any]:
    return {"b_id": mail.id, "b_epoch": mail.epoch}


def _as_claimed(mail: Claimed) -> dict[str, Any]:
    """Return the values that a delivery had before the gate.

    An answer ends the doubt of this try, but not the doubt of an earlier try, whose bytes are kept.
    If no earlier try was in doubt, the next try is composed again and may tell newer dates.
    """
    kept = {"doubts": mail.doubts, "form_key": mail.form_key, "form_values": mail.form_values}
    return claim_parameters(mail) | {"tries": mail.tries} | kept


def _note_refused(session: AnySession, results: Sequence[Result], now: datetime) -> None:
    deferred = [r for r in results if r.outcome is AttemptOutcome.DEFERRED]
    refused = [r for r in results if r.outcome is AttemptOutcome.REFUSED]
    if deferred:
        rows = [
            _as_claimed(r.mail) | {"due_at": r.try_again_at, "reason": r.reply} for r in deferred
        ]
        for row in rows:
            del row["tries"]  # this try counts
        session.connection().execute(_DEFER, rows)
    if refused:
        ours = still_owned(session, [r.mail for r in refused], DeliveryState.IN_DOUBT)
        for r in refused:
            if r.mail.id in ours:
                finish(session, [r.mail.id], DeliveryState.FAILED, r.reply, now)
    gone = [
        r.mail.subscriber_id
        for r in refused
        if r.refuses_address and r.mail.subscriber_id is not None
    ]
    if gone:
        session.execute(
            update(Subscriber)
            .where(Subscriber.id.in_(gone))
            .values(state=SubscriberState.REFUSED, state_at=now)
        )


def _begin(session: AnySession, mails: Sequence[Prepared], now: datetime) -> None:
    if not mails:
        return
    connection = session.connection()
    day = now.date()
    # A mail with a password link is composed again from its row: its token is never stored.
    kept = [mail for mail in mails if mail.mail.kind is not DeliveryKind.PASSWORD]
    keys = {mail.filled.form: f"{day}/{mail.filled.form.key}" for mail in kept}
    # All workers insert in the same order; otherwise, two of them could wait for each other.
    forms = sorted((key, form) for form, key in keys.items())
    new = [{"key": key, "day": day, "stored": form.stored} for key, form in forms]
    if new:
        connection.execute(insert_new(session, MailForm), new)
    _note_issues(session, mails)
    rows = [
        {
            "b_id": mail.mail.id,
            "b_now": now,
            "b_form": keys.get(mail.filled.form),
            "b_values": json.dumps(mail.filled.values) if mail.filled.form in keys else None,
            "b_issue": _issue(mail) if mail.tells else None,
        }
        for mail in mails
    ]
    connection.execute(_IN_DOUBT, rows)
    begun = [_attempt(mail.mail, now, AttemptOutcome.IN_DOUBT, "body") for mail in mails]
    connection.execute(_NEW_ATTEMPT, begun)


def _note_issues(session: AnySession, mails: Sequence[Prepared]) -> None:
    """Note which dates each issue of « Le point de la semaine » tells, once for all its readers."""
    issues = {_issue(mail): mail.tells for mail in mails if mail.tells}
    rows = [
        {"issue": issue, "milestone_id": milestone_id, "day": day}
        for issue, tells in sorted(issues.items())
        for milestone_id, day in tells
    ]
    if rows:
        session.connection().execute(insert_new(session, WeeklyDate), rows)


def _issue(mail: Prepared) -> int:
    """Return a number of 64 bits that only mails with the same dates share."""
    digest = hashlib.sha256(repr(mail.tells).encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


def _note_stopped(session: AnySession, mails: Sequence[Claimed], now: datetime) -> None:
    """Note that these mails did not pass the gate, and release the claims that are still this
    worker's."""
    if not mails:
        return
    # Some deliveries may have been erased with their subscriber since.
    there = select(Delivery.id).where(Delivery.id.in_([mail.id for mail in mails]))
    known = set(session.scalars(there.with_for_update(read=True, key_share=True)))
    rows = [_attempt(m, now, AttemptOutcome.STOPPED, "gate") for m in mails if m.id in known]
    if rows:
        session.connection().execute(_NEW_ATTEMPT, rows)
        session.connection().execute(RELEASE, [claim_parameters(mail) for mail in mails])


def _attempt(
    mail: Claimed, now: datetime, outcome: AttemptOutcome, stage: str
) -> Mapping[str, Any]:
    return {
        "delivery_id": mail.id,
        "epoch": mail.epoch,
        "owner": mail.owner,
        "at": now,
        "outcome": outcome,
        "stage": stage,
    }
