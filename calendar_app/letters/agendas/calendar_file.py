"""Parser for agendas (iCalendar, RFC 5545): bytes become dated items, each with its identity.

The steps: one parse of all VCALENDARs of the file (``icalendar``); the components of one UID are
put together; what does not return is read as it is; what returns is expanded once
(``recurring_ical_events``); each occurrence becomes a dated item (:mod:`agendas.entries`). What is
not taken is counted with its reason: nothing vanishes silently.

The bytes are not trusted: callers run :func:`read_agenda` in a limited child process.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import icalendar
import recurring_ical_events
from dateutil.relativedelta import relativedelta

from calendar_app.letters.agendas.entries import (
    Clock,
    day_of,
    is_private,
    item_of,
    line,
    start_of,
    told_at,
)
from calendar_app.letters.dated_items import DatedItem
from calendar_app.letters.formats.charsets import decoded
from calendar_app.words.errors import UnreadableLetterError
from calendar_app.words.text import clean_line, fold

#: How many months ahead an agenda is read; then the most dates ahead, and for how many days after
#: its end a date is still told, so that a move into the past is seen.
MONTHS = 24
MAX_OCCURRENCES = 1_000
JUST_PAST = timedelta(days=31)

NO_DAY = "sans date"
BAD_DAY = "date illisible"
NO_TITLE = "sans titre"
PRIVATE = "privée"
TOO_OFTEN = "revient plusieurs fois par jour"
BAD_RULE = "répétition illisible"
TOO_MANY = f"au-delà des {MAX_OCCURRENCES} premières dates"
TOO_FAR = f"dans plus de {MONTHS} mois"
DOUBLE = "en double"
NOTE = "simple note"

DAMAGED = "Cet agenda est endommagé."
MANY_TIMES = "Cet agenda répète tant de dates qu'il ne peut pas être lu."

_BEGIN = re.compile(r"^BEGIN:VCALENDAR\b", re.MULTILINE | re.IGNORECASE)
_FREQUENCIES = frozenset(("DAILY", "WEEKLY", "MONTHLY", "YEARLY"))
#: The most occurrences on one day of what returns.
_A_DAY = 4
_TITLES = 5
#: The most occurrences that are expanded; an agenda of people has far fewer.
_MOST_EXPANDED = 5 * MAX_OCCURRENCES


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


@dataclass(slots=True)
class LeftOut:
    """What was not taken: the reason (French) → how many entries, and some of their titles."""

    counts: dict[str, int] = field(default_factory=dict)
    titles: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, title: str = "") -> None:
        """Count one more; a title of a private entry is never given."""
        self.counts[reason] = self.counts.get(reason, 0) + 1
        known = self.titles.setdefault(reason, [])
        if title and title not in known and len(known) < _TITLES:
            known.append(title[:80])

    def values(self) -> list[dict[str, Any]]:
        """Return JSON values: the reason, the count and the titles of each."""
        return [
            {"reason": reason, "count": count, "titles": self.titles[reason]}
            for reason, count in self.counts.items()
        ]


@dataclass(frozen=True, slots=True)
class _Series:
    """The components of one thing: one that does not return, or one with its exceptions."""

    uid: str
    parts: tuple[Any, ...]
    #: Whether another thing of the file has the same UID.
    shared: bool

    @property
    def returns(self) -> bool:
        names = ("RRULE", "RDATE", "RECURRENCE-ID")
        return len(self.parts) > 1 or any(self.parts[0].get(name) for name in names)


def read_agenda(data: bytes, today: date, zone: str, left_out: LeftOut) -> tuple[AgendaEntry, ...]:
    """Return the dates of an agenda by their days, without those that ended before
    :data:`JUST_PAST`.

    :param today: the day in Europe/Paris.
    :param zone: IANA name: the clock of those whom the agenda is for, where it names none.
    :param left_out: what is not taken is added here.
    :raises UnreadableLetterError: when the file is no agenda, or is cut.
    """
    first, last = today - JUST_PAST, today.replace(day=1) + relativedelta(months=MONTHS + 1)
    found: dict[tuple[str, str | None], DatedItem] = {}
    for clock, all_series in _things(data, zone, today, left_out):
        for uid, recurrence, part in _occurrences(all_series, first, last, left_out):
            item = _item(part, clock, first, last, left_out)
            if item is None:
                continue
            key = (uid, recurrence)
            if key in found:  # RANGE=THISANDFUTURE gives all that follow one RECURRENCE-ID
                key = (uid, told_at(start_of(part)))
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
    except (ValueError, TypeError, OverflowError, AttributeError, KeyError):
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


# -- the components --------------------------------------------------------------------------------


def _things(
    data: bytes, zone: str, today: date, left_out: LeftOut
) -> Iterator[tuple[Clock, list[_Series]]]:
    """Yield the things of each VCALENDAR, with its clock."""
    text = decoded(data).lstrip("\ufeff \t\r\n")
    try:
        agendas = icalendar.Calendar.from_ical(text, multiple=True)
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        raise UnreadableLetterError(DAMAGED) from error
    if len(agendas) < len(_BEGIN.findall(text)):  # the end of one is missing
        raise UnreadableLetterError(DAMAGED)
    for agenda in agendas:
        off = line(agenda, "METHOD").upper() == "CANCEL"
        taken = []
        for part in agenda.subcomponents:
            if part.name == "VJOURNAL" and not _is_over(part, today):
                left_out.add(NOTE, line(part, "SUMMARY"))
            if part.name not in ("VEVENT", "VTODO"):
                continue
            if reason := _refused(part):
                if not _is_over(part, today):
                    left_out.add(reason, "" if reason == PRIVATE else line(part, "SUMMARY"))
                continue
            if off:
                part["STATUS"] = "CANCELLED"
            _end_on_whole_days(part)
            taken.append(part)
        yield Clock.of(line(agenda, "X-WR-TIMEZONE"), zone), _series(taken)


def _end_on_whole_days(part: Any) -> None:
    """Let a rule of hours whose UNTIL is a day include that day: RFC 5545 wants a time there, and
    the programs that write a day mean the whole of it."""
    start = start_of(part)
    for rule in _listed(part, "RRULE"):
        until = (rule.get("UNTIL") or [None])[0]
        if isinstance(start, datetime) and until and not isinstance(until, datetime):
            rule["UNTIL"] = [datetime.combine(until, time(23, 59, 59), start.tzinfo)]


def _refused(part: Any) -> str | None:
    """Return in French why a component is not taken, or None."""
    if is_private(part):
        return PRIVATE
    broken = {name for name, _ in part.errors}
    if start_of(part) is None:
        return BAD_DAY if broken & {"DTSTART", "DUE"} else NO_DAY
    if broken & {"RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"} or part.get("EXRULE"):
        return BAD_RULE
    return _too_often(part)


def _too_often(part: Any) -> str | None:
    for rule in _listed(part, "RRULE"):
        if str((rule.get("FREQ") or [""])[0]).upper() not in _FREQUENCIES:
            return TOO_OFTEN
        a_day = 1
        for name in ("BYSECOND", "BYMINUTE", "BYHOUR"):
            a_day *= len(rule.get(name) or (1,))
        if a_day > _A_DAY:
            return TOO_OFTEN
    if sum(len(group.dts) for group in _listed(part, "RDATE")) > MAX_OCCURRENCES:
        return TOO_MANY
    return None


def _listed(part: Any, name: str) -> list[Any]:
    value = part.get(name, [])
    return value if isinstance(value, list) else [value]


def _is_over(part: Any, today: date) -> bool:
    start = start_of(part)
    return start is not None and not part.get("RRULE") and day_of(start) < today - JUST_PAST


def _series(parts: Iterable[Any]) -> list[_Series]:
    """Put together what has one UID. Of two versions of one component the later one counts (by
    SEQUENCE, else by its place in the file); other things under one UID stay apart."""
    of_uid: dict[str, list[Any]] = {}
    for part in parts:
        own = line(part, "UID")[:200] or f"sans-uid:{fold(line(part, 'SUMMARY'))[:100]}"
        of_uid.setdefault(own, []).append(part)
    found = []
    for uid, all_ in of_uid.items():
        masters = _latest([p for p in all_ if not p.get("RECURRENCE-ID")])
        exceptions = tuple(p for p in all_ if p.get("RECURRENCE-ID"))
        whose = next((m for m in masters if m.get("RRULE") or m.get("RDATE")), None)
        whose = whose or (masters[0] if masters else None)
        if whose is None:
            found += [_Series(uid, exceptions, False)] if exceptions else []
        for master in masters:
            own_ones = exceptions if master is whose else ()
            found.append(_Series(uid, (master, *own_ones), len(masters) > 1))
    return found


def _latest(masters: list[Any]) -> list[Any]:
    sequences = [_sequence(part) for part in masters]
    latest = [p for p, at in zip(masters, sequences, strict=True) if at == max(sequences)]
    return list({told_at(start_of(part)): part for part in latest}.values())


def _sequence(part: Any) -> int:
    text = line(part, "SEQUENCE")
    return int(text) if text.isdigit() and len(text) < 10 else 0


# -- what returns ----------------------------------------------------------------------------------


def _occurrences(
    all_series: list[_Series], first: date, last: date, left_out: LeftOut
) -> Iterator[tuple[str, str | None, Any]]:
    """Yield (UID, RECURRENCE-ID, component) of each occurrence."""
    returning: dict[str, _Series] = {}
    agenda = icalendar.Calendar()
    for number, series in enumerate(all_series):
        if not series.returns:
            [part] = series.parts
            yield series.uid, told_at(start_of(part)) if series.shared else None, part
            continue
        returning[str(number)] = series
        for part in series.parts:
            part["UID"] = str(number)
            agenda.add_component(part)
    yield from _expanded(agenda, returning, first, last, left_out)


def _expanded(
    agenda: icalendar.Calendar,
    returning: Mapping[str, _Series],
    first: date,
    last: date,
    left_out: LeftOut,
) -> Iterator[tuple[str, str | None, Any]]:
    errors = (ValueError, TypeError, OverflowError, AttributeError, KeyError)
    try:
        query = recurring_ical_events.of(
            agenda, components=("VEVENT", "VTODO"), skip_bad_series=True
        )
    except errors as error:
        raise UnreadableLetterError(DAMAGED) from error
    read, count = set(), 0
    for series in query.series:
        try:
            parts = [one.as_component(False) for one in series.between(first, last)]
        except errors:
            continue
        count += len(parts)
        if count > _MOST_EXPANDED:
            raise UnreadableLetterError(MANY_TIMES)
        for part in parts:
            own = line(part, "UID")
            read.add(own)
            yield returning[own].uid, told_at(_recurrence_of(part)), part
    for number, series in returning.items():
        if number not in read and not any(_ends(part, first) for part in series.parts):
            left_out.add(BAD_RULE, line(series.parts[0], "SUMMARY"))


def _recurrence_of(part: Any) -> date | datetime | None:
    """Return the RECURRENCE-ID of an occurrence on the clock of its start: some programs write it
    in UTC for those that they changed."""
    at, start = part.get("RECURRENCE-ID"), start_of(part)
    if not at:
        return start
    clocks = [d.tzinfo for d in (at.dt, start) if isinstance(d, datetime) and d.tzinfo]
    found: date | datetime = at.dt.astimezone(clocks[1]) if len(clocks) == 2 else at.dt
    return found


def _ends(part: Any, first: date) -> bool:
    """Whether it may be that a component simply has no occurrence from this day on."""
    return bool(part.get("RRULE")) or day_of(start_of(part)) < first


def agenda_name(data: bytes) -> str:
    """Return the name that an agenda gives itself (X-WR-CALNAME, NAME); empty without one."""
    for text in decoded(data[:4000]).splitlines():
        name, _, value = text.partition(":")
        if name.partition(";")[0].upper() in ("X-WR-CALNAME", "NAME"):
            return clean_line(value)[:200]
    return ""
