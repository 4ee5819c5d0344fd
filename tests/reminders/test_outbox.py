"""The state of a mail after every behaviour of a server; each delivery here is real SMTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import OperationalError

from calendar_app.app import letterhead, make_sender
from calendar_app.editing import accounts, other_mails
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.reminders import attempts, outbox, outbox_status, sending
from calendar_app.reminders.composing import Composer, Prepared, delivery_of, message_id
from calendar_app.reminders.mail.form import FilledForm, Form
from calendar_app.reminders.mail.transport import SmtpTransport
from calendar_app.reminders.models.outbox import Delivery, DeliveryAttempt, MailForm
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.reminders.outbox import queue_mail
from calendar_app.reminders.rules.deliveries import (
    DOUBT,
    LEASE,
    PATIENCE,
    AttemptOutcome,
    DeliveryKind,
    DeliveryState,
    SubscriberState,
)
from calendar_app.reminders.sending import SendReport
from calendar_app.store.base import db, reading, writing
from calendar_app.words.mail_addresses import MailAddress
from tests.factories import ID, another, entry, publish
from tests.mail_factories import BOUNCE, SIGNED_UP, deliveries, plan, reminders, sign_up, subscriber
from tests.smtp_server import BEHAVIOURS, HURRIED, PATIENT, mail_server, scripted_server
from tests.tools import CAMPAIGN

NOW = datetime(2021, 1, 21, 6, 31, tzinfo=UTC)
KEY, LEAD = f"{ID}/deadline", "class_weeks:3"


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def run(app: Flask, url: str, clock: Clock, owner: str = "one", **seconds: float) -> SendReport:
    """Send the due mails, as a worker of this name."""
    with app.app_context():
        sender = make_sender(app, owner, clock=clock, pause=lambda _: None)
        sender.transport = SmtpTransport(url, "test.example", **(PATIENT | seconds))
        return sender.run()


def rows(app: Flask) -> list[Delivery]:
    with app.app_context(), reading(db.session):
        found = list(db.session.scalars(select(Delivery).order_by(Delivery.id)))
        db.session.expunge_all()
    return found


def outcomes(app: Flask) -> list[tuple[str, str]]:
    with app.app_context(), reading(db.session):
        found = db.session.scalars(select(DeliveryAttempt).order_by(DeliveryAttempt.id))
        return [(a.outcome.value, a.stage) for a in found]


@pytest.fixture
def make_due(make_app):
    """Return a function that makes an application with one due reminder mail for each name."""

    def make(*names: str) -> Flask:
        app = make_app("empty", CALENDAR_SMTP_RATE="1000")
        publish(app, entry(), now=SIGNED_UP - timedelta(days=1))
        sign_up(app, *map(subscriber, names), picks=(ID,))
        plan(app, NOW)
        return app

    return make


@pytest.fixture
def due(make_due) -> Flask:
    """An application with one due reminder mail, to Alice."""
    return make_due("alice")


#: behaviour → (state of the mail, outcome and stage of the attempt, state of the reminder)
ENDS: dict[str, tuple[str, tuple[str, str], str]] = {
    "accepts": ("sent", ("sent", "body"), "sent"),
    "refuses the connection": ("pending", ("deferred", "connect"), "planned"),
    "closes at once": ("pending", ("deferred", "greeting"), "planned"),
    "silent greeting": ("pending", ("deferred", "greeting"), "planned"),
    "greets with 421": ("pending", ("deferred", "greeting"), "planned"),
    "4xx at MAIL": ("pending", ("deferred", "mail"), "planned"),
    "5xx at MAIL": ("failed", ("refused", "mail"), "cancelled"),
    "4xx at RCPT": ("pending", ("deferred", "rcpt"), "planned"),
    "5xx at RCPT": ("failed", ("refused", "rcpt"), "cancelled"),
    "4xx at DATA": ("pending", ("deferred", "data"), "planned"),
    "5xx at DATA": ("failed", ("refused", "data"), "cancelled"),
    "4xx after the body": ("pending", ("deferred", "body"), "planned"),
    "5xx after the body": ("failed", ("refused", "body"), "cancelled"),
    "closes in the body": ("pending", ("deferred", "body"), "planned"),
    "accepts then closes": ("in_doubt", ("in_doubt", "body"), "planned"),
    "answers too late": ("in_doubt", ("in_doubt", "body"), "planned"),
    "closes before QUIT": ("sent", ("sent", "body"), "sent"),
    "AUTH refused": ("pending", ("deferred", "auth"), "planned"),
}


@pytest.mark.long
@pytest.mark.parametrize("behaviour", ENDS)
def test_each_behaviour_of_a_server_ends_in_its_state(due, behaviour):
    assert behaviour in BEHAVIOURS
    state, attempt, reminder = ENDS[behaviour]
    with scripted_server(behaviour) as server:
        user = "us:pw@" if behaviour == "AUTH refused" else ""
        url = server.url.replace("smtp://", f"smtp://{user}")
        run(due, url, Clock(), **HURRIED.get(behaviour, {}))
        # The client may notice « closes in the body » only after the dot. Then nobody can know
        # whether the server has the mail.
        if behaviour == "closes in the body" and rows(due)[0].state is DeliveryState.IN_DOUBT:
            state, attempt = "in_doubt", ("in_doubt", "body")
        assert len(server.accepted) == (
            state in ("sent", "in_doubt") and "closes in" not in behaviour
        )
    assert deliveries(due) == {("reminder", state): 1}
    assert outcomes(due) == [attempt]
    assert reminders(due) == {("alice", KEY, LEAD, reminder)}
    if state == "pending":
        # The mail is tried again after about 5 minutes, and then it goes out.
        assert timedelta(minutes=4) <= rows(due)[0].due_at - NOW <= timedelta(minutes=6)
        with mail_server() as server:
            run(due, server.url, Clock(NOW + timedelta(minutes=3)))
            assert server.mails == []
            run(due, server.url, Clock(NOW + timedelta(minutes=7)))
            assert len(server.mails) == 1
        assert deliveries(due) == {("reminder", "sent"): 1}


@pytest.mark.long
def test_an_address_that_does_not_exist_gets_no_more_mail(due):
    with scripted_server("5xx at RCPT") as server:
        run(due, server.url, Clock())
    with due.app_context():
        assert db.session.scalars(select(Subscriber)).one().state is SubscriberState.REFUSED


@pytest.mark.long
def test_a_mail_in_doubt_goes_out_once_more_with_the_same_bytes_and_is_then_parked(due):
    clock = Clock()
    with scripted_server("accepts then closes") as server:
        run(due, server.url, clock)
        clock.now += DOUBT - timedelta(minutes=1)
        run(due, server.url, clock, "two")
        assert len(server.accepted) == 1
        # The contest's title changes meanwhile; the copy must still have the same bytes.
        publish(due, entry(title="Autre titre"), now=clock.now)
        clock.now += timedelta(minutes=2)
        run(due, server.url, clock, "two")
        assert len(server.accepted) == 2
        assert server.accepted[0] == server.accepted[1]
        assert deliveries(due) == {("reminder", "in_doubt"): 1}
        for _ in range(3):
            clock.now += DOUBT + timedelta(minutes=1)
            run(due, server.url, clock)
        assert len(server.accepted) == 2
    assert deliveries(due) == {("reminder", "parked"): 1}
    with due.app_context():
        status = outbox_status.status(db.session, clock.now)
        assert [mail.kind for mail in status.parked] == [DeliveryKind.REMINDER]
        assert outbox_status.retry(db.session, None, clock.now) == 1
    with mail_server() as server:
        run(due, server.url, clock)
        assert len(server.mails) == 1
    assert reminders(due) == {("alice", KEY, LEAD, "sent")}


def test_a_mail_in_doubt_whose_date_moved_is_for_a_person(due):
    clock = Clock()
    with scripted_server("accepts then closes") as server:
        run(due, server.url, clock)
        later = entry(milestones=[{"kind": "deadline", "day": "2021-03-11"}])
        publish(due, later, now=clock.now)
        clock.now += DOUBT + timedelta(minutes=1)
        run(due, server.url, clock)
        assert len(server.accepted) == 1
    assert deliveries(due) == {("reminder", "parked"): 1}


@pytest.mark.long
def test_a_parked_mail_that_is_tried_again_tells_what_still_holds(make_app):
    """The kept bytes of the mail tell a date that has moved since. They must neither go out nor
    park the mail again and again."""
    app, clock = make_app("empty", CALENDAR_SMTP_RATE="1000"), Clock()
    publish(app, entry(), another("autre", title="L'autre"), now=SIGNED_UP - timedelta(days=1))
    sign_up(app, subscriber("alice"), picks=(ID, "autre-2020-2021"))
    plan(app, NOW)
    with scripted_server("accepts then closes") as server:
        run(app, server.url, clock)
        later = entry(milestones=[{"kind": "deadline", "day": "2021-03-11"}])
        publish(app, later, another("autre", title="L'autre"), now=clock.now)
        clock.now += DOUBT + timedelta(minutes=1)
        run(app, server.url, clock)
    assert deliveries(app) == {("reminder", "parked"): 1}
    with app.app_context():
        assert outbox_status.retry(db.session, None, clock.now) == 1
    with mail_server() as server:
        run(app, server.url, clock)
        [mail] = server.mails
    text = (
        message_from_bytes(mail.data, policy=default)
        .get_body(("plain",))
        .get_content()
        .replace("’", "'")
    )
    assert "L'autre" in text
    assert "Concours d'essai" not in text
    assert deliveries(app) == {("reminder", "sent"): 1}
    assert {(key, state) for _, key, _, state in reminders(app)} == {
        (KEY, "cancelled"),
        ("autre-2020-2021/deadline", "sent"),
    }


def test_an_answer_goes_out_before_the_reminders_of_a_morning(make_due):
    """A password mail that a person waits for does not queue behind ten thousand reminders."""
    app = make_due("alice", "bob", "camille")
    with app.app_context():
        scope = frozenset({"academie/lille"})
        accounts.add(db.session, "zoe@x.example", "Zoé", EditorRole.PUBLISHER, scope, NOW)
        links = letterhead(app).links
        address = MailAddress.read("zoe@x.example")
        with writing(db.session, NOW):
            accounts.mail_forgotten_password(db.session, address, links, NOW)
        claims = [outbox.claim(db.session, "one", NOW, 1) for _ in range(4)]
    assert [mail.kind.value for [mail] in claims] == ["password", *["reminder"] * 3]


def test_a_report_about_a_mail_to_an_editor_is_no_subscribers(make_due, tmp_path):
    app = make_due("alice")
    with app.app_context():
        scope = frozenset({"academie/lille"})
        accounts.add(db.session, "alice@ecole.example", "Alice", EditorRole.PUBLISHER, scope, NOW)
        links = letterhead(app).links
        with writing(db.session, NOW):
            accounts.mail_forgotten_password(
                db.session, MailAddress.read("alice@ecole.example"), links, NOW
            )
        [mail] = outbox.claim(db.session, "one", NOW, 1)
        report = tmp_path / "rapport.eml"
        report.write_text(
            BOUNCE.format(
                recipient="alice@ecole.example",
                status="5.1.1",
                message_id=message_id(links, mail.id).strip("<>"),
            )
        )
        outbox_status.apply_bounces(db.session, report, links, NOW)
        assert db.session.scalars(select(Subscriber)).one().state is SubscriberState.ACTIVE


def test_a_confirmation_in_doubt_is_not_sent_again(due):
    clock = Clock()
    with due.app_context(), writing(db.session, NOW):
        bob = subscriber("bob", state=SubscriberState.UNCONFIRMED, confirmed_at=None, code_at=NOW)
        db.session.add(bob)
        queue_mail(db.session, bob, DeliveryKind.CONFIRMATION, NOW)
    with scripted_server("accepts then closes") as server:
        run(due, server.url, clock)
        # The confirmation went first, because a person waits for it.
        assert b"bob@ecole.example" in server.accepted[0]
        clock.now += DOUBT + timedelta(minutes=1)
        run(due, server.url, clock)
        assert sum(b"bob@ecole.example" in data for data in server.accepted) == 1
    assert deliveries(due)["confirmation", "parked"] == 1


def passes(mail: outbox.Claimed, now: datetime) -> bool:
    """Whether the gate lets a mail out."""
    filled = FilledForm(Form((b"data",)), {})
    ready = Prepared(mail, "alice@ecole.example", filled, mail.expires_at)
    return attempts.gate(db.session, [ready], now, other_mails) == {mail.id}


def claimed(app: Flask, owner: str, now: datetime) -> list[outbox.Claimed]:
    with app.app_context():
        return outbox.claim(db.session, owner, now, 10)


def test_a_worker_that_was_overtaken_finds_the_gate_shut(due):
    [slow] = claimed(due, "slow", NOW)
    assert claimed(due, "other", NOW) == []
    later = NOW + LEASE + timedelta(seconds=1)
    with due.app_context():
        assert outbox.sweep(db.session, later).lost == 1
    [fast] = claimed(due, "fast", later)
    with due.app_context():
        assert not passes(slow, later)
        assert passes(fast, later)
        assert not passes(fast, later)


def test_a_worker_whose_lease_is_over_gives_back_what_nobody_took_since(due):
    [slow] = claimed(due, "slow", NOW)
    with due.app_context():
        assert not passes(slow, NOW + LEASE)
    assert outcomes(due) == [("stopped", "gate")]
    assert deliveries(due) == {("reminder", "pending"): 1}


@pytest.mark.sql
@pytest.mark.parametrize("state", ["paused", "unsubscribed", "refused"])
def test_nobody_who_left_between_claim_and_gate_gets_the_mail(due, state):
    [mail] = claimed(due, "one", NOW)
    with due.app_context():
        with writing(db.session, NOW):
            db.session.execute(update(Subscriber).values(state=state))
        assert not passes(mail, NOW)


def erase_alice() -> None:
    with writing(db.session, NOW):
        db.session.execute(delete(Subscriber).where(Subscriber.address == "alice@ecole.example"))


def test_somebody_who_erased_everything_before_the_gate_stops_nobody_else(make_due, monkeypatch):
    due = make_due("alice", "bob")
    prepare = Composer.prepare

    def prepare_then_erase(*arguments: Any) -> list[Prepared]:
        prepared = prepare(*arguments)
        erase_alice()
        return prepared

    monkeypatch.setattr(Composer, "prepare", prepare_then_erase)
    with mail_server() as server:
        report = run(due, server.url, Clock())
        assert [mail.recipient for mail in server.mails] == ["bob@ecole.example"]
    assert (report.sent, report.stopped) == (1, 1)
    assert deliveries(due) == {("reminder", "sent"): 1}


def test_somebody_who_erased_everything_after_the_gate_stops_nobody_else(make_due):
    due = make_due("alice", "bob")
    with mail_server() as server, due.app_context():
        sender = make_sender(due, "one", clock=Clock())
        sender.transport = Watched(server.url, erase_alice)
        assert sender.run().sent == 2
    assert deliveries(due) == {("reminder", "sent"): 1}


class Watched(SmtpTransport):
    """A transport that does something before each offer."""

    def __init__(self, url: str, before: Callable[[], object]) -> None:
        super().__init__(url, "test.example")
        self._before = before

    def offer(self, sender: str, recipient: str) -> None:
        self._before()
        super().offer(sender, recipient)


def in_doubt() -> int:
    query = select(func.count()).where(Delivery.state == DeliveryState.IN_DOUBT)
    with reading(db.session):
        return db.session.scalar(query) or 0


@pytest.mark.long
@pytest.mark.parametrize(("rate", "least", "most"), [(4, 1, 1), (12, 2, 2), (1000, 16, 100)])
def test_a_crash_leaves_few_mails_in_doubt_at_a_low_rate(make_due, monkeypatch, rate, least, most):
    """A window holds what a fifth of a second sends, and grows to that size from one mail."""
    # This clock stands still: every window is sent in no time, even on a busy machine.
    monkeypatch.setattr(sending, "time", SimpleNamespace(monotonic=lambda: 0.0))
    due = make_due(*(f"n{n}" for n in range(40)))
    seen: list[int] = []
    with mail_server() as server, due.app_context():
        sender = make_sender(due, "one", clock=Clock(), pause=lambda _: None)
        sender.rate = rate
        sender.transport = Watched(server.url, lambda: seen.append(in_doubt()))
        assert sender.run().sent == 40
    assert seen[0] == 1
    assert least <= max(seen) <= most
    assert deliveries(due) == {("reminder", "sent"): 40}


def test_a_slow_server_gets_smaller_windows_and_what_was_not_begun_leaves_no_doubt(
    make_due, monkeypatch
):
    # Only the server is slow here, by the virtual clock; a busy machine has no effect.
    monkeypatch.setattr(sending, "_WINDOW_SECONDS", 60)
    due = make_due(*(f"n{n}" for n in range(12)))
    clock = Clock()
    seen: list[int] = []

    def slow() -> None:
        seen.append(in_doubt())
        clock.now += timedelta(seconds=2 if len(seen) > 5 else 0)

    with mail_server() as server, due.app_context():
        sender = make_sender(due, "one", clock=clock)
        sender.transport = Watched(server.url, slow)
        assert sender.run().sent == 12
        assert len(server.mails) == 12
    # Windows of 1, of 4 and of 5 mails (the rest of the claim); of the last, one was begun.
    assert seen[:6] == [1, 4, 4, 4, 4, 5]
    assert seen[6] < 5
    assert outcomes(due) == [("sent", "body")] * 12
    assert {(row.tries, row.doubts) for row in rows(due)} == {(1, 1)}


def test_a_worker_that_was_paused_in_its_window_does_not_go_on_with_it(due):
    """The worker wakes after its lease, between the gate and the body."""
    clock = Clock()

    offers: list[datetime] = []

    def sleep() -> None:
        offers.append(clock.now)
        if clock.now == NOW:
            clock.now += LEASE + timedelta(seconds=1)

    with mail_server() as server, due.app_context():
        sender = make_sender(due, "one", clock=clock)
        sender.transport = Watched(server.url, sleep)
        assert sender.run().sent == 1
        assert len(server.mails) == 1
    # After it woke, the worker claimed the mail again and began anew.
    assert offers == [NOW, NOW + LEASE + timedelta(seconds=1)]
    assert outcomes(due) == [("sent", "body")]
    assert [(row.tries, row.doubts, row.epoch) for row in rows(due)] == [(1, 1, 2)]


def test_what_the_store_could_not_be_told_it_is_told_in_the_next_run(make_due, monkeypatch):
    due = make_due(*(f"n{n}" for n in range(3)))
    note = attempts.note

    def fail(*arguments: Any) -> None:
        monkeypatch.setattr(attempts, "note", note)
        raise OperationalError("UPDATE", {}, Exception("the store is away"))

    with mail_server() as server, due.app_context():
        sender = make_sender(due, "one", clock=Clock())
        sender.transport = SmtpTransport(server.url, "test.example")
        monkeypatch.setattr(attempts, "note", fail)
        with pytest.raises(OperationalError):
            sender.run()
        assert deliveries(due)["reminder", "in_doubt"] == 1
        assert sender.run().sent == 0
        assert deliveries(due) == {("reminder", "sent"): 1, ("reminder", "claimed"): 2}
        sender.clock.now += LEASE
        assert sender.run().sent == 2
        assert len(server.mails) == 3
    assert deliveries(due) == {("reminder", "sent"): 3}


def test_nothing_goes_out_after_the_deadline(empty_app):
    publish(empty_app, entry(), now=SIGNED_UP - timedelta(days=1))
    sign_up(empty_app, subscriber("alice"), picks=(ID,))
    # The server is down from the last class day on.
    clock = Clock(datetime(2021, 2, 9, 6, 31, tzinfo=UTC))
    plan(empty_app, clock.now)
    with scripted_server("refuses the connection") as server:
        run(empty_app, server.url, clock)
    with mail_server() as server:
        # Midnight in Paris, right after the day of the deadline.
        clock.now = datetime(2021, 2, 11, 23, 0, tzinfo=UTC)
        run(empty_app, server.url, clock)
        assert server.mails == []
    assert deliveries(empty_app) == {("reminder", "expired"): 1}
    assert {state for _, _, _, state in reminders(empty_app)} == {"superseded", "expired"}


def test_after_an_outage_the_most_urgent_lead_goes_out_once(empty_app):
    """No worker planned or sent from 20 January to 5 February, so two leads are overdue."""
    publish(empty_app, entry(), now=SIGNED_UP - timedelta(days=1))
    sign_up(
        empty_app,
        subscriber("alice"),
        subscriber("bob", leads=frozenset((LEAD, "class_weeks:1"))),
        picks=(ID,),
    )
    clock = Clock(datetime(2021, 2, 5, 9, 0, tzinfo=UTC))
    plan(empty_app, clock.now)
    with mail_server() as server:
        run(empty_app, server.url, clock)
        assert sorted(mail.recipient for mail in server.mails) == [
            "alice@ecole.example",
            "bob@ecole.example",
        ]
    assert {(who, lead, state) for who, _, lead, state in reminders(empty_app)} == {
        ("alice", LEAD, "sent"),
        ("bob", "class_weeks:1", "sent"),
        ("bob", LEAD, "superseded"),
    }


@pytest.mark.long
def test_a_day_without_a_server_loses_nothing_and_sends_nothing_late(empty_app):
    """The outage lasts 24 hours on a virtual clock; one contest ends within them."""
    tick, people = timedelta(minutes=10 if CAMPAIGN else 60), 30 if CAMPAIGN else 10
    tomorrow = NOW.date() + timedelta(days=1)
    before = SIGNED_UP - timedelta(days=1)
    # The last class day of this contest is today; it ends tomorrow at 5 h, shortly before the
    # end of the outage.
    ends = {"kind": "deadline", "day": tomorrow.isoformat(), "end_time": "05:00"}
    publish(empty_app, entry(), another("court", milestones=[ends]), now=before)
    sign_up(empty_app, *(subscriber(f"n{n}") for n in range(people)), picks=(ID,))
    sign_up(empty_app, *(subscriber(f"s{n}") for n in range(people)), picks=("court-2020-2021",))
    clock = Clock()
    with scripted_server("refuses the connection") as down:
        while clock.now < NOW + timedelta(hours=24):
            plan(empty_app, clock.now)
            run(empty_app, down.url, clock)
            clock.now += tick
    with mail_server() as server:
        while clock.now < NOW + PATIENCE:
            plan(empty_app, clock.now)
            run(empty_app, server.url, clock)
            clock.now += tick
        assert sorted(m.recipient for m in server.mails) == sorted(
            f"n{n}@ecole.example" for n in range(people)
        )
    assert deliveries(empty_app) == {("reminder", "sent"): people, ("reminder", "expired"): people}


def test_the_breaker_leaves_a_server_alone(make_due):
    due = make_due(*(f"n{n}" for n in range(20)))
    clock = Clock()
    with scripted_server("greets with 421") as server, due.app_context():
        sender = make_sender(due, "one", clock=clock, pause=lambda _: None)
        sender.transport = SmtpTransport(server.url, "test.example")
        assert sender.run().deferred == 5
        assert sender.note
        assert sender.run().deferred == 0
        seen = server.connections
        # The mails that were not tried are free for another worker.
        clock.now += timedelta(minutes=4)
        assert sender.run() == SendReport()
        assert server.connections == seen
        clock.now += timedelta(minutes=2)
        assert sender.run().deferred == 5
    assert {row.state for row in rows(due)} == {DeliveryState.PENDING}


@pytest.mark.long
def test_a_relay_that_refuses_everything_by_policy_does_not_fail_it_all(make_due):
    due = make_due(*(f"n{n}" for n in range(30)))
    clock = Clock()
    with due.app_context():
        sender = make_sender(due, "one", clock=clock, pause=lambda _: None)
        with scripted_server("policy at RCPT") as server:
            sender.transport = SmtpTransport(server.url, "test.example")
            report = sender.run()
            assert (report.failed, report.deferred) == (19, 1)
            assert sender.note == "rcpt : 550 5.7.1 relaying denied"
            assert sender.run() == SendReport()
            # After the pause, the worker tries a single mail, which is not lost.
            clock.now += timedelta(minutes=6)
            report = sender.run()
            assert (report.failed, report.deferred) == (0, 1)
        assert deliveries(due) == {("reminder", "failed"): 19, ("reminder", "pending"): 11}
        clock.now += timedelta(minutes=40)
        with mail_server() as server:
            sender.transport = SmtpTransport(server.url, "test.example")
            assert sender.run().sent == 11
        assert sender.note is None
        refused = select(func.count()).where(Subscriber.state == SubscriberState.REFUSED)
        assert db.session.scalar(refused) == 0


@pytest.mark.long
def test_the_mail_that_arrives(due):
    with mail_server() as server:
        run(due, server.url, Clock())
        [mail] = server.mails
    message = message_from_bytes(mail.data, policy=default)
    [row] = rows(due)
    links = letterhead(due).links
    assert message["Message-ID"] == f"<{message_id(links, row.id)}>"
    assert delivery_of(links, message["Message-ID"]) == row.id
    assert delivery_of(links, message["Message-ID"].replace(".", ".0", 1)) is None
    assert message["To"] == "alice@ecole.example"
    assert "Concours d’essai" in message["Subject"]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = message["List-Unsubscribe"].strip("<>")
    assert address.startswith("http://127.0.0.1:8000/abonnement/lien/")
    body = message.get_body(("plain",)).get_content().replace("’", "'")
    assert "3\u00a0semaines de classe avant" in body
    # The page behind the link answers, and one click unsubscribes.
    client = due.test_client()
    path = address.removeprefix("http://127.0.0.1:8000")
    assert client.get(path).status_code == 200
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    with due.app_context():
        state = db.session.scalars(select(Subscriber)).one().state
    assert state is SubscriberState.UNSUBSCRIBED


def test_stopping_gives_back_what_is_not_in_hand(make_due):
    due = make_due(*(f"n{n}" for n in range(10)))
    with mail_server() as server, due.app_context():
        sender = make_sender(due, "one", clock=Clock())
        sender.transport = SmtpTransport(server.url, "test.example")
        report = sender.run(lambda: len(server.mails) >= 3)
    assert report.sent == 3
    assert deliveries(due) == {("reminder", "sent"): 3, ("reminder", "pending"): 7}
    # The mails that were gated and not begun are left without a doubt.
    assert outcomes(due) == [("sent", "body")] * 3
    waiting = [row for row in rows(due) if row.state is DeliveryState.PENDING]
    assert {(row.tries, row.doubts, row.form_key) for row in waiting} == {(0, 0, None)}


def test_forms_that_no_mail_in_doubt_is_kept_by_are_deleted(make_due):
    due = make_due("alice", "bob")

    def forms() -> int:
        with reading(db.session):
            return db.session.scalar(select(func.count()).select_from(MailForm)) or 0

    with scripted_server("accepts then closes") as server:
        run(due, server.url, Clock())
    with due.app_context():
        assert forms() == 1
        later = NOW + timedelta(days=30)
        outbox_status.clean_deliveries(db.session, later)
        assert forms() == 1
        clock = Clock(NOW + DOUBT)
        with mail_server() as server:
            assert run(due, server.url, clock).sent == 2
        outbox_status.clean_deliveries(db.session, clock.now)
        assert forms() == 1
        outbox_status.clean_deliveries(db.session, later)
        assert forms() == 0


def test_the_attempts_hold_no_address(due):
    with scripted_server("5xx at RCPT") as server:
        run(due, server.url, Clock())
    with due.app_context():
        [attempt] = db.session.scalars(select(DeliveryAttempt))
        assert attempt.outcome is AttemptOutcome.REFUSED
        assert "@" not in (attempt.reply or "")


@pytest.mark.long
def test_the_back_off_is_5_15_30_minutes_1_2_and_4_hours(due):
    """The server answers « not now » each time; the virtual clock measures the pauses."""
    clock, pauses = Clock(), []
    with scripted_server("4xx at RCPT") as server:
        for tries in range(1, 8):
            run(due, server.url, clock)
            [mail] = rows(due)
            assert (mail.tries, len(outcomes(due))) == (tries, tries)
            pauses.append((mail.due_at - clock.now) / timedelta(minutes=1))
            # One second before that instant, nothing is tried.
            clock.now = mail.due_at - timedelta(seconds=1)
            run(due, server.url, clock)
            assert len(outcomes(due)) == tries
            clock.now = mail.due_at
    for pause, expected in zip(pauses, (5, 15, 30, 60, 120, 240, 240), strict=True):
        assert expected * 0.8 <= pause <= expected * 1.2
    with mail_server() as server:
        run(due, server.url, clock)
        assert len(server.mails) == 1
