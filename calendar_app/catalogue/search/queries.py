"""The SQL conditions of a search that ``catalogue.search.reading`` has understood."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    Subquery,
    and_,
    cast,
    exists,
    extract,
    func,
    or_,
    select,
    text,
)

from calendar_app.catalogue.filters import CatalogueFilter
from calendar_app.catalogue.models.events import (
    Event,
    EventScope,
    EventTheme,
    Milestone,
    MilestoneScope,
)
from calendar_app.catalogue.models.search import SearchWord
from calendar_app.catalogue.search.reading import Days, Meaning, SearchQuery
from calendar_app.store.base import AnySession
from calendar_app.words.text import words

Condition = ColumnElement[bool]


def event_conditions(
    query: SearchQuery, fits: Callable[[CatalogueFilter], Condition]
) -> Iterator[Condition]:
    """Yield the conditions of a search that do not concern the dates of an event.

    :param fits: returns the condition that an event is for the classes of a filter.
    """
    yield from map(_begins, query.words)
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


#: engine → (the ids of the events that its index finds, a word of the query, what joins words).
_INDEX = {
    "sqlite": (
        "SELECT event_id AS id FROM search_index JOIN search_row"
        " ON search_row.id = search_index.rowid WHERE search_index MATCH :asked",
        '"{}"*',
        " AND ",
    ),
    "postgresql": (
        "SELECT id FROM event"
        " WHERE to_tsvector('simple', search_text) @@ to_tsquery('simple', :asked)",
        "'{}':*",
        " & ",
    ),
}


def indexed(session: AnySession, asked: Iterable[str]) -> Subquery | None:
    """Return the ids of the events that have words that begin with each of these folded words, as
    the engine's index knows them; None without a word.

    :func:`event_conditions` finds the same events, and is cheaper where few are looked at: those of
    some days or of one year. Where all years are, join this.
    """
    statement, word, and_ = _INDEX[session.get_bind().dialect.name]
    typed = and_.join(word.format(" ".join(words(one))) for one in asked if words(one))
    found = text(statement).bindparams(asked=typed).columns(id=String())
    return found.subquery("found") if typed else None


def occurs(session: AnySession, word: str) -> bool:
    """Return whether an event that is not archived has a word that begins with this folded one."""
    found = indexed(session, (word,))
    if found is None:
        return False
    events = exists(Event.id).where(Event.id == found.c.id, Event.archived_at.is_(None))
    return bool(session.scalar(select(events)))


#: The most words of the catalogue that are compared with a misspelt one.
_COMPARED = 1000


def words_near(session: AnySession, word: str) -> dict[str, str]:
    """Return the words of events that may be near a folded word (``words.text.is_near``), folded →
    as it is written: those with its first letter and about its length, and those that differ by
    the first letter alone."""
    off = func.abs(SearchWord.length - len(word))
    alike = and_(
        SearchWord.initial == word[0], SearchWord.length.between(len(word) - 3, len(word) + 3)
    )
    query = select(SearchWord.word, SearchWord.printed).order_by(off, SearchWord.word)
    found = list(session.execute(query.where(alike).limit(_COMPARED)))
    other = or_(SearchWord.rest.in_((word, word[1:])), SearchWord.word == word[1:])
    found += session.execute(query.where(other))
    return {row.word: row.printed for row in found}


def _begins(word: str) -> Condition:
    """Return the condition that an event's text has a word that begins with a folded one."""
    return Event.search_text.contains(f" {word}", autoescape=True)


def _event_is_for(codes: Iterable[str]) -> Condition:
    return Event.scope_rows.any(EventScope.code.in_(codes))


def _or_says(meaning: Meaning[Any], condition: Condition) -> Condition:
    return or_(condition, _says(meaning))


def _says(meaning: Meaning[Any]) -> Condition:
    """Return the condition that an event's text has one of the wordings, as whole words."""
    return or_(*(and_(*map(_has, phrases)) for phrases in meaning.said))


def _has(phrase: str) -> Condition:
    return Event.search_text.contains(f" {' '.join(words(phrase))} ", autoescape=True)


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
