"""VTIMEZONEs read as other programs read them: local times, and the UTC instant of each.

Local times are datetimes without a zone, instants are seconds since 1970.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import vobject
from icalendar.timezone import tzp

from tests.tools import NODE_FOLDER, c_program, need, node_modules

#: zone → the instant of each local time, in order
Instants = dict[str, list[int]]


@dataclass(frozen=True)
class Times:
    """Local times a step apart, without the last one."""

    first: datetime
    end: datetime
    step: timedelta

    def __iter__(self) -> Iterator[datetime]:
        return (self.first + number * self.step for number in range(len(self)))

    def __len__(self) -> int:
        return (self.end - self.first) // self.step

    @property
    def arguments(self) -> list[int]:
        """What programs take: the first one as if it were UTC, the seconds of a step, how many."""
        first = int(self.first.replace(tzinfo=UTC).timestamp())
        return [first, int(self.step.total_seconds()), len(self)]


def told_by_tzdata(zones: list[str], times: Times) -> Instants:
    """Return what is true."""
    return {
        zone: [int(local.replace(tzinfo=ZoneInfo(zone)).timestamp()) for local in times]
        for zone in zones
    }


def read_by_icalendar(data: bytes, times: Times) -> Instants:
    """Return what the icalendar library makes of each VTIMEZONE, without looking its name up."""
    found = {}
    for zone in icalendar.Calendar.from_ical(data).walk("VTIMEZONE"):
        told = zone.to_tz(tzp, lookup_tzid=False)
        # Its zones are pytz's or dateutil's; either has utcoffset of a local time.
        found[str(zone["TZID"])] = [
            int((local - told.utcoffset(local)).replace(tzinfo=UTC).timestamp()) for local in times
        ]
    return found


def read_by_vobject(data: bytes, times: Times) -> Instants:
    """Return what vobject makes of each VTIMEZONE."""
    found = {}
    for zone in vobject.readOne(data.decode()).vtimezone_list:
        told = zone.gettzinfo()
        found[zone.tzid.value] = [int(local.replace(tzinfo=told).timestamp()) for local in times]
    return found


def read_by_ical_js(data: bytes, times: Times) -> Instants:
    """Return what ical.js makes of each VTIMEZONE; skips without node."""
    why = "the reading of time zones by ical.js"
    node_modules(why)
    script = NODE_FOLDER / "read_zones.mjs"
    return json.loads(_answer([need("node", why), str(script), *times.arguments], data))


def read_by_libical(data: bytes, times: Times) -> Instants:
    """Return what libical makes of each VTIMEZONE; skips without a compiler or the library."""
    program = c_program("read_zones", "libical", "the reading of time zones by libical")
    lines = _answer([str(program), *times.arguments], data).decode().split()
    count = len(times)
    return {
        lines[at]: [int(line) for line in lines[at + 1 : at + 1 + count]]
        for at in range(0, len(lines), count + 1)
    }


def _answer(command: list[str | int], data: bytes) -> bytes:
    done = subprocess.run(list(map(str, command)), input=data, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b""), (command, done)
    return done.stdout
