"""« À vérifier » and the letters: what each editor sees, and what a button does."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime
from email.message import EmailMessage

import pytest
import time_machine
from sqlalchemy import select

from calendar_app.catalogue.models.events import Event
from calendar_app.editing import accounts
from calendar_app.editing.models.journal import Change
from calendar_app.editing.models.letters import Draft, Letter
from calendar_app.editing.rules.draft_states import DraftState
from calendar_app.letters.dated_items import ItemKind
from calendar_app.store.base import db
from calendar_app.words.vocabulary import Certainty
from tests.editing.test_moderation import LETTER
from tests.factories import ID, entry, publish
from tests.web.editing.test_editor_pages import ROOM, enter, make_editor, propose
from tests.web.subscription.test_subscription_pages import dump, jeton, words

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
LETTERS = "/redaction/lettres/"
#: The pages of the editors' room, where there is an event (`tests.factories.entry`) and a letter.
ROOM_PAGES = (
    "/redaction/",
    "/redaction/lettres/",
    "/redaction/lettres/1/",
    "/redaction/propositions/1/",
    "/redaction/evenements/?annee=2020-2021",
    "/redaction/evenements/nouveau/",
    "/redaction/evenements/essai-2020-2021/",
    "/redaction/sources/",
    "/redaction/courriels/",
    "/redaction/journal/",
)


@pytest.fixture
def site(empty_app):
    with time_machine.travel(NOW, tick=False):
        yield empty_app


def logged_in(site, role: str = "responsable", slug: str | None = "lille"):
    client = site.test_client()
    enter(client, make_editor(site, role, slug))
    return client


def drop(client, text: str = LETTER, **more):
    data = {"texte": text, "envoyee": "2021-01-04", "jeton": jeton(client, LETTERS)} | more
    return client.post(LETTERS, data=data, content_type="multipart/form-data")


def act(client, page: str, action: str, **fields):
    """Press a button of a page as a browser does; return the answer."""
    shown = client.get(page).text
    form = re.search(rf'action="{re.escape(action)}".*?</form>', shown, re.DOTALL)[0]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    return client.post(action, data=hidden | fields)


def drafts(site) -> list[tuple[str, DraftState]]:
    with site.app_context():
        found = db.session.scalars(select(Draft).order_by(Draft.id))
        return [(draft.title, draft.state) for draft in found]


def titles(page: str) -> list[str]:
    return re.findall(r'<h3 id="t-\d+">(.*?)</h3>', page)


# -- the queue -------------------------------------------------------------------------------------


def test_each_editor_sees_the_drafts_within_their_scope(site):
    propose(site, "Concours du Nord", "academie/lille")
    propose(site, "Rallye du Pas-de-Calais", "departement/62", "departement/59")
    propose(site, "Festival de Lyon", "academie/lyon")
    propose(site, "Défi de deux académies", "academie/lille", "academie/lyon")
    propose(site, "Semaine nationale", "national")
    propose(site, "Déjà tranché", "academie/lille", state=DraftState.REFUSED)
    north = ["Concours du Nord", "Rallye du Pas-de-Calais"]
    everything = [*north, "Festival de Lyon", "Défi de deux académies", "Semaine nationale"]
    for role, slug, seen in (
        ("redacteur", "lille", north),
        ("responsable", "lille", north),
        ("responsable", "lyon", ["Festival de Lyon"]),
        ("administrateur", None, everything),
    ):
        page = logged_in(site, role, slug).get(ROOM).text
        assert titles(page) == seen
        assert all((f"Inscrivez-vous à {t}" in page) == (t in seen) for t in everything)


def test_a_draft_is_shown_with_its_days_and_its_sentence(site):
    propose(site, "Concours <du> Nord", "academie/lille")
    both = {"first_day": date(2021, 3, 1), "last_day": date(2021, 3, 5)}
    propose(site, "Semaine", "academie/lille", kind=ItemKind.EVENT, step=None, **both)
    client = logged_in(site)
    page = words(client.get(ROOM))
    assert (
        "Concours <du> Nord Date limite, inscription jusqu'au 11 févr. 2021 sûr académie de Lille "
        "Inscrivez-vous à Concours <du> Nord avant le 11 février . voir dans la lettre"
    ) in page
    assert "Semaine Événement du 1er au 5 mars 2021 sûr académie de Lille" in page


def test_each_editor_is_told_of_unknown_holidays_in_their_scope(site):
    told = "Nous ne connaissons pas toutes les vacances scolaires de"
    assert told not in words(logged_in(site).get(ROOM))
    assert told not in words(logged_in(site, slug="martinique").get(ROOM))
    page = words(logged_in(site, "redacteur", "guadeloupe").get(ROOM))
    islands = "Guadeloupe, Saint-Barthélemy et Saint-Martin"
    assert f"{told} 2020-2021 et 2021-2022 pour : {islands}." in page
    page = words(logged_in(site, "administrateur", None).get(ROOM))
    assert "Corse" in page.partition(told)[2].partition(".")[0]


# -- the first hour --------------------------------------------------------------------------------

FIRST_HOUR = "La première heure"
TOLD = "Nous ne connaissons pas toutes les vacances scolaires de"


@pytest.mark.long
def test_the_steps_of_the_first_hour_tick_themselves(site):
    client = logged_in(site)
    page = client.get(ROOM)
    assert f'<h2 id="premiere-heure">{FIRST_HOUR}</h2>' in page.text
    assert "Une première lettre à faire Déposez une lettre d'information" in words(page)
    assert "Un agenda à suivre à faire Indiquez l'adresse" in words(page)
    known = "Les vacances de cette année fait Celles de 2020-2021 sont connues pour Lille."
    assert known in words(page)
    assert "/annee-scolaire/2020-2021/?academie=lille" in page.text
    assert "Un autre compte" not in page.text

    drop(client)  # its dates wait in the queue: the list is folded
    page = client.get(ROOM)
    assert f"{FIRST_HOUR} : 2 étapes faites sur 4" in words(page)
    assert "premiere-heure" not in page.text
    for number in (1, 2, 3):
        act(client, ROOM, f"/redaction/propositions/{number}/refuser/")
    page = client.get(ROOM)
    assert "Une première lettre fait Une lettre de votre périmètre est lue." in words(page)

    agenda = {"nom": "Canopé", "adresse": "https://canope.example/a.ics", "pour": "Lille"}
    act(client, "/redaction/sources/", "/redaction/sources/", **agenda)
    page = client.get(ROOM)
    # The last step, the mailbox, is ticked in tests/web/editing/test_mailbox_pages.py.
    assert "Un agenda à suivre fait" in words(page)
    assert words(page).count(" à faire ") == 1
    assert page.text.count(FIRST_HOUR) == 1


def test_a_redacteur_is_told_who_follows_an_agenda_and_an_administrateur_how_to_add_somebody(site):
    page = logged_in(site, "redacteur").get(ROOM)
    assert "C'est aux responsables de publication de votre périmètre" in words(page)
    assert "Suivre un agenda</a>" not in page.text
    page = logged_in(site, "administrateur", None).get(ROOM)
    assert "Un autre compte fait" in words(page)
    with site.app_context():
        accounts.disable(db.session, "redacteur-lille@x.example", NOW)
    page = logged_in(site, "administrateur", None).get(ROOM)
    assert "Un autre compte à faire" in words(page)
    assert "calendar-app editors add --role responsable --academy lille" in page.text


@pytest.mark.parametrize("waiting", [False, True], ids=["listed", "folded"])
def test_unknown_holidays_are_told_once_and_are_always_seen(site, waiting):
    if waiting:
        propose(site, "Concours", "academie/guadeloupe")
    client = logged_in(site, "redacteur", "guadeloupe")
    page = client.get(ROOM)
    assert words(page).count(TOLD) == 1
    assert ("premiere-heure" in page.text) != waiting
    folded = re.sub(r"<details>.*?</details>", "", page.text, flags=re.DOTALL)
    assert TOLD in folded


def test_a_redacteur_may_correct_and_attach_but_not_decide(site):
    propose(site, "Concours du Nord", "academie/lille")
    page = logged_in(site, "redacteur").get(ROOM).text
    assert "/propositions/1/corriger/" in page
    assert "/propositions/1/rattacher/" in page
    assert "/propositions/1/accepter/" not in page
    assert "À accepter par les responsables" in page


# -- letters ---------------------------------------------------------------------------------------


def test_a_letter_that_is_dropped_shows_its_dates_beside_its_text(site):
    client = logged_in(site)
    answer = drop(client)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{LETTERS}1/")
    page = client.get(f"{LETTERS}1/")
    assert titles(page.text) == [
        "Concours «\u202fMon école en podcast\u202f»",
        "Concours «\u202fMon école en podcast\u202f»",
        "Atelier «\u202fRadio scolaire\u202f»",
    ]
    assert re.findall(
        r'<mark><a id="phrase-(\d+)" href="#proposition-(\d+)">'
        r'<span class="no">(\d+)</span> (.*?)</a>',
        page.text,
    ) == [
        ("1", "1", "1", "jusqu&#39;au 5 février 2021"),
        ("2", "2", "2", "jusqu&#39;au 25 mars 2021"),
        ("3", "3", "3", "le mercredi 20 janvier 2021"),
    ]
    assert re.findall(r'<a class="no" href="#phrase-(\d+)">(\d+)<', page.text) == [
        ("1", "1"),
        ("2", "2"),
        ("3", "3"),
    ]
    assert "3 dates de votre périmètre 0 sur 3 vérifiée" in words(page)


def test_what_a_letter_leaves_in_doubt_or_out_is_said(site):
    client = logged_in(site)
    text = (
        "Prix du roman\n\nDans l'académie de Lille, inscriptions jusqu'au 31 novembre 2020.\n\n"
        "Voir le BO n° 10 du 7 mars 2019.\n"
    )
    drop(client, texte=text)
    said = words(client.get(f"{LETTERS}1/"))
    assert "1 jour vu, non retenu" in said
    assert "7 mars 2019 : date d'un texte officiel" in said
    assert "« 31 novembre 2020 » : ce jour n'existe pas." in said
    assert "En doute : Jour : il n'existe pas." in said
    assert "Accepter la date sûre" not in said


def test_a_letter_may_be_a_file(site):
    client = logged_in(site)
    file = (io.BytesIO(LETTER.encode()), "lettres/janvier.txt")
    answer = drop(client, "", fichier=file)
    assert answer.status_code == 303
    with site.app_context():
        assert db.session.scalar(select(Letter.file_name)) == "janvier.txt"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "collez le texte de la lettre"),
        ({"texte": LETTER, "envoyee": "hier"}, "Écrivez un jour, par exemple"),
        ({"fichier": (io.BytesIO(b"%PDF-1.7 rien"), "x.pdf")}, "PDF"),
        ({"texte": LETTER, "jeton": "trop vieux"}, "Rien n'a été changé"),
    ],
)
def test_a_letter_that_cannot_be_taken_says_why_and_keeps_what_was_typed(site, given, said):
    client = logged_in(site)
    before = dump(site)
    data = {"texte": "", "envoyee": "", "jeton": jeton(client, LETTERS)} | given
    answer = client.post(LETTERS, data=data, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert said in words(answer)
    if given.get("texte"):
        assert "Les productions sont à envoyer" in answer.text
    assert dump(site) == before


@pytest.mark.long
def test_the_page_of_a_dropped_mail_says_what_was_not_read(site):
    client, mail = logged_in(site), EmailMessage()
    mail["From"], mail["Subject"] = "lettre@inconnu.example", "Infolettre"
    mail.set_content(LETTER)
    mail.add_attachment(b"PK", "application", "zip", filename="<b>photos</b>.zip")
    file = (io.BytesIO(mail.as_bytes()), "courriel.eml")
    answer = drop(client, texte="", fichier=file)
    assert answer.status_code == 303
    said = "Pièce jointe non lue, <strong>&lt;b&gt;photos&lt;/b&gt;.zip</strong>"
    assert said in client.get(answer.location).text
    # Whoever changes the address, or reads the letter later, is told nothing.
    for address in (f"{answer.location}x", answer.location.partition("?")[0]):
        assert "non lue" not in client.get(address).text


def test_the_same_letter_shows_each_editor_their_own_dates(site):
    lille, lyon = logged_in(site), logged_in(site, slug="lyon")
    drop(lille)
    assert "Aucune lettre pour le moment." in words(lyon.get(LETTERS))
    assert f"{LETTERS}1/" not in lyon.get(ROOM).text
    assert lyon.get(f"{LETTERS}1/").status_code == 404
    assert drop(lyon).headers["Location"] == f"{LETTERS}1/"
    page = lyon.get(f"{LETTERS}1/")
    assert titles(page.text) == []
    assert "3 autres dates sont transmises aux rédactions" in words(page)
    assert "<mark" not in page.text
    assert len(titles(lille.get(f"{LETTERS}1/").text)) == 3
    assert drop(lille).headers["Location"] == f"{LETTERS}1/"
    assert len(drafts(site)) == 3


@pytest.mark.long
def test_all_that_is_certain_is_published_by_one_button(site):
    client = logged_in(site)
    drop(client)
    page = client.get(f"{LETTERS}1/")
    assert "Accepter les 3 dates sûres" in words(page)
    answer = act(client, f"{LETTERS}1/", f"{LETTERS}1/accepter/")
    assert "3 publiées." in words(client.get(answer.headers["Location"]))
    assert {state for _, state in drafts(site)} == {DraftState.ACCEPTED}
    feed = site.test_client().get("/flux/academie-de-lille.ics").text
    assert feed.count("BEGIN:VEVENT") == 3
    # The journal shows one act with its parts, and each part can be undone alone.
    journal = client.get("/redaction/journal/").text
    assert journal.count("3 propositions acceptées ensemble") == 1
    entry = journal[journal.index('<section class="change"') : journal.index("</section>")]
    assert entry.count("(proposition acceptée)") == entry.count("défaire<span") == 3
    assert journal.count('<article class="change"') == entry.count('<article class="change"')


# -- one draft -------------------------------------------------------------------------------------


def test_accept_and_refuse_lead_to_what_waits_next(site):
    client = logged_in(site)
    drop(client)
    answer = act(client, f"{LETTERS}1/", "/redaction/propositions/1/accepter/")
    # The second date would now join the event of the first: it is no longer among the sure ones.
    assert answer.headers["Location"] == f"{LETTERS}1/?fait=accepte#proposition-3"
    assert "C'est publié." in words(client.get(answer.headers["Location"]))
    answer = act(client, f"{LETTERS}1/", "/redaction/propositions/3/refuser/")
    assert answer.headers["Location"] == f"{LETTERS}1/?fait=refuse#proposition-2"
    assert "La proposition est refusée." in words(client.get(answer.headers["Location"]))
    assert [state.value for _, state in drafts(site)] == ["accepted", "pending", "refused"]


@pytest.mark.long
def test_what_is_certain_is_folded_and_what_must_be_read_leads_to_the_next_of_its_kind(site):
    for title, confidence in (("Un", 0.5), ("Deux", 0.9), ("Trois", 0.5), ("Quatre", 0.9)):
        propose(site, title, "academie/lille", confidence=confidence)
    propose(site, "Cinq", "academie/lille", state=DraftState.REFUSED)
    client = logged_in(site)
    for address in (ROOM, f"{LETTERS}1/"):
        page = client.get(address)
        read, _, folded = page.text.partition('<div class="fold">')
        assert titles(read) == ["Un", "Trois"]
        assert titles(folded) == ["Deux", "Quatre"] + ["Cinq"] * (address != ROOM)
        assert re.findall(r"<progress [^>]*>", page.text) == [
            '<progress value="1" max="5" aria-labelledby="avancement'
            + ('-1">' if address == ROOM else '">')
        ]
        assert "1 sur 5 vérifiée" in words(page)
        assert "Accepter les 2 dates sûres" in words(page)
    for number, action, onward in ((1, "refuser", 3), (2, "accepter", 4), (3, "refuser", 4)):
        answer = act(client, f"{LETTERS}1/", f"/redaction/propositions/{number}/{action}/")
        assert answer.headers["Location"].endswith(f"#proposition-{onward}")
    assert "4 sur 5 vérifiées" in words(client.get(f"{LETTERS}1/"))


def test_the_leaf_of_a_draft_says_its_days_and_its_kind(site):
    days = {"first_day": date(2021, 3, 1), "last_day": date(2021, 3, 5)}
    event = {"kind": ItemKind.EVENT, "step": None}
    propose(site, "Limite", "academie/lille")
    propose(site, "Semaine", "academie/lille", **event, **days)
    propose(site, "Vers mars", "academie/lille", certainty=Certainty.APPROXIMATE, **event, **days)
    propose(site, "Sans jour", "academie/lille", **event, last_day=None)
    page = logged_in(site).get(ROOM).text
    found = {}
    for row in re.findall(r"<article.*?</article>", page, re.DOTALL):
        kind = re.search(r'class="draft kind-(\w+)', row)[1]
        leaf = row[row.index('<span class="leaf') : row.index("<h3")]
        said = re.sub(r"<[^>]+>", " ", leaf).split()
        found[re.search(r'<h3 id="t-\d+">(.*?)</h3>', row)[1]] = (kind, said)
    assert found == {
        "Limite": ("registration_deadline", ["jeu.", "11", "févr."]),
        "Semaine": ("session", ["lun.–ven.", "1–5", "mars"]),
        "Vers mars": ("session", ["vers", "mars", "2021"]),
        "Sans jour": ("session", ["?"]),
    }


def test_a_draft_of_lyon_does_not_exist_in_lille(site):
    drop(logged_in(site))
    lyon, before = logged_in(site, slug="lyon"), dump(site)
    for place in ("", "accepter/", "refuser/", "corriger/", "rattacher/"):
        address = f"/redaction/propositions/1/{place}"
        answer = lyon.post(address, data={"revision": "1"}) if place else lyon.get(address)
        assert answer.status_code == 404
    assert dump(site) == before


def test_a_correction_is_made_in_place(site):
    client = logged_in(site)
    drop(client)
    typed = {
        "titre": "Mon école en podcast",
        "nature": "inscription",
        "dernier_jour": "2021-02-12",
        "fin": "18:00",
        "pour": "Lille",
        "classes": "cycle 3, CE2",
        "lieu": "Arras",
        "lien": "https://podcast.example/",
    }
    answer = act(client, f"{LETTERS}1/", "/redaction/propositions/1/corriger/", **typed)
    assert answer.headers["Location"] == f"{LETTERS}1/?fait=corrige#proposition-1"
    page = client.get("/redaction/propositions/1/")
    assert "jusqu'au 12 févr. 2021 à 18 h" in words(page)
    assert "corrigé à la main" in page.text
    with site.app_context():
        draft = db.session.get(Draft, 1)
        assert draft.corrected["classes"] == ["ce2", "cm1", "cm2", "6e"]
        assert draft.item["last_day"] == "2021-02-05"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"titre": ""}, "Indiquez un titre."),
        ({"dernier_jour": ""}, "Une date limite a un dernier jour."),
        ({"dernier_jour": "31 février"}, "Écrivez un jour, par exemple 11/02/2021."),
        (
            {"nature": "ouvert", "premier_jour": "2021-03-01"},
            "Le dernier jour vient avant le premier.",
        ),
        ({"fin": "25 h"}, "Écrivez une heure, par exemple 14:30."),
        ({"pour": "Lile"}, "Vouliez-vous dire « Lille » ?"),
        ({"classes": "CM3"}, "Nous ne connaissons pas la classe « CM3 »."),
        ({"lien": "javascript:alert(1)"}, "Une adresse commence par http:// ou https://."),
    ],
)
def test_a_correction_that_cannot_be_says_why_and_keeps_all(site, wrong, said):
    client = logged_in(site)
    drop(client)
    typed = {
        "titre": "Titre",
        "nature": "inscription",
        "dernier_jour": "2021-02-12",
        "lieu": "Arras",
    }
    before = dump(site)
    answer = act(client, f"{LETTERS}1/", "/redaction/propositions/1/corriger/", **(typed | wrong))
    assert answer.status_code == 400
    assert said.replace("« ", "«\u202f").replace(" »", "\u202f»") in words(answer).replace(
        "« ", "«\u202f"
    ).replace(" »", "\u202f»")
    assert 'value="Arras"' in answer.text
    assert dump(site) == before


def test_a_draft_is_attached_to_a_date_that_it_moves(site):
    publish(site, entry(scope={"academies": ["lille"]}), now=NOW)
    client = logged_in(site)
    drop(client)
    answer = act(
        client, f"{LETTERS}1/", "/redaction/propositions/1/rattacher/", evenement=f"{ID}/deadline"
    )
    assert answer.status_code == 303
    assert "11/02 → 05/02" in words(client.get("/redaction/propositions/1/"))
    act(client, f"{LETTERS}1/", "/redaction/propositions/1/accepter/")
    assert "date avancée" in words(site.test_client().get(f"/evenements/{ID}/?le=2021-01-04"))


def test_the_second_of_two_editors_is_told_what_the_first_did(site):
    client, other = logged_in(site), logged_in(site, "administrateur", None)
    drop(client)
    page = other.get("/redaction/propositions/1/").text
    form = re.search(r'action="/redaction/propositions/1/accepter/".*?</form>', page, re.DOTALL)[0]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    act(client, f"{LETTERS}1/", "/redaction/propositions/1/refuser/")
    answer = other.post("/redaction/propositions/1/accepter/", data=hidden)
    assert answer.status_code == 409
    assert "déjà traitée : refusé par Zoé lille" in words(answer)
    with site.app_context():
        assert db.session.scalar(select(Event)) is None
        assert len(list(db.session.scalars(select(Change)))) == 1
