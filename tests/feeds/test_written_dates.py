"""A feed of which only what changed is written again is what icalendar makes of the whole."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest
import time_machine

from calendar_app.catalogue.models.reference import ThemeRow
from calendar_app.feeds.select import catalogue_feed, read_name
from calendar_app.feeds.time_zones import time_zone
from calendar_app.store.base import db, writing
from calendar_app.web import feed_answers
from calendar_app.web.feed_answers import asked_options
from calendar_app.web.page import page
from tests.conftest import JANUARY
from tests.factories import another, publish
from tests.reminders.test_whose_class_days import WINTER_FROM_6_FEBRUARY, import_holidays
from tests.tools import scaled

FEEDS = (
    "toutes.ics",
    "toutes.ics?alarmes=1&vacances=1",
    "national.ics?niveau=cm2",
    "academie-de-lille.ics",
    "academie-de-lyon.ics?alarmes=1",
    "academie-de-la-reunion.ics?vacances=1",
    "toutes.ics?academie=lille&academie=la-reunion",
    "departement-62.ics?theme=robotique",
)
SCOPES = ({"academies": ["lille"]}, {"departments": ["62"]}, {"academies": ["la-reunion"]})


@pytest.fixture
def engine():
    """What is written is the same over either store."""
    return "sqlite"


def drawn(draw: Random, series: str) -> dict[str, object]:
    """Return an event with dates of any kind."""

    def milestone(kind: str) -> dict[str, object]:
        day = date(2021, 1, 5) + timedelta(days=draw.randrange(150))
        found: dict[str, object] = {"kind": kind, "day": day.isoformat()}
        if draw.random() < 0.4:
            last = kind == "deadline"
            found["end_time" if last else "start_time"] = draw.choice(("09:30", "18:00"))
            if kind == "session":
                found["end_time"] = "19:00"
            if draw.random() < 0.4:
                found["time_zone"] = "Indian/Reunion"
        if draw.random() < 0.3:
            found["scope"] = draw.choice(SCOPES)
        return found | {"cancelled": draw.random() < 0.2}

    kinds = draw.sample(("opening", "deadline", "session", "results"), draw.randrange(1, 4))
    return another(
        series,
        title=f"Concours {draw.randrange(1000)} de l'école, « été » ; et, \\ suite " + "é" * 60,
        summary=f"Un texte\n{draw.randrange(1000)}",
        milestones=[milestone(kind) for kind in kinds],
        themes=draw.sample(("robotique", "lecture-et-ecriture"), draw.randrange(2)),
        classes=draw.sample(("cm2", "6e"), draw.randrange(2)),
    )


def whole(app, name: str) -> bytes:
    """Return a feed as icalendar writes it in one piece."""
    path, _, query = name.partition("?")
    with app.test_request_context(f"/flux/{path}?{query}"):
        here, options = page(), asked_options()
        places = here.reference.academies
        wanted = read_name(path.removesuffix(".ics"), places)
        feed = catalogue_feed(
            db.session, here.reference, wanted, here.filter, options, here.now,
            site_name=app.config["SETTINGS"].site_name,
            public_url=app.config["SETTINGS"].public_url,
        )  # fmt: skip
        writer, zones = feed_answers._writer(None), set()
        calendar, events = writer._calendar(feed), list(writer._events(feed, zones))
        years = [day.year for m in feed.milestones for day in (m.first_day, m.last_day)] or [2020]
        for zone in sorted(zones if events else {"Europe/Paris"}):
            calendar.add_component(time_zone(zone, min(years), max(years)))
        for event in events:
            calendar.add_component(event)
        return calendar.to_ical(sorted=False)


def test_what_is_written_again_is_what_the_whole_would_be(empty_app, tmp_path):
    draw, client, now = Random(19), empty_app.test_client(), JANUARY
    series = [f"essai-{n}" for n in range(6)]
    for step in range(scaled(60, 6)):
        now += timedelta(minutes=1)
        with time_machine.travel(now, tick=False):
            publish(empty_app, *(drawn(draw, one) for one in draw.sample(series, 2)), now=now)
            if step == 2:
                with empty_app.app_context(), writing(db.session, now):
                    db.session.get(ThemeRow, "robotique").name = "Robots, automates"
            if step == 4:
                import_holidays(empty_app, tmp_path, WINTER_FROM_6_FEBRUARY, now)
            for name in draw.sample(FEEDS, 4):
                assert client.get(f"/flux/{name}").data == whole(empty_app, name), name
