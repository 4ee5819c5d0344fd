"""The Atom and JSON feeds hold the same dates as the calendar feeds, for news readers."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import feedparser
import pytest
import time_machine
from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.catalogue.entry_rows import event_entry
from calendar_app.catalogue.facts import facts_of
from calendar_app.catalogue.import_export import export_events, import_events
from calendar_app.catalogue.models.events import Event, Series
from calendar_app.editing import accounts, events
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.store.base import db, writing
from calendar_app.web.caching import FEED_CACHE
from tests.conftest import IMPORTED_AT, JANUARY
from tests.factories import ID, another, entry, publish
from tests.ical_reading import vevents

ARCHIVE = "?depuis=2020-09"
TYPES = {
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}


@pytest.fixture
def engine():
    """One engine is enough: the query is that of the calendar feeds, which are tested on both."""
    return "sqlite"


def items(client, address: str) -> list[dict]:
    return json.loads(client.get(address).data)["items"]


@pytest.mark.parametrize("name", ["national", "toutes", "academie-de-montpellier"])
def test_the_three_forms_hold_the_same_dates(client, name):
    dates = vevents(client.get(f"/flux/{name}.ics{ARCHIVE}").data)
    expected = [(str(e["uid"]).partition("@")[0], str(e["summary"])) for e in dates]
    read = feedparser.parse(client.get(f"/flux/{name}.atom{ARCHIVE}").data)
    assert not read.bozo
    assert [(e.id.removeprefix("urn:uuid:"), e.title) for e in read.entries] == expected
    told = items(client, f"/flux/{name}.json{ARCHIVE}")
    assert [(i["id"].removeprefix("urn:uuid:"), i["title"]) for i in told] == expected


def test_a_reader_of_atom_is_told_what_to_do_and_where(client):
    address = "/flux/academie-de-lille.atom?depuis=2020-09&type=concours"
    read = feedparser.parse(client.get(address).data)
    assert read.feed.title.endswith(" – académie de Lille")
    links = {link.rel: urlsplit(link.href) for link in read.feed.links}
    assert links["self"].path + "?" + links["self"].query == (
        "/flux/academie-de-lille.atom?type=concours&depuis=2020-09"
    )
    home = links["alternate"]
    assert client.get(f"{home.path}?{home.query}").status_code == 200
    assert (home.path, home.query) == ("/agenda/", "academie=lille&type=concours")
    [talent] = read.entries
    assert urlsplit(talent.link).path == "/evenements/ma-classe-a-du-talent-2020-2021/"
    assert "11 février 2021" in talent.content[0].value.partition("\n")[0].replace("\u00a0", " ")
    assert talent.content[0].type == "text/plain"
    assert "concours" in {tag.term for tag in talent.tags}
    assert talent.updated_parsed >= talent.published_parsed


def test_the_days_stand_in_json(client):
    fete = next(i for i in items(client, f"/flux/academie-de-lille.json{ARCHIVE}"))
    assert fete["_date"] == {
        "event": "fete-de-l-apprendre-2020-2021",
        "kind": "session",
        "first_day": "2021-01-20",
        "last_day": "2021-01-24",
        "start_time": None,
        "end_time": None,
        "time_zone": "Europe/Paris",
        "certainty": "day",
        "cancelled": False,
    }
    found = json.loads(client.get("/flux/academie-de-lille.json").data)
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert found["language"] == "fr"


@pytest.mark.parametrize("form", ["atom", "json"])
def test_they_are_answered_like_a_calendar(empty_app, client, form):
    with time_machine.travel(JANUARY, tick=False):
        address = f"/flux/academie-de-creteil.{form}"
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == TYPES[form]
        assert answer.headers["Cache-Control"] == FEED_CACHE
        assert "Set-Cookie" not in answer.headers
        etag = {"If-None-Match": answer.headers["ETag"]}
        assert client.get(address, headers=etag).status_code == 304
        # The options of calendar feeds change nothing in a news feed.
        same = client.get(f"{address}?fenetres=barre&alarmes=1&rappels=3")
        assert same.data == answer.data
        assert client.get(f"/flux/academie-de-nulle-part.{form}").status_code == 404
        moved = client.get(f"/flux/academie-de-caen.{form}?q=a")
        assert (moved.status_code, moved.headers["Location"]) == (
            308,
            f"/flux/academie-de-normandie.{form}?q=a",
        )


def test_no_text_breaks_the_xml(empty_app):
    title = 'a <b> & "c" ]]> \x00\x1b\u2028\ufffe 🎉'
    publish(empty_app, entry(title=title, milestones=[{"kind": "deadline", "day": "2021-02-11"}]))
    with time_machine.travel(JANUARY, tick=False):
        data = empty_app.test_client().get("/flux/toutes.atom").data
    read = feedparser.parse(data)
    assert not read.bozo
    assert (
        'a <b> & "c" ]]>'
        in json.loads(empty_app.test_client().get("/flux/toutes.json?depuis=2020-09").data)[
            "items"
        ][0]["title"]
    )


OPENING = {"kind": "opening", "day": "2021-01-11"}
DEADLINE = {"kind": "deadline", "day": "2021-04-30"}
LATER = IMPORTED_AT + timedelta(days=80)


@pytest.fixture
def news(empty_app):
    """Return a function that imports entries at an instant and returns the items of both forms:
    name → (published, updated), in the order of the feed."""

    def tell(at: datetime, *entries: dict) -> dict[str, tuple[datetime, datetime]]:
        if entries:
            publish(empty_app, *entries, now=at)
        client = empty_app.test_client()
        with time_machine.travel(JANUARY, tick=False):
            told = items(client, "/flux/toutes.json")
            read = feedparser.parse(client.get("/flux/toutes.atom").data)
        instants = [(i["date_published"], i["date_modified"]) for i in told]
        assert [(e.published, e.updated) for e in read.entries] == instants
        assert [e.title for e in read.entries] == [i["title"] for i in told]
        names = [i["title"].partition(" : ")[0] for i in told]
        return {
            name: tuple(map(datetime.fromisoformat, pair))
            for name, pair in zip(names, instants, strict=True)
        }

    return tell


def test_a_date_that_is_added_is_news_and_its_siblings_are_not(news):
    told = news(IMPORTED_AT, entry(milestones=[OPENING]))
    assert told == {"Ouverture": (IMPORTED_AT, IMPORTED_AT)}
    told = news(LATER, entry(milestones=[OPENING, DEADLINE]))
    assert list(told.items()) == [
        ("Date limite", (LATER, LATER)),
        ("Ouverture", (IMPORTED_AT, IMPORTED_AT)),
    ]
    # A date is added before the other dates of the event, and another date is removed.
    first = {"kind": "session", "day": "2021-01-10", "label": "Réunion"}
    much_later = LATER + timedelta(days=1)
    told = news(much_later, entry(milestones=[first, DEADLINE]))
    assert list(told.items()) == [
        ("Réunion", (much_later, much_later)),
        ("Date limite", (LATER, LATER)),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"day": "2021-05-07"},
        {"end_time": "18:00"},
        {"label": "Dernier jour"},
        {"cancelled": True},
        {"scope": {"academies": ["lille"]}},
    ],
)
def test_a_date_that_changes_comes_first_and_keeps_when_it_was_announced(news, change):
    news(IMPORTED_AT, entry(milestones=[OPENING, DEADLINE]))
    told = news(LATER, entry(milestones=[OPENING, DEADLINE | change]))
    assert list(told.values()) == [(IMPORTED_AT, LATER), (IMPORTED_AT, IMPORTED_AT)]
    assert list(told)[1] == "Ouverture"


def test_what_changes_of_an_event_changes_each_of_its_dates_and_nobody_elses(news):
    other = another("autre", milestones=[{"kind": "results", "day": "2021-02-01"}])
    news(IMPORTED_AT, entry(milestones=[OPENING, DEADLINE]), other)
    told = news(LATER, entry(milestones=[OPENING, DEADLINE], link="https://a.example/"), other)
    assert list(told.items()) == [
        ("Ouverture", (IMPORTED_AT, LATER)),
        ("Date limite", (IMPORTED_AT, LATER)),
        ("Résultats", (IMPORTED_AT, IMPORTED_AT)),
    ]


def test_an_editor_who_adds_a_date_makes_no_news_of_the_others(empty_app, news):
    news(IMPORTED_AT, entry(milestones=[OPENING]))
    with empty_app.app_context():
        role = EditorRole.ADMINISTRATOR
        accounts.add(db.session, "chef@x.example", "Zoé", role, frozenset(), IMPORTED_AT)
        academies = queries.reference(db.session).academies
        seen = event_entry(queries.event(db.session, ID), academies)
        wanted = events.written_entry(seen)
        wanted["milestones"].append(DEADLINE | {"key": "deadline"})
        entered = events.check_entry(db.session, wanted)
        editor = db.session.scalar(select(Editor))
        events.save(db.session, editor, entered, facts_of(seen), LATER)
    told = news(LATER + timedelta(days=1))
    assert told == {"Date limite": (LATER, LATER), "Ouverture": (IMPORTED_AT, IMPORTED_AT)}


def test_a_fresh_store_that_imports_an_export_tells_the_same_news(empty_app, news):
    news(IMPORTED_AT, entry(milestones=[OPENING]))
    told = news(LATER, entry(milestones=[OPENING, DEADLINE]))
    with empty_app.app_context():
        exported = export_events(db.session)
        with writing(db.session, LATER):
            for noun in (Event, Series):
                for found in db.session.scalars(select(noun)).unique():
                    db.session.delete(found)
        import_events(db.session, exported, LATER + timedelta(days=9))
    assert news(LATER + timedelta(days=9)) == told
