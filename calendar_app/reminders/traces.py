"""Traces of erased data after its rows are deleted: pages of SQLite's write-ahead log, and mails
that were written as files."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from calendar_app.reminders.mail.transport import old_mails
from calendar_app.store.base import AnySession
from calendar_app.store.connections import BUSY_TIMEOUT_MS

#: How long mails are kept as files, which are for a developer's machine and looked at immediately.
#: The worker cleans every hour, so each file is deleted within a day, with any data erased
#: meanwhile.
MAIL_FILES_KEPT = timedelta(hours=22)

#: Milliseconds that the worker waits for readers before it leaves the log to the next hour. (While
#: it waits, nobody can write.)
_PATIENCE_MS = 500


def wipe(session: AnySession, outbox: Path, now: datetime) -> None:
    """Empty SQLite's write-ahead log into the store, and delete old mail files.

    :param outbox: the folder of the mail files; it need not exist.
    """
    _empty_log(session)
    for path in old_mails(outbox, now - MAIL_FILES_KEPT):
        path.unlink(missing_ok=True)


def _empty_log(session: AnySession) -> None:
    """Empty the write-ahead log: old pages stay in it until they are overwritten, which may take
    weeks."""
    session.rollback()
    engine = session.get_bind().engine
    if engine.dialect.name != "sqlite":
        return  # PostgreSQL cleans its pages itself, and overwrites its log within a day
    # No transaction may be open, so the driver's own connection is used.
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    finally:
        connection.close()
