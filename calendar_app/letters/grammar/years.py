"""The days that a date phrase means, and the year of a date that is printed without one."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from calendar_app.letters.grammar.french_dates import DatePhrase, LeadIn, Part, PrintedDay, Shape
from calendar_app.words.vocabulary import Certainty

#: A letter announces events: a date without a year is in the ten months after the letter or in the
#: two months before it.
BEHIND, AHEAD = timedelta(days=62), timedelta(days=304)

#: « vers le 15 » means a day at most this far from the 15th.
AROUND = timedelta(days=3)

#: A letter that tells of what is over, without a year, tells of these days: in October, « le 6
#: novembre » is to come, whatever the tense of the words around it.
TOLD = timedelta(days=200)
#: A day without a year this soon after the letter is meant, whatever other years stand near.
SOON = timedelta(days=60)

#: The month in which a school year starts.
SCHOOL_YEAR_STARTS = 8


@dataclass(frozen=True, slots=True)
class Days:
    """The days that a phrase means.

    :param first, last: inclusive; of an approximate date, the bounds of the days that may be meant.
    :param year_from: how the year was found: ``printed``; ``weekday`` (the printed weekday fits);
        ``next`` (« prochain »); ``past`` (« dernier », or the sentence tells of the past);
        ``neighbour`` (a date in the same section); ``school-year`` (the letter prints it);
        ``issued`` (the year around the letter's day).
    :param wrong_weekday: whether a printed weekday contradicts the day.
    :param impossible: the printed day that the calendar does not have (« 31 novembre »), or None;
        *first* and *last* mean nothing then.
    """

    first: date
    last: date
    certainty: Certainty
    year_from: str
    wrong_weekday: bool = False
    impossible: PrintedDay | None = None


class SchoolYear(NamedTuple):
    """The school year that a letter says a date is in.

    :param first: 2025 for « 2025-2026 ».
    :param firm: whether the letter says that it is that of its dates (« édition 2025-2026 »,
        « calendrier 2025-2026 »). In April 2025, an « appel à projets 2025-2026 » has dates before
        that year too.
    """

    first: int
    firm: bool


def resolve(
    phrase: DatePhrase,
    issued: date,
    *,
    past: bool = False,
    near: Sequence[date] = (),
    school_year: SchoolYear | None = None,
) -> Days:
    """Return the days that *phrase* means.

    :param issued: the day on which the letter was sent.
    :param past: whether the sentence tells of the past.
    :param near: the days that the same section prints with their year.
    :param school_year: the school year that the letter says the date is in, or None.
    """
    anchor = phrase.days[-1]
    year, year_from = _year(phrase, anchor, issued, past, near, school_year)
    years = [year] * len(phrase.days)
    for at in range(len(phrase.days) - 2, -1, -1):
        here, after = phrase.days[at], phrase.days[at + 1]
        wrapped = (here.month, here.day or 1) > (after.month, after.day or 31)
        years[at] = here.year or years[at + 1] - wrapped
    if gone := _impossible(phrase, years):
        return Days(issued, issued, Certainty.DAY, year_from, impossible=gone)
    if phrase.shape in (Shape.MONTHS, Shape.AROUND, Shape.WEEK):
        first, last = _approximate(phrase, years)
        return Days(first, last, Certainty.APPROXIMATE, year_from)
    found = [_day(printed, at) for printed, at in zip(phrase.days, years, strict=True)]
    wrong = any(
        printed.weekday is not None and printed.weekday != day.weekday()
        for printed, day in zip(phrase.days, found, strict=True)
    )
    return Days(found[0], found[-1], Certainty.DAY, year_from, wrong)


def _impossible(phrase: DatePhrase, years: Sequence[int]) -> PrintedDay | None:
    """Return the first day of a phrase that does not exist in its year, or None."""
    for printed, year in zip(phrase.days, years, strict=True):
        if not replace(printed, year=year).exists:
            return printed
    return None


def _year(
    phrase: DatePhrase,
    anchor: PrintedDay,
    issued: date,
    past: bool,
    near: Sequence[date],
    school_year: SchoolYear | None,
) -> tuple[int, str]:
    if anchor.year is not None:
        return anchor.year, "printed"
    candidates = [_day(anchor, year) for year in range(issued.year - 1, issued.year + 3)]
    usual = min(candidates, key=lambda day: _distance(day, issued))
    if school_year is not None and not phrase.relative and not past:
        said = school_year.first + (anchor.month < SCHOOL_YEAR_STARTS)
        if _is_in_school_year(anchor, said, usual, school_year.firm or usual < issued):
            return said, "school-year"
    if phrase.relative > 0:
        return min(day for day in candidates if day >= issued).year, "next"
    if phrase.relative < 0 or past:
        before = [day for day in candidates if day <= issued]
        if before and (phrase.relative or issued - max(before) < TOLD):
            return max(before).year, "past"
    if phrase.lead is LeadIn.THIS:
        return min(candidates, key=lambda day: abs(day - issued)).year, "issued"
    fitting = [
        day
        for day in candidates
        if anchor.weekday is not None
        and day.weekday() == anchor.weekday
        and day.day == anchor.day
        and -2 * BEHIND < day - issued < AHEAD + 2 * BEHIND
    ]
    if fitting:
        return min(fitting, key=lambda day: _distance(day, issued)).year, "weekday"
    if near:
        # « Finale le 12 mai 2027, remise des prix le 10 juin »: both are in 2027.
        def apart(day: date) -> timedelta:
            return min(abs(day - other) for other in near)

        close = min(candidates, key=apart)
        soon = issued <= usual <= issued + SOON
        is_apart = not soon and (usual < issued or apart(usual) > TOLD)
        if is_apart and apart(close) < AHEAD / 2 and close >= issued:
            return close.year, "neighbour"
    return usual.year, "issued"


def _is_in_school_year(anchor: PrintedDay, year: int, usual: date, firm: bool) -> bool:
    """Whether a day is in the school year that the letter prints, and not in the days before it.

    « Mardi 15 avril » is in the year in which the 15th is a Tuesday.

    :param year: the year of the day in that school year.
    :param usual: the day that is meant when no school year is printed.
    :param firm: whether that day gives way to the school year.
    """
    day = _day(anchor, year)
    if usual == day:
        return True
    if anchor.weekday is not None and usual.weekday() != day.weekday():
        return day.weekday() == anchor.weekday
    return firm


def _distance(day: date, issued: date) -> timedelta:
    """Return the distance of a day from the middle of the days that a letter announces."""
    middle = issued + (AHEAD - BEHIND) / 2
    return abs(day - middle)


def _day(printed: PrintedDay, year: int) -> date:
    length = monthrange(year, printed.month)[1]
    return date(year, printed.month, min(printed.day or 1, length))


def _approximate(phrase: DatePhrase, years: Sequence[int]) -> tuple[date, date]:
    if phrase.shape is Shape.AROUND:
        day = _day(phrase.days[0], years[0])
        return day - AROUND, day + AROUND
    if phrase.shape is Shape.WEEK:
        day = _day(phrase.days[0], years[0])
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    start, end = phrase.days[0], phrase.days[-1]
    first = date(years[0], start.month, 1)
    last = date(years[-1], end.month, monthrange(years[-1], end.month)[1])
    match phrase.part:
        case Part.EARLY:
            return first, date(years[-1], end.month, 10)
        case Part.MIDDLE:
            return first.replace(day=11), last.replace(day=20)
        case Part.LATE:
            return first.replace(day=21), last
    return first, last
