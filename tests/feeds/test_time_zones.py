"""VTIMEZONEs: programs must read the right instant for every half hour of local time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import icalendar
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from calendar_app.feeds.time_zones import time_zone
from tests import tools, zone_reading
from tests.shipped import ACADEMIES

#: Every zone that a date of the site may have, and other zones, each with a special case.
USED = sorted({academy.time_zone for academy in ACADEMIES})
OTHERS = [
    "Africa/Casablanca",  # the clocks follow Ramadan: no yearly rule
    "America/New_York",
    "America/Santiago",  # changes at midnight, on a day of the month; 2022 was an exception
    "Asia/Kathmandu",  # an offset with minutes
    "Asia/Tehran",  # changed its clocks until 2022
    "Australia/Lord_Howe",  # summer time of half an hour, in the south
    "Europe/Dublin",  # winter time is the exception in the tz database
    "Europe/Volgograd",  # changed its offset in 2018 and in 2020
    "Pacific/Apia",
]
FIRST_YEAR, LAST_YEAR = 2020, 2022


def calendar(zones: list[str], first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR) -> bytes:
    """Return a calendar that contains only VTIMEZONEs."""
    found = icalendar.Calendar()
    found.add("prodid", "-//essai//")
    found.add("version", "2.0")
    for zone in zones:
        found.add_component(time_zone(zone, first_year, last_year))
    return found.to_ical(sorted=False)


def is_plain(zone: str, local: datetime) -> bool:
    """Whether the clocks of a zone show this time exactly once. Programs disagree on times that the
    clocks skip or show twice."""
    early, late = (local.replace(tzinfo=ZoneInfo(zone), fold=fold).utcoffset() for fold in (0, 1))
    return early == late


def misread(
    read,
    zones: list[str],
    first_year: int = FIRST_YEAR,
    last_year: int = LAST_YEAR,
    step: timedelta = timedelta(minutes=30),
):
    """Return (zone, local time, error in seconds) for the local times of these years, one every
    *step*, that a program reads as a wrong instant."""
    first, end = (datetime(year, 1, 1) for year in (first_year, last_year + 1))  # noqa: DTZ001 (clocks of any zone)
    times = zone_reading.Times(first, end, step)
    found = read(calendar(zones, first_year, last_year), times)
    told = zone_reading.told_by_tzdata(zones, times)
    assert found.keys() == told.keys()
    return [
        (zone, local, found[zone][number] - told[zone][number])
        for zone in zones
        for number, local in enumerate(times)
        if found[zone][number] != told[zone][number] and is_plain(zone, local)
    ]


def drawn() -> list[str]:
    """Return all zones in a campaign, else a few zones that include Paris."""
    return [*USED, *OTHERS] if tools.CAMPAIGN else ["Europe/Paris", "America/Miquelon", *OTHERS[:4]]


@pytest.mark.parametrize(
    "read",
    # libical needs a compiler, so only the campaign uses it.
    [zone_reading.read_by_ical_js, *([zone_reading.read_by_libical] if tools.CAMPAIGN else [])],
)
def test_a_program_reads_each_half_hour_of_three_years_at_its_instant(read):
    assert misread(read, [*USED, *OTHERS]) == []


@pytest.mark.long
@pytest.mark.parametrize("zone", drawn())
def test_vobject_does(zone):
    assert misread(zone_reading.read_by_vobject, [zone]) == []


@pytest.mark.long
@pytest.mark.parametrize("zone", drawn())
def test_icalendar_does(zone):
    assert misread(zone_reading.read_by_icalendar, [zone]) == []


@pytest.mark.long
@settings(max_examples=tools.scaled(300), deadline=None)
@given(
    zone=st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"})),
    first_year=st.integers(1975, 2035),
    years=st.integers(1, 3),
)
@example("Europe/Paris", 1995, 2)  # summer time ended in September in 1995, and then in October
@example("Africa/Cairo", 2010, 3)
@example("Pacific/Apia", 2011, 1)  # 30 December 2011 was skipped
def test_any_zone_is_told_whatever_its_rules_were(zone, first_year, years):
    last_year = first_year + years - 1
    component = time_zone(zone, first_year, last_year)
    assert component.to_ical().count(b"BEGIN:") <= 1 + 4 * years + 2
    for read in (zone_reading.read_by_vobject, zone_reading.read_by_icalendar):
        assert misread(read, [zone], first_year, last_year, timedelta(hours=6)) == []


def test_europe_has_one_rule_for_spring_and_one_for_autumn():
    assert time_zone("Europe/Paris", 2021, 2023).to_ical(sorted=False).decode().splitlines() == [
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Paris",
        "BEGIN:STANDARD",
        "DTSTART:20201025T030000",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "TZNAME:CET",
        "END:STANDARD",
        "BEGIN:DAYLIGHT",
        "DTSTART:20210328T020000",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "TZNAME:CEST",
        "END:DAYLIGHT",
        "END:VTIMEZONE",
    ]


def test_a_zone_without_summer_time_is_one_observance():
    assert time_zone("Indian/Reunion", 2021, 2023).to_ical(sorted=False).decode().splitlines() == [
        "BEGIN:VTIMEZONE",
        "TZID:Indian/Reunion",
        "BEGIN:STANDARD",
        "DTSTART:20200101T000000",
        "TZOFFSETFROM:+0400",
        "TZOFFSETTO:+0400",
        "TZNAME:+04",
        "END:STANDARD",
        "END:VTIMEZONE",
    ]


@pytest.mark.parametrize("zone", [*USED, *OTHERS])
def test_no_observance_packs_onsets_that_programs_misread(zone):
    told = time_zone(zone, FIRST_YEAR, LAST_YEAR)
    assert set(told.keys()) == {"TZID"}
    for observance in told.subcomponents:
        names = {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME"}
        assert set(observance.keys()) - {"RRULE"} == names
        # Outlook accepts only a weekday in one week of a month.
        if "RRULE" in observance:
            rule = observance["RRULE"].to_ical().decode()
            assert re.fullmatch(
                r"FREQ=YEARLY(;UNTIL=\d{8}T\d{6}Z)?;BYDAY=(-1|[1-4])(MO|TU|WE|TH|FR|SA|SU);BYMONTH=\d+",
                rule,
            )
