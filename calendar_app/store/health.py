"""Whether this process can serve, and what of the installation does not work.

Reading is what feeds and pages need: where it fails, a supervisor takes the process out. Writing
and the worker are told beside it: a dead worker must not take the feeds away.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from calendar_app.store.base import AnySession, db, insert_new, reading, writer_options
from calendar_app.store.connections import hurried
from calendar_app.store.models import RateCount, WorkerHeartbeat

#: A worker says that it lives every 15 s; one that was silent for so long is dead or stuck.
SILENT_AFTER = timedelta(minutes=2)

#: How long the outcome of a trial of writing holds.
_TRIAL_HOLDS = timedelta(minutes=1)
#: Seconds that a trial waits for another writer: longer is as good as never.
_TRIAL_SECONDS = 1.0
#: The row that a trial writes and deletes; no limit has such a key.
_TRIAL_KEY = "write-trial"


class Health:
    """What one process knows of the installation's health; it remembers its last trial of writing.

    Threads may share it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tried_at: datetime | None = None
        self._can_write = True

    def degraded(self, session: AnySession, now: datetime) -> tuple[str, ...]:
        """Return what does not work: ``write``, ``worker``, both or neither.

        :raises DBAPIError: when the store cannot even be read.
        """
        found = {"write": not self._writes(now), "worker": not has_worker(session, now)}
        return tuple(name for name, is_broken in found.items() if is_broken)

    def _writes(self, now: datetime) -> bool:
        """Return whether the last trial could write; try again when it is older than a minute.
        While one thread tries, the others take what was known before."""
        if self._lock.acquire(blocking=False):
            try:
                if self._tried_at is None or not (now - self._tried_at < _TRIAL_HOLDS):
                    self._tried_at, self._can_write = now, can_write(now)
            finally:
                self._lock.release()
        return self._can_write


def has_worker(session: AnySession, now: datetime) -> bool:
    """Return whether a worker said within two minutes that it lives."""
    with reading(session):
        seen_at = session.scalar(select(func.max(WorkerHeartbeat.seen_at)))
    return seen_at is not None and now - seen_at < SILENT_AFTER


def can_write(now: datetime) -> bool:
    """Return whether a row can be written, by writing one and deleting it.

    A disk that is full or read-only says so at the commit only, hence two transactions.
    """
    with hurried(_TRIAL_SECONDS):
        return _wrote_a_row(now)


def _wrote_a_row(now: datetime) -> bool:
    is_sqlite = db.engine.dialect.name == "sqlite"
    try:
        connection = db.engine.connect().execution_options(**writer_options(db.engine))
    except (DBAPIError, PoolTimeoutError):
        return False
    try:
        if is_sqlite:
            raw: Any = connection.connection.driver_connection
            raw.execute(f"PRAGMA busy_timeout = {_TRIAL_SECONDS * 1000:.0f}")
        with connection.begin():
            row = {"key": _TRIAL_KEY, "count": 0, "expires_at": now}
            connection.execute(insert_new(db.session, RateCount).values(row))
        with connection.begin():
            connection.execute(delete(RateCount).where(RateCount.key == _TRIAL_KEY))
    except DBAPIError:
        return False
    finally:
        # Its time-out is a short one: the pool must not give it to anybody else.
        if is_sqlite:
            connection.invalidate()
        connection.close()
    return True
