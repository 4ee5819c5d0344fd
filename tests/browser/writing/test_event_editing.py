"""Writing an event in a browser: by keyboard, with a preview, without scripts, accessibly."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from calendar_app.app import create_app
from calendar_app.editing import accounts, events
from calendar_app.editing.followed import agendas
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.school.local_time import PARIS
from calendar_app.store.base import db
from tests.browser.looking import for_everybody
from tests.browser.test_pages import tab_to
from tests.browser.writing.test_editors import PASSWORD, ZOE, _settings
from tests.conftest import close
from tests.editing.test_events import facts, wanted
from tests.tools import PATIENCE, wait_for
from tests.web.test_injection import CORES, TEXTS

EVENT = "fete-de-l-apprendre-2020-2021"
LILLE = frozenset({"academie/lille"})


@pytest.fixture(scope="module")
def store(site, instance) -> Iterator[Flask]:
    """An application on the store of the site, with an editor of Lille who follows an agenda."""
    app, now = create_app(_settings(site, instance)), datetime.now(UTC)
    with app.app_context():
        token = accounts.add(db.session, ZOE, "Zoé Martin", EditorRole.PUBLISHER, LILLE, now)
        accounts.set_password(db.session, token, PASSWORD, now)
        accounts.add(db.session, "ada@x.example", "Ada", EditorRole.ADMINISTRATOR, frozenset(), now)
        zoe = db.session.scalar(select(Editor).where(Editor.address == ZOE))
        followed = agendas.add(
            db.session, zoe, "Agenda Canopé", "https://agenda.example/x.ics", LILLE, now
        )
        agendas.pause(db.session, zoe, followed.id, True, now + timedelta(seconds=1))
    yield app
    close(app)


def enter(page: Page) -> None:
    page.goto("/redaction/connexion/")
    page.get_by_label("Mon adresse de courriel").fill(ZOE)
    page.get_by_label("Mon mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Me connecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("À vérifier")


def type_into(page: Page, label: str, text: str) -> None:
    tab_to(page, page.get_by_label(label, exact=True).first)
    page.keyboard.type(text)


def feed(site: str) -> str:
    with urllib.request.urlopen(f"{site}/flux/academie-de-lille.ics", timeout=PATIENCE) as answer:
        return answer.read().decode()


def day_ahead(count: int) -> str:
    return (datetime.now(PARIS).date() + timedelta(days=count)).isoformat()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_event_is_written_and_published_by_keyboard(site, store, new_page, scripts):
    page, complaints = new_page(java_script_enabled=scripts), []
    page.on("console", lambda message: complaints.append(message.text))
    enter(page)
    title = "Fleuves en poésie" if scripts else "Rallye des mathématiques"
    tab_to(page, page.get_by_role("link", name="Événements"))
    page.locator(":focus").press("Enter")
    tab_to(page, page.get_by_role("link", name="Nouvel événement"))
    page.locator(":focus").press("Enter")
    type_into(page, "Titre (obligatoire)", title)
    summary = "Résumé (une ou deux phrases, écrites par vous) (obligatoire)"
    type_into(page, summary, "Chaque classe écrit un poème.")
    type_into(page, "Qui organise (obligatoire)", "Une association")
    type_into(page, "Document où elle a été lue (obligatoire)", "Lettre d'essai")
    if scripts:
        # A screen reader is told that the preview changed; it is not read the whole preview.
        assert page.locator("#apercu").get_attribute("aria-live") is None
        preview = page.locator("#apercu")
        expect(preview).to_contain_text(title)
        expect(preview).to_contain_text("Toute l’année scolaire, sans jour précis.")
        expect(page.get_by_role("status")).to_have_text("Aperçu mis à jour")
    tab_to(page, page.get_by_role("button", name="Ajouter une date"))
    page.locator(":focus").press("Enter")
    tab_to(page, page.get_by_label("Ce qui se passe"))
    page.keyboard.type("Date limite")
    # The keys to type a date depend on the language of the browser; fill() does not.
    page.get_by_role("textbox", name="Jour (obligatoire)", exact=True).fill(day_ahead(40))
    tab_to(page, page.get_by_role("button", name="Aperçu"))
    page.locator(":focus").press("Enter")
    expect(page.locator("#apercu")).to_contain_text(f"Date limite : {title}")
    tab_to(page, page.get_by_role("button", name="Publier"))
    page.locator(":focus").press("Enter")
    expect(page.get_by_text("C’est enregistré et publié.")).to_be_visible()
    # The server looks each second whether the catalogue changed.
    wait_for(lambda: title in feed(site).replace("\r\n ", ""))
    assert complaints == []


def test_leaving_with_unsaved_work_asks_first(site, store, new_page):
    page, asked = new_page(), []
    enter(page)
    page.goto(f"/redaction/evenements/{EVENT}/")
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_label("Titre (obligatoire)").press_sequentially("x")
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Journal", exact=True).click(no_wait_after=True)
    assert asked == ["beforeunload"]
    assert page.url.endswith(f"/redaction/evenements/{EVENT}/")
    page.get_by_role("button", name="Publier").click()
    expect(page.get_by_text("C’est enregistré et publié.")).to_be_visible()
    assert asked == ["beforeunload"], "saving asks nothing"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize("width", [1280, 360])
def test_a_deadline_asks_for_one_day(site, store, new_page, scripts, width):
    page = new_page(width, java_script_enabled=scripts)
    enter(page)
    page.goto("/redaction/evenements/nouveau/")
    page.get_by_role("button", name="Ajouter une date").click()
    last, begins = page.get_by_label("Dernier jour, s’il"), page.get_by_label("Heure de début")
    expect(last).to_be_visible()
    page.get_by_label("Ce qui se passe").select_option("registration_deadline")
    expect(page.get_by_role("textbox", name="Jour (obligatoire)", exact=True)).to_be_visible()
    expect(page.get_by_role("textbox", name="Heure limite", exact=True)).to_be_visible()
    expect(last).to_be_hidden()
    expect(begins).to_be_hidden()
    # « mi-juin » is a range of days, so the last day is asked again.
    page.get_by_text("Précisions").click()
    page.get_by_label("Date approximative").fill("mi-juin")
    expect(last).to_be_visible()
    page.get_by_label("Date approximative").fill("")
    page.get_by_label("Ce qui se passe").select_option("session")
    expect(page.get_by_role("textbox", name="Jour, ou premier jour")).to_be_visible()
    expect(last).to_be_visible()


def test_leaving_after_an_apercu_asks_first(site, store, new_page):
    page, asked = new_page(), []
    enter(page)
    page.goto(f"/redaction/evenements/{EVENT}/")
    page.get_by_label("Pourquoi ce changement").fill("Le jury a plus de temps.")
    page.get_by_role("button", name="Aperçu").click()
    expect(page.get_by_label("Pourquoi ce changement")).to_have_value("Le jury a plus de temps.")
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Journal", exact=True).click(no_wait_after=True)
    assert asked == ["beforeunload"]


def test_editing_is_for_everybody(site, store, new_page):
    page = new_page()
    enter(page)
    for place in (
        "evenements/?annee=2020-2021",
        f"evenements/{EVENT}/",
        f"evenements/{EVENT}/edition-suivante/",
        "sources/",
        "sources/1/",
    ):
        page.goto(f"/redaction/{place}")
        for_everybody(page, place)
    page.goto("/redaction/evenements/nouveau/")
    page.get_by_role("button", name="Ajouter une date").click()
    page.get_by_label("Ce qui se passe").select_option("deadline")
    page.get_by_role("button", name="Publier").click()
    page.get_by_role("alert").get_by_role("link").first.click()
    assert page.locator(":focus").get_attribute("name") == "titre"
    for_everybody(page, "form with problems")


VIOLATIONS = """
  window.violations = [];
  document.addEventListener("securitypolicyviolation", e => window.violations.push(e.blockedURI));
"""


def test_nothing_that_was_typed_is_run_or_fetched(site, store, new_page):
    """No page with the texts opens a dialog, sends a request to another site or violates the
    content security policy."""
    page, unwanted = new_page(), []
    page.add_init_script(VIOLATIONS)
    page.on("dialog", lambda dialog: (unwanted.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda r: unwanted.append(r.url) if not r.url.startswith(site) else None)
    page.on("console", lambda message: unwanted.append(message.text))
    with store.app_context():
        admin = db.session.scalar(select(Editor).where(Editor.role == EditorRole.ADMINISTRATOR))
        seen = facts(EVENT)
        changes = {name.replace(".", "__"): " ".join(CORES[:4]) for name in TEXTS}
        events.save(db.session, admin, wanted(seen, **changes), seen, datetime.now(UTC))
    enter(page)
    for place in (
        f"/evenements/{EVENT}/?le=2021-01-15",
        "/?le=2021-01-15",
        "/agenda/?le=2021-01-15",
        "/calendrier/2021/01/?le=2021-01-15",
        "/annee-scolaire/2020-2021/",
        f"/abonnement/?evenement={EVENT}&le=2021-01-15",
        f"/proposer/?evenement={EVENT}",
        f"/redaction/evenements/{EVENT}/",
        "/redaction/evenements/?annee=2020-2021",
        "/redaction/journal/",
    ):
        page.goto(place)
        expect(page.locator("body")).to_contain_text("onerror=alert(1)")
        assert page.evaluate("window.violations") == [], place
    assert unwanted == []
