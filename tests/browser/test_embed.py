"""The embed in Chromium, in a page of another site and alone."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import JANUARY, PHONE, PLACES, SCHEMES
from tests.browser.looking import STICKING_OUT, findings

EMBED = f"/embed/agenda/?{JANUARY}"
#: The narrowest column of an ENT, in CSS pixels.
COLUMN = 240


class Elsewhere(BaseHTTPRequestHandler):
    """Another site, whose page contains the HTML of the query."""

    def do_GET(self) -> None:
        body = f"<!doctype html><title>Un ENT</title><h1>Un ENT</h1>{unquote(self.path[2:])}"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Callable[[str], str]]:
    """Return a function: HTML → the address of a page of another origin with this HTML."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield lambda content: f"http://127.0.0.1:{server.server_port}/?{quote(content)}"
        server.shutdown()
        thread.join()


def frame(address: str) -> str:
    return f'<iframe src="{html.escape(address)}" width="400" height="480"></iframe>'


def test_another_site_shows_the_embed(new_page, site, elsewhere):
    page = new_page()
    page.goto(elsewhere(frame(site + EMBED)))
    inside = page.frame_locator("iframe")
    expect(inside.get_by_role("heading", level=1)).to_have_text("Les prochaines dates")
    expect(inside.get_by_role("link", name="Ma classe a du talent")).to_be_visible()
    # The style is applied too.
    assert inside.locator(".dates").evaluate("e => getComputedStyle(e).listStyleType") == "none"
    assert page.context.cookies() == []


def test_another_site_shows_what_is_wrong_with_its_embed(new_page, site, elsewhere):
    page = new_page()
    page.goto(elsewhere(frame(f"{site}/embed/agenda/?academie=lile")))
    expect(page.frame_locator("iframe").get_by_text("Vouliez-vous dire")).to_be_visible()


@pytest.mark.parametrize("path", ["/agenda/", "/", PLACES["contest"].address, "/integrer/"])
def test_another_site_cannot_show_any_other_page(new_page, site, elsewhere, path):
    page = new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(elsewhere(frame(site + path)))
    [inside] = page.main_frame.child_frames
    # Chromium shows its own error page when a site refuses to be framed.
    inside.wait_for_url("chrome-error://**")
    assert any("frame-ancestors" in line for line in said)
    assert inside.get_by_role("link", name="Toutes les dates").count() == 0


def test_a_link_of_the_embed_opens_beside_the_site_that_shows_it(new_page, site, elsewhere):
    page = new_page()
    page.goto(elsewhere(frame(site + EMBED)))
    with page.expect_popup() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Concours RoboTeam").click()
    expect(opened.value).to_have_title("Concours RoboTeam, 2020-2021 – Calendrier des classes")
    assert opened.value.evaluate("window.opener") is None
    expect(page.get_by_role("heading", name="Un ENT")).to_be_visible()


def test_the_code_of_the_builder_works_elsewhere(new_page, site, elsewhere):
    page = new_page(java_script_enabled=False)
    page.goto("/integrer/")
    page.get_by_label("Académie").select_option("lille")
    page.get_by_label("Nombre de dates").fill("5")
    page.get_by_label("Hauteur").fill("320")
    page.get_by_role("button", name="Mettre le code à jour").click()
    title = "Les prochaines dates, académie de Lille"
    expect(page.frame_locator("iframe").get_by_role("heading", level=1)).to_have_text(title)
    code = page.get_by_label("Code à coller").input_value()
    page.goto(elsewhere(code))
    expect(page.frame_locator("iframe").get_by_role("heading", level=1)).to_have_text(title)
    shown = page.locator("iframe")
    box = shown.bounding_box()
    assert box is not None
    assert box["height"] == 320
    assert box["width"] == page.evaluate("document.body.clientWidth")


def test_the_copy_button_copies_the_code_and_says_so(new_page):
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(PLACES["embed-builder"].address)
    page.get_by_role("button", name="Copier le code").click()
    expect(page.get_by_role("status")).to_have_text("Code copié")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.get_by_label("Code à coller").input_value()


@pytest.mark.parametrize("width", [COLUMN, PHONE])
@pytest.mark.parametrize(
    "address", [EMBED, f"{EMBED}&academie=la-reunion", "/embed/agenda/", "/embed/agenda/?nombre=0"]
)
def test_the_embed_is_read_by_everybody_in_a_narrow_column(page_of, width, address):
    for text in (32, 16):
        page = page_of(width, text=text)
        page.goto(address)
        assert page.evaluate(STICKING_OUT) == []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert findings(page) == []
    page.emulate_media(color_scheme="light")


@pytest.mark.parametrize("width", [COLUMN, 280, PHONE, 700])
def test_a_date_of_the_embed_is_one_line_for_a_thumb(page_of, width):
    """The link of a title covers its line, whose leaf is small and stands at the left."""
    page = page_of(width)
    page.goto(EMBED)
    for line in page.locator(".dates li").all()[:4]:
        row, leaf = line.bounding_box(), line.locator(".leaf").bounding_box()
        assert row["height"] >= 44
        assert leaf["height"] <= 48
        title = line.get_by_role("link").bounding_box()
        assert leaf["x"] + leaf["width"] < title["x"]
        at = {"x": row["width"] - 2, "y": row["height"] - 2}
        inside = "(e, { x, y }) => { const r = e.getBoundingClientRect();" + (
            " return document.elementFromPoint(r.x + x, r.y + y)?.localName; }"
        )
        assert line.evaluate(inside, at) == "a"
    first = page.locator(".dates li").first.bounding_box()
    if width >= 480:
        assert first["height"] <= 52, "a wide frame has one line a date"


def unhashed(address: str) -> str:
    """Return the address of a static file without its hash; any other address as it is."""
    return re.sub(r"(/static/\w+)\.[\w-]{4}\.", r"\1.", address)


def test_the_embed_complains_of_nothing_and_asks_for_nothing_else(new_page, site):
    page: Page = new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(unhashed(request.url.partition("?")[0])))
    page.goto(EMBED)
    page.wait_for_load_state("networkidle")
    assert said == []
    # Chromium fetches the icon of a page only when it shows tabs.
    assert {*asked} - {f"{site}/static/favicon.svg"} == {
        f"{site}/embed/agenda/",
        f"{site}/static/embed.css",
    }


def test_a_browser_takes_the_manifest(new_page, site):
    page = new_page()
    page.goto("/")
    told = page.context.new_cdp_session(page).send("Page.getAppManifest")
    assert told["url"] == f"{site}/manifest.webmanifest"
    assert told["errors"] == []
    assert '"Calendrier des classes"' in told["data"]
