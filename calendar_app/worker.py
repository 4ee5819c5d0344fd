"""The worker: scheduled jobs that plan, send and clean.

The database decides what is due, so two workers at once, a missed tick or a restart change nothing.
APScheduler is only the ticker: its jobs are in memory and carry no state. A late job runs once, and
a job never runs twice at the same time.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy.exc import DBAPIError

from calendar_app.app import (
    answer_requests,
    ledger_of,
    letter_knowledge,
    make_sender,
    settings_of,
    store_session,
)
from calendar_app.catalogue import holidays_update, renewal, setup
from calendar_app.config.retention import CLEANED_EVERY
from calendar_app.editing import silence, suggestions
from calendar_app.editing.followed import agendas, link_checks
from calendar_app.editing.followed.fetcher import Fetcher
from calendar_app.editing.mailbox import imap, receiving
from calendar_app.reminders import asked, outbox_status, planning, subscriptions, traces
from calendar_app.reminders.keeping import hold
from calendar_app.store.faults import Fault, log_words
from calendar_app.words.errors import CalendarError

log = logging.getLogger(__name__)

#: Seconds between two runs of each job.
PLAN, ANSWER, SEND, BEAT, LOOK, FOLLOW, RENEW = 60, 2, 5, 15, 3600, 60, 3600
#: The mailbox of letters.
RECEIVE = 600
CLEAN = int(CLEANED_EVERY.total_seconds())

#: Seconds after which a fault of the store that lasts is told again.
_TOLD_AGAIN = 3600.0

#: Seconds before links on other servers are checked and the holidays are fetched, so that a worker
#: that restarts again and again asks no server.
SETTLED = 600


def worker_name() -> str:
    """Return a name that no other worker has."""
    return f"worker-{os.getpid()}-{secrets.token_hex(4)}"


def _clean(app: Flask, now: datetime) -> None:
    """Delete the data whose time is over (``config.retention``)."""
    session, ledger = store_session(app), ledger_of(app)
    asked.clean(session, now)
    subscriptions.clean(session, now)
    suggestions.clean(session, now)
    receiving.clean(session, now)
    silence.clean(session, now, ledger)
    planning.clean_send_days(session, now)
    outbox_status.clean_deliveries(session, now)
    link_checks.clean(session, now)
    ledger.forget_old(now)
    traces.wipe(session, settings_of(app).instance / "outbox", now)


def _follow(app: Flask, is_stopping: Callable[[], bool]) -> None:
    """Read the followed agendas that are due."""
    session, knowledge = store_session(app), letter_knowledge()
    for source_id in agendas.due(session, datetime.now(UTC)):
        if is_stopping():
            return
        try:
            agendas.refresh(session, source_id, Fetcher(), knowledge, datetime.now(UTC))
        except Exception:
            # An agenda that we cannot read must not delay the agendas after it.
            log.exception("source %s could not be read", source_id)
            agendas.note_failure(session, source_id, agendas.OUR_FAULT, datetime.now(UTC))


def read_letters(app: Flask, owner: str, is_stopping: Callable[[], bool]) -> None:
    """Read the mails whose sender was declared since, then the mailbox, where there is one; the
    reason of a failure is stored."""
    session, knowledge = store_session(app), letter_knowledge()
    receiving.release(session, datetime.now(UTC), knowledge)
    if address := settings_of(app).letters_mailbox:
        try:
            imap.read_mailbox(session, address, owner, knowledge, is_stopping)
        except CalendarError as error:
            log.warning("the mailbox of letters was not read: %s", error)


def _renew_holidays(app: Flask) -> None:
    """Fetch the ministry's school calendar when it is due; the reason of a failure is stored."""
    address = settings_of(app).holidays_url
    if address is None:
        return
    try:
        now = datetime.now(UTC)
        holidays_update.update_if_due(store_session(app), address, Fetcher().download, now)
    except CalendarError as error:
        log.warning("the school holidays were not renewed: %s", error)


def run(app: Flask, *, leave_with_parent: bool = False) -> None:
    """Work until SIGTERM or SIGINT, then finish the mail in hand and give the other mails back.

    :param leave_with_parent: stop also when the process that started this one is gone.
    """
    stopping, owner, parent = threading.Event(), worker_name(), os.getppid()
    started_at = datetime.now(UTC)
    session = store_session(app)
    settings = settings_of(app)
    sender, rest, outage = make_sender(app, owner, pause=stopping.wait), Rest(), Outage()

    def send() -> None:
        if settings.sending:
            sender.run(stopping.is_set)

    def answer() -> None:
        answer_requests(app, datetime.now(UTC))

    def clean() -> None:
        _clean(app, datetime.now(UTC))

    def look() -> None:
        link_checks.check_due(session, datetime.now(UTC), stopping.is_set)

    def follow() -> None:
        _follow(app, stopping.is_set)

    def beat() -> None:
        if leave_with_parent and os.getppid() != parent:
            stopping.set()
        why = _why_nothing_is_sent(app) or sender.note
        rest.tell(why, sender.resting_until)
        outbox_status.beat(session, owner, started_at, why, datetime.now(UTC))

    scheduler = _scheduler()
    for job, seconds, wait in (
        # A job of its own, since no rule of a series may hold up the mails.
        (lambda: renewal.renew(session, datetime.now(UTC)), PLAN, 0),
        (lambda: planning.plan_due(session, datetime.now(UTC)), PLAN, 0),
        (answer, ANSWER, 0),
        (send, SEND, 0),
        (beat, BEAT, 0),
        (clean, CLEAN, 0),
        (look, LOOK, SETTLED),
        (lambda: _renew_holidays(app), RENEW, SETTLED),
        # Agendas that are not due are not asked, so this job may begin at once.
        (follow, FOLLOW, 0),
        (lambda: read_letters(app, owner, stopping.is_set), RECEIVE, 0),
    ):
        first = datetime.now(UTC) + timedelta(seconds=wait)
        guarded = _guarded(app, job, outage, writes=job is beat)
        scheduler.add_job(guarded, "interval", seconds=seconds, next_run_time=first)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    _work(scheduler, stopping, owner)
    with app.app_context():
        outbox_status.farewell(session, owner, datetime.now(UTC))


def _work(scheduler: BackgroundScheduler, stopping: threading.Event, owner: str) -> None:
    """Run the jobs until *stopping* is set, then let those that run end."""
    scheduler.start()
    log.info("%s starts", owner)
    while not stopping.wait(1):
        pass
    log.info("%s stops", owner)
    scheduler.shutdown(wait=True)


class Rest:
    """Logs when a worker begins to send nothing, why and until when, and when it resumes."""

    def __init__(self) -> None:
        self._why: str | None = None

    def tell(self, why: str | None, until: datetime | None) -> None:
        """Note what keeps a worker from sending now.

        :param why: the reason; None: nothing does.
        :param until: when it tries again (UTC); None where only a person ends the rest.
        """
        if why and why != self._why:
            end = f" until {until.isoformat(timespec='seconds')}" if until else ""
            log.warning("sends nothing%s: %s", end, why)
        elif self._why and not why:
            log.info("sends again")
        self._why = why


def _why_nothing_is_sent(app: Flask) -> str | None:
    """Return in French who holds all mails back; None when nobody does."""
    if not settings_of(app).sending:
        return "envoi suspendu (CALENDAR_SENDING=off)"
    return hold.WORDS if hold.state(store_session(app)) else None


def _scheduler() -> BackgroundScheduler:
    # APScheduler logs every tick; only its errors matter.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    return BackgroundScheduler(
        timezone=UTC,
        # By default, a run that is one second late is dropped.
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )


class Outage:
    """Logs when the store ceases to answer the jobs of a worker, why, and when it answers again: a
    line for each failure would be thousands in an hour. A fault that lasts is told each hour."""

    def __init__(self) -> None:
        self._fault: str | None = None
        self._told_at = 0.0

    def tell(self, fault: str | None) -> None:
        """Note how a job ended.

        :param fault: ``store.faults.log_words``; None: the store answered.
        """
        if fault and (fault != self._fault or time.monotonic() > self._told_at + _TOLD_AGAIN):
            self._told_at = time.monotonic()
            log.error("the store did not answer: %s", fault)
        elif self._fault and not fault:
            log.info("the store answers again")
        self._fault = fault


def _guarded(
    app: Flask, job: Callable[[], object], outage: Outage, *, writes: bool
) -> Callable[[], None]:
    """Return *job* in a context of its own; after a failure, the next tick tries again. On a store
    of another release, it does nothing.

    :param writes: whether the job writes each time. Only then does its success show that the store
        answers again: one that is full or locked still lets others read.
    """

    def guarded() -> None:
        with app.app_context():
            try:
                state = setup.schema_state(store_session(app))
                if state.is_of_another_release:
                    outage.tell(f"{Fault.SCHEMA.value} ({state.value})")
                    return
                job()
                if writes:
                    outage.tell(None)
            except DBAPIError as error:
                outage.tell(log_words(error))
            except Exception:
                log.exception("a job of the worker failed")

    return guarded
