"""What somebody follows: the events they picked, what the class did, what is due.

Public verbs raise ``BadLinkError`` when nobody is meant and ``NotSubscribedError`` for somebody who
is not subscribed. An event's id must exist.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter, for_person
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.feeds.cards import Card, card
from calendar_app.reminders.models.subscriptions import Subscriber, Subscription
from calendar_app.reminders.rules.personal_links import ClassAnswer
from calendar_app.reminders.subscribers import SUBSCRIBED, changing
from calendar_app.store.base import AnySession
from calendar_app.words.text import fold

#: Nothing is « bientôt » that lies further ahead.
_SOON = timedelta(days=200)


def pick(session: AnySession, uid: uuid.UUID, event_id: str, now: datetime) -> None:
    """« Me prévenir » of this event: leads that have passed do not fire."""
    with _following(session, uid, event_id, now) as followed:
        if not followed.picked or followed.declined_at:
            followed.since = now
        followed.picked, followed.declined_at = True, None


def unpick(session: AnySession, uid: uuid.UUID, event_id: str, now: datetime) -> None:
    """« Ne plus me prévenir »: what the class did is kept. No news either, of what was told before
    this instant."""
    with _following(session, uid, event_id, now) as followed:
        followed.picked, followed.unpicked_at = False, now


def answer(
    session: AnySession, uid: uuid.UUID, event_id: str, said: ClassAnswer, now: datetime
) -> None:
    """Note what a class did or wants. To say it twice keeps the first instant, unless « Ne plus me
    prévenir » came between."""

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
    """Forget what a class said of an event."""
    with _following(session, uid, event_id, now) as followed:
        followed.registered_at = followed.submitted_at = followed.declined_at = None
        followed.next_year = False


def followed_events(session: AnySession, subscriber: Subscriber) -> list[Subscription]:
    """Return what somebody picked or said something about, by title."""
    return list(filter(_says, subscriptions_of(session, subscriber)))


def subscriptions_of(session: AnySession, subscriber: Subscriber) -> list[Subscription]:
    query = select(Subscription).options(joinedload(Subscription.event))
    found = session.scalars(query.where(Subscription.subscriber_id == subscriber.id)).unique()
    return sorted(found, key=lambda s: (fold(s.event.title), s.event_id))


@dataclass(frozen=True, slots=True)
class Ahead:
    """The dates ahead for somebody, soonest first.

    :param followed: those of which they are reminded.
    :param others: those that fit their class and that they did not pick.
    """

    followed: tuple[Card, ...]
    others: tuple[Card, ...]


def due_soon(session: AnySession, subscriber: Subscriber, today: date, limit: int = 5) -> Ahead:
    """Return the next dates ahead for somebody, *limit* of each kind, as cards told for their
    académie. Without an académie, the national dates fit."""
    said = followed_events(session, subscriber)
    declined = {s.event_id for s in said if s.declined_at}
    picked = {s.event_id for s in said if s.picked} - declined
    chosen = _fitting(session, subscriber)
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
    """Return the dates of an event as cards told for somebody's académie, but for those that are
    for another place."""
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
    """Run the block on what somebody says of an event; what says nothing is not kept."""
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
        if not _says(followed) and followed.unpicked_at is None:
            session.flush()
            session.delete(followed)


def _says(followed: Subscription) -> bool:
    """Whether somebody wants something of an event, or has answered."""
    answers = (followed.registered_at, followed.submitted_at, followed.declined_at)
    return followed.picked or followed.next_year or any(answers)
