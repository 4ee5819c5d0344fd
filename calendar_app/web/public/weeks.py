"""Dates grouped by week, as schools count weeks: « période 3, semaine de classe 2 »."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby

from calendar_app.feeds.cards import Card
from calendar_app.school.class_days import ClassDays
from calendar_app.school.listed_holidays import ListedHoliday
from calendar_app.school.periods import class_week_words
from calendar_app.web.public.holiday_layer import holiday_layer
from calendar_app.words.errors import CalendarUnknownError
from calendar_app.words.french import span_words
from calendar_app.words.text import capital_initial

#: Number of deadlines from which a week is marked as full: a class has to choose.
FULL_WEEK = 3


@dataclass(frozen=True, slots=True)
class WeekOfCards:
    """The dates of one week.

    :param note: the place of the week in the school year, in French; None when it is unknown.
    :param holidays: the school holidays that begin in the week, or have all its days from Monday to
        Friday.
    :param before: the school holidays between the week before in the list and this one.
    """

    monday: date
    note: str | None
    cards: tuple[Card, ...]
    holidays: tuple[ListedHoliday, ...] = ()
    before: tuple[ListedHoliday, ...] = ()

    @property
    def label(self) -> str:
        """The heading of the week: « Du 18 au 24 janvier 2021 »."""
        words = span_words(self.monday, self.monday + timedelta(days=6))
        return capital_initial(words)

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


def weeks_of(
    cards: Iterable[tuple[date, Card]], class_days: ClassDays, since: date | None = None
) -> list[WeekOfCards]:
    """Return dates grouped by week.

    :param cards: (the day under which a list shows the date, its card), in the order of the days.
    :param since: the day on which the list begins, when it also tells the school holidays, those in
        weeks without dates too; with None, it tells none.
    """
    weeks = [
        WeekOfCards(
            monday,
            week_note(monday, class_days),
            tuple(card for _, card in group),
        )
        for monday, group in groupby(cards, key=lambda pair: monday_of(pair[0]))
    ]
    return weeks if since is None else list(_with_holidays(weeks, class_days, since))


def _with_holidays(
    weeks: Sequence[WeekOfCards], class_days: ClassDays, since: date
) -> Iterator[WeekOfCards]:
    """Yield the weeks, each with its holidays, and those before it that no week before has told."""
    if not weeks:
        return
    start = min(since, weeks[0].monday)
    listed = class_days.listed_holidays(start, weeks[-1].monday + timedelta(days=6))
    waiting = [h for h in listed if h.last_day >= since]
    for week in weeks:
        inside = tuple(h for h in listed if _is_told_in(h, week.monday))
        before = tuple(h for h in waiting if h.first_day < week.monday and h not in inside)
        waiting = [h for h in waiting if h.first_day >= week.monday + timedelta(days=7)]
        yield replace(week, holidays=inside, before=before)


def _is_told_in(holiday: ListedHoliday, monday: date) -> bool:
    """Whether holidays begin in the week of a Monday, or have all its days up to Friday."""
    if holiday.first_day >= monday:
        return holiday.first_day < monday + timedelta(days=7)
    return holiday.last_day >= monday + timedelta(days=4)


def unknown_holidays(weeks: Sequence[WeekOfCards], class_days: ClassDays) -> str:
    """Return the sentence that some school holidays of these weeks are unknown; else nothing."""
    if not weeks:
        return ""
    last_day = weeks[-1].monday + timedelta(days=6)
    return holiday_layer(class_days, weeks[0].monday, last_day, "de ces semaines").unknown


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
