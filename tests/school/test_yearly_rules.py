"""Days that return by a rule: each year's day, and the rules that are refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.school.class_days import ClassDays
from calendar_app.school.school_calendars import mainland_calendars
from calendar_app.school.school_year import SchoolYear
from calendar_app.school.yearly_rules import HOLIDAYS, AfterHolidays, ByRecurrence, RuleError

ZONES = [mainland_calendars()[f"zone-{letter}"] for letter in "abc"]
NATION = ClassDays.national(ZONES, wednesdays=True)
SAFER_INTERNET = "FREQ=YEARLY;BYMONTH=2;BYDAY=TU;BYMONTHDAY=5,6,7,8,9,10,11"


@pytest.mark.parametrize(
    ("rule", "since", "year", "day"),
    [
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=9", 2015, 2026, date(2026, 12, 9)),
        # 1 August is the first day of a school year, 31 July its last.
        ("FREQ=YEARLY;BYMONTH=8;BYMONTHDAY=1", 2015, 2026, date(2026, 8, 1)),
        ("FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=31", 2015, 2026, date(2027, 7, 31)),
        (SAFER_INTERNET, 2004, 2023, date(2024, 2, 6)),
        (SAFER_INTERNET, 2004, 2024, date(2025, 2, 11)),
        (SAFER_INTERNET, 2004, 2025, date(2026, 2, 10)),
        (SAFER_INTERNET, 2004, 2026, date(2027, 2, 9)),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=-1SU", 2000, 2026, date(2027, 5, 30)),
        ("FREQ=YEARLY;BYEASTER=-2", 2000, 2026, date(2027, 3, 26)),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", 2020, 2026, None),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", 2020, 2027, date(2028, 2, 29)),
        # Nothing returns before it began.
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=9", 2027, 2026, None),
    ],
)
def test_a_recurrence_gives_the_day_of_a_school_year(rule, since, year, day):
    assert ByRecurrence(rule, since).day_in(SchoolYear(year)) == day


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (2021, date(2021, 11, 18)),  # Thursday 11 November is a public holiday
        (2023, date(2023, 11, 9)),
        (2026, date(2026, 11, 5)),
        (2027, date(2027, 11, 18)),
        (2040, None),  # its holidays are not known
    ],
)
def test_the_first_thursday_after_the_autumn_holidays(year, day):
    rule = AfterHolidays("toussaint", 3, 1)
    assert rule.day_in(SchoolYear(year), ZONES, NATION) == day


@given(
    st.sampled_from(sorted(HOLIDAYS)),
    st.integers(0, 4),
    st.integers(1, 5),
    st.integers(2017, 2027),
)
def test_a_weekday_after_holidays_is_a_class_day_after_those_of_all_zones(
    holidays, weekday, ordinal, start
):
    year = SchoolYear(start)
    day = AfterHolidays(holidays, weekday, ordinal).day_in(year, ZONES, NATION)
    if day is None:
        return
    assert day.weekday() == weekday
    assert NATION.is_class_day(day)
    assert SchoolYear.of(day) == year
    earlier = AfterHolidays(holidays, weekday, ordinal - 1).day_in(year, ZONES, NATION)
    assert ordinal == 1 or earlier < day


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ=YEARLY",  # the day of « since », which nobody wrote
        "BYMONTH=12;BYMONTHDAY=9",
        "FREQ=DAILY",
        "FREQ=SECONDLY;BYMONTH=1",
        "FREQ=YEARLY;BYMONTH=13;BYMONTHDAY=1",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYDAY=TU",
        "FREQ=YEARLY;BYMONTH=1,2;BYMONTHDAY=1",
        "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1;BYHOUR=1,2",
        "FREQ=YEARLY;BYMONTH=1;BYMONTH=2;BYMONTHDAY=1",
        "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1;COUNT=3",
        "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1;UNTIL=20270101",
        "FREQ=YEARLY;INTERVAL=0;BYMONTH=1;BYMONTHDAY=1",
        "FREQ=YEARLY;INTERVAL=2;BYMONTH=1;BYMONTHDAY=1",  # « chaque année » would be wrong
        "DTSTART:20200101\nRRULE:FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1",
        "le 9 décembre",
    ],
)
def test_a_rule_that_gives_no_single_day_is_refused(rule):
    with pytest.raises(RuleError):
        ByRecurrence(rule, 2015)


@given(st.text(max_size=60) | st.from_regex(r"FREQ=YEARLY(;[A-Z]{4,9}=[-0-9A-Z,]{1,6}){0,3}"))
def test_any_text_is_a_rule_or_refused(text):
    try:
        rule = ByRecurrence(text, 2020)
    except RuleError:
        return
    assert rule.words


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (ByRecurrence("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=9", 2015), "le 9 décembre"),
        (ByRecurrence(SAFER_INTERNET, 2004), "un mardi de février"),
        (ByRecurrence("FREQ=YEARLY;BYMONTH=10;BYDAY=1SU", 2004), "un dimanche d'octobre"),
        (
            ByRecurrence("FREQ=YEARLY;BYEASTER=39", 2004),
            "à une date qui change d'une année à l'autre",
        ),
        (
            AfterHolidays("toussaint", 3, 1),
            "le premier jeudi de classe après les vacances de la Toussaint",
        ),
    ],
)
def test_a_rule_in_words(rule, words):
    assert rule.words.replace("\N{NO-BREAK SPACE}", " ") == words
