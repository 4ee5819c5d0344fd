"""The catalogue in and out: importing and exporting ``events.yaml``.

The file is the reviewed record, the store the living one. An import never overwrites what was
changed in the store since the file last spoke of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from calendar_app.domain import levels
from calendar_app.domain.academies import Academies
from calendar_app.domain.text import fold
from calendar_app.domain.vocabulary import Certainty
from calendar_app.models import Event, Milestone, Series, queries, writing
from calendar_app.models.base import AnySession
from calendar_app.models.events import milestone_uid
from calendar_app.services.entries import event_entry
from calendar_app.sources.events_entries import EventEntry, EventsFile, MilestoneEntry


@dataclass(frozen=True)
class ImportReport:
    """What an import did, by event id.

    :param conflicts: events that were changed in the store since the last import; kept as they
        are there.
    :param absent: events of the store that the file does not name; left alone.
    """

    created: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    conflicts: tuple[str, ...]
    absent: tuple[str, ...]


def import_events(
    session: AnySession,
    file: EventsFile,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Bring the events of a file into the store, all or none.

    An event that stands in the store is changed only if nobody changed it there since the last
    import, or if the file was exported from the revision that the store has now. A milestone
    that the file no longer names is removed; a moved one remembers where it stood first.

    :param progress: called with (events done, all of them).
    """
    outcomes: dict[str, str] = {}
    with writing(session, now):
        queries.catalogue(session, for_update=True)
        reference = queries.reference(session)
        series = _import_series(session, file)
        found: dict[str, Event] = {}
        for number, entry in enumerate(file.events, start=1):
            event = queries.event(session, entry.id, for_update=True)
            outcome = "created"
            if event is None:
                event = _create(entry, now)
            else:
                outcome = _outcome(event, entry, reference.academies)
            if outcome in ("created", "changed"):
                event.series = series[entry.series]
                _apply(event, entry, reference.academies, now)
                event.search_text = search_text(event, reference.themes)
                session.add(event)
            if outcome == "changed":
                recorded = entry.record.revision if entry.record else 0
                event.revision = max(event.revision + 1, recorded)
                event.changed_at = now
            if outcome != "conflicts" and event.imported_revision != event.revision:
                event.imported_revision = event.revision
            outcomes[entry.id] = outcome
            found[entry.id] = event
            if progress:
                progress(number, len(file.events))
        for entry in file.events:
            if outcomes[entry.id] != "conflicts" and found[entry.id].part_of_id != entry.part_of:
                found[entry.id].part_of = (
                    found.get(entry.part_of) or queries.event(session, entry.part_of)
                    if entry.part_of
                    else None
                )
        session.flush()
        absent = sorted(queries.event_ids(session) - found.keys())

    def ids(outcome: str) -> tuple[str, ...]:
        return tuple(event_id for event_id, was in outcomes.items() if was == outcome)

    return ImportReport(
        created=ids("created"),
        changed=ids("changed"),
        unchanged=ids("unchanged"),
        conflicts=ids("conflicts"),
        absent=tuple(absent),
    )


def export_events(session: AnySession) -> EventsFile:
    """Return the whole catalogue as a file: by school year, then by id. A fresh store that
    imports it gives the same feeds."""
    # Sorted here: engines order text differently, and an export must be the same from both.
    series = sorted(session.scalars(select(Series)), key=lambda s: s.id)
    events = sorted(session.scalars(select(Event)), key=lambda e: (e.school_year, e.id))
    academies = queries.reference(session).academies
    return EventsFile(
        series={s.id: s.title for s in series},
        events=tuple(event_entry(e, academies) for e in events),
    )


def search_text(event: Event, themes: dict[str, str]) -> str:
    """Return the folded words by which an event is found (filter ``q``)."""
    words = [
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
    return fold(" ".join(word for word in words if word))


def _import_series(session: AnySession, file: EventsFile) -> dict[str, Series]:
    found = {}
    for slug, title in file.series.items():
        series = found[slug] = session.get(Series, slug) or Series(id=slug, title=title)
        if series.title != title:
            series.title = title
        session.add(series)
    return found


def _create(entry: EventEntry, now: datetime) -> Event:
    record = entry.record
    return Event(
        id=entry.id,
        created_at=now,
        changed_at=record.changed_at if record else now,
        revision=record.revision if record else 1,
    )


def _outcome(event: Event, entry: EventEntry, academies: Academies) -> str:
    """Return what an import does to an event of the store, and change nothing."""
    stored = event_entry(event, academies)
    if _facts(stored, event, academies) == _facts(entry, event, academies):
        return "unchanged"
    store_untouched = event.revision == event.imported_revision
    file_is_newer = entry.record is not None and entry.record.revision >= event.revision
    return "changed" if store_untouched or file_is_newer else "conflicts"


def _facts(entry: EventEntry, event: Event, academies: Academies) -> dict[str, Any]:
    """Return what an entry says, written in one way only: the order of classes or the record do
    not count, and a date that does not say where it was moved from keeps what the store says."""
    known = {m.key: m for m in event.milestones}
    facts = entry.model_dump(exclude={"record", "milestones", "scope", "classes", "themes"})
    facts["scope"] = entry.scope_codes()
    facts["classes"] = levels.expand(entry.classes)
    facts["themes"] = frozenset(entry.themes)
    for name in ("registrants", "sending", "pupil_data"):
        facts["participation"][name] = frozenset(facts["participation"][name])
    facts["audience"] = frozenset(entry.audience)
    own = {"day", "first_day", "last_day", "scope", "time_zone", "moved_from", "cancelled_at"}
    facts["milestones"] = [
        m.model_dump(exclude=own)
        | {
            "days": m.days,
            "scope": m.scope_codes(),
            "time_zone": _time_zone(m, entry, academies),
            "moved_from": _moved_from(m, known.get(m.key), entry),
        }
        for m in entry.milestones
    ]
    return facts


def _apply(event: Event, entry: EventEntry, academies: Academies, now: datetime) -> None:
    part = entry.participation
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
    event.full = entry.full
    record = entry.record
    event.cancelled_at = _cancelled_at(
        entry.cancelled, event.cancelled_at, record.cancelled_at if record else None, now
    )
    event.scope = set(entry.scope_codes())
    event.classes = set(levels.expand(entry.classes))
    event.themes = set(entry.themes)
    known = {m.key: m for m in event.milestones}
    event.milestones = [
        _milestone(position, m, known.get(m.key), entry, academies, now)
        for position, m in enumerate(entry.milestones)
    ]


def _milestone(
    position: int,
    entry: MilestoneEntry,
    known: Milestone | None,
    event: EventEntry,
    academies: Academies,
    now: datetime,
) -> Milestone:
    moved = _moved_from(entry, known, event)
    milestone = known or Milestone(key=entry.key, uid=milestone_uid(event.id, entry.key))
    milestone.position, milestone.kind = position, entry.kind
    was = (milestone.first_day, milestone.last_day, milestone.certainty)
    if was != (*entry.days, entry.certainty):
        milestone.dated_at = now
    milestone.first_day, milestone.last_day = entry.days
    milestone.start_time, milestone.end_time = entry.start_time, entry.end_time
    milestone.time_zone = _time_zone(entry, event, academies)
    milestone.certainty, milestone.phrase = entry.certainty, entry.phrase
    milestone.label, milestone.place = entry.label, entry.place
    milestone.moved_from_first_day, milestone.moved_from_last_day = moved or (None, None)
    milestone.cancelled_at = _cancelled_at(
        entry.cancelled, milestone.cancelled_at, entry.cancelled_at, now
    )
    milestone.own_scope = set(entry.scope_codes())
    return milestone


def _time_zone(entry: MilestoneEntry, event: EventEntry, academies: Academies) -> str:
    scope = entry.scope_codes() or event.scope_codes()
    return entry.time_zone or academies.time_zone_of(scope)


def _moved_from(
    entry: MilestoneEntry, known: Milestone | None, event: EventEntry
) -> tuple[date, date] | None:
    """Return where a date stood before it was first moved, as the file says or the store knows.

    A date that goes back to where it stood was not moved; one that was approximate was not
    either: it became known. An exported file says every move, so that a move which is taken out
    of it is taken back: a wrong day was corrected.
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
