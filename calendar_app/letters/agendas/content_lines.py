"""The content lines of an agenda (RFC 5545, 3.1), also where a program writes them badly."""

from __future__ import annotations

import re
from collections.abc import Iterator

from calendar_app.letters.agendas.vcalendar import as_icalendar, goes_on
from calendar_app.letters.formats.charsets import decoded

#: Where a line is folded. Bytes, because a fold may stand within a character of UTF-8.
_FOLD = re.compile(rb"(?:\r*\n|\r)[ \t]")
_ENDS = re.compile(r"\r\n?|\n")
_NAMED = re.compile(r"[A-Za-z0-9-]+[;:]")
_DAY = re.compile(
    r"(?P<name>DTSTART|DTEND|DUE|RECURRENCE-ID)(?P<with>(?:;.*?)?): *(?P<day>\d{4}(-?)\d\d\4\d\d)"
    r"(?:[T ](?P<hour>\d\d):?(?P<minute>\d\d)(?::?(?P<second>\d\d))?(?P<utc>Z?))?",
    re.IGNORECASE,
)
_ZONE = re.compile(r";TZID=([^\";]*:[^\";]*)", re.IGNORECASE)
_SPACED_RULE = re.compile(r"(?:RRULE|EXRULE):[^=]+=.* ", re.IGNORECASE)
_BEGIN, _END = "BEGIN:VCALENDAR", "END:VCALENDAR"


def agenda_text(data: bytes) -> tuple[str, int]:
    """Return the unfolded lines of all VCALENDARs of a file, and how many of these begin.

    What stands before, between and behind them is left out. A line without a name goes on with the
    line before it: its program forgot to fold.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16: a fold is more than these bytes
        data = decoded(data).encode()
    lines: list[str] = []
    for line in _of_agendas(_ENDS.split(decoded(_FOLD.sub(b"", data)))):
        if lines and goes_on(lines[-1]):
            lines[-1] = f"{lines[-1][:-1]}{line}"
        elif _NAMED.match(line):
            lines.append(line)
        else:
            lines[-1] += f"\\n{line}"
    lines = [_as_meant(as_icalendar(line)) for line in lines]
    return "\r\n".join([*lines, ""]), sum(line.upper() == _BEGIN for line in lines)


def _as_meant(line: str) -> str:
    """Return a day as RFC 5545 writes it (« 2021-03-01T09:00 », « T0900 », a zone with a colon and
    without quotes), and a rule without spaces; any other line as it is."""
    if at := _DAY.fullmatch(line):
        zone = _ZONE.sub(r';TZID="\1"', at["with"])
        time = f"T{at['hour']}{at['minute']}{at['second'] or '00'}{at['utc']}" if at["hour"] else ""
        return f"{at['name']}{zone}:{at['day'].replace('-', '')}{time}"
    return "".join(line.split()) if _SPACED_RULE.match(line) else line


def _of_agendas(lines: list[str]) -> Iterator[str]:
    is_inside = False
    for raw in lines:
        line = raw.lstrip("\ufeff").rstrip()
        is_inside = is_inside or line.upper() == _BEGIN
        if is_inside and line:
            yield line
        is_inside = is_inside and line.upper() != _END
