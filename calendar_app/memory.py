"""Giving freed memory back to the system."""

from __future__ import annotations

import ctypes
import sys

#: Parameters of glibc's mallopt (malloc.h), and their values.
_PARAMETERS = (
    # The largest number of memory pools (arenas). By default glibc makes eight for each processor,
    # and free memory in the pool of one thread serves no other thread.
    (-8, 2),  # M_ARENA_MAX
    # Larger blocks come from the system, and go back to it at once. Unless this is set, glibc
    # raises the limit to 32 MiB after the first large block, and keeps all later blocks.
    (-3, 128 * 1024),  # M_MMAP_THRESHOLD, bytes
    (-1, 128 * 1024),  # M_TRIM_THRESHOLD, bytes
)


def give_back() -> None:
    """Ask the allocator of this process to keep little free memory.

    Nothing changes on a system whose allocator is not glibc's.
    """
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    for parameter, value in _PARAMETERS:
        mallopt(parameter, value)
