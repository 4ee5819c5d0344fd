"""On which mornings reminders go out, worked out by hand against the calendar of 2020-2021."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import event as sqlalchemy_event

from calendar_app.catalogue import queries
from calendar_app.reminders.rehearsal import preview
from calendar_app.reminders.rules.reminder_plan import OFFERED_LEADS, SchoolKind, plan
from calendar_app.school.class_days import ClassDays
from calendar_app.school.local_time import local_instant
from calendar_app.store.base import db
from tests.shipped import ACADEMIES, CALENDARS
from tests.tools import scaled

TALENT, ROBOTEAM = date(2021, 2, 11), date(2021, 4, 30)

# The real calendar of 2020-2021: in April 2021 the spring holidays of the three zones were unified,
# from 10 to 25 April (the decree had given zone A 10 to 25, B 24 April to 9 May and
# C 17 April to 2 May). The data holds the unified ones.
#
# Ma classe a du talent, Thursday 11 February 2021:
#   Lille (B) and Montpellier (C) are at school until 19 and 12 February: a month before is Monday
#   11 January, a class day; the Thursdays three weeks and one week before are 21 January and 4
#   February; the last class day is Tuesday 9 (no Wednesday in an école), Wednesday 10 in a collège.
#   Clermont-Ferrand (A) is on holiday from 6 to 21 February: the last class day is Friday 5, from
#   which class weeks are counted: those before it are 25, 18 and 11 January, so the days are the
#   Fridays 29 and 15 January.
#   La Réunion is on holiday from 20 December to 24 January. Monday 11 January has no class: the
#   last class day before it is Friday 18 December. Weeks with class before that of 8 February: 1
#   February, 25 January, then 14 December: its Thursday is the 17th.
# RoboTeam, Friday 30 April 2021:
#   Lille, Clermont-Ferrand and Montpellier are on holiday from 10 to 25 April. A month before is
#   Tuesday 30 March. Weeks with class before that of 26 April: 5 April (Easter Monday is the 5th,
#   the Friday is a class day), 29 March, 22 March: Fridays 9 April and 26 March. The last class
#   day is Thursday 29 April.
#   La Réunion has class from 22 March to 4 May: the Fridays one and three weeks before are 23 and
#   9 April; Tuesday 30 March and Thursday 29 April are class days.
TABLE = {
    ("lille", SchoolKind.ECOLE, TALENT): ("2021-01-11", "2021-01-21", "2021-02-04", "2021-02-09"),
    ("lille", SchoolKind.COLLEGE, TALENT): ("2021-01-11", "2021-01-21", "2021-02-04", "2021-02-10"),
    ("montpellier", SchoolKind.ECOLE, TALENT): (
        "2021-01-11", "2021-01-21", "2021-02-04", "2021-02-09",
    ),
    ("clermont-ferrand", SchoolKind.ECOLE, TALENT): (
        "2021-01-11", "2021-01-15", "2021-01-29", "2021-02-05",
    ),
    ("clermont-ferrand", SchoolKind.COLLEGE, TALENT): (
        "2021-01-11", "2021-01-15", "2021-01-29", "2021-02-05",
    ),
    ("la-reunion", SchoolKind.ECOLE, TALENT): (
        "2020-12-18", "2020-12-17", "2021-02-04", "2021-02-09",
    ),
    ("la-reunion", SchoolKind.LYCEE, TALENT): (
        "2020-12-18", "2020-12-17", "2021-02-04", "2021-02-10",
    ),
    ("lille", SchoolKind.ECOLE, ROBOTEAM): ("2021-03-30", "2021-03-26", "2021-04-09", "2021-04-29"),
    ("clermont-ferrand", SchoolKind.ECOLE, ROBOTEAM): (
        "2021-03-30", "2021-03-26", "2021-04-09", "2021-04-29",
    ),
    ("montpellier", SchoolKind.COLLEGE, ROBOTEAM): (
        "2021-03-30", "2021-03-26", "2021-04-09", "2021-04-29",
    ),
    ("la-reunion", SchoolKind.ECOLE, ROBOTEAM): (
        "2021-03-30", "2021-04-09", "2021-04-23", "2021-04-29",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("slug", "school", "deadline"), TABLE, ids=str)
def test_the_morning_of_each_lead(slug, school, deadline):
    academy = ACADEMIES.get(slug)
    calendar = CALENDARS[academy.holiday_calendar]
    class_days = ClassDays.of_academy(academy, calendar, wednesdays=school.wednesdays)
    planned = plan(class_days, deadline, OFFERED_LEADS, academy.time_zone)
    by_lead = {p.lead: p for p in planned}
    days = tuple(by_lead[lead].day.isoformat() for lead in OFFERED_LEADS)
    assert days == TABLE[slug, school, deadline]
    # 7 h 30 on the clock of the académie: UTC + 4 in La Réunion, + 1 or + 2 in Paris.
    for p in planned:
        summer = date(2021, 3, 28) <= p.day < date(2021, 10, 31)
        offset = 4 if slug == "la-reunion" else 1 + summer
        assert p.send_at == datetime.combine(p.day, time(7, 30), UTC) - timedelta(hours=offset)
        assert p.day < deadline
    assert list(planned) == sorted(planned, key=lambda p: p.send_at)


ZONES = sorted({academy.time_zone for academy in ACADEMIES})


@pytest.mark.parametrize("zone", ZONES)
def test_every_local_day_has_exactly_one_instant_for_each_hour(zone):
    from zoneinfo import ZoneInfo

    local = ZoneInfo(zone)
    first = date(2024, 1, 1)
    days = (date(2035, 12, 31) - first).days + 1
    # A campaign checks all days; else every tenth day, and the days on which a clock changes.
    for number in range(days):
        day = first + timedelta(days=number)
        noon = datetime.combine(day, time(12), local)
        changes = noon.utcoffset() != (noon - timedelta(days=1)).utcoffset()
        if number % (10 // scaled(10)) and not changes:
            continue
        for at in (time(7, 30), time(2, 30), time(0, 30)):
            instant = local_instant(day, at, zone)
            shown = instant.astimezone(local)
            wanted = datetime.combine(day, at)
            if shown.replace(tzinfo=None) == wanted:
                # The first instant that shows this hour: one hour before, the clock shows less.
                earlier = (instant - timedelta(hours=1)).astimezone(local)
                assert earlier.replace(tzinfo=None) < wanted
            else:
                # The hour is skipped: one second before the instant, the clock shows less than it.
                before = (instant - timedelta(seconds=1)).astimezone(local)
                assert before.replace(tzinfo=None) < wanted < shown.replace(tzinfo=None)
                assert shown.date() == day


@pytest.mark.parametrize(
    ("zone", "day", "at", "instant"),
    [
        # Paris skips the hour from 2 h to 3 h on 30 March 2025, and shows it twice on 26 October.
        ("Europe/Paris", date(2025, 3, 30), time(2, 30), "2025-03-30T01:00:00+00:00"),
        ("Europe/Paris", date(2025, 10, 26), time(2, 30), "2025-10-26T00:30:00+00:00"),
        ("Indian/Reunion", date(2025, 3, 30), time(2, 30), "2025-03-29T22:30:00+00:00"),
        ("America/Miquelon", date(2025, 3, 9), time(2, 30), "2025-03-09T05:00:00+00:00"),
    ],
)
def test_an_hour_that_is_skipped_or_shown_twice(zone, day, at, instant):
    assert local_instant(day, at, zone).isoformat() == instant


def test_the_preview_shows_a_morning_and_writes_nothing(app):
    writes: list[str] = []
    with app.app_context():
        before = queries.catalogue(db.session).version

        @sqlalchemy_event.listens_for(db.engine, "before_cursor_execute")
        def note(_connection, _cursor, statement, *_rest):
            if statement.split()[0].upper() in ("INSERT", "UPDATE", "DELETE"):
                writes.append(statement)

        found = preview(db.session, "lille", SchoolKind.ECOLE, date(2021, 1, 11))
        assert [(line.title, line.planned.lead.code) for line in found.lines] == [
            ("Ma classe a du talent, 6e édition", "month")
        ]
        assert found.lines[0].planned.send_at == datetime(2021, 1, 11, 6, 30, tzinfo=UTC)
        for day, codes in ((date(2021, 2, 9), ["last_class_day"]), (date(2021, 2, 10), [])):
            lines = preview(db.session, "lille", SchoolKind.ECOLE, day).lines
            assert [line.planned.lead.code for line in lines] == codes
        assert queries.catalogue(db.session).version == before
    assert writes == []


def test_the_preview_of_another_academy_holds_nothing_of_lille(app):
    with app.app_context():
        found = preview(db.session, "montpellier", SchoolKind.ECOLE, date(2021, 4, 29))
        assert [line.title for line in found.lines] == ["Concours RoboTeam"]
        assert preview(db.session, "lille", SchoolKind.ECOLE, date(2021, 4, 29)).lines == ()


def test_the_preview_says_whose_holidays_are_not_known(app):
    with app.app_context():
        found = preview(db.session, "polynesie-francaise", SchoolKind.ECOLE, date(2021, 1, 11))
    assert (found.lines, found.unknown) == ((), ("Ma classe a du talent, 6e édition",))
