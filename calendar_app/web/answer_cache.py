"""A layer before Flask that keeps whole public answers: a feed that did not change costs a look-up.

What it keeps is the same for everybody by construction: only views that are ``Policy.PUBLIC`` are
asked, without the headers of who asks, and with those parameters alone that some page reads. An
answer is good while the catalogue's version and the day stand. One thread looks at both each
second; where no look succeeded for two seconds, nothing is answered from here.

After a change the thread makes again what was asked for lately. Until then, and for no longer than
two seconds after the last look that found the version of before, readers get the answer of before.
A page that reads all it shows stands as long as it would read the same.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from cachetools import Cache, LRUCache
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import Accept
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_accept_header

from calendar_app.catalogue import queries
from calendar_app.config.settings import Settings
from calendar_app.school.local_time import paris_day
from calendar_app.store.base import Catalogue, db
from calendar_app.store.connections import hurried
from calendar_app.store.reads import Statement, digest, noted
from calendar_app.web import caching
from calendar_app.web.kept_answer import Kept, Sources
from calendar_app.web.policies import Policy, policy_of
from calendar_app.web.security import is_trusted_host

#: Maximum size of what one process keeps, in bytes; the least recently used goes first.
KEPT_BYTES = 32 * 1024 * 1024
#: How many addresses as they were typed are remembered, and the longest of them in characters.
_MOST_TYPED, _LONGEST = 4096, 2000
#: Seconds between two looks at the version; after which a look no longer counts; without a request
#: after which the thread that looks ends (the next request starts another one).
LOOK_EVERY, LOOK_COUNTS, IDLE = 1.0, 2.0, 10.0
#: What was asked for in so many seconds is made again after a change.
_LATELY = 10.0
#: Seconds that a request waits for the look of another one.
_PATIENCE = 0.5

#: A request with one of these is for one person, or brings a body.
_NEVER = frozenset(
    ("HTTP_COOKIE", "HTTP_AUTHORIZATION", "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING")
)
#: What the application hears of a request: where it was sent.
_PASSED_ON = {"HTTP_HOST", *(f"HTTP_X_FORWARDED_{name}" for name in ("FOR", "HOST", "PROTO"))}
#: An address as it was typed (path, query, Accept-Encoding, Host), and as its answer is kept (path,
#: the parameters that count, whether gzipped).
Typed = tuple[str, str, str, str]
Address = tuple[str, str, bool]


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
        self.kept: LRUCache[Address, Kept] = LRUCache(budget, lambda kept: kept.size)
        self._lock = threading.Lock()
        # Of many who ask for one answer, one has it made.
        self._turns: dict[Address, threading.Lock] = {}
        self._asked: WSGIEnvironment = {}
        self._looking, self._watcher = threading.Lock(), threading.Thread()
        self._seen: tuple[object, ...] = ()
        self._before: object = None
        self._asked_at = self._looked_at = self._counts_until = self._before_until = 0.0
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
        kept = self._told(address) or self._made(address, environ)
        kept.asked_at = self._asked_at
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
        endpoint = self._endpoint(path)
        if not endpoint or self._declares(endpoint, "is_large"):
            return False
        return policy_of(self._app, endpoint) is Policy.PUBLIC

    def _endpoint(self, path: str) -> str:
        """Return the endpoint of a path; an empty text when it has none."""
        try:
            found, _ = self._app.url_map.bind("").match(path.encode("latin-1").decode(), "GET")
        except (HTTPException, UnicodeError):
            return ""
        return str(found)

    def _declares(self, endpoint: str, what: str) -> bool:
        return bool(getattr(self._app.view_functions.get(endpoint), what, False))

    def _told(self, address: Address) -> Kept | None:
        """Return what is kept and may be told at this instant."""
        with self._lock:
            kept = self.kept.get(address)
        if kept is None or kept.seen is self._seen:
            return kept
        is_late = kept.seen is not self._before or self._asked_at > self._before_until
        return None if is_late else kept

    def _made(self, address: Address, environ: WSGIEnvironment) -> Kept:
        """Return an answer in the state that was seen last."""
        with self._lock:
            turn = self._turns.setdefault(address, threading.Lock())
        with turn:
            seen = self._seen
            with self._lock:
                kept = self.kept.get(address)
            if kept and kept.seen is seen:
                return kept
            try:
                if kept and kept.seen[-1] == seen[-1] and self._stands(kept):
                    kept.seen = seen
                    return kept
                kept = self._ask(address, seen, environ)
            finally:
                with self._lock:
                    self._turns.pop(address, None)
            with self._lock:
                self.kept.pop(address, None)
                with suppress(ValueError):  # it is too large
                    self.kept[address] = kept
            return kept

    def _stands(self, kept: Kept) -> bool:
        """Whether an answer would be made of the same rows and reference values now."""
        return kept.found is not None and self._sources(kept.statements)[1] == kept.found

    def _sources(self, statements: list[Statement]) -> Sources:
        """Return what these statements find now, and in which state of the catalogue."""
        try:
            with hurried(), self._app.app_context():
                rows = digest(db.session.connection(), statements)
                # Afterwards: each statement on PostgreSQL reads what is committed by then.
                reference = queries.reference(db.session)
                return reference.state, (reference.values, rows)
        except SQLAlchemyError:
            return None, None  # the application says what is wrong

    def _renew(self) -> None:
        """Make again what was asked for lately, until the next look is due."""
        since = time.monotonic() - _LATELY
        with self._lock:
            # Not by ``items()``, which counts as a use of each: the least used would not go first.
            kept = ((address, Cache.__getitem__(self.kept, address)) for address in self.kept)
            asked = [(k.asked_at, a) for a, k in kept if k.seen is not self._seen]
        for asked_at, address in sorted(asked, reverse=True):
            if asked_at < since or time.monotonic() > self._looked_at + LOOK_EVERY:
                break
            made = self._made(address, self._asked)
            made.asked_at = max(made.asked_at, asked_at)

    def _ask(self, address: Address, seen: tuple[object, ...], environ: WSGIEnvironment) -> Kept:
        path, query, zipped = address
        asked = {n: v for n, v in environ.items() if n in _PASSED_ON or not n.startswith("HTTP_")}
        asked |= {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query}
        asked |= {"HTTP_ACCEPT_ENCODING": "gzip" if zipped else "", "wsgi.input": BytesIO()}
        self._asked = asked
        told: list[Any] = []
        with noted() as statements:
            answer = self._inner(asked, lambda *head: told.extend(head))  # type: ignore[arg-type]
            try:
                kept = Kept(told[0], told[1], b"".join(answer), seen)
            finally:
                getattr(answer, "close", bool)()
        is_kept = kept.size <= self.kept.maxsize
        if is_kept and self._declares(self._endpoint(path), "shows_what_it_reads"):
            state, found = self._sources(statements)
            # In another state, other rows may have been read meanwhile.
            if state == seen[:2]:
                kept.note(statements, found)
        return kept

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
            time.sleep(max(0, self._looked_at + LOOK_EVERY - time.monotonic()))
            with self._looking:
                self._look()
            self._renew()

    def _look(self) -> None:
        """Read the version; where the day moved, drop what is kept."""
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
            if self._seen and self._seen[-1] == seen[-1]:
                self._before, self._before_until = self._seen, self._counts_until
            else:
                self._before = None
                with self._lock:
                    self.kept.clear()
            self._seen = seen
        self._page_cache = caching.page_cache(now)
        self._counts_until = self._looked_at + LOOK_COUNTS


def keep_answers(app: Flask) -> Flask:
    """Put the layer before an application that is about to be served, and return it."""
    # While one thread makes an answer, those that tell kept ones wait for the interpreter at each
    # step: ten times shorter than Python's default.
    sys.setswitchinterval(0.0005)
    # What is there now stays: the garbage collector need not walk it.
    gc.collect()
    gc.freeze()
    app.wsgi_app = AnswerCache(app)  # type: ignore[assignment, method-assign]
    return app
