"""What nginx with ``deploy/nginx.conf`` keeps of the application's answers, and what never."""

from __future__ import annotations

import gzip
import re
import ssl
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest
from flask import Flask

from calendar_app.web.caching import PARAMETERS
from calendar_app.web.policies import Policy, policy_of
from calendar_app.web.public import feed_views
from calendar_app.web.static_files import export
from tests.factories import entry, publish
from tests.servers import NGINX_CONF, Answer, exchange, nginx, request
from tests.web.test_policies import own_objects, routes, tokens_of_holder

pytestmark = pytest.mark.long

FEED = "/flux/toutes.ics?depuis=2020-09"


@pytest.fixture
def engine():
    """nginx sees answers, not the store."""
    return "sqlite"


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class Behind:
    """The application behind nginx, in this process.

    :ivar asked: how often it was asked, by path and query.
    """

    def __init__(self, app: Flask) -> None:
        self.app, self.asked = app, Counter()
        self.server = Server(("127.0.0.1", 0), Quiet)
        self.server.set_app(self)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def __call__(self, environ, start):
        query = environ["QUERY_STRING"]
        self.asked[environ["PATH_INFO"] + (f"?{query}" if query else "")] += 1
        return self.app(environ, start)

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def behind(make_app) -> Iterator[Behind]:
    app = make_app("empty", CALENDAR_TRUSTED_PROXIES="1")
    publish(app, entry())
    server = Behind(app)
    yield server
    if server.thread.is_alive():
        server.stop()


@pytest.fixture
def port(behind, tmp_path) -> Iterator[int]:
    with nginx(tmp_path, behind.server.server_port) as port:
        yield port


def get(port: int, path: str, method: str = "GET", **headers: str) -> Answer:
    return exchange(port, request(method, path, port, headers))


def test_one_answer_for_all_who_ask_the_same(behind, port):
    first = get(port, FEED)
    for address in (FEED, f"{FEED}&", "/flux/toutes.ics?utm_source=a&depuis=2020-09"):
        assert get(port, address).body == first.body
    assert get(port, "/flux/toutes.ics?x&y=1&depuis=2020-09&fbclid=z").body == first.body
    assert behind.asked.keys() == {f"{FEED}&", FEED}
    assert get(port, FEED, "HEAD").headers["etag"] == first.headers["etag"]
    assert get(port, FEED, If_None_Match=first.headers["etag"]).status == 304
    packed = [get(port, FEED, Accept_Encoding=it) for it in ("gzip", "br, gzip;q=0.5", "x-y,GZIP")]
    plain = [get(port, FEED, Accept_Encoding=it) for it in ("br", "gzip;q=0", "gzip; q=0.0, br")]
    assert {gzip.decompress(answer.body) for answer in packed} == {first.body}
    assert {answer.body for answer in plain} == {first.body}
    # Not that of the first value alone, as $arg_academie would be.
    two = get(port, "/flux/toutes.ics?academie=lille&academie=nulle-part")
    assert (get(port, "/flux/toutes.ics?academie=lille").status, two.status) == (200, 404)
    assert behind.asked[FEED] == 2


def test_many_who_ask_at_once_are_one(behind, port):
    with ThreadPoolExecutor(8) as pool:
        texts = {answer.body for answer in pool.map(lambda _: get(port, FEED), range(8))}
    assert (len(texts), behind.asked[FEED]) == (1, 1)


def test_a_feed_outlives_the_application(behind, port, monkeypatch):
    short = feed_views.FEED_CACHE.replace("s-maxage=60", "s-maxage=1")
    short = short.replace("stale-while-revalidate=600", "stale-while-revalidate=0")
    monkeypatch.setattr(feed_views, "FEED_CACHE", short)
    first = get(port, FEED)
    behind.stop()
    time.sleep(2.1)
    again = get(port, FEED)
    assert (again.status, again.body) == (200, first.body)
    away = get(port, "/agenda/")
    assert (away.status, away.headers["cache-control"]) == (503, "private, no-store")


def test_whoever_finds_an_old_feed_does_not_wait(behind, port, monkeypatch):
    monkeypatch.setattr(
        feed_views, "FEED_CACHE", feed_views.FEED_CACHE.replace("s-maxage=60", "s-maxage=1")
    )
    first = get(port, FEED)
    publish(behind.app, entry(title="Un autre titre"))
    time.sleep(2.1)
    assert get(port, FEED).body == first.body
    for _ in range(100):
        if "Un autre titre" in get(port, FEED).body.decode():
            return
        time.sleep(0.05)
    pytest.fail("the change never came")


def test_no_private_answer_comes_from_the_cache(behind, port, tmp_path):
    """Each route by its policy: what is not public reaches the application each time, and neither
    its path nor a token is written down or kept."""
    own_objects(behind.app)
    tokens = tokens_of_holder(behind.app)
    kept = set()
    for address, endpoints in routes(behind.app, tokens).items():
        if "GET" not in endpoints or endpoints["GET"] == "static":
            continue
        behind.asked.clear()
        answers = [get(port, address) for _ in "12"]
        times = sum(behind.asked.values())
        if address == "/metrics":  # for the machine itself, so nginx refuses it
            assert times == 0
        elif policy_of(behind.app, endpoints["GET"]) is Policy.PUBLIC:
            kept.add(address) if times < 2 else None
        else:
            assert times == 2, address
            assert all(a.headers["cache-control"] == "private, no-store" for a in answers)
    assert len(kept) > 20
    folder = tmp_path / "calendar"
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    written += (tmp_path / "access.log").read_bytes()
    assert not any(token.encode() in written for token in tokens.values())
    behind.asked.clear()
    for headers in ({"Cookie": "redaction=x"}, {"Authorization": "Basic eDp5"}):
        for _ in "12":
            get(port, FEED, **headers)
    assert behind.asked[FEED] == 4


def test_it_speaks_https_and_serves_files_with_their_gzipped_twins(behind, tmp_path):
    assert export(Path(behind.app.static_folder), tmp_path / "calendrier" / "static") > 10
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with nginx(tmp_path, behind.server.server_port, tls=True) as port:

        def fetch(path: str):
            asked = urllib.request.Request(
                f"https://127.0.0.1:{port}{path}", headers={"Accept-Encoding": "gzip"}
            )
            with urllib.request.urlopen(asked, context=trusting, timeout=30) as answer:
                return answer.headers, gzip.decompress(answer.read()).decode()

        _, page = fetch("/agenda/")
        [style] = re.findall(r'href="(/static/app\.[^"]*css)"', page)
        behind.asked.clear()
        headers, text = fetch(style)
        assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert text == (Path(behind.app.static_folder) / "app.css").read_text(encoding="utf-8")
        assert not behind.asked
        assert "body" in fetch("/static/app.css")[1]  # the application has it without its hash


def test_nginx_and_the_application_count_the_same_parameters():
    [names] = re.findall(r"\(\?<known>\(\?:([a-z|]+)\)=", NGINX_CONF.read_text(encoding="utf-8"))
    assert names.split("|") == sorted(PARAMETERS)
