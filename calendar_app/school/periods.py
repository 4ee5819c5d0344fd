"""The périodes of a school year: the stretches of class between its holidays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from calendar_app.school.school_calendars import each_day
from calendar_app.school.school_year import SchoolYear
from calendar_app.words.errors import CalendarUnknownError

if TYPE_CHECKING:
    from calendar_app.school.class_days import ClassDays

#: Holidays of at least this many days separate two périodes; shorter ones (a pont, a
#: « semaine en mai ») do not.
BREAK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Period:
    """A période of the school year.

    :param number: from 1.
    :param first_day: the first class day.
    :param last_day: the last class day.
    :param starts_after: the holidays before the période (« Toussaint »), or « rentrée ».
    :param ends_before: the holidays after the période (« Noël »).
    """

    number: int
    first_day: date
    last_day: date
    starts_after: str
    ends_before: str

    @property
    def label(self) -> str:
        """The name on screen: « Période 1 (rentrée → Toussaint) »."""
        return f"Période {self.number} ({self.starts_after} → {self.ends_before})"


def periods_of(class_days: ClassDays, year: SchoolYear) -> tuple[Period, ...]:
    """Return the périodes of a school year; holidays of a week or more separate them.

    :raises CalendarUnknownError: when not all days of the year are known.
    """
    if not class_days.knows(year.first_day, year.last_day):
        raise CalendarUnknownError(
            f"Nous ne connaissons pas toutes les vacances de l'année scolaire {year.label} "
            f"({class_days.label})."
        )
    breaks = [
        (h.first_day, h.last_day, h.short_name)
        for h in class_days.holidays_in(year.first_day, year.last_day)
        if h.days >= BREAK_DAYS
    ]
    # The summer holidays end the last période, unless they begin after the school year's end.
    breaks.append((year.next.first_day, year.next.first_day, "fin juillet"))
    found: list[Period] = []
    start, after = year.first_day, "rentrée"
    for first_day, last_day, name in breaks:
        stretch = each_day(start, first_day - timedelta(days=1))
        if days := [day for day in stretch if class_days.is_class_day(day)]:
            found.append(Period(len(found) + 1, days[0], days[-1], after, name))
            after = name
        start = last_day + timedelta(days=1)
    return tuple(found)


def class_week(class_days: ClassDays, monday: date) -> tuple[int, int] | None:
    """Return the numbers of the période and of its class week, both from 1, of the week of a
    Monday; None for a week without class, and where there are no périodes.

    :raises CalendarUnknownError: when not all days of the school year are known.
    """
    sunday = monday + timedelta(days=6)
    if not class_days.has_class(monday):
        return None
    for period in class_days.periods(SchoolYear.of(monday + timedelta(days=4))):
        if period.first_day <= sunday and monday <= period.last_day:
            first = period.first_day - timedelta(days=period.first_day.weekday())
            weeks = (first + timedelta(weeks=n) for n in range((monday - first).days // 7 + 1))
            return period.number, sum(map(class_days.has_class, weeks))
    return None


def class_week_words(class_days: ClassDays, monday: date) -> str | None:
    """Return « période 3, semaine de classe 2 »; None where :func:`class_week` returns None.

    :raises CalendarUnknownError: when not all days of the school year are known.
    """
    found = class_week(class_days, monday)
    return found and f"période {found[0]}, semaine de classe {found[1]}"
