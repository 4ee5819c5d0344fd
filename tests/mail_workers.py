"""Worker processes for the tests that kill and pause them. Their clock may run faster than ours."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

from calendar_app.app import create_app, make_sender
from calendar_app.mail.transport import SmtpTransport
from tests import commands
from tests.conftest import settings_for


@dataclass(frozen=True)
class Clock:
    """A clock that several processes share: it shows *start* at the real time *since*, and goes
    *speed* times as fast."""

    start: datetime
    since: float
    speed: float = 1.0

    def __call__(self) -> datetime:
        return self.start + timedelta(seconds=(time.time() - self.since) * self.speed)


def work(url: str, instance: Path, server: str, clock: Clock, name: str, rate: int) -> None:
    """Send until nothing is due, as ``calendar-app reminders send`` does."""
    app = create_app(settings_for(url, instance, CALENDAR_SMTP_RATE=str(rate)))
    with app.app_context():
        sender = make_sender(app, name, clock=clock)
        sender.transport = SmtpTransport(server, "test.example")
        sender.run()


def start(*arguments: object) -> BaseProcess:
    """Start a process that does :func:`work`."""
    process = commands.context.Process(target=work, args=arguments, daemon=True)
    process.start()
    return process
