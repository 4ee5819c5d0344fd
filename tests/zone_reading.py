"""VTIMEZONEs as other programs read them: local times, and the UTC instant of each local time.

Local times are datetimes without a time zone; instants are seconds since 1970.
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

#: Zone → the instant of each local time, in order.
Instants = dict[str, list[int]]


@dataclass(frozen=True)
class Times:
    """Local times from *first* to *end* (excluded), one every *step*."""

    first: datetime
    end: datetime
    step: timedelta

    def __iter__(self) -> Iterator[datetime]:
        return (self.first + number * self.step for number in range(len(self)))

    def __len__(self) -> int:
        return (self.end - self.first) // self.step

    @property
    def arguments(self) -> list[int]:
        """The arguments for a reading program: the first local time in seconds since 1970, as if it
        were UTC; the seconds of a step; the number of times."""
        first = int(self.first.replace(tzinfo=UTC).timestamp())
        return [first, int(self.step.total_seconds()), len(self)]


def told_by_tzdata(zones: list[str], times: Times) -> Instants:
    """Return the true instants, from the tz database."""
    return {
        zone: [int(local.replace(tzinfo=ZoneInfo(zone)).timestamp()) for local in times]
        for zone in zones
    }


def read_by_icalendar(data: bytes, times: Times) -> Instants:
    """Return the instants that icalendar reads from each VTIMEZONE, without looking up its name."""
    found = {}
    for zone in icalendar.Calendar.from_ical(data).walk("VTIMEZONE"):
        told = zone.to_tz(tzp, lookup_tzid=False)
        # The zone is an object of pytz or of dateutil; both have utcoffset() of a local time.
        found[str(zone["TZID"])] = [
            int((local - told.utcoffset(local)).replace(tzinfo=UTC).timestamp()) for local in times
        ]
    return found


def read_by_vobject(data: bytes, times: Times) -> Instants:
    """Return the instants that vobject reads from each VTIMEZONE."""
    found = {}
    for zone in vobject.readOne(data.decode()).vtimezone_list:
        told = zone.gettzinfo()
        found[zone.tzid.value] = [int(local.replace(tzinfo=told).timestamp()) for local in times]
    return found


def read_by_ical_js(data: bytes, times: Times) -> Instants:
    """Return the instants that ical.js reads from each VTIMEZONE; skip the test without node."""
    why = "the reading of time zones by ical.js"
    node_modules(why)
    script = NODE_FOLDER / "read_zones.mjs"
    return json.loads(_answer([need("node", why), str(script), *times.arguments], data))


def read_by_libical(data: bytes, times: Times) -> Instants:
    """Return the instants that libical reads from each VTIMEZONE; skip the test without a compiler
    or the library."""
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
