"""The cache of rendered feeds: concurrent requests share one rendering, and its size is bounded."""

from __future__ import annotations

import threading
import time

import pytest

from calendar_app.web.feed_answers import Rendered
from calendar_app.web.public.feed_views import RenderedFeeds


def test_those_who_ask_together_get_one_rendering():
    feeds, renderings, found = RenderedFeeds(), [], []
    started = threading.Barrier(16)

    def render() -> Rendered:
        renderings.append(1)
        time.sleep(0.05)
        return Rendered.of(b"feed")

    def ask() -> None:
        started.wait()
        found.append(feeds.get(("key",), render).plain)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, len(renderings)) == ([b"feed"] * 16, 1)


def test_a_rendering_that_fails_is_tried_again():
    feeds = RenderedFeeds()
    with pytest.raises(ZeroDivisionError):
        feeds.get(("key",), lambda: bytes(1 // 0))
    assert feeds.get(("key",), lambda: Rendered.of(b"feed")).plain == b"feed"


def test_what_was_asked_for_longest_ago_goes_first():
    feed = Rendered.of(b"feed")
    feeds, renderings = RenderedFeeds(budget=2 * feed.size), []

    def ask(key: str) -> None:
        feeds.get((key,), lambda: renderings.append(key) or feed)

    for key in ("a", "b", "a", "c", "a", "b"):
        ask(key)
    assert renderings == ["a", "b", "c", "b"]
