"""From the nouns of the store back to the entries of ``events.yaml``."""

from __future__ import annotations

from collections.abc import Iterable

from calendar_app.domain import levels
from calendar_app.domain.academies import NATIONAL, Academies
from calendar_app.domain.vocabulary import Audience, PupilData, Registrant, Sending
from calendar_app.models import Event, Milestone
from calendar_app.sources.events_entries import (
    EventEntry,
    MilestoneEntry,
    MovedFromEntry,
    ParticipationEntry,
    RecordEntry,
    ScopeEntry,
    SourceEntry,
)


def event_entry(event: Event, academies: Academies) -> EventEntry:
    """Return an event as the file writes it, with the record of its revision."""
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
        milestones=tuple(_milestone_entry(m, academies) for m in event.milestones),
        record=RecordEntry(
            revision=event.revision,
            changed_at=event.changed_at,
            cancelled_at=event.cancelled_at,
        ),
    )


def scope_entry(scope: Iterable[str]) -> ScopeEntry:
    """Return scope codes as the file writes them."""
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
        # Written only where it is not the one that its scope gives.
        time_zone=(
            milestone.time_zone
            if milestone.time_zone != academies.time_zone_of(milestone.scope)
            else None
        ),
        cancelled=milestone.cancelled_at is not None,
        cancelled_at=milestone.cancelled_at,
        moved_from=(
            MovedFromEntry(
                first_day=milestone.moved_from_first_day, last_day=milestone.moved_from_last_day
            )
            if moved
            else None
        ),
    )
