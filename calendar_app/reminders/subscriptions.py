"""Signing up for reminders, and everything that a subscriber may do with a personal link.

1. ``sign_up`` stores the wishes of an address and asks it to confirm (called by
   ``reminders.asked``);
2. ``confirm`` (the link) or ``check_code`` (six digits) proves that the mailbox is the person's;
3. with the link of any mail, the person changes, pauses, moves, exports, ends or erases everything.

A stranger may type any address. A request by address never changes what a confirmed person gets,
and the answer never tells whether the address is known. Mails are queued in the transaction that
they tell about; the worker composes and sends them. ``now`` is an aware UTC instant everywhere.
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.sql.dml import UpdateBase

from calendar_app.config import retention
from calendar_app.reminders.keeping.ledger import Ledger
from calendar_app.reminders.models.outbox import Delivery, LinkWish
from calendar_app.reminders.models.subscriptions import (
    AddressRequest,
    PersonalAgenda,
    Subscriber,
    Subscription,
)
from calendar_app.reminders.outbox import queue_mail
from calendar_app.reminders.rules.deliveries import DeliveryKind, SubscriberState
from calendar_app.reminders.rules.personal_links import (
    CODE_LIFE,
    CONFIRMATION_LIFE,
    BadLinkError,
    PersonalLinks,
)
from calendar_app.reminders.subscribers import (
    CONSENT,
    ENDED,
    SUBSCRIBED,
    AddressTakenError,
    ConfirmationExpiredError,
    NotSubscribedError,
    SignUp,
    Wishes,
    WrongCodeError,
    activate,
    agenda_changed,
    changing,
    find,
    of_address,
    set_state,
    set_wishes,
    whether_or_not,
)
from calendar_app.store import limits
from calendar_app.store.base import AnySession, writing
from calendar_app.store.models import RateCount
from calendar_app.words.mail_addresses import MailAddress

#: Its code is computed where no subscriber is found, so that both cases take the same time.
_NOBODY = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How many rows were deleted, and how many new addresses forgotten."""

    unconfirmed: int
    ended: int
    counts: int
    new_addresses: int


# -- signing up and confirming ---------------------------------------------------------------------


# The next two functions run inside the caller's transaction: that of the worker, which looks up the
# address (see ``reminders.asked``).


def sign_up(session: AnySession, request: SignUp, asked_at: datetime, now: datetime) -> None:
    """Store the wishes of an address and send it a confirmation. A person who is already subscribed
    gets their link instead, and nothing else changes for them; the mail names the events and the
    next editions that were asked for, each with the link that notes the wish.

    :param asked_at: when the person agreed (aware UTC).
    """
    found = of_address(session, request.address.key)
    if found and found.state in SUBSCRIBED:
        mail = _send(session, found, DeliveryKind.LINK, now)
        session.flush()
        asked = dict.fromkeys(request.event_ids, False) | dict.fromkeys(request.next_of, True)
        session.add_all(
            LinkWish(delivery_id=mail.id, event_id=id_, next_edition=is_next)
            for id_, is_next in asked.items()
        )
        return
    if found is None:
        found = Subscriber(uid=uuid.uuid4(), created_at=now)
    elif found.state in ENDED:
        # A person who signs up again starts without the old subscriptions.
        session.execute(delete(Subscription).where(Subscription.subscriber_id == found.id))
        session.execute(delete(PersonalAgenda).where(PersonalAgenda.subscriber_id == found.id))
        session.expire(found, ["subscriptions"])
    found.address, found.address_key = request.address.address, request.address.key
    found.state, found.state_at, found.since = SubscriberState.UNCONFIRMED, now, now
    found.consent_wording, found.consent_at, found.consent_means = request.consent, asked_at, None
    found.heard_at = now
    set_wishes(found, request.wishes)
    session.add(found)
    session.flush()
    for event_id in (*request.event_ids, *request.next_of):
        followed = session.get(Subscription, (found.id, event_id))
        if followed is None:
            followed = Subscription(subscriber_id=found.id, event_id=event_id, since=now)
            session.add(followed)
        followed.picked = followed.picked or event_id in request.event_ids
        followed.next_year = followed.next_year or event_id in request.next_of
    _send(session, found, DeliveryKind.CONFIRMATION, now)


def send_link(session: AnySession, address: MailAddress, now: datetime) -> None:
    """« Retrouver mon lien »: send a subscriber their link and an unconfirmed person the
    confirmation; send nothing to any other address."""
    found = of_address(session, address.key)
    if found and found.state in SUBSCRIBED:
        _send(session, found, DeliveryKind.LINK, now)
    elif found and found.state is SubscriberState.UNCONFIRMED:
        _send(session, found, DeliveryKind.CONFIRMATION, now)


def resend_confirmation(session: AnySession, uid: uuid.UUID, now: datetime) -> None:
    """Send a confirmation again.

    :raises BadLinkError: when no subscriber has this *uid*.
    :raises NotSubscribedError: when no sign-up waits to be confirmed.
    """
    with changing(session, uid, now, SubscriberState.UNCONFIRMED) as found:
        _send(session, found, DeliveryKind.CONFIRMATION, now)


def confirmation_expired(subscriber: Subscriber, now: datetime) -> bool:
    """Whether the link of the latest confirmation is too old."""
    return subscriber.code_at is None or now >= subscriber.code_at + CONFIRMATION_LIFE


def confirm(session: AnySession, uid: uuid.UUID, means: str, now: datetime) -> Subscriber:
    """Confirm a sign-up; nothing changes for a person who is already subscribed.

    :param means: how the person confirmed: ``lien`` or ``code``.
    :raises BadLinkError: when no subscriber has this *uid*.
    :raises ConfirmationExpiredError: when the link is too old.
    :raises NotSubscribedError: when the subscription was ended since.
    """
    with changing(session, uid, now, SubscriberState.UNCONFIRMED, *SUBSCRIBED) as found:
        if found.state is SubscriberState.UNCONFIRMED:
            if confirmation_expired(found, now):
                raise ConfirmationExpiredError
            activate(found, means, now)
        return found


def check_code(
    session: AnySession, address: MailAddress, code: str, links: PersonalLinks, now: datetime
) -> tuple[Subscriber, bool]:
    """Check the six digits of the latest mail, and confirm the sign-up that waits for them.

    Every try is counted before it is checked, and an unknown address costs the same statements as a
    known one. The right code resets the count.

    :returns: the subscriber, and whether the code confirmed the sign-up.
    :raises WrongCodeError: always the same error, whatever is wrong.
    """
    columns = (Subscriber.uid, Subscriber.code_at, Subscriber.state)
    mine = Subscriber.address_key == address.key
    uid, code_at, state = whether_or_not(session, mine, *columns)
    tried = links.fingerprint(f"code/{address.key}/{code_at and code_at.isoformat()}")
    may_try = limits.take(session, limits.WRONG_CODES_A_MAIL, tried, now)
    expected = links.code(uid or _NOBODY, code_at or now)
    right = hmac.compare_digest(expected.encode(), code.encode())
    if not (right and may_try and uid and now < code_at + CODE_LIFE and state not in ENDED):
        raise WrongCodeError
    limits.forget(session, limits.WRONG_CODES_A_MAIL, tried, now)
    with writing(session, now):
        found = of_address(session, address.key)
        if found is None or (found.uid, found.code_at) != (uid, code_at) or found.state in ENDED:
            raise WrongCodeError
        found.heard_at = now
        confirmed = found.state is SubscriberState.UNCONFIRMED
        if confirmed:
            activate(found, "code", now)
    return found, confirmed


# -- with a personal link --------------------------------------------------------------------------


# The functions below raise BadLinkError when no subscriber has the *uid*, and NotSubscribedError
# when the state of the subscriber does not allow the action.


def change(session: AnySession, uid: uuid.UUID, wishes: Wishes, now: datetime) -> None:
    """Replace the wishes of a subscriber. Leads that have already passed do not fire."""
    with changing(session, uid, now, *SUBSCRIBED) as found:
        names = [f.name for f in fields(Wishes) if f.name != "weekly"]
        if any(getattr(found, name) != getattr(wishes, name) for name in names):
            found.since = now
            agenda_changed(session, PersonalAgenda.subscriber_id == found.id, now)
        set_wishes(found, wishes)


def pause(session: AnySession, uid: uuid.UUID, now: datetime) -> None:
    """Send no reminders until the subscriber resumes them."""
    with changing(session, uid, now, *SUBSCRIBED) as found:
        set_state(found, SubscriberState.PAUSED, now)


def resume(session: AnySession, uid: uuid.UUID, now: datetime) -> None:
    """Send reminders again. The reminders of the pause are not made up for."""
    with changing(session, uid, now, *SUBSCRIBED) as found:
        if found.state is SubscriberState.PAUSED:
            found.since = now
        set_state(found, SubscriberState.ACTIVE, now)


def ask_new_address(
    session: AnySession, uid: uuid.UUID, address: MailAddress, now: datetime
) -> None:
    """Ask another address to confirm that a subscriber moves to it."""
    with changing(session, uid, now, *SUBSCRIBED) as found:
        found.new_address = address.address
        queue_mail(session, found, DeliveryKind.NEW_ADDRESS, now)


def waiting_new_address(
    session: AnySession, uid: uuid.UUID, fingerprint: str, links: PersonalLinks
) -> str:
    """Return the address that a token of ``PersonalLinks.new_address_token`` stands for.

    :raises BadLinkError: when the subscriber does not wait for this address any more.
    """
    address = find(session, uid).new_address
    if address is None or links.fingerprint(address) != fingerprint:
        raise BadLinkError
    return address


def confirm_new_address(
    session: AnySession, uid: uuid.UUID, fingerprint: str, links: PersonalLinks, now: datetime
) -> Subscriber:
    """Move a subscriber to the address that they asked for. Their links change, so that the links
    in the old mailbox are void.

    :raises AddressTakenError: when another person is subscribed at that address.
    """
    with changing(session, uid, now, *SUBSCRIBED) as found:
        address = waiting_new_address(session, uid, fingerprint, links)
        other = of_address(session, address.casefold())
        if other and other.id != found.id:
            if other.state in SUBSCRIBED:
                raise AddressTakenError
            session.execute(delete(Subscriber).where(Subscriber.id == other.id))
            session.expunge(other)
        found.address, found.address_key = address, address.casefold()
        found.new_address, found.uid, found.code_at = None, uuid.uuid4(), None
        return found


def unsubscribe(
    session: AnySession, uid: uuid.UUID, now: datetime, ledger: Ledger | None = None
) -> None:
    """End all mails, with one last mail to say goodbye. A second call changes nothing more.

    :param ledger: where it is noted, so that a restored backup keeps to it.
    :raises BadLinkError: when no subscriber has this *uid*.
    """
    with changing(session, uid, now, *SubscriberState) as found:
        if found.state in ENDED:
            return
        if ledger:
            ledger.left(found.address_key, now)
        was_subscribed = found.state in SUBSCRIBED
        set_state(found, SubscriberState.UNSUBSCRIBED, now)
        found.new_address = found.code_at = None
        if was_subscribed:
            queue_mail(session, found, DeliveryKind.GOODBYE, now)


def come_back(session: AnySession, uid: uuid.UUID, now: datetime) -> None:
    """Undo an unsubscription, with everything that was followed; the link proves the mailbox. After
    30 days (``retention.ENDED``) it is too late."""
    with changing(session, uid, now, SubscriberState.UNSUBSCRIBED, *SUBSCRIBED) as found:
        if found.state is SubscriberState.UNSUBSCRIBED:
            if now >= found.state_at + retention.ENDED:
                raise NotSubscribedError
            found.consent_wording = found.consent_wording or CONSENT
            activate(found, "lien", now)


def erase(
    session: AnySession,
    uid: uuid.UUID,
    now: datetime,
    forget_elsewhere: Callable[[AnySession, str, datetime], None],
    ledger: Ledger | None = None,
) -> None:
    """Delete a subscriber with everything that belongs to them: wishes, reminders, mails, and their
    address wherever else it is kept.

    :param forget_elsewhere: erases an address (``MailAddress.key``) from what later rooms keep,
        inside this transaction.
    :param ledger: where it is noted, so that a restored backup keeps to it.
    :raises BadLinkError: when no subscriber has this *uid*.
    """
    with changing(session, uid, now, *SubscriberState) as found:
        if ledger:
            ledger.erased(found.address_key, now)
        forget_elsewhere(session, found.address_key, now)
        waiting = func.lower(AddressRequest.address) == found.address_key
        session.execute(delete(AddressRequest).where(waiting))
        session.execute(delete(Subscriber).where(Subscriber.id == found.id))
        session.expunge_all()


def clean(session: AnySession, now: datetime) -> Cleaned:
    """Delete what may not be kept any longer (``config.retention``): unconfirmed sign-ups, ended
    subscriptions, and counts whose time is over. Unconfirmed new addresses are forgotten."""

    def older(states: tuple[SubscriberState, ...], kept: timedelta) -> int:
        conditions = (Subscriber.state.in_(states), Subscriber.state_at <= now - kept)
        return _count(session, delete(Subscriber).where(*conditions))

    asked = select(Delivery.id).where(
        Delivery.subscriber_id == Subscriber.id,
        Delivery.kind == DeliveryKind.NEW_ADDRESS,
        Delivery.created_at > now - retention.UNCONFIRMED,
    )
    with writing(session, now):
        return Cleaned(
            unconfirmed=older((SubscriberState.UNCONFIRMED,), retention.UNCONFIRMED),
            ended=older(ENDED, retention.ENDED),
            counts=_count(session, delete(RateCount).where(RateCount.expires_at <= now)),
            new_addresses=_count(
                session,
                update(Subscriber)
                .where(Subscriber.new_address.is_not(None), ~asked.exists())
                .values(new_address=None),
            ),
        )


def _send(
    session: AnySession, subscriber: Subscriber, kind: DeliveryKind, now: datetime
) -> Delivery:
    """Queue a mail that carries a code; the codes of earlier mails become void."""
    subscriber.code_at = now
    return queue_mail(session, subscriber, kind, now)


def _count(session: AnySession, statement: UpdateBase) -> int:
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return int(result.rowcount)  # type: ignore[attr-defined]
