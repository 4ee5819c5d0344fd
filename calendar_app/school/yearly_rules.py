"""Rules by which a day returns every school year: an RRULE, or a weekday after school holidays.

« 9 décembre » is an RRULE of RFC 5545 (section 3.3.10). « Le premier jeudi après les vacances de la
Toussaint » is counted in class days: a Thursday on which no class is there does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from dateutil.rrule import rrulestr

from calendar_app.school.class_days import ClassDays
from calendar_app.school.school_calendars import SchoolCalendar
from calendar_app.school.school_year import SchoolYear
from calendar_app.words.errors import CalendarUnknownError
from calendar_app.words.french import MONTHS, WEEKDAYS, day_words
from calendar_app.words.text import fold

#: The holidays after which a day may be counted, by their names in files.
HOLIDAYS = {
    "toussaint": "les vacances de la Toussaint",
    "noel": "les vacances de Noël",
    "hiver": "les vacances d'hiver",
    "printemps": "les vacances de printemps",
}

_ORDINALS = ("premier", "deuxième", "troisième", "quatrième", "cinquième")
#: How many years a rule is tried on before it is accepted: the 29 February comes within eight.
_TRIED = 12
_PART = re.compile(r"[A-Z]+=[A-Z0-9,+-]+")
#: The parts of an RRULE that a day of the year may need. The others name hours, or an end.
_PARTS = frozenset("FREQ BYMONTH BYMONTHDAY BYDAY BYYEARDAY BYWEEKNO BYSETPOS BYEASTER".split())
#: The parts that name a day; without any, the day would be the first one of *since*.
_DAYS = frozenset("BYMONTHDAY BYDAY BYYEARDAY BYEASTER".split())


class RuleError(ValueError):
    """A rule was refused; its text is French, without its capital and full stop."""


@dataclass(frozen=True, slots=True)
class ByRecurrence:
    """A day that an RRULE gives.

    :param rule: the RRULE, without DTSTART.
    :param since: the calendar year from which it counts.
    :raises RuleError: when the rule is not readable, or gives several days of one school year, or
        none.
    """

    rule: str
    since: int

    def __post_init__(self) -> None:
        parts = self.rule.split(";")
        names = [part.partition("=")[0] for part in parts]
        wrong = [part for part in parts if not _PART.fullmatch(part)]
        wrong += sorted({name for name in names if name not in _PARTS or names.count(name) > 1})
        if wrong:
            raise RuleError(f"« {wrong[0]} » n'est pas permis ici : {_HINT}")
        if "FREQ=YEARLY" not in parts:
            raise RuleError(f"une règle revient chaque année, FREQ=YEARLY : {_HINT}")
        if _DAYS.isdisjoint(names):
            raise RuleError(f"il manque le jour : {_HINT}")
        try:
            found = self._first_days()
        except ValueError as error:
            raise RuleError(f"cette règle n'est pas lisible : {_HINT}") from error
        years = [SchoolYear.of(day) for day in found]
        if len(set(years)) < len(years):
            raise RuleError("la règle donne plusieurs jours d'une même année scolaire")
        if not years:
            raise RuleError("la règle ne donne aucun jour")

    def day_in(self, year: SchoolYear) -> date | None:
        """Return the day in a school year; None when it has none, or before *since*."""
        return next(iter(self._days(year.first_day, year.last_day)), None)

    def _first_days(self) -> tuple[date, ...]:
        return self._days(date(self.since, 1, 1), date(self.since + _TRIED, 12, 31))

    def _days(self, first_day: date, last_day: date) -> tuple[date, ...]:
        return _days_of(self.rule, self.since, first_day, last_day)

    @property
    def words(self) -> str:
        """The rule in French: « le 9 décembre », « un mardi de février »."""
        found = self._first_days()
        if len({(day.month, day.day) for day in found}) == 1:
            return f"le {day_words(found[0], weekday=False, year=False)}"
        if len({(day.month, day.weekday()) for day in found}) == 1:
            first = found[0]
            month = MONTHS[first.month - 1]
            of_month = f"d'{month}" if month[0] in "ao" else f"de {month}"
            return f"un {WEEKDAYS[first.weekday()]} {of_month}"
        return "à une date qui change d'une année à l'autre"


# A renewal asks for the same few days of each rule again and again, and each takes a millisecond.
@lru_cache(maxsize=1_000)
def _days_of(rule: str, since: int, first_day: date, last_day: date) -> tuple[date, ...]:
    """Return the days of an RRULE from one day to another, both included.

    :param since: the calendar year from which the rule counts.
    :raises ValueError: when the rule is not readable.
    """
    start, first, last = (
        datetime.combine(day, time(), UTC) for day in (date(since, 1, 1), first_day, last_day)
    )
    # Without an end, a rule that never comes is searched up to the year 9999.
    found = rrulestr(f"{rule};UNTIL={last:%Y%m%dT%H%M%SZ}", dtstart=start)
    return tuple(instant.date() for instant in found if instant >= first)


@dataclass(frozen=True, slots=True)
class AfterHolidays:
    """A weekday after the school holidays of zones A, B and C.

    :param holidays: a name of :data:`HOLIDAYS`.
    :param weekday: 0 is Monday.
    :param ordinal: 1 is the first such class day after the holidays.
    """

    holidays: str
    weekday: int
    ordinal: int

    def day_in(
        self, year: SchoolYear, zones: Iterable[SchoolCalendar], class_days: ClassDays
    ) -> date | None:
        """Return the day in a school year; None where the holidays are not known.

        :param zones: the calendars of zones A, B and C; the day comes after the holidays of each.
        :param class_days: the class days of the nation, Wednesdays included.
        """
        ends = [_end(zone, self.holidays, year) for zone in zones]
        known = [end for end in ends if end]
        if not known or len(known) < len(ends):
            return None
        day, left = max(known), self.ordinal
        try:
            while left:
                day += timedelta(days=1)
                left -= day.weekday() == self.weekday and class_days.is_class_day(day)
        except CalendarUnknownError:
            return None
        return day if day <= year.last_day else None

    @property
    def words(self) -> str:
        """The rule in French: « le premier jeudi de classe après les vacances de la Toussaint »."""
        ordinal = _ORDINALS[self.ordinal - 1]
        return f"le {ordinal} {WEEKDAYS[self.weekday]} de classe après {HOLIDAYS[self.holidays]}"


def _end(zone: SchoolCalendar, name: str, year: SchoolYear) -> date | None:
    """Return the last day of the holidays of this name, if all of their days are known."""
    for holiday in zone.holidays:
        is_meant = fold(holiday.short_name) == name and SchoolYear.of(holiday.first_day) == year
        if is_meant and zone.knows(holiday.first_day, holiday.last_day):
            return holiday.last_day
    return None


_HINT = "écrivez par exemple FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=9"

YearlyRule = ByRecurrence | AfterHolidays
