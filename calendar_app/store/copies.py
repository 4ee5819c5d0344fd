"""A whole copy of a store that runs, and a store made from such a copy.

SQLite copies through its online backup, PostgreSQL through ``pg_dump`` and ``pg_restore``: both
show one instant, whoever writes meanwhile. What belongs to the running store alone is left out of a
copy: that sending is held, and in which file the store lives.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, table, text

from calendar_app.store import file_identity
from calendar_app.store.archive import BackupError
from calendar_app.store.base import db, writer_options
from calendar_app.store.models import SendingHold, StoreFile

#: Tables that belong to the running store alone.
_OWN: tuple[str, ...] = (SendingHold.__tablename__, StoreFile.__tablename__)
_SCHEMA = "alembic_version"
_DAMAGED = "La copie de la base ne se relit pas : la sauvegarde est refusée."


def copy_store(engine: Engine, path: Path) -> tuple[str, dict[str, int]]:
    """Copy a store to a file. Return the revision of its schema, and table → number of rows.

    :raises BackupError: when the copy cannot be made or does not read well.
    """
    copy = _copy_sqlite if engine.dialect.name == "sqlite" else _copy_postgresql
    return copy(engine, path)


def fill_store(engine: Engine, path: Path, hold: SendingHold, counts: dict[str, int]) -> None:
    """Fill an empty store from a copy. It holds back all mails from its first instant on.

    :param hold: the row that says so; its instants are aware.
    :param counts: the number of rows that the copy has in each table.
    :raises BackupError: when the store does not become the copy; a SQLite file is not made then.
    """
    fill = _fill_sqlite if engine.dialect.name == "sqlite" else _fill_postgresql
    fill(engine, path, hold, counts)


# -- SQLite ----------------------------------------------------------------------------------------


def _copy_sqlite(engine: Engine, path: Path) -> tuple[str, dict[str, int]]:
    source = engine.raw_connection()
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as copy:
            # All pages in one step: one snapshot, which no writer makes begin again.
            source.driver_connection.backup(copy, pages=-1)  # type: ignore[union-attr]
            for own in _OWN:
                copy.execute(f"DELETE FROM {own}")  # noqa: S608
            # One file without a journal beside it.
            copy.execute("PRAGMA journal_mode = DELETE").fetchone()
            return _checked(copy)
    except sqlite3.Error as error:
        raise BackupError(f"La base ne peut pas être copiée : {error}.") from error
    finally:
        source.close()


def _checked(store: sqlite3.Connection) -> tuple[str, dict[str, int]]:
    """Return the schema and the counts of a SQLite store whose pages are all right."""
    if store.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
        raise BackupError(_DAMAGED)
    if store.execute("PRAGMA foreign_key_check").fetchone():
        raise BackupError(_DAMAGED)
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    counted = {
        name: int(store.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608
        for (name,) in store.execute(names).fetchall()
    }
    revision = store.execute(f"SELECT version_num FROM {_SCHEMA}").fetchone()  # noqa: S608
    return str(revision[0]), _without_own(counted)


def _without_own(counted: dict[str, int]) -> dict[str, int]:
    return {name: counted[name] for name in sorted(counted) if name not in _OWN}


def _fill_sqlite(engine: Engine, path: Path, hold: SendingHold, counts: dict[str, int]) -> None:
    where = engine.url.database or ""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as store:
            # As SQLAlchemy writes instants: UTC, without a zone.
            row = [
                at and at.replace(tzinfo=None).isoformat(" ", "microseconds")
                for at in (hold.restored_at, hold.backed_up_at, hold.unknown_since)
            ]
            store.execute("DELETE FROM sending_hold")
            store.execute("INSERT INTO sending_hold VALUES (1, ?, ?, ?)", row)
            found = _checked(store)[1]
        if found != counts:
            raise BackupError(_DAMAGED)
        # A name that is taken is not replaced: of two restores at once, one fails.
        Path(where).hardlink_to(path)
        file_identity.adopt(where)
    except sqlite3.Error as error:
        raise BackupError(f"La base ne peut pas être remplie : {error}.") from error


# -- PostgreSQL ------------------------------------------------------------------------------------


def _copy_postgresql(engine: Engine, path: Path) -> tuple[str, dict[str, int]]:
    with engine.connect() as connection:
        # The counts are of the snapshot that pg_dump copies.
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        counts = _counts(connection)
        revision = connection.scalar(select(text("version_num")).select_from(table(_SCHEMA)))
        left_out = [f"--exclude-table-data={own}" for own in _OWN]
        arguments = ("--format=custom", "--no-owner", "--no-privileges", *left_out)
        options = (f"--snapshot={snapshot}", f"--file={path}")
        _run(engine, "pg_dump", *arguments, *options)
    _run(engine, "pg_restore", "--list", str(path), connect=False)
    return str(revision), counts


def _counts(connection: Connection) -> dict[str, int]:
    names = connection.scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    )
    return _without_own(
        {
            name: connection.scalar(select(func.count()).select_from(table(name))) or 0
            for name in names.all()
        }
    )


def _fill_postgresql(engine: Engine, path: Path, hold: SendingHold, counts: dict[str, int]) -> None:
    common = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
    _run(engine, "pg_restore", *common, "--section=pre-data", str(path))
    # Before there is a mail to send: a worker that already waits for this store sends none.
    row: dict[str, Any] = {
        "id": 1,
        "restored_at": hold.restored_at,
        "backed_up_at": hold.backed_up_at,
        "unknown_since": hold.unknown_since,
    }
    with engine.connect().execution_options(**writer_options(engine)) as connection:
        connection.execute(insert(SendingHold), row)
        connection.commit()
    data = ("--section=data", "--section=post-data")
    _run(engine, "pg_restore", *common, *data, str(path))
    with engine.connect() as connection:
        if _counts(connection) != counts:
            raise BackupError(_DAMAGED)


def _run(engine: Engine, program: str, *arguments: str, connect: bool = True) -> None:
    """Run a program of PostgreSQL on the database of the store. The password is handed over in the
    environment: other people of the machine see command lines.

    :raises BackupError: when the program is missing or fails.
    """
    found = shutil.which(program)
    if found is None:
        raise BackupError(
            f"Le programme {program} manque : installez les programmes clients de PostgreSQL (sous "
            "Debian, le paquet postgresql-client), de la version du serveur ou d'une plus récente."
        )
    environ = dict(os.environ)
    if connect:
        where, environ["PGPASSWORD"] = _address(engine)
        arguments = (f"--dbname={where}", *arguments)
    done = subprocess.run(  # noqa: S603 (a program of PostgreSQL, with our own arguments)
        [found, *arguments], env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["sans dire pourquoi"]
        raise BackupError(f"{program} a échoué : {last[0]}")


def _address(engine: Engine) -> tuple[str, str]:
    """Return the address of a PostgreSQL database without its password, and the password."""
    from psycopg.conninfo import make_conninfo  # only with PostgreSQL

    raw = engine.raw_connection()
    try:
        info: Any = raw.driver_connection
        return make_conninfo(**info.info.get_parameters()), info.info.password
    finally:
        raw.close()


# -- from one engine to the other ------------------------------------------------------------------

_ROWS = 1_000


def move_rows(source: Engine, target: Engine) -> dict[str, int]:
    """Copy every row of a store to another one with the same schema, on any engine; return table →
    number of rows.

    All is one snapshot of the source, and one transaction of the target.

    :raises BackupError: when the target does not hold as many rows in the end.
    :raises DBAPIError: when one of them fails; the target is left as it was.
    """
    tables = [t for t in db.metadata.sorted_tables if t.name != StoreFile.__tablename__]
    moved: dict[str, int] = {}
    with source.connect() as reads, target.connect() as plain:
        writes = plain.execution_options(**writer_options(target))
        with writes.begin():
            for each in reversed(tables):
                # Not where there is nothing: the journal refuses even that.
                if writes.scalar(select(func.count()).select_from(each)):
                    writes.execute(each.delete())
            for each in tables:
                moved[each.name] = 0
                rows = reads.execution_options(yield_per=_ROWS).execute(select(each)).mappings()
                for part in _parents_first(each, rows):
                    writes.execute(each.insert(), part)
                    moved[each.name] += len(part)
                if target.dialect.name == "postgresql":
                    _continue_numbers(writes, each)
            held = {t.name: writes.scalar(select(func.count()).select_from(t)) for t in tables}
            if held != moved:
                raise BackupError("Les deux bases n'ont pas les mêmes nombres de lignes.")
    return moved


def _parents_first(each: Any, rows: Any) -> Any:
    """Yield the rows in parts, those that others of the table refer to first."""
    own = [
        (key.parent.name, key.column.name) for key in each.foreign_keys if key.column.table is each
    ]
    if not own:
        for part in rows.partitions(_ROWS):
            yield [dict(row) for row in part]
        return
    (refers, referred), *_ = own
    waiting = [dict(row) for row in rows]
    done: set[object] = {None}
    while waiting:
        ready = [row for row in waiting if row[refers] in done]
        if not ready:
            raise BackupError(f"Des lignes de « {each.name} » se désignent en rond.")
        yield ready
        done |= {row[referred] for row in ready}
        waiting = [row for row in waiting if row[referred] not in done]


def _continue_numbers(connection: Connection, each: Any) -> None:
    """Let PostgreSQL number new rows after those that came with their numbers."""
    for column in each.primary_key.columns:
        name = {"table": each.name, "column": column.name}
        asked = text("SELECT pg_get_serial_sequence(:table, :column)")
        if sequence := connection.scalar(asked, name):
            last = connection.scalar(select(func.max(column)))
            if last is not None:
                connection.execute(
                    text("SELECT setval(:of, :last)"), {"of": sequence, "last": last}
                )
