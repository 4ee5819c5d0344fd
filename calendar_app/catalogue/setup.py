"""Make the store ready: its schema, its reference values and, at the first start, its events."""

from __future__ import annotations

import logging
from datetime import datetime
from enum import Enum
from functools import cache
from pathlib import Path

import flask_migrate
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from calendar_app.catalogue import file_exchange, queries, renewal
from calendar_app.catalogue.files.holidays_file import read_holidays_yaml
from calendar_app.catalogue.references import load_reference
from calendar_app.school.reference_files import read_academies, read_themes, read_towns
from calendar_app.store import connections, file_identity
from calendar_app.store.base import AnySession, db
from calendar_app.store.file_lock import alone
from calendar_app.words.errors import CalendarError


class SchemaState(Enum):
    """The schema of a store, compared with the schema that this code needs."""

    #: No schema: the file is missing, or the database has no version of ours.
    MISSING = "missing"
    #: The schema of an earlier release.
    OLDER = "older"
    #: The schema of a later release, which this program does not know.
    NEWER = "newer"
    #: A SQLite file that was copied without its journal: its latest changes may be missing.
    COPIED = "copied"
    READY = "ready"

    @property
    def is_of_another_release(self) -> bool:
        return self in (SchemaState.OLDER, SchemaState.NEWER)


class OtherSchemaError(CalendarError):
    """The store has the schema of another release, and this program must leave it as it is."""

    def __init__(self, state: SchemaState) -> None:
        super().__init__(f"Arrêt : {PROBLEMS[state]}")


def schema_state(session: AnySession) -> SchemaState:
    """Return the state of the store's schema. The session's transaction is rolled back.

    A SQLite file that does not exist is ``MISSING``, not an error: this program may create it.

    :raises DBAPIError: when the database does not answer.
    """
    url = db.engine.url
    if url.get_backend_name() == "sqlite" and url.database:
        if not Path(url.database).exists():
            return SchemaState.MISSING
        if file_identity.is_copy_without_journal(url.database):
            return SchemaState.COPIED
    found = MigrationContext.configure(session.connection()).get_current_revision()
    session.rollback()
    if found is None:
        return SchemaState.MISSING
    if found == _newest_revision():
        return SchemaState.READY
    return SchemaState.OLDER if knows_revision(found) else SchemaState.NEWER


def problem(session: AnySession) -> str | None:
    """Return what an operator has to do before the store is usable: a French text without its
    capital. None when the store is usable, or when the database does not answer, since no command
    of ours repairs that."""
    try:
        return PROBLEMS.get(schema_state(session))
    except (DBAPIError, InvalidRequestError, PoolTimeoutError):
        return None


PROBLEMS = {
    SchemaState.MISSING: (
        "la base est vide. Si l'installation est nouvelle, lancez « calendar-app migrate », puis "
        "« calendar-app events import ». Sinon, CALENDAR_DATABASE_URL ne désigne pas la bonne "
        "base, ou son fichier a été enlevé, ou copié sans son journal (« -wal »)."
    ),
    SchemaState.OLDER: (
        "la base est d'une version antérieure à celle du programme. Lancez « calendar-app "
        "migrate »."
    ),
    SchemaState.NEWER: (
        "la base est d'une version plus récente que ce programme. Installez la version qui l'a "
        "mise à jour, ou restaurez une sauvegarde d'avant (« calendar-app restore »)."
    ),
    SchemaState.COPIED: (
        "le fichier de la base est une copie sans son journal (« -wal »). Si le calendrier "
        "tournait pendant la copie, il y manque les derniers changements, ou tout : reprenez le "
        "fichier avec ses deux voisins « -wal » et « -shm », ou une sauvegarde (« calendar-app "
        "restore »). S'il était arrêté, la copie est entière : dites-le par « calendar-app store "
        "accept »."
    ),
}


@cache
def _newest_revision() -> str | None:
    return ScriptDirectory(current_app.extensions["migrate"].directory).get_current_head()


def knows_revision(revision: str) -> bool:
    """Whether the schema of a store is one of this program or of an earlier one."""
    folder = ScriptDirectory(current_app.extensions["migrate"].directory)
    return any(script.revision == revision for script in folder.walk_revisions())


def upgrade_schema() -> None:
    """Migrate the store of the current Flask application to the newest schema; create the file of
    a SQLite store that does not exist.

    Idempotent, and safe in several processes at once: the migrations take a lock.

    :raises OtherSchemaError: when the store has the schema of a later release.
    """
    if schema_state(db.session) is SchemaState.NEWER:
        raise OtherSchemaError(SchemaState.NEWER)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    connections.make_file(db.engine.url)
    flask_migrate.upgrade()


def make_ready(session: AnySession, data_folder: Path, now: datetime) -> None:
    """Bring the schema and the reference values of the store up to date.

    :param data_folder: the folder of the reference files.
    """
    upgrade_schema()
    if db.engine.dialect.name == "sqlite" and db.engine.url.database:
        file_identity.adopt(db.engine.url.database)
    load_reference_files(session, data_folder, now)


def first_start(session: AnySession, data_folder: Path, instance: Path, now: datetime) -> int:
    """Create the store and fill it with the events of the data folder and the editions of its
    rules, unless that is already done.

    When several processes start at once, one does it and the other processes wait.

    :param data_folder: the folder of these files and of the reference files.
    :param instance: a folder that these processes share; the lock file is created there.
    :returns: how many events were made.
    """
    with alone(instance / "first-start.lock"):
        was_ready = schema_state(session) is SchemaState.READY
        if not was_ready:
            make_ready(session, data_folder, now)
        made = 0
        if is_empty(session):
            if was_ready:
                # An earlier process may have stopped before it loaded the reference values.
                load_reference_files(session, data_folder, now)
            for name in file_exchange.CONTENT:
                report = file_exchange.import_events_file(session, data_folder / name, now)
                made += len(report.created)
            made += len(renewal.renew(session, now).created)
        session.rollback()
    # A server may fork after this: its processes must not share connections.
    db.engine.dispose()
    return made


def load_reference_files(session: AnySession, data_folder: Path, now: datetime) -> None:
    """Update the store with the reference files of *data_folder*."""

    def text(name: str) -> str:
        return (data_folder / name).read_text(encoding="utf-8")

    load_reference(
        session,
        read_academies(text("academies.yaml")).with_towns(read_towns(text("towns.yaml"))),
        read_themes(text("themes.yaml")),
        read_holidays_yaml(text("school_holidays.yaml")),
        now,
    )


def is_empty(session: AnySession) -> bool:
    """Whether the store has no event; archived events count, too."""
    return not queries.has_events(session)


def catalogue_version(session: AnySession) -> int:
    """Return the catalogue's version: a counter that every visible change increases."""
    return queries.catalogue(session).version
