"""Clocks of several places: when a deadline printed for one place falls in another.

A milestone has a time zone (Europe/Paris for national dates, the académie's for its own dates), and
a day with or without an hour. 23 h 59 in Paris is 2 h 59 the next morning in La Réunion (in
winter).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: The time zone of national dates, and of « today » on public pages.
PARIS = ZoneInfo("Europe/Paris")

#: A deadline without a printed hour lasts to the end of its day.
END_OF_DAY = time(23, 59)

#: The hour at which a reminder goes out, on its reader's own clock.
MORNING = time(7, 30)

#: After this hour, nobody is still at school to send a production.
_END_OF_SCHOOL = time(17)


def paris_day(at: datetime) -> date:
    """Return the day in Paris at an instant (aware).

    Instants of the store are UTC: in the first two hours of a summer day in Paris, their own
    ``date()`` is the day before.
    """
    return at.astimezone(PARIS).date()


def deadline_instant(day: date, at: time | None, zone: str) -> datetime:
    """Return the instant of a deadline, aware, in UTC.

    :param day: the printed day.
    :param at: the printed hour, on the clock of *zone*; None (not printed) means 23 h 59. If the
        clock shows the hour twice, the first time counts, because it is the safe one.
    :param zone: IANA name.
    """
    clock = END_OF_DAY if at is None else at
    return datetime.combine(day, clock, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local_deadline(day: date, at: time | None, zone: str, local_zone: str) -> datetime:
    """Return the instant of a deadline, aware, on the clock of *local_zone* (IANA name).

    The other parameters are those of :func:`deadline_instant`.
    """
    return deadline_instant(day, at, zone).astimezone(ZoneInfo(local_zone))


def safe_day(day: date, at: time | None, zone: str, local_zone: str) -> date:
    """Return the latest day of *local_zone* whose 17 h 00 comes before the deadline.

    A teacher in *local_zone* who finishes by the end of that day is in time. The safe day is the
    printed day, except in places far to the west (Tahiti: the day before) and for deadlines during
    the day.
    """
    local = local_deadline(day, at, zone, local_zone)
    # Both times are on one clock, so naive values are compared, as a person would compare them.
    in_time = local.replace(tzinfo=None) > datetime.combine(local.date(), _END_OF_SCHOOL)
    return local.date() if in_time else local.date() - timedelta(days=1)


def session_span(
    first_day: date, start_time: time | None, last_day: date, end_time: time | None, zone: str
) -> tuple[datetime, datetime] | None:
    """Return when a session begins and ends, aware, on the clock of *zone* (IANA name).

    None if that is not a length of time: an hour is missing, both instants are equal, or the end
    would come before the start (as when the clock goes back).
    """
    if start_time is None or end_time is None:
        return None
    start = local_instant(first_day, start_time, zone)
    end = local_instant(last_day, end_time, zone)
    here = ZoneInfo(zone)
    return (start.astimezone(here), end.astimezone(here)) if start < end else None


def local_instant(day: date, at: time, zone: str) -> datetime:
    """Return the instant, in UTC, at which the clock of *zone* (IANA name) shows *at* on *day*.

    If the clock skips the hour, the first valid instant after it is returned; if the clock shows
    the hour twice, the first of the two.
    """
    clock = datetime.combine(day, at)
    while True:
        # fold=0, the default, selects the first of two equal hours.
        instant = clock.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == clock:
            return instant
        clock += timedelta(minutes=1)
