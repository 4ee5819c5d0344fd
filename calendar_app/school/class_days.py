"""Class days: what no other calendar has.

A day is a class day in an académie when it is Monday to Friday, not a public holiday in any of its
départements and not a school holiday of its calendar. Wednesday is one for collèges and lycées;
an école is told of a Wednesday only when it asked for it, since nobody may be promised a « dernier
jour de classe » on which the class is not there.

Everything here answers about days that are known, and raises ``CalendarUnknownError`` as soon as
an answer would hang on a day that is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from calendar_app.school.academies import Academy
from calendar_app.school.leads import Lead
from calendar_app.school.periods import BREAK_DAYS, Period, periods_of
from calendar_app.school.school_calendars import (
    SchoolCalendar,
    SchoolHoliday,
    days_of_year,
    listed_holidays,
    public_holidays,
    shared_holidays,
    zone_words,
)
from calendar_app.school.school_year import SchoolYear
from calendar_app.words.errors import CalendarUnknownError
from calendar_app.words.french import day_words

_WEDNESDAY, _SATURDAY = 2, 5


@dataclass(frozen=True, slots=True)
class _Year:
    known: frozenset[date]
    class_days: frozenset[date]


class ClassDays:
    """The class days of one académie, or of the nation.

    For the nation (zones A, B and C, without a département's own public holidays) a day is without
    class only if no zone has class. Values of it may be shared and kept: nothing changes but a
    memory of the years already worked out.
    """

    label: str
    wednesdays: bool

    def __init__(
        self,
        label: str,
        calendars: tuple[SchoolCalendar, ...],
        departments: tuple[str, ...],
        *,
        wednesdays: bool,
        national: bool,
    ) -> None:
        """Use ``of_academy``, ``of_academies`` or ``national``."""
        self.label = label
        self.wednesdays = wednesdays
        self._calendars = calendars
        self._departments = departments
        self._national = national
        self._holidays = shared_holidays(calendars) if national else calendars[0].holidays
        self._years: dict[int, _Year] = {}

    @classmethod
    def of_academy(
        cls, academy: Academy, calendar: SchoolCalendar | None, *, wednesdays: bool
    ) -> ClassDays:
        """Return the class days of one académie, by its school calendar if it is known."""
        calendars = {academy.holiday_calendar: calendar} if calendar else {}
        return cls.of_academies((academy,), calendars, wednesdays=wednesdays)

    @classmethod
    def of_academies(
        cls,
        academies: Sequence[Academy],
        calendars: Mapping[str, SchoolCalendar],
        *,
        wednesdays: bool,
    ) -> ClassDays:
        """Return the class days of some académies; where their holidays differ, a day is a class
        day when it is one in at least one of them.

        :param academies: at least one.
        :param calendars: the school calendars, by slug. Of one that is not there, every question
            about a day raises ``CalendarUnknownError``.
        :param wednesdays: whether there is class on Wednesdays (collège, lycée).
        """
        of_slug = {
            a.holiday_calendar: calendars.get(a.holiday_calendar)
            or SchoolCalendar(a.holiday_calendar, f"calendrier {a.of_name}", holidays=(), known=())
            for a in academies
        }
        found = tuple(sorted(of_slug.values(), key=lambda calendar: calendar.label))
        if len(found) > 1:
            return cls.national(found, wednesdays=wednesdays)
        departments = tuple(d.code for academy in academies for d in academy.departments)
        return cls(found[0].label, found, departments, wednesdays=wednesdays, national=False)

    @classmethod
    def national(cls, calendars: Iterable[SchoolCalendar], *, wednesdays: bool) -> ClassDays:
        """Return the days on which there is class somewhere.

        :param calendars: zones A, B and C, those of the nation; or others.
        """
        zones = tuple(calendars)
        label = zone_words([zone.label for zone in zones])
        return cls(label, zones, (), wednesdays=wednesdays, national=True)

    @property
    def is_national(self) -> bool:
        """Whether a class day is one of at least one zone, not of one académie."""
        return self._national

    # -- one day ------------------------------------------------------------------------------

    def knows(self, first_day: date, last_day: date) -> bool:
        """Whether all of these inclusive days are known.

        :raises ValueError: when *last_day* comes before *first_day*.
        """
        _check_order(first_day, last_day)
        return bool(self._calendars) and all(
            calendar.knows(first_day, last_day) for calendar in self._calendars
        )

    def is_class_day(self, day: date) -> bool:
        """Whether there is class on *day*.

        :raises CalendarUnknownError: when the calendar is not known on that day.
        """
        year = self._year(day.year)
        if day not in year.known:
            raise CalendarUnknownError(
                f"Nous ne connaissons pas les vacances scolaires du {day_words(day)} "
                f"({self.label})."
            )
        return day in year.class_days

    def _year(self, year: int) -> _Year:
        """Return what a calendar year holds, worked out once: year pages ask thousands of days."""
        found = self._years.get(year)
        if found is None:
            days = [days_of_year(calendar, year) for calendar in self._calendars]
            known = frozenset.intersection(*(known for known, _ in days)) if days else frozenset()
            free = public_holidays(self._departments, year)
            found = self._years[year] = _Year(
                known=known,
                class_days=frozenset(
                    day
                    for day in known
                    if day.weekday() < _SATURDAY
                    and (self.wednesdays or day.weekday() != _WEDNESDAY)
                    and day not in free
                    and any(day not in holidays for _, holidays in days)
                ),
            )
        return found

    def why_without_class(self, day: date) -> str | None:
        """Return why there is no class on *day*, or None on a class day.

        The words follow « c'est » : « le week-end », « un jour férié (Ascension) », « les vacances
        d'hiver (zone A) », « un mercredi ». On the Sunday of a fortnight's holidays it is the
        holidays that a teacher wants to hear of.

        :raises CalendarUnknownError: when the calendar is not known on that day.
        """
        if self.is_class_day(day):
            return None
        holiday = next(iter(self.holidays_in(day, day)), None)
        if holiday and holiday.days >= BREAK_DAYS:
            return f"{holiday.with_article} ({self.label})"
        if name := public_holidays(self._departments, day.year).get(day):
            return f"un jour férié ({name})"
        if day.weekday() >= _SATURDAY:
            return "le week-end"
        return f"{holiday.with_article} ({self.label})" if holiday else "un mercredi"

    # -- searching ----------------------------------------------------------------------------

    def last_before(self, day: date) -> date:
        """Return the last class day strictly before *day*.

        :raises CalendarUnknownError: when the search meets a day that is not known.
        """
        return self.origin(self._shift(day, -1))

    def first_from(self, day: date) -> date:
        """Return the first class day on or after *day*.

        :raises CalendarUnknownError: when the search meets a day that is not known.
        """
        while not self.is_class_day(day):
            day = self._shift(day, 1)
        return day

    def forward(self, day: date, n: int) -> date:
        """Return the *n*-th class day after *day* (1 is the next one).

        From a class day, counting forth and back by the same number returns to it.

        :raises CalendarUnknownError: when the count meets a day that is not known.
        :raises ValueError: when *n* is less than 1.
        """
        for _ in range(_at_least_one(n)):
            day = self.first_from(self._shift(day, 1))
        return day

    def backward(self, day: date, n: int) -> date:
        """Return the *n*-th class day before *day* (1 is the one just before).

        :raises CalendarUnknownError: when the count meets a day that is not known.
        :raises ValueError: when *n* is less than 1.
        """
        for _ in range(_at_least_one(n)):
            day = self.last_before(day)
        return day

    def origin(self, deadline: date) -> date:
        """Return the day from which leads and countdown both count: the deadline if it is a class
        day, else the last class day before it.

        :raises CalendarUnknownError: when the search meets a day that is not known.
        """
        return self._on_or_before(deadline)

    def _on_or_before(self, day: date, edge: date | None = None) -> date:
        """Return the last class day on or before *day*, or the day *edge* where it is reached
        first: the days before it may not be known."""
        while day != edge and not self.is_class_day(day):
            day = self._shift(day, -1)
        return day

    def _shift(self, day: date, days: int) -> date:
        try:
            return day + timedelta(days=days)
        except OverflowError:
            raise CalendarUnknownError(
                f"Nous ne connaissons pas les vacances scolaires de l'an {day.year} ({self.label})."
            ) from None

    # -- counting weeks -----------------------------------------------------------------------

    def weeks_left(self, today: date, deadline: date) -> int:
        """Return « il reste 6 semaines de classe » : the weeks (Monday to Sunday) after this one,
        up to and with that of the deadline's ``origin``, that have a class day; 0 after it.

        On the day that is n class weeks before a deadline (``lead_day``) it is n, unless that day
        had to be moved.

        :raises CalendarUnknownError: when the origin or one of those weeks is not known.
        :raises ValueError: when *deadline* comes before *today*.
        """
        _check_order(today, deadline)
        first, last = _monday(today), _monday(self.origin(deadline))
        weeks = (last - first).days // 7
        return sum(self.has_class(first + timedelta(weeks=n + 1)) for n in range(weeks))

    def has_class(self, monday: date) -> bool:
        """Whether the week of this Monday has a class day. A day of it that is not known does no
        harm when another one is a class day for sure.

        :raises CalendarUnknownError: when none is for sure, and one is not known.
        """
        days = [self._shift(monday, n) for n in range(_SATURDAY)]
        if any(day in self._year(day.year).class_days for day in days):
            return True
        for day in days:
            self.is_class_day(day)  # raises when it is not known
        return False

    def lead_day(self, deadline: date, lead: Lead) -> date | None:
        """Return the class day on which a reminder goes out, always before *deadline*.

        1. ``month``: the same day of the month before. ``class_weeks``: the weekday of the
           deadline's ``origin`` in the n-th week before the origin's that has a class day.
           ``last_class_day``: the day before.
        2. A day without class moves to the last class day before it, across small holidays and
           La Réunion's été austral alike.
        3. But nothing crosses the summer holidays, between two school years: it moves to the first
           class day of the new year instead.

        :returns: None when 3. leaves no class day before the deadline.
        :raises CalendarUnknownError: when the search meets a day that is not known.
        """
        summer_end = self.summer_end_before(deadline)
        wanted = self._wanted_day(deadline, lead, summer_end)
        # The summer may lie at the very edge of what is known: nothing is looked for beyond it.
        day = self._on_or_before(wanted, summer_end) if wanted > summer_end else summer_end
        if day > summer_end:
            return day
        first = self.first_from(self._shift(summer_end, 1))
        return first if first < deadline else None

    def falls_on(self, today: date, deadline: date, lead: Lead) -> bool:
        """Whether a lead of *deadline* is *today* as its words say: neither moved, nor late.

        :raises CalendarUnknownError: when the search meets a day that is not known.
        """
        if lead.kind == "month":
            return today == self._wanted_day(deadline, lead, date.min)
        if lead.kind == "last_class_day":
            return today == self.last_before(deadline)
        return self.weeks_left(today, deadline) == lead.weeks

    def _wanted_day(self, deadline: date, lead: Lead, summer_end: date) -> date:
        """Return where step 1 of ``lead_day`` falls: *summer_end* or earlier when it crosses it."""
        if lead.kind == "month":
            month_end = self._shift(deadline.replace(day=1), -1)
            # A month before 31 March is 28 or 29 February.
            return month_end.replace(day=min(deadline.day, month_end.day))
        if lead.kind == "last_class_day":
            return self._shift(deadline, -1)
        origin = self._on_or_before(deadline, summer_end)
        monday, left = _monday(origin), lead.weeks
        while left and monday > summer_end:
            monday = self._shift(monday, -7)
            left -= self.has_class(monday)
        return summer_end if left else monday + timedelta(days=origin.weekday())

    def summer_end_before(self, deadline: date) -> date:
        """Return the last day of the latest summer holidays that are over before *deadline*, or
        the first day of time.

        The summer holidays are those that hold 1 August, on which a school year begins: the été
        austral of La Réunion, in December, parts no school years.
        """
        ends = (
            holiday.last_day
            for holiday in self._holidays
            if holiday.first_day <= date(holiday.last_day.year, 8, 1) <= holiday.last_day
        )
        return max((end for end in ends if end < deadline), default=date.min)

    # -- the school year ----------------------------------------------------------------------

    def periods(self, year: SchoolYear) -> tuple[Period, ...]:
        """Return the périodes of a school year: from one holiday of a week or more to the next.

        None for the nation, whose zones have each their own.

        :raises CalendarUnknownError: when the year is not wholly known.
        """
        return () if self._national else periods_of(self, year)

    def holidays_in(self, first_day: date, last_day: date) -> tuple[SchoolHoliday, ...]:
        """Return the school holidays that touch these inclusive days, whole, for drawing; for the
        nation, the spans that all zones share.

        :raises ValueError: when *last_day* comes before *first_day*.
        """
        _check_order(first_day, last_day)
        return tuple(
            h for h in self._holidays if h.first_day <= last_day and first_day <= h.last_day
        )

    def listed_holidays(
        self, first_day: date, last_day: date
    ) -> tuple[tuple[SchoolHoliday, str], ...]:
        """Return the school holidays that touch these inclusive days, by first day, each with
        whose it is: « zones A et C », or nothing where all of these calendars have it.

        :raises ValueError: when *last_day* comes before *first_day*.
        """
        _check_order(first_day, last_day)
        return listed_holidays(self._calendars, first_day, last_day)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _check_order(first: date, last: date) -> None:
    if last < first:
        raise ValueError(f"{last} comes before {first}")


def _at_least_one(n: int) -> int:
    if n < 1:
        raise ValueError(f"counts class days from 1, not {n}")
    return n
