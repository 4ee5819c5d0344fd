"""A feed and /livez answer whatever holds a server's connections or threads, under both servers
that the README names. A client gives up after ten seconds; a campaign logs the times."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from calendar_app.web import bodies
from tests.held_connections import KINDS, HeldConnections
from tests.servers import SERVERS, Answer, allow_open_files, exchange, fetch, request, told
from tests.signed_in import Site, served_site
from tests.tools import scaled

FEED = "/flux/academie-de-lille.ics?depuis=2020-09"

#: How many connections of each kind are held at once.
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
#: More than all threads of either server.
AT_ONCE = 40

#: The standard library's mail parser is quadratic in the parameters of a header: only the limit of
#: a letter's processor time ends it.
HEAVY_LETTER = (
    b"From: a@exemple.fr\r\nContent-Type: multipart/mixed; " + b";" * 2_000_000 + b"\r\n\r\nmot"
)

log = logging.getLogger(__name__)


@pytest.fixture(scope="module", params=SERVERS)
def site(request, make_database, template, tmp_path_factory) -> Iterator[Site]:
    store = make_database("sqlite", template("sqlite", "content"))
    with served_site(request.param, tmp_path_factory.mktemp("served"), store) as site:
        yield site


def check_that_feeds_answer(site: Site, times: int, what: str) -> None:
    """Ask for a feed and for a sign of life, several times one after the other."""
    for path in (FEED, "/livez"):
        seconds = []
        for _ in range(times):
            answer = fetch(site.served.port, path)
            assert answer.status == 200, (what, path, answer)
            seconds.append(answer.seconds)
        assert b"VCALENDAR" in answer.body or path != FEED
        log.warning("%s: %s: %s", what, path, told(seconds))


def test_connections_that_are_held_stop_nobody(site):
    allow_open_files(4096)
    counts = {name: scaled(count, 5) for name, count in COUNTS.items()}
    assert counts.keys() == KINDS.keys()
    cookie = f"Cookie: {site.cookie}\r\n".encode()
    with HeldConnections(site.served.port, counts, cookie) as held:
        check_that_feeds_answer(site, scaled(40), f"{sum(counts.values())} connections")
        # A connection that the server closes is opened again; a server may close slow ones.
        log.warning("open at the end: %s; opened: %s", held.open, held.opened)
        assert held.open["idle"] > counts["idle"] / 2
    check_that_feeds_answer(site, 1, "after them")


def test_an_address_as_long_as_the_site_takes_is_answered(site):
    """Servers in front of the application have their own limits, and their own error texts."""
    for length in (3_000, 5_000, 9_000, bodies.MAX_QUERY - len("evenements=")):
        answer = fetch(site.served.port, f"/ma-selection/?evenements={'a' * length}")
        assert answer.status in (200, 404), (length, answer.status)
        assert b"<html lang" in answer.body


# -- what takes a thread's time --------------------------------------------------------------------


@contextmanager
def letters_being_read(site: Site) -> Iterator[Sequence[bytes]]:
    """Drop letters that take as much time as a letter may."""
    yield [site.dropped(HEAVY_LETTER)] * AT_ONCE
    # Do not wait until each letter is read: kill the processes that read them, until none was seen
    # twenty times in a row.
    unseen = 0
    while unseen < 20:
        unseen += 1
        for pid in site.served.pids():
            with contextlib.suppress(OSError):
                if b"limited_process" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)
                    unseen = 0
        time.sleep(0.1)


@contextmanager
def a_writer_that_does_not_end(site: Site) -> Iterator[Sequence[bytes]]:
    """Sign up while another program holds the write lock of the store."""
    with contextlib.closing(sqlite3.connect(site.store, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        yield [
            site.posted(
                "/abonnement/",
                adresse=f"personne{number}@ecole.example",
                etablissement="ecole",
                delai="last_class_day",
                suivre="tout",
            )
            for number in range(AT_ONCE)
        ]
        writer.execute("ROLLBACK")


@contextmanager
def log_ins(site: Site) -> Iterator[Sequence[bytes]]:
    """Log in: to verify a password takes a large part of a second and much memory."""
    path = "/redaction/connexion/"
    yield [
        site.posted(path, adresse=f"personne{n}@ecole.example", mot_de_passe="faux mot de passe")
        for n in range(60)
    ]


@contextmanager
def heavy_pages(site: Site) -> Iterator[Sequence[bytes]]:
    """Ask for the pages and feeds that take longest to make."""
    yield [
        request("GET", f"{path}{'&' if '?' in path else '?'}q=a{number}", site.served.port, {})
        for number in range(AT_ONCE // 4)
        for path in (
            "/annee-scolaire/2020-2021/affiche/",
            "/flux/toutes.ics?depuis=2020-09",
            "/calendrier/2021/02/",
            "/ma-selection/",
        )
    ]


WORK: Sequence[Callable[[Site], AbstractContextManager[Sequence[bytes]]]] = (
    letters_being_read,
    a_writer_that_does_not_end,
    log_ins,
    heavy_pages,
)


@pytest.mark.parametrize("work", WORK)
def test_work_that_is_slow_stops_nobody(site, work):
    answers: list[Answer] = []

    def ask(sent: bytes) -> None:
        with contextlib.suppress(OSError):
            answers.append(exchange(site.served.port, sent, 60))

    with work(site) as requests:
        asking = [threading.Thread(target=ask, args=(sent,)) for sent in requests]
        for thread in asking:
            thread.start()
        # Wait until the requests have arrived; nothing signals that.
        time.sleep(1)
        check_that_feeds_answer(site, 3, f"{len(requests)} {work.__name__}")
    for thread in asking:
        thread.join()
    statuses = sorted(answer.status for answer in answers)
    log.warning("%s were answered %s", work.__name__, statuses)
    assert len(answers) == len(requests)
    for answer in answers:
        # A request that found no free place is told when to come again.
        assert answer.status < 500 or (answer.status == 503 and "retry-after" in answer.headers)
