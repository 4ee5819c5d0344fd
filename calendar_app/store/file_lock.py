"""A lock between the threads and processes of a machine that share a folder."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until no other thread or process of this machine is in a block with this file.

    :param path: the file of the lock; it is made, and stays. Its folder exists.
    :raises OSError: when the file cannot be made.
    """
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
