"""Worker processes that tests kill and pause, on a clock that the tests set."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

from calendar_app.app import answer_requests, create_app, make_sender
from calendar_app.reminders.mail.transport import SmtpTransport
from calendar_app.worker import worker_name
from tests import commands
from tests.conftest import settings_for


class Clock:
    """A clock that several processes share. It stands still until a process sets it."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self._shown = folder / "clock"
        self.set(now)

    def __call__(self) -> datetime:
        return datetime.fromisoformat(self._shown.read_text())

    def set(self, now: datetime) -> None:
        changed = self._shown.with_suffix(".new")
        changed.write_text(now.isoformat())
        changed.replace(self._shown)


class Pausing(SmtpTransport):
    """A transport that pauses its process once, before the body of a mail, like a machine that is
    suspended.

    :param at: the number of the mail before which the process stops, from 1; 0: never.
    """

    def __init__(self, url: str, at: int) -> None:
        super().__init__(url, "test.example")
        self._left = at

    def offer(self, sender: str, recipient: str) -> None:
        super().offer(sender, recipient)
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGSTOP)


def work(
    url: str, instance: Path, server: str, clock: Clock, name: str, rate: int, pause_at: int = 0
) -> None:
    """Send mails until no mail is due, as ``calendar-app reminders send`` does."""
    app = create_app(settings_for(url, instance, CALENDAR_SMTP_RATE=str(rate)))
    with app.app_context():
        sender = make_sender(app, name, clock=clock)
        sender.transport = Pausing(server, pause_at)
        sender.run()


def start(*arguments: object) -> BaseProcess:
    """Start a process that runs :func:`work` with these arguments."""
    process = commands.processes().Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def answer_and_send(url: str, instance: Path, server: str, rate: int) -> None:
    """Do two jobs of ``calendar-app worker`` until killed: answer requests, and send mails. The
    whole worker takes two seconds of processor to start."""
    app = create_app(settings_for(url, instance, CALENDAR_SMTP_RATE=str(rate)))
    with app.app_context():
        sender = make_sender(app, worker_name())
        sender.transport = SmtpTransport(server, "test.example")
        while True:
            answer_requests(app, datetime.now(UTC))
            sender.run()
            time.sleep(0.2)
