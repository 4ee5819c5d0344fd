"""What is left of what was erased, once its rows are gone: pages of SQLite's write-ahead log, and
mails that were written as files."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from calendar_app.reminders.mail.transport import old_mails
from calendar_app.store.base import BUSY_TIMEOUT_MS, AnySession

#: Mails as files are for one's own machine, to be looked at at once. The worker cleans every hour:
#: so each is gone within a day, and with it what was erased meanwhile.
MAIL_FILES_KEPT = timedelta(hours=22)

#: Milliseconds that the worker waits for readers before it leaves the log to the next hour. (While
#: it waits, nobody writes.)
_PATIENCE_MS = 500


def wipe(session: AnySession, outbox: Path, now: datetime) -> None:
    """Empty SQLite's write-ahead log into the store, and delete mail files that are old.

    :param outbox: the folder of the mail files; it need not exist.
    """
    _empty_log(session)
    for path in old_mails(outbox, now - MAIL_FILES_KEPT):
        path.unlink(missing_ok=True)


def _empty_log(session: AnySession) -> None:
    """Old pages stay in the log until it is written over, which may take weeks."""
    session.rollback()
    engine = session.get_bind().engine
    if engine.dialect.name != "sqlite":
        return  # PostgreSQL's own workers clean its pages, and its log is written over in a day
    # No transaction may be open, hence the driver's own connection.
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    finally:
        connection.close()
