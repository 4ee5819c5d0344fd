"""The journal in the room: what it says, and taking a change back."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from html import unescape

import pytest
import time_machine

from calendar_app.editing import journal
from tests.factories import ID, entry, publish
from tests.web.editing.test_event_pages import EVENTS, ONE, in_store, save
from tests.web.editing.test_queue_pages import act, logged_in
from tests.web.subscription.test_subscription_pages import dump, words

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
JOURNAL = "/redaction/journal/"


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
        "concours · défaire ce changement de Grand concours Nouveau nom Lieu non précisé "
        "→ Lens Titre Concours d'essai → Grand concours"
    )
    for page in (client.get(JOURNAL), client.get(ONE)):
        assert said in words(page)
        assert "<q>Nouveau nom</q>" in page.text  # the style sheet writes its guillemets
    answer = act(client, f"{JOURNAL}1/", f"{JOURNAL}1/defaire/", pourquoi="Trop tôt")
    assert answer.headers["Location"] == f"{JOURNAL}2/?fait=defait"
    page = words(client.get(answer.headers["Location"]))
    assert "Le changement est défait." in page
    assert "changement défait" in page
    assert "Il défait un changement précédent" in page
    assert in_store(site).title == "Concours d'essai"
    assert "Il est défait par un autre changement" in words(client.get(f"{JOURNAL}1/"))


@pytest.mark.long
def test_what_cannot_be_taken_back_says_what_changed_since(site):
    client = logged_in(site)
    save(client, titre="Un")
    save(client, titre="Deux")
    before = dump(site)
    answer = act(client, f"{JOURNAL}1/", f"{JOURNAL}1/defaire/", pourquoi="Trop <tôt>")
    assert answer.status_code == 409
    # What was typed is kept.
    assert 'name="pourquoi" value="Trop &lt;tôt&gt;"' in answer.text
    assert "Titre ce changement : Un ; maintenant : Deux" in words(answer)
    assert dump(site) == before


@pytest.mark.long
def test_only_who_may_take_a_change_back_is_offered_to(site):
    client, helper = logged_in(site), logged_in(site, "redacteur")
    save(client, titre="Un")
    one = f"{JOURNAL}1/"
    for address in (JOURNAL, one):
        assert "éfaire ce changement" in words(client.get(address))
        assert "éfaire ce changement" not in words(helper.get(address))
    # An editor who sends the form all the same changes nothing.
    before = dump(site)
    jeton = re.search(r'name="jeton" value="([^"]+)"', helper.get(ONE).text)[1]
    answer = helper.post(f"{one}defaire/", data={"jeton": jeton})
    assert (answer.status_code, dump(site)) == (400, before)
    act(client, one, f"{one}defaire/")
    # The change is undone: the page offers to undo the undoing.
    page = words(client.get(JOURNAL))
    assert page.count("défaire ce changement") == 1
    assert "défait" in page


@pytest.mark.long
def test_a_long_journal_is_read_and_exported_in_pages(site, monkeypatch):
    client = logged_in(site)
    monkeypatch.setattr(journal, "PAGE", 2)
    monkeypatch.setattr(journal, "_EXPORTED", 2)
    for n in range(1, 6):
        save(client, titre=f"Titre {n}")
    seen, address = [], JOURNAL
    while address:
        page = client.get(address).text
        seen += re.findall(r'id="c-(\d+)"', page)
        assert len(re.findall(r'id="c-\d+"', page)) <= 2
        onward = re.search(r'class="button" href="([^"]+)">Plus anciens', page)
        address = onward and unescape(onward[1])
    assert seen == ["5", "4", "3", "2", "1"]
    answer = client.get("/redaction/journal.csv")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row[0] for row in rows[1:]] == seen
    assert rows[1][7:10] == ["titre", "Titre 4", "Titre 5"]
    assert [c["id"] for c in client.get("/redaction/journal.json").json] == [5, 4, 3, 2, 1]
    assert client.get("/redaction/journal.json?evenement=autre").json == []


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


@pytest.mark.long
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
        ("avant=x&redacteur=", True),
    ):
        page = client.get(f"{JOURNAL}?{query}").text
        assert ("Aucun changement." not in page) == found, query
        table = client.get(f"/redaction/journal.csv?{query}")
        assert (table.text.count("\r\n") > 1) == found, query
    assert table.headers["Content-Disposition"] == 'attachment; filename="journal.csv"'
    assert client.get("/redaction/journal.json").json[0]["after"]["title"] == "Un"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("depuis=hier", "« hier » n'est pas un jour : écrivez par exemple 11/02/2021."),
        ("jusqu=0001-01-01", "« 0001-01-01 » n'est pas un jour"),
        ("action=rien", "Choisissez une action dans la liste."),
        ("redacteur=moi", "Choisissez un nom dans la liste de la rédaction."),
    ],
)
def test_what_the_journal_is_not_filtered_by_is_said(site, query, said):
    client = logged_in(site)
    for address in (JOURNAL, "/redaction/journal.csv", "/redaction/journal.json"):
        answer = client.get(f"{address}?{query}")
        assert answer.status_code == 404
        assert said in words(answer)


def test_everybody_who_changed_something_of_ours_can_be_chosen(site):
    """Also an editor without a change on this page; not one who changed nothing of ours."""
    save(logged_in(site), titre="Un")
    client, lyon = logged_in(site, "administrateur", None), logged_in(site, slug="lyon")
    assert "responsable@" not in client.get(JOURNAL).text
    chosen = client.get(f"{JOURNAL}?redacteur=99").text
    assert re.findall(r'<option value="(\d+)">', chosen) == ["1"]
    assert not re.findall(r'<option value="\d+">', lyon.get(JOURNAL).text)
