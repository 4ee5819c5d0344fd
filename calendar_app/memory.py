"""Memory that was used once is given back to the system."""

from __future__ import annotations

import ctypes
import sys

#: Parameters of glibc's mallopt (malloc.h), and what they are set to.
_PARAMETERS = (
    # At most so many pools of memory: glibc makes eight for each processor, and what is free in the
    # pool of one thread is no other thread's.
    (-8, 2),  # M_ARENA_MAX
    # What is larger comes from the system, and goes back to it at once. Unless this is set, glibc
    # moves it to 32 MiB after the first large block, and keeps all that follow.
    (-3, 128 * 1024),  # M_MMAP_THRESHOLD, bytes
    (-1, 128 * 1024),  # M_TRIM_THRESHOLD, bytes
)


def give_back() -> None:
    """Ask the allocator of this process to keep little of what is free; a system that has another
    allocator than glibc's does as it always does."""
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    for parameter, value in _PARAMETERS:
        mallopt(parameter, value)
