"""A feed as a value: its milestones, its académie and its options."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from dateutil.relativedelta import relativedelta

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter
from calendar_app.catalogue.models.events import Milestone
from calendar_app.feeds.holidays import FeedHoliday
from calendar_app.school.academies import Academy
from calendar_app.school.local_time import PARIS, paris_day
from calendar_app.words.errors import ParameterError, as_repeated
from calendar_app.words.vocabulary import MilestoneKind

#: How many past months a feed holds by default.
PAST_MONTHS = 3

#: How long a feed keeps a cancelled date, counted back from the first day of the current month.
CANCELLED_FOR = timedelta(days=90)

_MONTH = re.compile(r"((?:19|20|21)[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """The advanced options of a feed, all off by default.

    :param since: the first day of the feed, for an archive (``?depuis=2020-09``); None for the
        default.
    :param bars: whether a window is one bar instead of two dates (``?fenetres=barre``).
    :param reminder_weeks: how many class weeks before a deadline a visible reminder stands
        (``?rappels=3``); None for no reminders.
    :param alarms: whether deadlines and sessions have a VALARM (``?alarmes=1``).
    :param holidays: whether the feed also has the school holidays (``?vacances=1``).
    """

    since: date | None = None
    bars: bool = False
    reminder_weeks: int | None = None
    alarms: bool = False
    holidays: bool = False

    def parameters(self) -> tuple[tuple[str, str], ...]:
        """Return the options as query parameters, always in the same order."""
        found = []
        if self.since:
            found.append(("depuis", self.since.isoformat()[:7]))
        if self.bars:
            found.append(("fenetres", "barre"))
        if self.reminder_weeks:
            found.append(("rappels", str(self.reminder_weeks)))
        if self.alarms:
            found.append(("alarmes", "1"))
        if self.holidays:
            found.append(("vacances", "1"))
        return tuple(found)


def read_options(since: str, bars: str, reminders: str, alarms: str, holidays: str) -> FeedOptions:
    """Return the options of an address; an empty text means that the parameter is missing.

    :raises ParameterError: for a value that is not allowed.
    """
    month = _MONTH.fullmatch(since)
    if since and not month:
        sentence = f"« {as_repeated(since)} » n'est pas un mois : il s'écrit 2020-09."
        raise ParameterError(sentence, since)
    if bars not in ("", "barre"):
        sentence = "Une inscription ouverte se montre d'un seul trait si l'adresse dit « barre »."
        raise ParameterError(sentence, bars, "barre")
    if reminders and not re.fullmatch(r"[1-9]|1[0-2]", reminders):
        sentence = "Un rappel visible se demande de 1 à 12 semaines de classe avant la date."
        raise ParameterError(sentence, reminders)
    if alarms not in ("", "1"):
        raise ParameterError("Une alarme se demande par le chiffre 1.", alarms, "1")
    if holidays not in ("", "1"):
        sentence = "Les vacances scolaires se demandent par le chiffre 1."
        raise ParameterError(sentence, holidays, "1")
    return FeedOptions(
        since=date(int(month[1]), int(month[2]), 1) if month else None,
        bars=bool(bars),
        reminder_weeks=int(reminders) if reminders else None,
        alarms=bool(alarms),
        holidays=bool(holidays),
    )


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed that a writer can render.

    :param name: the name in a calendar program (« Dates des classes – académie de Lille »).
    :param address: the feed's own address, with its filters.
    :param milestones: in the order of their days.
    :param filter: the filter that the milestones passed; a bar uses only dates that pass it.
    :param viewer: the académie that the feed is for, whose local hours are added; None when there
        is not exactly one.
    :param home: the address of the page that lists the dates of the feed.
    :param holidays: the school holidays that the feed also has, by first day.
    """

    name: str
    description: str
    address: str
    milestones: tuple[Milestone, ...]
    filter: CatalogueFilter = field(default_factory=CatalogueFilter)
    viewer: Academy | None = None
    options: FeedOptions = FeedOptions()
    home: str = ""
    holidays: tuple[FeedHoliday, ...] = ()

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
