"""Subscribers: the values of the forms, the errors, and how a subscriber is found and changed.

The public operations are in ``reminders.subscriptions`` and ``reminders.follows``.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal, select, update

from calendar_app.config.retention import duration_words
from calendar_app.reminders.models.subscriptions import PersonalAgenda, Subscriber
from calendar_app.reminders.rules.deliveries import SubscriberState
from calendar_app.reminders.rules.personal_links import CODE_LIFE, CONFIRMATION_LIFE, BadLinkError
from calendar_app.reminders.rules.reminder_plan import SchoolKind
from calendar_app.store.base import AnySession, writing
from calendar_app.store.limits import CODE_TRIES
from calendar_app.words.errors import CalendarError
from calendar_app.words.mail_addresses import MailAddress

#: The text that a subscriber agrees to: the form shows it, and the store keeps it.
CONSENT = (
    "En m'abonnant, j'accepte de recevoir à cette adresse les rappels que j'ai choisis. "
    "Je peux tout arrêter à tout moment, par un lien présent dans chaque courriel."
)

#: The states of people who confirmed and did not end their subscription.
SUBSCRIBED = (SubscriberState.ACTIVE, SubscriberState.PAUSED)
ENDED = (SubscriberState.UNSUBSCRIBED, SubscriberState.REFUSED)


class NotSubscribedError(CalendarError):
    """The action is not possible in the subscriber's state; the personal page shows which actions
    are."""

    def __init__(self) -> None:
        super().__init__("Cette action n'est plus possible : vos rappels ont changé entre-temps.")


class ConfirmationExpiredError(CalendarError):
    """The link of a confirmation is too old; the person may ask for another mail."""

    def __init__(self) -> None:
        super().__init__(
            f"Ce lien de confirmation a plus de {duration_words(CONFIRMATION_LIFE)} : "
            "demandez-en un autre."
        )


class WrongCodeError(CalendarError):
    """The six digits are not those of the latest mail, are too old, or were tried too often."""

    def __init__(self) -> None:
        super().__init__(
            "Ce code n'est pas celui du dernier courriel, ou n'est plus valable (il l'est "
            f"{duration_words(CODE_LIFE)} et {CODE_TRIES} essais). Vérifiez-le, ou demandez un "
            "autre courriel."
        )


class AddressTakenError(CalendarError):
    """Another subscriber already gets reminders at the new address of a subscriber."""

    def __init__(self) -> None:
        super().__init__(
            "Cette adresse reçoit déjà des rappels de son côté : elle ne peut pas remplacer la "
            "vôtre. Effacez d'abord l'un des deux abonnements."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a subscriber wants to hear of. The fields have the names and meanings of
    :class:`Subscriber`."""

    academy_slug: str | None
    school: SchoolKind
    classes: frozenset[str]
    themes: frozenset[str]
    leads: frozenset[str]
    follows_all: bool = False
    weekly: bool = False


@dataclass(frozen=True, slots=True)
class SignUp:
    """One sign-up form: typed values that were checked.

    :param event_ids: the events that were picked with « Me prévenir » on their page or in a
        selection; they must exist.
    :param next_of: the events that have passed and whose next edition is asked for; they must
        exist.
    """

    address: MailAddress
    wishes: Wishes
    event_ids: tuple[str, ...] = ()
    next_of: tuple[str, ...] = ()
    consent: str = CONSENT


def find(session: AnySession, uid: uuid.UUID, *, for_update: bool = False) -> Subscriber:
    """Return the subscriber that a link stands for.

    :param for_update: whether to lock the row until the transaction ends.
    :raises BadLinkError: when the subscriber was erased, or has other links since.
    """
    query = select(Subscriber).where(Subscriber.uid == uid)
    found = session.scalar(query.with_for_update() if for_update else query)
    if found is None:
        raise BadLinkError
    return found


def whether_or_not(
    session: AnySession, condition: ColumnElement[bool], *columns: Any
) -> tuple[Any, ...]:
    """Return these columns of the one row that meets the condition, or None for each column if
    there is no such row. It is one statement and one row in both cases, so that the time tells
    nobody which case it was."""
    one = select(literal(1).label("one")).subquery()
    found = select(*columns).select_from(one).outerjoin(columns[0].class_, condition)
    return tuple(session.execute(found).one())


def of_address(session: AnySession, key: str) -> Subscriber | None:
    """Return the subscriber of an address (``MailAddress.key``), locked until the transaction ends;
    None if there is none."""
    query = select(Subscriber).where(Subscriber.address_key == key).with_for_update()
    return session.scalar(query)


@contextmanager
def changing(
    session: AnySession, uid: uuid.UUID, now: datetime, *states: SubscriberState
) -> Iterator[Subscriber]:
    """Run the block as a write transaction on a subscriber, whose row stays locked.

    :param states: the states in which the change is allowed.
    :raises BadLinkError: when no subscriber has this *uid*.
    :raises NotSubscribedError: when the subscriber is in another state.
    """
    with writing(session, now):
        found = find(session, uid, for_update=True)
        if found.state not in states:
            raise NotSubscribedError
        found.heard_at = now
        yield found


def agenda_changed(session: AnySession, whose: ColumnElement[bool], now: datetime) -> None:
    """Note that the personal agendas of some subscribers say something else from now on. It is
    called in the transaction of the change.

    :param whose: a condition on ``PersonalAgenda``.
    """
    changes = {"revision": PersonalAgenda.revision + 1, "changed_at": now}
    session.execute(
        update(PersonalAgenda).where(whose).values(changes),
        execution_options={"synchronize_session": False},
    )


def set_wishes(subscriber: Subscriber, wishes: Wishes) -> None:
    """Replace the wishes of a subscriber."""
    for field in fields(Wishes):
        setattr(subscriber, field.name, getattr(wishes, field.name))


def set_state(subscriber: Subscriber, state: SubscriberState, now: datetime) -> None:
    """Put a subscriber into a state; nothing changes if the subscriber is already in it."""
    if subscriber.state is not state:
        subscriber.state, subscriber.state_at = state, now


def activate(subscriber: Subscriber, means: str, now: datetime) -> None:
    """Let a subscriber get mails from now on, and note the consent.

    :param means: how the person confirmed: ``lien`` or ``code``.
    """
    set_state(subscriber, SubscriberState.ACTIVE, now)
    subscriber.since = subscriber.heard_at = now
    subscriber.confirmed_at = subscriber.confirmed_at or now
    subscriber.consent_at, subscriber.consent_means = now, means
