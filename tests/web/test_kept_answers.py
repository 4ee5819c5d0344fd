"""What is kept of an answer, in all memories of a process, is what a process that has just started
would say: after each of many changes, and when midnight passes."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from weakref import WeakKeyDictionary

import pytest
import time_machine
from cachetools import LRUCache
from flask import Flask

from calendar_app.catalogue import queries
from calendar_app.catalogue.kept_marks import KeptMarks
from calendar_app.catalogue.models.reference import AcademyRow, SchoolCalendarRow, ThemeRow
from calendar_app.feeds import select
from calendar_app.feeds.written_dates import WrittenDates
from calendar_app.store import reads
from calendar_app.store.base import db, writing
from calendar_app.web import answer_cache
from calendar_app.web.answer_cache import AnswerCache
from calendar_app.web.feed_answers import Written
from calendar_app.web.kept_answer import Kept
from calendar_app.web.public import feed_views
from calendar_app.web.public.feed_views import RenderedFeeds
from tests.conftest import JANUARY
from tests.factories import publish
from tests.feeds.test_written_dates import drawn
from tests.reminders.test_whose_class_days import WINTER_FROM_6_FEBRUARY, import_holidays
from tests.tools import drawn_on, scaled

SERIES = [f"essai-{n}" for n in range(6)]
ADDRESSES = (
    "/",
    "/?academie=lille&niveau=cm2",
    "/agenda/",
    "/agenda/?academie=la-reunion",
    "/agenda/?q=concours&theme=robotique",
    "/annee-scolaire/",
    "/annee-scolaire/2020-2021/",
    "/annee-scolaire/2020-2021/affiche/",
    "/calendrier/2021/02/?departement=62",
    "/flux/?flux=academie-de-lille",
    "/mon-academie/",
    f"/ma-selection/?evenements={SERIES[0]}-2020-2021",
    "/embed/agenda/?academie=lille",
    *(f"/evenements/{series}-2020-2021/" for series in SERIES[:3]),
    *(f"/flux/toutes.{form}" for form in ("ics", "atom", "json")),
    "/flux/national.ics?niveau=cm2",
    "/flux/academie-de-lille.ics?theme=robotique",
    "/flux/academie-de-la-reunion.ics?vacances=1",
    "/flux/departement-62.ics",
    "/flux/academie-de-lyon.ics?depuis=2020-09&fenetres=1",
)


@pytest.fixture
def layer(empty_app, monkeypatch) -> AnswerCache:
    """A layer before the application; only the test looks and renews."""
    monkeypatch.setattr(AnswerCache, "_watch", lambda layer: None)
    monkeypatch.setattr(answer_cache, "LOOK_EVERY", 600)
    monkeypatch.setattr(answer_cache, "LOOK_COUNTS", 600)
    empty_app.wsgi_app = made = AnswerCache(empty_app)
    return made


def cold(app: Flask, address: str, headers: dict[str, str]) -> tuple[object, ...]:
    """Return what an application without any memory answers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed_views, "rendered_feeds", RenderedFeeds())
        patch.setattr(select, "kept_marks", KeptMarks(10**6))
        patch.setattr(Written, "last", (None, WrittenDates(10**6)))
        patch.setattr(queries, "_cached_references", WeakKeyDictionary())
        patch.setattr(app, "wsgi_app", Flask.wsgi_app.__get__(app))
        return told(app, address, headers)


def told(app: Flask, address: str, headers: dict[str, str]) -> tuple[object, ...]:
    answer = app.test_client().get(address, headers=headers)
    return answer.status, sorted(answer.headers.items()), answer.data


def edit(app: Flask, draw: Random, now: datetime) -> None:
    """Do what an editor does to one event."""
    with app.app_context(), writing(db.session, now):
        found = queries.event(db.session, f"{draw.choice(SERIES)}-2020-2021", for_update=True)
        if found is None:
            return
        match draw.randrange(5):
            case 0:
                found.title = f"Concours {draw.randrange(1000)}"
            case 1:
                found.cancelled_at = None if found.cancelled_at else now
            case 2:
                found.archived_at = None if found.archived_at else now
            case 3:
                found.scope = draw.choice(({"national"}, {"academie/lille"}, {"departement/62"}))
            case 4:
                found.themes = draw.choice((set(), {"robotique"}))
        found.revision, found.changed_at = found.revision + 1, now


def change_reference(app: Flask, draw: Random, now: datetime) -> None:
    """Do what an update of the reference files does."""
    with app.app_context(), writing(db.session, now):
        match draw.randrange(3):
            case 0:
                db.session.get(ThemeRow, "robotique").name = f"Robots {draw.randrange(1000)}"
            case 1:
                db.session.get(AcademyRow, "lille").name = f"Lille {draw.randrange(1000)}"
            case 2:  # the days stay
                la_reunion = db.session.get(SchoolCalendarRow, "la-reunion")
                la_reunion.source = f"Arrêté {draw.randrange(1000)}"


@pytest.mark.long
def test_what_is_kept_is_what_a_process_that_just_started_says(empty_app, layer, tmp_path, engine):
    draw, now = Random(19), JANUARY
    for step in range(drawn_on(engine, scaled(300, 20))):
        now += draw.choice((timedelta(minutes=1),) * 5 + (timedelta(hours=20),))
        with time_machine.travel(now, tick=False):
            change = draw.random()
            if step == 4:
                import_holidays(empty_app, tmp_path, WINTER_FROM_6_FEBRUARY, now)
            elif change < 0.4 or step < 3:
                publish(empty_app, drawn(draw, draw.choice(SERIES)), now=now)
            elif change < 0.85:
                edit(empty_app, draw, now)
            else:
                change_reference(empty_app, draw, now)
            layer._look()
            layer._before = None
            if draw.random() < 0.5:
                layer._renew()
            for address in draw.sample(ADDRESSES, 6):
                headers = {"Accept-Encoding": draw.choice(("gzip", ""))}
                assert told(empty_app, address, headers) == cold(empty_app, address, headers), (
                    step,
                    address,
                )


def test_a_look_is_no_use_of_an_answer(layer):
    """What was told least recently goes first, however often one looks at all."""
    layer.kept = LRUCache(3)
    for address in ("hot", "a", "b"):
        layer.kept[address] = Kept("200 OK", [], b"", ())
    _ = layer.kept["hot"]
    layer._seen = ("",)
    layer._renew()
    layer.kept["new"] = Kept("200 OK", [], b"", ())
    assert sorted(layer.kept) == ["b", "hot", "new"]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_feed_that_memory_has_no_room_for_is_told(empty_app, monkeypatch):
    publish(empty_app, drawn(Random(19), SERIES[0]))
    before = told(empty_app, "/flux/toutes.ics", {})
    monkeypatch.setattr(feed_views, "rendered_feeds", RenderedFeeds())
    monkeypatch.setattr(select, "kept_marks", KeptMarks(1))
    monkeypatch.setattr(Written, "last", (None, WrittenDates(1)))
    assert told(empty_app, "/flux/toutes.ics", {}) == before


@pytest.mark.parametrize("when", ["before its rows are read again", "after that"])
def test_a_change_while_an_answer_is_noted_is_seen_at_the_next_look(
    empty_app, layer, monkeypatch, when
):
    """Each statement on PostgreSQL reads what is committed by then: rows and state may differ."""
    draw, changes = Random(19), [JANUARY + timedelta(minutes=1)]

    def digest(connection, statements):
        found = "" if when.startswith("before") else reads.digest(connection, statements)
        if changes:
            now = changes.pop()
            with empty_app.app_context(), writing(db.session, now):
                event = queries.event(db.session, f"{SERIES[0]}-2020-2021", for_update=True)
                event.title, event.revision, event.changed_at = "Renommé", 2, now
        return found or reads.digest(connection, statements)

    monkeypatch.setattr(answer_cache, "digest", digest)
    with time_machine.travel(JANUARY, tick=False):
        publish(empty_app, drawn(draw, SERIES[0]))
        address = f"/evenements/{SERIES[0]}-2020-2021/"
        told(empty_app, address, {})
        layer._look()
        layer._before = None
        assert told(empty_app, address, {}) == cold(empty_app, address, {})
        assert "Renommé" in empty_app.test_client().get(address).text
