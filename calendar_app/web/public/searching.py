"""What a page says about a search: how it was understood, and a better spelling."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from flask import request, url_for

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter, read_filter
from calendar_app.catalogue.models.search import SHORTEST
from calendar_app.catalogue.search import queries as search
from calendar_app.catalogue.search.reading import Days, Meaning
from calendar_app.catalogue.search.vocabulary import vocabulary
from calendar_app.school import levels
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import db
from calendar_app.web.page import Page
from calendar_app.words.french import MONTHS, NBSP
from calendar_app.words.text import fold, nearest_ones
from calendar_app.words.vocabulary import EventType, MilestoneKind

#: Maximum number of near words that are tried for a misspelt word.
_TRIED = 3


@dataclass(frozen=True, slots=True)
class Understood:
    """A part of a search that was understood as more than a plain word.

    :param words: what was understood, in French.
    :param query: the query string of the page with the place as a filter instead, which shows the
        national dates too; empty when the part is no place, or a place of several académies.
    """

    words: str
    query: str = ""


def understood(page: Page) -> list[Understood]:
    """Return what was understood of the search on screen, without its plain words."""
    asked = page.filter.asked
    found = [
        Understood(_words(meaning, page))
        for meaning in asked.meanings
        if meaning is not asked.places
    ]
    if asked.places:
        rest = asked.without(asked.places)
        for place in asked.places.values:
            code = place.department or None
            academy = None if code else place.academy
            query = page.query_with(q=rest, academie=academy, departement=code)
            found.append(Understood(place.name, query if place.academy else ""))
    return found


def respelled(page: Page, finds: Callable[[CatalogueFilter], bool]) -> tuple[str, str] | None:
    """Return a corrected spelling of a search that finds nothing, as (search text, address).

    Words that occur nowhere are replaced by near words. None when every word occurs somewhere, or
    when no correction finds anything.

    :param finds: returns whether the page on screen would show something with a filter.
    """
    asked = page.filter.asked.words
    unknown = [word for word in asked if not search.occurs(db.session, word)]
    if not unknown:
        return None
    spellings = set(vocabulary(page.reference.academies, page.reference.themes).spellings())
    found = {word: search.words_near(db.session, word) for word in unknown}
    printed = {folded: word for near in found.values() for folded, word in near.items()}
    printed |= {fold(word): word for word in _vocabulary_words(page)}
    near = [_near(word, found[word].keys() | spellings) for word in unknown]
    for words in product(*near):
        meant = {old: printed.get(new, new) for old, new in zip(unknown, words, strict=True)}
        text = _rewritten(page.filter.search, meant)
        query, chosen = page.query_with(q=text), _with_search(page, text)
        if finds(chosen):
            return text, request.path + query
        if queries.latest_school_year(db.session, chosen):
            return text, url_for("calendar.agenda") + query
    return None


def _rewritten(text: str, meant: Mapping[str, str]) -> str:
    """Return *text* with some words replaced; *meant* maps a folded word to its replacement."""
    return re.sub(r"[^\W_]+", lambda match: meant.get(fold(match[0]), match[0]), text)


def _near(word: str, candidates: Iterable[str]) -> list[str]:
    if len(word) < SHORTEST:
        return []
    found = nearest_ones(word, candidates, _TRIED)
    return found if len(word) > 5 else [one for one in found if one[0] == word[0]]


def _with_search(page: Page, text: str) -> CatalogueFilter:
    values: dict[str, list[str]] = {}
    for name, value in page.filter.parameters():
        values.setdefault(name, []).append(value)
    return read_filter(values | {"q": [text]}, page.reference.academies, page.reference.themes)


def _vocabulary_words(page: Page) -> list[str]:
    """Return the words of all that a search may mean, with their accents."""
    names = [
        *MONTHS,
        *(kind.words for kind in MilestoneKind),
        *(type_.words for type_ in EventType),
    ]
    names += [*map(levels.name, (*levels.GROUPS, *levels.CLASSES)), *page.reference.themes.values()]
    names += [academy.name for academy in page.reference.academies]
    for department in page.reference.academies.departments:
        names += [department.name, *department.towns]
    return re.findall(r"[^\W_]+", " ".join(names).lower())


def _words(meaning: Meaning[object], page: Page) -> str:
    if set(meaning.values) == {kind for kind in MilestoneKind if kind.is_deadline}:
        return "date limite"
    return " ou ".join(_value_words(value, page) for value in meaning.values)


def _value_words(value: Any, page: Page) -> str:
    match value:
        case MilestoneKind():
            return value.words.lower()
        case EventType():
            return value.words
        case Days():
            return _days_words(value)
        case int():
            return f"année scolaire {SchoolYear(value).label}"
    return page.reference.themes.get(value) or levels.name(value)


def _days_words(days: Days) -> str:
    """Return « en 2021 », « en février 2021 » or « le 11 février »."""
    if not days.month:
        return f"en {days.year}"
    month = MONTHS[days.month - 1] + (f" {days.year}" if days.year else "")
    if not days.day:
        return f"en {month}"
    return f"le {'1er' if days.day == 1 else days.day}{NBSP}{month}"
