"""Narrow, cancelled and approximate dates: who must not see them, and how others see them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.conftest import IMPORTED_AT, JANUARY
from tests.factories import ID, MID_JUNE, another, entry, publish
from tests.ical_reading import by_summary, vevents
from tests.web.public.test_pages import text_of

TITLE = "Concours d'essai"
LE = "le=2021-01-04"
OPENING = {"kind": "opening", "day": "2021-01-10"}
LILLE = {
    "kind": "registration_deadline",
    "key": "lille",
    "day": "2021-02-11",
    "scope": {"academies": ["lille"]},
}
PARIS = LILLE | {"key": "paris", "day": "2021-04-30", "scope": {"academies": ["paris"]}}


@pytest.fixture
def engine():
    return "sqlite"


@pytest.fixture(autouse=True)
def in_january():
    with time_machine.travel(JANUARY, tick=False):
        yield


@pytest.fixture
def client(empty_app):
    return empty_app.test_client()


def test_another_academys_deadline_is_told_to_nobody_else(empty_app, client):
    publish(empty_app, entry(milestones=[OPENING, LILLE, PARIS]))
    feed = client.get("/flux/academie-de-lille.ics").data
    assert "30\u00a0avril" not in feed.decode().replace("\r\n ", "")
    (bar,) = vevents(client.get("/flux/academie-de-lille.ics?fenetres=barre").data)
    assert (str(bar["DTSTART"].dt), str(bar["DTEND"].dt)) == ("2021-01-10", "2021-02-12")
    # Amiens has no deadline, and in the feed of all places no deadline holds for everybody.
    for name in ("academie-de-amiens", "toutes"):
        data = client.get(f"/flux/{name}.ics?fenetres=barre").data
        assert f"Ouverture : {TITLE}" in by_summary(data)
    one = client.get(f"/evenements/{ID}.ics?academie=lille").data
    assert len(vevents(one)) == 2


def test_the_event_page_says_whose_date_it_is_and_folds_the_others_away(empty_app, client):
    publish(empty_app, entry(milestones=[OPENING, LILLE, PARIS]))
    page = text_of(client, f"/evenements/{ID}/?{LE}")
    assert "Pour : académie de Lille" in page
    assert "Pour : académie de Paris" in page
    page = text_of(client, f"/evenements/{ID}/?{LE}&academie=lille")
    folded = page.index("Dates pour d'autres académies ou départements")
    assert page.index("Inscriptions jusqu'au jeudi 11 février 2021") < folded
    assert folded < page.index("Inscriptions jusqu'au vendredi 30 avril 2021")
    # The date for Paris is described with the calendar of Paris, not of Lille.
    assert "(zone C)" in page[folded:]


def test_the_school_year_leaves_out_what_is_only_for_others(empty_app, client):
    publish(empty_app, entry(milestones=[PARIS]), another("lille", milestones=[LILLE]))
    page = text_of(client, f"/annee-scolaire/2020-2021/?{LE}&academie=lille")
    assert "11 février" in page
    assert "30 avril" not in page
    assert "sans jour précis" not in page


def test_a_cancelled_opening_does_not_cancel_the_contest(empty_app, client):
    deadline = {"kind": "deadline", "day": "2021-02-11"}
    publish(empty_app, entry(milestones=[OPENING, deadline]))
    publish(empty_app, entry(milestones=[OPENING | {"cancelled": True}, deadline]))
    found = by_summary(client.get("/flux/toutes.ics?fenetres=barre").data)
    assert set(found) == {f"ANNULÉ – Ouverture : {TITLE}", f"Date limite : {TITLE}"}
    assert found[f"Date limite : {TITLE}"]["STATUS"] == "CONFIRMED"


def test_a_cancelled_date_is_told_on_the_pages_for_as_long_as_in_the_feeds(empty_app, client):
    publish(empty_app, entry())
    publish(empty_app, entry(cancelled=True), now=IMPORTED_AT + timedelta(days=20))
    for address in ("/", "/agenda/", "/calendrier/2021/02/", "/annee-scolaire/2020-2021/"):
        page = text_of(client, address)
        assert TITLE in page
        assert "annulé" in page
    with time_machine.travel(datetime(2021, 5, 1, tzinfo=UTC), tick=False):
        assert TITLE not in text_of(client, "/calendrier/2021/02/")
        assert "annulé" in text_of(client, "/annee-scolaire/2020-2021/")


def test_an_approximate_date_is_written_and_not_drawn(empty_app, client):
    publish(empty_app, entry(milestones=[MID_JUNE]))
    answer = client.get(f"/annee-scolaire/2020-2021/?{LE}")
    assert "kind-results" in answer.text
    assert 'class="bar kind-results"' not in answer.text
    page = text_of(client, f"/annee-scolaire/2020-2021/?{LE}")
    assert "Résultats : mi-juin (date approximative)" in page
    assert "sans jour précis" not in page


@pytest.mark.parametrize(
    ("classes", "level", "shown"),
    [
        (["premier-degre"], "second-degre", False),
        (["second-degre"], "premier-degre", False),
        (["premier-degre"], "cm2", True),
        (["cycle-3"], "second-degre", True),
        (["ulis"], "premier-degre", True),
        (["ulis"], "second-degre", True),
        (["ulis"], "lycee", True),
        (["cycle-4"], "lycee", False),
        (["cycle-4"], "college", True),
        (["cycle-3"], "college", True),
        (["bac-pro"], "lycee", True),
        (["second-degre"], "lycee", True),
        (["lycee"], "college", False),
        (["premier-degre"], "ulis", True),
    ],
)
def test_a_degre_is_not_the_other_one(empty_app, client, classes, level, shown):
    publish(empty_app, entry(classes=classes))
    assert (TITLE in text_of(client, f"/?niveau={level}")) is shown


def test_the_second_degre_has_its_wednesdays(empty_app, client):
    publish(
        empty_app,
        entry(classes=["second-degre"], milestones=[{"kind": "deadline", "day": "2021-03-17"}]),
        another("ecoles", classes=["premier-degre"]),
    )
    page = text_of(client, f"/evenements/{ID}/?{LE}&academie=lille")
    assert "Ce jour-là" not in page
    page = text_of(client, f"/evenements/ecoles-2020-2021/?{LE}&academie=lille")
    assert "avant cette date : mardi 9 février 2021" in page


def test_a_date_after_its_school_year_is_no_archive_while_it_is_ahead(empty_app, client):
    publish(empty_app, entry(milestones=[{"kind": "deadline", "day": "2021-08-20"}]))
    page = text_of(client, f"/evenements/{ID}/?le=2021-08-02")
    assert "dans 18 jours" in page
    assert "Archive" not in page


def test_a_session_with_hours_keeps_them_everywhere(empty_app, client):
    session = {"kind": "session", "day": "2021-03-10", "start_time": "14:00", "end_time": "15:30"}
    publish(empty_app, entry(milestones=[session]))
    page = client.get(f"/evenements/{ID}/?{LE}&academie=la-reunion").text.replace("&amp;", "&")
    assert "dates=20210310T140000/20210310T153000" in page.replace("%2F", "/")
    assert "ctz=Europe%2FParis" in page
    assert "startdt=2021-03-10T13%3A00%3A00Z" in page
    text = text_of(client, f"/evenements/{ID}/?{LE}&academie=la-reunion")
    assert "14 h à Paris, soit 17 h à La Réunion." in text


def test_a_deadline_of_several_days_ends_with_the_last_one(empty_app, client):
    days = {"first_day": "2021-03-10", "last_day": "2021-03-12"}
    publish(empty_app, entry(milestones=[{"kind": "registration_deadline"} | days]))
    (event,) = vevents(client.get("/flux/toutes.ics").data)
    first = str(event["DESCRIPTION"]).split("\n")[0]
    assert first == "Inscrivez la classe au plus tard le vendredi 12\u00a0mars 2021."


@pytest.mark.parametrize(
    ("query", "address"),
    [
        ("departement=63&departement=03", "toutes.ics?departement=03&departement=63"),
        ("academie=lille&departement=59", "toutes.ics?academie=lille&departement=59"),
        ("academie=lille&academie=lyon&q=a", "toutes.ics?academie=lille&academie=lyon&q=a"),
        ("academie=lille&niveau=cm2", "academie-de-lille.ics?niveau=cm2"),
        ("departement=63", "departement-63.ics"),
    ],
)
def test_the_feed_that_is_offered_is_what_stands_on_screen(client, query, address):
    page = client.get(f"/flux/?{query}").text.replace("&amp;", "&")
    assert f'value="http://127.0.0.1:8000/flux/{address}"' in page


def test_a_long_selection_has_a_feed_but_no_qr_code(client):
    ids = ",".join(f"un-concours-au-nom-assez-long-{n}-2020-2021" for n in range(80))
    answer = client.get(f"/flux/?flux=toutes&evenements={ids}")
    assert answer.status_code == 200
    assert "trop longue pour un code à scanner" in answer.text


@pytest.mark.parametrize("since", ["0000-01", "0001-01", "2021-00", "٢٠٢١-٠١"])
def test_a_month_that_is_none_is_a_404(client, since):
    assert client.get("/flux/toutes.ics", query_string={"depuis": since}).status_code == 404


class TestOnBothEngines:
    @pytest.fixture(params=["sqlite", "postgresql"])
    def engine(self, request):
        return request.param

    @pytest.mark.parametrize("address", ["/evenements/a%00b/", "/evenements/a%00b.ics"])
    def test_a_nul_in_an_address_is_a_404(self, client, address):
        assert client.get(address).status_code == 404

    def test_a_nul_in_a_filter_is_cleaned_away(self, client):
        assert client.get("/?evenements=%00&q=%00").status_code == 200
