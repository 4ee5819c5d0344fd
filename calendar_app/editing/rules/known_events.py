"""Compares the dated items of a letter with the events of the calendar: which ones are new, which
ones change a date, and which ones are already known.

Pure: events come in as values, decisions go out as values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import product

from calendar_app.editing.rules.draft_states import Proposal
from calendar_app.letters.dated_items import DatedItem, ItemKind, ItemStatus, Step
from calendar_app.letters.reading.title_words import SAME_TITLE, closeness
from calendar_app.school.academies import NATIONAL, Academies
from calendar_app.school.school_year import SchoolYear
from calendar_app.words.text import fold, slugify
from calendar_app.words.vocabulary import Certainty, MilestoneKind

_ENDED = (ItemStatus.CANCELLED, ItemStatus.POSTPONED)
#: The kind of a deadline whose step is known.
KIND_OF_STEP = {
    Step.REGISTRATION: MilestoneKind.REGISTRATION_DEADLINE,
    Step.SUBMISSION: MilestoneKind.SUBMISSION_DEADLINE,
}
#: Matches the folded title of an event that is the announcement of results.
RESULTS = re.compile(r"\b(?:resultats?|palmares|laureats?)\b")
# An approximate deadline (« fin mai ») has a last day only: its first day is taken so long before.
_MONTH = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class KnownDate:
    """A milestone of the calendar, with its inclusive days and its scope codes."""

    id: int
    kind: MilestoneKind
    first_day: date
    last_day: date
    certainty: Certainty
    scope: frozenset[str]
    cancelled: bool


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """An event of the calendar.

    :param names: the title of the event and the title of its series.
    :param school_year: the calendar year in which its school year starts.
    :param scope: the codes of the event and of all its dates.
    """

    id: str
    series_id: str
    names: tuple[str, ...]
    school_year: int
    scope: frozenset[str]
    dates: tuple[KnownDate, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """The result for one item.

    :param proposal: None when the calendar already has the date.
    :param series_id: for a new event, the series of which it is the next edition, if any.
    :param milestone_id: the milestone that is already known or that changes; for a window, its
        deadline if it has one.
    :param known_first_day: with *known_last_day*, the days in the calendar, in the form of the
        item's own days; both None where the calendar has no such date.
    :param same_as: position of another item of the same letter that announces the same change.
    """

    proposal: Proposal | None
    series_id: str | None = None
    event_id: str | None = None
    milestone_id: int | None = None
    known_first_day: date | None = None
    known_last_day: date | None = None
    same_as: int | None = None


@dataclass(frozen=True, slots=True)
class _Span:
    """One or two milestones in the form of an item: a window is an opening and a deadline."""

    dates: tuple[KnownDate, ...]
    first_day: date | None
    last_day: date | None

    @property
    def ids(self) -> frozenset[int]:
        return frozenset(d.id for d in self.dates)

    @property
    def approximate(self) -> bool:
        return any(d.certainty is Certainty.APPROXIMATE for d in self.dates)

    @property
    def cancelled(self) -> bool:
        return all(d.cancelled for d in self.dates)


def scope_of(item: DatedItem, academies: Academies) -> frozenset[str]:
    """Return the scope codes of an item. An académie is replaced by its départements where the item
    names some of them; an item that names neither is national."""
    departments = {academies.department(code).code for code in item.departments}
    narrowed = {academies.of_department(code).slug for code in departments}
    codes = {f"academie/{slug}" for slug in item.academies if slug not in narrowed}
    codes |= {f"departement/{code}" for code in departments}
    return frozenset(codes or {NATIONAL})


def decide(
    items: Sequence[DatedItem],
    events: Sequence[KnownEvent],
    series: Mapping[str, str],
    academies: Academies,
    issued: date,
) -> tuple[Decision, ...]:
    """Return a decision for each item of a letter, in the order of the items.

    Items that the calendar already has are matched first: otherwise the second of two sessions
    would be taken for the first one, moved. Cancelled and postponed items come last: « reporté »
    may only repeat that a date moved.

    :param series: id → title of all series.
    :param issued: the day of the letter; an item without days belongs to that day's school year.
    """
    return _Decider(items, events, series, academies, issued).decisions()


def compatible(one: Iterable[str], other: Iterable[str], academies: Academies) -> bool:
    """Whether two scopes have a département in common."""
    return not _reach(one, academies).isdisjoint(_reach(other, academies))


class _Decider:
    def __init__(
        self,
        items: Sequence[DatedItem],
        events: Sequence[KnownEvent],
        series: Mapping[str, str],
        academies: Academies,
        issued: date,
    ) -> None:
        self.items = items
        self.all_events = events
        self.series = series
        self.academies = academies
        self.issued = issued
        #: Cached, because many dates have the same scope.
        self.reach = cache(lambda scope: _reach(scope, academies))
        self.reaches = [self.reach(scope_of(item, academies)) for item in items]
        self.events = [self._event_of(at) for at in range(len(items))]
        #: Id of a milestone → position of the item that was matched with it.
        self.taken: dict[int, int] = {}
        self.found: dict[int, Decision] = {}

    def decisions(self) -> tuple[Decision, ...]:
        everything = range(len(self.items))
        held = [at for at in everything if self.items[at].status not in _ENDED]
        ended = [at for at in everything if self.items[at].status in _ENDED]
        for at in held:
            self._say_known(at)
        for at in held:
            if at not in self.found:
                self.found[at] = self._news(at)
        for at in ended:
            self.found[at] = self._end(at)
        return tuple(self.found[at] for at in everything)

    def _say_known(self, at: int) -> None:
        item, event = self.items[at], self.events[at]
        for span in self._spans(at, every=True) if event else ():
            if event and _same_days(item, span) and span.ids.isdisjoint(self.taken):
                self.found[at] = self._decision(at, None, event, span)
                return

    def _news(self, at: int) -> Decision:
        event = self.events[at]
        if event is None:
            return Decision(Proposal.NEW_EVENT, series_id=self._series_of(at))
        if not (self.items[at].first_day or self.items[at].last_day):
            return Decision(Proposal.NEW_DATE, event_id=event.id)  # a day that does not exist
        spans = [s for s in self._spans(at) if s.ids.isdisjoint(self.taken)]
        # A département's deadline in a national contest is a separate date. It is the national
        # deadline only if the letter says « prolongé » or « reporté ». A named académie decides
        # nothing: the letter of an académie announces national contests, too.
        item = self.items[at]
        if item.departments and item.status is ItemStatus.PLANNED:
            spans = [s for s in spans if self._reach_of(s) <= self.reaches[at]]
        spans = [s for s in spans if self._reach_of(s) == self.reaches[at]] or spans
        if len(spans) != 1:
            return Decision(Proposal.NEW_DATE, event_id=event.id)
        return self._decision(at, Proposal.CHANGE, event, spans[0])

    def _end(self, at: int) -> Decision:
        item, event = self.items[at], self.events[at]
        if event is None:
            return Decision(Proposal.NEW_EVENT, series_id=self._series_of(at))
        if not (item.first_day or item.last_day):
            return Decision(Proposal.NEW_DATE, event_id=event.id)  # a day that does not exist
        spans = list(self._spans(at, every=True))
        spans = [s for s in spans if _same_days(item, s)] or spans
        if len(spans) != 1:
            return Decision(Proposal.NEW_DATE, event_id=event.id)
        (span,) = spans
        if span.cancelled:
            return self._decision(at, None, event, span)
        for other in {self.taken[i] for i in span.ids if i in self.taken}:
            if self.found[other].proposal is Proposal.CHANGE:
                return self._decision(at, Proposal.CHANGE, event, span, same_as=other)
        return self._decision(at, Proposal.CHANGE, event, span)

    def _decision(
        self,
        at: int,
        proposal: Proposal | None,
        event: KnownEvent,
        span: _Span,
        same_as: int | None = None,
    ) -> Decision:
        if same_as is None:
            self.taken |= dict.fromkeys(span.ids, at)
        return Decision(
            proposal,
            event_id=event.id,
            milestone_id=span.dates[-1].id,
            known_first_day=span.first_day,
            known_last_day=span.last_day,
            same_as=same_as,
        )

    def _year(self, at: int) -> int:
        item = self.items[at]
        return SchoolYear.of(item.last_day or item.first_day or self.issued).start

    def _event_of(self, at: int) -> KnownEvent | None:
        """Return the known event with the closest name, or None; among equally close names, an
        event with the same scope is preferred."""
        title, year = self.items[at].title, self._year(at)
        ranked = [
            (
                max(closeness(title, name) for name in event.names),
                self.reach(event.scope) == self.reaches[at],
                event,
            )
            for event in self.all_events
            if event.school_year == year
            and not self.reach(event.scope).isdisjoint(self.reaches[at])
        ]
        best = max(ranked, key=lambda row: row[:2], default=None)
        return best[2] if best and best[0] >= SAME_TITLE else None

    def _series_of(self, at: int) -> str | None:
        """Return the series with the closest title and no edition in that school year, or None."""
        title, year = self.items[at].title, self._year(at)
        held = {event.series_id for event in self.all_events if event.school_year == year}
        ranked = [(closeness(title, self.series[i]), i) for i in self.series if i not in held]
        best = max(ranked, default=(0.0, None))
        return best[1] if best[0] >= SAME_TITLE else None

    def _spans(self, at: int, *, every: bool = False) -> Iterator[_Span]:
        """Yield the dates of an item's event that have the item's kind.

        :param every: also yield dates whose kind is only possible, for a comparison of days.
        """
        item, event = self.items[at], self.events[at]
        near = [
            d
            for d in (event.dates if event else ())
            if not self.reach(d.scope).isdisjoint(self.reaches[at])
        ]
        if item.kind is ItemKind.EVENT:
            results = bool(RESULTS.search(fold(item.title)))
            kinds = {MilestoneKind.RESULTS if results else MilestoneKind.SESSION}
            if every:
                kinds = {MilestoneKind.SESSION, MilestoneKind.RESULTS}
            yield from (_Span((d,), d.first_day, d.last_day) for d in near if d.kind in kinds)
            return
        deadlines = _deadlines(item.step, near, every=every)
        if item.kind is ItemKind.DEADLINE:
            yield from (_Span((d,), None, d.last_day) for d in deadlines)
            return
        openings = [d for d in near if d.kind is MilestoneKind.OPENING]
        if item.last_day is None:
            yield from (_Span((o,), o.first_day, None) for o in openings)
            return
        if not openings:
            yield from (_Span((d,), None, d.last_day) for d in deadlines)
        elif not deadlines:
            yield from (_Span((o,), o.first_day, None) for o in openings)
        else:
            for o, d in product(openings, deadlines):
                yield _Span((o, d), o.first_day, d.last_day)

    def _reach_of(self, span: _Span) -> frozenset[str]:
        return frozenset().union(*(self.reach(d.scope) for d in span.dates))


def _deadlines(step: Step | None, dates: Sequence[KnownDate], *, every: bool) -> list[KnownDate]:
    """Return the deadlines that may have this step. An unknown step matches every deadline."""
    of_any = [d for d in dates if d.kind.is_deadline]
    if step is None or step is Step.UNKNOWN:
        return of_any
    own = [d for d in of_any if d.kind is KIND_OF_STEP[step]]
    unsaid = [d for d in of_any if d.kind is MilestoneKind.DEADLINE]
    return own + unsaid if every else own or unsaid


def _same_days(item: DatedItem, span: _Span) -> bool:
    """Whether an item has the known days. « Fin mai » agrees with a known 28 May."""
    if item.certainty is Certainty.APPROXIMATE:
        last = item.last_day or item.first_day
        if last is None:
            return False
        first = item.first_day or last - _MONTH
        return all(first <= day <= last for day in (span.first_day, span.last_day) if day)
    if span.approximate:
        return False
    if item.kind is ItemKind.EVENT:
        days = item.first_day or item.last_day, item.last_day or item.first_day
        return days == (span.first_day, span.last_day)
    return (item.first_day, item.last_day) == (span.first_day, span.last_day)


def _reach(scope: Iterable[str], academies: Academies) -> frozenset[str]:
    """Return the codes of all départements that a scope covers."""
    found: set[str] = set()
    for code in scope:
        kind, _, name = code.partition("/")
        match kind:
            case "departement":
                found.add(name)
            case "academie":
                below = academies.scope_of_academy(name)
                found |= {c.partition("/")[2] for c in below if c.startswith("departement/")}
            case "region":
                members = [a for a in academies if a.region and slugify(a.region) == name]
                found |= {d.code for a in members for d in a.departments}
            case _:
                found |= {d.code for d in academies.departments}
    return frozenset(found)
