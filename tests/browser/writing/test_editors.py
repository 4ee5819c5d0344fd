"""The editors' room in a browser: by keyboard from the password link to the queue, and the
accessibility of its pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from calendar_app import letters
from calendar_app.app import create_app, letterhead
from calendar_app.config.settings import Settings, data_folder
from calendar_app.editing import accounts, drafts
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.store.base import db
from tests.browser.looking import for_everybody
from tests.browser.test_pages import tab_to
from tests.conftest import close

LETTER = Path(__file__).parents[2] / "letters" / "examples" / "dane-lille.txt"
ZOE, PASSWORD = "zoe@ac-lille.example", "une phrase qui se retient"


@pytest.fixture(scope="module")
def store(site, instance) -> Iterator[Flask]:
    """An application on the store of the site, with the drafts of a letter of Lille."""
    app, now = create_app(_settings(site, instance)), datetime.now(UTC)
    knowledge = letters.knowledge_of_files(data_folder())
    with app.app_context():
        drafts.import_letter(db.session, LETTER.read_bytes(), LETTER.name, None, now, knowledge)
    yield app
    close(app)


def _settings(site: str, instance: Path) -> Settings:
    return Settings.from_environment({"CALENDAR_PUBLIC_URL": site}, instance)


def invite(store: Flask, academy: str = "lille") -> str:
    """Add the editor of an académie, or reset her password; return the link to set a password."""
    scope, now = frozenset({f"academie/{academy}"}), datetime.now(UTC)
    with store.app_context():
        accounts.add(db.session, ZOE, "Zoé Martin", EditorRole.PUBLISHER, scope, now)
        return letterhead(store).links.password(accounts.reset(db.session, ZOE, now))


def set_password_and_log_in(page: Page, link: str) -> None:
    """Set the password and log in, only by keyboard."""
    page.goto(link)
    for label in ("Mon mot de passe", "Le même, encore une fois"):
        tab_to(page, page.get_by_label(label))
        page.keyboard.type(PASSWORD)
    page.locator(":focus").press("Enter")
    expect(page.get_by_role("status")).to_have_text(re.compile("mot de passe est enregistré"))
    tab_to(page, page.get_by_label("Mon adresse de courriel"))
    page.keyboard.type(ZOE)
    tab_to(page, page.get_by_label("Mon mot de passe"))
    page.keyboard.type(PASSWORD)
    page.locator(":focus").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("À vérifier")


def test_from_the_link_to_the_queue_and_out_by_keyboard(store, new_page):
    page = new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    set_password_and_log_in(page, invite(store))
    assert page.get_by_role("article").count() > 0
    [cookie] = page.context.cookies()
    assert (cookie["path"], cookie["httpOnly"], cookie["sameSite"]) == ("/redaction/", True, "Lax")
    tab_to(page, page.get_by_role("button", name="Me déconnecter"))
    page.locator(":focus").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Déconnexion faite.")
    page.goto("/redaction/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Connexion à la rédaction")
    assert complaints == []


def test_the_room_is_for_everybody(store, new_page):
    page, link = new_page(), invite(store)
    page.goto(link)
    for_everybody(page, "password")
    page.get_by_label("Mon mot de passe").fill("court")
    page.get_by_role("button", name="Enregistrer mon mot de passe").click()
    page.get_by_role("alert").get_by_role("link").first.click()
    assert page.locator(":focus").get_attribute("type") == "password"
    for_everybody(page, "password refused")
    set_password_and_log_in(page, link)
    for_everybody(page, "room")
    page.goto("/redaction/connexion/")
    for_everybody(page, "log-in")
    page.get_by_label("Mon adresse").fill(ZOE)
    page.get_by_label("Mon mot de passe").fill("autre chose")
    page.get_by_role("button", name="Me connecter").click()
    page.get_by_role("alert").wait_for()
    for_everybody(page, "log-in refused")


def test_the_first_hour_is_for_everybody(store, new_page):
    page = new_page()
    set_password_and_log_in(page, invite(store, "corse"))  # no draft is hers, so it is listed
    expect(page.get_by_role("heading", name="La première heure")).to_be_visible()
    for_everybody(page, "first hour")
    page.get_by_role("link", name="Déposer une lettre").click()
    expect(page).to_have_url(re.compile("#deposer$"))
