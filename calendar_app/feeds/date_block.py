"""A date as a list shows it: the leaf of a tear-off calendar, and how close the date is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from calendar_app.feeds.cards import Card
from calendar_app.feeds.wording import days_words, hours_words, name_words, when_words
from calendar_app.words.french import NBSP, SHORT_MONTHS, WEEKDAYS, class_weeks_words
from calendar_app.words.vocabulary import MilestoneKind

#: The last class week, and its words where there is room for three.
_LAST_WEEK = (class_weeks_words(0), "dernière semaine de classe")

#: Until how many days before a date it is urgent, and until how many it is close.
URGENT, CLOSE = 7, 28


class Leaf(NamedTuple):
    """What stands on the leaf of a calendar, in French.

    :param top: the weekday or weekdays: « jeu. », « mer.–dim. », « vers » for an approximate
        date.
    :param lines: what is written large: « 11 », « 20–24 », or « 12 oct. » and « 30 avr. » for two
        months.
    :param bottom: the month, with the year when it is not the year of the reader.
    """

    top: str
    lines: tuple[str, ...]
    bottom: str


@dataclass(frozen=True, slots=True)
class DateBlock:
    """A leaf and the words beside it, in French.

    :param name: what happens: « Dernier jour d'inscription », « A lieu ».
    :param hours: what the leaf does not say: « à 18 h », « mi-juin (date approximative) »; or
        empty.
    :param days: the days in full words, which the leaf says to those who see it; or empty.
    """

    leaf: Leaf
    name: str
    hours: str
    days: str


@dataclass(frozen=True, slots=True)
class Pill:
    """How close a date is.

    :param words: « dans 5 jours », « 6 semaines de classe ».
    :param more: the distance counted in the other way, where it says more; or empty.
    :param grade: ``urgent``, ``close`` or ``far``.
    """

    words: str
    more: str
    grade: str


def date_block(card: Card) -> DateBlock:
    """Return the leaf of a date. For a deadline of several days, the last day counts."""
    milestone = card.milestone
    is_session = milestone.kind is MilestoneKind.SESSION and not milestone.label
    name = "A lieu" if is_session else name_words(milestone)
    first = card.shown_day
    if milestone.is_approximate:
        return DateBlock(around(first), name, hours=when_words(milestone), days="")
    leaf = leaf_of(first, milestone.last_day, card.today)
    return DateBlock(leaf, name, hours=hours_words(milestone), days=days_words(milestone))


def around(first: date) -> Leaf:
    """Return the leaf of an approximate date: the month of its first day."""
    return Leaf("vers", (_month(first),), str(first.year))


def leaf_of(first: date, last: date, today: date) -> Leaf:
    """Return the leaf of inclusive days. The year is left out when it is the year of *today*."""
    year = "" if last.year == today.year else str(last.year)
    if first == last:
        return Leaf(_weekday(first), (str(first.day),), f"{_month(first)} {year}".strip())
    weekdays = f"{_weekday(first)}–{_weekday(last)}"
    if (first.year, first.month) == (last.year, last.month):
        return Leaf(weekdays, (f"{first.day}–{last.day}",), f"{_month(last)} {year}".strip())
    ends = tuple(f"{day.day}{NBSP}{_month(day)}" for day in (first, last))
    if first.year != last.year:
        year = f"{first.year}–{last.year}"
    return Leaf(weekdays, ends, year)


def _weekday(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()][:3]}."


def _month(day: date) -> str:
    return SHORT_MONTHS[day.month - 1]


def pill(card: Card) -> Pill | None:
    """Return how close a date is; None for a date without a countdown (past, cancelled,
    approximate).

    Close dates are counted in days, later deadlines in class weeks where these are known.
    """
    if card.countdown is None:
        return None
    days = (card.shown_day - card.today).days
    weeks = card.class_weeks or ""
    grade = _grade(card, days)
    short = _short(weeks)
    is_urgent = days <= URGENT or card.is_last_class_day
    if is_urgent and (short or weeks.startswith(_LAST_WEEK[0])):
        return Pill(card.countdown, "", grade)
    if not short:
        return Pill(card.countdown, weeks.replace(*_LAST_WEEK), grade)
    return Pill(short, card.countdown, grade)


def full_pill(card: Card) -> Pill | None:
    """Return :func:`pill` for a place with room for whole words: « il reste 5 semaines de classe »,
    with the days; or the days, with the class weeks where these are known."""
    found, weeks = pill(card), card.class_weeks or ""
    if found is None:
        return None
    whole = f"il reste {found.words}"
    return replace(found, words=whole) if whole in weeks else replace(found, more=weeks)


def _grade(card: Card, days: int) -> str:
    """Return the grade of a date in so many days. Nobody misses an opening or results by a day, and
    what has begun is there to be seen: these are never close."""
    if card.milestone.kind in (MilestoneKind.OPENING, MilestoneKind.RESULTS) or card.is_running:
        return "far"
    if days <= URGENT or card.is_last_class_day:
        return "urgent"
    return "close" if days <= CLOSE else "far"


def _short(weeks: str) -> str:
    """Return « 5 semaines de classe » of « il reste 5 semaines de classe (zone B) »; empty when no
    number of weeks is known. The page says whose weeks they are, and « au plus » that they
    differ."""
    left = weeks.removeprefix("il reste ")
    return "" if left == weeks else left.partition(" (")[0].partition(", selon ")[0]
