"""When a reminder is sent: the days and instants of the leads of one deadline, as pure values.

``reminders.send_days`` asks for each place (an académie, with or without Wednesdays).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from calendar_app.school.academies import Academy
from calendar_app.school.class_days import ClassDays
from calendar_app.school.leads import Lead
from calendar_app.school.local_time import MORNING, local_instant
from calendar_app.school.school_calendars import SchoolCalendar
from calendar_app.words.errors import CalendarUnknownError

#: The leads that a subscriber may choose, farthest first.
OFFERED_LEADS = (Lead.month(), Lead.class_weeks(3), Lead.class_weeks(1), Lead.last_class_day())

#: A date that was published a moment ago may be in a transaction that has not ended.
_SETTLED = timedelta(hours=1)

#: News of a date that is this near is told at once, on any day.
AT_ONCE = timedelta(days=2)


class SchoolKind(StrEnum):
    """Where a subscriber teaches, which decides whether Wednesday is a class day."""

    ECOLE = "ecole"
    ECOLE_WITH_WEDNESDAY = "ecole-mercredi"
    COLLEGE = "college"
    LYCEE = "lycee"

    @property
    def wednesdays(self) -> bool:
        return self is not SchoolKind.ECOLE

    @property
    def words(self) -> str:
        return {
            SchoolKind.ECOLE: "école (pas de classe le mercredi)",
            SchoolKind.ECOLE_WITH_WEDNESDAY: "école (classe le mercredi matin)",
            SchoolKind.COLLEGE: "collège",
            SchoolKind.LYCEE: "lycée",
        }[self]


@dataclass(frozen=True, slots=True)
class PlannedReminder:
    """One lead of one deadline: the class day on which its mail is sent, and the instant (UTC)."""

    lead: Lead
    day: date
    send_at: datetime


def plan(
    class_days: ClassDays, deadline: date, leads: Iterable[Lead], time_zone: str
) -> tuple[PlannedReminder, ...]:
    """Return the reminders of a deadline, earliest first; a lead without a possible class day is
    left out (see ``ClassDays.lead_day``).

    :param deadline: the printed day.
    :param time_zone: IANA name of the zone of the subscriber's académie: mails are sent at 7 h 30
        there.
    :raises CalendarUnknownError: when the school holidays of those days are not known.
    """
    days = ((lead, class_days.lead_day(deadline, lead)) for lead in leads)
    found = (
        PlannedReminder(lead, day, local_instant(day, MORNING, time_zone))
        for lead, day in days
        if day is not None
    )
    return tuple(sorted(found, key=lambda planned: planned.day))


def weekdays_only(academy: Academy | None, *, wednesdays: bool) -> ClassDays:
    """Return class days for a place whose school holidays are not known: every weekday that is no
    public holiday. A reminder on a day without class is better than no reminder."""
    known = ((date(1900, 1, 1), date(2199, 12, 31)),)
    calendar = SchoolCalendar("", "vacances scolaires non connues", holidays=(), known=known)
    if academy is None:
        return ClassDays.national((calendar,), wednesdays=wednesdays)
    return ClassDays.of_academy(academy, calendar, wednesdays=wednesdays)


def next_class_morning(class_days: ClassDays, after: datetime, time_zone: str) -> datetime:
    """Return the instant (UTC) of the first class morning, 7 h 30 on the clock of *time_zone*, that
    is at least an hour after *after* (aware).

    :raises CalendarUnknownError: when the school holidays of those days are not known.
    """
    settled = after + _SETTLED
    day = class_days.first_from(settled.astimezone(ZoneInfo(time_zone)).date())
    morning = local_instant(day, MORNING, time_zone)
    if morning < settled:
        morning = local_instant(class_days.forward(day, 1), MORNING, time_zone)
    return morning


def first_class_day_of_week(class_days: ClassDays, day: date) -> date | None:
    """Return the first class day of the week (Monday to Sunday) of *day*; None for a week without
    class.

    :raises CalendarUnknownError: when the school holidays of that week are not known.
    """
    monday = day - timedelta(days=day.weekday())
    first = class_days.first_from(monday)
    return first if first < monday + timedelta(days=7) else None


def rentree_day(class_days: ClassDays, today: date) -> date | None:
    """Return the first class day after the latest summer holidays; None where the school holidays
    are not known, or where the calendar has no summer holidays."""
    end = class_days.summer_end_before(today + timedelta(days=1))
    try:
        return class_days.first_from(end + timedelta(days=1)) if end > date.min else None
    except CalendarUnknownError:
        return None
