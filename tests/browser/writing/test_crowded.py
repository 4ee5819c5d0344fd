"""A month, a school year and a poster that are full: how many they show, and how."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from calendar_app.app import create_app
from calendar_app.web.public.poster import SIZES
from tests.browser.conftest import DESK, PHONE
from tests.browser.looking import STICKING_OUT, for_everybody
from tests.browser.test_pages import box, tab_to
from tests.browser.writing.test_editors import _settings
from tests.conftest import close
from tests.factories import another, publish

#: A school year in which the real content has nothing.
YEAR = "2022-2023"
#: Themes of the contests, and how many have each: 40 fill a sheet of A4, all 90 a sheet of A3.
THEMES = {"musique": 40, "sport": 45, "espace": 5}
FORTY = "theme=musique"
NINETY = "&".join(f"theme={theme}" for theme in THEMES)
TITLES = (
    "Concours d'écriture des écoles et des collèges de la région",
    "Défi robotique",
    "Olympiades de mathématiques, épreuve par équipes des classes de troisième et de seconde",
    "La grande lessive",
    "Rallye lecture, 12e édition",
)
KINDS = ("opening", "registration_deadline", "submission_deadline", "results")


def contests() -> list[dict]:
    """Return the contests of the year: four dates each, spread from October to June."""
    themes = [theme for theme, number in THEMES.items() for _ in range(number)]
    return [_contest(number, theme) for number, theme in enumerate(themes)]


def _contest(number: int, theme: str) -> dict:
    first = date(2022, 10, 3) + timedelta(days=number * 2)
    days = [first + timedelta(days=24 * step) for step in range(len(KINDS))]
    made = another(
        f"plein-{number}",
        title=TITLES[number % len(TITLES)],
        school_year=YEAR,
        themes=[theme],
        place="Clermont-Ferrand" if number % 3 == 0 else None,
        milestones=[{"kind": kind, "day": f"{day}"} for kind, day in zip(KINDS, days, strict=True)],
    )
    return {k: v for k, v in made.items() if v is not None} | {"id": f"plein-{number}-{YEAR}"}


def meeting(name: str, first: str, last: str) -> dict:
    """Return a meeting with one date, of the theme « arts-visuels »."""
    days = [{"kind": "session", "first_day": first, "last_day": last}]
    made = another(name, title=f"{name.capitalize()} des classes", school_year=YEAR,
                   themes=["arts-visuels"], milestones=days)  # fmt: skip
    return made | {"id": f"{name}-{YEAR}"}


#: Nine dates on Thursday 9 February 2023, one of them over three days; three on Wednesday 15.
MEETINGS = [
    meeting("rencontre", "2023-02-08", "2023-02-10"),
    *(meeting(f"rencontre-{n}", "2023-02-09", "2023-02-09") for n in range(8)),
    *(meeting(f"atelier-{n}", "2023-02-15", "2023-02-15") for n in range(3)),
]


@pytest.fixture(scope="module", autouse=True)
def _full(site, instance) -> Iterator[None]:
    app = create_app(_settings(site, instance))
    publish(app, *contests(), *MEETINGS)
    yield
    close(app)


MONTH = "/calendrier/2023/02/?le=2023-02-06&academie=lille"


# -- the month -------------------------------------------------------------------------------------

#: The words of each bar that are seen, and those that the bar holds. A word is seen when all its
#: letters stand in the box that is not cut off.
SEEN = r"""() => [...document.querySelectorAll(".month-wide .cut")].map(cut => {
  const edge = cut.getBoundingClientRect(), text = cut.firstElementChild, seen = [];
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    for (const word of node.data.matchAll(/[^\s\u00a0\u202f]+/g)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const boxes = [...range.getClientRects()];
      const parts = boxes.filter(b => b.top < edge.bottom - 2 && b.left < edge.right);
      const whole = boxes.length === 1 && parts.length === 1
        && boxes[0].right <= edge.right + 1 && boxes[0].bottom <= edge.bottom + 3;
      seen.push([word[0], whole ? "whole" : parts.length ? "cut" : "hidden"]);
    }
  }
  return [text.textContent.replace(/\s+/g, " ").trim(), seen];
})"""


@pytest.mark.parametrize("width", [1024, DESK, 1600])
def test_a_name_in_the_month_is_never_cut_within_a_word(new_page, width):
    page = new_page(width)
    page.goto(MONTH)
    bars = page.evaluate(SEEN)
    assert len(bars) > 50
    ways = [{how for _, how in words} for _, words in bars]
    assert {"whole", "hidden"} in ways, "no name is too long: what is this test for?"
    for name, words in bars:
        assert words[0][1] == "whole", (name, words)
        assert "cut" not in {how for _, how in words}, (name, words)
        # What is seen is the beginning.
        hows = [how for _, how in words]
        assert hows == sorted(hows, reverse=True), (name, words)


def test_a_name_that_is_cut_ends_with_an_ellipsis_and_another_does_not(new_page):
    """Where « … » is drawn, only the pixels know: without the text, a line is bare or has dots."""
    page = new_page(bypass_csp=True)
    page.goto(MONTH)
    bars, cuts = page.evaluate(SEEN), page.locator(".month-wide .cut")
    page.add_style_tag(
        content=".cut > span { visibility: hidden } .month .bar a { background: #fff }"
    )
    sizes: dict[bool, list[int]] = {True: [], False: []}
    for number, (_, words) in enumerate(bars):
        is_cut = any(how == "hidden" for _, how in words)
        if len(sizes[is_cut]) < 4:
            sizes[is_cut].append(len(cuts.nth(number).screenshot()))
    assert len(sizes[True]) == len(sizes[False]) == 4
    assert min(sizes[True]) > max(sizes[False]) + 40


def test_a_day_shows_six_dates_and_counts_the_others(new_page):
    page = new_page()
    page.goto(f"{MONTH}&theme=arts-visuels")
    whole = page.locator(".month-wide")
    thursday = box(whole.locator("td:has(time[datetime='2023-02-09'])"))
    bars = [box(bar) for bar in whole.locator(".bar a").all()]
    middle = (thursday.left + thursday.right) / 2
    in_week = [b for b in bars if b.left < middle < b.right and thursday.bottom <= b.top]
    assert len(in_week) == 6
    more = whole.get_by_role("link", name="+ 3 autres dates le jeudi 9 février 2023")
    assert thursday.left <= box(more).left
    assert box(more).right <= thursday.right
    more.click()
    first = page.locator(".row:target")
    expect(first).to_contain_text("Rencontre")
    ground = "e => getComputedStyle(e).backgroundColor"
    assert first.evaluate(ground) != page.locator(".row").last.evaluate(ground)


def test_today_is_told_by_words_and_shape(new_page):
    page = new_page()
    page.goto(MONTH)
    today = page.locator(".month-wide [aria-current=date]")
    expect(today).to_contain_text("6 février 2023 aujourd’hui")
    ground = "e => getComputedStyle(e).backgroundColor"
    numbers = page.locator(".month-wide .days time")
    grounds = numbers.evaluate_all(f"all => all.map({ground})")
    assert grounds.count(today.locator("time").evaluate(ground)) == 1


def test_the_reading_order_of_a_month_is_the_order_on_the_screen(new_page):
    """The table stands above the list on a desktop, and below it on a phone."""
    for width, parts in (
        (DESK, [".month-wide table", ".month-list"]),
        (PHONE, [".month-list", ".month-days table"]),
    ):
        page = new_page(width)
        page.goto(MONTH)
        tables = page.locator("table.month").filter(visible=True)
        assert tables.count() == 1
        first, second = (page.locator(part) for part in parts)
        assert box(first).bottom <= box(second).top
        follows = "(a, b) => Boolean(a.compareDocumentPosition(b) & 4)"
        handle = second.element_handle()
        assert first.evaluate(follows, handle), width


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_on_a_phone_a_day_leads_to_its_place_by_finger_and_by_keyboard(new_page, scripts):
    for width in (320, 390):
        page = new_page(width, java_script_enabled=scripts)
        page.goto(f"{MONTH}&theme=arts-visuels&theme=espace")
        days = page.locator(".month-days td a")
        for day in days.all():
            drawn = box(day)
            assert drawn.right - drawn.left >= 44, width
            assert drawn.bottom - drawn.top >= 44, width
        assert page.evaluate(STICKING_OUT) == []
        day = page.locator(".month-days").get_by_role(
            "link", name=re.compile("15 février 2023 ?, vacances ?: 3 dates")
        )
        assert day.locator("svg").count() == 3
    day.focus()
    page.locator(":focus").press("Enter")
    target = page.locator(".row:target")
    expect(target).to_contain_text("Atelier-")
    expect(target).to_be_in_viewport()


# -- the school year -------------------------------------------------------------------------------

SCHOOL_YEAR = f"/annee-scolaire/{YEAR}/?le=2023-02-06&academie=lille"


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_months_stay_in_sight_while_one_scrolls(new_page, width):
    page = new_page(width)
    page.goto(SCHOOL_YEAR)
    axis = page.locator(".year .axis").first
    assert box(axis).top > 100
    page.get_by_role("link", name="Rallye lecture").last.scroll_into_view_if_needed()
    assert page.evaluate("scrollY") > 1000
    expect(axis).to_be_in_viewport(ratio=1)
    # A link that has the focus is not hidden behind it.
    link = page.get_by_role("link", name="Défi robotique").nth(9)
    link.focus()
    assert box(link).top >= box(axis).bottom - 1


def test_a_kind_is_shown_alone_by_keyboard(new_page):
    page = new_page(java_script_enabled=False)
    page.goto(f"{SCHOOL_YEAR}&theme=arts-visuels&theme=espace")
    for label in page.locator(".kinds label").all():
        assert box(label).bottom - box(label).top >= 44
    rows = page.locator(".year tr.group").filter(visible=True)
    dates = page.locator(".year .dates li").filter(visible=True)
    assert rows.count() == 17
    tab_to(page, page.get_by_role("radio", name="Toutes les dates"))
    page.keyboard.press("ArrowUp")  # to the last: results
    expect(page.get_by_role("radio", name="Résultats")).to_be_checked()
    assert rows.count() == 5
    assert {text.split("\u00a0:")[0].strip() for text in dates.all_inner_texts()} == {"Résultats"}
    marks = page.locator(".year .bars > svg").filter(visible=True)
    assert marks.count() == 5
    headings = page.locator(".year [scope=rowgroup]").filter(visible=True)
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name="Jour de l’événement")).to_be_checked()
    assert rows.count() == 12
    assert headings.count() == 2, "a group without a row has no heading"


def test_forced_colours_and_paper_keep_the_legend_of_the_kinds(new_page):
    page = new_page(forced_colors="active")
    page.goto(SCHOOL_YEAR)
    edge = page.locator(".kinds label:has(:checked)").evaluate(
        "e => getComputedStyle(e).outlineStyle"
    )
    assert edge == "solid"
    page.emulate_media(media="print", forced_colors="none")
    expect(page.get_by_text("Toutes les dates")).to_be_hidden()
    expect(page.locator(".kinds").get_by_text("Résultats")).to_be_visible()


# -- the poster ------------------------------------------------------------------------------------


def printed(page: Page, address: str) -> PdfReader:
    page.goto(f"/annee-scolaire/{YEAR}/affiche/?academie=lille&{address}")
    return PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))


def smallest(paper: PdfReader) -> float:
    """Return the size of the smallest letters, in points."""
    sizes = []

    def note(text, matrix, place, _font, size):
        if text.strip():
            sizes.append(abs(size * place[3] * matrix[3]))

    for sheet in paper.pages:
        sheet.extract_text(visitor_text=note)
    return min(sizes)


@pytest.mark.parametrize(
    ("paper", "number"), [(paper, most) for paper, sizes in SIZES.items() for most, _ in sizes]
)
def test_a_full_poster_is_one_sheet_and_can_be_read(new_page, paper, number):
    ids = ",".join(f"plein-{n}-{YEAR}" for n in range(number))
    sheets = printed(new_page(), f"evenements={ids}{'&papier=a3' if paper == 'a3' else ''}")
    assert len(sheets.pages) == 1
    assert smallest(sheets) >= 6.49
    text = sheets.pages[0].extract_text()
    assert text.count("imprimé le") == 1
    assert text.count("La grande lessive") == len([n for n in range(number) if n % 5 == 3])


def test_the_months_of_a_poster_never_touch(new_page):
    page = new_page()
    page.goto(f"/annee-scolaire/{YEAR}/affiche/?{FORTY}")
    for media in ("screen", "print"):
        page.emulate_media(media=media)
        shown = page.locator(".axis").first.locator("text").filter(visible=True).all()
        boxes = [box(text) for text in shown][:12]
        assert len(boxes) == 12
        assert all(a.right < b.left for a, b in pairwise(boxes)), media


def test_a_poster_that_is_too_long_says_so_and_takes_that_many_sheets(new_page):
    page = new_page()
    assert len(printed(page, NINETY).pages) == 3
    expect(page.get_by_text("l’affiche tient sur une feuille A3")).to_contain_text("3 feuilles")
    assert len(printed(page, f"{FORTY}&theme=espace").pages) == 2
    assert len(printed(page, f"{NINETY}&theme=arts-visuels&papier=a3").pages) == 2


# -- all of it -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [MONTH, SCHOOL_YEAR, f"/annee-scolaire/{YEAR}/affiche/?{NINETY}"],
    ids=["month", "year", "poster"],
)
def test_everybody_can_read_a_full_page(new_page, address):
    page = new_page()
    page.goto(address)
    for_everybody(page, address)
