"""The feeds: their bytes, cached while nothing that the feeds show changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from calendar_app.feeds import ical, news
from calendar_app.feeds.feed import Feed, month_edge
from calendar_app.feeds.options import FeedOptions
from calendar_app.feeds.select import catalogue_feed, event_feed, read_name
from calendar_app.store.base import db
from calendar_app.web.caching import FEED_CACHE
from calendar_app.web.feed_answers import (
    Rendered,
    answer_feed,
    asked_options,
    event_page,
    render_marks,
    tell,
    write_ics,
)
from calendar_app.web.page import get_event, page, settings
from calendar_app.web.policies import Policy, policy

bp = Blueprint("feeds", __name__)

#: Maximum size of the feeds in memory, in bytes; the least recently used ones are dropped first.
KEPT_BYTES = 32 * 1024 * 1024


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

    def get(self, key: tuple[object, ...], render: Callable[[], Rendered]) -> Rendered:
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
                made = render()
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
    options = asked_options()
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
            as_marks=form == "ics" and options.one_event_each,
        )

    return _answer((name, form, here.filter.parameters(), options), feed, form)


@bp.get("/evenements/<event_id>.ics")
@policy(Policy.PUBLIC)
def event(event_id: str) -> BaseResponse:
    """Return the dates of an event as iCalendar, or one of its dates (``?date=<key>``)."""
    found, key = get_event(event_id), request.args.get("date") or None
    # A file of one event is for that event: whoever adds it to an agenda wants no holidays with it.
    options = replace(asked_options(), holidays=False)
    here = page()
    return _answer(
        ("evenements", event_id, key, here.filter.parameters(), options),
        lambda: event_feed(
            found, key, here.filter, options, here.academy, public_url=settings().public_url
        ),
    )


def _answer(key: tuple[object, ...], feed: Callable[[], Feed], form: str = "ics") -> Response:
    """Answer with the feed's bytes, or 304 when the client has the same version."""
    here = page()
    edge = month_edge(here.now)
    rendered = rendered_feeds.get(
        (db.engine, here.reference.state, edge, settings().public_url, *key),
        lambda: _render(feed(), form),
    )
    answer = answer_feed(rendered, here.reference.changed_at, CONTENT_TYPES[form])
    answer.headers["Cache-Control"] = FEED_CACHE
    return answer


CONTENT_TYPES = {
    "ics": ical.CONTENT_TYPE,
    "atom": news.ATOM_TYPE,
    "json": news.JSON_TYPE,
}


def _render(feed: Feed, form: str) -> Rendered:
    if form == "ics":
        return render_marks(feed) if feed.marks else Rendered.of(write_ics(feed))
    reference = page().reference
    academies, themes = reference.academies, reference.themes
    told = news.bulletin(feed, reference.changed_at, event_page, academies, themes, tell)
    return Rendered.of(news.render_atom(told) if form == "atom" else news.render_json(told))
