"""The page of an event in a browser: the date beside the facts on a desktop, the buttons at the
bottom of a phone, the drawn steps, the paper."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, PLACES
from tests.browser.looking import NARROW
from tests.browser.test_face import SCRIPTS
from tests.browser.test_pages import box, tab_to

CONTEST, DATES = PLACES["contest"].address, PLACES["contest-dates"].address


def test_on_a_desktop_the_date_stands_beside_the_title_and_stays_in_sight(page_of):
    page = page_of(DESK)
    page.goto(DATES)
    panel, title = page.locator(".next-date"), page.get_by_role("heading", level=1)
    assert box(panel).left > box(title).right
    assert box(panel).top < box(title).bottom
    assert box(panel).bottom <= 800, "its buttons are in the first window"
    page.evaluate("window.scrollTo(0, 600)")
    assert 0 <= box(panel).top < 40
    page.evaluate("window.scrollTo(0, 0)")
    leaf = page.locator(".stands .leaf b")
    small = page.locator(".row .leaf b").first
    size = "e => parseFloat(getComputedStyle(e).fontSize)"
    assert leaf.evaluate(size) > 1.5 * small.evaluate(size)


@pytest.mark.parametrize("width", [PHONE, NARROW])
def test_on_a_phone_the_date_is_in_sight_and_the_buttons_are_the_bar(page_of, width):
    page = page_of(width)
    page.goto(CONTEST)
    assert box(page.locator(".stands")).bottom < 640
    bar = page.locator(".event-acts")
    expect(page.locator(".views")).to_be_hidden()
    assert box(bar).bottom == 800
    assert box(bar).top >= 740
    buttons = bar.locator(".button").all()
    assert len(buttons) == 4
    for button in buttons:
        found = box(button)
        assert found.bottom - found.top >= 44
        assert found.right - found.left >= 44
    tops = {round(box(button).top) for button in buttons}
    assert max(tops) - min(tops) <= 1, "they stand on one line"
    # Nothing is hidden behind it.
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    assert box(page.locator("footer.site a").last).bottom <= box(bar).top
    # The views are in the menu.
    page.locator(".menu.all > summary").click()
    expect(page.get_by_role("navigation", name="Menu").get_by_text("Mois")).to_be_visible()


def test_a_page_without_buttons_keeps_the_views_at_the_bottom(page_of):
    page = page_of(PHONE)
    page.goto(PLACES["home"].address)
    expect(page.locator(".views")).to_be_visible()


@SCRIPTS
def test_a_date_is_added_by_keyboard(new_page, scripts):
    """The list unfolds above the bar, within the window, and Escape folds it where scripts run."""
    page = new_page(PHONE, java_script_enabled=scripts)
    page.goto(CONTEST)
    summary = page.locator(".adding > summary")
    tab_to(page, summary)
    page.locator(":focus").press("Enter")
    links = page.locator(".adding a")
    expect(links.first).to_have_accessible_name(
        "fichier .ics avec alerte de l’agenda (Date limite)"
    )
    first, last = box(links.first), box(links.last)
    assert first.top > 0
    assert last.bottom <= box(page.locator(".event-acts")).top
    tab_to(page, links.last)
    if scripts:
        page.keyboard.press("Escape")
        expect(links.first).to_be_hidden()
        expect(summary).to_be_focused()


def test_a_button_of_the_bar_says_that_it_was_picked(new_page):
    page = new_page(PHONE)
    page.goto(CONTEST)
    page.get_by_role("link", name="Ajouter à ma sélection").click()
    page.goto(CONTEST)
    picked = page.get_by_role("link", name="Choisi : voir ma sélection")
    expect(picked.locator(".at-phone")).to_have_text("Choisi")
    bookmark = picked.locator(".icon")
    expect(bookmark).to_be_visible()
    assert bookmark.evaluate("e => getComputedStyle(e).fill") != "none", "a shape says so, too"


def drawn_steps(page: Page) -> list[tuple[str, str, str]]:
    """Return the width, the border and the number of the mark of each kind of step."""
    return page.locator(".steps").evaluate("""list => ["past", "now", "later"].map((state) => {
      const item = Object.assign(document.createElement("li"), { className: state });
      list.append(item);
      const { width, borderTopStyle, content } = getComputedStyle(item, "::before");
      return [width, borderTopStyle, content === '""' ? "" : "number"];
    })""")


@pytest.mark.parametrize("forced", ["none", "active"])
def test_steps_differ_by_their_shape(new_page, forced):
    page = new_page(forced_colors=forced)
    page.goto(DATES)
    assert page.locator(".steps li").count() > 1
    shapes = [tuple(shape) for shape in drawn_steps(page)]
    assert len(set(shapes)) == 3, shapes
    assert [number for *_, number in shapes] == ["", "number", "number"]


def test_paper_carries_the_date_its_rows_and_the_facts(new_page):
    page = new_page()
    page.goto(DATES)
    page.emulate_media(media="print")
    main = page.get_by_role("main")
    for useless in (".event-acts", ".add", "[href*='proposer']", ".breadcrumb"):
        assert main.locator(useless).filter(visible=True).count() == 0, useless
    expect(page.locator(".stands")).to_be_visible()
    expect(main.locator(".row")).to_have_count(2)
    for words in ("Date limite", "12 octobre 2020", "premier degré et second degré", "Sources"):
        expect(main).to_contain_text(words)


def test_without_a_style_the_date_and_the_buttons_follow_the_title(new_page):
    page = new_page()
    page.route("**/*.css", lambda route: route.abort())
    page.goto(DATES)
    tops = [
        box(page.locator(found).first).top
        for found in ("h1", ".facts", "#la-date", ".event-acts", "#dates", ".steps")
    ]
    assert tops == sorted(tops)
