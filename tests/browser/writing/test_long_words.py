"""A long word, in any field, never widens a page or covers its neighbour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import select

from calendar_app.app import create_app
from calendar_app.editing import accounts, suggestions
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.store.base import db
from tests.browser.conftest import DESK, JANUARY
from tests.browser.looking import NARROW, STICKING_OUT
from tests.browser.writing.test_editors import PASSWORD, ZOE, _settings
from tests.browser.writing.test_event_editing import enter
from tests.conftest import close
from tests.editing.test_suggestions import MISTAKE, RALLYE
from tests.factories import ID, another, entry, publish

#: A word without a hyphen, a space or any other place where a line could break.
LONG = "Concoursdelectureetdecritureauxsoixantelettressansaucunecoupureabcdefgh"
#: A label of a host name has at most 63 letters.
LINK = f"https://{LONG[:60].lower()}.example/{LONG}"

#: Every page that shows texts of editors or visitors.
PAGES = (
    f"/?{JANUARY}",
    f"/?{JANUARY}&q={LONG}",
    f"/agenda/?{JANUARY}&q={LONG[:66]}",
    f"/agenda/?{JANUARY}&q={LONG}x",
    f"/calendrier/2021/02/?{JANUARY}",
    f"/calendrier/2021/03/?{JANUARY}",
    f"/annee-scolaire/2020-2021/?{JANUARY}",
    f"/annee-scolaire/2020-2021/affiche/?{JANUARY}",
    f"/evenements/{ID}/?{JANUARY}",
    f"/evenements/partie-2020-2021/?{JANUARY}&q={LONG}",
    f"/ma-selection/?{JANUARY}&evenements={ID},partie-2020-2021",
    f"/ma-selection/?{JANUARY}",
    f"/mon-academie/?lieu={LONG}",
    f"/flux/?lieu={LONG}",
    f"/flux/?{JANUARY}&q={LONG}",
    f"/flux/mode-d-emploi/?q={LONG}",
    f"/integrer/?q={LONG}",
    f"/embed/agenda/?{JANUARY}",
    f"/abonnement/?evenement={ID}",
    f"/proposer/?evenement={ID}",
    f"/proposer/merci/?deja={ID}",
    f"/agenda/?niveau={LONG}",
    f"/agenda/?le={LONG}",
    f"/annee-scolaire/{LONG}/",
    f"/evenements/{LONG}/",
)
ROOM = (
    "/redaction/",
    "/redaction/evenements/?annee=2020-2021",
    f"/redaction/evenements/?annee=2020-2021&q={LONG}",
    f"/redaction/evenements/{ID}/",
    "/redaction/journal/",
    "/redaction/sources/",
    "/redaction/courriels/",
    "/redaction/lettres/",
)

#: The texts that stick out on the right of the box that contains them. What was chosen in the
#: header ends with « … » on purpose: its page says all of it.
POKING_OUT = """() => {
  const found = [];
  const unseen = e => e && (e.getBoundingClientRect().width <= 1 || unseen(e.parentElement));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    let box = node.parentElement;
    if (!node.data.trim() || box.closest("svg, .hidden, .skip, .trap, .chosen, script, noscript, option, textarea"))
      continue;
    if (unseen(box)) continue;
    while (/^(inline|contents)$/.test(getComputedStyle(box).display)) box = box.parentElement;
    const range = document.createRange();
    range.selectNodeContents(node);
    const right = Math.max(...[...range.getClientRects()].map(rect => rect.right));
    const edge = box.getBoundingClientRect().right;
    if (right > edge + 1) found.push(`${box.outerHTML.slice(0, 100)} by ${Math.round(right - edge)}`);
  }
  return found;
}"""  # noqa: E501


def written() -> list[dict]:
    """Return events in which every text has a long word."""
    texts = {
        "title": LONG,
        "organiser": LONG,
        "place": LONG,
        "summary": f"{LONG}\n\nUn concours. {LONG}",
        "link": LINK,
        "source": {"name": LONG, "link": LINK},
        "participation": {"where": LONG, "where_link": LINK, "cost": LONG, "places": LONG},
        "classes": ["cycle-3"],
        "themes": ["musique", "lecture-et-ecriture", "medias-et-information"],
    }
    dates = [
        {"kind": "opening", "day": "2021-02-01", "label": LONG, "place": LONG},
        {"kind": "deadline", "day": "2021-02-11", "moved_from": _day("2021-02-04"), "label": LONG},
        {"kind": "session", "first_day": "2021-02-08", "last_day": "2021-02-12", "place": LONG},
        {
            "kind": "session",
            "key": "un-jour",
            "day": "2021-02-09",
            "label": LONG,
            "cancelled": True,
        },
        _approximate(LONG),
    ]
    whole = entry(**texts, milestones=dates)
    part = another("partie", **texts, part_of=ID, milestones=dates[:2])
    last_year = entry(
        id="essai-2019-2020", **(texts | {"title": f"Premier{LONG}"}), school_year="2019-2020",
        milestones=[{"kind": "deadline", "day": "2020-02-11", "label": LONG}],
    )  # fmt: skip
    return [whole, part, last_year, another("sans-jour", **texts, milestones=[])]


def _day(day: str) -> dict[str, str]:
    return {"first_day": day, "last_day": day}


def _approximate(phrase: str) -> dict[str, str]:
    days = {"first_day": "2021-03-10", "last_day": "2021-03-20"}
    return {"kind": "results", "certainty": "approximate", "phrase": phrase, **days}


@pytest.fixture(scope="module")
def store(site, instance) -> Iterator[Flask]:
    """An application on the store of the site, with an editor and two suggestions."""
    app, now = create_app(_settings(site, instance)), datetime.now(UTC)
    publish(app, *written())
    with app.app_context():
        token = accounts.add(db.session, ZOE, LONG, EditorRole.ADMINISTRATOR, frozenset(), now)
        accounts.set_password(db.session, token, PASSWORD, now)
        suggestions.suggest(db.session, replace(RALLYE, title=LONG, words=LONG, link=LINK), now)
        suggestions.report(db.session, replace(MISTAKE, words=LONG), now)
    yield app
    close(app)


def narrow(page: Page, address: str) -> None:
    """Check that nothing sticks out of a page, at 320 px and on a desktop."""
    page.goto(address)
    page.locator("details").evaluate_all("all => all.forEach(details => (details.open = true))")
    for width in (NARROW, DESK):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(STICKING_OUT) == [], (address, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)
        assert page.evaluate(POKING_OUT) == [], (address, width)


@pytest.mark.parametrize("address", PAGES, ids=lambda address: address[:40])
def test_a_long_word_never_widens_a_page_nor_covers_its_neighbour(store, new_page, address):
    narrow(new_page(NARROW), address)


def test_nor_does_it_in_a_form_that_says_what_is_wrong(store, new_page):
    page = new_page(NARROW)
    page.goto("/proposer/")
    for name in ("titre", "organisateur", "lieu", "lien", "mots"):
        field = page.locator(f"[name={name}]")
        if field.count() == 1 and field.is_visible():
            field.fill(LONG)
    page.locator("main form button[type=submit]").last.click()
    for width in (NARROW, DESK):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(STICKING_OUT) == []
        assert page.evaluate(POKING_OUT) == []


def test_nor_does_it_in_the_room_of_editors(store, new_page):
    page = new_page(NARROW)
    enter(page)
    with store.app_context():
        drafts = [f"/redaction/propositions/{id_}/" for id_ in db.session.scalars(select(Draft.id))]
    assert len(drafts) == 2
    for address in (*ROOM, *drafts):
        narrow(page, address)
