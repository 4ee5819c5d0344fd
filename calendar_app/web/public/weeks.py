"""Dates grouped by week, as schools count weeks: « période 3, semaine de classe 2 »."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from calendar_app.feeds.cards import Card
from calendar_app.school.class_days import ClassDays
from calendar_app.school.periods import class_week_words
from calendar_app.words.errors import CalendarUnknownError
from calendar_app.words.french import span_words

#: Number of deadlines from which a week is marked as full: a class has to choose.
FULL_WEEK = 3


@dataclass(frozen=True, slots=True)
class WeekOfCards:
    """The dates of one week.

    :param note: the place of the week in the school year, in French; None when it is unknown.
    """

    monday: date
    note: str | None
    cards: tuple[Card, ...]

    @property
    def label(self) -> str:
        """The heading of the week: « Du 18 au 24 janvier 2021 »."""
        words = span_words(self.monday, self.monday + timedelta(days=6))
        return words[:1].upper() + words[1:]

    @property
    def anchor(self) -> str:
        """The id of the heading, from the ISO 8601 week: « semaine-2021-3 »."""
        year, week, _ = self.monday.isocalendar()
        return f"semaine-{year}-{week}"

    @property
    def deadlines(self) -> int:
        """The number of deadlines in the week, without cancelled and approximate ones."""
        return sum(
            c.milestone.kind.is_deadline
            and not c.milestone.is_cancelled
            and not c.milestone.is_approximate
            for c in self.cards
        )

    @property
    def is_full(self) -> bool:
        return self.deadlines >= FULL_WEEK


def weeks_of(cards: Iterable[tuple[date, Card]], class_days: ClassDays) -> list[WeekOfCards]:
    """Return dates grouped by week.

    :param cards: (the day under which a list shows the date, its card), in the order of the days.
    """
    return [
        WeekOfCards(monday, week_note(monday, class_days), tuple(card for _, card in group))
        for monday, group in groupby(cards, key=lambda pair: monday_of(pair[0]))
    ]


def monday_of(day: date) -> date:
    """Return the Monday of the week in which a day lies."""
    return day - timedelta(days=day.weekday())


def week_note(monday: date, class_days: ClassDays) -> str | None:
    """Return « période 3, semaine de classe 2 », or « sans classe (…) » with the holidays; None
    when the place of the week is unknown."""
    try:
        if not class_days.has_class(monday):
            holiday = next(iter(class_days.holidays_in(monday, monday + timedelta(days=4))), None)
            return f"sans classe ({holiday.name if holiday else class_days.label})"
        return class_week_words(class_days, monday)
    except CalendarUnknownError:
        return None
