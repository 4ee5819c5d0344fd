"""What machines read of a page: its one address, what it is about, its feeds, its event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter
from calendar_app.catalogue.models.events import Event
from calendar_app.feeds import json_ld, wording
from calendar_app.feeds.links import query
from calendar_app.feeds.select import (
    feed_address,
    feed_label,
    feed_title,
    name_on_screen,
    without_place,
)
from calendar_app.web.page import Page, get_event, settings
from calendar_app.web.security import PERSONAL_PATHS
from calendar_app.words.text import clean_line, shortened

#: What is drawn in static/og.png; tests/browser/site_images.py draws it.
IMAGE_ALT = "Une page de calendrier cochée, et les mots « Ne manquez plus une date limite »"

#: Search engines show no more of a description.
_LENGTH = 160

_ABOUT = {
    "composer.compose": "Une adresse à ajouter une seule fois à votre agenda : les dates des "
    "concours, rencontres et formations y arrivent ensuite toutes seules.",
    "subscription.sign_up": "Un courriel avant chaque date limite, compté en semaines de classe de "
    "votre académie, sans créer de compte.",
    "suggestion.propose": "Proposez un concours, une rencontre ou une formation qui manque au "
    "calendrier, sans compte ni cookie.",
    "embed.builder": "Le code à copier pour montrer les prochaines dates dans l'ENT ou sur le site "
    "de l'école.",
}

_FORMS = {
    "ics": ("text/calendar", "iCalendar"),
    "atom": ("application/atom+xml", "Atom"),
    "json": ("application/feed+json", "JSON Feed"),
}

#: What else makes another page of an address, beside the filters.
_OWN_PARAMETERS = ("flux", "evenement")


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed that a page announces."""

    content_type: str
    title: str
    address: str


@dataclass(frozen=True, slots=True)
class Head:
    """What stands in the head of a page. Addresses are absolute; texts are French and plain.

    :param canonical: the one address of this content: without ``le`` or what is ignored; of an
        event, without filters too.
    :param oembed: where the same is told to a site that shows it; None where nothing is.
    :param json_ld: what schema.org has words for, of an event.
    """

    canonical: str
    description: str
    image: str
    image_alt: str
    feeds: tuple[FeedLink, ...]
    oembed: str | None
    json_ld: list[dict[str, Any]] | None


def head_of(page: Page) -> Head | None:
    """Return what machines are told of the page of this request; None of a page that is somebody's
    own, as the answer to a form is."""
    if request.method == "POST" or request.path.startswith(PERSONAL_PATHS):
        return None
    event = None
    if request.endpoint == "calendar.event" and request.view_args:
        event = get_event(request.view_args["event_id"])
    public_url = settings().public_url
    address = public_url + request.path
    image = public_url + url_for("static", filename="og.png")
    pairs = [*page.filter.parameters(), *_own_parameters()]
    return Head(
        canonical=address if event else address + query(pairs),
        description=shortened(_description(page, event), _LENGTH),
        image=image,
        image_alt=IMAGE_ALT,
        feeds=_feeds(page),
        oembed=_oembed(address + query(pairs)) if request.endpoint in EMBEDDABLE else None,
        json_ld=(
            json_ld.describe(event, _event_page, image) if event and not event.archived_at else None
        ),
    )


def _own_parameters() -> list[tuple[str, str]]:
    found = [(name, clean_line(request.args.get(name, ""))) for name in _OWN_PARAMETERS]
    if request.endpoint == "embed.agenda":
        found.append(("nombre", clean_line(request.args.get("nombre", ""))))
    return [(name, value) for name, value in found if value]


def _event_page(event_id: str) -> str:
    return settings().public_url + url_for("calendar.event", event_id=event_id)


def _oembed(address: str) -> str:
    return f"{settings().public_url}{url_for('embed.oembed')}" + query(
        (("url", address), ("format", "json"))
    )


def _feeds(page: Page) -> tuple[FeedLink, ...]:
    name = name_on_screen(page.filter, page.reference.academies)
    chosen: CatalogueFilter = without_place(name, page.filter)
    title, public_url = feed_title(settings().site_name, name, chosen), settings().public_url
    return tuple(
        FeedLink(
            content_type,
            f"{title} ({words})",
            feed_address(public_url, name.name, chosen, form=form),
        )
        for form, (content_type, words) in _FORMS.items()
    )


def _description(page: Page, event: Event | None) -> str:
    if event:
        return _of_event(event, page)
    if words := _ABOUT.get(request.endpoint or ""):
        return words
    label = feed_label(name_on_screen(page.filter, page.reference.academies), page.filter)
    return (
        f"Concours, rencontres et formations pour les classes : {label}, avec le temps qui reste, "
        "compté en semaines de classe."
    )


def _of_event(event: Event, page: Page) -> str:
    """What is next in it, else nothing but what it is."""
    ahead = [
        m for m in event.milestones if queries.concerns(m, page.filter) and m.last_day >= page.today
    ]
    first = min(ahead, key=lambda m: m.last_day, default=None)
    words = [wording.todo_words(first, concerned=page.filter.sees(first.scope))] if first else []
    return clean_line(" ".join([*words, event.summary]))


#: The pages whose dates can be shown elsewhere.
EMBEDDABLE = (
    "calendar.event",
    "calendar.agenda",
    "calendar.month",
    "calendar.school_year",
    "embed.agenda",
)
