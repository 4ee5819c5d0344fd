"""What machines read of a page: its canonical address, its description and its feeds. Also the
sitemap and the manifest."""

from __future__ import annotations

import json
import re
import struct
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest
import time_machine
from flask import url_for

from calendar_app.web import head
from calendar_app.web.public.system_views import BACKGROUND_COLOUR, ICON_SIZES, THEME_COLOUR
from calendar_app.words.vocabulary import EventType
from tests.conftest import IMPORTED_AT
from tests.factories import ID, another, changing, entry, publish
from tests.html_reading import elements
from tests.web.editing.test_queue_pages import logged_in
from tests.web.subscription.test_subscription_pages import personal_token

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
HERE = "http://127.0.0.1:8000"
TALENT = "/evenements/ma-classe-a-du-talent-2020-2021/"


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


def canonical(client, address: str) -> str:
    [link] = elements(client.get(address).text, "link", rel="canonical")
    return str(link["href"]).removeprefix(HERE)


def alternates(client, address: str) -> dict[str, str]:
    """Return media type → path and query, for each other form of the page."""
    links = elements(client.get(address).text, "link", rel="alternate")
    return {str(link["type"]): str(link["href"]).removeprefix(HERE) for link in links}


def properties(client, address: str) -> dict[str, str]:
    metas = elements(client.get(address).text, "meta")
    named = {m.attributes.get("property") or m.attributes.get("name"): m for m in metas}
    return {str(name): str(meta["content"]) for name, meta in named.items() if name}


# One address.


@pytest.mark.parametrize(
    ("address", "one"),
    [
        ("/", "/"),
        ("/?le=2021-01-15&academie=lille&utm_source=x", "/?academie=lille"),
        ("/agenda/?niveau=cm2&academie=lille", "/agenda/?academie=lille&niveau=cm2"),
        ("/calendrier/2021/01/?le=2021-01-15", "/calendrier/2021/01/"),
        (f"{TALENT}?academie=lille&le=2021-01-15", TALENT),
        ("/abonnement/?evenement=roboteam-2020-2021", "/abonnement/?evenement=roboteam-2020-2021"),
        ("/mentions-legales/", "/mentions-legales/"),
    ],
)
def test_a_page_has_one_address_without_the_day_and_what_is_ignored(client, address, one):
    assert canonical(client, address) == one
    assert properties(client, address)["og:url"] == HERE + one
    assert client.get(one).status_code == 200


def test_addresses_are_those_of_the_public_site(make_app):
    app = make_app(CALENDAR_PUBLIC_URL="https://calendrier.example")
    client = app.test_client()
    page = client.get("/agenda/", headers={"Host": "127.0.0.1:8000"}).text
    found = [link["href"] for link in elements(page, "link", rel="alternate")]
    found += [link["href"] for link in elements(page, "link", rel="canonical")]
    found += [meta["content"] for meta in elements(page, "meta", property="og:image")]
    assert len(found) == 6
    assert all(str(address).startswith("https://calendrier.example/") for address in found)


# What shows a link.


def address_of(client, name: str) -> str:
    """Return the address of a static file: with its hash, kept for a year."""
    with client.application.test_request_context():
        return url_for("static", filename=name)


def test_a_link_to_a_page_is_shown_with_its_title_its_words_and_a_drawing(client):
    told = properties(client, "/agenda/?academie=lille")
    assert {name: words for name, words in told.items() if name.startswith(("og", "twitter"))} == {
        "og:title": "Toutes les dates, académie de Lille",
        "og:description": told["description"],
        "og:url": f"{HERE}/agenda/?academie=lille",
        "og:site_name": "Calendrier des classes",
        "og:locale": "fr_FR",
        "og:type": "website",
        "og:image": HERE + address_of(client, "og.png"),
        "og:image:type": "image/png",
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": "Une feuille de calendrier, et les mots"
        " «\u202fNe manquez plus une date limite\u202f»",
        "twitter:card": "summary_large_image",
    }
    assert "académie de Lille" in told["description"]


def test_an_event_is_described_by_what_is_next_in_it_then_by_what_it_is(client):
    told = properties(client, TALENT)
    assert told["og:title"] == "Ma classe a du talent, 6e édition, 2020-2021"
    assert told["og:type"] == "article"
    words = told["description"].replace("\u00a0", " ")
    assert words.startswith("Date limite pour participer : jeudi 11 février 2021. ")
    assert (len(words) <= 160, words[-1]) == (True, "…")
    past = properties(client, f"{TALENT}?le=2022-01-01")["description"]
    assert "11 février" not in past


@pytest.mark.parametrize("type_", EventType)
def test_an_event_is_shown_with_the_drawing_of_its_type(empty_app, type_):
    publish(empty_app, entry(type=type_.value))
    client = empty_app.test_client()
    told = properties(client, f"/evenements/{ID}/")
    image = head.EVENT_IMAGES[type_]
    assert told["og:image"] == HERE + address_of(client, image.name)
    assert told["og:image:alt"].replace("\u202f", " ") == image.alt
    # A program that reads the event takes the same image.
    assert told_of(client, f"/evenements/{ID}/")[0]["image"] == told["og:image"]


def test_each_type_has_an_image_of_its_own():
    images = [*head.EVENT_IMAGES.values(), head.SITE_IMAGE]
    assert [*head.EVENT_IMAGES] == [*EventType]
    for values in zip(*((i.name, i.title, i.drawn) for i in images), strict=True):
        assert len(set(values)) == len(EventType) + 1


def test_words_of_an_event_stay_words(empty_app):
    evil = 'L\'« essai » & "<b>Un</b>"'
    publish(empty_app, entry(title=evil, summary=evil))
    told = properties(empty_app.test_client(), f"/evenements/{ID}/")
    plain = evil.replace("« ", "«\u202f").replace(" »", "\u202f»")
    assert told["og:title"] == f"{plain}, 2020-2021"
    assert told["description"].endswith(plain)


def test_each_page_that_has_words_of_its_own_is_there(client):
    assert {*head._ABOUT} <= {*client.application.view_functions}
    assert "sans créer de compte" in properties(client, "/abonnement/")["description"]


def png(client, name: str) -> tuple[tuple[int, int], int, set[str]]:
    """Return a picture's size in pixels, its number of bytes, and its colours."""
    with client.get(f"/static/{name}") as answer:
        data = answer.data
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    position, chunks = 8, {}
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        chunks[kind] = data[position + 8 : position + 8 + length]
        position += length + 12
    palette = chunks[b"PLTE"].hex()
    colours = {f"#{palette[n : n + 6]}" for n in range(0, len(palette), 6)}
    return struct.unpack(">II", chunks[b"IHDR"][:8]), len(data), colours


def test_the_images_have_their_sizes_and_the_colours_of_the_drawing(client):
    """When the drawing changes, run ``python -m tests.browser.site_images``."""
    with client.get("/static/favicon.svg") as answer:
        drawing = answer.text
    assert THEME_COLOUR in drawing
    # The mark in the header of every page is the same drawing.
    [mark] = re.findall(r'<svg class="logo".*?</svg>', client.get("/").text)
    assert re.findall(r' d="([^"]*)"', mark) == re.findall(r' d="([^"]*)"', drawing)
    with client.get("/static/app.css") as answer:
        style = answer.text
    assert BACKGROUND_COLOUR in style
    logo = "".join(line for line in style.splitlines() if line.strip().startswith(".logo ."))
    assert re.findall("#[0-9a-f]{6}", logo) == re.findall("#[0-9a-f]{6}", drawing)
    sizes = {f"icon-{size}.png": (size, size) for size in ICON_SIZES}
    sizes |= {i.name: (1200, 630) for i in (head.SITE_IMAGE, *head.EVENT_IMAGES.values())}
    for name, size in sizes.items():
        found, weight, colours = png(client, name)
        assert (found, weight <= 20_000) == (size, True)
        assert {THEME_COLOUR, BACKGROUND_COLOUR} <= colours


# Its other forms.


@pytest.mark.parametrize(
    ("address", "feed", "options"),
    [
        ("/", "toutes", ""),
        ("/agenda/?academie=lille", "academie-de-lille", ""),
        ("/?departement=63&niveau=cm2", "departement-63", "?niveau=cm2"),
        ("/?academie=lille&academie=lyon", "toutes", "?academie=lille&academie=lyon"),
        ("/annee-scolaire/2020-2021/?type=concours", "toutes", "?type=concours"),
        (f"{TALENT}?academie=lille&le=2021-01-15", "academie-de-lille", ""),
    ],
)
def test_a_page_announces_the_feeds_of_the_filters_on_screen(client, address, feed, options):
    found = alternates(client, address)
    found.pop("application/json+oembed", None)
    assert found == {
        "text/calendar": f"/flux/{feed}.ics{options}",
        "application/atom+xml": f"/flux/{feed}.atom{options}",
        "application/feed+json": f"/flux/{feed}.json{options}",
    }
    for kind, place in found.items():
        assert client.get(place).content_type.partition(";")[0] == kind


@pytest.mark.parametrize(
    "address",
    [
        "/agenda/?academie=lille",
        "/calendrier/2021/02/",
        "/annee-scolaire/2020-2021/?q=robot",
        f"{TALENT}?academie=lille",
        "/embed/agenda/?nombre=20&theme=numerique",
    ],
)
def test_a_page_that_can_be_shown_elsewhere_leads_to_its_oembed(client, address):
    place = alternates(client, address + ("&" if "?" in address else "?") + "le=2021-01-15")[
        "application/json+oembed"
    ]
    assert parse_qs(urlsplit(place).query)["format"] == ["json"]
    told = client.get(place).json
    [frame] = elements(told["html"], "iframe")
    shown = str(frame["src"]).removeprefix(HERE)
    assert "le=" not in shown
    assert client.get(shown).status_code == 200
    for name, values in parse_qs(urlsplit(address).query).items():
        assert parse_qs(urlsplit(shown).query)[name] == values


def test_other_pages_are_not_shown_elsewhere(client):
    for address in ("/", "/flux/", "/abonnement/", "/mentions-legales/"):
        assert "application/json+oembed" not in alternates(client, address)


# What is not for machines.


def test_pages_of_somebody_say_nothing_to_machines(empty_app):
    token = personal_token(empty_app)
    public, editor = empty_app.test_client(), logged_in(empty_app, "administrateur", None)
    pages = [
        public.get(f"/abonnement/lien/{token}/"),
        public.get("/redaction/connexion/"),
        editor.get("/redaction/"),
        editor.get("/redaction/evenements/nouveau/"),
        public.get("/nulle-part/"),
        public.post("/proposer/"),
    ]
    for answer in pages:
        assert "<title>" in answer.text
        for rel in ("canonical", "alternate", "manifest"):
            assert elements(answer.text, "link", rel=rel) == []
        names = {
            m.attributes.get("property") or m.attributes.get("name")
            for m in elements(answer.text, "meta")
        }
        assert names <= {None, "viewport", "robots", "color-scheme"}
        assert token not in "".join(str(link["href"]) for link in elements(answer.text, "link"))


# JSON-LD.


def told_of(client, address: str) -> list[dict]:
    scripts = elements(client.get(address).text, "script", type="application/ld+json")
    return [one for script in scripts for one in json.loads(script.text)]


def test_an_event_is_told_in_json_ld_and_nothing_else_is(client):
    [found] = told_of(client, "/evenements/fete-de-l-apprendre-2020-2021/?academie=lille")
    assert found["@type"] == "Event"
    assert (found["startDate"], found["endDate"]) == ("2021-01-20", "2021-01-24")
    assert canonical(client, found["url"].removeprefix(HERE)) == found["url"].removeprefix(HERE)
    [talent] = told_of(client, TALENT)
    assert talent["@type"] == "WebPage"
    for address in ("/", "/agenda/", f"/abonnement/?evenement={TALENT.split('/')[2]}"):
        assert told_of(client, address) == []


def test_what_was_taken_out_of_the_calendar_is_told_to_nobody(empty_app):
    publish(empty_app, entry(archived=True))
    assert told_of(empty_app.test_client(), f"/evenements/{ID}/") == []


@pytest.mark.parametrize(
    "evil", ["</script><script>alert(1)</script>", "<!--<script>", "\u2028'\"\\&]]>", "{{ 7*7 }}"]
)
def test_no_text_breaks_out_of_the_json_ld(empty_app, evil):
    publish(empty_app, entry(title=f"x{evil}", summary=evil, organiser=evil))
    client = empty_app.test_client()
    page = client.get(f"/evenements/{ID}/").text
    assert len(elements(page, "script")) == 2
    [script] = elements(page, "script", type="application/ld+json")
    assert not {*"<>&'\u2028"} & {*script.text}
    [found] = json.loads(script.text)
    assert found["about"]["description"] == evil.replace("\u2028", "")


# The sitemap and the manifest.


def sitemap(client) -> dict[str, str]:
    """Return path → last change."""
    answer = client.get("/sitemap.xml")
    assert answer.content_type == "application/xml; charset=utf-8"
    root = ET.fromstring(answer.data)  # noqa: S314
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    assert root.tag == f"{space}urlset"
    rows = [(u.findtext(f"{space}loc"), u.findtext(f"{space}lastmod")) for u in root]
    assert all(str(loc).startswith(f"{HERE}/") for loc, _ in rows)
    return {str(loc).removeprefix(HERE): str(at) for loc, at in rows}


def test_the_sitemap_has_the_pages_of_the_calendar_with_their_last_change(empty_app):
    publish(
        empty_app,
        entry(),
        another("autre"),
        another("retire", archived=True),
        entry(id="vieux-2018-2019", series="vieux", school_year="2018-2019", milestones=[]),
    )
    later = IMPORTED_AT + timedelta(days=9)
    with changing(empty_app, later) as event:
        event.title = "Un autre titre"
    client = empty_app.test_client()
    imported, changed = "2020-12-15T08:30:00+00:00", "2020-12-24T08:30:00+00:00"
    assert sitemap(client) == {
        "/": changed,
        "/agenda/": changed,
        "/annee-scolaire/2020-2021/": changed,
        "/evenements/autre-2020-2021/": imported,
        f"/evenements/{ID}/": changed,
    }
    for address in sitemap(client):
        assert canonical(client, address) == address


def test_an_empty_calendar_has_a_sitemap_too(empty_app):
    assert set(sitemap(empty_app.test_client())) == {"/", "/agenda/"}


def test_the_manifest_says_how_the_site_stands_on_a_screen(client):
    [link] = elements(client.get("/").text, "link", rel="manifest")
    answer = client.get(link["href"])
    assert answer.content_type == "application/manifest+json; charset=utf-8"
    told = json.loads(answer.data)
    icons = told.pop("icons")
    assert told == {
        "name": "Calendrier des classes",
        "short_name": "Calendrier",
        "lang": "fr",
        "start_url": "/",
        "display": "minimal-ui",
        "theme_color": THEME_COLOUR,
        "background_color": BACKGROUND_COLOUR,
    }
    assert [icon["sizes"] for icon in icons] == ["any", "192x192", "512x512"]
    for icon in icons:
        with client.get(icon["src"]) as shown:
            assert shown.content_type.partition(";")[0] == icon["type"]
    assert "manifest-src 'self'" in client.get("/").headers["Content-Security-Policy"]
