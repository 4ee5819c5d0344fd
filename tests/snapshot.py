"""Writes all output of the calendar to files. A refactoring must not change any of these files.

    python -m tests.snapshot before     # on the code as it was
    python -m tests.snapshot after      # on the code as it is now
    diff -r before after

Each file of the folder is the answer to one request, one mail or the output of one command. A run
is reproducible: it has its own clock, and random values come from a seed. ``answers/`` holds the
answers to some thousands of random requests, ``pages/`` every page whose address is known,
``feeds/`` each feed of each académie, and ``mails/`` the mails of half a school year.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from unittest import mock

import click
import time_machine
from flask import Flask

from calendar_app.app import answer_requests, create_app, make_sender
from calendar_app.catalogue import file_exchange, queries, setup
from calendar_app.cli import main as run_command
from calendar_app.cli.group import cli
from calendar_app.config.settings import data_folder
from calendar_app.reminders.planning import plan_due
from calendar_app.reminders.rules.reminder_plan import SchoolKind
from calendar_app.store.base import db
from tests.conftest import IMPORTED_AT, close, settings_for
from tests.mail_factories import SIGNED_UP, sign_up, subscriber
from tests.random_requests import Draw, Request
from tests.servers import Answer
from tests.tools import ROOT
from tests.web.test_random_requests import NOW, ask, furnish

LETTERS = Path(__file__).parent / "letters" / "examples"
#: The number of random requests (:mod:`tests.random_requests`).
REQUESTS = 6_000
#: The mornings from the day after the import of the content to the end of the school year.
FIRST_MORNING, LAST_MORNING = date(2020, 12, 16), date(2021, 7, 6)
FORMS = ("ics", "atom", "json")
#: The queries that are added to each address without variable parts.
QUERIES = (
    "",
    "?le=2021-01-04",
    "?le=2021-01-04&academie=lille&niveau=cm1",
    "?le=2020-09-01&q=classe",
)


class Seeded:
    """A source of random values that are the same in each run; it replaces the system's source."""

    def __init__(self) -> None:
        self._random = random.Random("snapshot")

    def token_bytes(self, count: int | None = None) -> bytes:
        return self._random.randbytes(count or 32)

    def token_hex(self, count: int | None = None) -> str:
        return self.token_bytes(count).hex()

    def token_urlsafe(self, count: int | None = None) -> str:
        return self.token_hex(count)

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Replace the random functions that the program uses, while the block runs."""
        with contextlib.ExitStack() as stack:
            for name in ("token_bytes", "token_hex", "token_urlsafe"):
                stack.enter_context(mock.patch.object(secrets, name, getattr(self, name)))
            # uuid.uuid4 uses os.urandom.
            stack.enter_context(mock.patch.object(os, "urandom", self.token_bytes))
            stack.enter_context(mock.patch.object(random, "random", self._random.random))
            yield


class Snapshot:
    """The folder of a snapshot.

    :param folder: the folder to create.
    :raises FileExistsError: when the folder exists already.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True)

    def keep(self, name: str, content: bytes) -> None:
        """Write one file.

        :param name: the path in the folder, which must be new.
        """
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        assert not path.exists(), name
        path.write_bytes(content)


@contextlib.contextmanager
def site() -> Iterator[tuple[Flask, Path]]:
    """Yield an application with the real content in an SQLite store, and its instance folder."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        settings = settings_for(
            f"sqlite:///{folder}/store.sqlite3",
            folder,
            CALENDAR_SECRET_KEY="s" * 50,
            CALENDAR_TRUSTED_PROXIES="1",
            CALENDAR_SMTP_RATE="1000",
        )
        app = create_app(settings)
        with app.app_context():
            setup.upgrade_schema()
            setup.load_reference_files(db.session, data_folder(), IMPORTED_AT)
            file_exchange.import_events_file(db.session, data_folder() / "events.yaml", IMPORTED_AT)
        yield app, folder
        close(app)


def keep_answers(app: Flask, snapshot: Snapshot) -> None:
    """Write the answers to random requests."""
    for request in Draw(furnish(app)).many(0, REQUESTS):
        answer = ask(app, request)
        asked_for = f"{request.method} {request.target!r}\n\n".encode()
        snapshot.keep(f"answers/{request.number:05}", asked_for + written(answer))


def written(answer: Answer) -> bytes:
    """Return an answer as a file holds it."""
    headers = "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
    return f"{answer.status}\n{headers}\n".encode() + answer.body


def addresses(app: Flask) -> Iterator[tuple[str, str]]:
    """Yield (name, address) of every feed, and of every public page and file."""
    with app.app_context():
        reference = queries.reference(db.session)
        events = sorted(queries.event_ids(db.session))
    names = ["toutes", "national", *(f"academie-de-{a.slug}" for a in reference.academies)]
    for name in names:
        for form in FORMS:
            yield f"feeds/{name}.{form}", f"/flux/{name}.{form}"
    for event in events:
        yield f"feeds/{event}.ics", f"/evenements/{event}.ics"
        yield f"pages/{event}", f"/evenements/{event}/?le=2021-01-04"
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "GET" in (rule.methods or ()) and not rule.arguments:
            for number, query in enumerate(QUERIES):
                name = rule.rule.strip("/").replace("/", "_") or "accueil"
                yield f"pages/{name}-{number}", rule.rule + query
    for address in ("/calendrier/2021/01/", "/annee-scolaire/2020-2021/",
                    "/annee-scolaire/2020-2021/affiche/"):  # fmt: skip
        for slug in ("lille", "la-reunion", "clermont-ferrand"):
            yield f"pages{address.rstrip('/')}/{slug}", f"{address}?le=2021-01-04&academie={slug}"
    for path in sorted(Path(app.static_folder or "").iterdir()):
        yield f"static/{path.name}", f"/static/{path.name}"


def keep_public(app: Flask, snapshot: Snapshot) -> None:
    """Write every feed, and every public page and file."""
    for name, address in addresses(app):
        answer = ask(app, Request(0, "GET", address.encode(), (("Host", "127.0.0.1"),)))
        snapshot.keep(name, written(answer))


def keep_mails(
    app: Flask, folder: Path, snapshot: Snapshot, travel: Callable[[datetime], None]
) -> None:
    """Write the mails of half a school year, in one folder for each morning.

    :param travel: sets the clock.
    """
    people = [
        subscriber("anne"),
        subscriber("bilal", academy_slug="la-reunion", school=SchoolKind.COLLEGE),
        subscriber("chloe", academy_slug="clermont-ferrand", leads=frozenset(("days:7", "days:1"))),
    ]
    sign_up(app, *people, picks=("roboteam-2020-2021", "camp-num-2020-2021"), now=SIGNED_UP)
    for days in range((LAST_MORNING - FIRST_MORNING).days + 1):
        travel(datetime.combine(FIRST_MORNING + timedelta(days), time(6, 35), UTC))
        send(app, folder, snapshot)


def send(app: Flask, folder: Path, snapshot: Snapshot) -> None:
    """Do what the worker does at this moment, and write the mails that are sent."""
    now = datetime.now(UTC)
    with app.app_context():
        answer_requests(app, now)
        plan_due(db.session, now)
        make_sender(app, "snapshot", pause=lambda _: None).run()
    for path in sorted((folder / "outbox").glob("*.eml")):
        snapshot.keep(f"mails/{now.date()}/{path.name}", path.read_bytes())
        path.unlink()


def command_lines() -> Iterator[list[str]]:
    """Yield the arguments of ``calendar-app``: the help of each command, and the commands that only
    read."""
    for name in cli.list_commands(click.Context(cli)):
        yield [name, "--help"]
        found = cli.get_command(click.Context(cli), name)
        if isinstance(found, click.Group):
            yield from ([name, inner, "--help"] for inner in sorted(found.commands))
    yield from (["--help"], ["nothing"], ["events", "import", "nowhere.yaml"])
    yield from (["events", "check"], ["events", "export"], ["events", "schema"])
    yield from (["holidays", "export"], ["editors", "list"], ["reminders", "status"])
    yield from (["journal", "export", "--format", form] for form in ("csv", "json"))
    yield ["reminders", "preview", "--on", "2021-01-21", "--academy", "lille"]
    for path in sorted(LETTERS.glob("*.json")):
        letter = next(p for p in sorted(LETTERS.glob(f"{path.stem}.*")) if p != path)
        issued = json.loads(path.read_text(encoding="utf-8"))["issued"]
        when = ["--issued", issued] if issued else []
        for form in ("table", "json"):
            yield ["letters", "read", *when, "--format", form, str(letter.relative_to(Path.cwd()))]


def keep_commands(snapshot: Snapshot, folder: Path) -> None:
    """Write the output and the exit code of each command."""
    environ = {
        "PATH": os.environ["PATH"],
        "CALENDAR_DATABASE_URL": f"sqlite:///{folder}/store.sqlite3",
        "CALENDAR_INSTANCE": str(folder),
        "CALENDAR_SECRET_KEY": "s" * 50,
        "CALENDAR_UID_DOMAIN": "calendrier.example",
    }
    for number, arguments in enumerate(command_lines()):
        out, err, code = io.StringIO(), io.StringIO(), 0
        with (
            mock.patch.dict(os.environ, environ, clear=True),
            mock.patch.object(sys, "argv", ["calendar-app", *arguments]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                run_command()
            except SystemExit as end:
                code = int(end.code or 0)
        name = "-".join(part.replace("/", "_") for part in arguments)
        said = f"{out.getvalue()}\n{err.getvalue()}\n{code}\n"
        said = said.replace(str(folder), "FOLDER").replace(str(ROOT), "CHECKOUT")
        snapshot.keep(f"commands/{number:03}-{name}", said.encode())


def main(target: str) -> None:
    """Write a snapshot to the folder *target*."""
    snapshot = Snapshot(Path(target))
    with Seeded().in_place(), time_machine.travel(NOW, tick=False) as clock:
        with site() as (app, folder):
            keep_public(app, snapshot)
            keep_mails(app, folder, snapshot, clock.move_to)
            keep_commands(snapshot, folder)
        clock.move_to(NOW)
        with site() as (app, folder):
            keep_answers(app, snapshot)
            send(app, folder, snapshot)


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The iteration order of a set of texts depends on the hash seed.
        command = [sys.executable, "-m", "tests.snapshot", *sys.argv[1:]]
        sys.exit(subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": "0"}).returncode)
    main(sys.argv[1])
