"""The weekly check of official links, with a real server to which host names lead."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.editing import overview
from calendar_app.editing.followed import link_checks
from calendar_app.editing.followed.fetcher import Fetcher
from calendar_app.editing.models.journal import Change
from calendar_app.editing.models.sources import LinkCheck
from calendar_app.editing.rights import rights
from calendar_app.store.base import db
from tests.editing.test_events import editor, facts
from tests.factories import ID, another, entry, publish
from tests.tools import PATIENCE

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
NOBODY = "http://personne.example/"
GONE = "cette page n'existe plus"


class Site:
    """A server that answers with the status in ``answers`` (path → status; None: no answer)."""

    def __init__(self) -> None:
        self.answers: dict[str, int | None] = {}
        self.asked: list[str] = []
        self._ended = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(f"{self.headers['Host'].partition(':')[0]}{self.path}")
                status = site.answers.get(self.path, 200)
                if status is None:
                    site._ended.wait(PATIENCE)
                    return
                self.send_response(status)
                if status == 301:
                    self.send_header("Location", "/ailleurs")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(0.01,), daemon=True).start()

    def link(self, path: str, host: str = "concours.example") -> str:
        return f"http://{host}:{self._server.server_port}{path}"

    def fetcher(self) -> Fetcher:
        """Return a real fetcher that finds this server behind every host name but one."""
        ports = frozenset((80, self._server.server_port))
        seconds = 0.5 if None in self.answers.values() else PATIENCE
        return Fetcher(_resolve, lambda ip: ip != "127.0.0.1", ports, seconds=seconds)

    def close(self) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()


def _resolve(host: str, _port: int) -> list[str]:
    if host == "personne.example":
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    if host == "panne.example":
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return ["127.0.0.1"]


@pytest.fixture
def site():
    found = Site()
    yield found
    found.close()


@pytest.fixture
def store(empty_app):
    with empty_app.app_context():
        yield empty_app


def look(site: Site, now: datetime) -> int:
    return link_checks.check_due(db.session, now, fetcher=site.fetcher())


def known() -> dict[str, tuple[datetime | None, str | None]]:
    """Return link → (dead since, reason)."""
    db.session.rollback()
    checks = db.session.scalars(select(LinkCheck).execution_options(populate_existing=True))
    return {check.link: (check.dead_since, check.reason) for check in checks}


def dead(who=None) -> list[tuple[str, str, str, date]]:
    db.session.rollback()
    academies = queries.reference(db.session).academies
    own = rights(who or editor("administrateur"), academies)
    found = overview.dead_links(db.session, own, NOW.date())
    return [(d.event.id, d.link, d.reason, d.since) for d in found]


@pytest.mark.parametrize(
    ("status", "reason"),
    [(200, None), (301, None), (403, None), (404, GONE), (410, GONE), (500, None), (None, None)],
)
def test_a_link_is_dead_when_it_is_so_twice_a_day_apart(store, site, status, reason):
    link = site.link("/")
    site.answers["/"] = status
    publish(store, entry(link=link))
    assert look(site, NOW) == 1
    assert known() == {link: (None, reason)}
    assert look(site, NOW + DAY - timedelta(hours=1)) == 0
    assert dead() == []
    # A link that answers, or that may answer, is checked again after a week.
    assert look(site, NOW + DAY) == (1 if reason else 0)
    assert known() == {link: (NOW if reason else None, reason)}
    assert dead() == ([(ID, link, GONE, date(2021, 1, 4))] if reason else [])


def test_a_site_that_is_gone_is_dead_and_a_resolver_that_is_out_makes_none_dead(store, site):
    out = "http://panne.example/"
    publish(store, entry(link=NOBODY, participation={"where_link": out}))
    look(site, NOW)
    look(site, NOW + DAY)
    assert known() == {NOBODY: (NOW, "ce site n'existe plus"), out: (None, None)}


def test_a_link_that_comes_back_is_alive_and_begins_anew(store, site):
    link = site.link("/")
    site.answers["/"] = 404
    publish(store, entry(link=link))
    look(site, NOW)
    look(site, NOW + DAY)
    # A dead link is checked each week, and stays dead since the first day.
    assert look(site, NOW + DAY + WEEK) == 1
    assert known() == {link: (NOW, GONE)}
    site.answers["/"] = 200
    assert look(site, NOW + DAY + 2 * WEEK) == 1
    assert known() == {link: (None, None)}
    site.answers["/"] = 404
    look(site, NOW + DAY + 3 * WEEK)
    assert known() == {link: (None, GONE)}


def test_each_link_is_looked_at_once_a_week_and_changes_no_event(store, site):
    shared, other = site.link("/partage"), site.link("/inscription")
    publish(
        store,
        entry(link=shared, participation={"where_link": other}),
        another("autre", link=shared),
    )
    before, version = facts(), queries.catalogue(db.session).version
    for hours in range(0, 7 * 24 + 1, 12):
        look(site, NOW + timedelta(hours=hours))
    asked = ["concours.example/inscription", "concours.example/partage"]
    assert site.asked == asked * 2
    assert (facts(), queries.catalogue(db.session).version) == (before, version)
    assert db.session.scalars(select(Change)).all() == []


def test_links_of_what_is_past_or_taken_out_are_left_alone(store, site):
    def ends(day: date) -> list[dict[str, str]]:
        return [{"kind": "deadline", "day": day.isoformat()}]

    last = NOW.date() - timedelta(days=60)
    publish(
        store,
        another("passe", link=site.link("/passe"), milestones=ends(last - timedelta(days=1))),
        another("recent", link=site.link("/recent"), milestones=ends(last)),
        another("retire", link=site.link("/retire"), archived="true"),
        another("annee", link=site.link("/annee"), milestones=[]),
        another("sans"),
        entry(
            id="vieux-2018-2019",
            series="vieux",
            school_year="2018-2019",
            link=site.link("/vieux"),
            milestones=[],
        ),
    )
    assert look(site, NOW) == 2
    assert site.asked == ["concours.example/annee", "concours.example/recent"]


def test_a_run_asks_a_few_links_and_no_host_often(store, site):
    many = [another(f"grand-{n:02}", link=site.link(f"/{n:02}", "grand.example")) for n in range(9)]
    few = [another(f"petit-{n:02}", link=site.link("/", f"h{n:02}.example")) for n in range(19)]
    publish(store, *many, *few)
    assert look(site, NOW) == 20
    hosts = [asked.partition("/")[0] for asked in site.asked]
    assert hosts.count("grand.example") == 4
    # The hosts take turns: no host is asked twice in a row while another one waits.
    assert hosts[:17].count("grand.example") == 1
    while look(site, NOW):
        pass
    assert len(site.asked) == len(set(site.asked)) == 28


def test_two_workers_share_the_links_and_a_stop_is_heard(store, site):
    publish(store, *(another(f"n{n}", link=site.link(f"/{n}")) for n in range(3)))
    met = []

    def is_stopping() -> bool:
        # Another worker runs while this one is about to send a request.
        if not met:
            met.append(look(site, NOW))
        return False

    assert link_checks.check_due(db.session, NOW, is_stopping, site.fetcher()) == 0
    assert met == [3]
    assert len(site.asked) == 3
    later = NOW + WEEK
    assert link_checks.check_due(db.session, later, lambda: True, site.fetcher()) == 0
    assert len(site.asked) == 3


def test_dead_links_are_told_to_those_whom_the_event_concerns(store, site):
    link = site.link("/")
    site.answers["/"] = 410
    publish(store, entry(link=link, scope={"academies": ["lille"]}))
    look(site, NOW)
    look(site, NOW + DAY)
    assert [event for event, *_ in dead(editor("redacteur", "academie/lille"))] == [ID]
    assert [event for event, *_ in dead(editor("redacteur", "departement/59"))] == [ID]
    assert dead(editor("responsable", "academie/lyon")) == []


def test_what_nobody_looks_at_any_more_is_forgotten(store, site):
    link = site.link("/")
    publish(store, entry(link=link))
    look(site, NOW)
    link_checks.clean(db.session, NOW + timedelta(days=30))
    assert list(known()) == [link]
    link_checks.clean(db.session, NOW + timedelta(days=30, seconds=1))
    assert known() == {}
