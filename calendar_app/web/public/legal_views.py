"""The pages that the law requires, filled in from the settings; help and site map."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from flask import Blueprint, render_template, url_for

from calendar_app.catalogue import queries
from calendar_app.config import record, retention
from calendar_app.school.academies import Academies, Academy
from calendar_app.school.school_calendars import SchoolCalendar
from calendar_app.store.base import db
from calendar_app.web.editor_session import LIFE
from calendar_app.web.page import page
from calendar_app.web.policies import Policy, policy
from calendar_app.words.french import day_words
from calendar_app.words.text import fold

bp = Blueprint("legal", __name__)

#: The day of the last review of the accessibility statement. Change it with the page.
STATEMENT_OF = date(2026, 11, 30)

#: The pages that ``tests/browser/`` checks, by endpoint: the statement says they were verified.
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
    "api.docs": "les données ouvertes",
    "legal.help": "l'aide",
    "legal.site_map": "le plan du site",
    "legal.accessibility": "cette déclaration",
    "legal.personal_data": "les données personnelles",
    "legal.processing": "le registre des traitements",
    "legal.notice": "les mentions légales",
}


def _credits(calendars: Iterable[SchoolCalendar]) -> dict[str, list[str]]:
    """Return the sources of the school holidays, each with the names of its calendars. A calendar
    that was renewed has several sources (``SchoolCalendar.source``)."""
    found: dict[str, list[str]] = {}
    for calendar in calendars:
        for source in calendar.source.split(" ; "):
            found.setdefault(source, []).append(calendar.label)
    return found


@bp.get("/donnees-personnelles/registre/")
@policy(Policy.PUBLIC)
def processing() -> str:
    """Show the record of processing (RGPD, article 30)."""
    return render_template("public/pages/registre.html", page=page(), record=record.RECORD)


@bp.get("/donnees-personnelles/")
@policy(Policy.PUBLIC)
def personal_data() -> str:
    """Show which personal data is kept, why, how long, and people's rights (RGPD, article 13)."""
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
    """Show who publishes and who hosts the site (loi n° 2004-575 du 21 juin 2004, article 1-1)."""
    return render_template(
        "public/pages/mentions-legales.html",
        page=page(),
        credits=_credits(page().reference.calendars.values()),
    )


@bp.get("/accessibilite/")
@policy(Policy.PUBLIC)
def accessibility() -> str:
    """Show the accessibility statement (loi n° 2005-102, article 47), on the RGAA's model."""
    return render_template(
        "public/pages/accessibilite.html",
        page=page(),
        established=STATEMENT_OF,
        checked=[(url_for(endpoint), name) for endpoint, name in VERIFIED.items()],
    )


@bp.get("/aide/")
@policy(Policy.PUBLIC)
def help() -> str:
    """Show how to find, receive and correct dates, and what the words mean."""
    return render_template("public/pages/aide.html", page=page())


@bp.get("/plan-du-site/")
@policy(Policy.PUBLIC)
def site_map() -> str:
    """Show links to all pages but those of single events."""
    here, years = page(), queries.school_years(db.session)
    academies = _regions(here.reference.academies)
    return render_template(
        "public/pages/plan-du-site.html", page=here, years=years, regions=academies
    )


def _regions(academies: Academies) -> list[tuple[str, list[Academy]]]:
    """Return the académies by région académique, in the alphabetical order of the régions; the
    overseas collectivities come last."""
    found: dict[str, list[Academy]] = {}
    for academy in academies:
        found.setdefault(academy.region or "Collectivités d'outre-mer", []).append(academy)
    return sorted(found.items(), key=lambda pair: (pair[1][0].collectivity, fold(pair[0])))
