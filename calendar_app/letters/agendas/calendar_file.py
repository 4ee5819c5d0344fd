"""Parser for agendas (iCalendar, RFC 5545): bytes become dated items, each with its identity.

The steps: one parse of all VCALENDARs of the file (``icalendar``); the components of one UID are
put together (:mod:`agendas.series`); what does not return is read as it is; what returns is
expanded once (``recurring_ical_events``); each occurrence becomes a dated item
(:mod:`agendas.entries`). What is not taken is counted with its reason: nothing vanishes silently.

The bytes are not trusted: callers run :func:`read_agenda` in a limited child process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import icalendar
import recurring_ical_events

from calendar_app.letters.agendas.content_lines import agenda_text
from calendar_app.letters.agendas.entries import (
    Clock,
    day_of,
    item_of,
    line,
    start_of,
    told_at,
)
from calendar_app.letters.agendas.left_out import (
    BAD_DAY,
    BAD_RULE,
    DOUBLE,
    MAX_OCCURRENCES,
    NO_TITLE,
    TOO_FAR,
    TOO_MANY,
    LeftOut,
)
from calendar_app.letters.agendas.series import (
    BROKEN,
    JUST_PAST,
    Series,
    last_read,
    series_of,
)
from calendar_app.letters.dated_items import DatedItem
from calendar_app.words.errors import UnreadableLetterError
from calendar_app.words.text import clean_line, fold

MANY_TIMES = "Cet agenda répète tant de dates qu'il ne peut pas être lu."

#: The most occurrences that are expanded; an agenda of people has far fewer.
_MOST_EXPANDED = 5 * MAX_OCCURRENCES


class _Query(recurring_ical_events.CalendarQuery):  # type: ignore[misc]  # it has no types
    """An expansion in which one bad repetition spoils no other one."""

    suppressed_errors = BROKEN


@dataclass(frozen=True, slots=True)
class AgendaEntry:
    """One date of an agenda.

    :param uid: the UID of its component; made of the title where there is none.
    :param recurrence: for what returns, the RECURRENCE-ID (ISO 8601, a day or a local time); also
        for several things under one UID; else None.
    """

    uid: str
    recurrence: str | None
    item: DatedItem


def read_agenda(data: bytes, today: date, zone: str, left_out: LeftOut) -> tuple[AgendaEntry, ...]:
    """Return the dates of an agenda by their days, without those that ended before
    :data:`JUST_PAST`.

    :param today: the day in Europe/Paris.
    :param zone: IANA name: the clock of those whom the agenda is for, where it names none.
    :param left_out: what is not taken is added here.
    :raises UnreadableLetterError: when the file is no agenda, or is cut.
    """
    first, last = today - JUST_PAST, last_read(today)
    found: dict[tuple[str, str | None], DatedItem] = {}
    all_series = series_of(data, zone, today, left_out)
    for series, recurrence, part in _occurrences(all_series, first, last, left_out):
        item = _item(part, series.clock, first, last, left_out)
        if item is None:
            continue
        key = (series.uid, recurrence)
        if key in found:  # RANGE=THISANDFUTURE gives all that follow one RECURRENCE-ID
            key = (series.uid, told_at(start_of(part)))
        found[key] = item
    told = sorted(found.items(), key=lambda pair: (_days(pair[1]), pair[0][0], pair[0][1] or ""))
    return tuple(_kept(told, today, left_out))


def _kept(
    told: Iterable[tuple[tuple[str, str | None], DatedItem]], today: date, left_out: LeftOut
) -> Iterator[AgendaEntry]:
    """Yield what is told once, and at most :data:`MAX_OCCURRENCES` dates ahead."""
    ahead, seen = 0, set()
    for (uid, recurrence), item in told:
        same = (fold(item.title), item.first_day, item.last_day, item.start_time, item.place)
        is_ahead = _days(item)[1] >= today
        if same in seen:
            if is_ahead:
                left_out.add(DOUBLE, item.title)
            continue
        seen.add(same)
        ahead += is_ahead
        if ahead > MAX_OCCURRENCES:
            left_out.add(TOO_MANY)
            continue
        yield AgendaEntry(uid, recurrence, item)


def _days(item: DatedItem) -> tuple[date, date]:
    last = item.last_day
    assert last is not None  # noqa: S101 - an entry of an agenda always has one
    return item.first_day or last, last


def _item(part: Any, clock: Clock, first: date, last: date, left_out: LeftOut) -> DatedItem | None:
    title = line(part, "SUMMARY")
    try:
        item = item_of(part, clock)
    except BROKEN:
        left_out.add(BAD_DAY, title)
        return None
    begins, ends = _days(item)
    if ends < first:
        return None
    if begins >= last:
        left_out.add(TOO_FAR, title)
    elif not item.title:
        left_out.add(NO_TITLE)
    else:
        return item
    return None


# -- what returns ----------------------------------------------------------------------------------


def _occurrences(
    all_series: list[Series], first: date, last: date, left_out: LeftOut
) -> Iterator[tuple[Series, str | None, Any]]:
    """Yield (series, RECURRENCE-ID, component) of each occurrence."""
    returning: dict[str, Series] = {}
    agenda = icalendar.Calendar()
    for number, series in enumerate(all_series):
        if not series.returns:
            [part] = series.parts
            yield series, told_at(start_of(part)) if series.shared else None, part
            continue
        returning[str(number)] = series
        for part in series.parts:
            part["UID"] = str(number)
            agenda.add_component(part)
    yield from _expanded(agenda, returning, first, last, left_out)


def _expanded(
    agenda: icalendar.Calendar,
    returning: dict[str, Series],
    first: date,
    last: date,
    left_out: LeftOut,
) -> Iterator[tuple[Series, str | None, Any]]:
    query = _Query(agenda, components=("VEVENT", "VTODO"), skip_bad_series=True)
    unread, count = dict(returning), 0
    for found in query.series:
        series = returning[found.uid]
        try:
            parts = [one.as_component(False) for one in found.between(first, last)]
        except BROKEN:
            continue
        if parts or _may_be_empty(series, first):
            del unread[found.uid]
        count += len(parts)
        if count > _MOST_EXPANDED:
            raise UnreadableLetterError(MANY_TIMES)
        for part in parts:
            at = part.get("RECURRENCE-ID")
            yield series, told_at(at.dt if at else start_of(part)), part
    for series in unread.values():
        is_far = all(day_of(start_of(part)) >= last for part in series.parts)
        left_out.add(TOO_FAR if is_far else BAD_RULE, line(series.parts[0], "SUMMARY"))


def _may_be_empty(series: Series, first: date) -> bool:
    """Whether it is no fault when a repetition comes to no day that is read: it may be over, or all
    of it may be taken away."""
    return any(day_of(start_of(part)) < first or part.get("EXDATE") for part in series.parts)


def agenda_name(data: bytes) -> str:
    """Return the name that an agenda gives itself (X-WR-CALNAME, NAME); empty without one."""
    for text in agenda_text(data[:4000])[0].splitlines():
        name, _, value = text.partition(":")
        if name.partition(";")[0].upper() in ("X-WR-CALNAME", "NAME"):
            return clean_line(value)[:200]
    return ""
