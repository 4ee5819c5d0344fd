"""The pages in a browser: their use by keyboard, the positions of their bars, and printing."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import DESK, JANUARY, PHONE, PLACES
from tests.browser.looking import brightness

MONTH = PLACES["month"].address
YEAR = PLACES["year-academie"].address
CHOSEN = PLACES["chooser-chosen"].address

ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Mobile Safari/537.36"
)


# From the home page to the address of a personal calendar, without a mouse.


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until *wanted* has the focus; fail after 60 times."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"60 times Tab did not reach {wanted}")


def unfold(page: Page, details: str) -> None:
    """Unfold a ``details`` element by keyboard.

    :param details: its CSS selector.
    """
    tab_to(page, page.locator(f"{details} > summary"))
    page.locator(":focus").press("Enter")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_keyboard_goes_from_the_home_page_to_the_address_of_the_filter_on_screen(
    new_page, site, scripts
):
    page = new_page(java_script_enabled=scripts)
    page.goto(f"/?{JANUARY}")
    main = page.get_by_role("main")

    # 1. Unfold the filters, and choose an académie by the first letters of its name.
    unfold(page, "#filtres")
    tab_to(page, page.get_by_label("Académie"))
    page.keyboard.type("Lil")

    # 2. Choose a type with the arrow keys.
    types = page.get_by_label("Type")
    tab_to(page, types)
    while types.input_value() != "rencontre":
        before = types.input_value()
        page.keyboard.press("ArrowDown")
        assert types.input_value() != before, "the arrows do not choose"

    # 3. Filter with the next button: one date is left.
    tab_to(page, page.get_by_role("button", name="Voir les dates"))
    page.locator(":focus").press("Enter")
    expect(page).to_have_title("Prochaines dates, académie de Lille – Calendrier des classes")
    titles = main.get_by_role("article").get_by_role("heading")
    expect(titles).to_have_text(["La Fête de l’Apprendre"])

    # 4. Open the event of this date.
    tab_to(page, titles.get_by_role("link"))
    page.locator(":focus").press("Enter")
    expect(main.get_by_role("heading", level=1)).to_have_text("La Fête de l’Apprendre")

    # 5. Ask for the calendar, which keeps the filter.
    unfold(page, ".menu.both")
    tab_to(page, page.locator(".menu.both").get_by_role("link", name="Mon agenda"))
    page.locator(":focus").press("Enter")
    address = page.get_by_label("Adresse à coller dans votre agenda")
    expect(address).to_have_value(f"{site}/flux/academie-de-lille.ics?type=rencontre")
    expect(main).to_contain_text("Elle tient compte des filtres que vous avez choisis.")
    tab_to(page, address)
    expect(page.get_by_role("button", name="Copier l’adresse")).to_be_visible(visible=scripts)


# Helpful scripts, without which the page works too.


def test_the_copy_button_puts_the_address_in_the_clipboard_and_says_so(new_page, site):
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(CHOSEN)
    expect(page.get_by_role("status")).to_be_empty()
    page.get_by_role("button", name="Copier l’adresse").click()
    expect(page.get_by_role("status")).to_have_text("Adresse copiée")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{site}/flux/academie-de-lille.ics"


def test_android_is_not_offered_the_link_of_google_which_does_nothing_there(new_page):
    page = new_page(PHONE, user_agent=ANDROID)
    page.goto(CHOSEN)
    expect(page.get_by_role("link", name="Google Agenda")).to_be_hidden()
    expect(page.get_by_text("Sur Android, Google Agenda n’accepte pas")).to_be_visible()


def test_a_desktop_is_offered_the_link_of_google_and_nothing_is_said_of_android(new_page):
    page = new_page()
    page.goto(CHOSEN)
    expect(page.get_by_role("link", name="Google Agenda")).to_be_visible()
    expect(page.get_by_text("Sur Android, Google Agenda n’accepte pas")).to_be_hidden()


# Positions of elements.


@dataclass(frozen=True)
class Box:
    """The edges of a drawn element, in CSS pixels."""

    left: float
    top: float
    right: float
    bottom: float


def box(drawn: Locator) -> Box:
    found = drawn.bounding_box()
    assert found is not None, f"{drawn} is not drawn"
    left, top = found["x"], found["y"]
    return Box(left, top, left + found["width"], top + found["height"])


def test_on_a_phone_the_list_of_the_month_stands_above_its_table(page_of):
    page = page_of(PHONE)
    page.goto(MONTH)
    assert box(page.locator(".month-list")).bottom <= box(page.locator(".month-days table")).top


def test_on_a_desk_the_table_of_the_month_has_the_whole_width_above_its_list(page_of):
    page = page_of(DESK)
    page.goto(MONTH)
    whole, listed = box(page.locator(".month-wide table")), box(page.locator(".month-list"))
    assert whole.bottom <= listed.top
    filters = box(page.locator(".filter-line"))
    assert (whole.left, whole.right) == (filters.left, filters.right)


def test_a_bar_of_the_month_lies_under_its_days(page_of):
    page = page_of(DESK)
    page.goto(MONTH)
    bar = box(page.get_by_role("table").get_by_role("link", name="La Fête de l’Apprendre"))
    wednesday, sunday = (
        box(page.locator(f".month-wide td:has(time[datetime='2021-01-{day}'])")) for day in (20, 24)
    )
    next_week = box(page.locator(".month-wide td:has(time[datetime='2021-01-25'])"))
    # There are a few pixels between the bar and the lines of the table.
    assert bar.left == pytest.approx(wednesday.left, abs=6)
    assert bar.right == pytest.approx(sunday.right, abs=6)
    assert wednesday.bottom <= bar.top
    assert bar.bottom <= next_week.top


def test_a_bar_of_the_school_year_goes_from_its_opening_to_its_deadline(page_of):
    page = page_of(DESK)
    page.goto(YEAR)
    bar = box(page.get_by_role("row", name="Concours RoboTeam").locator("rect.kind-window"))
    october, november, may = (
        box(page.locator(f"svg.axis line:has(+ text:text-is('{month}'))")).left
        for month in ("oct.", "nov.", "mai")
    )
    # The bar starts on 12 October, after 11 of 31 days, and ends with 30 April.
    assert bar.left == pytest.approx(october + (november - october) * 11 / 31, abs=2)
    assert bar.right == pytest.approx(may, abs=2)


# Printing.


@pytest.mark.parametrize("place", ["home", "list", "month", "year", "contest", "chooser-chosen"])
def test_paper_has_the_dates_and_nothing_to_click(new_page, place):
    page = new_page()
    page.goto(PLACES[place].address)
    useless = page.locator(
        "header nav, .filters, .chips, .pager, .breadcrumb, .subscribe, .add, button, .buttons"
    )
    assert useless.filter(visible=True).count() > 0, "nothing to hide: what is this test for?"
    page.emulate_media(media="print")
    assert useless.filter(visible=True).all_inner_texts() == []
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(PLACES[place].shows)


def test_paper_is_never_dark(new_page):
    page = new_page(scheme="dark")
    page.goto(f"/?{JANUARY}")
    page.emulate_media(media="print")
    card = page.locator(".rows").first
    assert brightness(card, "backgroundColor") > 240
    assert brightness(card, "color") < 60
    assert brightness(card.get_by_role("link"), "color") < 100
