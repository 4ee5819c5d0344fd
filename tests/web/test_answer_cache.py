"""The layer before Flask that keeps whole public answers: it answers what the application would."""

from __future__ import annotations

import os
import re
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask, Response, request
from sqlalchemy import create_engine

from calendar_app.store.base import db
from calendar_app.web import answer_cache
from calendar_app.web.answer_cache import AnswerCache
from calendar_app.web.caching import PARAMETERS, counted_query
from calendar_app.web.policies import Policy, policy, policy_of
from tests.conftest import JANUARY
from tests.factories import another, entry, publish
from tests.tools import ROOT, scaled
from tests.web.test_policies import NOW, ROLES, enter_as, own_objects, routes, tokens_of_holder

FEED = "/flux/toutes.ics"
GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture
def engine():
    """What is kept is the same over either store; two tests say so."""
    return "sqlite"


@pytest.fixture
def site(empty_app, monkeypatch) -> Iterator[Flask]:
    """An application behind the layer, whose thread ends soon after the test."""
    monkeypatch.setattr(answer_cache, "IDLE", 0)
    monkeypatch.setattr(answer_cache, "LOOK_EVERY", 0.01)
    empty_app.wsgi_app = layer = AnswerCache(empty_app)
    with time_machine.travel(JANUARY, tick=False):
        publish(empty_app, entry())
        yield empty_app
    if layer._watcher.is_alive():
        layer._watcher.join()


@pytest.fixture
def layer(site) -> AnswerCache:
    return site.wsgi_app


@pytest.fixture
def calls(layer) -> Counter[str]:
    """How often the application was asked, by path."""
    found, inner = Counter(), layer._inner

    def counting(environ, start):
        found[environ["PATH_INFO"]] += 1
        return inner(environ, start)

    layer._inner = counting
    return found


def look(layer: AnswerCache) -> None:
    """What the thread does each second; from here on nothing of before is told."""
    with layer._looking:
        layer._look()
    layer._before = None


def told(answer) -> tuple[object, ...]:
    return answer.status, sorted(answer.headers.items()), answer.data


@pytest.mark.long
def test_it_answers_what_the_application_answers(site, layer):
    own_objects(site)
    tokens = tokens_of_holder(site)
    client, plain = site.test_client(), Flask.wsgi_app.__get__(site)
    wrong, kept = [], 0
    for address, endpoints in routes(site, tokens).items():
        if policy_of(site, endpoints.get("GET", "static")) is not Policy.PUBLIC:
            continue
        others = {"Range": "bytes=0-3", "Accept-Language": "en"}
        for method, headers in (("GET", {}), ("GET", GZIP), ("HEAD", GZIP | others)):
            got = [told(client.open(address, method=method, headers=headers)) for _ in "12"]
            site.wsgi_app = plain
            wanted = told(client.open(address, method=method, headers=headers))
            site.wsgi_app = layer
            if got != [wanted] * 2:
                wrong.append((method, address, headers))
            kept += wanted[0] == "200 OK"
    assert wrong == []
    assert kept > 60


@pytest.mark.parametrize("headers", [{}, GZIP])
def test_who_has_it_hears_that_it_did_not_change(site, calls, headers):
    client = site.test_client()
    for address in (FEED, "/agenda/"):
        first = client.get(address, headers=headers)
        etag, plain = first.headers["ETag"], first.headers["ETag"].replace("-gzip", "")
        known = [{"If-None-Match": tag} for tag in (etag, f"W/{etag}", f'"x", {plain}', "*")]
        if address == FEED:
            known.append({"If-Modified-Since": first.headers["Last-Modified"]})
        for condition in known:
            answer = client.get(address, headers=headers | condition)
            assert (answer.status_code, answer.data) == (304, b"")
            wanted = ("ETag", "Vary", "Cache-Control", "Last-Modified")
            assert [answer.headers.get(n) for n in wanted] == [first.headers.get(n) for n in wanted]
        for condition in (
            {"If-None-Match": '"x"'},
            {"If-None-Match": '"x"', "If-Modified-Since": "Mon, 30 Nov 2099 00:00:00 GMT"},
            {"If-Modified-Since": "Mon, 30 Nov 99999999999999999999 00:00:00 GMT"},
            {"If-Modified-Since": "hier"},
        ):
            assert client.get(address, headers=headers | condition).data == first.data
    assert calls == {FEED: 1, "/agenda/": 1}


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_change_and_midnight_end_it(site, layer, calls):
    client = site.test_client()
    for address in (FEED, "/"):
        client.get(address)
    publish(site, entry(title="Un autre titre"))
    look(layer)
    assert "Un autre titre" in client.get(FEED).text
    with time_machine.travel(JANUARY + timedelta(days=1), tick=False):
        look(layer)
        client.get("/")
    assert calls == {FEED: 2, "/": 2}


@pytest.fixture
def changed(site, layer, calls, monkeypatch) -> AnswerCache:
    """The layer after the look that found a change; only the test looks and renews."""
    monkeypatch.setattr(AnswerCache, "_watch", lambda layer: None)
    monkeypatch.setattr(answer_cache, "LOOK_EVERY", 60)
    monkeypatch.setattr(answer_cache, "LOOK_COUNTS", 60)
    publish(site, entry(), another("autre", title="Un autre"))
    client = site.test_client()
    for address in (FEED, "/", "/evenements/autre-2020-2021/"):
        client.get(address)
    calls.clear()
    publish(site, entry(title="Un nouveau titre"))
    layer._look()
    return layer


def test_until_it_is_made_again_readers_get_that_of_before(site, changed, calls):
    client = site.test_client()
    assert changed._before_until < changed._counts_until
    assert "Concours d'essai" in client.get("/").text
    assert "Concours d'essai" in client.get(FEED).text
    assert not calls
    changed._renew()
    assert calls == {FEED: 1, "/": 1}
    assert "Un nouveau titre" in client.get("/").text
    assert "Un nouveau titre" in client.get(FEED).text
    assert calls == {FEED: 1, "/": 1}


def test_that_of_before_is_told_no_longer_than_a_look_counts(site, changed, calls):
    changed._before_until = 0.0
    assert "Un nouveau titre" in site.test_client().get("/").text
    assert "Un nouveau titre" in site.test_client().get(FEED).text
    assert calls == {FEED: 1, "/": 1}


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_page_stands_while_what_it_reads_stays_as_it_is(site, changed, calls):
    client, page = site.test_client(), "/evenements/autre-2020-2021/"
    changed._before_until = 0.0
    before = client.get(page)
    assert not calls
    # A text that only its end tells from that of before.
    publish(site, another("autre", title="Un autre", summary=f"{'mot ' * 200}fin"))
    look(changed)
    assert client.get(page).headers["ETag"] != before.headers["ETag"]
    publish(site, another("autre", title="Un autre", summary=f"{'mot ' * 200}suite"))
    look(changed)
    assert "suite" in client.get(page).text
    assert calls == {page: 2}


def test_what_nobody_asks_for_is_not_made_again(site, changed, calls, monkeypatch):
    asked_at = {address: kept.asked_at for address, kept in changed.kept.items()}
    changed._renew()
    assert {address: kept.asked_at for address, kept in changed.kept.items()} == asked_at
    calls.clear()
    publish(site, entry(title="Encore un titre"))
    changed._look()
    monkeypatch.setattr(answer_cache, "_LATELY", -1)
    changed._renew()
    assert not calls


def test_a_page_does_not_stand_beyond_its_day(site, changed, calls):
    """Also when it was made before midnight, and kept after the look that found the new day."""
    client, before = site.test_client(), dict(changed.kept)
    with time_machine.travel(JANUARY + timedelta(days=1), tick=False):
        changed._look()
        changed.kept.update(before)
        client.get("/evenements/autre-2020-2021/")
    assert calls == {"/evenements/autre-2020-2021/": 1}


def test_the_life_of_a_page_gets_shorter_while_it_is_kept(site, layer, calls):
    client, ends = site.test_client(), []
    for at in ("2021-01-04 12:00", "2021-01-04 22:59:50"):
        with time_machine.travel(f"{at}+00:00", tick=False):
            look(layer)
            ends.append(client.get("/").headers["Cache-Control"])
    assert ends[0] == "public, max-age=10, s-maxage=10, stale-if-error=39580"
    assert ends[1] == "public, max-age=5, s-maxage=5, stale-if-error=0"
    assert calls == {"/": 1}


def test_addresses_that_mean_the_same_are_one(site, calls):
    client = site.test_client()
    first = client.get("/agenda/?academie=lille&academie=lyon&niveau=cm2")
    for same in (
        "niveau=cm2&academie=lille&academie=lyon",
        "utm_source=x&academie=lille&fbclid=y&academie=lyon&niveau=cm2&",
        "academi%65=lille&academie=lyon&niveau=cm2&rien",
    ):
        assert client.get(f"/agenda/?{same}").data == first.data
    assert calls["/agenda/"] == 2  # « academi%65 » is another spelling
    other = client.get("/agenda/?academie=lyon&academie=lille&niveau=cm2")
    assert other.status_code == 200
    # What a redirect repeats of an address is nobody's own.
    client.get("/flux/academie-de-caen.ics?jeton=secret&niveau=cm2")
    moved = client.get("/flux/academie-de-caen.ics?niveau=cm2")
    assert moved.headers["Location"] == "/flux/academie-de-normandie.ics?niveau=cm2"


def test_every_parameter_that_a_public_view_reads_counts():
    """Otherwise two addresses with different answers would be kept as one."""
    read = {"le"}
    for path in (ROOT / "calendar_app" / "web").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.parent.name not in ("editing", "subscription"):
            read |= set(re.findall(r'request\.(?:args|values)(?:\.get\(|\[)"(\w+)"', text))
            read |= set(re.findall(r'_number\("(\w+)"', text))
    for name in read | set("depuis fenetres rappels alarmes vacances".split()):
        assert counted_query(f"x=1&{name}=2") == f"{name}=2", name
    documented = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert all(f"`{name}" in documented or f"{name}=" in documented for name in PARAMETERS)


def test_many_who_ask_have_it_made_once(site, calls):
    barrier, texts = threading.Barrier(8), []

    def ask() -> None:
        client = site.test_client()
        barrier.wait()
        texts.append(client.get(FEED).data)

    site.test_client().get("/")
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(texts), len(set(texts)), calls[FEED]) == (8, 1, 1)


def test_random_addresses_keep_the_bound(site, calls, monkeypatch):
    monkeypatch.setattr(answer_cache, "_MOST_TYPED", 50)
    layer = AnswerCache(site, budget=200_000)
    layer._inner = Flask.wsgi_app.__get__(site)
    site.wsgi_app, client = layer, site.test_client()
    for n in range(scaled(2000, 5)):
        # A page with parameters that it does not read, which somebody may draw without end.
        assert client.get(f"/robots.txt?q={n}").status_code == 200
        assert sum(len(kept.body) for kept in layer.kept.values()) <= layer.kept.currsize <= 200_000
        assert len(layer._typed) <= 50
    assert client.get(f"/agenda/?q={'mot ' * 700}").status_code == 200
    assert all(sum(map(len, typed)) <= 2000 for typed in layer._typed)
    client.get("/agenda/")
    assert len(layer.kept) > 1


@pytest.mark.long
@pytest.mark.parametrize("role", ["anonymous", "link holder", "rédacteur A"])
def test_nothing_private_is_kept_whatever_the_policy(site, layer, role):
    with time_machine.travel(NOW, tick=False):
        own_objects(site)
        tokens = tokens_of_holder(site)
        client = enter_as(site, role)
        policies, private = set(), set()
        for address, endpoints in routes(
            site, tokens if role == "link holder" else {"": "x"}
        ).items():
            declared = policy_of(site, endpoints.get("GET", "personal.unsubscribe"))
            policies.add(declared)
            client.get(address)
            if declared is not Policy.PUBLIC:
                private.add(address.partition("?")[0])
    assert policies >= {Policy.PUBLIC, Policy.PUBLIC_UNCACHED, Policy.LINK_HOLDER, Policy.EDITOR}
    kept = {address[0] for address in layer.kept}
    assert kept
    assert not kept & private
    assert role in ROLES
    for answer in layer.kept.values():
        text = answer.body.decode("latin-1")
        assert not any(token in text for token in tokens.values())


@pytest.mark.parametrize(
    "sent",
    [
        {"HTTP_COOKIE": "redaction=x"},
        {"HTTP_AUTHORIZATION": "Basic eDp5"},
        {"HTTP_HOST": "autre.example"},
        {"CONTENT_LENGTH": "4"},
    ],
)
def test_a_cookie_and_its_like_pass_by(site, layer, calls, sent):
    client = site.test_client(use_cookies=False)
    client.get(FEED)
    before = len(layer.kept)
    for _ in range(2):
        client.get(FEED, environ_overrides=sent)
        client.post(FEED)
        client.get(f"{FEED}?depuis=2020-09", environ_overrides=sent)
    assert (calls[FEED], len(layer.kept)) == (7, before)


def test_an_answer_that_a_mistake_made_private_is_not_kept(site, layer, calls):
    """Also in a view that says it is public."""

    @policy(Policy.PUBLIC)
    def mistaken() -> Response:
        answer = Response(request.headers.get("X-Mine", "nobody's"))
        answer.headers[request.args["q"]] = (
            "private" if request.args["q"] != "Set-Cookie" else "a=b"
        )
        return answer

    site.view_functions["legal.help"] = mistaken
    client = site.test_client()
    for name in ("Set-Cookie", "Cache-Control"):
        for _ in range(2):
            # It does not even hear who asks.
            assert client.get(f"/aide/?q={name}", headers={"X-Mine": "mine"}).text == "nobody's"
            client = site.test_client()
    assert calls["/aide/"] == 4
    assert client.get("/agenda/?academie=nulle-part").status_code == 404
    assert not layer.kept


def test_without_a_look_that_counts_the_application_answers(site, layer, calls, monkeypatch):
    """A store that went away is not hidden: the application says so."""
    client = site.test_client()
    assert client.get(FEED).status_code == 200
    monkeypatch.setattr(layer, "_engine", create_engine("sqlite:////nowhere/store.sqlite3"))
    monkeypatch.setattr(layer, "_counts_until", 0.0)
    for number in (2, 3):
        assert client.get(FEED).status_code == 200
        assert calls[FEED] == number


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_it_survives_a_fork(site, layer, tmp_path):
    """A server may make it, and answer, before its processes begin."""
    client = site.test_client()
    client.get(FEED)
    with site.app_context():
        db.session.remove()
        db.engine.dispose()
    child = os.fork()
    if child == 0:
        layer._counts_until, answer_cache.IDLE = 0.0, 60
        status = client.get(FEED).status_code
        (tmp_path / "told").write_text(f"{status} {layer._watcher.is_alive()}")
        os._exit(0)
    os.waitpid(child, 0)
    assert Path(tmp_path / "told").read_text() == "200 True"
