"""Agendas that print the month once, above its days:

    NOVEMBRE 2026
    Jeudi 19 – Journée de la mer
    Du 23 au 27 – Semaine du son

Each day is read as if its month stood behind it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from calendar_app.letters.grammar.month_names import FULL_MONTHS, MONTHS, WEEKDAYS
from calendar_app.words.text import fold

_WEEKDAY = rf"(?:(?:{'|'.join(WEEKDAYS)}|lun|mar|mer|jeu|ven|sam|dim)\.?[ ])?"
_DAY = rf"{_WEEKDAY}\d{{1,2}}(?:er)?"
_MONTH_LINE = re.compile(
    rf"[ \t>#*_=~|•▪■◆►▶-]*(?P<month>{FULL_MONTHS})(?:[ ]+(?P<year>20\d\d))?[ \t:*_=~|•▪■◆-]*$",
    re.IGNORECASE,
)
_DAY_LINE = re.compile(
    rf"[ \t>*_|•▪■◆►▶→–—-]*(?:(?:le|les|du)[ ])?(?P<days>{_DAY}"
    rf"(?:(?:[ ]?[-–>/→][ ]?|[ ](?:au|et)[ ]|,[ ]){_DAY}){{0,3}})"
    r"(?=[*_]{0,3}(?:[ ]?[:–—|-][ ]+[^\s\d]|,?[ ](?:à |de )?\d{1,2}[ ]?h|\t))",
    re.IGNORECASE,
)
#: So many lines in a row may say other things; more of them end the list.
_ASIDES = 3


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
    head = asides = at = 0
    for line in text.split("\n"):
        if match := _MONTH_LINE.match(line):
            number = MONTHS.index(fold(match["month"])) + 1
            over = number, int(match["year"]) if match["year"] else None
            head, asides = at + match.start("month"), 0
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
