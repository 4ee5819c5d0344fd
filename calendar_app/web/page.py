"""A request as every page and feed sees it: instant, day, filter, reference values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import cast

from flask import current_app, g, request

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter, read_filter, the_academy
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.catalogue.queries import Reference
from calendar_app.config.settings import Settings
from calendar_app.feeds.cards import Card, card
from calendar_app.feeds.feed import cancelled_since
from calendar_app.feeds.links import query
from calendar_app.school import levels
from calendar_app.school.academies import Academy, Department
from calendar_app.school.class_days import ClassDays
from calendar_app.school.local_time import paris_day
from calendar_app.store.base import db
from calendar_app.words.errors import NotFoundError, ParameterError, as_repeated


def settings() -> Settings:
    return cast(Settings, current_app.config["SETTINGS"])


@dataclass
class Page:
    """One request, read once.

    :param now: the instant of the request (aware UTC).
    :param today: the day in Paris, or the day given by ``?le=``.
    :param rehearsed: whether ``?le=`` sets the day: such a page is not for search engines.
    :param noindex: whether the view asks search engines not to index the page.
    """

    now: datetime
    today: date
    rehearsed: bool
    reference: Reference
    filter: CatalogueFilter
    noindex: bool = field(default=False)

    @property
    def academy(self) -> Academy | None:
        """The one académie that the filter is about; None when it names none or several."""
        return the_academy(self.filter, self.reference.academies)

    @property
    def chosen_words(self) -> str:
        """The places and levels of the filter: « académie de Lille · CM2 »; empty when there are
        none."""
        return self._chosen(lambda academy: academy.label, lambda d: f"{d.name} ({d.code})")

    @property
    def chosen_names(self) -> str:
        """The places and levels of the filter, short enough for a phone: « Lille · CM2 »."""
        return self._chosen(lambda academy: academy.name, lambda department: department.name)

    def _chosen(
        self, of_academy: Callable[[Academy], str], of_department: Callable[[Department], str]
    ) -> str:
        places = self.reference.academies
        words = [of_academy(places.get(slug)) for slug in self.filter.academies]
        words += [of_department(places.department(code)) for code in self.filter.departments]
        return " · ".join([*words, *map(levels.name, self.filter.levels)])

    @property
    def query(self) -> str:
        """The filter (and ``le``) as a query string with its « ? », for the links of the page."""
        return self.query_with()

    @property
    def query_beyond_selection(self) -> str:
        """The query string without « Ma sélection », for links that lead to all events."""
        return self.query_with(evenements=None)

    def query_with(self, **changes: str | None) -> str:
        """Return the query string with some parameters replaced, or left out where None."""
        pairs = list(self.filter.parameters())
        if self.rehearsed:
            pairs.append(("le", self.today.isoformat()))
        pairs = [(name, value) for name, value in pairs if name not in changes]
        pairs += [(name, value) for name, value in changes.items() if value]
        return query(pairs)

    def query_at(self, typed: str, **changes: str | None) -> str:
        """Return the query string with a typed place instead of the place on screen.

        :param changes: as in :meth:`query_with`.
        :raises UnknownValueError: for an unknown place, with the nearest one.
        """
        academy, department = self.reference.academies.find(typed)
        place = (None, department.code) if department else (academy.slug, None)
        return self.query_with(academie=place[0], departement=place[1], **changes)

    @property
    def cancelled_since(self) -> datetime:
        """The instant since which cancelled dates are shown: pages use the rule of feeds."""
        return cancelled_since(self.today.replace(day=1))

    @property
    def class_days(self) -> ClassDays:
        """The class days by which months and years are shaded: those of the chosen académie, else
        the nation's. Wednesdays count: a période may end on a Wednesday, when some schools have
        class."""
        return self.reference.class_days(self.academy, wednesdays=True)

    def card(self, milestone: Milestone) -> Card:
        """Return the card of a milestone, worded for the place and the classes on screen."""
        wednesdays = not levels.has_ecole(self.filter.classes) if self.filter.levels else None
        return card(
            milestone,
            self.today,
            self.academy,
            self.reference,
            wednesdays=wednesdays,
            concerned=self.filter.sees(milestone.scope),
        )


def page() -> Page:
    """Return the page of this request.

    :raises UnknownValueError: when a value of the filter is unknown.
    :raises ParameterError: when ``le`` is not a day from 1901 to 2198.
    """
    if "page" not in g:
        reference = queries.reference(db.session)
        now = datetime.now(UTC)
        # For pages only: a feed and the open data always use the real day.
        is_feed = request.blueprint in ("feeds", "agenda", "api")
        le = "" if is_feed else request.args.get("le", "").strip()
        g.page = Page(
            now=now,
            today=_day(le) if le else paris_day(now),
            rehearsed=bool(le),
            reference=reference,
            filter=read_filter(
                request.args.to_dict(flat=False), reference.academies, reference.themes
            ),
        )
    return cast(Page, g.page)


def instant() -> datetime:
    """Return the instant of this request (aware UTC): that of its page, if it has one."""
    return cast(Page, g.page).now if "page" in g else datetime.now(UTC)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 1900 < day.year < 2199:
        sentence = f"« {as_repeated(text)} » n'est pas un jour : il s'écrit « le=2021-01-15 »."
        raise ParameterError(sentence, text)
    return day


def get_event(event_id: str) -> Event:
    """Return an event.

    :raises NotFoundError: when there is no event with this id.
    """
    event = queries.event(db.session, event_id)
    if event is None:
        raise NotFoundError("Cet événement n'existe pas, ou n'existe plus.")
    return event


def whole_number(text: str, default: int, least: int, most: int) -> int:
    """Return the whole number in a parameter of an address; *default* for an empty text.

    :raises ParameterError: when the text is not a number from *least* to *most*.
    """
    text = text.strip()
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        is_number = re.fullmatch("[0-9]+", text)
        near = str(most if len(text) > 9 or int(text) > most else least) if is_number else None
        sentence = (
            f"« {as_repeated(text)} » ne convient pas : écrivez un nombre de {least} à {most}."
        )
        raise ParameterError(sentence, text, near)
    return int(text)
