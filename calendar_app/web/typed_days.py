"""Days and hours as people type them, and as messages show them.

A browser sends the day of a date field as 2021-02-11. Where a browser has no date fields, people
type 11/02/2021. Both forms are read; messages use the French form.
"""

from __future__ import annotations

import re
from datetime import date, time

#: The example of a day in error messages.
EXAMPLE = "11/02/2021"

_FRENCH = re.compile(r"(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})", re.ASCII)
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b", re.ASCII)
_HOUR = re.compile(r"([01]?\d|2[0-3])\s*(?:[hH:]\s*([0-5]\d)?|heures?)", re.ASCII)


def iso_day(text: str) -> str:
    """Return a day that was typed as 11/02/2021 in the form 2021-02-11; other texts unchanged."""
    typed = _FRENCH.fullmatch(text.strip())
    return f"{typed[3]}-{typed[2]:0>2}-{typed[1]:0>2}" if typed else text


def any_day(text: str) -> date | None:
    """Return the typed day, of any year; None when the text is no day."""
    try:
        return date.fromisoformat(iso_day(text))
    except ValueError:
        return None


def read_day(text: str) -> date | None:
    """Return the typed day; None when the text is no day of the years 1901 to 2198."""
    day = any_day(text)
    return day if day and 1900 < day.year < 2199 else None


def read_hour(text: str) -> time | None:
    """Return the typed hour (« 18:00 », « 18 h 30 », « 9h », « midi »), or None."""
    if text.strip().lower() in ("minuit", "midi"):
        return time(12 if text.strip().lower() == "midi" else 0)
    typed = _HOUR.fullmatch(text.strip())
    return time(int(typed[1]), int(typed[2] or 0)) if typed else None


def iso_hour(text: str) -> str:
    """Return an hour that :func:`read_hour` reads in the form 18:30; other texts unchanged."""
    hour = read_hour(text)
    return f"{hour:%H:%M}" if hour else text


def in_french(message: str) -> str:
    """Return a message with its ISO days in the French form (11/02/2021), also days that do not
    exist, such as 31/02/2021."""
    return _ISO.sub(r"\3/\2/\1", message)
