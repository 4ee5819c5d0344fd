"""Convert the rows of the store to entries of ``events.yaml``, and entries to rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm.attributes import instance_state

from calendar_app.catalogue.entries import (
    EventEntry,
    MilestoneEntry,
    MovedFromEntry,
    ParticipationEntry,
    RecordEntry,
    ScopeEntry,
    SourceEntry,
)
from calendar_app.catalogue.facts import OF_THE_STORE
from calendar_app.catalogue.models.events import Event, Milestone, PastDate, milestone_uid
from calendar_app.catalogue.queries import Reference
from calendar_app.school import levels
from calendar_app.school.academies import NATIONAL, Academies
from calendar_app.words.text import words
from calendar_app.words.vocabulary import Audience, Certainty, PupilData, Registrant, Sending


def event_entry(event: Event, academies: Academies) -> EventEntry:
    """Return the entry of an event of the store, with the record of its revision."""
    return EventEntry(
        id=event.id,
        series=event.series_id,
        title=event.title,
        school_year=event.year.label,
        type=event.type,
        audience=tuple(map(Audience, event.audience)),
        classes=levels.collapse(event.classes),
        themes=tuple(sorted(event.themes)),
        scope=scope_entry(event.scope),
        organiser=event.organiser,
        link=event.link,
        place=event.place,
        part_of=event.part_of_id,
        summary=event.summary,
        source=SourceEntry(name=event.source_name, link=event.source_link),
        participation=ParticipationEntry(
            registrants=tuple(map(Registrant, event.registrants)),
            ien_visa=event.ien_visa,
            where=event.register_where,
            where_link=event.register_link,
            cost=event.cost,
            places=event.places,
            sending=tuple(map(Sending, event.sending)),
            pupil_data=tuple(map(PupilData, event.pupil_data)),
        ),
        full=event.full,
        cancelled=event.cancelled_at is not None,
        reason=event.reason,
        archived=event.archived_at is not None,
        milestones=tuple(_milestone_entry(m, academies) for m in event.milestones),
        record=RecordEntry(
            revision=event.revision,
            changed_at=event.changed_at,
            cancelled_at=event.cancelled_at,
            by_rule=event.by_rule,
        ),
    )


def scope_entry(scope: Iterable[str]) -> ScopeEntry:
    """Return scope codes as an entry.

    :param scope: at least one code; ``national`` only alone.
    :raises pydantic.ValidationError: for other sets of codes.
    """
    names: dict[str, list[str]] = {NATIONAL: [], "region": [], "academie": [], "departement": []}
    for code in sorted(scope):
        kind, _, name = code.partition("/")
        names[kind].append(name)
    return ScopeEntry(
        national=bool(names[NATIONAL]),
        regions=tuple(names["region"]),
        academies=tuple(names["academie"]),
        departments=tuple(names["departement"]),
    )


def _milestone_entry(milestone: Milestone, academies: Academies) -> MilestoneEntry:
    one_day = milestone.first_day == milestone.last_day and not milestone.is_approximate
    moved = milestone.moved_from_first_day and milestone.moved_from_last_day
    return MilestoneEntry(
        kind=milestone.kind,
        key=milestone.key,
        day=milestone.first_day if one_day else None,
        first_day=None if one_day else milestone.first_day,
        last_day=None if one_day else milestone.last_day,
        start_time=milestone.start_time,
        end_time=milestone.end_time,
        label=milestone.label,
        place=milestone.place,
        certainty=milestone.certainty,
        phrase=milestone.phrase,
        scope=scope_entry(milestone.own_scope) if milestone.own_scope else None,
        # Written only where it differs from the zone that the scope implies.
        time_zone=(
            milestone.time_zone
            if milestone.time_zone != academies.time_zone_of(milestone.scope)
            else None
        ),
        cancelled=milestone.cancelled_at is not None,
        cancelled_at=milestone.cancelled_at,
        announced_at=milestone.announced_at,
        changed_at=milestone.changed_at,
        moved_from=(
            MovedFromEntry(
                first_day=milestone.moved_from_first_day, last_day=milestone.moved_from_last_day
            )
            if moved
            else None
        ),
    )


def content_of(entry: EventEntry, event: Event, academies: Academies) -> dict[str, Any]:
    """Return the content of an entry in a canonical form, for comparison only. The record and the
    order of classes, themes and other sets do not count; a date without ``moved_from`` keeps the
    value of the store."""
    known = {m.key: m for m in event.milestones}
    facts = entry.model_dump(exclude={"record", "milestones", "scope", "classes", "themes"})
    facts["scope"] = entry.scope_codes()
    facts["classes"] = levels.expand(entry.classes)
    facts["themes"] = frozenset(entry.themes)
    for name in ("registrants", "sending", "pupil_data"):
        facts["participation"][name] = frozenset(facts["participation"][name])
    facts["audience"] = frozenset(entry.audience)
    own = {"day", "first_day", "last_day", "scope", "time_zone", "moved_from", *OF_THE_STORE}
    facts["milestones"] = [
        m.model_dump(exclude=own)
        | {
            "days": m.days,
            "scope": m.scope_codes(),
            "time_zone": time_zone(m, entry, academies),
            "moved_from": moved_from(m, known.get(m.key), entry),
        }
        for m in entry.milestones
    ]
    return facts


def apply_entry(
    event: Event,
    entry: EventEntry,
    reference: Reference,
    now: datetime,
    *,
    as_written: bool = False,
) -> None:
    """Change an event of the store, and its milestones, to what an entry says.

    The caller sets the series, ``part_of``, the revision and ``changed_at`` of the event.

    :param as_written: take ``moved_from`` exactly as the entry has it (an editor's entry).
        Otherwise a day that differs from the store is a move, which the milestone remembers.
    """
    academies = reference.academies
    part = entry.participation
    were = {m.key: _Was.of(m) for m in event.milestones}
    event.school_year = int(entry.school_year[:4])
    event.title, event.summary, event.type = entry.title, entry.summary, entry.type
    event.audience = [value.value for value in entry.audience]
    event.organiser, event.link, event.place = entry.organiser, entry.link, entry.place
    event.source_name, event.source_link = entry.source.name, entry.source.link
    event.registrants = [value.value for value in part.registrants]
    event.ien_visa, event.register_where = part.ien_visa, part.where
    event.register_link, event.cost, event.places = part.where_link, part.cost, part.places
    event.sending = [value.value for value in part.sending]
    event.pupil_data = [value.value for value in part.pupil_data]
    event.full, event.reason = entry.full, entry.reason
    event.archived_at = (event.archived_at or now) if entry.archived else None
    record = entry.record
    event.cancelled_at = _cancelled_at(
        entry.cancelled, event.cancelled_at, record.cancelled_at if record else None, now
    )
    event.scope = set(entry.scope_codes())
    event.classes = set(levels.expand(entry.classes))
    event.themes = set(entry.themes)
    known = {m.key: m for m in event.milestones}
    event.milestones = [
        _milestone(position, m, known.get(m.key), entry, academies, now, as_written=as_written)
        for position, m in enumerate(entry.milestones)
    ]
    for milestone in event.milestones:
        if (was := were.get(milestone.key)) and was.is_news(milestone):
            past = PastDate(until_at=now, day=was.day, cancelled=was.cancelled)
            milestone.past.append(past)
    event.search_text = search_text(event, reference.themes)
    event_changed = _is_changed(event)
    for milestone in event.milestones:
        if milestone.key in known and (event_changed or _is_changed(milestone)):
            milestone.changed_at = now


@dataclass(frozen=True, slots=True)
class _Was:
    """The state of a date before a change: what people knew."""

    moved_from: tuple[date | None, date | None]
    day: date
    approximate: bool
    cancelled: bool

    @classmethod
    def of(cls, m: Milestone) -> _Was:
        moved = m.moved_from_first_day, m.moved_from_last_day
        return cls(moved, m.counted_day, m.is_approximate, m.is_cancelled)

    def is_news(self, m: Milestone) -> bool:
        """Whether people must be told of the change: the date was cancelled, restored, moved or
        moved back. A day that became known, or the correction of a mistake, is not news."""
        if m.is_cancelled != self.cancelled:
            return True
        if m.counted_day == self.day or m.is_approximate or self.approximate:
            return False
        return m.moved_from_last_day is not None or (m.first_day, m.last_day) == self.moved_from


def _milestone(
    position: int,
    entry: MilestoneEntry,
    known: Milestone | None,
    event: EventEntry,
    academies: Academies,
    now: datetime,
    *,
    as_written: bool,
) -> Milestone:
    said = entry.moved_from and (entry.moved_from.first_day, entry.moved_from.last_day)
    moved = said if as_written else moved_from(entry, known, event)
    milestone = known or Milestone(
        key=entry.key,
        uid=milestone_uid(event.id, entry.key),
        announced_at=entry.announced_at or now,
        changed_at=entry.changed_at or now,
    )
    milestone.position, milestone.kind = position, entry.kind
    was = (milestone.first_day, milestone.last_day, milestone.certainty)
    if was != (*entry.days, entry.certainty):
        milestone.dated_at = now
    milestone.first_day, milestone.last_day = entry.days
    milestone.start_time, milestone.end_time = entry.start_time, entry.end_time
    milestone.time_zone = time_zone(entry, event, academies)
    milestone.certainty, milestone.phrase = entry.certainty, entry.phrase
    milestone.label, milestone.place = entry.label, entry.place
    milestone.moved_from_first_day, milestone.moved_from_last_day = moved or (None, None)
    milestone.cancelled_at = _cancelled_at(
        entry.cancelled, milestone.cancelled_at, entry.cancelled_at, now
    )
    milestone.own_scope = set(entry.scope_codes())
    return milestone


#: Attributes that readers do not see: a change to them is no change of a date.
_UNSAID = frozenset(
    {
        "announced_at",
        "catalogue_version",
        "changed_at",
        "dated_at",
        "event",
        "imported_revision",
        "milestones",
        "position",
        "revision",
        "rule_revision",
        "search_text",
    }
)


def _is_changed(noun: Event | Milestone) -> bool:
    """Whether an attribute that readers see has an unsaved change, in this row alone."""
    changed = (state.key for state in instance_state(noun).attrs if state.history.has_changes())
    return not _UNSAID.issuperset(changed)


def time_zone(entry: MilestoneEntry, event: EventEntry, academies: Academies) -> str:
    """Return the time zone (IANA name) of a date's hours: the zone of the entry, or else the zone
    that the scope implies."""
    scope = entry.scope_codes() or event.scope_codes()
    return entry.time_zone or academies.time_zone_of(scope)


def moved_from(
    entry: MilestoneEntry, known: Milestone | None, event: EventEntry
) -> tuple[date, date] | None:
    """Return the days of a date before it was first moved: first and last; None when it never was.

    The entry's own ``moved_from`` comes first, then what the store knows. A date that returns to
    its first days was not moved. A date that was approximate was not moved either: its day became
    known. An exported file (with a ``record``) names every move. When a move is missing there, it
    is taken back: somebody corrected a wrong day.

    :param known: the milestone in the store; None for a new date.
    :param event: the entry of the date's event.
    """
    if entry.moved_from:
        return entry.moved_from.first_day, entry.moved_from.last_day
    if known is None:
        return None
    before = known.moved_from_first_day, known.moved_from_last_day
    now = known.first_day, known.last_day
    if event.record and now == entry.days:
        return None
    first = (before[0], before[1]) if before[0] and before[1] else now
    if first == entry.days or Certainty.APPROXIMATE in (known.certainty, entry.certainty):
        return None
    return first


def _cancelled_at(
    cancelled: bool, known: datetime | None, recorded: datetime | None, now: datetime
) -> datetime | None:
    return (known or recorded or now) if cancelled else None


def search_text(event: Event, themes: dict[str, str]) -> str:
    """Return the folded words in which a search (filter ``q``) looks for an event, each between
    two spaces.

    :param themes: the closed list, slug → name.
    """
    texts = [
        event.title,
        event.series.title,
        event.organiser,
        event.summary,
        event.place or "",
        event.source_name,
        event.type.words,
        *sorted(themes[slug] for slug in event.themes),
        *(levels.name(slug) for slug in levels.collapse(event.classes)),
        *(m.label or "" for m in event.milestones),
        *(m.place or "" for m in event.milestones),
    ]
    return f" {' '.join(words(' '.join(texts)))} "
