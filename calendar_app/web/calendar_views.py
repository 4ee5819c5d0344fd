"""The pages of the calendar: home, month, list, school year, event."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from calendar_app.domain.class_days import Period, SchoolHoliday
from calendar_app.domain.errors import CalendarUnknownError, NotFoundError
from calendar_app.domain.school_year import SchoolYear
from calendar_app.feeds import links, wording
from calendar_app.feeds.cards import Card
from calendar_app.feeds.feed import cancelled_since
from calendar_app.feeds.select import concerns
from calendar_app.models import db, queries
from calendar_app.web import timeline
from calendar_app.web.month_grid import month_bounds, month_grid
from calendar_app.web.page import Page, get_event, page, settings
from calendar_app.web.policies import Policy, policy

bp = Blueprint("calendar", __name__)

#: How many dates the home page shows.
NEXT_DATES = 8

#: A school year shows all that was cancelled in it.
_EVER = datetime(1900, 1, 1, tzinfo=UTC)


@bp.get("/")
@policy(Policy.PUBLIC)
def home() -> str:
    """The next dates; when nothing is ahead, the latest school year that has content."""
    here = page()
    ahead = next_cards(here, NEXT_DATES)
    opened = None if ahead else _year_to_open(here)
    return render_template(
        "calendar/home.html",
        page=here,
        cards=ahead,
        count=_count(here),
        opened=opened,
        **(_year_context(here, opened) if opened else {}),
    )


@bp.get("/agenda/")
@policy(Policy.PUBLIC)
def agenda() -> str:
    """« Liste »: every date ahead, month by month, then the events of the year without a day."""
    here = page()
    cards = _cards(here, here.today)
    opened = None if cards else _year_to_open(here)
    year = opened or SchoolYear.of(here.today)
    if opened:
        cards = _cards(here, opened.first_day, opened.last_day)
    months = [
        (first, list(group))
        for first, group in groupby(cards, key=lambda c: _shown_from(c, here).replace(day=1))
    ]
    return render_template(
        "calendar/agenda.html",
        page=here,
        months=months,
        undated=queries.events(db.session, here.filter, year, undated=True),
        year=year,
        opened=opened,
        archive=year if year.last_day < here.today else None,
    )


@bp.get("/calendrier/")
@policy(Policy.PUBLIC)
def this_month() -> Response:
    """The month of today."""
    today = page().today
    return redirect(_month_address(today))


@bp.get("/calendrier/<int:year>/<int(fixed_digits=2):month>/")
@policy(Policy.PUBLIC)
def month(year: int, month: int) -> str:
    """One month as a table, with bars for dates of several days."""
    here, first = page(), first_of_month(year, month)
    start, end = month_bounds(year, month)
    milestones = queries.milestones(
        db.session, here.filter, start, end, cancelled_since=_told_since(here)
    )
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    by_uid = {m.uid: here.card(m) for m in milestones}
    here.noindex = last < here.today
    return render_template(
        "calendar/month.html",
        page=here,
        first=first,
        last=last,
        cards=[by_uid[m.uid] for m in milestones if m.first_day <= last and m.last_day >= first],
        weeks=month_grid(year, month, [m for m in milestones if not m.is_approximate]),
        names=by_uid,
        off=_days_without_class(here, start, end),
        previous=_month_address(first - timedelta(days=1)),
        next=_month_address(last + timedelta(days=1)),
    )


@bp.get("/annee-scolaire/")
@policy(Policy.PUBLIC)
def this_year() -> Response:
    """The school year of today, or the latest one that has content."""
    here = page()
    year = SchoolYear.of(here.today)
    if year not in queries.school_years(db.session):
        year = queries.latest_school_year(db.session, here.filter) or year
    return redirect(url_for("calendar.school_year", label=year.label) + here.query)


@bp.get("/annee-scolaire/<label>/")
@policy(Policy.PUBLIC)
def school_year(label: str) -> str:
    """One school year: each event a line with its bar, périodes between shaded holidays."""
    here, year = page(), SchoolYear.parse(label)
    here.noindex = year.last_day < here.today
    return render_template("calendar/year.html", page=here, **_year_context(here, year))


@bp.get("/evenements/<event_id>/")
@policy(Policy.PUBLIC)
def event(event_id: str) -> str:
    """One event: what, for whom, its dates, how to take part, where it was read."""
    here, found = page(), get_event(event_id)
    mine = [m for m in found.milestones if concerns(m, here.filter)]
    seen = [here.card(m) for m in mine]
    elsewhere = [here.card(m) for m in found.milestones if m not in mine]
    is_past = found.year.last_day < here.today and all(c.is_past for c in seen + elsewhere)
    here.noindex = is_past or found.archived_at is not None
    page_address = settings().public_url + url_for("calendar.event", event_id=event_id)
    adds = {}
    for m in found.milestones:
        summary = wording.summary(m, here.academy)
        adds[m.key] = (
            links.google_add(m, summary, page_address),
            links.outlook_add(m, summary, page_address),
        )
    return render_template(
        "calendar/event.html",
        page=here,
        event=found,
        is_past=is_past,
        cards=seen,
        elsewhere=elsewhere,
        adds=adds,
        audience=wording.audience_words(found),
        levels=wording.level_words(found),
        scope=wording.scope_words(found.scope, here.reference.academies),
        taking_part=wording.taking_part(found),
        editions=[e for e in queries.editions(db.session, found.series_id) if e.id != found.id],
    )


def first_of_month(year: int, month: int) -> date:
    """Return the first day of a month that has a page.

    :raises NotFoundError: when it has none.
    """
    if not 1900 < year < 2199 or not 1 <= month <= 12:
        raise NotFoundError("Ce mois n'existe pas dans ce calendrier.")
    return date(year, month, 1)


def next_cards(here: Page, count: int) -> list[Card]:
    """Return the next *count* dates of the filter."""
    return _cards(here, here.today, limit=count)


def _cards(
    here: Page, first: date, last: date | None = None, limit: int | None = None
) -> list[Card]:
    """The dates of the filter from *first* on, in the order in which they must be thought of."""
    found = queries.milestones(
        db.session, here.filter, first, last, cancelled_since=_told_since(here), limit=limit
    )
    return sorted((here.card(m) for m in found), key=lambda c: _shown_from(c, here))


def _count(here: Page) -> int:
    return queries.count_milestones(
        db.session, here.filter, here.today, cancelled_since=_told_since(here)
    )


def _told_since(here: Page) -> datetime:
    """Pages tell of a cancelled date for as long as feeds do."""
    return cancelled_since(here.today.replace(day=1))


def _year_to_open(here: Page) -> SchoolYear | None:
    """The latest school year that has content, where nothing is ahead; past, it is an archive."""
    year = queries.latest_school_year(db.session, here.filter)
    here.noindex = year is not None and year.last_day < here.today
    return year


def _shown_from(shown: Card, here: Page) -> date:
    """The day under which a date stands in a list: a running session stands under today."""
    return (
        max(shown.milestone.first_day, here.today)
        if shown.is_running
        else shown.milestone.first_day
    )


def _year_context(here: Page, year: SchoolYear) -> dict[str, object]:
    in_year = queries.milestones(
        db.session, here.filter, year.first_day, year.last_day, cancelled_since=_EVER
    )
    events = queries.events(db.session, here.filter, year)
    lines = timeline.lines(year, events, in_year, here.filter)
    known: list[SchoolYear] = queries.school_years(db.session)
    periods, holidays, unknown = _drawn_calendar(here, year)
    return {
        "year": year,
        "archive": year if year.last_day < here.today else None,
        "lines": lines,
        "cards_by_uid": {m.uid: here.card(m) for line in lines for m in line.milestones},
        "months": timeline.months(year),
        "periods": periods,
        "period_spans": [
            s
            for p in periods
            if (s := timeline.span(year, p.first_day, p.last_day, "period", f"P{p.number}"))
        ],
        "holidays": holidays,
        "shades": [
            s
            for h in holidays
            if (s := timeline.span(year, h.first_day, h.last_day, "holiday", h.name))
        ],
        "today_mark": timeline.span(year, here.today, here.today, "today"),
        "calendar_unknown": unknown,
        "class_days": here.class_days,
        "previous": year.previous if any(y < year for y in known) else None,
        "next": year.next if any(y > year for y in known) else None,
    }


def _drawn_calendar(
    here: Page, year: SchoolYear
) -> tuple[tuple[Period, ...], tuple[SchoolHoliday, ...], bool]:
    """The périodes and holidays of the chosen calendar, and whether they are unknown."""
    holidays = here.class_days.holidays_in(year.first_day, year.last_day)
    try:
        return here.class_days.periods(year), holidays, False
    except CalendarUnknownError:
        return (), holidays, True


def _days_without_class(here: Page, first: date, last: date) -> dict[date, str]:
    """The holidays to shade in a month, by day."""
    return {
        day: holiday.name
        for holiday in here.class_days.holidays_in(first, last)
        for n in range((holiday.last_day - holiday.first_day).days + 1)
        if first <= (day := holiday.first_day + timedelta(days=n)) <= last
    }


def _month_address(day: date) -> str:
    return url_for("calendar.month", year=day.year, month=f"{day.month:02}") + page().query
