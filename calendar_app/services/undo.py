"""Taking a change back, by another change: nothing is ever taken out of the journal.

What was changed since stays. Where the same part was changed again there is nothing to take back
to, and the editor is told which part that is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from calendar_app.domain.changes import ChangeAction, ChangeSubject
from calendar_app.domain.errors import CalendarError
from calendar_app.domain.versions import Conflict, Facts, merge
from calendar_app.models import Change, Draft, Editor, queries, writing
from calendar_app.models.base import AnySession
from calendar_app.services import events, journal, moderation
from calendar_app.services.draft_entries import publishing_scope
from calendar_app.services.draft_facts import draft_facts, reopen, restore
from calendar_app.services.entries import event_entry

_GONE = {"archived": "true"}


class UndoneAlreadyError(CalendarError):
    """Somebody took this change back before."""

    def __init__(self) -> None:
        super().__init__("Ce changement est déjà défait.")


class UndoConflictError(CalendarError):
    """The same parts were changed again since.

    :param conflicts: those parts; ``wanted`` is what they were before the change.
    """

    def __init__(self, conflicts: tuple[Conflict, ...]) -> None:
        self.conflicts = conflicts
        super().__init__(
            "La même partie a encore changé depuis : défaites d'abord le dernier changement, ou "
            "corrigez à la main."
        )


def undo(
    session: AnySession, editor: Editor, change_id: int, why: str | None, now: datetime
) -> Change:
    """Take a change back. A creation is taken back by taking the event out of the calendar; an
    acceptance puts its draft back in the queue.

    :raises NotFoundError: when the change, or its object, is none of the editor's.
    :raises NotYoursError: when the editor may not publish what was before.
    :raises DraftNotYoursError: when the editor may not decide the draft.
    :raises UndoneAlreadyError: when somebody did so before.
    :raises UndoConflictError: when the same parts were changed since.
    """
    with writing(session, now):
        queries.catalogue(session, for_update=True)
        change = journal.visible_change(session, editor, change_id)
        if session.scalar(select(Change.id).where(Change.undoes_id == change.id)):
            raise UndoneAlreadyError
        if change.subject is ChangeSubject.DRAFT:
            _undo_draft(session, editor, change, why, now)
        else:
            _undo_event(session, editor, change, why, now)
        session.flush()
        found = session.scalars(select(Change).where(Change.undoes_id == change.id)).one_or_none()
        if found is None:  # what it did is not there any more
            raise UndoneAlreadyError
        return found


def _undo_event(
    session: AnySession, editor: Editor, change: Change, why: str | None, now: datetime
) -> None:
    event = events.visible_event(session, editor, change.subject_id)
    facts = events.facts(event_entry(event, queries.reference(session).academies))
    after: Facts = change.after or {}
    merged = merge(after, change.before or {**after, **_GONE}, facts)
    if merged.conflicts:
        raise UndoConflictError(merged.conflicts)
    entry = events.check_entry(session, events.written_from(merged.facts))
    action = ChangeAction.UNDONE
    events.write(session, editor, entry, facts, now, action=action, why=why, undoes=change)
    if change.draft:
        reopen(change.draft)


def _undo_draft(
    session: AnySession, editor: Editor, change: Change, why: str | None, now: datetime
) -> None:
    draft = moderation.visible_draft(session, editor, int(change.subject_id))
    facts = draft_facts(draft)
    if ChangeAction.REFUSED in (change.action, _action_undone(change)) and not (
        moderation.may_decide(session, editor, draft) or draft.author_id == editor.id
    ):
        raise moderation.DraftNotYoursError
    merged = merge(change.after or {}, change.before or {}, facts)
    if merged.conflicts:
        raise UndoConflictError(merged.conflicts)
    codes = frozenset(draft.scope)
    restore(draft, merged.facts)
    session.flush()
    draft.scope = set(publishing_scope(session, draft))
    _note(session, editor, draft, change, facts, codes, why, now)


def _action_undone(change: Change) -> ChangeAction | None:
    return change.undoes.action if change.undoes else None


def _note(
    session: AnySession,
    editor: Editor,
    draft: Draft,
    change: Change,
    before: dict[str, Any],
    codes: frozenset[str],
    why: str | None,
    now: datetime,
) -> None:
    journal.note(
        session,
        editor,
        ChangeSubject.DRAFT,
        change.subject_id,
        draft.title,
        ChangeAction.UNDONE,
        before,
        draft_facts(draft),
        codes | frozenset(draft.scope),
        now,
        why=why,
        undoes=change,
    )
