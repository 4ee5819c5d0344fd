"""The filter that all views and feeds share, as a value.

Repeated parameters of one name mean *or*, different names mean *and*. The public names and their
values are listed in ``docs/api.md``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from calendar_app.catalogue.search.reading import SearchQuery, read_query
from calendar_app.catalogue.search.spellings import LEVELS
from calendar_app.catalogue.search.vocabulary import vocabulary
from calendar_app.school import levels
from calendar_app.school.academies import NATIONAL, Academies, Academy
from calendar_app.words.errors import UnknownValueError
from calendar_app.words.text import clean_line, fold, nearest, words
from calendar_app.words.vocabulary import EventType

#: The names of the filter's parameters, in the order in which addresses carry them.
PARAMETERS = tuple("academie departement niveau theme type journees evenements q".split())

#: What « journees » may say; both together say nothing.
_DAYS = {"0": "sans les journées", "1": "avec les journées"}

#: The longest search text, in characters; the rest is cut. Nobody types more, and each word costs
#: a scan of the events.
MAX_SEARCH = 200


@dataclass(frozen=True, slots=True)
class CatalogueFilter:
    """The part of the catalogue that is asked for. The empty filter asks for the whole catalogue.

    :param academies: slugs; a date passes when one of these académies sees it.
    :param departments: codes; a date passes when one of these départements sees it.
    :param levels: classes, cycles or degrés; ``school.levels.fits`` says which events pass.
    :param without_days: leave out the editions that a rule made (« journées »), so that contests
        stay in sight.
    :param event_ids: « ma sélection »: events that were picked by hand pass whatever the other
        conditions say. The place then only chooses among an event's own dates
        (``catalogue.queries.dates_seen``).
    :param search: the text that was typed into « Rechercher ».
    :param asked: the meaning of *search* (``catalogue.search.reading``).
    :param scopes: one set of scope codes for each condition on the place; a date must have a code
        in each set. Derived from *academies* and *departments*; ``{national}`` for the national
        feed.
    """

    academies: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    types: tuple[EventType, ...] = ()
    without_days: bool = False
    event_ids: tuple[str, ...] = ()
    search: str = ""
    asked: SearchQuery = SearchQuery()  # noqa: RUF009 (a frozen value)
    scopes: tuple[frozenset[str], ...] = ()

    @property
    def classes(self) -> frozenset[str]:
        """The classes that the levels stand for; empty when the filter has no level."""
        return levels.expand(self.levels)

    def sees(self, scope: Collection[str]) -> bool:
        """Whether a date with this scope passes the conditions on the place."""
        return all(not codes.isdisjoint(scope) for codes in self.scopes)

    def parameters(self) -> tuple[tuple[str, str], ...]:
        """Return the filter as query parameters, always in the same order.

        Two filters with equal parameters (and scopes) select the same dates.
        """
        values: dict[str, Iterable[str]] = {
            "academie": self.academies,
            "departement": self.departments,
            "niveau": self.levels,
            "theme": self.themes,
            "type": self.types,
            "journees": ("0",) if self.without_days else (),
            "evenements": (",".join(self.event_ids),) if self.event_ids else (),
            "q": (self.search,) if self.search else (),
        }
        return tuple((name, str(value)) for name in PARAMETERS for value in values[name])

    def __bool__(self) -> bool:
        return bool(self.parameters())


def national(chosen: CatalogueFilter) -> CatalogueFilter:
    """Return *chosen* narrowed to the national dates."""
    return replace(chosen, scopes=(*chosen.scopes, frozenset((NATIONAL,))))


def for_place(
    chosen: CatalogueFilter, academies: Academies, academy: str = "", department: str = ""
) -> CatalogueFilter:
    """Return *chosen* narrowed to the dates that a teacher of an académie or a département sees.

    :param academy: a slug; not used when *department* is given.
    :param department: a code, or empty.
    :raises UnknownValueError: for an unknown académie or département.
    """
    scope = (
        academies.scope_of_department(department)
        if department
        else academies.scope_of_academy(academy)
    )
    return replace(chosen, scopes=(*chosen.scopes, scope))


def for_person(
    academies: Academies, academy: str | None, classes: Iterable[str], themes: Iterable[str]
) -> CatalogueFilter:
    """Return the filter of the dates that fit a subscriber's place, classes and themes.

    :param academy: a slug; None for a subscriber without an académie, who gets the national dates.
    :param classes: slugs of ``school.levels.CLASSES``.
    :param themes: slugs.
    """
    chosen = CatalogueFilter(levels=tuple(sorted(classes)), themes=tuple(sorted(themes)))
    return for_place(chosen, academies, academy) if academy else national(chosen)


def read_filter(
    values: Mapping[str, Sequence[str]], academies: Academies, themes: Mapping[str, str]
) -> CatalogueFilter:
    """Return the filter that query parameters describe.

    Empty values count as absent, because forms send them. Event ids are not checked: an event that
    is gone must not break a feed that somebody subscribed to.

    :param values: parameter name → values; names that are not in ``PARAMETERS`` are ignored.
    :param themes: the closed list, slug → name.
    :raises UnknownValueError: for a value that is not in its list, with the nearest value.
    """
    found_academies = _unique(academies.get(v.lower()).slug for v in _given(values, "academie"))
    departments = _unique(academies.department(v).code for v in _given(values, "departement"))
    names = {slug: levels.name(slug) for slug in (*levels.GROUPS, *levels.CLASSES)}
    found_levels = _closed("la classe ou le cycle", _given(values, "niveau"), names)
    types = {type_.value: type_.words for type_ in EventType}
    days = _closed("la valeur de « journees »", _given(values, "journees"), _DAYS)
    scopes = []
    if found_academies:
        scopes.append(frozenset().union(*map(academies.scope_of_academy, found_academies)))
    if departments:
        scopes.append(frozenset().union(*map(academies.scope_of_department, departments)))
    ids = (clean_line(part) for v in _given(values, "evenements") for part in v.split(","))
    search = clean_line(" ".join(_given(values, "q")))[:MAX_SEARCH].strip()
    return CatalogueFilter(
        academies=found_academies,
        departments=departments,
        levels=found_levels,
        themes=_closed("le thème", _given(values, "theme"), themes),
        types=tuple(map(EventType, _closed("le type", _given(values, "type"), types))),
        without_days=days == ("0",),
        event_ids=_unique(part for part in ids if part),
        search=search,
        asked=read_query(search, vocabulary(academies, themes)) if search else SearchQuery(),
        scopes=tuple(scopes),
    )


def the_academy(chosen: CatalogueFilter, academies: Academies) -> Academy | None:
    """Return the only académie that *chosen* names, itself or by its départements; None when
    *chosen* names no place or several académies."""
    slugs = {academies.get(slug).slug for slug in chosen.academies}
    slugs |= {academies.of_department(code).slug for code in chosen.departments}
    return academies.get(slugs.pop()) if len(slugs) == 1 else None


def _given(values: Mapping[str, Sequence[str]], name: str) -> list[str]:
    return [v.strip() for v in values.get(name, ()) if v.strip()]


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _closed(what: str, values: Iterable[str], choices: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values in the order of a closed list.

    :param choices: the list, value → name on screen.
    :raises UnknownValueError: for a value that is not in the list.
    """
    wanted = {v.lower() for v in values}
    for value in sorted(wanted - choices.keys()):
        near = _meant(value, choices)
        raise UnknownValueError(what, value, near, near and choices[near])
    return tuple(choice for choice in choices if choice in wanted)


def _meant(value: str, choices: Mapping[str, str]) -> str | None:
    """Return the value that was probably meant: the value whose name was written, in any spelling,
    or else the nearest value or name. None when there is no such value."""
    spelt = LEVELS.get(tuple(words(value)), ())
    if len(spelt) == 1 and spelt[0] in choices:
        return spelt[0]
    by_name = {fold(name): slug for slug, name in choices.items()} | {
        slug: slug for slug in choices
    }
    near = nearest(value, by_name)
    return by_name[near] if near else None
