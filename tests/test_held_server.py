"""Whatever holds a server's connections or threads, a feed and /livez answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.held_connections import KINDS, HeldConnections
from tests.servers import (
    Served,
    allow_open_files,
    calendar_app_serve,
    fetch,
    gunicorn_behind_nginx,
    told,
)
from tests.tools import scaled

SERVERS = {"serve": calendar_app_serve, "gunicorn behind nginx": gunicorn_behind_nginx}
FEED = "/flux/academie-de-lille.ics?depuis=2020-09"

#: What is held at once.
COUNTS = {
    "idle": 500,
    "idle after an answer": 500,
    "slow headers": 150,
    "slow request line": 50,
    "slow body": 20,
    "slow body in chunks": 10,
    "slow upload": 10,
    "answers that are not read": 50,
}

log = logging.getLogger(__name__)


@pytest.fixture(params=SERVERS)
def served(request, make_database, templates, tmp_path) -> Iterator[Served]:
    """A site with the real content, under each server."""
    url = make_database("sqlite", templates["sqlite", "content"])
    with SERVERS[request.param](tmp_path, CALENDAR_DATABASE_URL=url) as served:
        yield served


def check_that_feeds_answer(served: Served, times: int, what: str) -> None:
    """Ask for a feed and for a sign of life, one after the other: a client gives up after 10 s.
    The times are told, not judged."""
    for path in (FEED, "/livez"):
        seconds = []
        for _ in range(times):
            answer = fetch(served.port, path)
            assert answer.status == 200, (what, path, answer)
            seconds.append(answer.seconds)
        assert b"VCALENDAR" in answer.body or path != FEED
        log.warning("%s, while held: %s: %s", what, path, told(seconds))


def test_connections_that_are_held_stop_nobody(served):
    allow_open_files(4096)
    counts = {name: scaled(count, 5) for name, count in COUNTS.items()}
    assert counts.keys() == KINDS.keys()
    with HeldConnections(served.port, counts) as held:
        check_that_feeds_answer(served, scaled(40), f"{sum(counts.values())} connections")
        # It is what it says: a server may close what is slow, and it is opened again.
        log.warning("open at the end: %s; opened: %s", held.open, held.opened)
        assert held.open["idle"] > counts["idle"] / 2
    check_that_feeds_answer(served, 1, "after them")


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind(served, kind):
    counts = {kind: 100}
    with HeldConnections(served.port, counts) as held:
        try:
            check_that_feeds_answer(served, 3, f"{kind}")
        finally:
            log.warning("open at the end: %s; opened: %s", held.open, held.opened)
