"""The pages of the calendar: home, list, month, school year, poster and event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.catalogue.returning import how_it_returns
from calendar_app.feeds import links, wording
from calendar_app.feeds.cards import Card
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import db
from calendar_app.web.kept_answer import shows_what_it_reads
from calendar_app.web.page import Page, get_event, page, settings, whole_number
from calendar_app.web.policies import Policy, policy
from calendar_app.web.public.chips import chips, loosenings
from calendar_app.web.public.month_grid import month_context, month_end, row_id
from calendar_app.web.public.next_steps import next_steps
from calendar_app.web.public.past_events import past_event
from calendar_app.web.public.poster import room_words, sheets
from calendar_app.web.public.searching import respelled, understood
from calendar_app.web.public.timeline import event_strip, strip, year_context
from calendar_app.web.public.today import shown_first, standing_words, today, unknown_words
from calendar_app.web.public.weeks import monday_of, unknown_holidays, weeks_of
from calendar_app.words.errors import NotFoundError, ParameterError

bp = Blueprint("calendar", __name__)


@bp.get("/")
@policy(Policy.PUBLIC)
@shows_what_it_reads
def home() -> str:
    """« Aujourd'hui »: where the school year stands, what is due, and what comes later."""
    here = page()
    found = today(here)
    return render_template(
        "public/calendar/home.html",
        page=here,
        **_filters(here, found.cards),
        standing=standing_words(here),
        unknown_holidays=unknown_words(here),
        strip=strip(here, found.marked),
        today=found,
        count=_count(here, here.filter),
        undated=undated_events(here, here.filter),
        past_year=None if found.cards else queries.latest_school_year(db.session, here.filter),
    )


@bp.get("/agenda/")
@policy(Policy.PUBLIC)
@shows_what_it_reads
def agenda() -> Any:
    """« Toutes les dates »: show the dates ahead by week, fifty a page; on the last page, also the
    events of the year without a day."""
    here, number = page(), whole_number(request.args.get("page", ""), 1, 1, MOST_PAGES)
    found, year = _list_page(here, number), SchoolYear.of(here.today)
    if number > 1 and not found.cards:
        # Days have passed since somebody kept this address: there are fewer pages now.
        return redirect(url_for(".agenda") + here.query)
    here.noindex = number > 1
    shown = ((card.shown_from, card) for card in found.cards)
    weeks = weeks_of(shown, here.class_days, since=found.since)
    return render_template(
        "public/calendar/agenda.html",
        page=here,
        **_filters(here, found.cards),
        number=number,
        before=_list_address(here, number - 1) if number > 1 else None,
        after=_list_address(here, number + 1) if found.goes_on else None,
        weeks=weeks,
        count=_count(here, here.filter),
        unknown_holidays=unknown_holidays(weeks, here.class_days),
        undated=(
            [] if found.goes_on else queries.events(db.session, here.filter, year, undated=True)
        ),
        year=year,
        past_year=None if found.cards else queries.latest_school_year(db.session, here.filter),
    )


#: How many dates a page of « Toutes les dates » shows, and how many pages there may be.
LIST_DATES, MOST_PAGES = 50, 9999


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of « Toutes les dates ».

    :param since: the day from which it tells the school holidays: those before stand on the page
        before.
    :param goes_on: whether there is a next page.
    """

    cards: list[Card]
    since: date
    goes_on: bool


def _list_page(here: Page, number: int) -> ListPage:
    """Return a page of the list, from 1 on; without cards beyond the last one."""
    before = min(1, number - 1)  # the last date of the page before, if there is one
    found = queries.listed_milestones(
        db.session,
        here.filter,
        here.today,
        cancelled_since=here.cancelled_since,
        skipped=(number - 1) * LIST_DATES - before,
        limit=before + LIST_DATES + 1,
    )
    cards = [here.card(m) for m in found]
    since = monday_of(cards[0].shown_from) + timedelta(days=7) if before and cards else here.today
    shown = sorted(cards[before : before + LIST_DATES], key=lambda card: card.list_order)
    return ListPage(shown, since, len(cards) > before + LIST_DATES)


def _list_address(here: Page, number: int) -> str:
    """Return the address of a page of the list with the filter on screen."""
    return url_for(".agenda") + here.query_with(page=str(number) if number > 1 else None)


@bp.get("/calendrier/")
@policy(Policy.PUBLIC)
@shows_what_it_reads
def this_month() -> Response:
    """Redirect to the month of today."""
    today = page().today
    return redirect(_month_address(today))


@bp.get("/calendrier/<int:year>/<int(fixed_digits=2):month>/")
@policy(Policy.PUBLIC)
@shows_what_it_reads
def month(year: int, month: int) -> str:
    """Show a month as a table, with bars for dates of several days."""
    here, first = page(), first_of_month(year, month)
    context, last = month_context(here, here.filter, first, here.class_days), month_end(first)
    cards: list[Card] = context["cards"]
    # Not indexed: the list and the pages of events show the same dates, and are indexed.
    here.noindex = True
    days = [max(card.milestone.first_day, first) for card in cards]
    after = [] if cards else _next_after(here, last)
    return render_template(
        "public/calendar/month.html",
        page=here,
        **_filters(
            here, cards, lambda chosen: len(queries.milestones(db.session, chosen, first, last))
        ),
        **context,
        listed=weeks_of(zip(days, cards, strict=True), here.class_days),
        next_card=here.card(after[0]) if after else None,
        ahead=_count(here, here.filter),
        before=first - timedelta(days=1),
        after=last + timedelta(days=1),
        month_address=_month_address,
        row_id=row_id,
    )


@bp.get("/annee-scolaire/")
@policy(Policy.PUBLIC)
@shows_what_it_reads
def this_year() -> Response:
    """Redirect to the school year of today, or to the latest one that has content."""
    here = page()
    year = year_to_show(here, here.filter)
    return redirect(url_for("calendar.school_year", label=year.label) + here.query)


@bp.get("/annee-scolaire/<label>/")
@policy(Policy.PUBLIC)
@shows_what_it_reads
def school_year(label: str) -> str:
    """Show a school year: a line with bars for each event, périodes between shaded holidays."""
    here, year = page(), SchoolYear.parse(label)
    wanted = request.args.get("partie", "").strip()
    here.noindex = year.last_day < here.today or bool(wanted)
    context = year_context(here, year, wanted)
    return render_template(
        "public/calendar/year.html",
        page=here,
        ahead=_count(here, here.filter),
        **_filters(
            here,
            context["lines"] or context["days"],
            lambda chosen: queries.count_events(db.session, chosen, year),
        ),
        **context,
    )


@bp.get("/annee-scolaire/<label>/affiche/")
@policy(Policy.PUBLIC)
@shows_what_it_reads
def poster(label: str) -> str:
    """« Affiche »: show a school year for one sheet of paper, black on white."""
    here, year = page(), SchoolYear.parse(label)
    here.noindex = True
    if request.args.get("papier", "") not in ("", "a3"):
        sentence = "L'affiche s'imprime sur une feuille A4, ou A3 si l'adresse dit « papier=a3 »."
        raise ParameterError(sentence, request.args["papier"], "a3", "A3")
    address = f"{settings().public_url}{url_for('composer.compose')}{here.query_with(le=None)}"
    context = year_context(here, year, request.args.get("partie", "").strip())
    paper = request.args.get("papier") or "a4"
    return render_template(
        "public/calendar/poster.html",
        page=here,
        paper=paper,
        sheets=sheets(context["lines"], paper),
        room=room_words(context["lines"], paper),
        qr=links.qr_markup(address),
        chips=chips(here),
        scopes={
            line.event.id: wording.where_words(line.event.scope, here.reference.academies)
            for line in context["lines"]
        },
        **context,
    )


@bp.get("/evenements/<event_id>/")
@policy(Policy.PUBLIC)
@shows_what_it_reads
def event(event_id: str) -> str:
    """Show an event: content, audience, dates, how to take part, and its source."""
    here, found = page(), get_event(event_id)
    mine = [m for m in found.milestones if queries.concerns(m, here.filter)]
    seen = [here.card(m) for m in mine]
    elsewhere = [here.card(m) for m in found.milestones if m not in mine]
    is_past = found.is_over(here.today)
    here.noindex = is_past or found.archived_at is not None
    editions = queries.editions(db.session, found.series_id)
    returns = how_it_returns(db.session, found, editions, here.today)
    leads_on = found.has_passed(here.today) and not found.archived_at
    scopes = [found.scope, *(m.scope for m in found.milestones)]
    is_elsewhere = not any(map(here.filter.sees, scopes))
    page_address = settings().public_url + url_for("calendar.event", event_id=event_id)
    adds = {
        m.key: links.add_links(m, wording.summary(m, here.academy), page_address)
        for m in found.milestones
    }
    return render_template(
        "public/calendar/event.html",
        page=here,
        event=found,
        page_address=page_address,
        is_past=is_past,
        returns=returns,
        past=past_event(here, found, returns, mine) if leads_on else None,
        reason=found.reason if has_changed(found) else None,
        first=shown_first(seen) or shown_first(elsewhere),
        cards=seen,
        elsewhere=elsewhere,
        adds=adds,
        audience=wording.audience_words(found),
        levels=wording.class_words(found) if found.by_rule else wording.level_words(found),
        scope=wording.where_words(found.scope, here.reference.academies),
        taking_part=[
            (icon, *answered)
            for icon, answered in zip(_ICONS, wording.taking_part(found), strict=True)
            if answered[1]
        ],
        # The text that proclaims a day has nothing to say of registering.
        unsaid="" if found.by_rule else wording.unsaid_words(found),
        share=links.mail_share(
            found.title, [f"{c.lead_in} {c.when}" for c in seen if not c.is_past], page_address
        ),
        elsewhere_words=(
            wording.elsewhere_words(found.scope, here.reference.academies) if is_elsewhere else None
        ),
        steps=[] if is_elsewhere or is_past else next_steps(found, seen),
        strip=event_strip(here, found),
        editions=[
            (e, [here.card(m) for m in e.milestones if queries.concerns(m, here.filter)])
            for e in editions
            if e.id != found.id
        ],
    )


#: The icons of :func:`wording.taking_part`, in its order.
_ICONS = ("user-round-check", "link-2", "wallet", "ticket", "send", "shield-check")


def has_changed(event: Event) -> bool:
    """Return whether an event was cancelled, or one of its dates moved or cancelled."""
    moved = any(m.moved_from_first_day for m in event.milestones)
    return moved or event.cancelled_at is not None or any(m.is_cancelled for m in event.milestones)


def first_of_month(year: int, month: int) -> date:
    """Return the first day of a month.

    :raises NotFoundError: when the month has no page: pages exist for the years 1901 to 2198.
    """
    if not 1900 < year < 2199 or not 1 <= month <= 12:
        raise NotFoundError("Ce mois n'existe pas dans ce calendrier.")
    return date(year, month, 1)


def year_to_show(here: Page, chosen: CatalogueFilter) -> SchoolYear:
    """Return the school year of today; when it has no event at all, the latest one that has events
    of this filter, if any."""
    year = SchoolYear.of(here.today)
    if year in queries.school_years(db.session):
        return year
    return queries.latest_school_year(db.session, chosen) or year


def undated_events(here: Page, chosen: CatalogueFilter) -> list[Event]:
    """Return the events of a filter without a day: those of this school year, or for « Ma
    sélection » those of any year."""
    if not chosen.event_ids:
        return queries.events(db.session, chosen, SchoolYear.of(here.today), undated=True)
    return [event for event in queries.picked_events(db.session, chosen) if not event.milestones]


def next_cards(here: Page, count: int) -> list[Card]:
    """Return the cards of the next *count* dates of the filter; days that return by a rule take
    only the places that contests leave."""
    contests = _cards(here, here.today, limit=count, by_rule=False)
    days = _cards(here, here.today, limit=count - len(contests), by_rule=True)
    return sorted([*contests, *days], key=lambda card: card.list_order)


def _cards(
    here: Page,
    first: date,
    last: date | None = None,
    limit: int | None = None,
    by_rule: bool | None = None,
) -> list[Card]:
    """Return the cards of the filter's dates from *first* on, in the order of a list."""
    found = queries.milestones(
        db.session,
        here.filter,
        first,
        last,
        cancelled_since=here.cancelled_since,
        limit=limit,
        by_rule=by_rule,
    )
    return sorted((here.card(m) for m in found), key=lambda card: card.list_order)


def _next_after(here: Page, day: date) -> list[Milestone]:
    """Return the first date that begins on a day or later, in a list; an empty one without one."""
    # Most often it comes within a year: the years after that one are not read.
    for last in (day + timedelta(days=366), None):
        if found := queries.milestones(db.session, here.filter, day, last, begins=True, limit=1):
            return found
    return []


def _filters(
    here: Page, shown: object, count: Callable[[CatalogueFilter], int] | None = None
) -> dict[str, object]:
    """Return the chips of the filter and, when nothing is *shown*, the filter values to remove.

    :param count: returns how much the page would show with a filter; None counts the dates ahead.
    """
    counted = count or (lambda chosen: _count(here, chosen))

    def finds(chosen: CatalogueFilter) -> bool:
        # A page without dates ahead shows the latest school year that has events.
        archive = None if count else queries.latest_school_year(db.session, chosen)
        return bool(archive or counted(chosen))

    return {
        "chips": chips(here),
        "understood": understood(here),
        "loosenings": [] if shown else loosenings(here, counted),
        "respelled": None if shown else respelled(here, finds),
    }


def _count(here: Page, chosen: CatalogueFilter) -> int:
    return queries.count_milestones(
        db.session, chosen, here.today, cancelled_since=here.cancelled_since
    )


def _month_address(day: date) -> str:
    return url_for("calendar.month", year=day.year, month=f"{day.month:02}") + page().query
