"""A window of mails: gated together, handed over one after the other, and noted together.

Two transactions a window, where one mail at a time would need as many for each mail. What is in a
window and has no result when a worker is killed stays in doubt, whether it went out or not.
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
    ids_still_claimed,
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
    """What a server said about a gated mail.

    :param outcome: SENT; DEFERRED, to be tried again at *try_again_at*; REFUSED, for good; or
        IN_DOUBT, when the body went out and no answer came.
    :param refuses_address: the address takes no mail at all, so nobody gets mail there any more.
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
    """Let mails go out, those that are still this worker's to send: they are in doubt from here on.
    The others are noted as stopped, and given back if they may be.

    They are kept until there is an answer, so that a second try sends the same bytes.

    :param others: the mails to people who are no subscribers.
    :returns: the ids of those that may be sent.
    """
    in_time = [prepared.mail for prepared in window if now < prepared.not_after]
    few = [mail for mail in in_time if not mail.kind.to_subscriber]
    with writing(session, now):
        many = [mail for mail in in_time if mail.kind.to_subscriber]
        ours = ids_still_claimed(session, many, DeliveryState.CLAIMED, *_may_go(now), _STILL_ASKS)
        if few:
            # Asked apart: together, PostgreSQL would look through all subscribers for them.
            waits = others.somebody_waits(now)
            ours |= ids_still_claimed(session, few, DeliveryState.CLAIMED, *_may_go(now), waits)
        passed = [prepared for prepared in window if prepared.mail.id in ours]
        _begin(session, passed, now)
        _note_stopped(session, [p.mail for p in window if p.mail.id not in ours], now)
    return ours


def note(
    session: AnySession, results: Sequence[Result], untried: Collection[Claimed], now: datetime
) -> None:
    """Note what became of a window.

    A mail that a server took is sent whoever has the row by now: another worker fails at its gate.

    :param untried: the mails of the window that were not begun: no doubt is left of them, and they
        are claimed as before.
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

# Made once: SQLAlchemy takes longer to build a statement than a store to run it.
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
        # What is sent once more tells what it told.
        issue=func.coalesce(bindparam("b_issue", type_=BigInteger), _DELIVERIES.c.issue),
    )
)
_NEW_ATTEMPT = insert(_ATTEMPTS)
#: A claim has one attempt in doubt at most.
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
    """An answer ends the doubt of this try, not that of an earlier one, whose bytes stay. Where
    nothing ever went out, the next try may tell the news."""
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
            del row["tries"]  # it was tried
        session.connection().execute(_DEFER, rows)
    if refused:
        ours = ids_still_claimed(session, [r.mail for r in refused], DeliveryState.IN_DOUBT)
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
    # What holds the token of a password link is written again from its row, never kept.
    kept = [mail for mail in mails if mail.mail.kind is not DeliveryKind.PASSWORD]
    keys = {mail.filled.form: f"{day}/{mail.filled.form.key}" for mail in kept}
    # In one order in all workers, or two of them might wait for each other.
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
    """Note which dates « Le point de la semaine » tells: once for all who get the same."""
    issues = {_issue(mail): mail.tells for mail in mails if mail.tells}
    rows = [
        {"issue": issue, "milestone_id": milestone_id, "day": day}
        for issue, tells in sorted(issues.items())
        for milestone_id, day in tells
    ]
    if rows:
        session.connection().execute(insert_new(session, WeeklyDate), rows)


def _issue(mail: Prepared) -> int:
    """Return a number that only mails with the same dates have (of 64 bits, so that it fits)."""
    digest = hashlib.sha256(repr(mail.tells).encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


def _note_stopped(session: AnySession, mails: Sequence[Claimed], now: datetime) -> None:
    """The gate was shut for these: what is still ours goes back."""
    if not mails:
        return
    # Some were erased with their subscriber, meanwhile.
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
