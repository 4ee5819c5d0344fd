"""« Lettres reçues par courriel »: what each editor sees and does there."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from html import unescape

import pytest
import time_machine
from click.testing import CliRunner

from calendar_app.cli import doctor, reminders
from calendar_app.editing.mailbox import receiving, waiting_room
from calendar_app.store.base import db
from tests.editing.test_mailbox import STRANGER, mail
from tests.editing.test_moderation import KNOWLEDGE
from tests.signed_in import cookie, token
from tests.web.editing.test_editor_pages import make_editor

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
PAGE = "/redaction/courriels/"


@pytest.fixture
def site(make_app):
    mailbox = "imaps://lettres%40ac-exemple.fr:secret@imap.example/INBOX"
    with time_machine.travel(NOW, tick=False):
        yield make_app("empty", CALENDAR_LETTERS_MAILBOX=mailbox)


def client_of(site, role: str, slug: str | None = None):
    client = site.test_client()
    address = make_editor(site, role, slug)
    client.set_cookie("redaction", cookie(site, address).partition("=")[2])
    return client


def said(answer) -> str:
    """Return the words of a page as they were written, without its typography."""
    return unescape(answer.text).translate({0xA0: " ", 0x202F: " ", 0x2019: "'"})


def send(site, client, path: str, **fields: str):
    return client.post(path, data=fields | {"jeton": token(site, path)})


def test_a_stranger_is_shown_to_an_administrator_only(site):
    chief, lille = client_of(site, "administrateur"), client_of(site, "responsable", "lille")
    with site.app_context():
        receiving.receive(db.session, mail(to="x@y.example"), NOW, KNOWLEDGE)
    for page in (PAGE, "/redaction/lettres/"):
        assert STRANGER not in lille.get(page).text
        assert "inconnu" not in lille.get(page).text
    shown = chief.get(PAGE).text
    assert STRANGER in shown
    assert "Infolettre de janvier" in shown
    assert "1 d'expéditeurs inconnus" in chief.get("/redaction/lettres/").text
    refused = send(site, chief, f"{PAGE}1/lire/", **{"pour-1": "Nulle part"})
    assert (refused.status_code, "Nous ne connaissons pas" in refused.text) == (400, True)
    fields = {"pour-1": "Lille", "action": "declarer"}
    assert send(site, chief, f"{PAGE}1/lire/", **fields).location.endswith("?fait=lu")
    assert STRANGER in lille.get(PAGE).text  # a declared sender of Lille, by now
    assert "par courriel" in lille.get("/redaction/lettres/").text
    assert send(site, chief, f"{PAGE}1/lire/", **fields).status_code == 404


def test_it_is_said_how_full_the_room_of_strangers_is(site, monkeypatch):
    chief, lille = client_of(site, "administrateur"), client_of(site, "responsable", "lille")
    service = "/redaction/service/"
    assert "Aucun courriel d'expéditeur inconnu n'attend." in said(lille.get(service))
    with site.app_context():
        for number in range(2):
            data = mail(f"Lettre {number}", to="x@y.example")
            receiving.receive(db.session, data, NOW, KNOWLEDGE)
        well = [*doctor._CHECKS["Vacances et sources"](site, NOW)]
    assert "2 en attente, 1 Mio sur 200." in said(chief.get(PAGE))
    assert "1 Mio sur 200" not in said(lille.get(PAGE))
    assert "2 courriels, 1 Mio sur 200." in said(lille.get(service))
    assert "décidez-en" not in said(lille.get(service))
    monkeypatch.setattr(waiting_room, "MOST_WAITING", 20 * 2**20)
    for page in (PAGE, service):
        assert "occupent 1 Mio sur 20 : décidez-en" in said(chief.get(page))
    monkeypatch.setattr(reminders, "entered", lambda: nullcontext(site))
    with site.app_context():
        [found] = {*doctor._CHECKS["Vacances et sources"](site, NOW)} - {*well}
        checked = CliRunner().invoke(reminders.reminders_status, ["--check"])
    assert "2 courriels d'expéditeurs inconnus à trancher (1 Mio sur 20)." in checked.output
    assert found in str(checked.exception)


def test_a_refused_mail_is_gone_and_its_reason_stays(site):
    chief = client_of(site, "administrateur")
    with site.app_context():
        receiving.receive(db.session, mail(to="x@y.example"), NOW, KNOWLEDGE)
    # Nothing brings it back, so it is asked twice: a fold, then the button (RGAA 11.12).
    fold = chief.get(PAGE).text.partition("<summary>Refuser")[2].partition("</details>")[0]
    assert "seront effacés, pour toujours" in fold
    assert f'action="{PAGE}1/refuser/"' in fold
    assert send(site, chief, f"{PAGE}1/refuser/").location.endswith("?fait=ecarte")
    shown = said(chief.get(PAGE))
    assert STRANGER not in shown
    assert "L'administration du site l'a refusée." in shown


def test_a_sender_is_declared_and_withdrawn(site):
    lille, writer = client_of(site, "responsable", "lille"), client_of(site, "redacteur", "lille")
    assert "lettres@ac-exemple.fr" in writer.get(PAGE).text
    assert "secret" not in writer.get(PAGE).text
    assert "Déclarer cet expéditeur" not in writer.get(PAGE).text
    wrong = send(site, lille, PAGE, expediteur="rien", pour="Lille")
    assert (wrong.status_code, "Écrivez l'adresse" in said(wrong)) == (
        400,
        True,
    )
    elsewhere = send(site, lille, PAGE, expediteur=STRANGER, pour="Lyon")
    assert (elsewhere.status_code, "qui sont à vous" in said(elsewhere)) == (400, True)
    made = send(site, lille, PAGE, expediteur=STRANGER, pour="Lille")
    assert made.location.endswith("?fait=declare")
    assert STRANGER in writer.get(PAGE).text
    gone = send(site, lille, f"{PAGE}expediteurs/1/retirer/")
    assert gone.location.endswith("?fait=retire")
    assert STRANGER not in writer.get(PAGE).text
