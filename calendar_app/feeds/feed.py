"""A feed as a value: its milestones and its académie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from dateutil.relativedelta import relativedelta

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter
from calendar_app.catalogue.models.events import Milestone
from calendar_app.catalogue.queries import DateMark
from calendar_app.feeds.holidays import FeedHoliday
from calendar_app.feeds.options import FeedOptions
from calendar_app.feeds.personal import Personal
from calendar_app.school.academies import Academy
from calendar_app.school.local_time import PARIS, paris_day
from calendar_app.words.vocabulary import MilestoneKind

#: How many past months a feed holds by default.
PAST_MONTHS = 3

#: How long a feed keeps a cancelled date, counted back from the first day of the current month.
CANCELLED_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed that a writer can render.

    :param name: the name in a calendar program (« Dates des classes – académie de Lille »).
    :param address: the feed's own address, with its filters.
    :param milestones: in the order of their days; empty in a feed of marks.
    :param filter: the filter that the milestones passed; a bar uses only dates that pass it.
    :param viewer: the académie that the feed is for, whose local hours are added; None when there
        is not exactly one.
    :param home: the address of the page that lists the dates of the feed.
    :param holidays: the school holidays that the feed also has, by first day.
    :param personal: what it says for one person only.
    :param marks: the same dates as marks, for a writer that keeps what it wrote of each date.
    """

    name: str
    description: str
    address: str
    milestones: tuple[Milestone, ...]
    filter: CatalogueFilter = field(default_factory=CatalogueFilter)
    viewer: Academy | None = None
    options: FeedOptions = field(default_factory=FeedOptions)
    home: str = ""
    holidays: tuple[FeedHoliday, ...] = ()
    personal: Personal = field(default_factory=Personal)
    marks: tuple[DateMark, ...] = ()

    @property
    def time_zone(self) -> str:
        """The IANA name of the viewer's time zone; Europe/Paris without a viewer."""
        return self.viewer.time_zone if self.viewer else "Europe/Paris"


def month_edge(now: datetime) -> date:
    """Return the first day of the current month in Paris. The bytes of a feed depend on *now* (an
    aware instant) only through this day."""
    return paris_day(now).replace(day=1)


def past_edge(edge: date) -> date:
    """Return the first day that a feed holds by default.

    :param edge: the first day of the current month (:func:`month_edge`).
    """
    return edge - relativedelta(months=PAST_MONTHS)


def cancelled_since(edge: date) -> datetime:
    """Return an instant (aware, Europe/Paris): a feed keeps the dates that were cancelled since.

    :param edge: the first day of the current month (:func:`month_edge`).
    """
    return datetime(edge.year, edge.month, 1, tzinfo=PARIS) - CANCELLED_FOR


def windows(
    milestones: Iterable[Milestone], chosen: CatalogueFilter
) -> dict[str, tuple[Milestone, Milestone]]:
    """Return the windows: event id → its first opening and its last deadline, for the events that
    have both.

    Both dates are chosen among the event's dates that pass *chosen*, past openings included. When
    no place is chosen, only a deadline for the whole scope of the opening can end the window.
    """
    found: dict[str, tuple[Milestone, Milestone]] = {}
    for event in {m.event_id: m.event for m in milestones}.values():
        certain = [
            m
            for m in queries.dates_seen(event, chosen)
            if not m.is_approximate and not m.is_cancelled
        ]
        openings = [m for m in certain if m.kind is MilestoneKind.OPENING]
        if not openings:
            continue
        first = min(openings, key=lambda m: m.first_day)
        deadlines = [
            m
            for m in certain
            if m.kind.is_deadline
            and m.last_day >= first.first_day
            and (chosen.scopes or m.scope >= first.scope)
        ]
        if deadlines:
            found[event.id] = (first, max(deadlines, key=lambda m: m.last_day))
    return found
