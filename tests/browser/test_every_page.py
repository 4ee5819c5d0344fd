"""What is true of every page of the site, in each of its states. A page is opened once, and each
test looks at it: to open pages was half of what these tests cost."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESK, PHONE, PLACES, Place, set_text_size, visitor
from tests.browser.looking import NARROW, STICKING_OUT, brightness, for_everybody


@dataclass
class Shown:
    """A page that is open in a browser of its own.

    :param status: the HTTP status of the answer.
    :param complaints: what was said in the console, violations of the content security policy
        included, and the errors of scripts.
    :param asked: the addresses that the browser asked for.
    """

    place: Place
    page: Page
    status: int = 0
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def at(self, width: int, scheme: str = "light") -> Page:
        """Return the page at a width in CSS pixels, with all that folds unfolded."""
        self.page.set_viewport_size({"width": width, "height": 800})
        self.page.emulate_media(color_scheme=scheme)
        self.page.locator("details").evaluate_all("all => all.forEach(one => (one.open = true))")
        return self.page


@pytest.fixture(scope="module", params=PLACES)
def shown(request, browser, site) -> Iterator[Shown]:
    """Each page of :data:`PLACES`, opened once for all tests of this file, which run in the order
    of the file."""
    place = PLACES[request.param]
    context = visitor(browser, site, DESK)
    page = context.new_page()
    made = Shown(place, page)
    page.on("console", lambda said: made.complaints.append(said.text))
    page.on("pageerror", lambda error: made.complaints.append(str(error)))
    page.on("request", lambda request: made.asked.append(request.url))
    answer = page.goto(place.address)
    assert answer is not None
    made.status = answer.status
    yield made
    context.close()


def test_it_is_in_the_state_that_is_meant(shown):
    assert shown.status == shown.place.status
    assert shown.place.shows in shown.page.locator("main").inner_text().replace("\u00a0", " ")


def test_it_asks_its_own_site_only_and_complains_of_nothing(shown, site):
    # Chromium itself logs this for every page that answers 404.
    not_found = "Failed to load resource: the server responded with a status of 404 (Not Found)"
    assert shown.complaints == [not_found] * (shown.status == 404)
    assert {f"{url.scheme}://{url.netloc}" for url in map(urlsplit, shown.asked)} == {site}


def test_a_public_page_leaves_no_cookie(shown):
    if not shown.place.address.startswith("/redaction/"):
        assert shown.page.context.cookies() == []


def test_everybody_can_read_and_use_it(shown):
    if shown.page.locator("main :focus").count() == 0:  # a page with a mistake opens at it
        skip_to_content(shown.page)
    for_everybody(shown.page, shown.place.address)


def skip_to_content(page: Page) -> None:
    """Check that the skip link is first, becomes visible and leads past the navigation."""
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Aller au contenu"
    box = skip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["y"] >= 0
    page.locator(":focus").press("Enter")
    assert page.locator(":focus").evaluate("e => e.localName") == "main"
    page.keyboard.press("Tab")
    assert page.locator("main :focus").count() == 1


#: The targets that are smaller than this number of CSS pixels. A link in a sentence has the height
#: of its line (WCAG 2.2, 2.5.8); of a box and its label the label counts.
SMALL = """least => [...document.querySelectorAll("main *, footer *")]
  .filter(e => e.matches("a, button, summary, select, textarea, input:not([type=hidden])"))
  .filter(e => e.checkVisibility() && !e.closest(".trap, .skip") && e.tabIndex >= 0)
  .map(e => e.matches("[type=radio], [type=checkbox]") ? e.closest("label") : e)
  .filter(e => getComputedStyle(e).display !== "inline")
  .filter(e => Math.min(e.offsetWidth, e.offsetHeight) < least)
  .map(e => `${e.offsetWidth} x ${e.offsetHeight}: ${e.outerHTML.slice(0, 120)}`)"""

#: Short words that are broken over two lines, except in addresses.
BROKEN = """() => {
  const found = [];
  const unseen = e => e && (e.getBoundingClientRect().width <= 1 || unseen(e.parentElement));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const box = node.parentElement;
    if (box.closest("svg, .hidden, script, noscript, option, textarea, .code")) continue;
    if (unseen(box)) continue;
    if (/^\\s*https?:/.test(node.data)) continue;
    for (const word of node.data.matchAll(/(?<!\\p{L})\\p{L}{2,22}(?!\\p{L})/gu)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const tops = new Set([...range.getClientRects()].map(rect => Math.round(rect.top)));
      const inAddress = /^\\S*[/:@.]\\S/.test(node.data.slice(word.index).split(/\\s/)[0]);
      if (tops.size > 1 && !inAddress) found.push(`${word[0]} in ${box.outerHTML.slice(0, 100)}`);
    }
  }
  return found;
}"""


def test_every_target_is_large_enough(shown):
    """24 CSS pixels (WCAG 2.2, 2.5.8), and 44 on a phone (2.5.5), the header excepted."""
    for width, least in ((DESK, 24), (PHONE, 44)):
        assert shown.at(width).evaluate(SMALL, least) == [], width


def test_the_dark_scheme_is_light_on_dark(shown):
    body = shown.at(DESK, "dark").locator("body")
    assert brightness(body, "backgroundColor") < 40
    assert brightness(body, "color") > 200


def test_no_word_is_broken(shown):
    for width in (NARROW, DESK):
        assert shown.at(width).evaluate(BROKEN) == [], width


def test_nothing_sticks_out_of_a_phone_with_text_twice_as_large(shown):
    page = shown.at(PHONE)
    set_text_size(page, 32)
    # The style sheet sets 106.25 %.
    assert page.locator("html").evaluate("html => getComputedStyle(html).fontSize") == "34px"
    assert page.evaluate(STICKING_OUT) == []


def test_each_page_has_a_title_of_its_own(browser, site):
    context, titles = visitor(browser, site, DESK), defaultdict(set)
    for place in PLACES.values():
        [title] = re.findall("<title>(.*?)</title>", context.request.get(place.address).text())
        parts = urlsplit(place.address)
        # A page with another value of « le » is the same page.
        asked = frozenset(q for q in parts.query.split("&") if q and not q.startswith("le="))
        titles[title].add((parts.path, asked))
    context.close()
    assert [pages for pages in titles.values() if len(pages) > 1] == []
    assert all(title.endswith(" – Calendrier des classes") for title in titles)
