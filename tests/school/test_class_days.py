"""Class days: the table of the issue, rules that hold for any day, and special days."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from calendar_app.school.academies import Academy, Department
from calendar_app.school.class_days import ClassDays
from calendar_app.school.leads import Lead
from calendar_app.school.periods import Period
from calendar_app.school.school_calendars import (
    SchoolCalendar,
    SchoolHoliday,
    each_day,
    mainland_calendars,
    public_holidays,
)
from calendar_app.school.school_year import SchoolYear
from calendar_app.words.errors import CalendarUnknownError, UnknownValueError
from calendar_app.words.french import NBSP
from tests.shipped import CALENDARS
from tests.tools import ROOT

DATA = ROOT / "data" / "school_holidays.yaml"


# Slug → (how French says it, calendar, départements).
ACADEMIES = {
    "lille": ("de Lille", "zone-b", ("59", "62")),
    "clermont-ferrand": ("de Clermont-Ferrand", "zone-a", ("03", "15", "43", "63")),
    "montpellier": ("de Montpellier", "zone-c", ("11", "30", "34", "48", "66")),
    "strasbourg": ("de Strasbourg", "zone-b", ("67", "68")),
    "nancy-metz": ("de Nancy-Metz", "zone-b", ("54", "55", "57", "88")),
    "corse": ("de Corse", "corse", ("2A", "2B")),
    "la-reunion": ("de La Réunion", "la-reunion", ("974",)),
    "guadeloupe": ("de la Guadeloupe", "guadeloupe", ("971",)),
    "martinique": ("de la Martinique", "martinique", ("972",)),
    "polynesie-francaise": ("de la Polynésie française", "polynesie-francaise", ("987",)),
}


def academy(slug: str) -> Academy:
    of_name, calendar, departments = ACADEMIES[slug]
    return Academy(
        slug=slug,
        name=slug,
        of_name=of_name,
        departments=tuple(Department(code, code) for code in departments),
        holiday_calendar=calendar,
        time_zone="Europe/Paris",
    )


def class_days(slug: str, *, wednesdays: bool) -> ClassDays:
    one = academy(slug)
    calendar = CALENDARS.get(one.holiday_calendar)
    return ClassDays.of_academy(one, calendar, wednesdays=wednesdays)


def ecole(slug: str) -> ClassDays:
    return class_days(slug, wednesdays=False)


def college(slug: str) -> ClassDays:
    return class_days(slug, wednesdays=True)


def nation(*, wednesdays: bool) -> ClassDays:
    zones = [CALENDARS[slug] for slug in ("zone-a", "zone-b", "zone-c")]
    return ClassDays.national(zones, wednesdays=wednesdays)


# -- the table of the issue -------------------------------------------------------------------
#
# The deadline is Thursday 11 February 2021. The table is worked out by hand from these holidays:
#
#   zone A          Noël 19 December - 3 January      hiver    6 - 21 February
#   zone B          Noël 19 December - 3 January      hiver    20 February - 7 March
#   zone C          Noël 19 December - 3 January      hiver    13 - 28 February
#   Corse           Noël 20 December - 3 January      hiver    14 - 28 February
#   La Réunion      été austral 20 December - 24 January, then class until March
#   Guadeloupe      Noël 20 December - 3 January      carnaval 10 - 21 February
#
# Mondays: 14, 21 and 28 December, 4, 11, 18 and 25 January, 1 and 8 February.
#
# R is the deadline if it is a class day, else the last class day before it. Leads in class weeks
# and the countdown count from R; the lead of a month counts from the deadline itself.
#
# Zones B and C, Corse: class from 4 January to past the deadline, without a public holiday (Good
#   Friday, 26 December and 27 May are far): R is Thursday 11 February. The day before is Wednesday
#   10: last class day of a collège; an école has Tuesday 9. Weeks after that of 4 January: 11, 18,
#   25 January, 1 and 8 February: 5. A month before is Monday 11 January. Weeks with class before
#   R's: 1 February (1st), 25 January (2nd), 18 January (3rd): Thursdays 4 February and 21 January.
# Zone A: the holidays began on Saturday 6 February, so the last class day, and R, is Friday 5 for
#   both. Weeks after that of 4 January, up to R's: 11, 18, 25 January and 1 February: 4. Weeks with
#   class before R's: 25 January (1st), 18 January (2nd), 11 January (3rd): Fridays 29 January and
#   15 January.
# La Réunion: classes start again on Monday 25 January, and R is Thursday 11 February. On 4 January
#   the weeks left are 25 January, 1 and 8 February: 3. A month before, 11 January, is in the
#   holidays: back to Friday 18 December (19 is a Saturday). Weeks with class before R's: 1 February
#   (1st), 25 January (2nd), then none until that of 14 December (3rd), whose Thursday is the 17th.
#   This lead crosses the été austral, which does not separate two school years.
# Guadeloupe: carnaval began on Wednesday 10 February, so the last class day, and R, is Tuesday 9
#   for both. Weeks after that of 4 January, up to R's: 11, 18, 25 January, 1 and 8 February: 5.
#   Weeks with class before R's: 1 February (1st), 25 January (2nd), 18 January (3rd): Tuesdays 2
#   February and 19 January.

DEADLINE = date(2021, 2, 11)
FIRST_DAY_BACK = date(2021, 1, 4)

# Académie → (last class day of an école, of a collège, weeks left, the days of the leads: a month,
# 3 class weeks, 1 class week).
TABLE = {
    "lille": ("2021-02-09", "2021-02-10", 5, "2021-01-11", "2021-01-21", "2021-02-04"),
    "clermont-ferrand": ("2021-02-05", "2021-02-05", 4, "2021-01-11", "2021-01-15", "2021-01-29"),
    "montpellier": ("2021-02-09", "2021-02-10", 5, "2021-01-11", "2021-01-21", "2021-02-04"),
    "strasbourg": ("2021-02-09", "2021-02-10", 5, "2021-01-11", "2021-01-21", "2021-02-04"),
    "nancy-metz": ("2021-02-09", "2021-02-10", 5, "2021-01-11", "2021-01-21", "2021-02-04"),
    "corse": ("2021-02-09", "2021-02-10", 5, "2021-01-11", "2021-01-21", "2021-02-04"),
    "la-reunion": ("2021-02-09", "2021-02-10", 3, "2020-12-18", "2020-12-17", "2021-02-04"),
    "guadeloupe": ("2021-02-09", "2021-02-09", 5, "2021-01-11", "2021-01-19", "2021-02-02"),
}


@pytest.mark.parametrize("wednesdays", [False, True], ids=["école", "collège"])
@pytest.mark.parametrize("academy", TABLE)
def test_the_table_of_11_february_2021(academy, wednesdays):
    in_ecole, in_college, weeks, month, three_weeks, one_week = TABLE[academy]
    last = date.fromisoformat(in_college if wednesdays else in_ecole)
    days = class_days(academy, wednesdays=wednesdays)

    assert days.last_before(DEADLINE) == last
    assert days.weeks_left(FIRST_DAY_BACK, DEADLINE) == weeks
    assert days.lead_day(DEADLINE, Lead.month()) == date.fromisoformat(month)
    assert days.lead_day(DEADLINE, Lead.class_weeks(3)) == date.fromisoformat(three_weeks)
    assert days.lead_day(DEADLINE, Lead.class_weeks(1)) == date.fromisoformat(one_week)
    assert days.lead_day(DEADLINE, Lead.last_class_day()) == last


# -- the rules, on any day --------------------------------------------------------------------

SOMEWHERE = [slug for slug in ACADEMIES if slug != "polynesie-francaise"]

any_class_days = st.one_of(
    st.builds(class_days, st.sampled_from(SOMEWHERE), wednesdays=st.booleans()),
    st.builds(nation, wednesdays=st.booleans()),
)
any_lead = st.one_of(
    st.just(Lead.month()),
    st.just(Lead.last_class_day()),
    st.builds(Lead.class_weeks, st.integers(1, 40)),
)
# The range goes beyond the known days on both sides, so that the edges are tested too.
any_day = st.dates(date(2017, 6, 1), date(2028, 12, 31))


@given(any_class_days, any_day)
def test_a_class_day_is_no_weekend_public_holiday_or_school_holiday(days, day):
    assume(days.knows(day, day))
    if not days.is_class_day(day):
        assert days.why_without_class(day)
        return
    assert days.why_without_class(day) is None
    assert day.weekday() < 5
    assert days.wednesdays or day.weekday() != 2
    assert not days.holidays_in(day, day)
    assert day not in public_holidays((), day.year)


@given(any_class_days, any_day)
def test_a_day_is_known_or_refused(days, day):
    if days.knows(day, day):
        days.is_class_day(day)
    else:
        with pytest.raises(CalendarUnknownError):
            days.is_class_day(day)


@given(any_class_days, any_day, st.integers(1, 200))
def test_counting_forth_and_back_returns(days, day, n):
    try:
        start = days.first_from(day)
        there = days.forward(start, n)
    except CalendarUnknownError:
        assume(False)
    assert days.is_class_day(there)
    assert there > start
    assert days.backward(there, n) == start
    assert days.forward(days.backward(there, n), n) == there


@given(any_class_days, any_day)
def test_no_class_day_lies_between_a_day_and_its_neighbours(days, day):
    try:
        before, after = days.last_before(day), days.first_from(day)
    except CalendarUnknownError:
        assume(False)
    assert before < day <= after
    assert days.forward(before, 1) == after


@given(any_class_days, any_day, any_lead)
def test_a_lead_is_a_class_day_before_the_deadline_and_on_its_side_of_the_summer(
    days, deadline, lead
):
    try:
        day = days.lead_day(deadline, lead)
    except CalendarUnknownError:
        assume(False)
    if day is None:
        # There is no class day between the summer and the deadline.
        assert days.first_from(SchoolYear.of(deadline).first_day) >= deadline
        return
    assert day < deadline
    assert days.is_class_day(day)
    if days.knows(deadline, deadline) and days.is_class_day(deadline):
        assert SchoolYear.of(day) == SchoolYear.of(deadline)


@given(any_class_days, any_day, st.integers(1, 39))
def test_more_weeks_are_never_later(days, deadline, weeks):
    try:
        later = days.lead_day(deadline, Lead.class_weeks(weeks))
        earlier = days.lead_day(deadline, Lead.class_weeks(weeks + 1))
    except CalendarUnknownError:
        assume(False)
    assert (later is None) == (earlier is None)
    assert later is None or earlier <= later


@given(st.sampled_from(SOMEWHERE), any_day)
def test_an_ecole_is_never_given_a_wednesday(slug, deadline):
    days = ecole(slug)
    try:
        last = days.last_before(deadline)
        leads = [days.lead_day(deadline, lead) for lead in (Lead.month(), Lead.class_weeks(3))]
    except CalendarUnknownError:
        assume(False)
    assert last.weekday() != 2
    assert all(day is None or day.weekday() != 2 for day in leads)


def origin_by_hand(days: ClassDays, deadline: date) -> date:
    """Return R; look at one day after the other."""
    while not days.is_class_day(deadline):
        deadline -= timedelta(days=1)
    return deadline


@given(any_class_days, any_day, st.integers(0, 300))
def test_weeks_left_counts_the_weeks_that_hold_a_class_day(days, today, later):
    deadline = today + timedelta(days=later)
    assume(days.knows(today - timedelta(days=100), deadline + timedelta(days=7)))
    origin = origin_by_hand(days, deadline)
    assert days.origin(deadline) == origin
    monday = today - timedelta(days=today.weekday())
    in_later_weeks = {
        day - timedelta(days=day.weekday())
        for day in each_day(monday + timedelta(days=7), origin + timedelta(days=6))
        if days.is_class_day(day) and day - timedelta(days=day.weekday()) <= origin
    }
    assert days.weeks_left(today, deadline) == len(in_later_weeks)
    if today > origin:
        assert days.weeks_left(today, deadline) == 0


# -- special days -----------------------------------------------------------------------------


@pytest.mark.parametrize("academy", ["nancy-metz", "strasbourg"])
def test_good_friday_in_moselle_is_for_the_whole_academie(academy):
    good_friday = date(2021, 4, 2)
    assert college(academy).why_without_class(good_friday) == "un jour férié (Vendredi saint)"
    assert college(academy).last_before(date(2021, 4, 3)) == date(2021, 4, 1)
    assert college("lille").is_class_day(good_friday)
    assert nation(wednesdays=True).is_class_day(good_friday)


@pytest.mark.parametrize("slugs", [*combinations(("lille", "strasbourg", "nancy-metz"), 2)])
def test_several_academies_of_one_calendar_have_class_when_one_of_them_has(slugs):
    """Good Friday is no holiday in Lille, so a region that includes Lille has class."""
    together = ClassDays.of_academies([academy(s) for s in slugs], CALENDARS, wednesdays=True)
    for number in range(365):
        day = date(2021, 1, 1) + timedelta(days=number)
        assert together.is_class_day(day) == any(college(s).is_class_day(day) for s in slugs), day


def test_26_december_is_a_public_holiday_in_moselle_only():
    saint_etienne = date(2021, 12, 26)
    assert public_holidays(["54", "57"], 2021)[saint_etienne] == "Saint-Étienne"
    assert public_holidays(["67"], 2021)[saint_etienne] == "Saint-Étienne"
    assert saint_etienne not in public_holidays(["54", "59"], 2021)


def test_overseas_public_holidays_are_found_by_departement():
    abolition = {
        "971": date(2021, 5, 27),
        "972": date(2021, 5, 22),
        "973": date(2021, 6, 10),
        "974": date(2021, 12, 20),
        "976": date(2021, 4, 27),
        "977": date(2021, 10, 9),
        "978": date(2021, 5, 28),
    }
    for code, day in abolition.items():
        assert public_holidays([code], 2021)[day] == "Abolition de l'esclavage"
        assert day not in public_holidays(["59"], 2021)
    assert public_holidays(["987"], 2021)[date(2021, 6, 29)] == "Fête de l'autonomie"
    assert public_holidays(["988"], 2021)[date(2021, 9, 24)] == "Fête de la Citoyenneté"
    assert public_holidays(["986"], 2021)[date(2021, 7, 29)] == "Fête du Territoire"
    # 1 May 2008 was also Ascension Day.
    assert public_holidays([], 2008)[date(2008, 5, 1)] == "Ascension et Fête du Travail"


def test_the_ascension_bridge():
    lille = college("lille")
    assert lille.why_without_class(date(2021, 5, 13)) == "un jour férié (Ascension)"
    assert lille.why_without_class(date(2021, 5, 14)) == "le pont de l'Ascension (zone B)"
    assert lille.why_without_class(date(2021, 5, 15)) == "le week-end"
    assert lille.last_before(date(2021, 5, 17)) == date(2021, 5, 12)
    assert ecole("lille").last_before(date(2021, 5, 17)) == date(2021, 5, 11)
    assert ecole("lille").why_without_class(date(2021, 5, 12)) == "un mercredi"


def test_toussaint():
    lille = college("lille")
    assert lille.why_without_class(date(2020, 10, 20)) == "les vacances de la Toussaint (zone B)"
    # 1 November 2020 is a Sunday and a public holiday; the reason given is the school holidays.
    assert lille.why_without_class(date(2020, 11, 1)) == "les vacances de la Toussaint (zone B)"
    assert lille.why_without_class(date(2020, 11, 11)) == "un jour férié (Armistice)"
    # One class week before Thursday 5 November is in the week of 12 October.
    assert lille.lead_day(date(2020, 11, 5), Lead.class_weeks(1)) == date(2020, 10, 15)
    # A month before Wednesday 25 November is Sunday 25 October, in the holidays.
    assert lille.lead_day(date(2020, 11, 25), Lead.month()) == date(2020, 10, 16)


def test_an_overseas_calendar_is_told_by_its_own_name():
    assert (
        college("la-reunion").why_without_class(date(2021, 1, 11))
        == "les vacances d'été austral (calendrier de La Réunion)"
    )
    assert college("corse").label == "calendrier de la Corse"
    assert college("lille").label == "zone B"


def test_a_week_counts_as_soon_as_it_has_one_class_day():
    # Zone B's spring holidays of 2023 end on Monday 1 May; Tuesday 2 is a class day.
    assert college("lille").weeks_left(date(2023, 4, 14), date(2023, 5, 7)) == 1
    # Days after the deadline do not count. For the deadline Monday 1 May, the last class day before
    # is Friday 14 April, and Tuesday 2 May is too late.
    assert college("lille").weeks_left(date(2023, 4, 14), date(2023, 4, 30)) == 0
    assert college("lille").weeks_left(date(2023, 4, 14), date(2023, 5, 1)) == 0
    assert college("lille").weeks_left(date(2023, 4, 14), date(2023, 5, 2)) == 1


def test_a_month_before_the_31st_is_the_end_of_a_shorter_month():
    # 28 February 2021 is a Sunday in a time of class in zone A: the lead moves to Friday 26.
    assert college("clermont-ferrand").lead_day(date(2021, 3, 31), Lead.month()) == date(
        2021, 2, 26
    )
    # 29 February 2024 is a Thursday in the holidays of zone A, which began on Saturday 17.
    assert college("clermont-ferrand").lead_day(date(2024, 3, 30), Lead.month()) == date(
        2024, 2, 16
    )
    assert college("lille").lead_day(date(2021, 1, 15), Lead.month()) == date(2020, 12, 15)


@pytest.mark.parametrize(
    ("deadline", "lead", "day"),
    [
        # Classes started on Tuesday 1 September 2020.
        (date(2020, 9, 15), Lead.month(), date(2020, 9, 1)),
        (date(2020, 9, 15), Lead.class_weeks(3), date(2020, 9, 1)),
        # The only earlier week of class is that of 31 August; its Tuesday is the first class day.
        (date(2020, 9, 8), Lead.class_weeks(1), date(2020, 9, 1)),
        # Monday 31 August is still in the summer: the lead moves to the first class day.
        (date(2020, 9, 7), Lead.class_weeks(1), date(2020, 9, 1)),
        (date(2020, 9, 2), Lead.last_class_day(), date(2020, 9, 1)),
        # No class day of the school year comes before its first class day.
        (date(2020, 9, 1), Lead.last_class_day(), None),
        (date(2020, 9, 1), Lead.month(), None),
        # For a deadline in the summer itself, the leads come before the summer.
        (date(2020, 8, 20), Lead.last_class_day(), date(2020, 7, 3)),
        (date(2020, 8, 20), Lead.month(), date(2020, 7, 3)),
        (date(2020, 8, 31), Lead.last_class_day(), date(2020, 7, 3)),
        (date(2020, 7, 4), Lead.class_weeks(1), date(2020, 6, 26)),
    ],
)
def test_no_lead_crosses_the_summer(deadline, lead, day):
    assert college("lille").lead_day(deadline, lead) == day


def test_the_summer_of_la_reunion_is_its_winter():
    # The winter holidays end on 16 August 2020; classes start on Monday 17.
    reunion = college("la-reunion")
    assert reunion.lead_day(date(2020, 9, 3), Lead.month()) == date(2020, 8, 17)
    assert reunion.lead_day(date(2020, 8, 17), Lead.class_weeks(1)) is None
    # The été austral in December does not separate two school years.
    assert reunion.lead_day(date(2021, 1, 26), Lead.class_weeks(1)) == date(2020, 12, 15)
    assert reunion.lead_day(date(2021, 1, 25), Lead.last_class_day()) == date(2020, 12, 18)


def test_a_summer_at_the_edge_of_what_is_known_is_not_crossed_either():
    # Martinique is known from Sunday 5 July 2020, the first day of its summer holidays.
    martinique = college("martinique")
    assert martinique.lead_day(date(2020, 9, 10), Lead.month()) == date(2020, 9, 1)
    with pytest.raises(CalendarUnknownError):
        martinique.lead_day(date(2020, 8, 20), Lead.last_class_day())


# -- the nation -------------------------------------------------------------------------------


def test_the_nation_is_without_class_only_when_all_zones_are():
    days = nation(wednesdays=True)
    assert days.label == "zones A, B et C"
    assert days.why_without_class(date(2020, 12, 22)) == "les vacances de Noël (zones A, B et C)"
    # Zones A and C have holidays, zone B has class.
    assert days.is_class_day(date(2021, 2, 16))
    assert nation(wednesdays=False).why_without_class(date(2021, 2, 17)) == "un mercredi"


def test_the_nation_draws_what_all_zones_share():
    names = [
        (h.name, h.first_day, h.last_day)
        for h in nation(wednesdays=True).holidays_in(date(2021, 9, 2), date(2022, 7, 7))
    ]
    # No winter or spring holidays: the three zones share at most a weekend of them.
    assert names == [
        ("Vacances de la Toussaint", date(2021, 10, 23), date(2021, 11, 7)),
        ("Vacances de Noël", date(2021, 12, 18), date(2022, 1, 2)),
        ("Pont de l'Ascension", date(2022, 5, 26), date(2022, 5, 29)),
    ]


# -- périodes ---------------------------------------------------------------------------------


def test_the_periodes_of_a_year():
    assert college("lille").periods(SchoolYear(2020)) == (
        Period(1, date(2020, 9, 1), date(2020, 10, 16), "rentrée", "Toussaint"),
        Period(2, date(2020, 11, 2), date(2020, 12, 18), "Toussaint", "Noël"),
        Period(3, date(2021, 1, 4), date(2021, 2, 19), "Noël", "hiver"),
        Period(4, date(2021, 3, 8), date(2021, 4, 9), "hiver", "printemps"),
        Period(5, date(2021, 4, 26), date(2021, 7, 6), "printemps", "été"),
    )
    # Tuesday 6 July 2021 is the last day, also for an école.
    assert ecole("lille").periods(SchoolYear(2020))[-1].last_day == date(2021, 7, 6)


def test_the_periodes_of_la_reunion():
    labels = [p.label for p in college("la-reunion").periods(SchoolYear(2020))]
    assert labels == [
        "Période 1 (rentrée → octobre)",
        "Période 2 (octobre → été austral)",
        "Période 3 (été austral → mars)",
        "Période 4 (mars → mai)",
        "Période 5 (mai → hiver austral)",
    ]


def test_a_small_break_parts_no_periodes():
    # The pont de l'Ascension is a break of four days in the last période.
    last = college("montpellier").periods(SchoolYear(2021))[-1]
    assert last.first_day < date(2022, 5, 26) < last.last_day


def test_the_nation_has_no_periodes():
    assert nation(wednesdays=True).periods(SchoolYear(2020)) == ()


@pytest.mark.parametrize("year", [2016, 2017, 2028])
def test_a_year_that_is_not_wholly_known_has_no_periodes(year):
    with pytest.raises(CalendarUnknownError, match=SchoolYear(year).label):
        college("lille").periods(SchoolYear(year))


# -- unknown days and wrong arguments ---------------------------------------------------------


def test_nothing_is_said_of_a_place_without_a_calendar():
    days = college("polynesie-francaise")
    assert days.label == "calendrier de la Polynésie française"
    assert not days.knows(DEADLINE, DEADLINE)
    assert days.holidays_in(DEADLINE, DEADLINE) == ()
    questions = [
        lambda: days.is_class_day(DEADLINE),
        lambda: days.why_without_class(DEADLINE),
        lambda: days.last_before(DEADLINE),
        lambda: days.first_from(DEADLINE),
        lambda: days.weeks_left(FIRST_DAY_BACK, DEADLINE),
        lambda: days.lead_day(DEADLINE, Lead.class_weeks(3)),
        lambda: days.forward(DEADLINE, 1),
        lambda: days.backward(DEADLINE, 1),
        lambda: days.periods(SchoolYear(2020)),
    ]
    for question in questions:
        with pytest.raises(CalendarUnknownError):
            question()


def test_the_refusal_says_which_day_and_which_calendar():
    with pytest.raises(CalendarUnknownError) as refused:
        college("guadeloupe").is_class_day(date(2021, 9, 6))
    assert str(refused.value).replace(NBSP, " ") == (
        "Nous ne connaissons pas les vacances scolaires du lundi 6 septembre 2021 "
        "(calendrier de la Guadeloupe)."
    )


def test_the_mainland_is_trusted_to_the_end_of_august_2028_and_no_further():
    days = college("lille")
    assert days.knows(date(2017, 9, 4), date(2028, 8, 31))
    assert not days.knows(date(2017, 9, 3), date(2017, 9, 3))
    assert not days.knows(date(2028, 8, 31), date(2028, 9, 1))
    assert days.last_before(date(2028, 9, 1)) == date(2028, 7, 4)
    with pytest.raises(CalendarUnknownError):
        days.first_from(date(2028, 7, 5))


def test_one_unknown_day_does_no_harm_to_a_week_with_a_sure_class_day():
    # 8 September 2023 is uncertain in Corse, but its week certainly has class.
    corse = college("corse")
    assert not corse.knows(date(2023, 9, 8), date(2023, 9, 8))
    assert corse.weeks_left(date(2023, 9, 5), date(2023, 9, 22)) == 2
    assert corse.lead_day(date(2023, 9, 14), Lead.class_weeks(1)) == date(2023, 9, 7)
    with pytest.raises(CalendarUnknownError):
        corse.last_before(date(2023, 9, 9))


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_time_are_unknown(day):
    days = college("lille")
    for question in (days.last_before, days.first_from, days.is_class_day):
        with pytest.raises(CalendarUnknownError):
            question(day)
    with pytest.raises(CalendarUnknownError):
        days.lead_day(day, Lead.class_weeks(40))
    with pytest.raises(CalendarUnknownError):
        days.lead_day(day, Lead.month())


def test_wrong_orders_and_counts_are_refused():
    days = college("lille")
    for wrong in (
        lambda: days.knows(DEADLINE, FIRST_DAY_BACK),
        lambda: days.weeks_left(DEADLINE, FIRST_DAY_BACK),
        lambda: days.holidays_in(DEADLINE, FIRST_DAY_BACK),
        lambda: days.forward(DEADLINE, 0),
        lambda: days.backward(DEADLINE, -1),
    ):
        with pytest.raises(ValueError):
            wrong()
    assert days.weeks_left(DEADLINE, DEADLINE) == 0


@pytest.mark.parametrize(
    ("lead", "code", "words"),
    [
        (Lead.month(), "month", "un mois avant la date"),
        (Lead.class_weeks(3), "class_weeks:3", "3 semaines de classe avant la date"),
        (Lead.class_weeks(1), "class_weeks:1", "1 semaine de classe avant la date"),
        (Lead.last_class_day(), "last_class_day", "le dernier jour de classe avant la date"),
    ],
)
def test_a_lead_is_read_back_from_its_code(lead, code, words):
    assert lead.code == code
    assert Lead.parse(code) == lead
    assert lead.words.replace(NBSP, " ") == words


@pytest.mark.parametrize(
    "code",
    [
        "",
        "week",
        "MONTH",
        "month:1",
        "class_weeks",
        "class_weeks:",
        "class_weeks:0",
        "class_weeks:-1",
        "class_weeks:41",
        "class_weeks:3 ",
        "class_weeks:٣",
    ],
)
def test_another_code_is_no_lead(code):
    with pytest.raises(UnknownValueError):
        Lead.parse(code)


@pytest.mark.parametrize("weeks", [0, -3, 41])
def test_a_lead_is_of_1_to_40_weeks(weeks):
    with pytest.raises(UnknownValueError):
        Lead.class_weeks(weeks)


def test_a_calendar_out_of_order_is_refused():
    def holiday(first: int, last: int) -> SchoolHoliday:
        return SchoolHoliday("Vacances", date(2021, 2, first), date(2021, 2, last))

    def calendar(*holidays: SchoolHoliday, known=()) -> SchoolCalendar:
        return SchoolCalendar("x", "x", holidays, known)

    calendar(holiday(1, 2), holiday(3, 4))
    days = [date(2021, 2, number) for number in range(1, 10)]
    for wrong in (
        lambda: holiday(2, 1),
        lambda: calendar(holiday(3, 4), holiday(1, 2)),
        lambda: calendar(holiday(1, 3), holiday(3, 4)),
        lambda: calendar(known=((days[1], days[0]),)),
        lambda: calendar(known=((days[2], days[3]), (days[0], days[1]))),
        lambda: calendar(known=((days[0], days[1]), (days[2], days[3]))),
    ):
        with pytest.raises(ValueError):
            wrong()


def test_two_calendars_of_one_slug_do_not_share_their_days():
    # A renewed calendar keeps its slug; cached days of the old calendar must not be used for it.
    known = ((date(2021, 1, 1), date(2021, 12, 31)),)
    without = SchoolCalendar("zone-x", "zone X", (), known)
    winter = SchoolHoliday("Vacances d'hiver", date(2021, 2, 8), date(2021, 2, 12))
    renewed = SchoolCalendar("zone-x", "zone X", (winter,), known)
    answers = [
        ClassDays.national([calendar], wednesdays=True).is_class_day(DEADLINE)
        for calendar in (without, renewed, without)
    ]
    assert answers == [True, False, True]


def test_a_returned_dictionary_is_nobody_elses():
    mainland_calendars().clear()
    assert set(mainland_calendars()) == {"zone-a", "zone-b", "zone-c"}
    with pytest.raises(TypeError):
        public_holidays([], 2021)[DEADLINE] = "Jour du concours"  # type: ignore[index]
