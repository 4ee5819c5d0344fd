"""School holidays on the pages, as a layer of the month, the list and the year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from calendar_app.school.class_days import ClassDays
from calendar_app.school.listed_holidays import ListedHoliday
from calendar_app.school.school_calendars import each_day


@dataclass(frozen=True, slots=True)
class HolidayLayer:
    """The school holidays of a stretch of days.

    :param whose: the calendars, in French: « zone B », « zones A, B et C ».
    :param is_national: whether these are the holidays of several calendars.
    :param listed: those that overlap the stretch, uncut, each with its zones.
    :param off: the days of the stretch to shade: in holidays, and nationally in those of all zones.
    :param unknown: a sentence when not all days of the stretch are known; else empty.
    """

    whose: str
    is_national: bool
    listed: tuple[ListedHoliday, ...]
    off: frozenset[date]
    unknown: str


def holiday_layer(
    class_days: ClassDays, first_day: date, last_day: date, stretch: str
) -> HolidayLayer:
    """Return the school holidays from *first_day* to *last_day*, inclusive.

    :param stretch: what these days are, after « les vacances scolaires » (« de ce mois »).
    """
    shared = class_days.holidays_in(first_day, last_day)
    listed = class_days.listed_holidays(first_day, last_day)
    some = "toutes " if listed else ""
    unknown = f"Nous ne connaissons pas {some}les vacances scolaires {stretch}"
    return HolidayLayer(
        whose=class_days.label,
        is_national=class_days.is_national,
        listed=listed,
        off=frozenset(
            day
            for holiday in shared
            for day in each_day(max(holiday.first_day, first_day), min(holiday.last_day, last_day))
        ),
        unknown="" if class_days.knows(first_day, last_day) else f"{unknown} ({class_days.label}).",
    )
