"""The SQL conditions of a search that ``catalogue.search.reading`` has understood."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, cast, extract, or_, select

from calendar_app.catalogue.filters import CatalogueFilter
from calendar_app.catalogue.models.events import (
    Event,
    EventScope,
    EventTheme,
    Milestone,
    MilestoneScope,
)
from calendar_app.catalogue.search.reading import Days, Meaning, SearchQuery
from calendar_app.store.base import AnySession
from calendar_app.words.text import fold, words

Condition = ColumnElement[bool]


def event_conditions(
    query: SearchQuery, fits: Callable[[CatalogueFilter], Condition]
) -> Iterator[Condition]:
    """Yield the conditions of a search that do not concern the dates of an event.

    :param fits: returns the condition that an event is for the classes of a filter.
    """
    for word in query.words:
        yield Event.search_text.contains(word, autoescape=True)
    if query.levels:
        yield _or_says(query.levels, fits(CatalogueFilter(levels=query.levels.values)))
    if query.school_years:
        yield _or_says(query.school_years, Event.school_year.in_(query.school_years.values))
    if query.types:
        yield _or_says(query.types, Event.type.in_(query.types.values))
    for theme in query.themes:
        yield _or_says(theme, Event.theme_rows.any(EventTheme.slug.in_(theme.values)))


def date_conditions(query: SearchQuery) -> Iterator[Condition]:
    """Yield the conditions of a search on a milestone, for a query that joins its event."""
    if query.kinds:
        yield _or_says(query.kinds, Milestone.kind.in_(query.kinds.values))
    if query.days:
        yield _or_says(query.days, or_(*map(_touches, query.days.values)))
    if query.places:
        codes = {code for place in query.places.values for code in place.codes}
        own = Milestone.scope_rows.any(MilestoneScope.code.in_(codes))
        inherited = and_(~Milestone.scope_rows.any(), _event_is_for(codes))
        yield _or_says(query.places, or_(own, inherited))


def some_date_conditions(query: SearchQuery) -> Iterator[Condition]:
    """Yield the condition on an event that one of its dates meets :func:`date_conditions`, or that
    the text of the event says the wanted kind and days, and its scope or text the place."""
    of_a_date = list(date_conditions(query))
    if not of_a_date:
        return
    without_day = [_says(part) for part in (query.kinds, query.days) if part]
    if query.places:
        codes = {code for place in query.places.values for code in place.codes}
        without_day.append(_or_says(query.places, _event_is_for(codes)))
    yield or_(Event.milestones.any(and_(*of_a_date)), and_(*without_day))


def known_words(session: AnySession) -> frozenset[str]:
    """Return the folded words of all events that are not archived."""
    texts = session.scalars(select(Event.search_text).where(Event.archived_at.is_(None)))
    return frozenset(word for text in texts for word in words(text))


def printed_words(session: AnySession) -> dict[str, str]:
    """Return folded word → the word as it is written, for the texts of all events that are not
    archived."""
    columns = (Event.title, Event.organiser, Event.summary)
    rows = session.execute(select(*columns).where(Event.archived_at.is_(None)))
    return {
        fold(word): word for row in rows for text in row for word in re.findall(r"[^\W_]+", text)
    }


def _event_is_for(codes: Iterable[str]) -> Condition:
    return Event.scope_rows.any(EventScope.code.in_(codes))


def _or_says(meaning: Meaning[Any], condition: Condition) -> Condition:
    return or_(condition, _says(meaning))


def _says(meaning: Meaning[Any]) -> Condition:
    """Return the condition that an event's text has one of the wordings, as whole words."""
    single = [phrases[0] for phrases in meaning.said if len(phrases) == 1]
    wordings = [and_(*map(_has, phrases)) for phrases in meaning.said if len(phrases) > 1]
    if single:
        wordings.append(_has(*single))
    return or_(*wordings)


def _has(*phrases: str) -> Condition:
    # PostgreSQL and Python (for SQLite) give this part of their regular expressions one meaning.
    either = "|".join(r"[^a-z0-9]+".join(map(re.escape, phrase.split())) for phrase in phrases)
    return Event.search_text.regexp_match(f"(^|[^a-z0-9])({either})([^a-z0-9]|$)")


# Days are numbered so that months and years are ranges: 32 numbers a month, 384 a year.
_MONTH, _YEAR = 32, 12 * 32


def _touches(days: Days) -> Condition:
    """Return the condition that a milestone has one of these days, in the year that was given or in
    any year."""
    first, last = _number(Milestone.first_day), _number(Milestone.last_day)
    low = days.year * _YEAR + (days.month or 1) * _MONTH + (days.day or 1)
    high = days.year * _YEAR + (days.month or 12) * _MONTH + (days.day or 31)
    if days.year:
        return and_(first <= high, last >= low)
    # For some number n of years, low + n years is at or before the last day of the milestone, and
    # high + n years is at or after its first day.
    return (last - low) // _YEAR > (first - high - 1) // _YEAR


def _number(day: Any) -> ColumnElement[int]:
    year, month, of_month = (
        cast(extract(field, day), Integer) for field in ("year", "month", "day")
    )
    return year * _YEAR + month * _MONTH + of_month
