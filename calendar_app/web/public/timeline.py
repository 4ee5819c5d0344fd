"""The school year as a drawing: the position of each day between 1 August and 31 July."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.feeds.cards import Card
from calendar_app.feeds.feed import windows
from calendar_app.school.class_days import ClassDays
from calendar_app.school.periods import BREAK_DAYS, Period
from calendar_app.school.school_calendars import SHARED_NAME, SchoolHoliday
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import db
from calendar_app.web.page import Page
from calendar_app.web.public.holiday_layer import holiday_layer
from calendar_app.words.errors import CalendarUnknownError, ParameterError, as_repeated
from calendar_app.words.french import MONTHS, SHORT_MONTHS, day_words
from calendar_app.words.text import fold
from calendar_app.words.vocabulary import MilestoneKind


@dataclass(frozen=True)
class Span:
    """A mark that begins at *x* and is *width* wide, both in percent of the year: a drawing without
    a view box does not distort letters and marks, whatever its width.

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
    """One event with its bars, in the order in which they are drawn."""

    event: Event
    milestones: tuple[Milestone, ...]
    spans: tuple[Span, ...]


def span(year: SchoolYear, first: date, last: date, kind: str, label: str = "") -> Span | None:
    """Return the span of inclusive days, clipped to the year; None when they lie outside it."""
    first, last = max(first, year.first_day), min(last, year.last_day)
    if first > last:
        return None
    days = (year.last_day - year.first_day).days + 1
    x = (first - year.first_day).days * 100 / days
    width = ((last - first).days + 1) * 100 / days
    return Span(round(x, 2), round(width, 2), kind, label)


def months(year: SchoolYear) -> list[Span]:
    """Return the spans of the twelve months, August first."""
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

    An event whose dates are all for other places has no line. The lines stand in the order of their
    first dates; events without a date come last.

    :param events: the events of the school year.
    :param others: dates in the year; those of events of another school year get a line, too.
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
        # An approximate date is never drawn as a plain day: it is only written.
        if not milestone.is_approximate and not milestone.is_cancelled:
            mark = span(year, milestone.first_day, milestone.last_day, milestone.kind.value)
            if mark:
                yield mark


@dataclass(frozen=True)
class Group:
    """The lines under one heading.

    :param label: the heading, in French; empty where all lines stand together.
    :param note: what follows the heading, such as until when; or empty.
    """

    label: str
    note: str
    lines: list[Line]


def groups(
    year: SchoolYear, found: Sequence[Line], periods: Sequence[Period], today: date
) -> list[Group]:
    """Return the lines of the school year of *today* grouped by their next dates: in this période
    (in holidays the next one), later, without a day, past. Another year is one group.

    :param periods: those of the year; none when they are unknown, and nationally.
    """
    if not year.first_day <= today <= year.last_day:
        return [Group("", "", list(found))]
    period = next((p for p in periods if p.last_day >= today), None)
    ahead = sorted(
        ((day, line) for line in found if (day := _next_day(line, today))), key=lambda one: one[0]
    )
    soon = [line for day, line in ahead if period and day <= period.last_day]
    later = [line for _, line in ahead[len(soon) :]]
    undated = [line for line in found if not line.milestones]
    past = [line for line in found if line.milestones and not _next_day(line, today)]
    has_cancelled = any(m.is_cancelled for line in past for m in line.milestones)
    label = "Cette période" if period and period.first_day <= today else "La période qui vient"
    until = f"jusqu'au {day_words(period.last_day, weekday=False, year=False)}" if period else ""
    grouped = [
        Group(label, until, soon),
        Group("Plus tard" if period else "À venir", "", later),
        Group("Toute l'année", "", undated),
        Group("Passés ou annulés" if has_cancelled else "Passés", "", past),
    ]
    return [group for group in grouped if group.lines]


def _next_day(line: Line, today: date) -> date | None:
    """Return the day of the next date that takes place; None when none is ahead. What has begun
    counts as today, except a deadline, of which the last day counts."""
    return min(
        (
            m.last_day if m.kind.is_deadline else max(m.first_day, today)
            for m in line.milestones
            if m.last_day >= today and not m.is_cancelled
        ),
        default=None,
    )


#: Before any date was cancelled: a school year shows all its cancelled dates.
_EVER = datetime(1900, 1, 1, tzinfo=UTC)


#: The most events that a school year shows at once; of more, it shows those of a part of the year.
MOST_LINES = 200


@dataclass(frozen=True)
class Part:
    """A part of a school year that is shown alone.

    :param key: how an address names it.
    """

    key: str
    label: str
    first_day: date
    last_day: date


def _parts(year: SchoolYear, periods: Sequence[Period]) -> list[Part]:
    """Return the parts of a school year: its périodes, each with the holidays after it; the months,
    where périodes are unknown."""
    if not periods:
        firsts = [date(year.start + (n < 8), n, 1) for n in (*range(8, 13), *range(1, 8))]
        named = [(f"{day:%m}", f"{MONTHS[day.month - 1]} {day.year}", day) for day in firsts]
    else:
        named = [(str(p.number), f"Période {p.number}", p.first_day) for p in periods]
        named[0] = (*named[0][:2], year.first_day)
    ends = [first - timedelta(days=1) for _, _, first in named[1:]] + [year.last_day]
    return [Part(*one, last) for one, last in zip(named, ends, strict=True)]


def _part(parts: Sequence[Part], today: date, wanted: str) -> Part | None:
    """Return the part that an address names, else that of today, else the first; None without
    parts.

    :raises ParameterError: when the year has no such part.
    """
    found = {part.key: part for part in parts}
    if parts and wanted and wanted not in found:
        sentence = f"« {as_repeated(wanted)} » n'est pas une partie de cette année scolaire."
        raise ParameterError(sentence, wanted)
    now = (part for part in parts if part.first_day <= today <= part.last_day)
    return found.get(wanted) or next(now, parts[0] if parts else None)


def _all_lines(here: Page, year: SchoolYear) -> list[Line]:
    in_year = queries.milestones(
        db.session, here.filter, year.first_day, year.last_day, cancelled_since=_EVER
    )
    return lines(year, queries.events(db.session, here.filter, year), in_year, here.filter)


def _lines_of(here: Page, year: SchoolYear, part: Part) -> list[Line]:
    """Return the lines of the events that have a date in a part of the year, or no day."""
    in_part = queries.milestones(
        db.session, here.filter, part.first_day, part.last_day, cancelled_since=_EVER
    )
    events = {m.event_id: m.event for m in in_part if m.event.school_year == year.start}
    undated = queries.events(db.session, here.filter, year, undated=True)
    return lines(year, [*events.values(), *undated], in_part, here.filter)


def year_context(here: Page, year: SchoolYear, wanted: str = "") -> dict[str, Any]:
    """Return the template values of a school year with the filter on screen: a line for each event,
    and the days that return by a rule, which are listed below them.

    :param wanted: the part of the year that is asked for; it counts for a year with more than
        :data:`MOST_LINES` events.
    :raises ParameterError: when such a year has no such part.
    """
    behind = axis(here, year)
    count = queries.count_events(db.session, here.filter, year)
    parts = _parts(year, behind["periods"]) if count > MOST_LINES else []
    part = _part(parts, here.today, wanted)
    found = _lines_of(here, year, part) if part else _all_lines(here, year)
    drawn = [line for line in found if not _is_day(line)]
    days = [m for line in found if _is_day(line) for m in line.milestones]
    known: list[SchoolYear] = queries.school_years(db.session)
    return {
        "year": year,
        "archive": year if year.last_day < here.today else None,
        "count": count,
        "parts": parts,
        "part": part,
        "lines": drawn,
        "groups": groups(year, drawn, behind["periods"], here.today),
        "days": [here.card(m) for m in days],
        "cards_by_uid": {m.uid: here.card(m) for line in drawn for m in line.milestones},
        "previous": year.previous if any(y < year for y in known) else None,
        "next": year.next if any(y > year for y in known) else None,
        **behind,
    }


def _is_day(line: Line) -> bool:
    """Whether a rule made all dates of a line."""
    return bool(line.milestones) and all(m.by_rule for m in line.milestones)


def axis(here: Page, year: SchoolYear) -> dict[str, Any]:
    """Return the template values behind the lines: months, périodes, holidays and today."""
    periods = _periods(here.class_days, year)
    holidays = here.class_days.holidays_in(year.first_day, year.last_day)
    spans = [span(year, p.first_day, p.last_day, "period", f"P{p.number}") for p in periods]
    shades = [span(year, h.first_day, h.last_day, "holiday", _drawn_name(h)) for h in holidays]
    return {
        "months": months(year),
        "periods": periods,
        "period_spans": [span for span in spans if span],
        "layer": holiday_layer(
            here.class_days, year.first_day, year.last_day, "de cette année scolaire"
        ),
        "shades": [span for span in shades if span],
        "today_mark": span(year, here.today, here.today, "today"),
    }


#: How far apart two marks stand at least, in percent of a strip; on a phone they then touch.
_MARK = 2.4


@dataclass(frozen=True)
class Strip:
    """A school year on one line.

    :param now: the période of today; None in holidays, in another school year, or where périodes
        are unknown.
    :param holidays: the days without class, drawn where no périodes are known.
    :param marks: the next deadlines and sessions, left to right; or the bars and marks of one
        event.
    """

    months: list[Span]
    periods: list[Span]
    now: Span | None
    holidays: list[Span]
    marks: list[Span]
    today: Span | None

    @property
    def told(self) -> str:
        """What the marks tell, in French, to those who do not see the drawing: « Date limite :
        période 3. » Without périodes, in which months they stand."""
        found = []
        for mark in self.marks:
            name = _WINDOW if mark.kind == "window" else MilestoneKind(mark.kind).words
            places = dict.fromkeys((self._place(mark.x), self._place(mark.end - 0.01)))
            found.append(f"{name} : {' à '.join(places)}.")
        return " ".join(found)

    def _place(self, x: float) -> str:
        if not self.periods:
            # August is the first of the spans.
            return MONTHS[(sum(month.x <= x for month in self.months) + 6) % 12]
        names = (f"période {p.label.removeprefix('P')}" for p in self.periods if p.x <= x < p.end)
        return next(names, "hors des périodes de classe")


#: The bar of an event in its strip.
_WINDOW = "De l'ouverture à la date limite"


def strip(here: Page, cards: Iterable[Card]) -> Strip:
    """Return the school year of today with a mark for the day of each card in it."""
    year = SchoolYear.of(here.today)
    shown = (c for c in cards if _is_marked(c))
    found = [span(year, day, day, card.kind) for card in shown for day in (_shown_day(card),)]
    return _strip(here, year, _apart(mark for mark in found if mark))


def event_strip(here: Page, event: Event) -> Strip | None:
    """Return the school year of an event with its bars and marks; None when no date of it can be
    drawn."""
    everywhere = CatalogueFilter(scopes=here.filter.scopes)
    found = lines(event.year, [event], [], everywhere)
    spans = list(found[0].spans) if found else []
    return _strip(here, event.year, spans) if spans else None


def _strip(here: Page, year: SchoolYear, marks: list[Span]) -> Strip:
    today = span(year, here.today, here.today, "today")
    known = _periods(here.class_days, year)
    periods = [span(year, p.first_day, p.last_day, "period", f"P{p.number}") for p in known]
    now = [n for n, p in enumerate(known) if p.first_day <= here.today <= p.last_day]
    drawn = [period for period in periods if period]
    breaks = here.class_days.holidays_in(year.first_day, year.last_day)
    holidays = [span(year, h.first_day, h.last_day, "holiday") for h in breaks]
    return Strip(
        months=months(year),
        periods=drawn,
        now=drawn[now[0]] if now else None,
        holidays=[holiday for holiday in holidays if holiday],
        marks=marks,
        today=today,
    )


def _is_marked(card: Card) -> bool:
    """Whether a date is a mark of the strip: a certain day on which a class has something to do."""
    kind = card.milestone.kind
    matters = kind.is_deadline or kind is MilestoneKind.SESSION
    return matters and not (card.cancelled or card.milestone.is_approximate)


def _apart(marks: Iterable[Span]) -> list[Span]:
    """Return the marks from left to right, without those that would cover the one before."""
    found: list[Span] = []
    for mark in sorted(marks, key=lambda mark: mark.x):
        if not found or mark.x - found[-1].x >= _MARK:
            found.append(mark)
    return found


def _shown_day(card: Card) -> date:
    return card.shown_day if card.milestone.kind.is_deadline else card.shown_from


def _drawn_name(holiday: SchoolHoliday) -> str:
    """Return the name above the drawing, « Noël »; empty when there is no room (a pont), or no one
    name (days that zones share under several)."""
    is_drawn = holiday.days >= BREAK_DAYS and holiday.name != SHARED_NAME
    return holiday.short_name if is_drawn else ""


def _periods(class_days: ClassDays, year: SchoolYear) -> tuple[Period, ...]:
    """Return the périodes of a school year; none when they are unknown."""
    try:
        return class_days.periods(year)
    except CalendarUnknownError:
        return ()
