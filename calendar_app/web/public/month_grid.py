"""A month as a table: weeks of days, and bars in stable lanes.

A lane is a row below the days of a week. An item keeps its lane from week to week, so that its bar
does not jump on a Monday.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Generic, Protocol, TypeVar

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter
from calendar_app.school.class_days import ClassDays
from calendar_app.school.listed_holidays import ListedHoliday
from calendar_app.store.base import db
from calendar_app.web.page import Page
from calendar_app.web.public.holiday_layer import holiday_layer


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
    #: Number of bars that :meth:`fold` removed.
    hidden: int = 0

    def fold(self, most: int) -> None:
        """Keep at most *most* lines. The last one then says how many bars are not shown."""
        if len(self.lanes) > most:
            self.hidden = sum(bar is not None for lane in self.lanes[most - 1 :] for bar in lane)
            del self.lanes[most - 1 :]

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
        lane = next((n for n, end in enumerate(lane_ends) if end < item.first_day), len(lane_ends))
        lane_ends[lane : lane + 1] = [item.last_day]
        for week in weeks:
            if item.first_day <= week.days[6] and item.last_day >= week.days[0]:
                _place(week, lane, item)
    return weeks


def _place(week: Week[Item], lane: int, item: Item) -> None:
    while len(week.lanes) <= lane:
        week.lanes.append([None] * 7)
    start = max(item.first_day, week.days[0])
    end = min(item.last_day, week.days[6])
    bar = Bar(
        item,
        (start - week.days[0]).days,
        (end - start).days + 1,
        item.first_day < week.days[0],
        item.last_day > week.days[6],
    )
    cells = week.lanes[lane]
    # A bar is one cell, whatever its width: find the index of the cell in this column.
    position = index = 0
    while position < bar.column:
        cell = cells[index]
        position += cell.width if cell else 1
        index += 1
    cells[index : index + bar.width] = [bar]


#: Maximum number of lines of a week; the last one says how many bars are not shown.
MOST_LANES = 5


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
    return {
        "first": first,
        "last": last,
        "cards": [by_uid[m.uid] for m in milestones if m.first_day <= last and m.last_day >= first],
        "weeks": weeks,
        "names": by_uid,
        "layer": layer,
    }


def month_end(first: date) -> date:
    """Return the last day of the month that begins on *first*."""
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
