"""The open data: parts of lists, copies that follow changes, whole catalogues, errors, headers, and
what is never there."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import icalendar
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from calendar_app.catalogue import queries
from calendar_app.store.base import db, writing
from calendar_app.web.answer_cache import AnswerCache
from calendar_app.web.api import dumps
from calendar_app.web.api.nouns import Event, Problem, WholeCatalogue
from calendar_app.web.bodies import Gate
from tests.conftest import JANUARY
from tests.factories import ID, MID_JUNE, another, changing, entry, publish
from tests.tools import scaled
from tests.web.editing.test_editor_pages import propose

HERE = "http://127.0.0.1:8000"
LISTS = {"events": "events", "series": "series", "changes": "events"}


@pytest.fixture
def site(empty_app) -> Flask:
    with time_machine.travel(JANUARY, tick=False):
        events = [
            another(f"suite-{n}", title=f"Concours {n}", scope={"academies": ["lille"]})
            for n in range(7)
        ]
        publish(empty_app, entry(milestones=[MID_JUNE]), *events, now=JANUARY)
        yield empty_app


@pytest.fixture
def client(site) -> FlaskClient:
    return site.test_client()


def parts(client: FlaskClient, address: str, most: int = 50) -> list[dict]:
    """Return the answers from an address on, until nothing follows."""
    found = []
    while address and len(found) < most:
        answer = client.get(address.removeprefix(HERE))
        assert answer.status_code == 200, answer.text
        found.append(answer.json)
        address = None if answer.json.get("complete") else answer.json["next"]
    return found


@pytest.mark.parametrize("name", LISTS)
def test_a_list_in_parts_of_any_size_is_the_list(client, name):
    [whole] = parts(client, f"/api/v1/{name}")
    assert len(whole[LISTS[name]]) == 8
    for count in (1, 2, 3, 7, 8):
        found = parts(client, f"/api/v1/{name}?nombre={count}")
        assert all(len(part[LISTS[name]]) <= count for part in found)
        assert [one for part in found for one in part[LISTS[name]]] == whole[LISTS[name]]
        assert len(found) == -(-8 // count)


def test_the_address_of_what_follows_keeps_the_filter(client):
    address = "/api/v1/events?nombre=3&academie=lille&depuis=2020-09&type=concours&utm_source=x"
    first = client.get(address).json
    assert first["next"] == (
        f"{HERE}/api/v1/events?academie=lille&type=concours&depuis=2020-09&nombre=3"
        f"&apres={first['events'][-1]['id']}"
    )


def test_an_event_is_said_whole(client):
    said = client.get(f"/api/v1/events/{ID}").json
    assert said["licence"] == "Licence Ouverte 2.0"
    event = said["event"]
    assert (event["title"], event["school_year"]) == ("Concours d'essai", "2020-2021")
    assert event["page"] == f"{HERE}/evenements/{ID}/"
    assert event["scope"] == {"national": True, "regions": [], "academies": [], "departments": []}
    [june] = event["milestones"]
    assert (june["first_day"], june["last_day"]) == ("2021-06-10", "2021-06-20")
    assert (june["certainty"], june["phrase"]) == ("approximate", "mi-juin")


def test_who_follows_the_changes_has_the_catalogue(site, client):
    """Whatever is changed between two questions, and however many answers it takes."""
    draw, copy, at = random.Random(7), {}, "/api/v1/changes?nombre=2"
    for step in range(scaled(200, 40)):
        for _ in range(draw.randrange(4)):
            now = JANUARY + timedelta(minutes=draw.randrange(60))  # not in the order of commits
            number = draw.randrange(7)
            with changing(site, now, f"suite-{number}-2020-2021") as event:
                event.title = f"Titre {step}"
                if draw.random() < 0.3:
                    event.archived_at = None if event.archived_at else now
        found = parts(client, at)
        for one in (one for part in found for one in part["events"]):
            copy[one["id"]] = one
        at = found[-1]["next"]
        shown = {one["id"]: one for one in client.get("/api/v1/events").json["events"]}
        assert {i: one for i, one in copy.items() if not one["archived"]} == shown
    assert client.get(at.removeprefix(HERE)).json["events"] == []


def test_a_copy_begins_with_the_dump(site, client):
    dump = WholeCatalogue.model_validate(client.get("/api/v1/catalogue.json").json)
    assert client.get(dump.changes.removeprefix(HERE)).json["events"] == []
    with changing(site, JANUARY) as event:
        event.title = "Un autre titre"
    [changed] = client.get(dump.changes.removeprefix(HERE)).json["events"]
    assert (changed["id"], changed["title"]) == (ID, "Un autre titre")


def test_a_restored_store_says_that_it_knows_no_other_history(site, client):
    """Whether it has passed the version that a follower knows, or not yet."""
    [after] = parse_qs(urlsplit(parts(client, "/api/v1/changes")[-1]["next"]).query)["apres"]
    history, version = after.split("-")
    with site.app_context(), writing(db.session, JANUARY):
        queries.catalogue(db.session, for_update=True).history = "0123abcd"
    with changing(site, JANUARY) as event:
        event.title = "Un autre titre"
    for lost in (after, f"{history}-0-{ID}", f"{history}-{int(version) + 9}"):
        answer = client.get(f"/api/v1/changes?apres={lost}")
        assert (answer.status_code, answer.mimetype) == (410, "application/problem+json"), lost
        assert "reprenez depuis le début" in Problem.model_validate(answer.json).detail
    begun = parts(client, "/api/v1/changes")[-1]["next"]
    assert history not in begun
    assert client.get(begun.removeprefix(HERE)).json["events"] == []


def test_the_three_whole_catalogues_say_the_same_dates(app):
    """Those of the lists, and of the feed of all dates."""
    client = app.test_client()
    listed = [one for part in parts(client, "/api/v1/events?nombre=4") for one in part["events"]]
    dumped = client.get("/api/v1/catalogue.json").json["events"]
    assert dumped == listed
    dates = {m["uid"]: (e["id"], m) for e in listed for m in e["milestones"]}
    with time_machine.travel(JANUARY, tick=False):
        feed = client.get("/flux/toutes.ics?depuis=1990-01").data
    data = client.get("/api/v1/catalogue.ics").data
    ours, theirs = (
        {str(e["uid"]): e.to_ical() for e in icalendar.Calendar.from_ical(text).walk("VEVENT")}
        for text in (data, feed)
    )
    assert ours == theirs
    assert {uid.partition("@")[0] for uid in ours} == set(dates)
    assert re.findall(b"^BEGIN:VTIMEZONE\r\nTZID:(.*)\r$", data, re.MULTILINE)
    text = client.get("/api/v1/catalogue.csv").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == len(dates) + sum(not e["milestones"] for e in listed)
    for row in rows:
        if row["milestones.uid"]:
            event_id, said = dates[row["milestones.uid"]]
            assert row["id"] == event_id
            assert row["milestones.first_day"] == said["first_day"]
            assert row["milestones.scope.academies"] == " ".join(said["scope"]["academies"])


def test_an_empty_catalogue_is_whole_too(empty_app):
    client = empty_app.test_client()
    assert client.get("/api/v1/catalogue.json").json["events"] == []
    assert len(client.get("/api/v1/catalogue.csv").text.splitlines()) == 1
    calendar = icalendar.Calendar.from_ical(client.get("/api/v1/catalogue.ics").data)
    assert [part.name for part in calendar.subcomponents] == ["VTIMEZONE"]


@pytest.mark.parametrize("form", ["json", "csv", "ics"])
def test_a_dump_is_made_once_a_version_and_few_files_stay(site, monkeypatch, form):
    site.wsgi_app = AnswerCache(site)
    client, made = site.test_client(), []
    write = dumps._WRITERS[form]
    monkeypatch.setitem(dumps._WRITERS, form, lambda: made.append(form) or write())
    monkeypatch.setattr(dumps, "_AT_ONCE", 3)
    address, folder = f"/api/v1/catalogue.{form}", Path(site.config["SETTINGS"].instance, "dumps")
    bodies = set()
    for number in range(4):
        with changing(site, JANUARY + timedelta(hours=number)) as event:
            event.title = f"Titre {number}"
        plain = client.get(address)
        packed = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert gzip.decompress(packed.data) == plain.data
        assert f"Titre {number}".encode() in plain.data
        bodies.add(plain.data)
        known = client.get(address, headers={"If-None-Match": plain.headers["ETag"]})
        assert (known.status_code, known.data) == (304, b"")
        head = client.head(address)
        assert (head.status_code, head.data) == (200, b"")
        assert plain.headers["Cache-Control"].startswith("public, max-age=900")
        assert len(made) == number + 1
    assert len(bodies) == 4
    assert len([path for path in folder.iterdir() if path.suffix != ".lock"]) <= 4


def test_few_threads_wait_for_a_dump(client, monkeypatch):
    monkeypatch.setattr(dumps, "_MAKING", Gate(1))
    with dumps._MAKING.place():
        busy = client.get("/api/v1/catalogue.csv")
        assert client.get("/api/v1/events").status_code == 200
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "10")
    assert "Réessayez" in Problem.model_validate(busy.json).detail
    assert client.get("/api/v1/catalogue.csv").status_code == 200


@pytest.mark.long
def test_what_editors_write_is_no_formula_and_names_no_mailbox(site, client):
    link = "https://social.example/@classe.verte"
    told = f"=HYPERLINK(1) : Camp@Num, {link}, écrire à anne.martin@ac-lille.fr ; +33"
    with changing(site, JANUARY) as event:
        event.summary = event.register_where = event.organiser = event.title = told
    safe = f"=HYPERLINK(1) : Camp@Num, {link}, écrire à … ; +33"
    assert client.get(f"/api/v1/events/{ID}").json["event"]["summary"] == safe
    for form in ("json", "csv"):
        text = client.get(f"/api/v1/catalogue.{form}").text
        assert "anne.martin" not in text
        assert "Camp@Num" in text
    [row] = [row for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff"))) if row["id"] == ID]
    assert row["organiser"] == f"'=HYPERLINK(1) : Camp@Num, {link}, écrire à … ;' +33"


def test_what_is_no_event_of_the_calendar_is_nowhere(site, client):
    propose(site, "Brouillon de Lille", "academie/lille")
    with changing(site, JANUARY) as event:
        event.archived_at, event.title = JANUARY, "Retiré"
    for name in ("events", "series", "academies", "catalogue.json", "catalogue.csv"):
        text = client.get(f"/api/v1/{name}").text
        assert "Brouillon" not in text
        assert "Retiré" not in text
    [gone] = [e for e in client.get("/api/v1/changes").json["events"] if e["archived"]]
    assert gone["id"] == ID
    assert client.get(f"/api/v1/events/{ID}").json["event"]["archived"]


@pytest.mark.parametrize(
    ("address", "status", "words", "links"),
    [
        ("events?academie=lile", 404, "Vouliez-vous dire « Lille »", ["?academie=lille", ""]),
        ("events?depuis=hier", 404, "n'est pas un mois", ["", ]),
        ("events?nombre=101", 404, "un nombre de 1 à 100", ["?nombre=100", ""]),
        ("events?apres=A%00", 404, "n'est la suite d'aucune réponse", None),
        ("changes?apres=1.5", 404, "n'est la suite d'aucune réponse", None),
        ("events/nulle-part", 404, "n'existe pas", []),
        ("events/a%00b", 404, "n'existe pas", []),
        ("nulle-part", 404, "Rien ne se trouve", []),
    ],
)  # fmt: skip
def test_an_error_is_for_programs(client, address, status, words, links):
    answer = client.get(f"/api/v1/{address}")
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    problem = Problem.model_validate(answer.json)
    assert words in problem.detail
    assert problem.status == status
    if links is not None:
        path = address.partition("?")[0]
        assert problem.links == tuple(f"{HERE}/api/v1/{path}{link}" for link in links)


def test_other_sites_may_read_and_nothing_else(client):
    known = client.get("/api/v1/academies").headers["ETag"]
    for answer in (
        client.get("/api/v1/events"),
        client.get("/api/v1/academies", headers={"If-None-Match": known}),
        client.get("/api/v1/nulle-part"),
        client.options("/api/v1/events"),
        client.post("/api/v1/events"),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "POST" not in answer.headers["Access-Control-Allow-Methods"]
    assert client.post("/api/v1/events").status_code == 405
    for address in ("/api/v1/", "/agenda/", "/redaction/connexion/"):
        assert "Access-Control-Allow-Origin" not in client.get(address).headers


def test_an_answer_names_its_licence_and_is_known_by_its_etag(site):
    site.wsgi_app = AnswerCache(site)
    client = site.test_client()
    for name in ("events", f"events/{ID}", "series", "changes", "academies", "catalogue.csv"):
        answer = client.get(f"/api/v1/{name}")
        assert (
            'etalab.gouv.fr/licence-ouverte-open-licence/>; rel="license"'
            in (answer.headers["Link"])
        )
        assert answer.headers["Cache-Control"].startswith("public")
        again = client.get(f"/api/v1/{name}", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["Access-Control-Allow-Origin"] == "*"


def test_the_number_of_a_change_is_that_of_its_transaction(site):
    """Also of what is written in several steps, and by a file with instants of its own."""
    with site.app_context(), writing(db.session, JANUARY):
        pass
    before = Event.model_validate(site.test_client().get(f"/api/v1/events/{ID}").json["event"])
    old = datetime(2019, 1, 1, tzinfo=UTC)
    record = {"revision": before.revision + 5, "changed_at": old.isoformat()}
    [last] = parts(site.test_client(), "/api/v1/changes")
    publish(site, entry(title="D'un fichier", record=record), now=JANUARY)
    changed = site.test_client().get(last["next"].removeprefix(HERE)).json
    assert [one["title"] for one in changed["events"]] == ["D'un fichier"]
    assert json.dumps(changed)
