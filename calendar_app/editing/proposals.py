"""Stores an event that an editor prepared but may not publish, as a draft for the publishers."""

from __future__ import annotations

from datetime import datetime

from calendar_app.catalogue import queries
from calendar_app.catalogue.entries import EventEntry
from calendar_app.catalogue.entry_rows import event_entry
from calendar_app.catalogue.facts import EntryChange
from calendar_app.catalogue.versions import Facts
from calendar_app.editing import events
from calendar_app.editing.draft_facts import note_draft
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rights import is_allowed
from calendar_app.editing.rules.changes import ChangeAction
from calendar_app.editing.rules.draft_states import Proposal
from calendar_app.editing.rules.roles import EditorAction
from calendar_app.letters.dated_items import ItemKind, ItemStatus
from calendar_app.store.base import AnySession, writing
from calendar_app.words.errors import CalendarError
from calendar_app.words.vocabulary import Certainty


class NotConcernedError(CalendarError):
    """The event concerns no class within the editor's scope, so the editor may not prepare it."""

    def __init__(self) -> None:
        super().__init__(
            "Cet événement ne concerne aucune classe de votre périmètre : corrigez « Pour qui », "
            "ou signalez-le par la page publique « Proposer une date »."
        )


def propose(
    session: AnySession,
    editor: Editor,
    entry: EventEntry,
    base: Facts | None,
    now: datetime,
    why: str | None = None,
) -> Draft:
    """Put a whole event, as an editor prepared it, in the queue of the editors who may publish it.

    :param base: the facts of the event when the editor began; None for a new event.
    :raises EventExistsError: when a new event exists already.
    :raises NotFoundError: when the event is not visible to the editor.
    :raises NotConcernedError: when the event concerns no class within the editor's scope.
    """
    with writing(session, now):
        academies = queries.reference(session).academies
        event = queries.event(session, entry.id)
        if base is None and event and event.archived_at is None:
            raise events.EventExistsError(event)
        before = None
        if base is not None:
            before = event_entry(events.visible_event(session, editor, entry.id), academies)
        reach = _reach_of_entry(before or entry)
        if not is_allowed(session, editor, EditorAction.PROPOSE_EVENT, reach):
            raise NotConcernedError
        change = EntryChange(before, entry)
        first = min((m.days for m in entry.milestones), default=None)
        draft = Draft(
            proposal=Proposal.NEW_EVENT if base is None else Proposal.CHANGE,
            event_id=None if base is None else entry.id,
            title=entry.title,
            kind=ItemKind.EVENT,
            first_day=first and first[0],
            last_day=first and first[1],
            certainty=Certainty.DAY,
            status=ItemStatus.PLANNED,
            confidence=1.0,
            item={},
            entry=dict(change.new),
            base=dict(base) if base is not None else None,
            author_id=editor.id,
            created_at=now,
        )
        draft.scope = set(change.scope or entry.scope_codes())
        session.add(draft)
        note_draft(session, editor, draft, ChangeAction.CREATED, None, now, why=why)
        return draft


def _reach_of_entry(entry: EventEntry) -> frozenset[str]:
    """Return the codes of an event and of all its dates."""
    return frozenset(entry.scope_codes()).union(*(m.scope_codes() for m in entry.milestones))
