"""The school year as a drawing: where each day stands between 1 August and 31 July."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from calendar_app.domain.french import SHORT_MONTHS
from calendar_app.domain.school_year import SchoolYear
from calendar_app.domain.text import fold
from calendar_app.feeds.feed import windows
from calendar_app.models import Event, Milestone

#: The drawing is this many units wide: tenths of a percent, so whole numbers do.
WIDTH = 1000


@dataclass(frozen=True)
class Span:
    """Something drawn from *x* over *width* units.

    :param kind: ``window``, ``holiday``, ``period``, ``month`` or a milestone's kind.
    """

    x: int
    width: int
    kind: str
    label: str = ""

    @property
    def middle(self) -> int:
        return self.x + self.width // 2


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
    x = round((first - year.first_day).days * WIDTH / days)
    end = round(((last - year.first_day).days + 1) * WIDTH / days)
    return Span(x, max(end - x, 1), kind, label)


def months(year: SchoolYear) -> list[Span]:
    """Return the twelve months, August first."""
    found = []
    for number in (*range(8, 13), *range(1, 8)):
        first = date(year.start + (number < 8), number, 1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        found.append(span(year, first, last, "month", SHORT_MONTHS[number - 1]))
    return [month for month in found if month]


def lines(year: SchoolYear, events: Sequence[Event], milestones: Sequence[Milestone]) -> list[Line]:
    """Return a line for each event: a bar from opening to deadline, and a mark for each date.

    Events without a day come last; the others stand in the order of their first date.
    """
    of_event: dict[str, list[Milestone]] = {event.id: [] for event in events}
    for milestone in milestones:
        of_event.setdefault(milestone.event_id, []).append(milestone)
    found = []
    for event in events:
        dated = of_event[event.id]
        spans = [
            span(year, opening.first_day, deadline.last_day, "window")
            for opening, deadline in windows(dated).values()
        ]
        spans += [span(year, m.first_day, m.last_day, m.kind.value) for m in dated]
        found.append(Line(event, tuple(dated), tuple(s for s in spans if s)))
    return sorted(
        found,
        key=lambda line: (
            not line.milestones,
            min((m.first_day for m in line.milestones), default=year.first_day),
            fold(line.event.title),
        ),
    )
