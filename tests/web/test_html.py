"""Every page is HTML as the standard has it: the Nu checker finds no error."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import time_machine

from tests.browser.conftest import PLACES
from tests.conftest import JANUARY
from tests.factories import entry, publish
from tests.tools import need, node_modules
from tests.web.editing.test_queue_pages import ROOM_PAGES, drop, logged_in

WHAT = "the HTML of the pages"

#: Warnings of the checker about intended things: a part of the warning → the reason.
MEANT_SO = {
    "The “figure” role is unnecessary": "the RGAA asks for it (1.9), for screen readers that tell "
    "of no figure without it",
}


@pytest.fixture
def engine():
    """Pages are the same from either engine."""
    return "sqlite"


def check(folder: Path) -> list[str]:
    """Return what the checker says of the pages in a folder, without the intended things."""
    java = need("java", WHAT)
    jar = node_modules(WHAT) / "vnu-jar" / "build" / "dist" / "vnu.jar"
    # A run is too short for the second compiler and for a collector with threads of its own.
    quick = "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"
    done = subprocess.run(
        [java, "-Xss4m", *quick, "-jar", jar, "--format", "json", "--exit-zero-always", folder],
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(
        {
            f"{Path(found['url']).name}: {found['message']}\n{found.get('extract', '')}"
            for found in json.loads(done.stderr)["messages"]
            if not any(words in found["message"] for words in MEANT_SO)
        }
    )


def write(folder: Path, name: str, page: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{re.sub('[^a-z0-9]+', '-', name.lower())}.html").write_text(page, encoding="utf-8")


@pytest.mark.long
def test_the_checker_finds_nothing_in_any_page(app, tmp_path):
    client = app.test_client()
    for name, place in PLACES.items():
        answer = client.get(place.address, follow_redirects=True)
        assert answer.status_code == place.status, name
        write(tmp_path / "pages", name, answer.text)
    assert check(tmp_path / "pages") == []


@pytest.mark.long
def test_the_checker_finds_nothing_in_the_editors_room(empty_app, tmp_path):
    with time_machine.travel(JANUARY, tick=False):
        publish(empty_app, entry(scope={"academies": ["lille"]}))
        client = logged_in(empty_app)
        drop(client)
        for address in ROOM_PAGES:
            answer = client.get(address)
            assert answer.status_code == 200, address
            write(tmp_path / "pages", address, answer.text)
    assert check(tmp_path / "pages") == []


def test_the_checker_finds_what_is_wrong(tmp_path):
    """This shows that the tests above can fail."""
    page = "<!doctype html><html lang=fr><title>x</title><p><div id=a></div></p><b id=a>x</b>"
    write(tmp_path, "wrong", page)
    assert any("Duplicate ID" in found for found in check(tmp_path))
