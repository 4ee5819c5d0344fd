"""Accessibility of single pages; ``test_every_page.py`` holds what is true of all pages."""

from __future__ import annotations

import pytest

from tests.browser.conftest import DESK, PHONE, PLACES
from tests.browser.looking import STICKING_OUT, menus_for_everybody


@pytest.mark.parametrize("name", ["home-academie", "contest"])
def test_everybody_can_read_and_use_the_menus(new_page, name):
    page = new_page()
    page.goto(PLACES[name].address)
    menus_for_everybody(page)


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
    page.goto(PLACES["month"].address)
    cells = page.locator(".month-wide .days td")
    hatches = "cell => [cell.matches('.off'), getComputedStyle(cell).backgroundImage !== 'none']"
    told = [cells.nth(n).evaluate(hatches) for n in range(cells.count())]
    assert {off for off, _ in told} == {True, False}
    assert all(off == hatched for off, hatched in told)


def test_a_kind_that_is_chosen_is_bold_and_shows_that_it_has_the_focus(page_of):
    page = page_of(DESK)
    page.goto(PLACES["year-academie"].address)
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
    page.goto(PLACES["month"].address)
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
    page.goto(PLACES[name].address)
    page.evaluate(SPACED)
    for width in (DESK, 800, PHONE):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(CUT) == [], width
        assert page.locator(".chosen").evaluate("e => e.clientWidth") >= 32, width
        assert page.evaluate(STICKING_OUT) == [], width
