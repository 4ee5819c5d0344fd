"""Everybody can read and use every page: axe-core, and what it cannot know."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import PLACES, SCHEMES, WIDTHS, Place

#: The narrowest screen that WCAG 2.2 asks for (1.4.10), in CSS pixels.
NARROW = 320

#: What sticks out on the right of the window, but for what scrolls in a box of its own.
STICKING_OUT = """() => {
  const width = window.innerWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.body.querySelectorAll("*")]
    .filter(e => e.getBoundingClientRect().right > width && !e.parentElement.closest(".scroller"))
    .map(e => e.outerHTML.slice(0, 120));
}"""

HEADINGS = "h1, h2, h3, h4, h5, h6"


def go(page: Page, place: Place) -> None:
    """Open a place, and see that it is in the state that it stands for."""
    answer = page.goto(place.address)
    assert answer is not None
    assert answer.status == place.status
    assert place.shows in page.locator("main").inner_text().replace("\u00a0", " ")


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong, with the elements that it is about."""
    return [
        f"{rule['id']}: {rule['help']}\n{node['html']}\n{node['failureSummary']}"
        for rule in Axe().run(page).response["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing(page_of, place, width, scheme):
    page = page_of(width, scheme)
    go(page, place)
    # What is folded is read too, and must be as good.
    page.locator("details").evaluate_all("all => all.forEach(details => (details.open = true))")
    assert violations(page) == []


def test_a_page_has_one_h1_and_its_headings_never_jump(page_of, place):
    page = page_of()
    go(page, place)
    levels = page.locator(HEADINGS).evaluate_all("all => all.map(h => Number(h.tagName[1]))")
    assert levels[0] == 1, "the first heading is the page's own"
    assert levels.count(1) == 1
    assert [(high, low) for high, low in pairwise(levels) if low > high + 1] == []


def test_a_page_is_in_french(page_of, place):
    page = page_of()
    go(page, place)
    assert page.locator("html").get_attribute("lang") == "fr"


def test_each_page_has_a_title_of_its_own(page_of):
    page, titles = page_of(), defaultdict(set)
    for place in PLACES.values():
        go(page, place)
        parts = urlsplit(place.address)
        # The day on which a page is seen does not make it another page.
        asked = frozenset(q for q in parts.query.split("&") if q and not q.startswith("le="))
        titles[page.title()].add((parts.path, asked))
    assert [pages for pages in titles.values() if len(pages) > 1] == []
    assert all(title.endswith(" – Calendrier des classes") for title in titles)


def test_the_skip_link_is_first_shows_itself_and_leads_past_the_navigation(page_of, place):
    page = page_of()
    go(page, place)
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


def test_nothing_sticks_out_of_a_narrow_screen(page_of, place):
    page = page_of(NARROW)
    go(page, place)
    assert page.evaluate(STICKING_OUT) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_sticks_out_with_text_twice_as_large(page_of, place, width):
    page = page_of(width, text=32)
    go(page, place)
    assert page.locator("html").evaluate("html => getComputedStyle(html).fontSize") == "32px"
    assert page.evaluate(STICKING_OUT) == []
