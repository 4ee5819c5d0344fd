"""The map of the académies and the drawings beside few words, as a browser lays them out."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from calendar_app.school.academy_map import MAINLAND
from tests.browser.conftest import JANUARY, PLACES

ADDRESS = f"/mon-academie/?{JANUARY}&academie=lille"

TILES = """all => all.map(a => {
  const { left, right, top, bottom, width, height } = a.getBoundingClientRect();
  const inside = [...a.querySelectorAll("span:not(.hidden), b, small")].every((e) => {
    const words = e.getBoundingClientRect();
    return words.left >= left - 0.5 && words.right <= right + 0.5 && words.bottom <= bottom + 0.5;
  });
  const name = a.querySelector(".name"), own = getComputedStyle(name);
  const drawn = parseFloat(own.fontSize) ? own : getComputedStyle(name, "::before");
  const letters = drawn.content === "none" ? 0 : parseFloat(drawn.fontSize);
  return { name: name.textContent, left, top, width, height, inside, letters };
})"""


def tiles(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.locator(".tiles a").evaluate_all(TILES)
    assert len(found) == 36
    return found


@pytest.mark.parametrize("width", [1280, 700, 390, 360])
def test_the_map_is_drawn_as_it_is_written(page_of, width):
    page = page_of(width)
    page.goto(ADDRESS)
    found = tiles(page)[: sum(len(slugs) for _, slugs in MAINLAND)]
    lefts = sorted({round(tile["left"]) for tile in found})
    tops = sorted({round(tile["top"]) for tile in found})
    drawn = [(tops.index(round(t["top"])), lefts.index(round(t["left"])) + 1) for t in found]
    assert drawn == [
        (row, first + n) for row, (first, slugs) in enumerate(MAINLAND) for n in range(len(slugs))
    ]


@pytest.mark.parametrize(("width", "text"), [(390, 16), (360, 16), (320, 16), (320, 32)])
def test_a_thumb_finds_every_tile_and_its_words_stay_inside(page_of, width, text):
    page = page_of(width, text=text)
    page.goto(ADDRESS)
    for tile in tiles(page):
        assert tile["width"] >= 44, tile
        assert tile["height"] >= 44, tile
        assert tile["inside"], tile
        assert tile["letters"] >= 11, tile
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_chosen_is_told_by_a_mark_too(page_of):
    page = page_of()
    page.goto(ADDRESS)
    chosen = page.locator(".tiles [aria-current]")
    assert chosen.count() == 1
    assert chosen.locator("svg").is_visible()
    assert page.locator(".tiles svg").count() == 1


def test_on_a_desk_the_whole_mainland_is_in_sight_beside_the_form(page_of):
    page = page_of()
    page.goto("/mon-academie/")
    field = page.get_by_label("Académie, département").bounding_box()
    corse = page.get_by_role("link", name="Corse").bounding_box()
    assert field
    assert corse
    assert corse["y"] + corse["height"] <= 800
    assert field["x"] + field["width"] < page.locator(".tiles").first.bounding_box()["x"]


@pytest.mark.parametrize("name", ["home-nothing", "selection-empty", "propose-thanks", "not-found"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_drawing_stands_beside_its_words_or_above_them(page_of, name, width):
    page = page_of(width)
    page.goto(PLACES[name].address)
    drawing = page.locator("svg.drawing").bounding_box()
    words = page.locator("svg.drawing + *").bounding_box()
    assert drawing
    assert words
    if width > 800:
        assert drawing["x"] + drawing["width"] <= words["x"]
        assert abs(drawing["y"] - words["y"]) < 24
    else:
        assert drawing["y"] + drawing["height"] <= words["y"] + 1


def test_drawings_have_the_colours_of_the_page(page_of):
    lines = []
    for scheme in ("light", "dark"):
        page = page_of(scheme=scheme)
        page.goto(PLACES["not-found"].address)
        lines.append(
            page.locator("svg.drawing").evaluate("drawn => getComputedStyle(drawn).stroke")
        )
    assert len(set(lines)) == 2
