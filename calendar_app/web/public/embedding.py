"""The calendar in other sites: a frame, its code to copy, and the pages that it may stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from flask import current_app, request, url_for
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from calendar_app.catalogue.filters import CatalogueFilter, read_filter, the_academy
from calendar_app.catalogue.queries import Reference
from calendar_app.feeds.links import query
from calendar_app.school.school_year import SchoolYear
from calendar_app.web.head import EMBEDDABLE
from calendar_app.web.page import get_event, page, settings
from calendar_app.web.public.calendar_views import first_of_month
from calendar_app.words.errors import NotFoundError, ParameterError, shortened
from calendar_app.words.text import clean_line

#: How many dates an embed shows when nobody says, and at most.
DATES, MOST_DATES = 10, 50
#: The size of a frame when nobody says, in CSS pixels, and the heights that the builder offers.
WIDTH, HEIGHT = 600, 480
LEAST_HEIGHT, MOST_HEIGHT = 200, 2000

_FRAME = Markup(
    '<iframe src="{}" title="{}"{} height="{}" loading="lazy" style="border: 0{}"></iframe>'
)


@dataclass(frozen=True, slots=True)
class Embed:
    """A list of the next dates, as another site shows it.

    :param count: how many dates at most.
    :param title: what the list is called, without the site's name.
    """

    filter: CatalogueFilter
    count: int
    title: str

    def path(self, le: date | None = None) -> str:
        """Return its address on this site.

        :param le: a day, for what is shown here as if that day were today; other sites get none.
        """
        pairs = list(self.filter.parameters())
        if self.count != DATES:
            pairs.append(("nombre", str(self.count)))
        if le:
            pairs.append(("le", le.isoformat()))
        return url_for("embed.agenda") + query(pairs)

    @property
    def full_title(self) -> str:
        return f"{self.title} – {settings().site_name}"

    def code(self, height: int, width: int | None = None) -> str:
        """Return the HTML that another site pastes.

        :param height: in CSS pixels, like *width*; without one it is as wide as its place.
        """
        address = settings().public_url + self.path()
        size = Markup(' width="{}"').format(width) if width is not None else ""
        style = "" if width is not None else "; width: 100%"
        return str(_FRAME.format(address, self.full_title, size, height, style))


def on_screen() -> Embed:
    """Return the embed that the parameters of this request ask for.

    :raises NotFoundError: when ``nombre`` is not a number from 1 to 50.
    """
    here = page()
    count = whole_number(request.args.get("nombre", ""), DATES, 1, MOST_DATES)
    return Embed(here.filter, count, title_of(here.filter, here.reference))


def of_address(address: str) -> Embed:
    """Return what stands elsewhere for a page of this site, with its filters.

    :raises NotFoundError: when *address* is not that of such a page.
    """
    reference = page().reference
    endpoint, values, parameters = _read(address)
    chosen = read_filter(parameters, reference.academies, reference.themes)
    count, title = DATES, title_of(chosen, reference)
    match endpoint:
        case "calendar.event":
            event = get_event(values["event_id"])
            chosen, title = replace(chosen, event_ids=(event.id,)), clean_line(event.title)
        case "calendar.month":
            first_of_month(**values)
        case "calendar.school_year":
            SchoolYear.parse(values["label"])
        case "embed.agenda":
            given = parameters.get("nombre", [""])[0]
            count = whole_number(given, DATES, 1, MOST_DATES)
    return Embed(chosen, count, title)


def _read(address: str) -> tuple[str, dict[str, Any], dict[str, list[str]]]:
    refusal = NotFoundError(
        "Donnez l'adresse d'une page de ce site (« url »), par exemple "
        f"{settings().public_url}{url_for('calendar.agenda')}."
    )
    try:
        parts = urlsplit(address.strip())
        parameters = parse_qs(parts.query)
    except ValueError:
        raise refusal from None
    ours = urlsplit(settings().public_url).netloc
    if parts.scheme not in ("http", "https") or parts.netloc.lower() != ours:
        raise refusal
    try:
        endpoint, values = current_app.url_map.bind(ours).match(unquote(parts.path))
    except HTTPException:
        raise refusal from None
    if endpoint not in EMBEDDABLE:
        raise refusal
    return endpoint, dict(values), parameters


def title_of(chosen: CatalogueFilter, reference: Reference) -> str:
    """Return what a list of the next dates is called."""
    academy = the_academy(chosen, reference.academies)
    return f"Les prochaines dates, {academy.label}" if academy else "Les prochaines dates"


def whole_number(text: str, default: int, least: int, most: int) -> int:
    """Read a number of an address; an empty text is an absent one.

    :raises ParameterError: when it is none from *least* to *most*.
    """
    text = text.strip()
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        is_number = re.fullmatch("[0-9]+", text)
        near = str(most if len(text) > 9 or int(text) > most else least) if is_number else None
        sentence = f"« {shortened(text)} » ne convient pas : écrivez un nombre de {least} à {most}."
        raise ParameterError(sentence, text, near)
    return int(text)
