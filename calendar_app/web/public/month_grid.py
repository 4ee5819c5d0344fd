"""A month as a table: weeks of days, and bars in stable lanes; and a month as days with marks.

A lane is a row below the days of a week. An item keeps its lane from week to week, so that its bar
does not jump on a Monday, except into a week that has more lanes than are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Generic, Protocol, TypeVar

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter
from calendar_app.feeds.cards import Card
from calendar_app.school.class_days import ClassDays
from calendar_app.school.listed_holidays import ListedHoliday
from calendar_app.school.school_calendars import each_day
from calendar_app.store.base import db
from calendar_app.web.page import Page
from calendar_app.web.public.holiday_layer import holiday_layer
from calendar_app.words.vocabulary import MilestoneKind


class Spanning(Protocol):
    """Anything with a first and a last day, both inclusive."""

    @property
    def first_day(self) -> date: ...
    @property
    def last_day(self) -> date: ...


Item = TypeVar("Item", bound=Spanning)


@dataclass(frozen=True)
class Bar(Generic[Item]):
    """The part of an item that lies in one week.

    :param column: 0 for Monday.
    :param width: number of days.
    :param starts_before: whether the item began before this week.
    :param ends_after: whether the item goes on after this week.
    """

    item: Item
    column: int
    width: int
    starts_before: bool
    ends_after: bool


@dataclass
class Week(Generic[Item]):
    """Seven days from a Monday, and the lanes below them.

    A lane is a list of cells from Monday to Sunday. A cell is a bar, or None for one empty day.
    """

    days: list[date]
    lanes: list[list[Bar[Item] | None]] = field(default_factory=list)
    #: The lanes of the school holidays, above those of the dates; none is empty.
    holidays: list[list[Bar[ListedHoliday] | None]] = field(default_factory=list)
    #: How many dates of each day, from Monday to Sunday, :meth:`fold` took away.
    hidden: list[int] = field(default_factory=lambda: [0] * 7)

    def fold(self, most: int) -> None:
        """Keep at most *most* lanes, and count what each day has besides.

        A week with more lanes is laid out anew: an item could otherwise stand far below on a day
        that has few.
        """
        if len(self.lanes) <= most:
            return
        found = [bar for lane in self.lanes for bar in lane if bar]
        self.lanes = []
        ends: list[date] = []
        for bar in sorted(found, key=lambda bar: (bar.column, -bar.width)):
            days = self.days[bar.column : bar.column + bar.width]
            lane = _take_lane(ends, days[0], days[-1])
            if lane < most:
                self.put(lane, bar)
            else:
                for day in days:
                    self.hidden[day.weekday()] += 1

    def put(self, lane: int, bar: Bar[Item]) -> None:
        """Put a bar into a lane that is free on its days."""
        while len(self.lanes) <= lane:
            self.lanes.append([None] * 7)
        cells = self.lanes[lane]
        # A bar is one cell, whatever its width: find the index of the cell in this column.
        position = index = 0
        while position < bar.column:
            cell = cells[index]
            position += cell.width if cell else 1
            index += 1
        cells[index : index + bar.width] = [bar]

    @property
    def number(self) -> int:
        """The ISO 8601 week number."""
        return self.days[0].isocalendar().week


def month_bounds(year: int, month: int) -> tuple[date, date]:
    """Return the Monday before (or on) the 1st and the Sunday after (or on) the last day."""
    first = date(year, month, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first - timedelta(days=first.weekday()), last + timedelta(days=6 - last.weekday())


def month_grid(year: int, month: int, items: Sequence[Item]) -> list[Week[Item]]:
    """Lay *items* out over the weeks of a month.

    Lanes are given in the order of the items' own first days (longer items first), not of first
    days clipped to a week: otherwise bars would jump.
    """
    first, last = month_bounds(year, month)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    weeks: list[Week[Item]] = [Week(days[n : n + 7]) for n in range(0, len(days), 7)]
    lane_ends: list[date] = []
    for item in sorted(items, key=lambda i: (i.first_day, -(i.last_day - i.first_day).days)):
        lane = _take_lane(lane_ends, item.first_day, item.last_day)
        for week in weeks:
            if item.first_day <= week.days[6] and item.last_day >= week.days[0]:
                week.put(lane, _bar(week, item))
    return weeks


def _take_lane(ends: list[date], first: date, last: date) -> int:
    """Return the first lane that is free from *first* on, and take it until *last*.

    :param ends: the last day taken in each lane, which this changes.
    """
    lane = next((n for n, end in enumerate(ends) if end < first), len(ends))
    ends[lane : lane + 1] = [last]
    return lane


def _bar(week: Week[Item], item: Item) -> Bar[Item]:
    start = max(item.first_day, week.days[0])
    end = min(item.last_day, week.days[6])
    return Bar(
        item,
        (start - week.days[0]).days,
        (end - start).days + 1,
        item.first_day < week.days[0],
        item.last_day > week.days[6],
    )


@dataclass(slots=True)
class MarkedDay:
    """What a day of the month shows on a phone.

    :param place: the id of the row of the list that names its dates: of the first that is listed
        under this day, else of the first that lasts until it.
    :param kinds: the kind of each of its dates, in the order of the list.
    """

    place: str
    kinds: list[MilestoneKind] = field(default_factory=list)


def marked_days(cards: Iterable[Card], first: date, last: date) -> dict[date, MarkedDay]:
    """Return the days from *first* to *last*, inclusive, that have a date.

    :param cards: in the order of the list. Cancelled dates and those without a day mark none.
    """
    found: dict[date, MarkedDay] = {}
    begun: set[date] = set()
    for card in cards:
        milestone = card.milestone
        if card.cancelled or milestone.is_approximate:
            continue
        start, place = max(milestone.first_day, first), row_id(card)
        for day in each_day(start, min(milestone.last_day, last)):
            found.setdefault(day, MarkedDay(place)).kinds.append(milestone.kind)
        if start not in begun:
            begun.add(start)
            found[start].place = place
    return found


def row_id(card: Card) -> str:
    """Return the id of the row of a date in a month's list."""
    return f"date-{card.event.id}-{card.milestone.key}"


#: Maximum number of lines of a day; a further one says how many dates are not shown.
MOST_LANES = 6


def month_context(
    here: Page, chosen: CatalogueFilter, first: date, class_days: ClassDays, *, named: bool = True
) -> dict[str, Any]:
    """Return the template values of the month that begins on *first*, with the dates of a filter.

    :param chosen: the filter on screen, or that of a feed.
    :param class_days: those whose school holidays are shaded.
    :param named: whether the table names the holidays; a feed may have none.
    """
    start, end = month_bounds(first.year, first.month)
    last = month_end(first)
    since = here.cancelled_since
    milestones = queries.milestones(db.session, chosen, start, end, cancelled_since=since)
    by_uid = {m.uid: here.card(m) for m in milestones}
    weeks = month_grid(first.year, first.month, [m for m in milestones if not m.is_approximate])
    layer = holiday_layer(class_days, start, end, "de ce mois")
    named_weeks = month_grid(first.year, first.month, layer.listed if named else ())
    for week, holidays in zip(weeks, named_weeks, strict=True):
        week.fold(MOST_LANES)
        week.holidays = [lane for lane in holidays.lanes if any(lane)]
    cards = [by_uid[m.uid] for m in milestones if m.first_day <= last and m.last_day >= first]
    return {
        "first": first,
        "last": last,
        "cards": cards,
        "marked": marked_days(cards, first, last),
        "weeks": weeks,
        "names": by_uid,
        "layer": layer,
    }


def month_end(first: date) -> date:
    """Return the last day of the month that begins on *first*."""
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
