"""The title of an error page, and the links by which the reader goes on."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import request, url_for

from calendar_app.feeds.links import query
from calendar_app.web.page import Page
from calendar_app.words.errors import (
    DeadLinkError,
    NotFoundError,
    ParameterError,
    UnclearPlaceError,
    UnknownValueError,
)

#: The page that sends a new link: beginning of the dead link's path → (French words, endpoint).
_NEW_LINKS = {
    "/redaction/": ("Recevoir un autre lien pour mon mot de passe", "editor.forgotten"),
    "/": ("Retrouver mon lien", "subscription.find_link"),
}


@dataclass(frozen=True, slots=True)
class WayOn:
    """A link by which the reader goes on from an error page.

    :param words: the text of the link, in French.
    :param address: path and query.
    """

    words: str
    address: str


def title_of(error: NotFoundError) -> str | None:
    """Return the title of an error page, in French; None for the usual title of a 404."""
    if isinstance(error, DeadLinkError):
        return "Lien expiré ou incomplet"
    return "Adresse à corriger" if isinstance(error, ParameterError) else None


def leads_from(error: NotFoundError) -> list[WayOn]:
    """Return the links that lead on: to the corrected address, or to the page that sends a new
    link. Empty where neither is known."""
    if isinstance(error, DeadLinkError):
        words, endpoint = next(v for start, v in _NEW_LINKS.items() if _path().startswith(start))
        return [WayOn(words, url_for(endpoint))]
    if not isinstance(error, ParameterError) or request.method not in ("GET", "HEAD"):
        return []
    return _corrected(error)


def places_meant(error: NotFoundError, address: str, page: Page) -> list[WayOn]:
    """Return links for the places that a person may have meant by a text that is no place.

    :param address: path of the page that takes a place (``lieu``).
    """
    names = error.choices if isinstance(error, UnclearPlaceError) else ()
    if isinstance(error, UnknownValueError) and error.name:
        names = (error.name,)
    return [WayOn(name, address + page.query_with(lieu=name)) for name in names]


def _corrected(error: ParameterError) -> list[WayOn]:
    pairs = list(request.args.items(multi=True))
    wrong = [pair for pair in pairs if _is(pair[1], error.value)]
    found = []
    if wrong and error.nearest:
        right = [(name, error.nearest if _is(v, error.value) else v) for name, v in pairs]
        found.append(WayOn(f"Ouvrir cette page avec « {error.name} »", _path() + query(right)))
    elif error.nearest and error.value in _path():
        path = _path().replace(error.value, error.nearest)
        found.append(WayOn(f"Ouvrir cette page avec « {error.name} »", path + query(pairs)))
    if wrong:
        rest = [pair for pair in pairs if pair not in wrong]
        found.append(WayOn("Ouvrir cette page sans ce choix", _path() + query(rest)))
    return found


def _path() -> str:
    return quote(request.path)


def _is(value: str, wrong: str) -> bool:
    return value.strip().casefold() == wrong.strip().casefold()
