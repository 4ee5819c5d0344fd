"""What a subscriber follows: the events that they picked, the answers of their class, and the dates
ahead.

The functions that take a *uid* raise ``BadLinkError`` when no subscriber has it, and
``NotSubscribedError`` when the subscriber is neither active nor paused. The event must exist.
``now`` is an aware UTC instant.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter, for_person
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.feeds.cards import Card, card
from calendar_app.reminders.models.subscriptions import PersonalAgenda, Subscriber, Subscription
from calendar_app.reminders.rules.personal_links import ClassAnswer
from calendar_app.reminders.subscribers import SUBSCRIBED, agenda_changed, changing
from calendar_app.store.base import AnySession
from calendar_app.words.text import fold

#: How far ahead « bientôt » reaches.
_SOON = timedelta(days=200)


def pick(session: AnySession, uid: uuid.UUID, event_id: str, now: datetime) -> None:
    """« Me prévenir »: pick an event. Leads that have already passed do not fire."""
    with _following(session, uid, event_id, now) as followed:
        if not followed.picked or followed.declined_at:
            followed.since = now
        followed.picked, followed.declined_at = True, None


def unpick(session: AnySession, uid: uuid.UUID, event_id: str, now: datetime) -> None:
    """« Ne plus me prévenir »: the answers of the class are kept. News of what was told before this
    instant is not sent either."""
    with _following(session, uid, event_id, now) as followed:
        followed.picked, followed.unpicked_at = False, now


def answer(
    session: AnySession, uid: uuid.UUID, event_id: str, said: ClassAnswer, now: datetime
) -> None:
    """Note what a class did or wants. If the same answer is given twice, its first instant is kept,
    unless « Ne plus me prévenir » came between."""

    def since(said_at: datetime | None) -> datetime:
        ended_at = followed.unpicked_at
        return said_at if said_at and (ended_at is None or said_at > ended_at) else now

    with _following(session, uid, event_id, now) as followed:
        match said:
            case ClassAnswer.REGISTERED:
                followed.registered_at = since(followed.registered_at)
                followed.declined_at = None
            case ClassAnswer.SUBMITTED:
                followed.submitted_at = since(followed.submitted_at)
                followed.declined_at = None
            case ClassAnswer.DECLINED:
                followed.declined_at = followed.declined_at or now
            case ClassAnswer.NEXT_YEAR:
                followed.next_year = True


def take_back(session: AnySession, uid: uuid.UUID, event_id: str, now: datetime) -> None:
    """Delete the answers of a class about an event."""
    with _following(session, uid, event_id, now) as followed:
        followed.registered_at = followed.submitted_at = followed.declined_at = None
        followed.next_year = False


def followed_events(session: AnySession, subscriber: Subscriber) -> list[Subscription]:
    """Return the subscriptions with a pick or an answer, sorted by the title of the event."""
    return list(filter(_says, subscriptions_of(session, subscriber)))


def wished_events(session: AnySession, subscriber: Subscriber) -> list[Event]:
    """Return the events whose next edition a person asked for, sorted by title."""
    return [s.event for s in subscriptions_of(session, subscriber) if s.next_year]


def subscriptions_of(session: AnySession, subscriber: Subscriber) -> list[Subscription]:
    """Return all subscriptions of a person, with their events, sorted by the title of the event."""
    query = select(Subscription).options(joinedload(Subscription.event))
    found = session.scalars(query.where(Subscription.subscriber_id == subscriber.id)).unique()
    return sorted(found, key=lambda s: (fold(s.event.title), s.event_id))


@dataclass(frozen=True, slots=True)
class Ahead:
    """The dates ahead for a subscriber, soonest first.

    :param followed: the dates of which the subscriber is reminded.
    :param others: the dates that fit the subscriber's class and were not picked.
    """

    followed: tuple[Card, ...]
    others: tuple[Card, ...]


def due_soon(session: AnySession, subscriber: Subscriber, today: date, limit: int = 5) -> Ahead:
    """Return the next dates ahead for a subscriber, at most *limit* followed and *limit* others, as
    cards for the subscriber's académie. Without an académie, the national dates fit. Days that
    return by a rule are there when they were picked, as in mails."""
    said = followed_events(session, subscriber)
    declined = {s.event_id for s in said if s.declined_at}
    picked = {s.event_id for s in said if s.picked} - declined
    chosen = replace(_fitting(session, subscriber), without_days=True)
    own = CatalogueFilter(event_ids=tuple(sorted(picked)))
    fitting = [
        m
        for m in queries.milestones(session, chosen, today, today + _SOON)
        if m.event_id not in declined | picked
    ]
    followed = queries.milestones(session, own, today, today + _SOON) if picked else []
    if subscriber.follows_all:
        followed, fitting = followed + fitting, []
    return Ahead(
        *(
            _cards(session, subscriber, _soonest(all_)[:limit], today)
            for all_ in (followed, fitting)
        )
    )


def event_cards(
    session: AnySession, subscriber: Subscriber, event: Event, today: date
) -> tuple[Card, ...]:
    """Return the dates of an event as cards for the subscriber's académie, without the dates that
    are for another place."""
    chosen = _fitting(session, subscriber)
    mine = [m for m in event.milestones if queries.concerns(m, chosen)]
    return _cards(session, subscriber, mine, today)


def _fitting(session: AnySession, subscriber: Subscriber) -> CatalogueFilter:
    academies = queries.reference(session).academies
    return for_person(academies, subscriber.academy_slug, subscriber.classes, subscriber.themes)


def _cards(
    session: AnySession, subscriber: Subscriber, milestones: Iterable[Milestone], today: date
) -> tuple[Card, ...]:
    reference = queries.reference(session)
    slug, wednesdays = subscriber.academy_slug, subscriber.school.wednesdays
    academy = reference.academies.get(slug) if slug else None
    return tuple(card(m, today, academy, reference, wednesdays=wednesdays) for m in milestones)


def _soonest(milestones: Iterable[Milestone]) -> list[Milestone]:
    return sorted(milestones, key=lambda m: (m.last_day, m.first_day, m.event_id, m.key))


@contextmanager
def _following(
    session: AnySession, uid: uuid.UUID, event_id: str, now: datetime
) -> Iterator[Subscription]:
    """Run the block on the subscription to an event, in a write transaction. A subscription that
    says nothing afterwards is deleted."""
    with changing(session, uid, now, *SUBSCRIBED) as found:
        followed = session.get(Subscription, (found.id, event_id))
        if followed is None:
            followed = Subscription(
                subscriber_id=found.id,
                event_id=event_id,
                picked=False,
                next_year=False,
                since=now,
            )
            session.add(followed)
        yield followed
        if session.is_modified(followed):
            agenda_changed(session, PersonalAgenda.subscriber_id == found.id, now)
        if not _says(followed) and followed.unpicked_at is None:
            session.flush()
            session.delete(followed)


def _says(followed: Subscription) -> bool:
    """Whether a subscription has a pick, a wish or an answer."""
    answers = (followed.registered_at, followed.submitted_at, followed.declined_at)
    return followed.picked or followed.next_year or any(answers)
