"""The parser of « Rechercher »: from the typed text to a :class:`SearchQuery`.

Punctuation, case, accents and the order of the words do not matter. Each part that is understood (a
class, a month, a kind of date, a type, a theme, a place) is a criterion. Every other word must be
in an event's text. ``catalogue.search.queries`` finds the events.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from calendar_app.catalogue.search.spellings import (
    BESIDE_DAYS,
    BESIDE_LEVELS,
    BESIDE_PLACES,
    BESIDE_YEARS,
    COMMON,
    COUNTED,
    LEVELS,
    MONTH_WORDS,
    SERIES,
    SMALL,
)
from calendar_app.catalogue.search.vocabulary import SearchedPlace, SearchVocabulary, search_tokens
from calendar_app.school import levels
from calendar_app.words.vocabulary import EventType, MilestoneKind

V_co = TypeVar("V_co", covariant=True)


@dataclass(frozen=True, slots=True, order=True)
class Days:
    """Days that a search names: a year, a month (of one year or of any year) or a day of a month.

    :param year: 0 when no year was given; *month* and *day* likewise.
    """

    year: int = 0
    month: int = 0
    day: int = 0


@dataclass(frozen=True, slots=True)
class Meaning(Generic[V_co]):
    """The meaning of one or more words of a search. An event meets it when it has one of the
    values, or when its text has one of the wordings.

    :param values: the alternatives, in a fixed order.
    :param said: the wordings. Each is a tuple of phrases that a text must all have, as whole words;
        punctuation may stand between the words of a phrase (« cm 2 », « CM-2 »).
    :param typed: the words that were typed for this meaning.
    """

    values: tuple[V_co, ...]
    said: tuple[tuple[str, ...], ...]
    typed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search that was understood. An event must meet every part; the values of one part are
    alternatives. None stands for a part that was not named.

    :param words: folded words that an event's text must all contain; sorted.
    :param levels: slugs of classes, cycles and degrés.
    :param school_years: the calendar years in which the school years begin.
    :param kinds: kinds of a date.
    :param themes: slugs; an event must meet each theme.
    """

    words: tuple[str, ...] = ()
    levels: Meaning[str] | None = None
    days: Meaning[Days] | None = None
    school_years: Meaning[int] | None = None
    kinds: Meaning[MilestoneKind] | None = None
    types: Meaning[EventType] | None = None
    places: Meaning[SearchedPlace] | None = None
    themes: tuple[Meaning[str], ...] = ()

    @property
    def meanings(self) -> tuple[Meaning[object], ...]:
        """The parts that were understood, without the plain words."""
        parts: tuple[Meaning[object] | None, ...] = (
            self.levels,
            self.kinds,
            self.days,
            self.school_years,
            self.types,
            *self.themes,
            self.places,
        )
        return tuple(part for part in parts if part is not None)

    def without(self, meaning: Meaning[object]) -> str:
        """Return a text that asks for every part except *meaning*."""
        rest = [word for part in self.meanings if part is not meaning for word in part.typed]
        return " ".join([*self.words, *rest])


def read_query(text: str, known: SearchVocabulary) -> SearchQuery:
    """Return the meaning of a typed text."""
    tokens = search_tokens(text)
    found = _Found()
    bag = Counter(found.take_adjacent(tokens, known))
    plain = [word for word in bag if bag.keys() & COUNTED and word in _NUMBERED_CLASSES]
    for word in plain:
        del bag[word]
    found.take_days(bag)
    for phrase in known.within(bag):
        wanted = Counter(phrase.words)
        while wanted <= bag:
            bag -= wanted
            found.add(phrase.part, phrase.values, phrase.words)
    return found.query([*plain, *bag])


# -- reading ---------------------------------------------------------------------------------------

_NUMBERED_CLASSES = frozenset(
    said[0] for said, slugs in LEVELS.items() if len(said) == 1 and slugs[0][0] in "123456"
)


def _number(word: str) -> int:
    """Return the day of the month that a word names, or 0."""
    match = re.fullmatch(r"(\d{1,2})(?:er)?", word)
    return int(match[1]) if match and int(match[1]) <= 31 else 0


class _Found:
    """The parts found so far: for each part its values, with the words that named them."""

    def __init__(self) -> None:
        self._parts: dict[str, list[tuple[tuple[Any, ...], tuple[str, ...]]]] = {}

    def add(self, part: str, values: Iterable[Any], typed: Iterable[str]) -> None:
        self._parts.setdefault(part, []).append((tuple(values), tuple(typed)))

    def take_adjacent(self, tokens: list[str], known: SearchVocabulary) -> list[str]:
        """Take meanings of adjacent words (« CM 2 », « 11/02/2021 »); return the other words."""
        edition = not COUNTED.isdisjoint(tokens)
        rest, at = [], 0
        while at < len(tokens):
            if taken := _date_at(tokens, at):
                days, length = taken
                self.add("days", (days,), tokens[at : at + length])
            elif taken_levels := _series_at(tokens, at):
                slugs, length = taken_levels
                self.add("levels", slugs, tokens[at : at + length])
            elif (phrase := known.at(tokens, at)) and not (edition and phrase.words[0].isdigit()):
                length = len(phrase.words)
                self.add(phrase.part, phrase.values, phrase.words)
            else:
                length = 1
                rest.append(tokens[at])
            at += length
        return rest

    def take_days(self, bag: Counter[str]) -> None:
        """Take the months with the days and years of the text; without a month, the years."""
        months = [word for word in bag if word in MONTH_WORDS]
        years = [word for word in bag if re.fullmatch(r"(?:19|20|21)\d\d", word)]
        if not months:
            self._take_years(sorted(years), bag)
            return
        days = [word for word in bag if _number(word)] if len(months) == 1 else []
        values = [
            Days(int(year), MONTH_WORDS[month], _number(day))
            for year in years or ("0",)
            for month in months
            for day in days or ("0",)
        ]
        self.add("days", values, sorted([*years, *months, *days]))
        for word in (*years, *months, *days):
            del bag[word]

    def _take_years(self, years: list[str], bag: Counter[str]) -> None:
        if len(years) == 2 and int(years[1]) == int(years[0]) + 1:
            self.add("school_years", (int(years[0]),), years)
        elif years:
            self.add("days", [Days(int(year)) for year in years], years)
        for year in years:
            del bag[year]

    def query(self, rest: Iterable[str]) -> SearchQuery:
        """Return the query: the parts that were found, and *rest* as plain words."""
        beside: set[str] = set(SMALL)
        for part, noise in _BESIDE.items():
            if part in self._parts:
                beside |= noise
        left = sorted(set(rest) - beside)
        return SearchQuery(
            words=tuple(left),
            levels=self._levels(),
            days=self._part("days"),
            school_years=self._part("school_years"),
            kinds=self._kinds(),
            types=self._part("types"),
            places=self._part("places"),
            themes=self._themes(),
        )

    def _part(self, name: str) -> Meaning[Any] | None:
        found = self._parts.get(name, [])
        values = sorted({value for some, _ in found for value in some})
        return _meaning(values, (typed for _, typed in found)) if found else None

    def _levels(self) -> Meaning[str] | None:
        """Return the levels; of two levels where one contains the other, the narrower: « collège,
        6e » is 6e. All spellings of a level count as wordings, so that all find the same events."""
        found = self._part("levels")
        if found is None:
            return None
        classes = {slug: levels.expand([slug]) for slug in found.values}
        kept = tuple(
            slug
            for slug in sorted(classes, key=[*levels.GROUPS, *levels.CLASSES].index)
            if not any(other < classes[slug] for other in classes.values())
        )
        said = [
            (" ".join(spelt),)
            for spelt, slugs in LEVELS.items()
            if set(slugs) <= set(kept) and COMMON.isdisjoint(spelt)
        ]
        return Meaning(kept, tuple(sorted({*said, *found.said})), found.typed)

    def _kinds(self) -> Meaning[MilestoneKind] | None:
        """Return the kinds; of several words, the kinds that all may mean (« date limite
        d'inscription »)."""
        found = self._part("kinds")
        if found is None:
            return None
        every = [set(values) for values, _ in self._parts["kinds"]]
        common = set.intersection(*every)
        kept = tuple(kind for kind in found.values if not common or kind in common)
        return Meaning(kept, found.said, found.typed)

    def _themes(self) -> tuple[Meaning[str], ...]:
        by_slug: dict[str, list[tuple[str, ...]]] = {}
        for values, typed in self._parts.get("themes", ()):
            by_slug.setdefault(str(values[0]), []).append(typed)
        return tuple(_meaning([slug], by_slug[slug]) for slug in sorted(by_slug))


_BESIDE = {
    "levels": BESIDE_LEVELS,
    "places": BESIDE_PLACES,
    "days": BESIDE_DAYS,
    "school_years": BESIDE_YEARS,
}


def _meaning(values: Iterable[Any], typed: Iterable[tuple[str, ...]]) -> Meaning[Any]:
    said = sorted({tuple(sorted(some)) for some in typed})
    return Meaning(tuple(values), tuple(said), tuple(word for some in said for word in some))


def _date_at(tokens: list[str], at: int) -> tuple[Days, int] | None:
    """Return the days that begin at a token, and how many tokens they take: « 11/02/2021 »,
    « 02/2021 », « 2021-02 » or « 2021-02-11 », with any separator."""
    for length in (3, 2):
        numbers = tokens[at : at + length]
        if len(numbers) < length or not all(n.isascii() and n.isdigit() for n in numbers):
            continue
        if len(numbers[0]) == 4:
            numbers.reverse()
        if [len(n) for n in numbers[-1:]] != [4] or any(len(n) > 2 for n in numbers[:-1]):
            continue
        day, month, year = [0] * (3 - length) + [int(n) for n in numbers]
        if 1900 <= year < 2200 and 1 <= month <= 12 and day <= 31 and (day or length == 2):
            return Days(year, month, day), length
    return None


def _series_at(tokens: list[str], at: int) -> tuple[list[str], int] | None:
    """Return the levels that begin at a token, and how many tokens they take: a word and at least
    two numbers (« cycles 2 et 3 », « CM1/2 »)."""
    match = re.fullmatch(r"(cycles?|c[em])([1-4]?)", tokens[at])
    if match is None:
        return None
    allowed, numbers, end = SERIES[match[1]], list(match[2]), at + 1
    while end < len(tokens) and len(tokens[end]) == 1 and tokens[end] in allowed:
        numbers.append(tokens[end])
        end += 1
    if len(numbers) < 2 or not set(numbers) <= set(allowed):
        return None
    stem = "cycle-" if match[1].startswith("cycle") else match[1]
    return [f"{stem}{number}" for number in numbers], end - at
