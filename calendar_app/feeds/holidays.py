"""School holidays as a feed tells them, each as one all-day VEVENT.

Without an académie, a feed tells those of zones A, B and C, each with its zones.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime

from calendar_app.catalogue.models.events import UID_NAMESPACE
from calendar_app.catalogue.queries import Reference
from calendar_app.school.academies import Academy
from calendar_app.school.class_days import ClassDays
from calendar_app.school.listed_holidays import Doubt, ListedHoliday
from calendar_app.school.school_calendars import LIBRARY
from calendar_app.words.french import day_words, span_words

#: The instant of holidays that never changed. It comes before any instant at which a calendar may
#: have changed, so that DTSTAMP and SEQUENCE only grow.
NEVER_CHANGED = datetime(2020, 1, 1, tzinfo=UTC)

_DOUBTS = {
    Doubt.END: "Nous ne savons pas encore avec certitude quand la classe reprend.",
    Doubt.DAYS: "Ces jours sont à confirmer : nos sources ne s'accordent pas.",
}


@dataclass(frozen=True, slots=True)
class FeedHoliday:
    """School holidays in a feed.

    :param last_day: inclusive.
    :param is_sure: whether all their days are known.
    :param changed_at: the instant (aware, UTC) at which the feed's school calendars last changed.
    """

    uid: uuid.UUID
    first_day: date
    last_day: date
    summary: str
    description: str
    is_sure: bool
    changed_at: datetime

    @property
    def sequence(self) -> int:
        """A number that grows when the school calendars change: minutes since the year 2020."""
        return int((self.changed_at - NEVER_CHANGED).total_seconds()) // 60


def feed_holidays(
    reference: Reference, viewer: Academy | None, first_day: date
) -> tuple[FeedHoliday, ...]:
    """Return the school holidays that end on or after *first_day*, as far as they are known.

    :param viewer: the académie that the feed is for; None for zones A, B and C.
    """
    class_days = _class_days(reference, viewer)
    changed_at = reference.holidays_changed_at((viewer,) if viewer else ()) or NEVER_CHANGED
    return tuple(
        FeedHoliday(
            uid=_uid(told),
            first_day=told.first_day,
            last_day=told.last_day,
            summary=told.label,
            description=_description(told, told.whose or class_days.label),
            is_sure=not told.doubt,
            changed_at=changed_at,
        )
        for told in class_days.listed_holidays(first_day, date.max)
    )


def holidays_words(reference: Reference, viewer: Academy | None, first_day: date) -> str:
    """Return the sentence on how far a feed from *first_day* on knows the school holidays."""
    class_days = _class_days(reference, viewer)
    until, whose = class_days.known_until, class_days.label
    if until is None:
        return f"Nous ne connaissons pas les vacances scolaires ({whose})."
    if until < first_day:
        last = day_words(until, weekday=False)
        return f"Nous ne connaissons les vacances scolaires que jusqu'au {last} ({whose})."
    last = day_words(until, weekday=False)
    return f"Avec les vacances scolaires ({whose}), connues jusqu'au {last}."


def _class_days(reference: Reference, viewer: Academy | None) -> ClassDays:
    return reference.class_days(viewer, wednesdays=True)


def _uid(told: ListedHoliday) -> uuid.UUID:
    """Return the UID: of the calendar, the school year and the name, never of the days, so that it
    stays when a day is corrected.

    Of several holidays of one name in a school year, the second and the next also have a number.
    Holidays that zones share have the UID of the first of these zones: when another zone's days are
    corrected, this UID stays with the other zones.
    """
    name = f"vacances/{told.calendar.slug}/{told.year.label}/{told.holiday.name}"
    return uuid.uuid5(UID_NAMESPACE, name if told.number == 1 else f"{name}/{told.number}")


def _description(told: ListedHoliday, whose: str) -> str:
    days = span_words(told.first_day, told.last_day, weekday=True)
    when = f"le {days}" if told.first_day == told.last_day else f"{days} inclus"
    lines = [f"Pas de classe {when} ({whose})."]
    if told.doubt:
        lines.append(_DOUBTS[told.doubt])
    ministry = "calendrier officiel du ministère chargé de l'éducation nationale"
    lines.append(f"Source : {told.calendar.source.replace(LIBRARY, ministry)}.")
    return "\n".join(lines)
