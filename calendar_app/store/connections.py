"""How a connection to the store is opened, and when it is given up.

* Opening a SQLite file never creates the file: with a wrong path, an empty store would answer. Only
  :func:`make_file` creates it, for the commands that set up a store. A connection is dropped when
  its file was removed or replaced, because its writes would be lost. A copy of a store that lacks
  its journal is refused (``store.file_identity``).
* A PostgreSQL server that hangs keeps its connections open and sends nothing. :func:`hurried`
  limits how long a thread waits for the server.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Engine, event
from sqlalchemy.exc import DisconnectionError

from calendar_app.store.file_identity import follow_move, is_copy_without_journal

#: Milliseconds that a writer of SQLite waits for the write lock. SQLite does not queue writers:
#: with eight processes writing without a pause on a busy machine, one of them waited more than 5 s.
BUSY_TIMEOUT_MS = 30_000

#: Seconds that opening a connection to PostgreSQL may take in a hurry. (libpq reads 1 as 2.)
CONNECT_SECONDS = 2

#: Seconds that a thread in a hurry waits for the answer to one statement.
STATEMENT_SECONDS = 3.0

#: Seconds after a time-out during which no thread in a hurry tries to connect again.
_SILENCE_SECONDS = 2.0

_waits: ContextVar[float | None] = ContextVar("waits", default=None)


def hurry(seconds: float | None = STATEMENT_SECONDS) -> None:
    """Limit how long this thread waits for the answer to each statement.

    :param seconds: the limit. None waits without a limit (the thread is in no hurry), which suits a
        worker that plans for a million subscribers.
    """
    _waits.set(seconds)


@contextmanager
def hurried(seconds: float = STATEMENT_SECONDS) -> Iterator[None]:
    """Run the block in a hurry (see :func:`hurry`), then restore the previous limit."""
    before = _waits.get()
    hurry(seconds)
    try:
        yield
    finally:
        hurry(before)


def make_file(url: URL) -> None:
    """Create the empty file of a SQLite store if it is missing, for its owner only."""
    if url.get_backend_name() == "sqlite" and url.database:
        os.close(os.open(url.database, os.O_RDWR | os.O_CREAT, 0o600))


def still_there(info: Mapping[Any, Any]) -> bool:
    """Whether the file of a SQLite connection is still the file that it opened.

    :param info: the ``info`` of the pool's connection record. Other engines have no file: True.
    """
    opened = info.get("file")
    return opened is None or opened == _identity(info["path"])


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@event.listens_for(Engine, "do_connect")
def _open(dialect: Any, record: Any, arguments: list[Any], options: dict[str, Any]) -> Any:
    """Open a connection; None lets SQLAlchemy open it."""
    if dialect.name == "sqlite":
        path = arguments[0]
        if path == ":memory:":
            return None
        record.info["path"] = path
        options["uri"] = True
        _keep_private(path)
        if is_copy_without_journal(path):
            raise dialect.loaded_dbapi.OperationalError("a copy of a store without its journal")
        opened = dialect.loaded_dbapi.connect(f"file:{quote(path)}?mode=rw", **options)
        follow_move(opened, path)
        record.info["file"] = _identity(path)
        return opened
    if dialect.name == "postgresql":
        record.info["asks"] = True
        return _open_postgresql(arguments, options)
    return None


@event.listens_for(Engine, "connect")
def _set_up_sqlite(dbapi_connection: Any, _record: object) -> None:
    if not type(dbapi_connection).__module__.startswith("sqlite3"):
        return
    # The driver must not open transactions itself: _on_begin opens them, of the right kind.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        # Deleted content is overwritten in the file, not only unlinked.
        "secure_delete = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _keep_private(path: str) -> None:
    """Make a store file and its journal accessible to their owner only, wherever they are and
    whoever copied them."""
    for each in (Path(f"{path}{end}") for end in ("", "-wal", "-shm")):
        with suppress(OSError):  # the file is missing, or belongs to another user
            if stat.S_IMODE(each.stat().st_mode) & 0o077:
                each.chmod(0o600)


@event.listens_for(Engine, "checkout")
def _refuse_lost_one(opened: Any, record: Any, _proxy: object) -> None:
    """Drop a connection whose file or server is gone; the pool then opens a new one, if it can."""
    if not still_there(record.info):
        raise DisconnectionError("the file of the store was removed or replaced")
    if record.info.get("asks") and not opened.answers():
        raise DisconnectionError("the server does not answer on this connection")


def _open_postgresql(arguments: list[Any], options: dict[str, Any]) -> Any:
    # psycopg is an optional dependency: an installation with SQLite does not need it.
    from calendar_app.store.patient_postgresql import Connection

    return Connection.connect(*arguments, **options)


class Silence:
    """Remembers that a server did not answer, so that not every thread waits for it in turn."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0

    def begin(self) -> None:
        with self._lock:
            self._until = time.monotonic() + _SILENCE_SECONDS

    def lasts(self) -> bool:
        with self._lock:
            return time.monotonic() < self._until


def seconds_to_wait() -> float | None:
    """Return the seconds that this thread waits for one statement; None means without a limit."""
    return _waits.get()
