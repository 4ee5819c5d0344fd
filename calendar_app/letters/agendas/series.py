"""The things of an agenda: the components of one UID put together, and what is not taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import icalendar
from dateutil.relativedelta import relativedelta

from calendar_app.letters.agendas.content_lines import agenda_text
from calendar_app.letters.agendas.entries import (
    Clock,
    day_of,
    is_private,
    line,
    start_of,
    told_at,
)
from calendar_app.letters.agendas.left_out import (
    BAD_DAY,
    BAD_RULE,
    DOUBLE,
    MAX_OCCURRENCES,
    MONTHS,
    NO_DAY,
    NOTE,
    OTHER,
    PRIVATE,
    TOO_MANY,
    LeftOut,
)
from calendar_app.letters.agendas.rules import days_taken, refused_rule, settle_rule
from calendar_app.words.errors import UnreadableLetterError
from calendar_app.words.text import fold

DAMAGED = "Cet agenda est endommagé."

#: For how many days after its end a date is still told, so that a move into the past is seen.
JUST_PAST = timedelta(days=31)

#: What a value that is none may raise, in any of three libraries.
BROKEN = (ValueError, TypeError, OverflowError, AttributeError, LookupError)


def last_read(today: date) -> date:
    """Return the day from which on nothing is read."""
    return today.replace(day=1) + relativedelta(months=MONTHS + 1)


@dataclass(frozen=True, slots=True)
class Series:
    """The components of one thing: one that does not return, or one with its exceptions.

    :param shared: whether another thing of the file has the same UID.
    """

    uid: str
    clock: Clock
    parts: tuple[Any, ...]
    shared: bool

    @property
    def returns(self) -> bool:
        names = ("RRULE", "RDATE", "RECURRENCE-ID")
        return len(self.parts) > 1 or any(self.parts[0].get(name) for name in names)


class _Part(NamedTuple):
    """A VEVENT or a VTODO; why it is not taken (French), if it is not."""

    uid: str
    clock: Clock
    component: Any
    refused: str | None

    @property
    def is_exception(self) -> bool:
        return bool(self.component.get("RECURRENCE-ID"))

    @property
    def title(self) -> str:
        return line(self.component, "SUMMARY")

    @property
    def shown_title(self) -> str:
        return "" if self.refused == PRIVATE else self.title


def series_of(data: bytes, zone: str, today: date, left_out: LeftOut) -> list[Series]:
    """Return the things of all VCALENDARs of a file.

    :raises UnreadableLetterError: when the file is no agenda, or is cut.
    """
    text, begun = agenda_text(data)
    try:
        agendas = icalendar.Calendar.from_ical(text, multiple=True)
    except BROKEN as error:
        raise UnreadableLetterError(DAMAGED) from error
    if not begun or len(agendas) < begun:  # the end of one is missing
        raise UnreadableLetterError(DAMAGED)
    of_uid: dict[str, list[_Part]] = {}
    for agenda in agendas:
        clock = Clock.of(line(agenda, "X-WR-TIMEZONE"), zone)
        off = line(agenda, "METHOD").upper() == "CANCEL"
        for component in agenda.subcomponents:
            if component.name not in ("VEVENT", "VTODO"):
                _count_other(component, today, left_out)
                continue
            if off:
                component["STATUS"] = "CANCELLED"
            own = line(component, "UID")[:200]
            own = own or f"sans-uid:{fold(line(component, 'SUMMARY'))[:100]}"
            part = _Part(own, clock, component, _refused(component))
            of_uid.setdefault(own, []).append(part)
    return [found for parts in of_uid.values() for found in _series(parts, today, left_out)]


def _count_other(component: Any, today: date, left_out: LeftOut) -> None:
    """Count a note, or a time when somebody is busy, that is no date of an agenda."""
    if component.name != "VTIMEZONE" and not _is_over(component, today):
        reason = NOTE if component.name == "VJOURNAL" else OTHER
        left_out.add(reason, "" if is_private(component) else line(component, "SUMMARY"))


def _series(parts: list[_Part], today: date, left_out: LeftOut) -> Iterator[Series]:
    """Yield the things under one UID: each master, the first that returns with its exceptions.

    Where the latest version of a master is not taken, no earlier one stands.
    """
    latest = _latest([part for part in parts if not part.is_exception], today, left_out)
    exceptions = [part for part in parts if part.is_exception]
    if any(master.refused == PRIVATE for master in latest):
        exceptions = [_as_private_as_its_series(part) for part in exceptions]
    for part in (*latest, *exceptions):
        if part.refused and not _is_over(part.component, today):
            left_out.add(part.refused, part.shown_title)
    gone = [part.component for part in exceptions if part.refused]
    masters = [part for part in latest if not part.refused]
    exceptions = [part for part in exceptions if not part.refused]
    whose = next(
        (m for m in masters if m.component.get("RRULE") or m.component.get("RDATE")),
        masters[0] if masters else None,
    )
    if whose is None and exceptions:
        whose, *exceptions = exceptions
        masters = [whose]
    titles: dict[str | None, str] = {}
    for master in masters:
        own_ones = [p.component for p in exceptions] if master is whose else []
        try:
            _settle(master, own_ones, gone if master is whose else [], last_read(today))
        except BROKEN:
            left_out.add(BAD_RULE, master.title)
            continue
        at, uid = told_at(start_of(master.component)), master.uid
        if titles.setdefault(at, master.title) != master.title:  # another thing of the same moment
            uid = f"{uid}:{fold(master.title)[:100]}"
        yield Series(uid, master.clock, (master.component, *own_ones), len(masters) > 1)


def _as_private_as_its_series(exception: _Part) -> _Part:
    is_public = line(exception.component, "CLASS").upper() == "PUBLIC"
    return exception if is_public else exception._replace(refused=PRIVATE)


def _latest(masters: list[_Part], today: date, left_out: LeftOut) -> list[_Part]:
    """Return the masters of one UID without their earlier versions: a lower SEQUENCE, or the same
    moment and title earlier in the file. One that said something else is counted."""
    highest = max((_sequence(part.component) for part in masters), default=0)
    latest = {}
    for part in masters:
        if _sequence(part.component) == highest:
            latest[told_at(start_of(part.component)), fold(part.title)] = part
    # What is private once is private under each of its titles, with or without a SEQUENCE.
    private = {at for (at, _), part in latest.items() if part.refused == PRIVATE}
    latest = {
        (at, title): part
        for (at, title), part in latest.items()
        if at not in private or part.refused == PRIVATE
    }
    titles = {title for _, title in latest}
    hides = any(part.refused == PRIVATE for part in latest.values())
    for part in masters:
        is_old = _sequence(part.component) < highest
        if is_old and fold(part.title) not in titles and not _is_over(part.component, today):
            left_out.add(DOUBLE, "" if hides else part.shown_title)
    return list(latest.values())


def _sequence(component: Any) -> int:
    text = line(component, "SEQUENCE")
    return int(text) if text.isdigit() and len(text) < 10 else 0


def _is_over(component: Any, today: date) -> bool:
    start = start_of(component)
    return start is not None and not component.get("RRULE") and day_of(start) < today - JUST_PAST


# -- what is not taken -----------------------------------------------------------------------------


def _refused(component: Any) -> str | None:
    """Return in French why a component is not taken, or None."""
    if is_private(component):
        return PRIVATE
    broken = {name for name, _ in component.errors}
    if start_of(component) is None:
        return BAD_DAY if broken & {"DTSTART", "DUE"} else NO_DAY
    if broken & {"RRULE", "EXRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}:
        return BAD_RULE
    if sum(len(group.dts) for group in _listed(component, "RDATE")) > MAX_OCCURRENCES:
        return TOO_MANY
    rules = [*_listed(component, "RRULE"), *_listed(component, "EXRULE")]
    return next(filter(None, map(refused_rule, rules)), None)


def _listed(component: Any, name: str) -> list[Any]:
    value = component.get(name, [])
    return value if isinstance(value, list) else [value]


# -- what returns, made ready for its expansion ----------------------------------------------------


def _settle(master: _Part, exceptions: Iterable[Any], gone: Iterable[Any], last: date) -> None:
    """Write the days and times of a repetition on the clock of its start: programs mix days, UTC
    and local times, and only the same kind names the same occurrence.

    :param exceptions: they stand, even where an EXDATE takes their occurrence away.
    :param gone: exceptions that are not taken: their occurrences do not take place as the rule
        says, so they are none.
    :param last: an EXRULE is expanded until this day.
    """
    component, start = master.component, start_of(master.component)

    def on_clock(at: Any) -> Any:
        if isinstance(at, timedelta):
            return at
        if isinstance(at, tuple):  # a period
            return tuple(map(on_clock, at))
        return _on_clock(at, start, master.clock)

    own = set()
    for exception in [e for e in (component, *exceptions) if e.get("RECURRENCE-ID")]:
        told = exception["RECURRENCE-ID"]
        at = on_clock(told.dt)
        own.add(at)
        exception["RECURRENCE-ID"] = icalendar.vDDDTypes(at)
        if "RANGE" in told.params:
            exception["RECURRENCE-ID"].params["RANGE"] = told.params["RANGE"]
    without = {on_clock(d.dt) for group in _listed(component, "EXDATE") for d in group.dts} - own
    without |= {on_clock(e["RECURRENCE-ID"].dt) for e in gone if _is_day(e.get("RECURRENCE-ID"))}
    for rule in _listed(component, "EXRULE"):
        settle_rule(rule, start)
        without |= {*days_taken(rule, start, last, on_clock)} - own
    component.pop("EXRULE", None)
    more = [on_clock(d.dt) for group in _listed(component, "RDATE") for d in group.dts]
    for name, days in (("EXDATE", sorted(without)), ("RDATE", more)):
        component.pop(name, None)
        if days:
            component.add(name, days)
    for rule in _listed(component, "RRULE"):
        settle_rule(rule, start)


def _is_day(value: Any) -> bool:
    return isinstance(getattr(value, "dt", None), date)


def _on_clock(at: date, start: Any, clock: Clock) -> date:
    if not isinstance(start, datetime):
        return day_of(at)
    if not isinstance(at, datetime):
        return datetime.combine(at, start.timetz())
    if at.tzinfo is None:
        return at.replace(tzinfo=start.tzinfo)
    if start.tzinfo is None:
        return clock.local(at).astimezone(clock.own).replace(tzinfo=None)
    return at.astimezone(start.tzinfo)
