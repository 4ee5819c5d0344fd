"""A layer before Flask that keeps whole public answers: a feed that did not change costs a look-up.

What it keeps is the same for everybody by construction: only views that are ``Policy.PUBLIC`` are
asked, without the headers of who asks, and with those parameters alone that some page reads. An
answer is good while the catalogue's version and the day stand. One thread looks at both each
second; where no look succeeded for two seconds, nothing is answered from here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from cachetools import LRUCache, cached
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import Accept, Headers
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_accept_header, parse_date, unquote_etag

from calendar_app.config.settings import Settings
from calendar_app.school.local_time import paris_day
from calendar_app.store.base import Catalogue, db
from calendar_app.store.connections import hurried
from calendar_app.web import caching
from calendar_app.web.policies import Policy, View, policy_of
from calendar_app.web.security import is_trusted_host

#: Maximum size of what one process keeps, in bytes; the least recently used goes first. An answer
#: takes so many bytes beside its body.
KEPT_BYTES, _AROUND = 32 * 1024 * 1024, 4096
#: How many addresses as they were typed are remembered, and the longest of them in characters.
_MOST_TYPED, _LONGEST = 4096, 2000
#: Seconds between two looks at the version; after which a look no longer counts; without a request
#: after which the thread that looks ends (the next request starts another one).
LOOK_EVERY, LOOK_COUNTS, IDLE = 1.0, 2.0, 10.0
#: Seconds that a request waits for the look of another one.
_PATIENCE = 0.5

#: A request with one of these is for one person, or brings a body.
_NEVER = frozenset(
    ("HTTP_COOKIE", "HTTP_AUTHORIZATION", "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING")
)
#: What the application hears of a request: where it was sent.
_PASSED_ON = {"HTTP_HOST", *(f"HTTP_X_FORWARDED_{name}" for name in ("FOR", "HOST", "PROTO"))}
#: The headers of a 304 beside Cache-Control (RFC 9110, section 15.4.5).
_OF_A_304 = (
    "Access-Control-Allow-Origin",
    "ETag",
    "Last-Modified",
    "Strict-Transport-Security",
    "Vary",
)

#: An address as it was typed (path, query, Accept-Encoding, Host), and as its answer is kept (path,
#: the parameters that count, whether gzipped).
Typed = tuple[str, str, str, str]
Address = tuple[str, str, bool]


def never_kept_here(view: View) -> View:
    """Declare that the answers of a view are too large for memory (a decorator). Caches with a disk
    keep them."""
    view.is_large = True  # type: ignore[attr-defined]
    return view


class Kept:
    """A whole answer to GET. ``lasts`` is its Cache-Control: None for a page, whose life gets
    shorter towards midnight."""

    __slots__ = ("body", "etag", "headers", "lasts", "moved_at", "size", "status", "unchanged")

    def __init__(self, status: str, told: list[tuple[str, str]], body: bytes) -> None:
        headers = Headers(told)
        lasts = headers.pop("Cache-Control", "")
        is_public = lasts.startswith("public") and "Set-Cookie" not in headers
        self.status, self.headers, self.body = status, tuple(headers), body
        self.unchanged = tuple(pair for pair in headers if pair[0] in _OF_A_304)
        self.etag = unquote_etag(headers.get("ETag"))[0] if is_public else None
        self.moved_at = parse_date(headers.get("Last-Modified"))
        self.lasts = None if is_public and caching.ends_at_midnight(lasts) else lasts
        # What is not public has no room in the cache.
        self.size = len(body) + _AROUND if is_public else 2**63


class AnswerCache:
    """The layer, a WSGI application. It may be made before a server forks: its thread starts with
    the first request of each process.

    :param budget: maximum size of what is kept, in bytes.
    """

    def __init__(self, app: Flask, budget: int = KEPT_BYTES) -> None:
        settings: Settings = app.config["SETTINGS"]
        self._app, self._inner, self._trusted = app, app.wsgi_app, settings.trusted_hosts
        self._host = "HTTP_X_FORWARDED_HOST" if settings.trusted_proxies else "HTTP_HOST"
        with app.app_context():
            self._engine = db.engine
        self._typed: dict[Typed, Address] = {}
        self.kept: LRUCache[object, Kept] = LRUCache(budget, lambda kept: kept.size)
        lock = threading.Lock()
        # Of many who ask for one answer, one has it made.
        self._answer = cached(
            self.kept, lambda address, seen, _: (address, seen), lock, threading.Condition(lock)
        )(self._ask)
        self._looking, self._watcher = threading.Lock(), threading.Thread()
        self._seen: tuple[object, ...] = ()
        self._asked_at = self._looked_at = self._counts_until = 0.0
        self._page_cache = ""

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        method, get = environ["REQUEST_METHOD"], environ.get
        if method not in ("GET", "HEAD") or not _NEVER.isdisjoint(environ):
            return self._inner(environ, start)
        self._asked_at = time.monotonic()
        if self._asked_at > self._counts_until and not self._has_looked():
            return self._inner(environ, start)
        query, encodings = get("QUERY_STRING", ""), get("HTTP_ACCEPT_ENCODING", "")
        typed = environ["PATH_INFO"], query, encodings, get(self._host, "")
        address = self._typed.get(typed) or self._address(typed)
        if address is None:
            return self._inner(environ, start)
        kept: Kept = self._answer(address, self._seen, environ)
        lasts = ("Cache-Control", self._page_cache if kept.lasts is None else kept.lasts)
        if kept.etag and caching.is_known(environ, kept.etag, kept.moved_at):
            start("304 NOT MODIFIED", [*kept.unchanged, lasts])
            return []
        start(kept.status, [*kept.headers, lasts])
        # A list: granian answers with it at once, and asks another thread for the parts of any
        # other iterable.
        return [] if method == "HEAD" else [kept.body]

    def _address(self, typed: Typed) -> Address | None:
        """Return the address under which an answer is kept; None where none may be."""
        path, query, encodings, host = typed
        if not is_trusted_host(host, self._trusted) or not self._is_public(path):
            return None
        zipped = parse_accept_header(encodings, Accept)["gzip"] > 0
        address = path, caching.counted_query(query), zipped
        if sum(map(len, typed)) <= _LONGEST:
            if len(self._typed) >= _MOST_TYPED:
                self._typed.clear()
            self._typed[typed] = address
        return address

    def _is_public(self, path: str) -> bool:
        try:
            endpoint, _ = self._app.url_map.bind("").match(path.encode("latin-1").decode(), "GET")
        except (HTTPException, UnicodeError):
            return False
        is_large = getattr(self._app.view_functions[endpoint], "is_large", False)
        return policy_of(self._app, endpoint) is Policy.PUBLIC and not is_large

    def _ask(self, address: Address, _seen: object, environ: WSGIEnvironment) -> Kept:
        path, query, zipped = address
        asked = {n: v for n, v in environ.items() if n in _PASSED_ON or not n.startswith("HTTP_")}
        asked |= {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query}
        asked |= {"HTTP_ACCEPT_ENCODING": "gzip" if zipped else "", "wsgi.input": BytesIO()}
        told: list[Any] = []
        answer = self._inner(asked, lambda *head: told.extend(head))  # type: ignore[arg-type]
        try:
            return Kept(told[0], told[1], b"".join(answer))
        finally:
            getattr(answer, "close", bool)()

    def _has_looked(self) -> bool:
        """Look for a request that finds no look that counts; return whether there is one now."""
        if self._looking.acquire(timeout=_PATIENCE):
            try:
                if time.monotonic() > max(self._counts_until, self._looked_at + LOOK_EVERY):
                    self._look()
                if not self._watcher.is_alive():
                    self._watcher = threading.Thread(target=self._watch, daemon=True)
                    self._watcher.start()
            finally:
                self._looking.release()
        return time.monotonic() <= self._counts_until

    def _watch(self) -> None:
        while time.monotonic() < self._asked_at + IDLE:
            time.sleep(LOOK_EVERY)
            with self._looking:
                self._look()

    def _look(self) -> None:
        """Read the version; where it or the day moved, drop what is kept."""
        self._looked_at = time.monotonic()
        try:
            with hurried(), self._engine.connect() as connection:
                state = connection.execute(
                    select(Catalogue.history, Catalogue.version, Catalogue.changed_at)
                ).one()
        except SQLAlchemyError:
            return  # the application says what is wrong
        now = datetime.now(UTC)
        if self._seen != (seen := (*state, paris_day(now))):
            self._seen = seen
            self._answer.cache_clear()
        self._page_cache = caching.page_cache(now)
        self._counts_until = self._looked_at + LOOK_COUNTS


def keep_answers(app: Flask) -> Flask:
    """Put the layer before an application that is about to be served, and return it."""
    app.wsgi_app = AnswerCache(app)  # type: ignore[assignment, method-assign]
    return app
