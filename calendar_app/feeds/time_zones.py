"""The VTIMEZONE of a zone: one observance with an RRULE for each onset that comes back every year.

This is the form that programs agree on. Several onsets packed into one observance with RDATE are
misread (ical.js drops DTSTART and keeps one RDATE), and Outlook reads RRULE only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import icalendar
from icalendar import vText

#: How many years beyond those used are looked at: a rule that still holds then has no end.
_AHEAD = 8

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_STEP = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Onset:
    """An instant at which the clocks of a zone change.

    :param at: the instant, in UTC.
    :param before: the offset from UTC until then.
    :param after: the offset from then on.
    :param name: what the new time is called (« CEST », or « -03 » where nothing better is known).
    """

    at: datetime
    before: timedelta
    after: timedelta
    name: str
    is_daylight: bool

    @property
    def local(self) -> datetime:
        """What the clocks show when they are changed, as DTSTART tells it: without a zone."""
        return (self.at + self.before).replace(tzinfo=None)

    @property
    def kind(self) -> tuple[object, ...]:
        """All that onsets of one rule have in common, but for the day."""
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
        """Which one of its weekday in the month it is: from the start (1 to 5), and -1 for the
        last."""
        local = self.local
        is_last = (local + timedelta(days=7)).month != local.month
        return frozenset({(local.day + 6) // 7} | ({-1} if is_last else set()))


@dataclass(slots=True)
class _Rule:
    """The onsets of consecutive years that one RRULE tells."""

    onsets: list[_Onset]
    weeks: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        self.weeks = self.onsets[0].weeks

    def takes(self, onset: _Onset) -> bool:
        """Add an onset to this rule if it is the next one of it, and return whether it is."""
        last = self.onsets[-1]
        weeks = self.weeks & onset.weeks
        if last.kind != onset.kind or onset.local.year != last.local.year + 1 or not weeks:
            return False
        self.onsets.append(onset)
        self.weeks = weeks
        return True


@lru_cache(maxsize=64)
def time_zone(zone: str, first_year: int, last_year: int) -> icalendar.Timezone:
    """Return the VTIMEZONE that holds from the first day of *first_year* to the last of *last_year*
    on the clocks of any zone.

    It starts with the onset that is in force on that first day, so that a session over New Year is
    told, too. What does not come back by a yearly rule has an observance of its own, without RRULE.

    :param zone: IANA name.
    """
    end = datetime(last_year + _AHEAD, 12, 31, tzinfo=UTC)
    begin = datetime(first_year - 1, 1, 1, tzinfo=UTC)
    # A clock may be a day away from UTC's.
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
    """Return the time that holds at an instant as if it began at that hour of its own clocks."""
    local = at.astimezone(zone)
    offset = _offset(zone, at)
    is_daylight = (local.dst() or _NONE) > _NONE
    return _Onset(at - offset, offset, offset, local.tzname() or zone.key, is_daylight)


def _onsets(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[_Onset]:
    """Yield each change of the offset between two instants in UTC, in order."""
    before, at = _offset(zone, begin), begin
    while at < end:
        following = at + _STEP
        after = _offset(zone, following)
        if after != before:
            onset = _first_instant(zone, at, following)
            new = onset.astimezone(zone)
            # Where winter is told as « negative summer time » (Dublin), the clocks still go forward
            # in spring.
            is_summer_time = after > before and bool(
                new.dst() or (onset - _SECOND).astimezone(zone).dst()
            )
            yield _Onset(onset, before, after, new.tzname() or zone.key, is_summer_time)
        before, at = after, following


def _first_instant(zone: ZoneInfo, early: datetime, late: datetime) -> datetime:
    """Return the first second of the offset of *late*, which is not that of *early*."""
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
            # In UTC, as RFC 5545 section 3.3.10 wants it here. dateutil reads it as local time: the
            # onset's own instant would leave that onset out.
            told["until"] = datetime(last.local.year, 12, 31, 12, tzinfo=UTC)
        found.add("rrule", told)
    found.add("tzoffsetfrom", first.before)
    found.add("tzoffsetto", first.after)
    found.add("tzname", vText(first.name))
    return found


_NONE = timedelta(0)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or _NONE
