"""The Atom and JSON feeds: the same dates as the calendar's, as a reader of news sees them."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import feedparser
import pytest
import time_machine

from tests.conftest import JANUARY
from tests.factories import entry, publish
from tests.ical_reading import vevents

ARCHIVE = "?depuis=2020-09"
TYPES = {
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}


@pytest.fixture
def engine():
    """The query is that of the calendars, which are tested on both engines."""
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
        assert answer.headers["Cache-Control"] == "public, max-age=900"
        assert "Set-Cookie" not in answer.headers
        etag = {"If-None-Match": answer.headers["ETag"]}
        assert client.get(address, headers=etag).status_code == 304
        # The options of calendars say nothing to a reader of news.
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
