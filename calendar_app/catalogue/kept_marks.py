"""The marks of the dates that pass a filter, kept so that a change costs what it changed."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import date, datetime

from cachetools import LRUCache

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter
from calendar_app.catalogue.queries import DateMark, Reference
from calendar_app.store.base import AnySession

Marks = tuple[DateMark, ...]

#: Bytes that a mark takes in memory, and a filter beside its marks, about.
_OF_A_MARK, _OF_A_FILTER = 350, 2000

#: After a change of more events, all marks are read again.
_MOST_CHANGED = 200


class KeptMarks:
    """A memory of what :func:`queries.date_marks` returned, for many threads.

    An event that changes, or whose dates do, gets the catalogue's version of then; none is ever
    deleted, and no condition of a filter looks at another event. So what was read in an earlier
    version is still right for all events with no later version.

    :param budget: maximum size of what is kept, in bytes; the least recently used goes first.
    """

    def __init__(self, budget: int) -> None:
        self._kept: LRUCache[tuple[object, ...], tuple[int, Marks]] = LRUCache(
            budget, lambda kept: len(kept[1]) * _OF_A_MARK + _OF_A_FILTER
        )
        self._lock = threading.Lock()

    def of(
        self,
        session: AnySession,
        reference: Reference,
        chosen: CatalogueFilter,
        first_day: date,
        *,
        cancelled_since: datetime,
    ) -> Marks:
        """Return the marks of what passes a filter, as :func:`queries.date_marks` would.

        :param reference: the reference values of the snapshot that the session reads.
        """
        engine = session.get_bind().engine
        key = (engine, reference.history, chosen, first_day, cancelled_since)
        with self._lock:
            version, marks = self._kept.get(key, (-1, ()))
        if version == reference.version:
            return marks
        changed = None
        if 0 <= version < reference.version:
            changed = queries.changed_ids(session, version, _MOST_CHANGED)
        found = queries.date_marks(
            session, chosen, first_day, cancelled_since=cancelled_since, events=changed
        )
        if changed is not None:
            found = sorted([*(mark for mark in marks if mark.event_id not in changed), *found])
        marks = tuple(found)
        # A thread that reads an older snapshot keeps nothing.
        if version < reference.version:
            with self._lock, suppress(ValueError):  # it is too large
                self._kept[key] = reference.version, marks
        return marks


#: What this process keeps: about 45,000 marks.
kept_marks = KeptMarks(16 * 1024 * 1024)
