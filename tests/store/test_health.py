"""Health checks: whether the process can serve and write, and whether a worker is alive. Also a
PostgreSQL server that hangs, and an SQLite store whose file is gone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, text
from sqlalchemy.exc import DisconnectionError

from calendar_app.reminders import outbox_status
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.store.base import db, writer_options
from calendar_app.store.health import Health, can_write
from calendar_app.store.models import RateCount
from calendar_app.web.policies import Policy, policy
from tests.conftest import JANUARY
from tests.signed_in import sign_up_form


def token_of(page: str) -> str:
    return page.partition('name="jeton" value="')[2].partition('"')[0]


def run_sql(app, *statements: str) -> None:
    with (
        app.app_context(),
        db.engine.connect().execution_options(**writer_options(db.engine)) as connection,
        connection.begin(),
    ):
        for statement in statements:
            connection.execute(text(statement))


def file_of(app) -> Path:
    with app.app_context():
        return Path(db.engine.url.database)


@contextmanager
def another_writer(app) -> Iterator[None]:
    """Hold the lock that a writer needs: on the file in SQLite, on the table of the write check in
    PostgreSQL."""
    with app.app_context():
        url = db.engine.url
    if url.get_backend_name() == "sqlite":
        other = sqlite3.connect(url.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
    else:
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        other = psycopg.connect(address)
        other.execute("LOCK TABLE rate_count IN EXCLUSIVE MODE")
    try:
        yield
    finally:
        other.rollback()
        other.close()


def answers(ask: Callable[[], object]) -> object:
    """Call *ask* in a thread and return its result; fail when there is none after 10 s."""
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(ask()), daemon=True)
    thread.start()
    thread.join(10)
    assert found, "no answer after 10 s"
    return found[0]


def wait_until_it_answers(client: FlaskClient) -> None:
    """Wait until an application whose server hung answers again: it does so after a short pause
    without attempts."""
    for _ in range(50):
        if client.get("/").status_code == 200:
            return
        threading.Event().wait(0.2)
    pytest.fail("it never came back")


def test_readyz_names_what_does_not_work_and_stays_ready(app):
    client = app.test_client()
    assert client.get("/readyz").text.splitlines()[1:] == ["degraded: worker"]
    with app.app_context():
        outbox_status.beat(db.session, "worker-1", datetime.now(UTC), None, datetime.now(UTC))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text.splitlines()[1:]) == (200, [])


def test_a_worker_that_was_silent_for_two_minutes_is_dead(app):
    with app.app_context():
        outbox_status.beat(db.session, "worker-1", JANUARY, None, JANUARY)
        for seconds, found in ((119, ()), (120, ("worker",))):
            assert Health().degraded(db.session, JANUARY + timedelta(seconds=seconds)) == found


@pytest.mark.long
def test_a_store_that_cannot_be_written_is_told(app):
    with app.app_context():
        assert can_write(JANUARY)
    with another_writer(app):
        answer = answers(lambda: app.test_client().get("/readyz"))
        assert (answer.status_code, answer.text.splitlines()[1]) == (200, "degraded: write, worker")
    with app.app_context():
        assert can_write(JANUARY)
        assert db.session.query(RateCount).count() == 0


@pytest.mark.long
def test_writing_is_tried_once_a_minute(app):
    health = Health()
    with app.app_context():
        with another_writer(app):
            assert "write" in health.degraded(db.session, JANUARY)
        assert "write" in health.degraded(db.session, JANUARY + timedelta(seconds=59))
        assert "write" not in health.degraded(db.session, JANUARY + timedelta(seconds=60))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE alembic_version SET version_num = '0004'", "older: run calendar-app migrate"),
        (
            "UPDATE alembic_version SET version_num = '9999'",
            "newer: run the program of that release",
        ),
        ("DELETE FROM alembic_version", "missing: run calendar-app migrate"),
    ],
)
def test_another_schema_is_not_ready(app, statement, said):
    run_sql(app, statement)
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.text == f"the schema is {said}\n"


def hold_server(uri: str, number: signal.Signals) -> None:
    """Send a signal to every process of the PostgreSQL server."""
    folder = Path(uri.partition("host=")[2].partition("&")[0])
    postmaster = int((folder / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    for pid in (postmaster, *map(int, children)):
        os.kill(pid, number)


@pytest.mark.parametrize("engine", ["postgresql"])
@pytest.mark.parametrize("warm", [True, False], ids=["open", "new"])
def test_a_server_that_hangs_is_answered_for_within_seconds(app, postgresql, warm, caplog):
    client = app.test_client()
    if warm:
        assert client.get("/").status_code == 200
    hold_server(postgresql, signal.SIGSTOP)
    try:
        for address in ("/", "/flux/national.ics", "/readyz", "/abonnement/"):
            answer = answers(lambda address=address: app.test_client().get(address))
            assert answer.status_code == 503
            assert address == "/readyz" or int(answer.headers["Retry-After"]) > 0
        assert app.test_client().get("/livez").status_code == 200
        assert "the store did not answer: silent" in caplog.text
    finally:
        hold_server(postgresql, signal.SIGCONT)
    wait_until_it_answers(client)


@pytest.mark.parametrize("engine", ["postgresql"])
def test_a_server_that_hangs_between_two_statements_is_said_to_be_silent(app, postgresql, caplog):
    """The first statement of a form looks at the schema; nothing may use its lost connection."""
    client = app.test_client()
    client.get("/abonnement/")

    def hang(*_about: object) -> None:
        hold_server(postgresql, signal.SIGSTOP)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", hang, once=True)
    try:
        assert answers(lambda: client.post("/abonnement/")).status_code == 503
    finally:
        hold_server(postgresql, signal.SIGCONT)
    assert re.findall("the store did not answer: ([a-z-]+)", caplog.text) == ["silent"]
    wait_until_it_answers(client)


@pytest.mark.parametrize("engine", ["postgresql"])
def test_a_server_that_hangs_after_the_last_statement_holds_nobody(app, postgresql):
    """The transaction ends after the answer is made; this last statement has a time-out, too."""

    @app.after_request
    def hang(answer):
        hold_server(postgresql, signal.SIGSTOP)
        return answer

    try:
        assert answers(lambda: app.test_client().get("/")).status_code == 200
    finally:
        hold_server(postgresql, signal.SIGCONT)


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("change", ["removed", "replaced"])
def test_nobody_is_told_to_look_into_a_mailbox_for_a_lost_store(app, change, caplog):
    client = app.test_client()
    form = sign_up_form(token_of(client.get("/abonnement/").text), "prof@ecole.example")
    path = file_of(app)
    away = path.with_name("away.sqlite3")
    path.rename(away)
    if change == "replaced":
        shutil.copyfile(away, path)
    answer = client.post("/abonnement/", data=form)
    if change == "removed":
        assert answer.status_code == 503
        assert not path.exists(), "an empty store was made"
        assert "son fichier a été enlevé" in caplog.text
        assert client.get("/readyz").status_code == 503
        away.rename(path)
    else:
        # The request is in the new file, which every process uses from now on.
        assert answer.status_code in (200, 303)
        with sqlite3.connect(path) as store:
            assert store.execute("SELECT count(*) FROM address_request").fetchone() == (1,)
        store.close()


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_file_that_goes_while_something_is_written_refuses_it(app):
    from sqlalchemy.exc import OperationalError

    from calendar_app.store.base import writing

    with app.app_context():
        path = Path(db.engine.url.database)
        away = path.with_name("away.sqlite3")
        db.session.execute(text("SELECT 1"))

        def write_while_it_goes() -> None:
            with writing(db.session, JANUARY):
                db.session.execute(text("DELETE FROM rate_count"))
                path.rename(away)

        with pytest.raises(OperationalError):
            write_while_it_goes()
        with pytest.raises(OperationalError):
            db.session.query(Subscriber).count()
        away.rename(path)


def use_connections_that_are_all_lost() -> None:
    def lose(*_: object) -> None:
        raise DisconnectionError

    event.listen(db.engine, "checkout", lose)
    try:
        db.engine.connect()
    finally:
        event.remove(db.engine, "checkout", lose)


def use_a_session_as_no_session_is_used() -> None:
    db.session.begin()
    db.session.begin()


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("use", "status"),
    [
        (use_connections_that_are_all_lost, 503),
        (use_a_session_as_no_session_is_used, 500),
    ],
)
def test_lost_connections_are_announced_and_a_mistake_of_ours_is_an_error(app, use, status):
    app.view_functions["legal.help"] = policy(Policy.PUBLIC)(use)
    answer = app.test_client().get("/aide/")
    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert app.test_client().get("/").status_code == 200
