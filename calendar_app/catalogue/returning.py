"""Whether an event comes back, and which edition comes next. Read queries, in the transaction that
the caller opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, select

from calendar_app.catalogue import queries, renewal
from calendar_app.catalogue.file_entries import RuleEntry
from calendar_app.catalogue.models.events import Event
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import AnySession


@dataclass(frozen=True, slots=True)
class Return:
    """What is known of how an event comes back.

    :param rule: the rule by which its series returns every year; None without one, and for a rule
        that ended.
    :param next_day: the next day by this rule, today included; None where it is not known, and
        where an edition of that school year was made: its page says what became of it.
    :param next_edition: the next edition in the calendar that has not passed; None without one.
    :param took_place: the school years of the editions that have passed and were not cancelled, in
        their order.
    """

    rule: RuleEntry | None
    next_day: date | None
    next_edition: Event | None
    took_place: tuple[SchoolYear, ...]


def how_it_returns(
    session: AnySession, event: Event, editions: Sequence[Event], today: date
) -> Return:
    """Return what is known of the return of an event.

    :param editions: those of its series (see :func:`queries.editions`).
    """
    known = renewal.rule_of(session, event.series_id)
    rule = known if known and not known.ended else None
    past = {e.year for e in editions if e.has_passed(today) and not e.cancelled_at}
    return Return(
        rule=rule,
        next_day=_next_day(session, rule, today) if rule else None,
        next_edition=next_edition(event, editions, today),
        took_place=tuple(sorted(past)),
    )


def _next_day(session: AnySession, rule: RuleEntry, today: date) -> date | None:
    day = renewal.next_day(rule, queries.reference(session), today)
    if day is None:
        return None
    edition = exists().where(
        Event.series_id == rule.series, Event.school_year == SchoolYear.of(day).start
    )
    return None if session.scalar(select(edition)) else day


def next_edition(event: Event, editions: Sequence[Event], today: date) -> Event | None:
    """Return the earliest later edition that has not passed; None without one.

    :param editions: those of the series of the event.
    """
    later = [e for e in editions if e.year > event.year and not e.has_passed(today)]
    return min(later, key=lambda e: e.year, default=None)


@dataclass(frozen=True, slots=True)
class Followable:
    """How somebody may be told of the events that they ask for (« Me prévenir »).

    :param now: the events of which reminders may go out.
    :param next_time: events that have passed; a wish for the next edition is noted with each.
    :param never: the events of which no mail can be promised.
    """

    now: tuple[Event, ...]
    next_time: tuple[Event, ...]
    never: tuple[Event, ...]


def followable(session: AnySession, events: Sequence[Event], today: date) -> Followable:
    """Return how one may be told of these events, each once.

    An event that has passed stands for its next edition: for the edition itself where it is in the
    calendar already, else for a wish, noted with the latest edition, so that only new ones count.
    """
    now, next_time, never = {}, {}, {}
    for event in events:
        if event.may_remind(today):
            now[event.id] = event
        elif event.archived_at or not event.has_passed(today):
            never[event.id] = event
        else:
            editions = queries.editions(session, event.series_id)
            coming = next_edition(event, editions, today)
            if coming and coming.may_remind(today):
                now[coming.id] = coming
            else:
                next_time[editions[0].id] = editions[0]
    return Followable(*(tuple(found.values()) for found in (now, next_time, never)))
