"""What a person reads on a page has curly apostrophes; what somebody typed comes back as it was."""

from __future__ import annotations

import re

import pytest
import time_machine

from tests.browser.conftest import PLACES
from tests.conftest import JANUARY
from tests.factories import entry, publish
from tests.html_reading import elements, straight_apostrophes
from tests.web.editing.test_queue_pages import ROOM_PAGES, drop, logged_in


@pytest.fixture
def engine():
    """Pages are the same from either engine."""
    return "sqlite"


@pytest.fixture
def editor(empty_app):
    """A browser in the editors' room, with an event and a letter."""
    with time_machine.travel(JANUARY, tick=False):
        publish(empty_app, entry(scope={"academies": ["lille"]}, type="projet"))
        client = logged_in(empty_app)
        drop(client)
        yield client


def read(client, address: str) -> str:
    """Return a page as it is sent."""
    return client.get(address).get_data(as_text=True)


@pytest.mark.long
def test_every_public_page_has_curly_apostrophes(app):
    """Also for an académie whose name has an apostrophe before it."""
    client, found = app.test_client(), {}
    for place in PLACES.values():
        elsewhere = re.sub("academie=[a-z-]+", "academie=orleans-tours", place.address)
        for address in {place.address, elsewhere}:
            found[address] = straight_apostrophes(read(client, address))
    assert {address: texts for address, texts in found.items() if texts} == {}


@pytest.mark.long
def test_every_page_of_the_editors_room_has_curly_apostrophes(editor):
    found = {address: straight_apostrophes(read(editor, address)) for address in ROOM_PAGES}
    assert {address: texts for address, texts in found.items() if texts} == {}


def test_what_somebody_typed_is_given_back_as_it_was(editor):
    (title,) = elements(read(editor, ROOM_PAGES[6]), "input", name="titre")
    assert title["value"] == "Concours d'essai"
    (words,) = elements(read(editor, "/redaction/evenements/?q=d'essai"), "input", name="q")
    assert words["value"] == "d'essai"
    assert "s&#39;inscri" in read(editor, "/redaction/lettres/1/")


@pytest.mark.long
def test_words_are_found_with_either_apostrophe(app):
    """A search may be copied from a page, where the apostrophe is curly."""
    client = app.test_client()
    answers = [read(client, f"/agenda/?le=2021-01-04&q=l{sign}apprendre") for sign in ("'", "’")]
    for page in answers:
        assert "La Fête de l’Apprendre" in page


def test_a_straight_apostrophe_is_found():
    """This shows that the tests above can fail."""
    page = """<p title="d&#39;ici">L'an<code>d'un</code> l’an</p><textarea>l'an</textarea>"""
    assert straight_apostrophes(page) == ["d'ici", "L'an"]
