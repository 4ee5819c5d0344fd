"""Which académies are named as those whose school holidays we do not know."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.editing.rules.roles import (
    EditorRights,
    EditorRole,
    academies_of,
    covered_codes,
)
from calendar_app.school.class_days import ClassDays
from calendar_app.school.periods import periods_of
from calendar_app.school.school_calendars import mainland_calendars
from calendar_app.school.school_year import SchoolYear
from calendar_app.school.unknown_holidays import (
    academies_with_unknown_holidays,
    unknown_holidays_words,
)
from calendar_app.words.errors import CalendarUnknownError
from tests.shipped import ACADEMIES, HOLIDAYS

CALENDARS = mainland_calendars() | {calendar.slug: calendar for calendar in HOLIDAYS}


@given(st.integers(2017, 2030), st.sampled_from(list(ACADEMIES)))
def test_an_academie_is_named_exactly_when_no_periode_can_be_drawn(start, academy):
    year, calendar = SchoolYear(start), CALENDARS.get(academy.holiday_calendar)
    try:
        known = bool(periods_of(ClassDays.of_academy(academy, calendar, wednesdays=True), year))
    except CalendarUnknownError:
        known = False
    named = academies_with_unknown_holidays((academy,), CALENDARS, year)
    assert named == (() if known else (academy,))


def words(*slugs: str, today: date) -> tuple[str, ...]:
    return unknown_holidays_words(map(ACADEMIES.get, slugs), CALENDARS, today)


@pytest.mark.parametrize("today", [date(2026, 8, 1), date(2026, 11, 30), date(2027, 7, 31)])
def test_one_sentence_for_two_years_that_lack_the_same(today):
    assert words("lille", today=today) == ()
    assert words("lille", "wallis-et-futuna", "nouvelle-caledonie", today=today) == (
        "Nous ne connaissons pas toutes les vacances scolaires de 2026-2027 et 2027-2028 pour : "
        "Wallis-et-Futuna et Nouvelle-Calédonie.",
    )


def test_each_year_has_its_sentence_when_they_differ():
    """In 2027-2028 the zones are known for one year more: decrees are published year by year."""
    assert words("corse", "lille", "wallis-et-futuna", today=date(2027, 10, 1)) == (
        "Nous ne connaissons pas toutes les vacances scolaires de 2027-2028 pour : "
        "Corse et Wallis-et-Futuna.",
        "Nous ne connaissons pas toutes les vacances scolaires de 2028-2029 pour : "
        "Corse, Lille et Wallis-et-Futuna.",
    )
    assert words("lille", today=date(2027, 10, 1))[0].endswith("de 2028-2029 pour : Lille.")
    everybody = [academy.slug for academy in ACADEMIES]
    assert words(*everybody, today=date(2027, 10, 1))[1].endswith("toutes les académies (36).")


@pytest.mark.parametrize(
    ("scope", "named"),
    [
        ({"academie/guadeloupe"}, ["guadeloupe", "saint-barthelemy", "saint-martin"]),
        ({"departement/59"}, ["lille"]),
        ({"academie/amiens", "departement/62"}, ["amiens", "lille"]),
    ],
)
def test_an_editor_is_told_of_the_academies_of_their_scope(scope, named):
    own = EditorRights(EditorRole.PREPARER, covered_codes(scope, ACADEMIES))
    assert [academy.slug for academy in academies_of(own, ACADEMIES)] == named


def test_an_administrateur_is_told_of_all_and_a_closed_account_of_none():
    assert academies_of(EditorRights(EditorRole.ADMINISTRATOR, None), ACADEMIES) == tuple(ACADEMIES)
    assert academies_of(EditorRights(None, frozenset()), ACADEMIES) == ()
