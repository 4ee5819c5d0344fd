"""What vCalendar 1.0 (old phones, old exports of Outlook) writes otherwise than iCalendar: texts
in quoted-printable, its own grammar of repetitions, lists with semicolons. Pure.

Such lines are read wherever they stand, also in a file that calls itself iCalendar 2.0: they mean
nothing else there.
"""

from __future__ import annotations

import quopri
import re

from calendar_app.letters.formats.charsets import decoded

_QUOTED = re.compile(r"^[A-Za-z0-9-]+(?:;[^:\"]*)?;(?:ENCODING=)?QUOTED-PRINTABLE\b", re.IGNORECASE)
_CHARSET = re.compile(r";CHARSET=\"?([\w.:-]{1,40})", re.IGNORECASE)
#: Parameters that say how a value is coded, and parameters without a value, which iCalendar has
#: not.
_CODING = re.compile(r";(?:(?:ENCODING|CHARSET)=[^;:]*|[A-Za-z0-9-]+)(?=[;:])", re.IGNORECASE)
_LISTS = ("EXDATE", "RDATE")
_RULES = ("RRULE", "EXRULE")

_RULE = re.compile(r"(D|W|MP|MD|YM|YD)(\d{1,3})((?: [^ ]+)*)")
_FREQUENCY = {
    "D": "DAILY",
    "W": "WEEKLY",
    "MP": "MONTHLY",
    "MD": "MONTHLY",
    "YM": "YEARLY",
    "YD": "YEARLY",
}
#: How often a rule returns that does not say it (vCalendar 1.0, 2.1.16).
_TWICE = "#2"
_END = re.compile(r"#(\d{1,4})|(\d{8})(T\d{6}Z?)?")
_WEEKDAY = re.compile(r"MO|TU|WE|TH|FR|SA|SU")
_PLACE = re.compile(r"([1-5])([+-])")
_DAY = re.compile(r"(\d{1,2})([+-]?)|LD")


def goes_on(line: str) -> bool:
    """Whether a line of quoted-printable goes on with the next one."""
    return line.endswith("=") and bool(_QUOTED.match(line))


def as_icalendar(line: str) -> str:
    """Return a content line as iCalendar writes it; any other line as it is."""
    name = re.match(r"[A-Za-z0-9-]+", line)
    if name is None:
        return line
    if _QUOTED.match(line):
        head, _, value = line.partition(":")
        charset = _CHARSET.search(head)
        raw = quopri.decodestring(value.encode())
        text = re.sub(r"\r\n?|\n", r"\\n", decoded(raw, charset[1] if charset else None))
        return f"{_CODING.sub('', f'{head}:')}{text}"
    if name[0].upper() in _LISTS:
        head, _, value = line.partition(":")
        return f"{head}:{value.strip(';').replace(';', ',')}"
    if name[0].upper() in _RULES:
        head, _, value = line.partition(":")
        rule = " ".join(value.upper().split())
        return f"{name[0]}:{_rule(rule) or value}" if _RULE.match(rule) else line
    return line


def _rule(text: str) -> str | None:
    """Return a repetition of vCalendar as a rule of RFC 5545, or None.

    Rules within rules and hours of their own are not read; nor is a number behind several days of
    one period, which some programs count in days and some in periods.
    """
    found = _RULE.fullmatch(text)
    if found is None:
        return None
    kind, interval, words = found[1], int(found[2]), found[3].split()
    end = _END.fullmatch(words[-1]) if words else None
    if end:
        words.pop()
    end = end or _END.fullmatch(_TWICE)
    days = _days(kind, words)
    if end is None or days is None or not interval:
        return None
    parts = [f"FREQ={_FREQUENCY[kind]}", f"INTERVAL={interval}"]
    if days:
        parts.append(f"{_BY[kind]}={','.join(days)}")
    if end[2]:  # an end at midnight means its day
        parts.append(f"UNTIL={end[2]}{end[3] if end[3] and end[3][1:7] != '000000' else ''}")
    elif int(end[1]):
        if len(days) > 1:
            return None
        parts.append(f"COUNT={int(end[1])}")
    return ";".join(parts)


_BY = {"W": "BYDAY", "MP": "BYDAY", "MD": "BYMONTHDAY", "YM": "BYMONTH", "YD": "BYYEARDAY"}


def _days(kind: str, words: list[str]) -> list[str] | None:
    """Return what stands behind BYDAY and its like; None for words that are none of this kind."""
    if kind == "MP":
        return _weekdays_of_month(words)
    if kind == "W":
        return words if all(map(_WEEKDAY.fullmatch, words)) else None
    if kind == "MD":
        return _days_of_month(words)
    found = [word for word in words if re.fullmatch(r"\d{1,3}", word)]
    return found if kind != "D" and len(found) == len(words) else ([] if not words else None)


def _weekdays_of_month(words: list[str]) -> list[str] | None:
    """Return « 1+ MO 2- TU WE » as 1MO, -2TU, -2WE."""
    found, places, is_told = list[str](), list[str](), False
    for word in words:
        if place := _PLACE.fullmatch(word):
            places, is_told = ([] if is_told else places), False
            places.append(f"{'-' if place[2] == '-' else ''}{place[1]}")
        elif _WEEKDAY.fullmatch(word) and places:
            found += [f"{place}{word}" for place in places]
            is_told = True
        else:
            return None
    return found if is_told else None


def _days_of_month(words: list[str]) -> list[str] | None:
    """Return « 7 14+ 2- LD » as 7, 14, -2, -1."""
    found = []
    for word in words:
        day = _DAY.fullmatch(word)
        if day is None:
            return None
        found.append(f"{'-' if day[2] == '-' else ''}{int(day[1])}" if day[1] else "-1")
    return found
