"""French date phrases: the places where a text names a day, several days, or an approximate time.

:func:`find_dates` returns what is printed and nothing more. A phrase without a year has none here:
``letters.grammar.years`` finds it. Whether a phrase announces something depends on the words around
it: ``letters.reading.contexts`` decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from calendar_app.letters.grammar.date_tokens import Token, tokens


class LeadIn(StrEnum):
    """The words that introduce a date."""

    NONE = ""
    UNTIL = "jusqu'au"
    BEFORE = "avant le"
    AT_LATEST = "au plus tard le"
    BY = "d'ici le"
    FROM = "à partir du"
    BETWEEN = "entre"
    THIS = "ce"

    @property
    def ends(self) -> bool:
        """Whether the date is a last day."""
        return self in (LeadIn.UNTIL, LeadIn.BEFORE, LeadIn.AT_LATEST, LeadIn.BY)


class Shape(StrEnum):
    """What the days of a phrase are together."""

    DAY = "day"
    DAYS = "days"  # a list
    RANGE = "range"
    MONTHS = "months"  # a month, several months or a season
    AROUND = "around"  # some day near this one
    WEEK = "week"  # the week of this day


class Part(StrEnum):
    """Which part of a month is meant (« mi-juin »)."""

    WHOLE = ""
    EARLY = "début"
    MIDDLE = "mi"
    LATE = "fin"
    DURING = "courant"


@dataclass(frozen=True, slots=True)
class PrintedDay:
    """A day as it is printed.

    :param day: None for a month alone.
    :param year: None where no year is printed.
    :param weekday: from 0, Monday, to 6; None where no weekday is printed.
    """

    day: int | None
    month: int
    year: int | None
    weekday: int | None = None

    @property
    def exists(self) -> bool:
        """Whether the calendar has this day; 29 February counts when no year is given."""
        return _is_calendar_day(self.day, self.month, self.year)


@dataclass(frozen=True, slots=True)
class DatePhrase:
    """A date phrase of a text.

    :param start, end: its place in the text, in characters.
    :param days: one day, the days of a list, or the two ends of a range or of several months. A day
        may be one that does not exist (« le 31 novembre »).
    :param start_time, end_time: local times. A single time is the start, or, on a last day, the
        end.
    :param zone: the place whose local time is meant, as printed (« Paris »), or None.
    :param relative: 1 for « prochain », -1 for « dernier », else 0.
    :param struck: whether the letter strikes the phrase out.
    :param included: whether « inclus » or « au plus tard » says that a last day counts.
    """

    start: int
    end: int
    lead: LeadIn
    shape: Shape
    days: tuple[PrintedDay, ...]
    part: Part = Part.WHOLE
    start_time: time | None = None
    end_time: time | None = None
    zone: str | None = None
    relative: int = 0
    struck: bool = False
    included: bool = False


# -- the grammar: regular expressions over the kinds of tokens -------------------------------------

_WEEKDAY = r"W,?D"
_DAY = r"(?:W,?)?D"
#: The last day of a range without its month: « du 13 octobre au vendredi 17 ».
_LAST_DAY = r"(?:W,?D(?![dM])|D(?![dM.hTàe-]))"
_MONTH = r"(?:uOd?|d)?M"
_YEAR = r"(?:[,d]?Y)?"
_DATE = rf"(?:{_DAY}{_MONTH}{_YEAR}|(?:W,?)?[Nn]|W,?g)(?:x|z(?!E))?"
_HOURS = (
    r"[(,:-]{0,2}(?:àpd?|ja?|[àdtvs])?(?:D(?=[àe-]T))?T?(?:(?:[àe/-]|jà?)T)?"
    r"(?:,?e(?:d|t)?T[àe-]T)?\)?"
)
_TIMES = rf"(?:(?=[(,:-]{{0,2}}(?:àpd?|ja?|[àdtvs])?(?:D[àe-])?T){_HOURS})?"
#: Hours in brackets right after one of several days: « les 28 (14h-18h) et 29 novembre ».
_OWN = r"(?:\((?:àpd?|ja?|[àdtvs])?(?:D(?=[àe-]T))?T(?:[àe-]T)?\)|àT)?"
_TO = r",?\(?I?\)?(?:a|-|ja|e?ja|àl?)l?"
_AND = r"(?:,e|,|e|/|o)l?"
_PHRASE = re.compile(
    rf"""
    (?P<hours_first> [dàt]?T[àe-]T[,(]?(?=l?W?D) )?
    (?P<lead> (?P<until>j[aàq]?l?) | (?P<before>vl?) | (?P<latest>a\+k:?l?) | (?P<by>d?i[laà]?l?)
            | (?P<from>àpd?u?|s?àpd?u|sl?) | (?P<around>à?r[lud]?) | (?P<this>C) )?
    (?:
        (?P<week> [l]?S[du]l?{_DATE}(?![,d]?Y|[xz]|,?(?:a|-)l?(?:W,?)?[DNn]) )
      | (?P<between> tl?(?:{_DATE}|{_DAY}){_TIMES}el?{_DATE}{_TIMES} )
      | (?P<range> [ul]?(?:{_DATE}|{_DAY}){_TIMES}{_TO}{_DATE}{_TIMES} )
      | (?P<dotted> [ul]?(?:(?:W,?)?g{_TIMES}|{_DAY})(?:a|ja|-)l?(?:W,?)?[gNn]Y?{_TIMES} )
      | (?P<back> (?:u{_DATE}|{_WEEKDAY}{_MONTH}{_YEAR}){_TIMES},?(?:a|ja|e?ja)l?
            {_LAST_DAY}{_TIMES} )
      | (?P<list> [ul]?{_DAY}{_OWN}(?:{_AND}{_DAY}{_OWN}){{1,9}}{_MONTH}{_YEAR}(?:x|z(?!E))?
            {_TIMES} )
      | (?P<short> [ul]?(?:W,?)?[gn]{_OWN}(?:{_AND}(?:W,?)?[gNn]{_OWN}){{1,9}}{_TIMES} )
      | (?P<figures> [ul]?{_DAY}(?:{_AND}{_DAY}){{0,8}}{_AND}(?:W,?)?[Nn]{_TIMES} )
      | (?P<pair> l?(?:W,?)?nM{_YEAR}(?:x|z(?!E))?{_TIMES} )
      | (?P<day> [ula]?{_DATE}{_TIMES} )
      | (?P<bare> g{_TIMES} )
      | (?P<months> [lauq]{{0,2}}
            (?: [mbf]-?(?:d|uOd?|u)?M(?:[-àe][mbf]?-?M)?Y? | c?M(?:Y?(?:[-àe/]|a)M)?Y? )
            (?:x|z(?!E))? )
      | (?P<season> (?:C|[àd]?L|q|a|u)AY? )
    )
    (?P<latest_after> [(,]?a\+k\)?(?!:?l?[WDNn]) {_TIMES} )? (?: [(,]?I\)? )?
    (?P<final> [(,]?zE\)? )?
    """,
    re.VERBOSE,
)
_LEADS = {
    "until": LeadIn.UNTIL,
    "before": LeadIn.BEFORE,
    "latest": LeadIn.AT_LATEST,
    "by": LeadIn.BY,
    "from": LeadIn.FROM,
    "this": LeadIn.THIS,
}
_ZONE = re.compile(r"[\s(,]{0,3}heure[ \u00a0]+(?:de[ \u00a0]+)?(?P<place>(?:La )?[\w-]{3,20})\)?")


def find_dates(text: str) -> list[DatePhrase]:
    """Return the date phrases of *text* in their order, in time linear in its length.

    Figures without a year (« le 31/03 ») count only beside words that make them a date.
    """
    row = tokens(text)
    kinds = "".join(token.kind for token in row)
    found: list[DatePhrase] = []
    dots = len(_WRITTEN_WITH_DOTS.findall(kinds)) > 1
    at = 0
    while match := _PHRASE.search(kinds, at):
        at = match.end()
        span = row[match.start() : match.end()]
        if (skipped := _find_skipped_number(match, span, text)) is not None:
            at = match.start() + skipped
            continue
        if match["bare"] is not None and not (
            dots and _is_dotted_day(text, row[match.start("bare")])
        ):
            at = match.start("bare") + 1
            continue
        phrase = _read_phrase(match, span, text)
        if phrase is not None:
            found.extend(_split_days(phrase, span) if phrase.shape is Shape.DAYS else [phrase])
    return found


def hours(text: str) -> tuple[time | None, time | None]:
    """Return the first and the last time of a text that holds nothing else, as a table's cell does
    (« 9 h – 12 h »); None for each one that is missing."""
    row = tokens(text)
    if not row or any(token.kind not in "T-àadetsj,()D:" for token in row):
        return None, None
    return _read_times(row, LeadIn.NONE)


#: A letter that writes « je 21.01 » more than once writes days so everywhere: « 02.02 » is one.
_WRITTEN_WITH_DOTS = re.compile(r"W,?g")
#: What follows a day that ends its clause, and no number: a price, a mean, a version goes on.
_ENDS = re.compile(r"[ \t\u00a0]*(?:$|[\n,;:)|]|\.(?:\s|$)|[–—-] )")
_NUMBERS = re.compile(
    r"(?i:\b(?:à|a|version|v|chapitre|article|art|fig|figure|page|coûte|vaut|n°|tél)\.? ?$)"
)


def _is_dotted_day(text: str, token: Token) -> bool:
    """Whether figures with a dot, in a letter that writes its days so, are one: « Saül 02.12. »"""
    return (
        re.fullmatch(r"\d\d\.(?:0\d|1[0-2])", text[token.start : token.end]) is not None
        and _ENDS.match(text, token.end) is not None
        and _NUMBERS.search(text, max(0, token.start - 12), token.start) is None
    )


# After these words, a number is no day: in « n° 4 – 9 décembre », 4 is the number of a letter.
_COUNTS = re.compile(
    r"(?i:\bn ?[°ºo]|\b(?:numéro|page|p\.|cycles?|niveaux?|groupes?|salles?|étapes?|phases?|tomes?"
    r"|actes?|volets?|modules?|séances?|canopé)) ?$"
)


def _find_skipped_number(match: re.Match[str], span: Sequence[Token], text: str) -> int | None:
    """Return where the date starts when a range or a list begins with a number that is no day
    (« n° 14 – 5 décembre »), in tokens of *span*; None when it does not."""
    if match["range"] is None and match["list"] is None:
        return None
    days = [at for at, token in enumerate(span) if token.kind == "D"]
    if len(days) < 2 or "M" in "".join(token.kind for token in span[: days[1]]):
        return None
    first, last = span[days[0]].value, span[days[1]].value
    counts = _COUNTS.search(text, max(0, span[0].start - 12), span[0].start)
    falls = match["range"] and isinstance(first, int) and isinstance(last, int) and first >= last
    if counts or falls:
        start = days[1]
        return start - 1 if span[start - 1].kind == "W" else start
    return None


def _read_phrase(match: re.Match[str], span: Sequence[Token], text: str) -> DatePhrase | None:
    """Return the date phrase that a match of the grammar is, or None when it is no date."""
    groups = {name for name, value in match.groupdict().items() if value is not None}
    days = _read_days(span)
    if not days or _is_fraction(match, span, groups, text):
        return None
    lead, shape = _find_lead(groups), _find_shape(groups, days)
    start, end = span[0].start, span[-1].end
    if len(span) > 1 and span[0].kind in "ua" and shape is Shape.DAY and lead is LeadIn.NONE:
        start = span[1].start  # « du » or « au » before a single day
    start_time, end_time = _read_times(span, lead)
    zone = _ZONE.match(text, end) if start_time or end_time else None
    return DatePhrase(
        start,
        zone.end() if zone else end,
        lead,
        shape,
        days,
        part=_find_part(span) if shape is Shape.MONTHS else Part.WHOLE,
        start_time=start_time,
        end_time=end_time,
        zone=zone["place"] if zone else None,
        relative=_find_relative(span),
        included=any(token.kind in "Ik" for token in span),
        struck=any(token.struck for token in span),
    )


def _is_fraction(match: re.Match[str], span: Sequence[Token], groups: set[str], text: str) -> bool:
    """Whether figures without a year are no date: « 5/6 » alone is a fraction, two classes, or part
    of an address."""
    if "pair" in groups or all(token.kind not in "ng" for token in span):
        return False
    if any(token.kind == "g" for token in span) and groups & {"dotted", "short"}:
        return _is_decimal(match, span, text)
    if groups & {"lead", "bare", "figures", *_RANGES} or match[0][0] in "ulaW":
        return False
    if any(token.kind == "T" for token in span):
        return False
    before = match.string[match.start() - 1 : match.start()]
    if "short" in groups:
        figures = [token.value for token in span if isinstance(token.value, tuple)]
        # A list of dates goes forward in the school year, and « 24/7, 1/2, 5/6 » does not.
        order = [((month - 8) % 12, day) for day, month in figures]
        beside = len(figures) > 2 or before in ("§", ":", "(")
        return not beside or order != sorted(order) or max(max(pair) for pair in figures) < 10
    # At the start of a cell, of a list item or of a line of an agenda, they are a date.
    start, end = span[0].start, span[-1].end
    return before != "§" and not _opens_line(text, start, end) and not _is_cell(text, start, end)


#: « 05/11  Webinaire », « 5/11 : webinaire »
_WHAT = re.compile(r"(?:[ \t]{2,}|\t|[ \u00a0]?[:–—-][ \u00a0]+)[«“]?[^\W\d_]")


def _is_cell(text: str, start: int, end: int) -> bool:
    """Whether figures stand alone between two tabs, as in a cell."""
    return text[start - 1 : start] == "\t" and text[end : end + 1] in ("\t", "\n", "")


def _opens_line(text: str, start: int, end: int) -> bool:
    """Whether a line starts with these figures and goes on, after a gap or a mark, with words; or,
    in a list of such days, with words at once, be it after the number of the week."""
    before = text[max(0, start - 20) : start].rpartition("\n")
    if (before[1] or start <= 20) and not before[2].strip(" \t>") and _WHAT.match(text, end):
        return True
    listed = _LISTED.match(text, start)
    if listed is None or not _starts_item(text, start):
        return False
    return listed[0].endswith("[") or _lists_days(text)


def _starts_item(text: str, start: int) -> bool:
    return start == 0 or _SEPARATOR.search(text, max(0, start - 20), start) is not None


@lru_cache(1)
def _lists_days(text: str) -> bool:
    """Whether lines of a text start with days, which go forward in the school year; figures that
    are all out of 10 or 12 (« 08/10 Lucas », « 09/10 Emma ») are marks."""
    found = [m for m in _LISTED.finditer(text) if _starts_item(text, m.start())]
    days = [((int(m["month"]) - 8) % 12, int(m["day"])) for m in found]
    months = {m["month"] for m in found}
    return len(days) > 1 and days == sorted(days) and months not in ({"10"}, {"12"})


#: The start of a line, or of an item of a list that stands on one line, be it with the number of
#: its week (« S49 : »).
_SEPARATOR = re.compile(r"[\n•♦◆■▪●|][ \t>]*(?:S ?\d\d? ?:[ ]?)?$")
#: « 17/01 Ski », « 3/12, Journée du sel »
_LISTED = re.compile(
    r"(?P<day>\d\d?)/(?P<month>\d\d?)"
    r"(?:(?<=\d\d/\d\d)[ ]+[\[(«A-ZÀ-Þ]|,[ ](?:«|[A-ZÀ-Þ][a-zà-ÿ]{2}))"
)
#: A day and a month with a dot between them.
_DOTTED_DAY = re.compile(r"\d\d?\.(?:0\d|1[0-2])")


def _is_decimal(match: re.Match[str], span: Sequence[Token], text: str) -> bool:
    """Whether figures with a dot are numbers: « 3.5 - 4.2 », and not « 3.11 - 7.11 »."""
    figures = [token for token in span if token.kind == "g"]
    if match[0][0] in "ulW" or "a" in match[0]:
        return False
    [left, *_] = [token for token in span if token.kind in "Dg"]
    if left.kind == "D" and not _is_first_of_range(match, left, figures):
        return True
    months = all(_DOTTED_DAY.fullmatch(text[token.start : token.end]) for token in figures)
    days = [token.value for token in figures if isinstance(token.value, tuple)]
    order = [((month - 8) % 12, day) for day, month in days]
    before = match.string[match.start() - 1 : match.start()]
    listed = before in ("§", ":", "(") if match["short"] else True
    return not months or order != sorted(order) or not listed


def _is_first_of_range(match: re.Match[str], left: Token, figures: Sequence[Token]) -> bool:
    """Whether a number is the first day of a range: « Stages : 07→11.12 », and not « 3 - 4.10 »."""
    last = figures[0].value
    falls = isinstance(last, tuple) and isinstance(left.value, int) and left.value >= last[0]
    before = match.string[match.start() - 1 : match.start()]
    return left.end - left.start == 2 and not falls and before in ("§", ":", "(")


def _find_lead(groups: set[str]) -> LeadIn:
    """Return the words that introduce a date, from the groups of the grammar that matched."""
    lead = LeadIn.BETWEEN
    if "between" not in groups:
        lead = next((_LEADS[name] for name in _LEADS if name in groups), LeadIn.NONE)
    if groups & {"latest_after", "final"} and (not lead.ends or lead is LeadIn.BEFORE):
        return LeadIn.AT_LATEST
    return lead


#: The groups of the grammar that are a range of days.
_RANGES = frozenset(("between", "range", "dotted", "back"))


def _find_shape(groups: set[str], days: Sequence[PrintedDay]) -> Shape:
    """Return what days are together, from the groups of the grammar that matched."""
    if "around" in groups and days[0].day is not None:
        return Shape.AROUND
    if "week" in groups:
        return Shape.WEEK
    if groups & {"months", "season"}:
        return Shape.MONTHS
    if groups & _RANGES:
        return Shape.RANGE
    return Shape.DAYS if len(days) > 1 else Shape.DAY


# -- the days of a phrase --------------------------------------------------------------------------


@dataclass(slots=True)
class _PartialDay:
    """A day while its phrase is read: what is not known yet is None."""

    day: int | None
    month: int | None = None
    year: int | None = None
    weekday: int | None = None

    def complete_from(self, after: _PartialDay) -> None:
        """Take the month and the year that are missing from the next day of the phrase."""
        if self.month is None:
            self.month = after.month
        if self.month is None or after.month is None:
            return
        if self.year is None and after.year is not None:
            self.year = after.year - (self.month > after.month)


class _DayReader:
    """Collects the days of a phrase, token by token."""

    def __init__(self) -> None:
        self.found: list[_PartialDay] = []
        self._weekday: int | None = None

    def read_weekday(self, weekday: int) -> None:
        """Keep a weekday for the day that follows it."""
        self._weekday = weekday

    def read_day(self, day: int, month: int | None = None, year: int | None = None) -> None:
        self.found.append(_PartialDay(day, month, year, self._weekday))
        self._weekday = None

    def read_month(self, month: int) -> None:
        """Give a month to the last day, or add the month alone."""
        last = self.found[-1] if self.found else None
        if last is not None and last.month is None and last.day is not None:
            last.month = month
        else:
            self.found.append(_PartialDay(None, month))

    def read_season(self, first: int, last: int) -> None:
        self.found += [_PartialDay(None, first), _PartialDay(None, last)]

    def read_year(self, year: int) -> None:
        """Give a year to the last day."""
        if self.found:
            self.found[-1].year = year


def _read_days(span: Sequence[Token]) -> tuple[PrintedDay, ...]:
    """Return the days of a phrase; none at all when one of them has no month."""
    found = _collect_days(span)
    if len(found) > 1:
        _complete_days(found, span)
    days = []
    for each in found:
        if each.month is None:
            return ()
        days.append(PrintedDay(each.day, each.month, each.year, each.weekday))
    return tuple(days)


def _complete_days(found: Sequence[_PartialDay], span: Sequence[Token]) -> None:
    """Give each of several days what is printed beside another one.

    A day without its month or its year takes that of the next one (« du 20 au 24 janvier 2021 »).
    """
    for here, after in [*pairwise(found)][::-1]:
        here.complete_from(after)
    if any(token.kind == "W" for token in span[:2]) and _has_common_weekday(found):
        for each in found:
            each.weekday = found[0].weekday
    _carry_month_forward(found[-2], found[-1])
    if found[0].year is not None and found[-1].year is None:
        _carry_years_forward(found)


def _carry_month_forward(before: _PartialDay, last: _PartialDay) -> None:
    """Give a last day without a month that of the day before (« du 13 octobre au 17 »), or the next
    month when its number is smaller."""
    if last.month is None and before.month and before.day and last.day:
        last.month = before.month % 12 + 1 if last.day < before.day else before.month


#: Kind of a token whose value is a number → what reads it.
_NUMBER_READERS: dict[str, Callable[[_DayReader, int], None]] = {
    "D": _DayReader.read_day,
    "M": _DayReader.read_month,
    "W": _DayReader.read_weekday,
    "Y": _DayReader.read_year,
}


def _collect_days(span: Sequence[Token]) -> list[_PartialDay]:
    """Return the days of a phrase, each with what is printed beside it."""
    reader = _DayReader()
    for at, token in enumerate(span):
        match token.value:
            case int(number):
                if token.kind != "D" or not _is_hour_of_range(span, at):
                    _NUMBER_READERS[token.kind](reader, number)
            case date() as full:
                reader.read_day(full.day, full.month, full.year)
            case (first, last) if token.kind == "A":
                reader.read_season(first, last)
            case (day, month, year):
                reader.read_day(day, month, year)
            case (first, second) if at + 1 < len(span) and span[at + 1].kind == "M":
                reader.read_day(first)  # « 5/6 juin »: two days
                reader.read_day(second)
            case (day, month):
                reader.read_day(day, month)
    return reader.found


def _is_hour_of_range(span: Sequence[Token], at: int) -> bool:
    """Whether a number is the first hour of a range: the 9 of « de 9 à 12 h »."""
    return at + 2 < len(span) and span[at + 1].kind in "àe-" and span[at + 2].kind == "T"


def _has_common_weekday(found: Sequence[_PartialDay]) -> bool:
    """Whether the weekday of the first day is that of each one (« les mercredis 4, 11 et 18 »): the
    others have none, and whole weeks lie between them."""
    if any(each.weekday is not None for each in found[1:]):
        return False
    steps = (
        after.day - here.day
        for here, after in pairwise(found)
        if here.day is not None and after.day is not None
    )
    return all(step % 7 == 0 for step in steps)


def _carry_years_forward(found: Sequence[_PartialDay]) -> None:
    """Give a day without a year that of the day before (« du 12 octobre 2020 au 30 avril »), or the
    next one when its month comes earlier in a year."""
    for before, here in pairwise(found):
        if here.year is None and before.year is not None and here.month and before.month:
            here.year = before.year + (here.month < before.month)


def _is_calendar_day(day: int | None, month: int, year: int | None) -> bool:
    """Whether a day exists; 29 February does when no year is given."""
    try:
        date(year or 2000, month, day or 1)
    except ValueError:
        return False
    return True


# -- the times of a phrase, and its other words ----------------------------------------------------


def _read_times(span: Sequence[Token], lead: LeadIn) -> tuple[time | None, time | None]:
    """Return the first and the last time of a phrase; None for each one that is missing.

    A single time is the last one on a last day, after « jusqu'à », and at the end of a range of
    days.
    """
    found: list[time] = []
    until = False
    for at, token in enumerate(span):
        if token.kind == "T" and isinstance(token.value, time):
            before = span[at - 2] if at > 1 else None
            if before is not None and before.kind == "D" and span[at - 1].kind in "àe-":
                number = before.value
                if isinstance(number, int) and number < 24 and _is_hour(span, at):
                    found.append(time(number))
            until = (
                until
                or (at > 0 and span[at - 1].kind in "vj")
                or (at > 1 and span[at - 2].kind == "j")
            )
            found.append(token.value)
    if not found:
        return None, None
    if len(found) == 1:
        only = found[0]
        after_all = span[-1].kind in "T)" and sum(token.kind in "DNn" for token in span) > 1
        ranged = any(token.kind in "a-" for token in span)
        return (None, only) if lead.ends or until or (after_all and ranged) else (only, None)
    return found[0], found[-1]


def _is_hour(span: Sequence[Token], at: int) -> bool:
    """Whether the number before « à 12 h », whose time is the token *at*, is an hour.

    It is one after a month, a year, punctuation or a word such as « de », and not after a weekday.
    """
    return at > 2 and span[at - 3].kind in "dt(,:-MY"


_PARTS = {"m": Part.MIDDLE, "b": Part.EARLY, "f": Part.LATE, "c": Part.DURING}


def _find_part(span: Sequence[Token]) -> Part:
    """Return the part of a month that a phrase names first."""
    for token in span:
        if token.kind in _PARTS:
            return _PARTS[token.kind]
    return Part.WHOLE


def _find_relative(span: Sequence[Token]) -> int:
    """Return 1 for « prochain », -1 for « dernier » (but not « dernier délai »), else 0."""
    for token, after in zip(span, [*span[1:], None], strict=True):
        if token.kind in "xz" and not (after is not None and after.kind == "E"):
            return 1 if token.kind == "x" else -1
    return 0


# -- lists of days ---------------------------------------------------------------------------------


def _split_days(phrase: DatePhrase, span: Sequence[Token]) -> list[DatePhrase]:
    """Return a phrase for each stretch of days of a list.

    Days in a row are one range; « les 8 et 15 mars » are two days, and so are « les 28 (14 h) et 29
    novembre (9 h) », each with its hours.

    :param span: the tokens of the phrase.
    """
    times = _read_own_times(span)
    if times and len(times) == len(phrase.days):
        return [
            replace(phrase, shape=Shape.DAY, days=(day,), start_time=start, end_time=end)
            for day, (start, end) in zip(phrase.days, times, strict=True)
        ]
    stretches: list[list[PrintedDay]] = []
    for day in phrase.days:
        if stretches and _is_next_day(stretches[-1][-1], day):
            stretches[-1].append(day)
        else:
            stretches.append([day])
    return [
        replace(
            phrase,
            shape=Shape.RANGE if len(days) > 1 else Shape.DAY,
            days=(days[0], days[-1]) if len(days) > 1 else (days[0],),
        )
        for days in stretches
    ]


def _read_own_times(span: Sequence[Token]) -> list[tuple[time | None, time | None]]:
    """Return the first and the last time of each day of a list, or nothing when hours are printed
    at its end only."""
    days = [at for at, token in enumerate(span) if token.kind in "DNn"]
    times = [at for at, token in enumerate(span) if token.kind == "T"]
    if len(days) < 2 or not times or times[0] > days[-1]:
        return []
    ends = [*days[1:], len(span)]
    return [_read_times(span[a:b], LeadIn.NONE) for a, b in zip(days, ends, strict=True)]


def _is_next_day(before: PrintedDay, after: PrintedDay) -> bool:
    """Whether *after* is the day after *before*; from one month to the next, about so."""
    if before.day is None or after.day is None:
        return False
    year = before.year or 2001
    first = date(year, before.month, min(before.day, 28))
    last = date(year + (after.month < before.month), after.month, min(after.day, 28))
    return (before.month == after.month and after.day - before.day == 1) or (
        before.month != after.month and (last - first).days <= 1
    )
