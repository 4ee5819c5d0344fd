"""The pages that the law asks for, filled in from the settings; help and site map."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from flask import Blueprint, render_template, url_for

from calendar_app.catalogue import queries
from calendar_app.config import retention
from calendar_app.school.school_calendars import SchoolCalendar
from calendar_app.store.base import db
from calendar_app.web.editor_session import LIFE
from calendar_app.web.page import page
from calendar_app.web.policies import Policy, policy
from calendar_app.web.public.choice_views import regions
from calendar_app.words.french import day_words

bp = Blueprint("legal", __name__)

#: The day on which the accessibility statement was last gone through: change it with the page.
STATEMENT_OF = date(2026, 11, 29)

#: The pages that `tests/browser/` looks at, by endpoint: what the statement says was verified.
VERIFIED = {
    "calendar.home": "l'accueil",
    "calendar.agenda": "la liste des dates",
    "choice.academy": "mon académie et ma classe",
    "choice.selection": "ma sélection",
    "composer.compose": "ajouter à mon agenda",
    "subscription.sign_up": "les rappels par courriel",
    "subscription.find_link": "retrouver mon lien",
    "suggestion.propose": "proposer une date",
    "embed.builder": "montrer les dates sur votre site",
    "legal.help": "l'aide",
    "legal.site_map": "le plan du site",
    "legal.accessibility": "cette déclaration",
    "legal.personal_data": "les données personnelles",
    "legal.notice": "les mentions légales",
}


def _credits(calendars: Iterable[SchoolCalendar]) -> dict[str, list[str]]:
    """Return whom the school holidays come from: the names of the calendars of each source. A
    calendar that was renewed has several (``SchoolCalendar.source``)."""
    found: dict[str, list[str]] = {}
    for calendar in calendars:
        for source in calendar.source.split(" ; "):
            found.setdefault(source, []).append(calendar.label)
    return found


@bp.get("/donnees-personnelles/")
@policy(Policy.PUBLIC)
def personal_data() -> str:
    """What is kept about whom, why, for how long, and what they may ask (RGPD, article 13)."""
    return render_template(
        "public/pages/donnees-personnelles.html",
        page=page(),
        session_life=LIFE,
        silence_day=day_words(
            retention.silence_ends(page().today, page().today), weekday=False, year=False
        ),
    )


@bp.get("/mentions-legales/")
@policy(Policy.PUBLIC)
def notice() -> str:
    """Who publishes and who hosts the site (loi n° 2004-575 du 21 juin 2004, article 1-1)."""
    return render_template(
        "public/pages/mentions-legales.html",
        page=page(),
        credits=_credits(page().reference.calendars.values()),
    )


@bp.get("/accessibilite/")
@policy(Policy.PUBLIC)
def accessibility() -> str:
    """The accessibility statement (loi n° 2005-102, article 47), after the model of the RGAA."""
    return render_template(
        "public/pages/accessibilite.html",
        page=page(),
        established=STATEMENT_OF,
        checked=[(url_for(endpoint), name) for endpoint, name in VERIFIED.items()],
    )


@bp.get("/aide/")
@policy(Policy.PUBLIC)
def help() -> str:
    """How to find, receive and correct dates, and what the words mean."""
    return render_template("public/pages/aide.html", page=page())


@bp.get("/plan-du-site/")
@policy(Policy.PUBLIC)
def site_map() -> str:
    """Every page that is not one event's."""
    here, years = page(), queries.school_years(db.session)
    academies = regions(here.reference.academies)
    return render_template(
        "public/pages/plan-du-site.html", page=here, years=years, regions=academies
    )
