"""The dates ahead of every académie at once: as many as each would count for itself."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import event

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import read_filter
from calendar_app.store.base import db
from tests.conftest import IMPORTED_AT
from tests.factories import another, changing, publish
from tests.tools import scaled

DAY = date(2021, 1, 4)
LONG_AGO, SINCE = IMPORTED_AT - timedelta(days=400), IMPORTED_AT - timedelta(days=1)

PARTS = (
    {"academies": ["lille"]},
    {"academies": ["lille", "guadeloupe"]},
    {"academies": ["saint-martin"]},
    {"departments": ["63"]},
    {"departments": ["59", "62", "2A"]},
    {"regions": ["ile-de-france"]},
    {"regions": ["hauts-de-france", "occitanie"]},
)
FILTERS: tuple[dict[str, list[str]], ...] = (
    {},
    {"niveau": ["cm2"]},
    {"theme": ["robotique"], "journees": ["0"]},
    {"type": ["concours"], "q": ["lille"]},
    {"academie": ["paris"], "departement": ["63"]},
)


def drawn(chance: random.Random) -> list[dict]:
    """Return events with scopes of all kinds, some of whose dates have a scope of their own."""
    events = []
    for n in range(12):
        milestones = []
        for key in range(chance.randint(0, 3)):
            day = DAY + timedelta(days=chance.randint(-3, 90))
            own = {"scope": chance.choice(PARTS)} if chance.random() < 0.4 else {}
            milestones.append({"kind": "deadline", "key": f"d{key}", "day": day.isoformat()} | own)
        events.append(
            another(
                f"essai-{n}",
                title=f"Concours {n} de {chance.choice(['Lille', 'Paris', 'la ville'])}",
                scope=chance.choice(["national", *PARTS]),
                classes=chance.choice([[], ["cm2"], ["6e", "5e"]]),
                themes=chance.choice([[], ["robotique"]]),
                type=chance.choice(["concours", "projet"]),
                milestones=milestones,
            )
        )
    return events


def counted(filter_, academies) -> queries.DatesByAcademy:
    return queries.count_by_academy(db.session, filter_, academies, DAY, cancelled_since=SINCE)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(scaled(2, 20)))
def test_each_academie_counts_what_its_own_page_shows(empty_app, seed):
    chance = random.Random(seed)
    events = drawn(chance)
    publish(empty_app, *events)
    for chosen, at in zip(chance.sample(events, 2), (LONG_AGO, IMPORTED_AT), strict=True):
        with changing(empty_app, IMPORTED_AT, chosen["id"]) as cancelled:
            cancelled.cancelled_at = at
    with empty_app.app_context():
        known = queries.reference(db.session)
        places, themes = known.academies, known.themes
        for values in FILTERS:
            found = counted(read_filter(values, places, themes), places)
            rest = {n: v for n, v in values.items() if n not in ("academie", "departement")}
            for academy in places:
                alone = read_filter(rest | {"academie": [academy.slug]}, places, themes)
                shown = queries.milestones(db.session, alone, DAY, cancelled_since=SINCE)
                assert found.seen[academy.slug] == len(shown), (academy.slug, values)
                national = sum("national" in m.scope for m in shown)
                assert found.national == national, (academy.slug, values)


def test_all_are_counted_by_one_query(app):
    with app.app_context():
        places = queries.reference(db.session).academies
        asked: list[str] = []

        def note(connection, cursor, statement, *rest: object) -> None:
            asked.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            counted(read_filter({}, places, {}), places)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
    assert len(asked) == 1
