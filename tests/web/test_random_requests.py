"""100,000 random requests over every route: no answer is an unannounced server error, no error is
logged, every answer has its headers, and the memory of a server stays about the same."""

from __future__ import annotations

import io
import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import unquote_to_bytes

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import run_wsgi_app

from calendar_app.app import create_app
from calendar_app.editing import accounts
from calendar_app.editing.models.sources import Source
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.reminders.rules.deliveries import SubscriberState
from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.store.base import db, writing
from calendar_app.web.security import EMBED_PATH, HEADERS
from tests import signed_in
from tests.conftest import close, settings_for
from tests.mail_factories import sign_up, subscriber
from tests.random_requests import (
    Draw,
    Forms,
    Request,
    Site,
    garbled,
    is_well_formed,
    on_the_wire,
    promises_more,
)
from tests.servers import Answer, Served, calendar_app_serve, exchange, fetch, held_bytes
from tests.tools import scaled
from tests.web.editing.test_editor_pages import make_editor
from tests.web.test_isolation import world

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
PEOPLE, NEW_ADDRESS = 20, "neuve@ecole.example"
#: Numbers of requests: to the application in this process, on each engine; to a real server.
IN_PROCESS, OVER_HTTP = 40_000, 20_000
#: The addresses that visitors ask for on a calm morning.
CALM = (
    "/",
    "/agenda/",
    "/flux/toutes.ics",
    "/calendrier/2021/02/",
    "/annee-scolaire/2020-2021/",
    "/abonnement/",
    "/flux/",
    "/aide/",
    "/evenements/roboteam-2020-2021/",
)
#: How many times its memory before the requests a server may hold after them.
MOST_GROWTH = 1.5
#: Processor time in seconds that no single answer comes near, on any machine.
MOST_SECONDS = 5.0

#: Pages whose forms are filled in, with « {0} » for the token of a person, « {1} » for the token of
#: somebody who has not confirmed.
PAGES = (
    "/abonnement/", "/abonnement/retrouver/", "/abonnement/lien/{0}/",
    "/abonnement/lien/{1}/confirmer/",
    "/abonnement/lien/{0}/desabonnement/", "/abonnement/lien/{0}/evenements/roboteam-2020-2021/",
    "/proposer/", "/proposer/?evenement=roboteam-2020-2021", "/redaction/", "/redaction/connexion/",
    "/redaction/mot-de-passe/", "/redaction/lettres/", "/redaction/lettres/1/",
    "/redaction/lettres/2/",
    "/redaction/propositions/1/", "/redaction/propositions/4/", "/redaction/evenements/nouveau/",
    "/redaction/evenements/nouveau/?proposition=1", "/redaction/evenements/lille-2020-2021/",
    "/redaction/evenements/roboteam-2020-2021/",
    "/redaction/evenements/lyon-2020-2021/edition-suivante/",
    "/redaction/sources/", "/redaction/sources/1/", "/redaction/journal/1/",
    "/redaction/journal/2/",
)  # fmt: skip

log = logging.getLogger(__name__)


def furnish(app: Flask) -> Site:
    """Fill a store with objects of requests; return the values from which requests are drawn."""
    world(app)
    people = [subscriber(f"personne{number}") for number in range(PEOPLE)]
    people[-1].state = SubscriberState.UNCONFIRMED
    for person in people[:3]:
        person.new_address = NEW_ADDRESS
    sign_up(app, *people, picks=("roboteam-2020-2021",))
    settings = app.config["SETTINGS"]
    links = PersonalLinks(settings.secret_key, settings.public_url)
    with app.app_context():
        with writing(db.session, NOW):
            # Nobody listens there, and nothing leaves the machine.
            db.session.execute(update(Source).values(address="http://127.0.0.1:1/"))
        uids = list(db.session.scalars(select(Subscriber.uid).order_by(Subscriber.id)))
    tokens = [links.token(uid) for uid in uids]
    moving = [links.new_address_token(uid, NEW_ADDRESS) for uid in uids[:3]]
    in_lille = [make_editor(app, role, "lille") for role in ("redacteur", "responsable")]
    administrator = make_editor(app, "administrateur", None)
    with app.app_context():
        lille, now = frozenset(("academie/lille",)), datetime.now(UTC)
        new = (EditorRole.PREPARER, lille, now)
        password = accounts.add(db.session, "neuf@x.example", "Zoé", *new)
    signed_in.heard_of_today(app)
    cookies = [signed_in.cookie(app, who) for who in (None, *in_lille, administrator)]
    client = app.test_client()
    client.set_cookie("redaction", cookies[-1].partition("=")[2], path="/redaction/")
    pages = [page.format(tokens[0], tokens[-1]) for page in PAGES]
    pages += [f"/abonnement/adresse/{moving[0]}/", f"/redaction/mot-de-passe/{password}/"]
    forms = {}
    for page in pages:
        found = Forms(client.get(page).text).found
        assert found, f"no form on {page}"
        forms |= {(form.action, form.fields): form for form in found}
    return Site(app, cookies, [*tokens, *moving, password, tokens[0][:-1]], list(forms.values()))


# -- what is true of every answer ------------------------------------------------------------------


def check(request: Request, answer: Answer) -> None:
    """Check an answer of the application itself."""
    about = f"{answer.status} {answer.headers} to\n{request}"
    assert 200 <= answer.status < 500 or announced(answer), about
    path = unquote_to_bytes(request.target.partition(b"?")[0]).decode("latin-1")
    path = "/" + path.lstrip("/")  # as werkzeug reads it
    for name, value in HEADERS.items():
        found = answer.headers.get(name.lower())
        if path.startswith(EMBED_PATH) and name in (
            "X-Frame-Options",
            "Cross-Origin-Opener-Policy",
        ):
            assert found is None, about
        elif name == "Content-Security-Policy":
            assert found, about
            assert "default-src 'none'" in found, about
            assert "unsafe" not in found, about
        elif name == "Referrer-Policy":
            assert found in (value, "no-referrer"), about
        else:
            assert found == value, about
    where = answer.headers.get("location")
    if where is not None:
        # A redirect never leads to another site, however a browser reads it. (Werkzeug's own
        # redirects, to an address with a final slash, are absolute: with the Host, which was found
        # to be ours, and the scheme that a trusted proxy names.)
        assert re.match(r"/(?![/\\])|[a-z]+://(127\.0\.0\.1|localhost|\[::1\])[:/]", where), about
        assert not re.search(r"[\x00-\x20\x7f-\xff]", where), about
    if "set-cookie" in answer.headers:
        assert answer.headers["set-cookie"].count("redaction=") == 1, about
        assert answer.headers["set-cookie"].startswith("redaction="), about


def announced(answer: Answer) -> bool:
    """Return whether docs/api.md announces this server error: « come again later » (503), or a
    format of oEmbed 1.0 that this site does not write (501)."""
    if answer.status == 503:
        return answer.headers.get("retry-after", "").isdigit()
    return answer.status == 501 and b"format=json" in answer.body


# -- in this process -------------------------------------------------------------------------------


def environ_of(request: Request) -> dict[str, object]:
    """Return a request as a WSGI server hands it in (PEP 3333)."""
    path, _, query = request.target.partition(b"?")
    made: dict[str, object] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in request.headers:
        key = name.upper().replace("-", "_")
        made[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return made


@contextmanager
def nothing_logged_as_error() -> Iterator[list[str]]:
    """Collect the errors that are logged while the block runs."""
    found: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(self.format(record))

    collector = Collector(logging.ERROR)
    logging.getLogger().addHandler(collector)
    try:
        yield found
    finally:
        logging.getLogger().removeHandler(collector)


@pytest.fixture
def site(make_app) -> Site:
    return furnish(make_app(CALENDAR_TRUSTED_PROXIES="1"))


def ask(app: Flask, request: Request) -> Answer:
    """Hand a request to an application; ``seconds`` of the answer is processor time."""
    begun = time.thread_time()
    body, status, headers = run_wsgi_app(app.wsgi_app, environ_of(request))
    data = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    found: dict[str, str] = {}
    for name, value in headers.items():
        assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value), f"{name}: {value!r}"
        found[name.lower()] = ", ".join(filter(None, (found.get(name.lower()), value)))
    return Answer(int(status[:3]), found, data, time.thread_time() - begun)


@pytest.mark.long
# A body that breaks off within a file leaves the file to the garbage collector.
@pytest.mark.filterwarnings("ignore:Unclosed file <tempfile.SpooledTemporaryFile:ResourceWarning")
def test_no_request_breaks_the_application(site, engine):
    # Each engine gets other requests: one engine may refuse what the other accepts.
    first = IN_PROCESS * (engine == "postgresql")
    statuses: Counter[int] = Counter()
    slowest: list[tuple[float, int]] = []
    failures = []
    with nothing_logged_as_error() as errors:
        for request in Draw(site).many(first, scaled(IN_PROCESS, 20)):
            try:
                answer = ask(site.app, request)
                assert not errors, errors[0]
                check(request, answer)
                assert answer.status != 503, answer
                assert answer.seconds < MOST_SECONDS
            # Catch every error, because the next request may find another fault.
            except Exception as error:
                failures.append(f"{error}\n{request}")
                errors.clear()
                continue
            statuses[answer.status] += 1
            slowest = sorted([*slowest, (answer.seconds, request.number)], reverse=True)[:5]
    log.warning("answers: %s; slowest: %s", dict(statuses), slowest)
    assert not failures, f"{len(failures)} failed:\n" + "\n\n".join(failures[:10])
    # The requests reach the views: each of these statuses is frequent.
    for status in (200, 303, 400, 404):
        assert statuses[status] > sum(statuses.values()) / 100, statuses


# -- on a server of its own ------------------------------------------------------------------------


@pytest.mark.long
def test_no_request_breaks_a_server(make_database, template, tmp_path):
    store = make_database("sqlite", template("sqlite", "content"))
    settings = {"CALENDAR_TRUSTED_PROXIES": "1"}
    app = create_app(settings_for(store, tmp_path / "instance", **settings))
    site, first, count = furnish(app), 2 * IN_PROCESS, scaled(OVER_HTTP, 20)
    failures: list[str] = []
    statuses: Counter[int] = Counter()

    def send(port: int, numbers: range) -> None:
        draw = Draw(site)
        for number in numbers:
            request = draw.request(number)
            try:
                statuses[sent_and_checked(port, request)] += 1
            # Catch every error, because the next request may find another fault.
            except Exception as error:
                failures.append(f"{type(error).__name__}: {error}\n{request}")

    with calendar_app_serve(tmp_path, CALENDAR_DATABASE_URL=store, **settings) as served:
        person, newcomer = site.tokens[0], site.tokens[PEOPLE - 1]
        pages = (*CALM, *(page.format(person, newcomer) for page in PAGES))
        # The idle memory is read after each page was shown once: templates load on first use.
        for path in pages:
            assert fetch(served.port, path, Cookie=site.cookies[-1]).status == 200, path
        idle = memory_of_worker(served)
        begin = [
            threading.Thread(target=send, args=(served.port, range(first + part, first + count, 4)))
            for part in range(4)
        ]
        for thread in begin:
            thread.start()
        for thread in begin:
            thread.join()
        after = memory_of_worker(served)
        assert fetch(served.port, CALM[0]).status == 200
    close(app)
    log.warning("answers: %s; memory: %d MiB, then %d MiB", dict(statuses), idle >> 20, after >> 20)
    said = served.log.read_text(encoding="utf-8")
    trouble = re.search(r"(Traceback|panicked).*", said, re.DOTALL)
    told = f"{len(failures)} failed:\n" + "\n\n".join(failures[:10])
    assert not failures, f"{trouble[0][:6000] if trouble else ''}\n{told}"
    assert not trouble, trouble[0][:6000]
    assert after < MOST_GROWTH * idle
    for status in (200, 303, 400, 404):
        assert statuses[status] > sum(statuses.values()) / 100, statuses


def memory_of_worker(served: Served) -> int:
    """Return the bytes that the largest process of a server holds: the one that answers."""
    return max(map(held_bytes, served.pids()))


def sent_and_checked(port: int, request: Request) -> int:
    """Send a request, one in ten malformed; return the status of the answer, 0 for no answer."""
    odd = request.number % 10 == 0
    answer = None  # a server need not answer what is no request
    try:
        sent = garbled(request) if odd else on_the_wire(request)
        answer = exchange(port, sent, 30, ends=odd or promises_more(request))
    except ConnectionError:
        if is_well_formed(request) and not odd:
            raise
    if answer is None:
        return 0
    if odd or not is_well_formed(request):
        # The server may have answered by itself, without the application.
        assert answer.status < 500 or answer.status in (501, 505) or announced(answer), answer
    else:
        check(request, answer)
    return answer.status
