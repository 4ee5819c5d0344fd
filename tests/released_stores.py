"""Stores of released versions, kept as SQL in ``tests/store/released/``: each later release is
tried on what installations have.

A file holds the rows that the code of its release wrote: the contests of the letter, three
subscribers with a mail that is due, an editor, a letter with its draft, and a mistake that somebody
reported. Its schema is made by the migrations of that release, which are never changed afterwards
(:data:`RELEASES` knows their hash).

When a release is made, ``python -m tests.released_stores VERSION`` writes its store and prints its
line of :data:`RELEASES`.
"""

from __future__ import annotations

import hashlib
import re
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import flask_migrate
from flask import Flask
from sqlalchemy import Boolean, Connection, MetaData, func, select, text
from sqlalchemy.dialects import postgresql

from calendar_app.app import create_app, letter_knowledge
from calendar_app.catalogue import file_exchange, setup
from calendar_app.catalogue.models.search import is_modelled
from calendar_app.config.settings import data_folder
from calendar_app.editing import accounts, drafts, suggestions
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.editing.suggestions import Mistake
from calendar_app.reminders.rules.deliveries import SubscriberState
from calendar_app.store import copies
from calendar_app.store.base import db, writer_options
from calendar_app.words.mail_addresses import MailAddress
from tests.conftest import IMPORTED_AT, settings_for
from tests.factories import ID, changing, entry, publish
from tests.mail_factories import SIGNED_UP, plan, sign_up, subscriber

FOLDER = Path(__file__).parent / "store" / "released"
MIGRATIONS = Path(setup.__file__).parents[1] / "migrations" / "versions"

#: Version → the revision of its schema, and the SHA-256 of its migrations, one after the other.
RELEASES = {
    "0.1.0": ("0008", "46fe56c3d8cd768c358e9360d74646eefd8a348225d92facd4f1234a36b5e33f"),
    "0.2.0": ("0014", "e8395f01a603aae1fc3a406247c569d708a905eedc50d89f1638f6918a5e5482"),
}

#: When the mail became due, and what the editor types to log in.
NOW = datetime(2021, 1, 21, 6, 31, tzinfo=UTC)
EDITOR, PASSWORD = "zoe@ecole.example", "une phrase que personne ne devine"

_LETTER = """Lettre du numérique, 11 janvier 2021

Concours de chorales
Inscriptions jusqu'au 12 mars 2021 pour les classes de cycle 3.
"""
#: What the migrations write, and what belongs to one file alone.
_NOT_KEPT = {"alembic_version", "store_file"}


def hash_of_migrations(revision: str) -> str:
    """Return the SHA-256 of the migrations up to a revision, in hexadecimal digits."""
    found = sorted(p for p in MIGRATIONS.glob("[0-9]*.py") if p.name[:4] <= revision)
    return hashlib.sha256(b"".join(path.read_bytes() for path in found)).hexdigest()


def make_store(app: Flask, version: str) -> None:
    """Make the store of an application, which must not exist yet, that of a released version."""
    revision, _ = RELEASES[version]
    with app.app_context():
        if path := db.engine.dialect.name == "sqlite" and db.engine.url.database:
            Path(path).touch(0o600)
        flask_migrate.upgrade(revision=revision)
        kept = (FOLDER / f"{version}.sql").read_text(encoding="utf-8")
        with db.engine.connect().execution_options(**writer_options(db.engine)) as connection:
            _fill(connection, re.split(r"(?<=;)\n(?=INSERT INTO |\Z)", kept)[:-1])
        db.engine.dispose()


def _fill(connection: Connection, inserts: list[str]) -> None:
    is_postgresql = connection.dialect.name == "postgresql"
    metadata = MetaData()
    metadata.reflect(connection)
    if is_postgresql:
        # The rows stand in the order of their tables, and may name later rows of the same table.
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
    else:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    for name in {line.split()[2] for line in inserts}:
        # (The journal refuses to delete even nothing.)
        if connection.scalar(select(func.count()).select_from(metadata.tables[name])):
            connection.execute(metadata.tables[name].delete())
    for line in inserts:
        connection.exec_driver_sql(line.replace("%", "%%") if is_postgresql else line)
    if is_postgresql:
        for table in metadata.sorted_tables:
            copies._continue_numbers(connection, table)
    connection.commit()


# -- a release -------------------------------------------------------------------------------------


def written(connection: Connection) -> Iterator[str]:
    """Yield the rows of a SQLite store as ``INSERT``s that PostgreSQL takes, too."""
    metadata, quote = MetaData(), postgresql.dialect().identifier_preparer.quote
    metadata.reflect(connection)
    for table in metadata.sorted_tables:
        if table.name in _NOT_KEPT or not is_modelled(None, table.name):
            continue
        names = ", ".join(map(quote, table.columns.keys()))
        are_boolean = [isinstance(column.type, Boolean) for column in table.columns]
        for row in connection.execute(text(f"SELECT {names} FROM {table.name} ORDER BY rowid")):  # noqa: S608
            values = ", ".join(map(_literal, row, are_boolean))
            yield f"INSERT INTO {table.name} ({names}) VALUES ({values});"  # noqa: S608


def _literal(value: object, is_boolean: bool) -> str:
    match value:
        case None:
            return "NULL"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case int() | float():
            return ("FALSE", "TRUE")[int(value)] if is_boolean else str(value)
    raise TypeError(f"a column holds {type(value)}")


def _example(app: Flask) -> None:
    """Fill a store by the services of this release."""
    with app.app_context():
        setup.make_ready(db.session, data_folder(), IMPORTED_AT)
        file_exchange.import_events_file(db.session, data_folder() / "events.yaml", IMPORTED_AT)
    publish(app, entry(), now=SIGNED_UP - timedelta(days=1))
    people = (
        subscriber("alice"),
        subscriber("bob", state=SubscriberState.PAUSED),
        subscriber("carole", state=SubscriberState.UNSUBSCRIBED),
    )
    sign_up(app, *people, picks=(ID,))
    plan(app, NOW)
    with changing(app, NOW) as event:
        event.summary = "Un concours pour les essais, plus long."
    with app.app_context():
        role, lille = EditorRole.PUBLISHER, frozenset({"academie/lille"})
        token = accounts.add(db.session, EDITOR, "Zoé Martin", role, lille, NOW)
        accounts.set_password(db.session, token, PASSWORD, NOW)
        address = MailAddress.read("ali@ecole.example")
        mistake = Mistake(event_id=ID, key=None, words="Le lien ne marche plus.", address=address)
        suggestions.report(db.session, mistake, NOW)
        knowledge = letter_knowledge()
        drafts.import_letter(db.session, _LETTER.encode(), "lettre.txt", None, NOW, knowledge)


def main(version: str) -> None:
    """Write the store of a release, and print its line of :data:`RELEASES`."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings_for(f"sqlite:///{folder}/store.sqlite3", Path(folder)))
        _example(app)
        with app.app_context(), db.engine.connect() as connection:
            lines = "\n".join(written(connection)) + "\n"
            (FOLDER / f"{version}.sql").write_text(lines, encoding="utf-8")
            revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
    sys.stdout.write(f'"{version}": ("{revision}", "{hash_of_migrations(str(revision))}"),\n')


if __name__ == "__main__":
    main(*sys.argv[1:])
