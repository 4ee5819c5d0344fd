"""The bytes of a page that a telephone downloads: HTML, style and scripts, compressed."""

from __future__ import annotations

import gzip
import re
from datetime import date, timedelta
from html import unescape

import pytest
import time_machine

from tests.browser.conftest import PLACES
from tests.conftest import JANUARY
from tests.factories import many, publish

#: Each test makes a site with 60 events more.
pytestmark = pytest.mark.long

#: The most bytes of a public page with 60 events, gzipped.
LIMIT = 30_000
EVENTS = 60


@pytest.fixture
def engine():
    """Pages are the same from either engine."""
    return "sqlite"


@pytest.fixture
def client(app):
    """A client of a site with sixty more events, spread over the next five months."""
    first = date(2021, 1, 5)
    opens, closes = (
        [(first + timedelta(days=2 * n + more)).isoformat() for n in range(EVENTS)]
        for more in (0, 30)
    )
    dates = [
        [{"kind": "opening", "day": opens[n]}, {"kind": "deadline", "day": closes[n]}]
        for n in range(EVENTS)
    ]
    summary = "Les classes écrivent, dessinent, programment ou jouent. " * 4
    publish(app, *many(EVENTS, dates.__getitem__, summary=summary))
    with time_machine.travel(JANUARY, tick=False):
        yield app.test_client()


def resources(page: str) -> list[str]:
    """Return what a browser fetches with a page."""
    found = re.findall(r'<script[^>]* src="([^"]+)"', page)
    found += re.findall(r'<(?:img|iframe|source)[^>]* src="([^"]+)"', page)
    for link in re.findall(r"<link[^>]*>", page):
        if re.search(r'rel="(?:stylesheet|icon|preload|manifest)"', link):
            found += re.findall(r'href="([^"]+)"', link)
    return [unescape(address) for address in found]


def weight(data: bytes) -> int:
    return len(gzip.compress(data, 6))


def test_every_public_page_is_light_and_asks_nobody_else(client):
    fetched: dict[str, bytes] = {}
    for name, place in PLACES.items():
        answer = client.get(place.address, follow_redirects=True)
        assert answer.status_code == place.status, name
        if not place.address.startswith("/redaction/"):
            assert "Set-Cookie" not in answer.headers, name
        total, style, scripts = weight(answer.data), 0, 0
        for address in resources(answer.text):
            assert address.startswith("/"), f"{name} asks {address}"
            if address.endswith((".css", ".js")):
                if address not in fetched:
                    with client.get(address) as file:
                        fetched[address] = file.data
                total += weight(fetched[address])
                style += len(fetched[address]) if address.endswith(".css") else 0
                scripts += len(fetched[address]) if address.endswith(".js") else 0
        assert total < LIMIT, f"{name}: {total} bytes"
        # The room of editors has a style sheet of its own.
        room = place.address.startswith("/redaction/")
        assert style < (60_000 if room else 40_000), f"{name}: {style} bytes of CSS"
        assert scripts < (12_000 if room else 8_000), f"{name}: {scripts} bytes of scripts"


@pytest.mark.parametrize(
    "address", ["/", "/agenda/?le=2021-01-04", "/static/app.css", "/static/app.js"]
)
def test_it_travels_gzipped_to_whoever_takes_it(client, address):
    plain = client.get(address)
    packed = client.get(address, headers={"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) == int(packed.headers["Content-Length"]) < len(plain.data) / 2
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.headers["Vary"]
    if etag := packed.headers.get("ETag"):
        again = {"Accept-Encoding": "gzip", "If-None-Match": etag}
        with client.get(address, headers=again) as known:
            assert known.status_code == 304
    for answer in (plain, packed):
        answer.close()


@pytest.mark.parametrize("address", ["/redaction/connexion/", "/redaction/mot-de-passe/"])
def test_what_is_somebodys_own_is_not_compressed(client, address):
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers


def test_a_page_with_sixty_events_shows_them(client):
    """Otherwise the test above would weigh empty pages."""
    page = client.get("/agenda/?le=2021-01-04").text
    assert page.count("<article") == 50  # one page of the list
