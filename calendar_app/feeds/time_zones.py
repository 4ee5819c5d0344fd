"""Write the VTIMEZONE of a time zone (RFC 5545, section 3.6.5): one observance with an RRULE for
each yearly onset, that is each yearly change of the clocks.

All programs agree on this form. They misread several onsets in one observance with RDATE (ical.js
drops DTSTART and keeps one RDATE), and Outlook only reads RRULE.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import icalendar
from icalendar import vText

#: How many years after the last needed year are examined. A rule that still holds then gets no end.
_AHEAD = 8

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_STEP = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Onset:
    """An instant at which the clocks of a zone change.

    :param at: the instant, aware, in UTC.
    :param before: the offset from UTC before this instant.
    :param after: the offset from UTC from this instant on.
    :param name: the name of the new time (« CEST », or « -03 » when there is no better name).
    """

    at: datetime
    before: timedelta
    after: timedelta
    name: str
    is_daylight: bool

    @property
    def local(self) -> datetime:
        """The local time before the change, as DTSTART needs it: naive."""
        return (self.at + self.before).replace(tzinfo=None)

    @property
    def kind(self) -> tuple[object, ...]:
        """The values that all onsets of one rule share, apart from the day."""
        local = self.local
        return (
            self.before,
            self.after,
            self.name,
            self.is_daylight,
            local.month,
            local.weekday(),
            local.time(),
        )

    @property
    def weeks(self) -> frozenset[int]:
        """The positions of the day among the days of its weekday in the month: 1 to 5 from the
        start, and -1 as well for the last."""
        local = self.local
        is_last = (local + timedelta(days=7)).month != local.month
        return frozenset({(local.day + 6) // 7} | ({-1} if is_last else set()))


@dataclass(slots=True)
class _Rule:
    """The onsets of consecutive years that one RRULE describes."""

    onsets: list[_Onset]
    weeks: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        self.weeks = self.onsets[0].weeks

    def takes(self, onset: _Onset) -> bool:
        """Add an onset if it is the next onset of this rule; return whether it was added."""
        last = self.onsets[-1]
        weeks = self.weeks & onset.weeks
        if last.kind != onset.kind or onset.local.year != last.local.year + 1 or not weeks:
            return False
        self.onsets.append(onset)
        self.weeks = weeks
        return True


@lru_cache(maxsize=64)
def time_zone(zone: str, first_year: int, last_year: int) -> icalendar.Timezone:
    """Return the VTIMEZONE that is valid from 1 January of *first_year* to 31 December of
    *last_year*, local time.

    It starts with the onset in force on the first day, so that a session over New Year is covered
    too. An onset without a yearly rule has an observance of its own, without RRULE.

    :param zone: IANA name.
    """
    end = datetime(last_year + _AHEAD, 12, 31, tzinfo=UTC)
    begin = datetime(first_year - 1, 1, 1, tzinfo=UTC)
    # Local time may differ from UTC by up to a day.
    needed_from = datetime(first_year, 1, 1, tzinfo=UTC) - _STEP
    needed_to = datetime(last_year + 1, 1, 1, tzinfo=UTC) + _STEP
    onsets = [_in_force(ZoneInfo(zone), begin), *_onsets(ZoneInfo(zone), begin, end)]
    first = max(number for number, onset in enumerate(onsets) if onset.at <= needed_from)
    found = icalendar.Timezone()
    found.add("tzid", vText(zone))
    for rule in _rules(onsets[first:]):
        if rule.onsets[0].at < needed_to:
            found.add_component(_observance(rule, last_year + _AHEAD))
    return found


def _in_force(zone: ZoneInfo, at: datetime) -> _Onset:
    """Return the offset that is in force at an instant, as an onset at that hour of local time."""
    local = at.astimezone(zone)
    offset = _offset(zone, at)
    is_daylight = (local.dst() or _NONE) > _NONE
    return _Onset(at - offset, offset, offset, local.tzname() or zone.key, is_daylight)


def _onsets(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[_Onset]:
    """Yield each change of the offset between two instants (aware, UTC), in order."""
    before, at = _offset(zone, begin), begin
    while at < end:
        following = at + _STEP
        after = _offset(zone, following)
        if after != before:
            onset = _first_instant(zone, at, following)
            new = onset.astimezone(zone)
            # Dublin's data call winter time « negative summer time », but there too the clocks go
            # forward in spring: the direction of the change decides.
            is_summer_time = after > before and bool(
                new.dst() or (onset - _SECOND).astimezone(zone).dst()
            )
            yield _Onset(onset, before, after, new.tzname() or zone.key, is_summer_time)
        before, at = after, following


def _first_instant(zone: ZoneInfo, early: datetime, late: datetime) -> datetime:
    """Return the first second with a new offset between *early* (old offset) and *late* (new)."""
    old = _offset(zone, early)
    while late - early > _SECOND:
        middle = early + (late - early) // (2 * _SECOND) * _SECOND
        if _offset(zone, middle) == old:
            early = middle
        else:
            late = middle
    return late


def _rules(onsets: list[_Onset]) -> list[_Rule]:
    found: list[_Rule] = []
    for onset in onsets:
        if not any(rule.takes(onset) for rule in found):
            found.append(_Rule([onset]))
    return found


def _observance(rule: _Rule, last_known_year: int) -> icalendar.Component:
    first, last = rule.onsets[0], rule.onsets[-1]
    found = icalendar.TimezoneDaylight() if first.is_daylight else icalendar.TimezoneStandard()
    found.add("dtstart", first.local)
    if len(rule.onsets) > 1:
        week = -1 if -1 in rule.weeks else min(rule.weeks)
        weekday = _WEEKDAYS[first.local.weekday()]
        told = {"freq": "yearly", "bymonth": first.local.month, "byday": f"{week}{weekday}"}
        if last.local.year < last_known_year:
            # UNTIL is in UTC, as RFC 5545 (section 3.3.10) requires here. dateutil reads it as
            # local time, so the instant of the last onset itself would leave that onset out.
            told["until"] = datetime(last.local.year, 12, 31, 12, tzinfo=UTC)
        found.add("rrule", told)
    found.add("tzoffsetfrom", first.before)
    found.add("tzoffsetto", first.after)
    found.add("tzname", vText(first.name))
    return found


_NONE = timedelta(0)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or _NONE
