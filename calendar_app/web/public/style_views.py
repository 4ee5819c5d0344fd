"""``/style/``: every part of the pages in all its states, for who works on their look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

from flask import Blueprint, render_template

from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.catalogue.queries import Reference
from calendar_app.feeds.cards import Card, card
from calendar_app.school.academies import NATIONAL
from calendar_app.web.page import page, settings
from calendar_app.web.policies import Policy, policy
from calendar_app.web.public.chips import chips
from calendar_app.web.public.timeline import strip
from calendar_app.words.errors import NotFoundError
from calendar_app.words.vocabulary import Certainty, EventType, MilestoneKind

bp = Blueprint("style", __name__)

#: The day on which the sample dates are shown: the Monday after the holidays of Noël.
TODAY = date(2021, 1, 4)

_ENDED = datetime(2021, 1, 2, 8, tzinfo=UTC)


@bp.get("/style/")
@policy(Policy.PUBLIC)
def style() -> str:
    """Show the tokens of the style sheet and the parts of the pages.

    :raises NotFoundError: in production, unless ``CALENDAR_STYLE_PAGE`` is on.
    """
    if settings().production and not settings().style_page:
        raise NotFoundError("Cette page n'est pas montrée ici.")
    here = page()
    here.noindex = True
    shown = list(sample_cards(here.reference))
    return render_template(
        "public/pages/style.html",
        page=here,
        cards=shown,
        strip=strip(here, shown),
        chips=chips(here),
        loosenings=[],
        respelled=None,
    )


def sample_cards(reference: Reference) -> Iterator[Card]:
    """Yield cards of dates that stand in no store: each kind, each distance, each state."""
    lille = reference.academies.get("lille")
    for title, kind, first, last, more in _SAMPLES:
        event = Event(
            id="exemple",
            title=title,
            type=EventType.CONTEST,
            classes={"cm1", "cm2"},
            scope=frozenset({NATIONAL}),
        )
        days = {"first_day": first, "last_day": last, "time_zone": "Europe/Paris"}
        milestone = Milestone(event=event, kind=kind, key=kind.value, **days, **more)
        yield card(milestone, TODAY, lille, reference)


_SAMPLES: tuple[tuple[str, MilestoneKind, date, date, dict[str, Any]], ...] = (
    ("Date limite aujourd'hui", MilestoneKind.DEADLINE, TODAY, TODAY, {"end_time": time(18)}),
    (
        "Inscription dans quelques jours",
        MilestoneKind.REGISTRATION_DEADLINE,
        date(2021, 1, 8),
        date(2021, 1, 8),
        {},
    ),
    (
        "Envoi dans quelques semaines",
        MilestoneKind.SUBMISSION_DEADLINE,
        date(2021, 1, 29),
        date(2021, 1, 29),
        {},
    ),
    ("Date limite lointaine", MilestoneKind.DEADLINE, date(2021, 2, 11), date(2021, 2, 11), {}),
    ("Date limite en vacances", MilestoneKind.DEADLINE, date(2021, 2, 24), date(2021, 2, 24), {}),
    ("Ouverture", MilestoneKind.OPENING, date(2021, 1, 12), date(2021, 1, 12), {}),
    ("Plusieurs jours", MilestoneKind.SESSION, date(2021, 5, 17), date(2021, 5, 19), {}),
    ("En ce moment", MilestoneKind.SESSION, date(2020, 10, 12), date(2021, 4, 30), {}),
    ("Résultats", MilestoneKind.RESULTS, date(2021, 6, 4), date(2021, 6, 4), {}),
    (
        "Jour à préciser",
        MilestoneKind.SESSION,
        date(2021, 6, 10),
        date(2021, 6, 20),
        {"certainty": Certainty.APPROXIMATE, "phrase": "mi-juin"},
    ),
    (
        "Date prolongée",
        MilestoneKind.DEADLINE,
        date(2021, 3, 12),
        date(2021, 3, 12),
        {
            "moved_from_first_day": date(2021, 2, 26),
            "moved_from_last_day": date(2021, 2, 26),
        },
    ),
    (
        "Date annulée",
        MilestoneKind.SESSION,
        date(2021, 3, 19),
        date(2021, 3, 19),
        {"cancelled_at": _ENDED},
    ),
    ("Date passée", MilestoneKind.DEADLINE, date(2020, 12, 4), date(2020, 12, 4), {}),
)
