"""« Aujourd'hui »: where the school year stands, and what comes for a class, one row an event."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.feeds.cards import Card
from calendar_app.school.school_year import SchoolYear
from calendar_app.school.standing import standing, weeks_end
from calendar_app.store.base import db
from calendar_app.web.page import Page
from calendar_app.web.public.holiday_layer import holiday_layer
from calendar_app.words.french import day_words
from calendar_app.words.text import capital_initial
from calendar_app.words.vocabulary import MilestoneKind

#: How many class weeks ahead a class looks for what it has to do now.
SOON = 4

#: For how many days an opening is news.
NEW = timedelta(days=14)

#: The most events that are due, and that come later; and dates that are read to find the latter.
MOST_DUE, LATER, _READ = 20, 6, 60

#: A session that is longer, and that has begun, runs all year: it is no news of today.
LONG = timedelta(days=31)

#: The fewest and the most days (« journées ») in the list.
FEW_DAYS, MANY_DAYS = 3, 8


@dataclass(frozen=True, slots=True)
class Row:
    """An event with its next date.

    :param then: its other dates ahead, in order.
    """

    next: Card
    then: tuple[Card, ...]

    @property
    def event(self) -> Event:
        return self.next.event


@dataclass(frozen=True, slots=True)
class Today:
    """What comes for a class. No event stands in two of these lists.

    :param due: the events with a date in the next class weeks (:data:`SOON`), the first of them.
    :param soon: the last day of these weeks.
    :param unseen: how many more events are due.
    :param deadline: the next deadline that is not cancelled, of these too.
    :param opened: the events that opened a short while ago and have a later date.
    :param later: the next events after these.
    :param running: the events in a session of many weeks, without another date ahead.
    :param days: the next days that return by a rule, one card an event.
    """

    due: tuple[Row, ...]
    soon: date
    unseen: int
    deadline: Card | None
    opened: tuple[Row, ...]
    later: tuple[Row, ...]
    running: tuple[Row, ...]
    days: tuple[Card, ...]

    @property
    def marked(self) -> list[Card]:
        """The dates that the strip of the year marks: the next deadline, and the next date of each
        event."""
        rows = (*self.due, *self.opened, *self.later)
        found = [row.next for row in rows]
        return [self.deadline, *found] if self.deadline and self.deadline not in found else found

    @property
    def cards(self) -> list[Card]:
        """The next date of every event in the lists, in the order of the days."""
        rows = (*self.due, *self.opened, *self.later, *self.running)
        found = [row.next for row in rows] + list(self.days)
        return sorted(found, key=lambda card: card.list_order)


def today(here: Page) -> Today:
    """Return what comes for the place, the classes and the themes on screen."""
    soon = weeks_end(here.today, here.class_days, SOON)
    found = _rows(here, _ahead(here, here.today, soon))
    running = [row for row in found if _runs_long(row.next)]
    due = [row for row in found if not _runs_long(row.next)]
    seen = {row.event.id for row in found}
    opened = [row for row in _rows(here, _opened(here)) if row.event.id not in seen]
    seen |= {row.event.id for row in opened}
    later = _rows(here, _ahead(here, soon + timedelta(days=1), limit=_READ, begins=True))
    later = [row for row in later if row.event.id not in seen]
    seen |= {row.event.id for row in later}
    return Today(
        due=tuple(due[:MOST_DUE]),
        soon=soon,
        unseen=len(due[MOST_DUE:]),
        deadline=_next_deadline((*due, *opened, *later)),
        opened=tuple(opened),
        later=tuple(later[:LATER]),
        running=tuple(running),
        days=_days(here, soon, seen),
    )


def _next_deadline(rows: Iterable[Row]) -> Card | None:
    cards = (card for row in rows for card in (row.next, *row.then))
    exact = (c for c in cards if not (c.milestone.is_cancelled or c.milestone.is_approximate))
    deadlines = (card for card in exact if card.milestone.kind.is_deadline)
    return min(deadlines, key=lambda card: card.shown_day, default=None)


def _runs_long(card: Card) -> bool:
    milestone = card.milestone
    return card.is_running and milestone.last_day - milestone.first_day > LONG


def standing_words(here: Page) -> list[str]:
    """Return « Dimanche 29 novembre 2026 », « période 2, semaine de classe 4 » and « vacances de
    Noël le 19 décembre », for the académie on screen, else what the three zones share."""
    day = day_words(here.today)
    one = (here.class_days,) if here.academy else here.reference.class_days_of_each_zone
    return [capital_initial(day), *standing(here.today, one)]


def unknown_words(here: Page) -> str:
    """Return the sentence that the holidays of this school year are not all known for the place on
    screen; empty when they are."""
    year = SchoolYear.of(here.today)
    return holiday_layer(here.class_days, year.first_day, year.last_day, f"de {year.label}").unknown


def _ahead(
    here: Page,
    first: date,
    last: date | None = None,
    limit: int | None = None,
    *,
    begins: bool = False,
) -> list[Milestone]:
    """Return the dates that are no days by a rule and touch these days.

    :param begins: leave out what began before *first*.
    """
    return queries.milestones(
        db.session,
        here.filter,
        first,
        last,
        cancelled_since=here.cancelled_since,
        by_rule=False,
        begins=begins,
        limit=limit,
    )


def _opened(here: Page) -> list[Milestone]:
    found = queries.milestones(db.session, here.filter, here.today - NEW, here.today, by_rule=False)
    return [m for m in found if m.kind is MilestoneKind.OPENING and not m.is_approximate]


def _rows(here: Page, milestones: Iterable[Milestone]) -> list[Row]:
    """Return a row for each event with a date ahead, in the order of the next dates; a cancelled
    date is the next one only of an event without another."""
    events = {m.event_id: m.event for m in milestones}.values()
    rows = [row for event in events if (row := _row(here, event))]
    return sorted(rows, key=lambda row: _next_first(row.next))


def _row(here: Page, event: Event) -> Row | None:
    ahead = [m for m in queries.dates_seen(event, here.filter) if m.last_day >= here.today]
    cards = sorted(map(here.card, ahead), key=_next_first)
    return Row(cards[0], tuple(cards[1:])) if cards else None


def _next_first(card: Card) -> tuple[bool, bool, date]:
    return card.milestone.is_cancelled, _runs_long(card), card.shown_from


def shown_first(cards: Sequence[Card]) -> Card | None:
    """Return the date that stands first on the page of an event: the next one, as in a list; when
    none is ahead, the last one that took place, else the last one. None without dates."""
    ahead = [c for c in cards if not (c.is_past or c.milestone.is_cancelled)]
    if ahead:
        return min(ahead, key=_next_first)
    last_first = sorted(cards, key=lambda c: (c.milestone.is_cancelled, -c.shown_from.toordinal()))
    return last_first[0] if cards else None


def _days(here: Page, soon: date, seen: Collection[str]) -> tuple[Card, ...]:
    """Return the days of the next class weeks, and at least the next few of the two school years
    for which rules make editions; without the events that are *seen* in another list."""
    last = SchoolYear.of(here.today).next.last_day
    found = queries.milestones(
        db.session,
        here.filter,
        here.today,
        last,
        cancelled_since=here.cancelled_since,
        by_rule=True,
        limit=MANY_DAYS,
    )
    cards = [here.card(m) for m in found if m.event_id not in seen]
    return tuple(
        card for n, card in enumerate(cards) if n < FEW_DAYS or card.milestone.first_day <= soon
    )
