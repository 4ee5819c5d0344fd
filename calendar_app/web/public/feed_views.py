"""The feeds: their bytes, cached while nothing that the feeds show changes."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.http import http_date, parse_date
from werkzeug.wrappers import Response as BaseResponse

from calendar_app.catalogue.models.events import Milestone
from calendar_app.feeds import ical, news
from calendar_app.feeds.deadline_days import DeadlineDays, deadline_days
from calendar_app.feeds.feed import Feed, month_edge
from calendar_app.feeds.ical import file_name
from calendar_app.feeds.options import FeedOptions, read_options
from calendar_app.feeds.select import catalogue_feed, event_feed, read_name
from calendar_app.school.academies import Academy
from calendar_app.school.local_time import PARIS
from calendar_app.store.base import db
from calendar_app.web.page import get_event, page, settings
from calendar_app.web.policies import Policy, policy

bp = Blueprint("feeds", __name__)

#: Seconds for which an HTTP cache may keep a feed.
MAX_AGE = 900
#: Maximum size of the feeds in memory, in bytes; the least recently used ones are dropped first.
KEPT_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes of one feed, plain and gzipped."""

    plain: bytes
    zipped: bytes
    etag: str

    @property
    def size(self) -> int:
        return len(self.plain) + len(self.zipped)


class RenderedFeeds:
    """A cache of rendered feeds in one process. A key holds everything that the bytes depend on.

    :param budget: maximum size of the cache, in bytes.
    """

    def __init__(self, budget: int = KEPT_BYTES) -> None:
        self._budget = budget
        self._kept: OrderedDict[tuple[object, ...], Rendered] = OrderedDict()
        self._size = 0
        self._rendering: dict[tuple[object, ...], threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: tuple[object, ...], render: Callable[[], bytes]) -> Rendered:
        """Return the feed of *key*; render it only when it is not in the cache.

        After an import every client asks for the same feed: one request renders the feed, and the
        other requests wait for it.
        """
        with self._lock:
            if found := self._look_up(key):
                return found
            turn = self._rendering.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if found := self._look_up(key):
                    return found
            try:
                data = render()
                # mtime=0: the same bytes give the same gzip bytes.
                zipped = gzip.compress(data, mtime=0)
                made = Rendered(data, zipped, hashlib.sha256(data).hexdigest()[:32])
            except BaseException:
                self._keep(key, None)
                raise
            self._keep(key, made)
            return made

    def _look_up(self, key: tuple[object, ...]) -> Rendered | None:
        found = self._kept.get(key)
        if found:
            self._kept.move_to_end(key)
        return found

    def _keep(self, key: tuple[object, ...], made: Rendered | None) -> None:
        """End a rendering, and keep its result unless the rendering failed (None)."""
        with self._lock:
            self._rendering.pop(key, None)
            if made is None:
                return
            # After a rendering that failed, two requests may have rendered one feed.
            if before := self._kept.pop(key, None):
                self._size -= before.size
            self._kept[key] = made
            self._size += made.size
            while self._size > self._budget:
                _, dropped = self._kept.popitem(last=False)
                self._size -= dropped.size

    def clear(self) -> None:
        """Empty the cache."""
        with self._lock:
            self._kept.clear()
            self._size = 0


#: The cache of this process.
rendered_feeds = RenderedFeeds()


@bp.get("/flux/<name>.<any(ics, atom, json):form>")
@policy(Policy.PUBLIC)
def catalogue(name: str, form: str) -> BaseResponse:
    """Return a feed of the catalogue; redirect (308) a former name of a feed."""
    here = page()
    wanted = read_name(name, here.reference.academies)
    if wanted.name != name:
        query = f"?{request.query_string.decode()}" if request.query_string else ""
        return redirect(url_for("feeds.catalogue", name=wanted.name, form=form) + query, 308)
    options = _options()
    if form != "ics":
        options = FeedOptions(since=options.since)

    def feed() -> Feed:
        return catalogue_feed(
            db.session,
            here.reference,
            wanted,
            here.filter,
            options,
            here.now,
            site_name=settings().site_name,
            public_url=settings().public_url,
            form=form,
        )

    return _answer((name, form, here.filter.parameters(), options), feed, form)


@bp.get("/evenements/<event_id>.ics")
@policy(Policy.PUBLIC)
def event(event_id: str) -> BaseResponse:
    """Return the dates of an event as iCalendar, or one of its dates (``?date=<key>``)."""
    found, key = get_event(event_id), request.args.get("date") or None
    # A file of one event is for that event: whoever adds it to an agenda wants no holidays with it.
    options = replace(_options(), holidays=False)
    here = page()
    return _answer(
        ("evenements", event_id, key, here.filter.parameters(), options),
        lambda: event_feed(
            found, key, here.filter, options, here.academy, public_url=settings().public_url
        ),
    )


def _options() -> FeedOptions:
    names = ("depuis", "fenetres", "rappels", "alarmes", "vacances")
    return read_options(*(request.args.get(name, "").strip() for name in names))


def _answer(key: tuple[object, ...], feed: Callable[[], Feed], form: str = "ics") -> Response:
    """Answer with the feed's bytes, or 304 when the client has the same version."""
    here = page()
    edge = month_edge(here.now)
    rendered = rendered_feeds.get(
        (db.engine, here.reference.version, edge, settings().public_url, *key),
        lambda: _render(feed(), form),
    )
    zipped = request.accept_encodings["gzip"] > 0
    etags = {False: rendered.etag, True: f"{rendered.etag}-gzip"}
    # A feed also changes at the edge of a month: it is never older than that edge.
    moved_at = max(here.reference.changed_at, datetime.combine(edge, time.min, PARIS))
    moved_at = moved_at.replace(microsecond=0)
    answer = Response(content_type=CONTENT_TYPES[form])
    answer.set_etag(etags[zipped])
    answer.headers["Last-Modified"] = http_date(moved_at)
    answer.headers["Cache-Control"] = f"public, max-age={MAX_AGE}"
    answer.headers["Vary"] = "Accept-Encoding"
    if _client_has(etags.values(), moved_at):
        answer.status_code = 304
        del answer.headers["Content-Type"]
        return answer
    answer.set_data(rendered.zipped if zipped else rendered.plain)
    answer.headers["Content-Disposition"] = f'inline; filename="{file_name(request.path)}"'
    if zipped:
        answer.headers["Content-Encoding"] = "gzip"
    return answer


def _client_has(etags: Iterable[str], moved_at: datetime) -> bool:
    """Return whether the client has this version. If-None-Match wins over If-Modified-Since
    (RFC 9110, section 13.2.2). The ETag of either variant counts: both hold the same dates."""
    if "If-None-Match" in request.headers:
        return any(request.if_none_match.contains_weak(etag) for etag in etags)
    since = parse_date(request.headers.get("If-Modified-Since"))
    return since is not None and moved_at <= since


CONTENT_TYPES = {
    "ics": ical.CONTENT_TYPE,
    "atom": news.ATOM_TYPE,
    "json": news.JSON_TYPE,
}


def _render(feed: Feed, form: str) -> bytes:
    reference, public_url = page().reference, settings().public_url

    def event_page(event_id: str) -> str:
        return f"{public_url}/evenements/{event_id}/"

    def tell(milestone: Milestone, viewer: Academy | None, concerned: bool) -> DeadlineDays:
        return deadline_days(milestone, viewer, reference, concerned=concerned)

    academies, themes = reference.academies, reference.themes
    if form == "ics":
        writer = ical.CalendarWriter(settings().uid_domain, event_page, academies, themes, tell)
        return writer.render(feed)
    told = news.bulletin(feed, reference.changed_at, event_page, academies, themes, tell)
    return news.render_atom(told) if form == "atom" else news.render_json(told)
