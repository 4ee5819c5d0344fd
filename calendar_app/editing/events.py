"""What editors do to events: create, change, move, cancel, archive. Each is noted in the journal.

An editor changes what they saw. What somebody else changed meanwhile stays, and where both changed
the same part nothing is written: the editor is shown both versions (``StaleEventError``).
"""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime

from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.catalogue.entries import EventEntry
from calendar_app.catalogue.entry_rows import apply_entry, event_entry
from calendar_app.catalogue.facts import (
    EntryChange,
    EntryError,
    Written,
    facts_of,
    read_entry,
    with_fresh_keys,
    written_from,
)
from calendar_app.catalogue.models.events import Event, Series
from calendar_app.catalogue.versions import Conflict, Facts, differences, merge
from calendar_app.editing import journal
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.journal import Change
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rights import is_allowed, rights
from calendar_app.editing.rules.changes import ChangeAction, ChangeSubject
from calendar_app.editing.rules.roles import EditorAction, reaches
from calendar_app.store.base import AnySession, writing
from calendar_app.words.errors import CalendarError, NotFoundError
from calendar_app.words.text import slugify


class EventExistsError(CalendarError):
    """The series has an edition in that school year already.

    :param event_id: its id.
    """

    def __init__(self, event: Event) -> None:
        self.event_id = event.id
        super().__init__(
            f"« {event.title} » existe déjà pour l'année scolaire {event.year.label} : complétez "
            "cet événement, ou donnez un autre titre à celui-ci."
        )


class StaleEventError(CalendarError):
    """Somebody else changed the same parts of the event meanwhile; nothing was written.

    :param conflicts: what each one wanted, part by part.
    """

    def __init__(self, conflicts: tuple[Conflict, ...]) -> None:
        self.conflicts = conflicts
        super().__init__(
            "Quelqu'un d'autre a modifié cet événement depuis que vous l'avez ouvert : comparez "
            "les deux versions, puis enregistrez à nouveau."
        )


class NotYoursError(CalendarError):
    """The editor may read this event, and may not publish that change to it.

    :param parts: what of it is not theirs to publish: names of facts (``catalogue.facts``).
    """

    def __init__(self, parts: tuple[str, ...] = ()) -> None:
        self.parts = parts
        super().__init__(
            "Publier ce changement revient aux responsables de tous ceux qu'il concerne : "
            "proposez-le-leur."
        )


def visible_event(session: AnySession, editor: Editor, event_id: str) -> Event:
    """Return an event that concerns some class within an editor's scope.

    :raises NotFoundError: when there is none, or when it is other académies' only.
    """
    event = queries.event(session, event_id)
    read = EditorAction.READ_EVENT
    if event is None or not is_allowed(session, editor, read, reach_of(event)):
        raise NotFoundError("Cet événement n'existe pas, ou n'est pas de votre périmètre.")
    return event


def reach_of(event: Event) -> frozenset[str]:
    """Return the codes of an event and of all its dates."""
    return frozenset(event.scope).union(*(m.own_scope for m in event.milestones))


def may_publish(session: AnySession, editor: Editor, change: EntryChange) -> bool:
    """Return whether an editor may publish a change."""
    publish = EditorAction.PUBLISH_EVENT
    return all(is_allowed(session, editor, publish, scope) for scope in change.scopes)


def not_theirs(session: AnySession, editor: Editor, change: EntryChange) -> tuple[str, ...]:
    """Return which parts of a change an editor may not publish: of a new event, and wherever whom
    it is for is not theirs any more, that is its scope."""
    publish = EditorAction.PUBLISH_EVENT
    before, after = change.before, change.after

    def is_theirs(codes: Set[str]) -> bool:
        return is_allowed(session, editor, publish, codes)

    if before is None or (
        is_theirs(frozenset(before.scope_codes())) and not is_theirs(frozenset(after.scope_codes()))
    ):
        return ("scope",)
    return tuple(
        difference.name
        for difference in change.differences
        if not all(map(is_theirs, change.scopes_of(difference.name)))
    )


def check_entry(session: AnySession, entry: Written) -> EventEntry:
    """Return what somebody wrote as an entry.

    :raises EntryError: with everything that is wrong.
    """
    reference = queries.reference(session)
    found = read_entry(
        entry, reference.academies, reference.themes, known_ids=queries.event_ids(session)
    )
    above = queries.event(session, found.part_of) if found.part_of else None
    while above:
        if above.id == found.id:
            raise EntryError({"part_of": "ces événements tournent en rond"})
        above = above.part_of
    return found


def written_entry(entry: EventEntry) -> Written:
    """Return an event as texts, its dates in order and each with its key."""
    return written_from(facts_of(entry))


def action_of(base: Facts | None, entry: EventEntry) -> ChangeAction:
    """Return what somebody does who saves this entry: a date that was moved is told as such."""
    if base is None:
        return ChangeAction.CREATED
    for difference in differences(base, facts_of(entry)):
        old, new = difference.before, difference.after
        of_date = difference.name.startswith("milestones.") and old and new
        if of_date and old.get("moved_from") != new.get("moved_from"):
            return ChangeAction.MOVED
    return ChangeAction.EDITED


def rebase(session: AnySession, wanted: Facts, base: Facts, now: Facts) -> Written:
    """Return what an editor wanted on top of what the event is by now: where both changed the same
    part, the editor's stands."""
    merged = merge(base, with_fresh_keys(base, wanted, now), now)
    mine = {c.name: c.wanted for c in merged.conflicts if c.wanted is not None}
    gone = {c.name for c in merged.conflicts if c.wanted is None}
    kept = {name: value for name, value in merged.facts.items() if name not in gone}
    return written_from(kept | mine)


def imagined(session: AnySession, entry: EventEntry, now: datetime) -> Event:
    """Return an event as it would be published. It is in no session: nothing of it is stored."""
    event = Event(id=entry.id, created_at=now, changed_at=now, revision=1, parts=[])
    event.series = Series(id=entry.series, title=entry.title)
    with session.no_autoflush:
        apply_entry(event, entry, queries.reference(session), now, as_written=True)
    return event


def save(
    session: AnySession,
    editor: Editor,
    entry: EventEntry,
    base: Facts | None,
    now: datetime,
    *,
    action: ChangeAction = ChangeAction.EDITED,
    why: str | None = None,
) -> Event:
    """Publish an event as an editor wrote it.

    :param base: the facts of the event as the editor saw it; None for a new one.
    :raises EventExistsError: for a new one that exists.
    :raises StaleEventError: when somebody else changed the same parts since.
    :raises EntryError: when what both changed does not go together.
    :raises NotFoundError: when the event is none of the editor's.
    :raises NotYoursError: when the editor may not publish that change.
    """
    with writing(session, now):
        return write(session, editor, entry, base, now, action=action, why=why)


def write(
    session: AnySession,
    editor: Editor,
    entry: EventEntry,
    base: Facts | None,
    now: datetime,
    *,
    action: ChangeAction = ChangeAction.EDITED,
    why: str | None = None,
    draft: Draft | None = None,
    undoes: Change | None = None,
) -> Event:
    """Do what :func:`save` does inside the caller's transaction.

    :param draft: what is accepted by it.
    :param undoes: the change that it takes back.
    """
    queries.catalogue(session, for_update=True)
    reference = queries.reference(session)
    event = queries.event(session, entry.id, for_update=True)
    before = event_entry(event, reference.academies) if event else None
    change = _allowed_change(session, editor, EntryChange(before, entry), base, event)
    entry = change.after
    if event and not change.differences:
        return event
    if event is None:
        event = Event(id=entry.id, created_at=now, revision=1)
    else:
        event.revision += 1
    event.changed_at = now
    event.series = session.get(Series, entry.series) or Series(id=entry.series, title=entry.title)
    apply_entry(event, entry, reference, now, as_written=True)
    event.part_of = queries.event(session, entry.part_of) if entry.part_of else None
    session.add(event)
    session.flush()
    journal.note(
        session,
        editor,
        ChangeSubject.EVENT,
        event.id,
        event.title,
        action if base is not None else ChangeAction.CREATED,
        change.old,
        change.new,
        change.scope,
        now,
        why=why,
        draft=draft,
        undoes=undoes,
    )
    return event


def _allowed_change(
    session: AnySession,
    editor: Editor,
    wanted: EntryChange,
    base: Facts | None,
    event: Event | None,
) -> EntryChange:
    """Return the change that is to be stored: what is wanted, merged with what others changed since
    the editor began.

    :param event: the one of this id in the store; None where there is none.
    :raises CalendarError: when the editor may not do it (see :func:`save`).
    """
    change, entry_id = wanted, wanted.after.id
    if base is None:
        if event and event.archived_at is None:
            raise EventExistsError(event)
        if event:
            # It comes back, whoever took it out of the calendar: it must be theirs.
            visible_event(session, editor, entry_id)
    else:
        visible_event(session, editor, entry_id)
        change = _merged(session, wanted, base)
    if not may_publish(session, editor, change):
        raise NotYoursError(not_theirs(session, editor, change))
    if event is None:
        _check_series(session, editor, change.after)
    parent = change.after.part_of
    if parent and parent != (change.before and change.before.part_of):
        _check_parent(session, editor, parent)
    return change


def own_series(session: AnySession, editor: Editor, series: str, year: str, scope: Set[str]) -> str:
    """Return the series of a new event: that of another académie, which the editor cannot read, is
    not this one's, whatever the title; its slug gets the place.

    :param year: the label of the school year (« 2020-2021 »).
    :param scope: whom the new event is for.
    """
    academies = queries.reference(session).academies
    own = rights(editor, academies)
    found = list(session.scalars(select(Event).where(Event.series_id == series)).unique())
    same_year = [event for event in found if event.year.label == year]
    # Of this year it must be readable, to be completed; of others, some edition must be.
    if all(reaches(own, reach_of(event), academies) for event in same_year) and (
        not found or any(reaches(own, reach_of(event), academies) for event in found)
    ):
        return series
    return f"{series}-{slugify(min(scope, default='autre'))}"


def at_home(
    session: AnySession, editor: Editor, event: Event | None, entry: EventEntry
) -> EventEntry:
    """Return a new event in a series that is its editor's (:func:`own_series`); a known *event*
    stays what it is."""
    if event is not None:
        return entry
    scope = frozenset(entry.scope_codes())
    series = own_series(session, editor, entry.series, entry.school_year, scope)
    return entry.model_copy(update={"series": series, "id": f"{series}-{entry.school_year}"})


def _check_series(session: AnySession, editor: Editor, entry: EventEntry) -> None:
    """A new event takes its place in a series: that series must be the editor's to continue."""
    if at_home(session, editor, None, entry).series != entry.series:
        message = "cette série est celle d'une autre académie : donnez un autre titre"
        raise EntryError({"series": message})


def _check_parent(session: AnySession, editor: Editor, event_id: str) -> None:
    """An event stands on the page of what it is part of: that page must be the editor's to read."""
    try:
        visible_event(session, editor, event_id)
    except NotFoundError:
        message = "cet événement n'est pas de votre périmètre"
        raise EntryError({"part_of": message}) from None


def _merged(session: AnySession, wanted: EntryChange, base: Facts) -> EntryChange:
    """Return the event as it is now, with what the editor changed of what they saw."""
    now = wanted.old
    assert now is not None  # noqa: S101 - visible_event found it
    merged = merge(base, with_fresh_keys(base, wanted.new, now), now)
    if merged.conflicts:
        raise StaleEventError(merged.conflicts)
    return EntryChange(wanted.before, check_entry(session, written_from(merged.facts)))
