"""A deadline printed for Paris falls at another hour, or on another day, overseas."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from calendar_app.school.local_time import deadline_instant, local_deadline, safe_day

PARIS = "Europe/Paris"
WINTER = date(2021, 2, 11)
SUMMER = date(2021, 6, 10)


def test_no_hour_printed_means_the_end_of_the_day_there():
    assert deadline_instant(WINTER, None, PARIS) == datetime(2021, 2, 11, 22, 59, tzinfo=UTC)
    assert deadline_instant(SUMMER, None, PARIS) == datetime(2021, 6, 10, 21, 59, tzinfo=UTC)
    assert deadline_instant(WINTER, None, "Indian/Reunion") == datetime(
        2021, 2, 11, 19, 59, tzinfo=UTC
    )


def test_midnight_is_an_hour_like_another():
    assert deadline_instant(WINTER, time(0), PARIS) == datetime(2021, 2, 10, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("Indian/Reunion", "2021-02-12 02:59", "2021-06-11 01:59"),
        ("America/Guadeloupe", "2021-02-11 18:59", "2021-06-10 17:59"),
        ("Pacific/Tahiti", "2021-02-11 12:59", "2021-06-10 11:59"),
        (PARIS, "2021-02-11 23:59", "2021-06-10 23:59"),
    ],
)
def test_a_local_clock_shows_the_paris_deadline(zone, winter, summer):
    for day, clock in ((WINTER, winter), (SUMMER, summer)):
        local = local_deadline(day, None, PARIS, zone)
        assert f"{local:%Y-%m-%d %H:%M}" == clock
        assert local == deadline_instant(day, None, PARIS)


@pytest.mark.parametrize("day", [WINTER, SUMMER])
@pytest.mark.parametrize(
    ("zone", "days_before"),
    [(PARIS, 0), ("Indian/Reunion", 0), ("America/Guadeloupe", 0), ("Pacific/Tahiti", 1)],
)
def test_the_safe_day_is_the_last_whose_end_of_school_comes_before(day, zone, days_before):
    assert (day - safe_day(day, None, PARIS, zone)).days == days_before


@pytest.mark.parametrize(
    ("at", "zone", "safe"),
    [
        # A deadline at 17 h 00 is not after 17 h 00, so the safe day is the day before.
        (time(17), PARIS, date(2021, 2, 10)),
        (time(17, 1), PARIS, date(2021, 2, 11)),
        (time(12), PARIS, date(2021, 2, 10)),
        # Noon in Paris is 15 h in La Réunion, so the safe day is the day before.
        (time(12), "Indian/Reunion", date(2021, 2, 10)),
        # In winter, 23 h in Paris is 18 h in Guadeloupe, and 22 h is 17 h.
        (time(23), "America/Guadeloupe", date(2021, 2, 11)),
        (time(22), "America/Guadeloupe", date(2021, 2, 10)),
    ],
)
def test_the_safe_day_of_a_printed_hour(at, zone, safe):
    assert safe_day(WINTER, at, PARIS, zone) == safe


def test_paris_reads_a_date_of_la_reunion():
    # 23 h 59 in La Réunion is 20 h 59 in Paris the same day.
    local = local_deadline(WINTER, None, "Indian/Reunion", PARIS)
    assert (local.day, local.hour, local.minute) == (11, 20, 59)
    assert safe_day(WINTER, None, "Indian/Reunion", PARIS) == WINTER
    # 23 h 59 in Tahiti is 10 h 59 in Paris the next day, so the printed day is the safe day.
    assert local_deadline(WINTER, None, "Pacific/Tahiti", PARIS).day == 12
    assert safe_day(WINTER, None, "Pacific/Tahiti", PARIS) == WINTER


def test_an_hour_that_comes_twice_is_the_first_of_the_two():
    # On 31 October 2021 the clocks of Paris showed 2 h 30 twice: at 0 h 30 UTC and at 1 h 30 UTC.
    instant = deadline_instant(date(2021, 10, 31), time(2, 30), PARIS)
    assert instant == datetime(2021, 10, 31, 0, 30, tzinfo=UTC)
