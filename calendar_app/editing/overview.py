"""What an editor should look at beside the queue: what closes soon, and what of last year has no
edition yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.editing import events
from calendar_app.editing.models.sources import LinkCheck
from calendar_app.editing.rules.roles import EditorRights, reaches
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import AnySession

#: Deadlines that close within three weeks.
SOON = timedelta(weeks=3)

#: An edition is missed from eight weeks before its deadline of last year, and for as long after.
ABOUT = timedelta(weeks=8)

_YEAR = timedelta(weeks=52)


@dataclass(frozen=True, slots=True)
class MissingEdition:
    """The last edition of what came back every year, and the date of it that was about now."""

    event: Event
    milestone: Milestone


@dataclass(frozen=True, slots=True)
class DeadLink:
    """An official link that leads nowhere any more, and the event that has it."""

    event: Event
    link: str
    reason: str
    since: date


def closing_soon(session: AnySession, rights: EditorRights, today: date) -> list[Milestone]:
    """Return the deadlines of the next three weeks that concern an editor's scope, by day."""
    query = (
        select(Milestone)
        .join(Milestone.event)
        .where(
            Milestone.last_day.between(today, today + SOON),
            Milestone.cancelled_at.is_(None),
            Event.cancelled_at.is_(None),
            Event.archived_at.is_(None),
        )
        .order_by(Milestone.last_day, Milestone.id)
    )
    academies = queries.reference(session).academies
    return [
        m
        for m in session.scalars(query).unique()
        if m.kind.is_deadline and reaches(rights, m.scope, academies)
    ]


def without_edition(session: AnySession, rights: EditorRights, today: date) -> list[MissingEdition]:
    """Return the last editions of what came back in earlier years and has no edition in this school
    year, when a date of theirs was about now, a year (52 weeks) ago; by that date, a deadline
    rather than another one.

    What was cancelled or taken out of the calendar is not waited for.
    """
    year = SchoolYear.of(today).start
    query = select(Event).where(Event.school_year >= year - 1)
    latest: dict[str, Event] = {}
    for event in session.scalars(query).unique():
        known = latest.get(event.series_id)
        if known is None or event.school_year > known.school_year:
            latest[event.series_id] = event
    academies = queries.reference(session).academies
    found = []
    for event in latest.values():
        if event.school_year >= year or event.archived_at or event.cancelled_at:
            continue
        near = [
            m
            for m in event.milestones
            if m.cancelled_at is None and abs(m.last_day + _YEAR - today) <= ABOUT
        ]
        if near and reaches(rights, events.reach_of(event), academies):
            said = min(near, key=lambda m: (not m.kind.is_deadline, m.last_day, m.position))
            found.append(MissingEdition(event, said))
    return sorted(found, key=lambda missing: (missing.milestone.last_day, missing.event.id))


def dead_links(session: AnySession, rights: EditorRights, today: date) -> list[DeadLink]:
    """Return the official links that are dead, of the events of this school year and later ones."""
    checks = session.scalars(select(LinkCheck).where(LinkCheck.dead_since.is_not(None)))
    dead = {check.link: check for check in checks}
    if not dead:
        return []
    query = select(Event).where(
        Event.school_year >= SchoolYear.of(today).start, Event.archived_at.is_(None)
    )
    academies = queries.reference(session).academies
    return [
        DeadLink(event, link, check.reason or "", check.dead_since.date())
        for event in session.scalars(query.order_by(Event.id)).unique()
        for link in dict.fromkeys((event.link, event.register_link))
        if link and (check := dead.get(link)) and check.dead_since
        if reaches(rights, events.reach_of(event), academies)
    ]
