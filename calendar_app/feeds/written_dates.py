"""What was written of each date, kept so that a changed feed costs what changed."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

from cachetools import LRUCache

from calendar_app.catalogue.kept_marks import Marks
from calendar_app.catalogue.queries import DateMark
from calendar_app.feeds.zipped import Part

#: Bytes that an entry takes beside its data, about.
_AROUND = 500

#: A run has so many dates on average (a power of two). A change compresses one run again; each run
#: costs a feed some 600 bytes, because it repeats no words of the runs before it.
_RUN = 128


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """One date as bytes, and the IANA names of the time zones that these name."""

    data: bytes
    zones: frozenset[str]


@dataclass(frozen=True, slots=True)
class WrittenRun:
    """Dates that follow one another in a feed, compressed, and the time zones that they name."""

    part: Part
    zones: frozenset[str]

    @classmethod
    def of(cls, dates: Sequence[WrittenDate]) -> WrittenRun:
        part = Part.of(b"".join(date_.data for date_ in dates))
        return cls(part, frozenset().union(*(date_.zones for date_ in dates)))


class WrittenDates:
    """A memory of what one writer wrote, for many threads.

    :param budget: maximum size of the dates that are kept, in bytes; the least recently used goes
        first. Runs of them, which are kept compressed, take up to a quarter more.
    """

    def __init__(self, budget: int) -> None:
        self._dates: LRUCache[tuple[Hashable, int, int], WrittenDate] = LRUCache(
            budget, lambda written: len(written.data) + _AROUND
        )
        self._runs: LRUCache[tuple[Hashable, bytes], WrittenRun] = LRUCache(
            budget // 4, lambda run: len(run.part.deflated) + _AROUND
        )
        self._lock = threading.Lock()

    def runs(
        self,
        variant: Hashable,
        marks: Iterable[DateMark],
        write: Callable[[list[int]], Iterable[tuple[int, WrittenDate]]],
    ) -> list[WrittenRun]:
        """Return the dates of a feed in their order; write those of which nothing is kept.

        :param variant: what the dates of one feed share and those of another may not.
        :param write: ids of milestones → each with its date, in any order.
        """
        runs = {_key(run): run for run in _cut(marks)}
        with self._lock:
            kept = {key: found for key in runs if (found := self._runs.get((variant, key)))}
        missing = {key: run for key, run in runs.items() if key not in kept}
        dates = self._written(variant, [mark for run in missing.values() for mark in run], write)
        made = {key: WrittenRun.of([dates[m.id] for m in run]) for key, run in missing.items()}
        with self._lock:
            for key, found in made.items():
                with suppress(ValueError):  # it is too large
                    self._runs[variant, key] = found
        kept |= made
        return [kept[key] for key in runs]

    def _written(
        self,
        variant: Hashable,
        marks: list[DateMark],
        write: Callable[[list[int]], Iterable[tuple[int, WrittenDate]]],
    ) -> dict[int, WrittenDate]:
        keys = {m.id: (variant, m.id, m.catalogue_version) for m in marks}
        with self._lock:
            dates = {id_: found for id_, key in keys.items() if (found := self._dates.get(key))}
        for id_, written in write([id_ for id_ in keys if id_ not in dates]):
            dates[id_] = written
            with self._lock, suppress(ValueError):  # it is too large
                self._dates[keys[id_]] = written
        return dates


def _key(run: Marks) -> bytes:
    """Return what names the dates of a run: the marks themselves would take ten times the room of
    what is kept of them."""
    states = array("q", (value for mark in run for value in (mark.id, mark.catalogue_version)))
    return sha256(states.tobytes()).digest()


def _cut(marks: Iterable[DateMark]) -> Iterator[Marks]:
    """Yield the runs of a feed. Certain dates end one, wherever they stand: what is added or left
    out changes the run in which it stands and no other."""
    run: list[DateMark] = []
    for mark in marks:
        run.append(mark)
        if not (mark.id * 0x9E3779B1 >> 16) % _RUN:
            yield tuple(run)
            run = []
    if run:
        yield tuple(run)
