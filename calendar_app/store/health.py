"""The health of the installation: whether this process can serve, and which parts do not work.

Feeds and pages need only reading: where reading fails, a supervisor takes the process out of
service. The states of writing and of the worker are reported separately, because a dead worker must
not stop the feeds.
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

#: A worker reports every 15 s. A worker that is silent for this long is dead or stuck.
SILENT_AFTER = timedelta(minutes=2)

#: How long the result of a write trial stays valid.
_TRIAL_HOLDS = timedelta(minutes=1)
#: Seconds that a trial waits for another writer; a longer wait counts as a failure.
_TRIAL_SECONDS = 1.0
#: The key of the row that a trial writes and deletes; no limit uses this key.
_TRIAL_KEY = "write-trial"


class Health:
    """The health of the installation as one process knows it, with the last write trial.

    Threads may share an object.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tried_at: datetime | None = None
        self._can_write = True

    def degraded(self, session: AnySession, now: datetime) -> tuple[str, ...]:
        """Return the parts that do not work: ``write``, ``worker``, both or neither.

        :raises DBAPIError: when the store cannot be read either.
        """
        found = {"write": not self._writes(now), "worker": not has_worker(session, now)}
        return tuple(name for name, is_broken in found.items() if is_broken)

    def _writes(self, now: datetime) -> bool:
        """Whether the last trial could write. A trial older than a minute is repeated.

        While one thread tries, the other threads take the previous result.
        """
        if self._lock.acquire(blocking=False):
            try:
                if self._tried_at is None or not (now - self._tried_at < _TRIAL_HOLDS):
                    self._tried_at, self._can_write = now, can_write(now)
            finally:
                self._lock.release()
        return self._can_write


def has_worker(session: AnySession, now: datetime) -> bool:
    """Whether a worker has reported within the last two minutes."""
    with reading(session):
        seen_at = session.scalar(select(func.max(WorkerHeartbeat.seen_at)))
    return seen_at is not None and now - seen_at < SILENT_AFTER


def can_write(now: datetime) -> bool:
    """Whether a row can be written; the trial writes a row and deletes it.

    A full or read-only disk fails only at the commit, hence the two transactions.
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
        # This connection has a short time-out, so the pool must not hand it out again.
        if is_sqlite:
            connection.invalidate()
        connection.close()
    return True
