"""Creates and changes events for editors, and notes each change in the journal.

A change is merged with the changes that other editors made since the editor opened the event. Where
both changed the same part, nothing is written, and the editor is shown both versions
(:class:`StaleEventError`).
"""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime

from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.catalogue.entries import EventEntry, Written
from calendar_app.catalogue.entry_rows import apply_entry, event_entry
from calendar_app.catalogue.facts import (
    EntryChange,
    EntryError,
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
    """The series already has an edition in that school year.

    :param event: that edition; the error keeps its id as ``event_id``.
    """

    def __init__(self, event: Event) -> None:
        self.event_id = event.id
        super().__init__(
            f"« {event.title} » existe déjà pour l'année scolaire {event.year.label} : complétez "
            "cet événement, ou donnez un autre titre à celui-ci."
        )


class StaleEventError(CalendarError):
    """Another editor changed the same parts of the event meanwhile; nothing was written.

    :param conflicts: both versions of each of these parts.
    """

    def __init__(self, conflicts: tuple[Conflict, ...]) -> None:
        self.conflicts = conflicts
        super().__init__(
            "Quelqu'un d'autre a modifié cet événement depuis que vous l'avez ouvert : comparez "
            "les deux versions, puis enregistrez à nouveau."
        )


class NotYoursError(CalendarError):
    """The editor may read this event, but may not publish the change.

    :param parts: names of the facts (``catalogue.facts``) that the editor may not publish.
    """

    def __init__(self, parts: tuple[str, ...] = ()) -> None:
        self.parts = parts
        super().__init__(
            "Publier ce changement revient aux responsables de tous ceux qu'il concerne : "
            "proposez-le-leur."
        )


def visible_event(session: AnySession, editor: Editor, event_id: str) -> Event:
    """Return an event that concerns some class within an editor's scope.

    :raises NotFoundError: when there is no such event, or it concerns no class in that scope.
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
    """Return the names of the facts that an editor may not publish in a change. For a new event,
    and for one that the change moves out of the editor's scope, return ``scope`` only."""
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
    """Return written texts as a checked entry.

    :raises EntryError: with all problems at once.
    """
    reference, part_of = queries.reference(session), entry.get("part_of")
    is_known = not part_of or queries.event(session, str(part_of)) is not None
    # All ids are needed only to say which one was probably meant.
    known_ids = {str(part_of)} if is_known else queries.event_ids(session)
    found = read_entry(entry, reference.academies, reference.themes, known_ids=known_ids)
    above = queries.event(session, found.part_of) if found.part_of else None
    while above:
        if above.id == found.id:
            raise EntryError({"part_of": "ces événements tournent en rond"})
        above = above.part_of
    return found


def written_entry(entry: EventEntry) -> Written:
    """Return an event as texts, with its dates in order, each with its key."""
    return written_from(facts_of(entry))


def action_of(base: Facts | None, entry: EventEntry) -> ChangeAction:
    """Return the action for the journal when an editor saves this entry: ``MOVED`` when the change
    says that a date was moved, else ``CREATED`` or ``EDITED``.

    :param base: the facts of the event as the editor saw it; None for a new event.
    """
    if base is None:
        return ChangeAction.CREATED
    for difference in differences(base, facts_of(entry)):
        old, new = difference.before, difference.after
        of_date = difference.name.startswith("milestones.") and old and new
        if of_date and old.get("moved_from") != new.get("moved_from"):
            return ChangeAction.MOVED
    return ChangeAction.EDITED


def rebase(session: AnySession, wanted: Facts, base: Facts, now: Facts) -> Written:
    """Return the present event with the changes that an editor wanted. Where both versions changed
    the same part, the editor's version is taken.

    :param wanted: the facts that the editor wanted.
    :param base: the facts as the editor saw them.
    :param now: the present facts.
    """
    merged = merge(base, with_fresh_keys(base, wanted, now), now)
    mine = {c.name: c.wanted for c in merged.conflicts if c.wanted is not None}
    gone = {c.name for c in merged.conflicts if c.wanted is None}
    kept = {name: value for name, value in merged.facts.items() if name not in gone}
    return written_from(kept | mine)


def imagined(session: AnySession, entry: EventEntry, now: datetime) -> Event:
    """Return an event as it would be published. It is not added to the session, and not stored."""
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
    """Publish an event as an editor wrote it. A change that changes nothing is not noted.

    :param base: the facts of the event as the editor saw it; None for a new event.
    :raises EventExistsError: when a new event exists already.
    :raises StaleEventError: when another editor changed the same parts since.
    :raises EntryError: when the merged event is not valid, or its series or ``part_of`` is not the
        editor's to use.
    :raises NotFoundError: when the event is not visible to the editor.
    :raises NotYoursError: when the editor may not publish the change.
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
    """Do what :func:`save` does, inside the caller's transaction.

    :param draft: the draft that this change accepts.
    :param undoes: the change that this one undoes.
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
    """Return the change to store: the wanted change, merged with the changes of other editors since
    the editor began.

    :param event: the event of this id in the store; None if there is none.
    :raises CalendarError: as :func:`save`.
    """
    change, entry_id = wanted, wanted.after.id
    if base is None:
        if event and event.archived_at is None:
            raise EventExistsError(event)
        if event:
            # A new entry restores an archived event, so the event must be visible to the editor.
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
    """Return the slug of the series for a new event. Where the wanted series belongs to another
    académie, so that the editor cannot read its editions, the slug is extended with a scope code.

    :param series: the wanted slug.
    :param year: the label of the school year (« 2020-2021 »).
    :param scope: the codes of the new event.
    """
    academies = queries.reference(session).academies
    own = rights(editor, academies)
    found = list(session.scalars(select(Event).where(Event.series_id == series)).unique())
    same_year = [event for event in found if event.year.label == year]
    # Editions of this year must all be readable, because they would be completed; of all editions,
    # at least one must be readable.
    if all(reaches(own, reach_of(event), academies) for event in same_year) and (
        not found or any(reaches(own, reach_of(event), academies) for event in found)
    ):
        return series
    return f"{series}-{slugify(min(scope, default='autre'))}"


def at_home(
    session: AnySession, editor: Editor, event: Event | None, entry: EventEntry
) -> EventEntry:
    """Return a new event with a series that its editor may continue (:func:`own_series`), and the
    id that follows from it. With a known *event*, return the entry unchanged."""
    if event is not None:
        return entry
    scope = frozenset(entry.scope_codes())
    series = own_series(session, editor, entry.series, entry.school_year, scope)
    return entry.model_copy(update={"series": series, "id": f"{series}-{entry.school_year}"})


def _check_series(session: AnySession, editor: Editor, entry: EventEntry) -> None:
    """Refuse a new event in a series that the editor may not continue.

    :raises EntryError: when the series belongs to another académie.
    """
    if at_home(session, editor, None, entry).series != entry.series:
        message = "cette série est celle d'une autre académie : donnez un autre titre"
        raise EntryError({"series": message})


def _check_parent(session: AnySession, editor: Editor, event_id: str) -> None:
    """Refuse a parent that the editor cannot read, because its page will show the event.

    :raises EntryError: when the parent is not visible to the editor.
    """
    try:
        visible_event(session, editor, event_id)
    except NotFoundError:
        message = "cet événement n'est pas de votre périmètre"
        raise EntryError({"part_of": message}) from None


def _merged(session: AnySession, wanted: EntryChange, base: Facts) -> EntryChange:
    """Return the change from the present event to that event with the editor's changes.

    :raises StaleEventError: when both changed the same parts.
    :raises EntryError: when the merged event is not valid.
    """
    now = wanted.old
    assert now is not None  # noqa: S101 - visible_event found it
    merged = merge(base, with_fresh_keys(base, wanted.new, now), now)
    if merged.conflicts:
        raise StaleEventError(merged.conflicts)
    return EntryChange(wanted.before, check_entry(session, written_from(merged.facts)))
