"""Where a class stands in its school year: « période 2, semaine de classe 4 », and what comes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from calendar_app.school.class_days import ClassDays
from calendar_app.school.periods import BREAK_DAYS, class_week_words
from calendar_app.school.school_calendars import SchoolHoliday, zone_words
from calendar_app.words.errors import CalendarUnknownError
from calendar_app.words.french import day_words, days_left_words

#: How far ahead holidays are looked for: no two holidays of a week or more lie further apart.
_AHEAD = timedelta(days=200)

#: In how many days holidays are that are told in days.
_NEAR = 14

_DAY = timedelta(days=1)


def standing(today: date, calendars: Sequence[ClassDays]) -> tuple[str, ...]:
    """Return the parts of a line, in French: the période and its week, or the holidays; then what
    comes next. A part that is not known, or not the same for all *calendars*, is left out or says
    for whom it holds.

    :param calendars: the class days of one académie, or those of each zone.
    """
    now = [_now(today, days) for days in calendars]
    coming = [_coming(today, days) for days in calendars]
    return tuple(filter(None, (_shared(now, calendars), _shared(coming, calendars))))


def weeks_end(today: date, class_days: ClassDays, weeks: int) -> date:
    """Return the last day before the class week that follows the next *weeks* class weeks: until
    then, at most so many class weeks are left. Where holidays are unknown, all weeks count."""
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=1)
    left = weeks
    for _ in range(52):
        try:
            has_class = class_days.has_class(monday)
        except CalendarUnknownError:
            has_class = True
        if has_class and not left:
            break
        left -= has_class
        monday += timedelta(weeks=1)
    return monday - _DAY


def _shared(parts: Sequence[tuple[date, str]], calendars: Sequence[ClassDays]) -> str:
    """Return the words that all calendars share; else the words that hold first, with their zones.
    Where only the période is the same for all, return the période."""
    words = {said for _, said in parts}
    if len(words) == 1:
        return words.pop()
    dated = [part for part in parts if part[0] > date.min]
    if not dated:
        periods = {said.partition(",")[0] for said in words}
        return periods.pop() if len(periods) == 1 else ""
    _, first = min(dated)
    whose = [days.label for days, (_, said) in zip(calendars, parts, strict=True) if said == first]
    return f"{first} ({zone_words(whose)})"


def _now(today: date, days: ClassDays) -> tuple[date, str]:
    """Return the first day of the holidays in which today lies and their name; without holidays,
    ``date.min`` and the class week. No words where it is not known."""
    try:
        if holiday := _break(days, today, today):
            return holiday.first_day, holiday.in_sentence
        week = class_week_words(days, today - timedelta(days=today.weekday())) or ""
        why = days.why_without_class(today) if today.weekday() < 5 else None
    except CalendarUnknownError:
        return date.min, ""
    if why and why.startswith("un jour férié"):
        return date.min, f"{week}, {why.removeprefix('un ')}" if week else why.removeprefix("un ")
    return date.min, week


def _coming(today: date, days: ClassDays) -> tuple[date, str]:
    """Return the day of what comes next, and its words: the return to class, or holidays."""
    try:
        if holiday := _break(days, today, today):
            back = days.first_from(holiday.last_day + _DAY)
            name = "rentrée" if holiday.is_summer else "reprise"
            return back, f"{name} {day_words(back, year=False)}"
        coming = _break(days, today + _DAY, today + _AHEAD)
        if coming is None:
            return date.min, ""
    except CalendarUnknownError:
        return date.min, ""
    left = (coming.first_day - today).days
    # A number of weeks would be counted in two ways: with this week, and without it.
    day = day_words(coming.first_day, weekday=False, year=False)
    when = days_left_words(left) if left <= _NEAR else f"le {day}"
    return coming.first_day, f"{coming.in_sentence} {when}"


def _break(days: ClassDays, first_day: date, last_day: date) -> SchoolHoliday | None:
    """Return the first holidays of a week or more that touch these inclusive days.

    :raises CalendarUnknownError: when the first of these days is not known.
    """
    days.is_class_day(first_day)
    found = (h for h in days.holidays_in(first_day, last_day) if h.days >= BREAK_DAYS)
    return min(found, key=lambda holiday: holiday.first_day, default=None)
