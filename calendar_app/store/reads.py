"""What was read from the store, to learn later whether it would be read again as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, event

#: A statement as the driver got it, and its parameters.
Statement = tuple[str, Any]

#: An execution option: the statement is not noted.
UNNOTED = "unnoted"

_noted: ContextVar[list[Statement] | None] = ContextVar("noted", default=None)


@contextmanager
def noted() -> Iterator[list[Statement]]:
    """Note the statements with rows that the block runs, on any connection of this thread."""
    found: list[Statement] = []
    token = _noted.set(found)
    try:
        yield found
    finally:
        _noted.reset(token)


@event.listens_for(Engine, "after_cursor_execute")
def _note(
    _connection: object, cursor: Any, statement: str, parameters: Any, context: Any, *_: object
) -> None:
    found = _noted.get()
    if found is not None and cursor.description and not context.execution_options.get(UNNOTED):
        found.append((statement, parameters))


def digest(connection: Connection, statements: Iterable[Statement]) -> bytes:
    """Run statements again, and return a digest of the rows that they return: as long as it stays
    the same, so does whatever was made of these rows alone."""
    found = sha256()
    for statement, parameters in statements:
        # As tuples: the text of SQLAlchemy's rows cuts long values.
        rows = [tuple(row) for row in connection.exec_driver_sql(statement, parameters).all()]
        found.update(repr(rows).encode(errors="surrogatepass"))
    return found.digest()
