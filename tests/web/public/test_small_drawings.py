"""The small drawings beside few words: which page has which, what they weigh, whom they reach."""

from __future__ import annotations

import re

import pytest

from calendar_app.web import security
from tests.html_reading import elements
from tests.web.public.test_pages import today

__all__ = ["today"]

JANUARY = "le=2021-01-04"
NAMES = "nothing search lost broken thanks mail done ended picks".split()


def drawing(app, name: str) -> str:
    """Return a drawing as pages have it."""
    macros = app.jinja_env.get_template("_drawings.html")
    with app.app_context():
        return str(macros.module.drawing(name))


def drawings(page: str) -> list[str]:
    return re.findall(r'<svg class="drawing".*?</svg>', page, re.DOTALL)


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_is_small_and_takes_its_colours_from_the_page(app, name):
    drawn = drawing(app, name)
    assert len(drawn.encode()) <= 1_000
    assert len(elements(drawn, "path")) >= 3
    # Without a style sheet it keeps its size, and its lines; a screen reader passes over it.
    [svg] = elements(drawn, "svg")
    assert (svg["width"], svg["height"], svg["aria-hidden"]) == ("120", "96", "true")
    assert (svg["fill"], svg["stroke"]) == ("none", "currentColor")
    assert not re.search(r"#[0-9a-f]{3}|fill=|stroke=|style=|<text", drawn.partition(">")[2])


def test_no_two_drawings_are_the_same(app):
    assert len({drawing(app, name) for name in NAMES}) == len(NAMES)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (f"/?{JANUARY}&academie=lille&type=concours&q=apprendre", "search"),
        ("/agenda/?journees=0", "nothing"),
        ("/calendrier/2021/07/", "nothing"),
        (f"/ma-selection/?{JANUARY}", "picks"),
        (f"/ma-selection/?{JANUARY}&q=introuvable", "picks search"),
        ("/proposer/merci/", "thanks"),
        ("/proposer/merci/?deja=roboteam-2020-2021", "done"),
        ("/abonnement/retrouver/", "mail"),
        ("/redaction/mot-de-passe/", "mail"),
        ("/nulle-part/", "lost"),
        (f"/?{JANUARY}", ""),
        (f"/agenda/?{JANUARY}", ""),
    ],
)
def test_few_words_have_a_drawing_beside_them(client, address, name):
    found = drawings(client.get(address).text)
    assert found == [drawing(client.application, one) for one in name.split()]


@pytest.mark.parametrize(("code", "name"), [(404, "lost"), (410, "lost"), (503, "broken")])
def test_what_we_broke_is_drawn_otherwise_than_what_is_not_there(app, code, name):
    with app.test_request_context("/nulle-part/"):
        page = security._page(code).get_data(as_text=True)
    assert drawings(page) == [drawing(app, name)]
