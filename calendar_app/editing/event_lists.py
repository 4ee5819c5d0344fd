"""Lists of events for editors: those of their scope, and those that look alike."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from calendar_app.catalogue import queries
from calendar_app.catalogue.entries import EventEntry
from calendar_app.catalogue.facts import Written
from calendar_app.catalogue.models.events import Event
from calendar_app.editing import events
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rights import is_allowed, rights
from calendar_app.editing.rules.roles import EditorAction, reaches
from calendar_app.letters.reading.title_words import SAME, closeness
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import AnySession
from calendar_app.words.text import fold, words

#: How many events are offered for a draft to be attached to.
NEAR = 12


def latest_year(session: AnySession, today: date) -> SchoolYear:
    """Return the school year of today, or the last one that has events when it has none."""
    year = SchoolYear.of(today)
    last = session.scalar(select(func.max(Event.school_year)))
    return year if last is None or last >= year.start else SchoolYear(last)


def events_of(session: AnySession, editor: Editor, year: SchoolYear, typed: str) -> list[Event]:
    """Return the events of a school year that concern an editor's scope, by title; the archived
    ones too.

    :param typed: only those that have all of its words.
    """
    query = select(Event).where(Event.school_year == year.start)
    for word in words(typed):
        query = query.where(Event.search_text.contains(word, autoescape=True))
    academies = queries.reference(session).academies
    own = rights(editor, academies)
    found = (
        event
        for event in session.scalars(query).unique()
        if reaches(own, events.reach_of(event), academies)
    )
    return sorted(found, key=lambda event: (fold(event.title), event.id))


def named(session: AnySession, editor: Editor, year: SchoolYear) -> dict[str, str]:
    """Return the events of a school year that concern an editor's scope, by what a picker calls
    them (« Le Printemps de l'écriture (2020-2021) »), with their ids. Two of one
    name are left out."""
    found = events_of(session, editor, year, "")
    names = [f"{event.title} ({event.year.label})" for event in found]
    pairs = zip(names, found, strict=True)
    return {name: event.id for name, event in pairs if names.count(name) == 1}


def exists(session: AnySession, event_id: str) -> bool:
    """Return whether there is an event of this id."""
    return queries.event(session, event_id) is not None


def near(session: AnySession, editor: Editor, entry: EventEntry) -> tuple[Event, ...]:
    """Return the events that a new one may be: of its school year and its series, of a close
    title, or with a date on the same days and some word in common."""
    year = SchoolYear(int(entry.school_year[:4]))
    days = {m.days for m in entry.milestones}

    def alike(event: Event) -> bool:
        close = closeness(entry.title, event.title)
        same_days = any((m.first_day, m.last_day) in days for m in event.milestones)
        return event.series_id == entry.series or close >= SAME or (same_days and close > 0)

    return tuple(e for e in events_of(session, editor, year, "") if alike(e))


def near_title(session: AnySession, editor: Editor, written: Written) -> tuple[Event, ...]:
    """Return the events whose title is close to that of one that is being typed."""
    label = written.get("school_year", "")
    if not (label[:4].isdecimal() and len(label) == 9):
        return ()
    found = events_of(session, editor, SchoolYear(int(label[:4])), "")
    return tuple(e for e in found if closeness(written["title"], e.title) >= SAME)


def near_draft(session: AnySession, editor: Editor, draft: Draft) -> tuple[Event, ...]:
    """Return the events that a draft may be about, the closest names first: those of its school
    year that the editor may read."""
    day = draft.last_day or draft.first_day or draft.created_at.date()
    found = (e for e in events_of(session, editor, SchoolYear.of(day), "") if not e.archived_at)
    ranked = sorted(found, key=lambda e: (-closeness(draft.title, e.title), e.id))
    return tuple(ranked[:NEAR])


def may_publish_all(
    session: AnySession, editor: Editor, event: Event | None, scope: frozenset[str]
) -> bool:
    """Return whether an editor may publish any change to an event, or a new one of this scope."""
    codes = frozenset(event.scope) if event else scope
    return is_allowed(session, editor, EditorAction.PUBLISH_EVENT, codes)
