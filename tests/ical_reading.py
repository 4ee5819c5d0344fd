"""Feeds as two other programs read them: the icalendar library, and ical.js in node."""

from __future__ import annotations

import json
import subprocess
from datetime import date, datetime
from typing import Any

import icalendar

from tests.tools import NODE_FOLDER, need, node_modules


def parse(data: bytes) -> icalendar.Calendar:
    """Read a feed with the icalendar library.

    :raises AssertionError: when the library notes an error in a component.
    """
    calendar = icalendar.Calendar.from_ical(data)
    for component in calendar.walk():
        assert component.errors == [], component.errors
    return calendar


def vevents(data: bytes) -> list[icalendar.Event]:
    """Return the VEVENTs of a feed, in the order of the feed."""
    return list(parse(data).walk("VEVENT"))


def by_summary(data: bytes) -> dict[str, icalendar.Event]:
    """Return the VEVENTs of a feed by their SUMMARY."""
    return {str(event["SUMMARY"]): event for event in vevents(data)}


def facts(data: bytes) -> list[dict[str, Any]]:
    """Return the facts of each VEVENT on which all readers must agree, as icalendar reads them."""
    return [
        {
            "uid": str(event["UID"]),
            "start": _moment(event["DTSTART"].dt),
            "end": _moment(event["DTEND"].dt),
            # The local times alone are not enough: a reader may misread a time zone.
            "instants": [_instant(event[name].dt) for name in ("DTSTART", "DTEND")],
            "summary": str(event["SUMMARY"]),
            "description": str(event["DESCRIPTION"]),
        }
        for event in vevents(data)
    ]


def facts_of_ical_js(data: bytes) -> list[dict[str, Any]]:
    """Return the same facts as :func:`facts`, as ical.js reads them; skip the test without node."""
    node_modules("the reading of feeds by ical.js")
    done = subprocess.run(
        [need("node", "the reading of feeds by ical.js"), str(NODE_FOLDER / "read_feed.mjs")],
        input=data,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b"", "ical.js warned"
    return json.loads(done.stdout)


def _instant(value: date) -> int | None:
    """Return the seconds since 1970, or None for a day without an hour."""
    return int(value.timestamp()) if isinstance(value, datetime) else None


def _moment(value: Any) -> str:
    return value.isoformat()[:19]
