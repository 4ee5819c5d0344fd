"""The head of a page, for programs: its canonical address, description, feeds and event."""

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
from calendar_app.words.vocabulary import EventType


@dataclass(frozen=True, slots=True)
class LinkImage:
    """An image that programs show beside a link; ``tests/browser/site_images.py`` draws them.

    :param name: the name of its file in ``static/``.
    :param title: the large words in it.
    :param drawn: what it shows, in French.
    """

    name: str
    title: str
    drawn: str

    @property
    def alt(self) -> str:
        """Its text alternative."""
        return f"{self.drawn}, et les mots « {self.title} »"


#: The image of every page, except those of events.
SITE_IMAGE = LinkImage("og.png", "Ne manquez plus une date limite", "Une feuille de calendrier")

#: The image of an event, by its type.
EVENT_IMAGES = {
    EventType.CONTEST: LinkImage(
        "og-concours.png", "Un concours pour la classe", "Une coupe sur une feuille de calendrier"
    ),
    EventType.YEAR_PROJECT: LinkImage(
        "og-projet.png", "Un projet pour l'année", "Une pousse sur une feuille de calendrier"
    ),
    EventType.WEEK_OR_DAY: LinkImage(
        "og-semaine.png", "Un temps fort pour la classe", "Un soleil sur une feuille de calendrier"
    ),
    EventType.MEETING: LinkImage(
        "og-rencontre.png", "Une rencontre à venir", "Deux bulles sur une feuille de calendrier"
    ),
    EventType.TRAINING: LinkImage(
        "og-formation.png", "Une formation à suivre", "Une toque sur une feuille de calendrier"
    ),
}

#: Maximum length of a description, in characters: search engines show no more.
_LENGTH = 160

_ABOUT = {
    "composer.compose": "Une adresse à ajouter une seule fois à votre agenda : les dates des "
    "concours, rencontres et formations y arrivent ensuite toutes seules.",
    "subscription.sign_up": "Un courriel avant chaque date limite, compté en semaines de classe de "
    "votre académie, sans créer de compte.",
    "suggestion.propose": "Proposez un concours, une rencontre ou une formation qui manque au "
    "calendrier, sans compte ni cookie.",
    "api.docs": "Les dates du calendrier pour des programmes, sous Licence Ouverte 2.0 : une "
    "adresse par question, et tout le calendrier en JSON, CSV et iCalendar.",
    "embed.builder": "Le code à copier pour afficher les prochaines dates dans l'ENT ou sur le "
    "site de l'école.",
}

_FORMS = {
    "ics": ("text/calendar", "iCalendar"),
    "atom": ("application/atom+xml", "Atom"),
    "json": ("application/feed+json", "JSON Feed"),
}

#: The parameters beside the filters that belong to a canonical address: they change the page.
_OWN_PARAMETERS = ("flux", "evenement")


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed that a page announces."""

    content_type: str
    title: str
    address: str


@dataclass(frozen=True, slots=True)
class Head:
    """The values in the head of a page. Addresses are absolute; texts are French, without markup.

    :param canonical: the one address of this content: without ``le`` and ignored parameters; for
        an event, without filters too.
    :param oembed: the oEmbed address of the page; None for a page that cannot be embedded.
    :param json_ld: an event in the vocabulary of schema.org; None for other pages, and for an
        archived event.
    """

    canonical: str
    description: str
    image: str
    image_alt: str
    feeds: tuple[FeedLink, ...]
    oembed: str | None
    json_ld: list[dict[str, Any]] | None


def head_of(page: Page) -> Head | None:
    """Return the head of the page of this request; None for a personal page and for the answer to a
    form (POST)."""
    if request.method == "POST" or request.path.startswith(PERSONAL_PATHS):
        return None
    event = None
    if request.endpoint == "calendar.event" and request.view_args:
        event = get_event(request.view_args["event_id"])
    public_url = settings().public_url
    address = public_url + request.path
    shown = EVENT_IMAGES[event.type] if event else SITE_IMAGE
    image = public_url + url_for("static", filename=shown.name)
    pairs = [*page.filter.parameters(), *_own_parameters(page)]
    return Head(
        canonical=address if event else address + query(pairs),
        description=shortened(_description(page, event), _LENGTH),
        image=image,
        image_alt=shown.alt,
        feeds=_feeds(page),
        oembed=_oembed(address + query(pairs)) if request.endpoint in EMBEDDABLE else None,
        json_ld=(
            json_ld.describe(event, _event_page, image) if event and not event.archived_at else None
        ),
    )


def _own_parameters(page: Page) -> list[tuple[str, str]]:
    found = [(name, clean_line(request.args.get(name, ""))) for name in _OWN_PARAMETERS]
    if request.endpoint == "calendar.agenda" and page.noindex:
        found.append(("page", clean_line(request.args.get("page", ""))))
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
    """Return the next date of an event, if any, and its summary."""
    ahead = [
        m for m in event.milestones if queries.concerns(m, page.filter) and m.last_day >= page.today
    ]
    first = min(ahead, key=lambda m: m.last_day, default=None)
    words = [wording.todo_words(first, concerned=page.filter.sees(first.scope))] if first else []
    return clean_line(" ".join([*words, event.summary]))


#: The endpoints of the pages whose dates can be embedded in other sites.
EMBEDDABLE = (
    "calendar.event",
    "calendar.agenda",
    "calendar.month",
    "calendar.school_year",
    "embed.agenda",
)
