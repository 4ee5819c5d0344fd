"""The journal in the room: what it says, and taking a change back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine

from tests.factories import ID, entry, publish
from tests.test_event_pages import EVENTS, ONE, in_store, save
from tests.test_queue_pages import act, logged_in
from tests.test_subscription_pages import dump, words

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
JOURNAL = "/redaction/journal/"


@pytest.fixture
def engine():
    """The services are tested on both engines; pages are the same from either."""
    return "sqlite"


@pytest.fixture
def site(empty_app):
    with time_machine.travel(NOW, tick=False):
        publish(empty_app, entry(scope={"academies": ["lille"]}), now=NOW)
        yield empty_app


def test_a_change_is_told_and_taken_back(site):
    client = logged_in(site)
    save(client, titre="Grand concours", lieu="Lens", pourquoi="Nouveau nom")
    said = (
        "Grand concours : modifié lundi 4 janvier 2021 à 10 h, par Zoé lille · fiche de Grand "
        "concours « Nouveau nom » Lieu non précisé → Lens Titre Concours d'essai → Grand concours"
    )
    for page in (client.get(JOURNAL), client.get(ONE)):
        assert said in words(page)
    answer = act(client, f"{JOURNAL}1/", f"{JOURNAL}1/defaire/", pourquoi="Trop tôt")
    assert answer.headers["Location"] == f"{JOURNAL}2/?fait=defait"
    page = words(client.get(answer.headers["Location"]))
    assert "Le changement est défait." in page
    assert "changement défait" in page
    assert "Il défait un changement précédent" in page
    assert in_store(site).title == "Concours d'essai"
    assert "Il est défait par un autre changement" in words(client.get(f"{JOURNAL}1/"))


def test_what_cannot_be_taken_back_says_what_changed_since(site):
    client = logged_in(site)
    save(client, titre="Un")
    save(client, titre="Deux")
    before = dump(site)
    answer = act(client, f"{JOURNAL}1/", f"{JOURNAL}1/defaire/")
    assert answer.status_code == 409
    assert "Titre ce changement : Un ; maintenant : Deux" in words(answer)
    assert dump(site) == before


def test_lyon_reads_nothing_of_lille(site):
    save(logged_in(site), titre="Secret de Lille")
    lyon = logged_in(site, slug="lyon")
    before = dump(site)
    for address in (JOURNAL, "/redaction/journal.csv", "/redaction/journal.json", EVENTS):
        answer = lyon.get(address)
        assert (answer.status_code, "Secret" in answer.text) == (200, False)
    assert lyon.get(f"{JOURNAL}1/").status_code == 404
    assert lyon.post(f"{JOURNAL}1/defaire/").status_code == 404
    assert dump(site) == before


def test_the_journal_is_filtered_and_exported_as_it_is_shown(site):
    client = logged_in(site)
    save(client, titre="Un")
    for query, found in (
        (f"evenement={ID}", True),
        ("evenement=autre", False),
        ("action=edited", True),
        ("action=moved", False),
        ("depuis=2021-01-05", False),
        ("jusqu=2021-01-04", True),
        ("redacteur=99", False),
        ("action=rien&depuis=hier&avant=x&redacteur=%00", True),
    ):
        page = client.get(f"{JOURNAL}?{query}").text
        assert ("Aucun changement." not in page) == found, query
        csv = client.get(f"/redaction/journal.csv?{query}")
        assert (csv.text.count("\r\n") > 1) == found, query
    assert csv.headers["Content-Disposition"] == 'attachment; filename="journal.csv"'
    assert client.get("/redaction/journal.json").json[0]["after"]["title"] == "Un"
