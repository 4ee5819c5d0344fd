"""The catalogue in and out: importing and exporting ``events.yaml``.

The file is the reviewed record, the store the living one. An import never overwrites what was
changed in the store since the file last spoke of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.catalogue.entries import EventEntry, EventsFile
from calendar_app.catalogue.entry_rows import apply_entry, event_entry, moved_from, time_zone
from calendar_app.catalogue.facts import OF_THE_STORE
from calendar_app.catalogue.models.events import Event, Series
from calendar_app.catalogue.queries import Reference
from calendar_app.school import levels
from calendar_app.school.academies import Academies
from calendar_app.store.base import AnySession, writing


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
            event, outcome = _import_event(session, entry, series[entry.series], reference, now)
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


def _import_event(
    session: AnySession, entry: EventEntry, series: Series, reference: Reference, now: datetime
) -> tuple[Event, str]:
    """Bring one event into the store; return it with what was done (a field of
    :class:`ImportReport`)."""
    event = queries.event(session, entry.id, for_update=True)
    outcome = "created"
    if event is None:
        event = _create(entry, now)
    else:
        outcome = _outcome(event, entry, reference.academies)
    if outcome in ("created", "changed"):
        event.series = series
        apply_entry(event, entry, reference, now)
        session.add(event)
    if outcome == "changed":
        recorded = entry.record.revision if entry.record else 0
        event.revision = max(event.revision + 1, recorded)
        event.changed_at = now
    if outcome != "conflicts" and event.imported_revision != event.revision:
        event.imported_revision = event.revision
    return event, outcome


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
