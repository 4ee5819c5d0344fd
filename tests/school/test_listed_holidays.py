"""School holidays in a list: whose they are, and what is not sure of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from calendar_app.school.class_days import ClassDays
from calendar_app.school.listed_holidays import Doubt, listed_holidays
from calendar_app.school.school_calendars import SchoolCalendar, SchoolHoliday
from tests.shipped import CALENDARS


@pytest.mark.parametrize(
    ("calendar", "day", "label", "doubt"),
    [
        ("zone-a", date(2026, 12, 25), "Vacances de Noël", None),
        # A Saturday before the first known day is no doubt.
        ("martinique", date(2020, 7, 4), "Vacances d'été", None),
        # The decree of 2028-2029 is not known.
        ("zone-a", date(2028, 8, 1), "Vacances d'été (fin à confirmer)", Doubt.END),
        # Two sources disagree: on the day after, and on all days.
        (
            "saint-barthelemy",
            date(2020, 10, 20),
            "Vacances de la Toussaint (fin à confirmer)",
            Doubt.END,
        ),
        ("corse", date(2021, 4, 12), "Vacances de printemps (dates à confirmer)", Doubt.DAYS),
        # Three sources give two first days.
        (
            "la-reunion",
            date(2027, 7, 14),
            "Vacances d'hiver austral (dates à confirmer)",
            Doubt.DAYS,
        ),
    ],
)
def test_what_a_calendar_does_not_know_for_sure_is_said(calendar, day, label, doubt):
    (told,) = listed_holidays([CALENDARS[calendar]], day, day)
    assert (told.label, told.doubt, told.whose) == (label, doubt, "")


def test_an_end_beyond_the_known_days_is_to_be_confirmed():
    winter = SchoolHoliday("Vacances d'hiver austral", date(2026, 7, 4), date(2026, 8, 17))
    known = (date(2020, 7, 5), date(2026, 7, 31))
    calendar = SchoolCalendar("la-reunion", "calendrier de La Réunion", (winter,), (known,))
    (told,) = listed_holidays([calendar], date(2026, 8, 10), date(2026, 8, 10))
    assert told.label == "Vacances d'hiver austral (fin à confirmer)"


def test_holidays_of_one_name_in_a_school_year_are_numbered():
    of_may = listed_holidays([CALENDARS["guadeloupe"]], date(2025, 5, 26), date(2025, 5, 31))
    assert [(h.holiday.name, h.number) for h in of_may] == [
        ("Semaine en Mai", 1),
        ("Semaine en Mai", 2),
        ("Semaine en Mai", 3),
    ]


def test_holidays_are_told_once_with_those_who_share_them():
    zones = [CALENDARS[f"zone-{letter}"] for letter in "abc"]
    told = listed_holidays(zones, date(2026, 12, 1), date(2027, 2, 28))
    assert [h.label for h in told] == [
        "Vacances de Noël (zones A, B et C)",
        "Vacances d'hiver (zone C)",
        "Vacances d'hiver (zone A)",
        "Vacances d'hiver (zone B)",
    ]
    assert [h.calendar.slug for h in told] == ["zone-a", "zone-c", "zone-a", "zone-b"]


def test_holidays_are_known_until_the_last_day_that_every_calendar_knows():
    zones = ClassDays.national((CALENDARS["zone-a"], CALENDARS["zone-b"]), wednesdays=True)
    assert zones.known_until == date(2028, 8, 31)
    shorter = replace(CALENDARS["zone-b"], known=((date(2020, 7, 5), date(2026, 4, 26)),))
    mixed = ClassDays.national((CALENDARS["zone-a"], shorter), wednesdays=True)
    assert mixed.known_until == date(2026, 4, 26)
    assert ClassDays.national((), wednesdays=True).known_until is None
