"""Which file a SQLite store lives in, so that a plain copy of it is told from the file itself.

A store that runs has its latest changes in a journal beside the file (``…-wal``). A copy of the
file alone lacks them, and SQLite opens it without a word: the calendar would be an old one, or
empty. So the store notes the identity of its file, and a file with another identity and without a
journal is refused until a person says that the copy is whole (:func:`adopt`).
"""

from __future__ import annotations

import ctypes
import sqlite3
from contextlib import closing
from pathlib import Path

#: Linux' statx(2): « this folder », the bit that asks for the birth time, where it stands.
_AT_FDCWD, _STATX_BTIME, _STATX_SIZE, _BTIME_OFFSET = -100, 0x800, 256, 80


def identity(path: str) -> str:
    """Return the number of a file and, where the system tells it, the instant of its birth. (A
    number alone may be that of a file that was deleted a moment ago.)

    :raises OSError: when there is no such file.
    """
    return f"{Path(path).stat().st_ino}/{_birth(path)}"


def _birth(path: str) -> str:
    """Return the birth time of a file in seconds and nanoseconds; empty where it is not known."""
    asked = ctypes.create_string_buffer(_STATX_SIZE)
    statx = getattr(ctypes.CDLL(None), "statx", None)
    if statx is None or statx(_AT_FDCWD, path.encode(), 0, _STATX_BTIME, asked):
        return ""
    if not int.from_bytes(asked.raw[:4], "little") & _STATX_BTIME:
        return ""
    return asked.raw[_BTIME_OFFSET : _BTIME_OFFSET + 12].hex()


def is_copy_without_journal(path: str) -> bool:
    """Whether a file is a copy of a store that was made without its journal: another file than the
    store has noted, and no journal beside it. False for a file that is missing or no store."""
    journal = Path(f"{path}-wal")
    if not Path(path).is_file() or (journal.is_file() and journal.stat().st_size):
        return False
    noted = _noted(path)
    return noted is not None and noted != identity(path)


def follow_move(opened: sqlite3.Connection, path: str) -> None:
    """Note the new file of a store that was moved together with its journal.

    :param opened: a connection to the store, without a transaction.
    """
    try:
        found = opened.execute("SELECT identity FROM store_file").fetchone()
        if found and found[0] != identity(path):
            adopt(path)
    except (sqlite3.Error, OSError):
        return  # no schema yet; or it cannot be written now, and the next connection tries again


def _noted(path: str) -> str | None:
    # « immutable »: nothing is written beside the file, and no lock is waited for. There is no
    # journal, so the file is all there is to read.
    address = f"{Path(path).absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as opened:
            found = opened.execute("SELECT identity FROM store_file").fetchone()
    except sqlite3.Error:
        return None
    return str(found[0]) if found else None


def adopt(path: str) -> None:
    """Note in a store that it lives in this file. The file then contains the note, not only its
    journal.

    :raises sqlite3.Error: when the store cannot be written.
    """
    this = identity(path)
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as opened:
        found = opened.execute("SELECT identity FROM store_file").fetchone()
        if found and found[0] == this:
            return
        opened.execute("PRAGMA synchronous = FULL")
        opened.execute("INSERT OR REPLACE INTO store_file (id, identity) VALUES (1, ?)", (this,))
        opened.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
