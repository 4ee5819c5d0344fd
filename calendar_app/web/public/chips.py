"""The filter values on screen as chips, each with a link that removes it, and the values to remove
when a page shows nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter, read_filter
from calendar_app.feeds.links import query
from calendar_app.school import levels
from calendar_app.store.base import db
from calendar_app.web.page import Page
from calendar_app.words.vocabulary import EventType


@dataclass(frozen=True, slots=True)
class Chip:
    """One value of the filter.

    :param name: the name of its parameter.
    :param words: what the chip says (« académie de Lille », « CM2 »).
    :param without: the query string of the page without this value.
    :param rest: the filter without this value.
    """

    name: str
    words: str
    without: str
    rest: CatalogueFilter


@dataclass(frozen=True, slots=True)
class Loosening:
    """A filter value to remove, and how much the page would then show.

    :param count: number of dates or events; never 0.
    """

    chip: Chip
    count: int


def chips(page: Page) -> list[Chip]:
    """Return the filter values on screen, in the order in which addresses carry them."""
    pairs = page.filter.parameters()
    found = []
    for name, value in pairs:
        rest = [pair for pair in pairs if pair != (name, value)]
        le = [("le", page.today.isoformat())] if page.rehearsed else []
        found.append(Chip(name, _words(page, name, value), query(rest + le), _read(page, rest)))
    return found


def loosenings(page: Page, count: Callable[[CatalogueFilter], int]) -> list[Loosening]:
    """Return the filter values to remove from a page that shows nothing, best result first.

    :param count: returns how many things the page would show with a filter.
    """
    found = [Loosening(chip, count(chip.rest)) for chip in chips(page)]
    return sorted((one for one in found if one.count), key=lambda one: -one.count)


def _read(page: Page, pairs: list[tuple[str, str]]) -> CatalogueFilter:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return read_filter(values, page.reference.academies, page.reference.themes)


def _words(page: Page, name: str, value: str) -> str:
    places = page.reference.academies
    match name:
        case "academie":
            return places.get(value).label
        case "departement":
            return f"{places.department(value).name} ({value})"
        case "niveau":
            return levels.name(value)
        case "theme":
            return page.reference.themes[value]
        case "type":
            return EventType(value).words
        case "journees":
            return "sans les journées"
        case "q":
            return f"« {value} »"
        case "evenements":
            ids = value.split(",")
            known = queries.event(db.session, ids[0]) if len(ids) == 1 else None
            return known.title if known else f"ma sélection ({len(ids)})"
    raise ValueError(f"the filter {name!r} has no words here")
