"""Rules of repetition (RFC 5545, 3.3.10): which are read, and the days of one that takes away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from itertools import islice, takewhile
from typing import Any

from dateutil.rrule import rrulestr

from calendar_app.letters.agendas.left_out import BAD_RULE, TOO_OFTEN

_FREQUENCIES = frozenset(("DAILY", "WEEKLY", "MONTHLY", "YEARLY"))
_MANY_A_DAY = frozenset(("SECONDLY", "MINUTELY", "HOURLY"))
#: The most occurrences on one day of what returns.
_A_DAY = 4
#: The most days that a rule takes away: one a day for half a century.
_MOST_TAKEN = 20_000
#: Each month has this day.
_IN_EACH_MONTH = 28


def refused_rule(rule: Any) -> str | None:
    """Return in French why a rule is not read, or None."""
    frequency = _first(rule, "FREQ", "").upper()
    if frequency in _MANY_A_DAY:
        return TOO_OFTEN
    # dateutil would never come to an end of a rule that does not advance.
    if frequency not in _FREQUENCIES or any(number < 1 for number in rule.get("INTERVAL") or ()):
        return BAD_RULE
    a_day = 1
    for name in ("BYSECOND", "BYMINUTE", "BYHOUR"):
        a_day *= len(rule.get(name) or (1,))
    return TOO_OFTEN if a_day > _A_DAY else None


def settle_rule(rule: Any, start: Any) -> None:
    """Write a rule as its libraries read it, where it means the same."""
    _forget_the_calendar(rule, start)
    _end_on_whole_days(rule, start)


def days_taken(
    rule: Any, start: Any, last: date, on_clock: Callable[[Any], Any]
) -> list[date | datetime]:
    """Return the occurrences of an EXRULE before *last*, on the clock of the start.

    RFC 5545 took EXRULE out, and programs still write it.

    :raises ValueError: as the other errors of arithmetic, when the rule is none.
    """
    until = _first(rule, "UNTIL", None)
    if isinstance(until, datetime):
        rule["UNTIL"] = [on_clock(until).replace(tzinfo=None)]
    elif until:
        rule["UNTIL"] = [datetime.combine(until, time(23, 59, 59))]
    has_hours = isinstance(start, datetime)
    zone = start.tzinfo if has_hours else None
    begins = start.replace(tzinfo=None) if has_hours else datetime.combine(start, time())
    end = datetime.combine(last, time())
    found = takewhile(lambda at: at < end, rrulestr(rule.to_ical().decode(), dtstart=begins))
    days = islice(found, _MOST_TAKEN)
    return [at.replace(tzinfo=zone) if has_hours else at.date() for at in days]


def _first(rule: Any, name: str, otherwise: Any) -> Any:
    found = rule.get(name)
    value = found[0] if isinstance(found, list) and found else found
    return otherwise if value is None else value


def _end_on_whole_days(rule: Any, start: Any) -> None:
    """Let a rule of hours whose UNTIL is a day include that day: RFC 5545 wants a time there, and
    the programs that write a day mean the whole of it."""
    until = _first(rule, "UNTIL", None)
    if isinstance(start, datetime) and until and not isinstance(until, datetime):
        rule["UNTIL"] = [datetime.combine(until, time(23, 59, 59), start.tzinfo)]


def _forget_the_calendar(rule: Any, start: Any) -> None:
    """Drop RSCALE=GREGORIAN (RFC 7529), which is the calendar of every rule without it; and what
    SKIP says of days that a month does not have, where the rule has no such day."""
    if str(_first(rule, "RSCALE", "GREGORIAN")).upper() != "GREGORIAN":
        return
    rule.pop("RSCALE", None)
    months = _first(rule, "FREQ", "").upper() in ("MONTHLY", "YEARLY")
    by_day = rule.get("BYDAY") and not rule.get("BYMONTHDAY")
    days = rule.get("BYMONTHDAY") or [start.day]
    days = days if isinstance(days, list) else [days]
    skips = months and not by_day and any(abs(int(day)) > _IN_EACH_MONTH for day in days)
    # The library's own type of SKIP says « vSkip.OMIT » as a text.
    if not skips or str(_first(rule, "SKIP", "OMIT")).upper().endswith("OMIT"):
        rule.pop("SKIP", None)
