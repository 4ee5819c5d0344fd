"""The same filter gives the same dates everywhere: in iCalendar, Atom, JSON Feed, the open data and
the list."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import RULE_KEY
from calendar_app.school import levels
from calendar_app.store.base import db, writing
from calendar_app.words.vocabulary import EventType, MilestoneKind
from tests.factories import another, publish
from tests.tools import drawn_on, scaled

#: Before the first of the dates, so that a page, which begins today, can show all of them.
TODAY = datetime(2020, 8, 3, 7, 0, tzinfo=UTC)
SEED = 19
EVENTS = 24
PLACES = (
    "academies/lille", "academies/la-reunion", "academies/corse", "regions/hauts-de-france",
    "departments/59", "departments/62", "departments/2A",
)  # fmt: skip
WORDS = ("lecture", "robots", "mars", "planète", "finale", "cm2", "concours", "Lille", "en mars",
         "xylophone", "2021", "jeudi", "numérique", "corse", "lycée", "inscription")  # fmt: skip


def scope(draw: random.Random, most: int) -> Any:
    """Return a scope as ``events.yaml`` writes it."""
    if draw.random() < 0.4:
        return "national"
    found: dict[str, list[str]] = {}
    for place in draw.sample(PLACES, draw.randint(1, most)):
        kind, _, name = place.partition("/")
        found.setdefault(kind, []).append(name)
    return found


def milestones(draw: random.Random, number: int) -> list[dict[str, Any]]:
    """Return up to three dates. Each has words of its own, by which a page is read."""
    found = []
    for n in range(draw.randint(0, 3)):
        first = date(2020, 8, 10) + timedelta(draw.randrange(300))
        one: dict[str, Any] = {
            "kind": draw.choice([*MilestoneKind]).value,
            "key": f"date-{n}",
            "label": f"Étape {number}-{n} {draw.choice(WORDS)}",
            "first_day": first.isoformat(),
            "last_day": (first + timedelta(draw.choice((0, 0, 1, 40)))).isoformat(),
            "cancelled": draw.random() < 0.1,
        }
        if draw.random() < 0.3:
            one["scope"] = scope(draw, 2)
        found.append(one)
    return found


def event(draw: random.Random, number: int) -> dict[str, Any]:
    dates = milestones(draw, number)
    by_rule = draw.random() < 0.2
    if by_rule and dates:
        dates[0] |= {"kind": "session", "key": RULE_KEY}
    return another(
        f"suite-{number}",
        title=f"Le {draw.choice(WORDS)} numéro {number}",
        type=draw.choice([*EventType]).value,
        classes=draw.sample([*levels.CLASSES], draw.choice((0, 0, 1, 4))),
        themes=draw.sample(["numerique", "robotique", "espace", "oral"], draw.choice((0, 1, 2))),
        scope=scope(draw, 3),
        milestones=dates,
        record={"revision": 1, "changed_at": "2020-08-01T08:00:00Z", "by_rule": by_rule},
    )


def drawn_filter(draw: random.Random) -> list[tuple[str, str]]:
    """Return the parameters of a filter; the wider ones are drawn most often."""
    values = {
        "academie": ("lille", "la-reunion", "corse", "amiens", "mayotte"),
        "departement": ("59", "62", "2A", "75"),
        "niveau": ("cm2", "6e", "cycle-3", "lycee", "premier-degre", "ulis"),
        "theme": ("numerique", "robotique", "sport"),
        "type": tuple(EventType),
        "journees": ("0", "1"),
        "q": WORDS,
    }
    names = draw.sample([*values], draw.choice((0, 1, 1, 2, 2, 3)))
    found = [
        (name, draw.choice(values[name])) for name in names for _ in "12"[: draw.choice((1, 1, 2))]
    ]
    if draw.random() < 0.15:
        ids = draw.sample(range(EVENTS), 3)
        found.append(("evenements", ",".join(f"suite-{n}-2020-2021" for n in ids)))
    return found


SHOWN = re.compile(
    r'class="name">(Étape \d+-\d+ [^<]*)<|<span class="day-line.*?/evenements/([^/]*)/', re.DOTALL
)


@pytest.fixture
def site(empty_app) -> Flask:
    draw = random.Random(SEED)
    with time_machine.travel(TODAY, tick=False):
        publish(empty_app, *(event(draw, n) for n in range(EVENTS)), now=TODAY)
        with empty_app.app_context(), writing(db.session, TODAY):
            # One was cancelled too long ago to be shown, one is archived.
            [gone, archived] = [
                queries.event(db.session, f"suite-{n}-2020-2021", for_update=True) for n in (0, 1)
            ]
            gone.cancelled_at, archived.archived_at = TODAY - timedelta(200), TODAY
        yield empty_app


def in_open_data(client: FlaskClient, query: str) -> dict[str, str]:
    """Return uid → the words by which the list shows it, of all dates, part by part."""
    found, address = {}, f"/api/v1/events?{query}"
    while address:
        answer = client.get(address).json
        for one in answer["events"]:
            for m in one["milestones"]:
                assert m["uid"] not in found, "twice"
                is_day = one["by_rule"] and m["key"] == RULE_KEY
                found[m["uid"]] = one["id"] if is_day else m["label"]
        address = (answer["next"] or "").removeprefix("http://127.0.0.1:8000")
    return found


def in_list(client: FlaskClient, query: str) -> list[str]:
    """Return the words of the dates in the pages of the list: a day that a rule made is a line that
    leads to its event, any other date is a row with its label."""
    found, number = [], 1
    while True:
        page = client.get(f"/agenda/?page={number}&{query}").text.partition("</form>")[2]
        found += (label or day for label, day in SHOWN.findall(page))
        number += 1
        if f"page={number}" not in page:
            return found


def test_one_filter_gives_the_same_dates_in_all_forms_and_the_list(site, engine):
    draw, client, sizes = random.Random(f"{SEED}/{engine}"), site.test_client(), set()
    cases = drawn_on(engine, scaled(2000, 250))
    for _ in range(cases):
        query = urlencode(drawn_filter(draw))
        data = in_open_data(client, f"nombre=9&{query}")
        assert in_open_data(client, f"depuis=2020-08&{query}") == data, query
        ics = client.get(f"/flux/toutes.ics?{query}").text
        assert set(re.findall("^UID:([0-9a-f-]{36})@", ics, re.MULTILINE)) == set(data), query
        atom = client.get(f"/flux/toutes.atom?{query}").text
        assert set(re.findall("<id>urn:uuid:([^<]*)</id>", atom)) == set(data), query
        news = json.loads(client.get(f"/flux/toutes.json?{query}").data)
        assert {item["id"] for item in news["items"]} == {f"urn:uuid:{u}" for u in data}, query
        assert sorted(in_list(client, query)) == sorted(data.values()), query
        sizes.add(len(data))
    assert len(sizes) > 2 or cases < 8, "some filters let much through, some little"
