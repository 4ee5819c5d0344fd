"""Every page is accessible, by the rules of axe-core and by checks that axe-core does not make."""

from __future__ import annotations

from collections import defaultdict
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.browser.conftest import PHONE, PLACES, Place
from tests.browser.looking import STICKING_OUT, for_everybody


def go(page: Page, place: Place) -> None:
    """Open a page, and check that it is in the expected state."""
    if page.url != "about:blank":  # forget what the page before has stored
        page.evaluate("localStorage.clear()")
    answer = page.goto(place.address)
    assert answer is not None
    assert answer.status == place.status
    assert place.shows in page.locator("main").inner_text().replace("\u00a0", " ")


def test_everybody_can_read_and_use_a_page(new_page, place):
    page = new_page()
    go(page, place)
    if page.locator("main :focus").count() == 0:  # a page with a mistake opens at it
        skip_to_content(page)
    for_everybody(page, place.address)


def skip_to_content(page: Page) -> None:
    """Check that the skip link is first, becomes visible and leads past the navigation."""
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Aller au contenu"
    box = skip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["y"] >= 0
    page.keyboard.press("Enter")
    assert page.locator(":focus").evaluate("e => e.localName") == "main"
    page.keyboard.press("Tab")
    assert page.locator("main :focus").count() == 1


def test_each_page_has_a_title_of_its_own(page_of):
    page, titles = page_of(), defaultdict(set)
    for place in PLACES.values():
        go(page, place)
        parts = urlsplit(place.address)
        # A page with another value of « le » is the same page.
        asked = frozenset(q for q in parts.query.split("&") if q and not q.startswith("le="))
        titles[page.title()].add((parts.path, asked))
    assert [pages for pages in titles.values() if len(pages) > 1] == []
    assert all(title.endswith(" – Calendrier des classes") for title in titles)


def test_nothing_sticks_out_of_a_phone_with_text_twice_as_large(page_of, place):
    page = page_of(PHONE, text=32)
    go(page, place)
    assert page.locator("html").evaluate("html => getComputedStyle(html).fontSize") == "32px"
    assert page.evaluate(STICKING_OUT) == []
