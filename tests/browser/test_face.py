"""The calendar as a teacher uses it, by keyboard and without scripts: choose an académie once,
pick, copy, print."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from calendar_app.app import create_app
from calendar_app.catalogue import setup
from calendar_app.config.settings import Settings, data_folder
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import db
from tests.browser.conftest import DESK, JANUARY, PHONE, PLACES, serving
from tests.browser.test_pages import box, tab_to, unfold
from tests.conftest import close
from tests.factories import many, publish

TALENT, ROBOTEAM = "ma-classe-a-du-talent-2020-2021", "roboteam-2020-2021"
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])


def follow(page: Page, name: str) -> None:
    """Follow a link by keyboard."""
    tab_to(page, page.get_by_role("link", name=name).first)
    page.locator(":focus").press("Enter")


@SCRIPTS
def test_a_keyboard_goes_from_the_choice_of_an_academie_to_the_subscription(
    new_page, site, scripts
):
    """The steps: choose an académie and a class, filter, open an event, subscribe."""
    page = new_page(java_script_enabled=scripts)
    page.goto(f"/?{JANUARY}")
    heading = page.get_by_role("heading", level=1)
    follow(page, "Mon académie")
    expect(heading).to_have_text("Mon académie et ma classe")
    tab_to(page, page.get_by_label("Académie, département"))
    page.keyboard.type("Montpellier")
    # A list of suggestions may have opened; close it without a choice.
    page.keyboard.press("Escape")
    tab_to(page, page.get_by_label("Classe ou cycle"))
    page.keyboard.type("CM2")
    tab_to(page, page.get_by_role("button", name="Voir mes dates"))
    page.locator(":focus").press("Enter")
    expect(heading).to_have_text("Prochaines dates, académie de Montpellier")
    chosen = page.get_by_role("link", name="Montpellier · CM2")
    expect(chosen).to_be_visible()

    unfold(page, "#filtres")
    tab_to(page, page.get_by_label("Rechercher"))
    page.keyboard.type("robo")
    page.locator(":focus").press("Enter")
    chip = page.get_by_role("list", name="Filtres choisis").get_by_role("link", name="« robo »")
    expect(chip).to_be_visible()
    follow(page, "Concours RoboTeam")
    expect(heading).to_have_text("Concours RoboTeam")
    expect(page.get_by_role("main")).to_contain_text(
        "à vérifier sur le site officiel), au plus tard"
    )
    unfold(page, ".menu.both")
    tab_to(page, page.locator(".menu.both").get_by_role("link", name="Mon agenda"))
    page.locator(":focus").press("Enter")
    address = page.get_by_label("Adresse à coller dans votre agenda")
    expect(address).to_have_value(f"{site}/flux/academie-de-montpellier.ics?niveau=cm2&q=robo")
    tab_to(page, address)


@SCRIPTS
def test_three_contests_are_picked_by_keyboard(new_page, site, scripts):
    page = new_page(java_script_enabled=scripts)
    page.goto(f"/ma-selection/?{JANUARY}")
    for title in ("Concours RoboTeam", "Ma classe a du talent", "Camp@Num"):
        tab_to(page, page.get_by_label(title))
        page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Voir ma sélection"))
    page.locator(":focus").press("Enter")
    expect(
        page.get_by_role("list", name="Événements de ma sélection").get_by_role("listitem")
    ).to_have_count(3)
    expect(page.get_by_label("En texte simple")).to_have_value(
        re.compile(r"Ma classe a du talent.*11\sfévrier\s2021", re.DOTALL)
    )


def test_the_choice_is_remembered_by_this_browser_and_forgotten_on_demand(new_page):
    page = new_page()
    page.goto(f"/mon-academie/?{JANUARY}")
    page.get_by_role("link", name=re.compile(r"^Lille\s\d+")).click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Prochaines dates, académie de Lille")
    assert "#" not in page.url
    kept = "Object.values(localStorage).sort()"
    assert page.evaluate(kept) == ["Lille", "academie=lille"]
    page.goto("/")
    expect(heading).to_have_text("Prochaines dates, académie de Lille")
    page.get_by_role("link", name="académie de Lille (retirer ce filtre)").click()
    expect(heading).not_to_contain_text("Lille")
    page.goto("/")
    expect(heading).not_to_contain_text("Lille")
    assert page.evaluate(kept) == []
    assert page.context.cookies() == []


def test_a_page_without_a_choice_in_its_address_offers_the_one_that_was_made(new_page):
    page = new_page()
    page.goto(f"/agenda/?{JANUARY}&academie=lille&niveau=cm2")
    page.locator("#filtres > summary").click()
    page.get_by_role("button", name="Voir les dates").click()
    for address in ("/aide/", "/nulle-part/", f"/calendrier/2021/01/?{JANUARY}"):
        page.goto(address)
        kept = page.get_by_role("link", name=re.compile(r"Reprendre\s: Lille · CM2"))
        expect(kept).to_be_visible()
        # The other links of the header and the footer bring it.
        for name in ("Mois", "Plan du site"):
            link = page.get_by_role("link", name=name, exact=True).first
            expect(link).to_have_attribute("href", re.compile("academie=lille&niveau=cm2"))
        # A page of dates is shown again for it; help leads to the next dates.
        kept.click()
        expect(page).to_have_url(re.compile(r"academie=lille&niveau=cm2$"))
        has_dates = address.startswith("/calendrier")
        expect(page).to_have_url(re.compile("/calendrier/2021/01/" if has_dates else r"\d/\?"))
        expect(page.get_by_role("link", name="changer d’académie")).to_be_visible()


def test_an_academie_that_is_filtered_by_is_remembered_too(new_page):
    page = new_page()
    page.goto(f"/agenda/?{JANUARY}")
    page.locator("#filtres > summary").click()
    page.get_by_label("Académie").select_option("lille")
    page.get_by_label("Classe ou cycle").select_option("cm2")
    page.get_by_role("button", name="Voir les dates").click()
    expect(page.get_by_role("link", name="Lille · CM2")).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("link", name="Lille · CM2")).to_be_visible()


def test_what_was_picked_is_remembered_by_this_browser(new_page):
    page = new_page()
    for event in (TALENT, ROBOTEAM):
        page.goto(f"/evenements/{event}/?{JANUARY}")
        page.get_by_role("link", name="Ajouter à ma sélection").click()
    picked = page.get_by_role("list", name="Événements de ma sélection").get_by_role("listitem")
    expect(picked).to_have_count(2)
    page.goto(f"/agenda/?{JANUARY}")
    expect(page.get_by_role("link", name="Ma sélection (2)")).to_be_visible()
    page.goto(f"/evenements/{TALENT}/?{JANUARY}")
    expect(page.get_by_role("link", name="Choisi : voir ma sélection")).to_be_visible()
    page.get_by_role("link", name="Ma sélection (2)").click()
    page.get_by_role("link", name="retirer Concours RoboTeam").click()
    expect(picked).to_have_count(1)
    page.goto(f"/?{JANUARY}")
    expect(page.get_by_role("link", name="Ma sélection (1)")).to_be_visible()
    page.goto("/ma-selection/")
    expect(picked).to_have_count(1)
    page.get_by_role("link", name="retirer").click()
    expect(page.get_by_role("main")).to_contain_text("Choisissez quelques événements")


def test_a_message_is_copied_as_text_and_as_html(new_page):
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(PLACES["selection"].address)
    page.get_by_role("button", name="Copier pour un message").click()
    message = page.get_by_role("region", name="Copier pour un message")
    expect(message.get_by_role("status")).to_have_text("Message copié")
    copied = page.evaluate("""async () => {
      const [item] = await navigator.clipboard.read();
      const text = async type => await (await item.getType(type)).text();
      return [await text("text/plain"), await text("text/html")];
    }""")
    assert copied[0].startswith("- Ma classe a du talent")
    assert "<li><a href=" in copied[1]


# Printing.


@pytest.mark.parametrize(
    ("address", "size"),
    [
        (f"/annee-scolaire/2020-2021/?{JANUARY}&academie=montpellier", (842, 595)),
        ("/annee-scolaire/2020-2021/", (842, 595)),
        (f"/calendrier/2021/01/?{JANUARY}&academie=lille", (842, 595)),
        (PLACES["poster"].address, (842, 595)),
        ("/annee-scolaire/2020-2021/affiche/", (842, 595)),
        ("/annee-scolaire/2020-2021/affiche/?papier=a3", (1191, 842)),
        (PLACES["how-to"].address, (595, 842)),
    ],
)
def test_it_is_printed_on_one_sheet(new_page, address, size):
    page = new_page()
    page.goto(address)
    paper = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert len(paper.pages) == 1
    sheet = paper.pages[0].mediabox
    assert (round(sheet.width), round(sheet.height)) == size


def test_the_guide_takes_half_a_sheet(new_page):
    page = new_page(794)  # as wide as A4
    page.goto(PLACES["how-to"].address)
    page.emulate_media(media="print")
    assert box(page.locator(".how-to")).bottom < 1123 / 2


def test_a_poster_needs_no_colour(new_page):
    """Each kind of date has its own shape, and the legend explains the shapes of the poster."""
    page = new_page()
    shapes = "all => all.map(drawn => drawn.innerHTML)"
    page.goto("/aide/")
    kinds = page.locator("dt svg").evaluate_all(shapes)
    assert len(set(kinds)) == len(kinds) == 6
    page.goto(PLACES["poster"].address)
    told = page.locator(".poster .legend svg").evaluate_all(shapes)
    assert len(set(told)) == len(told) == 4
    drawn = page.locator(".poster .bars > svg").evaluate_all(shapes)
    assert {shape for shape in kinds if shape in drawn} == {s for s in told if s in kinds}


@pytest.fixture(scope="module")
def full_site(tmp_path_factory) -> Iterator[str]:
    """The address of a site with sixty events ahead, as of today."""
    instance, today = tmp_path_factory.mktemp("full"), datetime.now(UTC).date()
    settings = Settings.from_environment({}, instance)
    app = create_app(settings)
    with app.app_context():
        setup.first_start(db.session, data_folder(), instance, datetime.now(UTC))
    year = SchoolYear.of(today).label
    days = [(today + timedelta(days=1 + n)).isoformat() for n in range(60)]
    publish(app, *many(60, lambda n: [{"kind": "session", "day": days[n]}], year))
    close(app)
    with serving(instance) as address:
        yield address


def test_home_with_sixty_events_shows_dates_at_once(browser, full_site):
    """On a phone the first date begins above 400 px and three are in sight; on a desktop five
    dates and the strip of the year."""
    for size, seen, top in (((390, 844), 3, 400), ((1280, 800), 5, 400)):
        page = browser.new_page(viewport={"width": size[0], "height": size[1]}, base_url=full_site)
        page.goto("/?academie=lille")
        rows = [box(row) for row in page.get_by_role("article").all()[:seen]]
        assert rows[0].top < top, size
        bar = page.locator(".views")
        bottom = box(bar).top if size[0] == 390 else size[1]
        assert rows[-1].bottom <= bottom, size
        assert 0 < box(page.locator(".strip")).bottom < rows[0].top, size
        page.close()


@SCRIPTS
def test_on_a_phone_the_dates_come_before_the_filters(new_page, scripts):
    page = new_page(360, java_script_enabled=scripts)
    page.goto(f"/agenda/?{JANUARY}&academie=lille&niveau=cm2")
    page.locator("main > .band").evaluate("band => band.remove()")  # that the day is not today
    first = page.get_by_role("article").first
    assert box(first).top < 400, "the first date is not on a phone's first screen"
    expect(page.get_by_label("Rechercher")).to_be_hidden()
    unfold(page, "#filtres")
    tab_to(page, page.get_by_label("Rechercher"))
    page.keyboard.type("apprendre")
    page.locator(":focus").press("Enter")
    expect(page.get_by_role("article")).to_have_count(1)


# Forced colours.

HATCHES = "all => all.map(cell => getComputedStyle(cell).backgroundImage)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_lose_nothing(new_page, scheme):
    """A browser forces the reader's colours on text and boxes; drawings must use these colours
    themselves."""
    page = new_page(color_scheme=scheme, forced_colors="active")
    page.goto(f"/annee-scolaire/2020-2021/?{JANUARY}&academie=lille")
    ink, ground = page.evaluate("""() => {
      const probe = document.body.appendChild(document.createElement("p"));
      probe.style.cssText = "forced-color-adjust: none; color: CanvasText; background: Canvas";
      const { color, backgroundColor } = getComputedStyle(probe);
      return [color, backgroundColor];
    }""")
    assert ink != ground
    fill = "all => all.map(drawn => getComputedStyle(drawn).fill)"
    legend = ":is(.legend, .kinds) .mark:not(:has(.shade, .today))"
    for drawn in (".bars > svg", legend, "rect.today"):
        found = page.locator(drawn).evaluate_all(fill)
        assert found, drawn
        assert set(found) == {ink}, drawn
    stroke = "all => all.map(drawn => getComputedStyle(drawn).stroke)"
    assert ground not in page.locator(".bars .shade").evaluate_all(stroke)
    edge = "all => all.map(box => getComputedStyle(box).borderTopStyle)"
    assert set(page.locator(".chips a, main .button").evaluate_all(edge)) == {"solid"}
    page.goto(f"/calendrier/2021/01/?{JANUARY}&academie=lille")
    assert set(page.locator(".bar a").evaluate_all(edge)) == {"solid"}
    assert set(page.locator(".bar .mark").evaluate_all(fill)) == {ink}
    hatched = page.locator(".month-wide .days .off").evaluate_all(HATCHES)
    assert hatched
    assert all("gradient" in image for image in hatched)


# Without a style sheet.


@pytest.mark.parametrize(
    "place", ["home-academie", "month", "year-academie", "contest", "selection"]
)
def test_a_page_without_its_style_is_read_from_top_to_bottom(new_page, place):
    page = new_page()
    page.route("**/*.css", lambda route: route.abort())
    page.goto(PLACES[place].address)
    heights = page.locator("svg").evaluate_all(
        "all => all.map(s => s.getBoundingClientRect().height)"
    )
    assert max(heights) < 60
    tops = page.locator("h1, h2, h3, h4").evaluate_all(
        "all => all.filter(h => h.offsetParent).map(h => h.getBoundingClientRect().top)"
    )
    assert tops == sorted(tops)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


# The school year on a phone.


def test_the_names_of_months_never_touch(page_of):
    for width, letters in ((DESK, "whole"), (PHONE, "initial")):
        page = page_of(width)
        page.goto(PLACES["year-academie"].address)
        drawn = page.locator(f".axis text.{letters}").all()
        boxes = [box(text) for text in drawn]
        assert len(boxes) == 12
        for before, after in pairwise(boxes):
            assert before.right < after.left
