"""A connection to PostgreSQL that limits how long it waits for a statement.

A server that was stopped by a signal, or whose disk hangs, keeps its connections open. The kernel
goes on acknowledging what is sent, so no TCP time-out helps, and ``statement_timeout`` runs in the
server itself. So the client has to look at the clock.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Any, Self

import psycopg

from calendar_app.store.connections import CONNECT_SECONDS, Silence, hurried, seconds_to_wait

#: Seconds that opening a connection may take for a thread that is in no hurry.
_UNHURRIED_CONNECT_SECONDS = 10

_silence = Silence()


class Connection(psycopg.Connection[Any]):
    """A psycopg connection that closes itself when a statement exceeds the limit of its thread."""

    @classmethod
    def connect(cls, *arguments: Any, **options: Any) -> Self:
        """Open a connection; in a hurry, within :data:`CONNECT_SECONDS`.

        :raises psycopg.OperationalError: when the server does not answer in time or, in a hurry,
            when it did not answer another thread a moment ago.
        """
        hurried = seconds_to_wait() is not None
        if hurried and _silence.lasts():
            raise psycopg.OperationalError("the server did not answer a moment ago")
        seconds = CONNECT_SECONDS if hurried else _UNHURRIED_CONNECT_SECONDS
        options.setdefault("connect_timeout", seconds)
        try:
            return super().connect(*arguments, **options)
        except psycopg.errors.ConnectionTimeout:
            _silence.begin()
            raise

    def wait(self, *arguments: Any, **options: Any) -> Any:
        """Wait for the server's answer to a statement, up to the limit of the thread.

        :raises psycopg.OperationalError: when the wait is too long. The connection is then closed,
            because the answer may still come.
        """
        limit = seconds_to_wait()
        if limit is None:
            return super().wait(*arguments, **options)
        started = time.monotonic()
        try:
            return super().wait(*arguments, **{**options, "timeout": limit})
        except psycopg.OperationalError:
            if time.monotonic() - started >= limit:
                self.pgconn.finish()
            raise

    def answers(self) -> bool:
        """Whether the server still answers on this connection.

        In a hurry, the wait is at most :data:`CONNECT_SECONDS`. The autocommit mode that the last
        user left is restored.
        """
        limit, autocommit = seconds_to_wait(), self.autocommit
        self.autocommit = True
        started = time.monotonic()
        try:
            with hurried(min(limit, CONNECT_SECONDS)) if limit else nullcontext():
                self.execute("SELECT 1")
            self.autocommit = autocommit
        except psycopg.Error:
            # A statement that waits for a lock may be slow; this statement needs no lock, so a
            # time-out means that the server is silent.
            if limit and time.monotonic() - started >= CONNECT_SECONDS:
                _silence.begin()
            return False
        return True
