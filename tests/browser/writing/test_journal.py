"""The journal in a browser: find a change, revert it by keyboard; the pages are accessible."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from calendar_app import letters
from calendar_app.app import create_app
from calendar_app.config.settings import data_folder
from calendar_app.editing import accounts, drafts, events, moderation
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.sources import LinkCheck
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import db, writing
from tests.browser.looking import for_everybody
from tests.browser.test_pages import tab_to
from tests.browser.writing.test_editors import LETTER, PASSWORD, ZOE, _settings
from tests.conftest import close
from tests.editing.test_events import facts, wanted
from tests.factories import ID, entry, publish

LONG = "https://concours.example/" + "inscription-des-classes-" * 12
DEAD = "https://ancien-site.example/concours/2020/reglement.html"


@pytest.fixture(scope="module")
def store(site, instance) -> Iterator[Flask]:
    """An application on the store of the site, with an event of Lille that was changed twice and a
    refused draft."""
    app, now = create_app(_settings(site, instance)), datetime.now(UTC)
    soon = (now + timedelta(days=9)).date()
    of = {"school_year": SchoolYear.of(soon).label, "id": f"essai-{SchoolYear.of(soon).label}"}
    deadline = {"kind": "deadline", "day": soon.isoformat()}
    publish(app, entry(**of, milestones=[deadline], link=DEAD))
    publish(app, entry(scope={"academies": ["lille"]}))
    with app.app_context():
        lille = frozenset({"academie/lille"})
        token = accounts.add(db.session, ZOE, "Zoé Martin", EditorRole.PUBLISHER, lille, now)
        accounts.set_password(db.session, token, PASSWORD, now)
        zoe = db.session.query(Editor).filter_by(address=ZOE).one()
        for changes, why in (
            ({"title": "Concours d'essai des écoles du Nord", "participation__cost": "2 €"}, None),
            (
                {
                    "link": LONG,
                    "milestones__deadline": {"kind": "deadline", "day": "2021-02-25"},
                    "scope": {"departments": ["59", "62"]},
                },
                "L'organisateur laisse deux semaines de plus aux classes.",
            ),
        ):
            seen = facts(ID)
            events.save(db.session, zoe, wanted(seen, **changes), seen, now, why=why)
        knowledge = letters.knowledge_of_files(data_folder())
        drafts.import_letter(db.session, LETTER.read_bytes(), LETTER.name, None, now, knowledge)
        first = moderation.queue(db.session, zoe)[0]
        moderation.refuse(db.session, zoe, first.id, first.revision, "Hors sujet.", now)
        with writing(db.session, now):
            dead = LinkCheck(link=DEAD, checked_at=now, dead_since=now)
            dead.reason = "cette page n'existe plus"
            db.session.add(dead)
    yield app
    close(app)


@pytest.fixture
def page(store, new_page) -> Page:
    """A page on which the editor Zoé is logged in."""
    page = new_page()
    page.goto("/redaction/connexion/")
    page.get_by_label("Mon adresse de courriel").fill(ZOE)
    page.get_by_label("Mon mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Me connecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("À vérifier")
    expect(page.get_by_role("complementary")).to_contain_text(f"{DEAD} : cette page n’existe plus")
    return page


def test_the_journal_is_for_everybody(page):
    for place in ("", "journal/", "journal/2/", "journal/3/", f"evenements/{ID}/"):
        page.goto(f"/redaction/{place}")
        for_everybody(page, place)


def test_a_change_is_taken_back_by_keyboard(page):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    tab_to(page, page.get_by_role("link", name="Journal"))
    page.locator(":focus").press("Enter")
    expect(page.get_by_role("article")).to_have_count(3)
    page.get_by_label("Action", exact=True).select_option("edited")
    tab_to(page, page.get_by_role("button", name="Filtrer"))
    page.locator(":focus").press("Enter")
    expect(page.get_by_role("article")).to_have_count(2)
    tab_to(page, page.get_by_role("link", name="défaire ce changement").first)
    page.locator(":focus").press("Enter")
    tab_to(page, page.get_by_label("Pourquoi le défaire"))
    page.keyboard.insert_text("C'était une autre date.")
    page.locator(":focus").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Le changement est défait.")
    expect(page.get_by_role("article")).to_contain_text("25 février 2021 → 11 février 2021")
    page.goto(f"/evenements/{ID}/")
    expect(page.get_by_role("main")).to_contain_text("11 février 2021")
    assert complaints == []
