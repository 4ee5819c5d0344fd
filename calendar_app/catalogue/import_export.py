"""Import ``events.yaml`` into the store, and export the store as such a file.

The file is the reviewed record, the store the living record. An import never overwrites an event
that was changed in the store since the last import or export of that event.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.catalogue.entries import EventEntry
from calendar_app.catalogue.entry_rows import apply_entry, content_of, event_entry
from calendar_app.catalogue.file_entries import EventsFile
from calendar_app.catalogue.models.events import Event, Series
from calendar_app.catalogue.models.rules import SeriesRule
from calendar_app.catalogue.queries import Reference
from calendar_app.catalogue.renewal import rule_content, rule_entry, rules
from calendar_app.school.academies import Academies
from calendar_app.store.base import AnySession, writing


@dataclass(frozen=True)
class ImportReport:
    """The result of an import: ids of events, by what the import did with them.

    :param conflicts: events that were changed in the store since the last import; the store's
        version stays.
    :param absent: events of the store that are not in the file; they stay unchanged.
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
    """Import the events of a file, :data:`BATCH` a transaction, each after the event of which it is
    a part. An import that is interrupted leaves whole transactions; another run finishes it.

    An event that is already in the store is changed only if nobody changed it there since the last
    import, or if the file was exported from the store's present revision or a later one. A
    milestone that is missing in the file is removed. A moved milestone remembers its first days.

    :param progress: called with the events done and their total.
    """
    outcomes: dict[str, str] = {}
    entries, absent = parents_first(file.events), list[str]()
    for start in range(0, max(1, len(entries)), BATCH):
        batch = entries[start : start + BATCH]
        with writing(session, now):
            queries.catalogue(session, for_update=True)
            if start == 0:
                later = {e.series for e in entries} - {rule.series for rule in file.rules}
                _import_series(session, file, file.series.keys() - later)
                _import_rules(session, file, now)
            for entry, outcome in _import_batch(session, file, batch, now):
                outcomes[entry.id] = outcome
                if progress:
                    progress(len(outcomes), len(entries))
            if start + BATCH >= len(entries):
                absent = _absent(session, outcomes)
        if len(entries) > BATCH:
            session.expunge_all()  # Each transaction would expire all events before it, too.

    def ids(outcome: str) -> tuple[str, ...]:
        return tuple(entry.id for entry in file.events if outcomes[entry.id] == outcome)

    return ImportReport(
        created=ids("created"),
        changed=ids("changed"),
        unchanged=ids("unchanged"),
        conflicts=ids("conflicts"),
        absent=tuple(absent),
    )


#: The most events that an import writes in one transaction: another writer waits for no longer.
BATCH = 50


def parents_first(entries: Sequence[EventEntry]) -> list[EventEntry]:
    """Return entries in their order, but each after the one of which it is a part."""
    part_of = {entry.id: entry.part_of for entry in entries}

    def depth(entry: EventEntry) -> int:
        found, above = 0, entry.part_of
        while above in part_of and found < len(part_of):
            found, above = found + 1, part_of[above]
        return found

    return sorted(entries, key=depth)


def _import_batch(
    session: AnySession, file: EventsFile, batch: Sequence[EventEntry], now: datetime
) -> Iterator[tuple[EventEntry, str]]:
    """Import some events of a file in the transaction of the caller; yield each with the name of
    the field of :class:`ImportReport` that lists it."""
    reference = queries.reference(session)
    series = _import_series(session, file, {entry.series for entry in batch})
    stored = queries.locked_events(session, {entry.id for entry in batch})
    found: dict[str, Event] = {}
    kept = set()
    for entry in batch:
        event, outcome = _import_event(
            session, entry, stored.get(entry.id), series[entry.series], reference, now
        )
        found[entry.id] = event
        if outcome == "conflicts":
            kept.add(entry.id)
        yield entry, outcome
    for entry in batch:
        if entry.id not in kept and found[entry.id].part_of_id != entry.part_of:
            found[entry.id].part_of = (
                found.get(entry.part_of) or queries.event(session, entry.part_of)
                if entry.part_of
                else None
            )
    session.flush()


def _absent(session: AnySession, known: Container[str]) -> list[str]:
    """Return the ids of the events that are not among *known* ones, without those that a rule made
    and nobody changed."""
    untouched = set(session.scalars(select(Event.id).where(Event.rule_revision == Event.revision)))
    others = queries.event_ids(session) - untouched
    return sorted(event_id for event_id in others if event_id not in known)


def _import_event(
    session: AnySession,
    entry: EventEntry,
    event: Event | None,
    series: Series,
    reference: Reference,
    now: datetime,
) -> tuple[Event, str]:
    """Import one event; return it with the name of the field of :class:`ImportReport` that lists
    it.

    :param event: the event as the store has it; None when it is new.
    """
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
    """Return the whole catalogue as the content of a file, in the order of school years, then ids.
    A fresh store that imports the file, and renews its rules, gives the same feeds from this school
    year on.

    Of the editions that a rule made, only those that an editor changed are written, and those of
    which another event is a part."""
    # Sorted in Python: SQLite and PostgreSQL order text differently, and both must give one export.
    series = sorted(session.scalars(select(Series)), key=lambda s: s.id)
    events = sorted(session.scalars(select(Event)), key=lambda e: (e.school_year, e.id))
    academies = queries.reference(session).academies
    return EventsFile(
        series={s.id: s.title for s in series},
        rules=tuple(map(rule_entry, rules(session))),
        events=tuple(event_entry(e, academies) for e in events if not e.is_untouched or e.parts),
    )


def _import_series(
    session: AnySession, file: EventsFile, slugs: Collection[str]
) -> dict[str, Series]:
    """Write the titles of some series of a file; return these series by slug."""
    stored = {row.id: row for row in session.scalars(select(Series).where(Series.id.in_(slugs)))}
    found = {}
    for slug in sorted(slugs):
        title = file.series[slug]
        series = found[slug] = stored.get(slug) or Series(id=slug, title=title)
        if series.title != title:
            series.title = title
        session.add(series)
    return found


def _import_rules(session: AnySession, file: EventsFile, now: datetime) -> None:
    """Write the rules of a file. A rule that an editor ended stays ended."""
    for entry in file.rules:
        rule = session.get(SeriesRule, entry.series) or SeriesRule(series_id=entry.series)
        content = rule_content(entry)
        if rule.content != content:
            rule.content = content
        if entry.ended and rule.ended_at is None:
            rule.ended_at = now
        session.add(rule)
    session.flush()


def _create(entry: EventEntry, now: datetime) -> Event:
    record = entry.record
    return Event(
        id=entry.id,
        created_at=now,
        changed_at=record.changed_at if record else now,
        revision=record.revision if record else 1,
        rule_revision=0 if record and record.by_rule else None,
    )


def _outcome(event: Event, entry: EventEntry, academies: Academies) -> str:
    """Return what an import has to do with an event of the store (a field of
    :class:`ImportReport`). Nothing is changed."""
    stored = event_entry(event, academies)
    if content_of(stored, event, academies) == content_of(entry, event, academies):
        return "unchanged"
    store_untouched = event.is_untouched or event.revision == event.imported_revision
    file_is_newer = entry.record is not None and entry.record.revision >= event.revision
    return "changed" if store_untouched or file_is_newer else "conflicts"
