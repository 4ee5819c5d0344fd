"""Where a class stands: worked out by hand from the ministry's calendar of 2026-2027."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.school.class_days import ClassDays
from calendar_app.school.school_calendars import mainland_calendars
from calendar_app.school.standing import standing, weeks_end

ZONES = [
    ClassDays.of_zone(mainland_calendars()[f"zone-{letter}"], wednesdays=True) for letter in "abc"
]
ZONE_B = [ZONES[1]]


def words(day: str, calendars) -> str:
    return " · ".join(standing(date.fromisoformat(day), calendars)).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-08-20", "vacances d'été · rentrée mardi 1er septembre"),
        ("2026-09-01", "période 1, semaine de classe 1 · vacances de la Toussaint le 17 octobre"),
        ("2026-10-16", "période 1, semaine de classe 7 · vacances de la Toussaint demain"),
        ("2026-10-17", "vacances de la Toussaint · reprise lundi 2 novembre"),
        ("2026-11-02", "période 2, semaine de classe 1 · vacances de Noël le 19 décembre"),
        (
            "2026-11-11",
            "période 2, semaine de classe 2, jour férié (Armistice) · "
            "vacances de Noël le 19 décembre",
        ),
        ("2026-11-29", "période 2, semaine de classe 4 · vacances de Noël le 19 décembre"),
        ("2026-12-07", "période 2, semaine de classe 6 · vacances de Noël dans 12 jours"),
        ("2027-01-03", "vacances de Noël · reprise lundi 4 janvier"),
        ("2027-02-19", "période 3, semaine de classe 7 · vacances d'hiver demain"),
        ("2027-02-20", "vacances d'hiver · reprise lundi 8 mars"),
        ("2027-03-10", "période 4, semaine de classe 1 · vacances de printemps le 17 avril"),
        ("2027-05-03", "période 5, semaine de classe 1 · vacances d'été le 3 juillet"),
        ("2027-07-14", "vacances d'été · rentrée jeudi 2 septembre"),
    ],
)
def test_a_class_of_zone_b(day, said):
    assert words(day, ZONE_B) == said


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-11-29", "période 2, semaine de classe 4 · vacances de Noël le 19 décembre"),
        ("2026-12-25", "vacances de Noël · reprise lundi 4 janvier"),
        # The zones part: each is named with what holds for it.
        (
            "2027-01-13",
            "période 3, semaine de classe 2 · vacances d'hiver le 6 février (zone C)",
        ),
        ("2027-02-10", "vacances d'hiver (zone C) · vacances d'hiver dans 3 jours (zone A)"),
        ("2027-02-22", "vacances d'hiver (zones A et B) · reprise lundi 1er mars (zone A)"),
        # Of one période, its weeks are not the same for all.
        ("2027-03-10", "période 4 · vacances de printemps le 3 avril (zone C)"),
        ("2027-05-05", "période 5 · vacances d'été le 3 juillet"),
        ("2028-07-20", "vacances d'été"),  # whose end is not known
        ("2031-01-15", ""),
    ],
)
def test_what_the_three_zones_share(day, said):
    assert words(day, ZONES) == said


@given(st.dates(date(2018, 1, 1), date(2028, 4, 1)), st.integers(0, 8))
def test_the_next_class_weeks_are_those_that_are_counted(today, weeks):
    """The days up to the end have at most so many class weeks left, and the day after has more."""
    for days in ZONES:
        end = weeks_end(today, days, weeks)
        assert days.weeks_left(today, end) <= weeks
        assert days.weeks_left(today, end + timedelta(days=7)) > weeks
