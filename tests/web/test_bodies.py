"""What a request may contain, and how many requests may run at once, for every route."""

from __future__ import annotations

import io
import logging
from contextlib import ExitStack
from itertools import count

import pytest
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.test import EnvironBuilder, encode_multipart, run_wsgi_app

from calendar_app.store.base import THREADS
from calendar_app.web import bodies
from tests.web.editing.test_queue_pages import logged_in

URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture
def engine():
    """A refused request never reaches the store."""
    return "sqlite"


def posted_paths(app) -> dict[str, str]:
    """Return endpoint → path, for each view that takes a POST."""
    urls, found = app.url_map.bind("127.0.0.1"), {}
    for rule in app.url_map.iter_rules():
        if "POST" in rule.methods:
            values = dict.fromkeys(rule.arguments, 1 if "int" in rule.rule else "x")
            found[rule.endpoint] = urls.build(rule.endpoint, values, method="POST")
    return found


def status_of(app, environ: dict[str, object]) -> int:
    """Return the status for exactly this WSGI environment, which Flask's client would correct."""
    return int(run_wsgi_app(app.wsgi_app, environ)[1].split()[0])


def limit_of(app, endpoint: str) -> int:
    return getattr(app.view_functions[endpoint], "body_limit", bodies.FORM)


@pytest.mark.long
def test_every_form_has_its_limit_of_bytes_and_of_fields(app):
    client, paths = app.test_client(), posted_paths(app)
    assert len(paths) > 30
    for endpoint, path in paths.items():
        most = min(limit_of(app, endpoint), bodies.PASTED_LETTER)
        for size, refused in ((most, False), (most + 1, True)):
            answer = client.post(path, data=b"a" * size, content_type=URLENCODED)
            assert (answer.status_code == 413) == refused, (endpoint, size)
        for fields, refused in ((bodies.MAX_FIELDS, False), (bodies.MAX_FIELDS + 1, True)):
            answer = client.post(path, data="&".join(["a=1"] * fields), content_type=URLENCODED)
            assert (answer.status_code == 413) == refused, (endpoint, fields)


def test_only_where_a_letter_is_pasted_may_a_form_be_long(app):
    long = {name for name in posted_paths(app) if limit_of(app, name) > bodies.FORM}
    assert long == {"letters.index", "editor.log_in"}


@pytest.mark.long
def test_parts_are_counted_and_texts_among_them_are_short(app):
    client = app.test_client()
    for endpoint, path in posted_paths(app).items():
        many = {f"a{number}": "1" for number in range(bodies.MAX_FIELDS + 1)}
        answer = client.post(path, data=many, content_type="multipart/form-data")
        assert answer.status_code == 413, endpoint
        text = {"texte": "a" * (bodies.PASTED_LETTER + 1)}
        answer = client.post(path, data=text, content_type="multipart/form-data")
        assert answer.status_code == 413, endpoint


# A body that breaks off within a file leaves the file to the garbage collector.
@pytest.mark.long
@pytest.mark.filterwarnings("ignore:Unclosed file <tempfile.SpooledTemporaryFile:ResourceWarning")
def test_texts_beside_a_file_are_bounded_together(app):
    """Werkzeug limits only each text: eighty long ones were once parsed, signed and sent back."""
    client, headers = app.test_client(), {"Sec-Fetch-Site": "same-origin"}
    for endpoint, path in posted_paths(app).items():
        most = min(limit_of(app, endpoint), bodies.PASTED_LETTER)
        for fields, size, refused in (
            (80, most, True),
            (bodies.MAX_UPLOAD_PARTS, most, True),
            (2, most // 2 + 1, True),
            (2, most // 3, False),
        ):
            texts = {f"a{number}": "a" * size for number in range(fields)}
            data = texts | {"fichier": (io.BytesIO(b"%PDF-1.7"), "lettre.pdf")}
            boundary, body = encode_multipart(data)
            kind = f'multipart/form-data; boundary="{boundary}"'
            answer = client.post(path, data=body, content_type=kind, headers=headers)
            assert (answer.status_code == 413) == refused, (endpoint, fields, size)
            assert len(answer.data) < 2**20, endpoint


@pytest.mark.parametrize("path", ["/", "/flux/national.ics", "/abonnement/", "/nulle-part/"])
def test_an_address_has_a_limit_too(app, path):
    client = app.test_client()
    assert client.get(f"{path}?{'a=1&' * (bodies.MAX_FIELDS - 1)}a").status_code != 414
    for query in ("a=1&" * bodies.MAX_FIELDS, "a=" + "b" * bodies.MAX_QUERY):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == 414
        assert "trop" in answer.text


def test_a_refusal_is_a_page_that_says_what_to_do(client):
    answer = client.post("/proposer/", data=b"a" * (bodies.FORM + 1), content_type=URLENCODED)
    assert answer.status_code == 413
    assert "Envoi trop long" in answer.text
    assert "<h1>" in answer.text


def test_what_is_too_large_is_read_to_its_end_so_that_a_browser_shows_the_answer(app):
    for size, left in ((bodies.FORM + 1, 0), (bodies.DRAINED + 2 * bodies.FORM, bodies.FORM)):
        body = io.BytesIO(b"a" * size)
        environ = EnvironBuilder(
            "/proposer/", method="POST", input_stream=body, content_length=size
        ).get_environ()
        environ["CONTENT_TYPE"] = URLENCODED
        assert status_of(app, environ) == 413
        assert (len(body.read()) >= left) if left else body.read() == b""


def test_half_a_form_is_none(app):
    body = io.BytesIO(b"evenement=rob")
    environ = EnvironBuilder("/proposer/", method="POST", input_stream=body).get_environ()
    # A server that ends the stream itself does not say that the body ended too early.
    environ |= {
        "CONTENT_LENGTH": "99",
        "CONTENT_TYPE": URLENCODED,
        "wsgi.input_terminated": True,
    }
    assert status_of(app, environ) == 400


@pytest.mark.long
def test_the_body_of_what_only_reads_is_not_waited_for(app):
    class Slow(io.RawIOBase):
        def read(self, *_: object) -> bytes:
            raise AssertionError("somebody waits for it")

    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.arguments:
            continue
        environ = EnvironBuilder(rule.rule, method="GET").get_environ()
        environ |= {
            "wsgi.input": Slow(),
            "CONTENT_LENGTH": "99",
            "CONTENT_TYPE": URLENCODED,
            "wsgi.input_terminated": True,
        }
        assert status_of(app, environ) < 500, rule.rule


@pytest.mark.parametrize("gate", [bodies.READING, bodies.SENDING], ids=["reading", "sending"])
def test_one_too_many_is_sent_away_at_once_and_feeds_go_on(client, gate):
    with ExitStack() as places:
        for taken in count():
            try:
                places.enter_context(gate.place())
            except ServiceUnavailable:
                assert taken <= THREADS // 2
                break
        answer = client.post("/abonnement/", data={"adresse": "prof@ecole.example"})
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) == bodies.BUSY_SECONDS
        assert "dans dix secondes" in answer.text
        for address in ("/livez", "/", "/flux/national.ics"):
            assert client.get(address).status_code == 200
    assert client.post("/abonnement/", data={"adresse": ""}).status_code == 400


@pytest.mark.long
def test_every_place_is_given_back_whatever_happens(app, monkeypatch):
    def fail() -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setitem(app.view_functions, "suggestion.propose", fail)
    client = app.test_client()
    for _ in range(THREADS):
        assert client.post("/proposer/").status_code == 500
        assert client.post("/nulle-part/").status_code == 404
        too_long = client.post("/abonnement/", data=b"a" * (bodies.FORM + 1))
        assert too_long.status_code == 413
    assert client.post("/abonnement/", data={"adresse": ""}).status_code == 400


def test_a_proxy_that_the_settings_do_not_know_is_told_once(make_app, caplog):
    app = make_app()
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        app.test_client().get("/", headers={"X-Forwarded-For": "192.0.2.1"})
    assert caplog.text.count("CALENDAR_TRUSTED_PROXIES") == 1
    caplog.clear()
    known = make_app(CALENDAR_TRUSTED_PROXIES="1").test_client()
    known.get("/", headers={"X-Forwarded-For": "192.0.2.1"})
    make_app().test_client().get("/")
    assert caplog.text == ""


def test_editors_are_told_of_a_proxy_that_the_settings_do_not_know(app):
    client = logged_in(app)
    through = client.get("/redaction/", headers={"X-Forwarded-For": "192.0.2.1"}).text
    assert "Prévenez la personne qui administre ce site" in through
    assert "Prévenez" not in client.get("/redaction/").text
