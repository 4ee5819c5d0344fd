"""What the pages of a school year draw: its lines, its périodes, its holidays, today."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter
from calendar_app.catalogue.models.events import Event
from calendar_app.school.periods import Period
from calendar_app.school.school_calendars import SchoolHoliday
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import db
from calendar_app.web.page import Page
from calendar_app.web.public import timeline
from calendar_app.words.errors import CalendarUnknownError

#: A school year shows all that was cancelled in it.
_EVER = datetime(1900, 1, 1, tzinfo=UTC)


def year_context(here: Page, year: SchoolYear) -> dict[str, Any]:
    """Return what a page tells of a school year with the filter on screen."""
    in_year = queries.milestones(
        db.session, here.filter, year.first_day, year.last_day, cancelled_since=_EVER
    )
    events = queries.events(db.session, here.filter, year)
    lines = timeline.lines(year, events, in_year, here.filter)
    known: list[SchoolYear] = queries.school_years(db.session)
    return {
        "year": year,
        "archive": year if year.last_day < here.today else None,
        "lines": lines,
        "cards_by_uid": {m.uid: here.card(m) for line in lines for m in line.milestones},
        "previous": year.previous if any(y < year for y in known) else None,
        "next": year.next if any(y > year for y in known) else None,
        **axis(here, year),
    }


def axis(here: Page, year: SchoolYear) -> dict[str, object]:
    """Return what stands behind the lines of a school year."""
    periods, holidays, unknown = _drawn_calendar(here, year)
    spans = [
        timeline.span(year, p.first_day, p.last_day, "period", f"P{p.number}") for p in periods
    ]
    shades = [timeline.span(year, h.first_day, h.last_day, "holiday", h.name) for h in holidays]
    return {
        "months": timeline.months(year),
        "periods": periods,
        "period_spans": [span for span in spans if span],
        "holidays": here.class_days.listed_holidays(year.first_day, year.last_day),
        "shades": [span for span in shades if span],
        "today_mark": timeline.span(year, here.today, here.today, "today"),
        "calendar_unknown": unknown,
        "class_days": here.class_days,
    }


def line_of(here: Page, event: Event) -> timeline.Line | None:
    """Return the one line of an event on its school year; None where it has no plain day in it."""
    everywhere = CatalogueFilter(scopes=here.filter.scopes)
    found = timeline.lines(event.year, [event], [], everywhere)
    return found[0] if found and found[0].spans else None


def _drawn_calendar(
    here: Page, year: SchoolYear
) -> tuple[tuple[Period, ...], tuple[SchoolHoliday, ...], bool]:
    """The périodes and holidays of the chosen calendar, and whether they are unknown."""
    holidays = here.class_days.holidays_in(year.first_day, year.last_day)
    try:
        return here.class_days.periods(year), holidays, False
    except CalendarUnknownError:
        return (), holidays, True
