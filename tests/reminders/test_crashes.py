"""Workers that are killed, paused or run together lose no mail, and every copy is explained.

The figures of the long run (``make campaign``) are in docs/reliability.md.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert, select

from calendar_app.app import letterhead
from calendar_app.reminders.composing import message_id
from calendar_app.reminders.models.outbox import Delivery, DeliveryAttempt
from calendar_app.reminders.models.subscriptions import Subscriber, Subscription
from calendar_app.reminders.rules.deliveries import DOUBT, LEASE, AttemptOutcome, DeliveryState
from calendar_app.store.base import db, reading, writing
from tests.factories import ID, entry, publish
from tests.mail_factories import SIGNED_UP, deliveries, plan, reminders, subscriber
from tests.mail_workers import Clock, start
from tests.smtp_server import MailServer, mail_server
from tests.tools import CAMPAIGN, PATIENCE, scaled, wait_for

log = logging.getLogger(__name__)

NOW = datetime(2021, 1, 21, 6, 31, tzinfo=UTC)
WORKERS = 4

#: How many workers are killed, and how many mails are sent meanwhile.
KILLS, MAILS = (1_000, 9_000) if CAMPAIGN else (20, 400)
#: Mails per second of one worker: so few that some mails are left after the last kill.
RATE = 25


@pytest.fixture
def make_due(empty_app):
    """Return a function that makes a number of reminder mails due."""

    def make(number: int) -> Flask:
        publish(empty_app, entry(), now=SIGNED_UP - timedelta(days=1))
        with empty_app.app_context(), writing(db.session, SIGNED_UP):
            person = subscriber()
            columns = {
                c.name: getattr(person, c.name)
                for c in Subscriber.__table__.columns
                if getattr(person, c.name) is not None
            }
            people = [
                columns | {"address": f"n{n}@ecole.example", "address_key": f"n{n}@ecole.example"}
                for n in range(number)
            ]
            db.session.execute(insert(Subscriber), people)
            ids = list(db.session.scalars(select(Subscriber.id)))
            picks = [
                {"subscriber_id": id_, "event_id": ID, "picked": True, "since": SIGNED_UP}
                for id_ in ids
            ]
            db.session.execute(insert(Subscription), picks)
        plan(empty_app, NOW)
        assert deliveries(empty_app) == {("reminder", "pending"): number}
        return empty_app

    return make


def worker(
    app: Flask, tmp_path, server: MailServer, clock: Clock, rate: int = 1000, pause_at: int = 0
):
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    name = f"worker-{random.getrandbits(64):x}"
    return start(url, tmp_path, server.url, clock, name, rate, pause_at)


def finish(app: Flask, tmp_path, server: MailServer, clock: Clock) -> None:
    """Run one worker each time that something may be due again, until every mail is settled."""
    for _ in range(4):
        clock.set(clock() + DOUBT + timedelta(minutes=1))
        last = worker(app, tmp_path, server, clock)
        last.join(timeout=PATIENCE)
        assert last.exitcode == 0


def check(app: Flask, server: MailServer) -> Counter[str]:
    """Check that no mail is lost; return the counts of mails, copies and parked mails."""
    links = letterhead(app).links
    accepted: defaultdict[str, list[bytes]] = defaultdict(list)
    for mail in server.mails:
        accepted[mail.message_id.strip("<>")].append(mail.data)
    found: Counter[str] = Counter()
    with app.app_context(), reading(db.session):
        doubts = Counter(
            db.session.scalars(
                select(DeliveryAttempt.delivery_id).where(
                    DeliveryAttempt.outcome == AttemptOutcome.IN_DOUBT
                )
            )
        )
        for delivery in db.session.scalars(select(Delivery)):
            copies = accepted.pop(message_id(links, delivery.id), [])
            assert delivery.state in (DeliveryState.SENT, DeliveryState.PARKED)
            # A mail is lost when nobody received it and it is not parked for a person.
            assert copies or delivery.state is DeliveryState.PARKED
            assert len(copies) - 1 <= doubts[delivery.id], "a copy that nothing explains"
            assert len(set(copies)) <= 1, "a copy with other bytes"
            found["mails"] += 1
            found["copies"] += max(len(copies) - 1, 0)
            found["parked"] += delivery.state is DeliveryState.PARKED
    assert not accepted, "a mail that is not in the outbox"
    return found


def has_mail_in_hand(app: Flask) -> bool:
    """Whether a claim or a doubt is open: after a kill, the victim's or a living worker's."""
    held = (DeliveryState.CLAIMED, DeliveryState.IN_DOUBT)
    with app.app_context(), reading(db.session):
        open_ = select(Delivery.id).where(Delivery.finished_at.is_(None), Delivery.state.in_(held))
        return db.session.scalar(open_.limit(1)) is not None


@pytest.mark.long
def test_workers_that_are_killed_lose_nothing(make_due, tmp_path, engine):
    app = make_due(MAILS)
    rng = random.Random(engine)
    clock = Clock(tmp_path, NOW)
    with mail_server() as server:
        alive = [worker(app, tmp_path, server, clock, RATE) for _ in range(WORKERS)]
        at_work = 0
        wait_for(lambda: has_mail_in_hand(app))
        for _ in range(KILLS):
            time.sleep(rng.uniform(0.05, 0.6))
            victim = rng.randrange(WORKERS)
            alive[victim].kill()
            alive[victim].join()
            at_work += has_mail_in_hand(app)
            alive[victim] = worker(app, tmp_path, server, clock, RATE)
        for process in alive:
            process.join(timeout=PATIENCE)
        finish(app, tmp_path, server, clock)
        found = check(app, server)
    # `make campaign` shows this line, because it sets the level of live logs.
    log.warning("%s: %d of %d kills at work, %s", engine, at_work, KILLS, dict(found))
    assert found["mails"] == MAILS
    assert at_work > KILLS // 2, "the mails ran out before the kills"
    assert {state for _, _, _, state in reminders(app)} <= {"sent", "planned"}


@pytest.mark.long
def test_many_workers_at_once_send_each_mail_once(make_due, tmp_path):
    number = scaled(10_000, 20)  # on each engine
    app = make_due(number)
    clock = Clock(tmp_path, NOW)
    with mail_server() as server:
        alive = [worker(app, tmp_path, server, clock) for _ in range(WORKERS)]
        for process in alive:
            process.join(timeout=2 * PATIENCE)
            assert process.exitcode == 0
        assert len(server.mails) == len({mail.message_id for mail in server.mails}) == number
    assert deliveries(app) == {("reminder", "sent"): number}


@pytest.mark.long
def test_workers_that_are_paused_beyond_their_lease_repeat_nothing(make_due, tmp_path):
    number = scaled(3_000, 20)
    app = make_due(number)
    clock = Clock(tmp_path, NOW)
    with mail_server() as server:
        paused = [worker(app, tmp_path, server, clock, 50, pause_at) for pause_at in (3, 20)]
        wait_for(lambda: all(is_stopped(process.pid) for process in paused))
        clock.set(NOW + LEASE + timedelta(minutes=1))
        others = [worker(app, tmp_path, server, clock) for _ in range(2)]
        for process in others:
            process.join(timeout=PATIENCE)
        for process in paused:
            os.kill(process.pid, signal.SIGCONT)
            process.join(timeout=PATIENCE)
        assert [process.exitcode for process in (*paused, *others)] == [0] * 4
        finish(app, tmp_path, server, clock)
        assert len(server.mails) == len({mail.message_id for mail in server.mails}) == number
    with app.app_context():
        outcomes = Counter(db.session.scalars(select(DeliveryAttempt.outcome)))
        taken_twice = select(Delivery.id).where(Delivery.epoch > 1)
        overtaken = len(db.session.scalars(taken_twice).all())
    # Paused workers were overtaken, and noticed it at the gate or by the clock in a window.
    assert overtaken >= 1
    assert outcomes[AttemptOutcome.SENT] == number


def is_stopped(pid: int) -> bool:
    """Whether a process is paused by a signal (Linux)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
