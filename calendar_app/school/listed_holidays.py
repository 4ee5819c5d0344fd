"""School holidays in a list, a feed or a drawing: whose they are, and what is not sure of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from calendar_app.school.school_calendars import SchoolCalendar, SchoolHoliday, zone_words
from calendar_app.school.school_year import SchoolYear

_SATURDAY = 5


class Doubt(StrEnum):
    """What a school calendar does not know for sure of its own holidays, in words."""

    END = "fin à confirmer"
    DAYS = "dates à confirmer"


@dataclass(frozen=True, slots=True)
class ListedHoliday:
    """School holidays that one or more of the listed calendars have on the same days.

    :param calendar: the first of these calendars.
    :param number: from 1; more when *calendar* had holidays of this name before in the same school
        year (« Semaine en Mai » in Guadeloupe).
    :param whose: « zone B », « zones A et C »; empty when a single calendar is listed.
    :param doubt: ``Doubt.END`` when the calendar does not know when classes start again,
        ``Doubt.DAYS`` when the beginning is in doubt too; None when all is known.
    """

    holiday: SchoolHoliday
    calendar: SchoolCalendar
    number: int
    whose: str
    doubt: Doubt | None

    @property
    def first_day(self) -> date:
        return self.holiday.first_day

    @property
    def last_day(self) -> date:
        """Inclusive."""
        return self.holiday.last_day

    @property
    def year(self) -> SchoolYear:
        """The school year in which they begin: summer holidays end a year."""
        return SchoolYear.of(self.first_day)

    @property
    def label(self) -> str:
        """« Vacances d'hiver », « Vacances d'hiver (zone B) », « Vacances d'été (zones A, B et C,
        fin à confirmer) »."""
        more = ", ".join(words for words in (self.whose, self.doubt) if words)
        return f"{self.holiday.name} ({more})" if more else self.holiday.name


def listed_holidays(
    calendars: Sequence[SchoolCalendar], first_day: date, last_day: date
) -> tuple[ListedHoliday, ...]:
    """Return the school holidays that overlap these inclusive days, uncut, by first day.

    Holidays that several calendars have under one name and on the same days are one.
    """
    having: dict[tuple[SchoolHoliday, Doubt | None], list[tuple[SchoolCalendar, int]]] = {}
    for calendar in calendars:
        for holiday, number in _numbered(calendar):
            if holiday.first_day <= last_day and first_day <= holiday.last_day:
                key = holiday, _doubt(calendar, holiday)
                having.setdefault(key, []).append((calendar, number))
    found = [
        ListedHoliday(
            holiday=holiday,
            calendar=those[0][0],
            number=those[0][1],
            whose=zone_words([c.label for c, _ in those]) if len(calendars) > 1 else "",
            doubt=doubt,
        )
        for (holiday, doubt), those in having.items()
    ]
    return tuple(sorted(found, key=lambda h: (h.first_day, h.calendar.label)))


def _numbered(calendar: SchoolCalendar) -> Iterator[tuple[SchoolHoliday, int]]:
    """Yield the holidays of a calendar, numbered among those of one name in a school year."""
    counts: Counter[tuple[str, SchoolYear]] = Counter()
    for holiday in calendar.holidays:
        key = holiday.name, SchoolYear.of(holiday.first_day)
        counts[key] += 1
        yield holiday, counts[key]


def _doubt(calendar: SchoolCalendar, holiday: SchoolHoliday) -> Doubt | None:
    # Weekends do not count: lists begin holidays on a Saturday, a Sunday or a Monday.
    start = _weekday_from(holiday.first_day)
    back = _weekday_from(holiday.last_day + timedelta(days=1))
    if calendar.knows(start, back):
        return None
    return Doubt.END if calendar.knows(start, start) else Doubt.DAYS


def _weekday_from(day: date) -> date:
    """Return *day*, or the Monday after it at a weekend."""
    return day + timedelta(days=7 - day.weekday()) if day.weekday() >= _SATURDAY else day
