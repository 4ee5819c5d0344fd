"""The worker and the commands about mails, in their own processes and with real SMTP."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from calendar_app.app import letterhead
from calendar_app.config.retention import PROPOSER
from calendar_app.editing import accounts, suggestions
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.draft_states import DraftState
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.editing.suggestions import Mistake
from calendar_app.reminders.composing import message_id
from calendar_app.reminders.models.outbox import Delivery
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.reminders.outbox import queue_mail
from calendar_app.reminders.rules.deliveries import DeliveryKind, DeliveryState, SubscriberState
from calendar_app.store.base import db, reading, writing
from calendar_app.words.mail_addresses import MailAddress
from tests import commands, tools
from tests.factories import ID, entry, publish
from tests.mail_factories import BOUNCE, SIGNED_UP, deliveries, plan, sign_up, subscriber
from tests.reminders.test_outbox import NOW, Clock, run
from tests.smtp_server import mail_server, scripted_server

AT = "2021-01-21T07:31"


@pytest.fixture
def due(make_app) -> Flask:
    """An application in which three reminder mails are due and none is planned yet."""
    app = make_app("empty", CALENDAR_SMTP_RATE="1000")
    publish(app, entry(), now=SIGNED_UP - timedelta(days=1))
    sign_up(app, *(subscriber(f"n{n}") for n in range(3)), picks=(ID,))
    return app


@pytest.fixture
def command(due, tmp_path):
    """Return a function that starts ``calendar-app …`` on the store of ``due``."""

    def start(*arguments: str, **environ: str) -> commands.Command:
        kept = {"PATH": os.environ["PATH"], "CALENDAR_INSTANCE": str(tmp_path)}
        url = {"CALENDAR_DATABASE_URL": due.config["SQLALCHEMY_DATABASE_URI"]}
        return commands.start(
            *arguments, environ=kept | url | {"CALENDAR_SMTP_RATE": "1000"} | environ
        )

    return start


@pytest.fixture
def ask(command):
    """Run a command to its end; return (exit code, standard output, standard error)."""

    def ask(*arguments: str, **environ: str) -> tuple[int, str, str]:
        process = command(*arguments, **environ)
        out, err = process.communicate()
        assert "Traceback" not in err
        return process.returncode, out, err

    return ask


@pytest.mark.long
def test_plan_send_and_status_on_a_rehearsed_morning(ask, due, tmp_path):
    assert ask("reminders", "plan", "--now", "2021-01-21T07:29")[1].startswith(
        "0 courriel et 0 rappel"
    )
    assert ask("reminders", "plan", "--now", AT)[1] == "3 courriels et 3 rappels planifiés.\n"
    assert ask("reminders", "plan", "--now", AT)[1] == "0 courriel et 0 rappel planifié.\n"
    code, out, _ = ask("reminders", "status", "--now", AT)
    assert code == 0
    assert re.search(r"en attente +3 +2021-01-21 07:31", out)
    assert "À envoyer maintenant : 3" in out
    assert ask("reminders", "send", "--now", AT, CALENDAR_SENDING="off")[0] == 1
    assert ask("reminders", "send", "--now", AT)[1].startswith("3 envoyés, 0 remis")
    # Without SMTP server, each mail is a file that only its owner can read.
    files = sorted((tmp_path / "outbox").iterdir())
    assert len(files) == 3
    assert {file.suffix for file in files} == {".eml"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    mail = message_from_bytes(files[0].read_bytes(), policy=default)
    assert "Concours d’essai" in mail.get_body(("plain",)).get_content()
    assert re.search(r"envoyés +3", ask("reminders", "status")[1])


@pytest.mark.long
def test_what_is_parked_is_settled_by_its_number(ask, due):
    plan(due, NOW)
    clock = Clock()
    with scripted_server("accepts then closes") as server:
        for _ in range(4):
            run(due, server.url, clock)
            clock.now += timedelta(minutes=16)
    assert deliveries(due)["reminder", "parked"] == 3
    now = ("--now", clock.now.isoformat())
    _, out, _ = ask("reminders", "status", *now)
    ids = re.findall(r"À trancher : courriel (\d+)", out)
    assert len(ids) == 3
    code, _, err = ask("reminders", "retry")
    assert (code, "--parked" in err) == (1, True)
    code, _, err = ask("reminders", "retry", "999", *now)
    assert (code, err) == (1, "Le courriel 999 n'existe pas.\n")
    assert ask("reminders", "drop", ids[0], *now)[1] == "1 courriel abandonné.\n"
    assert ask("reminders", "retry", "--parked", *now)[1] == "2 courriels remis en attente.\n"
    with mail_server() as server:
        ask("reminders", "send", *now, CALENDAR_SMTP_URL=server.url)
        assert len(server.mails) == 2
    assert deliveries(due) == {("reminder", "sent"): 2, ("reminder", "cancelled"): 1}


def test_a_wrong_instant_is_said(ask):
    code, out, err = ask("reminders", "plan", "--now", "demain")
    assert (code, out) == (1, "")
    assert "2021-01-11T07:30" in err


def test_delivery_reports_stop_an_address_only_for_our_own_mails(ask, due, tmp_path):
    plan(due, NOW)
    with mail_server() as server:
        run(due, server.url, Clock())
    with due.app_context(), reading(db.session):
        sent = {d.subscriber.address: d.id for d in db.session.query(Delivery)}
    links = letterhead(due).links
    first, second, third = sorted(sent)
    box = tmp_path / "avis.mbox"
    reports = [
        (first, "5.1.1", message_id(links, sent[first])),
        (second, "5.2.2", message_id(links, sent[second])),
        # Two forged reports: an identifier that we did not make, and the mail of another person.
        (third, "5.1.1", f"{sent[third]}.0123456789abcdef@127.0.0.1"),
        (third, "5.1.1", message_id(links, sent[second])),
    ]
    box.write_text(
        "".join(
            "From MAILER-DAEMON Thu Jan 21 08:00:00 2021\n"
            + BOUNCE.format(recipient=recipient, status=status, message_id=identifier)
            + "\n"
            for recipient, status, identifier in reports
        )
    )
    ledger = tmp_path / "ledger"
    assert ask("bounces", "read", str(box), CALENDAR_LEDGER=str(ledger))[1] == (
        "1 adresses arrêtées, 1 avis sans suite, 2 avis qui ne sont pas les nôtres.\n"
    )
    with due.app_context():
        refused = db.session.query(Subscriber).filter_by(state=SubscriberState.REFUSED)
        assert [person.address for person in refused] == [first]
    assert [line.split()[1] for line in ledger.read_text().splitlines()] == ["left"]
    code, _, err = ask("bounces", "read", str(tmp_path / "rien"))
    assert (code, "n'existe pas" in err) == (1, True)


def test_a_report_that_returns_nothing_of_the_mail_counts_for_who_was_just_written_to(
    ask, due, tmp_path
):
    plan(due, NOW)
    with mail_server() as server:
        run(due, server.url, Clock())
    with due.app_context(), writing(db.session, NOW):
        first, second, third = sorted(d.subscriber.address for d in db.session.query(Delivery))
        # The last mail to the second person was sent in another week.
        for delivery in db.session.query(Delivery):
            if delivery.subscriber.address == second:
                delivery.finished_at -= timedelta(days=8)
    sent = NOW + timedelta(hours=1)
    box = tmp_path / "avis.mbox"
    nothing = "<inconnu@ailleurs.example>"
    box.write_text(
        "".join(
            "From MAILER-DAEMON Thu Jan 21 08:00:00 2021\n"
            "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\n"
            f"{header}\nHi. This is the qmail-send program at mx.example.\n\n"
            f"<{recipient}>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
            for recipient, header in [
                (first.upper(), ""),
                (second, ""),
                (third, f"In-Reply-To: {nothing}\n"),
                ("quelqu.un@ailleurs.example", ""),
            ]
        )
    )
    assert ask("bounces", "read", str(box), "--now", sent.isoformat())[1] == (
        "1 adresses arrêtées, 0 avis sans suite, 3 avis qui ne sont pas les nôtres.\n"
    )
    with due.app_context():
        refused = db.session.query(Subscriber).filter_by(state=SubscriberState.REFUSED)
        assert [person.address for person in refused] == [first]


def logged(err: str) -> list[str]:
    """Return what a worker logged of itself, without the time and its name."""
    form = r"[0-9-]{10}T[0-9:.]+\+00:00 INFO calendar_app\.worker worker-\d+-[0-9a-f]{8} (\w+)"
    found = [re.fullmatch(form, line) for line in err.splitlines()]
    assert all(found), err
    return [line[1] for line in found]


def wait_for(condition, process: commands.Command) -> None:
    tools.wait_for(condition, lambda: process.poll() is None or pytest.fail(process.communicate()))


def test_the_worker_plans_sends_and_finishes_the_mail_in_hand(command, due):
    """With the real clock: the worker sends queued confirmations, and ends cleanly on SIGTERM."""
    now = datetime.now(UTC)
    with due.app_context(), writing(db.session, now):
        for n in range(40):
            bob = subscriber(
                f"bob{n}",
                state=SubscriberState.UNCONFIRMED,
                state_at=now,
                confirmed_at=None,
                code_at=now,
            )
            db.session.add(bob)
            queue_mail(db.session, bob, DeliveryKind.CONFIRMATION, now)
    with mail_server() as server:
        worker = command("worker", CALENDAR_SMTP_URL=server.url, CALENDAR_SMTP_RATE="10")
        try:
            wait_for(lambda: len(server.mails) >= 3, worker)
            worker.send_signal(signal.SIGTERM)
            _, err = worker.communicate()
            assert (worker.returncode, logged(err)) == (0, ["starts", "stops"])
        finally:
            worker.kill()
        sent = len(server.mails)
    assert sent < 40
    states = deliveries(due)
    assert states["confirmation", DeliveryState.SENT.value] == sent
    # The worker released the mails that it had claimed and not sent.
    assert states["confirmation", DeliveryState.PENDING.value] == 40 - sent


def test_a_worker_sends_to_editors_and_forgets_old_proposers(command, due):
    """The real worker sends the two mails to non-subscribers, and does the cleaning."""
    now = datetime.now(UTC)
    with due.app_context():
        lille = frozenset({"academie/lille"})
        accounts.add(db.session, "zoe@x.example", "Zoé", EditorRole.PREPARER, lille, now)
        accounts.mail_link(db.session, "zoe@x.example", letterhead(due).links, now)
        for address, at in (("ali@x.example", now), ("old@x.example", now - PROPOSER)):
            typed = MailAddress.read(address)
            mistake = Mistake(event_id=ID, key=None, words="Non.", address=typed)
            suggestions.report(db.session, mistake, at)
        with writing(db.session, now):
            draft = db.session.scalar(select(Draft).where(Draft.suggested_by == "ali@x.example"))
            draft.state = DraftState.REFUSED
            suggestions.answer(db.session, draft, now)

    def kept() -> list[str | None]:
        with due.app_context(), reading(db.session):
            return list(db.session.scalars(select(Draft.suggested_by).order_by(Draft.id)))

    with mail_server() as server:
        worker = command("worker", CALENDAR_SMTP_URL=server.url)
        try:
            # The order of the first jobs of the worker is not defined.
            wait_for(lambda: len(server.mails) >= 2 and kept()[1] is None, worker)
            worker.send_signal(signal.SIGTERM)
            out, err = worker.communicate()
            assert (worker.returncode, out, logged(err)) == (0, "", ["starts", "stops"])
        finally:
            worker.kill()
        assert {m.recipient for m in server.mails} >= {"zoe@x.example", "ali@x.example"}


def test_serve_brings_a_worker_and_takes_it_along(command, due):
    def beats() -> int:
        from calendar_app.store.models import WorkerHeartbeat

        with due.app_context(), reading(db.session):
            return db.session.query(WorkerHeartbeat).count()

    def workers(server: commands.Command) -> set[Path]:
        """Return the workers that this server started (Linux), without those of parallel tests."""
        found = set()
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                parent = (path / "stat").read_text().rpartition(")")[2].split()[1]
                is_worker = b"worker\0--leave-with-parent" in (path / "cmdline").read_bytes()
                if is_worker and parent == str(server.pid):
                    found.add(path)
        return found

    def listens() -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", int(port)), timeout=5).close()
            return True
        return False

    port = str(tools.free_port())
    server = command("serve", PORT=port)
    try:
        wait_for(lambda: beats() == 1 and listens(), server)
        [worker] = workers(server)
        server.send_signal(signal.SIGTERM)
        server.communicate()
        assert not worker.exists()
        assert beats() == 0
    finally:
        server.kill()
    alone = command("serve", "--no-worker", PORT=port)
    try:
        wait_for(listens, alone)
        assert workers(alone) == set()
    finally:
        alone.send_signal(signal.SIGTERM)
        alone.communicate()
