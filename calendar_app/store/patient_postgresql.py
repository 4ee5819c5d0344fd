"""A connection to PostgreSQL whose statements are not waited for without end.

A server that was stopped by a signal, or whose disk hangs, keeps its connections open: the kernel
goes on acknowledging what is sent, so that no time-out of TCP helps, and ``statement_timeout`` is
the server's own. The client has to look at the clock.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Any, Self

import psycopg

from calendar_app.store.connections import CONNECT_SECONDS, Silence, hurried, seconds_to_wait

#: Seconds for those who are in no hurry to open a connection.
_UNHURRIED_CONNECT_SECONDS = 10

_silence = Silence()


class Connection(psycopg.Connection[Any]):
    """A psycopg connection that closes itself when a statement takes too long for who waits."""

    @classmethod
    def connect(cls, *arguments: Any, **options: Any) -> Self:
        """Open a connection, within :data:`CONNECT_SECONDS` for those in a hurry.

        :raises psycopg.OperationalError: when the server does not answer in time, or did not answer
            somebody else a moment ago.
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
        """Wait for the server's answer to a statement.

        :raises psycopg.OperationalError: when it takes too long; the connection is closed then, for
            the answer may still come.
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
        """Return whether the server still answers on this connection, as it was left by the last
        who used it; those in a hurry ask for no longer than :data:`CONNECT_SECONDS`."""
        limit, autocommit = seconds_to_wait(), self.autocommit
        self.autocommit = True
        started = time.monotonic()
        try:
            with hurried(min(limit, CONNECT_SECONDS)) if limit else nullcontext():
                self.execute("SELECT 1")
            self.autocommit = autocommit
        except psycopg.Error:
            # A statement that waits for a lock is slow; one that waits for nothing means silence.
            if limit and time.monotonic() - started >= CONNECT_SECONDS:
                _silence.begin()
            return False
        return True
