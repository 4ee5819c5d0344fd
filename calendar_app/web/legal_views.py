"""The pages that the law asks for, filled in from the settings; help and site map."""

from __future__ import annotations

from flask import Blueprint, render_template

from calendar_app.models import db, queries
from calendar_app.web.page import page
from calendar_app.web.policies import Policy, policy
from calendar_app.web.regions import regions

bp = Blueprint("legal", __name__)


@bp.get("/donnees-personnelles/")
@policy(Policy.PUBLIC)
def personal_data() -> str:
    """What is kept about whom, why, for how long, and what they may ask (RGPD, article 13)."""
    return render_template(
        "pages/donnees-personnelles.html",
        page=page(),
    )


@bp.get("/mentions-legales/")
@policy(Policy.PUBLIC)
def notice() -> str:
    """Who publishes and who hosts the site (loi n° 2004-575 du 21 juin 2004, article 1-1)."""
    return render_template("pages/mentions-legales.html", page=page())


@bp.get("/accessibilite/")
@policy(Policy.PUBLIC)
def accessibility() -> str:
    """The accessibility statement (loi n° 2005-102, article 47), after the model of the RGAA."""
    return render_template("pages/accessibilite.html", page=page())


@bp.get("/aide/")
@policy(Policy.PUBLIC)
def help() -> str:
    """How to find, receive and correct dates, and what the words mean."""
    return render_template("pages/aide.html", page=page())


@bp.get("/plan-du-site/")
@policy(Policy.PUBLIC)
def site_map() -> str:
    """Every page that is not one event's."""
    here, years = page(), queries.school_years(db.session)
    academies = regions(here.reference.academies)
    return render_template("pages/plan-du-site.html", page=here, years=years, regions=academies)
