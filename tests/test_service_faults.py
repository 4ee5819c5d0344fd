"""What people see and what the log says when something around the service fails. The table « When
something fails » of docs/operations.md lists each fault with its test, here or elsewhere."""

from __future__ import annotations

import logging
import re
import sqlite3
from datetime import timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from calendar_app.app import create_app, make_sender
from calendar_app.reminders.mail.transport import SmtpTransport
from calendar_app.store import connections
from calendar_app.store.base import db, writing
from calendar_app.store.models import RateCount
from calendar_app.web.policies import Policy, policy
from calendar_app.worker import Outage, Rest, _guarded
from tests.conftest import JANUARY, settings_for
from tests.factories import ID, entry, publish
from tests.mail_factories import SIGNED_UP, deliveries, plan, sign_up, subscriber
from tests.reminders.test_outbox import NOW, Clock, run
from tests.signed_in import sign_up_form
from tests.smtp_server import HURRIED, mail_server, scripted_server
from tests.store.test_health import another_writer, token_of
from tests.tools import ROOT, free_port

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
PEOPLE = 6


def test_each_fault_of_the_table_has_its_test():
    table = PAGE.partition("## When something fails")[2].partition("\n## ")[0]
    tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)` \|$", table, re.MULTILINE)
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(tests) == len(rows) >= 12
    for path, name in tests:
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), (path, name)


# -- the store -------------------------------------------------------------------------------------


def check_that_it_is_announced(client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "120")
    assert "les agendas abonnés gardent leurs dates" in answer.get_data(as_text=True)


def test_a_store_that_is_stopped(tmp_path, caplog):
    url = f"postgresql+psycopg://a:b@127.0.0.1:{free_port()}/store"
    client = create_app(settings_for(url, tmp_path)).test_client()
    for path in ("/", "/flux/national.ics"):
        check_that_it_is_announced(client, path)
    assert client.get("/readyz").text == "the store does not answer\n"
    assert client.get("/livez").status_code == 200
    assert "the store did not answer: refused" in caplog.text


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_store_that_is_full(app, caplog):
    def write_much() -> str:
        db.session.connection().exec_driver_sql("PRAGMA max_page_count = 1")
        with writing(db.session, JANUARY):
            row = {"key": "k" * 100_000, "count": 0, "expires_at": JANUARY}
            db.session.execute(insert(RateCount).values(row))
        return "written"

    app.view_functions["legal.help"] = policy(Policy.PUBLIC)(write_much)
    client = app.test_client()
    check_that_it_is_announced(client, "/aide/")
    assert "the store did not answer: full" in caplog.text
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_full_store_does_not_answer_again_because_somebody_reads_it(app, caplog):
    caplog.set_level(logging.INFO, "calendar_app")
    outage = Outage()

    def fail() -> None:
        full = sqlite3.OperationalError("database or disk is full")
        full.sqlite_errorname = "SQLITE_FULL"
        raise OperationalError("INSERT", {}, full)

    for _ in range(2):
        _guarded(app, fail, outage, writes=True)()
        _guarded(app, lambda: None, outage, writes=False)()
    assert (caplog.text.count("full"), "answers again" in caplog.text) == (1, False)
    _guarded(app, lambda: None, outage, writes=True)()
    assert "the store answers again" in caplog.text


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_store_that_is_locked(make_app, caplog, monkeypatch):
    # People wait for thirty seconds; a test need not.
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_MS", 300)
    app = make_app()
    client = app.test_client()
    form = sign_up_form(token_of(client.get("/abonnement/").text), "prof@ecole.example")
    with another_writer(app):
        answer = client.post("/abonnement/", data=form)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "120")
        assert client.get("/").status_code == 200
    assert "the store did not answer: locked" in caplog.text
    assert client.post("/abonnement/", data=form).status_code < 400


# -- mail ------------------------------------------------------------------------------------------


@pytest.fixture
def due(make_app):
    """An application with a reminder for each of some people, which is due at NOW."""
    app = make_app("empty", CALENDAR_SMTP_RATE="1000")
    publish(app, entry(), now=SIGNED_UP - timedelta(days=1))
    sign_up(app, *(subscriber(f"n{n}") for n in range(PEOPLE)), picks=(ID,))
    return app


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("behaviour", "stage"),
    [
        ("refuses the connection", "connect"),
        ("silent greeting", "greeting"),
        ("greets with 421", "greeting"),
        ("AUTH refused", "auth"),
    ],
)
def test_a_mail_server_that_is_down_slow_or_refuses(due, caplog, behaviour, stage):
    """The mails wait, and go once each when it is back."""
    plan(due, NOW)
    clock = Clock()
    with scripted_server(behaviour) as server, due.app_context():
        sender = make_sender(due, "one", clock=clock, pause=lambda _: None)
        url = server.url.replace("://", "://me:secret@") if stage == "auth" else server.url
        sender.transport = SmtpTransport(url, "test.example", **HURRIED.get(behaviour, {}))
        sender.run()
    assert deliveries(due) == {("reminder", "pending"): PEOPLE}
    Rest().tell(sender.note, sender.resting_until)
    assert re.search(rf"sends nothing until 2021-01-21T\S+: {stage} : ", caplog.text)
    assert "secret" not in caplog.text
    clock.now += timedelta(hours=1)
    with mail_server() as server:
        assert run(due, server.url, clock, "two").sent == PEOPLE


@pytest.mark.long
def test_a_clock_two_hours_ahead_and_back(due):
    """What was planned too early is sent early, and nothing twice."""
    ahead, right = NOW, NOW - timedelta(hours=2)
    with mail_server() as server:
        plan(due, right)
        assert deliveries(due) == {}
        plan(due, ahead)
        assert run(due, server.url, Clock(ahead)).sent == PEOPLE
        for now in (right, right + timedelta(hours=1), ahead, ahead + timedelta(hours=2)):
            plan(due, now)
            run(due, server.url, Clock(now))
        assert len(server.mails) == len({mail.message_id for mail in server.mails}) == PEOPLE
    assert deliveries(due) == {("reminder", "sent"): PEOPLE}
