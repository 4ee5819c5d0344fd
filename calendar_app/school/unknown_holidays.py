"""Which académies have a school year whose holidays we do not know, and how this is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from calendar_app.school.academies import Academy
from calendar_app.school.school_calendars import SchoolCalendar
from calendar_app.school.school_year import SchoolYear
from calendar_app.words.french import list_words

#: So many names are written out, even when nothing is known for anybody.
_FEW = 6


def academies_with_unknown_holidays(
    academies: Iterable[Academy], calendars: Mapping[str, SchoolCalendar], year: SchoolYear
) -> tuple[Academy, ...]:
    """Return those of *academies*, in their order, whose school calendar has an unknown day in a
    school year, or no calendar at all. For them no période of that year can be drawn
    (``school.periods.periods_of`` asks the same).

    :param calendars: the school calendars, by slug (``Reference.calendars``).
    """
    known = {
        slug
        for slug, calendar in calendars.items()
        if calendar.knows(year.first_day, year.last_day)
    }
    return tuple(academy for academy in academies if academy.holiday_calendar not in known)


def unknown_holidays_words(
    academies: Iterable[Academy], calendars: Mapping[str, SchoolCalendar], today: date
) -> tuple[str, ...]:
    """Return a French sentence for this school year and one for the next, each with the académies
    whose holidays are not all known in it; one sentence for both years when they are the same, none
    when all is known.

    :param today: the day in Paris.
    """
    asked = tuple(academies)
    years: dict[tuple[Academy, ...], list[str]] = {}
    for year in (SchoolYear.of(today), SchoolYear.of(today).next):
        if unknown := academies_with_unknown_holidays(asked, calendars, year):
            years.setdefault(unknown, []).append(year.label)
    return tuple(
        f"Nous ne connaissons pas toutes les vacances scolaires de {list_words(labels)} pour : "
        f"{_names(unknown, asked)}."
        for unknown, labels in years.items()
    )


def _names(unknown: tuple[Academy, ...], asked: tuple[Academy, ...]) -> str:
    if len(unknown) == len(asked) > _FEW:
        return f"toutes les académies ({len(asked)})"
    return list_words(academy.name for academy in unknown)
