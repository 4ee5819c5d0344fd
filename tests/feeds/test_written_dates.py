"""A feed of which only what changed is written again is what icalendar makes of the whole."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import icalendar
import pytest
import time_machine

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.reference import AcademyRow, ThemeRow
from calendar_app.feeds.select import catalogue_feed, read_name
from calendar_app.feeds.time_zones import time_zone
from calendar_app.feeds.written_dates import WrittenDates
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
ONE = {"kind": "deadline", "day": "2021-02-01"}
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


def rename_academy(session) -> None:
    session.get(AcademyRow, "lille").name = "Lille-Flandre"


def rename_theme(session) -> None:
    session.get(ThemeRow, "robotique").name = "Robots, automates"


def begin_history(session) -> None:
    queries.catalogue(session, for_update=True).history = "0123abcd"


@pytest.mark.parametrize("change", [rename_academy, rename_theme, begin_history])
def test_what_a_date_is_written_with_may_change_without_it(app, change):
    client, name = app.test_client(), "academie-de-lille.ics"
    with time_machine.travel(JANUARY, tick=False):
        before = client.get(f"/flux/{name}").data
        with app.app_context(), writing(db.session, JANUARY):
            change(db.session)
        memory = feed_answers.Written.last[1]
        assert client.get(f"/flux/{name}").data == whole(app, name)
        assert feed_answers.Written.last[1] is not memory
        assert b"BEGIN:VEVENT" in before


def test_threads_that_know_different_things_keep_different_memories(monkeypatch):
    """Another thread puts its memory in the place while this one compares."""
    written, another = feed_answers.Written, WrittenDates(0)

    class Compared:
        def __eq__(self, known: object) -> bool:
            written.last = "another", another
            return False

        __hash__ = None

    monkeypatch.setattr(written, "last", (Compared(), WrittenDates(0)))
    assert written.with_what("mine") is not another
    kept = written.with_what(known := ("known", 1))
    assert written.with_what((*known,)) is kept


def test_a_title_may_hold_the_words_of_the_format(empty_app):
    with time_machine.travel(JANUARY, tick=False):
        title = "Essai END:VCALENDAR"
        publish(empty_app, another("essai", title=title, milestones=[ONE]), now=JANUARY)
        found = empty_app.test_client().get("/evenements/essai-2020-2021.ics").data
    [calendar] = icalendar.Calendar.from_ical(found, multiple=True)
    assert len(calendar.walk("VEVENT")) == 1


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
