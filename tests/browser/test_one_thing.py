"""The pages with one thing to do: where it stands, and what stands beside it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESK, PHONE, PLACES
from tests.browser.looking import STICKING_OUT
from tests.browser.test_pages import box

#: Pages → what stands at the right on a desktop, and what it stands beside.
BESIDE = {
    "chooser": (".beside", ".sheet"),
    "chooser-chosen": (".beside", ".ways"),
    "sign-up": (".beside", ".sheet"),
    "propose": (".beside", ".sheet"),
    "selection": (".aside", ".rows"),
    "embed-builder": (".beside", ".filters"),
    "help": (".aside", ".prose"),
}

#: How many buttons of the contents of a page are filled with the accent: those that call first.
FILLED = """() => {
  const ground = e => getComputedStyle(e).backgroundColor;
  const accent = ground(document.querySelector(".menu > summary.button"));
  return [...document.querySelectorAll("main :is(button, .button)")]
    .filter(e => e.checkVisibility() && e.tabIndex >= 0 && !e.closest(".filtering"))
    .filter(e => ground(e) === accent).map(e => e.innerText);
}"""


def go(page: Page, name: str) -> None:
    page.goto(PLACES[name].address)


@pytest.mark.parametrize("name", BESIDE)
def test_what_comes_of_it_stands_beside_it_and_below_it_on_a_phone(page_of, name):
    beside, it = BESIDE[name]
    page = page_of(DESK)
    go(page, name)
    left, right = box(page.locator(it).first), box(page.locator(f"main {beside}").first)
    assert left.right <= right.left
    assert right.top < left.top + 100, "it is in sight at once"
    page = page_of(PHONE)
    go(page, name)
    if name != "help":  # whose contents a phone does not need
        below = page.locator("main .beside > :first-child, main .aside").first
        assert box(below).top >= box(page.locator(it).first).bottom + 8


@pytest.mark.parametrize(
    "name",
    ["chooser", "sign-up", "propose", "propose-mistake", "selection", "embed-builder", "find-link"],
)
def test_a_page_calls_for_one_thing(page_of, name):
    page = page_of(DESK)
    go(page, name)
    assert len(page.evaluate(FILLED)) == 1


def test_the_programs_of_an_agenda_are_lines_for_a_thumb(page_of):
    page = page_of(PHONE)
    go(page, "chooser-chosen")
    lines = [box(link) for link in page.locator(".ways a").all()]
    assert len(lines) == 5
    assert all(line.bottom - line.top >= 44 for line in lines)
    # All of a line is the link.
    assert {line.left for line in lines} == {box(page.locator(".ways")).left + 1}


@pytest.mark.parametrize("name", ["sign-up", "chooser", "selection-empty", "propose"])
def test_a_phone_shows_every_box_of_a_form(page_of, name):
    page = page_of(PHONE)
    go(page, name)
    page.locator("main details").evaluate_all("all => all.forEach(one => (one.open = true))")
    boxes = page.locator("main label.box")
    sizes = boxes.evaluate_all("all => all.map(e => [e.offsetWidth, e.innerText])")
    assert sizes
    assert [words for width, words in sizes if width < 44] == []


@pytest.mark.parametrize("name", [*BESIDE, "how-to", "propose-mistake"])
def test_without_its_style_a_page_is_read_in_order(new_page, name):
    page = new_page()
    page.route("**/*.css", lambda route: route.abort())
    go(page, name)
    tall = page.locator("svg:not(.qr)").evaluate_all(
        "all => all.map(s => s.getBoundingClientRect().height)"
    )
    assert max(tall, default=0) < 60
    tops = page.locator("main :is(h1, h2, h3)").evaluate_all(
        "all => all.filter(h => h.offsetParent).map(h => h.getBoundingClientRect().top)"
    )
    assert tops == sorted(tops)
    assert page.evaluate(STICKING_OUT) == []


def test_the_mistakes_of_a_sheet_have_a_frame(page_of):
    """Its parts have none, but a part with a mistake does."""
    page = page_of(DESK)
    go(page, "sign-up")
    page.get_by_label("Mon adresse de courriel").fill("a@ecole.example")
    page.get_by_role("button", name="M’abonner").click()
    wrong = page.locator("#f-etablissement")
    width = "e => getComputedStyle(e).borderTopWidth"
    assert wrong.evaluate(width) == "2px"
