"""Agendas that print the month once, above its days:

    NOVEMBRE 2026
    Jeudi 19 – Journée de la mer
    Du 23 au 27 – Semaine du son

A week printed above its days tells their month too:

    SEMAINE 47, du 16 au 20 novembre 2026
    MARDI 17
    14 h : cross

Each day is read as if its month stood behind it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from calendar_app.letters.grammar.month_names import FULL_MONTHS, MONTHS, WEEKDAYS
from calendar_app.words.text import fold

_WEEKDAY = rf"(?:(?:{'|'.join(WEEKDAYS)}|lun|mar|mer|jeu|ven|sam|dim|lu|ma|me|je|ve|sa|di)\.?[ ])?"
_DAY = rf"{_WEEKDAY}\d{{1,2}}(?:er)?"
_MONTH_LINE = re.compile(
    rf"[ \t>#*_=~|•▪■◆►▶-]*(?P<month>{FULL_MONTHS})(?:[ ]+(?P<year>20\d\d))?[ \t:*_=~|•▪■◆-]*$",
    re.IGNORECASE,
)
_DAY_LINE = re.compile(
    rf"[ \t>*_|•▪■◆►▶→–—-]*(?:(?:le|les|du)[ ])?(?P<days>{_DAY}"
    rf"(?:(?:[ ]?[-–>/→][ ]?|[ ](?:au|et)[ ]|,[ ]){_DAY}){{0,3}})"
    r"(?=[*_]{0,3}(?:[ ]?[:–—|-][ ]+[^\s\d]|,?[ ](?:à |de )?\d{1,2}[ ]?h|\t|[ ]{2,}[^\s\d]))",
    re.IGNORECASE,
)
#: « SEMAINE 47, du 16 au 20 novembre 2026 », alone on its line.
_WEEK_LINE = re.compile(
    rf"[ \t>#*_]*(?:semaine\b[^.\n]{{0,60}}?)?\bdu[ ]{_WEEKDAY}(?P<first>\d{{1,2}})(?:er)?"
    rf"(?:[ ](?P<from>{FULL_MONTHS})(?:[ ]20\d\d)?)?[ ]au[ ]{_WEEKDAY}(?P<last>\d{{1,2}})[ ]"
    rf"(?P<month>{FULL_MONTHS})(?:[ ]+(?P<year>20\d\d))?[ \t:*_.]*$",
    re.IGNORECASE,
)
#: A day of a week, alone on its line or before what takes place: « MARDI 17 », « Mardi 17 : … ».
_DAY_OF_WEEK = re.compile(
    rf"[ \t>#*_|•▪■◆►▶-]*(?P<days>(?:{'|'.join(WEEKDAYS)})[ ](?P<day>\d{{1,2}})(?:er)?)"
    r"[*_]{0,3}[ \t]*(?:$|[:–—-][ ])",
    re.IGNORECASE,
)
#: A longer line, in characters, is no heading.
_LONGEST = 200
#: So many lines in a row may say other things; more of them end the list.
_ASIDES = 3
#: So many lines, where a week stands above days that each have lines of their own.
_ASIDES_IN_A_WEEK = 12


class MonthLists(NamedTuple):
    """The month of each day that is printed without it.

    :param months: the end of the days, in characters → their month, and their year or None.
    :param heads: the starts of the lines that hold a month alone, and are no date themselves.
    :param marks: the places of the signs « > » between two days.
    """

    months: dict[int, tuple[int, int | None]]
    heads: frozenset[int]
    marks: frozenset[int]


def month_lists(text: str) -> MonthLists:
    """Return the days of a text whose month stands on a line of its own above them, in time linear
    in its length."""
    months: dict[int, tuple[int, int | None]] = {}
    heads: set[int] = set()
    marks: set[int] = set()
    over: tuple[int, int | None] | None = None
    week: re.Match[str] | None = None
    head = asides = since_week = at = 0
    for line in text.split("\n"):
        since_week += bool(line.strip())
        if len(line) < _LONGEST and (match := _WEEK_LINE.match(line)):
            week, since_week = match, 0
        elif (
            week
            and since_week <= _ASIDES_IN_A_WEEK
            and (match := _DAY_OF_WEEK.match(line))
            and (month := _month_in(week, match))
        ):
            months[at + match.end("days")] = month
            since_week = asides = 0
        elif match := _MONTH_LINE.match(line):
            number = MONTHS.index(fold(match["month"])) + 1
            over = number, int(match["year"]) if match["year"] else None
            head, asides, week = at + match.start("month"), 0, None
        elif over is not None and (match := _DAY_LINE.match(line)):
            months[at + match.end("days")] = over
            heads.add(head)
            marks.update(at + m.start() for m in re.finditer(">", line[: match.end("days")]))
            asides = 0
        elif over is not None and line.strip():
            asides += 1
            over = over if asides < _ASIDES else None
        at += len(line) + 1
    return MonthLists(months, frozenset(heads), frozenset(marks))


def _month_in(week: re.Match[str], day: re.Match[str]) -> tuple[int, int | None] | None:
    """Return the month and the year of a day of a week, or None when it is not in the week, or when
    so many days are no week."""
    first, last, number = int(week["first"]), int(week["last"]), int(day["day"])
    year = int(week["year"]) if week["year"] else None
    month = MONTHS.index(fold(week["month"])) + 1
    if week["from"] is None or fold(week["from"]) == fold(week["month"]):
        return (month, year) if first <= number <= last <= first + 6 else None
    before = MONTHS.index(fold(week["from"])) + 1
    if number <= last <= 6:
        return month, year
    in_first = first >= 23 and number >= first and last <= 6
    return (before, year and year - (before > month)) if in_first else None
