"""Class days: the days with class, and the leads and countdowns that are counted in them.

A day is a class day in an académie when it is Monday to Friday, not a public holiday in any of its
départements and not a school holiday of its calendar. Wednesday is a class day for collèges and
lycées. For an école, Wednesday counts only if the person asked for it, since nobody may be promised
a « dernier jour de classe » on which the class is not there.

All answers are about known days: ``CalendarUnknownError`` is raised as soon as an answer would
depend on an unknown day.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from calendar_app.school.academies import Academy
from calendar_app.school.leads import Lead
from calendar_app.school.listed_holidays import ListedHoliday, listed_holidays
from calendar_app.school.periods import BREAK_DAYS, Period, periods_of
from calendar_app.school.school_calendars import (
    SchoolCalendar,
    SchoolHoliday,
    days_of_year,
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
    """The class days of one académie, of several, or of the nation.

    For the nation (zones A, B and C, without a département's own public holidays) a day is without
    class only if no zone has class. Objects may be shared and kept: only their caches of computed
    years and weeks change.

    :param label: the calendars in French, for sentences: « zone A », « zones A, B et C ».
    :param wednesdays: whether Wednesday is a class day.
    """

    label: str
    wednesdays: bool

    def __init__(
        self,
        label: str,
        calendars: tuple[SchoolCalendar, ...],
        places: tuple[tuple[str, ...], ...],
        *,
        wednesdays: bool,
        national: bool,
    ) -> None:
        """Use ``of_academy``, ``of_academies`` or ``national`` instead."""
        self.label = label
        self.wednesdays = wednesdays
        self._calendars = calendars
        self._places = places
        self._national = national
        self._holidays = shared_holidays(calendars) if national else calendars[0].holidays
        self._summer_ends = sorted(h.last_day for h in self._holidays if h.is_summer)
        self._years: dict[int, _Year] = {}
        self._weeks: dict[date, bool] = {}

    @classmethod
    def of_academy(
        cls, academy: Academy, calendar: SchoolCalendar | None, *, wednesdays: bool
    ) -> ClassDays:
        """Return the class days of one académie.

        :param calendar: its school calendar. With None, every question about a day raises
            ``CalendarUnknownError``.
        """
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
        """Return the class days of some académies.

        If their school calendars differ, a day is a class day when at least one calendar has class.
        If they share one calendar, a public holiday is without class when each of them has it.

        :param academies: at least one.
        :param calendars: the school calendars, by slug. If one is missing, every question about a
            day raises ``CalendarUnknownError``.
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
        places = tuple(tuple(d.code for d in academy.departments) for academy in academies)
        return cls(found[0].label, found, places, wednesdays=wednesdays, national=False)

    @classmethod
    def of_zone(cls, calendar: SchoolCalendar, *, wednesdays: bool) -> ClassDays:
        """Return the class days of one calendar, without a département's own public holidays."""
        return cls(calendar.label, (calendar,), ((),), wednesdays=wednesdays, national=False)

    @classmethod
    def national(cls, calendars: Iterable[SchoolCalendar], *, wednesdays: bool) -> ClassDays:
        """Return the days on which at least one of *calendars* has class.

        :param calendars: zones A, B and C for the nation; other calendars are allowed.
        """
        zones = tuple(calendars)
        label = zone_words([zone.label for zone in zones])
        return cls(label, zones, ((),), wednesdays=wednesdays, national=True)

    @property
    def is_national(self) -> bool:
        """Whether a class day needs class in only one of several calendars, such as the zones."""
        return self._national

    def _public_holidays(self, year: int) -> Mapping[date, str]:
        """Return the public holidays of a calendar year on which no académie has class."""
        first, *others = (public_holidays(codes, year) for codes in self._places)
        if not others:
            return first
        return {day: name for day, name in first.items() if all(day in of for of in others)}

    # -- one day ------------------------------------------------------------------------------

    def knows(self, first_day: date, last_day: date) -> bool:
        """Whether all days from *first_day* to *last_day*, inclusive, are known.

        :raises ValueError: when *last_day* comes before *first_day*.
        """
        _check_order(first_day, last_day)
        return bool(self._calendars) and all(
            calendar.knows(first_day, last_day) for calendar in self._calendars
        )

    def is_class_day(self, day: date) -> bool:
        """Whether there is class on *day*.

        :raises CalendarUnknownError: when *day* is unknown.
        """
        year = self._year(day.year)
        if day not in year.known:
            raise CalendarUnknownError(
                f"Nous ne connaissons pas les vacances scolaires du {day_words(day)} "
                f"({self.label})."
            )
        return day in year.class_days

    def _year(self, year: int) -> _Year:
        """Return the days of a calendar year, computed once: a year page asks about thousands."""
        found = self._years.get(year)
        if found is None:
            days = [days_of_year(calendar, year) for calendar in self._calendars]
            known = frozenset.intersection(*(known for known, _ in days)) if days else frozenset()
            free = self._public_holidays(year)
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

        The words follow « c'est »: « le week-end », « un jour férié (Ascension) »,
        « les vacances d'hiver (zone A) », « un mercredi ». Holidays of a week or more come before
        their own weekends and public holidays, because a teacher wants to hear of the holidays.

        :raises CalendarUnknownError: when *day* is unknown.
        """
        if self.is_class_day(day):
            return None
        holiday = next(iter(self.holidays_in(day, day)), None)
        if holiday and holiday.days >= BREAK_DAYS:
            return f"{holiday.with_article} ({self.label})"
        if name := self._public_holidays(day.year).get(day):
            return f"un jour férié ({name})"
        if day.weekday() >= _SATURDAY:
            return "le week-end"
        return f"{holiday.with_article} ({self.label})" if holiday else "un mercredi"

    # -- searching ----------------------------------------------------------------------------

    def last_before(self, day: date) -> date:
        """Return the last class day strictly before *day*.

        :raises CalendarUnknownError: when the search meets an unknown day.
        """
        return self.origin(self._shift(day, -1))

    def first_from(self, day: date) -> date:
        """Return the first class day on or after *day*.

        :raises CalendarUnknownError: when the search meets an unknown day.
        """
        while not self.is_class_day(day):
            day = self._shift(day, 1)
        return day

    def forward(self, day: date, n: int) -> date:
        """Return the *n*-th class day after *day* (1 is the next class day).

        From a class day, counting forward and then backward by the same number returns to that day.

        :raises CalendarUnknownError: when the count meets an unknown day.
        :raises ValueError: when *n* is less than 1.
        """
        for _ in range(_at_least_one(n)):
            day = self.first_from(self._shift(day, 1))
        return day

    def backward(self, day: date, n: int) -> date:
        """Return the *n*-th class day before *day* (1 is the class day just before).

        :raises CalendarUnknownError: when the count meets an unknown day.
        :raises ValueError: when *n* is less than 1.
        """
        for _ in range(_at_least_one(n)):
            day = self.last_before(day)
        return day

    def origin(self, deadline: date) -> date:
        """Return the day from which leads and countdowns count.

        This is the deadline if it is a class day, else the last class day before it.

        :raises CalendarUnknownError: when the search meets an unknown day.
        """
        return self._on_or_before(deadline)

    def _on_or_before(self, day: date, edge: date | None = None) -> date:
        """Return the last class day on or before *day*; the search stops when it reaches *edge*.

        The days before *edge* may be unknown.
        """
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
        """Return the number of class weeks of « il reste 6 semaines de classe ».

        These are the weeks (Monday to Sunday) with a class day, from the week after *today* up to
        and including the week of the deadline's ``origin``. From that week on, the result is 0.

        On the day that is n class weeks before a deadline (``lead_day``), the result is n, unless
        that day had to be moved.

        :raises CalendarUnknownError: when the origin or one of the weeks is unknown.
        :raises ValueError: when *deadline* comes before *today*.
        """
        _check_order(today, deadline)
        first, last = _monday(today), _monday(self.origin(deadline))
        weeks = (last - first).days // 7
        return sum(self.has_class(first + timedelta(weeks=n + 1)) for n in range(weeks))

    def has_class(self, monday: date) -> bool:
        """Whether the week of this Monday has a class day.

        An unknown day does no harm when another day of the week certainly is a class day.

        :raises CalendarUnknownError: when no day certainly is, and a day is unknown.
        """
        found = self._weeks.get(monday)
        if found is None:
            days = [self._shift(monday, n) for n in range(_SATURDAY)]
            found = any(day in self._year(day.year).class_days for day in days)
            if not found:
                for day in days:
                    self.is_class_day(day)  # raises when the day is unknown
            self._weeks[monday] = found
        return found

    def lead_day(self, deadline: date, lead: Lead) -> date | None:
        """Return the class day on which a reminder goes out; it is always before *deadline*.

        1. The lead names a day. ``month``: the same day of the month before. ``class_weeks``: the
           weekday of the deadline's ``origin`` in the n-th week before the origin's week that has a
           class day. ``last_class_day``: the day before the deadline.
        2. A day without class moves to the last class day before it, across short holidays and La
           Réunion's été austral alike.
        3. No lead crosses the summer holidays between two school years: the day moves to the first
           class day of the new year instead.

        :returns: None when step 3 leaves no class day before the deadline.
        :raises CalendarUnknownError: when the search meets an unknown day.
        """
        summer_end = self.summer_end_before(deadline)
        wanted = self._wanted_day(deadline, lead, summer_end)
        # The known days may begin at the end of the summer holidays, so no earlier day is examined.
        day = self._on_or_before(wanted, summer_end) if wanted > summer_end else summer_end
        if day > summer_end:
            return day
        first = self.first_from(self._shift(summer_end, 1))
        return first if first < deadline else None

    def falls_on(self, today: date, deadline: date, lead: Lead) -> bool:
        """Whether *today* is the day that a lead's words name, neither moved nor late.

        :raises CalendarUnknownError: when the search meets an unknown day.
        """
        if lead.kind == "month":
            return today == self._wanted_day(deadline, lead, date.min)
        if lead.kind == "last_class_day":
            return today == self.last_before(deadline)
        return self.weeks_left(today, deadline) == lead.weeks

    def _wanted_day(self, deadline: date, lead: Lead, summer_end: date) -> date:
        """Return the day of step 1 of ``lead_day``; at most *summer_end* across the summer."""
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
        """Return the last day of the latest summer holidays that end before *deadline*.

        ``date.min`` if there are none. The summer holidays are those that contain 1 August, on
        which a school year begins. The été austral of La Réunion, in December, separates no school
        years.
        """
        earlier = bisect_left(self._summer_ends, deadline)
        return self._summer_ends[earlier - 1] if earlier else date.min

    # -- the school year ----------------------------------------------------------------------

    def periods(self, year: SchoolYear) -> tuple[Period, ...]:
        """Return the périodes of a school year; holidays of a week or more separate them.

        Empty for the nation, because each zone has its own périodes.

        :raises CalendarUnknownError: when not all days of the year are known.
        """
        return () if self._national else periods_of(self, year)

    def holidays_in(self, first_day: date, last_day: date) -> tuple[SchoolHoliday, ...]:
        """Return the school holidays that overlap these inclusive days, uncut, for drawing.

        For the nation, these are the spans that all zones share.

        :raises ValueError: when *last_day* comes before *first_day*.
        """
        _check_order(first_day, last_day)
        return tuple(
            h for h in self._holidays if h.first_day <= last_day and first_day <= h.last_day
        )

    def listed_holidays(self, first_day: date, last_day: date) -> tuple[ListedHoliday, ...]:
        """Return the school holidays that overlap these inclusive days, uncut, by first day.

        For the nation, these are the holidays of each zone, with their zones.

        :raises ValueError: when *last_day* comes before *first_day*.
        """
        _check_order(first_day, last_day)
        return listed_holidays(self._calendars, first_day, last_day)

    @property
    def known_until(self) -> date | None:
        """The last day for which these school holidays are known; None when none is."""
        if not self._calendars or not all(calendar.known for calendar in self._calendars):
            return None
        return min(calendar.known[-1][1] for calendar in self._calendars)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _check_order(first: date, last: date) -> None:
    if last < first:
        raise ValueError(f"{last} comes before {first}")


def _at_least_one(n: int) -> int:
    if n < 1:
        raise ValueError(f"counts class days from 1, not {n}")
    return n
