"""Signing up and the personal pages in a browser: by keyboard, with and without scripts, and their
accessibility."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from calendar_app.app import answer_requests, create_app
from calendar_app.config.settings import Settings
from calendar_app.reminders import asked, follows, personal_agenda, subscriptions
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.reminders.subscribers import SignUp
from calendar_app.school.local_time import PARIS
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import db
from calendar_app.web.visitors import links
from calendar_app.words.mail_addresses import MailAddress
from tests.browser.looking import for_everybody
from tests.browser.test_pages import tab_to
from tests.conftest import close
from tests.factories import entry, publish
from tests.reminders.test_subscriptions import CM2

#: The present day in Paris, which the site uses; late in the evening, the UTC day is one behind.
TODAY = datetime.now(PARIS).date()
YEAR = SchoolYear.of(TODAY + timedelta(days=20))
EVENT = f"prochain-{YEAR.label}"


@pytest.fixture(scope="module")
def store(site, instance) -> Iterator[Flask]:
    """An application on the store of the site, with two contests ahead."""
    app = create_app(Settings.from_environment({"CALENDAR_PUBLIC_URL": site}, instance))
    day = (TODAY + timedelta(days=20)).isoformat()
    publish(
        app,
        *(
            entry(
                id=f"{series}-{YEAR.label}",
                series=series,
                title=title,
                school_year=YEAR.label,
                milestones=[{"kind": "submission_deadline", "day": day}],
            )
            for series, title in (("prochain", "Le prochain concours"), ("autre", "Un autre"))
        ),
        now=datetime.now(UTC),
    )
    yield app
    close(app)


def find(store: Flask, address: str) -> Subscriber:
    with store.app_context():
        answer_requests(store, datetime.now(UTC))  # as the worker does
        found = db.session.scalar(select(Subscriber).where(Subscriber.address_key == address))
        assert found is not None
        return found


def code_of(store: Flask, address: str) -> str:
    """Return the code of six digits of the confirmation mail."""
    found = find(store, address)
    assert found.code_at is not None
    with store.app_context():
        return links().code(found.uid, found.code_at)


def token_of(store: Flask, address: str, *, confirmed: bool = True) -> str:
    """Sign an address up and return the token of its personal link."""
    now = datetime.now(UTC)
    with store.app_context():
        wanted = SignUp(MailAddress.read(address), CM2, (EVENT,))
        asked.sign_up(db.session, wanted, now)
        uid = find(store, address).uid
        if confirmed:
            subscriptions.confirm(db.session, uid, "lien", now)
        return links().token(uid)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_keyboard_goes_from_an_event_to_confirmed_reminders(new_page, store, scripts):
    address = f"clavier-{scripts}@ecole.example".lower()
    page = new_page(java_script_enabled=scripts)
    page.goto(f"/evenements/{EVENT}/?academie=lille")

    # 1. Follow « Me prévenir »: the form knows the académie and the event.
    tab_to(page, page.get_by_role("link", name="Me prévenir par courriel"))
    page.locator(":focus").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Rappels par courriel")
    expect(page.get_by_role("main")).to_contain_text("Me prévenir de : Le prochain concours")
    expect(page.get_by_label("Académie, département")).to_have_value("Lille")

    # 2. Send the form with a mistake: the summary leads to the field.
    tab_to(page, page.get_by_label("Mon adresse de courriel"))
    page.keyboard.type("clavier@")
    page.locator(":focus").press("Enter")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Écrivez une adresse complète")
    tab_to(page, alert.get_by_role("link", name=re.compile("adresse complète")))
    page.locator(":focus").press("Enter")
    typed = page.get_by_label("Mon adresse de courriel")
    expect(typed).to_be_focused()
    expect(typed).to_have_value("clavier@")
    page.keyboard.press("Control+A")
    page.keyboard.type(address)

    # 3. Choose the school; the usual leads are already ticked.
    school = page.get_by_role("radio", name="école (pas de classe le mercredi)")
    tab_to(page, school)
    page.keyboard.press("Space")
    expect(school).to_be_checked()
    expect(page.get_by_label("3 semaines de classe avant la date")).to_be_checked()
    tab_to(page, page.get_by_role("button", name="M’abonner aux rappels"))
    page.locator(":focus").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Vérifiez votre courriel")
    expect(page.get_by_role("main")).to_contain_text(address)

    # 4. Type the six digits of the mail.
    tab_to(page, page.get_by_label("Code à six chiffres"))
    page.keyboard.type(code_of(store, address))
    page.locator(":focus").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("C’est confirmé")
    followed = page.get_by_role("region", name="Bientôt, dans ce que vous suivez")
    expect(followed).to_contain_text("Le prochain concours")
    left = (TODAY + timedelta(days=20) - datetime.now(PARIS).date()).days
    expect(followed).to_contain_text(f"dans {left} jours")

    # 5. Pick another contest, then change the preferences.
    tab_to(page, page.get_by_role("button", name=re.compile("^Me prévenir de Un autre")))
    page.locator(":focus").press("Enter")
    expect(page.get_by_role("status")).to_have_text("C’est noté.")
    tab_to(page, page.get_by_role("link", name="Tous mes rappels"))
    page.locator(":focus").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Mes rappels")
    weekly = page.get_by_label("Le point de la semaine")
    tab_to(page, weekly)
    page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Enregistrer mes réglages"))
    page.locator(":focus").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Vos choix sont enregistrés.")
    expect(weekly).to_be_checked()


def test_a_keyboard_never_stops_at_the_trap(new_page):
    page = new_page()
    page.goto("/abonnement/")
    trap = page.locator("[name=site_web]")
    tab_to(page, page.get_by_label("Mon adresse de courriel"))
    page.keyboard.press("Tab")
    expect(page.get_by_label("Académie, département")).to_be_focused()
    box = trap.bounding_box()
    assert box is None or box["x"] + box["width"] <= 0, "it is seen"


# -- every personal page, in each state ------------------------------------------------------------


def _mailbox(page: Page, store: Flask) -> None:
    page.goto("/abonnement/retrouver/")
    page.get_by_label("Mon adresse").fill("personne@ecole.example")
    page.get_by_role("button", name="Recevoir mon lien").click()


def _wrong_code(page: Page, store: Flask) -> None:
    _mailbox(page, store)
    page.get_by_label("Code à six chiffres").fill("1")
    page.get_by_role("button", name="Valider").click()


def _mistakes(page: Page, store: Flask) -> None:
    page.goto("/abonnement/?niveau=cycle-3&theme=robotique")
    page.get_by_label("Mon adresse").fill("x")
    page.get_by_label("Académie, département").fill("Atlantide")
    page.get_by_role("radio", name="lycée").check()
    for box in page.locator("[name=delai]").all():
        box.uncheck()
    page.get_by_role("button", name="M’abonner").click()


def _confirm(page: Page, store: Flask) -> None:
    token = token_of(store, "attend@ecole.example", confirmed=False)
    page.goto(f"/abonnement/lien/{token}/confirmer/")


def _personal(
    rest: str = "", verb: Callable[..., Any] | None = None, *more: Any
) -> Callable[[Page, Flask], None]:
    def open_(page: Page, store: Flask) -> None:
        name = getattr(verb, "__name__", "rien") + (rest.strip("/").replace("/", "-") or "")
        address = re.sub(r"[^a-z]+", "-", name).strip("-") + "@ecole.example"
        with store.app_context():
            known = db.session.scalar(select(Subscriber).where(Subscriber.address_key == address))
            token = links().token(known.uid) if known else None
        if token is None:
            token = token_of(store, address)
            if verb:
                with store.app_context():
                    verb(db.session, find(store, address).uid, *more, datetime.now(UTC))
        page.goto(f"/abonnement/lien/{token}/{rest}")

    return open_


PERSONAL: dict[str, tuple[Callable[[Page, Flask], None], str]] = {
    "check-mailbox": (_mailbox, "Rien n’arrive"),
    "wrong-code": (_wrong_code, "Ce code n’est pas"),
    "mistakes": (_mistakes, "À corriger"),
    "confirm": (_confirm, "Un dernier geste"),
    "preferences": (_personal("", follows.pick, f"autre-{YEAR.label}"), "Un autre"),
    "agenda": (_personal("", personal_agenda.start), "Renouveler cette adresse"),
    "paused": (_personal("", subscriptions.pause), "Vos rappels sont en pause"),
    "event": (_personal(f"evenements/{EVENT}/"), "Où en est la classe"),
    "event-wanted": (_personal(f"evenements/{EVENT}/?reponse=inscrits"), "Votre réponse"),
    "unsubscribe": (_personal("desabonnement/"), "Plus aucun rappel ne partira"),
    "ended": (_personal("", subscriptions.unsubscribe), "Vos rappels sont arrêtés"),
}


@pytest.mark.parametrize("name", PERSONAL)
def test_everybody_can_read_and_use_the_personal_pages(new_page, store, name):
    open_, shows = PERSONAL[name]
    page = new_page()
    open_(page, store)
    expect(page.get_by_role("main")).to_contain_text(shows)
    for_everybody(page, name)
    assert page.context.cookies() == []
