"""What was written of each date, kept so that a changed feed costs what changed."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from cachetools import LRUCache

from calendar_app.catalogue.queries import DateMark

#: Bytes that an entry takes beside its data, about.
_AROUND = 500


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """One date as bytes, and the IANA names of the time zones that these name."""

    data: bytes
    zones: frozenset[str]


class WrittenDates:
    """A memory of what one writer wrote, for many threads.

    :param budget: maximum size of what is kept, in bytes; the least recently used goes first.
    """

    def __init__(self, budget: int) -> None:
        self._kept: LRUCache[tuple[Hashable, int, int], WrittenDate] = LRUCache(
            budget, lambda written: len(written.data) + _AROUND
        )
        self._lock = threading.Lock()

    def of(self, variant: Hashable, marks: Iterable[DateMark]) -> dict[int, WrittenDate]:
        """Return milestone id → what is kept of it, without the dates of which nothing is.

        :param variant: what the dates of one feed share and those of another may not.
        """
        with self._lock:
            found = ((m.id, self._kept.get((variant, m.id, m.catalogue_version))) for m in marks)
            return {id_: written for id_, written in found if written}

    def keep(self, variant: Hashable, written: Mapping[DateMark, WrittenDate]) -> None:
        """Keep more; the parameters are those of :meth:`of`."""
        with self._lock:
            for mark, date_ in written.items():
                self._kept[variant, mark.id, mark.catalogue_version] = date_
