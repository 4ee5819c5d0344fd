"""No header, cookie, query, path or form, however odd, causes a 500; pages say what is wrong."""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote_from_bytes, urlencode

import pytest
import time_machine
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from calendar_app import web
from calendar_app.web import forms
from tests.factories import ID, entry, publish
from tests.tools import drawn_on, scaled
from tests.web.editing.test_editor_pages import enter, make_editor
from tests.web.subscription.test_subscription_pages import personal_token
from tests.web.test_policies import own_objects

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)

#: Texts that are odd for one parser or another: addresses, numbers, days, words.
ODD = (
    b"http://[",
    b"https://[::1",
    b"http://127.0.0.1:8000@[/",
    b"//[",
    b"://",
    b"http://127.0.0.1:8000/agenda/?nombre=%\xff[",
    b"http://127.0.0.1:8000/evenements/\x00%00/",
    b"null",
    b"/redaction/[",
    b"/redaction/\r\nX: y",
    b"/redaction/\xc3\xa9 \xe2\x84\x80",
    b"\r\n",
    b"a\r\nSet-Cookie: x=y",
    b"\x00",
    b"a\x00b",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xc2\xb2",
    "٣٤".encode(),
    b"9" * 400,
    b"9" * 5000,
    b"-1",
    b"1e400",
    b"NaN",
    b"0001-01-01",
    b"9999-12-31",
    b"2021-02-31",
    b"2020-2021",
    b"9999-0000",
    b"24:00",
    b"[" * 3000,
    b'{"a": NaN}',
    b'[["a", "\\ud800"]]',
    b'"\\ud800"',
    b'";\\',
    b"..;a=b",
    b"%",
    b"%00%zz",
    b"=?utf-8?q?=00?=",
    "\u202e\u2028\ufeff".encode(),
    b"",
)

#: The status of oEmbed for a format that this site does not write.
NOT_IMPLEMENTED = 501

#: The headers that the application or its libraries read.
HEADERS = (
    "HTTP_ORIGIN",
    "HTTP_SEC_FETCH_SITE",
    "HTTP_HOST",
    "HTTP_COOKIE",
    "HTTP_ACCEPT_ENCODING",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_ACCEPT",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_RANGE",
    "HTTP_RANGE",
    "HTTP_AUTHORIZATION",
    "HTTP_REFERER",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "CONTENT_TYPE",
    "CONTENT_LENGTH",
    "REMOTE_ADDR",
)
#: Beginnings of headers that have several parts; the odd value comes after them.
BEFORE = (
    b"",
    b"redaction=",
    b"multipart/form-data; boundary=",
    b"application/x-www-form-urlencoded; charset=",
    b"bytes=",
    b"gzip;q=",
    b'W/"',
    b"Mon, 04 Jan 2021 09:00:00 ",
)

_NAME = re.compile(r"(?:args|form|values|given)\.(?:get|getlist|pop)\(\s*[\"'](\w+)[\"']")


def names(modules: str = "*") -> list[str]:
    """Return the names of fields and parameters that the views of some modules read."""
    folder = Path(web.__file__).parent
    found = {n for path in folder.rglob(f"{modules}.py") for n in _NAME.findall(path.read_text())}
    if modules != "*":
        return sorted(found)
    rows = {f"date-{number}-{name}" for number in ("0", "99") for name in ("cle", "premier", "fin")}
    more = "lieu niveau theme type q evenements le nombre departement academie classe vu titre"
    return sorted(found | rows | set(more.split()))


@pytest.fixture
def site(make_app):
    with time_machine.travel(NOW, tick=False):
        site = make_app("empty", CALENDAR_TRUSTED_PROXIES="1")
        publish(site, entry(scope={"academies": ["lille"]}), now=NOW)
        own_objects(site)
        yield site


#: Valid fields, so that an odd value among them is read as far as possible.
RIGHT = {
    "action": "publier",
    "adresse": "zoe@x.example",
    "annee": "2020-2021",
    "autre": "oui",
    "date-0-nature": "deadline",
    "date-0-premier": "2021-02-11",
    "delai": "last_class_day",
    "dernier_jour": "2021-02-11",
    "envoyee": "2021-01-04",
    "etablissement": "ecole",
    "etat": "complet",
    "evenement": ID,
    "lieu": "Lille",
    "mot_de_passe": "une phrase qui se retient",
    "nature": "inscription",
    "nom": "Agenda",
    "organisateur": "Une association",
    "pour": "Lille",
    "public": "eleves",
    "resume": "Un concours.",
    "revision": "1",
    "source": "Une lettre",
    "texte": "Concours d'essai : inscription avant le 11 février.",
    "titre": "Concours d'essai",
    "type": "concours",
    "date": "deadline",
    "quoi": "Une faute",
}


class Draws:
    """Random requests of one visitor, each with something odd in it."""

    def __init__(self, site, client: FlaskClient, seed: int) -> None:
        self.site, self.random = site, random.Random(seed)
        # Whatever cookie an answer sets, the next request belongs to the same session.
        cookie = client.get_cookie("redaction", path="/redaction/")
        self.cookie = f"redaction={cookie.value}" if cookie else ""
        with client.session_transaction(path="/redaction/") as session:
            self.bound = {"session": session["key"]} if "key" in session else {}
        self.client = site.test_client(use_cookies=False)
        self.rules = [r for r in site.url_map.iter_rules() if r.endpoint != "static"]
        self.token, self.names = personal_token(site), names()

    def odd(self) -> bytes:
        return self.random.choice(ODD)

    def path(self) -> bytes:
        """Return the path of some view; sometimes one of its parts is odd."""
        given = {"event_id": ID, "name": "academie-de-lille", "form": "ics", "year": "2021"}
        given |= {"month": "01", "label": "2020-2021", "token": self.token, "filename": "app.css"}

        def part(match: re.Match[str]) -> str:
            value = given.get(match[1], "1").encode()
            if self.random.random() < 0.1:
                value = self.odd().replace(b"/", b"")
            return value.decode("latin-1")

        rule = self.random.choice(self.rules).rule
        return re.sub(r"<(?:[^<>:]*:)?(\w+)>", part, rule).encode("latin-1")

    def pairs(self, own: Sequence[str] = ()) -> list[tuple[str, bytes]]:
        """Return odd values for some names: any names, or those of one view."""
        of = own if own and self.random.random() < 0.7 else self.names
        chosen = self.random.sample(of, min(len(of), self.random.randint(0, 3)))
        return [(name, self.odd()) for name in chosen]

    def form(self, path: str) -> list[tuple[str, bytes]]:
        """Return a form with its token, as our page would send it, with some odd values."""
        if self.random.random() < 0.2:
            return self.pairs()
        with self.site.test_request_context():
            try:
                endpoint, values = self.site.url_map.bind("x").match(path, method="POST")
            except HTTPException:
                return self.pairs()
            of_room = path.startswith("/redaction/") and endpoint != "editor.password"
            view = self.site.view_functions[endpoint].__module__.rpartition(".")[2]
            found = {name: text.encode() for name, text in RIGHT.items()}
            found |= dict(self.pairs(names(view) + [n for n in RIGHT if n in names()]))
            given = values | (self.bound if of_room else {})
            return [*found.items(), ("jeton", forms.form_token(endpoint, **given).encode())]

    def send(self) -> tuple[str, int]:
        method = self.random.choice(("GET", "POST", "HEAD"))
        path, query = self.path().decode("latin-1"), urlencode(self.pairs(), quote_via=_quote)
        if self.random.random() < 0.1:
            query += self.odd().decode("latin-1")
        headers = {}
        for name in self.random.sample(HEADERS, self.random.randint(0, 3)):
            value = self.random.choice(BEFORE) + self.odd()
            headers[name] = value.replace(b"\r\n", b"").decode("latin-1")
        data = urlencode(self.form(path), quote_via=_quote) if method == "POST" else None
        kind = "application/x-www-form-urlencoded"
        raw = {"PATH_INFO": path, "QUERY_STRING": query, "HTTP_COOKIE": self.cookie} | headers
        answer = self.client.open(
            "/", method=method, data=data, content_type=kind, environ_overrides=raw
        )
        answer.close()
        return f"{method} {path!r} ?{query[:300]!r} {headers!r} {data!r:.300}", answer.status_code


def _quote(text, safe="", encoding=None, errors=None) -> str:
    return quote_from_bytes(text if isinstance(text, bytes) else text.encode(), safe)


@pytest.mark.long
@pytest.mark.parametrize("visitor", ["anybody", "administrateur"])
def test_no_request_however_odd_makes_a_500(site, engine, visitor, caplog):
    client, seed = site.test_client(), random.randrange(10**9)
    if visitor != "anybody":
        enter(client, make_editor(site, visitor, None))
    draws, wrong = Draws(site, client, seed), []
    with caplog.at_level(logging.ERROR):
        for _ in range(drawn_on(engine, scaled(5_000, 40))):
            told, status = draws.send()
            if status >= 500 and status != NOT_IMPLEMENTED:
                wrong.append((status, told))
    assert wrong == [], f"seed {seed}"


ODD_DAYS = (
    "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
    "Mon, 01 Jan 2020 00:00:00 +99999999999999999999",
    "Mon, 99 Jan 2020 99:99:99 GMT",
    "0",
    "",
    '"abc"',
)


@pytest.mark.parametrize("name", ["If-Modified-Since", "If-Unmodified-Since", "If-Range", "Date"])
def test_a_header_that_holds_no_day_is_ignored(site, name):
    client = site.test_client()
    for path in ("/", "/flux/national.ics", "/flux/national.atom", "/static/app.css", "/rien/"):
        for day in ODD_DAYS:
            answer = client.get(path, headers={name: day, "Range": "bytes=0-9"})
            answer.close()
            assert answer.status_code in (200, 206, 404), (path, day, answer.status_code)


def test_no_control_character_in_a_path_reaches_the_store(site):
    client = site.test_client()
    enter(client, make_editor(site, "administrateur", None))
    for path in (
        "/evenements/a%00b/",
        "/evenements/a%00b.ics",
        "/redaction/evenements/a%00b/",
        "/redaction/evenements/a%00b/edition-suivante/",
        "/redaction/journal/?evenement=a%00b",
        "/redaction/journal/?evenement=a%E2%80%AEb",
        "/abonnement/?evenement=a%00b",
        "/ma-selection/?evenements=a%00b",
        "/agenda/?q=a%00b",
    ):
        assert client.get(path).status_code < 500, path


@pytest.mark.parametrize("scheme", ["a b", "javascript", "", "HTTPS", "https, http", "https"])
def test_a_redirect_leads_to_the_web_whatever_a_proxy_says_of_the_scheme(make_app, scheme):
    client = make_app(CALENDAR_TRUSTED_PROXIES="1").test_client()
    for path in ("//agenda//", "/agenda", "/calendrier/", "/abonnement/lien//x/"):
        answer = client.get(path, headers={"X-Forwarded-Proto": scheme})
        assert answer.status_code < 500
        location = answer.headers.get("Location", "/")
        assert re.match(r"/(?!/)|https?://localhost/", location), location
