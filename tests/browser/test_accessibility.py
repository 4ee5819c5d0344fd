"""Every page is accessible, by the rules of axe-core and by checks that axe-core does not make."""

from __future__ import annotations

from collections import defaultdict
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESK, PHONE, PLACES, Place
from tests.browser.looking import STICKING_OUT, for_everybody, menus_for_everybody


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


@pytest.mark.parametrize("name", ["home-academie", "contest"])
def test_everybody_can_read_and_use_the_menus(new_page, name):
    page = new_page()
    go(page, PLACES[name])
    menus_for_everybody(page)


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


#: The targets that are smaller than this number of CSS pixels. A link in a sentence has the height
#: of its line (WCAG 2.2, 2.5.8); of a box and its label the label counts.
SMALL = """least => [...document.querySelectorAll("main *, footer *")]
  .filter(e => e.matches("a, button, summary, select, textarea, input:not([type=hidden])"))
  .filter(e => e.checkVisibility() && !e.closest(".trap, .skip") && e.tabIndex >= 0)
  .map(e => e.matches("[type=radio], [type=checkbox]") ? e.closest("label") : e)
  .filter(e => getComputedStyle(e).display !== "inline")
  .filter(e => Math.min(e.offsetWidth, e.offsetHeight) < least)
  .map(e => `${e.offsetWidth} x ${e.offsetHeight}: ${e.outerHTML.slice(0, 120)}`)"""


def test_every_target_is_large_enough(page_of, place):
    """24 CSS pixels (WCAG 2.2, 2.5.8), and 44 on a phone (2.5.5), the header excepted."""
    for width, least in ((DESK, 24), (PHONE, 44)):
        page = page_of(width)
        go(page, place)
        page.locator("details").evaluate_all("all => all.forEach(one => (one.open = true))")
        assert page.evaluate(SMALL, least) == [], width


@pytest.mark.parametrize(
    ("address", "fill", "send"),
    [
        ("/abonnement/", "Mon adresse de courriel", "M’abonner aux rappels"),
        ("/proposer/", "Nom de l’événement", "Envoyer la proposition"),
        ("/redaction/connexion/", "Mon adresse de courriel", "Me connecter"),
    ],
)
def test_a_form_with_mistakes_opens_at_their_list(new_page, address, fill, send):
    page = new_page()
    page.goto(address)
    page.get_by_label(fill).fill("x")
    page.get_by_role("button", name=send).last.click()
    assert page.locator(":focus").get_attribute("role") == "alert"
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("href").startswith("#f-")


def test_a_place_that_is_unknown_opens_at_its_field(new_page):
    page = new_page()
    page.goto(PLACES["choice-problem"].address)
    assert page.locator(":focus").get_attribute("name") == "lieu"


def test_the_day_of_a_holiday_is_told_by_hatches_too(page_of):
    page = page_of(DESK)
    go(page, PLACES["month"])
    cells = page.locator(".month-wide .days td")
    hatches = "cell => [cell.matches('.off'), getComputedStyle(cell).backgroundImage !== 'none']"
    told = [cells.nth(n).evaluate(hatches) for n in range(cells.count())]
    assert {off for off, _ in told} == {True, False}
    assert all(off == hatched for off, hatched in told)


def test_a_kind_that_is_chosen_is_bold_and_shows_that_it_has_the_focus(page_of):
    page = page_of(DESK)
    go(page, PLACES["year-academie"])
    page.locator(".kinds input").first.focus()
    for key in ("ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        style = "e => (({ outlineColor, outlineStyle, backgroundColor, fontWeight }) => "
        style += (
            "[outlineStyle, outlineColor !== backgroundColor, fontWeight])(getComputedStyle(e))"
        )
        label = page.locator(".kinds label:has(:focus-visible)")
        assert label.evaluate(style) == ["solid", True, "700"]


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_the_view_that_one_is_on_is_told_by_more_than_a_colour(page_of, width):
    page = page_of(width)
    go(page, PLACES["month"])
    weight = "e => getComputedStyle(e).fontWeight"
    assert page.locator(".views [aria-current]").evaluate(weight) == "700"
    assert page.locator(".views a:not([aria-current])").first.evaluate(weight) < "700"


#: The spacing of text that a reader may set (WCAG 2.2, 1.4.12; RGAA 10.12).
SPACED = """const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }`);
  document.adoptedStyleSheets = [sheet];"""
#: The elements whose words are cut or stick out of them. A line of « cut » ends after a whole word
#: by design: the list has all its words. The académie in the header may end with « … »: the title
#: has its whole name; but some of it is always seen.
CUT = """() => [...document.body.querySelectorAll("p, li, a, button, summary, span, b, td, th, dd")]
  .filter((e) => e.checkVisibility() && !e.closest(".hidden, .cut, .chosen, .at-desk, .trap, svg"))
  .filter((e) => !e.closest("[aria-hidden=true]:not(.leaf, .leaf *)"))
  .filter((e) => {
    const { overflow, display, clipPath } = getComputedStyle(e);
    const isBox = /hidden|clip/.test(overflow) || e.matches("a, button, .leaf *");
    return isBox && display !== "inline" && clipPath === "none";
  })
  .filter((e) => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
  .map((e) => e.outerHTML.slice(0, 160))"""


@pytest.mark.parametrize("name", ["home", "list", "month", "year-academie", "contest", "choice"])
def test_words_that_are_set_wide_are_not_cut(new_page, name):
    page = new_page()
    go(page, PLACES[name])
    page.evaluate(SPACED)
    for width in (DESK, 800, PHONE):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(CUT) == [], width
        assert page.locator(".chosen").evaluate("e => e.clientWidth") >= 32, width
        assert page.evaluate(STICKING_OUT) == [], width


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
    # The style sheet sets 106.25 %.
    assert page.locator("html").evaluate("html => getComputedStyle(html).fontSize") == "34px"
    assert page.evaluate(STICKING_OUT) == []
