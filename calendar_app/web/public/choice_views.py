"""« Mon académie » (place and classes, chosen once) and « Ma sélection », kept in the address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter
from calendar_app.catalogue.models.events import Event
from calendar_app.feeds import wording
from calendar_app.feeds.cards import Card
from calendar_app.school.academy_map import Tile, mainland_tiles, overseas_tiles
from calendar_app.store.base import db
from calendar_app.web.error_leads import places_meant
from calendar_app.web.kept_answer import shows_what_it_reads
from calendar_app.web.page import Page, page, settings, whole_number
from calendar_app.web.policies import Policy, policy
from calendar_app.web.public.calendar_views import MOST_PAGES, year_to_show
from calendar_app.web.public.chips import chips, loosenings
from calendar_app.web.public.searching import respelled, understood
from calendar_app.web.public.weeks import weeks_of
from calendar_app.words.errors import NotFoundError
from calendar_app.words.french import list_words
from calendar_app.words.text import clean_line, small_initial

bp = Blueprint("choice", __name__)

#: The day under which a card stands.
_DAY = attrgetter("shown_day")

#: How many events to pick a page of « Ma sélection » offers.
_OFFERS = 50

#: Maximum length of a typed place, in characters: no place has a longer name.
_LONGEST = 320


@bp.get("/mon-academie/")
@policy(Policy.PUBLIC)
@shows_what_it_reads
def academy() -> Any:
    """Choose an académie and a level: by name, département or school code, or on a map."""
    here, typed = page(), clean_line(request.args.get("lieu", ""))[:_LONGEST]
    problem, meant = None, []
    if typed:
        try:
            # The fragment makes the script of the page (static/app.js) remember the place.
            return redirect(f"{url_for('calendar.home')}{here.query_at(typed)}#retenir")
        except NotFoundError as error:
            problem, meant = str(error), places_meant(error, request.path, here)
    return render_template(
        "public/choice/academy.html",
        page=here,
        typed=typed,
        problem=problem,
        meant=meant,
        **_map(here),
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """A tile of the map.

    :param dates: number of dates ahead that a class there sees; None when they are not counted.
    :param local: how many of these are not for all of France.
    :param is_chosen: whether the académie, or a département of it, is chosen.
    """

    tile: Tile
    dates: int | None
    local: int
    is_chosen: bool


def _map(here: Page) -> dict[str, Any]:
    """Return the tiles with their dates ahead: as many as the pages show once a tile is chosen. The
    dates of a selection are not counted: they are the same everywhere."""
    places = here.reference.academies
    chosen = {
        *here.filter.academies,
        *(places.of_department(d).slug for d in here.filter.departments),
    }
    counted = None
    if not here.filter.event_ids:
        counted = queries.count_by_academy(
            db.session, here.filter, places, here.today, cancelled_since=here.cancelled_since
        )

    def choice(tile: Tile) -> Choice:
        slug = tile.academy.slug
        dates = counted.seen[slug] if counted else None
        local = counted.seen[slug] - counted.national if counted else 0
        return Choice(tile, dates, local, slug in chosen)

    return {
        "mainland": [choice(tile) for tile in mainland_tiles(places)],
        "overseas": [choice(tile) for tile in overseas_tiles(places)],
        "national": counted.national if counted else None,
    }


@bp.get("/ma-selection/")
@policy(Policy.PUBLIC)
@shows_what_it_reads
def selection() -> Any:
    """Show the events that a visitor picked, week by week, and the events that may be picked, fifty
    a page."""
    here, number = page(), whole_number(request.args.get("page", ""), 1, 1, MOST_PAGES)
    picked = queries.picked_events(db.session, here.filter)
    cards = _cards(here, picked)
    ahead = [card for card in cards if not card.is_past]
    # In the order of their dates; events without a day come last.
    order = [card.event.id for card in ahead or cards]
    picked.sort(key=lambda e: order.index(e.id) if e.id in order else len(order))
    everything = replace(here.filter, event_ids=())
    found = _offered(here, everything, number)
    if number > 1 and not found:
        return redirect(url_for(".selection") + here.query)
    # Picked events count too: a page begins where the one before it ended, whatever was picked.
    goes_on, ids = len(found) > _OFFERS, {event.id for event in picked}
    offered = [offer for offer in found[:_OFFERS] if offer.event.id not in ids]
    own = settings().public_url + url_for("choice.selection")

    def others(chosen: CatalogueFilter) -> int:
        chosen = replace(chosen, event_ids=())
        return queries.count_offered(db.session, chosen, year_to_show(here, chosen), ids)

    return render_template(
        "public/choice/selection.html",
        page=here,
        picked=picked,
        none_ticked="evenements" in request.args and not here.filter.event_ids,
        address=own + here.query_with(le=None),
        weeks=weeks_of(((card.shown_day, card) for card in ahead or cards), here.class_days),
        over=bool(cards) and not ahead,
        undated=[event for event in picked if not event.milestones],
        gone=[i for i in here.filter.event_ids if i not in ids],
        offered=offered,
        year=year_to_show(here, everything),
        number=number,
        goes_on=goes_on,
        chips=[chip for chip in chips(here) if chip.name != "evenements"],
        understood=understood(here),
        loosenings=[] if offered else loosenings(here, others),
        respelled=None if offered else respelled(here, lambda chosen: bool(others(chosen))),
        message=_message(here, picked, cards),
    )


def _cards(here: Page, picked: list[Event]) -> list[Card]:
    since = here.cancelled_since
    told = (m for event in picked for m in queries.dates_seen(event, here.filter))
    found = [here.card(m) for m in told if not (m.cancelled_at and m.cancelled_at < since)]
    return sorted(found, key=_DAY)


@dataclass(frozen=True, slots=True)
class Offer:
    """An event that may be picked.

    :param card: its next date, else its latest one; None for an event without a date.
    """

    event: Event
    card: Card | None
    classes: str
    scope: str


def _offered(here: Page, chosen: CatalogueFilter, number: int) -> list[Offer]:
    """Return a page of the events that may be picked, or are picked, and the first one of the next
    page: events of this school year, or else of the latest one that has events, in the order of
    their dates.

    :param number: from 1 on.
    """
    found = []
    for event in queries.offered_events(
        db.session,
        chosen,
        year_to_show(here, chosen),
        here.today,
        skipped=(number - 1) * _OFFERS,
        limit=_OFFERS + 1,
    ):
        dates = [here.card(m) for m in queries.dates_seen(event, chosen) if not m.is_cancelled]
        ahead = [card for card in dates if not card.is_past]
        # The next date, else the last one.
        card = min(ahead, key=_DAY) if ahead else max(dates, key=_DAY, default=None)
        scope = wording.where_words(event.scope, here.reference.academies)
        found.append(Offer(event, card, wording.class_words(event), scope))
    return found


def _message(here: Page, picked: list[Event], cards: list[Card]) -> list[tuple[str, str, str]]:
    """Return the lines to copy into a message: (title, scope and dates in French, address)."""
    found = []
    for event in picked:
        dates = [c for c in cards if c.event is event and not c.milestone.is_cancelled]
        dates = [c for c in dates if not c.is_past] or dates
        words = list_words(
            f"{c.lead_in} {c.when}{' (date passée)' if c.is_past else ''}" for c in dates
        )
        if not words:
            words = "annulé" if event.milestones else f"toute l'année {event.year.label}"
        words = small_initial(words)
        scope = wording.where_words(event.scope, here.reference.academies)
        if scope != "toute la France":
            words = f"{scope}, {words}"
        address = settings().public_url + url_for("calendar.event", event_id=event.id)
        found.append((event.title, words, address))
    return found
