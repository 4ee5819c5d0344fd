"""Static files: their hash in their address, and a year of life."""

from __future__ import annotations

import os
import re
import shutil

import pytest
from flask import url_for

from calendar_app.web.caching import FILE_CACHE
from tests.web.test_weight import resources


@pytest.fixture
def engine():
    """Files are the same on either store."""
    return "sqlite"


def test_every_file_that_a_page_names_is_kept_for_a_year(empty_app):
    client, found = empty_app.test_client(), set()
    for page in ("/", "/flux/", "/calendrier/2021/01/", "/embed/agenda/", "/redaction/connexion/"):
        found |= {a for a in resources(client.get(page).text) if a.startswith("/static/")}
    manifest = client.get("/manifest.webmanifest").json
    for address in found | {icon["src"] for icon in manifest["icons"]}:
        assert re.fullmatch(r"/static/[\w-]+\.[\w-]{4}\.(css|js|svg|png)", address)
        answer = client.get(address)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, FILE_CACHE)
    assert len(found) >= 6


def test_another_hash_leads_to_the_file_as_it_is_now_and_is_not_kept(empty_app):
    """A page of another release, or an address without a hash that somebody noted, still works."""
    client = empty_app.test_client()
    for name in ("app.css", "app.AAAA.css"):
        answer = client.get(f"/static/{name}")
        assert (answer.status_code, answer.mimetype) == (200, "text/css")
        assert answer.headers["Cache-Control"].startswith("public, max-age=10,")
    for name in ("rien.css", "rien.AAAA.css", "app..css", "../app.py", "%2e%2e/app.py", "app.py"):
        assert client.get(f"/static/{name}").status_code == 404


def test_a_changed_file_has_another_address(empty_app, tmp_path):
    shutil.copytree(empty_app.static_folder, tmp_path / "static")
    empty_app.static_folder = tmp_path / "static"
    client, file = empty_app.test_client(), tmp_path / "static" / "app.css"
    with empty_app.test_request_context():
        before = url_for("static", filename="app.css")
        file.write_text("body { color: red }")
        os.utime(file, ns=(1, 1))
        after = url_for("static", filename="app.css")
        assert url_for("static", filename="rien.css") == "/static/rien.css"
    assert before != after
    assert client.get(after).text == "body { color: red }"
    assert client.get(before).headers["Cache-Control"] != FILE_CACHE
