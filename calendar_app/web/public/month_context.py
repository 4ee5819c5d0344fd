"""What a page that draws a month needs: its table, its list, the days without class."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter
from calendar_app.feeds.feed import cancelled_since
from calendar_app.store.base import db
from calendar_app.web.page import Page
from calendar_app.web.public.month_grid import month_bounds, month_grid

#: Lines of a week in the table; the last one says how many more there are.
MOST_LANES = 5


def month_context(here: Page, chosen: CatalogueFilter, first: date) -> dict[str, Any]:
    """Return the month that begins on *first*, with the dates of a filter.

    :param chosen: the filter on screen, or a feed's own.
    """
    start, end = month_bounds(first.year, first.month)
    last = month_end(first)
    since = cancelled_since(here.today.replace(day=1))
    milestones = queries.milestones(db.session, chosen, start, end, cancelled_since=since)
    by_uid = {m.uid: here.card(m) for m in milestones}
    weeks = month_grid(first.year, first.month, [m for m in milestones if not m.is_approximate])
    for week in weeks:
        week.fold(MOST_LANES)
    return {
        "first": first,
        "last": last,
        "cards": [by_uid[m.uid] for m in milestones if m.first_day <= last and m.last_day >= first],
        "weeks": weeks,
        "names": by_uid,
        "off": _days_without_class(here, start, end),
    }


def month_end(first: date) -> date:
    """Return the last day of the month that begins on *first*."""
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _days_without_class(here: Page, first: date, last: date) -> dict[date, str]:
    """The holidays to shade in a month, by day."""
    return {
        day: holiday.name
        for holiday in here.class_days.holidays_in(first, last)
        for n in range((holiday.last_day - holiday.first_day).days + 1)
        if first <= (day := holiday.first_day + timedelta(days=n)) <= last
    }
