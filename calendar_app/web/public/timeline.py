"""The school year as a drawing: where each day stands between 1 August and 31 July."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.feeds.feed import windows
from calendar_app.school.school_year import SchoolYear
from calendar_app.words.french import SHORT_MONTHS
from calendar_app.words.text import fold


@dataclass(frozen=True)
class Span:
    """Something drawn from *x* over *width*, in percent of the year: a drawing without a view box
    keeps its letters and marks undistorted at any width.

    :param kind: ``window``, ``holiday``, ``period``, ``month`` or a milestone's kind.
    """

    x: float
    width: float
    kind: str
    label: str = ""

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 2)

    @property
    def end(self) -> float:
        return round(self.x + self.width, 2)


@dataclass(frozen=True)
class Line:
    """One event: its bars, in the order in which they are drawn."""

    event: Event
    milestones: tuple[Milestone, ...]
    spans: tuple[Span, ...]


def span(year: SchoolYear, first: date, last: date, kind: str, label: str = "") -> Span | None:
    """Return where inclusive days stand, clipped to the year; None when they are outside it."""
    first, last = max(first, year.first_day), min(last, year.last_day)
    if first > last:
        return None
    days = (year.last_day - year.first_day).days + 1
    x = (first - year.first_day).days * 100 / days
    width = ((last - first).days + 1) * 100 / days
    return Span(round(x, 2), round(width, 2), kind, label)


def months(year: SchoolYear) -> list[Span]:
    """Return the twelve months, August first."""
    found = []
    for number in (*range(8, 13), *range(1, 8)):
        first = date(year.start + (number < 8), number, 1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        found.append(span(year, first, last, "month", SHORT_MONTHS[number - 1]))
    return [month for month in found if month]


def lines(
    year: SchoolYear, events: Sequence[Event], others: Sequence[Milestone], chosen: CatalogueFilter
) -> list[Line]:
    """Return a line for each event: a bar from opening to deadline, and a mark for each date.

    An event whose dates are all for other places has no line. Events without a day come last; the
    others stand in the order of their first date.

    :param events: those of the school year.
    :param others: dates of the year that belong to events of another one.
    """
    dated = {e.id: queries.dates_seen(e, chosen) for e in events}
    by_id = {e.id: e for e in events if dated[e.id] or not e.milestones}
    for milestone in others:
        if milestone.event_id not in dated:
            by_id[milestone.event_id] = milestone.event
            dated[milestone.event_id] = [m for m in others if m.event_id == milestone.event_id]
    found = [
        Line(event, tuple(dated[event_id]), tuple(_spans(year, dated[event_id], chosen)))
        for event_id, event in by_id.items()
    ]
    return sorted(
        found,
        key=lambda line: (
            not line.milestones,
            min((m.first_day for m in line.milestones), default=year.first_day),
            fold(line.event.title),
        ),
    )


def _spans(
    year: SchoolYear, milestones: Sequence[Milestone], chosen: CatalogueFilter
) -> Iterator[Span]:
    for opening, deadline in windows(milestones, chosen).values():
        if window := span(year, opening.first_day, deadline.last_day, "window"):
            yield window
    for milestone in milestones:
        # An approximate date is never shown as a plain day: it is written only.
        if not milestone.is_approximate and not milestone.is_cancelled:
            mark = span(year, milestone.first_day, milestone.last_day, milestone.kind.value)
            if mark:
                yield mark
