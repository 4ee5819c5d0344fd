"""French date phrases: where a text says a day, days, or about when.

:func:`find_dates` returns what is printed and nothing more: a phrase without a year has none here
(``letters.grammar.years`` finds it), and whether a phrase announces something is decided by those
who see the words around it (``letters.reading.contexts``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from enum import StrEnum
from itertools import pairwise

from calendar_app.letters.grammar.date_tokens import Token, tokens


class Lead(StrEnum):
    """The words that lead to a date."""

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
        """Whether the day is the last one."""
        return self in (Lead.UNTIL, Lead.BEFORE, Lead.AT_LATEST, Lead.BY)


class Shape(StrEnum):
    """What the days of a phrase are."""

    DAY = "day"
    DAYS = "days"
    RANGE = "range"
    MONTHS = "months"
    AROUND = "around"
    WEEK = "week"


class Part(StrEnum):
    """Which part of a month (« mi-juin »)."""

    WHOLE = ""
    EARLY = "début"
    MIDDLE = "mi"
    LATE = "fin"
    DURING = "courant"


@dataclass(frozen=True, slots=True)
class PrintedDay:
    """A day as printed: what is not printed is None (a month alone has no day).

    :param weekday: 0 is Monday.
    """

    day: int | None
    month: int
    year: int | None
    weekday: int | None = None


@dataclass(frozen=True, slots=True)
class DatePhrase:
    """A date phrase.

    :param start, end: where it stands in the text, in characters.
    :param days: one day; the days of a list; the two ends of a range or of some months.
    :param start_time, end_time: local; a single hour is the start, of a last day the end.
    :param zone: the place whose hour it is, as printed (« Paris »), or None.
    :param relative: 1 for « prochain », -1 for « dernier », else 0.
    :param struck: whether the letter strikes it out.
    """

    start: int
    end: int
    lead: Lead
    shape: Shape
    days: tuple[PrintedDay, ...]
    part: Part = Part.WHOLE
    start_time: time | None = None
    end_time: time | None = None
    zone: str | None = None
    relative: int = 0
    struck: bool = False


# -- the grammar, over the kinds of tokens ---------------------------------------------------------

_DAY = r"(?:W,?)?D"
_MONTH = r"(?:uOd?|d)?M"
_YEAR = r"(?:[,d]?Y)?"
_DATE = rf"(?:{_DAY}{_MONTH}{_YEAR}|(?:W,?)?[Nn])(?:x|z(?!E))?"
_HOURS = (
    r"[(,:-]{0,2}(?:àpd?|ja?|[àdtvs])?(?:D(?=[àe-]T))?T?(?:(?:[àe-]|jà?)T)?"
    r"(?:,?e(?:d|t)?T[àe-]T)?\)?"
)
_TIMES = rf"(?:(?=[(,:-]{{0,2}}(?:àpd?|ja?|[àdtvs])?(?:D[àe-])?T){_HOURS})?"
_TO = r"(?:a|-|ja|e?ja|àl?)l?"
_AND = r"(?:,e|,|e|/|o)l?"
_PHRASE = re.compile(
    rf"""
    (?P<hours_first> [dàt]?T[àe-]T[,(]?(?=l?W?D) )?
    (?P<lead> (?P<until>j[aàq]?l?) | (?P<before>vl?) | (?P<latest>a\+k:?l?) | (?P<by>d?i[laà]?l?)
            | (?P<from>àpd?u?|s?àpd?u|sl?) | (?P<around>à?r[lud]?) | (?P<this>C) )?
    (?:
        (?P<week> [l]?S[du]l?{_DATE} )
      | (?P<between> tl?(?:{_DATE}|{_DAY}){_TIMES}el?{_DATE}{_TIMES} )
      | (?P<range> [ul]?(?:{_DATE}|{_DAY}){_TIMES}{_TO}{_DATE}{_TIMES} )
      | (?P<list> [ul]?{_DAY}(?:{_AND}{_DAY}){{1,9}}{_MONTH}{_YEAR}(?:x|z(?!E))?{_TIMES} )
      | (?P<figures> [ul]?{_DAY}(?:{_AND}{_DAY}){{0,8}}{_AND}[Nn]{_TIMES} )
      | (?P<pair> l?(?:W,?)?nM{_YEAR}(?:x|z(?!E))?{_TIMES} )
      | (?P<day> [ula]?{_DATE}{_TIMES} )
      | (?P<months> [lauq]{{0,2}}
            (?: [mbf]-?(?:d|uOd?|u)?M(?:[-àe][mbf]?-?M)?Y? | c?M(?:Y?(?:[-àe/]|a)M)?Y? )
            (?:x|z(?!E))? )
      | (?P<season> (?:C|[àd]?L|q|a|u)AY? )
    )
    (?P<latest_after> [(,]?a\+k\)?(?!:?l?[WDNn]) )? (?: [(,]?I\)? )? (?P<final> [(,]?zE\)? )?
    """,
    re.VERBOSE,
)
_LEADS = {
    "until": Lead.UNTIL,
    "before": Lead.BEFORE,
    "latest": Lead.AT_LATEST,
    "by": Lead.BY,
    "from": Lead.FROM,
    "this": Lead.THIS,
}
_ZONE = re.compile(r"[\s(,]{0,3}heure[ \u00a0]+(?:de[ \u00a0]+)?(?P<place>(?:La )?[\w-]{3,20})\)?")


def find_dates(text: str) -> list[DatePhrase]:
    """Return the date phrases of *text* in its order, in time linear in its length.

    Figures without a year (« le 31/03 ») count only with words that make them a date.
    """
    row = tokens(text)
    kinds = "".join(token.kind for token in row)
    found: list[DatePhrase] = []
    at = 0
    while match := _PHRASE.search(kinds, at):
        at = match.end()
        span = row[match.start() : match.end()]
        if (number := _number_before(match, span, text)) is not None:
            at = match.start() + number
            continue
        phrase = _phrase(match, span, text)
        if phrase is not None:
            found.extend(_split(phrase) if phrase.shape is Shape.DAYS else [phrase])
    return found


def hours(text: str) -> tuple[time | None, time | None]:
    """Return the first and the last hour of a text that holds nothing else (« 9 h – 12 h »), as a
    table's cell does."""
    row = tokens(text)
    if not row or any(token.kind not in "T-àadetsj,()D:" for token in row):
        return None, None
    return _times(row, Lead.NONE)


# « n° 4 – 9 décembre »: the 4 is a letter's.
_COUNTS = re.compile(
    r"(?i:\bn ?[°ºo]|\b(?:numéro|page|p\.|cycles?|niveaux?|groupes?|salles?|étapes?|phases?|tomes?"
    r"|actes?|volets?|modules?|séances?|canopé)) ?$"
)


def _number_before(match: re.Match[str], span: Sequence[Token], text: str) -> int | None:
    """« n° 14 – 5 décembre »: return where the date starts, when the range is none."""
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


def _phrase(match: re.Match[str], span: Sequence[Token], text: str) -> DatePhrase | None:
    groups = {name for name, value in match.groupdict().items() if value is not None}
    days = _days(span)
    if not days:
        return None
    if any(token.kind == "n" for token in span) and not (groups & {"pair"}):
        # « 5/6 » alone is a fraction, a pair of classes, half of a URL.
        listed = match.string[match.start() - 1 : match.start()] == "§"  # a cell, an item
        if not (
            groups & {"lead", "between", "range", "figures"} or match[0][0] in "ulaW" or listed
        ):
            return None
    lead = next((_LEADS[name] for name in _LEADS if name in groups), Lead.NONE)
    if "between" in groups:
        lead = Lead.BETWEEN
    if groups & {"latest_after", "final"} and not lead.ends:
        lead = Lead.AT_LATEST
    if "around" in groups and days[0].day is not None:
        shape = Shape.AROUND
    elif "week" in groups:
        shape = Shape.WEEK
    elif groups & {"months", "season"}:
        shape = Shape.MONTHS
    elif groups & {"between", "range"}:
        shape = Shape.RANGE
    else:
        shape = Shape.DAYS if len(days) > 1 else Shape.DAY
    plain = len(span) > 1 and span[0].kind in "ua" and shape is Shape.DAY and lead is Lead.NONE
    start, end = span[1 if plain else 0].start, span[-1].end
    zone = _ZONE.match(text, end)
    times = _times(span, lead)
    return DatePhrase(
        start,
        zone.end() if zone and any(times) else end,
        lead,
        shape,
        days,
        part=_part(span) if shape is Shape.MONTHS else Part.WHOLE,
        start_time=times[0],
        end_time=times[1],
        zone=zone["place"] if zone and any(times) else None,
        relative=_relative(span),
        struck=any(token.struck for token in span),
    )


def _days(span: Sequence[Token]) -> tuple[PrintedDay, ...]:
    """Read the days; one without its month or year takes those of the next (« du 20 au 24 janvier
    2021 »)."""
    found: list[list[int | None]] = []  # day, month, year, weekday
    weekday: int | None = None
    for at, token in enumerate(span):
        match token.kind, token.value:
            case "W", int(value):
                weekday = value
            case "D", int(value):
                if at + 2 < len(span) and span[at + 1].kind in "àe-" and span[at + 2].kind == "T":
                    continue  # the 9 of « de 9 à 12 h »
                found.append([value, None, None, weekday])
                weekday = None
            case "N", date() as value:
                found.append([value.day, value.month, value.year, weekday])
                weekday = None
            case "n", (int(number), int(other)):
                if at + 1 < len(span) and span[at + 1].kind == "M":
                    found += [[number, None, None, weekday], [other, None, None, None]]
                else:
                    found.append([number, other, None, weekday])
                weekday = None
            case "M", int(value):
                if found and found[-1][1] is None and found[-1][0] is not None:
                    found[-1][1] = value
                else:
                    found.append([None, value, None, None])
            case "A", (int(first), int(last)):
                found += [[None, first, None, None], [None, last, None, None]]
            case "Y", int(value):
                if found:
                    found[-1][2] = value
    for here, after in [*pairwise(found)][::-1]:
        if here[1] is None:
            here[1] = after[1]
        if (
            here[2] is None
            and after[2] is not None
            and here[1] is not None
            and after[1] is not None
        ):
            here[2] = after[2] - (here[1] > after[1])
    if len(found) > 1 and any(token.kind == "W" for token in span[:2]) and _plural(found):
        for each in found:
            each[3] = found[0][3]
    if found and found[0][2] is not None and found[-1][2] is None and len(found) > 1:
        _year_forward(found)
    days = []
    for day, month, year, printed in found:
        if month is None or not _exists(day, month, year):
            return ()
        days.append(PrintedDay(day, month, year, printed))
    return tuple(days)


def _plural(found: list[list[int | None]]) -> bool:
    """« les mercredis 4, 11 et 18 »: the weekday is that of each day, a week or more apart."""
    days = [day for day, _, _, _ in found]
    known = [weekday for _, _, _, weekday in found[1:] if weekday is not None]
    apart = (b - a for a, b in pairwise(days) if a is not None and b is not None)
    return not known and all(step % 7 == 0 for step in apart)


def _year_forward(found: list[list[int | None]]) -> None:
    """« du 12 octobre 2020 au 30 avril »: the year goes on."""
    for before, here in pairwise(found):
        if here[2] is None and before[2] is not None and here[1] and before[1]:
            here[2] = before[2] + (here[1] < before[1])


def _exists(day: int | None, month: int, year: int | None) -> bool:
    try:
        date(year or 2000, month, day or 1)
    except ValueError:
        return False
    return True


def _times(span: Sequence[Token], lead: Lead) -> tuple[time | None, time | None]:
    """The first hour and the last one."""
    hours: list[time] = []
    until = False
    for at, token in enumerate(span):
        if token.kind == "T" and isinstance(token.value, time):
            before = span[at - 2] if at > 1 else None
            if before is not None and before.kind == "D" and span[at - 1].kind in "àe-":
                bare = before.value
                if isinstance(bare, int) and bare < 24 and _bare_hour(span, at):
                    hours.append(time(bare))
            until = (
                until
                or (at > 0 and span[at - 1].kind in "vj")
                or (at > 1 and span[at - 2].kind == "j")
            )
            hours.append(token.value)
    if not hours:
        return None, None
    if len(hours) == 1:
        only = hours[0]
        after_all = span[-1].kind in "T)" and sum(token.kind in "DNn" for token in span) > 1
        ranged = any(token.kind in "a-" for token in span)
        return (None, only) if lead.ends or until or (after_all and ranged) else (only, None)
    return hours[0], hours[-1]


def _bare_hour(span: Sequence[Token], at: int) -> bool:
    """Whether the number before « à 12 h » is an hour: it follows « de », not a weekday."""
    return at > 2 and span[at - 3].kind in "dt(,:-M" + "Y"


_PARTS = {"m": Part.MIDDLE, "b": Part.EARLY, "f": Part.LATE, "c": Part.DURING}


def _part(span: Sequence[Token]) -> Part:
    for token in span:
        if token.kind in _PARTS:
            return _PARTS[token.kind]
    return Part.WHOLE


def _relative(span: Sequence[Token]) -> int:
    for token, after in zip(span, [*span[1:], None], strict=True):
        if token.kind in "xz" and not (after is not None and after.kind == "E"):
            return 1 if token.kind == "x" else -1
    return 0


def _split(phrase: DatePhrase) -> list[DatePhrase]:
    """Days in a row are one stretch; « les 8 et 15 mars » are two days."""
    runs: list[list[PrintedDay]] = []
    for day in phrase.days:
        if runs and _follows(runs[-1][-1], day):
            runs[-1].append(day)
        else:
            runs.append([day])
    return [
        replace(
            phrase,
            shape=Shape.RANGE if len(run) > 1 else Shape.DAY,
            days=(run[0], run[-1]) if len(run) > 1 else (run[0],),
        )
        for run in runs
    ]


def _follows(before: PrintedDay, after: PrintedDay) -> bool:
    if before.day is None or after.day is None:
        return False
    year = before.year or 2001
    first = date(year, before.month, min(before.day, 28))
    last = date(year + (after.month < before.month), after.month, min(after.day, 28))
    return (before.month == after.month and after.day - before.day == 1) or (
        before.month != after.month and (last - first).days <= 1
    )
