"""The vocabulary of a search: every phrase for a class, a kind of date, a type, a theme or a
place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import zip_longest

from calendar_app.catalogue.search.spellings import (
    BESIDE_PLACES,
    KINDS,
    LEVELS,
    MONTH_WORDS,
    SMALL,
    THEMES,
    TYPES,
)
from calendar_app.school.academies import NATIONAL, Academies
from calendar_app.words.text import words

# The parts of a query, by priority: a word that could belong to several goes to the first of them.
_PARTS = ("levels", "days", "school_years", "kinds", "types", "themes", "places")


@dataclass(frozen=True, slots=True, order=True)
class SearchedPlace:
    """A place that a search names.

    :param name: its name on screen.
    :param codes: the scope codes (``school.academies``) of dates that are expressly for this place;
        the national code only when « national » was typed.
    :param academy: the slug of its académie; empty for the nation and for a place in several
        académies.
    :param department: the code of its département, when the place is a département or a town; else
        empty.
    """

    name: str
    codes: tuple[str, ...]
    academy: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of the vocabulary: its words, and the part of the query and the values it means."""

    words: tuple[str, ...]
    part: str
    values: tuple[object, ...]


class SearchVocabulary:
    """The phrases that a search understands, with the places and the themes of the store."""

    def __init__(self, academies: Academies, themes: Mapping[str, str]) -> None:
        self._by_word: dict[str, list[Phrase]] = {}
        known: set[tuple[str, ...]] = set()
        for phrase in (*_of_vocabulary(), *_of_themes(themes), *_of_places(academies)):
            # « réunion » alone means a meeting, not the island.
            if phrase.words not in known and phrase.words not in ((), ("reunion",)):
                known.add(phrase.words)
                for word in set(phrase.words):
                    self._by_word.setdefault(word, []).append(phrase)

    def within(self, bag: Counter[str]) -> list[Phrase]:
        """Return the phrases whose words are all in *bag*, longest first."""
        found = {
            phrase.words: phrase
            for word in bag
            for phrase in self._by_word.get(word, ())
            if Counter(phrase.words) <= bag and not _is_number(phrase, bag)
        }
        return sorted(found.values(), key=lambda p: (-len(p.words), _PARTS.index(p.part), p.words))

    def at(self, tokens: list[str], start: int) -> Phrase | None:
        """Return the longest phrase of several words, one with a digit, at *start*; or None."""
        fitting = (
            phrase
            for phrase in self._by_word.get(tokens[start], ())
            if len(phrase.words) > 1
            and any(any(map(str.isdigit, word)) for word in phrase.words)
            and tuple(tokens[start : start + len(phrase.words)]) == phrase.words
        )
        return max(fitting, key=lambda phrase: len(phrase.words), default=None)

    def spellings(self) -> Iterator[str]:
        """Yield the words of five or more letters in phrases and months."""
        return (word for word in (*self._by_word, *MONTH_WORDS) if len(word) > 4)


def _is_number(phrase: Phrase, bag: Counter[str]) -> bool:
    """Whether the code of a département is only a number in this text (« les 10 mots »)."""
    code = phrase.words[0]
    return code.isdigit() and len(code) == 2 and len(bag) > 1 and BESIDE_PLACES.isdisjoint(bag)


@lru_cache(maxsize=8)
def _vocabulary(academies: Academies, themes: tuple[tuple[str, str], ...]) -> SearchVocabulary:
    return SearchVocabulary(academies, dict(themes))


def vocabulary(academies: Academies, themes: Mapping[str, str]) -> SearchVocabulary:
    """Return the vocabulary of a search; cached for each pair of arguments.

    :param themes: the closed list, slug → name.
    """
    return _vocabulary(academies, tuple(themes.items()))


def search_tokens(text: str) -> list[str]:
    """Return the folded words of a text without stop words. « 6° » becomes « 6e ». « la réunion »
    is one word because it is a place, while « réunion » alone is not."""
    found = words(re.sub(r"(?<=\d)[°º]", " e ", text))
    for at in range(len(found) - 1, 0, -1):
        if found[at - 1 : at + 1] == _REUNION.split():
            found[at - 1 : at + 1] = [_REUNION]
    return [
        word
        for word, after in zip_longest(found, found[1:])
        if word not in SMALL or (word == "ce" and after in ("1", "2"))  # « CE 1 »
    ]


_REUNION = "la reunion"


def _of_vocabulary() -> Iterator[Phrase]:
    for said, slugs in LEVELS.items():
        yield Phrase(said, "levels", slugs)
    for spellings, kinds in KINDS.items():
        for one in spellings.split("|"):
            yield Phrase(tuple(search_tokens(one)), "kinds", tuple(sorted(kinds)))
    for spellings, type_ in TYPES.items():
        for one in spellings.split("|"):
            yield Phrase(tuple(search_tokens(one)), "types", (type_,))


def _of_themes(themes: Mapping[str, str]) -> Iterator[Phrase]:
    """Yield the phrases of themes: the name, each part of the name (« musique, danse et théâtre »)
    and the other spellings."""
    for slug, name in themes.items():
        parts = [name, *re.split(r", | et ", name), *THEMES.get(slug, "").split("|")]
        for part in filter(None, parts):
            yield Phrase(tuple(search_tokens(part)), "themes", (slug,))


def _of_places(academies: Academies) -> Iterator[Phrase]:
    short = {"saint": "st", "sainte": "ste"}
    for phrase in _of_place_names(academies):
        yield phrase
        yield replace(phrase, words=tuple(short.get(word, word) for word in phrase.words))


def _of_place_names(academies: Academies) -> Iterator[Phrase]:
    for word in ("national", "nationale", "nationaux", "nationales"):
        yield _place(word, SearchedPlace("toute la France", (NATIONAL,)))
    for academy in academies:
        codes = _expressly(academies.scope_of_academy(academy.slug))
        for name in (academy.name, *academy.former_names):
            yield _place(name, SearchedPlace(academy.label, codes, academy.slug))
    for department in academies.departments:
        academy, code = academies.of_department(department.code), department.code
        codes = _expressly(academies.scope_of_department(code))
        shown = SearchedPlace(f"{department.name} ({code})", codes, academy.slug, code)
        for name in (department.name, code):
            yield _place(name, shown)
        for town in department.towns:
            shown = SearchedPlace(f"{town}, {academy.label}", codes, academy.slug, code)
            yield _place(town, shown)
    for name, members in academies.region_members.items():
        scopes = (academies.scope_of_academy(academy.slug) for academy in members)
        only = members[0].slug if len(members) == 1 else ""
        yield _place(name, SearchedPlace(name, _expressly(frozenset().union(*scopes)), only))


def _expressly(scope: frozenset[str]) -> tuple[str, ...]:
    """Return the codes of a scope without the national code, sorted."""
    return tuple(sorted(scope - {NATIONAL}))


def _place(name: str, place: SearchedPlace) -> Phrase:
    return Phrase(tuple(search_tokens(name)), "places", (place,))
