"""The queue and a letter of the editors' room in a browser: what fits a screen, what stands beside
what, and the keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from calendar_app import letters
from calendar_app.app import create_app
from calendar_app.config.settings import data_folder
from calendar_app.editing import accounts, drafts, suggestions
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.draft_states import DraftState
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.store.base import db, writing
from tests.browser.looking import for_everybody
from tests.browser.test_pages import box
from tests.browser.writing.test_editors import LETTER, PASSWORD, ZOE, _settings
from tests.browser.writing.test_event_editing import LILLE, enter
from tests.conftest import close
from tests.editing.test_suggestions import RALLYE

#: A letter with 8 dates.
PLACE = "/redaction/lettres/1/"
#: The numbers of those that are certain.
CERTAIN = (3, 5)
#: Two of the others: the 4th and the 6th date.
DEFI, RECUEIL = (
    "Défi robotique de l\N{RIGHT SINGLE QUOTATION MARK}académie",
    "Semaine académique de la lecture",
)


@pytest.fixture(scope="module")
def store(site, instance) -> Iterator[Flask]:
    """An application on the store of the site, with an editor, a letter and a suggestion."""
    app, now = create_app(_settings(site, instance)), datetime.now(UTC)
    knowledge = letters.knowledge_of_files(data_folder())
    with app.app_context():
        token = accounts.add(db.session, ZOE, "Zoé Martin", EditorRole.PUBLISHER, LILLE, now)
        accounts.set_password(db.session, token, PASSWORD, now)
        drafts.import_letter(db.session, LETTER.read_bytes(), LETTER.name, None, now, knowledge)
        suggestions.suggest(db.session, replace(RALLYE, departments=()), now)
        with writing(db.session, now):
            # Whatever the reader is sure of today.
            for number, draft in enumerate(db.session.query(Draft).order_by(Draft.id), 1):
                draft.confidence = 0.9 if number in CERTAIN else 0.5
    yield app
    close(app)


@pytest.fixture
def page(store, new_page) -> Page:
    """The page of the letter, 1280 × 900, of an editor who just logged in."""
    page = new_page(viewport={"width": 1280, "height": 900})
    enter(page)
    page.goto(PLACE)
    return page


def states(store: Flask) -> list[DraftState]:
    with store.app_context():
        return [draft.state for draft in db.session.query(Draft).order_by(Draft.id)]


def row(page: Page, title: str) -> Locator:
    return page.get_by_role("article", name=title)


def to_defi(page: Page) -> None:
    """Go from the top of the page to the third draft, which is :data:`DEFI`."""
    for _ in range(3):
        page.keyboard.press("j")


def test_a_letter_of_eight_dates_takes_one_scroll_at_most(page):
    expect(page.get_by_role("heading", level=2)).to_have_text("8 dates de votre périmètre")
    assert page.locator(".draft").count() == 8
    assert page.evaluate("document.documentElement.scrollHeight") <= 2 * 900
    # Six are to be read; the certain ones are folded, below, and accepted by one button.
    expect(page.get_by_role("article")).to_have_count(6)
    expect(page.get_by_role("button", name="Accepter les 2 dates sûres")).to_be_visible()
    page.get_by_text("2 dates sûres", exact=True).click()
    expect(page.get_by_role("article")).to_have_count(8)
    assert page.evaluate("document.documentElement.scrollHeight") <= 2 * 900
    # The text stays beside the last of them.
    page.get_by_role("article").last.scroll_into_view_if_needed()
    expect(page.get_by_role("region", name="Texte de la lettre")).to_be_in_viewport(ratio=0.5)


def test_dates_and_drafts_have_the_same_numbers_and_lead_to_each_other(page):
    text = page.get_by_role("region", name="Texte de la lettre")
    assert text.locator(".no").all_inner_texts() == [str(n) for n in range(1, 9)]
    row(page, RECUEIL).get_by_role("link", name="6 : voir la phrase").click()
    expect(text.locator("mark:has(:target)")).to_have_text(re.compile("6 .+ mai 2026"))
    expect(text.locator("mark:has(:target)")).to_be_in_viewport()
    text.get_by_role("link", name=re.compile("^3 ")).click()
    # It was folded among the certain ones.
    expect(row(page, "Défi robotique de l’académie : finale académique")).to_be_in_viewport()


def test_the_text_follows_the_draft_that_has_the_focus(page):
    now = page.locator(".text .now")
    expect(now).to_have_count(0)
    to_defi(page)
    expect(now).to_have_text("4 avant le 15 janvier 2026")
    text = box(page.locator(".text"))
    assert text.top <= box(now).top < text.bottom
    row(page, RECUEIL).get_by_role("button", name="Refuser").focus()
    expect(now).to_have_text(re.compile("6 .+ mai 2026"))


def test_keys_do_nothing_in_fields_nor_with_other_keys(page, store):
    was, defi = states(store), row(page, DEFI)
    page.keyboard.press("a")
    to_defi(page)
    expect(defi.locator("summary").first).to_be_focused()
    for keys in ("Control+a", "Alt+r", "Shift+A"):
        page.keyboard.press(keys)
    page.locator(":focus").press("Enter")
    title = defi.get_by_label("Titre (obligatoire)")
    title.fill("")
    title.press_sequentially("jkar")
    expect(title).to_have_value("jkar")
    defi.get_by_label("Ce qui se passe").press("a")
    assert page.url.endswith(PLACE)
    assert states(store) == was


def test_the_keys_are_switched_off_for_good(page, store):
    was, active = states(store), page.get_by_label("Raccourcis actifs")
    expect(page.get_by_text("Raccourcis : j suivante")).to_be_visible()
    active.uncheck()
    page.reload()
    expect(active).not_to_be_checked()
    row(page, DEFI).locator("summary").first.focus()
    for key in "jkar":
        page.keyboard.press(key)
    expect(row(page, DEFI).locator("summary").first).to_be_focused()
    assert states(store) == was
    active.check()
    page.reload()
    expect(active).to_be_checked()


def test_a_window_without_the_switch_has_no_keys(page, store):
    """Of a desktop at 200 %, too: a key that nobody can switch off must not act (RGAA 12.10)."""
    was = states(store)
    page.set_viewport_size({"width": 640, "height": 450})
    expect(page.get_by_label("Raccourcis actifs")).to_be_hidden()
    summary = row(page, DEFI).locator("summary").first
    summary.focus()
    for key in "jka":
        page.keyboard.press(key)
        expect(summary).to_be_focused()
    assert states(store) == was


def test_what_is_typed_into_a_correction_is_not_lost_by_a_key(page, store):
    was, asked = states(store), []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    defi = row(page, DEFI)
    defi.locator("summary").first.click()
    defi.get_by_label("Titre (obligatoire)").press_sequentially("x")
    defi.locator("summary").first.focus()
    with page.expect_event("dialog"):
        page.keyboard.press("a")
    assert asked == ["beforeunload"]
    assert states(store) == was


def test_the_answer_to_a_suggestion_is_asked_before_it_is_refused(page, store):
    was = states(store)
    page.goto("/redaction/")
    card = row(page, RALLYE.title)
    card.locator("summary").first.focus()
    page.keyboard.press("r")
    expect(card.get_by_label("Réponse (envoyée avec la décision")).to_be_focused()
    expect(card.get_by_label("Réponse (envoyée avec la décision")).to_have_value("")
    assert states(store) == was


def test_the_room_with_keys_is_for_everybody(page):
    for place in (PLACE, "/redaction/"):
        page.goto(place)
        for_everybody(page, place)


def test_a_draft_is_opened_and_accepted_without_scripts(store, new_page):
    page = new_page(java_script_enabled=False)
    enter(page)
    page.goto(PLACE)
    expect(page.get_by_text("Raccourcis")).to_be_hidden()
    recueil = row(page, RECUEIL)
    expect(recueil.get_by_label("Titre (obligatoire)")).to_be_hidden()
    recueil.locator("summary").first.click()
    expect(recueil.get_by_label("Titre (obligatoire)")).to_have_value(RECUEIL)
    expect(recueil.get_by_role("button", name="Accepter")).to_be_visible()


def test_keys_act_on_the_draft_that_has_the_focus(page, store):
    def sees(settled: int, words: str) -> None:
        expect(page.get_by_role("progressbar")).to_have_attribute("value", str(settled))
        expect(page.get_by_role("progressbar", name=words)).to_be_visible()

    sees(0, "0 sur 8 vérifiée")
    first, second = (row(page, title).locator("summary").first for title in (DEFI, RECUEIL))
    to_defi(page)
    expect(first).to_be_focused()
    page.keyboard.press("j")
    expect(second).to_be_focused()
    for _ in range(5):
        page.keyboard.press("j")  # the last one in sight keeps the focus
    expect(page.get_by_role("article").last.locator("summary").first).to_be_focused()
    for _ in range(3):
        page.keyboard.press("k")
    expect(first).to_be_focused()
    page.keyboard.press("a")
    expect(page.get_by_role("status")).to_have_text("C’est publié.")
    assert states(store)[3] is DraftState.ACCEPTED
    sees(1, "1 sur 8 vérifiée")
    # The next one to read has the focus already.
    page.keyboard.press("r")
    expect(page.get_by_role("status")).to_have_text("La proposition est refusée.")
    assert states(store)[5] is DraftState.REFUSED
    sees(2, "2 sur 8 vérifiées")
