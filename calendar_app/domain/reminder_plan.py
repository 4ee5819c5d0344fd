"""When a reminder goes out: the days and instants of one deadline's leads, as pure values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from calendar_app.domain.class_days import ClassDays
from calendar_app.domain.leads import Lead
from calendar_app.domain.local_time import MORNING, local_instant

#: What a subscriber may choose among, farthest first.
OFFERED_LEADS = (Lead.month(), Lead.class_weeks(3), Lead.class_weeks(1), Lead.last_class_day())


class SchoolKind(StrEnum):
    """Where a subscriber teaches: it decides whether a Wednesday is a class day."""

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
            SchoolKind.ECOLE: "école",
            SchoolKind.ECOLE_WITH_WEDNESDAY: "école avec mercredi",
            SchoolKind.COLLEGE: "collège",
            SchoolKind.LYCEE: "lycée",
        }[self]


@dataclass(frozen=True, slots=True)
class PlannedReminder:
    """One lead of one deadline: the class day on which its mail goes out, and the instant."""

    lead: Lead
    day: date
    send_at: datetime


def plan(
    class_days: ClassDays, deadline: date, leads: Iterable[Lead], time_zone: str
) -> tuple[PlannedReminder, ...]:
    """Return the reminders of a deadline, earliest first; a lead that no class day can hold has
    none (see ``ClassDays.lead_day``).

    :param deadline: the printed day.
    :param time_zone: IANA name of the subscriber's académie: mails go out at 7 h 30 there.
    :raises CalendarUnknownError: when the school holidays of those days are not known.
    """
    days = ((lead, class_days.lead_day(deadline, lead)) for lead in leads)
    found = (
        PlannedReminder(lead, day, local_instant(day, MORNING, time_zone))
        for lead, day in days
        if day is not None
    )
    return tuple(sorted(found, key=lambda planned: planned.day))
