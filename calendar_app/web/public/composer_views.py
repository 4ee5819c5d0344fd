"""« Mon agenda »: compose a feed, preview its dates, and learn how to subscribe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter, the_academy
from calendar_app.feeds import links
from calendar_app.feeds.feed import past_edge
from calendar_app.feeds.holidays import feed_holidays, holidays_words
from calendar_app.feeds.options import FeedOptions
from calendar_app.feeds.select import (
    ALL,
    FeedName,
    count_held,
    feed_address,
    feed_label,
    feed_title,
    name_on_screen,
    read_name,
    without_place,
)
from calendar_app.school.academies import Academy
from calendar_app.store.base import db
from calendar_app.web.error_leads import places_meant
from calendar_app.web.feed_answers import asked_options
from calendar_app.web.kept_answer import shows_what_it_reads
from calendar_app.web.page import page, settings
from calendar_app.web.policies import Policy, policy
from calendar_app.web.public.calendar_views import undated_events
from calendar_app.web.public.chips import chips
from calendar_app.web.public.month_grid import month_context
from calendar_app.words.errors import NotFoundError
from calendar_app.words.text import clean_line

bp = Blueprint("composer", __name__)

#: The choices for visible reminders, in class weeks before a deadline.
REMINDERS = (1, 2, 3, 4, 6)


@dataclass(frozen=True, slots=True)
class Composed:
    """A feed as a visitor asked for it.

    :param chosen: the filters in the feed's address; the place is in its name.
    """

    name: FeedName
    chosen: CatalogueFilter
    options: FeedOptions

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The query parameters that open these pages with the same feed."""
        return (("flux", self.name.name), *self.chosen.parameters(), *self.options.parameters())


@bp.get("/flux/")
@policy(Policy.PUBLIC)
@shows_what_it_reads
def compose() -> Any:
    """Choose a place, classes, themes and options, and preview a month before subscribing."""
    here, typed = page(), clean_line(request.args.get("lieu", ""))[:320]
    options, problem, meant = asked_options(), None, []
    if typed:
        try:
            there = here.query_at(typed, **dict(options.parameters()))
            return redirect(url_for(".compose") + there)
        except NotFoundError as error:
            problem, meant = str(error), places_meant(error, request.path, here)
    composed = None if problem else _composed(options)
    if composed and options.reminder_weeks and not composed.name.academy:
        problem = "Les rappels visibles se comptent en semaines de classe : choisissez un lieu."
        composed = None
    return render_template(
        "public/feeds/compose.html",
        page=here,
        typed=typed,
        problem=problem,
        meant=meant,
        reminders=REMINDERS,
        options=options,
        kept=[c.words for c in chips(here) if c.name in ("niveau", "theme", "type")],
        wanted=composed.name if composed else None,
        **(_shown(composed) if composed else {}),
    )


@bp.get("/flux/mode-d-emploi/")
@policy(Policy.PUBLIC)
def how_to() -> str:
    """Show how to subscribe to one feed with each program, on half a sheet of paper."""
    here = page()
    options = asked_options()
    everything = Composed(read_name(ALL, here.reference.academies), here.filter, options)
    composed = _composed(options) or everything
    here.noindex = True
    return render_template("public/feeds/how_to.html", page=here, **_subscription(composed))


def _composed(options: FeedOptions) -> Composed | None:
    """Return the feed that was asked for, or None when none was.

    :raises NotFoundError: for an unknown name of a feed.
    """
    here = page()
    places = here.reference.academies
    given = request.args.get("flux", "").strip()
    name = read_name(given, places) if given else None
    if name is None and (options.parameters() or here.filter):
        name = name_on_screen(here.filter, places)
    return Composed(name, without_place(name, here.filter), options) if name else None


def _subscription(composed: Composed) -> dict[str, object]:
    """Return the template values of a feed: its address, links, QR code and number of dates,
    those ahead and all."""
    here, name, chosen = page(), composed.name, composed.chosen
    address = feed_address(settings().public_url, name.name, chosen, composed.options)
    title = feed_title(settings().site_name, name, chosen)
    query = links.query(composed.parameters)
    narrowed = name.narrow(chosen, here.reference.academies)
    return {
        "label": feed_label(name, chosen),
        "undated": len(undated_events(here, narrowed)),
        "ahead": queries.count_milestones(
            db.session, narrowed, here.today, cancelled_since=here.cancelled_since
        ),
        "count": count_held(db.session, here.reference, name, chosen, here.today.replace(day=1)),
        "address": address,
        "webcal": links.webcal(address),
        "google": links.google_subscribe(address),
        "outlook_school": links.outlook_subscribe(address, title, school=True),
        "outlook_home": links.outlook_subscribe(address, title, school=False),
        "qr": links.qr_markup(f"{settings().public_url}{url_for('.compose')}{query}"),
        "how_to": url_for(".how_to")
        + here.query_with(flux=name.name, **dict(composed.options.parameters())),
    }


def _shown(composed: Composed) -> dict[str, Any]:
    """Return the template values of a feed, with a month as a preview when it has dates."""
    told = _subscription(composed)
    told |= _preview(composed) if told["count"] else {"wider": _wider(composed)}
    return told | (_holidays(composed, told) if composed.options.holidays else {})


#: How many school holidays a preview tells; the feed has all.
HOLIDAYS_SHOWN = 3


def _holidays(composed: Composed, told: dict[str, Any]) -> dict[str, Any]:
    """Return the template values of the first school holidays from the month of the preview on, or
    from today on, and how far they are known."""
    here, viewer = page(), _viewer(composed)
    first_day = told.get("first", here.today)
    return {
        "holidays": feed_holidays(here.reference, viewer, first_day)[:HOLIDAYS_SHOWN],
        "holidays_words": holidays_words(here.reference, viewer, here.today.replace(day=1)),
    }


def _viewer(composed: Composed) -> Academy | None:
    """Return the académie whose school holidays the feed has; None for zones A, B and C."""
    return composed.name.academy or the_academy(composed.chosen, page().reference.academies)


def _wider(composed: Composed) -> list[tuple[str, str, int]]:
    """Return the wider feeds that hold dates, as (address of this page, words, number of dates):
    those of the place without the classes and themes, and all dates."""
    here, names = page(), (composed.name, read_name(ALL, page().reference.academies))
    le = [("le", here.today.isoformat())] if here.rehearsed else []
    found = []
    for name in names:
        count = count_held(
            db.session, here.reference, name, CatalogueFilter(), here.today.replace(day=1)
        )
        if count:
            address = url_for(".compose") + links.query([("flux", name.name), *le])
            found.append((address, feed_label(name, CatalogueFilter()), count))
    return found


def _preview(composed: Composed) -> dict[str, Any]:
    """Return the month of the feed's next date, else of its latest one."""
    here = page()
    narrowed = composed.name.narrow(composed.chosen, here.reference.academies)
    held = queries.milestones(db.session, narrowed, here.today, limit=1)
    if not held:
        since = past_edge(here.today.replace(day=1))
        held = queries.milestones(db.session, narrowed, since, limit=1, latest=True)
    if not held:
        return {}
    first = (
        max(held[0].first_day, here.today) if held[0].last_day >= here.today else held[0].first_day
    )
    class_days = here.reference.class_days(_viewer(composed), wednesdays=True)
    named = composed.options.holidays
    return month_context(here, narrowed, first.replace(day=1), class_days, named=named)
