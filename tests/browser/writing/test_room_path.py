"""The whole path of an editor in a browser, by keyboard: from the password link to the feed of the
académie. An editor of another académie gets nothing of it."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from icalendar import Calendar
from playwright.sync_api import Page, expect

from calendar_app.app import create_app
from calendar_app.catalogue import queries
from calendar_app.editing import accounts
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.store.base import db
from tests import commands
from tests.browser.conftest import ROOT
from tests.browser.looking import for_everybody
from tests.browser.test_pages import tab_to
from tests.browser.writing.test_editors import PASSWORD, ZOE, _settings, set_password_and_log_in
from tests.conftest import close
from tests.tools import PATIENCE, wait_for

LETTER = ROOT / "tests" / "letters" / "examples" / "dane-lille.txt"
LYON = "max@ac-lyon.example"


@pytest.fixture(scope="module")
def store(site, instance) -> Iterator[Flask]:
    app = create_app(_settings(site, instance))
    yield app
    close(app)


def invite_by_command(site: str, instance: Path) -> str:
    """Add the editor of Lille with the command for operators; return the link that it prints."""
    command = "editors add --role responsable --academy lille".split()
    environ = {"CALENDAR_INSTANCE": str(instance), "CALENDAR_PUBLIC_URL": site, "PATH": ""}
    out, _ = commands.start(*command, ZOE, "Zoé Martin", environ=environ).communicate()
    return next(word for word in out.split() if word.startswith("http"))


def version(store: Flask) -> int:
    with store.app_context():
        return queries.catalogue(db.session).version


def feed(site: str) -> dict[str, str]:
    address = f"{site}/flux/academie-de-lille.ics?depuis=2025-09"
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
        events = Calendar.from_ical(answer.read()).walk("VEVENT")
    return {str(e["SUMMARY"]): e["DTSTART"].dt.isoformat() for e in events}


def press(page: Page, name: str) -> None:
    tab_to(page, page.get_by_role("button", name=name).first)
    page.locator(":focus").press("Enter")


def jump(page: Page, phrase: str) -> None:
    """Go by keyboard from a date in the text of the letter to the proposal made from it."""
    page.reload()  # the focus starts at the top of the page again
    tab_to(page, page.locator(".text mark a").filter(has_text=phrase))
    page.locator(":focus").press("Enter")


def decide(page: Page, name: str) -> None:
    """Press a button of the proposal to which :func:`jump` went, maybe into what was folded."""
    tab_to(page, page.locator(".draft:target").get_by_role("button", name=name))
    page.locator(":focus").press("Enter")


def test_from_the_link_to_the_feed_by_keyboard(site, instance, store, new_page):
    page, complaints = new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    set_password_and_log_in(page, invite_by_command(site, instance))
    before, was = feed(site), version(store)

    tab_to(page, page.get_by_label("… ou le texte, collé ici"))
    page.keyboard.insert_text(LETTER.read_text(encoding="utf-8"))
    press(page, "Lire cette lettre")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ma classe raconte son quartier")
    assert page.locator(".draft").count() == 8
    assert page.locator(".text mark").count() == 8
    assert (feed(site), version(store)) == (before, was), "a letter publishes nothing"

    # Two proposals are accepted and one is refused.
    jump(page, "dernier délai")
    decide(page, "Accepter et publier Vidéos de poche")
    expect(page.get_by_role("status")).to_have_text("C’est publié.")
    jump(page, "16 au 20 mars")
    decide(page, "Accepter et publier Semaine académique de la lecture")
    expect(page.get_by_role("status")).to_have_text("C’est publié.")
    jump(page, "de 13h30 à 17h30")
    decide(page, "Refuser Défi robotique")
    expect(page.get_by_role("status")).to_have_text("La proposition est refusée.")
    assert version(store) == was + 2
    published = {
        "Dernier jour d'envoi des productions : Vidéos de poche": "2026-04-30",
        "Semaine académique de la lecture": "2026-03-16",
    }
    # The server looks each second whether the catalogue changed.
    wait_for(lambda: feed(site) == before | published)
    assert complaints == []


def test_an_editor_of_lyon_sees_and_touches_nothing_of_it(site, instance, store, new_page):
    lyon, now = frozenset({"academie/lyon"}), datetime.now(UTC)
    with store.app_context():
        token = accounts.add(db.session, LYON, "Max", EditorRole.PUBLISHER, lyon, now)
        accounts.set_password(db.session, token, PASSWORD, now)
    was, page = version(store), new_page()
    page.goto("/redaction/connexion/")
    page.get_by_label("Mon adresse de courriel").fill(LYON)
    page.get_by_label("Mon mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Me connecter").click()
    expect(page.get_by_text("Rien n’attend d’être vérifié.")).to_be_visible()
    for place in ("lettres/1/", "propositions/1/"):
        assert page.goto(f"/redaction/{place}").status == 404
    for act in ("propositions/1/accepter/", "propositions/1/refuser/", "lettres/1/accepter/"):
        assert page.request.post(f"/redaction/{act}", form={"revision": "1"}).status == 404
    assert version(store) == was


def test_the_letter_is_for_everybody(site, instance, store, new_page):
    page, now = new_page(), datetime.now(UTC)
    with store.app_context():
        lille = frozenset({"academie/lille"})
        accounts.add(db.session, ZOE, "Zoé Martin", EditorRole.PUBLISHER, lille, now)
        token = accounts.reset(db.session, ZOE, now)
    set_password_and_log_in(page, f"/redaction/mot-de-passe/{token}/")
    for place in ("", "lettres/", "lettres/1/", "propositions/8/"):
        page.goto(f"/redaction/{place}")
        for_everybody(page, place)
